# SPDX-License-Identifier: Apache-2.0
"""Whether an installation works, from the proof to a compiled header. Used by the command."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal

from wincraft.algorithm.refutation import Refuted
from wincraft.errors import MissingTool, WincraftError

CheckOutcome = Literal["ok", "failed", "skipped"]

LARGEST_PROVED = 12
"""The catalogue's algorithms are proved up to this tile, m + r - 1."""
LARGEST_DIFFERENCE = 0.5
"""How far, in dB, a predicted SQNR may lie from the simulated one."""
OPTIONAL = ("numba", "joblib", "torch")
"""Packages that wincraft runs without."""


class Broken(WincraftError):
    """What the installation gets wrong."""

    exit_code = 1
    template = "{what}"
    what: str


@dataclass(frozen=True)
class Check:
    """What came of one check, and how long it took in seconds."""

    name: str
    outcome: CheckOutcome
    detail: str
    seconds: float


def run_checks() -> Iterator[Check]:
    """Every check of `CHECKS`, one after the other; an error of any kind is a check that failed.

    >>> next(run_checks()).outcome
    'ok'
    """
    for name, check in CHECKS.items():
        start = time.perf_counter()
        outcome: CheckOutcome = "ok"
        try:
            detail = check()
        except MissingTool as error:
            outcome, detail = "skipped", str(error)
        except Broken as error:
            outcome, detail = "failed", str(error)
        except Exception as error:  # whatever is broken, the other checks go on
            outcome, detail = "failed", " ".join(f"{type(error).__name__}: {error}".split())
        yield Check(name, outcome, detail, time.perf_counter() - start)


def selftest_document(checks: list[Check]) -> dict[str, Any]:
    """The outcome as plain data."""
    from wincraft.version import __version__

    return {
        "kind": "wincraft.selftest",
        "version": 1,
        "wincraft": __version__,
        "checks": [{"name": c.name, "outcome": c.outcome, "detail": c.detail} for c in checks],
    }


def _proofs() -> str:
    """Everything in the catalogue up to `LARGEST_PROVED` is made, and so proved."""
    from wincraft.construct.catalogue import catalogue
    from wincraft.construct.winograd import winograd

    entries = {size: entry for size, entry in catalogue().items() if sum(size) - 1 <= LARGEST_PROVED}
    lists = {(m, r, choice.moduli) for (m, r), entry in entries.items() for choice in entry.uses.values()}
    for m, r, moduli in lists:
        winograd(m, r, moduli=moduli)
    return f"{len(lists)} algorithms of {len(entries)} sizes, tiles up to {LARGEST_PROVED}"


def _refutation() -> str:
    """The proof is no formality: with one entry changed it fails."""
    from sympy import Rational

    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.construct.winograd import winograd

    algorithm = winograd(4, 3)
    G = algorithm.G.as_mutable()
    G[1, 1] += Rational(1, 10**9)
    try:
        Algorithm.from_matrices(algorithm.AT, G, algorithm.BT)
    except Refuted:
        return "one entry changed by 1e-9 is refuted"
    raise Broken("F(4,3) with one entry changed was accepted")


def _round_trip() -> str:
    """JSON brings back the same algorithm: points, moduli, images, chains of stages."""
    from wincraft.construct.chains import chained
    from wincraft.construct.winograd import parse
    from wincraft.emit.writing import render
    from wincraft.files.document import parse_document

    made = [parse("F(4,3)"), parse("F(4,3)", moduli="0,1,-1,x^2+1,inf"), parse("F(2x4,3x5)")]
    made.append(chained(parse("F(4x4,3x3)"), "legendre"))
    for algorithm in made:
        if parse_document(json.loads(render(algorithm, "json"))) != algorithm:
            raise Broken(f"{algorithm.size} came back from JSON as another algorithm")
    return f"{len(made)} algorithms written, read and proved: equal"


def _header() -> str:
    """The C header of F(4x4,3x3) compiles without a warning, and its functions give the exact outputs."""
    from wincraft.construct.winograd import parse
    from wincraft.emit.writing import render
    from wincraft.files.source import compiler

    algorithm = parse("F(4x4,3x3)")
    command = compiler()
    d = [[(37 * i * i + 91 * j + 11 * i * j) % 256 - 128 for j in range(6)] for i in range(6)]
    g = [[(53 * i + 29 * j * j + 17) % 256 - 128 for j in range(3)] for i in range(3)]
    expected = [sum(d[i + p][j + q] * g[p][q] for p in range(3) for q in range(3)) for i in range(4) for j in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "f4x4.h").write_text(render(algorithm, "c"), encoding="utf-8")
        values = {"d": ", ".join(str(x) for row in d for x in row), "g": ", ".join(str(x) for row in g for x in row)}
        Path(folder, "main.c").write_text(_PROGRAM.substitute(values), encoding="utf-8")
        options = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "main.c", "-o", "main"]
        _run([*command, *options], folder)
        lines = _run([str(Path(folder, "main"))], folder).splitlines()
    wrong = sum(int(line.split()[0]) != y for line, y in zip(lines, expected, strict=True))
    error = max(abs(float(line.split()[1]) - y) for line, y in zip(lines, expected, strict=True))
    if wrong or error > 1e-6:
        raise Broken(f"{wrong} of 16 integers are wrong, doubles by up to {error:g}")
    return f"{Path(command[0]).name}: integers exact, doubles within {error:.0e}"


_PROGRAM = Template("""\
#include <stdio.h>
#include "f4x4.h"
int main(void)
{
    static const int8_t d[36] = {$d}, g[9] = {$g};
    double d64[36], g64[9], u64[36], v64[36], m64[36], y64[16];
    int32_t u[36], v[36];
    int64_t m[36], y[16];
    for (int k = 0; k < 36; ++k) d64[k] = d[k];
    for (int k = 0; k < 9; ++k) g64[k] = g[k];
    wincraft_f4x4_3x3_filter_int(g, v);
    wincraft_f4x4_3x3_input_int(d, 6, u);
    wincraft_f4x4_3x3_filter_f64(g64, v64);
    wincraft_f4x4_3x3_input_f64(d64, 6, u64);
    for (int k = 0; k < 36; ++k) { m[k] = (int64_t)u[k] * v[k]; m64[k] = u64[k] * v64[k]; }
    wincraft_f4x4_3x3_output_int(m, y, 4);
    wincraft_f4x4_3x3_output_f64(m64, y64, 4);
    for (int k = 0; k < 16; ++k) printf("%ld %.17g\\n", (long)y[k], y64[k]);
    return 0;
}
""")


def _run(command: list[str], folder: str) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        raise Broken(f"{command[0]}: {error.strerror or error}") from None
    if done.returncode:
        raise Broken(f"{Path(command[0]).name}: exit code {done.returncode} {done.stderr}")
    return done.stdout


def _simulation() -> str:
    """The predicted error of 8-bit taps lies beside the simulated one."""
    from wincraft.construct.winograd import parse
    from wincraft.quantise.evaluation import evaluate
    from wincraft.quantise.schemes import SCHEMES
    from wincraft.quantise.workload import Workload

    found = evaluate(parse("F(4x4,3x3)"), SCHEMES["tapwise-8"], Workload())
    text = f"tapwise-8 {found.measured:.2f} dB, predicted {found.predicted.decibels:.2f} dB"
    if not abs(found.predicted.decibels - found.measured) <= LARGEST_DIFFERENCE:
        raise Broken(text)
    return text


def _optional() -> str:
    """Which of the optional packages are installed."""
    from importlib.metadata import PackageNotFoundError, version

    def state(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"{name} absent"

    return ", ".join(map(state, OPTIONAL))


CHECKS: dict[str, Callable[[], str]] = {
    "proofs": _proofs,
    "refutation": _refutation,
    "JSON": _round_trip,
    "C header": _header,
    "simulation": _simulation,
    "optional": _optional,
}
"""The registry: what each check is called, and the function that returns a line on it or raises."""
