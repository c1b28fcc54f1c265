# SPDX-License-Identifier: Apache-2.0
"""The tolerance that a test of a plan should have: a strided, dilated, transposed or long convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import lcm, prod

import numpy as np

from wincraft.errors import BadValue
from wincraft.plan.plan import Plan
from wincraft.progress import Progress
from wincraft.quantise.pilot import LEAST_BATCHES, PILOT_OUTPUTS, PilotRun, observe_runs
from wincraft.quantise.plan_evaluation import arrays_of
from wincraft.quantise.plans import simulate_plan
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.tolerance import (
    TEST_FILTERS,
    TEST_OUTPUTS,
    JudgedLimits,
    Tolerance,
    check_test,
    output_roundoff,
    weight_factor,
)
from wincraft.quantise.workload import Layer, Workload


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
    check_test(rate, outputs, pilot_outputs)
    chosen = workload or Workload()
    if isinstance(chosen, Workload):
        chosen = replace(chosen, outputs=TEST_FILTERS, tiles=-(-outputs // (TEST_FILTERS * prod(_periods(plan)))))
    if isinstance(chosen, Layer) and weight_deviation is not None:
        raise BadValue("a deviation", "given beside a layer, which has its own", "leave it out")
    problem = plan.problem
    x, w, pads = arrays_of(plan, chosen)
    factor = weight_factor(weight_deviation, x.shape[1] // problem.groups * prod(problem.r))

    def run_of(number: int) -> Callable[[Scheme], PilotRun]:
        def run(inner: Scheme) -> PilotRun:
            seeded = replace(chosen, seed=chosen.seed + number) if isinstance(chosen, Workload) else chosen
            data, filters, padding = arrays_of(plan, seeded)
            simulation = simulate_plan(plan, inner, data, factor * filters, padding)
            N, K, *sizes = simulation.shape
            exact = np.moveaxis(simulation.reference.reshape(K, N, *sizes), 0, 1)
            return _by_position(plan, simulation.images, exact)

        return run

    filters = w.shape[1] * problem.groups if problem.transposed else w.shape[0]
    size = len(x) * filters * prod(problem.outputs(x.shape[2:], pads))
    runs = 1 if isinstance(chosen, Layer) else max(LEAST_BATCHES, -(-pilot_outputs // size))
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
