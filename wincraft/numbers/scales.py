# SPDX-License-Identifier: Apache-2.0
"""Scales and zero points: arrays that travel beside stored values."""

from __future__ import annotations

import numpy as np

from wincraft.errors import BadShape, BadValue
from wincraft.numbers.arrays import float64_array


def scales_for(amplitude: object, limit: float, power_of_two: bool = False) -> np.ndarray:
    """The scales s = amplitude / limit, float64 of the same shape; on request rounded up to powers of two.

    `limit` is the largest multiple that can be stored. Where the amplitude is 0 (or s would underflow to 0) the scale
    is 1.

    Raises:
        BadValue: for a negative amplitude.
        BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.

    >>> scales_for([448.0, 300.0, 0.0], 448.0, power_of_two=True)
    array([1., 1., 1.])
    """
    width = float64_array(amplitude, "amplitude")
    if (width < 0).any():
        raise BadValue("an amplitude", f"{width.min():g}", "give max|x|, which is 0 or more")
    with np.errstate(over="ignore", under="ignore"):
        scale = width / limit
        if power_of_two:
            mantissa, exponent = np.frexp(scale)
            scale = np.where(scale > 0, np.ldexp(1.0, exponent - (mantissa == 0.5)), 0)
    return np.where(scale == 0, 1.0, scale)


def positive_scales(scale: object) -> np.ndarray:
    """Scales as float64.

    Raises:
        BadValue: where one is not positive.
        BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.
    """
    array = float64_array(scale, "scale")
    if not (array > 0).all():
        raise BadValue("a scale", f"{array.min():g}", "give positive ones; data of zeros have scale 1")
    return array


def scales_of(shape: tuple[int, ...], scale: object, zero_point: object = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scales and zero points of data of that shape, to which both broadcast, as float64.

    Raises:
        BadValue: for a scale that is not positive or a zero point that is no integer.
        BadNumber, BadShape: where they are no finite numbers or do not broadcast to the data.

    >>> scales_of((2, 3), [[0.5], [0.25]])[0].shape
    (2, 1)
    """
    s, z = positive_scales(scale), float64_array(zero_point, "zero point")
    for what, array in (("scale", s), ("zero point", z)):
        if not _broadcasts_to(array.shape, shape):
            raise BadShape(what, str(array.shape), f"one that broadcasts to the data's {shape}")
    if (z != np.rint(z)).any():
        raise BadValue("a zero point", f"{z[z != np.rint(z)][0]:g}, which is no code", "give integers")
    return s, z


def _broadcasts_to(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    tail = target[len(target) - len(shape) :]
    return len(shape) <= len(target) and all(n in (1, size) for n, size in zip(shape, tail, strict=True))
