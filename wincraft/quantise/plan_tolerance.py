# SPDX-License-Identifier: Apache-2.0
"""The tolerance that a test of a plan should have: a strided, dilated, transposed or long convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from wincraft.errors import BadValue
from wincraft.plan.plan import Plan
from wincraft.plan.running import arrange
from wincraft.progress import Progress
from wincraft.quantise.faults import seen_changes
from wincraft.quantise.pilot import LEAST_BATCHES, PILOT_OUTPUTS, PilotRun, observe_runs
from wincraft.quantise.plan_bound import periods_of, plan_box_bound, plan_hard_bound
from wincraft.quantise.plan_evaluation import arrays_of
from wincraft.quantise.plan_faults import PlanFaultResponses, plan_fault_sites
from wincraft.quantise.plan_loud import plan_loud_tensors
from wincraft.quantise.plans import direct_batch, in_images, simulate_plan
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.tolerance import (
    TEST_FILTERS,
    TEST_OUTPUTS,
    JudgedLimits,
    Tolerance,
    check_test,
    known_bounds,
    output_roundoff,
    seed_of,
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
    loud: bool = False,
    pilot_outputs: int = PILOT_OUTPUTS,
    progress: Progress | None = None,
) -> Tolerance:
    """As `tolerance`, of a plan: errors are told apart by where an output lies in the tiles of all pieces.

    A test is an image of about so many `outputs`, or more where one tile of every piece has more. A fault is a changed
    entry of an algorithm, in all pieces that use it. `loud` asks for `plan_loud_tensors`.

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
        chosen = replace(chosen, outputs=TEST_FILTERS, tiles=-(-outputs // (TEST_FILTERS * prod(periods_of(plan)))))
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
            return _by_position(plan, simulation.images, in_images(simulation.reference, simulation.shape))

        return run

    test = x, factor * w, pads
    responses = PlanFaultResponses(plan, *test)
    exact = np.abs(in_images(direct_batch(problem, arrange(problem, *test)).reference, responses.outputs.shape))
    runs = 1 if isinstance(chosen, Layer) else max(LEAST_BATCHES, -(-pilot_outputs // exact.size))
    pilot = observe_runs(scheme, [run_of(number) for number in range(runs)], progress)
    rtol, spread = output_roundoff(scheme), _over_images(pilot.law.whole_deviation, exact.shape)
    sites, kurtosis = plan_fault_sites(plan), float(pilot.law.kurtosis.mean())

    def judged(atol: float, rtol: float, rate: float) -> JudgedLimits:
        seen = seen_changes(responses, sites, atol + rtol * exact, spread, kurtosis, pilot.law.share)
        return JudgedLimits(atol, rtol, rate, tuple(seen))

    magnitudes = float(np.abs(x).max()), factor * float(np.abs(w).max())
    bound, box, reason = known_bounds(
        lambda: float(plan_hard_bound(plan, scheme, *test).max()),
        lambda: plan_box_bound(plan, scheme, x.shape[1], *magnitudes),
    )
    return Tolerance(
        plan,
        scheme,
        chosen,
        rate,
        exact.size,
        pilot,
        judged(pilot.law.tolerance(rate, rtol), rtol, rate),
        pilot.norm(rate),
        magnitudes,
        bound,
        box,
        reason,
        None if given is None else judged(*given, pilot.law.rate(*given)),
        plan_loud_tensors(plan, scheme, x.shape[1], rate, seed_of(chosen)) if loud else None,
    )


def _over_images(by_place: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What every place within a period has, for all outputs of images (N, K, ...)."""
    places = (np.arange(size) % period for size, period in zip(shape[2:], by_place.shape, strict=True))
    return by_place[np.ix_(*places)]


def _by_position(plan: Plan, outputs: np.ndarray, exact: np.ndarray) -> PilotRun:
    """Images (N, K, sizes...) by place within a period, (places..., K, T); what fills the last one does not count."""
    found = []
    for array in (outputs, exact, np.ones(outputs.shape, dtype=bool)):
        periods, sizes = periods_of(plan), array.shape[2:]
        ends = [(0, -size % period) for size, period in zip(sizes, periods, strict=True)]
        whole = np.pad(array, [(0, 0), (0, 0), *ends])
        N, K, *full = whole.shape
        split = [part for size, period in zip(full, periods, strict=True) for part in (size // period, period)]
        d = len(periods)
        axes = (*range(3, 3 + 2 * d, 2), 1, 0, *range(2, 2 + 2 * d, 2))
        found.append(whole.reshape(N, K, *split).transpose(axes).reshape(*periods, K, -1))
    return PilotRun(*found)
