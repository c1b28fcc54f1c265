# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices and their stages as display equations (needs amsmath)."""

from __future__ import annotations

from typing import Any, TextIO

from sympy import latex

from wincraft.algorithm.nested import Algorithm
from wincraft.emit._matrices import named_maps, named_matrices, named_stages
from wincraft.emit.provenance import banner
from wincraft.exact.matrix import to_numbers


def emit(algorithm: Algorithm, stream: TextIO, basis: str | None = None) -> None:
    """Write an aligned display of A^T, G and B^T for every distinct axis, each with the stages of its chain."""
    for line in banner(algorithm, "latex", basis):
        stream.write(f"% {line}\n")
    axes = list(dict.fromkeys(algorithm.axes))
    largest = max(max(matrix.shape[1] for matrix in named_matrices(axis).values()) for axis in axes)
    stream.write("% needs \\usepackage{amsmath}\n")
    if largest > 10:
        stream.write(f"\\setcounter{{MaxMatrixCols}}{{{largest}}}\n")
    for axis in axes:
        stream.write(f"% {axis!r}\n\\begin{{align*}}\n")
        blocks, stages = [], named_stages(axis)
        for name, item in named_maps(axis).items():
            chain = {_symbol(stage): matrix for stage, matrix in stages.get(name, {}).items()}
            blocks.append(_block(_symbol(name), item.dense))
            blocks += [f"  {_symbol(name)} &= {' '.join(reversed(chain))}"] if chain else []
            blocks += [_block(stage, matrix) for stage, matrix in chain.items()]
        stream.write(" \\\\\n".join(blocks) + "\n\\end{align*}\n")


def _symbol(name: str) -> str:
    """A^T for AT, B_{0}^T for BT0.

    >>> _symbol("AT"), _symbol("G10")
    ('A^T', 'G_{10}')
    """
    letters = name.rstrip("0123456789")
    number = name.removeprefix(letters)
    return letters[0] + (f"_{{{number}}}" if number else "") + ("^T" if letters.endswith("T") else "")


def _block(symbol: str, matrix: Any) -> str:
    rows = [" & ".join(latex(number) for number in row) for row in to_numbers(matrix)]
    body = " \\\\\n".join(f"    {row}" for row in rows)
    return f"  {symbol} &= \\begin{{bmatrix}}\n{body}\n  \\end{{bmatrix}}"
