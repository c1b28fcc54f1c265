# SPDX-License-Identifier: Apache-2.0
"""What the tests of texts that are printed from programs share: algorithms, texts, and matrices to compare with."""

from __future__ import annotations

import io
import subprocess
from fractions import Fraction
from functools import cache
from importlib import import_module

from sympy import sympify

from wincraft import parse, winograd
from wincraft.construct import change_basis, integer_form
from wincraft.construct.circuits import Circuits

CLASSIC = {4: "0,1,-1", 6: "0,1,-1,2,-2", 8: "0,1,-1,2,-2,1/2,-1/2"}
MAKERS = {
    "F(1,1)": lambda: winograd(1, 1),
    "F(2,3)": lambda: winograd(2, 3, points=CLASSIC[4]),
    "F(4,3)": lambda: winograd(4, 3, points=CLASSIC[6]),
    "F(6,3)": lambda: winograd(6, 3, points=CLASSIC[8]),
    "F(4,3), integer": lambda: winograd(4, 3, points=CLASSIC[6], convention="integer"),
    "F(4,3), rank 7": lambda: winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
    "F(4,3), legendre": lambda: change_basis(winograd(4, 3, points=CLASSIC[6]), "legendre"),
    "F(2x4,3x3)": lambda: parse("F(2x4,3x3)", points=f"{CLASSIC[4]};{CLASSIC[6]}"),
    "F(2x2x2,3x2x3)": lambda: parse("F(2x2x2,3x2x3)"),
}
IRRATIONAL = {"F(4,3), sqrt(2)": lambda: winograd(4, 3, points="0,1,-1,sqrt(2),-sqrt(2)")}
MAPS = {"filter": "G", "input": "BT", "output": "AT"}


@cache
def made(name):
    return (MAKERS | IRRATIONAL)[name]()


def emitted(format, algorithm, *integers, choice="default", **given):
    """The text of an algorithm in a format."""
    stream = io.StringIO()
    circuits = given["circuits"] if given else Circuits(algorithm, choice)
    import_module(f"wincraft.emit.{format}").emit(algorithm, stream, circuits, *integers)
    return stream.getvalue()


def matrix(algorithm, transform, divided=True):
    """The exact matrix of a transform, over the scale where it is divided: multiplied out from the maps."""
    over = Fraction(str(algorithm.scale)) if transform == "output" and divided else 1
    return [[_fraction(text) / over for text in row] for row in algorithm.named[MAPS[transform]].texts]


def _fraction(text):
    return Fraction(str(sympify(text).evalf(50)) if "sqrt" in text else text)


def integer_matrix(algorithm, transform):
    """That of the integer form, without the scale."""
    return matrix(integer_form(algorithm), transform, divided=False)


def done(*command, cwd=None, env=None):
    """What a tool says; it must succeed."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr
