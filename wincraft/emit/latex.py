# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices and their stages as display equations (needs amsmath)."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.display import matrix_latex, symbol
from wincraft.emit.matrices import named_maps, named_matrices, named_stages
from wincraft.emit.provenance import banner


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
            chain = {symbol(stage): matrix for stage, matrix in stages.get(name, {}).items()}
            blocks.append(f"  {symbol(name)} &= {matrix_latex(item.dense)}")
            blocks += [f"  {symbol(name)} &= {' '.join(reversed(chain))}"] if chain else []
            blocks += [f"  {stage} &= {matrix_latex(matrix)}" for stage, matrix in chain.items()]
        stream.write(" \\\\\n".join(blocks) + "\n\\end{align*}\n")
