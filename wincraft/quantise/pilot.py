# SPDX-License-Identifier: Apache-2.0
"""The law of a scheme's errors, from a seeded run of the simulation: moments by output position, and of whole runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import exp, prod, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit  # type: ignore[import-untyped]

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import NotApplicable
from wincraft.numbers.float_format import FloatFormat
from wincraft.progress import Progress
from wincraft.quantise.error_law import ErrorLaw, varying_share
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import simulate
from wincraft.quantise.workload import Batch, Workload

PILOT_OUTPUTS = 1 << 18
"""How many outputs a pilot has by default."""
LEAST_BATCHES = 12
"""From which the spread of a norm is told."""
_MOST_BATCHES = 1024
"""However few outputs a test has."""
_BATCH_OUTPUTS = 1 << 15
"""At most, of a batch of seeded data."""
_QUANTILES = 32
"""Of |y_ref| by position."""
_CHUNKS = 16
"""Parts of a single batch by which the spread of its norm is told."""


class PilotRun(NamedTuple):
    """Simulated outputs (m..., K, T), without the rounding of an output that is apart; exact ones; which count."""

    outputs: np.ndarray
    reference: np.ndarray
    counted: np.ndarray


@dataclass(frozen=True, eq=False)
class Pilot:
    """What a run has shown: the law of the errors, and of the relative error |y - y_ref|_2 / |y_ref|_2 of a batch.

    `logarithms` are those of the relative errors of independent parts, `parts` of them make a tensor.
    """

    law: ErrorLaw
    outputs: int
    largest: float
    size: float
    logarithms: np.ndarray
    parts: int

    def norm(self, rate: float) -> float:
        """The relative error of a tensor that is exceeded at a rate: Student's prediction of one more logarithm."""
        count = len(self.logarithms)
        spread = float(self.logarithms.std(ddof=1)) * sqrt((1 + 1 / count) / self.parts)
        return exp(float(self.logarithms.mean()) - float(stdtrit(count - 1, rate)) * spread)


def pilot_batches(
    algorithm: Algorithm, workload: Workload, outputs: int = PILOT_OUTPUTS, factor: float = 1.0
) -> list[Callable[[], Batch]]:
    """Batches of seeded data, seed after seed, until there are so many outputs; weights times a factor.

    >>> from wincraft import winograd
    >>> len(pilot_batches(winograd(2, 3), Workload(), 2**14))
    16
    """
    each = prod(algorithm.m) * workload.outputs
    tiles = max(1, min(workload.tiles, _BATCH_OUTPUTS // each))
    count = min(max(LEAST_BATCHES, -(-outputs // (each * tiles))), _MOST_BATCHES)

    def made(number: int) -> Callable[[], Batch]:
        return lambda: scaled_batch(
            replace(workload, tiles=tiles, seed=workload.seed + number).batch(algorithm), factor
        )

    return [made(number) for number in range(count)]


def scaled_batch(batch: Batch, factor: float) -> Batch:
    """With weights times a factor.

    >>> from wincraft import winograd
    >>> batch = Workload().batch(winograd(2, 3))
    >>> (scaled_batch(batch, 2.0).weights == 2 * batch.weights).all()
    np.True_
    """
    return batch if factor == 1 else Batch(batch.data, factor * batch.weights, batch.counts)


def split_output(scheme: Scheme) -> tuple[Scheme, FloatFormat | None]:
    """The scheme without its output's rounding where that is apart, and the float format of that rounding.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> inner, format = split_output(SCHEMES["fp16-fp32acc"])
    >>> inner.output, format.name
    (None, 'fp16')
    """
    output = scheme.output
    if output is None or output.format == scheme.arithmetic:
        return scheme, None
    format = output.format
    return replace(scheme, output=None), format if isinstance(format, FloatFormat) and output.per is None else None


def run_pilot(
    algorithm: Algorithm, scheme: Scheme, batches: Iterable[Callable[[], Batch]], progress: Progress | None = None
) -> Pilot:
    """Simulate batches, and take the moments of their errors, see `observe_runs`.

    Raises:
        NotApplicable: where outputs overflow; as `simulate`.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> F = winograd(2, 3)
    >>> found = run_pilot(F, SCHEMES["fp16-fp32acc"], pilot_batches(F, Workload(), 2**15))
    >>> found.outputs, f"{found.norm(1e-3):.2e}", f"{found.law.tolerance(1e-3, 2**-11):.2e}"
    (32768, '5.52e-04', '1.41e-03')
    """

    def made(make: Callable[[], Batch]) -> Callable[[Scheme], PilotRun]:
        def run(inner: Scheme) -> PilotRun:
            batch = make()
            simulation = simulate(algorithm, inner, batch)
            return PilotRun(simulation.outputs, batch.reference, simulation.counted)

        return run

    return observe_runs(scheme, [made(make) for make in batches], progress)


def observe_runs(
    scheme: Scheme, runs: Iterable[Callable[[Scheme], PilotRun]], progress: Progress | None = None
) -> Pilot:
    """The moments of the errors of runs, each of which is given the scheme without an output that is apart.

    Raises:
        NotApplicable: where outputs overflow.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> y = np.arange(4096.0).reshape(1, 4, 1024)
    >>> run = PilotRun(y + np.resize([0.25, -0.25], y.shape), y, np.ones(y.shape, dtype=bool))
    >>> observe_runs(SCHEMES["fp32"], [lambda scheme: run] * 12).largest
    0.25
    """
    inner, format = split_output(scheme)
    errors, sizes, halves, logarithms, largest = [], [], [], [], 0.0
    todo = list(runs)
    for number, make in enumerate(todo):
        if progress is not None:
            progress(number, len(todo), scheme.name)
        y, reference, counted = make(inner)
        outputs, half = _stored(scheme, y) if inner is not scheme else (y, 0.0)
        whole = np.where(counted, outputs - reference, np.nan)
        if not np.isfinite(outputs[counted]).all():
            raise NotApplicable(f"a tolerance for {scheme.name}", "outputs overflow", "give smaller data or weights")
        errors.append(np.where(counted, y - reference, np.nan))
        sizes.append(np.where(counted, np.abs(reference), np.nan))
        halves.append(half)
        largest = max(largest, float(np.nanmax(np.abs(whole))))
        parts = 1 if len(todo) > 1 else _CHUNKS
        logarithms += [
            np.log(np.sqrt(np.nansum(e**2) / np.nansum(s**2)))
            for e, s in zip(_parts(whole, parts), _parts(sizes[-1], parts), strict=True)
            if np.nansum(e**2) > 0
        ]
    law = _law(
        np.concatenate(errors, axis=-1), np.concatenate(sizes, axis=-1), format, halves if format is None else []
    )
    every = np.concatenate([item[np.isfinite(item)] for item in sizes])
    if len(logarithms) < 2:
        logarithms = [-np.inf, -np.inf]
    return Pilot(law, every.size, largest, float(np.sqrt((every**2).mean())), np.array(logarithms), parts)


def _parts(array: np.ndarray, parts: int) -> list[np.ndarray]:
    """A batch in parts, by tiles or, where these are few, by filters."""
    axis = -1 if array.shape[-1] >= parts else -2
    return [item for item in np.array_split(array, parts, axis=axis) if item.size]


def _stored(scheme: Scheme, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Outputs through their quantiser, and half its step where that is fixed."""
    quantizer = scheme.output
    assert quantizer is not None
    scale = quantizer.calibrate(y, scheme.calibration)
    stored = quantizer.store(y / scale.scale, scale.zero_point) * scale.scale
    return stored, quantizer.half_step * float(np.sqrt((scale.scale**2).mean()))


def _law(errors: np.ndarray, sizes: np.ndarray, format: FloatFormat | None, halves: list[float]) -> ErrorLaw:
    """By position (m...)."""
    axes = (-2, -1)
    mean = np.nanmean(errors, axis=axes)
    deviation = np.nanstd(errors, axis=axes)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.nan_to_num((errors - mean[..., None, None]) / deviation[..., None, None])
    count = np.isfinite(errors).sum(axis=axes)
    fourth, sixth = ((z**k).sum(axis=axes) / count for k in (4, 6))
    flat = sizes.reshape(*mean.shape, -1)
    magnitudes = np.moveaxis(np.nanquantile(flat, (np.arange(_QUANTILES) + 0.5) / _QUANTILES, axis=-1), 0, -1)
    half = float(np.sqrt(np.mean(np.square(halves)))) if halves else 0.0
    kurtosis = np.where(deviation > 0, fourth, 3.0)
    return ErrorLaw(mean, deviation, kurtosis, magnitudes, varying_share(kurtosis, sixth), format, half)
