# SPDX-License-Identifier: Apache-2.0
"""Rounding of default circuits over that of plain rows, predicted and measured: ``python scripts/circuit_noise.py``.

For the data and the output transform of an algorithm of one axis: the variance at the algorithm's outputs of the errors
that the transform's own roundings cause, on white Gaussian data and filters. Predicted as the report does; measured
over random lines, every product and every sum rounded to fp16 and to fp32 (fp16 overflows nowhere at these sizes).
"""

from __future__ import annotations

import numpy as np

from wincraft import winograd
from wincraft.algorithm.linear_map import Pass
from wincraft.circuit import of_matrix
from wincraft.construct import Circuits
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import FORMATS, Arithmetic

LINES = 200_000
CASES = (
    (2, 3, "0,1,-1,inf"),
    (4, 3, "0,1,-1,2,-2,inf"),
    (4, 3, "0,3/2,-3/2,3/4,-3/4,inf"),
    (4, 3, "0,3/2,-3/2,2/3,-2/3,inf"),
    (4, 3, "0,1,-1,x^2+1,inf"),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf"),
    (8, 3, "0,5/4,-5/4,4/5,-4/5,7/3,-7/3,3/7,-3/7,inf"),
)


def measured(algorithm, name, program, format):
    """The variance at the outputs of the errors of one transform by a program."""
    AT, G, BT = algorithm.to_numpy(float)
    rng, machine = np.random.default_rng(0), RoundedMachine(Arithmetic(FORMATS[format]), programs=lambda _: program)
    V = G @ rng.standard_normal((G.shape[1], LINES))
    given = rng.standard_normal((BT.shape[1], LINES))
    matrix = algorithm.named[name].dense
    if name == "AT":
        given = V * (BT @ given)
    rounded = machine.arithmetic.round(given)
    found = machine.apply(Pass(matrix), rounded[:, None]).astype(float)[:, 0]
    exact = (AT if name == "AT" else BT) @ rounded.astype(float)
    errors = found - exact if name == "AT" else AT @ (V * (found - exact))
    return float((errors**2).sum(axis=0).mean())


def rows():
    """A row for each transform: additions, then default over plain, predicted, in fp16 and in fp32."""
    for m, r, points in CASES:
        algorithm = winograd(m, r, moduli=points)
        circuits = Circuits(algorithm)
        for name in ("BT", "AT"):
            matrix = algorithm.named[name].dense
            chosen, plain = circuits.of(matrix), of_matrix(matrix)
            ratios = [float(chosen.noise / circuits.candidates(matrix)[0].noise)]
            for format in ("fp16", "fp32"):
                ratios.append(
                    measured(algorithm, name, chosen.program, format) / measured(algorithm, name, plain, format)
                )
            yield algorithm.size, points, name, chosen.additions, plain.additions, *ratios


if __name__ == "__main__":
    print("| size | points | map | additions | rows | predicted | fp16 | fp32 |")
    print("| --- | --- | --- | --: | --: | --: | --: | --: |")
    for size, points, name, few, plain, *ratios in rows():
        texts = " | ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"| {size} | {points} | {name} | {few} | {plain} | {texts} |")
