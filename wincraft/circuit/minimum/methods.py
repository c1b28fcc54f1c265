# SPDX-License-Identifier: Apache-2.0
"""How lower bounds are proved for the additions of any program, constants free, rows up to factors.

The matrix is stripped first; then methods look at what is left and at its transpose, which takes as many additions plus
columns minus rows. The constants of a program may be any rational numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import combinations
from math import comb
from typing import NamedTuple

from wincraft.circuit.minimum.few import one_intermediate, two_intermediates
from wincraft.circuit.minimum.least import Least, Method
from wincraft.circuit.minimum.points import Known, known_at_first, lines_through, point_of
from wincraft.circuit.minimum.space import three_intermediates
from wincraft.circuit.minimum.stripping import Core, CoreRows, across, core_of

UNLIMITED = 1 << 60
"""More cases than any limit."""


@dataclass(frozen=True)
class LowerBound:
    """No program takes fewer additions; by which method of `METHODS`, and how many cases that excluded.

    `digest` is a hash of the list of cases, `proof` the name of the stored proof that this is.
    """

    additions: int
    method: str
    cases: int
    digest: str = ""
    proof: str = ""

    @property
    def text(self) -> str:
        """In words.

        >>> LowerBound(12, "three intermediates", 470481).text
        'at least 12, by three intermediates, 470481 cases'
        """
        stored = f", stored proof {self.proof}" if self.proof else ""
        return f"at least {self.additions}, by {self.method}, {self.cases} cases{stored}"


class Bounding(NamedTuple):
    """A method: what it proves of rows that nothing can be stripped from, and about how many cases that takes."""

    prove: Callable[[CoreRows], LowerBound]
    price: Callable[[CoreRows], int]


def support(rows: CoreRows) -> LowerBound:
    """The first row takes an addition less than it has entries, the first two what two rows take; each other row one.

    Two rows of n columns take n - 2 additions and one for each ratio of their entries but 0 and infinity: transposed
    they are points of a line.

    >>> support(((1, 1, 1, 1), (1, -1, 2, -2))).text
    'at least 6, by support, 3 cases'
    """
    counts = [sum(map(bool, row)) for row in rows]
    pairs = []
    for first, second in combinations(rows, 2):
        both = [(a, b) for a, b in zip(first, second, strict=True) if a or b]
        ratios = {a / b for a, b in both if a and b}
        pairs.append(len(both) - 2 + len(ratios))
    one, two = min(counts) - 1 + len(rows) - 1, min(pairs, default=0) + len(rows) - 2
    return LowerBound(max(one, two), "support", len(counts) + len(pairs))


def _without_inputs(rows: CoreRows, name: str, methods: Mapping[str, Bounding]) -> LowerBound:
    """Inputs are set to 0 until `methods` decide what is left: each one takes off two additions.

    The first addition reads two inputs. If no other read either, their columns were multiples of each other. So some
    input is read twice, and without it two additions are copies: L(M) >= 2 + min L(M without a column). And every input
    is read: L(M) >= 1 + max L(M without a column). Stripping what is left keeps columns different.
    """
    known: dict[CoreRows, LowerBound] = {}
    cases = [0]

    def least(left: CoreRows) -> LowerBound:
        if left not in known:
            found = [best_bound(left, methods)] if len(left[0]) <= 4 else []
            cases[0] += sum(bound.cases for bound in found)
            found += [without_one(left)] if len(left[0]) > 3 else []
            known[left] = max(found, key=lambda bound: bound.additions)
        return known[left]

    def without_one(left: CoreRows) -> LowerBound:
        values, lines = [], sha256()
        for k in range(len(left[0])):
            core = core_of([row[:k] + row[k + 1 :] for row in left])
            inner = least(core.rows) if core.rows else LowerBound(0, name, 0)
            values.append(core.additions + inner.additions)
            lines.update(f"{values[-1]} {inner.digest}\n".encode())
        return LowerBound(max(2 + min(values), 1 + max(values)), name, 0, lines.hexdigest())

    result = least(rows)
    return LowerBound(result.additions, name, cases[0], result.digest)


def fewer_inputs(rows: CoreRows) -> LowerBound:
    """Inputs are set to 0 until three or four are left, and two intermediates are excluded there.

    >>> from sympy import QQ
    >>> fewer_inputs(tuple(tuple(x**k for k in range(5)) for x in (QQ(1), QQ(2), QQ(3)))).additions
    9
    """
    return _without_inputs(rows, "fewer inputs", {name: STEPS[name] for name in list(STEPS)[:3]})


def four_inputs(rows: CoreRows) -> LowerBound:
    """Inputs are set to 0 until three or four are left, and three intermediates are excluded where four are."""
    return _without_inputs(rows, "four inputs", STEPS)


def _geometric(name: str, method: Method) -> Callable[[CoreRows], LowerBound]:
    """The bound of a method that counts intermediates."""

    def prove(rows: CoreRows) -> LowerBound:
        least: Least = method([point_of(row) for row in rows])
        return LowerBound(len(rows) + least.intermediates, name, least.cases, least.digest)

    return prove


def _known(rows: CoreRows) -> Known:
    return known_at_first(tuple(point_of(row) for row in rows))


def _price_of_two(rows: CoreRows) -> int:
    """About how many cases: for every first point the triples of points known then, and all fours."""
    known = _known(rows)
    have, left = len(known.points), len(known.left)
    return 3 * left * (len(known.single_points) * comb(have + 1, 3) + comb(have, 4))


def _price_of_three(rows: CoreRows) -> int:
    """About how many cases: those of two, and of four inputs families, each with the conditions of other targets."""
    if len(rows[0]) != 4:
        return _price_of_two(rows)
    known = _known(rows)
    have, left, lines = len(known.points), len(known.left), len(lines_through(known.points))
    families = left**2 * (lines**2 * have + lines * have**3) * (3 * have + 6) // 2
    return _price_of_two(rows) + families


def _price_of_inputs(price: Callable[[CoreRows], int], least: int) -> Callable[[CoreRows], int]:
    """What it takes to look at all choices of three and four inputs, or of four; too much to ask from 7 inputs on."""

    def total(rows: CoreRows) -> int:
        inputs = len(rows[0])
        if not least < inputs < 7:
            return UNLIMITED
        chosen = [columns for k in {least, 4} for columns in combinations(range(inputs), k)]
        cores = [core_of([[row[k] for k in columns] for row in rows]) for columns in chosen]
        return sum(price(core.rows) for core in cores if core.rows)

    return total


STEPS: Mapping[str, Bounding] = {
    "support": Bounding(support, lambda rows: len(rows) ** 2),
    "one intermediate": Bounding(_geometric("one intermediate", one_intermediate), lambda rows: 0),
    "two intermediates": Bounding(_geometric("two intermediates", two_intermediates), _price_of_two),
    "three intermediates": Bounding(_geometric("three intermediates", three_intermediates), _price_of_three),
}
"""The methods that look at the rows as they are, the cheapest first."""

METHODS: Mapping[str, Bounding] = {
    **STEPS,
    "fewer inputs": Bounding(fewer_inputs, _price_of_inputs(_price_of_two, 3)),
    "four inputs": Bounding(four_inputs, _price_of_inputs(_price_of_three, 4)),
}
"""How bounds are proved: name to method. Only `support` serves where entries are no rational numbers."""


def best_bound(rows: CoreRows, methods: Mapping[str, Bounding], cases: int = UNLIMITED) -> LowerBound:
    """The best bound of the rows and of their transpose; the first method that gives it is named."""
    best = LowerBound(0, "support", 0)
    for side in (Core(rows, 0), across(Core(rows, 0))):
        for name, method in methods.items():
            if name == "support" or (is_rational(rows) and (cases >= UNLIMITED or method.price(side.rows) <= cases)):
                found = method.prove(side.rows)
                found = replace(found, additions=found.additions + side.additions)
                best = max(best, found, key=lambda bound: bound.additions)
    return best


def is_rational(rows: CoreRows) -> bool:
    """Whether all entries are rational numbers."""
    return all(hasattr(x, "denominator") and hasattr(x, "numerator") for row in rows for x in row)
