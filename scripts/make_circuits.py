# SPDX-License-Identifier: Apache-2.0
"""Search by chance for programs of few additions for named maps, and write the best ones found.

    pip install -e ".[search]" && python scripts/make_circuits.py --time-limit 600 --output found.json

Every map is searched from one seed after another, each for so many rounds; what is found is kept in the output, so
that a stopped run goes on where it stopped. Programs of equal additions differ in their constants and their rounding
noise, so up to forty of the fewest additions, and of one and two more, are written for each map. Maps that may still
get better are searched in turn, those with a goal that is not reached first.

With --quiet programs of little noise are looked for: every turn begins with the quietest that are known of each number
of additions, those of the library too, and of each the six quietest are written.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import click

from wincraft import winograd
from wincraft.circuit import Program
from wincraft.circuit.library import known_programs
from wincraft.circuit.optimise.neighbourhood import Neighbourhood
from wincraft.circuit.text import parse_program, program_text
from wincraft.construct import Circuits
from wincraft.construct.rounding import noise_of
from wincraft.errors import NotApplicable
from wincraft.exact.types import Matrix

MAPS = {"BT": "input", "G": "filter", "AT": "output"}
MOST, SLACK = 40, 2
QUIETEST, QUIET_SLACK, QUIET_ROUNDS = 6, 8, 36
LONGEST = 640
"""Rounds of the longest turn."""
CLASSIC_4, CLASSIC_5 = "0,1,-1,2,-2,inf", "0,1,-1,2,-2,1/2,inf"
CLASSIC_6, CLASSIC_7 = "0,1,-1,2,-2,1/2,-1/2,inf", "0,1,-1,2,-2,1/2,-1/2,4,inf"

GOALS: list[tuple[int, int, str, tuple[int, int, int]]] = [
    (6, 3, CLASSIC_6, (21, 8, 18)),
    (4, 4, CLASSIC_5, (17, 9, 12)),
    (5, 3, CLASSIC_5, (17, 7, 14)),
    (4, 5, CLASSIC_6, (21, 14, 15)),
    (2, 7, CLASSIC_6, (21, 19, 12)),
    (4, 3, "0,1,-1,x^2+1,inf", (9, 4, 9)),
    (4, 3, CLASSIC_4, (12, 5, 10)),
    (4, 3, "0,3/4,-3/4,3/2,-3/2,inf", (12, 5, 10)),
    (4, 3, "0,2/3,-2/3,3/2,-3/2,inf", (12, 6, 10)),
    (2, 5, CLASSIC_4, (12, 10, 8)),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf", (17, 7, 19)),
    (6, 3, "0,1,-1,2,-2,x^2+1,inf", (19, 7, 17)),
    (8, 3, "0,1,-1,2,-2,1/2,-1/2,3,-3,inf", (35, 10, 31)),
    (8, 3, "0,2/5,-2/5,4/5,-4/5,6/5,-6/5,12/5,-12/5,inf", (34, 10, 30)),
    (8, 3, "0,5/14,-5/14,5/7,-5/7,10/7,-10/7,20/7,-20/7,inf", (32, 10, 30)),
    (7, 3, CLASSIC_7, (29, 9, 25)),
    (5, 5, CLASSIC_7, (29, 16, 20)),
    (3, 3, "0,1,-1,2,inf", (8, 4, 6)),
    (3, 4, CLASSIC_4, (12, 8, 8)),
    (2, 3, "0,1,-1,inf", (4, 3, 4)),
    (6, 3, "0,1,-1,2,-2,3,-3,inf", (22, 7, 20)),
    (2, 5, "0,1,-1,x^2+1,inf", (9, 7, 7)),
]
"""m, r, points or moduli, and the additions of B^T, G, A^T that are known to be reached."""
LARGEST_TILE = 10


class Problem(NamedTuple):
    """A map of an algorithm, and how many additions are known to be enough."""

    m: int
    r: int
    points: str
    map: str
    matrix: Matrix
    goal: int | None

    @property
    def name(self) -> str:
        """As in ``F(6,3) 0,1,-1,inf BT``."""
        return f"F({self.m},{self.r}) {self.points} {self.map}"


def algorithm_of(m: int, r: int, points: str | None) -> Any:
    """The algorithm on points, on moduli, or on the catalogue's own points."""
    if points is None:
        return winograd(m, r)
    return winograd(m, r, moduli=points) if "x" in points else winograd(m, r, points=points)


def problems() -> list[Problem]:
    """The maps of the goals, then those of the catalogue's own points."""
    wanted: list[tuple[int, int, str | None, tuple[int, int, int] | None]] = [*GOALS]
    sizes = [(m, r) for n in range(2, LARGEST_TILE + 1) for r in range(2, n) for m in [n + 1 - r]]
    wanted += [(m, r, None, None) for m, r in sizes]
    found: dict[str, Problem] = {}
    for m, r, points, goal in wanted:
        algorithm = algorithm_of(m, r, points)
        text = points or ",".join(map(str, algorithm.moduli))
        for k, (name, part) in enumerate(MAPS.items()):
            matrix = getattr(algorithm.maps, part).dense
            problem = Problem(m, r, text, name, matrix, goal[k] if goal else None)
            found.setdefault(problem.name, problem)
    return list(found.values())


class State:
    """What is known of a problem: the next seed, and programs by their text, each with where it came from."""

    def __init__(self, problem: Problem, quiet: bool) -> None:
        self.problem, self.quiet, self.turns, self.spent, self.done = problem, quiet, 0, 0.0, False
        self.entries: dict[str, dict[str, Any]] = {}
        if quiet:
            self.context = Circuits(algorithm_of(problem.m, problem.r, problem.points)).context(problem.matrix)
            for known in known_programs(problem.matrix):
                self.add(known.program, 0, 0)

    @property
    def additions(self) -> int:
        """The fewest so far."""
        return min((entry["additions"] for entry in self.entries.values()), default=10**6)

    def turn(self) -> int:
        """One more search, from nothing or, every third time, from what is known; how many rounds it took."""
        rounds = QUIET_ROUNDS if self.quiet else min(20 * 2**self.turns, LONGEST)
        search = Neighbourhood(self.problem.matrix, self.turns, slack=QUIETEST - 1 if self.quiet else 1)
        if self.quiet:
            search.start([parse_program(text) for text in self.entries])
            search.near = True
            search.rounds(rounds)
        elif self.turns % 3 == 2:
            best = [text for text, entry in self.entries.items() if entry["additions"] == self.additions]
            search.start([parse_program(text) for text in best])
            search.near = True
            search.rounds(rounds)
        else:
            search.rounds(rounds // 10)
            search.near = True
            search.rounds(rounds - rounds // 10)
        self.done = not search.sides
        most, slack = (300, QUIETEST) if self.quiet else (MOST, SLACK)
        for program in search.programs(most, slack):
            self.add(program, self.turns, rounds)
        self.turns += 1
        return rounds

    def add(self, program: Program, seed: int, rounds: int) -> None:
        """Keep a program, checked; of every number of additions the first ones found."""
        if program.matrix() != self.problem.matrix:
            raise NotApplicable(f"a program of {self.problem.name}", "its matrix is another", "search it again")
        problem, additions = self.problem, program.additions
        entry = {
            "name": problem.name,
            "m": problem.m,
            "r": problem.r,
            "points": problem.points,
            "map": problem.map,
            "additions": additions,
            "seed": seed,
            "rounds": rounds,
            "program": program_text(program),
        }
        if self.quiet:
            entry["noise"] = float(noise_of(program, self.context))
        self.entries.setdefault(entry["program"], entry)
        limit = self.additions + (QUIET_SLACK if self.quiet else SLACK)
        most, counts = QUIETEST if self.quiet else MOST, dict[int, int]()
        for text, known in sorted(self.entries.items(), key=lambda item: item[1].get("noise", 0)):
            counts[known["additions"]] = counts.get(known["additions"], 0) + 1
            if known["additions"] > limit or counts[known["additions"]] > most:
                del self.entries[text]


def read(path: Path, states: list[State]) -> None:
    """Take up what an earlier run wrote."""
    if not path.exists():
        return
    by_name = {state.problem.name: state for state in states}
    for entry in json.loads(path.read_text()):
        if entry["name"] in by_name:
            state = by_name[entry["name"]]
            state.add(parse_program(entry["program"]), entry["seed"], entry["rounds"])
            state.turns = max(state.turns, entry["seed"] + 1)


def write(path: Path, states: list[State]) -> None:
    """Everything that is known, fewest additions first; never half a file."""
    entries = [
        entry for state in states for entry in sorted(state.entries.values(), key=lambda item: item["additions"])
    ]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(entries, indent=1) + "\n")
    partial.replace(path)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("circuits.json"), show_default=True)
@click.option("--time-limit", type=float, default=600.0, show_default=True, help="Seconds.")
@click.option("--only", default="", help="Search the problems whose name holds this text.")
@click.option("--seed", default=0, show_default=True, help="The first seed.")
@click.option("--quiet", is_flag=True, help="Look for little rounding noise.")
def main(output: Path, time_limit: float, only: str, seed: int, quiet: bool) -> None:
    """Search until the time is over; the output grows with every improvement."""
    begin = time.monotonic()
    states = [State(problem, quiet) for problem in problems() if only in problem.name]
    for state in states:
        state.turns = seed
    read(output, states)
    while any(not state.done for state in states) and time.monotonic() - begin < time_limit:
        state = min((state for state in states if not state.done), key=_rank)
        since, before = time.monotonic(), state.additions
        rounds = state.turn()
        state.spent += time.monotonic() - since
        goal = "" if state.problem.goal is None else f" (goal {state.problem.goal})"
        mark = " *" if state.additions < before else ""
        print(
            f"{time.monotonic() - begin:6.0f} s  {state.problem.name}: {state.additions}{goal}, turn {state.turns},"
            f" {rounds} rounds, {len(state.entries)} programs{mark}",
            file=sys.stderr,
            flush=True,
        )
        write(output, states)


def _rank(state: State) -> tuple[int, float]:
    """Which problem is next: those not yet searched, those far from their goal, then the one with the least time."""
    goal = state.problem.goal
    if not state.entries:
        return 0, 0.0
    return 1, state.spent / (4 if goal is not None and state.additions > goal else 2 if goal is not None else 1)


if __name__ == "__main__":
    main()
