# SPDX-License-Identifier: Apache-2.0
"""Runs wincnn 2.0.1 and wincraft side by side: ``python scripts/generator_comparison.py`` prints the table of the page.

Every cell is the outcome of a call. ``tests/docs/test_comparison.py`` holds ``docs/comparison.md`` to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wincnn
from sympy import Matrix, Rational, sqrt

import wincraft as wc
from wincraft.construct import CONVENTIONS
from wincraft.emit import BINARY, EMITTERS
from wincraft.errors import WincraftError

POINTS = (0, 1, -1, 2, -2)
IRRATIONAL = (0, sqrt(2), -sqrt(2), sqrt(2) / 2, -sqrt(2) / 2)


def outcome(call: Callable[[], Any]) -> str:
    """``yes``, ``no``, what the call says, or the error it raises; the message of an error of wincraft's too."""
    try:
        result = call()
    except WincraftError as error:
        return f"`{type(error).__name__}`: {error}".replace("|", "\\|")
    except Exception as error:
        return f"`{type(error).__name__}`"
    return {True: "yes", False: "no"}.get(result, str(result)) if isinstance(result, bool) else str(result)


def filter_matrices(points: Any, m: int, r: int, mode: int = wincnn.FractionsInG) -> tuple[Matrix, Matrix, Matrix]:
    """A^T, G and B^T of wincnn."""
    AT, G, BT, _ = wincnn.cookToomFilter(points, m, r, mode)
    return AT, G, BT


def same_matrices() -> bool:
    """The two programs' matrices of F(4,3) in three modes."""
    modes = {"wincnn": 0, "fractions-in-a": 1, "fractions-in-b": 2}
    for convention, mode in modes.items():
        ours = wc.winograd(4, 3, points=POINTS, convention=convention)
        if filter_matrices(POINTS, 4, 3, mode) != (ours.AT, ours.G, ours.BT):
            return False
    return True


def repeated() -> str:
    """What wincnn makes of a repeated point."""
    _, G, _ = filter_matrices((0, 1, 1, 2, -2), 4, 3)
    return f"no error; G has the entry `{G[1, 0]}`"


def floats() -> str:
    """What wincnn makes of a point given as a float."""
    _, G, _ = filter_matrices((0, 1, -1, 0.1, -0.1), 4, 3)
    return f"no error; G has the entry `{G[1, 0]}`, which is {Rational(5000, 9900)}"


def too_many() -> str:
    """What wincnn makes of points too many."""
    same = filter_matrices((*POINTS, 3, -3), 4, 3) == filter_matrices(POINTS, 4, 3)
    return "no error; the first five are used" if same else "other matrices"


def wrong_row() -> str:
    """What wincnn's verification says of a wrong G."""
    AT, G, BT = filter_matrices(POINTS, 4, 3)
    G = G.copy()
    G[4, 1] = -G[4, 1]
    shown = wincnn.filterVerify(4, 3, AT, G, BT)
    return f"returns four expressions; the first has {len(shown[0].expand().args)} terms, not 3"


def refused() -> str:
    """What wincraft says of it."""
    alg = wc.winograd(4, 3, points=POINTS)
    G = alg.G.as_mutable()
    G[4, 1] = -G[4, 1]
    return wc.Algorithm.from_matrices(alg.AT.tolist(), G.tolist(), alg.BT.tolist())


def irrational(proved: bool) -> bool:
    """Points of Q(sqrt(2))."""
    AT, G, BT = filter_matrices(IRRATIONAL, 4, 3)
    ours = wc.winograd(4, 3, points=IRRATIONAL)
    return (ours.AT, ours.G, ours.BT) == (AT, G, BT) if not proved else ours.verify().startswith("F(4,3) proved")


def offered(*words: str) -> bool:
    """Whether a public function of wincnn has one of the words in its name."""
    functions = [name for name in dir(wincnn) if callable(getattr(wincnn, name)) and not name.startswith("_")]
    return any(word in name.lower() for name in functions for word in words)


def rows() -> list[tuple[str, str, str]]:
    """What is asked, wincnn's outcome, wincraft's."""
    named = f"{len(CONVENTIONS)} conventions, and any diagonals"
    modes = [name for name in dir(wincnn) if name.startswith("FractionsIn")]
    return [
        (
            "the same matrices on the same points, three modes of F(4,3)",
            outcome(same_matrices),
            outcome(same_matrices),
        ),
        ("points in Q(√2)", outcome(lambda: irrational(False)), outcome(lambda: irrational(True))),
        (
            "F(2,1), a tile of 2",
            outcome(lambda: filter_matrices((0,), 2, 1)),
            outcome(lambda: wc.winograd(2, 1, points="0")),
        ),
        (
            "infinity named as a point",
            outcome(lambda: filter_matrices((0, 1, -1, 2, "inf"), 4, 3)),
            outcome(lambda: wc.winograd(4, 3, points="inf,0,1,-1,2,-2").rank == 6),
        ),
        (
            "modulus x^2 + 1",
            outcome(lambda: filter_matrices((0, 1, -1, "x**2+1"), 4, 3)),
            outcome(lambda: wc.winograd(4, 3, moduli="0,1,-1,x^2+1,inf").rank == 7),
        ),
        ("a repeated point", outcome(repeated), outcome(lambda: wc.winograd(4, 3, points=(0, 1, 1, 2, -2)))),
        (
            "too few points",
            outcome(lambda: filter_matrices((0, 1, -1), 4, 3)),
            outcome(lambda: wc.winograd(4, 3, points=(0, 1, -1))),
        ),
        ("too many points", outcome(too_many), outcome(lambda: wc.winograd(4, 3, points=(*POINTS, 3, -3)))),
        (
            "the point 0.1 given as a float",
            outcome(floats),
            outcome(lambda: wc.winograd(4, 3, points=(0, 1, -1, 0.1, -0.1))),
        ),
        ("a wrong sign in row 4 of G", outcome(wrong_row), outcome(refused)),
        ("scalings", ", ".join(f"`{name}`" for name in modes), named),
        (
            "points chosen by the program",
            outcome(lambda: wincnn.cookToomFilter(n=4, r=3)),
            outcome(lambda: wc.winograd(4, 3).moduli is not None),
        ),
        (
            "several axes",
            outcome(lambda: offered("nest", "2d", "axes")),
            outcome(lambda: wc.parse("2x4,3x5").rank == 32),
        ),
        ("noise gain, error, search", outcome(lambda: offered("noise", "error", "search")), "yes"),
        ("file formats written", "none; it prints", ", ".join(f"`{name}`" for name in (*EMITTERS, *BINARY))),
    ]


def table() -> str:
    """The table as markdown."""
    lines = ["| what is asked | wincnn 2.0.1 | wincraft |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows()), ""])


if __name__ == "__main__":
    print(table(), end="")
