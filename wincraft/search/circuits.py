# SPDX-License-Identifier: Apache-2.0
"""Looking for programs of fewer additions than are known, for minutes or hours, with a file to go on from."""

from __future__ import annotations

import time
from numbers import Real
from pathlib import Path

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.neighbourhood import neighbourhood
from wincraft.circuit.program import Program
from wincraft.circuit.text import parse_program, program_text
from wincraft.construct.circuits import Circuits
from wincraft.errors import BadValue, NotApplicable, check_type
from wincraft.exact.matrix import to_texts
from wincraft.exact.types import Matrix
from wincraft.progress import Progress
from wincraft.search.points.checkpoint import Checkpoint

DEFAULT_ROUNDS = 20
"""Rounds for each map where none are said."""
AT_ONCE = 5
"""Rounds between two looks at the clock; what is found is kept then."""


def search_circuits(
    circuits: Circuits,
    rounds: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Circuits:
    """The circuits with the programs that a search from those known has found, a few rounds of each map in turn.

    Args:
        circuits: where to start.
        rounds: of the search, for each map; `DEFAULT_ROUNDS` if left out.
        seed: the same seed and rounds find the same, in one run or several.
        time_limit: seconds from the call after which no more is started.
        checkpoint: a file that keeps what was found, and from which an interrupted search goes on.
        progress: is told the rounds done.

    Raises:
        WrongType, BadValue: for rounds, a seed or a time limit that are no numbers, or below what they can be.
        NotApplicable: where entries are not rational.
        BadDocument, CannotWrite: for a checkpoint of another search, or one that cannot be written.

    >>> from wincraft import winograd
    >>> found = search_circuits(Circuits(winograd(3, 3, points="0,1,-1,2"), "fewest"), rounds=5)
    >>> [found.line(name).additions for name in ("BT", "G", "AT")]
    [8, 4, 6]
    """
    start = time.monotonic()
    rounds = DEFAULT_ROUNDS if rounds is None else rounds
    for name, value, types, least in (
        ("number of rounds", rounds, int, 1),
        ("seed", seed, int, 0),
        ("time limit", time_limit, Real | None, 0),
    ):
        check_type(f"a {name}", value, types, "give a number of seconds" if name == "time limit" else "give an integer")
        if value is not None and not value >= least:
            raise BadValue(f"the {name}", str(value), f"give {least} or more")
    if not circuits.algorithm.field.rational:
        raise NotApplicable("a search for circuits", "entries are not rational", "take the algorithm over QQ")
    matrices = {str(to_texts(matrix)): matrix for matrix in circuits.matrices() if max(matrix.shape) > 2}
    settings = f"circuits of {circuits.algorithm.sha256}, seed {seed}"
    file = None if checkpoint is None else Checkpoint(Path(checkpoint), settings)
    state = (file and file.load()) or {}
    found: dict[str, list[str]] = {key: list(state.get("found", {}).get(key, [])) for key in matrices}
    done: dict[str, int] = {key: state.get("done", {}).get(key, 0) for key in matrices}
    while left := [key for key in matrices if done[key] < rounds]:
        if time_limit is not None and time.monotonic() - start >= time_limit:
            break
        progress(sum(min(done[key], rounds) for key in matrices), len(matrices) * rounds, "rounds")
        key = min(left, key=done.__getitem__)
        best = _best(circuits, matrices[key], [parse_program(text) for text in found[key]])
        count = min(AT_ONCE, rounds - done[key])
        programs = neighbourhood(matrices[key], Effort(seed + 7919 * done[key], count, best))
        found[key] = [*dict.fromkeys([*found[key], *map(program_text, programs)])][-40:]
        done[key] += count
        if file is not None:
            file.save({"found": found, "done": done})
    if file is not None:
        file.save({"found": found, "done": done}, now=True)
    for key, matrix in matrices.items():
        how = f"neighbourhood, seed {seed}, {done[key]} rounds"
        circuits = circuits.adding(matrix, [(parse_program(text), how) for text in found[key]])
    return circuits


def _best(circuits: Circuits, matrix: Matrix, programs: list[Program]) -> tuple[Program, ...]:
    """The programs to start from: the ten of the fewest additions."""
    known = [item.program for item in circuits.candidates(matrix)] + programs
    return tuple(sorted(dict.fromkeys(known), key=lambda item: item.additions)[:10])
