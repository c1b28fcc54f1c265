# SPDX-License-Identifier: Apache-2.0
"""What tolerance a test of a kernel should have: at a false-alarm rate, and what it still catches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context
from math import frexp, inf, isfinite, ldexp, prod, sqrt

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import BadValue, NotApplicable
from wincraft.numbers.arrays import is_integer
from wincraft.numbers.float_format import FloatFormat
from wincraft.plan.plan import Plan
from wincraft.progress import Progress
from wincraft.quantise.error_law import LEAST_RATE, ErrorLaw, check_rate
from wincraft.quantise.faults import FaultResponses, SeenChange, fault_sites, seen_changes, worst_changes
from wincraft.quantise.hard_bound import box_bound, hard_bound
from wincraft.quantise.loud import LoudTensors, loud_tensors
from wincraft.quantise.pilot import PILOT_OUTPUTS, Pilot, pilot_batches, run_pilot, scaled_batch
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.seen_tables import entry_sections, seen_sections
from wincraft.quantise.simulation import check_scheme
from wincraft.quantise.workload import Layer, Workload
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import finite
from wincraft.show.shown import Shown
from wincraft.version import __version__

TEST_OUTPUTS = 8192
"""How many outputs a test has by default."""
TEST_FILTERS = 8
"""And filters."""
_RATES = (0.5, 1e-2, 1e-4, 1e-6, 1e-9)
"""Of the errors that are shown."""


@dataclass(frozen=True)
class JudgedLimits:
    """|y - y_ref| <= atol + rtol |y_ref|, as `numpy.allclose` has it, and what it does.

    `rate`: the share of correct outputs that leave it. `seen`: of every entry the least change that a test sees.

    >>> JudgedLimits(0.1, 0.01, 1e-9, ()).worst
    {}
    """

    atol: float
    rtol: float
    rate: float
    seen: tuple[SeenChange, ...]

    @property
    def worst(self) -> dict[str, SeenChange]:
        """By matrix the entry whose changes hide best."""
        return worst_changes(self.seen)


@dataclass(frozen=True, eq=False, repr=False)
class Tolerance(Shown):
    """Of a scheme on data: the tolerance at a rate, hard bounds, sizes of errors, and what tests with them catch.

    `norm` is the tolerance of |y - y_ref|_2 / |y_ref|_2 of a whole test. `bound` is what no correct kernel exceeds on
    the test's data, `box` for all data and weights within the `magnitudes`; inf where something may overflow, None
    where there is none, for the `reason`. `given` judges limits that somebody else has.
    """

    algorithm: Algorithm | Plan
    scheme: Scheme
    workload: Workload | Layer
    rate: float
    outputs: int
    pilot: Pilot
    limits: JudgedLimits
    norm: float
    magnitudes: tuple[float, float]
    bound: float | None
    box: float | None
    reason: str
    given: JudgedLimits | None
    loud: LoudTensors | None

    @property
    def law(self) -> ErrorLaw:
        """The law of the errors."""
        return self.pilot.law

    @property
    def unit(self) -> float | None:
        """A unit in the last place of the output's format at the root mean square of the outputs; None without one."""
        if self.law.half_step:
            return 2 * self.law.half_step
        format = self.law.output or (self.scheme.output.format if self.scheme.output else self.scheme.arithmetic)
        if not isinstance(format, FloatFormat) or not self.pilot.size:
            return None
        return ldexp(2 * float(format.unit_roundoff), max(frexp(self.pilot.size)[1] - 1, format.min_exponent))

    def error(self, rate: float) -> float:
        """The size of an error that is exceeded at a rate."""
        return self.law.tolerance(rate, 0.0)

    def layout(self) -> Layout:
        """The tolerance, the sizes of errors, and the least changes that are seen, matrix by matrix."""
        shown = self.screen()
        return replace(shown, sections=(*shown.sections, *entry_sections(self._tests)))

    def screen(self) -> Layout:
        """All but the table of every entry."""
        return Layout(*self._head, (self._errors(), *seen_sections(self._tests, self.outputs)))

    @property
    def _head(self) -> tuple[str, tuple[str, ...]]:
        limits, (data, weights) = self.limits, self.magnitudes
        title = f"{self.algorithm.size} under {self.scheme.name}: atol {limits.atol:.3g}, rtol {limits.rtol:.3g}"
        lines = [
            f"|y - y_ref| <= atol + rtol |y_ref| fails for {self.rate:.0e} of correct outputs",
            f"|y - y_ref|_2 <= {self.norm:.3g} |y_ref|_2 fails for {self.rate:.0e} of correct tests",
            f"on {self.workload.describe()}; outputs of root mean square {self.pilot.size:.3g}",
        ]
        if self.bound is None:
            lines.append(f"no hard bound: {self.reason}")
        else:
            lines.append(f"no correct kernel is off by more than {self.bound:.3g} on these data,")
            within = f"within |d| <= {data:.3g}, |g| <= {weights:.3g}"
            lines.append(
                f"or {self.box:.3g} on any {within}" if self.box != inf else f"and may overflow on others {within}"
            )
        if self.given is not None:
            given = self.given
            rate = f"{given.rate:.1g}" if given.rate >= LEAST_RATE else f"less than {LEAST_RATE:.0e}"
            lines.append(f"given: atol {given.atol:.3g}, rtol {given.rtol:.3g} fails for {rate} of outputs")
        return title, tuple(lines)

    def _errors(self) -> Section:
        unit, rows = self.unit, []
        for rate in dict.fromkeys((*_RATES, self.rate)):
            size = self.error(rate)
            rows.append((f"{rate:g}", f"{size:.3g}", "-" if unit is None else f"{size / unit:.3g}"))
        note = f"largest of {self.pilot.outputs} simulated: {self.pilot.largest:.3g}"
        return Section(
            "Errors", (Table(("exceeded by", "error", "in ulp"), tuple(rows), "rrr"),), (note,), name="errors"
        )

    @property
    def _tests(self) -> dict[str, tuple[SeenChange, ...]]:
        tests = {"this tolerance": self.limits.seen}
        if self.given is not None:
            tests["given"] = self.given.seen
        if self.loud is not None:
            tests["loud tensors"] = self.loud.seen
        return tests

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.tolerance``; the schema is ``tolerance-1.json`` of `wincraft.report`."""
        unit = self.unit
        sizes = {rate: self.error(rate) for rate in dict.fromkeys((*_RATES, self.rate))}
        return {
            "kind": "wincraft.tolerance",
            "version": 1,
            "wincraft": __version__,
            "algorithm": self.algorithm.size,
            "sha256": None if isinstance(self.algorithm, Plan) else self.algorithm.sha256,
            "scheme": self.scheme.name,
            "data": self.workload.describe(),
            "rate": self.rate,
            "outputs": self.outputs,
            "atol": finite(self.limits.atol),
            "rtol": self.limits.rtol,
            "norm": finite(self.norm),
            "size": self.pilot.size,
            "bound": None if self.bound is None else finite(self.bound),
            "box": None if self.box is None else finite(self.box),
            "reason": self.reason,
            "magnitudes": list(self.magnitudes),
            "errors": [
                {"rate": rate, "error": size, "ulp": None if unit is None else size / unit}
                for rate, size in sizes.items()
            ],
            "largest": {"error": self.pilot.largest, "outputs": self.pilot.outputs},
            "given": None if self.given is None else {
                "atol": self.given.atol, "rtol": self.given.rtol, "rate": self.given.rate
            },
            "seen": [
                {
                    "entry": change.site.name,
                    "value": change.site.value,
                    "tests": {name: finite(seen[place].least) for name, seen in self._tests.items()},
                }
                for place, change in enumerate(self.limits.seen)
            ],
        }  # fmt: skip

    def constants(self, language: str) -> str:
        """A block of constants: ``c`` or ``python``.

        Raises:
            NotApplicable: for another language.
        """
        prefix = f"WINCRAFT_{''.join(c if c.isalnum() else '_' for c in self.algorithm.size).strip('_').upper()}"
        values = {"ATOL": self.limits.atol, "RTOL": self.limits.rtol, "L2": self.norm}
        if self.bound is not None and isfinite(self.bound):
            values["BOUND"] = float(Context(prec=6, rounding=ROUND_CEILING).create_decimal(self.bound))
        lines = {
            "c": ("/* {} */", "#define {}_{} {}"),
            "python": ("# {}", "{}_{} = {}"),
        }.get(language)
        if lines is None:
            raise NotApplicable(f"constants in {language}", "there are C and Python", "give c or python")
        comment, constant = lines
        title, (first, second, data, *_) = self._head
        said = [comment.format(line) for line in (f"{title} (wincraft {__version__})", first, second, data)]
        made = [constant.format(prefix, name, repr(float(f"{value:.6g}"))) for name, value in values.items()]
        return "\n".join([*said, *made, ""])


def tolerance(
    algorithm: Algorithm,
    scheme: Scheme | str,
    workload: Workload | Layer | None = None,
    *,
    channels: int | None = None,
    rate: float = 1e-9,
    outputs: int = TEST_OUTPUTS,
    weight_deviation: float | None = None,
    given: tuple[float, float] | None = None,
    loud: bool = False,
    pilot_outputs: int = PILOT_OUTPUTS,
    progress: Progress | None = None,
) -> Tolerance:
    """The tolerance that a test of a kernel should have, and what it catches.

    Errors are simulated on seeded data: at every output position their mean, variance, fourth and sixth moments give
    the law of the tails, see `ErrorLaw`. rtol is half a unit of the output's float format, whose rounding is
    proportional to |y|, else 0; atol is the least for which no more than `rate` of correct outputs fail. Integer scales
    are those of each batch. A test has so many `outputs`, of 8 filters. `weight_deviation` is the root mean square of
    seeded weights, 1 / sqrt(channels * taps) by default (of uniform ones before they are drawn: of N(0, 1)). `given`
    are limits (atol, rtol) to be judged, `loud` asks for `loud_tensors`. A `Layer` is its own test.

    Raises:
        BadValue: for channels, outputs and a rate that are none.
        NotApplicable: where the scheme does not admit the algorithm, or outputs overflow; as `simulate`.

    >>> from wincraft import parse
    >>> found = tolerance(parse("F(2x2,3x3)"), "fp16-fp32acc", channels=16, pilot_outputs=2**15)
    >>> f"{found.limits.atol:.1e}", f"{found.limits.rtol:.1e}", found.limits.worst["BT"].site.value
    ('4.8e-03', '4.9e-04', '1')
    """
    scheme = as_scheme(scheme)
    check_test(rate, outputs, pilot_outputs)
    check_scheme(algorithm, scheme)
    if isinstance(workload, Layer):
        if channels is not None or weight_deviation is not None:
            raise BadValue("channels or a deviation", "given beside a layer, which has its own", "leave them out")
        test = workload.batch(algorithm)
        batches, outputs = [lambda: test], int(test.counts.sum()) * test.weights.shape[-2]
    else:
        tiles = -(-outputs // (TEST_FILTERS * prod(algorithm.m)))
        chosen = workload or Workload()
        workload = Workload(channels or chosen.channels, TEST_FILTERS, tiles, chosen.distribution, chosen.seed)
        if channels is not None and not is_integer(channels, 1):
            raise BadValue("channels", repr(channels), "give an integer, 1 or more")
        factor = weight_factor(weight_deviation, workload.channels * prod(algorithm.r))
        test = scaled_batch(workload.batch(algorithm), factor)
        batches, outputs = pilot_batches(algorithm, workload, pilot_outputs, factor), test.reference.size
    pilot = run_pilot(algorithm, scheme, batches, progress)
    rtol = output_roundoff(scheme)
    responses = FaultResponses(algorithm, test)

    def judged(atol: float, rtol: float, rate: float) -> JudgedLimits:
        room = np.where(test.counts[..., None, :], atol + rtol * np.abs(test.reference), np.inf)
        spread = pilot.law.whole_deviation[..., None, None]
        kurtosis = float(pilot.law.kurtosis.mean())
        seen = seen_changes(responses, fault_sites(algorithm), room, spread, kurtosis, pilot.law.share)
        return JudgedLimits(atol, rtol, rate, tuple(seen))

    magnitudes = float(np.abs(test.data).max()), float(np.abs(test.weights).max())
    bound, box, reason = known_bounds(
        lambda: float(hard_bound(algorithm, scheme, test).max()),
        lambda: box_bound(algorithm, scheme, test.weights.shape[-1], *magnitudes),
    )
    return Tolerance(
        algorithm,
        scheme,
        workload,
        rate,
        outputs,
        pilot,
        judged(pilot.law.tolerance(rate, rtol), rtol, rate),
        pilot.norm(rate),
        magnitudes,
        bound,
        box,
        reason,
        None if given is None else judged(*given, pilot.law.rate(*given)),
        loud_tensors(algorithm, scheme, workload.channels, rate, seed_of(workload)) if loud else None,
    )


def check_test(rate: float, outputs: int, pilot_outputs: int) -> None:
    """Check the false-alarm rate, and the outputs of a test and of a pilot.

    Raises:
        BadValue: where one is none.
    """
    check_rate(rate)
    for name, value in (("the outputs of a test", outputs), ("the outputs of a pilot", pilot_outputs)):
        if not is_integer(value, 1):
            raise BadValue(name, repr(value), "give an integer, 1 or more")


def weight_factor(deviation: float | None, terms: int) -> float:
    """By what seeded weights are multiplied, whose deviation is 1 / sqrt(terms) for outputs of so many products.

    Raises:
        BadValue: for a deviation that is none.

    >>> weight_factor(1.0, 9), weight_factor(None, 9)
    (3.0, 1.0)
    """
    if deviation is None:
        return 1.0
    if not (isfinite(deviation) and deviation > 0):
        raise BadValue("the deviation of weights", repr(deviation), "give a positive number")
    return deviation * sqrt(terms)


def output_roundoff(scheme: Scheme) -> float:
    """Half a unit of the float format that outputs are rounded to last, relative to them; 0 for other outputs.

    >>> output_roundoff(as_scheme("fp16-fp32acc")) == 2**-11, output_roundoff(as_scheme("tapwise-8"))
    (True, 0.0)
    """
    output = scheme.output
    format = scheme.arithmetic if output is None else output.format if output.per is None else None
    return float(format.unit_roundoff) if isinstance(format, FloatFormat) else 0.0


def seed_of(workload: Workload | Layer) -> int:
    """The seed of seeded data; 0 of a layer.

    >>> seed_of(Workload(seed=3))
    3
    """
    return workload.seed if isinstance(workload, Workload) else 0


def known_bounds(on_data: Callable[[], float], on_box: Callable[[], float]) -> tuple[float | None, float | None, str]:
    """The hard bounds on a test's data and on the box, or why there are none.

    >>> known_bounds(lambda: 0.5, lambda: 2.0)
    (0.5, 2.0, '')
    """
    try:
        known, box = on_data(), on_box()
    except NotApplicable as refusal:
        return None, None, f"{refusal.value}" if hasattr(refusal, "value") else str(refusal)
    return (known, box, "") if isfinite(known) else (inf, inf, "")
