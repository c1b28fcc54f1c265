# SPDX-License-Identifier: Apache-2.0
"""Three exact maps with a scale, a form and a recipe: what an algorithm consists of, and what people see of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from numpy.typing import DTypeLike
from sympy import S

from wincraft.algorithm.display import display
from wincraft.algorithm.linear_map import LinearMap, Maps, Pass, side_by_side
from wincraft.algorithm.recipe import Recipe, size_words
from wincraft.algorithm.refutation import MATRICES
from wincraft.exact.field import Field
from wincraft.exact.matrix import to_texts
from wincraft.exact.number import number_text
from wincraft.exact.types import Domain, Matrix, Number

Form = Literal["correlation", "linear"]


@dataclass(frozen=True, eq=False, repr=False)
class Content:
    """The fields of `Algorithm` and what follows from them without a proof; two of the same content are equal."""

    output: LinearMap
    filter: LinearMap
    input: LinearMap
    scale: Number = S.One
    form: Form = "correlation"
    recipe: tuple[Recipe, ...] = ()

    @property
    def m(self) -> tuple[int, ...]:
        """Outputs per tile, along each axis."""
        return self.output.image

    @property
    def r(self) -> tuple[int, ...]:
        """Filter taps along each axis."""
        return self.filter.tile

    @property
    def n(self) -> tuple[int, ...]:
        """The input tile, m + r - 1 along each axis."""
        return self.input.tile

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """The (m, r) of each axis."""
        return tuple(zip(self.m, self.r, strict=True))

    @property
    def size(self) -> str:
        """``F(4,3)``, ``F(4x4,3x3)``."""
        return size_words(self.m, self.r)

    @property
    def rank(self) -> int:
        """Number of products R of one tile."""
        return self.output.shape[1]

    @property
    def domain(self) -> Domain:
        """The domain of all entries."""
        return self.output.domain

    @property
    def field(self) -> Field:
        """The field of all entries."""
        return Field(self.domain)

    @property
    def maps(self) -> Maps:
        """The maps as this form applies them; the linear form swaps and transposes A^T and B^T."""
        if self.form == "correlation":
            return Maps(self.output, self.filter, self.input)
        return Maps(self.input.transpose(), self.filter, self.output.transpose())

    @property
    def named(self) -> dict[str, LinearMap]:
        """A^T, G and B^T by their names in documents: AT, G, BT."""
        return dict(zip(MATRICES, (self.output, self.filter, self.input), strict=True))

    @property
    def separable(self) -> bool:
        """Whether no pass takes whole tiles: then it is the Kronecker product of algorithms of one axis each."""
        return all(item.factors is not None for item in self.named.values())

    @property
    def moduli(self) -> Any:
        """The moduli, None if unknown; of axes that differ a tuple with those of each."""
        return _alike([recipe.moduli for recipe in self.recipe])

    @property
    def convention(self) -> Any:
        """The convention, None if it is none; of axes that differ a tuple with that of each."""
        return _alike([recipe.convention for recipe in self.recipe])

    @property
    def points(self) -> Any:
        """The interpolation points as sympy numbers, infinity as ``oo``; None if unknown or some modulus is no point.

        Of axes that differ a tuple with those of each.

        >>> from wincraft import winograd
        >>> winograd(2, 3).points
        (0, 1, -1, oo)
        """
        return _alike([recipe.points for recipe in self.recipe])

    @property
    def AT(self) -> Any:
        """A^T as a sympy matrix, m x R.

        Of several axes that of each where all are alike, a tuple where they differ, and the matrix for whole tiles,
        flattened row by row, where it is not `separable`; so too `A`, `G`, `BT`, `B` and `to_numpy`.
        """
        return _alike([matrix.to_Matrix() for matrix in self._matrices("AT")])

    @property
    def A(self) -> Any:
        """A, the transpose of `AT`, R x m."""
        return _alike([matrix.to_Matrix().T for matrix in self._matrices("AT")])

    @property
    def G(self) -> Any:
        """G as a sympy matrix, R x r."""
        return _alike([matrix.to_Matrix() for matrix in self._matrices("G")])

    @property
    def BT(self) -> Any:
        """B^T as a sympy matrix, R x n."""
        return _alike([matrix.to_Matrix() for matrix in self._matrices("BT")])

    @property
    def B(self) -> Any:
        """B, the transpose of `BT`, n x R."""
        return _alike([matrix.to_Matrix().T for matrix in self._matrices("BT")])

    def to_numpy(self, dtype: DTypeLike = float) -> Any:
        """(AT, G, BT) as NumPy arrays, each entry rounded once to nearest even; dtype `object` keeps Fractions.

        Of axes that differ a tuple with those of each, see `AT`.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").to_numpy("float16")[1][1]
        array([0.5, 0.5, 0.5], dtype=float16)
        """
        from wincraft.algorithm.entries import matrix_to_numpy

        axes = list(zip(*map(self._matrices, self.named), strict=True))
        distinct = axes[:1] if all(axis == axes[0] for axis in axes) else axes
        arrays = [tuple(matrix_to_numpy(matrix, dtype) for matrix in axis) for axis in distinct]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    def _matrices(self, name: str) -> list[Matrix]:
        """A map's matrix for each axis, or for whole tiles."""
        item = self.named[name]
        return [factor.dense for factor in item.factors or ()] if self.separable else [item.dense]

    @property
    def variant(self) -> tuple[str, ...]:
        """What sets it apart from the algorithm of its moduli in a named convention, in words; empty for that itself.

        >>> from wincraft import winograd
        >>> winograd(2, 3).rescale(a=[2] * 4).change_basis(input="legendre").variant
        ('own scaling', 'B^T in 2 stages')
        """
        own = any(recipe.moduli is not None and recipe.convention is None for recipe in self.recipe)
        return (*(("own scaling",) if own else ()), *dict.fromkeys(self._chains()))

    def _chains(self) -> Iterator[str]:
        for name, item in self.named.items():
            for factor in item.factors or () if self.separable else ():
                if len(factor.passes) > 1:
                    yield f"{name.replace('T', '^T')} in {len(factor.passes)} stages"

    @cached_property
    def sha256(self) -> str:
        """Hash of the exact content: form, sizes, domain, scale, and the passes of the three maps."""
        if len(self.m) > 1 and self.separable and all(map(_stage_by_stage, self.named.values())):
            return _hash_of(",".join(axis.sha256 for axis in self.factors))  # type: ignore[attr-defined]
        of_one = len(self.m) == 1
        content = {
            "form": self.form,
            "m": self.m[0] if of_one else self.m,
            "r": self.r[0] if of_one else self.r,
            "domain": self.field.name,
            "scale": number_text(self.scale),
            **({"stages": self.stage_texts()} if of_one else {"passes": self.pass_texts()}),
        }
        return _hash_of(json.dumps(content, sort_keys=True, separators=(",", ":")))

    def stage_texts(self) -> dict[str, list[list[list[str]]]]:
        """The matrices of A^T, G and B^T in the order they are applied, each as rows of texts."""
        return {name: [to_texts(stage) for stage in item.stages] for name, item in self.named.items()}

    def pass_texts(self) -> dict[str, list[dict[str, object]]]:
        """The passes of A^T, G and B^T as documents hold them: rows of texts, and the axis or the result's shape."""
        return {name: [_pass_text(step) for step in item.passes] for name, item in self.named.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def _repr_latex_(self) -> str | None:
        maps = self.named.values()
        axes = list(zip(*((factor.stages for factor in item.factors or ()) for item in maps), strict=True))
        distinct = [axis for place, axis in enumerate(axes) if axis not in axes[:place]] if self.separable else []
        names = [size_words((m,), (r,)) for m, r in self.sizes]
        shown = [(names[axes.index(axis)], dict(zip(self.named, axis, strict=True))) for axis in distinct]
        return display(self.size, len(self.m), self.scale, self.form == "correlation", shown)

    def __repr__(self) -> str:
        if len(self.m) == 1:
            moduli = f", moduli {','.join(map(str, self.moduli))}" if self.moduli is not None else ""
            known = moduli + (f", convention {self.convention}" if self.convention else "")
        else:
            known = f" = {'*'.join(map(str, self.output.tile))}" if self.separable else ""
        form = ", linear convolution form" if self.form == "linear" else ""
        field = "" if self.field.ordered else f", over {self.field.name}"
        variant = "".join(f", {words}" for words in self.variant)
        return f"{self.size}, rank {self.rank}{known}{variant}{form}{field}, scale {number_text(self.scale)}"


def map_names(content: Content) -> tuple[str, str, str]:
    """The names of the output, filter and input map: AT, G, BT; in linear convolution form B, G, A.

    >>> from wincraft import winograd
    >>> map_names(winograd(2, 3)), map_names(winograd(2, 3).transpose())
    (('AT', 'G', 'BT'), ('B', 'G', 'A'))
    """
    return MATRICES if content.form == "correlation" else ("B", "G", "A")


def _alike(values: Sequence[Any]) -> Any:
    """The one value that all are, else all as a tuple."""
    return values[0] if all(value == values[0] for value in values) else tuple(values)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _stage_by_stage(item: LinearMap) -> bool:
    return item.factors is not None and item.passes == side_by_side(item.factors).passes


def _pass_text(step: Pass) -> dict[str, object]:
    place: dict[str, object] = {"image": list(step.image)} if step.axis is None else {"axis": step.axis}
    return place | {"matrix": to_texts(step.matrix)}
