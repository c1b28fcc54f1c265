# SPDX-License-Identifier: Apache-2.0
"""How a layer stores its stages as small integers, where the scales come from, and what its state says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, prod
from typing import Self

import numpy as np
import torch
from torch import nn

from wincraft.errors import BadDocument, NotApplicable
from wincraft.measure.places import Place
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.quantise.schemes import Scheme
from wincraft.torch.rounding import FLOAT32_BITS, Bound, RoundClip
from wincraft.torch.state import StateDict, check_scales, check_values, take_bytes

Watcher = Callable[[Place, torch.Tensor], object]
"""What is given the values of a place, (taps..., channels, vectors)."""


class ExactModule(nn.Module):
    """A module whose own float64 buffers stay float64: in another dtype they would store other integers."""

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        kept = {name: item for name, item in self._buffers.items() if item is not None and item.dtype == torch.float64}
        super()._apply(fn, recurse)
        for name, item in kept.items():
            moved = self._buffers[name]
            if moved is not None and moved.dtype != torch.float64:
                self._buffers[name] = item.to(moved.device)
        return self


class WideModule(ExactModule):
    """A module whose parameters stay float32 or wider: in half precision, learned scales would be others."""

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        kept = {parameter: parameter.detach() for parameter in self.parameters()}
        super()._apply(fn, recurse)
        for parameter, item in kept.items():
            if parameter.dtype.itemsize < torch.float32.itemsize:
                parameter.data = item.to(parameter.device)
        return self


class Tally:
    """How many values a stage stored, and how many of them it clipped; `last` is of one pass, set to 0 from outside."""

    def __init__(self) -> None:
        self.clipped, self.stored, self.last = 0.0, 0, 0.0

    @torch.no_grad()
    def count(self, value: torch.Tensor, ratio: torch.Tensor, low: Bound, high: Bound) -> None:
        """Take values times a ratio into account, which are rounded and clipped to these ends."""
        steps = (value.double() * ratio).round()
        self.add(float(((steps < low) | (steps > high)).sum()), steps.numel())

    def add(self, clipped: float, stored: int) -> None:
        """Take so many clipped values of so many stored ones into account."""
        self.clipped, self.stored, self.last = self.clipped + clipped, self.stored + stored, self.last + clipped

    @property
    def share(self) -> float:
        """The part that was clipped."""
        return self.clipped / max(1, self.stored)


class StoredStage(WideModule):
    """One stored stage: codes = clip(round(value * unit / scale), low, high), shape (taps, vectors, channels).

    The scales are float64 with the axes of the stage, 1 where one is shared; NaN until they are calibrated.
    A `tally` counts what is clipped; nothing is where `clips` is off.
    """

    def __init__(
        self, place: Place, quantizer: Quantizer, taps: tuple[int, ...], channels: int, calibration: str
    ) -> None:
        super().__init__()
        self.place, self.quantizer, self.taps, self.calibration = place, quantizer, taps, calibration
        per = quantizer.per or ""
        shape = (prod(taps) if "tap" in per else 1, 1, channels if "channel" in per else 1)
        unknown = torch.nan if per else 1.0
        self.register_buffer("scale", torch.full(shape, unknown, dtype=torch.float64))
        self.register_buffer("zero_point", torch.zeros(shape, dtype=torch.float64))
        self.observing, self.clips = False, True
        self.tally: Tally | None = None
        self._ends: tuple[np.ndarray, np.ndarray] | None = None
        self._batches = 0
        self._ready = not per

    scale: torch.Tensor
    zero_point: torch.Tensor

    def extra_repr(self) -> str:
        """The quantiser."""
        return self.quantizer.name

    @property
    def calibrated(self) -> bool:
        """Whether there are scales."""
        return not bool(torch.isnan(self.scale).any())

    @property
    def grid(self) -> IntegerGrid:
        """The format, where it is an integer's."""
        assert isinstance(self.quantizer.format, IntegerGrid)
        return self.quantizer.format

    @property
    def bound(self) -> float:
        """The largest magnitude of a code."""
        return code_bound(self.quantizer)

    @property
    def ends(self) -> tuple[float, float]:
        """What codes are clipped to."""
        return (float(self.grid.low), float(self.grid.high)) if self.clips else (-inf, inf)

    @property
    def plain(self) -> bool:
        """Whether codes are those of signed values with one scale for all channels, in float32, and none is counted."""
        one = self.scale.shape[-1] == 1 and self.tally is None
        return one and not self.quantizer.unsigned and self.grid.bits <= FLOAT32_BITS

    def current_scale(self, values: float = 1) -> torch.Tensor:
        """The scales in use; an image has so many `values`."""
        return self.scale

    def forward(self, value: torch.Tensor, unit: torch.Tensor, images: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        """Codes less their zero points, and the scale of one; the value, of so many images, stands for value * unit."""
        if self.observing:
            self.observe(value.detach(), unit.detach())
        else:
            self.usable()
        scale = self.current_scale(value.numel() / max(1, images))
        dtype = torch.float32 if self.grid.bits <= FLOAT32_BITS else torch.float64
        ends: tuple[Bound, Bound] = self.ends
        if self.quantizer.unsigned and self.clips:
            ends = self.grid.low - self.zero_point, self.grid.high - self.zero_point
        if self.tally is not None:
            self.tally.count(value, unit / scale, *ends)
        return RoundClip.apply(value, unit / scale, *ends, dtype), scale

    def usable(self) -> bool:
        """True where the stage can run.

        Raises:
            NotApplicable: scales that are not calibrated.
        """
        if not (self._ready or self.observing):
            raise NotApplicable(f"stage {self.place}", "its scales are not calibrated", "call calibrate(model, loader)")
        return True

    def reset(self) -> None:
        """Forget what was observed, not the scales."""
        self._ends, self._batches = None, 0

    @torch.no_grad()
    def observe(self, value: torch.Tensor, unit: torch.Tensor) -> None:
        """Take a batch into account: the widest range of all batches for max-abs, else the mean of the ranges.

        Raises:
            NotApplicable: NaN among the values.
        """
        if self.calibration == "max-abs" and unit.shape[1] == 1:  # the ends of each channel are all that counts
            ends = torch.cat(torch.aminmax(value, dim=1, keepdim=True), dim=1)
            value = value if bool(ends.isinf().any()) else ends
        if bool(value.isnan().any()):
            repair = "look for NaN in the images, in the weights and in the layers before"
            raise NotApplicable(f"stage {self.place}", "its values hold NaN", repair)
        low, high = self.quantizer.ends(self._numpy_layout(value * unit), self.calibration)
        if not self.quantizer.unsigned:  # symmetric: the mean of batches is that of their amplitudes
            high = np.maximum(-low, high)
            low = -high
        if self._ends is not None:
            if self.calibration == "max-abs":
                low, high = np.minimum(low, self._ends[0]), np.maximum(high, self._ends[1])
            else:
                share = 1 / (self._batches + 1)
                low, high = (old + (new - old) * share for old, new in zip(self._ends, (low, high), strict=True))
        self._ends, self._batches = (low, high), self._batches + 1
        self.set_scale(self.quantizer.scale_of(low, high))

    def observe_scale(self, given: Scale) -> None:
        """Take the scales of a batch into account: the largest of all batches."""
        seen, self._batches = self._batches, self._batches + 1
        self.set_scale(Scale(np.maximum(given.scale, self.as_scale.scale), given.zero_point) if seen else given)

    @torch.no_grad()
    def set_scale(self, given: Scale) -> None:
        """Use these scales; their axes are (taps..., channels, vectors)."""
        scale, zero_point = given
        for buffer, array in ((self.scale, scale), (self.zero_point, zero_point)):
            axes = torch.from_numpy(np.ascontiguousarray(array)).reshape(-1, *array.shape[-2:]).transpose(1, 2)
            buffer.copy_(axes.expand_as(buffer))
        self._ready = self.calibrated

    @property
    def as_scale(self) -> Scale:
        """The scales in use as the analysis module has them, axes (taps..., channels, vectors)."""
        with torch.no_grad():
            arrays = [self._numpy_layout(item) for item in (self.current_scale(), self.zero_point)]
        return Scale(*arrays)

    def _numpy_layout(self, value: torch.Tensor) -> np.ndarray:
        array = value.detach().double().transpose(1, 2).cpu().numpy()
        taps = self.taps if len(array) == prod(self.taps) else (1,) * len(self.taps)
        return array.reshape(*taps, *array.shape[1:])

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """The scales may be unknown again; raise `BadDocument` where they are no scales."""
        check_scales(state_dict, f"{prefix}scale", unknown=True)
        low, high = (self.grid.low, self.grid.high) if self.quantizer.unsigned else (0, 0)
        rule = f"zero points are integers from {low} to {high}"
        check_values(state_dict, f"{prefix}zero_point", rule, lambda z: (z == z.round()) & (z >= low) & (z <= high))
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._ready = self.calibrated


class StoringModule(ExactModule):
    """A module that stores stages: `placed` holds them, `stages` too, under names that modules may have.

    Its state carries its configuration, `described`, as a text in bytes, so that the state of another algorithm or
    scheme is refused. A state without one, as that of a plain convolution, is taken. `watch` sees the values of every
    place, see `wincraft.torch.watching.watching`.
    """

    stages: nn.ModuleDict
    placed: dict[Place, StoredStage]
    described = ""
    observing = False
    watch: Watcher | None = None
    fast_training = False
    """Whether a step of training sums and rounds in float32, see `fast_training`; evaluation is exact all the same."""

    def place_stages(self, stages: Iterable[StoredStage]) -> None:
        """Have these stages."""
        self.placed = {stage.place: stage for stage in stages}
        names = {place: str(place).replace(" ", "_").replace("-", "_") for place in self.placed}
        self.stages = nn.ModuleDict({names[place]: stage for place, stage in self.placed.items()})

    def _save_to_state_dict(self, destination: StateDict, prefix: str, keep_vars: bool) -> None:
        """The configuration goes with the state."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.described:
            destination[f"{prefix}configuration"] = torch.tensor(list(self.described.encode()), dtype=torch.uint8)

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """Raise `BadDocument` for the state of another configuration."""
        given = take_bytes(state_dict, f"{prefix}configuration") if self.described else None
        if given is not None:
            made, this = given.decode(errors="replace").split(", "), self.described.split(", ")
            if made != this:
                theirs = ", ".join(part for part in made if part not in this) or "less"
                mine = ", ".join(part for part in this if part not in made) or "less"
                repair = "convert the network as it was when the state was saved"
                what = f"the state of {prefix[:-1] or 'a layer'}"
                raise BadDocument(what, f"it is of {theirs}; this layer is {mine}", repair)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by the text of their place."""
        return {str(place): stage for place, stage in self.placed.items()}

    def observe(self, on: bool) -> None:
        """Whether the next batches set the scales."""
        self.observing = on
        for stage in self.placed.values():
            stage.observing = on
            if on:
                stage.reset()

    def show(self, place: Place, data: torch.Tensor, unit: torch.Tensor, taps: tuple[int, ...]) -> None:
        """Have the watch see multiples (taps, vectors, channels) of a unit, if there is a watch."""
        if self.watch is not None:
            self.watch(place, (data.detach() * unit.detach()).transpose(1, 2).unflatten(0, taps))


def code_bound(quantizer: Quantizer) -> float:
    """The largest magnitude of a code less its zero point, which is a code itself; inf where codes are no integers.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> code_bound(parse_quantizer("int8/tensor")), code_bound(parse_quantizer("fp16"))
    (127.0, inf)
    """
    grid = quantizer.format
    return float(max(grid.high, -grid.low)) if isinstance(grid, IntegerGrid) else inf


def fill_in(state_dict: StateDict, prefix: str, module: nn.Module) -> None:
    """Where a state has nothing under a prefix, as that of a plain convolution, what the module has stays."""
    if not any(key.startswith(prefix) for key in state_dict):
        state_dict.update(module.state_dict(prefix=prefix))


def of_integers(scheme: Scheme, quantizers: Iterable[Quantizer | None]) -> bool:
    """Whether a scheme computes exactly and stores nothing but integers through these quantisers.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> [of_integers(scheme, scheme.stages.values()) for scheme in (SCHEMES["tapwise-8"], SCHEMES["fp16"])]
    [True, False]
    """
    grids = all(isinstance(quantizer.format, IntegerGrid) for quantizer in quantizers if quantizer)
    return scheme.arithmetic is None and grids
