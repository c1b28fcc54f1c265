# SPDX-License-Identifier: Apache-2.0
"""The tolerance that a test of a plan should have: a strided, dilated, transposed or long convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, lcm, prod, sqrt

import numpy as np

from wincraft.errors import BadValue
from wincraft.numbers.arrays import is_integer
from wincraft.plan.plan import Plan
from wincraft.progress import Progress
from wincraft.quantise.error_law import check_rate
from wincraft.quantise.pilot import PILOT_OUTPUTS, PilotRun, observe_runs
from wincraft.quantise.plan_evaluation import arrays_of
from wincraft.quantise.plans import simulate_plan
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.tolerance import TEST_OUTPUTS, JudgedLimits, Tolerance, output_roundoff
from wincraft.quantise.workload import Layer, Workload

_FILTERS = 8
_LEAST_RUNS = 12
"""From which the spread of a norm is told."""


def plan_tolerance(
    plan: Plan,
    scheme: Scheme | str,
    workload: Workload | Layer | None = None,
    *,
    rate: float = 1e-9,
    outputs: int = TEST_OUTPUTS,
    weight_deviation: float | None = None,
    given: tuple[float, float] | None = None,
    pilot_outputs: int = PILOT_OUTPUTS,
    progress: Progress | None = None,
) -> Tolerance:
    """As `tolerance`, of a plan: errors are told apart by where an output lies in the tiles of all pieces.

    A test is an image of about so many `outputs`, or more where one tile of every piece has more. There is no hard
    bound, and faults are those of the algorithms of its pieces: ask for these.

    Raises:
        BadValue: for outputs, a deviation and a rate that are none.
        NotApplicable: where the scheme does not admit an algorithm, or outputs overflow; as `simulate_plan`.

    >>> from wincraft.plan import Problem, make_plan
    >>> found = plan_tolerance(make_plan(Problem(3, stride=2), 2), "fp16-fp32acc", pilot_outputs=2**14)
    >>> f"{found.limits.atol:.0e}", f"{found.limits.rtol:.1e}"
    ('3e-03', '4.9e-04')
    """
    scheme = as_scheme(scheme)
    check_rate(rate)
    for name, value in (("the outputs of a test", outputs), ("the outputs of a pilot", pilot_outputs)):
        if not is_integer(value, 1):
            raise BadValue(name, repr(value), "give an integer, 1 or more")
    chosen = workload or Workload()
    if isinstance(chosen, Workload):
        chosen = replace(chosen, outputs=_FILTERS, tiles=-(-outputs // (_FILTERS * prod(_periods(plan)))))
    x, w, _ = arrays_of(plan, chosen)
    factor = 1.0
    if weight_deviation is not None:
        if isinstance(chosen, Layer):
            raise BadValue("a deviation", "given beside a layer, which has its own", "leave it out")
        if not (isfinite(weight_deviation) and weight_deviation > 0):
            raise BadValue("the deviation of weights", repr(weight_deviation), "give a positive number")
        taps = w.shape[0 if plan.problem.transposed else 1] * prod(plan.problem.r)
        factor = weight_deviation * sqrt(taps // (plan.problem.groups if plan.problem.transposed else 1))

    def run_of(number: int) -> Callable[[Scheme], PilotRun]:
        def run(inner: Scheme) -> PilotRun:
            seeded = replace(chosen, seed=chosen.seed + number) if isinstance(chosen, Workload) else chosen
            data, filters, padding = arrays_of(plan, seeded)
            simulation = simulate_plan(plan, inner, data, factor * filters, padding)
            N, K, *sizes = simulation.shape
            exact = np.moveaxis(simulation.reference.reshape(K, N, *sizes), 0, 1)
            return _by_position(plan, simulation.images, exact)

        return run

    size = int(run_of(0)(scheme).counted.sum())
    runs = 1 if isinstance(chosen, Layer) else max(_LEAST_RUNS, -(-pilot_outputs // size))
    pilot = observe_runs(scheme, [run_of(number) for number in range(runs)], progress)
    rtol = output_roundoff(scheme)
    limits = JudgedLimits(pilot.law.tolerance(rate, rtol), rtol, rate, ())
    judged = None if given is None else JudgedLimits(*given, pilot.law.rate(*given), ())
    magnitudes = float(np.abs(x).max()), factor * float(np.abs(w).max())
    reason = "pieces of a plan have none together"
    norm = pilot.norm(rate)
    return Tolerance(
        plan, scheme, chosen, rate, size, pilot, limits, norm, magnitudes, None, None, reason, judged, None
    )


def _periods(plan: Plan) -> tuple[int, ...]:
    """Along each axis after how many outputs all pieces begin a tile."""
    return tuple(
        lcm(*(piece.algorithm.m[k] * piece.strands[k].outputs.step for piece in plan.pieces))
        for k in range(len(plan.problem.r))
    )


def _by_position(plan: Plan, outputs: np.ndarray, exact: np.ndarray) -> PilotRun:
    """Images (N, K, sizes...) by place within a period, (places..., K, T); what fills the last one does not count."""
    found = []
    for array in (outputs, exact, np.ones(outputs.shape, dtype=bool)):
        periods, sizes = _periods(plan), array.shape[2:]
        ends = [(0, -size % period) for size, period in zip(sizes, periods, strict=True)]
        whole = np.pad(array, [(0, 0), (0, 0), *ends])
        N, K, *full = whole.shape
        split = [part for size, period in zip(full, periods, strict=True) for part in (size // period, period)]
        d = len(periods)
        axes = (*range(3, 3 + 2 * d, 2), 1, 0, *range(2, 2 + 2 * d, 2))
        found.append(whole.reshape(N, K, *split).transpose(axes).reshape(*periods, K, -1))
    return PilotRun(*found)
