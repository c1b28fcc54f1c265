# SPDX-License-Identifier: Apache-2.0
"""NumPy source: a module that needs nothing but NumPy."""

from __future__ import annotations

from textwrap import indent
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.matrices import named_maps, named_stages
from wincraft.emit.provenance import banner
from wincraft.errors import TooLarge, WrongForm
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Matrix, Number

_TILE = '''
SCALE = {scale}


def convolve_tile(d, g):
    """One tile: data d of shape {n}, filter g of shape {r}, result of shape {m}."""
    u, v = np.asarray(d), np.asarray(g)
    for axis, (_, G, BT) in enumerate(AXES):
        u = np.moveaxis(np.tensordot(BT, u, (1, axis)), 0, axis)
        v = np.moveaxis(np.tensordot(G, v, (1, axis)), 0, axis)
    y = u * v
    for axis, (AT, _, _) in enumerate(AXES):
        y = np.moveaxis(np.tensordot(AT, y, (1, axis)), 0, axis)
    return y / SCALE
'''


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write AT, G, BT as float64 arrays, each entry a correctly rounded quotient, and a function for one tile.

    Beside a map of several stages stand its stages, as a tuple ``BT_STAGES``; the function uses the map itself.

    Raises:
        WrongForm: in linear convolution form.
        TooLarge: where an entry exceeds float64.
    """
    if algorithm.form != "correlation":
        raise WrongForm("numpy output")
    title, *rest = banner(algorithm, "numpy")
    stream.write('"""' + "\n".join([title, *rest, f"{algorithm!r}"]) + '\n"""\n\nimport numpy as np\n\n')
    distinct = list(dict.fromkeys(algorithm.factors))
    for position, axis in enumerate(distinct):
        suffix = f"_{position}" if len(distinct) > 1 else ""
        stages = named_stages(axis)
        for name, item in named_maps(axis).items():
            stream.write(f"{name}{suffix} = {_array(item.dense)}\n")
            if name in stages:
                stream.write(
                    f"{name}_STAGES{suffix} = (  # in the order of application, the last stands left in {name}\n"
                )
                stream.writelines(indent(f"{_array(stage)},\n", "    ") for stage in stages[name].values())
                stream.write(")\n")
    names = {axis: (f"_{position}" if len(distinct) > 1 else "") for position, axis in enumerate(distinct)}
    triples = ", ".join(f"(AT{names[axis]}, G{names[axis]}, BT{names[axis]})" for axis in algorithm.factors)
    stream.write(f"AXES = ({triples},)\n")
    stream.write(
        _TILE.format(
            scale=_literal(algorithm.scale),
            n=algorithm.n,
            r=algorithm.r,
            m=algorithm.m,
        )
    )


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
