# SPDX-License-Identifier: Apache-2.0
"""A plan of a convolution layer as people see it: which tile is fastest, what each costs, and how wrong it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import NotApplicable
from wincraft.measure.processor import CORES, SPEEDS, ProcessorCore
from wincraft.measure.speed import ConvolutionLayer, LayerTime
from wincraft.show.chart import Axis, Dots, Point, Series
from wincraft.show.layout import Layout, Section, Table, best_places
from wincraft.show.numbers import decibels, finite, number
from wincraft.show.shown import Shown
from wincraft.version import __version__

DIRECT = "direct"
"""The name of the candidate that is no algorithm."""
GIVEN = "given"
"""The points of algorithms that are not of the catalogue's sets."""
_COLUMNS = ("algorithm", "points", "products", "predicted ms", "measured ms", "x direct", "SQNR", "error")
_MEASURED = _COLUMNS.index("measured ms")


@dataclass(frozen=True, eq=False)
class PlanCandidate:
    """A way to compute a layer: its predicted time, the SQNR of its outputs in dB, inf where exact, None if not known.

    `algorithm` is None for the direct convolution; `points` says where those of the algorithm come from. `refused` says
    why it is not taken, in words. `measured` are seconds on this machine.
    """

    name: str
    points: str
    algorithm: Algorithm | None
    predicted: LayerTime
    sqnr: float | None
    refused: str = ""
    measured: float | None = None

    @property
    def error(self) -> float | None:
        """The root of error power over output power."""
        return None if self.sqnr is None else float(10 ** (-self.sqnr / 20))

    @property
    def seconds(self) -> float:
        """Measured where it was, else predicted."""
        return self.predicted.total if self.measured is None else self.measured


@dataclass(frozen=True, eq=False, repr=False)
class LayerPlan(Shown):
    """The candidates for a layer, those that are taken first, the fastest first.

    `error_limit` is the largest error, relative to the outputs' root mean square; None where there is no limit.

    >>> from wincraft.report.planning import plan_layer
    >>> plan_layer("64,64,56,56", error_limit=1e-6).best.name
    'F(4x4,3x3)'
    """

    layer: ConvolutionLayer
    type: str
    core: ProcessorCore
    error_limit: float | None
    candidates: tuple[PlanCandidate, ...]

    @property
    def taken(self) -> tuple[PlanCandidate, ...]:
        """Those that are not refused."""
        return tuple(item for item in self.candidates if not item.refused)

    @property
    def refused(self) -> tuple[PlanCandidate, ...]:
        """Those that are."""
        return tuple(item for item in self.candidates if item.refused)

    @property
    def direct(self) -> PlanCandidate:
        """The direct convolution."""
        return next(item for item in self.candidates if item.algorithm is None)

    @property
    def best(self) -> PlanCandidate:
        """The one to take.

        Raises:
            NotApplicable: where all are refused; the one of the least error is named.
        """
        if self.taken:
            return self.taken[0]
        what = f"a plan of {self.layer.shape} in {self.type}"
        known = [(item.error, item.name) for item in self.candidates if item.error is not None]
        if self.error_limit is None or not known:
            raise NotApplicable(what, f"direct: {self.direct.refused}", "take another type")
        found = f"the least error is {min(known)[0]:.2g}, of {min(known)[1]}, the limit {self.error_limit:.2g}"
        raise NotApplicable(what, found, "raise the limit")

    def layout(self) -> Layout:
        """The candidates in a table, why others are refused, and what the numbers are of."""
        best, timed = self.best, self.direct.measured is not None
        how = "measured" if timed else "predicted"
        title = f"{self.layer.shape}: {best.name}, {_milliseconds(best.seconds)} ms {how}"
        if best.algorithm is not None:
            title += f", {self.faster(best):.2f} times direct's speed"
        times = [_milliseconds(item.seconds) for item in self.taken]
        place = _MEASURED if timed else _MEASURED - 1
        marked = frozenset((row, place) for row in best_places(times, [-item.seconds for item in self.taken]))
        header = tuple(name for name in _COLUMNS if timed or name != "measured ms")
        table = Table(
            header, tuple(self._row(item, timed) for item in self.taken), "ll" + "r" * (len(header) - 2), marked
        )
        sections = [Section("Candidates", (table,), tuple(self._notes(timed)))]
        if self.refused:
            kept = ("algorithm", "points", "predicted ms", "error", "why")
            refused = tuple(
                (item.name, item.points, _milliseconds(item.predicted.total), _error(item), item.refused)
                for item in self.refused
            )
            sections.append(Section("Refused", (Table(kept, refused, "llrrl"),)))
        return Layout(title, (f"{self.layer.describe()}, {self.type}",), tuple(sections), self._charts())

    def document(self) -> dict[str, object]:
        """The kind ``wincraft.plan``; the schema is ``schema/plan-1.json`` beside this file. Times are seconds."""
        layer, core = self.layer, self.core
        names = ("batch", "pad", "stride", "groups")
        return {
            "kind": "wincraft.plan",
            "version": 1,
            "wincraft": __version__,
            "layer": {
                "channels": layer.shape.channels,
                "filters": layer.shape.filters,
                "spatial": list(layer.shape.spatial),
                "filter": list(layer.taps),
                "outputs": list(layer.outputs),
            }
            | {name: getattr(layer, name) for name in names},
            "type": self.type,
            "core": {name: getattr(core, name) for name in ("lanes", "pipes", "ghz", "cache", "bandwidth")}
            | asdict(core.rates(self.type)),
            "error_limit": self.error_limit,
            "best": self.best.name,
            "candidates": [_facts(item) for item in self.candidates],
        }

    def faster(self, item: PlanCandidate) -> float:
        """How many times direct's speed, measured where it was."""
        return self.direct.seconds / item.seconds

    def _row(self, item: PlanCandidate, timed: bool) -> tuple[str, ...]:
        products = "" if item.algorithm is None else str(item.algorithm.rank)
        times = (_milliseconds(item.predicted.total), *((_milliseconds(item.seconds),) if timed else ()))
        sqnr = "-" if item.sqnr is None else decibels(item.sqnr)
        return (item.name, item.points, products, *times, f"{self.faster(item):.2f}", sqnr, _error(item))

    def _notes(self, timed: bool) -> list[str]:
        """What the numbers are of, and what makes the kernel."""
        core, data = self.core, SPEEDS[self.type].data
        notes = [
            f"Predicted for one core of {core.lanes} lanes, {core.pipes} multiply-adds a cycle and {core.ghz:g} GHz, "
            "the filter transformed beforehand."
        ]
        if self.layer.why_direct:
            notes.append(f"Direct only: {self.layer.why_direct}.")
        if data is None:
            notes.append(
                f"Error: root of error power over output power; SQNR: the same in dB. Predicted for {self.type} "
                f"throughout, white data, {self.layer.channels} channels, as wincraft report --scheme fp32 has it."
            )
        else:
            notes.append(
                f"Exact for any {self.type} data and int8 weights: U and V in int16, sums modulo 2^32. Channels beyond "
                "what is proved for any weights may be proved for those of a layer, when its filter is prepared."
            )
        if timed:
            notes.append("Measured on this machine, one thread: the least processor time of runs in turn with direct.")
        if self.best.algorithm is not None and self.best.points != GIVEN:
            notes.append(
                f'Write it: wincraft generate "{self.best.name}" --points {self.best.points} --format c '
                f"--kernel conv2d --type {self.type} -o DIR"
            )
        return notes

    def _charts(self) -> tuple[Dots, ...]:
        """Time and error, of floating point."""
        if SPEEDS[self.type].data is not None:
            return ()
        points: dict[str, list[Point]] = {}
        for item in self.candidates:
            if item.error:
                points.setdefault(item.points or item.name, []).append(Point(1000 * item.seconds, item.error))
        series = tuple(
            Series(name, tuple(found), mark)
            for (name, found), mark in zip(points.items(), ("dot", "square", "diamond") * len(points), strict=False)
        )
        chart = Dots(
            f"Layer {self.layer.shape}",
            Axis("ms"),
            Axis("relative error", logarithmic=True),
            series,
            "time and error of the candidates",
        )
        return (chart,)


def times_note(plan: LayerPlan) -> str:
    """What the given algorithm takes, what direct takes, and the fastest of the catalogue that errs no more.

    >>> from wincraft.report.planning import plan_layer
    >>> times_note(plan_layer("3,64,224,224"))
    'Predicted in float32, one zen3 core: direct 1.858 ms.'
    """
    words = [
        f"{item.name} {_milliseconds(item.predicted.total)} ms, {plan.faster(item):.2f} times direct's speed"
        for item in plan.candidates
        if item.points == GIVEN
    ]
    worst = max((item.error for item in plan.candidates if item.points == GIVEN and item.error), default=0.0)
    others = [item for item in plan.taken if item.points not in (GIVEN, "") and (item.error or 0.0) <= worst]
    words += [
        f"no less accurate {item.name}, {item.points}, {_milliseconds(item.predicted.total)} ms" for item in others[:1]
    ]
    words.append(f"direct {_milliseconds(plan.direct.predicted.total)} ms")
    name = next((name for name, core in CORES.items() if core == plan.core), "given")
    return f"Predicted in {plan.type}, one {name} core: {'; '.join(words)}."


def _milliseconds(seconds: float) -> str:
    """To a microsecond, long times to four digits."""
    return f"{1000 * seconds:.3f}" if seconds < 1 else number(1000 * seconds)


def _error(item: PlanCandidate) -> str:
    if item.error is None:
        return "-"
    return f"{item.error:.1e}" if item.error else "0"


def _facts(item: PlanCandidate) -> dict[str, object]:
    time, algorithm = item.predicted, item.algorithm
    return {
        "name": item.name,
        "points": item.points or None,
        "moduli": _moduli(algorithm),
        "products": None if algorithm is None else algorithm.rank,
        "predicted": {
            "total": time.total,
            "products": time.products,
            "transforms": time.transforms,
            "streaming": time.streaming,
        },
        "sqnr": None if item.sqnr is None else finite(item.sqnr),
        "error": item.error,
        "refused": item.refused or None,
        "measured": item.measured,
    }


def _moduli(algorithm: Algorithm | None) -> list[list[str]] | None:
    """Of every axis; None where an axis is known by its matrices alone."""
    if algorithm is None:
        return None
    axes = [recipe.moduli for recipe in algorithm.recipe]
    return None if any(moduli is None for moduli in axes) else [[str(item) for item in found or ()] for found in axes]
