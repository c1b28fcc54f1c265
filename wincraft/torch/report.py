# SPDX-License-Identifier: Apache-2.0
"""Layer by layer: how much noise a quantised network should add, and does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log10, nan, prod

import numpy as np
import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import NotApplicable
from wincraft.numbers.decibels import sqnr
from wincraft.plan.plan import Plan
from wincraft.quantise.evaluation import measured_means, measured_moments, moments_between
from wincraft.quantise.prediction import predict
from wincraft.quantise.samples import filter_sample
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import direct_quantizers
from wincraft.show.numbers import plural
from wincraft.torch.conversion import evaluating, images_of
from wincraft.torch.direct import DirectLayer
from wincraft.torch.layer import WinogradLayer
from wincraft.torch.layer_report import LayerReport, NetworkReport
from wincraft.torch.learning import Learning
from wincraft.torch.pipeline import Pipeline
from wincraft.torch.watching import NetworkWatch, Ours, Watched, as_numpy


def network_report(model: nn.Module, loader: Iterable[object], images: int | None = None) -> NetworkReport:
    """Run images through a converted and calibrated network and compare every layer with exact convolution.

    Each layer is measured on the input that the quantised network gives it, so its noise is its own. The prediction
    (see `wincraft.quantise.prediction.predict`) knows its scales, the moments of its tiles and filters, of one channel
    and of two, a sample of them, and the power of its outputs; it has nothing on learned matrices, balanced channels
    and direct layers. Where scales were made to clip (of other calibrations than max-abs, learned, rank-one) it clips
    the sample. What clips is counted, and its noise is measured: the layer runs again with less and less clipping.
    Convolutions that were not converted, or that no image reached, are listed too.

    Raises:
        NotApplicable: where no converted layer ran, or there is no image.

    >>> from wincraft.torch import calibrate, convert
    >>> _ = torch.manual_seed(0)
    >>> network = convert(nn.Sequential(nn.Conv2d(16, 16, 3)), "F(2x2,3x3)", "tapwise-8")
    >>> batch = torch.randn(8, 16, 18, 18)
    >>> _ = calibrate(network, [batch])
    >>> layer = network_report(network, [batch]).layers[0]
    >>> abs(layer.measured - layer.predicted) < 1, round(layer.noise_gain, 4)
    (True, 2.7778)
    >>> network_report(network, [3 * batch]).layers[0].cause
    'U clips 13 %'
    """
    count = 0
    with NetworkWatch(model) as watch, evaluating(model), torch.no_grad():
        for batch in images_of(loader, images, model):
            model(batch)
            count += len(batch)
    ran = sorted((pair for pair in watch.layers.items() if pair[1].ran), key=lambda pair: watch.order.index(pair[1]))
    converted = [layer for layer, _ in ran if isinstance(layer, Ours)]
    if not converted:
        raise NotApplicable("report", "no converted layer ran", "convert the network and give a loader of images")
    idle = [pair for pair in watch.layers.items() if not pair[1].ran]
    layers = tuple(_layer_report(layer, seen) for layer, seen in [*ran, *idle])
    return NetworkReport(converted[0].scheme.name, count, layers)


def _layer_report(layer: _ConvNd, seen: Watched) -> LayerReport:
    ours = isinstance(layer, Ours)
    found = LayerReport(
        seen.name,
        (layer.size if isinstance(layer, WinogradLayer) else "direct") if ours else seen.note.partition(":")[0],
        layer.in_channels,
        layer.out_channels,
        layer.in_channels // layer.groups,
        seen.multiplications,
        seen.ran,
    )
    if not isinstance(layer, Ours):
        return replace(found, note=seen.note)
    found = replace(
        found,
        measured=sqnr(seen.noise / seen.signal) if seen.signal else nan,
        clipped={label: tally.share for label, tally in seen.tallies.items()},
        clipping={label: noise / seen.noise if seen.noise else 0.0 for label, noise in seen.clipping.items()},
        stale=layer.stale,
    )
    if isinstance(layer, DirectLayer):
        operands = [direct_quantizers(layer.scheme)[label] for label in ("input", "weights")]
        bits = " and ".join(dict.fromkeys(str(quantizer.bits) for quantizer in operands if quantizer))
        return replace(found, note=layer.note, bits=bits)
    products, whole = (float(item) for item in (layer.plan.products_per_output, layer.plan.direct_per_output))
    found = replace(found, products=products, direct=whole)
    if not seen.ran:
        return found
    run, scheme, summed = layer.winograd, layer.scheme, layer.in_channels // layer.groups
    if not isinstance(run, Pipeline):
        pieces = plural(len(layer.plan.pieces), "piece")
        return replace(found, noise_gain=_noise_gain(layer.plan), note=f"no prediction: {pieces} of a plan")
    algorithm = layer.algorithm
    weights = as_numpy(seen.filters.flatten(2).permute(2, 1, 0))
    moments = np.asarray(seen.moments), measured_moments(weights)
    H = _gram(algorithm, *moments)
    noise_gain, own_noise_gain = float(algorithm.noise_gain()), float(np.trace(H) / H.sum())
    found = replace(found, summed=summed, noise_gain=noise_gain, own_noise_gain=own_noise_gain)
    if reason := _unpredictable(scheme, layer.learning):
        return replace(found, note=f"no prediction: {reason}")
    between = np.asarray(seen.between), moments_between(np.moveaxis(weights, -1, -2), summed)
    prediction = predict(
        algorithm,
        scheme,
        layer.scales,
        summed,
        *moments,
        unseen=layer.learning.scales or layer.learning.rank_one_scales,
        outputs=layer.out_channels,
        tiles=seen.tiles,
        data_means=seen.means,
        weight_means=measured_means(weights),
        data_between=between[0] if summed > 1 else None,
        weight_between=between[1],
        data_values=seen.sample,
        weight_values=filter_sample(weights),
    )
    shares = {label: noise / prediction.noise_to_signal for label, noise in prediction.stages.items()}
    coherent = 0.0 if between[1] is None else (summed - 1) * _gram(algorithm, between[0], between[1]).sum()
    expected = summed * (H.sum() + coherent) / prod(run.m)  # the outputs' power, if filters knew nothing of the data
    predicted = prediction.decibels + 10 * log10(seen.power / expected)
    return replace(found, predicted=predicted, shares=shares)


def _noise_gain(plan: Plan) -> float:
    try:
        return float(plan.noise_gain())
    except NotApplicable:  # irrational points
        return nan


def _unpredictable(scheme: Scheme, learning: Learning) -> str:
    """Why there is no prediction, or nothing."""
    if not scheme.stages:
        return "nothing is stored"
    static = learning.transforms == "static" and not learning.balance_channels
    return "" if static else "balanced or learned transforms"


def _gram(algorithm: Algorithm, data_moments: np.ndarray, weight_moments: np.ndarray) -> np.ndarray:
    """H = (A A^T) * (G S_g G^T) * (B S_d B^T) / scale^2 for second moments of whole tiles and filters.

    sum(H) is the power of a tile's outputs per channel, trace(H) / sum(H) the noise gain.
    """
    AT, G, BT = map(np.asarray, algorithm.maps)
    H = (AT.T @ AT) * (G @ weight_moments @ G.T) * (BT @ data_moments @ BT.T)
    return np.asarray(H / float(algorithm.scale) ** 2)
