# SPDX-License-Identifier: Apache-2.0
"""The core type: a bilinear algorithm for F(m,r), proved by being constructed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from sympy import S, oo
from sympy.polys.domains.domain import Domain

from wincraft.algorithm.diagnosis import diagnose
from wincraft.algorithm.linear_map import LinearMap, Maps
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.proof import proved_scale
from wincraft.algorithm.refutation import Refuted
from wincraft.algorithm.tile import apply_tile
from wincraft.errors import (
    BadScaling,
    BadShape,
    BadValue,
    UnknownName,
    WrongForm,
    WrongType,
    check_type,
    shorten,
)
from wincraft.exact.matrix import from_numbers, read_rows
from wincraft.exact.number import exact_number, field_of, number_text, to_element

if TYPE_CHECKING:
    import numpy as np

Form = Literal["correlation", "linear"]


@dataclass(frozen=True, eq=False)
class BilinearAlgorithm:
    """F(m,r) as three exact linear maps; an instance is a proof, since construction checks the identity.

    Correlation form:  y = A^T [(G g) * (B^T d)] / scale,  y_i = sum_j d_{i+j} g_j.
    Linear convolution form:  s = B [(G g) * (A h)] / scale,  the polynomial product s = g h.
    Shapes: A^T m x R, G R x r, B^T R x n with n = m + r - 1; R is the rank, the number of products.
    `output`, `filter` and `input` are A^T, G and B^T as chains of stages over one domain; exact, no floats.

    Raises:
        Refuted: where the maps do not compute the convolution; it carries the diagnosis.
        BadShape: where the maps do not fit together.
        UnknownName: a form that is neither.
        BadNumber: maps over different domains, or a scale that is no exact number.
        BadValue: for what is no map.

    Source: S. Winograd, Arithmetic Complexity of Computations, 1980.

    >>> from wincraft import winograd
    >>> winograd(2, 3, points="0,1,-1")
    F(2,3), rank 4, moduli 0,1,-1,inf, convention wincnn, scale 1, proved
    """

    output: LinearMap
    filter: LinearMap
    input: LinearMap
    scale: Any = S.One
    moduli: tuple[Modulus, ...] | None = None
    convention: str | None = None
    form: Form = "correlation"

    def __post_init__(self) -> None:
        for item in (self.output, self.filter, self.input):
            check_type("a map", item, LinearMap, "give a LinearMap, or matrices to BilinearAlgorithm.from_matrices")
        _check_shapes(self.output, self.filter, self.input)
        if self.form not in get_args(Form):
            raise UnknownName("form", str(self.form), get_args(Form))
        object.__setattr__(self, "scale", exact_number(self.scale))
        if not self.output.domain == self.filter.domain == self.input.domain:
            domains = ", ".join(str(item.domain) for item in (self.output, self.filter, self.input))
            raise BadValue(
                "the domain of the maps", f"not one but {domains}", "give all three over one domain, see convert()"
            )
        self.verify()

    @classmethod
    def from_matrices(cls, AT: Any, G: Any, BT: Any, *, form: Form = "correlation") -> BilinearAlgorithm:
        """Prove three bare matrices (rows of exact numbers or texts) and wrap them; a common scale is found.

        Raises:
            Refuted: where they do not compute the convolution.
            BadShape, BadNumber, FloatGiven: where they are no matrices of exact numbers.

        >>> BilinearAlgorithm.from_matrices([["2", "2"]], [[1], [0]], [[1], [1]])
        F(1,1), rank 2, scale 2, proved
        """
        tables = [read_rows(name, rows) for name, rows in (("AT", AT), ("G", G), ("BT", BT))]
        K = field_of(value for rows in tables for row in rows for value in row)
        output, taps, data = (LinearMap((from_numbers(rows, K),)) for rows in tables)
        _check_shapes(output, taps, data)
        scale = proved_scale(output.dense, taps.dense, data.dense)
        if scale is None:
            raise Refuted(diagnose(output.dense, taps.dense, data.dense))
        return cls(output, taps, data, scale=K.to_sympy(scale), form=form)

    @property
    def m(self) -> int:
        """Outputs per tile."""
        return self.output.shape[0]

    @property
    def r(self) -> int:
        """Filter taps."""
        return self.filter.shape[1]

    @property
    def n(self) -> int:
        """Input tile, m + r - 1."""
        return self.input.shape[1]

    @property
    def rank(self) -> int:
        """Number of products R."""
        return self.output.shape[1]

    @property
    def domain(self) -> Any:
        """The domain of all entries."""
        return self.output.domain

    @property
    def maps(self) -> Maps:
        """The maps as this form applies them; the linear form swaps and transposes A^T and B^T."""
        if self.form == "correlation":
            return Maps(self.output, self.filter, self.input)
        return Maps(self.input.transpose(), self.filter, self.output.transpose())

    @property
    def size(self) -> str:
        """``F(m,r)``."""
        return f"F({self.m},{self.r})"

    @property
    def axes(self) -> tuple[BilinearAlgorithm, ...]:
        """Itself, as the one axis; `Nested` has several."""
        return (self,)

    @property
    def points(self) -> tuple[Any, ...] | None:
        """The interpolation points as sympy numbers, infinity as ``oo``; None if unknown or some modulus is no point.

        >>> from wincraft import winograd
        >>> winograd(2, 3).points
        (0, 1, -1, oo)
        """
        if self.moduli is None or any(modulus.degree > 1 for modulus in self.moduli):
            return None
        return tuple(oo if modulus.is_infinite else modulus.point for modulus in self.moduli)

    @property
    def AT(self) -> Any:
        """A^T as a sympy matrix, m x R."""
        return self.output.dense.to_Matrix()

    @property
    def A(self) -> Any:
        """A, the transpose of `AT`, as a sympy matrix, R x m."""
        return self.AT.T

    @property
    def G(self) -> Any:
        """G as a sympy matrix, R x r."""
        return self.filter.dense.to_Matrix()

    @property
    def BT(self) -> Any:
        """B^T as a sympy matrix, R x n."""
        return self.input.dense.to_Matrix()

    @property
    def B(self) -> Any:
        """B, the transpose of `BT`, as a sympy matrix, n x R."""
        return self.BT.T

    @property
    def variant(self) -> tuple[str, ...]:
        """What sets it apart from the algorithm of its moduli in a named convention, in words; empty for that itself.

        >>> from wincraft import winograd
        >>> winograd(2, 3).rescale(a=[2] * 4).change_basis(input="legendre").variant
        ('own scaling', 'B^T in 2 stages')
        """
        scaling = ("own scaling",) if self.moduli is not None and self.convention is None else ()
        maps = (("A^T", self.output), ("G", self.filter), ("B^T", self.input))
        chains = (f"{name} in {len(item.stages)} stages" for name, item in maps if len(item.stages) > 1)
        return (*scaling, *chains)

    def verify(self) -> str:
        """Prove the exact identity again; returns one line that says what was proved.

        sum_k AT[i,k] G[k,j] BT[k,l] = scale * [l = i + j]  for all i < m, j < r, l < n. Exact.

        Raises:
            Refuted: where it fails; it carries the diagnosis.
        """
        matrices = self.output.dense, self.filter.dense, self.input.dense
        scale = to_element(self.scale, self.domain)
        if proved_scale(*matrices) != scale:
            raise Refuted(diagnose(*matrices, self.scale))
        identities = self.m * self.r * self.n
        return (
            f"{self.size} proved: {identities} exact identities, {self.rank} products, scale {number_text(self.scale)}"
        )

    def transpose(self) -> BilinearAlgorithm:
        """The same three maps used in the other form: correlation <-> linear convolution.

        >>> from wincraft import winograd
        >>> winograd(2, 2, points="0,1").transpose().apply([1, 2], [3, 4])
        [3, 10, 8]
        """
        return replace(self, form="linear" if self.form == "correlation" else "correlation")

    def rescale(
        self, a: Sequence[Any] | None = None, g: Sequence[Any] | None = None, b: Sequence[Any] | None = None
    ) -> BilinearAlgorithm:
        """Multiply AT's columns by a, G's rows by g, BT's rows by b, where a*g*b is one constant c.

        The scale is multiplied by c. Each is a sequence of R non-zero exact numbers, all ones if left out. Exact.

        Raises:
            BadScaling: where a*g*b differs between taps or is 0.
            BadShape: where a sequence has not R numbers.
            WrongType, BadNumber, FloatGiven: what is no sequence of exact numbers.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").rescale(a=[1, 2, 2, 1], g=[2, 1, 1, 2]).scale
        2
        """
        factors = []
        for name, given in (("a", a), ("g", g), ("b", b)):
            if given is not None and (isinstance(given, str) or not isinstance(given, Iterable)):
                raise WrongType(f"a scaling {name}", shorten(repr(given)), "give a sequence of one factor per tap")
            values = [exact_number(value) for value in (given if given is not None else [1] * self.rank)]
            if len(values) != self.rank:
                raise BadShape(f"scaling {name}", f"({len(values)},)", f"({self.rank},), one factor per tap")
            factors.append(values)
        K = field_of(
            [K.to_sympy(K.unit) for K in [self.domain] if not K.is_QQ]
            + [value for values in factors for value in values]
        )
        algorithm = self if self.domain == K else self.convert(K)
        elements = [[to_element(value, K) for value in values] for values in factors]
        products = [x * y * z for x, y, z in zip(*elements, strict=True)]
        for tap, product in enumerate(products):
            if product != products[0] or not product:
                raise BadScaling(tap, *(number_text(K.to_sympy(value)) for value in (product, products[0])))
        return replace(
            algorithm,
            output=algorithm.output.scale_inputs(elements[0]),
            filter=algorithm.filter.scale_outputs(elements[1]),
            input=algorithm.input.scale_outputs(elements[2]),
            scale=K.to_sympy(products[0] * to_element(self.scale, K)),
            convention=None,
        )

    def convert(self, K: Any) -> BilinearAlgorithm:
        """The same algorithm with its entries in a larger domain.

        Raises:
            WrongType: for what is no domain of sympy.
        """
        if not isinstance(K, Domain):
            repair = "give a domain such as QQ; for a scaling, winograd(m, r, moduli=alg.moduli, convention=...)"
            raise WrongType("a domain of sympy", repr(K), repair)
        return replace(self, output=self.output.convert(K), filter=self.filter.convert(K), input=self.input.convert(K))

    def noise_gain(self) -> Any:
        """NG = sum_k |A_k|^2 |G_k|^2 |B_k|^2 / (m r scale^2), an exact sympy number, the same for every scaling.

        A_k is the k-th column of A^T, G_k and B_k are rows, 2-norms. Direct convolution has NG 1.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").noise_gain()
        5/3
        """
        K = self.domain
        taps = zip(
            self.output.dense.transpose().to_list(),
            self.filter.dense.to_list(),
            self.input.dense.to_list(),
            strict=True,
        )
        norms = [[sum((x * x for x in vector), K.zero) for vector in tap] for tap in taps]
        scale = to_element(self.scale, K)
        return K.to_sympy(sum((a * g * b for a, g, b in norms), K.zero) / (self.m * self.r * scale * scale))

    def apply(self, data: Sequence[Any], filter: Sequence[Any]) -> list[Any]:
        """One exact tile: m outputs from n inputs and r filter taps (linear form: n from m and r), as sympy numbers.

        Raises:
            BadShape: where a length does not fit.
            BadNumber, FloatGiven: where an entry is no exact number.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").apply([1, 2, 3, 4], [1, 1, "1/2"])
        [9/2, 7]
        """
        return apply_tile((self.maps,), self.scale, data, filter)  # type: ignore[no-any-return]

    def to_numpy(self, dtype: Any = float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(AT, G, BT) as NumPy arrays, each entry rounded once to nearest even; dtype `object` keeps Fractions.

        >>> from wincraft import winograd
        >>> winograd(2, 3, points="0,1,-1").to_numpy("float16")[1][1]
        array([0.5, 0.5, 0.5], dtype=float16)
        """
        from wincraft.algorithm.numeric import matrix_to_numpy

        AT, G, BT = (matrix_to_numpy(item.dense, dtype) for item in (self.output, self.filter, self.input))
        return AT, G, BT

    def convolve(self, data: Any, filters: Any, padding: int | Sequence[int] = 0) -> np.ndarray:
        """Convolve whole signals tile by tile; see `wincraft.algorithm.numeric.convolve`.

        Raises:
            WrongForm: in linear convolution form.
        """
        from wincraft.algorithm.numeric import convolve

        if self.form != "correlation":
            raise WrongForm("convolve")
        return convolve((self.maps,), self.scale, data, filters, padding)

    def change_basis(self, basis: Any = None, *, input: Any = None, filter: Any = None, output: Any = None) -> Any:
        """The same algorithm through other polynomial bases; see `wincraft.construct.change.change_basis`.

        >>> from wincraft import winograd
        >>> len(winograd(4, 3).change_basis("legendre").input.stages)
        2
        """
        module = import_module("wincraft.construct.change")  # by name: a convenience that looks up the floors
        return module.change_basis(self, basis, input=input, filter=filter, output=output)

    @cached_property
    def sha256(self) -> str:
        """Hash of the exact content: form, sizes, domain, scale, and the stages of the three maps."""
        content = {
            "form": self.form,
            "m": self.m,
            "r": self.r,
            "domain": str(self.domain),
            "scale": number_text(self.scale),
            "stages": self.stage_texts(),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def stage_texts(self) -> dict[str, list[list[list[str]]]]:
        """The stages of A^T, G and B^T in the order they are applied, each as rows of texts."""
        maps = {"AT": self.output, "G": self.filter, "BT": self.input}
        return {name: [LinearMap((stage,)).texts for stage in item.stages] for name, item in maps.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BilinearAlgorithm) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def _repr_latex_(self) -> str | None:
        shown: str | None = import_module("wincraft.emit.latex").display(self)
        return shown

    def plot(self, ax: Any = None) -> Any:
        """What each tap adds to the noise gain, as bars; see `wincraft.measure.noise.NoiseGain`."""
        return import_module("wincraft.measure.noise").noise_gain(self).plot(ax)

    def __repr__(self) -> str:
        moduli = f", moduli {','.join(map(str, self.moduli))}" if self.moduli is not None else ""
        convention = f", convention {self.convention}" if self.convention else ""
        form = ", linear convolution form" if self.form == "linear" else ""
        variant = "".join(f", {words}" for words in self.variant)
        scale = number_text(self.scale)
        return f"{self.size}, rank {self.rank}{moduli}{convention}{variant}{form}, scale {scale}, proved"


def _check_shapes(output: LinearMap, filter: LinearMap, input: LinearMap) -> None:
    (m, rank), (rank_g, r), (rank_b, n) = output.shape, filter.shape, input.shape
    if not (rank == rank_g == rank_b and n == m + r - 1):
        raise BadShape("(AT, G, BT)", f"{(m, rank)}, {(rank_g, r)}, {(rank_b, n)}", "(m, R), (R, r), (R, m+r-1)")
