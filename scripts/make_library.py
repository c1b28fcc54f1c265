# SPDX-License-Identifier: Apache-2.0
"""Write wincraft/circuit/library.json: of the programs that scripts/make_circuits.py found, the best of every class.

    python scripts/make_library.py found.json [more.json ...]

Programs of equivalent matrices stand together (see `wincraft.circuit.equivalence`). Of the fewest additions, and of
those with one or two more, the program of the least rounding noise is kept, with its sums regrouped, and beside it the
one of the least noise whose constants binary floats hold. Bounds are proved again here.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from wincraft import winograd
from wincraft.circuit.equivalence import equivalence, transported
from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.program import Program
from wincraft.circuit.regrouping import regrouped
from wincraft.circuit.text import parse_program, program_text
from wincraft.construct.candidates import noise_of
from wincraft.construct.circuits import Circuits

TARGET = Path(__file__).parent.parent / "wincraft" / "circuit" / "library.json"
MORE = 2
"""Additions beyond the fewest of which programs are kept."""


def is_dyadic(program: Program) -> bool:
    """Whether binary floats hold all constants."""
    constants = [Fraction(str(operation.constant)) for operation in program.operations if operation.constant]
    return all(c.denominator.bit_count() == 1 for c in constants)


def kept(items: list[dict[str, Any]]) -> tuple[Any, list[tuple[Program, str]]]:
    """The matrix of some programs of one map, and the best of them."""
    first = items[0]
    algorithm = winograd(first["m"], first["r"], moduli=first["points"])
    matrix, circuits = algorithm.named[first["map"]].dense, Circuits(algorithm)
    context = circuits.context(matrix)
    made = []
    for item in items:
        program = fitted_program(parse_program(item["program"]), matrix)
        assert program.matrix() == matrix, item["name"]
        how = f"neighbourhood search, seed {item['seed']}"
        for one in dict.fromkeys((program, regrouped(program, context.moments))):
            made.append((one.additions, noise_of(one, context), one, how))
    fewest = min(count for count, *_ in made)
    best = []
    for count in range(fewest, fewest + MORE + 1):
        level = sorted((item for item in made if item[0] == count), key=lambda item: (item[1], str(item[2])))
        chosen = level[:1] + [item for item in level if is_dyadic(item[2])][:1]
        best += [item for item in chosen if not best or item[1] < min(other[1] for other in best) or item in level[:1]]
    unique = {program_text(program): (program, how) for _, _, program, how in best}
    print(first["name"], fewest, [(c, round(float(n / Fraction(str(algorithm.noise_gain()))), 2)) for c, n, *_ in best])
    return matrix, list(unique.values())


def main(paths: list[str]) -> None:
    """All of it."""
    groups = defaultdict(list)
    for path in paths:
        for item in json.loads(Path(path).read_text()):
            groups[item["name"]].append(item)
    entries: list[tuple[str, Any, list[tuple[Program, str]]]] = []
    for name, items in groups.items():
        matrix, programs = kept(items)
        for _, other, known in entries:
            if equivalence(other, matrix) is not None:
                moved = [(transported(program, matrix, other), how) for program, how in programs]
                known += [(program, how) for program, how in moved if program is not None]
                break
        else:
            entries.append((name, matrix, programs))
    document = []
    for name, matrix, programs in entries:
        unique = {program_text(program).replace("\n", "; "): how for program, how in programs}
        order = sorted(unique, key=lambda text: (text.count(" + ") + text.count(" - "), text))
        bound = additions_bound(matrix)
        document.append(
            {
                "name": name,
                "shape": list(matrix.shape),
                "lower_bound": bound.additions,
                "method": bound.method,
                "programs": [{"found": unique[text], "text": text} for text in order],
            }
        )
    content = json.dumps({"version": 1, "entries": document}, indent=1)
    TARGET.write_text(content + "\n")
    print(f"{len(document)} classes, {sum(len(item['programs']) for item in document)} programs, {len(content)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
