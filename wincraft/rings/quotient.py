# SPDX-License-Identifier: Apache-2.0
"""Products modulo a polynomial: cyclic (x^n - 1), negacyclic (x^n + 1), short (x^n), and of any other.

The one construction of `wincraft.construct.toom_cook` without inf: modulo each factor, then recombined. It takes 2n - k
products of k coprime powers of irreducible factors, which over the rationals is the least there can be (Winograd); a
field where the polynomial splits further takes fewer.

Sources: S. Winograd, Some bilinear forms whose multiplicative complexity depends on the field of constants, Math.
Systems Theory 10 (1977); for the middle product and its transposition, which are the correlation form of an
`Algorithm`: G. Hanrot, M. Quercia, P. Zimmermann, The middle product algorithm, AAECC 14 (2004).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sympy import Integer, Poly
from sympy.polys.domains import QQ

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import modulus, parse_moduli
from wincraft.construct.scaling import content
from wincraft.construct.toom_cook import canonical_taps
from wincraft.errors import BadModulus, BadShape, BadValue, NotApplicable, NotCoprime
from wincraft.exact.expression import x
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix, to_texts
from wincraft.exact.number import exact_number, number_text, to_element
from wincraft.exact.polynomial import divide, inverse_modulo, multiply, parse_polynomial, polynomial_text
from wincraft.exact.types import Domain, Element, Matrix, Number
from wincraft.rings.inner import with_inner_moduli
from wincraft.rings.loss import read_ring
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown
from wincraft.version import __version__

NAMED = {"cyclic": "x^{n}-1", "negacyclic": "x^{n}+1", "short": "x^{n}"}
"""The forms by name: the polynomial of n terms."""
MAX_TERMS = 256
"""The most terms of one by name."""
_NAME = re.compile(r"(cyclic|negacyclic|short)[ (]*(-?\d{1,4})\)?")


@dataclass(frozen=True, repr=False)
class QuotientProduct(Shown):
    """s = g h modulo a monic polynomial of degree n, of terms low to high: s = B [(G g) * (A h)] / scale; proved.

    A and G are R x n, B is n x R, over one field or ring. Construction checks, for all i, j, l < n, that
    sum_k B[l,k] G[k,i] A[k,j] = scale times the coefficient of x^l in x^(i+j) modulo the polynomial. Exact.

    Raises:
        BadValue: where they do not, or the scale is no unit.
    """

    polynomial: tuple[Number, ...]
    moduli: tuple[Modulus, ...]
    A: Matrix
    G: Matrix
    B: Matrix
    scale: Number

    def __post_init__(self) -> None:
        K = self.domain
        scale = to_element(self.scale, K)
        if not Field(K).is_unit(scale):
            raise BadValue("the scale", f"{number_text(self.scale)}, no unit of {Field(K).name}", "take another ring")
        wanted = _powers([to_element(value, K) for value in self.polynomial], 2 * self.n - 1, K)
        G, A = self.G.transpose().to_list(), self.A.transpose().to_list()
        pairs = [(i, j) for i in range(self.n) for j in range(self.n)]
        rows = [[a * b for a, b in zip(G[i], A[j], strict=True)] for i, j in pairs]
        made = (exact_matrix(rows, (len(rows), self.rank), K) * self.B.transpose()).to_list()
        if any(row != [scale * value for value in wanted[i + j]] for (i, j), row in zip(pairs, made, strict=True)):
            raise BadValue("the product", f"not that modulo {self.text}", "correct the matrices")

    @property
    def domain(self) -> Domain:
        """Where the entries lie."""
        return self.A.domain

    @property
    def n(self) -> int:
        """The degree of the polynomial: terms of every operand and of the product."""
        return len(self.polynomial) - 1

    @property
    def rank(self) -> int:
        """The number of products."""
        return self.A.shape[0]

    @property
    def text(self) -> str:
        """The polynomial."""
        return polynomial_text(self.polynomial)

    @property
    def bits(self) -> int:
        """The bits that it loses over Z/2^k: the exponent of 2 in the scale, of one over QQ."""
        return int((int(self.scale) & -int(self.scale)).bit_length() - 1)

    def apply(self, g: Sequence[object], h: Sequence[object]) -> list[Number]:
        """The product of two polynomials modulo this one, of exact numbers.

        Raises:
            BadShape: other than n terms.
            BadNumber, FloatGiven: terms that are no exact numbers.

        >>> quotient_product("cyclic 3").apply([1, 2, 3], [4, 5, 6])
        [31, 31, 28]
        """
        K = self.domain
        if not len(g) == len(h) == self.n:
            raise BadShape("(g, h)", f"({len(g)}, {len(h)})", f"({self.n}, {self.n})")
        columns = [[[to_element(exact_number(value), K)] for value in values] for values in (g, h)]
        left, right = (
            (side * exact_matrix(column, (self.n, 1), K)).to_list()
            for side, column in zip((self.G, self.A), columns, strict=True)
        )
        products = [[a * b] for (a,), (b,) in zip(left, right, strict=True)]
        sums = (self.B * exact_matrix(products, (self.rank, 1), K)).to_list()
        return [K.to_sympy(value / to_element(self.scale, K)) for (value,) in sums]

    def convert(self, ring: str | int | Field) -> QuotientProduct:
        """The same over a field or ring that holds its entries and where its scale is a unit, proved there.

        Raises:
            BadValue: where the scale is no unit.
            BadNumber: for what names no ring, and entries that do not lie in it.
        """
        K = read_ring(ring).domain
        if self.domain == K:
            return self
        if not Field(K).is_unit(to_element(self.scale, K)):
            told = f"{number_text(self.scale)}, no unit of {Field(K).name}: {self.bits} bits of Z/2^k are lost"
            raise BadValue("the scale", told, "take other moduli")
        made = (_converted(item, self.domain, K) for item in (self.A, self.G, self.B))
        A, G, B = made
        return QuotientProduct(self.polynomial, self.moduli, A, G, B, self.scale)

    def layout(self) -> Layout:
        """The products, what is lost, and the matrices."""
        moduli = ", ".join(map(str, self.moduli))
        head = [f"moduli {moduli}; scale {number_text(self.scale)}, over {Field(self.domain).name}"]
        if Field(self.domain).rational:
            head.append(f"over Z/2^k {self.bits} bits lost")
        tables = [
            Table((name, *[""] * (item.shape[1] - 1)), tuple(map(tuple, to_texts(item))), "r" * item.shape[1])
            for name, item in (("G", self.G), ("A", self.A), ("B", self.B))
        ]
        note = "s = B [(G g) * (A h)] / scale, terms low to high; proved."
        title = f"g h modulo {self.text}: {self.rank} products"
        return Layout(title, tuple(head), (Section("", tuple(tables), (note,)),))

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.quotient``; the schema is ``quotient-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.quotient",
            "version": 1,
            "wincraft": __version__,
            "polynomial": self.text,
            "moduli": [str(item) for item in self.moduli],
            "rank": self.rank,
            "scale": number_text(self.scale),
            "field": Field(self.domain).name,
            "G": to_texts(self.G),
            "A": to_texts(self.A),
            "B": to_texts(self.B),
        }


def quotient_product(polynomial: str, *, moduli: object = None, ring: str | int | Field = "QQ") -> QuotientProduct:
    """The product modulo a polynomial, from its factors in a field, or from coprime moduli whose product it is. Proved.

    Args:
        polynomial: monic, ``"x^4+1"``, or by name, ``"cyclic 4"``, ``"negacyclic 4"``, ``"short 4"``.
        moduli: as `winograd` takes them, without inf; by default the irreducible factors, equal ones together.
        ring: where it is factored and where entries lie: QQ, GF(p), or Z/q for an integer one.

    Raises:
        BadModulus: a polynomial that is not monic or constant.
        BadValue: a number of terms not from 1 to `MAX_TERMS`, moduli whose product is another, a scale that is no unit
            of Z/q.
        NotCoprime: moduli or their inner moduli that share a factor there.
        NotApplicable: irrational coefficients.
        BadNumber, FloatGiven: what is no polynomial or ring.

    >>> [quotient_product(f"cyclic {n}").rank for n in (2, 3, 4, 5)]
    [2, 4, 5, 8]
    >>> quotient_product("negacyclic 4").rank, quotient_product("negacyclic 4", ring="GF(17)").rank
    (7, 4)
    """
    named = _NAME.fullmatch(polynomial.strip().lower())
    if named and not 1 <= int(named[2]) <= MAX_TERMS:
        raise BadValue(f"the number of terms of {named[1]}", named[2], f"give 1 to {MAX_TERMS}")
    text = NAMED[named[1]].format(n=int(named[2])) if named else polynomial
    f = parse_polynomial(text)
    if len(f) < 2 or f[-1] != 1:
        raise BadModulus(polynomial_text(f), "give a monic polynomial in x, such as x^4+1")
    if not all(value.is_Rational for value in f):
        raise NotApplicable(f"the product modulo {polynomial_text(f)}", "a coefficient is irrational", "give rationals")
    field = read_ring(ring)
    prime = field.is_field and not field.rational
    factors = _factors(f, field if prime else Field(QQ)) if moduli is None else parse_moduli(moduli)
    chosen = tuple(with_inner_moduli(item, field) for item in factors)
    K = field.domain if prime else QQ
    _check(chosen, f, K)
    made = _made(f, chosen, K)
    return made if prime or field.rational else made.convert(field)


def _made(f: tuple[Number, ...], moduli: tuple[Modulus, ...], K: Domain) -> QuotientProduct:
    n = len(f) - 1
    taps = canonical_taps(n, n, moduli, K)
    columns = [[value / f for value in row[:n]] for row, f in zip(taps.B, taps.f, strict=True)]
    A, G, scale = taps.A, taps.G, K.one
    if Field(K).rational:
        by = [(content(a, K), content(g, K)) for a, g in zip(A, G, strict=True)]
        A, G = (
            [[value / c[side] for value in row] for row, c in zip(rows, by, strict=True)]
            for side, rows in ((0, A), (1, G))
        )
        columns = [[value * a * g for value in column] for column, (a, g) in zip(columns, by, strict=True)]
        denominators = content([value for column in columns for value in column], K)
        scale = K(int(K.denom(denominators)))
        columns = [[value * scale for value in column] for column in columns]
    rank = len(A)
    B = exact_matrix(columns, (rank, n), K).transpose()
    return QuotientProduct(
        f, moduli, exact_matrix(A, (rank, n), K), exact_matrix(G, (rank, n), K), B, K.to_sympy(scale)
    )


def _factors(f: tuple[Number, ...], field: Field) -> tuple[Modulus, ...]:
    """The irreducible factors over QQ or GF(p), equal ones together, by rising degree."""
    options = {"domain": QQ} if field.rational else {"modulus": field.modulus}
    _, pairs = Poly(list(reversed(f)), x, **options).factor_list()
    powers = sorted((factor.monic() ** count for factor, count in pairs), key=lambda p: (p.degree(), str(p)))
    found = []
    for power in powers:
        coefficients = tuple(Integer(value) if not field.rational else value for value in reversed(power.all_coeffs()))
        found.append(modulus(coefficients))
    return tuple(found)


def _check(moduli: tuple[Modulus, ...], f: tuple[Number, ...], K: Domain) -> None:
    """Their product is f, and they and all inner moduli are coprime, in the domain."""
    whole = [K.one]
    for item in moduli:
        if item.is_infinite:
            raise BadValue("a modulus", "inf", f"factors of {polynomial_text(f)} are finite")
        whole = multiply(whole, [to_element(value, K) for value in item.coefficients], K)
    if whole != [to_element(value, K) for value in f]:
        shown = polynomial_text([K.to_sympy(value) for value in whole])
        raise BadValue("the product of the moduli", shown, f"give factors of {polynomial_text(f)}")
    _check_coprime(moduli, K)


def _check_coprime(moduli: tuple[Modulus, ...], K: Domain) -> None:
    for (i, first), (j, second) in combinations(enumerate(moduli), 2):
        if first.is_infinite or second.is_infinite:
            shared = first.is_infinite and second.is_infinite
        else:
            low, high = sorted(
                ([to_element(value, K) for value in item.coefficients] for item in (first, second)), key=len
            )
            remainder = divide(low, high, K)[1] if len(low) == len(high) else low
            shared = inverse_modulo(remainder, high, K) is None
        if shared:
            raise NotCoprime(str(first), str(second), (i, j))
    for item in moduli:
        _check_coprime(item.inner, K)


def _powers(f: Sequence[Element], count: int, K: Domain) -> list[list[Element]]:
    """x^0 ... x^(count - 1) modulo f."""
    return [divide([*[K.zero] * power, K.one, *[K.zero] * len(f)], f, K)[1] for power in range(count)]


def _converted(item: Matrix, K: Domain, target: Domain) -> Matrix:
    rows = [[to_element(K.to_sympy(value), target) for value in row] for row in item.to_list()]
    return exact_matrix(rows, item.shape, target)
