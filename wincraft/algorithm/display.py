# SPDX-License-Identifier: Apache-2.0
"""LaTeX of exact matrices, and the one formula by which an algorithm shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import latex

from wincraft.exact.matrix import to_numbers
from wincraft.exact.types import Matrix, Number

LARGEST = 16
"""Matrices of more rows or columns are not shown in a notebook."""


ShownAxis = tuple[str, Mapping[str, Sequence[Matrix]]]
"""An axis's size in words, and its maps by name, the matrices of each in the order they are applied."""


def display(size: str, dimensions: int, scale: Number, correlation: bool, axes: Sequence[ShownAxis]) -> str | None:
    r"""One formula for a notebook: what is computed, and every distinct axis's matrices; None beyond `LARGEST`.

    Chains are written as the products of their stages.

    >>> from wincraft import winograd
    >>> print(winograd(1, 2)._repr_latex_().splitlines()[1])
      y &= A^T\left[(G\,g) \odot (B^T d)\right] \\
    """
    if not axes or max(max(matrix.shape) for _, maps in axes for chain in maps.values() for matrix in chain) > LARGEST:
        return None
    blocks = [_formula(size, dimensions, scale, correlation, len(axes))]
    for number, (of_axis, maps) in enumerate(axes):
        if len(axes) > 1:
            blocks.append(f"  &\\text{{axis {'I' * (number + 1)}, {of_axis}:}}")
        blocks += [f"  {symbol(name)} &= {_product(chain)}" for name, chain in maps.items()]
    lines = " \\\\\n".join(blocks)
    return f"$\\displaystyle \\begin{{aligned}}\n{lines}\n\\end{{aligned}}$"


def display_chain(stages: Sequence[Matrix]) -> str | None:
    """One formula for a notebook: the stages as they are multiplied, the first rightmost; None beyond `LARGEST`.

    >>> from wincraft import winograd
    >>> display_chain(winograd(1, 2).filter.stages).count("bmatrix")
    2
    """
    if max(max(stage.shape) for stage in stages) > LARGEST:
        return None
    return f"$\\displaystyle {_product(stages)}$"


def _product(chain: Sequence[Matrix]) -> str:
    return " ".join(matrix_latex(stage) for stage in reversed(chain))


def _formula(size: str, dimensions: int, scale: Number, correlation: bool, distinct: int) -> str:
    """What the matrices are for, as `apply` computes it."""
    over = "" if scale == 1 else f"\\tfrac{{1}}{{{latex(scale)}}}\\,"
    if dimensions == 1:
        text = "y &= {}A^T\\left[(G\\,g) \\odot (B^T d)\\right]"
        return "  " + (text if correlation else "s &= {}B\\left[(G\\,g) \\odot (A\\,h)\\right]").format(over)
    if dimensions == 2 and correlation:
        one, two = ("", "") if distinct == 1 else ("_{\\mathrm{I}}", "_{\\mathrm{II}}")
        taps = f"(G{one}\\,g\\,G{two}^T) \\odot (B{one}^T d\\,B{two})"
        return f"  Y &= {over}A{one}^T\\left[{taps}\\right]A{two}"
    return f"  &\\text{{{size}, one axis after the other}}, \\text{{scale }} {latex(scale)}"


def symbol(name: str) -> str:
    """A^T for AT, B_{0}^T for BT0.

    >>> symbol("AT"), symbol("G10")
    ('A^T', 'G_{10}')
    """
    letters = name.rstrip("0123456789")
    number = name.removeprefix(letters)
    return letters[0] + (f"_{{{number}}}" if number else "") + ("^T" if letters.endswith("T") else "")


def matrix_latex(matrix: Matrix) -> str:
    """A matrix in LaTeX; needs amsmath.

    >>> from wincraft import winograd
    >>> matrix_latex(winograd(1, 2).filter.dense).count("&")
    2
    """
    rows = [" & ".join(latex(number) for number in row) for row in to_numbers(matrix)]
    body = " \\\\\n".join(f"    {row}" for row in rows)
    return f"\\begin{{bmatrix}}\n{body}\n  \\end{{bmatrix}}"
