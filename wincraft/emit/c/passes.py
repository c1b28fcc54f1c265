# SPDX-License-Identifier: Apache-2.0
"""What a C header computes, read once from an algorithm: exact matrices, pass by pass, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Literal, get_args

from sympy import S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.algorithm.linear_map import LinearMap
from wincraft.emit.c.text import fill
from wincraft.emit.matrices import NamedPass, named_chain, named_stages, product_text
from wincraft.exact.number import is_negative, number_text
from wincraft.exact.types import Matrix, Number
from wincraft.files.provenance import identifier

Letter = Literal["g", "d", "h", "v", "u", "m", "y", "s", "x", "z"]
"""Filter, data, their transforms, products and output, of a linear convolution h and s for data and output; x and z are
what lies between two stages, read and written."""

_MAPS: tuple[tuple[str, Letter, Letter], ...] = (("output", "m", "y"), ("filter", "g", "v"), ("input", "d", "u"))
_LINEAR: dict[Letter, Letter] = {"d": "h", "y": "s"}

RESULTS = ("y", "s")
"""The letters of outputs."""

IMAGES = ("d", "h", *RESULTS)
"""The letters of what is a window of something larger."""


@dataclass(frozen=True)
class Transform:
    """One of the three transforms, or one stage of it: what it reads and writes, and its passes in their order.

    `norm` bounds what it writes where it reads numbers up to 1. `stages` are those of a transform of several; where it
    has no passes of its own, it calls them in turn.
    """

    name: str
    reads: Letter
    writes: Letter
    tile: tuple[int, ...]
    image: tuple[int, ...]
    passes: tuple[NamedPass, ...]
    formula: str
    norm: Number
    stage: int | None = None
    stages: tuple[Transform, ...] = ()

    @property
    def symbol(self) -> str:
        """What names its functions, ``input`` or ``input_stage0``."""
        return self.name if self.stage is None else f"{self.name}_stage{self.stage}"

    @property
    def title(self) -> str:
        """What names it in comments."""
        return f"{'' if self.stage is None else f'stage {self.stage} of '}the {self.name} transform"


@dataclass(frozen=True)
class Reading:
    """All that a header says and computes of an algorithm, but for its numbers in a type. `tables` are by label."""

    size: str
    prefix: str
    scale: Number
    tables: dict[str, NamedPass]
    transforms: tuple[Transform, ...]
    sizes: tuple[tuple[str, int], ...]
    description: tuple[str, ...]

    @property
    def chained(self) -> list[Transform]:
        """The transforms of several stages."""
        return [transform for transform in self.transforms if transform.stages]


def read_passes(algorithm: Algorithm, suffixes: Sequence[str] | None = None) -> Reading:
    """Every matrix, pass and fact of an algorithm that a header holds; the only place that asks the algorithm for them.

    `suffixes` end the names of each axis, where they are not those of `axis_suffixes`. Maps along axes are also
    multiplied out, along each axis; others are computed by calling their stages in turn.

    >>> from wincraft import winograd
    >>> reading = read_passes(winograd("F(2x4,3x3)"))
    >>> [(item.label, item.axis, item.image) for item in reading.transforms[0].passes]
    [('G_axis0', 0, (4, 3)), ('G_axis1', 1, (4, 6))]
    """
    suffixes = axis_suffixes(algorithm) if suffixes is None else suffixes
    linear = algorithm.form == "linear"
    formulas = linear_formulas(suffixes, algorithm.scale) if linear else whole_formulas(suffixes, algorithm.scale)
    tables: dict[str, NamedPass] = {}
    transforms = []
    letters = {letter: letter for letter in get_args(Letter)} | (_LINEAR if linear else {})
    for number in (1, 2, 0):
        (name, reads, writes), symbol, item = _MAPS[number], map_names(algorithm)[number], algorithm.maps[number]
        reads, writes = letters[reads], letters[writes]
        multiplied, stages = tuple(_multiplied(symbol, item, suffixes)), named_stages(symbol, item, suffixes)
        dense = NamedPass(symbol, "", item.dense, None, item.image)
        for step in [*(multiplied or [dense]), *(step for stage in stages for step in stage)]:
            tables.setdefault(step.label, step)
        if not multiplied and len(stages) == 1:
            multiplied = tuple(stages[0])
        norm = _norm(multiplied) if multiplied else largest_row_norm(dense.matrix)
        whole = Transform(name, reads, writes, item.tile, item.image, multiplied, formulas[name], norm)
        transforms.append(replace(whole, stages=tuple(_stages(whole, stages, algorithm.scale))))
    return Reading(
        size=algorithm.size,
        prefix=identifier(algorithm) + "_linear" * linear,
        scale=algorithm.scale,
        tables=dict(sorted(tables.items(), key=_table_order)),
        transforms=tuple(transforms),
        sizes=tuple(_sizes(algorithm)),
        description=tuple(_description(algorithm, suffixes, formulas["whole"])),
    )


def _multiplied(symbol: str, item: LinearMap, suffixes: Sequence[str]) -> Iterator[NamedPass]:
    """The product of each axis's passes, the axis first whose passes begin; none where `suffixes` name no axes."""
    tile, order = list(item.tile), [step.axis for step in item.passes if step.axis is not None]
    factors = dict(enumerate(item.factors or ())) if suffixes else {}
    for axis in sorted(factors, key=[*order, *factors].index):
        tile[axis] = factors[axis].shape[0]
        yield NamedPass(symbol, suffixes[axis], factors[axis].dense, axis, tuple(tile))


def _stages(whole: Transform, stages: Sequence[Sequence[NamedPass]], scale: Number) -> Iterator[Transform]:
    """Those of a transform of several."""
    tile = whole.tile
    for number, passes in enumerate(stages if len(stages) > 1 else ()):
        reads: Letter = "x" if number else whole.reads
        writes: Letter = whole.writes if number == len(stages) - 1 else "z" if number else "x"
        formula = _stage_formula(passes, len(tile), reads, writes) + (_over(scale) if writes in RESULTS else "")
        image = passes[-1].image
        yield Transform(whole.name, reads, writes, tile, image, tuple(passes), formula, _norm(passes), number)
        tile = image


def _table_order(table: tuple[str, NamedPass]) -> tuple[str, int, int, str]:
    """Axis by axis A^T, G and B^T, behind each its stages."""
    step = table[1]
    return step.suffix, "AGB".index(step.name[0]), len(step.name), step.name


def _norm(passes: Iterable[NamedPass]) -> Number:
    """The largest row norm of a Kronecker product of matrices along different axes, or of one over whole tiles."""
    return prod((largest_row_norm(step.matrix) for step in passes), start=S.One)


def largest_row_norm(matrix: Matrix) -> Number:
    """The largest 1-norm of a row of an exact matrix, as a sympy number: |Mx| <= norm max|x|."""
    K = matrix.domain
    norms = [sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in matrix.to_list()]
    return K.to_sympy(reduce(lambda x, y: y if is_negative(x - y, K) else x, norms))


def axis_suffixes(algorithm: Algorithm) -> tuple[str, ...]:
    """What ends the symbols of every axis: nothing where all axes are alike, else ``_axis0``, by first occurrence.

    None of an algorithm of whole tiles.
    """
    axes = algorithm.factors if algorithm.separable else ()
    return tuple("" if len(set(axes)) == 1 else f"_axis{axes.index(axis)}" for axis in axes)


def whole_formulas(suffixes: Sequence[str], scale: Number) -> dict[str, str]:
    """The formula of each transform by name, and of the whole algorithm; of whole tiles as of one axis."""
    tags = [suffix.removeprefix("_axis") for suffix in suffixes]
    V, U, left, right = "G g", "B^T d", "A^T", ""
    if len(tags) == 2:
        p, q = tags
        V, U, left, right = f"G{p} g G{q}^T", f"B{p}^T d B{q}", f"A{p}^T", f" A{q}"
    elif len(tags) > 2:
        G, BT, left = (f"({' (x) '.join(name.format(tag) for tag in tags)})" for name in ("G{}", "B{}^T", "A{}^T"))
        V, U = f"{G} g", f"{BT} d"
    return {
        "filter": f"V = {V}",
        "input": f"U = {U}",
        "output": f"Y = {left} M{right}{_over(scale)}",
        "whole": f"Y = {left} [({V}) * ({U})]{right}{_over(scale)}",
    }


def linear_formulas(suffixes: Sequence[str], scale: Number) -> dict[str, str]:
    """The same of a linear convolution.

    >>> from sympy import S
    >>> linear_formulas(["", ""], S(4))["whole"]
    'S = B [(G g G^T) * (A h A^T)] B^T / 4'
    """
    tags = [suffix.removeprefix("_axis") for suffix in suffixes]
    V, U, left, right = "G g", "A h", "B", ""
    if len(tags) == 2:
        p, q = tags
        V, U, left, right = f"G{p} g G{q}^T", f"A{p} h A{q}^T", f"B{p}", f" B{q}^T"
    elif len(tags) > 2:
        G, A, left = (f"({' (x) '.join(f'{name}{tag}' for tag in tags)})" for name in "GAB")
        V, U = f"{G} g", f"{A} h"
    return {
        "filter": f"V = {V}",
        "input": f"U = {U}",
        "output": f"S = {left} M{right}{_over(scale)}",
        "whole": f"S = {left} [({V}) * ({U})]{right}{_over(scale)}",
    }


def _stage_formula(passes: Sequence[NamedPass], axes: int, reads: Letter, writes: Letter) -> str:
    """The formula of a stage, whose matrices have the names of their tables: ``X = BT0 d BT0^T``."""
    value, along = array_name(reads), {step.axis: step.label for step in passes}
    names = [along.get(axis, "") for axis in range(axes)]
    if None in along:
        product = f"{along[None]} {value}"
    elif axes > 2:
        product = f"({' (x) '.join(name or 'I' for name in names)}) {value}"
    else:
        left, right = (*names, "")[:2]
        product = " ".join(part for part in (left, value, right and f"{right}^T") if part)
    return f"{array_name(writes)} = {product}"


def array_name(letter: str) -> str:
    """An array's letter in formulas: capital but for data and filter."""
    return letter if letter in "gdh" else letter.upper()


def _over(scale: Number) -> str:
    return "" if scale == S.One else f" / {number_text(scale)}"


def _sizes(algorithm: Algorithm) -> Iterator[tuple[str, int]]:
    """The macros of the sizes per axis, without the prefix, and their values; products have axes where maps have."""
    several, rank = len(algorithm.m) > 1, algorithm.output.tile if algorithm.separable else ()
    for name, sizes in (("M", algorithm.m), ("R", algorithm.r), ("N", algorithm.n), ("RANK", rank)):
        for number, size in enumerate(sizes):
            yield f"{name}{number if several else ''}", size
    if several:
        yield "RANK", algorithm.rank


def _description(algorithm: Algorithm, suffixes: Sequence[str], formula: str) -> Iterator[str]:
    """The size in words, the formulas, and what each axis is, with its proof."""
    m, r, n, ranks = map(_by, (algorithm.m, algorithm.r, algorithm.n, algorithm.output.tile))
    products = f"{ranks.replace('x', ' * ')} = {algorithm.rank}" if len(algorithm.output.tile) > 1 else ranks
    if algorithm.form == "linear":
        form = f"{algorithm.size} in linear convolution form, the product of polynomials"
        yield f"{form}: {n} coefficients from {r} by {m}, by {products} products."
        definition = "s[k] = sum over p + i = k of g[p] h[i]    (k, p and i run over all axes; * is elementwise)"
    else:
        outputs = f"{m} outputs of {r} filter taps from {n} data"
        yield f"Winograd convolution {algorithm.size}: {outputs}, by {products} products."
        definition = "y[i] = sum over p of d[i + p] g[p]    (i and p run over all axes; * is elementwise)"
    yield ""
    yield f"    {formula}"
    yield f"    {definition}"
    yield ""
    if not suffixes:
        yield from _part_lines(algorithm, "Matrices for whole tiles, flattened row by row")
    for axis, suffix in dict(zip(algorithm.factors, suffixes, strict=True)).items() if suffixes else ():
        several = f"Axis {suffix.removeprefix('_axis')}" if suffix else "Every axis"
        yield from _part_lines(axis, "Matrices" if len(algorithm.m) == 1 else several)


def _part_lines(part: Algorithm, where: str) -> Iterator[str]:
    names = [name.replace("T", "^T") for name in map_names(part)]
    maps = tuple(zip(names, part.maps, strict=True))
    yield f"{where}: {', '.join(f'{name} {_by(item.shape)}' for name, item in maps)}, scale {number_text(part.scale)};"
    moduli = f"moduli {','.join(map(str, part.moduli))}" if part.moduli is not None else "moduli not given"
    if part.separable:
        yield f"    {moduli}; convention {part.convention or 'not named'};"
    for name, item in zip(map_names(part), part.maps, strict=True):
        if named_chain(name, item):
            yield from fill(f"    {name} = ", product_text(name, item).split(" "), ";").splitlines()
    yield f"    {part.verify()}."


def _by(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))
