# SPDX-License-Identifier: Apache-2.0
"""A linear map of tiles as a list of exact passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from wincraft.algorithm.display import display_chain
from wincraft.errors import BadShape, check_type
from wincraft.exact.field import Field
from wincraft.exact.matrix import check_matrix, diagonal, from_numbers, kronecker, to_numbers, to_texts
from wincraft.exact.types import Domain, Element, Matrix


class Pass(NamedTuple):
    """One exact matrix applied along one axis of a tile; or, where `axis` is None, to the whole tile, row by row.

    `image` is the shape of what a matrix for the whole tile gives; along an axis it follows from the tile.

    >>> from wincraft import winograd
    >>> step = winograd("F(2x4,3x3)").input.passes[1]
    >>> step.axis, step.matrix.shape, step.shape_after((4, 6))
    (1, (6, 6), (4, 6))
    """

    matrix: Matrix
    axis: int | None = 0
    image: tuple[int, ...] = ()

    def shape_after(self, tile: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what it makes of a tile."""
        if self.axis is None:
            return self.image
        return (*tile[: self.axis], self.matrix.shape[0], *tile[self.axis + 1 :])

    def fits(self, tile: tuple[int, ...]) -> bool:
        """Whether it can be applied to tiles of this shape."""
        rows, columns = self.matrix.shape
        if self.axis is None:
            return columns == prod(tile) and rows == prod(self.image)
        return 0 <= self.axis < len(tile) and columns == tile[self.axis]

    def apply(self, values: Sequence[Element], tile: tuple[int, ...]) -> list[Element]:
        """The image of a tile of domain elements, both row by row."""
        rows, zero = self.matrix.to_list(), self.matrix.domain.zero
        length, trailing = (len(values), 1) if self.axis is None else (tile[self.axis], prod(tile[self.axis + 1 :]))
        result: list[Element] = []
        for start in range(0, len(values), length * trailing):
            block = values[start : start + length * trailing]
            columns = [block[k::trailing] for k in range(trailing)]
            result += [
                sum((a * x for a, x in zip(row, column, strict=True) if a), zero) for row in rows for column in columns
            ]
        return result

    def whole(self, tile: tuple[int, ...]) -> Matrix:
        """Its matrix for the whole tile, flattened row by row: the identity beside it along the other axes."""
        if self.axis is None:
            return self.matrix
        K = self.matrix.domain
        before, after = (diagonal([K.one] * prod(part), K) for part in (tile[: self.axis], tile[self.axis + 1 :]))
        return kronecker(kronecker(before, self.matrix), after)


@dataclass(frozen=True)
class LinearMap:
    """A list of exact passes over a tile; rounding can only happen between them.

    The map takes tiles of the shape `tile` through `passes` in their order, which is data: nobody chooses another.
    Of one axis it is  x -> S_t ... S_2 S_1 x,  see `LinearMap.of`. All entries lie in one domain. Exact.

    Raises:
        BadShape: where a pass does not fit what is before it.
        NotApplicable: for passes that are no matrices.

    >>> from wincraft import winograd
    >>> winograd("F(2x2,3x3)").input
    LinearMap of 4x4 along axis 0, 4x4 along axis 1 over QQ
    """

    tile: tuple[int, ...]
    passes: tuple[Pass, ...]

    def __post_init__(self) -> None:
        check_type("a list of passes", self.passes, tuple, "give a tuple of Pass; LinearMap.of takes matrices")
        if not self.passes:
            raise BadShape("a list of passes", "()", "at least one pass")
        whole = [step for step in self.passes if step.axis is None]
        if whole and len(self.tile) == 1 and all(len(step.image) < 2 for step in whole):  # the axis is the whole tile
            object.__setattr__(self, "passes", tuple(Pass(step.matrix) for step in self.passes))
        shape = self.tile
        for step in self.passes:
            check_matrix(step.matrix)
            if not step.fits(shape) or step.matrix.domain != self.domain:
                given = f"{step.matrix.shape} over {step.matrix.domain}"
                raise BadShape("a pass", given, f"(any, {_length(shape, step.axis)}) over {self.domain}")
            shape = step.shape_after(shape)

    @classmethod
    def of(cls, *stages: Matrix) -> LinearMap:
        """The map of one axis with these stages, in the order in which they are applied.

        Raises:
            BadShape, NotApplicable: as the class.

        >>> from wincraft.exact.matrix import rational_matrix
        >>> from sympy import QQ
        >>> swap = rational_matrix([[0, 1], [1, 0]])
        >>> LinearMap.of(diagonal([QQ(1, 2), QQ(1)], QQ), swap).texts
        [['0', '1'], ['1/2', '0']]
        """
        for stage in stages[:1]:
            check_matrix(stage)
        return cls(tuple(stage.shape[1] for stage in stages[:1]), tuple(Pass(stage) for stage in stages))

    def __reduce__(self) -> tuple[object, ...]:
        field, K = Field(self.domain), self.domain
        extension = [] if field.rational or not field.ordered else list(K.orig_ext)
        passes = [(to_numbers(step.matrix), step.axis, step.image) for step in self.passes]
        return _unpickled, (field.name, extension, self.tile, passes)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        from wincraft.algorithm.entries import matrix_to_numpy

        return matrix_to_numpy(self.dense, float if dtype is None else dtype)

    def __repr__(self) -> str:
        shapes = ["x".join(map(str, step.matrix.shape)) for step in self.passes]
        if len(self.tile) == 1 and all(step.axis == 0 for step in self.passes):
            return f"LinearMap of {' x '.join(reversed(shapes))} over {self.domain}"
        places = ["on the whole tile" if step.axis is None else f"along axis {step.axis}" for step in self.passes]
        return f"LinearMap of {', '.join(map(' '.join, zip(shapes, places, strict=True)))} over {self.domain}"

    @property
    def domain(self) -> Domain:
        """The domain of all entries: QQ, a real algebraic field or GF(p)."""
        return self.passes[0].matrix.domain

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of the tile before each pass, and of the last one's result."""
        shapes = [self.tile]
        for step in self.passes:
            shapes.append(step.shape_after(shapes[-1]))
        return tuple(shapes)

    @property
    def image(self) -> tuple[int, ...]:
        """The shape of the result."""
        return self.shapes[-1]

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs) of the whole map."""
        return prod(self.image), prod(self.tile)

    @property
    def stages(self) -> tuple[Matrix, ...]:
        """The matrices of the passes."""
        return tuple(step.matrix for step in self.passes)

    @cached_property
    def factors(self) -> tuple[LinearMap, ...] | None:
        """The map of each axis, where the whole one is their Kronecker product; None where a pass takes whole tiles.

        >>> from wincraft import winograd
        >>> [factor.shape for factor in winograd("F(2x4,3x3)").input.factors]
        [(4, 4), (6, 6)]
        """
        if any(step.axis is None for step in self.passes):
            return None
        if len(self.tile) == 1:
            return (self,)
        chains = [[step.matrix for step in self.passes if step.axis == axis] for axis in range(len(self.tile))]
        K = self.domain
        units = [diagonal([K.one] * length, K) for length in self.tile]
        return tuple(LinearMap.of(*(chain or [unit])) for chain, unit in zip(chains, units, strict=True))

    @cached_property
    def dense(self) -> Matrix:
        """The product of the passes, one matrix for the whole tile, flattened row by row."""
        if self.factors is not None and len(self.tile) > 1:
            return reduce(kronecker, (factor.dense for factor in self.factors))
        if self.factors is not None:
            return reduce(lambda product, stage: stage * product, self.stages)
        pairs = zip(self.passes, self.shapes, strict=False)
        return reduce(lambda product, matrix: matrix * product, (step.whole(tile) for step, tile in pairs))

    @cached_property
    def texts(self) -> list[list[str]]:
        """The entries of `dense` as texts."""
        return to_texts(self.dense)

    @property
    def collapsed(self) -> LinearMap:
        """The same map with every axis's matrices multiplied out, where it has a factor for each; else itself."""
        if self.factors is None or [step.axis for step in self.passes] == [*range(len(self.tile))]:
            return self
        return LinearMap(self.tile, tuple(Pass(factor.dense, k) for k, factor in enumerate(self.factors)))

    def scale_outputs(self, factors: Sequence[Element], axis: int | None = 0) -> LinearMap:
        """The map followed by a diagonal along an axis, or of the whole result, in its last pass along it if it can."""
        scaling = diagonal(factors, self.domain)
        for at in reversed(range(len(self.passes))):
            step = self.passes[at]
            if step.axis == axis:
                scaled = step._replace(matrix=scaling * step.matrix)
                return LinearMap(self.tile, (*self.passes[:at], scaled, *self.passes[at + 1 :]))
            if None in (axis, step.axis):
                break
        return LinearMap(self.tile, (*self.passes, Pass(scaling, axis, self.image if axis is None else ())))

    def scale_inputs(self, factors: Sequence[Element], axis: int | None = 0) -> LinearMap:
        """The map after such a diagonal, in its first pass along that axis if it can."""
        return self.transpose().scale_outputs(factors, axis).transpose()

    def convert(self, K: Domain) -> LinearMap:
        """The same map with its entries in another domain that holds them.

        Raises:
            BadNumber: where it does not.
        """
        if self.domain == K:
            return self
        if K.is_FiniteField:
            return self._through(lambda matrix: from_numbers(to_numbers(matrix), K))
        return self._through(lambda matrix: matrix.convert_to(K))

    def _through(self, change: Callable[[Matrix], Matrix]) -> LinearMap:
        return LinearMap(self.tile, tuple(step._replace(matrix=change(step.matrix)) for step in self.passes))

    def transpose(self) -> LinearMap:
        """The transposed map: transposed passes in reverse order."""
        pairs = list(zip(self.passes, self.shapes, strict=False))
        passes = (Pass(p.matrix.transpose(), p.axis, tile if p.axis is None else ()) for p, tile in reversed(pairs))
        return LinearMap(self.image, tuple(passes))

    def apply(self, values: Sequence[Element]) -> list[Element]:
        """The image of a tile of domain elements, both flattened row by row, exact.

        Raises:
            BadShape: a tile of another length.
        """
        if len(values) != self.shape[1]:
            raise BadShape("a vector", f"({len(values)},)", f"({self.shape[1]},)")
        result = list(values)
        for step, tile in zip(self.passes, self.shapes, strict=False):
            result = step.apply(result, tile)
        return result

    def _repr_latex_(self) -> str | None:
        return display_chain(self.stages) if len(self.tile) == 1 else None


class Maps(NamedTuple):
    """The three maps as they are applied: data -> `input`, filter -> `filter`, products -> `output`.

    >>> from wincraft import winograd
    >>> [linear_map.shape for linear_map in winograd(2, 3).maps]
    [(2, 4), (4, 3), (4, 4)]
    """

    output: LinearMap
    filter: LinearMap
    input: LinearMap


def whole_maps(matrices: Sequence[Matrix], m: Sequence[int] | None, r: Sequence[int] | None) -> Maps:
    """The maps of A^T, G and B^T: of one axis, or, with sizes m and r, of whole tiles flattened row by row.

    Raises:
        BadShape: where a matrix does not fit the sizes.

    >>> from wincraft import winograd
    >>> F = winograd("F(2x2,3x3)")
    >>> whole_maps([F.output.dense, F.filter.dense, F.input.dense], F.m, F.r).input
    LinearMap of 16x16 on the whole tile over QQ
    """
    if m is None or r is None:
        return Maps(*(LinearMap.of(matrix) for matrix in matrices))
    AT, G, BT = matrices
    rank, tile = AT.shape[1:], tuple(a + b - 1 for a, b in zip(m, r, strict=True))
    return Maps(
        LinearMap(rank, (Pass(AT, None, tuple(m)),)),
        LinearMap(tuple(r), (Pass(G, None, rank),)),
        LinearMap(tile, (Pass(BT, None, rank),)),
    )


def check_shapes(output: LinearMap, filter: LinearMap, input: LinearMap) -> None:
    """Refuse maps that cannot be those of one algorithm: A^T to tiles of m, G from taps r, B^T from tiles m + r - 1.

    Raises:
        BadShape

    >>> from wincraft import winograd
    >>> check_shapes(*winograd(2, 3).maps)
    """
    (m, products), (r, of_filter), (n, of_input) = (
        (output.image, output.tile),
        (filter.tile, filter.image),
        (input.tile, input.image),
    )
    several = len(m) > 1 or len(r) > 1 or len(n) > 1
    fitting = len(m) == len(r) == len(n) and n == tuple(a + b - 1 for a, b in zip(m, r, strict=True))
    if not (fitting and products == of_filter == of_input):
        if not several:
            shapes = f"{output.shape}, {filter.shape}, {input.shape}"
            raise BadShape("(AT, G, BT)", shapes, "(m, R), (R, r), (R, m+r-1)")
        given = f"{products} -> {m}, {r} -> {of_filter}, {n} -> {of_input}"
        raise BadShape("(A^T, G, B^T)", given, "R -> m, r -> R, m+r-1 -> R")


def side_by_side(maps: Sequence[LinearMap]) -> LinearMap:
    """The Kronecker product of maps of one axis each: stage by stage, every stage along all the axes in turn.

    This is the order over axes everywhere that an algorithm of several axes is made of such of one.

    >>> from wincraft import winograd
    >>> chain = winograd(2, 3).change_basis("legendre").input
    >>> [step.axis for step in side_by_side([chain, chain]).passes]
    [0, 1, 0, 1]
    """
    return LinearMap(tuple(item.tile[0] for item in maps), tuple(_interleaved(maps)))


def _interleaved(maps: Sequence[LinearMap]) -> Iterator[Pass]:
    for stage in range(max(len(item.passes) for item in maps)):
        for axis, item in enumerate(maps):
            if stage < len(item.passes):
                yield Pass(item.passes[stage].matrix, axis)


def _length(tile: tuple[int, ...], axis: int | None) -> int:
    return prod(tile) if axis is None or not 0 <= axis < len(tile) else tile[axis]


def _unpickled(name: str, extension: list[Any], tile: tuple[int, ...], passes: list[Any]) -> LinearMap:
    """Undo `LinearMap.__reduce__`: sympy's domains cannot all be pickled."""
    from sympy.polys.domains import QQ

    K = QQ.algebraic_field(*extension) if extension else Field.named(name).domain
    return LinearMap(tile, tuple(Pass(from_numbers(rows, K), axis, image) for rows, axis, image in passes))
