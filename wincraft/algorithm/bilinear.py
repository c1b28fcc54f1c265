# SPDX-License-Identifier: Apache-2.0
"""The core type: a bilinear algorithm for F(m,r) of any number of axes, proved by being constructed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import prod
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike
from sympy import S
from sympy.polys.domains.domain import Domain as SympyDomain

from wincraft.algorithm.content import Content, Form
from wincraft.algorithm.description import tap_chart
from wincraft.algorithm.diagnosis import diagnosis_of
from wincraft.algorithm.linear_map import LinearMap, Maps, check_shapes, whole_maps
from wincraft.algorithm.proof import scale_of
from wincraft.algorithm.recipe import Recipe
from wincraft.algorithm.refutation import Refuted
from wincraft.algorithm.rescaling import TapFactors, read_diagonals
from wincraft.algorithm.tile import apply_tile
from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName, WrongForm, WrongType, check_type
from wincraft.exact.field import Field
from wincraft.exact.matrix import from_numbers, read_rows
from wincraft.exact.number import exact_number, field_of, number_text, to_element
from wincraft.exact.types import Number


@dataclass(frozen=True, eq=False)
class Algorithm(Content):
    """F(m,r) as three exact linear maps; an instance is a proof, since construction checks the identity.

    Correlation form:  y = A^T [(G g) * (B^T d)] / scale,  y_i = sum_j d_{i+j} g_j.
    Linear convolution form:  s = B [(G g) * (A h)] / scale,  the polynomial product s = g h.
    `m`, `r` and n = m + r - 1 are tuples, a number for each axis; i and j above then are tuples of indices. Shapes:
    `output` takes the R products to tiles of m, `filter` takes taps r and `input` takes tiles n to the products.
    They are A^T, G and B^T as lists of passes over one domain; `recipe` says how each axis was made. Exact, no floats.

    Where no pass takes whole tiles, the algorithm is the Kronecker product of its `factors`, one algorithm per axis,
    and their proofs are its proof; see `nest`.

    Raises:
        Refuted: where the maps do not compute the convolution; it carries the diagnosis.
        BadShape: where the maps do not fit together.
        UnknownName: a form that is neither.
        BadNumber: maps over different domains, or a scale that is no exact number.
        BadValue: for what is no map; for a scale that is no unit of a ring Z/q.

    Source: S. Winograd, Arithmetic Complexity of Computations, 1980.

    >>> from wincraft import winograd
    >>> winograd(2, 3, points="0,1,-1")
    F(2,3), rank 4, moduli 0,1,-1,inf, convention wincnn, scale 1, proved
    >>> winograd("F(2x4,3x3)")
    F(2x4,3x3), rank 24 = 4*6, scale 1, proved
    """

    def __post_init__(self) -> None:
        for item in (self.output, self.filter, self.input):
            check_type("a map", item, LinearMap, "give a LinearMap, or matrices to Algorithm.from_matrices")
        check_shapes(self.output, self.filter, self.input)
        if self.form not in get_args(Form):
            raise UnknownName("form", str(self.form), get_args(Form))
        object.__setattr__(self, "scale", exact_number(self.scale))
        object.__setattr__(self, "recipe", tuple(self.recipe) or tuple(Recipe() for _ in self.m))
        if len(self.recipe) != len(self.m):
            raise BadShape("a recipe", f"of {len(self.recipe)} axes", f"one for each of {len(self.m)} axes")
        if not self.output.domain == self.filter.domain == self.input.domain:
            domains = ", ".join(str(item.domain) for item in (self.output, self.filter, self.input))
            raise BadValue("the domain of the maps", f"not one but {domains}", "give all three over one, see convert()")
        self._prove()

    @classmethod
    def from_matrices(
        cls,
        AT: object,
        G: object,
        BT: object,
        *,
        m: Sequence[int] | None = None,
        r: Sequence[int] | None = None,
        form: Form = "correlation",
        field: str | None = None,
    ) -> Algorithm:
        """Prove three bare matrices (rows of exact numbers or texts) and wrap them; a common scale is found.

        Of several axes the matrices are for whole tiles, flattened row by row, and `m` and `r` say their sizes. The
        field is the smallest real one that holds the entries, or the one named: ``"GF(31)"``.

        Raises:
            Refuted: where they do not compute the convolution.
            BadShape, BadNumber, FloatGiven: where they are no matrices of exact numbers of the field.

        >>> Algorithm.from_matrices([["2", "2"]], [[1], [0]], [[1], [1]])
        F(1,1), rank 2, scale 2, proved
        """
        tables = [read_rows(name, rows) for name, rows in (("AT", AT), ("G", G), ("BT", BT))]
        numbers = (value for rows in tables for row in rows for value in row)
        K = field_of(numbers) if field is None else Field.named(field).domain
        maps = whole_maps([from_numbers(rows, K) for rows in tables], m, r)
        check_shapes(*maps)
        scale = scale_of(maps)
        if scale is None:
            raise Refuted(diagnosis_of(maps, None))
        return cls(*maps, scale=scale, form=form)

    @cached_property
    def factors(self) -> tuple[Algorithm, ...]:
        """The algorithm of every axis; axes that are alike are one object, an algorithm of one axis is its own.

        Raises:
            NotApplicable: where a pass takes whole tiles, so that there are none.
            Refuted: never of an algorithm, which is proved by these.

        >>> from wincraft import winograd
        >>> [axis.size for axis in winograd("F(2x4,3x3)").factors]
        ['F(2,3)', 'F(4,3)']
        """
        if len(self.m) == 1:
            return (self,)
        if not self.separable:
            repair = "take an algorithm that is made axis by axis"
            raise NotApplicable(f"axes of {self.size}", "its maps are no products of maps of one axis", repair)
        made: dict[object, Algorithm] = {}
        maps = zip(*(item.factors or () for item in (self.output, self.filter, self.input)), strict=True)
        factors = []
        for axis, recipe in zip(maps, self.recipe, strict=True):
            key = (recipe, tuple(tuple(map(id, item.stages)) for item in axis))
            if key not in made:
                if (scale := scale_of(Maps(*axis))) is None:
                    raise Refuted(diagnosis_of(Maps(*axis), None))
                output, filter, input = axis
                made[key] = Algorithm(output, filter, input, scale, self.form, (recipe,))
            factors.append(made[key])
        return tuple(factors)

    def _prove(self) -> None:
        several = len(self.m) > 1 and self.separable
        scale = prod((axis.scale for axis in self.factors), start=S.One) if several else scale_of(self)
        if scale is None or to_element(scale, self.domain) != to_element(self.scale, self.domain):
            raise Refuted(diagnosis_of(self, self.scale))
        _check_unit(self.scale, self.field)

    def verify(self) -> str:
        """Prove the exact identity again; returns one line that says what was proved.

        sum_k AT[i,k] G[k,j] BT[k,l] = scale * [l = i + j]  for all i < m, j < r, l < n. Exact.

        Raises:
            Refuted: where it fails; it carries the diagnosis.
            BadValue: for a scale that is no unit of a ring Z/q.
        """
        scale = f"scale {number_text(self.scale)}"
        if len(self.m) > 1 and self.separable:
            distinct = list(dict.fromkeys(self.factors))
            lines = [axis.verify() for axis in distinct]
            told = [line for axis, line in zip(distinct, lines, strict=True) if axis.n != (1,)]
            return f"{self.size} proved: {self.rank} products, {scale}; {'; '.join(told or lines)}"
        self._prove()
        identities = prod(self.m) * prod(self.r) * prod(self.n)
        return f"{self.size} proved: {identities} exact identities, {self.rank} products, {scale}"

    def transpose(self) -> Algorithm:
        """The same three maps used in the other form: correlation <-> linear convolution.

        >>> from wincraft import winograd
        >>> winograd(2, 2, points="0,1").transpose().apply([1, 2], [3, 4])
        [3, 10, 8]
        """
        return replace(self, form="linear" if self.form == "correlation" else "correlation")

    def with_maps(self, **maps: LinearMap) -> Algorithm:
        """The algorithm with other maps, `output`, `filter` or `input`, whose chains no text is known to make.

        >>> from wincraft import winograd
        >>> F = winograd(2, 3)
        >>> F.with_maps(input=LinearMap.of(F.input.dense)) == F
        True
        """
        return replace(self, **maps, recipe=tuple(replace(axis, basis=None) for axis in self.recipe))  # type: ignore[arg-type]

    def rescale(
        self, a: TapFactors | None = None, g: TapFactors | None = None, b: TapFactors | None = None
    ) -> Algorithm:
        """Multiply AT's columns by a, G's rows by g, BT's rows by b, where a*g*b is one constant c.

        The scale is multiplied by c. Each is a sequence of R non-zero exact numbers, all ones if left out: of several
        axes those of one axis, and all that have so many taps are scaled by them. Exact.

        Raises:
            BadScaling: where a*g*b differs between taps or is 0.
            BadShape: where a sequence has not R numbers.
            WrongType, BadNumber, FloatGiven: what is no sequence of exact numbers.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").rescale(a=[1, 2, 2, 1], g=[2, 1, 1, 2]).scale
        2
        """
        output, filter, input, scale = self.output, self.filter, self.input, self.scale
        for axis, rank in enumerate(output.tile) if self.separable else [(None, self.rank)]:
            by = read_diagonals(a, g, b, rank, output.domain)
            output = output.convert(by.domain).scale_inputs(by.output, axis)
            filter = filter.convert(by.domain).scale_outputs(by.filter, axis)
            input = input.convert(by.domain).scale_outputs(by.input, axis)
            scale = by.domain.to_sympy(by.constant * to_element(scale, by.domain))
        recipe = tuple(replace(axis, convention=None) for axis in self.recipe)
        return replace(self, output=output, filter=filter, input=input, scale=scale, recipe=recipe)

    def convert(self, K: object) -> Algorithm:
        """The same algorithm with its entries in another field that holds them: a domain of sympy, or ``"GF(31)"``.

        The ring ``"Z/2^16"`` does too. `wincraft.rings.over_ring` says which points are in the way where it does not.

        Raises:
            BadNumber: where an entry does not lie in it, as 1/31 in GF(31); a name of no field.
            BadValue: GF(q) where q is no prime; a scale that is no unit of a ring Z/q.
            WrongType: for what is no field.

        >>> from wincraft import winograd
        >>> winograd(2, 3).convert("GF(31)").G[1, :]
        Matrix([[-15, -15, -15]])
        """
        if isinstance(K, str) and K.startswith(("QQ", "GF(", "Z/")):
            K = Field.named(K).domain
        if not isinstance(K, SympyDomain):
            repair = 'give QQ, "GF(31)" or "Z/2^16"; for a scaling, winograd(m, r, moduli=alg.moduli, convention=...)'
            raise WrongType("a domain of sympy", repr(K), repair)
        if self.domain == K:
            return self
        _check_unit(self.scale, Field(K))
        maps = {name: getattr(self, name).convert(K) for name in ("output", "filter", "input")}
        return replace(self, **maps, scale=K.to_sympy(to_element(self.scale, K)))

    def noise_gain(self) -> Number:
        """NG = sum_k |A_k|^2 |G_k|^2 |B_k|^2 / (m r scale^2), an exact sympy number, the same for every scaling.

        A_k is the k-th column of A^T, G_k and B_k are rows, 2-norms. Direct convolution has NG 1. Of several axes it is
        the product of their noise gains.

        Raises:
            NotApplicable: over GF(p), whose elements have no size.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").noise_gain()
        5/3
        """
        if len(self.m) > 1 and self.separable:
            return prod((axis.noise_gain() for axis in self.factors), start=S.One)
        return sum(self.tap_gains(), start=S.Zero)

    def tap_gains(self) -> list[Number]:
        """What each tap adds to the noise gain: |A_k|^2 |G_k|^2 |B_k|^2 / (m r scale^2), exact.

        Raises:
            NotApplicable: over GF(p), whose elements have no size.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").tap_gains()
        [1/3, 1/2, 1/2, 1/3]
        """
        self.field.need_order(f"noise gain of {self.size}")
        K = self.domain
        matrices = self.output.dense.transpose(), self.filter.dense, self.input.dense
        taps = zip(*(matrix.to_list() for matrix in matrices), strict=True)
        unit = to_element(self.scale, K) ** 2 * prod(self.m) * prod(self.r)
        norms = ([sum((x * x for x in vector), K.zero) for vector in tap] for tap in taps)
        return [K.to_sympy(a * g * b / unit) for a, g, b in norms]

    def apply(self, data: object, filter: object) -> Any:
        """One exact tile: nested lists of shapes n and r give one of shape m, sympy numbers (linear form: m, r, n).

        Raises:
            BadShape: where a length does not fit.
            BadNumber, FloatGiven: where an entry is no exact number.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").apply([1, 2, 3, 4], [1, 1, "1/2"])
        [9/2, 7]
        """
        return apply_tile(self.maps, self.scale, data, filter)

    def convolve(self, data: ArrayLike, filters: ArrayLike, padding: int | Sequence[int] = 0) -> np.ndarray:
        """Convolve whole signals or images tile by tile; see `wincraft.algorithm.numeric.convolve`.

        Raises:
            WrongForm: in linear convolution form.
        """
        from wincraft.algorithm.numeric import convolve

        if self.form != "correlation":
            raise WrongForm("convolve")
        return convolve(self.maps, self.scale, data, filters, padding)

    def change_basis(
        self, basis: object = None, *, input: object = None, filter: object = None, output: object = None
    ) -> Algorithm:
        """The same algorithm through other polynomial bases; see `wincraft.construct.change.change_basis`.

        >>> from wincraft import winograd
        >>> len(winograd(4, 3).change_basis("legendre").input.stages)
        2
        """
        import wincraft  # its face, since constructions stand above: a convenience that looks up the floors

        return wincraft.change_basis(self, basis, input=input, filter=filter, output=output)

    def plot(self, ax: object = None) -> Any:
        """What each tap adds to the noise gain, as bars, of two axes as a map; see `tap_chart`.

        Raises:
            NotApplicable: of more than two axes.
        """
        from wincraft.show.matplotlib import draw

        gains = [axis.tap_gains() for axis in self.factors] if self.separable else [self.tap_gains()]
        return draw(tap_chart(self, reduce(np.multiply.outer, [np.array(axis, dtype=float) for axis in gains])), ax)

    def __repr__(self) -> str:
        return f"{super().__repr__()}, proved"


def _check_unit(scale: Number, field: Field) -> None:
    """Refuse a scale that cannot be divided by."""
    if not field.is_unit(to_element(scale, field.domain)):
        repair = "choose another scaling or other points"
        raise BadValue("the scale", f"{number_text(scale)}, no unit of {field.name}", repair)
