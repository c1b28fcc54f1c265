# SPDX-License-Identifier: Apache-2.0
"""What a C header computes, read once from an algorithm: exact matrices, pass by pass, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Literal

from sympy import S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.c.text import fill
from wincraft.emit.matrices import named_maps, named_matrices, named_stages
from wincraft.emit.provenance import identifier
from wincraft.exact.number import is_negative, number_text
from wincraft.exact.types import Matrix, Number

Letter = Literal["g", "d", "v", "u", "m", "y", "x", "z"]
"""Filter, data, their transforms, products and output; x and z are what lies between two stages, read and written."""

_MAPS: tuple[tuple[str, Literal["G", "BT", "AT"], Letter, Letter], ...] = (
    ("filter", "G", "g", "v"),
    ("input", "BT", "d", "u"),
    ("output", "AT", "m", "y"),
)


@dataclass(frozen=True, eq=False)
class Factor:
    """An exact matrix, the name of its table, the suffix of the axis it belongs to, and the size of that one."""

    name: str
    suffix: str
    exact: Matrix
    size: str

    @property
    def label(self) -> str:
        """``BT0_axis1``."""
        return self.name + self.suffix


@dataclass(frozen=True)
class NamedPass:
    """A matrix along one axis, or over the whole flattened tile where `axis` is None, and the shape of the result."""

    factor: Factor
    axis: int | None
    image: tuple[int, ...]


@dataclass(frozen=True)
class Transform:
    """One of the three transforms, or one stage of it: what it reads and writes, and its passes in their order.

    `stages` are those of a transform of several. A stage runs along the axes whose chains have a stage of its number.
    """

    name: str
    reads: Letter
    writes: Letter
    tile: tuple[int, ...]
    passes: tuple[NamedPass, ...]
    formula: str
    stage: int | None = None
    stages: tuple[Transform, ...] = ()

    @property
    def symbol(self) -> str:
        """What names its functions, ``input`` or ``input_stage0``."""
        return self.name if self.stage is None else f"{self.name}_stage{self.stage}"

    @property
    def title(self) -> str:
        """What names it in comments."""
        return (
            f"the {self.name} transform" if self.stage is None else f"stage {self.stage} of the {self.name} transform"
        )

    @property
    def image(self) -> tuple[int, ...]:
        """The shape of what it writes."""
        return self.passes[-1].image

    @property
    def norm(self) -> Number:
        """A bound on what it writes where it reads numbers up to 1: the product of its passes' largest row norms."""
        return prod((largest_row_norm(item.factor.exact) for item in self.passes), start=S.One)


@dataclass(frozen=True)
class Reading:
    """All that a header says and computes of an algorithm, but for its numbers in a type."""

    size: str
    prefix: str
    scale: Number
    factors: tuple[Factor, ...]
    transforms: tuple[Transform, ...]
    formula: str
    sizes: tuple[tuple[str, int], ...]
    description: tuple[str, ...]

    @property
    def chained(self) -> list[Transform]:
        """The transforms of several stages."""
        return [transform for transform in self.transforms if transform.stages]


def read_passes(algorithm: Algorithm, suffixes: Sequence[str] | None = None) -> Reading:
    """Every matrix, pass and fact of an algorithm that a header holds; the only place that asks the algorithm for them.

    `suffixes` end the names of each axis, where they are not those of `axis_suffixes`.

    >>> from wincraft import parse
    >>> reading = read_passes(parse("F(2x4,3x3)"))
    >>> [(item.factor.label, item.axis, item.image) for item in reading.transforms[0].passes]
    [('G_axis0', 0, (4, 3)), ('G_axis1', 1, (4, 6))]
    """
    axes, suffixes = algorithm.factors, suffixes or axis_suffixes(algorithm)
    named = {
        suffix: {name: Factor(name, suffix, exact, axis.size) for name, exact in named_matrices(axis).items()}
        for suffix, axis in dict(zip(suffixes, axes, strict=True)).items()
    }
    factors = [named[suffix] for suffix in suffixes]
    formulas = whole_formulas(suffixes, algorithm.scale)
    transforms = []
    for name, symbol, reads, writes in _MAPS:
        tile = tuple(named_maps(axis)[symbol].shape[1] for axis in axes)
        passes = _passes(tile, [of_axis[symbol] for of_axis in factors])
        whole = Transform(name, reads, writes, tile, passes, formulas[name])
        lengths = [len(named_maps(axis)[symbol].stages) for axis in axes]
        stages: list[Transform] = []
        for number in range(max(lengths) if max(lengths) > 1 else 0):
            along = [
                None if number >= length else of_axis[symbol if length == 1 else f"{symbol}{number}"]
                for of_axis, length in zip(factors, lengths, strict=True)
            ]
            stage = replace(
                whole,
                stage=number,
                reads="x" if number else reads,
                writes=writes if number == max(lengths) - 1 else "z" if number else "x",
                tile=stages[-1].image if stages else tile,
                passes=_passes(stages[-1].image if stages else tile, along),
            )
            stages.append(replace(stage, formula=_stage_formula(stage, algorithm.scale)))
        transforms.append(replace(whole, stages=tuple(stages)))
    return Reading(
        size=algorithm.size,
        prefix=identifier(algorithm),
        scale=algorithm.scale,
        factors=tuple(factor for of_axis in named.values() for factor in of_axis.values()),
        transforms=tuple(transforms),
        formula=formulas["whole"],
        sizes=tuple(_sizes(algorithm)),
        description=tuple(_description(algorithm, suffixes)),
    )


def _passes(tile: tuple[int, ...], factors: Sequence[Factor | None]) -> tuple[NamedPass, ...]:
    """One pass along each axis that has a factor, the first axis first."""
    passes, image = [], list(tile)
    for axis, factor in enumerate(factors):
        if factor is not None:
            image[axis] = factor.exact.shape[0]
            passes.append(NamedPass(factor, axis, tuple(image)))
    return tuple(passes)


def largest_row_norm(matrix: Matrix) -> Number:
    """The largest 1-norm of a row of an exact matrix, as a sympy number: |Mx| <= norm max|x|."""
    K = matrix.domain
    norms = [sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in matrix.to_list()]
    return K.to_sympy(reduce(lambda x, y: y if is_negative(x - y, K) else x, norms))


def axis_suffixes(algorithm: Algorithm) -> tuple[str, ...]:
    """What ends the symbols of every axis: nothing where all axes are alike, else ``_axis0``, by first occurrence."""
    axes = algorithm.factors
    return tuple("" if len(set(axes)) == 1 else f"_axis{axes.index(axis)}" for axis in axes)


def whole_formulas(suffixes: Sequence[str], scale: Number) -> dict[str, str]:
    """The formula of each transform by name, and of the whole algorithm, with a scale."""
    tags = [suffix.removeprefix("_axis") for suffix in suffixes]
    if len(tags) == 1:
        V, U, left, right = "G g", "B^T d", "A^T", ""
    elif len(tags) == 2:
        p, q = tags
        V, U, left, right = f"G{p} g G{q}^T", f"B{p}^T d B{q}", f"A{p}^T", f" A{q}"
    else:
        G, BT, left = (f"({' (x) '.join(name.format(tag) for tag in tags)})" for name in ("G{}", "B{}^T", "A{}^T"))
        V, U, right = f"{G} g", f"{BT} d", ""
    return {
        "filter": f"V = {V}",
        "input": f"U = {U}",
        "output": f"Y = {left} M{right}{_over(scale)}",
        "whole": f"Y = {left} [({V}) * ({U})]{right}{_over(scale)}",
    }


def _stage_formula(stage: Transform, scale: Number) -> str:
    """The formula of a stage, whose matrices have the names of their tables: ``X = BT0 d BT0^T``."""
    value, along = array_name(stage.reads), {item.axis: item.factor.label for item in stage.passes}
    names = [along.get(axis, "") for axis in range(len(stage.tile))]
    if None in along:
        product = f"{along[None]} {value}"
    elif len(names) > 2:
        product = f"({' (x) '.join(name or 'I' for name in names)}) {value}"
    else:
        left, right = (*names, "")[:2]
        product = " ".join(part for part in (left, value, right and f"{right}^T") if part)
    return f"{array_name(stage.writes)} = {product}{_over(scale) if stage.writes == 'y' else ''}"


def array_name(letter: str) -> str:
    """An array's letter in formulas: capital but for data and filter."""
    return letter if letter in "gd" else letter.upper()


def _over(scale: Number) -> str:
    return "" if scale == S.One else f" / {number_text(scale)}"


def _sizes(algorithm: Algorithm) -> Iterator[tuple[str, int]]:
    """The macros of the sizes per axis, without the prefix, and their values."""
    several = len(algorithm.m) > 1
    for name, sizes in (("M", algorithm.m), ("R", algorithm.r), ("N", algorithm.n), ("RANK", algorithm.output.tile)):
        for number, size in enumerate(sizes):
            yield f"{name}{number if several else ''}", size
    if several:
        yield "RANK", algorithm.rank


def _description(algorithm: Algorithm, suffixes: Sequence[str]) -> Iterator[str]:
    """The size in words, the formulas, and what each axis is, with its proof."""
    m, r, n = map(_by, (algorithm.m, algorithm.r, algorithm.n))
    products = " * ".join(str(axis.rank) for axis in algorithm.factors)
    products = f"{products} = {algorithm.rank}" if len(algorithm.m) > 1 else products
    outputs = f"{m} outputs of {r} filter taps from {n} data"
    yield f"Winograd convolution {algorithm.size}: {outputs}, by {products} products."
    yield ""
    yield f"    {whole_formulas(suffixes, algorithm.scale)['whole']}"
    yield "    y[i] = sum over p of d[i + p] g[p]    (i and p run over all axes; * is elementwise)"
    yield ""
    for axis, suffix in dict(zip(algorithm.factors, suffixes, strict=True)).items():
        several = f"Axis {suffix.removeprefix('_axis')}" if suffix else "Every axis"
        yield from _axis_lines(axis, "Matrices" if len(algorithm.m) == 1 else several)


def _axis_lines(axis: Algorithm, where: str) -> Iterator[str]:
    maps = ("A^T", axis.output), ("G", axis.filter), ("B^T", axis.input)
    yield f"{where}: {', '.join(f'{name} {_by(item.shape)}' for name, item in maps)}, scale {number_text(axis.scale)};"
    moduli = f"moduli {','.join(map(str, axis.moduli))}" if axis.moduli is not None else "moduli not given"
    yield f"    {moduli}; convention {axis.convention or 'not named'};"
    for name, item in named_stages(axis).items():
        factors = [f"{stage} ({_by(matrix.shape)})" for stage, matrix in reversed(item.items())]
        yield from fill(f"    {name} = ", factors, ";").splitlines()
    yield f"    {axis.verify()}."


def _by(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))
