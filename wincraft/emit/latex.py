# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices and their stages as display equations (needs amsmath)."""

from __future__ import annotations

from typing import Any, TextIO

from sympy import latex

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.emit.matrices import named_maps, named_matrices, named_stages
from wincraft.emit.provenance import banner
from wincraft.exact.matrix import to_numbers

LARGEST = 16
"""Matrices of more rows or columns are not shown in a notebook."""


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write an aligned display of A^T, G and B^T for every distinct axis, each with the stages of its chain."""
    for line in banner(algorithm, "latex"):
        stream.write(f"% {line}\n")
    axes = list(dict.fromkeys(algorithm.factors))
    largest = max(max(matrix.shape[1] for matrix in named_matrices(axis).values()) for axis in axes)
    if axes != [algorithm]:
        stream.write(f"% {algorithm!r}\n")
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


def display(algorithm: Algorithm) -> str | None:
    r"""One formula for a notebook: what is computed, and every distinct axis's matrices; None beyond `LARGEST`.

    Chains are written as the products of their stages.

    >>> from wincraft import winograd
    >>> print(display(winograd(1, 2)).splitlines()[1])
      y &= A^T\left[(G\,g) \odot (B^T d)\right] \\
    """
    axes = list(dict.fromkeys(algorithm.factors))
    if max(axis.rank for axis in axes) > LARGEST:
        return None
    blocks = [_formula(algorithm)]
    for number, axis in enumerate(axes):
        if len(axes) > 1:
            blocks.append(f"  &\\text{{axis {'I' * (number + 1)}, {axis.size}:}}")
        blocks += [f"  {_symbol(name)} &= {_product(item)}" for name, item in named_maps(axis).items()]
    lines = " \\\\\n".join(blocks)
    return f"$\\displaystyle \\begin{{aligned}}\n{lines}\n\\end{{aligned}}$"


def display_chain(chain: LinearMap) -> str | None:
    """One formula for a notebook: the stages as they are multiplied, the first rightmost; None beyond `LARGEST`.

    >>> from wincraft import winograd
    >>> display_chain(winograd(1, 2).filter).count("bmatrix")
    2
    """
    if max(max(stage.shape) for stage in chain.stages) > LARGEST:
        return None
    return f"$\\displaystyle {_product(chain)}$"


def _product(chain: LinearMap) -> str:
    return " ".join(_matrix(stage) for stage in reversed(chain.stages))


def _formula(algorithm: Algorithm) -> str:
    """What the matrices are for, as `apply` computes it."""
    over = "" if algorithm.scale == 1 else f"\\tfrac{{1}}{{{latex(algorithm.scale)}}}\\,"
    correlation = algorithm.form == "correlation"
    if len(algorithm.m) == 1:
        text = "y &= {}A^T\\left[(G\\,g) \\odot (B^T d)\\right]"
        return "  " + (text if correlation else "s &= {}B\\left[(G\\,g) \\odot (A\\,h)\\right]").format(over)
    if len(algorithm.m) == 2 and correlation:
        one, two = ("", "") if len(set(algorithm.factors)) == 1 else ("_{\\mathrm{I}}", "_{\\mathrm{II}}")
        taps = f"(G{one}\\,g\\,G{two}^T) \\odot (B{one}^T d\\,B{two})"
        return f"  Y &= {over}A{one}^T\\left[{taps}\\right]A{two}"
    return f"  &\\text{{{algorithm.size}, one axis after the other}}, \\text{{scale }} {latex(algorithm.scale)}"


def _symbol(name: str) -> str:
    """A^T for AT, B_{0}^T for BT0.

    >>> _symbol("AT"), _symbol("G10")
    ('A^T', 'G_{10}')
    """
    letters = name.rstrip("0123456789")
    number = name.removeprefix(letters)
    return letters[0] + (f"_{{{number}}}" if number else "") + ("^T" if letters.endswith("T") else "")


def _block(symbol: str, matrix: Any) -> str:
    return f"  {symbol} &= {_matrix(matrix)}"


def _matrix(matrix: Any) -> str:
    rows = [" & ".join(latex(number) for number in row) for row in to_numbers(matrix)]
    body = " \\\\\n".join(f"    {row}" for row in rows)
    return f"\\begin{{bmatrix}}\n{body}\n  \\end{{bmatrix}}"
