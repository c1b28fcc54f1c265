# SPDX-License-Identifier: Apache-2.0
"""NumPy source: a module that needs nothing but NumPy."""

from __future__ import annotations

from textwrap import indent
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.matrices import distinct_parts
from wincraft.errors import TooLarge, WrongForm
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Matrix, Number
from wincraft.files.provenance import banner

_AXES = '''
def convolve_tile(d, g):
    """One tile: data d of shape {n}, filter g of shape {r}, result of shape {m}.

    Rows are summed in the order of NumPy's BLAS, so that last bits may differ between machines.
    """
    u, v = np.asarray(d), np.asarray(g)
    for axis, (_, G, BT) in enumerate(AXES):
        u = np.moveaxis(np.tensordot(BT, u, (1, axis)), 0, axis)
        v = np.moveaxis(np.tensordot(G, v, (1, axis)), 0, axis)
    y = u * v
    for axis, (AT, _, _) in enumerate(AXES):
        y = np.moveaxis(np.tensordot(AT, y, (1, axis)), 0, axis)
    return y / SCALE
'''
_WHOLE = '''
def convolve_tile(d, g):
    """One tile: data d of shape {n}, filter g of shape {r}, result of shape {m}; the matrices are for flattened tiles.

    Rows are summed in the order of NumPy's BLAS, so that last bits may differ between machines.
    """
    y = AT @ ((G @ np.ravel(g)) * (BT @ np.ravel(d)))
    return y.reshape({m}) / SCALE
'''


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write AT, G, BT as float64 arrays, each entry a correctly rounded quotient, and a function for one tile.

    Of an algorithm of whole tiles the arrays are for tiles flattened row by row. Beside a map of several stages stand
    its stages, as a tuple ``BT_STAGES``; the function uses the map itself. The order in which it sums a row is BLAS's,
    none of `wincraft.numbers.summation.ORDERS`: no simulation has its last bits.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
        TooLarge: where an entry exceeds float64.
    """
    if algorithm.form != "correlation":
        raise WrongForm("numpy output")
    algorithm.field.need_order(f"numpy output of {algorithm.size}")
    title, *rest = banner(algorithm, "numpy")
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
    if algorithm.separable:
        triples = (f"(AT{end}, G{end}, BT{end})" for end in map(suffixes.__getitem__, algorithm.factors))
        stream.write(f"AXES = ({', '.join(triples)},)\n")
    stream.write(f"\nSCALE = {_literal(algorithm.scale)}\n\n")
    template = _AXES if algorithm.separable else _WHOLE
    stream.write(template.format(n=algorithm.n, r=algorithm.r, m=algorithm.m))


def _array(matrix: Matrix) -> str:
    rows = ["[" + ", ".join(_literal(number) for number in row) + "]" for row in to_numbers(matrix)]
    return "np.array([\n    " + ",\n    ".join(rows) + ",\n], dtype=float)"


def _literal(number: Number) -> str:
    """An exact quotient, which Python rounds once; a rounded literal for an irrational number."""
    fraction = to_fraction(number)
    try:
        value = fraction.numerator / fraction.denominator
    except OverflowError:
        raise TooLarge("float64 in numpy output", "an entry of the matrices", "use --format json") from None
    return number_text(number) if number.is_Rational else repr(value)
