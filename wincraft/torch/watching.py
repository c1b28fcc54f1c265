# SPDX-License-Identifier: Apache-2.0
"""Watching a network's convolutions while images run through it: signal, noise, clipping, second moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils.parametrize import is_parametrized
from torch.utils.hooks import RemovableHandle

from wincraft.quantise.evaluation import measured_means, measured_moments, moments_between
from wincraft.quantise.samples import tile_sample
from wincraft.torch.direct import DirectLayer
from wincraft.torch.layer import WinogradLayer
from wincraft.torch.pieces import SimulatedPlanPipeline
from wincraft.torch.pipeline import Pipeline
from wincraft.torch.replacement import pads
from wincraft.torch.simulated import SimulatedPipeline
from wincraft.torch.stage import StoringModule, Tally, Watcher
from wincraft.torch.tiles import covered, cut, padded

Ours = WinogradLayer | DirectLayer
_PLAIN = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def why_float(layer: _ConvNd) -> str:
    """Why a convolution was not converted.

    >>> class My(nn.Conv2d): pass
    >>> why_float(My(1, 1, 3)), why_float(nn.LazyConv2d(1, 3))
    ('subclass of Conv2d (My)', 'LazyConv2d, no input has come yet')
    """
    kind = type(layer)
    if is_parametrized(layer):
        chains = layer.get_submodule("parametrizations").children()
        parts = {type(part).__name__.strip("_") for chain in chains for part in chain.children()}
        return f"parametrized ({', '.join(sorted(parts))})"
    if isinstance(layer, LazyModuleMixin) and layer.has_uninitialized_params():
        return f"{kind.__name__}, no input has come yet"
    if kind in _PLAIN:
        hooks = [*layer._forward_pre_hooks.values()]
        return f"hooks ({type(hooks[0]).__name__})" if hooks else "not converted"
    ours = kind.__module__ == nn.Conv2d.__module__
    base = next(item.__name__ for item in kind.__mro__ if item.__module__ == nn.Conv2d.__module__)
    return kind.__name__ if ours else f"subclass of {base} ({kind.__name__})"


class Watched:
    """A forward hook: signal and noise without the bias, where they come from, and the second moments of the tiles.

    `noise` is the sum of squared errors; `clipping` the part of it that a stage's clipping adds to that of the stages
    before it, found by running the layer again without: from no clipping at all to all of it, stage by stage.
    """

    def __init__(self, name: str, layer: _ConvNd, order: list[Watched]) -> None:
        self.name, self.signal, self.noise, self.count = name, 0.0, 0.0, 0
        self.ran, self._order = False, order
        note = getattr(layer, "note", "")
        noted = isinstance(note, str) and note.startswith(("direct: ", "float: "))
        self.note = note if noted or isinstance(layer, Ours) else f"float: {why_float(layer)}"
        self.multiplications = 0
        self.filters, self.tiles = torch.zeros(0), 0
        self.moments: np.ndarray | float = 0.0
        self.means: np.ndarray | float = 0.0
        self.between: np.ndarray | float = 0.0
        self.sample: np.ndarray | None = None
        self.clipping: dict[str, float] = {}
        self.stages = layer.labelled if isinstance(layer, Ours) else {}
        self.tallies = {label: Tally() for label in self.stages}

    @property
    def power(self) -> float:
        """The mean square of the exact outputs."""
        return self.signal / self.count

    def __call__(
        self, layer: _ConvNd, inputs: tuple[torch.Tensor, ...], named: dict[str, torch.Tensor], output: object
    ) -> None:
        """Take one pass into account."""
        x = inputs[0] if inputs else named["input"]
        if not self.ran:
            self._order.append(self)
        self.ran = True
        if isinstance(output, torch.Tensor):
            turned = layer.transposed
            outer, inner = (x.numel(), layer.out_channels) if turned else (output.numel(), layer.in_channels)
            self.multiplications += outer * (inner // layer.groups) * prod(layer.kernel_size)
            if isinstance(layer, Ours):
                self._measure(layer, x, output)

    def _measure(self, layer: Ours, given: torch.Tensor, output: torch.Tensor) -> None:
        images, weight = given.double(), layer.weight.detach().double()
        axes = len(layer.kernel_size)
        exact = exact_outputs(layer, images, weight, output.shape)
        bias = 0 if layer.bias is None else layer.bias.detach().double().view(-1, *(1,) * axes)
        noise = squared(output - bias - exact)
        self.count += exact.numel()
        self.signal += squared(exact)
        self.noise += noise
        self._attribute(layer, given, exact + bias, noise)
        if isinstance(layer, WinogradLayer) and isinstance(layer.winograd, Pipeline):
            self._observe(layer, layer.winograd, images if images.ndim == axes + 2 else images[None], weight)

    def _attribute(self, layer: Ours, x: torch.Tensor, wanted: torch.Tensor, noise: float) -> None:
        """Which stage's clipping adds how much to the noise of this batch; nothing for schemes that are simulated."""
        clipping = [label for label, tally in self.tallies.items() if tally.last]
        for tally in self.tallies.values():
            tally.last = 0.0
        if not clipping or not (
            isinstance(layer, DirectLayer) or not isinstance(layer.winograd, SimulatedPipeline | SimulatedPlanPipeline)
        ):
            return
        sums = []
        try:
            for stage in self.stages.values():
                stage.clips, stage.tally = False, None
            for label in clipping:
                sums.append(squared(layer.forward(x) - wanted))
                self.stages[label].clips = True
        finally:
            for label, stage in self.stages.items():
                stage.clips, stage.tally = True, self.tallies[label]
        for label, before, after in zip(clipping, sums, [*sums[1:], noise], strict=True):
            self.clipping[label] = self.clipping.get(label, 0.0) + after - before

    def _observe(self, layer: WinogradLayer, run: Pipeline, images: torch.Tensor, weight: torch.Tensor) -> None:
        x, self.filters, low, outputs = layer.operands(images, weight)
        data = as_numpy(cut(padded(x, low, covered(outputs, run.m, run.r)), run.n, run.m))
        self.tiles += data.shape[-1]
        share = data.shape[-1] / self.tiles
        between = moments_between(data, layer.in_channels // layer.groups)
        self.moments = (1 - share) * self.moments + share * measured_moments(data)
        self.means = (1 - share) * self.means + share * measured_means(data)
        self.between = (1 - share) * self.between + share * (0.0 if between is None else between)
        sample = tile_sample(data)
        if self.sample is not None:
            sample = tile_sample(np.concatenate([self.sample, sample], axis=1)[:, None])
        self.sample = sample


@contextmanager
def watching(layer: Ours, watch: Watcher) -> Iterator[None]:
    """While entered, a layer hands every place's values to a function, as `wincraft.quantise.simulation.simulate` does.

    `watch` is given a `Place`, stored or not, and a tensor (taps..., channels, vectors) of all tiles of the batch, in
    the order of the computation. The filters (taps..., outputs, channels) come first. A direct layer shows its images,
    with taps of length 1. Of a plan of several pieces, under a scheme of integers or none, its input, weights and
    output are shown.

    >>> from wincraft.torch import WinogradConv2d
    >>> layer, largest = WinogradConv2d(3, 4, 3), {}
    >>> with watching(layer, lambda place, values: largest.update({str(place): values.shape})):
    ...     _ = layer(torch.ones(2, 3, 10, 10))
    >>> largest["U"], largest["V"]
    (torch.Size([6, 6, 3, 8]), torch.Size([6, 6, 4, 3]))
    """
    module = layer if isinstance(layer, StoringModule) else layer.winograd
    module.watch = watch
    try:
        yield
    finally:
        module.watch = None


def exact_outputs(
    layer: _ConvNd, x: torch.Tensor, weight: torch.Tensor, shape: Sequence[int] | torch.Size
) -> torch.Tensor:
    """What torch convolves for a layer of any of its classes, without the bias; `shape` is that of its output.

    >>> layer = nn.ConvTranspose1d(2, 2, 3, stride=2)
    >>> exact_outputs(layer, torch.ones(1, 2, 4), layer.weight, (1, 2, 10)).shape
    torch.Size([1, 2, 10])
    """
    (low, high), d = pads(layer), len(layer.kernel_size)
    own = list(layer.stride), list(layer.dilation), layer.transposed
    crop, more = [0] * d, [0] * d
    if layer.transposed:
        spans = zip(x.shape[-d:], layer.stride, low, layer.dilation, layer.kernel_size, shape[-d:], strict=True)
        crop, more = low, [out - ((size - 1) * s - 2 * pad + t * (r - 1) + 1) for size, s, pad, t, r, out in spans]
    elif any(low) or any(high):
        sides = [side for pair in zip(reversed(low), reversed(high), strict=True) for side in pair]
        x = F.pad(x, sides, mode="constant" if layer.padding_mode == "zeros" else layer.padding_mode)
    batch = x if x.ndim == d + 2 else x[None]
    y = torch.convolution(batch, weight, None, own[0], crop, own[1], own[2], more, layer.groups)
    return y if x.ndim == d + 2 else y[0]


def squared(value: torch.Tensor) -> float:
    """The sum of squares, in float64."""
    return float(value.double().square().sum())


def as_numpy(value: torch.Tensor) -> np.ndarray:
    """(positions, vectors, channels) as (positions, channels, vectors)."""
    return value.transpose(1, 2).numpy(force=True)


class NetworkWatch:
    """Watches every convolution of a network, by name, while it is entered; `order` is that of their first passes."""

    def __init__(self, model: nn.Module) -> None:
        self.order: list[Watched] = []
        self.layers: dict[_ConvNd, Watched] = {}
        self._hooks: list[RemovableHandle] = []
        for name, layer in model.named_modules():
            if isinstance(layer, _ConvNd):
                self.layers[layer] = Watched(name, layer, self.order)

    def __enter__(self) -> NetworkWatch:
        for layer, watched in self.layers.items():
            self._hooks.append(layer.register_forward_hook(watched, with_kwargs=True))
            for label, stage in watched.stages.items():
                stage.tally = watched.tallies[label]
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
        for watched in self.layers.values():
            for stage in watched.stages.values():
                stage.tally = None
