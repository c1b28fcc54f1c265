# SPDX-License-Identifier: Apache-2.0
"""The measures by name: what the tables of report and compare show, and what ``--fail-above`` can hold to a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import inf, isnan, log10
from typing import Any

from wincraft.errors import BadValue, CheckFailed, NotApplicable, UnknownName
from wincraft.exact.number import to_fraction
from wincraft.measure.costs import LayerCosts
from wincraft.quantise.evaluation import Evaluation
from wincraft.quantise.schemes import parse_scheme
from wincraft.report.model import Report, Unavailable
from wincraft.show.numbers import count, decibels, error_decibels, exact_text, loss, loss_text, number

LONGEST_LIMIT = 60
"""Longer limits are read as floats."""


@dataclass(frozen=True)
class Measure:
    """One number of a report: `value` computes it, or says why there is none; `show` writes it.

    `meaning` is one line for people. `lower` says whether less is better.
    """

    name: str
    title: str
    meaning: str
    value: Callable[[Report], Any]
    show: Callable[[Any], str] = number
    lower: bool = True

    def text(self, report: Report) -> str:
        """The value as tables show it, ``n/a`` where there is none."""
        value = self.value(report)
        return "n/a" if isinstance(value, Unavailable) else self.show(value)


def _condition(matrix: str, report: Report) -> float | Unavailable:
    found = report.conditioning.matrices.get(matrix)
    return Unavailable("the algorithm is not given by points") if found is None else found.cond_2


def _product_bits(report: Report) -> int | Unavailable:
    if isinstance(report.ranges, Unavailable):
        return report.ranges
    return max(step.integer_bits for step in report.ranges.of("product", "output"))


def _channels(report: Report) -> float | Unavailable:
    if isinstance(report.channels, Unavailable):
        return report.channels
    return inf if report.channels.outputs is None else report.channels.outputs


def _whole(value: Any) -> str:
    return "none" if value == inf else count(int(value))


MEASURES: dict[str, Measure] = {
    item.name: item
    for item in (
        Measure(
            "products-per-output",
            "products/output",
            "multiply-adds per output and channel pair",
            lambda report: report.costs.products_per_output,
            lambda value: number(float(value)),
        ),
        Measure(
            "transform-operations",
            "transform ops",
            "per tile, data and output transform",
            lambda report: report.costs.input.total + report.costs.output.total,
            count,
        ),
        Measure(
            "additions",
            "additions",
            "the additions among these",
            lambda report: report.costs.input.additions + report.costs.output.additions,
            count,
        ),
        Measure(
            "break-even",
            "pays from C = K =",
            "fewer operations than direct from there",
            lambda report: inf if report.costs.break_even is None else report.costs.break_even,
            lambda value: "never" if value == inf else count(value),
        ),
        Measure(
            "noise-gain",
            "noise gain",
            "predicts error; scaling-invariant",
            lambda report: report.noise.value,
            exact_text,
        ),
        Measure(
            "noise-gain-db",
            "noise gain in dB",
            "the same in dB: 6 dB are a bit",
            lambda report: 10 * log10(float(report.noise.value)),
            lambda value: f"{value:+.1f} dB",
        ),
        Measure(
            "worst-case",
            "worst case",
            "bound on the growth of errors",
            lambda report: report.amplification,
            exact_text,
        ),
        Measure("cond-V", "cond_2 V, finite", "folklore: misorders point sets", partial(_condition, "V finite")),
        Measure("cond-AT", "cond_2 A^T", "changes with scaling: no predictor", partial(_condition, "AT")),
        Measure("cond-G", "cond_2 G", "changes with scaling: no predictor", partial(_condition, "G")),
        Measure("cond-BT", "cond_2 B^T", "changes with scaling: no predictor", partial(_condition, "BT")),
        Measure(
            "word",
            "word, per matrix",
            "fixed-point bits, residual <= 1e-3",
            lambda report: report.words.smallest["matrix"],
            count,
        ),
        Measure(
            "word-tap",
            "word, per tap",
            "the same with one format per row",
            lambda report: report.words.smallest["tap"],
            count,
        ),
        Measure("bits", "integer bits", "of M and A^T M, exact integer arithmetic", _product_bits, count),
        Measure(
            "channels",
            "integer channels",
            "that an accumulator holds, exact arithmetic",
            _channels,
            _whole,
            lower=False,
        ),
    )
}
"""The registry of measures that need no scheme."""


def _of_layer(read: Callable[[LayerCosts], Any], report: Report) -> Any:
    return Unavailable("no layer is given") if report.layer is None else read(report.layer)


LAYER_MEASURES = (
    Measure(
        "layer-operations",
        "layer operations",
        "of the layer, borders included, without the filter transform",
        partial(_of_layer, lambda layer: layer.total),
        count,
    ),
    Measure(
        "layer-saving",
        "times fewer than direct",
        "operations of the layer by direct convolution over these",
        partial(_of_layer, lambda layer: float(layer.saving)),
        lower=False,
    ),
)
"""What a layer adds to a comparison."""

Reader = Callable[[Evaluation], float]

_SHOWN: dict[str, Callable[[Any], str]] = {"loss": loss_text, "error": error_decibels}
"""How the measures of a scheme are written that are no SQNR."""

SCHEME_MEASURES: dict[str, tuple[str, Reader, bool]] = {
    "measured": ("measured SQNR in dB", lambda e: e.measured, False),
    "predicted": ("predicted SQNR in dB", lambda e: e.predicted.decibels, False),
    "loss": ("dB below direct convolution under the same scheme", lambda e: loss(e.direct, e.measured), True),
    "error": ("measured error power over output power in dB, -SQNR", lambda e: -e.measured, True),
}
"""The registry of measures of a scheme, written ``loss:fp16``: meaning, how it is read, and whether less is better."""


def parse_measure(text: str, schemes: Iterable[str] = (), *, limits: bool = False) -> Measure:
    """The measure of a name, or of ``KIND:SCHEME``, the scheme one of the names given or as `parse_scheme` reads it.

    Raises:
        UnknownName: for another name, kind or scheme; the nearest is offered, with `limits` of what can be limited.

    >>> parse_measure("noise_gain")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    wincraft.errors.UnknownName: unknown measure 'noise_gain': did you mean noise-gain? known are ...
    """
    kind, colon, scheme = text.partition(":")
    if colon and kind in SCHEME_MEASURES:
        return scheme_measure(kind, scheme if scheme in schemes else parse_scheme(scheme).name)
    if text in MEASURES:
        return MEASURES[text]
    raise UnknownName("measure", text, measure_names(scheme or "fp16", limits))


def measure_names(scheme: str, limits: bool = False) -> tuple[str, ...]:
    """All measures by name, those of a scheme too; with `limits` only those of which less is better.

    >>> [name for name in measure_names("fp16") if name not in measure_names("fp16", limits=True)]
    ['channels', 'measured:fp16', 'predicted:fp16']
    """
    of_scheme = {f"{name}:{scheme}": lower for name, (_, _, lower) in SCHEME_MEASURES.items()}
    known = {name: measure.lower for name, measure in MEASURES.items()} | of_scheme
    return tuple(name for name, lower in known.items() if lower or not limits)


def scheme_measure(kind: str, scheme: str) -> Measure:
    """One measure of one scheme, by its name.

    >>> scheme_measure("loss", "fp16").title
    'fp16 loss'
    """
    meaning, read, lower = SCHEME_MEASURES[kind]

    def value(report: Report) -> float | Unavailable:
        for item in report.schemes:
            if item.scheme.name == scheme:
                return item.evaluation if isinstance(item.evaluation, Unavailable) else read(item.evaluation)
        return Unavailable(f"scheme {scheme} was not evaluated")

    return Measure(f"{kind}:{scheme}", f"{scheme} {kind}", meaning, value, _SHOWN.get(kind, decibels), lower)


@dataclass(frozen=True)
class Limit:
    """A measure that must not exceed a value, which is exact where it is finite; from text by `parse_limit`."""

    measure: Measure
    value: Fraction | float

    @property
    def scheme(self) -> str | None:
        """The scheme it needs, if any."""
        return self.measure.name.partition(":")[2] or None


def parse_limit(text: str, schemes: Iterable[str] = ()) -> Limit:
    """A limit from ``MEASURE=VALUE``, the value a fraction, a decimal, or inf; `schemes` as in `parse_measure`.

    Raises:
        UnknownName: for an unknown measure.
        BadValue: for a value that is no number.
        NotApplicable: for a measure of which more is better.

    >>> parse_limit("noise-gain=6205/576").value
    Fraction(6205, 576)
    """
    name, equals, value = (part.strip() for part in text.rpartition("="))
    if not equals:
        name, value = value, ""
    measure = parse_measure(name, schemes, limits=True)
    if not measure.lower:
        repair = f"write error:{name.partition(':')[2]}=-30, say" if ":" in name else "choose another measure"
        raise NotApplicable(f"--fail-above {name}", "more of it is better", repair)
    limit = _limit_value(value)
    if isnan(limit):
        raise BadValue(
            f"the limit of {measure.name}",
            repr(value),
            f"write --fail-above {measure.name}=VALUE, such as {measure.name}=5",
        )
    return Limit(measure, limit)


def _limit_value(text: str) -> Fraction | float:
    """A Fraction; a float where the text is long or has an exponent; NaN where it is no number."""
    try:
        return float(text) if "e" in text.lower() or len(text) > LONGEST_LIMIT else Fraction(text)
    except (ValueError, ZeroDivisionError):
        pass
    try:
        return float(text)
    except ValueError:
        return float("nan")


def failures(report: Report, limits: Iterable[Limit], name: str) -> list[CheckFailed]:
    """The limits that a report exceeds; a value that is not available or no number fails too.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> report = build_report(winograd(4, 3), schemes=[])
    >>> print(*failures(report, [parse_limit("noise-gain=3")], "F(4,3)"))
    check failed: noise-gain of F(4,3) is 4.76195, the limit is 3; choose another algorithm or another limit
    """
    failed = []
    for limit in limits:
        value = limit.measure.value(report)
        if isinstance(value, Unavailable):
            failed.append(CheckFailed(name, limit.measure.name, f"not available ({value.reason})", float(limit.value)))
        elif not _within(value, limit.value):
            failed.append(CheckFailed(name, limit.measure.name, f"{float(value):.6g}", float(limit.value)))
    return failed


def _within(value: Any, limit: Fraction | float) -> bool:
    """Whether a number, compared exactly where it is exact, is at most the limit; NaN is not."""
    exact = to_fraction(value) if getattr(value, "is_Rational", False) else value
    return bool((exact if isinstance(exact, Fraction) else float(exact)) <= limit)
