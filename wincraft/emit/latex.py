# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices and their stages as display equations (needs amsmath)."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.display import matrix_latex, symbol
from wincraft.emit.matrices import distinct_parts, named_chain, product_text
from wincraft.files.provenance import banner


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write an aligned display of A^T, G and B^T for every distinct axis, each with the stages of its chain.

    Of an algorithm of whole tiles they are those for tiles flattened row by row. Over GF(p) entries are residues, and
    the display says so.
    """
    for line in banner(algorithm, "latex"):
        stream.write(f"% {line}\n")
    parts = distinct_parts(algorithm)
    if parts != [algorithm]:
        stream.write(f"% {algorithm!r}\n")
    stream.write("% needs \\usepackage{amsmath}\n")
    maps = [item for part in parts for item in part.named.values()]
    largest = max(columns for item in maps for _, columns in (item.shape, *(stage.shape for stage in item.stages)))
    if largest > 10:
        stream.write(f"\\setcounter{{MaxMatrixCols}}{{{largest}}}\n")
    for part in parts:
        stream.write(f"% {part!r}\n\\begin{{align*}}\n")
        blocks = [] if part.field.ordered else [f"  &\\text{{over }} \\mathrm{{{part.field.name}}}"]
        for name, item in part.named.items():
            chain = named_chain(name, item)
            blocks.append(f"  {_symbol(name)} &= {matrix_latex(item.dense)}")
            product = product_text(name, item, _symbol, " \\otimes ")
            blocks += [f"  {_symbol(name)} &= {product}"] * bool(chain)
            blocks += [f"  {_symbol(label)} &= {matrix_latex(step.matrix)}" for label, step in chain.items()]
        stream.write(" \\\\\n".join(blocks) + "\n\\end{align*}\n")


def _symbol(label: str) -> str:
    """As `symbol`, with the axis behind the number.

    >>> _symbol("BT0"), _symbol("BT0_axis1")
    ('B_{0}^T', 'B_{0,1}^T')
    """
    name, _, axis = label.partition("_axis")
    return symbol(name).replace("}", f",{axis}}}") if axis else symbol(name)
