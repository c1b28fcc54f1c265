# SPDX-License-Identifier: Apache-2.0
"""The ways to make an algorithm for a kernel: points, moduli, whole tiles, tiles side by side, Fourier, Karatsuba."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.construct.catalogue import catalogue
from wincraft.construct.fourier import CYCLES
from wincraft.construct.karatsuba import FORMS
from wincraft.construct.moduli import parse_moduli
from wincraft.construct.winograd import winograd

SIMPLE_POINTS = ("1", "-1", "2", "-2", "1/2", "-1/2")
"""Points that go with 0, moduli of higher degree and inf."""
HIGHER = ("x^2+1", "x^2+x+1", "x^2-x+1")
"""Moduli of higher degree with coefficients 0, 1 and -1 that are irreducible and quiet."""
MOST_HIGHER = 2
"""Of them in one set."""
POINT_USES = ("accuracy", "dyadic", "integer", "cheap")
"""Sets of the catalogue that are nested."""


@dataclass(frozen=True)
class Construction:
    """How an algorithm is made: a size or a written construction, and what goes with it.

    >>> Construction("moduli", "4x4,3x3", moduli="0,1,-1,x^2+1,inf").make().rank
    46
    """

    family: str
    size: str
    points: str | None = None
    moduli: str | None = None
    nested: bool = False

    def make(self) -> Algorithm:
        """The proved algorithm."""
        return winograd(self.size, points=self.points, moduli=self.moduli, nested=self.nested)

    @property
    def words(self) -> str:
        """As ``wincraft generate`` takes it.

        >>> Construction("moduli", "4x4,3x3", moduli="0,1,-1,x^2+1,inf", nested=True).words
        '4x4,3x3 --moduli 0,1,-1,x^2+1,inf --nested'
        """
        points = f" --points {self.points}" if self.points else ""
        moduli = f" --moduli {self.moduli}" if self.moduli else ""
        return f"{self.size}{points}{moduli}{' --nested' * self.nested}"


def _of_points(m: int, r: int, axes: int) -> Iterator[Construction]:
    """The catalogue's sets of `POINT_USES`, nested."""
    entry = catalogue().get((m, r))
    seen: set[str] = set()
    for use in POINT_USES:
        choice = None if entry is None else entry.uses.get(use)
        if choice is not None and choice.moduli not in seen:
            seen.add(choice.moduli)
            yield Construction("points", size_text(m, r, axes), points=use)


def _of_catalogue(m: int, r: int, axes: int) -> Iterator[Construction]:
    """The catalogue's whole tiles on moduli, of images."""
    entry = catalogue().get((m, r))
    for use, choice in entry.tile_choices if entry is not None and axes == 2 else ():
        if choice.moduli is not None:
            yield Construction("whole tiles", size_text(m, r, axes), points=use)


def _of_moduli(m: int, r: int, axes: int) -> Iterator[Construction]:
    """Every choice of moduli of higher degree with quiet points, as whole tiles and nested."""
    for count in range(1, MOST_HIGHER + 1):
        for higher in combinations(HIGHER, count):
            for moduli, _ in quiet_sets(m, r, higher, SIMPLE_POINTS)[:1]:
                size = size_text(m, r, axes)
                yield Construction("whole tiles" if axes > 1 else "moduli", size, moduli=moduli)
                if axes > 1:
                    yield Construction("moduli, nested", size, moduli=moduli, nested=True)


def _fourier(m: int, r: int, axes: int) -> Iterator[Construction]:
    """Symbolic Fourier convolution, where fewer data are corrections than are not."""
    for points in CYCLES:
        if max(r, points) <= m + r - 1 < 2 * points:
            yield Construction("fourier", f"SFC-{points}({size_text(m, r, axes)})")


def _beside(m: int, r: int, axes: int) -> Iterator[Construction]:
    """Two tiles side by side along each axis, of 2 outputs or more."""
    for first in range((m + 1) // 2, m - 1):
        outputs = "x".join([f"{first}+{m - first}"] * axes)
        yield Construction("side by side", f"{outputs},{_repeated(r, axes)}")


def _karatsuba(m: int, r: int, axes: int) -> Iterator[Construction]:
    """The Karatsuba-like formula of the larger of m and r, nested."""
    if max(m, r) in FORMS and min(m, r) > 1:
        yield Construction("Karatsuba-like", f"Karatsuba({size_text(m, r, axes)})")


def _iterated(m: int, r: int, axes: int) -> Iterator[Construction]:
    """F(k,k) of the catalogue around F(m/k, r/k), nested."""
    for step in range(2, min(m, r)):
        if m % step == r % step == 0 and min(m, r) > step:
            sides = (f"{step}*{side // step}" for side in (m, r))
            yield Construction("iterated", ",".join("x".join([side] * axes) for side in sides))


FAMILIES: dict[str, Callable[[int, int, int], Iterator[Construction]]] = {
    "points": _of_points,
    "catalogue": _of_catalogue,
    "moduli": _of_moduli,
    "fourier": _fourier,
    "beside": _beside,
    "karatsuba": _karatsuba,
    "iterated": _iterated,
}
"""The registry: name to what it makes of F(m,r) along so many axes."""


def constructions(m: int, r: int, axes: int = 2) -> Iterator[Construction]:
    """Every construction of F(m,r) along alike axes, family by family.

    Of moduli of higher degree every choice of one or two of `HIGHER` is there once, with the points of `SIMPLE_POINTS`
    that are quietest along one axis, nested and as whole tiles.

    >>> [item.words for item in constructions(2, 2) if item.family != "points"][:3]
    ['2x2,2x2 --moduli 0,x^2+1', '2x2,2x2 --moduli 0,x^2+1 --nested', '2x2,2x2 --moduli 0,x^2+x+1']
    """
    for family in FAMILIES.values():
        yield from family(m, r, axes)


def quiet_sets(m: int, r: int, higher: Sequence[str], points: Sequence[str]) -> list[tuple[str, float]]:
    """All sets of moduli of F(m,r) that hold 0, all of `higher` and further ones of the points, with inf or without.

    The quietest first, by the noise gain of one axis with the better inner points; that is given beside each. Points
    that are given as one text, ``"2,-2"``, are taken together.

    >>> quiet_sets(4, 3, ["x^2+1"], ["1", "-1", "2"])[0][0], quiet_sets(4, 3, ["x^2+1"], ["1,-1", "2,-2"])[0][0]
    ('0,1,-1,x^2+1,inf', '0,1,-1,x^2+1,inf')
    """
    wanted = m + r - 2 - sum(item.degree for item in parse_moduli(higher))
    sizes = {text: text.count(",") + 1 for text in points}
    found = []
    for ends in (["inf"], []):
        for count in range(wanted - len(ends) + 1):
            for chosen in combinations(points, count):
                if sum(sizes[text] for text in chosen) == wanted - len(ends):
                    text = ",".join(["0", *chosen, *higher, *ends])
                    found.append((text, axis_gain(m, r, parse_moduli(text))))
    return sorted(found, key=lambda pair: pair[1])


def axis_gain(m: int, r: int, moduli: Sequence[Modulus]) -> float:
    """The noise gain of one axis on complete moduli of degree 1 and 2, those with the quieter of the inner points +-1.

    In float64, without a proof.

    >>> two = parse_moduli("0,1,-1,x^2+1@-1,inf")
    >>> f"{axis_gain(4, 3, two):.6f} {float(winograd(4, 3, moduli=two).noise_gain()):.6f}"
    '1.833333 1.833333'
    """
    n = m + r - 1
    inverse = np.linalg.inv(np.concatenate([_residues(item, n) for item in moduli]))
    total, start = 0.0, 0
    for item in moduli:
        tables = _residues(item, m), _residues(item, r)
        back = inverse[:, start : start + item.degree].T
        start += item.degree
        total += min(
            sum_of_squares(inner @ tables[0], inner @ tables[1], columns @ back) for inner, columns in _inner(item)
        )
    return total / (m * r)


def sum_of_squares(*tables: np.ndarray) -> float:
    """The sum over rows of the products of their squared norms.

    >>> sum_of_squares(np.eye(2), 2 * np.eye(2))
    8.0
    """
    return float(np.sum(np.prod([np.sum(table**2, axis=1) for table in tables], axis=0)))


def _residues(item: Modulus, count: int) -> np.ndarray:
    """The remainders of x^0 ... x^(count - 1), a column each; for infinity the leading coefficient."""
    if item.is_infinite:
        return np.eye(count)[-1:]
    low = [float(value) for value in item.coefficients[:-1]]
    rows = np.zeros((len(low), count))
    power = [1.0, *[0.0] * (len(low) - 1)]
    for k in range(count):
        rows[:, k] = power
        power = [x - power[-1] * c for x, c in zip([0.0, *power[:-1]], low, strict=True)]
    return rows


def _inner(item: Modulus) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What is multiplied, and the columns of the product, for one inner point or the other."""
    if item.degree == 1:
        yield np.eye(1), np.eye(1)
        return
    constant, linear, _ = (float(value) for value in item.coefficients)
    for c in (1.0, -1.0):
        yield np.array([[1, 0], [1, c], [0, 1]]), np.array([[1, -c], [0, c], [-constant, -c - linear]])


def size_text(m: int, r: int, axes: int) -> str:
    """``4x4,3x3`` of 4, 3 and 2 axes.

    >>> size_text(4, 3, 2)
    '4x4,3x3'
    """
    return f"{_repeated(m, axes)},{_repeated(r, axes)}"


def _repeated(value: int, axes: int) -> str:
    return "x".join([str(value)] * axes)
