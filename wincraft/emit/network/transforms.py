# SPDX-License-Identifier: Apache-2.0
"""The two transforms of a quantised convolution in C: of data, and of products back. Layers of alike tiles share them.

A side computes on integers, modulo 2^32, unless scales differ between positions in front of one of its matrices; then
it computes in double, half of the lanes at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from math import prod
from typing import NamedTuple

import numpy as np

from wincraft.emit.c.printing import literal
from wincraft.emit.network.parts import MatrixStep, QuantisedLayer, Storing, WinogradPart
from wincraft.emit.network.tiles import VectorWords, tile_functions
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Element

Key = tuple[object, ...]
"""What layers have in common that share their transforms."""


def transforms_key(layer: QuantisedLayer) -> Key:
    """Equal for layers by tiles of the same sizes, programs and kinds of scales; their numbers lie in tables."""
    part = layer.winograd
    assert part is not None
    data, back = (
        tuple((step.passes, step.integer, _by_channel(step.before), _kind(step.stored)) for step in side)
        for side in (part.data, part.back)
    )
    return part.m, part.n, part.taps, data, _kind(part.products), back, layer.output.by_channel


def transform_texts(part: WinogradPart, output: Storing, number: int) -> list[str]:
    """The functions ``data{number}`` and ``back{number}`` and what they call."""
    numbers = _Numbers(count(), count())
    data = _Side(f"data{number}", part.data, _Channel("c", "p->xc"), numbers)
    texts = [*data.functions("int16_t"), _data(part, data)]
    products = numbers.stage(part.products)
    back = _Side(f"back{number}", part.back, _Channel("k", "p->kc"), numbers)
    return [*texts, *back.functions(None), _back(part, back, products, output)]


class _Stage(NamedTuple):
    """How a stage is stored, and its number in the layer's record."""

    number: int
    storing: Storing


class _Factor(NamedTuple):
    """Factors by number in the layer's record, and whether they differ between channels."""

    number: int
    by_channel: bool


class _Numbers(NamedTuple):
    """Gives stages and factors their numbers."""

    stages: Iterator[int]
    factors: Iterator[int]

    def stage(self, storing: Storing | None) -> _Stage | None:
        """The stage, if something is stored."""
        return None if storing is None else _Stage(next(self.stages), storing)

    def factor(self, step: MatrixStep) -> _Factor | None:
        """The factors of a step, if it has some."""
        return None if step.before is None else _Factor(next(self.factors), _by_channel(step.before))


class _Channel(NamedTuple):
    """The first channel of the vectors, and how many channels there are in memory, as C text."""

    first: str
    stride: str

    def vector(self, table: str, by_channel: bool) -> str:
        """A double of a table for the position i, for all channels or for HALF of them."""
        return f"load_doubles({table} + i * {self.stride} + {self.first} + h)" if by_channel else f"same({table}[i])"


class _Side:
    """The steps of one side: their functions, and the statements that run them on arrays t1, t2, ..."""

    def __init__(self, name: str, steps: Sequence[MatrixStep], channel: _Channel, numbers: _Numbers) -> None:
        self.name, self.steps, self.channel = name, steps, channel
        self.integer = all(step.integer for step in steps)
        words = ("vm", "uint32_t", "load_m", "store_m", "LANES")
        self.words = VectorWords(
            *(words if self.integer else ("vd", "double", "load_doubles", "store_doubles", "HALF")), self._literal
        )
        self.factors = [numbers.factor(step) for step in steps]
        self.stages = [numbers.stage(step.stored) for step in steps]

    def _literal(self, c: Element) -> str:
        (exact,) = as_fractions([c], self.steps[0].passes[0].program.domain)
        return f"{int(exact)}U" if self.integer else literal(float(exact), "double")

    def functions(self, reads: str | None) -> Iterator[str]:
        """The line and tile functions of every step; the first may read another type, in an image."""
        for number, step in enumerate(self.steps):
            source = None
            if number == 0 and reads is not None:
                source = reads, "widen_codes" if self.integer else "read_codes", ("row", "column")
            yield from tile_functions(f"{self.name}_{number}", step.passes, self.words, source)

    def array(self, number: int, positions: int) -> str:
        """The declaration of an array of vectors."""
        return f"{self.words.number} t{number}[{positions} * {self.words.lanes}];"

    def positions(self, number: int, loaded: str | None, stage: _Stage | None, factor: _Factor | None) -> list[str]:
        """Statements on every position of array t{number}: what is loaded there, stored as a code, and multiplied."""
        here = f"t{number} + i * {self.words.lanes}"
        if loaded is None and stage is None and factor is None:
            return []
        body = []
        if self.integer:
            body += [] if loaded is None else [f"store_m({here}, {loaded});"]
            if stage is not None:
                body.append("for (h = 0; h < LANES; h += HALF)")
                body.append(f"    write_rounded({here} + h, read_words({here} + h), {self._storing(stage)});")
                body.append(f"SEEN(p->number, {stage.number + 1}, i, tile, {self.channel.first}, {here}, LANES);")
        else:
            body.append(f"vd v = {loaded or f'load_doubles({here})'};")
            if stage is not None:
                body.append(f"v = rounded(v, {self._storing(stage)});")
                body.append(f"seen(p->number, {stage.number + 1}, i, tile, {self.channel.first} + h, v);")
            if factor is not None:
                body.append(f"v = v * {self.channel.vector(f'p->before[{factor.number}]', factor.by_channel)};")
            body.append(f"store_doubles({here}, v);")
        return [f"for (i = 0; i < {self.sizes[number]}; ++i) {{", *_indented(body), "}"]

    def _storing(self, stage: _Stage) -> str:
        table = f"p->stages[{stage.number}]"
        ratio = self.channel.vector(f"{table}.ratio", stage.storing.by_channel)
        return f"{ratio}, same(*{table}.low), same(*{table}.high)"

    @property
    def sizes(self) -> list[int]:
        """The positions of every array."""
        return [prod(self.steps[0].passes[0].tile), *(prod(step.passes[-1].image) for step in self.steps)]

    def run(self, first: str) -> Iterator[str]:
        """Statements from one array to the next, each stored as its stage is, and ready for what follows."""
        for number, stage in enumerate(self.stages):
            yield f"{self.name}_{number}_tile({first if number == 0 else f't{number}'}, t{number + 1});"
            factor = self.factors[number + 1] if number + 1 < len(self.steps) else None
            yield from self.positions(number + 1, None, stage, factor)


def _by_channel(before: np.ndarray | None) -> bool:
    """Whether factors differ between channels."""
    return before is not None and bool(before.shape[1] > 1)


def _kind(stored: Storing | None) -> bool | None:
    return None if stored is None else stored.by_channel


def _data(part: WinogradPart, side: _Side) -> str:
    """The function of the data of one tile: U of LANES channels."""
    last, taps = len(side.steps), part.taps
    arrays = [side.array(number, size) for number, size in enumerate(side.sizes) if number]
    body = list(side.run(f"{'q' if side.integer else 'q + h'}, p->qw * p->qc, p->qc"))
    words = f"t{last}"
    if not side.integer:
        words = "words"
        arrays.append(f"uint32_t words[{taps} * LANES];")
        copy = f"write_words(words + i * LANES + h, load_doubles(t{last} + i * HALF));"
        body = ["for (h = 0; h < LANES; h += HALF) {", *_indented([*body, f"for (i = 0; i < {taps}; ++i) {copy}"]), "}"]
    body.append(f"for (i = 0; i < {taps}; ++i) narrow({words} + i * LANES, u + i * tap);")
    unused = ["(void)c;", "(void)tile;", "(void)h;"]
    head = [
        f"/* B^T d: U of {taps} taps. */",
        f"static void {side.name}(const layer *p, const int16_t *q, u_t *u, ptrdiff_t tap, ptrdiff_t tile,",
        "                  ptrdiff_t c)",
    ]
    return "\n".join([*head, "{", *_indented([*arrays, "ptrdiff_t i, h = 0;", *body, *unused]), "}"])


def _back(part: WinogradPart, side: _Side, products: _Stage | None, output: Storing) -> str:
    """The function of the products of one tile: the outputs of LANES channels."""
    rows, columns = part.m
    arrays = [side.array(number, size) for number, size in enumerate(side.sizes)]
    excess = "p->excess + (k / COLUMNS * p->taps + i) * COLUMNS + k % COLUMNS"
    sums = f"less_excess(m + i * tap, {excess})" if side.integer else f"read_sums(m + i * tap + h, {excess} + h)"
    body = [*side.positions(0, sums, products, side.factors[0]), *side.run("t0")]
    last = f"t{len(side.steps)} + i * {side.words.lanes}"
    value = f"read_words({last} + h)" if side.integer else f"load_doubles({last})"
    before = [*(step.stored for step in (*part.data, *part.back)), part.products]
    ratio = side.channel.vector("p->output.ratio", output.by_channel)
    put = [
        "const vd low = load_doubles(p->output.low + k + h), high = load_doubles(p->output.high + k + h);",
        "const vd unit = load_doubles(p->unit + k + h);",
        "const vf bias = load_floats(p->bias + k + h);",
        f"for (i = 0; i < {rows * columns}; ++i) {{",
        f"    const ptrdiff_t row = i / {columns}, column = i % {columns};",
        f"    const vd code = rounded({value}, {ratio}, low, high);",
        f"    seen(p->number, {1 + sum(item is not None for item in before)}, i, tile, k + h, code);",
        "    if (row < down && column < across)",
        "        write_outputs(code, unit, bias, at + (row * p->ow + column) * p->kc + h, to);",
        "}",
    ]
    loop = "for (h = 0; h < LANES; h += HALF) {"
    body = [*body, loop, *_indented(put), "}"] if side.integer else [loop, *_indented([*body, *put]), "}"]
    head = [
        f"/* A^T m: {rows} x {columns} outputs. */",
        f"static void {side.name}(const layer *p, const uint32_t *m, ptrdiff_t tap, ptrdiff_t tile, ptrdiff_t k,",
        "                  const target *to)",
    ]
    start = [
        f"const ptrdiff_t top = tile / p->across * {rows}, left = tile % p->across * {columns};",
        "const ptrdiff_t down = p->oh - top, across = p->ow - left, at = (top * p->ow + left) * p->kc + k;",
    ]
    return "\n".join([*head, "{", *_indented([*start, *arrays, "ptrdiff_t i, h;", *body]), "}"])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
