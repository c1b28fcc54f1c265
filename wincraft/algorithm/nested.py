# SPDX-License-Identifier: Apache-2.0
"""N-D algorithms by nesting one 1-D algorithm per axis."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.refutation import MATRICES
from wincraft.algorithm.tile import apply_tile
from wincraft.errors import BadShape, WrongForm, check_type
from wincraft.exact.number import number_text

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Nested:
    """F(m1 x m2 x ..., r1 x r2 x ...): the Kronecker product of one proved algorithm per axis.

    In 2-D:  Y = A1^T [(G1 g G2^T) * (B1^T d B2)] A2 / scale.  Rank and scale are the products over the axes;
    the proof is the axes' proofs, since a Kronecker product of identities is the identity. Exact.

    Raises:
        BadShape: without axes, or where their forms differ.

    >>> from wincraft import winograd
    >>> Nested((winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2")))
    F(2x4,3x3), rank 24 = 4*6, scale 1, proved
    """

    axes: tuple[BilinearAlgorithm, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(self.axes))
        if not self.axes or not all(isinstance(axis, BilinearAlgorithm) for axis in self.axes):
            raise BadShape("a nested algorithm", str(self.axes), "at least one axis, each a BilinearAlgorithm")
        if len({axis.form for axis in self.axes}) > 1:
            raise BadShape(
                "a nested algorithm", f"axes of forms {[axis.form for axis in self.axes]}", "one form for all"
            )

    @property
    def m(self) -> tuple[int, ...]:
        """Outputs per tile and axis."""
        return tuple(axis.m for axis in self.axes)

    @property
    def r(self) -> tuple[int, ...]:
        """Filter taps per axis."""
        return tuple(axis.r for axis in self.axes)

    @property
    def n(self) -> tuple[int, ...]:
        """Input tile per axis."""
        return tuple(axis.n for axis in self.axes)

    @property
    def rank(self) -> int:
        """Number of products per tile."""
        return prod(axis.rank for axis in self.axes)

    @property
    def scale(self) -> Any:
        """The product of the axes' scales."""
        return prod(axis.scale for axis in self.axes)

    @property
    def form(self) -> str:
        """The form all axes share."""
        return self.axes[0].form

    @property
    def size(self) -> str:
        """``F(m1xm2,r1xr2)``."""
        return f"F({'x'.join(map(str, self.m))},{'x'.join(map(str, self.r))})"

    def verify(self) -> str:
        """Prove every axis again; returns one line that says what was proved. Raises `Refuted` where one fails."""
        lines = [axis.verify() for axis in dict.fromkeys(self.axes)]
        told = [line for axis, line in zip(dict.fromkeys(self.axes), lines, strict=True) if axis.n > 1]
        return f"{self.size} proved: {self.rank} products, scale {number_text(self.scale)}; {'; '.join(told or lines)}"

    def noise_gain(self) -> Any:
        """The product of the axes' noise gains, exact."""
        return prod(axis.noise_gain() for axis in self.axes)

    def transpose(self) -> Nested:
        """The same maps used in the other form."""
        return Nested(tuple(axis.transpose() for axis in self.axes))

    def apply(self, data: Any, filter: Any) -> Any:
        """One exact tile: nested lists of shapes (n1, n2, ...) and (r1, r2, ...) give (m1, m2, ...) sympy numbers.

        In the linear form the data has shape (m1, m2, ...) and the result (n1, n2, ...).

        >>> from wincraft import winograd
        >>> row = winograd(1, 2, points="0")
        >>> Nested((row, row)).apply([[1, 2], [3, 4]], [[1, 0], [0, 1]])
        [[5]]
        """
        return apply_tile([axis.maps for axis in self.axes], self.scale, data, filter)

    def convolve(self, data: Any, filters: Any, padding: int | Sequence[int] = 0) -> np.ndarray:
        """Convolve whole images tile by tile; see `wincraft.algorithm.numeric.convolve`.

        Raises:
            WrongForm: in linear convolution form.
        """
        from wincraft.algorithm.numeric import convolve

        if self.form != "correlation":
            raise WrongForm("convolve")
        return convolve([axis.maps for axis in self.axes], self.scale, data, filters, padding)

    def change_basis(self, basis: Any = None, *, input: Any = None, filter: Any = None, output: Any = None) -> Nested:
        """Every axis through other polynomial bases; see `wincraft.construct.change.change_basis`."""
        changed = map_axes(self, lambda axis: axis.change_basis(basis, input=input, filter=filter, output=output))
        assert isinstance(changed, Nested)
        return changed

    @cached_property
    def sha256(self) -> str:
        """Hash of the axes' hashes."""
        return hashlib.sha256(",".join(axis.sha256 for axis in self.axes).encode()).hexdigest()

    def _repr_latex_(self) -> str | None:
        shown: str | None = import_module("wincraft.emit.latex").display(self)
        return shown

    def plot(self, ax: Any = None) -> Any:
        """What each tap adds to the noise gain, in grey; see `wincraft.measure.noise.NoiseGain`."""
        return import_module("wincraft.measure.noise").noise_gain(self).plot(ax)

    def __repr__(self) -> str:
        ranks = "*".join(str(axis.rank) for axis in self.axes)
        variant = "".join(f", {words}" for words in dict.fromkeys(word for axis in self.axes for word in axis.variant))
        form = ", linear convolution form" if self.form == "linear" else ""
        return f"{self.size}, rank {self.rank} = {ranks}{variant}{form}, scale {number_text(self.scale)}, proved"


Algorithm = BilinearAlgorithm | Nested


def check_algorithm(given: object) -> None:
    """Refuse what is no algorithm where one is needed.

    Raises:
        WrongType: a size, say, or the path of a file.

    >>> check_algorithm("4,3")
    Traceback (most recent call last):
    ...
    wincraft.errors.WrongType: '4,3' is not an algorithm; make one of its size, parse("F(4,3)"), or read(path) one
    """
    check_type("an algorithm", given, Algorithm, 'make one of its size, parse("F(4,3)"), or read(path) one')


def map_names(algorithm: Algorithm) -> tuple[str, str, str]:
    """The names of the output, filter and input map: AT, G, BT; in linear convolution form B, G, A.

    >>> from wincraft import winograd
    >>> map_names(winograd(2, 3)), map_names(winograd(2, 3).transpose())
    (('AT', 'G', 'BT'), ('B', 'G', 'A'))
    """
    return MATRICES if algorithm.form == "correlation" else ("B", "G", "A")


def of_axes(axes: Sequence[BilinearAlgorithm]) -> Algorithm:
    """The algorithm of these axes: the one itself, several as `Nested`.

    >>> from wincraft import winograd
    >>> of_axes([winograd(2, 3)]).size, of_axes([winograd(2, 3), winograd(4, 3)]).size
    ('F(2,3)', 'F(2x4,3x3)')
    """
    return axes[0] if len(axes) == 1 else Nested(tuple(axes))


def map_axes(algorithm: Algorithm, change: Callable[[BilinearAlgorithm], BilinearAlgorithm]) -> Algorithm:
    """The algorithm with every axis changed, axes that are alike once.

    Raises:
        NotApplicable: for what is no algorithm.

    >>> from wincraft import parse
    >>> map_axes(parse("F(2x2,3x3)"), lambda axis: axis.rescale(a=[2] * 4)).scale
    4
    """
    check_algorithm(algorithm)
    changed = {axis: change(axis) for axis in dict.fromkeys(algorithm.axes)}
    axes = tuple(changed[axis] for axis in algorithm.axes)
    return Nested(axes) if isinstance(algorithm, Nested) else axes[0]
