# SPDX-License-Identifier: Apache-2.0
"""The micro-kernels: sums over channels of the products of a few rows of U and one panel of V, in named accumulators.

Each is straight-line code for its number of rows: compilers keep named accumulators in registers, arrays they do not.
"""

from __future__ import annotations

from wincraft.emit.c.text import fill

KERNEL_ROWS = 6
"""Rows of the largest micro-kernel: with two columns of vectors 12 accumulators, which 16 registers hold beside V."""

_PARAMETERS = """const u_t *u, const ptrdiff_t *at, ptrdiff_t segment, ptrdiff_t segments,
    ptrdiff_t steps, const v_t *v, m_t *m, int more, const v_t *next"""


def micro_kernels(broadcast: str, step: str) -> str:
    """The functions for 1 to `KERNEL_ROWS` rows beside the plain one of arrays, and the one that calls them.

    `broadcast` makes a vector x of what a step takes of a row of U, `u`; `step` adds its products with `v` to an
    accumulator `a`.
    """
    vectors = "\n\n".join(_micro_kernel(rows, broadcast, step) for rows in range(1, KERNEL_ROWS + 1))
    return f"#if LANES > 1\n{vectors}\n#else\n{_PLAIN}\n#endif\n\n{_dispatcher()}"


def _micro_kernel(rows: int, broadcast: str, step: str) -> str:
    places = {
        f"{side}{row}": " + ".join(["m", *([f"{row} * COLUMNS"] if row else []), *(["LANES"] if side == "b" else [])])
        for row in range(rows)
        for side in "ab"
    }
    body = ["ptrdiff_t i;", fill("vm ", [f"{name} = zero_m()," for name in places])[:-1] + ";"]
    body += ["if (more) {", *(f"    {name} = load_m({place});" for name, place in places.items()), "}"]
    starts = [f"*u{row} = u + at[{row}]," for row in range(rows)]
    body += ["for (; segments > 0; --segments, u += segment) {", fill("    const u_t ", starts)[:-1] + ";"]
    body += ["    ROLLED", "    for (i = 0; i < steps; ++i, v += PAIR * COLUMNS) {"]
    body += ["        const vv left = load_v(v), right = load_v(v + PAIR * LANES);"]
    for row in range(rows):
        body.append(f"        const {broadcast.format(x=f'x{row}', u=f'u{row}')}")
    body.append("        PREFETCH(next + i * PAIR * COLUMNS);")
    for row in range(rows):
        sums = [step.format(a=f"{side}{row}", x=f"x{row}", v=v) for side, v in (("a", "left"), ("b", "right"))]
        body.append("        " + " ".join(sums))
    body += ["    }", "}", *(f"store_m({place}, {name});" for name, place in places.items())]
    lines = "\n".join(f"    {line}" for text in body for line in text.split("\n"))
    return f"static void multiply_{rows}({_PARAMETERS})\n{{\n{lines}\n}}"


def _dispatcher() -> str:
    arguments = "u, at, segment, segments, steps, v, m, more, next"
    cases = "\n".join(f"    case {rows}: multiply_{rows}({arguments}); break;" for rows in range(1, KERNEL_ROWS))
    return f"""\
/* m[row][column] (+)= sum over segments and steps of u[at[row]] v[column]; next is the panel that is read next. */
static void multiply(ptrdiff_t rows, {_PARAMETERS})
{{
#if LANES > 1
    switch (rows) {{
{cases}
    default: multiply_{KERNEL_ROWS}({arguments}); break;
    }}
#else
    multiply_rows(rows, {arguments});
#endif
}}"""


_PLAIN = f"""static void multiply_rows(ptrdiff_t rows, {_PARAMETERS})
{{
    ptrdiff_t i, j, k, l;
    (void)next;
    for (i = 0; i < rows && !more; ++i)
        for (j = 0; j < COLUMNS; ++j) m[i * COLUMNS + j] = 0;
    for (; segments > 0; --segments, u += segment)
        for (k = 0; k < steps; ++k, v += PAIR * COLUMNS)
            for (i = 0; i < rows; ++i)
                for (l = 0; l < PAIR; ++l)
                    for (j = 0; j < COLUMNS; ++j)
                        m[i * COLUMNS + j] += (m_t)u[at[i] + k * PAIR + l] * (m_t)v[j * PAIR + l];
}}"""
