# SPDX-License-Identifier: Apache-2.0
"""What a search can make small, or keep within limits."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import inf
from typing import Any

from sympy import Integer, Rational

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.integer_form import content
from wincraft.errors import BadValue, check_type, look_up, shorten
from wincraft.exact.number import as_fractions, exact_number, read_fraction, to_fraction
from wincraft.measure.coefficients import coefficients
from wincraft.measure.conditioning import conditioning
from wincraft.measure.costs import costs
from wincraft.measure.matrix_rounding import round_matrices
from wincraft.measure.noise import noise_gain, worst_case_amplification
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import parse_scheme

CHANNELS = 64
"""Channels and filters that an SQNR is predicted for."""

Measure = Callable[[Algorithm], Any]


@dataclass(frozen=True)
class Objective:
    """A measure of an algorithm: exact (a sympy Rational) where it can be, else a float.

    `equivalences` name the maps of points that leave it as it is: ``negate``, x -> -x, and ``invert``, x -> 1/x with
    0 <-> inf (used where 0 and inf are both in a set, or neither). With `maximise` more is better. `fast` objectives
    have kernels, and a lower bound for branch and bound; the others are evaluated set by set.
    """

    name: str
    meaning: str
    measure: Measure
    equivalences: tuple[str, ...] = ()
    maximise: bool = False
    fast: bool = False


def _noise_gain(algorithm: Algorithm, correlation: Any = None) -> Any:
    if correlation is None:
        return noise_gain(algorithm).value
    moments = [[[correlation ** abs(i - j) for j in range(n)] for i in range(n)] for n in algorithm.n]
    return noise_gain(algorithm, moments if len(moments) > 1 else moments[0]).value


def _noise_gain_objective(argument: str) -> Objective:
    """``noise-gain`` for white data, ``noise-gain:RHO`` for correlated data."""
    if not argument:
        return Objective(
            "noise-gain", "output variance from rounding every product", _noise_gain, ("negate", "invert"), fast=True
        )
    correlation = exact_number(argument)
    if not -1 < correlation < 1:
        raise BadValue("a correlation of neighbours", argument, "give a number between -1 and 1")
    meaning = f"noise gain for data whose neighbours have correlation {correlation}"
    return Objective(f"noise-gain:{argument}", meaning, partial(_noise_gain, correlation=correlation), ("invert",))


def noise_gain_under(input_moments: Any = None, filter_moments: Any = None) -> Objective:
    """The noise gain under given second moments, as `analysis.noise.noise_gain` takes them."""
    measure = partial(_noise_gain_under, input_moments=input_moments, filter_moments=filter_moments)
    return Objective("noise-gain:given", "noise gain under given second moments", measure)


def _noise_gain_under(algorithm: Algorithm, input_moments: Any, filter_moments: Any) -> Any:
    return noise_gain(algorithm, input_moments, filter_moments).value


def _matrix_rounding(algorithm: Algorithm, word: int) -> Any:
    return Rational(round_matrices(algorithm, word).power)


def _sqnr(algorithm: Algorithm, scheme: Any) -> float:
    return predict(algorithm, scheme, None, CHANNELS, outputs=CHANNELS).decibels


def _operations(algorithm: Algorithm) -> Any:
    """Operations of the data and output transforms of one tile."""
    found = costs(algorithm)
    return Integer(found.input.total + found.output.total)


def _outside(algorithm: Algorithm) -> Any:
    """Entries that are neither 0 nor a signed power of two."""
    return Integer(sum(1 for item in coefficients(algorithm) if not _is_shift(to_fraction(item.value))))


def _is_shift(value: Fraction) -> bool:
    p, q = abs(value.numerator), value.denominator
    return not (p & (p - 1) or q & (q - 1))


def _tap_vectors(algorithm: Algorithm) -> list[list[Fraction]]:
    tables = []
    for axis in algorithm.factors:
        tables += [axis.output.transpose(), axis.filter, axis.input]
    return [as_fractions(row, table.domain) for table in tables for row in table.dense.to_list()]


def _exact_bits(algorithm: Algorithm) -> Any:
    """Bits (sign and magnitude) of the widest tap vector, each times a power of two; inf where none will do."""
    widest = 0
    for row in _tap_vectors(algorithm):
        powers = max(value.denominator for value in row)
        if powers & (powers - 1) or any(powers % value.denominator for value in row):
            return inf
        whole = [int(value * powers) for value in row]
        low = min((v & -v for v in whole if v), default=1)
        widest = max(widest, *((abs(v) // low).bit_length() + 1 for v in whole))
    return Integer(widest)


def _integer_width(algorithm: Algorithm) -> Any:
    """Bits (sign and magnitude) of the widest entry when every tap vector is made primitive integer."""
    domain = algorithm.factors[0].domain
    widest = 0
    for axis in algorithm.factors:
        for table in (axis.output.transpose(), axis.filter, axis.input):
            for row in table.dense.to_list():
                whole = [int(v / content(row, domain)) for v in row]
                widest = max(widest, *(abs(v).bit_length() + 1 for v in whole))
    return Integer(widest)


def _rank(algorithm: Algorithm) -> Any:
    """Products of one tile."""
    return Integer(algorithm.rank)


def _height(algorithm: Algorithm) -> Any:
    """The largest numerator or denominator among the coefficients of the moduli."""
    numbers = [n for axis in algorithm.factors for item in axis.moduli or () for n in item.coefficients]
    return Integer(max((max(abs(n.p), n.q) for n in numbers), default=0))


def _condition(algorithm: Algorithm, matrix: str) -> float:
    return look_up("matrix", matrix, dict(conditioning(algorithm).matrices)).cond_2


def _plain(name: str, meaning: str, measure: Measure, equivalences: tuple[str, ...] = ()) -> Callable[[str], Objective]:
    """An objective without an argument."""

    def make(argument: str) -> Objective:
        if argument:
            raise BadValue(f"the argument of objective {name}", f"{argument!r}, and it takes none", f"write {name}")
        return Objective(name, meaning, measure, equivalences)

    return make


def _matrix_rounding_objective(argument: str) -> Objective:
    """``matrix-rounding:BITS``."""
    if not re.fullmatch("[0-9]{1,2}", argument) or not 2 <= int(argument) <= 64:
        raise BadValue("the word of objective matrix-rounding", repr(shorten(argument)), "write matrix-rounding:8")
    meaning = f"error power of {argument}-bit matrices over output power"
    return Objective(f"matrix-rounding:{argument}", meaning, partial(_matrix_rounding, word=int(argument)))


def _sqnr_objective(argument: str) -> Objective:
    """``sqnr:SCHEME``, predicted; more is better."""
    measure = partial(_sqnr, scheme=parse_scheme(argument))
    return Objective(f"sqnr:{argument}", f"predicted SQNR in dB under {argument}", measure, maximise=True)


def _condition_objective(name: str, matrix: str) -> Callable[[str], Objective]:
    """The 2-norm condition number of one matrix."""
    return _plain(name, f"2-norm condition number of {matrix}", partial(_condition, matrix=matrix), ("negate",))


_SAME = ("negate", "invert")
OBJECTIVES: dict[str, Callable[[str], Objective]] = {
    "noise-gain": _noise_gain_objective,
    "worst-case": _plain("worst-case", "worst-case amplification", worst_case_amplification, _SAME),
    "matrix-rounding": _matrix_rounding_objective,
    "sqnr": _sqnr_objective,
    "operations": _plain(
        "operations", "operations of the data and output transforms per tile", _operations, ("negate",)
    ),
    "integer-width": _plain("integer-width", "bits of the widest primitive integer tap vector", _integer_width, _SAME),
    "exact-bits": _plain(
        "exact-bits", "bits that hold every tap vector times a power of two exactly", _exact_bits, ("negate",)
    ),
    "coefficients": _plain("coefficients", "coefficients outside 0, +-1, +-2^k", _outside, ("negate",)),
    "rank": _plain("rank", "products per tile", _rank, _SAME),
    "height": _plain("height", "the largest numerator or denominator of a modulus", _height, ("negate",)),
    "cond-V": _condition_objective("cond-V", "V"),
    "cond-V-finite": _condition_objective("cond-V-finite", "V finite"),
    "cond-AT": _condition_objective("cond-AT", "AT"),
    "cond-G": _condition_objective("cond-G", "G"),
    "cond-BT": _condition_objective("cond-BT", "BT"),
}
"""By name; what follows a colon is the argument: ``noise-gain:1/2``, ``matrix-rounding:8``, ``sqnr:int8``."""


def objective_named(text: str) -> Objective:
    """An objective by name and argument.

    Raises:
        UnknownName: for another objective or scheme.
        NotApplicable, BadNumber: for an argument that it does not take.

    >>> objective_named("matrix-rounding:8").meaning
    'error power of 8-bit matrices over output power'
    """
    name, _, argument = text.strip().partition(":")
    return look_up("objective", name, OBJECTIVES)(argument.strip())


_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_CONSTRAINT = re.compile(r"\s*(?P<name>[A-Za-z0-9:./_-]+?)\s*(?P<relation><=|>=|<|>)\s*(?P<limit>\S+)\s*")


@dataclass(frozen=True)
class Constraint:
    """An objective with a limit, such as ``exact-bits<=8``."""

    text: str
    objective: Objective
    relation: str
    limit: Any

    def holds(self, algorithm: Algorithm) -> bool:
        """Whether the algorithm is within the limit."""
        return bool(_RELATIONS[self.relation](self.objective.measure(algorithm), self.limit))


def parse_constraints(texts: Sequence[str]) -> tuple[Constraint, ...]:
    """Constraints from texts ``NAME<=LIMIT`` (also >=, <, >), or from one.

    Raises:
        BadValue: for a text that is none, and where two exclude each other.
        UnknownName, BadNumber, FloatGiven: as `objective_named`, and for a limit that is no number.

    >>> [item.objective.name for item in parse_constraints(["cond-V<=100", "exact-bits <= 8"])]
    ['cond-V', 'exact-bits']
    """
    check_type("constraints", texts, Iterable, 'give texts such as "exact-bits<=8"')
    found = []
    for text in [texts] if isinstance(texts, str) else texts:
        match = _CONSTRAINT.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise BadValue("a constraint", repr(text), 'write it as "exact-bits<=8"')
        limit = Rational(read_fraction(match["limit"]))
        found.append(Constraint("".join(text.split()), objective_named(match["name"]), match["relation"], limit))
    for low in found:
        for high in found:
            above, below = low.relation in (">", ">="), high.relation in ("<", "<=")
            if above and below and low.objective.name == high.objective.name:
                touching = low.relation == ">=" and high.relation == "<="
                if low.limit > high.limit or (low.limit == high.limit and not touching):
                    raise BadValue(
                        f"constraint {low.text}", f"given with {high.text}, and they exclude each other", "remove one"
                    )
    return tuple(found)
