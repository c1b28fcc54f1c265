# SPDX-License-Identifier: Apache-2.0
"""LaTeX: the three matrices and their stages as display equations (needs amsmath)."""

from __future__ import annotations

import re
from typing import TextIO

from sympy import latex

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.display import matrix_latex, symbol
from wincraft.circuit.program import Program
from wincraft.construct.circuits import Circuits
from wincraft.emit.expressions import assignments
from wincraft.emit.matrices import distinct_parts, named_chain, product_text
from wincraft.files.provenance import banner, circuit_words


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits | None = None) -> None:
    """Write an aligned display of A^T, G and B^T for every distinct axis, each with the stages of its chain.

    Behind them stand the programs that compute them, of `circuits`, where they share sums.

    Of an algorithm of whole tiles they are those for tiles flattened row by row. Over GF(p) entries are residues, and
    the display says so.
    """
    circuits = Circuits(algorithm) if circuits is None else circuits
    for line in banner(algorithm, "latex", circuit_words(circuits.choice)):
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
        for (name, item), letters in zip(part.named.items(), (("m", "y"), ("g", "v"), ("d", "u")), strict=True):
            stream.write(_program(name, circuits.of(item.dense).program, *letters))


def _program(name: str, program: Program, reads: str, writes: str) -> str:
    """The program of a map, one sum a line; nothing where it is the matrix row by row."""
    letters = [f"{reads}_{{{k}}}" for k in range(program.inputs)]
    values, outputs = assignments(program, letters, lambda c: latex(program.domain.to_sympy(c)))
    if not values:
        return ""
    places = {value: f"t_{{{k}}}" for k, (value, _) in enumerate(values)}
    sums = [(places[value], terms) for value, terms in values]
    sums += [(f"{writes}_{{{k}}}", terms) for k, terms in enumerate(outputs)]

    def text(terms: list[str]) -> str:
        return re.sub(r"\bt(\d+)\b", r"t_{\1}", " ".join(terms).replace(" * ", " "))

    lines = " \\\\\n".join(f"  {value} &= {text(terms)}" for value, terms in sums)
    additions = program.additions
    return f"% {_symbol(name)} in {additions} additions\n\\begin{{align*}}\n{lines}\n\\end{{align*}}\n"


def _symbol(label: str) -> str:
    """As `symbol`, with the axis behind the number.

    >>> _symbol("BT0"), _symbol("BT0_axis1")
    ('B_{0}^T', 'B_{0,1}^T')
    """
    name, _, axis = label.partition("_axis")
    return symbol(name).replace("}", f",{axis}}}") if axis else symbol(name)
