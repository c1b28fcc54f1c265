# SPDX-License-Identifier: Apache-2.0
"""Layer by layer: how much noise a quantised network should add, and does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from math import isnan, log10, nan, prod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from wincraft.algorithm.nested import Algorithm
from wincraft.analysis.evaluation import measured_moments, value_sample
from wincraft.analysis.prediction import predict
from wincraft.analysis.schemes import Scheme
from wincraft.analysis.simulation import sqnr
from wincraft.errors import NotApplicable
from wincraft.torch.conversion import device_of, evaluating, images_of
from wincraft.torch.direct import DirectConv1d, DirectConv2d
from wincraft.torch.layer import WinogradConv1d, WinogradConv2d
from wincraft.torch.pipeline import Learning
from wincraft.torch.tiles import covered, cut, padded

_COLUMNS = ("layer", "algorithm", "channels", "measured", "predicted", "noise gain", "on its data", "most noise from")


@dataclass(frozen=True)
class LayerReport:
    """One layer: SQNR in dB against the exact convolution of what the layer was given, and what it should be.

    `noise_gain` is that of the algorithm for white data, `own_noise_gain` that for the second moments of this layer's
    tiles and filters; both nan for direct layers. `shares` are the predicted noise by stage, as parts of the whole;
    `predicted` is nan and `shares` empty where there is no prediction, and `note` says why.
    """

    name: str
    algorithm: str
    channels: int
    outputs: int
    measured: float
    predicted: float = nan
    noise_gain: float = nan
    own_noise_gain: float = nan
    shares: dict[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, repr=False)
class NetworkReport:
    """The layers in the order they ran; the repr is a table, worst layer marked."""

    scheme: str
    images: int
    layers: tuple[LayerReport, ...]

    @property
    def worst(self) -> LayerReport:
        """The layer of the lowest measured SQNR."""
        return min(self.layers, key=lambda layer: layer.measured)

    def __repr__(self) -> str:
        table = [_COLUMNS, *(_cells(layer) for layer in self.layers)]
        widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        marked = [
            f"{line.rstrip()}{'  <- worst' if layer is self.worst else ''}"
            for line, layer in zip(lines[1:], self.layers, strict=True)
        ]
        head = f"{self.scheme}, {self.images} images; SQNR in dB of each layer on what it was given"
        return "\n".join([head, lines[0].rstrip(), *marked])

    def _repr_html_(self) -> str:
        rows = ["".join(f"<td>{cell}</td>" for cell in _cells(layer)) for layer in self.layers]
        head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def report(model: nn.Module, loader: Iterable[Any], images: int | None = None) -> NetworkReport:
    """Run images through a converted and calibrated network and compare every layer with exact convolution.

    Each layer is measured on the input that the quantised network gives it, so its noise is its own. The prediction
    (see `wincraft.analysis.prediction.predict`) knows its scales, the second moments of its tiles and filters, a sample
    of their values, and the power of its outputs, since channels are not independent; it has nothing on learned
    matrices, balanced channels, scales that clip (of other calibrations than max-abs, learned, rank-one) and direct
    layers.

    Raises:
        NotApplicable: where no converted layer ran, or there is no image.

    >>> from wincraft.torch import calibrate, convert
    >>> _ = torch.manual_seed(0)
    >>> network = convert(nn.Sequential(nn.Conv2d(16, 16, 3)), "F(2x2,3x3)", "tapwise-8")
    >>> batch = torch.randn(8, 16, 18, 18)
    >>> _ = calibrate(network, [batch])
    >>> layer = report(network, [batch]).layers[0]
    >>> abs(layer.measured - layer.predicted) < 1, round(layer.noise_gain, 4)
    (True, 2.7778)
    """
    watched: dict[Any, _Watched] = {}
    order: list[str] = []
    hooks = []
    for name, layer in model.named_modules():
        if isinstance(layer, WinogradConv1d | WinogradConv2d | DirectConv1d | DirectConv2d):
            watched[layer] = _Watched(name, order)
            hooks.append(layer.register_forward_hook(watched[layer]))
    count = 0
    try:
        with evaluating(model), torch.no_grad():
            for batch in images_of(loader, images, device_of(model)):
                model(batch)
                count += len(batch)
    finally:
        for hook in hooks:
            hook.remove()
    ran = [(layer, seen) for layer, seen in watched.items() if seen.count]
    if not ran:
        raise NotApplicable("report", "no converted layer ran", "convert the network and give a loader of images")
    ran.sort(key=lambda pair: order.index(pair[1].name))
    layers = tuple(_layer_report(layer, seen) for layer, seen in ran)
    return NetworkReport(ran[0][0].scheme.name, count, layers)


class _Watched:
    """A forward hook that sums up signal and noise without the bias, and the second moments of the tiles."""

    def __init__(self, name: str, order: list[str]) -> None:
        self.name, self.signal, self.noise, self.count, self._order = name, 0.0, 0.0, 0, order
        self.filters, self.tiles = torch.zeros(0), 0
        self.moments: Any = 0.0
        self.samples: list[np.ndarray] = []

    @property
    def power(self) -> float:
        """The mean square of the exact outputs."""
        return self.signal / self.count

    def __call__(self, layer: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        images, weight = inputs[0].double(), layer.weight.detach().double()
        axes = len(layer.kernel_size)
        convolve = F.conv1d if axes == 1 else F.conv2d
        x = images
        if layer.padding_mode != "zeros":
            x = F.pad(x, layer._reversed_padding_repeated_twice, mode=layer.padding_mode)
        padding = layer.padding if layer.padding_mode == "zeros" else 0
        exact = convolve(x, weight, None, layer.stride, padding, layer.dilation, layer.groups)
        bias = 0 if layer.bias is None else layer.bias.detach().double().view(-1, *(1,) * axes)
        self.count += exact.numel()
        self.signal += float((exact**2).sum())
        self.noise += float(((output.double() - bias - exact) ** 2).sum())
        if self.name not in self._order:
            self._order.append(self.name)
        if isinstance(layer, WinogradConv1d | WinogradConv2d):
            self._observe(layer, images if images.ndim == axes + 2 else images[None], weight)

    def _observe(self, layer: Any, images: torch.Tensor, weight: torch.Tensor) -> None:
        x, self.filters, low, outputs = layer.operands(images, weight)
        whole = covered(outputs, layer.winograd.m, layer.winograd.r)
        data = _numpy(cut(padded(x, low, whole), layer.winograd.n, layer.winograd.m))
        before, self.tiles = self.tiles, self.tiles + data.shape[-1]
        self.moments = (self.moments * before + measured_moments(data) * data.shape[-1]) / self.tiles
        if (sample := value_sample(data, layer.scheme.input)) is not None:
            self.samples.append(sample)


def _numpy(value: torch.Tensor) -> np.ndarray:
    """(positions, vectors, channels) as (positions, channels, vectors)."""
    return value.transpose(1, 2).numpy(force=True)


def _layer_report(layer: Any, seen: _Watched) -> LayerReport:
    measured = sqnr(seen.noise / seen.signal) if seen.signal else nan
    sizes: Any = {"channels": layer.in_channels, "outputs": layer.out_channels, "measured": measured}
    if isinstance(layer, DirectConv1d | DirectConv2d):
        return LayerReport(seen.name, "direct", **sizes, note=layer.note)
    algorithm, scheme = layer.algorithm, layer.scheme
    weights = _numpy(seen.filters.flatten(2).permute(2, 1, 0))
    moments = seen.moments, measured_moments(weights)
    H = _gram(algorithm, *moments)
    gains: Any = {"noise_gain": float(algorithm.noise_gain()), "own_noise_gain": float(np.trace(H) / H.sum())}
    if reason := _unpredictable(scheme, layer.winograd.learning):
        return LayerReport(seen.name, algorithm.size, **sizes, **gains, note=f"no prediction: {reason}")
    prediction = predict(
        algorithm,
        scheme,
        layer.scales,
        seen.filters.shape[1],
        *moments,
        outputs=layer.out_channels,
        tiles=seen.tiles,
        data_values=np.concatenate(seen.samples) if seen.samples else None,
        weight_values=value_sample(weights, scheme.weights),
    )
    shares = {label: noise / prediction.noise_to_signal for label, noise in prediction.stages.items()}
    independent = seen.filters.shape[1] * H.sum() / prod(layer.winograd.m)  # the outputs' power if channels were
    predicted = prediction.decibels + 10 * log10(seen.power / independent)
    return LayerReport(seen.name, algorithm.size, **sizes, predicted=predicted, **gains, shares=shares)


def _unpredictable(scheme: Scheme, learning: Learning) -> str:
    """Why there is no prediction, or nothing."""
    if not scheme.stages:
        return "nothing is stored"
    if scheme.calibration != "max-abs" or learning.scales or learning.rank_one_scales:
        return "its scales clip"
    static = learning.transforms == "static" and not learning.balance_channels
    return "" if static else "balanced or learned transforms"


def _gram(algorithm: Algorithm, data_moments: np.ndarray, weight_moments: np.ndarray) -> np.ndarray:
    """H = (A A^T) * (G S_g G^T) * (B S_d B^T) / scale^2 for second moments of whole tiles and filters.

    sum(H) is the power of a tile's outputs per channel, trace(H) / sum(H) the noise gain.
    """
    AT, G, BT = (reduce(np.kron, matrices) for matrices in zip(*(a.to_numpy() for a in algorithm.axes), strict=True))
    H = (AT.T @ AT) * (G @ weight_moments @ G.T) * (BT @ data_moments @ BT.T)
    return np.asarray(H / float(algorithm.scale) ** 2)


def _cells(layer: LayerReport) -> tuple[str, ...]:
    worst = max(layer.shares, key=lambda stage: layer.shares[stage], default="")
    return (
        layer.name,
        layer.algorithm,
        f"{layer.channels}->{layer.outputs}",
        *("-" if isnan(value) else f"{value:.2f}" for value in (layer.measured, layer.predicted)),
        *("-" if isnan(value) else f"{value:.3g}" for value in (layer.noise_gain, layer.own_noise_gain)),
        f"{worst} {layer.shares[worst]:.0%}" if worst else layer.note,
    )
