# SPDX-License-Identifier: Apache-2.0
"""How a scheme runs an algorithm: the passes as it stores them, and its machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Maps
from wincraft.circuit.program import Program
from wincraft.exact.matrix import fraction_rows, rational_matrix
from wincraft.exact.types import Matrix
from wincraft.measure.execution import ArrayMachine, Machine, PerMatrix
from wincraft.measure.float_bound import FP32, BoundMachine
from wincraft.measure.integer_machine import IntegerMachine
from wincraft.measure.places import Place
from wincraft.measure.recording_machine import RecordingMachine
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import Quantizer, Scale, checked_scale
from wincraft.numbers.summation import CIRCUIT_ORDERS
from wincraft.quantise.moments import MomentsMachine
from wincraft.quantise.samples import filter_sample, tile_sample
from wincraft.quantise.schemes import Scheme

MOSTLY = 0.5
"""From this share of values stored as 0 on a tap, or an output, has vanished."""

_Value = TypeVar("_Value")


def stored_maps(algorithm: Algorithm, scheme: Scheme) -> Maps:
    """The maps of an algorithm with their matrices as a scheme stores them.

    In exact arithmetic stages along axes that nothing is stored between are multiplied out. Where the order of the
    sums is a circuit's, the matrices are exact: the constants of the programs are rounded, not they.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> stored_maps(winograd(2, 3).change_basis("legendre"), SCHEMES["tapwise-8"]).input
    LinearMap of 4x4 over QQ
    """
    if scheme.order in CIRCUIT_ORDERS:
        return algorithm.maps
    stored, maps = PerMatrix(lambda matrix: stored_matrix(matrix, scheme)), []
    for item, between in zip(algorithm.maps, (scheme.post_step, scheme.pre_step, scheme.pre_step), strict=True):
        kept = LinearMap(item.tile, tuple(step._replace(matrix=stored(step.matrix)) for step in item.passes))
        maps.append(kept.collapsed if scheme.arithmetic is None and between is None else kept)
    return Maps(*maps)


def stored_matrix(matrix: Matrix, scheme: Scheme) -> Matrix:
    """One stage as a scheme stores it; irrational entries are read to 60 digits before they are rounded."""
    format = scheme.matrices or scheme.arithmetic
    if format is None:
        return matrix
    rows = fraction_rows(matrix)
    if isinstance(format, FloatFormat):
        return rational_matrix([[format.quantize_exact(value) for value in row] for row in rows])
    values = np.array([[float(value) for value in row] for row in rows])
    scale = format.scale(format.amplitude(values))
    step = Fraction(float(scale.item()))
    return rational_matrix([[int(code) * step for code in row] for row in format.codes(values, scale)])


@dataclass(frozen=True)
class StageRecord:
    """What storing a stage did: its calibrated scales, the share of clipped values, and the taps stored mostly as 0.

    Where a scale clipped some, a `sample` of what came, as `wincraft.quantise.prediction.predict` takes it.
    """

    quantizer: Quantizer
    scale: Scale
    clipped: float
    vanished: int
    taps: int
    sample: np.ndarray | None = None


class NumberMachine(Machine[np.ndarray, _Value], Protocol[_Value]):
    """A machine whose values stand for real numbers."""

    overflowed: bool
    """Whether a sum has left its word."""

    def put(self, quantizer: Quantizer, scale: Scale, value: _Value) -> _Value:
        """The value through a quantiser."""

    def real(self, value: _Value) -> np.ndarray:
        """The numbers that a value stands for, float64."""


class SchemeMachine(Generic[_Value]):
    """A machine that stores values as a scheme says, with the scales given or calibrated; `records` is what that did.

    A scale that is given may belong to no place that is stored: `records` tells.
    """

    def __init__(
        self,
        machine: NumberMachine[_Value],
        quantizers: Mapping[str, Quantizer | None],
        calibration: str,
        scales: Mapping[Place, object],
    ) -> None:
        self.numbers, self.records = machine, dict[str, StageRecord]()
        self.apply, self.multiply, self.divide = machine.apply, machine.multiply, machine.divide
        self._quantizers, self._calibration, self._scales = quantizers, calibration, scales

    def load(self, place: Place, given: np.ndarray) -> _Value:
        """The value stored; what the machine's own numbers lose of it counts too."""
        return self._stored(place, self.numbers.load(place, given), given)

    def store(self, place: Place, value: _Value) -> _Value:
        """The value through the quantiser of the place, if it has one."""
        return self._stored(place, self.numbers.store(place, value), None)

    def _stored(self, place: Place, value: _Value, given: np.ndarray | None) -> _Value:
        quantizer = self._quantizers.get(place.stage)
        if quantizer is None:
            return value
        real = self.numbers.real(value)
        if place in self._scales:
            scale = checked_scale(self._scales[place], real.shape, channels=place.side != "data")
        else:
            scale = quantizer.calibrate(real, self._calibration)
        stored = self.numbers.put(quantizer, scale, value)
        after = self.numbers.real(stored)
        record = _record(quantizer, scale, real if given is None else given, after)
        if record.clipped and quantizer.per is not None:
            sample = tile_sample(real) if place.side == "data" else filter_sample(real)
            record = replace(record, sample=sample if np.isfinite(sample).all() else None)
        self.records[str(place)] = record
        return stored


def _record(quantizer: Quantizer, scale: Scale, real: np.ndarray, stored: np.ndarray) -> StageRecord:
    low, high = quantizer.limits(scale.zero_point)
    slack = quantizer.half_step * (1 + 1e-9)
    clipped = (real > (high + slack) * scale.scale) | (real < (low - slack) * scale.scale)
    lost = ((stored == 0) & (real != 0)).mean(axis=(-2, -1))
    return StageRecord(quantizer, scale, float(clipped.mean()), int((lost > MOSTLY).sum()), lost.size)


MACHINES: dict[str, Callable[[], Machine[Any, Any]]] = {
    "exact": lambda: ArrayMachine(object),
    "NumPy": lambda: ArrayMachine(float),
    "integers": IntegerMachine,
    "rounded": lambda: RoundedMachine(Arithmetic(FP32)),
    "error bound": lambda: BoundMachine(FP32),
    "recording": RecordingMachine,
    "second moments": lambda: MomentsMachine(Scheme("exact"), 1),
}
"""What can run an algorithm, each made as it is by default; the float formats are fp32."""


def machine_for(scheme: Scheme, programs: Callable[[Matrix], Program] | None = None) -> NumberMachine[Any]:
    """The machine of a scheme's arithmetic; passes run by `programs` where they are given.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> type(machine_for(SCHEMES["fp16"])).__name__
    'RoundedMachine'
    """
    if scheme.arithmetic is None:
        return IntegerMachine(wrap=scheme.word is not None)
    accumulator = None if scheme.accumulator is None else Arithmetic(scheme.accumulator)
    return RoundedMachine(Arithmetic(scheme.arithmetic), scheme.order, accumulator, scheme.channel_order, programs)
