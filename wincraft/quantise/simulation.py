# SPDX-License-Identifier: Apache-2.0
"""A Winograd convolution computed bit by bit under a quantisation scheme, beside the exact one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from importlib import import_module
from math import inf, log10, nan
from operator import mul
from typing import Any

import numpy as np

from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nested import Algorithm, check_algorithm
from wincraft.errors import BadShape, NotApplicable, look_up
from wincraft.exact.number import to_fraction
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, Side, U, V, parse_place, step
from wincraft.numbers.quantizer import Quantizer, Scale, checked_scale
from wincraft.quantise.direct import directly, in_float64
from wincraft.quantise.machines import Machine, integer_rows, machine_for, scheme_stages
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.workload import Batch, Layer, Workload, as_workload

SATURATED = 0.002
"""From this share of clipped values on a stage is flagged."""
MOSTLY = 0.5
"""From this share of values stored as 0 on a tap, or an output, has vanished."""
FEW_CHANNELS = 32
"""Below, the sums over channels are not yet Gaussian, and a prediction is flagged."""


@dataclass(frozen=True)
class StageRecord:
    """What storing a stage did: its calibrated scales, the share of clipped values, and the taps stored mostly as 0."""

    quantizer: Quantizer
    scale: Scale
    clipped: float
    vanished: int
    taps: int


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """The outputs (m..., K, T), the exact ones, and what happened at every stage; the repr says it in a few lines."""

    scheme: Scheme
    outputs: np.ndarray
    reference: np.ndarray
    counts: np.ndarray
    records: dict[str, StageRecord]
    overflowed: bool
    channels: int

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales of every stage that was stored."""
        return {label: record.scale for label, record in self.records.items()}

    @property
    def counted(self) -> np.ndarray:
        """Which outputs exist: tiles may reach beyond the edge of an image."""
        return np.broadcast_to(self.counts[..., None, :], self.outputs.shape)

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

    def plot(self, ax: Any = None) -> Any:
        """See `wincraft.report.figures.plot_scales`."""
        return import_module("wincraft.report.figures").plot_scales(self, ax)

    def __repr__(self) -> str:
        lines = [f"{self.scheme.name}: SQNR {self.decibels:.2f} dB", *(f"  {flag}" for flag in self.flags)]
        return "\n".join(lines)


def sqnr(noise_to_signal: float) -> float:
    """-10 log10, with inf for 0 and -inf for inf.

    >>> sqnr(0.001)
    30.0
    """
    if noise_to_signal == 0:
        return inf
    return -inf if noise_to_signal == inf else -10 * log10(noise_to_signal)


def simulate(
    algorithm: Algorithm,
    scheme: Scheme | str,
    data: Batch | Workload | Layer | None = None,
    scales: Mapping[str, Any] | None = None,
) -> Simulation:
    """Run the tiles of a batch, or of a workload, through every stage of a scheme, bit by bit.

    Without data the default `Workload`: seeded Gaussian data.

    Stages run one after the other, each along all axes, and are stored under labels: ``input``, ``input pre-step 1``,
    ..., ``U``; ``weights``, ``weights pre-step 1``, ..., ``V``; ``M``; ``post-step 1``, ..., ``output``.
    Scales are static: those given for a label (a `Scale`, or numbers that broadcast to the stage's
    (taps..., channels, vectors)), else calibrated on this batch. Integers are exact below 2^53; one multiplication by a
    ratio of scales in float64 comes before each rounding.

    Raises:
        NotApplicable: in linear convolution form, where the scheme does not admit the algorithm, and for arguments of
            another kind.
        UnknownName, BadNumber, BadShape: for a scale that belongs to no stage or is none, a batch of another size, a
            text that names no scheme.

    >>> from wincraft import parse
    >>> simulate(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), "tapwise-8")
    tapwise-8: SQNR 17.05 dB
    """
    scheme = as_scheme(scheme)
    check_algorithm(algorithm)
    batch = data if isinstance(data, Batch) else as_workload(data).batch(algorithm)
    outputs, records, overflowed = run_stages(algorithm, scheme, batch, scales)
    return Simulation(scheme, outputs, batch.reference, batch.counts, records, overflowed, batch.weights.shape[-1])


def run_stages(
    algorithm: Algorithm, scheme: Scheme, batch: Batch, scales: Mapping[str, Any] | None = None
) -> tuple[np.ndarray, dict[str, StageRecord], bool]:
    """The outputs (m..., K, T) of `simulate`, what each stage did, and whether 32-bit sums overflowed.

    Raises:
        NotApplicable, UnknownName, BadNumber, BadShape: as `simulate`.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> from wincraft.quantise.workload import Workload
    >>> f = winograd(4, 3)
    >>> list(run_stages(f, SCHEMES["tapwise-8"], Workload(channels=8).batch(f))[1])
    ['input', 'U', 'weights', 'V', 'M', 'output']
    """
    check_scheme(algorithm, scheme)
    _check_batch(algorithm, batch)
    run = _Run(scheme, machine_for(scheme), {parse_place(text): scale for text, scale in (scales or {}).items()})
    d = _transformed(run, algorithm, INPUT, batch.data)
    g = _transformed(run, algorithm, WEIGHTS, batch.weights)
    products = run.store(M, scheme.M, run.machine.multiply(g, d))
    chains = [axis.maps.output for axis in algorithm.axes]
    y = _chain(run, chains, products, "products", scheme.post_step)
    y = run.machine.divide(y, divisor_of(algorithm))
    y = run.store(OUTPUT, scheme.output, y)
    run.check_unused()
    return run.machine.real(y), run.records, run.machine.overflowed


def simulate_direct(algorithm: Algorithm, scheme: Scheme, batch: Batch) -> Simulation:
    """The direct convolution of the same tiles under the same scheme: operands and outputs stored, sums as it says.

    Operands are stored as the scheme's input and weights, or where it has none, as its U and V per tensor.

    Raises:
        NotApplicable: in linear convolution form.
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
    run = _Run(scheme, machine_for(scheme), {})
    operands = []
    quantizers = direct_quantizers(scheme)
    for place, array in ((INPUT, batch.data), (WEIGHTS, batch.weights)):
        operands.append(run.store(place, quantizers[place.stage], run.machine.load(array)))
    data, weights = (run.machine.real(operand) for operand in operands)

    def rounded(filters: np.ndarray, windows: np.ndarray) -> np.ndarray:
        return np.asarray(
            run.machine.real(run.machine.multiply(*map(run.machine.load, (filters[None], windows[None]))))
        )

    y = directly(data, weights, in_float64 if scheme.arithmetic is None else rounded)
    y = run.machine.real(run.store(OUTPUT, quantizers["output"], run.machine.load(y)))
    return Simulation(scheme, y, batch.reference, batch.counts, run.records, False, batch.weights.shape[-1])


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
        NotApplicable: the linear convolution form, or operands beyond the scheme's word.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> check_scheme(winograd(4, 3), SCHEMES["tapwise-8"])
    """
    _check_form(algorithm)
    if scheme.word is None:
        return
    for name, stage, side in (("U", scheme.input, "input"), ("V", scheme.weights, "filter")):
        low, high = (float(end.item()) for end in stage.limits(np.zeros(1))) if stage else (inf, inf)
        bound = max(-low, high)
        for axis in algorithm.axes:
            rows = scheme_stages([getattr(axis.maps, side)], scheme, None)[0][0]
            matrix, _ = integer_rows(rows, [Fraction(1)] * len(rows[0]))
            bound *= np.abs(matrix).sum(axis=1).max()
        if bound >= 2 ** (scheme.word - 1):
            reason = f"{name} of {algorithm.size} reaches {bound:.0f}, beyond int{scheme.word}"
            raise NotApplicable(scheme.name, reason, "use other points or a smaller tile")


@dataclass
class _Run:
    """One run: the machine, the scales given, and the records made."""

    scheme: Scheme
    machine: Machine
    scales: dict[Place, Any]
    records: dict[str, StageRecord] = field(default_factory=dict)

    def store(self, place: Place, quantizer: Quantizer | None, value: Any, raw: np.ndarray | None = None) -> Any:
        if quantizer is None:
            return value
        real = self.machine.real(value)
        given = self.scales.get(place)
        if given is not None:
            scale = checked_scale(given, real.shape, channels=place.side != "data")
        else:
            scale = quantizer.calibrate(real, self.scheme.calibration)
        stored = self.machine.store(quantizer, scale, value)
        self.records[str(place)] = _record(quantizer, scale, real if raw is None else raw, self.machine.real(stored))
        return stored

    def check_unused(self) -> None:
        for place in self.scales:
            look_up("stage with a scale", str(place), self.records)


def _check_form(algorithm: Algorithm) -> None:
    if algorithm.form != "correlation":
        raise NotApplicable("simulation", "this is the linear convolution form", "call transpose() first")


def _check_batch(algorithm: Algorithm, batch: Batch) -> None:
    for what, array, letter in (("data", batch.data, "n"), ("weights", batch.weights, "r")):
        needed = tuple(getattr(axis, letter) for axis in algorithm.axes)
        if array.shape[:-2] != needed:
            raise BadShape(f"{what} for {algorithm.size}", str(array.shape), f"({', '.join(map(str, needed))}, ...)")


def _record(quantizer: Quantizer, scale: Scale, real: np.ndarray, stored: np.ndarray) -> StageRecord:
    low, high = quantizer.limits(scale.zero_point)
    slack = quantizer.half_step * (1 + 1e-9)
    clipped = (real > (high + slack) * scale.scale) | (real < (low - slack) * scale.scale)
    lost = ((stored == 0) & (real != 0)).mean(axis=(-2, -1))
    return StageRecord(quantizer, scale, float(clipped.mean()), int((lost > MOSTLY).sum()), lost.size)


def _transformed(run: _Run, algorithm: Algorithm, start: Place, array: np.ndarray) -> Any:
    """U or V: the array stored as the scheme's input or weights, through the chain of B^T or G, and stored again."""
    chains = [axis.maps.input if start == INPUT else axis.maps.filter for axis in algorithm.axes]
    value = run.store(start, getattr(run.scheme, start.stage), run.machine.load(array), array)
    value = _chain(run, chains, value, start.side, run.scheme.pre_step)
    end = U if start == INPUT else V
    return run.store(end, getattr(run.scheme, end.stage), value)


def _chain(run: _Run, chains: list[LinearMap], value: Any, side: Side, between: Quantizer | None) -> Any:
    for number, stages in enumerate(scheme_stages(chains, run.scheme, between)):
        if number:
            value = run.store(step(side, number), between, value)
        value = run.machine.apply(stages, value)
    return value


def divisor_of(algorithm: Algorithm) -> Fraction:
    """The algorithm's scale.

    >>> from wincraft import winograd
    >>> divisor_of(winograd(4, 3, points="0,1,-1,2,-2", convention="integer"))
    Fraction(24, 1)
    """
    return reduce(mul, (to_fraction(axis.scale) for axis in algorithm.axes), Fraction(1))


def _per_tensor(quantizer: Quantizer | None) -> Quantizer | None:
    if quantizer is None or quantizer.per is None:
        return quantizer
    return Quantizer(quantizer.format, "tensor", quantizer.power_of_two)
