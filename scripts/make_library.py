# SPDX-License-Identifier: Apache-2.0
"""Add what scripts/make_circuits.py found to wincraft/circuit/library.json: the best programs of every class.

    python scripts/make_library.py found.json [more.json ...]

Programs of equivalent matrices stand together (see `wincraft.circuit.equivalence`), those that the library holds
already among them, and those of the transposed matrix, run backwards. Of every number of additions, from the fewest to
two more, the program of the least rounding noise is kept, with its sums regrouped, and beside it the one of the least
noise whose constants binary floats hold; of more additions, up to six more, such as are quieter than all of fewer.
Bounds are proved again here.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from wincraft import winograd
from wincraft.circuit.equivalence import equivalence, transported
from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.library import entries
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.operations import is_binary
from wincraft.circuit.program import Program
from wincraft.circuit.regrouping import regrouped
from wincraft.circuit.text import parse_program, program_text
from wincraft.circuit.transposing import transposed_program
from wincraft.construct.circuits import Circuits
from wincraft.construct.rounding import noise_of

TARGET = Path(__file__).parent.parent / "wincraft" / "circuit" / "library.json"
MORE, MOST_MORE = 2, 6
"""Additions beyond the fewest of which programs are kept in any case, and where they are quieter."""
MAP = re.compile(r"F\((\d+),(\d+)\) (\S+) (BT|G|AT)")
BACKWARDS = ", transposed"
Found = tuple[Program, str]
"""A program and what it was found by."""


def kept(name: str, items: list[Found]) -> tuple[Any, list[Found]]:
    """The matrix of a map, as in ``F(4,3) 0,1,-1,2,-2,inf BT``, and the best of some programs of it."""
    m, r, points, which = MAP.fullmatch(name).groups()
    algorithm = winograd(int(m), int(r), moduli=points)
    matrix, circuits = algorithm.named[which].dense, Circuits(algorithm)
    context = circuits.context(matrix)
    made = []
    for given, how in items:
        program = fitted_program(given, matrix)
        assert program.matrix() == matrix, name
        for one in dict.fromkeys((program, regrouped(program, context.moments))):
            made.append((one.additions, noise_of(one, context), one, how))
    fewest = min(count for count, *_ in made)
    best: list[Any] = []
    for count in range(fewest, fewest + MOST_MORE + 1):
        level = sorted((item for item in made if item[0] == count), key=lambda item: (item[1], str(item[2])))
        chosen = level[:1] + [item for item in level if is_binary(item[2])][:1]
        best += [item for item in chosen if count <= fewest + MORE or item[1] < min(other[1] for other in best)]
    unique = {program_text(program): (program, how) for _, _, program, how in best}
    print(name, [(c, round(float(n / Fraction(str(algorithm.noise_gain()))), 2)) for c, n, *_ in best])
    return matrix, list(unique.values())


def of_the_transpose(matrix: Any, classes: list[tuple[str, Any, list[Found]]]) -> Iterator[Found]:
    """Programs of a class that the transposed matrix is of, run backwards."""
    across = matrix.transpose()
    for _, other, programs in classes:
        if other.shape == across.shape and equivalence(other, across) is not None:
            for program, how in programs:
                moved = transported(program, other, across)
                if moved is not None:
                    yield transposed_program(moved), how if how.endswith(BACKWARDS) else how + BACKWARDS


def main(paths: list[str]) -> None:
    """All of it."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for entry in entries():
        for text, how in zip(entry.texts, entry.found, strict=True):
            groups[entry.name].append((parse_program(text), how))
    for path in paths:
        for item in json.loads(Path(path).read_text()):
            found = parse_program(item["program"]), f"neighbourhood search, seed {item['seed']}"
            groups[item["name"]].append(found)
    classes: list[tuple[str, Any, list[Found]]] = []
    for name, items in groups.items():
        matrix, programs = kept(name, items)
        for _, other, known in classes:
            if equivalence(other, matrix) is not None:
                moved = [(transported(program, matrix, other), how) for program, how in programs]
                known += [(program, how) for program, how in moved if program is not None]
                break
        else:
            classes.append((name, matrix, programs))
    for place, (name, matrix, programs) in enumerate(classes):
        backwards = list(of_the_transpose(matrix, classes))
        if backwards:
            classes[place] = name, *kept(name, [*programs, *backwards])
    document = []
    for name, matrix, programs in classes:
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
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in document)
    content = f'{{"version": 1, "entries": [\n{lines}\n]}}\n'
    TARGET.write_text(content)
    print(f"{len(document)} classes, {sum(len(item['programs']) for item in document)} programs, {len(content)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
