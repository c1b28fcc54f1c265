# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices as display equations (needs amsmath)."""

from __future__ import annotations

from typing import TextIO

from sympy import latex

from wincraft.algorithm.nested import Algorithm
from wincraft.emit.provenance import banner
from wincraft.exact.matrix import to_numbers


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write an aligned display of A^T, G and B^T for every distinct axis."""
    for line in banner(algorithm, "latex"):
        stream.write(f"% {line}\n")
    axes = list(dict.fromkeys(algorithm.axes))
    largest = max(max(axis.n, axis.rank) for axis in axes)
    stream.write("% needs \\usepackage{amsmath}\n")
    if largest > 10:
        stream.write(f"\\setcounter{{MaxMatrixCols}}{{{largest}}}\n")
    for axis in axes:
        stream.write(f"% {axis!r}\n\\begin{{align*}}\n")
        blocks = []
        for name, item in (("A^T", axis.output), ("G", axis.filter), ("B^T", axis.input)):
            rows = [" & ".join(latex(number) for number in row) for row in to_numbers(item.dense)]
            body = " \\\\\n".join(f"    {row}" for row in rows)
            blocks.append(f"  {name} &= \\begin{{bmatrix}}\n{body}\n  \\end{{bmatrix}}")
        stream.write(" \\\\\n".join(blocks) + "\n\\end{align*}\n")
