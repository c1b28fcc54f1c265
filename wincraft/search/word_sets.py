# SPDX-License-Identifier: Apache-2.0
"""The sets of points whose U and V can fit a word, of which there are finitely many, and the power of two each costs.

A point of P^1(Q) is a pair of coprime integers (a, b), a/b or with b = 0 inf, of height max(|a|, |b|). Its tap's
primitive row of G is (b^(r-1), a b^(r-2), ..., a^(r-1)), that of B^T has the coefficients of the product of b x - a y
over the other points: primitive too (Gauss). Data in [low, high] give a row of 1-norm L values in an interval of length
(high - low) L, of k alike axes (high - low) L^k, which a word of w bits can hold only up to 2^w - 1.

- *Heights are bounded.* The 1-norm of a polynomial is at least its Mahler measure, which is multiplicative, and
  max(|a|, |b|) for b x - a. So in a set that fits the product of all heights but any one is at most L. Of a further
  modulus the measure is at least the larger of its outer coefficients, and its taps' rows are integer multiples of the
  product of the other moduli.
- *The scale* is the least common multiple over the points i of the products over j of |d_ij|, d_ij = a_i b_j - a_j b_i:
  the value at point i of the polynomial in its row of B^T. Its power of two is s = max_i sum_j v(d_ij), v the exponent
  of 2.

Sources: K. Mahler, An application of Jensen's formula to polynomials, Mathematika 7 (1960); M. Bhargava, The factorial
function and generalizations, Amer. Math. Monthly 107 (2000).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import gcd, lcm, pi

from sympy import integer_nthroot

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import check_coprime, modulus, parse_moduli
from wincraft.errors import BadValue, TooLarge
from wincraft.exact.number import to_fraction
from wincraft.exact.polynomial import polynomial_text
from wincraft.numbers.box import Box

MAX_WORD_SETS = 200_000
"""Most sets that are looked at; their rows take some ten seconds."""
MAX_POINTS = 20_000
"""Most points that sets are chosen from."""


@dataclass(frozen=True)
class WordMember:
    """A point, or a modulus of higher degree, as a primitive integer polynomial: coefficients of y^d, ..., x^d.

    >>> WordMember("-1/2", (1, 2)).height, WordMember("inf", (-1, 0)).degree
    (2, 1)
    """

    text: str
    coefficients: tuple[int, ...]
    modulus: Modulus | None = None

    @property
    def degree(self) -> int:
        """Its share of the total degree."""
        return len(self.coefficients) - 1

    @property
    def taps(self) -> int:
        """Its products."""
        return 1 if self.modulus is None else self.modulus.taps

    @cached_property
    def height(self) -> int:
        """Its Mahler measure if it is a point; of others no more than that."""
        return max(abs(self.coefficients[0]), abs(self.coefficients[-1]))

    @property
    def order(self) -> tuple[bool, bool, bool, int, int, bool]:
        """Its place in a list: 0, points by height, the larger first, p before -p, moduli, inf."""
        a, b = -self.coefficients[0], self.coefficients[-1]
        return self.text == "inf", self.modulus is not None, self.text != "0", self.height, -abs(a) * (b > 0), a < 0


def row_limit(box: Box, word: int, axes: int) -> int:
    """The largest 1-norm of an integer row that a word can hold for values in a box, along each of alike axes.

    >>> row_limit(Box.signed(8), 16, 1), row_limit(Box.signed(8), 16, 2)
    (257, 16)
    """
    return int(integer_nthroot((2**word - 1) // int(box.high - box.low), axes)[0])


def word_members(r: int, height: int, filter_limit: int) -> list[WordMember]:
    """The points of at most a height whose row of G is short enough, by rising height.

    Raises:
        TooLarge: for more than `MAX_POINTS`.

    >>> [member.text for member in word_members(3, 2, 16)]
    ['0', 'inf', '1', '-1', '2', '-2', '1/2', '-1/2']
    """
    height = min(height, int(integer_nthroot(filter_limit, r - 1)[0])) if r > 1 else height
    if 12 / pi**2 * height**2 > MAX_POINTS:
        raise TooLarge("a search", f"points of height up to {height}", "limit the height of the points (--max-height)")
    found = [WordMember("0", (0, 1)), WordMember("inf", (-1, 0))]
    for size in range(1, height + 1):
        pairs = [(size, b) for b in range(1, size + 1)] + [(a, size) for a in range(size - 1, 0, -1)]
        for a, b in pairs:
            if gcd(a, b) == 1 and sum(a**k * b ** (r - 1 - k) for k in range(r)) <= filter_limit:
                text = str(a) if b == 1 else f"{a}/{b}"
                found += [WordMember(text, (-a, b)), WordMember(f"-{text}", (a, b))]
    return found


def further_members(texts: Sequence[str]) -> list[WordMember]:
    """Moduli of higher degree.

    Raises:
        BadModulus, NotCoprime: what is no modulus, and moduli that share a factor.
        BadValue: points, which are members anyway, and irrational moduli.

    >>> further_members(["x^2+x+1"])[0].coefficients
    (1, 1, 1)
    """
    found = []
    for item in parse_moduli(list(texts)) if texts else ():
        if item.degree == 1:
            raise BadValue(f"the modulus {item}", "a point", "all points are searched: give moduli of degree 2 or more")
        if not all(value.is_Rational for value in item.numbers):
            raise BadValue(f"the modulus {item}", "irrational", "give moduli of rational numbers")
        values = [to_fraction(value) for value in item.coefficients]
        common = lcm(*(value.denominator for value in values))
        text = polynomial_text(item.coefficients) if modulus(item.coefficients) == item else str(item)
        found.append(WordMember(text, tuple(int(value * common) for value in values), item))
    check_coprime(tuple(item.modulus for item in found if item.modulus))
    return found


def word_sets(
    n: int, points: Sequence[WordMember], further: Sequence[WordMember], limit: int
) -> Iterator[tuple[WordMember, ...]]:
    """All sets of total degree n in which the product of all heights but any one is within a limit.

    `points` are in the order of their heights.

    Raises:
        TooLarge: for more than `MAX_WORD_SETS`.

    >>> points = word_members(3, 16, 16)
    >>> sum(1 for _ in word_sets(8, points, (), 16)), len(list(word_sets(6, points, (), 16)))
    (1, 146)
    """
    groups = chain.from_iterable(combinations(further, count) for count in range(n // 2 + 1))
    count = 0
    for group in groups:
        left = n - sum(member.degree for member in group)
        for chosen in _within(left, points, group, limit) if left >= 0 else ():
            count += 1
            if count > MAX_WORD_SETS:
                raise TooLarge(
                    "a search",
                    f"over {MAX_WORD_SETS:,} sets could fit",
                    "limit the height of the points (--max-height)",
                )
            yield chosen


def _within(
    left: int, points: Sequence[WordMember], chosen: tuple[WordMember, ...], limit: int
) -> Iterator[tuple[WordMember, ...]]:
    if not left:
        yield chosen
        return
    heights = [member.height for member in chosen]
    product, least = _product(heights), min(heights, default=0)
    for at in range(len(points) - left + 1):
        height = points[at].height
        if product * height**left > limit * min(least or height, height):
            return
        yield from _within(left - 1, points[at + 1 :], (*chosen, points[at]), limit)


def _product(values: Sequence[int]) -> int:
    result = 1
    for value in values:
        result *= value
    return result


def short_rows(members: Sequence[WordMember], limit: int) -> bool:
    """Whether the rows of B^T of the points have 1-norms within a limit; those of other moduli are not looked at.

    >>> F43 = [member for member in word_members(3, 2, 16) if member.text not in ("-2", "1/2")]
    >>> short_rows(F43, 14), short_rows(F43, 13)
    (True, False)
    """
    for at, member in enumerate(members):
        if member.modulus is None:
            row = [1]
            for other in (*members[:at], *members[at + 1 :]):
                row = _times(row, other.coefficients)
            if sum(map(abs, row)) > limit:
                return False
    return True


def _times(left: Sequence[int], right: Sequence[int]) -> list[int]:
    result = [0] * (len(left) + len(right) - 1)
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            result[i + j] += x * y
    return result


def power_of_two(points: Sequence[WordMember]) -> int:
    """The power of two in the scale of one axis: max_i sum_j v(a_i b_j - a_j b_i) over distinct points.

    >>> power_of_two([WordMember(text, pair) for text, pair in (("0", (0, 1)), ("2", (-2, 1)), ("-2", (2, 1)))])
    3
    """
    pairs = [member.coefficients for member in points]
    return max(sum(_exponent(a * d - b * c) for c, d in pairs if (c, d) != (a, b)) for a, b in pairs)


def _exponent(value: int) -> int:
    return (value & -value).bit_length() - 1


def least_power_of_two(n: int) -> int:
    """The least power of two in the scale of one axis of any n rational points: v((2q)!), q = floor((n - 1) / 3).

    Proof. Let g(c) be the least of max_i sum_j v(d_ij) over c points of one class of P^1(F_2). Maps of GL_2(Z) keep
    every v(d_ij) and take the class to that of 0: a even, b odd. There v(d_ij) is 1 plus that of the points a/2, which
    lie in two classes, and is 1 for two of different ones. So a point's sum is c - 1 and its sum within its part of the
    halved points; a point less makes no sum larger, so that g does not fall with c, and even parts are best:

        g(c) = c - 1 + g(ceil(c/2)),  g(1) = 0;  hence  g(c) = c - 1 + v((c-1)!),

    by induction, as ceil(c/2) - 1 = floor((c-1)/2) =: f and f + v(f!) = v((c-1)!) (Legendre). Points of different
    classes have v(d_ij) = 0, and of n points one of the three classes has ceil(n/3) = q + 1 or more. So s is at least
    g(q + 1) = q + v(q!) = v((2q)!). Splits as even as can be, which rational points have at every level, attain it.

    >>> [least_power_of_two(n) for n in range(2, 14)]
    [0, 0, 1, 1, 1, 3, 3, 3, 4, 4, 4, 7]
    """
    q = 2 * ((n - 1) // 3)
    return q - q.bit_count()
