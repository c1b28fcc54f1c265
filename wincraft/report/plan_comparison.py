# SPDX-License-Identifier: Apache-2.0
"""Plans of one convolution side by side, the direct convolution among them: what each costs and how wrong it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue
from wincraft.files.decomposition import problem_document
from wincraft.measure.costs import LayerShape
from wincraft.measure.plans import PlanTimes, plan_costs
from wincraft.measure.processor import ProcessorCore
from wincraft.plan.making import make_plan
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.progress import Progress
from wincraft.quantise.plan_evaluation import evaluate_plan
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import SCHEMES, Scheme
from wincraft.quantise.workload import Workload, as_workload
from wincraft.report.json import scheme_document, workload_document
from wincraft.report.model import SchemeResult, Unavailable, available
from wincraft.report.pieces import DEFAULT_CHANNELS, noise_of_plan, times_of
from wincraft.report.plan import DIRECT
from wincraft.show.chart import Axis, Dots, Point, Series
from wincraft.show.layout import Layout, Section, Table, best_places
from wincraft.show.numbers import count, decibels, finite, number, plural
from wincraft.show.shown import Shown
from wincraft.version import __version__

_TITLES = {"gain": "noise gain"}


@dataclass(frozen=True)
class ComparedPlan:
    """A plan, None for the direct convolution, with what it costs for an output of a pair of channels.

    `noise` is error power over output power in float32, `seconds` the predicted time of the layer, if there is one.
    """

    name: str
    plan: Plan | None
    products: Fraction
    operations: Fraction
    gain: Fraction
    noise: float | Unavailable
    seconds: float | Unavailable | None = None
    schemes: tuple[SchemeResult, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class PlanComparison(Shown):
    """Plans in rows, the direct convolution first.

    >>> from wincraft.plan import Problem, make_plan
    >>> stride = Problem(3, stride=2, axes=2)
    >>> found = compare_plans(stride, {f"tile {m}": make_plan(stride, m) for m in (2, 4)})
    >>> [(row.name, str(row.products)) for row in found.rows]
    [('direct', '9'), ('tile 2', '25/4'), ('tile 4', '81/16')]
    """

    problem: Problem
    rows: tuple[ComparedPlan, ...]
    channels: int
    filters: int
    layer: LayerShape | None
    workload: Workload

    def layout(self) -> Layout:
        """A table with the best of every column marked, and what the numbers are of."""
        columns: list[tuple[str, list[str], list[float | None]]] = []
        for name in ("products", "operations", "gain"):
            exact: list[float | None] = [float(getattr(row, name)) for row in self.rows]
            columns.append((_TITLES.get(name, name), [number(value) for value in exact if value is not None], exact))
        errors = [None if isinstance(row.noise, Unavailable) else row.noise**0.5 for row in self.rows]
        columns.append(("error", ["n/a" if error is None else f"{error:.1e}" for error in errors], errors))
        if self.layer is not None:
            times = [row.seconds if isinstance(row.seconds, float) else None for row in self.rows]
            columns.append(("ms", ["n/a" if t is None else f"{1000 * t:.3f}" for t in times], times))
        for place, scheme in enumerate(self._schemes()):
            found = [self._measured(row, place) for row in self.rows]
            columns.append((scheme, ["n/a" if v is None else decibels(v) for v in found],
                            [None if v is None else -v for v in found]))  # fmt: skip
        cells = [[text for _, texts, _ in columns for text in (texts[k],)] for k in range(len(self.rows))]
        marked = {
            (row, place)
            for place, (_, texts, values) in enumerate(columns, start=2)
            for row in best_places(texts, [None if value is None else -value for value in values])
        }
        pieces = ["-" if row.plan is None else count(len(row.plan.pieces)) for row in self.rows]
        body = tuple((row.name, *rest) for row, *rest in zip(self.rows, pieces, *zip(*cells, strict=True), strict=True))
        header = ("plan", "pieces", *(name for name, _, _ in columns))
        table = Table(header, body, "lr" + "r" * len(columns), frozenset(marked))
        title = f"{self.problem}: {plural(len(self.rows) - 1, 'plan')} compared with direct"
        return Layout(title, (), (Section("Plans", (table,), tuple(self._notes()), name="plans"),), self._charts())

    def document(self) -> dict[str, object]:
        """The kind ``wincraft.plans``; the schema is ``schema/plans-1.json`` beside this file. Times are seconds."""
        return {
            "kind": "wincraft.plans",
            "version": 1,
            "wincraft": __version__,
            "problem": problem_document(self.problem),
            "channels": self.channels,
            "filters": self.filters,
            "layer": None if self.layer is None else str(self.layer),
            "workload": workload_document(self.workload),
            "plans": [_facts(row) for row in self.rows],
        }

    def _schemes(self) -> list[str]:
        return [item.label for item in self.rows[-1].schemes]

    def _measured(self, row: ComparedPlan, place: int) -> float | None:
        """The SQNR in dB; of direct that beside the last plan."""
        found = (self.rows[-1] if row.plan is None else row).schemes[place].evaluation
        if isinstance(found, Unavailable):
            return None
        return found.direct if row.plan is None else found.measured

    def _notes(self) -> list[str]:
        kernel = "Products and operations are those for an output of a pair of channels, operations with"
        notes = [
            f"{kernel} {plural(self.channels, 'channel')} and {plural(self.filters, 'filter')} of a group.",
            "Error: root of error power over output power in float32, predicted for white data; direct adds everything "
            "up one by one, pieces the channels of a tap.",
        ]
        if self.layer is not None:
            reasons = [row.seconds.reason for row in self.rows if isinstance(row.seconds, Unavailable)]
            timed = f"Times of layer {self.layer} are predicted for the C kernels in float32 on one core."
            notes.append(f"No time: {reasons[0]}." if reasons else timed)
        if self._schemes():
            notes.append(f"Columns of schemes: SQNR in dB on {self.workload.describe()}.")
        reasons = [
            f"{row.name} under {item.label}: {item.evaluation.reason}."
            for row in self.rows
            for item in row.schemes
            if isinstance(item.evaluation, Unavailable)
        ]
        return [*notes, *dict.fromkeys(reasons)]

    def _charts(self) -> tuple[Dots, ...]:
        """Products and error."""
        points = tuple(
            Point(float(row.products), row.noise**0.5, row.name)
            for row in self.rows
            if not isinstance(row.noise, Unavailable)
        )
        across, up = Axis("products an output"), Axis("relative error in float32", logarithmic=True)
        return (Dots(f"{self.problem}", across, up, (Series("", points),), "products and error of plans"),)


def compare_plans(
    problem: Problem,
    plans: Mapping[str, Plan],
    layer: LayerShape | None = None,
    *,
    core: ProcessorCore | None = None,
    schemes: Sequence[Scheme] = (),
    workload: Workload | None = None,
    progress: Progress | None = None,
) -> PlanComparison:
    """Compare the direct convolution with plans of it.

    Args:
        problem: the convolution.
        plans: by the names that rows have, such as those of `wincraft.search.plans.best_of_tiles`.
        layer: C, K and the sizes of the data, for operations, errors and times; 64 channels and filters without.
        core: what times are predicted for.
        schemes: are simulated.
        workload: the seeded data of schemes.
        progress: called before every plan.

    Raises:
        BadValue: for plans of another problem, for none, and for a layer whose channels groups do not divide.
        BadShape: for a layer of other axes.

    >>> stride = Problem(5, stride=2, axes=2)
    >>> found = compare_plans(stride, {"tile 4": make_plan(stride, 4)}, LayerShape(64, 64, (56, 56)))
    >>> [f"{row.name} {1000 * row.seconds:.2f} ms" for row in found.rows]
    ['direct 1.72 ms', 'tile 4 0.63 ms']
    """
    if not plans:
        raise BadValue("the list of plans", "empty", "give at least one")
    for name, plan in plans.items():
        if plan.problem != problem:
            raise BadValue(f"the plan {name}", f"one of a {plan.problem}", f"give plans of a {problem}")
    groups, data = problem.groups, as_workload(workload)
    assert isinstance(data, Workload)
    shape = layer or LayerShape(DEFAULT_CHANNELS * groups, DEFAULT_CHANNELS * groups, (1,) * len(problem.r))
    C, K = max(1, shape.channels // groups), max(1, shape.filters // groups)
    first = next(iter(plans.values()))
    times = times_of(first, layer, core=core)
    direct = ComparedPlan(
        DIRECT,
        None,
        first.direct_per_output,
        first.direct_per_output,
        Fraction(1),
        available(lambda: noise_of_direct(problem, C)),
        times.direct.total if isinstance(times, PlanTimes) else times,
    )
    rows = [direct]
    for done, (name, plan) in enumerate(plans.items()):
        if progress is not None:
            progress(done, len(plans), name)
        rows.append(_row(name, plan, (C, K), layer, core, schemes, data))
    return PlanComparison(problem, tuple(rows), C, K, layer, data)


def noise_of_direct(problem: Problem, channels: int) -> float:
    """Error power over output power of the direct convolution in float32, predicted for white data.

    >>> f"{noise_of_direct(Problem(3, stride=2, axes=2), 64) ** 0.5:.1e}"
    '4.3e-07'
    """
    taps: dict[object, int] = {}
    spacing: dict[object, int] = {}
    for piece in make_plan(problem, 1).pieces:
        place = tuple(strand.outputs for strand in piece.strands)
        taps[place] = taps.get(place, 0) + piece.algorithm.rank
        spacing[place] = piece.spacing
    one, power = winograd(1, 1), sum(Fraction(taps[place], spacing[place]) for place in taps)
    found = {size: predict(one, SCHEMES["fp32"], None, channels * size).noise_to_signal for size in set(taps.values())}
    return sum(float(Fraction(taps[place], spacing[place]) / power) * found[taps[place]] for place in taps)


def _row(
    name: str,
    plan: Plan,
    sizes: tuple[int, int],
    layer: LayerShape | None,
    core: ProcessorCore | None,
    schemes: Sequence[Scheme],
    workload: Workload,
) -> ComparedPlan:
    times = times_of(plan, layer, core=core)
    return ComparedPlan(
        name,
        plan,
        plan.products_per_output,
        plan_costs(plan).total(*sizes),
        plan.noise_gain(),
        available(lambda: noise_of_plan(plan, sizes[0])),
        times.total if isinstance(times, PlanTimes) else times,
        tuple(
            SchemeResult(scheme, available(lambda s=scheme: evaluate_plan(plan, s, workload)))  # type: ignore[misc]
            for scheme in schemes
        ),
    )


def _facts(row: ComparedPlan) -> dict[str, object]:
    numbers = {"noise": row.noise, "seconds": row.seconds}
    return {
        "name": row.name,
        "pieces": None if row.plan is None else len(row.plan.pieces),
        "products": None if row.plan is None else row.plan.products,
        "products_per_output": str(row.products),
        "operations": float(row.operations),
        "noise_gain": str(row.gain),
        **{
            name: {"unavailable": value.reason} if isinstance(value, Unavailable) else value and finite(value)
            for name, value in numbers.items()
        },
        "schemes": [scheme_document(item) for item in row.schemes],
    }
