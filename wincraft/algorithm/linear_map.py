# SPDX-License-Identifier: Apache-2.0
"""A linear map as a chain of exact stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from importlib import import_module
from typing import Any, NamedTuple

from sympy.polys.domains import QQ
from sympy.polys.matrices import DomainMatrix

from wincraft.errors import BadShape, check_type
from wincraft.exact.matrix import diagonal, from_numbers, to_numbers, to_texts


@dataclass(frozen=True)
class LinearMap:
    """A chain of exact linear stages; rounding can only happen between them.

    The map is x -> S_t ... S_2 S_1 x with stages (S_1, ..., S_t) in the order they are applied.
    Each stage is a dense DomainMatrix of shape (outputs, inputs) over one common domain. Exact.

    Raises:
        BadShape: where neighbouring stages do not fit.
        NotApplicable: for stages that are no matrices.

    >>> from wincraft.exact.matrix import from_numbers
    >>> from sympy import QQ, diag, Matrix, S
    >>> half, swap = (from_numbers(M.tolist(), QQ) for M in (diag(S(1) / 2, 1), Matrix([[0, 1], [1, 0]])))
    >>> LinearMap((half, swap)).texts
    [['0', '1'], ['1/2', '0']]
    """

    stages: tuple[Any, ...]

    def __post_init__(self) -> None:
        check_type("a chain of stages", self.stages, tuple, "give a tuple of DomainMatrix")
        if not self.stages:
            raise BadShape("a chain of stages", "()", "at least one stage")
        for stage in self.stages:
            check_type("a stage", stage, DomainMatrix, "give a DomainMatrix, as wincraft.exact.matrix.from_numbers")
        for first, second in zip(self.stages, self.stages[1:], strict=False):
            if first.shape[0] != second.shape[1] or first.domain != second.domain:
                raise BadShape(
                    "a stage", f"{second.shape} over {second.domain}", f"(any, {first.shape[0]}) over {first.domain}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        generators = () if self.domain.is_QQ else self.domain.orig_ext
        return _from_numbers, (generators, [to_numbers(stage) for stage in self.stages])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        from wincraft.algorithm.numeric import matrix_to_numpy

        return matrix_to_numpy(self.dense, float if dtype is None else dtype)

    def __repr__(self) -> str:
        names = " x ".join(f"{rows}x{columns}" for rows, columns in (stage.shape for stage in reversed(self.stages)))
        return f"LinearMap of {names} over {self.domain}"

    @property
    def domain(self) -> Any:
        """The domain of all entries: QQ or a real algebraic field."""
        return self.stages[0].domain

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs) of the whole map."""
        return self.stages[-1].shape[0], self.stages[0].shape[1]

    @cached_property
    def dense(self) -> Any:
        """The product of the stages, one matrix."""
        return reduce(lambda product, stage: stage * product, self.stages)

    @cached_property
    def texts(self) -> list[list[str]]:
        """The entries of `dense` as texts."""
        return to_texts(self.dense)

    def scale_outputs(self, factors: Sequence[Any]) -> LinearMap:
        """The map followed by a diagonal, folded into the last stage."""
        *rest, last = self.stages
        return LinearMap((*rest, diagonal(factors, self.domain) * last))

    def scale_inputs(self, factors: Sequence[Any]) -> LinearMap:
        """The map after a diagonal, folded into the first stage."""
        first, *rest = self.stages
        return LinearMap((first * diagonal(factors, self.domain), *rest))

    def convert(self, K: Any) -> LinearMap:
        """The same map with its entries in a larger domain."""
        return self if self.domain == K else LinearMap(tuple(stage.convert_to(K) for stage in self.stages))

    def transpose(self) -> LinearMap:
        """The transposed map: transposed stages in reverse order."""
        return LinearMap(tuple(stage.transpose() for stage in reversed(self.stages)))

    def apply(self, vector: Sequence[Any]) -> list[Any]:
        """The image of a vector of domain elements, exact.

        Raises:
            BadShape: a vector of another length.
        """
        if len(vector) != self.shape[1]:
            raise BadShape("a vector", f"({len(vector)},)", f"({self.shape[1]},)")
        for stage in self.stages:
            rows = stage.to_list()
            vector = [sum((a * x for a, x in zip(row, vector, strict=True)), self.domain.zero) for row in rows]
        return list(vector)

    def _repr_latex_(self) -> str | None:
        shown: str | None = import_module("wincraft.emit.latex").display_chain(self)
        return shown


class Maps(NamedTuple):
    """The three maps of one axis as they are applied: data -> `input`, filter -> `filter`, products -> `output`.

    >>> from wincraft import winograd
    >>> [linear_map.shape for linear_map in winograd(2, 3).maps]
    [(2, 4), (4, 3), (4, 4)]
    """

    output: LinearMap
    filter: LinearMap
    input: LinearMap


def _from_numbers(generators: tuple[Any, ...], tables: list[list[list[Any]]]) -> LinearMap:
    """Undo `LinearMap.__reduce__`: sympy's algebraic fields themselves cannot be pickled."""
    K = QQ.algebraic_field(*generators) if generators else QQ
    return LinearMap(tuple(from_numbers(rows, K) for rows in tables))
