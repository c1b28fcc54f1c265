# SPDX-License-Identifier: Apache-2.0
"""A trained network with Winograd convolutions, and the scales of its stages from images."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict, Unpack

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.lazy import LazyModuleMixin

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.winograd import parse
from wincraft.errors import BadShape, BadValue, NotApplicable, Refusal, UnknownName, WrongType
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.torch.direct import DirectConv1d, DirectConv2d
from wincraft.torch.fitting import fitted
from wincraft.torch.folding import fold_batch_norms
from wincraft.torch.layer import WinogradConv1d, WinogradConv2d
from wincraft.torch.learning import BalancedPipeline
from wincraft.torch.replacement import Replacement
from wincraft.torch.stage import StoringModule

Chosen = str | Algorithm | None
"""An algorithm or its text; None for direct convolution."""


class Options(TypedDict, total=False):
    """Those of `WinogradConv2d` beside the algorithm and the scheme."""

    transforms: str
    learn_scales: bool
    balance_channels: bool
    rank_one_scales: bool


_LAYERS: dict[type[_ConvNd], tuple[type[Replacement], type[Replacement]]] = {
    nn.Conv1d: (WinogradConv1d, DirectConv1d),
    nn.Conv2d: (WinogradConv2d, DirectConv2d),
}


def convert(
    model: nn.Module,
    algorithm: Chosen | Callable[[str, _ConvNd], Chosen] = "F(4x4,3x3)",
    scheme: str | Scheme | None = None,
    *,
    skip: Iterable[str] = (),
    fold_bn: bool = False,
    **options: Unpack[Options],
) -> nn.Module:
    """A copy of a network whose convolutions run Winograd's algorithm; `nn.Conv1d` and `nn.Conv2d` are replaced.

    Those with stride 1, no dilation and more than one tap along some axis get the algorithm, fitted to their kernel.
    The others, and those that it does not fit, stay direct; their `note` says why, and under a scheme of integers they
    become a `DirectConv2d`. With a function of (name, layer) the algorithm is chosen per layer, None for direct; then
    strides may be decomposed (see `WinogradConv2d`), and an algorithm that does not fit is an error. Layers named in
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
    ('F(4x4,3x3)', 'direct: stride (2, 2)')
    """
    chosen = None if scheme is None else as_scheme(scheme)
    given = parse(algorithm) if isinstance(algorithm, str) else algorithm
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
        repair = "give one with nn.Conv1d or nn.Conv2d, themselves and not yet converted"
        raise NotApplicable("conversion", "the network has no convolution to convert", repair)
    plans = {} if callable(given) else _plans({n: names[n] for n in names if n not in left}, given)
    made: dict[_ConvNd, nn.Module] = {}
    for name, layer in names.items():
        if name in left:
            continue
        assert isinstance(layer, _ConvNd)
        if layer not in made:
            wanted, reason = (given(name, layer), "") if callable(given) else plans[name]
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


def _plans(layers: dict[str, _ConvNd], algorithm: Algorithm | None) -> dict[str, tuple[Algorithm | None, str]]:
    """For every layer the algorithm fitted to it, or None and why."""
    if algorithm is None:
        return dict.fromkeys(layers, (None, ""))
    plans: dict[str, tuple[Algorithm | None, str]] = {}
    unfit = []
    for name, layer in layers.items():
        reason = _not_plain(layer)
        try:
            plans[name] = None if reason else fitted(algorithm, layer.kernel_size), reason
        except (BadShape, NotApplicable) as error:
            plans[name] = None, str(error)
            unfit.append(name)
    if unfit and all(reason for _, reason in plans.values()):
        raise NotApplicable(f"layer {unfit[0]}", plans[unfit[0]][1], "no other layer takes the algorithm either")
    _check_slip(algorithm, [plan for plan, _ in plans.values() if plan is not None])
    for name, (plan, _) in plans.items():
        if plan is not None and plan.size != _for_axes(algorithm, len(plan.m)).size:
            plans[name] = plan, f"fitted from {algorithm.size}"
    return plans


def _check_slip(algorithm: Algorithm, plans: list[Algorithm]) -> None:
    """Refuse an algorithm for more taps than any layer has: its tile makes more outputs than it says, and more noise.

    Raises:
        NotApplicable: with the size that was meant.
    """
    for plan in plans:
        given = _for_axes(algorithm, len(plan.m))
        pairs = list(zip(plan.sizes, given.sizes, strict=True))
        if not any(m > before and r > 1 for (m, r), (before, _) in pairs):
            return
    if not plans:
        return
    axes = [(min(m, before), r) for (m, r), (before, _) in pairs]
    meant = size_words(*zip(*axes, strict=True))
    ratio = float(plan.noise_gain() / parse(meant).noise_gain())
    reason = f"no layer has as many taps; its tile gives {plan.size}, of {ratio:.1f} times the noise of {meant}"
    raise NotApplicable(given.size, reason, f"write {meant}, or choose layer by layer with a function")


def _for_axes(algorithm: Algorithm, count: int) -> Algorithm:
    return nest(*algorithm.factors * count) if len(algorithm.m) == 1 else algorithm


def _not_plain(layer: _ConvNd) -> str:
    if any(step > 1 for step in layer.stride):
        return f"stride {layer.stride}"
    if any(step > 1 for step in layer.dilation):
        return f"dilation {layer.dilation}"
    return "" if any(size > 1 for size in layer.kernel_size) else f"kernel {layer.kernel_size}"


def _converted(
    name: str, layer: _ConvNd, algorithm: Chosen, reason: str, scheme: Scheme | None, options: Options
) -> nn.Module:
    winograd, direct = _LAYERS[type(layer)]
    note = f"direct: {reason or 'as chosen'}"
    if algorithm is None and (scheme is None or scheme.arithmetic is not None):
        layer.note = note  # type: ignore[assignment]
        return layer
    if layer._forward_hooks or layer._forward_pre_hooks:
        repair = "remove them (torch.nn.utils.remove_weight_norm is one way) or skip the layer"
        raise NotApplicable(f"layer {name}", "it has hooks, which its replacement would not have", repair)
    try:
        if algorithm is not None:
            made: nn.Module = winograd.from_direct(layer, algorithm=algorithm, scheme=scheme, note=reason, **options)
            return made
        made = direct.from_direct(layer, scheme=scheme, learn_scales=options.get("learn_scales", False), note=note)
        return made
    except Refusal as error:
        raise type(error)(f"layer {name}: {error.what}", error.value, error.repair) from None
