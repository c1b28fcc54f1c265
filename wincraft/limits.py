# SPDX-License-Identifier: Apache-2.0
"""Limits of measures, as ``--fail-above`` and the constraints of a search write them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING, Any

from wincraft.errors import BadValue, check_type
from wincraft.exact.number import read_fraction, to_fraction
from wincraft.measures import MEASURES, Measure, measure_named

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.analysis import Analysis
    from wincraft.quantise.schemes import Scheme

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_LIMIT = re.compile(r"\s*(?P<name>\S.*?)\s*(?P<relation><=|>=|<|>|=)\s*(?P<value>[^<>=\s]*)\s*", re.DOTALL)


@dataclass(frozen=True)
class Limit:
    """A measure with a limit, such as ``exact-bits<=8``, whose value is exact where it is finite."""

    text: str
    measure: Measure
    relation: str
    value: Fraction | float

    def holds(self, value: Any) -> bool:
        """Whether a number is within the limit: an exact one exactly, a float as a float; NaN is not.

        >>> parse_limit("word<=8").holds(8), parse_limit("word<8").holds(float("nan"))
        (True, False)
        """
        exact = to_fraction(value) if getattr(value, "is_Rational", False) else value
        if isinstance(exact, int | Fraction):
            return RELATIONS[self.relation](exact, self.value)
        return RELATIONS[self.relation](float(exact), self.nearest)

    @property
    def nearest(self) -> float:
        """The value as a float; infinite beyond all floats."""
        try:
            return float(self.value)
        except OverflowError:
            return inf if self.value > 0 else -inf

    def met_by(self, algorithm: Algorithm | Analysis) -> bool:
        """Whether the algorithm is within the limit; raises `NotApplicable` as the measure does."""
        return self.holds(self.measure.value(algorithm))


def parse_limit(text: str, schemes: Iterable[Scheme] = ()) -> Limit:
    """A limit from ``NAME<=VALUE`` (also >=, <, >; = means <=), the value a number or inf.

    `schemes` are known by their names, as to `measure_named`.

    Raises:
        BadValue: for a text that is none.
        UnknownName, BadNumber: as `measure_named`, and for a value that is no number.

    >>> parse_limit("noise-gain=6205/576").value, parse_limit(" cond-V < inf").relation
    (Fraction(6205, 576), '<')
    """
    match = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        name = text.strip() if isinstance(text, str) and text.strip() in MEASURES else "exact-bits"
        raise BadValue("a limit", repr(text), f'write it as "{name}<=8", or {name}=VALUE for the same')
    measure, value = measure_named(match["name"], schemes), match["value"]
    limit = inf if value == "inf" else read_fraction(value)
    return Limit("".join(text.split()), measure, match["relation"].replace("=", "<=", match["relation"] == "="), limit)


def parse_limits(texts: Iterable[str] | str) -> tuple[Limit, ...]:
    """Limits from texts, or from one.

    Raises:
        BadValue: where two exclude each other; and as `parse_limit`.

    >>> [limit.measure.name for limit in parse_limits(["cond-V<=100", "exact-bits <= 8"])]
    ['cond-V', 'exact-bits']
    """
    check_type("limits", texts, Iterable, 'give texts such as "exact-bits<=8"')
    found = [parse_limit(text) for text in ([texts] if isinstance(texts, str) else texts)]
    for low in found:
        for high in found:
            if low.relation in (">", ">=") and high.relation in ("<", "<=") and low.measure.name == high.measure.name:
                touching = low.relation == ">=" and high.relation == "<="
                if low.value > high.value or (low.value == high.value and not touching):
                    raise BadValue(
                        f"limit {low.text}", f"given with {high.text}, and they exclude each other", "remove one"
                    )
    return tuple(found)
