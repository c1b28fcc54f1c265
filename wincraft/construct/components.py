# SPDX-License-Identifier: Apache-2.0
"""Tensor products of residue rings of several axes, taken apart into fields, each with a bilinear algorithm.

Q[x,y]/(f(x), g(y)) is K[y]/(g) over the field K = Q[x]/(f). Where g factors over K it is a product of smaller rings:
of x^2+1 with itself two copies of the Gaussian numbers, y = x and y = -x, 3 + 3 real products instead of 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

from sympy.polys.domains import QQ

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import list_of_points, point, quadratic_inner
from wincraft.construct.toom_cook import canonical_taps
from wincraft.exact.extension import Polynomial, factors_over
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.types import Element, Matrix, Vectors

Vector = list[Element]


@dataclass(frozen=True)
class BilinearProduct:
    """A product in coordinates:  u v = sum_t columns[t] (left[t] . u) (right[t] . v).  Exact, over QQ.

    >>> BilinearProduct([[1]], [[1]], [[1]]).rank
    1
    """

    left: Vectors
    right: Vectors
    columns: Vectors

    @property
    def rank(self) -> int:
        """How many products it takes."""
        return len(self.left)


@dataclass(frozen=True)
class AxisPart:
    """A residue ring of one axis: Q[y]/(polynomial), and how it is multiplied in.

    `leading` takes the leading coefficients in place of the residues; then the polynomial is y^d. `inner` are the
    moduli of the inner product of a part that does not come apart; None takes every coefficient's products apart, which
    is for y^d: g_i h_j with i + j < d.

    >>> AxisPart((0, 1), leading=True).rows(3)
    [[0, 0, 1]]
    """

    polynomial: Polynomial
    inner: tuple[Modulus, ...] | None = None
    leading: bool = False

    @property
    def degree(self) -> int:
        """Its dimension."""
        return len(self.polynomial) - 1

    def rows(self, count: int) -> Vectors:
        """The residues of polynomials of `count` coefficients, as rows over these."""
        if self.leading:
            return [[QQ(int(j == count - 1 - k)) for j in range(count)] for k in range(self.degree)]
        power, powers = [QQ.one] + [QQ.zero] * (self.degree - 1), []
        for _ in range(count):
            powers.append(power)
            lead = power[-1]
            shifted = [QQ.zero, *power[:-1]]
            power = [value - lead * c for value, c in zip(shifted, self.polynomial, strict=False)]
        return [list(row) for row in zip(*powers, strict=True)]

    def product(self, degree: int) -> BilinearProduct:
        """Of two polynomials of so many coefficients, 2 degree - 1 coefficients; of y^d only the lower d count."""
        if degree == 1:
            return BilinearProduct([[QQ.one]], [[QQ.one]], [[QQ.one]])
        if self.inner is None:
            return _schoolbook(degree)
        whole = sum(modulus.degree for modulus in self.inner) == 2 * degree - 1
        return _interpolated(degree, self.inner if whole else _default_inner(degree))


@dataclass(frozen=True)
class Component:
    """A ring of rational coordinates, the first basis element 1, and the map that takes tiles of residues to it.

    `table[i][j]` are the coordinates of e_i e_j. `field` is the minimal polynomial of a generator whose `powers` are
    given, None where it is no field.
    """

    projection: Vectors
    table: tuple[tuple[Vector, ...], ...]
    product: BilinearProduct
    field: Polynomial | None
    powers: Vectors

    @property
    def degree(self) -> int:
        """Its dimension over QQ."""
        return len(self.table)

    def times(self, u: Sequence[Element], v: Sequence[Element]) -> Vector:
        """The product of two elements by the table."""
        result = [QQ.zero] * self.degree
        for i, a in enumerate(u):
            for j, b in enumerate(v):
                if a and b:
                    result = [value + a * b * c for value, c in zip(result, self.table[i][j], strict=True)]
        return result

    def times_matrix(self, u: Sequence[Element]) -> Matrix:
        """The matrix of multiplication by an element."""
        basis = [[QQ(int(i == j)) for j in range(self.degree)] for i in range(self.degree)]
        return exact_matrix([self.times(u, unit) for unit in basis], (self.degree,) * 2, QQ).transpose()

    @cached_property
    def units(self) -> list[Vector]:
        """Invertible elements of small coordinates, up to their sign, 1 first; of a larger ring its basis."""
        if self.degree > 2 or self.field is None:
            return [[QQ(int(i == j)) for j in range(self.degree)] for i in range(self.degree if self.field else 1)]
        found = product((0, 1, -1), repeat=self.degree)
        signed = [value for value in found if any(value) and next(filter(None, value)) > 0]
        return [
            [QQ(value) for value in unit] for unit in sorted(signed, key=lambda unit: unit[0] != 1 or any(unit[1:]))
        ]

    def products(self) -> Iterator[BilinearProduct]:
        """Its own algorithm, then others of as few products: other inner points, and u v = (a u)(b v) / (a b)."""
        own = [self.product]
        if self.has_power_basis:
            own += [self._reduced(_interpolated(self.degree, inner)) for inner in interpolation_sets(self.degree)]
        units = self.units
        ahead = [self.times_matrix(unit) for unit in units]
        back = [[self.times_matrix(self.times(a, b)).inv().transpose() for b in units] for a in units]
        for plain in own:
            left, right = ([self._mapped(table, matrix) for matrix in ahead] for table in (plain.left, plain.right))
            for i, j in product(range(len(units)), repeat=2):
                yield BilinearProduct(left[i], right[j], self._mapped(plain.columns, back[i][j]))

    def _reduced(self, plain: BilinearProduct) -> BilinearProduct:
        """The product of polynomials in the second basis element, of which the others are the powers."""
        power, powers = _one(self.degree), []
        for _ in range(2 * self.degree - 1):
            powers.append(power)
            power = self.times(power, _one(self.degree, 1))
        columns = exact_matrix(plain.columns, (plain.rank, len(powers)), QQ) * _table(powers)
        return replace(plain, columns=columns.to_list())

    @property
    def has_power_basis(self) -> bool:
        """Whether it is a field in which the basis are the powers of one element: interpolation multiplies in it."""
        if self.field is None or self.degree < 2:
            return False
        units = [_one(self.degree, k) for k in range(self.degree)]
        return all(self.times(units[k], units[1]) == units[k + 1] for k in range(self.degree - 1))

    def _mapped(self, vectors: Vectors, matrix: Matrix) -> Vectors:
        rows: Vectors = (exact_matrix(vectors, (len(vectors), self.degree), QQ) * matrix).to_list()
        return rows


RATIONALS = Component(
    projection=[[QQ.one]],
    table=(([QQ.one],),),
    product=BilinearProduct([[QQ.one]], [[QQ.one]], [[QQ.one]]),
    field=(QQ.zero, QQ.one),
    powers=[[QQ.one]],
)
"""Of no axis."""


def ring_components(parts: Sequence[AxisPart]) -> list[Component]:
    """The tensor product of residue rings, one of each axis, taken apart; it takes tiles of residues row by row.

    >>> i = AxisPart((QQ(1), QQ(0), QQ(1)), quadratic_inner(1))
    >>> [part.product.rank for part in ring_components([i, i])]
    [3, 3]
    """
    found = [RATIONALS]
    for part in parts:
        found = [new for old in found for new in _extended(old, part)]
    return found


def _extended(old: Component, part: AxisPart) -> Iterator[Component]:
    """The components of old[y]/(polynomial)."""
    field = old.field or (QQ.zero, QQ.one)
    for factor, multiplicity in factors_over(part.polynomial, field):
        divisor = [_element(old, value) for value in factor]
        whole = divisor
        for _ in range(multiplicity - 1):
            whole = _polynomial_times(old, whole, divisor)
        yield _quotient(old, part, whole, multiplicity == 1 and old.field is not None)


def _element(ring: Component, value: Sequence[Element]) -> Vector:
    """The coordinates of a polynomial in the generator; of a rational number where the ring is no field."""
    result = [QQ.zero] * ring.degree
    for c, power in zip(value, ring.powers, strict=False):
        result = [x + c * y for x, y in zip(result, power, strict=True)]
    return result


def _polynomial_times(ring: Component, left: list[Vector], right: list[Vector]) -> list[Vector]:
    result = [[QQ.zero] * ring.degree for _ in range(len(left) + len(right) - 1)]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] = [x + y for x, y in zip(result[i + j], ring.times(a, b), strict=True)]
    return result


def _powers_over(ring: Component, divisor: list[Vector], count: int) -> list[list[Vector]]:
    """y^0 ... y^(count - 1) modulo a monic polynomial over the ring."""
    degree, zero = len(divisor) - 1, [QQ.zero] * ring.degree
    power = [ring.powers[0]] + [zero] * (degree - 1)
    powers = []
    for _ in range(count):
        powers.append(power)
        lead = power[-1]
        power = [
            [x - y for x, y in zip(value, ring.times(lead, c), strict=True)]
            for value, c in zip([zero, *power[:-1]], divisor, strict=False)
        ]
    return powers


def _quotient(old: Component, part: AxisPart, divisor: list[Vector], is_field: bool) -> Component:
    """old[y]/(divisor) with the coordinates (power of y, coordinate of old), the former slow."""
    D, e = old.degree, len(divisor) - 1
    powers = _powers_over(old, divisor, max(part.degree, 2 * e - 1))
    columns = [list(column) for column in zip(*old.projection, strict=True)]
    images = [
        [value for b in range(e) for value in old.times(powers[j][b], column)]
        for column in columns
        for j in range(part.degree)
    ]
    table = tuple(
        tuple([value for c in range(e) for value in old.times(powers[b + d][c], old.table[a][f])] for d, f in places)
        for places in [[(b, a) for b in range(e) for a in range(D)]]
        for b, a in places
    )
    inner = part.product(e)
    lifted = [
        [
            sum((g * value for g, value in zip(gamma, line, strict=True)), QQ.zero)
            for b in range(e)
            for line in zip(*(old.times(powers[k][b], column) for k in range(2 * e - 1)), strict=True)
        ]
        for gamma in inner.columns
        for column in old.product.columns
    ]
    left, right = (
        [[x * y for x in outer for y in row] for outer in outers for row in rows]
        for outers, rows in ((inner.left, old.product.left), (inner.right, old.product.right))
    )
    ring = Component(
        projection=[list(row) for row in zip(*images, strict=True)],
        table=table,
        product=BilinearProduct(left, right, lifted),
        field=None,
        powers=[_one(D * e)],
    )
    return _with_generator(ring, old) if is_field else ring


def _with_generator(ring: Component, old: Component) -> Component:
    """The ring, which is a field, with a generator y + c t and its minimal polynomial."""
    n, D = ring.degree, old.degree
    t = [*old.powers[1], *[QQ.zero] * (n - D)] if D > 1 else [QQ.zero] * n
    y = [QQ(int(k == D)) for k in range(n)] if n > D else [QQ.zero] * n
    for c in range(n**2 + 1):
        generator = [a + c * b for a, b in zip(y, t, strict=True)] if n > D else t
        powers = [_one(n)]
        for _ in range(n):
            powers.append(ring.times(powers[-1], generator))
        matrix = exact_matrix(powers[:n], (n, n), QQ).transpose()
        top = exact_matrix([powers[n]], (1, n), QQ).transpose()
        reduced, pivots = matrix.hstack(top).rref()
        if pivots == tuple(range(n)):
            low = [-row[n] for row in reduced.to_list()]
            return replace(ring, field=(*low, QQ.one), powers=powers[:n])
    raise AssertionError("some y + c t generates a separable extension")


def _one(degree: int, place: int = 0) -> Vector:
    return [QQ(int(k == place)) for k in range(degree)]


def _table(rows: Vectors) -> Matrix:
    return exact_matrix(rows, (len(rows), len(rows[0])), QQ)


def interpolation_sets(degree: int) -> Iterator[tuple[Modulus, ...]]:
    """The points on which two polynomials of so many coefficients are multiplied: Karatsuba's and Toom's variants.

    All sets of 2 degree - 1 of the first points by height and infinity: of degree 2 those of 0, 1, -1 and infinity,
    beyond of two further points.

    >>> [" ".join(map(str, points)) for points in interpolation_sets(2)]
    ['0 1 -1', '0 1 inf', '0 -1 inf', '1 -1 inf']
    """
    yield from combinations((*list_of_points(2 * degree - 1), point("inf")), 2 * degree - 1)


def _default_inner(degree: int) -> tuple[Modulus, ...]:
    return quadratic_inner(1) if degree == 2 else (*list_of_points(2 * degree - 2), point("inf"))


def _interpolated(degree: int, inner: tuple[Modulus, ...]) -> BilinearProduct:
    taps = canonical_taps(degree, degree, inner)
    columns = [[value / f for value in row] for row, f in zip(taps.B, taps.f, strict=True)]
    return BilinearProduct(taps.A, taps.G, columns)


def _schoolbook(degree: int) -> BilinearProduct:
    pairs = [(i, j) for i in range(degree) for j in range(degree - i)]
    unit = [_unit(2 * degree - 1, k) for k in range(degree)]
    left, right = ([_unit(degree, pair[side]) for pair in pairs] for side in (0, 1))
    return BilinearProduct(left, right, [unit[i + j] for i, j in pairs])


def _unit(size: int, at: int) -> Vector:
    return [QQ(int(k == at)) for k in range(size)]
