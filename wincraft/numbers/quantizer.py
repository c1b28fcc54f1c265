# SPDX-License-Identifier: Apache-2.0
"""How the values of one stage are stored: a number format, what shares a scale, and where the scale comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import frexp
from typing import NamedTuple

import numpy as np

from wincraft.errors import BadValue, NotApplicable, look_up
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.formats import Format, parse_format
from wincraft.numbers.integer_grid import IntegerGrid, IntegerRange
from wincraft.numbers.scales import scales_for, scales_of

GRANULARITIES: dict[str, tuple[int, ...] | None] = {
    "tensor": None,
    "tap": (-2, -1),
    "channel": (-1,),
    "channel-tap": (-1,),
}
"""What shares one scale. Stages have the shape (taps..., channels, vectors); the axes of one scale, None for all.

Channels are output channels: a scale of an input channel could not be taken out of the sum over channels.
"""
_TAP_AXES_SHARED = {"tensor", "channel"}
_SAMPLE = 1 << 14
"""How many values, evenly spaced in memory, the MSE calibration of one scale looks at."""


class Scale(NamedTuple):
    """The calibrated scales of a stage, and its zero points; both broadcast to its values.

    >>> parse_quantizer("int8/tensor").calibrate(np.array([-254.0, 127.0]))
    Scale(scale=array([2.]), zero_point=array([0.]))
    """

    scale: np.ndarray
    zero_point: np.ndarray


UNSCALED = Scale(np.ones(()), np.zeros(()))
"""The scale of values that are stored as they are."""


@dataclass(frozen=True)
class Quantizer:
    """A format and, for formats that travel with a scale, its granularity.

    `per` is a name in `GRANULARITIES`, or None for values stored as they are (floating and fixed point). A scaled
    floating-point format has s = max|x| / (its largest value). `power_of_two` rounds scales up to powers of two.

    Raises:
        BadValue: for an integer without a scale, a scale for a fixed point, or a power of two without a scale.
        UnknownName: for another granularity.

    >>> Quantizer(IntegerGrid(8), per="tap", power_of_two=True).name
    'int8/tap/pow2'
    """

    format: Format
    per: str | None = None
    power_of_two: bool = False

    def __post_init__(self) -> None:
        if self.per is not None:
            look_up("granularity", self.per, GRANULARITIES)
        if isinstance(self.format, IntegerGrid) and self.per is None:
            raise BadValue(
                f"the granularity of {self.format.name}",
                "missing, and an integer has a scale",
                f"write {self.format.name}/tensor",
            )
        if isinstance(self.format, FixedPoint) and self.per is not None:
            raise BadValue(
                f"the granularity of {self.format.name}",
                f"{self.per}, and fixed point has no other scale",
                f"write {self.format.name}",
            )
        if self.power_of_two and self.per is None:
            raise BadValue(
                f"the rounded scale of {self.format.name}",
                "none, as nothing is scaled",
                f"write {self.format.name}/tensor/pow2",
            )

    @property
    def name(self) -> str:
        """The text that `parse_quantizer` reads back."""
        return "/".join([self.format.name, *([self.per] if self.per else []), *(["pow2"] if self.power_of_two else [])])

    @property
    def unsigned(self) -> bool:
        """Whether the codes have a zero point."""
        return isinstance(self.format, IntegerGrid) and self.format.range is IntegerRange.UNSIGNED

    @property
    def bits(self) -> int:
        """The size of one stored value."""
        if isinstance(self.format, IntegerGrid):
            return self.format.bits
        if isinstance(self.format, FixedPoint):
            return self.format.word
        normal = frexp(float(self.format.max))[1] - self.format.min_exponent
        fields = normal + 1 + self.format.infinity  # the least is that of subnormal numbers
        return self.format.precision + (fields - 1).bit_length()

    def calibrate(self, values: np.ndarray, method: str = "max-abs") -> Scale:
        """The scales for values of shape (taps..., channels, vectors).

        `method` is ``max-abs``; ``percentile`` (of |x|, 99.9 %) or ``percentile:P``; or ``mse``, the amplitude in
        1/64, 2/64, ..., 1 of the largest with the least squared error over an evenly spaced sample of 16,384 values.
        Values that are not finite do not count.

        Raises:
            UnknownName, BadNumber: for another method or percentile.
        """
        if self.per is None:
            ones = np.ones([1] * values.ndim)
            return Scale(ones, np.zeros_like(ones))
        return self.scale_of(*self.ends(values, method))

    def ends(self, values: np.ndarray, method: str = "max-abs") -> tuple[np.ndarray, np.ndarray]:
        """The ends low <= 0 <= high of what each scale should hold; `calibrate` is their `scale_of`.

        Raises:
            UnknownName, BadNumber: for another method or percentile.
        """
        axes: tuple[int, ...] = tuple(range(values.ndim))
        if self.per not in (None, "tensor"):
            shared = axes[:-2] if self.per in _TAP_AXES_SHARED else ()
            axes = (*shared, *((-2, -1) if self.per == "tap" else (-1,)))
        if not np.isfinite(values).all():
            values = np.where(np.isfinite(values), values, 0)
        return calibration(method)(values, axes, self)

    def scale_of(self, low: np.ndarray, high: np.ndarray) -> Scale:
        """Scales and zero points for values between ends, low <= 0 <= high."""
        if isinstance(self.format, FloatFormat):
            scale = scales_for(np.maximum(-low, high), float(self.format.max), self.power_of_two)
            return Scale(scale, np.zeros_like(scale))
        assert isinstance(self.format, IntegerGrid)
        amplitude = high - low if self.unsigned else np.maximum(-low, high)
        scale = self.format.scale(amplitude, power_of_two=self.power_of_two)
        return Scale(scale, self.format.zero_point(low, scale).astype(np.float64))

    def store(self, multiples: np.ndarray, zero_point: np.ndarray) -> np.ndarray:
        """What stands for values given as multiples of the scale, as multiples of it: for integers k - z.

        Beyond the format's range a format with a scale gives the end of the range, one without does what it does.
        """
        if isinstance(self.format, IntegerGrid):
            codes = np.rint(multiples)
            return np.asarray(np.clip(codes, self.format.low - zero_point, self.format.high - zero_point, out=codes))
        if self.per is not None:
            multiples = np.clip(multiples, float(self.format.min), float(self.format.max))
        return self.format.quantize(multiples)

    @property
    def half_step(self) -> float:
        """How far beyond the limits a value still rounds to them, in the same multiples; 0 for floating point."""
        if isinstance(self.format, FixedPoint):
            return float(self.format.step) / 2
        return 0.5 if isinstance(self.format, IntegerGrid) else 0.0

    def limits(self, zero_point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest multiple of the scale (of 1, where there is none) that can be stored."""
        if isinstance(self.format, IntegerGrid):
            return self.format.low - zero_point, self.format.high - zero_point
        return (np.full_like(zero_point, float(end)) for end in (self.format.min, self.format.max))  # type: ignore[return-value]


def parse_quantizer(text: str) -> Quantizer:
    """A quantiser from ``FORMAT``, ``FORMAT/GRANULARITY`` or ``FORMAT/GRANULARITY/pow2``.

    An integer alone is scaled per tensor.

    Raises:
        UnknownName, BadValue: where the text names no format, no granularity or a combination that there is not.

    >>> parse_quantizer("int8"), parse_quantizer("fp16").per
    (Quantizer(format=IntegerGrid(bits=8, range=<IntegerRange.SYMMETRIC: '-(2^(b-1) - 1) to 2^(b-1) - 1'>),
    per='tensor', power_of_two=False), None)
    """
    name, *rest = "".join(text.lower().split()).split("/")
    format = parse_format(name)
    power_of_two = rest[-1:] == ["pow2"]
    granularities = rest[: len(rest) - power_of_two]
    if len(granularities) > 1:
        look_up("scale rule", granularities[1], {"pow2": None})
        raise BadValue(f"pow2 in quantiser {text}", "not the last", "write FORMAT/GRANULARITY/pow2")
    per = granularities[0] if granularities else "tensor" if isinstance(format, IntegerGrid) or power_of_two else None
    return Quantizer(format, per, power_of_two)


_Ends = tuple[np.ndarray, np.ndarray]
_Method = Callable[[np.ndarray, tuple[int, ...], Quantizer], _Ends]


def calibration(method: str) -> _Method:
    """The method of that name, see `Quantizer.calibrate`: (values, axes, quantizer) -> ends low <= 0 <= high.

    Raises:
        UnknownName, BadValue: for another name, or a percentile outside (50, 100].

    >>> low, high = calibration("max-abs")(np.array([[-1.0, 3.0]]), (0, 1), parse_quantizer("int8/tensor"))
    >>> low.item(), high.item()
    (-1.0, 3.0)
    """
    name, _, argument = method.partition(":")
    look_up("calibration", name if name == "percentile" else method, {"max-abs": None, "percentile": None, "mse": None})
    if name == "percentile":
        try:
            percent = float(argument or 99.9)
        except ValueError:
            percent = 0.0
        if not 50 < percent <= 100:
            raise BadValue(
                "the percentile",
                argument,
                "give a number above 50 and up to 100, such as percentile:99.9",
            )
        return lambda values, axes, quantizer: _percentile(values, axes, quantizer, percent)
    return _max_abs if name == "max-abs" else _least_squares


def _max_abs(values: np.ndarray, axes: tuple[int, ...], quantizer: Quantizer) -> _Ends:
    ends = values.min(axis=axes, keepdims=True), values.max(axis=axes, keepdims=True)
    return np.minimum(ends[0], 0), np.maximum(ends[1], 0)


def _percentile(values: np.ndarray, axes: tuple[int, ...], quantizer: Quantizer, percent: float) -> _Ends:
    if quantizer.unsigned:
        low, high = (np.percentile(values, p, axis=axes, keepdims=True) for p in (100 - percent, percent))
        return np.minimum(low, 0), np.maximum(high, 0)
    high = np.percentile(np.abs(values), percent, axis=axes, keepdims=True)
    return -high, high


def _least_squares(values: np.ndarray, axes: tuple[int, ...], quantizer: Quantizer) -> _Ends:
    low, high = _max_abs(values, axes, quantizer)
    positive = tuple(axis % values.ndim for axis in axes)
    kept = [axis for axis in range(values.ndim) if axis not in positive]
    groups = values.transpose(*kept, *positive).reshape(*(values.shape[axis] for axis in kept), -1)
    groups = groups[..., :: max(1, groups.shape[-1] // _SAMPLE)]
    best, least = np.ones_like(low), np.full(low.shape, np.inf)
    for share in np.arange(64, 0, -1) / 64:
        scale, zero = quantizer.scale_of(low * share, high * share)
        s, z = (item.reshape(*groups.shape[:-1], 1) for item in (scale, zero))
        errors = ((quantizer.store(groups / s, z) * s - groups) ** 2).sum(axis=-1).reshape(low.shape)
        best, least = np.where(errors < least, share, best), np.minimum(errors, least)
    return low * best, high * best


def checked_scale(given: object, shape: tuple[int, ...], channels: bool) -> Scale:
    """A user's own scales, a `Scale` or numbers without zero points, with the axes of a stage of that shape.

    Raises:
        NotApplicable: where one is not positive, differs between vectors, or between the channels of a stage that has
            none of its own.
        BadNumber, BadShape: where they are no finite numbers or do not fit.

    >>> checked_scale([[0.5], [0.25]], (2, 3), channels=True).scale.shape
    (2, 1)
    """
    values, zero_point = given if isinstance(given, Scale) else (given, 0)
    arrays = scales_of(shape, values, zero_point)
    scale, zero = (array.reshape([1] * (len(shape) - array.ndim) + list(array.shape)) for array in arrays)
    if scale.shape[-1] != 1 or not (channels or scale.shape[-2] == 1):
        reason = f"scales of shape {scale.shape} differ between vectors or input channels"
        raise NotApplicable("scale", reason, "give one per tensor, tap or output channel")
    return Scale(scale, np.broadcast_to(zero, np.broadcast_shapes(scale.shape, zero.shape)))
