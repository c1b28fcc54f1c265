# SPDX-License-Identifier: Apache-2.0
"""An algorithm's chains as integer tables, and the order in which their stages run over the axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import Any, NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Maps
from wincraft.algorithm.numeric import matrix_to_numpy
from wincraft.exact.matrix import diagonal
from wincraft.numbers.summation import Tree

Done = tuple[int, ...]
"""How many stages of a chain have run, for each axis."""


class Table(NamedTuple):
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
    def stages(self) -> list[Table]:
        """Each stage alone."""
        return [_table(stage) for stage in self._map.stages]

    @cached_property
    def products(self) -> list[Table]:
        """Entry t is the product of the first t stages: the identity first, the whole map last."""
        K = self._map.domain
        products = [diagonal([K.one] * self._map.shape[1], K)]
        for stage in self._map.stages:
            products.append(stage * products[-1])
        return [_table(product) for product in products]


class Axis:
    """The three chains of one axis."""

    def __init__(self, maps: Maps) -> None:
        self.output, self.filter, self.input = (Chain(item) for item in maps)
        self.filter_taps, self.data_length = maps.filter.shape[1], maps.input.shape[1]

    @cached_property
    def forms(self) -> list[Table]:
        """Entry t: what t stages of the output chain give, as forms of filter and data; first the products."""
        G, B = self.filter.products[-1], self.input.products[-1]
        products = G.entries[:, :, None] * B.entries[:, None, :]
        common = G.common * B.common
        return [_reduced(np.tensordot(T.entries, products, axes=1), T.common * common) for T in self.output.products]


def exact_axes(algorithm: Algorithm) -> list[Axis]:
    """The chains of every axis; equal axes share them."""
    distinct = {axis: Axis(axis.maps) for axis in dict.fromkeys(algorithm.factors)}
    return [distinct[axis] for axis in algorithm.factors]


def running(table: Table, order: Callable[[Sequence[float]], Tree]) -> Table:
    """What the rows of linear forms compute on the way to their sums, each again a form: products and partial sums.

    A term is multiplied by its coefficient where a sum begins with it, else by the magnitude, to be added or subtracted
    (as ``x2 - 4 * x0`` is); a product by 1 is the value itself.

    >>> from wincraft.numbers.summation import positive_first
    >>> running(Table(np.array([[-4, 0, 1]], dtype=object), 1), positive_first).entries.tolist()
    [[4, 0, 0], [0, 0, 1], [-4, 0, 1]]
    """
    return Table(np.array([form for row in table.entries for form in _running(row, order)]), table.common)


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


def passes(chains: Sequence[Chain]) -> Iterator[tuple[int, Done]]:
    """The axis of each pass and what is done after it: stage by stage, each stage along all axes in turn."""
    done = [0] * len(chains)
    for stage in range(max(map(len, chains))):
        for axis, chain in enumerate(chains):
            if stage < len(chain):
                done[axis] += 1
                yield axis, tuple(done)


def to_integers(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Fractions as Python integers over their least common denominator."""
    common = lcm(*(value.denominator for value in array.flat))
    return np.frompyfunc(lambda value: value.numerator * (common // value.denominator), 1, 1)(array), common


def to_fractions(integers: Any, common: int) -> np.ndarray:
    """Integers over a common denominator as Fractions; an array also of no axes."""
    return np.asarray(np.frompyfunc(lambda value: Fraction(int(value), common), 1, 1)(integers), dtype=object)


def _reduced(entries: np.ndarray, common: int) -> Table:
    divisor = gcd(common, *entries.flat)
    return Table(entries // divisor, common // divisor)


def _table(matrix: Any) -> Table:
    return Table(*to_integers(matrix_to_numpy(matrix, object)))
