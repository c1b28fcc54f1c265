# SPDX-License-Identifier: Apache-2.0
"""An algorithm's maps as integer tables, along each axis, and the order of their passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.algorithm.linear_map import LinearMap, Maps, Pass
from wincraft.circuit.program import Program
from wincraft.exact.matrix import diagonal, exact_matrix
from wincraft.exact.number import is_negative
from wincraft.exact.types import Element, Matrix
from wincraft.numbers.summation import Tree

Done = tuple[int, ...]
"""How many stages of a chain have run, for each axis."""


class Forms(NamedTuple):
    """Linear or bilinear forms, row by row: coefficients entries / common, Python integers in an array.

    Linear forms have entries (rows, inputs), bilinear ones (rows, filter taps, inputs).
    """

    entries: np.ndarray
    common: int

    @property
    def sums(self) -> np.ndarray:
        """The sum of each row's entries."""
        return np.asarray(self.entries.reshape(len(self.entries), -1).sum(axis=1))

    @property
    def norms(self) -> np.ndarray:
        """The sum of their magnitudes."""
        return np.asarray(abs(self.entries).reshape(len(self.entries), -1).sum(axis=1))

    @property
    def grid(self) -> Fraction:
        """The largest number of which all coefficients are integer multiples."""
        return Fraction(gcd(*self.entries.flat), self.common)


class Chain:
    """The stages of one map; irrational entries are correct to 60 digits."""

    def __init__(self, linear_map: LinearMap) -> None:
        self._map = linear_map

    def __len__(self) -> int:
        return len(self._map.stages)

    @cached_property
    def stages(self) -> list[Forms]:
        """Each stage alone."""
        return [_table(stage) for stage in self._map.stages]

    @cached_property
    def products(self) -> list[Forms]:
        """Entry t is the product of the first t stages: the identity first, the whole map last."""
        K = self._map.domain
        products = [diagonal([K.one] * self._map.shape[1], K)]
        for stage in self._map.stages:
            products.append(stage * products[-1])
        return [_table(product) for product in products]


class AxisTables:
    """The three chains of one axis."""

    def __init__(self, maps: Maps) -> None:
        self.output, self.filter, self.input = (Chain(item) for item in maps)
        self.filter_taps, self.data_length = maps.filter.shape[1], maps.input.shape[1]

    @cached_property
    def forms(self) -> list[Forms]:
        """Entry t: what t stages of the output chain give, as forms of filter and data; first the products."""
        G, B = self.filter.products[-1], self.input.products[-1]
        products = G.entries[:, :, None] * B.entries[:, None, :]
        common = G.common * B.common
        return [_reduced(np.tensordot(T.entries, products, axes=1), T.common * common) for T in self.output.products]


class Tables:
    """The chains of every axis and the order of the passes; axes that are alike share theirs."""

    def __init__(self, algorithm: Algorithm) -> None:
        maps = axis_maps(algorithm)
        made = {id(item): AxisTables(item) for item in maps}
        self.axes = [made[id(item)] for item in maps]
        self.start: Done = (0,) * len(maps)
        several = len(maps) > 1
        self._maps, self._separable = algorithm.maps._asdict(), algorithm.separable
        self._order = {
            name: [step.axis if several and step.axis else 0 for step in item.passes]
            for name, item in self._maps.items()
        }

    def chains(self, kind: str) -> list[Chain]:
        """Those of one map: "output", "filter" or "input"."""
        return [getattr(axis, kind) for axis in self.axes]

    def step(self, kind: str, number: int) -> Pass:
        """A pass of one map, as the algorithm has it."""
        step: Pass = self._maps[kind].passes[number]
        return step

    def stage(self, kind: str, number: int) -> Forms:
        """The forms of such a pass, along its axis; of whole tiles where the algorithm is."""
        axis, done = list(self.passes(kind))[number]
        return self.chains(kind)[axis].stages[done[axis] - 1]

    def program_forms(self, kind: str, number: int, program: Program) -> Forms:
        """What a program of a pass computes, products by constants included, as `stage` has what it gives."""
        rows = computed_rows(program)
        forms = exact_matrix(rows, (len(rows), program.inputs), program.domain)
        step, tile = self._maps[kind].passes[number], self._maps[kind].shapes[number]
        whole = not self._separable and step.axis is not None
        return _table(Pass(forms, step.axis).whole(tile) if whole else forms)

    def passes(self, kind: str) -> Iterator[tuple[int, Done]]:
        """The axis of each pass of one map, and what is done after it."""
        done = list(self.start)
        for axis in self._order[kind]:
            done[axis] += 1
            yield axis, tuple(done)


def axis_maps(algorithm: Algorithm) -> list[Maps]:
    """The maps along each axis; where passes take whole tiles, those of the flattened tile as of one axis.

    Axes that are alike share theirs. Their Kronecker products are the maps of the algorithm.

    >>> from wincraft import winograd
    >>> [maps.input.shape for maps in axis_maps(winograd("F(2x4,3x3)"))]
    [(4, 4), (6, 6)]
    """
    if algorithm.separable:
        made = {axis: axis.maps for axis in dict.fromkeys(algorithm.factors)}
        return [made[axis] for axis in algorithm.factors]
    return [Maps(*(_flattened(item) for item in algorithm.maps))]


def _flattened(item: LinearMap) -> LinearMap:
    return LinearMap.of(*(step.whole(tile) for step, tile in zip(item.passes, item.shapes, strict=False)))


def computed_rows(program: Program) -> list[list[Element]]:
    """Every value that a program computes as a row of factors of its inputs, the products of fused operations too.

    >>> computed_rows(Program.build(2, [("fma", 0, 1, "-4")], [2]))
    [[0, 4], [1, -4]]
    """
    rows, found = program.rows, []
    for number, operation in enumerate(program.operations, program.inputs):
        if operation.name in ("fma", "fms"):
            value, c = operation.terms[1]
            found.append([(-c if is_negative(c, program.domain) else c) * x for x in rows[value]])
        found.append(rows[number])
    return found or [rows[value] for value in program.outputs]


def running(table: Forms, order: Callable[[Sequence[float]], Tree]) -> Forms:
    """What the rows of linear forms compute on the way to their sums, each again a form: products and partial sums.

    A term is multiplied by its coefficient where a sum begins with it, else by the magnitude, to be added or subtracted
    (as ``x2 - 4 * x0`` is); a product by 1 is the value itself.

    >>> from wincraft.numbers.summation import positive_first
    >>> running(Forms(np.array([[-4, 0, 1]], dtype=object), 1), positive_first).entries.tolist()
    [[4, 0, 0], [0, 0, 1], [-4, 0, 1]]
    """
    return Forms(np.array([form for row in table.entries for form in _running(row, order)]), table.common)


def _running(row: np.ndarray, order: Callable[[Sequence[float]], Tree]) -> Iterator[np.ndarray]:
    tree, unit = order(row.tolist()), np.eye(len(row), dtype=object)
    begins = {i for i, _ in tree.additions} | {tree.root}
    sums = {j: row[j] * unit[j] for j in tree.terms}
    yield from (term if j in begins else abs(term) for j, term in sums.items())
    for i, j in tree.additions:
        sums[i] = sums[i] + sums[j]
        yield sums[i]
    if tree.root is None:
        yield row


def to_integers(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Fractions as Python integers over their least common denominator."""
    common = lcm(*(value.denominator for value in array.flat))
    return np.frompyfunc(lambda value: value.numerator * (common // value.denominator), 1, 1)(array), common


def to_fractions(integers: ArrayLike, common: int) -> np.ndarray:
    """Integers over a common denominator as Fractions; an array also of no axes."""
    return np.asarray(np.frompyfunc(lambda value: Fraction(int(value), common), 1, 1)(integers), dtype=object)


def _reduced(entries: np.ndarray, common: int) -> Forms:
    divisor = gcd(common, *entries.flat)
    return Forms(entries // divisor, common // divisor)


def _table(matrix: Matrix) -> Forms:
    return Forms(*to_integers(matrix_to_numpy(matrix, object)))
