# SPDX-License-Identifier: Apache-2.0
"""A plan of pieces as people see it: what they are, products, operations, error, and the time that is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from wincraft.errors import NotApplicable
from wincraft.files.decomposition import plan_document
from wincraft.measure.costs import LayerShape, parse_layer_shape
from wincraft.measure.plans import PlanCosts, PlanTimes, layer_outputs, plan_costs, plan_times
from wincraft.measure.processor import ProcessorCore
from wincraft.numbers.decibels import sqnr
from wincraft.plan.plan import Plan
from wincraft.plan.reductions import Steps
from wincraft.plan.running import arrange
from wincraft.progress import Progress
from wincraft.quantise.plan_evaluation import arrays_of, evaluate_plan, predict_plan
from wincraft.quantise.schemes import SCHEMES, Scheme
from wincraft.quantise.workload import Layer, Workload, as_workload
from wincraft.report.charts import formats_charts
from wincraft.report.json import scheme_document, workload_document
from wincraft.report.model import SchemeResult, Unavailable, available
from wincraft.report.planning import parse_error_limit
from wincraft.report.sections import formats_section
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, decibels, number, plural
from wincraft.show.shown import Shown

DEFAULT_CHANNELS = 64
"""Of the error, where there is no layer."""


@dataclass(frozen=True, eq=False, repr=False)
class PieceReport(Shown):
    """A plan that was proved, with its costs, its error in float32, and the times of a layer if there is one.

    With `schemes` there is what they do to it on a workload. `document` is the plan itself, which ``wincraft verify``
    proves again, with the numbers of the schemes beside it.

    >>> from wincraft.plan import Problem, make_plan
    >>> report_pieces(make_plan(Problem(3, stride=2), 2))
    3 kernel, stride 2: 2 pieces, 2.5 products an output, direct 3
    ==============================================================
    3 kernel, stride 2 proved: 2 pieces, 5 products; 21 pairs of impulses
    <BLANKLINE>
    PIECES
      algorithm  pieces  products  outputs  data  taps  noise gain
      F(2,2)          1         3  i        2i    2j         1.147
      F(2,1)          1         2  i        2i+1  2j+1           1
      Products: 5 for one tile of every piece, 1.2 times fewer than direct.
      Additions an output: 1.5, 1.5, 1 for data, outputs and the sum of pieces;
        fewer operations than direct from C = K = 13.
      Noise gain 1.098, direct 1; error in float32 1.7e-07 of the outputs' root mean
        square, SQNR 135.5 dB, predicted for 64 channels of white data.
    """

    plan: Plan
    proof: str
    costs: PlanCosts
    channels: int
    noise: float | Unavailable
    layer: LayerShape | None = None
    times: PlanTimes | Unavailable | None = None
    schemes: tuple[SchemeResult, ...] = ()
    workload: Workload | Layer = field(default_factory=Workload)

    def layout(self) -> Layout:
        """The pieces in a table, then what they cost together."""
        plan = self.plan
        per, direct = (number(float(value)) for value in (plan.products_per_output, plan.direct_per_output))
        title = f"{plan.problem}: {plural(len(plan.pieces), 'piece')}, {per} products an output, direct {direct}"
        sections = [Section("Pieces", (self._pieces(),), tuple(self._notes()), name="pieces")]
        if self.schemes:
            sections.append(replace(formats_section(self.schemes, self.workload), name="formats"))
        return Layout(title, (self.proof,), tuple(sections), formats_charts(self.schemes))

    def document(self) -> dict[str, object]:
        """The kind ``wincraft.decomposition``; the schema is ``schema/decomposition-1.json`` of `wincraft.files`."""
        found: dict[str, object] = dict(plan_document(self.plan))
        if self.schemes:
            found["workload"] = workload_document(self.workload)
            found["schemes"] = [scheme_document(item) for item in self.schemes]
        return found

    def _pieces(self) -> Table:
        """Those that differ in their positions alone in one row."""
        rows: dict[object, list[int]] = {}
        for k, piece in enumerate(self.plan.pieces):
            rows.setdefault(piece.algorithm, []).append(k)
        timed = self.times if isinstance(self.times, PlanTimes) else None
        lines = []
        for places in rows.values():
            first = self.plan.pieces[places[0]]
            algorithm = first.algorithm
            cells = [algorithm.size, count(len(places)), count(algorithm.rank)]
            cells += [" x ".join(_positions(step, letter) for step in steps) for letter, steps in (
                ("i", [strand.outputs for strand in first.strands]), ("i", [strand.data for strand in first.strands]),
                ("j", [strand.filter for strand in first.strands]))]  # fmt: skip
            cells.append(number(float(algorithm.noise_gain())))
            if timed is not None:
                cells.append(f"{1000 * sum(timed.pieces[k].total for k in places):.3f}")
            lines.append(tuple(cells))
        header: tuple[str, ...] = ("algorithm", "pieces", "products", "outputs", "data", "taps", "noise gain")
        header += ("predicted ms",) * (timed is not None)
        return Table(header, tuple(lines), "lrrlllr" + "r" * (timed is not None))

    def _notes(self) -> list[str]:
        plan, costs = self.plan, self.costs
        notes = []
        if len(plan.pieces) > len({piece.algorithm for piece in plan.pieces}):
            notes.append("Positions are those of the first piece of a row.")
        notes.append(
            f"Products: {count(plan.products)} for one tile of every piece, {number(float(plan.saving))} times fewer "
            "than direct."
        )
        additions = ", ".join(
            number(float(value)) for value in (costs.input_additions, costs.output_additions, costs.sums)
        )
        pays = "no fewer products than direct: stay direct"
        if costs.break_even is not None:
            pays = f"fewer operations than direct from C = K = {costs.break_even}"
        notes.append(f"Additions an output: {additions} for data, outputs and the sum of pieces; {pays}.")
        gain = number(float(plan.noise_gain()))
        if isinstance(self.noise, Unavailable):
            notes.append(f"Noise gain {gain}, direct 1; error n/a, {self.noise.reason}.")
        else:
            notes.append(
                f"Noise gain {gain}, direct 1; error in float32 {self.noise**0.5:.1e} of the outputs' root mean "
                f"square, SQNR {decibels(sqnr(self.noise))} dB, predicted for {self.channels} channels of white data."
            )
        if isinstance(self.times, Unavailable):
            notes.append(f"No time: {self.times.reason}.")
        elif self.times is not None:
            total, direct = self.times.total, self.times.direct.total
            notes.append(
                f"Layer {self.layer}: {1000 * total:.3f} ms predicted, direct {1000 * direct:.3f} ms, "
                f"{number(direct / total)} times its speed."
            )
        return notes


def report_pieces(
    plan: Plan,
    layer: LayerShape | None = None,
    *,
    batch: int = 1,
    pad: int | None = None,
    core: ProcessorCore | None = None,
    type: str = "float32",
    schemes: Sequence[Scheme] = (),
    workload: Workload | Layer | None = None,
    progress: Progress | None = None,
) -> PieceReport:
    """A plan, proved, with what it costs and how wrong it is.

    Args:
        plan: the plan.
        layer: C, K and the sizes of the data, for times.
        batch: images of the layer at a time.
        pad: its padding, see `layer_outputs`.
        core: what times are predicted for.
        type: of the kernels whose times are predicted.
        schemes: are simulated and predicted.
        workload: the data that they are simulated on, a seeded `Workload` or your own arrays; Gaussian by default.
        progress: called before every scheme.

    Raises:
        ClaimRefuted: where the pieces are not the problem.
        BadShape, BadValue: for a layer that does not fit, where its outputs cannot be.
        UnknownName: for a type that there is not.

    >>> from wincraft.plan import Problem, make_plan
    >>> report_pieces(make_plan(Problem(3, stride=2, axes=2), 2), LayerShape(64, 64, (56, 56))).plan.products
    25
    """
    channels = DEFAULT_CHANNELS if layer is None else max(1, layer.channels // plan.problem.groups)
    noise: float | Unavailable = available(lambda: noise_of_plan(plan, channels))
    times = times_of(plan, layer, batch=batch, pad=pad, core=core, type=type)
    proof, data, results = plan.prove(), as_workload(workload), []
    if isinstance(data, Layer):
        arrange(plan.problem, *arrays_of(plan, data))  # refused here where it does not fit
    for done, scheme in enumerate(schemes):
        if progress is not None:
            progress(done, len(schemes), scheme.name)
        results.append(SchemeResult(scheme, available(partial(evaluate_plan, plan, scheme, data))))
    return PieceReport(plan, proof, plan_costs(plan), channels, noise, layer, times, tuple(results), data)


def times_of(
    plan: Plan,
    layer: LayerShape | None,
    *,
    batch: int = 1,
    pad: int | None = None,
    core: ProcessorCore | None = None,
    type: str = "float32",
) -> PlanTimes | Unavailable | None:
    """The times of `plan_times`, why there are none, or None without a layer.

    Raises:
        BadShape, BadValue: for a layer that does not fit, where its outputs cannot be.
        UnknownName: for a type that there is not.

    >>> from wincraft.plan import Problem, make_plan
    >>> times_of(make_plan(Problem(3, stride=2), 2), LayerShape(8, 8, (9,))).reason
    'the model of the kernels is of two axes'
    """
    if layer is None:
        return None
    if len(plan.problem.r) != 2:
        layer_outputs(plan.problem, layer, pad)  # refused here where it does not fit
        return Unavailable("the model of the kernels is of two axes")
    found: PlanTimes | Unavailable = available(
        lambda: plan_times(plan, layer, batch=batch, pad=pad, core=core, type=type)
    )
    return found


def within_error(plans: Sequence[Plan], error_limit: float | str | None, layer: str | None = None) -> Plan:
    """The first plan whose predicted error in float32 is within a limit, see `parse_error_limit`.

    Raises:
        BadValue: for what is no limit.
        NotApplicable: where none is; the least error is named.

    >>> from wincraft.plan import Problem, make_plan
    >>> within_error([make_plan(Problem(3, stride=2, axes=2), m) for m in (8, 4)], "120dB").pieces[0].algorithm.size
    'F(4x4,2x2)'
    """
    limit = parse_error_limit(error_limit)
    if limit is None:
        return plans[0]
    channels, errors = DEFAULT_CHANNELS if layer is None else parse_layer_shape(layer).channels, []
    for plan in plans:
        errors.append(noise_of_plan(plan, max(1, channels // plan.problem.groups)) ** 0.5)
        if errors[-1] <= limit:
            return plan
    found = f"the least error is {min(errors):.2g}, the limit {limit:.2g}"
    raise NotApplicable(f"a plan of a {plans[0].problem}", found, "raise the limit, or stay direct")


def noise_of_plan(plan: Plan, channels: int) -> float:
    """Error power over output power in float32, predicted for white data.

    Raises:
        TooLarge: for algorithms of more products than `predict` takes.

    >>> from wincraft.plan import Problem, make_plan
    >>> f"{noise_of_plan(make_plan(Problem(3, stride=2, axes=2), 4), 64) ** 0.5:.1e}"
    '3.7e-07'
    """
    return predict_plan(plan, SCHEMES["fp32"], None, channels).noise_to_signal


def _positions(steps: Steps, letter: str) -> str:
    """``2i+1``; a single output or tap is the offset's."""
    factor = {1: "", -1: "-"}.get(steps.step, str(steps.step))
    return f"{factor}{letter}" + (f"{steps.offset:+d}" if steps.offset else "")
