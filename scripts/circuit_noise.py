# SPDX-License-Identifier: Apache-2.0
"""Rounding of default circuits over that of plain rows, predicted and measured: ``python scripts/circuit_noise.py``.

For the data and the output transform of algorithms of one axis: the variance at the algorithm's outputs of the errors
that the transform's own roundings cause, on white Gaussian data and filters. Predicted as the report does; measured
over random lines, every product and every sum rounded, to 11 bits and to 24, as fp16 and fp32 do where nothing
overflows. It is independent of the measuring by which the default is chosen, which draws the transform's inputs alone
from a Gaussian of their moments: here data and filters are drawn and transformed.

    python scripts/circuit_noise.py [--catalogue]

The sets are those of scripts/circuit_table.py; with --catalogue also the best points of every size up to tiles of ten,
of which the largest ratios are printed.
"""

from __future__ import annotations

import sys

import numpy as np
from circuit_table import CASES, TITLES, size

from wincraft import winograd
from wincraft.algorithm.linear_map import Pass
from wincraft.construct import Circuits
from wincraft.construct.rounding import ARITHMETICS
from wincraft.measure.rounded_machine import RoundedMachine

LINES = 200_000
LARGEST_TILE = 10


def measured(algorithm, name, program, arithmetic):
    """The variance at the outputs of the errors of one transform by a program."""
    AT, G, BT = algorithm.to_numpy(float)
    rng, machine = np.random.default_rng(1), RoundedMachine(arithmetic, programs=lambda _: program)
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


def rows(cases):
    """A row for each transform: its cells, then default over plain rows, predicted, in 11 and in 24 bits."""
    for m, r, points in cases:
        algorithm = winograd(m, r, moduli=points)
        circuits = Circuits(algorithm)
        for name in ("BT", "AT"):
            matrix = algorithm.named[name].dense
            chosen, plain = circuits.of(matrix), circuits.candidates(matrix)[0]
            ratios = [float(chosen.noise / plain.noise)]
            for arithmetic in ARITHMETICS:
                few, many = (measured(algorithm, name, item.program, arithmetic) for item in (chosen, plain))
                ratios.append(few / many)
            yield f"{size((m, r, points))} | {TITLES[name]} | {chosen.additions} | {plain.additions}", ratios


def main(catalogue):
    """The table; of the catalogue the largest ratios."""
    print("| size | points, moduli | map | additions | rows | predicted | fp16 | fp32 |")
    print("| --- | --- | --- | --: | --: | --: | --: | --: |")
    for cells, ratios in rows(CASES):
        print(f"| {cells} | {' | '.join(f'{ratio:.3f}' for ratio in ratios)} |", flush=True)
    if catalogue:
        sizes = [(n + 1 - r, r) for n in range(3, LARGEST_TILE + 1) for r in range(2, n)]
        found = list(rows([(m, r, ",".join(map(str, winograd(m, r).moduli))) for m, r in sizes]))
        for which, label in enumerate(("predicted", "fp16", "fp32")):
            cells, ratios = max(found, key=lambda item: item[1][which])
            print(f"catalogue, {len(found)} transforms, largest {label}: {ratios[which]:.3f}, {cells}")


if __name__ == "__main__":
    main("--catalogue" in sys.argv[1:])
