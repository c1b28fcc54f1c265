# SPDX-License-Identifier: Apache-2.0
"""A trained network with Winograd convolutions, and the scales of its stages from images."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypedDict, Unpack

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.lazy import LazyModuleMixin

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.winograd import parse
from wincraft.errors import BadValue, NotApplicable, Refusal, UnknownName, WrongType
from wincraft.plan.plan import Plan
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.torch.choosing import choose_for
from wincraft.torch.direct import DirectConv1d, DirectConv2d, DirectConv3d
from wincraft.torch.folding import fold_batch_norms
from wincraft.torch.layer import (
    WinogradConv1d,
    WinogradConv2d,
    WinogradConv3d,
    WinogradConvTranspose1d,
    WinogradConvTranspose2d,
    WinogradConvTranspose3d,
)
from wincraft.torch.learning import BalancedPipeline
from wincraft.torch.replacement import Replacement
from wincraft.torch.stage import StoringModule

Chosen = str | Algorithm | Plan | None
"""An algorithm or its text, or a plan of the layer; None for direct convolution."""


class Options(TypedDict, total=False):
    """Those of `WinogradConv2d` beside the algorithm and the scheme."""

    transforms: str
    learn_scales: bool
    balance_channels: bool
    rank_one_scales: bool


_LAYERS: dict[type[_ConvNd], tuple[type[Replacement], type[Replacement] | None]] = {
    nn.Conv1d: (WinogradConv1d, DirectConv1d),
    nn.Conv2d: (WinogradConv2d, DirectConv2d),
    nn.Conv3d: (WinogradConv3d, DirectConv3d),
    nn.ConvTranspose1d: (WinogradConvTranspose1d, None),
    nn.ConvTranspose2d: (WinogradConvTranspose2d, None),
    nn.ConvTranspose3d: (WinogradConvTranspose3d, None),
}


def convert(
    model: nn.Module,
    algorithm: Chosen | Callable[[str, _ConvNd], Chosen] = "F(4x4,3x3)",
    scheme: str | Scheme | None = None,
    *,
    skip: Iterable[str] = (),
    fold_bn: bool = False,
    plans: bool = True,
    **options: Unpack[Options],
) -> nn.Module:
    """A copy of a network whose convolutions, of one to three axes and transposed ones, run Winograd's algorithm.

    Those with stride 1, no dilation and more than one tap along some axis get the algorithm, fitted to their kernel;
    others, and kernels that are too long for it, a plan of pieces (see `planned`) where it takes fewer operations than
    they do, its transforms included. What stays direct has a `note` that says why, and under a scheme of integers
    becomes a `DirectConv2d`; transposed ones stay in float. Without `plans` these all are direct, as they have to be
    for `export_c`. With a function of (name, layer) the algorithm, or a plan, is chosen per layer, None for direct;
    then one that does not fit is an error, and one that costs more is not. Layers named in
    `skip` stay as they are; one that is used at several places stays one. `options` are those of `WinogradConv2d`.
    With `fold_bn` batch normalisation is folded into the convolutions first (see `fold_batch_norms`), those to skip
    included; once the scales are calibrated it is too late, and the layers warn with `StaleScales`.
    Without a scheme the network computes what it did, to the accuracy of its dtype; with one `calibrate` comes next.

    Raises:
        UnknownName: for a layer to skip that there is not, and as `WinogradConv2d` does.
        NotApplicable: where there is nothing to convert or no layer takes the algorithm, for one of more taps than any
            layer has, whose tile would give more outputs and noise than asked for, for layers with hooks, which
            they would lose, where batch normalisation cannot be folded, and as `WinogradConv2d` does, with the layer's
            name; `BadShape` likewise.

    >>> network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2))
    >>> converted = convert(network, "F(4x4,3x3)", "tapwise-8")
    >>> converted[0].algorithm.size, converted[2].note
    ('F(4x4,3x3)', 'direct: 3x3 kernel, stride 2; a plan takes 10.24 of 9 operations, transforms included')
    >>> convert(nn.Sequential(nn.Conv2d(32, 64, 3, stride=2)))[0].plan
    Plan(3x3 kernel, stride 2: 4 pieces, 81 products, 5.062 an output, direct 9)
    """
    chosen = None if scheme is None else as_scheme(scheme)
    given = parse(algorithm) if isinstance(algorithm, str) else algorithm
    if isinstance(given, Plan):
        given = partial(_always, given)
    result = copy.deepcopy(model)
    if fold_bn:
        fold_batch_norms(result)
    for lazy in result.modules():
        if isinstance(lazy, _ConvNd) and isinstance(lazy, LazyModuleMixin):
            note = f"float: {type(lazy).__name__}, which had no input before it was converted"
            lazy.note = note  # type: ignore[assignment]
    names = {name: layer for name, layer in result.named_modules(remove_duplicate=False) if type(layer) in _LAYERS}
    left = {skip} if isinstance(skip, str) else set(skip)
    for name in left - names.keys():
        raise UnknownName("convolution", name, tuple(names))
    for name in left:
        names[name].note = "float: skipped"
    if not names.keys() - left:
        repair = "give one with nn.Conv2d or another of torch's own, not yet converted"
        raise NotApplicable("conversion", "the network has no convolution to convert", repair)
    found = {} if callable(given) else choose_for({n: names[n] for n in names if n not in left}, given, plans, chosen)
    made: dict[_ConvNd, nn.Module] = {}
    for name, layer in names.items():
        if name in left:
            continue
        assert isinstance(layer, _ConvNd)
        if layer not in made:
            wanted, reason = (given(name, layer), "") if callable(given) else found[name]
            made[layer] = _converted(name, layer, wanted, reason, chosen, options)
        if not name:
            return made[layer]
        parent, _, child = name.rpartition(".")
        setattr(result.get_submodule(parent), child, made[layer])
    return result


def calibrate(model: nn.Module, loader: Iterable[object], images: int | None = None) -> int:
    """Set the scales of every stored stage from batches of images (or of tuples that begin with them); their number.

    The network runs in evaluation mode, on images moved to its device; every stage is stored with the scales seen so
    far, so that later stages see the rounding of earlier ones (and depend a little on how images are put into batches).
    Max-abs keeps the widest range of all batches, other calibrations the mean over batches. Ends after `images` images,
    the last batch cut. Layers that balance channels look at the images once more before.

    Raises:
        NotApplicable: where there is no stage to calibrate, or NaN in a stage.
        BadValue: where there is no image.

    >>> network = convert(nn.Sequential(nn.Conv2d(3, 4, 3)), scheme="tapwise-8")
    >>> calibrate(network, [torch.ones(5, 3, 12, 12)], images=2)
    2
    """
    if images is not None and images < 1:
        raise BadValue("the number of images", repr(images), "give 1 or more, or None for all")
    observed = [layer for layer in model.modules() if isinstance(layer, StoringModule)]
    if not any(layer.placed for layer in observed):
        raise NotApplicable("calibration", "the network has no stage that is stored", "convert with a scheme")
    balanced = [layer for layer in observed if isinstance(layer, BalancedPipeline) and layer.omega is not None]
    batches: Iterable[torch.Tensor] = images_of(loader, images, model)
    with evaluating(model), torch.no_grad():
        if balanced:
            batches = list(batches)
            _observe(model, observed, batches, balanced)
            for layer in balanced:
                layer.balance_channels()
        count = _observe(model, observed, batches)
    for name, layer in model.named_modules():
        if isinstance(layer, Replacement):
            layer.remember_weights(name)
    return count


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The network in evaluation mode, then every module as it was."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _observe(
    model: nn.Module,
    observed: Sequence[StoringModule],
    batches: Iterable[torch.Tensor],
    balanced: Sequence[BalancedPipeline] = (),
) -> int:
    for layer in observed:
        layer.observe(True)
    for pipeline in balanced:
        pipeline.ranging = True
    count = 0
    try:
        for batch in batches:
            model(batch)
            count += len(batch)
    finally:
        for layer in observed:
            layer.observe(False)
    if not count:
        raise BadValue("the loader", "empty", "give a loader of images")
    return count


def images_of(loader: Iterable[object], count: int | None, model: nn.Module) -> Iterator[torch.Tensor]:
    """Batches of images from a loader of batches, or of tuples that begin with one, where a network's parameters are.

    All, or the first `count`.

    Raises:
        WrongType: where the loader is a batch itself, or gives something else.
    """
    if isinstance(loader, torch.Tensor):
        raise WrongType("a loader", "a tensor", "give an iterable of batches, such as [images]")
    left, device = count, next(model.parameters(), torch.zeros(0)).device
    for item in loader:
        batch = item[0] if isinstance(item, tuple | list) else item
        if not isinstance(batch, torch.Tensor):
            raise WrongType("a tensor", f"a batch of {type(batch).__name__}", "give tensors, or tuples of them")
        yield (batch if left is None else batch[:left]).to(device)
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return


def _always(plan: Plan, name: str, layer: _ConvNd) -> Plan:
    return plan


def _converted(
    name: str, layer: _ConvNd, algorithm: Chosen, reason: str, scheme: Scheme | None, options: Options
) -> nn.Module:
    winograd, direct = _LAYERS[type(layer)]
    note = f"direct: {reason or 'as chosen'}"
    if algorithm is None and (direct is None or scheme is None or scheme.arithmetic is not None):
        layer.note = note  # type: ignore[assignment]
        return layer
    if layer._forward_hooks or layer._forward_pre_hooks:
        repair = "remove them (torch.nn.utils.remove_weight_norm is one way) or skip the layer"
        raise NotApplicable(f"layer {name}", "it has hooks, which its replacement would not have", repair)
    try:
        if algorithm is not None:
            made: nn.Module = winograd.from_direct(layer, algorithm=algorithm, scheme=scheme, note=reason, **options)
            return made
        assert direct is not None
        made = direct.from_direct(layer, scheme=scheme, learn_scales=options.get("learn_scales", False), note=note)
        return made
    except Refusal as error:
        raise type(error)(f"layer {name}: {error.what}", error.value, error.repair) from None


def fast_training(model: nn.Module, on: bool = True) -> None:
    """Have the layers of a network take steps of training in float32, in a fraction of the time.

    In training mode they otherwise store bit for bit what they store in evaluation, as they go on to do there. With
    this, sums and ratios of scales are in float32, so that a value within a few units in the last place of a tie may
    be stored as its neighbour; gradients are of the same formulas. A Winograd layer of two axes and signed integers of
    at most 16 bits runs in C on the CPU, compiled when it is first needed, where there is a compiler and all stages
    are stored, and part by part in PyTorch else. Other layers stay as they are: of groups, of unsigned
    stages, of scales per channel at U, M or the output, of pieces, and what `torch.compile` traces.

    >>> network = convert(nn.Sequential(nn.Conv2d(3, 8, 3)), "F(2x2,3x3)", "tapwise-8")
    >>> fast_training(network)
    >>> network[0].winograd.fast_training
    True
    """
    for module in model.modules():
        if isinstance(module, StoringModule):
            module.fast_training = on
