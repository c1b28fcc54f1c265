# SPDX-License-Identifier: Apache-2.0
"""A Winograd convolution computed bit by bit under a quantisation scheme, beside the exact one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nan

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import check_algorithm
from wincraft.construct.circuits import programs_for
from wincraft.errors import BadShape, NotApplicable, WrongForm, look_up
from wincraft.exact.matrix import fraction_rows
from wincraft.measure.execution import execute
from wincraft.measure.integer_machine import integer_rows
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, Place, parse_place
from wincraft.numbers.decibels import sqnr
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.quantise.machines import (
    MOSTLY,
    SchemeMachine,
    StageRecord,
    machine_for,
    stored_maps,
)
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.workload import Batch, Layer, Workload, as_workload, directly, in_float64
from wincraft.show.chart import MARKS, Axis, Chart, Dots, Point, Series
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import decibels
from wincraft.show.shown import Shown

Watch = Callable[[Place, np.ndarray], object]
"""Is given a place of the computation and the numbers that stand there."""
SATURATED = 0.002
"""From this share of clipped values on a stage is flagged."""
FEW_CHANNELS = 32
"""Below, the sums over channels are not yet Gaussian, and a prediction is flagged."""


@dataclass(frozen=True, eq=False, repr=False)
class Simulation(Shown):
    """The outputs (m..., K, T) of a batch, and what happened at every stage."""

    scheme: Scheme
    outputs: np.ndarray
    batch: Batch
    records: dict[str, StageRecord]
    overflowed: bool

    @property
    def reference(self) -> np.ndarray:
        """The exact outputs."""
        return self.batch.reference

    @property
    def channels(self) -> int:
        """Those that an output sums over."""
        return int(self.batch.weights.shape[-1])

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales of every stage that was stored."""
        return {label: record.scale for label, record in self.records.items()}

    @property
    def counted(self) -> np.ndarray:
        """Which outputs exist: tiles may reach beyond the edge of an image."""
        return np.broadcast_to(self.batch.counts[..., None, :], self.outputs.shape)

    @property
    def non_finite(self) -> int:
        """How many outputs are infinite or NaN."""
        return int((~np.isfinite(self.outputs) & self.counted).sum())

    @property
    def noise_to_signal(self) -> float:
        """The sum of squared output errors over that of the exact outputs; inf where an output is not finite."""
        if self.non_finite:
            return inf
        outputs, reference = self.outputs[self.counted], self.reference[self.counted]
        size = float(np.abs(reference).max(initial=0))
        if not size:
            return inf if outputs.any() else nan
        return float((((outputs - reference) / size) ** 2).sum() / ((reference / size) ** 2).sum())

    @property
    def decibels(self) -> float:
        """SQNR, -10 log10 of `noise_to_signal`."""
        return sqnr(self.noise_to_signal)

    @property
    def flags(self) -> tuple[str, ...]:
        """What an average would hide, one line each."""
        found = []
        if self.non_finite:
            found.append(f"{self.non_finite} of {self.counted.sum()} outputs are infinite or NaN")
        if self.overflowed:
            found.append("32-bit sums overflow")
        lost = float(((self.outputs == 0) & (self.reference != 0))[self.counted].mean())
        if lost > MOSTLY:
            found.append(f"{lost:.1%} of the outputs that should not be 0 are")
        for label, record in self.records.items():
            if record.clipped > SATURATED:
                found.append(f"{label}: {record.clipped:.1%} of the values saturate")
            if record.vanished:
                what = "outputs of a tile" if label == "output" else "taps"
                found.append(f"{label}: {record.vanished} of {record.taps} {what} are mostly stored as 0 (underflow)")
        if self.channels < FEW_CHANNELS:
            found.append(f"{self.channels} channels: predictions assume {FEW_CHANNELS} or more")
        return tuple(found)

    def layout(self) -> Layout:
        """The SQNR, what an average would hide, and the scales."""
        title = f"{self.scheme.name}: SQNR {self.decibels:.2f} dB"
        scales = self._scales()
        return Layout(title, (), (Section("", (), self.flags),), () if scales is None else (scales,))

    def chart(self) -> Chart:
        """The largest value that every tap can hold at the stages that have taps and a scale.

        Raises:
            NotApplicable: where no stage has a scale.
        """
        found = self._scales()
        if found is None:
            raise NotApplicable("plot", f"no stage of {self.scheme.name} has a scale", "choose a scheme of integers")
        return found

    def _scales(self) -> Dots | None:
        series: list[Series] = []
        for label in ("U", "V", "M"):
            record = self.records.get(label)
            if record is None or record.quantizer.per is None:
                continue
            scale = record.scale.scale
            scales = scale.max(axis=(-2, -1)).ravel() if scale.ndim > 1 else scale
            limit = float(max(np.abs(end).max() for end in record.quantizer.limits(np.zeros(1))))
            values = np.broadcast_to(limit * scales, (record.taps,))
            points = tuple(Point(tap, float(value)) for tap, value in enumerate(values))
            series.append(Series(label, points, MARKS[len(series)], joined=True))
        title = f"{self.scheme.name}: SQNR {decibels(self.decibels)} dB"
        up = Axis("largest value that is stored", logarithmic=True)
        return Dots(title, Axis("tap"), up, tuple(series)) if series else None


def simulate(
    algorithm: Algorithm,
    scheme: Scheme | str,
    data: Batch | Workload | Layer | None = None,
    scales: Mapping[str, object] | None = None,
    watch: Watch | None = None,
) -> Simulation:
    """Run the tiles of a batch, or of a workload, through every stage of a scheme, bit by bit.

    Without data the default `Workload`: seeded Gaussian data.

    Stages run one after the other, each along all axes, and are stored under labels: ``input``, ``input pre-step 1``,
    ..., ``U``; ``weights``, ``weights pre-step 1``, ..., ``V``; ``M``; ``post-step 1``, ..., ``output``.
    Scales are static: those given for a label (a `Scale`, or numbers that broadcast to the stage's
    (taps..., channels, vectors)), else calibrated on this batch. Integers are exact below 2^53; one multiplication by a
    ratio of scales in float64 comes before each rounding. `watch` is given every place and what stands there, stored or
    not, as float64 (taps..., channels, vectors), in the order of the computation.

    Raises:
        NotApplicable: in linear convolution form, over GF(p), where the scheme does not admit the algorithm, and for
            arguments of another kind.
        UnknownName, BadNumber, BadShape: for a scale that belongs to no stage or is none, a batch of another size, a
            text that names no scheme.

    >>> from wincraft import parse
    >>> simulate(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), "tapwise-8")
    tapwise-8: SQNR 17.05 dB
    >>> largest = {}
    >>> _ = simulate(parse("F(2,3)"), "fp16", watch=lambda place, values: largest.update({str(place): values.max()}))
    >>> list(largest)
    ['input', 'U', 'weights', 'V', 'M', 'output']
    """
    scheme = as_scheme(scheme)
    check_algorithm(algorithm)
    batch = data if isinstance(data, Batch) else as_workload(data).batch(algorithm)
    check_scheme(algorithm, scheme)
    _check_batch(algorithm, batch)
    numbers = machine_for(scheme, programs_for(algorithm, scheme.order))
    given = {parse_place(text): scale for text, scale in (scales or {}).items()}
    machine = SchemeMachine(numbers, scheme.stages, scheme.calibration, given)
    seen = None if watch is None else lambda place, value: watch(place, numbers.real(value))
    y = execute(stored_maps(algorithm, scheme), algorithm.scale, machine, batch.data, batch.weights, seen)
    for place in given:
        look_up("stage with a scale", str(place), machine.records)
    return Simulation(scheme, numbers.real(y), batch, machine.records, numbers.overflowed)


def simulate_direct(algorithm: Algorithm, scheme: Scheme, batch: Batch, watch: Watch | None = None) -> Simulation:
    """The direct convolution of the same tiles under the same scheme: operands and outputs stored, sums as it says.

    Operands are stored as the scheme's input and weights, or where it has none, as its U and V per tensor. `watch` is
    given the input, the weights and the output as they are stored.

    Raises:
        WrongForm: in linear convolution form.
        BadShape: a batch of another size.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> from wincraft.quantise.workload import Workload
    >>> F = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    >>> simulate_direct(F, SCHEMES["tapwise-8"], Workload().batch(F))
    tapwise-8: SQNR 35.88 dB
    """
    _check_form(algorithm)
    _check_batch(algorithm, batch)
    numbers = machine_for(scheme)
    machine = SchemeMachine(numbers, direct_quantizers(scheme), scheme.calibration, {})

    def stored(place: Place, array: np.ndarray) -> np.ndarray:
        value = numbers.real(machine.load(place, array))
        if watch is not None:
            watch(place, value)
        return value

    def rounded(filters: np.ndarray, windows: np.ndarray) -> np.ndarray:
        return numbers.real(numbers.multiply(numbers.load(INPUT, windows[None]), numbers.load(WEIGHTS, filters[None])))

    data, weights = stored(INPUT, batch.data), stored(WEIGHTS, batch.weights)
    y = stored(OUTPUT, directly(data, weights, in_float64 if scheme.arithmetic is None else rounded))
    return Simulation(scheme, y, batch, machine.records, False)


def direct_quantizers(scheme: Scheme) -> dict[str, Quantizer | None]:
    """How direct convolution stores its input, weights and output: see `simulate_direct`.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> direct_quantizers(SCHEMES["fp16-fp32acc"])["input"].name
    'fp16'
    """
    return {
        "input": scheme.input or _per_tensor(scheme.U),
        "weights": scheme.weights or _per_tensor(scheme.V),
        "output": scheme.output,
    }


def check_scheme(algorithm: Algorithm, scheme: Scheme) -> None:
    """Check that a scheme admits an algorithm.

    Raises:
        WrongForm: the linear convolution form.
        NotApplicable: entries in GF(p), operands beyond the scheme's word.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> check_scheme(winograd(4, 3), SCHEMES["tapwise-8"])
    """
    _check_form(algorithm)
    if scheme.word is None:
        return
    maps = stored_maps(algorithm, scheme)
    for name, stage, stored in (("U", scheme.input, maps.input), ("V", scheme.weights, maps.filter)):
        low, high = (float(end.item()) for end in stage.limits(np.zeros(1))) if stage else (inf, inf)
        bound = max(-low, high)
        for item in stored.factors or (stored,):
            rows = fraction_rows(item.dense)
            matrix, _ = integer_rows(rows, [Fraction(1)] * len(rows[0]))
            bound *= np.abs(matrix).sum(axis=1).max()
        if bound >= 2 ** (scheme.word - 1):
            reason = f"{name} of {algorithm.size} reaches {bound:.0f}, beyond int{scheme.word}"
            raise NotApplicable(scheme.name, reason, "use other points or a smaller tile")


def _check_form(algorithm: Algorithm) -> None:
    if algorithm.form != "correlation":
        raise WrongForm("simulation")
    algorithm.field.need_order(f"simulation of {algorithm.size}")


def _check_batch(algorithm: Algorithm, batch: Batch) -> None:
    for what, array, needed in (("data", batch.data, algorithm.n), ("weights", batch.weights, algorithm.r)):
        if array.shape[:-2] != needed:
            raise BadShape(f"{what} for {algorithm.size}", str(array.shape), f"({', '.join(map(str, needed))}, ...)")


def _per_tensor(quantizer: Quantizer | None) -> Quantizer | None:
    if quantizer is None or quantizer.per is None:
        return quantizer
    return Quantizer(quantizer.format, "tensor", quantizer.power_of_two)
