# SPDX-License-Identifier: Apache-2.0
"""A C99 header, also valid C++17: tables and transform functions in float, double and overflow-free integers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import TextIO

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.emit.c.arithmetic import (
    Arithmetic,
    Omitted,
    float_arithmetic,
    integer_arithmetic,
    literal,
)
from wincraft.emit.c.functions import stage_calls, transform_functions
from wincraft.emit.c.integers import IntegerBounds, better_set
from wincraft.emit.c.text import LINE_LENGTH, aligned, comment, fill, table_rows
from wincraft.emit.c.transforms import FILTER, INPUT, OUTPUT, axis_suffixes, formulas
from wincraft.emit.matrices import named_matrices, named_stages
from wincraft.emit.provenance import banner, identifier
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import to_texts
from wincraft.exact.number import number_text
from wincraft.measure.integers import Integers


def emit(algorithm: Algorithm, stream: TextIO, basis: str | None = None, integers: Integers | None = None) -> None:
    """Write the header: provenance, formula and proof, then macros, tables and functions of every arithmetic.

    Functions:  V = G g G^T,  U = B^T d B,  Y = A^T M A / scale  in 2-D, one matrix per axis in 1-D to 4-D. V, U and M
    are contiguous, d and Y are windows of larger images. Floating-point entries are the exact ones rounded once; the
    integer functions take data and filters in the ranges of `integers`, int8 by default, are exact, and carry the proof
    that they cannot overflow, in the ranges and channel counts of a report. An arithmetic that cannot
    hold the algorithm is left out, with a comment that says why. Two different headers of one size refuse to compile
    together. The same algorithm gives the same bytes.

    A map of several stages also has, in floating point, a table and functions for each of them: stage t runs along the
    axes that have a stage t. They compose by calling them in turn, so that values can be quantised in between; the
    function without a number computes the same in one step, by the stages' product. Integers have only the latter.

    Raises:
        NotApplicable: in linear convolution form.
    """
    if algorithm.form != "correlation":
        raise NotApplicable("C header", "this is the linear convolution form", "call transpose() first")
    integers = Integers() if integers is None else integers
    guard, content = f"{identifier(algorithm).upper()}_H", f"0x{_content(algorithm, integers)}u"
    floats = {c_type: float_arithmetic(algorithm.axes, c_type) for c_type in ("float", "double")}
    example = next((item for item in floats.values() if isinstance(item, Arithmetic)), None)
    parts = [
        _title(algorithm, basis, integers, example),
        f"#ifndef {guard}\n#define {guard} {content}\n\n#include <stddef.h>\n#include <stdint.h>",
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        _size_macros(algorithm),
        *(text for c_type, arithmetic in floats.items() for text in _section(algorithm, c_type, arithmetic)),
        *_section(algorithm, "integer", integer_arithmetic(algorithm, integers)),
        "#ifdef __cplusplus\n}\n#endif",
        f"#elif {guard} != {content}",
        f'#error "another {algorithm.size}, of other points, scaling or ranges, is already included"',
        f"#endif /* {guard} */",
    ]
    stream.write("\n\n".join(parts) + "\n")


def _content(algorithm: Algorithm, integers: Integers) -> str:
    """Eight hexadecimal digits: of the algorithm, and of the ranges where they are not the default."""
    if integers == Integers():
        return algorithm.sha256[:8]
    return sha256(f"{algorithm.sha256} {integers}".encode()).hexdigest()[:8]


def _title(algorithm: Algorithm, basis: str | None, integers: Integers, example: Arithmetic | None) -> str:
    m, r, n = (_by(getattr(axis, name) for axis in algorithm.axes) for name in ("m", "r", "n"))
    products = " * ".join(str(axis.rank) for axis in algorithm.axes)
    products = f"{products} = {algorithm.rank}" if len(algorithm.axes) > 1 else products
    return comment(
        *banner(algorithm, "c", basis, integers),
        "",
        f"Winograd convolution {algorithm.size}: {m} outputs of {r} filter taps from {n} data, by {products} products.",
        "",
        f"    {formulas(algorithm, algorithm.scale)['whole']}",
        "    y[i] = sum over p of d[i + p] g[p]    (i and p run over all axes; * is elementwise)",
        "",
        *(line for axis in dict.fromkeys(algorithm.axes) for line in _axis_lines(algorithm, axis)),
        "",
        "Use, for every tile of data, with M cleared first and every filter transformed once, g -> V:",
        "    for every channel: input transform d -> U, then M[k] += U[k] * V[k] for all k;",
        "    then the output transform M -> Y.",
        "g, V, U and M are contiguous, row-major. d and Y are windows of larger images: the last axis is contiguous,",
        "every other one has its stride, in elements, as a parameter. U, V and M must not overlap g, d and Y.",
        "Bounds are those of exact arithmetic; one that is no integer is rounded up, the exact one beside it.",
        *(_stage_lines(algorithm, example) if example else ()),
    )


def _axis_lines(algorithm: Algorithm, axis: BilinearAlgorithm) -> Iterator[str]:
    number = algorithm.axes.index(axis)
    where = (
        "Matrices"
        if len(algorithm.axes) == 1
        else f"Axis {number}"
        if axis_suffixes(algorithm)[number]
        else "Every axis"
    )
    maps = ("A^T", axis.output), ("G", axis.filter), ("B^T", axis.input)
    yield f"{where}: {', '.join(f'{name} {_by(item.shape)}' for name, item in maps)}, scale {number_text(axis.scale)};"
    moduli = f"moduli {','.join(map(str, axis.moduli))}" if axis.moduli is not None else "moduli not given"
    yield f"    {moduli}; convention {axis.convention or 'not named'};"
    for name, item in named_stages(axis).items():
        factors = [f"{stage} ({_by(matrix.shape)})" for stage, matrix in reversed(item.items())]
        yield from fill(f"    {name} = ", factors, ";").splitlines()
    yield f"    {axis.verify()}."


def _stage_lines(algorithm: Algorithm, arithmetic: Arithmetic) -> Iterator[str]:
    chained = [transform for transform in (FILTER, INPUT, OUTPUT) if arithmetic.stages(transform)]
    if not chained:
        return
    c_type = arithmetic.table_type
    yield ""
    yield "Stages: a transform is one call, or one per stage with anything between them, requantisation say. Both ways"
    yield f"compute the same but for rounding. What a stage reads and what it writes must not overlap. In {c_type}:"
    for transform in chained:
        yield f"    {transform.title}, stage by stage:"
        yield from (f"        {line}" for line in stage_calls(algorithm, arithmetic, transform))
    parts = [stage for transform in chained for stage in arithmetic.stages(transform)]
    if not all(stage.runs_along(axis) for stage in parts for axis in algorithm.axes):
        yield "Where the axes' chains differ in length, stage t runs along the axes that have a stage t."


def _size_macros(algorithm: Algorithm) -> str:
    prefix = identifier(algorithm).upper()
    several = len(algorithm.axes) > 1
    macros = [
        (f"{prefix}_{name}{number if several else ''}", getattr(axis, attribute))
        for name, attribute in (("M", "m"), ("R", "r"), ("N", "n"), ("RANK", "rank"))
        for number, axis in enumerate(algorithm.axes)
    ]
    if several:
        macros.append((f"{prefix}_RANK", algorithm.rank))
    head = comment("Sizes per axis: outputs M, filter taps R, data tile N = M + R - 1, products RANK.")
    return f"{head}\n{_defines(macros)}"


def _section(algorithm: Algorithm, title: str, arithmetic: Arithmetic | Omitted) -> Iterator[str]:
    rule = f"{title} {'-' * (LINE_LENGTH - len(title) - 7)}"
    if isinstance(arithmetic, Omitted):
        yield comment(rule, f"Omitted: {arithmetic.reason}.")
        return
    if arithmetic.bounds is None:
        yield comment(rule, "Tables: the exact entries, which stand in the comments, rounded once to nearest even.")
    else:
        yield comment(rule, *_integer_walk(algorithm, arithmetic, arithmetic.bounds))
        yield _integer_macros(algorithm, arithmetic, arithmetic.bounds)
    suffixes = axis_suffixes(algorithm)
    for suffix in dict.fromkeys(suffixes):
        number = suffixes.index(suffix)
        yield from (_table(algorithm, arithmetic, name, number) for name in arithmetic.matrices[number])
    yield from transform_functions(algorithm, arithmetic)


def _integer_walk(algorithm: Algorithm, arithmetic: Arithmetic, bounds: IntegerBounds) -> list[str]:
    limit, accumulator = _channel_macros(algorithm, bounds)
    scale, types = arithmetic.scale, arithmetic.types
    chained = any(named_stages(axis) for axis in algorithm.axes)
    no_stages = (
        "No functions per stage: values between stages are rational in general, as integers they would need scales."
    )
    walk = [
        ("d", types["d"], f"in {bounds.integers.data}", "p fraction bits"),
        ("g", types["g"], f"in {bounds.integers.filter}", "q fraction bits"),
        ("U", types["u"], f"in {bounds.U}", "p fraction bits"),
        ("V", types["v"], f"in {bounds.V}", f"q fraction bits, times {scale}"),
        ("M", "int64_t", f"in {bounds.M} per channel", f"p + q fraction bits, times {scale}"),
        ("t", "int64_t", f"in {bounds.sums} per channel", "every step of the output transform, M included"),
        ("Y", "int64_t", f"in {bounds.Y} per channel", f"p + q fraction bits, after dividing by {scale}"),
    ]
    return [
        f"Tables: A^T columns and B^T rows primitive integer, scale {scale} the smallest that makes G integer.",
        "",
        "Scaling and overflow behaviour, from input to output; nothing rounds, and the division is exact.",
        "The data may be in any Q format with p fraction bits, the filter in any with q.",
        *(f"    {line}" for line in aligned(walk)),
        "Sum M[k] += (int64_t)U[k] * V[k].",
        f"{limit}: the channels that M may sum before t could leave int64_t.",
        f"{accumulator}: those that an accumulator of {bounds.integers.accumulator} bits holds of M, to be widened",
        "before the output transform.",
        *better_set(algorithm, bounds),
        *([no_stages] * chained),
    ]


def _integer_macros(algorithm: Algorithm, arithmetic: Arithmetic, bounds: IntegerBounds) -> str:
    limit, accumulator = _channel_macros(algorithm, bounds)
    scale = f"{identifier(algorithm).upper()}_SCALE_INT"
    return _defines(
        [(limit, bounds.max_channels), (accumulator, bounds.accumulator_channels), (scale, arithmetic.scale)]
    )


def _channel_macros(algorithm: Algorithm, bounds: IntegerBounds) -> tuple[str, str]:
    """The names of the two channel counts: of int64_t throughout, and of an accumulator of M."""
    limit = f"{identifier(algorithm).upper()}_MAX_CHANNELS"
    return limit, f"{limit}_INT{bounds.integers.accumulator}"


def _table(algorithm: Algorithm, arithmetic: Arithmetic, name: str, axis: int) -> str:
    values = [[literal(number, arithmetic.table_type) for number in row] for row in arithmetic.matrices[axis][name]]
    exact = to_texts(named_matrices(arithmetic.axes[axis])[name]) if arithmetic.bounds is None else []
    symbol = f"{identifier(algorithm)}_{name}_{arithmetic.suffix}{axis_suffixes(algorithm)[axis]}"
    head = f"static const {arithmetic.table_type} {symbol}[{len(values)}][{len(values[0])}] = {{"
    return "\n".join([head, *table_rows(values, exact), "};"])


def _defines(macros: Sequence[tuple[str, object]]) -> str:
    width = max(len(name) for name, _ in macros)
    return "\n".join(f"#define {name:{width}} {value}" for name, value in macros)


def _by(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))
