# SPDX-License-Identifier: Apache-2.0
"""NumPy source: a module that needs nothing but NumPy."""

from __future__ import annotations

from textwrap import indent
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Program
from wincraft.construct.circuits import Circuits
from wincraft.emit.constants import float64_array_text, float64_text
from wincraft.emit.expressions import assignments
from wincraft.emit.matrices import distinct_parts
from wincraft.errors import WrongForm
from wincraft.exact.matrix import to_numbers
from wincraft.exact.types import Matrix, Number
from wincraft.files.provenance import banner, circuit_words

_AXES = '''
def convolve_tile(d, g):
    """One tile: data d of shape {n}, filter g of shape {r}, result of shape {m}."""
    u, v = np.asarray(d), np.asarray(g)
    for axis, (_, of_filter, of_input) in enumerate(AXES):
        u = np.stack(of_input(*np.moveaxis(u, axis, 0)), axis)
        v = np.stack(of_filter(*np.moveaxis(v, axis, 0)), axis)
    y = u * v
    for axis, (of_output, _, _) in enumerate(AXES):
        y = np.stack(of_output(*np.moveaxis(y, axis, 0)), axis)
    return y / SCALE
'''
_WHOLE = '''
def convolve_tile(d, g):
    """One tile: data d of shape {n}, filter g of shape {r}, result of shape {m}; programs take flattened tiles."""
    u, v = (np.stack(of(*np.ravel(x))) for of, x in ((input_line, d), (filter_line, g)))
    return np.stack(output_line(*(u * v))).reshape({m}) / SCALE
'''
_LINES = {"AT": ("output", "m"), "G": ("filter", "g"), "BT": ("input", "d")}


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits | None = None) -> None:
    """Write AT, G, BT as float64 arrays, each entry a correctly rounded quotient, and a function for one tile.

    Of an algorithm of whole tiles the arrays are for tiles flattened row by row. Beside a map of several stages stand
    its stages, as a tuple ``BT_STAGES``; the function uses the map itself, by its program from `circuits`, operation by
    operation: a simulation in that order has the same last bits.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
        TooLarge: where an entry exceeds float64.
    """
    if algorithm.form != "correlation":
        raise WrongForm("numpy output")
    algorithm.field.need_order(f"numpy output of {algorithm.size}")
    circuits = Circuits(algorithm) if circuits is None else circuits
    title, *rest = banner(algorithm, "numpy", circuit_words(circuits.choice))
    stream.write('"""' + "\n".join([title, *rest, f"{algorithm!r}"]) + '\n"""\n\nimport numpy as np\n\n')
    parts = distinct_parts(algorithm)
    suffixes = {part: f"_{k}" if len(parts) > 1 else "" for k, part in enumerate(parts)}
    for part, suffix in suffixes.items():
        for name, item in part.named.items():
            stream.write(f"{name}{suffix} = {_array(item.dense)}\n")
            if len(item.passes) > 1:
                stages = (step.whole(tile) for step, tile in zip(item.passes, item.shapes, strict=False))
                order = f"in the order of application, the last stands left in {name}"
                stream.write(f"{name}_STAGES{suffix} = (  # {order}\n")
                stream.writelines(indent(f"{_array(stage)},\n", "    ") for stage in stages)
                stream.write(")\n")
    for part, suffix in suffixes.items():
        for name, item in part.named.items():
            stream.write(_function(*_LINES[name], suffix, circuits.of(item.dense).program))
    if algorithm.separable:
        ends = map(suffixes.__getitem__, algorithm.factors)
        triples = (f"(output_line{end}, filter_line{end}, input_line{end})" for end in ends)
        stream.write("\n\n")
        stream.write(f"AXES = ({', '.join(triples)},)\n")
    stream.write(f"\nSCALE = {_literal(algorithm.scale)}\n\n")
    template = _AXES if algorithm.separable else _WHOLE
    stream.write(template.format(n=algorithm.n, r=algorithm.r, m=algorithm.m))


def _array(matrix: Matrix) -> str:
    return float64_array_text(to_numbers(matrix), "numpy")


def _function(name: str, letter: str, suffix: str, program: Program) -> str:
    """The program as a Python function of its values."""
    names = [f"{letter}{k}" for k in range(program.inputs)]
    values, outputs = assignments(program, names, lambda c: _literal(program.domain.to_sympy(c)))
    lines = [f"{value} = {' '.join(terms)}" for value, terms in values]
    lines.append("return (\n" + indent(",\n".join(map(" ".join, outputs)), "    ") + ",\n)")
    head = f"\n\ndef {name}_line{suffix}({', '.join(names)}):\n"
    text = f'    """{len(names)} -> {len(outputs)} values: {program.additions} additions."""\n'
    return head + text + indent("\n".join(lines), "    ") + "\n"


def _literal(number: Number) -> str:
    return float64_text(number, "numpy")
