# SPDX-License-Identifier: Apache-2.0
"""Write the atlas, docs/data/atlas.json and docs/atlas.md: what is known of every size and of every shipped table.

    nice python scripts/atlas.py [--page]

Everything is computed from the package and from docs/data/shipped-tables.json, in a few minutes; --page writes the page
anew from the JSON alone. The tests of both hold every figure: after a change that moves one, run this and say why.
"""

from __future__ import annotations

import json
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from atlas_page import page, shown
from sympy import sympify

from wincraft import Algorithm, winograd
from wincraft.algorithm import Refuted
from wincraft.circuit import additions_bound
from wincraft.circuit.library import known_programs
from wincraft.construct import along_axes, catalogue, identify
from wincraft.errors import TooLarge
from wincraft.measure import word_bounds
from wincraft.quantise import Workload, simulate
from wincraft.rings import ring_loss
from wincraft.search import RealLimit, certify, known_limits
from wincraft.search.limits.sets import SetKind
from wincraft.search.word_sets import least_power_of_two

ROOT = Path(__file__).parents[1] / "docs"
DATA, PAGE, TABLES = ROOT / "data" / "atlas.json", ROOT / "atlas.md", ROOT / "data" / "shipped-tables.json"
LARGEST = 18
"""The largest tile."""
TIGHT, BRACKETS = 1e-3, {5: 1e-3, 8: 1e-2, 11: 5e-2}
"""How close to the best set symmetric sets are bounded, and all real ones up to which tile: what takes seconds."""
CHANNELS, FILTERS, TILES, SEEDS = 64, 8, 32, 3
WORTH = 0.5
"""Decibels below which a change is not proposed: within the spread of so few tiles."""
Row = dict[str, Any]


def sizes() -> list[tuple[int, int]]:
    """Every F(m,r) with m, r >= 2 and tiles up to the largest, by r."""
    return [(m, r) for r in range(2, LARGEST) for m in range(2, LARGEST + 2 - r)]


def _digits(value: float, rounding: str) -> float:
    return float(Context(prec=7, rounding=rounding).create_decimal_from_float(value))


@cache
def real_limit(m: int, r: int, kind: SetKind) -> RealLimit | None:
    """What is proved of the real sets of a class, from the package's table or now; F(m,r) and F(r,m) share it."""
    known = known_limits()
    found = known.get((m, r, kind)) or known.get((r, m, kind))
    if found is not None and found.certified:
        return found
    if m < r:
        return real_limit(r, m, kind)
    near = [TIGHT] if kind == "symmetric" else [one for tile, one in BRACKETS.items() if m + r - 1 <= tile]
    return certify(m, r, kind, near[0]) if near else None


def limit(m: int, r: int, kind: SetKind) -> Row:
    """Between which values the least noise gain of a class lies, rounded outwards; `by`: what the lower is."""
    found = real_limit(m, r, kind)
    if found is not None and found.finished:
        tight = found.lower >= found.upper * (1 - TIGHT)
        low, high, by = found.lower, found.upper, "proved" if tight else "bracket"
    else:
        known = catalogue(m, r).uses
        points = [float(Fraction(known[use].noise_gain)) for use in ("accuracy", "unrestricted") if use in known]
        low, high, by = max(m, r) / (m + r - 1), min(*points, limit(m, r, "symmetric")["at_most"]), "trivial"
    return {"at_least": _digits(low, ROUND_FLOOR), "at_most": _digits(high, ROUND_CEILING), "by": by}


def circuits(m: int, r: int, moduli: str) -> Row | None:
    """Of B^T, G and A^T the fewest additions in the library, and the most that are proved necessary."""
    made, found = winograd(m, r, moduli=moduli), {}
    for name, of in (("BT", made.input), ("G", made.filter), ("AT", made.output)):
        programs = list(known_programs(of.dense))
        if not programs:
            return None
        fewest = min(item.program.additions for item in programs)
        bound = programs[0].bound or additions_bound(of.dense).additions
        found[name] = {"additions": fewest, "at_least": bound, "minimal": fewest == bound}
    return found


def size(m: int, r: int) -> Row:
    """What is known of F(m,r)."""
    entry = catalogue(m, r)
    found: Row = {"m": m, "r": r, "symmetric": limit(m, r, "symmetric"), "all_real": limit(m, r, "all")}
    found["uses"] = {use: {"moduli": one.moduli, "noise_gain": one.noise_gain} for use, one in entry.uses.items()}
    found["circuits"] = {
        use: circuits(m, r, entry.uses[use].moduli) for use in ("accuracy", "cheap") if use in entry.uses
    }
    exact, integer = entry.uses.get("int8-exact"), entry.uses.get("integer")
    if exact is not None or integer is not None:
        plain = word_bounds(along_axes(winograd(m, r, moduli=integer.moduli), 2)).counts.outputs if integer else None
        found["int8_channels"] = {"exact": exact.channels if exact else 0, "integer_no_overflow": plain}
    lost = ring_loss(winograd(m, r, moduli=entry.points), "Z/2^64").bits
    found["bits_lost"] = {"accuracy": lost, "least_of_rational_points": least_power_of_two(m + r - 1)}
    found["published"] = [
        {"who": one.source, "points": one.points, "noise_gain": one.noise_gain} for one in entry.published
    ]
    return found


@cache
def decibels(algorithm: Algorithm) -> float | None:
    """SQNR of F(m x m, r x r) with every operation rounded to fp16; None where an entry of a matrix overflows."""
    whole = along_axes(algorithm, 2)
    try:
        found = [simulate(whole, "fp16", Workload(CHANNELS, FILTERS, TILES, seed=s).batch(whole)) for s in range(SEEDS)]
    except TooLarge:
        return None
    return round(mean(one.decibels for one in found), 1)


def best(m: int, r: int) -> tuple[float, float]:
    """The least noise gain of points in the catalogue, and the SQNR of its default balanced by powers of two."""
    entry = catalogue(m, r)
    gains = [Fraction(entry.uses[use].noise_gain) for use in ("accuracy", "unrestricted") if use in entry.uses]
    found = decibels(winograd(m, r, convention="pow2"))
    assert found is not None
    return float(min(gains)), found


def table(given: Row) -> Row:
    """The verdict on one shipped table."""
    found = {name: given[name] for name in ("name", "repository", "file", "commit", "m", "r", "made") if name in given}
    try:
        read = identify(given["AT"], given["G"], given["BT"], form=given.get("form"))
    except Refuted as wrong:
        return found | {"verdict": "wrong", "why": wrong.diagnosis.summary, "change": _repair(wrong)}
    one = read.algorithm.transpose() if read.algorithm.form == "linear" else read.algorithm
    (m,), (r,) = one.m, one.r
    gain, shipped, (least, reached) = one.noise_gain(), decibels(one), best(m, r)
    found |= {"verdict": "right", "moduli": ",".join(map(str, one.moduli or ())), "scale": str(one.scale)}
    found |= {"convention": read.conventions[0] if read.conventions else None, "form": read.algorithm.form}
    found |= {"noise_gain": str(gain), "times_best": round(float(sympify(gain)) / least, 4)}
    found |= {"fp16": shipped, "fp16_best": reached}
    return found | {"change": _int8(one) if given.get("arithmetic") == "int8" else _change(one, shipped, reached)}


def _repair(wrong: Refuted) -> str:
    rows = [f"row {tap} by {1 / Fraction(product)}" for tap, product in wrong.diagnosis.row_scales]
    return f"multiply {' and '.join(rows)} of BT (rows from 0)" if rows else wrong.diagnosis.summary


def _command(m: int, r: int, moduli: str, options: str) -> str:
    return f"{shown(moduli)}, `wincraft generate {m}x{m},{r}x{r} {options}`"


def _change(one: Algorithm, shipped: float | None, reached: float) -> str:
    """The smallest change within a few tenths of a decibel of the best: rows balanced, or the catalogue's points."""
    (m,), (r,) = one.m, one.r
    moduli = ",".join(map(str, one.moduli or ()))
    kept = decibels(winograd(m, r, moduli=moduli, convention="pow2"))
    if shipped is not None and max(reached, kept or reached) < shipped + WORTH:
        return "none known that gains half a decibel"
    was = "an overflow" if shipped is None else f"{shipped:.1f} dB"
    if kept is not None and kept > reached - WORTH:
        return f"{_command(m, r, moduli, f'--points={moduli} --convention pow2')}: from {was} to {kept:.1f} dB"
    return f"{_command(m, r, catalogue(m, r).points, '--convention pow2')}: from {was} to {reached:.1f} dB"


def _int8(one: Algorithm) -> str:
    (m,), (r,) = one.m, one.r
    plain, exact = word_bounds(along_axes(one, 2)).counts.outputs or 0, catalogue(m, r).uses["int8-exact"]
    if exact.channels is None or exact.channels <= plain:
        return f"none known that holds more than its {plain:,} channels of int8"
    words = f"from {plain:,} channels of int8 without overflow to {exact.channels:,} in sums that wrap around"
    return f"{_command(m, r, exact.moduli, '--points int8-exact')}: {words}"


def atlas() -> Row:
    """All of it."""
    tables = json.loads(TABLES.read_text(encoding="utf-8"))["tables"]
    return {
        "about": "made by scripts/atlas.py; noise gains of one axis, exact as text; SQNR in dB of two axes",
        "settings": {
            "largest": LARGEST,
            "channels": CHANNELS,
            "filters": FILTERS,
            "tiles": TILES,
            "seeds": SEEDS,
        },
        "sizes": [size(m, r) for m, r in sizes()],
        "tables": [table(one) for one in tables],
    }


def text(found: Row) -> str:
    """The JSON, an item a line."""
    parts = [f'"{name}": {json.dumps(found[name])}' for name in ("about", "settings")]
    for name in ("sizes", "tables"):
        rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in found[name])
        parts.append(f'"{name}": [\n{rows}\n]')
    return "{" + ",\n".join(parts) + "}\n"


def main() -> None:
    """Compute, unless only the page is asked for, and write."""
    if sys.argv[1:] != ["--page"]:
        DATA.write_text(text(atlas()), encoding="utf-8")
    PAGE.write_text(page(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
