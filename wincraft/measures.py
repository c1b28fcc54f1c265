# SPDX-License-Identifier: Apache-2.0
"""Every number of an algorithm, by name: what reports show, limits hold, and searches make small.

The names are a contract, and each has one meaning. What follows a colon is an argument: ``loss:fp16``. Names and
meanings are here without any computation, for help and completion; values are read from a `wincraft.analysis.Analysis`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, log10, prod
from typing import TYPE_CHECKING, Any, Literal

from wincraft.errors import BadValue, UnknownName, shorten
from wincraft.show.numbers import count, decibels, error_decibels, exact_text, loss, loss_text, number

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.analysis import Analysis
    from wincraft.quantise.schemes import Scheme

SAME = ("negate", "invert")


@dataclass(frozen=True)
class Measure:
    """One number of an algorithm, exact where it can be, else a float.

    Args:
        kind: the name without its argument.
        title: the head of a row in tables.
        meaning: what it is, in words.
        read: from an `Analysis` and the argument, if any; with `evaluated` from the `Evaluation` of a scheme.
        shown: the value as tables show it.
        better: whether less or more of it is.
        equivalences: the maps of a set of points that leave it as it is: ``negate``, x -> -x, and ``invert``, x -> 1/x
            with 0 <-> inf (used where 0 and inf are both in a set, or neither). None if in doubt.
        bound: whether the search has kernels for it, and a lower bound for branch and bound.
        says: what it tells, for tables; by default its meaning.
        unit: of its values: dB, operations, bits.
        takes: what the argument is, ``SCHEME``, ``FORMAT``, ``RHO`` or ``C,K,H,W``; nothing if there is none.
        evaluated: whether it is simulated, on data.
        argument: what was given after the colon, read: a `Scheme`, a format, a number; and `text`, as it is written.
    """

    kind: str
    title: str
    meaning: str
    read: Callable[..., Any]
    shown: Callable[[Any], str] = number
    better: Literal["lower", "higher"] = "lower"
    equivalences: tuple[str, ...] = ()
    bound: bool = False
    says: str = ""
    unit: str = ""
    takes: str = ""
    evaluated: bool = False
    argument: Any = None
    text: str = ""

    @property
    def name(self) -> str:
        """As it is written; an argument that is not given stands in capitals, ``loss:SCHEME``."""
        return f"{self.kind}:{self.text or self.takes}" if self.takes else self.kind

    @property
    def scheme(self) -> Scheme | None:
        """The scheme that it is of, if any."""
        return self.argument if self.takes == "SCHEME" else None

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more: their product with the value is what searches make small."""
        return 1 if self.better == "lower" else -1

    def of(self, argument: Any, text: str) -> Measure:
        """The measure with its argument, and how that is written."""
        words = f"{text}-bit" if self.takes == "FORMAT" and text.isdecimal() else text
        title, meaning = self.title.format(words), self.meaning.format(words)
        return replace(self, title=title, meaning=meaning, argument=argument, text=text)

    def value(self, algorithm: Algorithm | Analysis) -> Any:
        """Of an algorithm, or of one whose analyses are kept.

        Raises:
            NotApplicable: where the algorithm has no such number.
        """
        from wincraft.analysis import Analysis

        known = algorithm if isinstance(algorithm, Analysis) else Analysis(algorithm)
        if self.evaluated:
            return self.read(known.evaluation(self.argument))
        return self.read(known) if self.argument is None else self.read(known, self.argument)


def _whole(value: Any) -> str:
    return "none" if value == inf else count(int(value))


def _never(value: Any) -> str:
    return "never" if value == inf else count(value)


def _fraction(value: Any) -> str:
    return number(float(value))


def _online(known: Analysis) -> int:
    return known.costs.input.total + known.costs.output.total


def _adding(known: Analysis) -> int:
    return known.costs.input.additions + known.costs.output.additions


MEASURES: dict[str, Measure] = {
    item.name: item
    for item in (
        Measure(
            "products-per-output", "products/output", "products of a tile over its outputs",
            lambda known: Fraction(known.algorithm.rank, prod(known.algorithm.m)), _fraction, equivalences=SAME,
            says="multiply-adds per output and channel pair",
        ),
        Measure("rank", "products", "products per tile", lambda known: known.algorithm.rank, count, equivalences=SAME),
        Measure(
            "operations", "transform ops", "operations of the data and output transforms per tile",
            _online, count, says="per tile, data and output transform", unit="operations",
        ),
        Measure(
            "operations-per-output", "ops/output", "operations of the data and output transforms per output",
            lambda known: Fraction(_online(known), known.costs.outputs), _fraction,
            unit="operations",
        ),
        Measure(
            "all-operations", "all transform ops", "operations of all three transforms per tile",
            lambda known: _online(known) + known.costs.filter.total, count,
            unit="operations",
        ),
        Measure(
            "additions", "additions", "additions of the data and output transforms per tile",
            _adding, count, says="the additions among these", unit="operations",
        ),
        Measure(
            "additions-per-output", "additions/output", "additions of the data and output transforms per output",
            lambda known: Fraction(_adding(known), known.costs.outputs), _fraction, unit="operations",
        ),
        Measure(
            "live-values", "live values", "values held at one time by the data or output transform of a whole tile",
            lambda known: known.live_values, count, says="scalar registers of a transform",
        ),
        Measure(
            "all-additions", "all additions", "additions of all three transforms per tile",
            lambda known: _adding(known) + known.costs.filter.additions, count,
            unit="operations",
        ),
        Measure(
            "break-even", "pays from C = K =", "least C = K from which whole tiles take fewer operations than direct",
            lambda known: inf if known.costs.break_even is None else known.costs.break_even, _never,
            says="fewer operations than direct from there",
        ),
        Measure(
            "layer-operations", "layer operations",
            "operations of a layer {}, borders included, without the filter transform",
            lambda known, shape: known.layer(shape).total, count, unit="operations",
            takes="C,K,H,W",
        ),
        Measure(
            "layer-saving", "times fewer than direct",
            "operations of a layer {} by direct convolution over these",
            lambda known, shape: known.layer(shape).saving, _fraction, "higher", takes="C,K,H,W",
        ),
        Measure(
            "noise-gain", "noise gain", "output variance from rounding every product",
            lambda known: known.noise.value, exact_text, equivalences=SAME, bound=True,
            says="predicts error; scaling-invariant",
        ),
        Measure(
            "noise-gain", "noise gain, rho {}", "noise gain for data whose neighbours have correlation {}",
            lambda known, rho: known.correlated_noise(rho), exact_text, equivalences=("invert",), takes="RHO",
        ),
        Measure(
            "noise-gain-db", "noise gain in dB", "10 log10 of the noise gain",
            lambda known: 10 * log10(float(known.noise.value)), lambda value: f"{value:+.1f} dB", equivalences=SAME,
            says="the same in dB: 6 dB are a bit",
        ),
        Measure(
            "worst-case", "worst case", "worst-case amplification", lambda known: known.amplification, exact_text,
            equivalences=SAME, says="bound on the growth of errors",
        ),
        Measure(
            "cond-V", "cond_2 V", "2-norm condition number of the Vandermonde matrix of all points, inf too",
            lambda known: known.condition("V"), equivalences=("negate",), says="folklore: misorders point sets",
        ),
        Measure(
            "cond-V-finite", "cond_2 V, finite",
            "2-norm condition number of the square Vandermonde matrix of the finite points alone",
            lambda known: known.condition("V finite"), equivalences=("negate",), says="folklore: misorders point sets",
        ),
        *(
            Measure(
                f"cond-{matrix}", f"cond_2 {letters}", f"2-norm condition number of {letters}",
                lambda known, matrix=matrix: known.condition(matrix), equivalences=("negate",),
                says="changes with scaling: no predictor",
            )
            for matrix, letters in (("AT", "A^T"), ("G", "G"), ("BT", "B^T"))
        ),
        Measure(
            "coefficients", "coefficients", "coefficients outside 0, +-1, +-2^k",
            lambda known: known.other_coefficients, count, equivalences=("negate",),
        ),
        Measure(
            "height", "height", "the largest numerator or denominator of a modulus", lambda known: known.height, count,
            equivalences=("negate",),
        ),
        Measure(
            "exact-bits", "exact bits", "bits that hold every tap vector times a power of two exactly",
            lambda known: known.exact_bits, _whole, equivalences=("negate",), unit="bits",
        ),
        Measure(
            "integer-width", "integer width", "bits of the widest primitive integer tap vector",
            lambda known: known.integer_width, count, equivalences=SAME, unit="bits",
        ),
        Measure(
            "word", "word, per matrix", "fixed-point bits of the matrices, one format each, for residuals <= 1e-3",
            lambda known: known.word, count, says="fixed-point bits, residual <= 1e-3", unit="bits",
        ),
        Measure(
            "word-tap", "word, per tap", "fixed-point bits of the matrices, one format a row, for residuals <= 1e-3",
            lambda known: known.word_per_tap, count, says="the same with one format per row", unit="bits",
        ),
        Measure(
            "matrix-rounding", "error of {} matrices", "error power of {} matrices over output power",
            lambda known, format: known.rounded(format).power, _fraction, takes="FORMAT",
        ),
        Measure(
            "residual", "residual of {} matrices", "the largest |E| of {} matrices, E what reaches an output",
            lambda known, format: known.rounded(format).largest, _fraction, takes="FORMAT",
        ),
        Measure(
            "residual-sum", "residuals of {} matrices", "the sum of |E| of the worst output of {} matrices",
            lambda known, format: known.rounded(format).worst_case, _fraction, takes="FORMAT",
        ),
        Measure(
            "bits", "integer bits", "bits of M and of all that is computed from it, one channel, exact integers",
            lambda known: known.product_bits, count, says="of M and A^T M, exact integer arithmetic", unit="bits",
        ),
        Measure(
            "channels", "integer channels", "channels that an accumulator holds to the output, exact integers",
            lambda known: inf if known.channels.outputs is None else known.channels.outputs, _whole, "higher",
            says="that an accumulator holds, exact arithmetic",
        ),
        Measure(
            "exact-channels", "exact channels",
            "channels for which int16 U and V and sums that wrap around give exact outputs",
            lambda known: known.words.channels, count, "higher",
        ),
        Measure(
            "scale-power", "power of two in the scale",
            "the power of two in the scale of integer matrices, the bits lost over Z/2^k",
            lambda known: known.words.shift, count, equivalences=SAME, unit="bits",
        ),
        Measure(
            "sqnr", "{} sqnr", "predicted SQNR in dB under {}",
            lambda known, scheme: known.prediction(scheme), decibels, "higher", unit="dB", takes="SCHEME",
        ),
        Measure(
            "measured", "{} measured", "measured SQNR in dB",
            lambda found: found.measured, decibels, "higher", unit="dB", evaluated=True, takes="SCHEME",
        ),
        Measure(
            "predicted", "{} predicted", "SQNR in dB predicted with the scales calibrated on the data",
            lambda found: found.predicted.decibels, decibels, "higher", unit="dB", evaluated=True, takes="SCHEME",
        ),
        Measure(
            "loss", "{} loss", "dB below direct convolution under the same scheme",
            lambda found: loss(found.direct, found.measured), loss_text, unit="dB", evaluated=True, takes="SCHEME",
        ),
        Measure(
            "error", "{} error", "measured error power over output power in dB, -SQNR",
            lambda found: -found.measured, error_decibels, unit="dB", evaluated=True, takes="SCHEME",
        ),
    )
}  # fmt: skip
"""The registry: every measure by name, that of its argument in capitals."""


def names_with(schemes: Iterable[str], measures: Iterable[Measure] = MEASURES.values()) -> list[str]:
    """The names that are whole as they stand: without an argument, or with each of the schemes.

    >>> names_with(["fp16"])[-1]
    'error:fp16'
    """
    chosen = list(schemes)
    of_schemes = {"SCHEME": chosen, "": [""]}
    return [item.name.replace("SCHEME", scheme) for item in measures for scheme in of_schemes.get(item.takes, ())]


def measure_named(text: str, schemes: Iterable[Scheme] = ()) -> Measure:
    """A measure by name and argument; a scheme is one of those given, by its name, or as `parse_scheme` reads it.

    Raises:
        UnknownName: for another name, scheme or format; the nearest is offered.
        BadValue, BadNumber: for an argument that is missing, or that it does not take.

    >>> measure_named("matrix-rounding:8").meaning, measure_named("loss:fp16").scheme.name
    ('error power of 8-bit matrices over output power', 'fp16')
    """
    kind, colon, argument = (part.strip() for part in text.partition(":"))
    found = {bool(item.takes): item for item in MEASURES.values() if item.kind == kind}
    if not found:
        raise UnknownName("measure", text, tuple(name.replace("SCHEME", argument or "fp16") for name in MEASURES))
    measure = found.get(bool(colon))
    if measure is None:
        (other,) = found.values()
        takes, repair = (f"missing, {other.takes}", _repair(other)) if other.takes else (argument + _NONE, kind)
        raise BadValue(f"the argument of measure {kind}", shorten(takes), f"write {repair}")
    if not colon:
        return measure
    own = {scheme.name: scheme for scheme in schemes} if measure.takes == "SCHEME" else {}
    try:
        given = own.get(argument) or _ARGUMENTS[measure.takes][1](argument)
    except ValueError:
        what = f"the argument of measure {kind}"
        raise BadValue(what, repr(shorten(argument)), f"write {_repair(measure)}") from None
    return measure.of(given, given.name if measure.takes == "SCHEME" else argument)


_NONE = ", and it takes none"


def _repair(measure: Measure) -> str:
    return f"{measure.kind}:{_ARGUMENTS[measure.takes][0]}"


def _scheme(text: str) -> Any:
    from wincraft.quantise.schemes import parse_scheme

    return parse_scheme(text)


def _format(text: str) -> Any:
    from wincraft.numbers.fixed_point import MAX_WORD, FixedPoint
    from wincraft.numbers.float_format import FloatFormat
    from wincraft.numbers.formats import parse_format

    if text.isdecimal() or not text:
        if not re.fullmatch("[0-9]{1,2}", text) or not 2 <= int(text) <= MAX_WORD:
            raise ValueError
        return int(text)
    format = parse_format(text)
    if not isinstance(format, FixedPoint | FloatFormat):
        raise ValueError
    return format


def _correlation(text: str) -> Any:
    from wincraft.exact.number import exact_number

    correlation = exact_number(text)
    if not -1 < correlation < 1:
        raise BadValue("a correlation of neighbours", text, "give a number between -1 and 1")
    return correlation


def _layer(text: str) -> Any:
    from wincraft.measure.costs import parse_layer_shape

    return parse_layer_shape(text)


_ARGUMENTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "SCHEME": ("fp16", _scheme),
    "FORMAT": ("8", _format),
    "RHO": ("1/2", _correlation),
    "C,K,H,W": ("64,64,56,56", _layer),
}
"""What measures take after the colon: an example, and how it is read."""
