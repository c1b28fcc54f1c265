# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles from residue rings of several axes: fewer products than nesting where these come apart.

The product of polynomials in d variables is computed modulo a polynomial in each, which makes it a tensor product of
residue rings for every choice of one modulus per axis. `ring_components` takes each apart over its number fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import accumulate, product
from math import prod

from sympy.polys.domains import QQ

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Maps, Pass, whole_maps
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.recipe import Recipe, size_words
from wincraft.construct.components import AxisPart, BilinearProduct, Component, ring_components
from wincraft.construct.conventions import CONVENTIONS
from wincraft.construct.scaling import content
from wincraft.construct.toom_cook import Taps
from wincraft.errors import NotApplicable, TooLarge
from wincraft.exact.matrix import exact_matrix, kronecker
from wincraft.exact.number import to_element
from wincraft.exact.types import Element, Matrix, Vectors

MAX_WHOLE_TILE = 256
"""Most data of a tile that is not taken axis by axis: 16x16."""

Sizes = Sequence[tuple[int, int]]


def whole_tile(
    sizes: Sizes, axes: Sequence[Sequence[AxisPart]], convention: str, recipe: Sequence[Recipe]
) -> Algorithm:
    """The proved algorithm of residue rings along each axis, together of degree m + r - 1 there.

    Every component is multiplied in by the quietest of the products that it offers, by noise gain.

    Raises:
        NotApplicable: for a convention that looks at the points of one axis.
        TooLarge: beyond `MAX_WHOLE_TILE`.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> parts = [[axis_part(item) for item in parse_moduli("0,1,-1,x^2+1,inf")]] * 2
    >>> whole_tile([(4, 3), (4, 3)], parts, "wincnn", [Recipe()] * 2)
    F(4x4,3x3), rank 46, scale 1, proved
    """
    m, r = zip(*sizes, strict=True)
    n = [a + b - 1 for a, b in sizes]
    if prod(n) > MAX_WHOLE_TILE:
        repair = "nest an algorithm of each axis (--nested)"
        raise TooLarge(f"a whole tile of {size_words(m, r)}", f"{prod(n)} data", f"at most {MAX_WHOLE_TILE}; {repair}")
    if convention in ("lavin", "homogeneous") and len(sizes) > 1:
        repair = "take another convention, or nest (--nested)"
        raise NotApplicable(f"convention {convention}", "whole tiles have no points", repair)
    recombined = [_recombination(parts, size) for size, parts in zip(n, axes, strict=True)]
    taps, residues = _tile_taps(sizes, axes, recombined)
    scaling = CONVENTIONS[convention](taps)
    if len(sizes) == 1 or convention == "integer":  # what lies between stages is rational in general
        A, G, B = (_matrix(rows) for rows in scaling.vectors(taps))
        maps = whole_maps([A.transpose(), G, B], m, r)
    else:
        A, G, B = (_matrix(rows) for rows in scaling.vectors(residues))
        data, filters = ([_residues(parts, k) for parts, k in zip(axes, side, strict=True)] for side in (m, r))
        columns = [blocks[0].hstack(*blocks[1:]).transpose() for blocks, _ in recombined]
        maps = Maps(_through(data, A).transpose(), _through(filters, G), _through(columns, B))
    return Algorithm(*maps, scale=scaling.scale, recipe=tuple(recipe))


def _through(axes: Sequence[Matrix], last: Matrix) -> LinearMap:
    """A matrix along each axis, then one for the whole tile."""
    along = [Pass(matrix, axis) for axis, matrix in enumerate(axes)]
    return LinearMap(tuple(matrix.shape[1] for matrix in axes), (*along, Pass(last, None, last.shape[:1])))


def _residues(parts: Sequence[AxisPart], count: int) -> Matrix:
    return _matrix([row for part in parts for row in part.rows(count)])


def axis_part(modulus: Modulus) -> AxisPart:
    """The residue ring of a rational modulus.

    >>> from wincraft.construct.moduli import point
    >>> axis_part(point("1/2")).polynomial
    (-1/2, 1)
    """
    if modulus.is_infinite:
        return AxisPart((QQ.zero, QQ.one), (), leading=True)
    return AxisPart(tuple(to_element(value, QQ) for value in modulus.coefficients), modulus.inner)


def split_tile(sizes: Sizes, moduli: Sequence[tuple[Modulus, ...]], convention: str) -> Algorithm | None:
    """The algorithm of complete moduli of each axis, where residue rings come apart so that it beats nesting.

    None where they do not, beyond `MAX_WHOLE_TILE` and for moduli that are not rational.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> print(split_tile([(2, 3), (2, 3)], [parse_moduli("0,1,-1,inf")] * 2, "wincnn"))
    None
    """
    several = sum(any(item.degree > 1 for item in axis) for axis in moduli) > 1
    rational = all(value.is_Rational for axis in moduli for item in axis for value in item.numbers)
    if not several or not rational or prod(m + r - 1 for m, r in sizes) > MAX_WHOLE_TILE:
        return None
    axes = [[axis_part(item) for item in axis] for axis in moduli]
    if products_of(axes) == prod(sum(item.taps for item in axis) for axis in moduli):
        return None
    return whole_tile(sizes, axes, convention, [Recipe(axis, convention) for axis in moduli])


def products_of(axes: Sequence[Sequence[AxisPart]]) -> int:
    """How many products the residue rings of all axes take together.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> products_of([[axis_part(item) for item in parse_moduli("x^2+x+1,x^2-x+1")]] * 2)
    24
    """
    return sum(ring.product.rank for parts in product(*axes) for ring in _taken_apart(parts))


def _taken_apart(parts: Sequence[AxisPart]) -> list[Component]:
    """The components, fields first: a ring with nilpotent elements does not come apart further."""
    order = sorted(range(len(parts)), key=lambda axis: parts[axis].inner is None)
    found = ring_components([parts[axis] for axis in order])
    if order == list(range(len(parts))):
        return found
    lengths = [parts[axis].degree for axis in order]
    places = [
        _flat([at[order.index(k)] for k in range(len(parts))], [part.degree for part in parts])
        for at in product(*map(range, lengths))
    ]

    return [replace(ring, projection=[_spread(row, places, len(row)) for row in ring.projection]) for ring in found]


def _flat(index: Sequence[int], lengths: Sequence[int]) -> int:
    return reduce(lambda at, pair: at * pair[1] + pair[0], zip(index, lengths, strict=True), 0)


def _tile_taps(
    sizes: Sizes, axes: Sequence[Sequence[AxisPart]], recombined: Sequence[_Recombination]
) -> tuple[Taps, Taps]:
    """The taps on whole tiles, and with the same factors those on the residues of all axes."""
    m, r = (prod(side) for side in zip(*sizes, strict=True))
    taps, residues = (Taps(m, r, (), QQ, [], [], [], []) for _ in range(2))
    lengths = [a + b - 1 for a, b in sizes]
    starts = [list(accumulate((part.degree for part in parts), initial=0)) for parts in axes]
    for chosen in product(*(range(len(parts)) for parts in axes)):
        parts = [axis[k] for axis, k in zip(axes, chosen, strict=True)]
        data, filters = (
            reduce(kronecker, (_matrix(part.rows(size[side])) for part, size in zip(parts, sizes, strict=True)))
            for side in (0, 1)
        )
        columns, change = (
            reduce(kronecker, (both[side][k] for both, k in zip(recombined, chosen, strict=True))) for side in (0, 1)
        )
        ranges = (range(at[k], at[k + 1]) for at, k in zip(starts, chosen, strict=True))
        places = [_flat(at, lengths) for at in product(*ranges)]
        rings = _taken_apart(parts)
        back = _matrix([row for ring in rings for row in ring.projection]).inv().to_list()
        start = 0
        for ring in rings:
            own = change * _matrix([row[start : start + ring.degree] for row in back])
            start += ring.degree
            projection = _matrix(ring.projection)
            plain = _quietest(ring, projection * data, projection * filters, columns * own)
            tables = plain.left, plain.right, plain.columns
            into = projection, projection, own.transpose()
            rows = [(_matrix(table) * matrix).to_list() for table, matrix in zip(tables, into, strict=True)]
            leads = _add(taps, rows, (data, filters, columns.transpose()))
            spread = [[_spread(row, places, prod(lengths)) for row in table] for table in rows]
            residues.A.extend(spread[0])
            residues.G.extend(spread[1])
            residues.B.extend([value / lead for value in row] for row, lead in zip(spread[2], leads, strict=True))
            residues.f.extend(taps.f[len(residues.f) :])
    return taps, residues


def _add(taps: Taps, rows: Sequence[Vectors], maps: Sequence[Matrix]) -> list[Element]:
    """The taps of a component: rows of A and G, and monic rows of B, whose leading values are given."""
    leads = []
    for a, g, b in zip(*((_matrix(t) * matrix).to_list() for t, matrix in zip(rows, maps, strict=True)), strict=True):
        lead = next(value for value in reversed(b) if value)
        taps.A.append(a)
        taps.G.append(g)
        taps.B.append([value / lead for value in b])
        taps.f.append(QQ.one / lead)
        leads.append(lead)
    return leads


def _spread(row: Sequence[Element], places: Sequence[int], length: int) -> list[Element]:
    result = [QQ.zero] * length
    for value, place in zip(row, places, strict=True):
        result[place] = value
    return result


def _quietest(ring: Component, data: Matrix, filters: Matrix, columns: Matrix) -> BilinearProduct:
    """The first of the component's products with the least noise gain."""
    if ring.degree == 1:
        return ring.product
    grams = data * data.transpose(), filters * filters.transpose(), columns.transpose() * columns
    return min(ring.products(), key=lambda plain: _noise(plain, grams))


def _noise(plain: BilinearProduct, grams: Sequence[Matrix]) -> Element:
    gains = zip(
        *(_squares(table, gram) for table, gram in zip((plain.left, plain.right, plain.columns), grams, strict=True)),
        strict=True,
    )
    total: Element = sum((a * g * b for a, g, b in gains), QQ.zero)
    return total


def _squares(table: Vectors, gram: Matrix) -> list[Element]:
    images = (_matrix(table) * gram).to_list()
    return [sum((x * y for x, y in zip(*pair, strict=True)), QQ.zero) for pair in zip(table, images, strict=True)]


_Recombination = tuple[list[Matrix], list[Matrix]]


def _recombination(parts: Sequence[AxisPart], n: int) -> _Recombination:
    """For each part columns of small integers, and the matrix that its residues go through before them.

    The columns give what the part adds to the polynomial of n coefficients.
    """
    inverse = _residues(parts, n).inv().to_list()
    columns, changes, start = [], [], 0
    for part in parts:
        block = _matrix([row[start : start + part.degree] for row in inverse]).transpose()
        small = _matrix(_small_rows(block.to_list()))
        gram = small * small.transpose()
        changes.append((block * small.transpose() * gram.inv()).transpose())
        columns.append(small.transpose())
        start += part.degree
    return columns, changes


def _small_rows(rows: Vectors) -> Vectors:
    """Rows of small integers that span the same space: sums and differences of the given ones, without a divisor."""
    primitive = [[value / content(row, QQ) for value in row] for row in rows]
    found = []
    for signs in product((0, 1, -1), repeat=len(rows)):
        row = [
            sum((s * x for s, x in zip(signs, column, strict=True)), QQ.zero) for column in zip(*primitive, strict=True)
        ]
        if next(filter(None, signs), -1) > 0:
            found.append([value / content(row, QQ) for value in row])
    found.sort(key=lambda row: sum(map(abs, row)))
    _, chosen = _matrix(found).transpose().rref()
    return [found[k] for k in chosen]


def _matrix(rows: Vectors) -> Matrix:
    return exact_matrix(rows, (len(rows), len(rows[0])), QQ)
