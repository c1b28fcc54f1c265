# SPDX-License-Identifier: Apache-2.0
"""Processors as the speed model sees them, and the types that kernels compute with."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from wincraft.errors import BadValue, look_up
from wincraft.numbers.arrays import is_integer
from wincraft.numbers.box import Box


def _check_positive(what: str, value: object) -> None:
    if not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise BadValue(what, repr(value), "give a positive number")


@dataclass(frozen=True)
class KernelRates:
    """How fast kernels are: shares of the peak, and cycles of a vector addition within a transform.

    `share` is that of the matrix product inside a layer, `direct` that of the direct convolution. A multiplication is
    taken to fuse with the addition behind it; loads and stores are in `addition`.

    Raises:
        BadValue: for what is no positive number.

    >>> KernelRates(0.95, 0.9, 1.3).direct
    0.9
    """

    share: float
    direct: float
    addition: float

    def __post_init__(self) -> None:
        for name in ("share", "direct", "addition"):
            _check_positive(f"{name} of a kernel", getattr(self, name))


@dataclass(frozen=True)
class ProcessorCore:
    """One core as the model sees it; the defaults are those of ``zen3`` in `CORES`.

    `lanes` are the 32-bit values of a vector, `pipes` the vector multiply-adds that start in a cycle, `ghz` the clock
    under such load. V up to `cache` bytes is read as fast as it is needed, a larger one at `bandwidth` bytes a second.

    Raises:
        BadValue: for what is no positive number.

    >>> ProcessorCore().peak("float32") / 1e9
    51.84
    """

    lanes: int = 8
    ghz: float = 3.24
    pipes: int = 2
    cache: float = 8e6
    bandwidth: float = 14e9
    floats: KernelRates = field(default_factory=lambda: KernelRates(share=0.95, direct=0.9, addition=1.3))
    integers: KernelRates = field(default_factory=lambda: KernelRates(share=0.69, direct=0.69, addition=1.36))

    def __post_init__(self) -> None:
        for name in ("lanes", "pipes"):
            if not is_integer(value := getattr(self, name), 1):
                raise BadValue(f"the number of {name}", repr(value), "give an integer, 1 or more, such as 8")
        for name in ("ghz", "cache", "bandwidth"):
            _check_positive(f"{name} of the core", getattr(self, name))

    def peak(self, type: str) -> float:
        """Multiply-adds per second of a type's products when nothing else is done.

        Raises:
            UnknownName: for a type that is not in `SPEEDS`.
        """
        return self.pipes * self.lanes * self.ghz * 1e9 * look_up("type", type, SPEEDS).rate

    def rates(self, type: str) -> KernelRates:
        """Those of a type.

        Raises:
            UnknownName: for a type that is not in `SPEEDS`.
        """
        return self.floats if look_up("type", type, SPEEDS).data is None else self.integers


CORES = {
    "zen3": ProcessorCore(),
    "zen5": ProcessorCore(
        ghz=4.0, bandwidth=45e9, floats=KernelRates(0.94, 0.9, 0.76), integers=KernelRates(0.88, 0.8, 1.5)
    ),
}
"""By name, both with AVX2 code, 8 lanes.

``zen3``: prototypes of the kernels, gcc 12.2, one core of an AMD EPYC (Zen 3), multiply-add peak 103.7 GF/s: 97 in the
matrix product, 92 to 96 in the direct convolution; transforms of F(4x4,3x3) 160 cycles for a vector of channels;
integers from F(2x2,3x3) and F(4x4,3x3) of 64 channels; 16 MB read at 14 GB/s, 8 MB at 80. The share of the direct
convolution of integers was not measured there, it is taken to be that of the matrix product.

``zen5``: the emitted kernels, gcc 12.2 -O3 -march=x86-64-v3 -ffp-contract=fast, one core of an AMD EPYC (Zen 5), peak
128 GF/s: fitted to the least processor times of F(2x2,3x3) to F(8x8,3x3) on seven layers of 16 to 512 channels, 63 in
float32 and 35 in int8, which the model meets within 8 and 6 % (root mean square), none worse than 15 %. The direct
convolution is up to a fifth faster there, and a third slower at 512 channels on 7x7.
"""


@dataclass(frozen=True)
class ElementSpeed:
    """A type of data and filter: the bytes of a value of V, and multiply-adds of an instruction per 32-bit lane.

    `data` is where exact integers lie, None for floating point; the filter is int8 then.
    """

    bytes: int
    rate: int
    data: Box | None = None


SPEEDS = {
    "float32": ElementSpeed(bytes=4, rate=1),
    "int8": ElementSpeed(bytes=2, rate=2, data=Box.signed(8)),
    "uint8": ElementSpeed(bytes=2, rate=2, data=Box.unsigned(8)),
}
"""By name. Of integers U and V are int16, and one instruction sums pairs of their products."""
