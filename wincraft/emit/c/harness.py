# SPDX-License-Identifier: Apache-2.0
"""A C file that proves, or where it is compiled tests, the integer functions of a header: one check for each."""

from __future__ import annotations

import re
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.bounds import bounds
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.construct.circuits import order_of
from wincraft.construct.scaling import integer_form
from wincraft.emit.c.integers import integer_bounds, integer_section
from wincraft.emit.c.kernels import Array, Line, Tile
from wincraft.emit.c.text import comment, fill
from wincraft.errors import NotApplicable
from wincraft.files.provenance import banner
from wincraft.measure.integers import Integers, range_options
from wincraft.measure.ranges import ranges

_USE = (
    "Checks of the integer functions. A model checker proves each, here ESBMC. Of a line, results and then overflow:",
    "    esbmc THIS.c -D ESBMC --function check_NAME --unwind {unwind} --multi-property --z3",
    "    esbmc THIS.c -D ESBMC --function check_NAME --unwind {unwind} --multi-property --boolector --overflow-check",
    "        --no-assertions",
    "Of products and sums the second without --no-assertions. Of a tile, which takes its lines by their contracts:",
    "    esbmc THIS.c -D ESBMC --function check_NAME --unwind {unwind} --multi-property --z3",
    "        --replace-call-with-contract LINE --replace-call-with-contract ANOTHER",
    "Compiled by cc, -D and all left out, the program tests them at random and at the ends of their ranges.",
    "-D CBMC has CBMC's words in place of ESBMC's.",
)


def harness(algorithm: Algorithm, header: str, integers: Integers | None = None, circuit: str = DEFAULT_CIRCUIT) -> str:
    """The text of the harness of a C header, which it includes by the name given.

    Raises:
        NotApplicable: where the header has no integer functions with contracts.

    >>> from wincraft import winograd
    >>> "void check_wincraft_f2_3_input_line_i8(void)" in harness(winograd(2, 3), "f2.h")
    True
    """
    integers = Integers() if integers is None else integers
    section = integer_section(algorithm, integers, circuit)
    lines = [kernel for kernel in section.kernels if isinstance(kernel, Line) and kernel.contract]
    if not lines:
        why = next((text for text in section.comment if text.startswith("Omitted")), "it has no functions along axes")
        raise NotApplicable(f"a harness of {algorithm.size}", why.removeprefix("Omitted: ").rstrip("."), "leave it out")
    tiles = [kernel for kernel in section.kernels if isinstance(kernel, Tile) and kernel.contract and kernel.calls[1:]]
    counts = sorted({count for line in lines for count in (line.program.inputs, len(line.program.outputs))})
    unwind = max([*counts, *(prod(item.shape) for tile in tiles for item in (tile.source, tile.target))]) + 1
    summed = _products_check(algorithm, integers, order_of(circuit))
    checks = [
        *(_line_check(line, number) for line in lines for number in range(len(line.contract))),
        *map(_tile_check, tiles),
        *summed,
    ]
    tested = "\n".join(f"        {name}();" for check in checks for name in re.findall(r"^void (\w+)", check, re.M))
    parts = [
        comment(
            *banner(algorithm, "c", f"{range_options(integers)} --harness"),
            "",
            *(s.format(unwind=unwind) for s in _USE),
        ),
        "#include <stddef.h>\n#include <stdint.h>",
        *map(_all, counts),
        *(_before(count) for count in counts if count in [line.program.inputs for line in lines if line.contract[1:]]),
        _PRELUDE,
        f'#include "{header}"',
        *checks,
        f"int main(void)\n{{\n    for (int run = 0; run < 1000; ++run) {{\n{tested}\n    }}\n    return 0;\n}}",
    ]
    return "\n\n".join(parts) + "\n"


_PRELUDE = """\
#define WITHIN(x, low, high) ((low) <= (x) && (x) <= (high))
#if defined(ESBMC)
#define WINCRAFT_CONTRACT(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define WINCRAFT_CONTRACT_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high) \\
    __ESBMC_requires(ALL_##n(x, x_step, x_low, x_high)); \\
    __ESBMC_ensures(ALL_##n_y(y, y_step, y_low, y_high)); \\
    EACH_##n_y(ASSIGNED, y, y_step)
#define WINCRAFT_CONTRACT_CASE(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define WINCRAFT_CONTRACT_CASE_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high) \\
    __ESBMC_ensures(!BEFORE_##n(x, x_step, x_low, x_high) || ALL_##n_y(y, y_step, y_low, y_high));
#define BEFORE(value) __ESBMC_old(value)
#define ASSIGNED(value) __ESBMC_assigns(value);
#define ASSUME(claim) __ESBMC_assume(claim)
#define CHECK(claim) __ESBMC_assert(claim, #claim)
#elif defined(CBMC)
#define WINCRAFT_CONTRACT(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high) \\
    __CPROVER_requires(ALL_##n(x, x_step, x_low, x_high)) \\
    EACH_##n_y(ASSIGNED, y, y_step) \\
    __CPROVER_ensures(ALL_##n_y(y, y_step, y_low, y_high))
#define WINCRAFT_CONTRACT_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define WINCRAFT_CONTRACT_CASE(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high) \\
    __CPROVER_ensures(!BEFORE_##n(x, x_step, x_low, x_high) || ALL_##n_y(y, y_step, y_low, y_high))
#define WINCRAFT_CONTRACT_CASE_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define BEFORE(value) __CPROVER_old(value)
#define ASSIGNED(value) __CPROVER_assigns(value)
#define ASSUME(claim) __CPROVER_assume(claim)
#define CHECK(claim) __CPROVER_assert(claim, #claim)
#else
#include <stdlib.h>
#define CHECK(claim) do { if (!(claim)) abort(); } while (0)
#endif

#if defined(ESBMC) || defined(CBMC)
int64_t nondet_any(void);
static int64_t any(int64_t low, int64_t high)
{
    const int64_t x = nondet_any();
    ASSUME(low <= x && x <= high);
    return x;
}
#else
/* An end of the range in half of the calls, else something in it. */
static int64_t any(int64_t low, int64_t high)
{
    static uint64_t state = 1;
    uint64_t span = (uint64_t)high - (uint64_t)low;
    state = state * 6364136223846793005u + 1442695040888963407u;
    if (state >> 63) return state >> 62 & 1 ? low : high;
    return (int64_t)((uint64_t)low + (span + 1 ? (state >> 20) % (span + 1) : state));
}
#endif"""


def _all(count: int) -> str:
    """Macros: that so many values at a step are in a range, and something of each."""
    within = [f"WITHIN((x)[{k} * (step)], low, high){' &&' * (k < count - 1)}" for k in range(count)]
    each = [f"of((x)[{k} * (step)])" for k in range(count)]
    head = f"#define ALL_{count}(x, step, low, high) ("
    return (fill(head, within, ")") + "\n" + fill(f"#define EACH_{count}(of, x, step) ", each)).replace(
        "\n    ", " \\\n    "
    )


def _before(count: int) -> str:
    """A macro: that so many values were in a range before the call."""
    within = [f"WITHIN(BEFORE((x)[{k} * (step)]), low, high){' &&' * (k < count - 1)}" for k in range(count)]
    return fill(f"#define BEFORE_{count}(x, step, low, high) (", within, ")").replace("\n    ", " \\\n    ")


def _line_check(line: Line, number: int) -> str:
    """Results are the rows of the table, each in its exact range, for any inputs that one of its contracts requires."""
    (read, _), (x_type, y_type) = line.contract[number], line.types
    inputs, outputs = line.program.inputs, len(line.program.outputs)
    found = bounds(line.program, read)
    boxes = [found.values[output] for output in line.program.outputs]
    word = f"u{y_type}"
    return "\n".join(
        [
            f"void check_{line.name}{f'_case{number}' * bool(number)}(void)",
            "{",
            fill(f"    static const {y_type} low[{outputs}] = {{", _commas([box.low for box in boxes]), "};"),
            fill(f"    static const {y_type} high[{outputs}] = {{", _commas([box.high for box in boxes]), "};"),
            f"    {x_type} {line.reads}[{inputs}];",
            f"    {y_type} {line.writes}[{outputs}];",
            f"    for (int k = 0; k < {inputs}; ++k) {line.reads}[k] = ({x_type})any({read.low}, {read.high});",
            f"    {line.name}({line.reads}, 1, {line.writes}, 1);",
            f"    for (int i = 0; i < {outputs}; ++i) {{",
            f"        {word} row = 0;",
            f"        for (int k = 0; k < {inputs}; ++k) row += ({word}){line.table}[i][k] * ({word}){line.reads}[k];",
            f"        CHECK(({word}){line.writes}[i] == row);",
            f"        CHECK(low[i] <= {line.writes}[i] && {line.writes}[i] <= high[i]);",
            "    }",
            "}",
        ]
    )


def _products_check(algorithm: Algorithm, integers: Integers, order: str) -> list[str]:
    """Products are in their ranges, and M of the channels that the header states stays in 32 bits, by induction."""
    form = integer_form(algorithm)
    channels = integer_bounds(form, integers, order).accumulator_channels
    if integers.accumulator != 32 or channels < 1:
        return []
    found = ranges(form, integers.data, integers.filter)
    steps = found.of("input")[-1], found.of("filter")[-1], found["M"]
    ends = [end.ravel().tolist() for step in steps for end in (step.low, step.high)]
    rows = sorted(set(zip(*ends, strict=True)))
    table = ",\n".join(f"        {{{', '.join(map(str, row))}}}" for row in rows)
    low, high = (f(0, *(row[k] for row in rows)) for f, k in ((min, 4), (max, 5)))
    return [
        "/* Ends of U, of V and of their product. */\n"
        f"void check_products(void)\n{{\n    static const int32_t ends[{len(rows)}][6] = {{\n{table},\n    }};\n"
        f"    const int32_t *of = ends[any(0, {len(rows) - 1})];\n"
        "    const int32_t u = (int32_t)any(of[0], of[1]), v = (int32_t)any(of[2], of[3]);\n"
        "    const int32_t product = u * v;\n"
        "    CHECK(of[4] <= product && product <= of[5]);\n}",
        f"/* M of fewer than {channels} channels, and one more. */\n"
        "void check_sums(void)\n{\n"
        f"    int32_t m = (int32_t)any({(channels - 1) * low}, {(channels - 1) * high});\n"
        f"    m += (int32_t)any({low}, {high});\n"
        f"    CHECK({channels * low} <= m && m <= {channels * high});\n}}",
    ]


def _commas(values: list[object]) -> list[str]:
    return [*(f"{value}," for value in values[:-1]), str(values[-1])]


def _tile_check(tile: Tile) -> str:
    """Every line is called with what its contract requires, inside of the arrays, and results are in the last range."""
    assert tile.contract is not None
    read, written = tile.contract
    source, target = (Array.row_major(item.name, item.type, item.shape) for item in (tile.source, tile.target))
    x, y = source.name, target.name
    sizes = [" * ".join(map(str, item.shape)) for item in (source, target)]
    arguments = [x, *_strides(tile.source, source), y, *_strides(tile.target, target)]
    return "\n".join(
        [
            f"void check_{tile.name}(void)",
            "{",
            f"    {source.type} {x}[{sizes[0]}];",
            f"    {target.type} {y}[{sizes[1]}];",
            f"    for (int k = 0; k < {sizes[0]}; ++k) {x}[k] = ({source.type})any({read.low}, {read.high});",
            f"    {tile.name}({', '.join(arguments)});",
            f"    for (int k = 0; k < {sizes[1]}; ++k) CHECK({written.low} <= {y}[k] && {y}[k] <= {written.high});",
            "}",
        ]
    )


def _strides(given: Array, dense: Array) -> list[str]:
    return [step for name, step in zip(given.strides, dense.strides, strict=True) if not name.isdigit()]
