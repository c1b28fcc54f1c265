# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/explanation/circuits.md: counts, noise, fronts, whole tiles, stored proofs.

    python scripts/circuit_table.py [counts noise fronts live interpolations tiles proofs]

All of them take some minutes, nearly all of it the whole tiles; with names only those are made. What stands in them is
the package's: programs of the choice `fewest` and the default, bounds as `additions_bound` proves them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from wincraft import winograd
from wincraft.algorithm import Algorithm
from wincraft.circuit import additions_bound, live, operations_of
from wincraft.circuit.minimum.proofs import proofs
from wincraft.construct import Circuits
from wincraft.measure.circuits import MapCircuit, map_circuits

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "circuits.md"
TABLE = re.compile(r"(?<=<!-- made by scripts/circuit_table.py: )(?P<name>\w+) -->\n\n(\|.*\n)+")

CASES = (
    (2, 3, "0,1,-1,inf"),
    (3, 3, "0,1,-1,2,inf"),
    (4, 3, "0,1,-1,2,-2,inf"),
    (4, 3, "0,3/4,-3/4,3/2,-3/2,inf"),
    (4, 3, "0,2/3,-2/3,3/2,-3/2,inf"),
    (4, 3, "0,1,-1,x^2+1,inf"),
    (2, 5, "0,1,-1,2,-2,inf"),
    (2, 5, "0,1,-1,x^2+1,inf"),
    (3, 4, "0,1,-1,2,-2,inf"),
    (4, 4, "0,1,-1,2,-2,1/2,inf"),
    (5, 3, "0,1,-1,2,-2,1/2,inf"),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf"),
    (6, 3, "0,1,-1,2,-2,3,-3,inf"),
    (6, 3, "0,1,-1,2,-2,x^2+1,inf"),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf"),
    (4, 5, "0,1,-1,2,-2,1/2,-1/2,inf"),
    (2, 7, "0,1,-1,2,-2,1/2,-1/2,inf"),
    (7, 3, "0,1,-1,2,-2,1/2,-1/2,4,inf"),
    (5, 5, "0,1,-1,2,-2,1/2,-1/2,4,inf"),
    (8, 3, "0,5/4,-5/4,4/5,-4/5,7/3,-7/3,3/7,-3/7,inf"),
    (8, 3, "0,2/5,-2/5,4/5,-4/5,6/5,-6/5,12/5,-12/5,inf"),
    (8, 3, "0,5/14,-5/14,5/7,-5/7,10/7,-10/7,20/7,-20/7,inf"),
)
"""m, r and moduli, in the order of the tables."""

FRONTS = (
    (4, 3, "0,1,-1,2,-2,inf"),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf"),
    (8, 3, "0,5/4,-5/4,4/5,-4/5,7/3,-7/3,3/7,-3/7,inf"),
)
"""Of which sizes the fronts are shown."""

TILES = (
    (2, 3, "0,1,-1,inf", "77"),
    (4, 3, "0,1,-1,2,-2,inf", "289"),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf", "752"),
)
"""m, r and moduli of squares, and what is published for the tile (Numaro; of F(2x2,3x3) by nesting its circuits)."""

INTERPOLATIONS = (
    ("Toom-3", 3, 3, "0,1,-1,2,inf", "8"),
    ("Toom-4", 4, 4, "0,1,-1,2,-2,1/2,inf", "17"),
    ("Toom-4.5", 4, 5, "0,1,-1,2,-2,1/2,-1/2,inf", "22"),
    ("Toom-5", 5, 5, "0,1,-1,2,-2,1/2,-1/2,4,inf", "31"),
)
"""Name, m, r, moduli, and the additions of the interpolation in PLinOpt's data."""

CHOICES = ("rows", "default", "fewest", "cheap-registers")
"""Those whose live values are shown."""

TITLES = {"BT": "B^T", "G": "G", "AT": "A^T"}
Case = tuple[int, int, str]


def size(case: Case) -> str:
    """As in ``F(4,3) | 0, ±1, ±2, inf``: the case's first two cells."""
    m, r, moduli = case
    texts = moduli.split(",")
    negative = {f"-{text}" for text in texts}
    shown = [f"±{text}" if f"-{text}" in texts else text for text in texts if text not in negative]
    return f"F({m},{r}) | {', '.join(text.replace('x^2', 'x²') for text in shown)}"


@cache
def maps(case: Case, choice: str = "fewest") -> Mapping[str, MapCircuit]:
    """The circuits of a case's three maps."""
    m, r, moduli = case
    ((_, found),) = map_circuits(Circuits(winograd(m, r, moduli=moduli), choice))
    return {item.name: item for item in found}


@cache
def bound(case: Case, name: str) -> int:
    """The best that is proved of a map."""
    item = maps(case)[name]
    return max(item.lower_bound, additions_bound(item.matrix).additions)


def counts() -> list[str]:
    """Additions of B^T, G and A^T: bold where proved minimal, else with the bound behind."""
    lines = ["| size | points, moduli | B^T | G | A^T | rows |", "| --- | --- | --: | --: | --: | --: |"]
    for case in CASES:
        cells = []
        for name, item in maps(case).items():
            least = bound(case, name)
            number = item.operations.additions
            cells.append(f"**{number}**" if number == least else f"{number} ({least})")
        plain = "/".join(str(item.plain.additions) for item in maps(case).values())
        lines.append(f"| {size(case)} | {' | '.join(cells)} | {plain} |")
    return lines


def noise() -> list[str]:
    """Of B^T and A^T the noise of plain rows, of the default and of the fewest, each with its additions."""
    head = ["B^T: rows", "default", "fewest", "A^T: rows", "default", "fewest"]
    lines = [f"| size | points, moduli | {' | '.join(head)} |", f"| --- | --- |{' --: |' * len(head)}"]
    for case in CASES:
        cells = []
        for name in ("BT", "AT"):
            item, default = maps(case)[name], maps(case, "default")[name]
            cells.append(_with_noise(item.plain.additions, item.plain_noise))
            cells += [_with_noise(one.operations.additions, one.noise) for one in (default, item)]
        lines.append(f"| {size(case)} | {' | '.join(cells)} |")
    return lines


def _with_noise(additions: int, value: Fraction) -> str:
    return f"{additions}: {float(value):.2f}"


def fronts() -> list[str]:
    """The circuits that no other beats in additions, noise and live values."""
    lines = [
        "| size | map | additions | noise | of rows | live | found |",
        "| --- | --- | --: | --: | --: | --: | --- |",
    ]
    for case in FRONTS:
        for name, item in maps(case).items():
            for one in item.front:
                value = one.noise / item.noise_gain
                cells = [
                    f"F({case[0]},{case[1]})",
                    TITLES[name],
                    str(one.additions),
                    f"{float(value):.2f}",
                    f"{float(value / item.plain_noise):.2f}",
                    str(one.live),
                    one.found,
                ]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def held() -> list[str]:
    """Additions and live values of lines and of whole tiles, by the choice of the circuit."""
    lines = [f"| size | map | {' | '.join(CHOICES)} |", f"| --- | --- |{' --: |' * len(CHOICES)}"]
    for m, r, moduli in FRONTS[:2]:
        for axes in (1, 2):
            algorithm = winograd((m,) * axes, (r,) * axes, moduli=moduli)
            for name in ("BT", "AT"):
                cells = []
                for choice in CHOICES:
                    circuits = Circuits(algorithm, choice)
                    program = circuits.whole(name) if axes > 1 else circuits.line(name).ordered.program
                    cells.append(f"{program.additions}: {live(program)}")
                lines.append(f"| {algorithm.size} | {TITLES[name]} | {' | '.join(cells)} |")
    return lines


def interpolations() -> list[str]:
    """Of linear convolution the additions of all three maps; the first is what Toom-Cook calls interpolation."""
    lines = ["| name | size | points | interpolation | published | evaluation of both |"]
    lines.append("| --- | --- | --- | --: | --: | --: |")
    for name, m, r, moduli, published in INTERPOLATIONS:
        linear = winograd(m, r, moduli=moduli).transpose()
        circuits = Circuits(linear, "fewest")
        first, *others = (circuits.of(item.dense).additions for item in linear.maps)
        lines.append(f"| {name} | {size((m, r, moduli))} | {first} | {published} | {'+'.join(map(str, others))} |")
    return lines


def tiles() -> list[str]:
    """Additions of whole tiles: nested from the circuits of one axis, the fewest, and what is published."""
    head = "| tile | B^T | G | A^T | sum | nested | published | live, B^T |"
    lines = [head, "| --- | --: | --: | --: | --: | --: | --: | --: |"]
    for m, r, moduli, published in TILES:
        axis = winograd(m, r, moduli=moduli)
        circuits = Circuits(winograd((m, m), (r, r), moduli=moduli), "fewest")
        programs = {name: circuits.whole(name) for name in TITLES}
        found = [operations_of(program).additions for program in programs.values()]
        data = live(programs["BT"])
        cells = [*found, sum(found), nested(axis, (m, r, moduli)), published, data]
        lines.append(f"| F({m}x{m},{r}x{r}) | {' | '.join(map(str, cells))} |")
    return lines


def nested(axis: Algorithm, case: Case) -> int:
    """Additions of a square tile by the circuits of its axis: lines along axis 0, then along axis 1."""
    total = 0
    for name, item in maps(case).items():
        rows, columns = axis.named[name].dense.shape
        total += (rows + columns) * item.operations.additions
    return total


def stored() -> list[str]:
    """The stored proofs: of which matrix, the bound of its core and of the whole, cases, and the hash of their list."""
    head = "| proof | core | at least | method | cases | SHA-256 of the cases |"
    lines = [head, "| --- | --: | --: | --- | --: | --- |"]
    for name, (rows, known) in proofs().items():
        shape = f"{len(rows)} x {len(rows[0])}"
        lines.append(
            f"| {name} | {shape} | {known.additions} | {known.method} | {known.cases:,} | `{known.digest[:16]}` |"
        )
    return lines


TABLES: Mapping[str, Callable[[], Sequence[str]]] = {
    "counts": counts,
    "noise": noise,
    "fronts": fronts,
    "live": held,
    "interpolations": interpolations,
    "tiles": tiles,
    "proofs": stored,
}


def main(names: Sequence[str]) -> None:
    """Write the tables of these names, all if none is given, into the page."""
    for name in names or list(TABLES):
        table = "\n".join(TABLES[name]())

        def replaced(match: re.Match[str], name: str = name, table: str = table) -> str:
            return f"{name} -->\n\n{table}\n" if match["name"] == name else match[0]

        PAGE.write_text(TABLE.sub(replaced, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
