# SPDX-License-Identifier: Apache-2.0
"""Write limits/real_limits.json of `wincraft.search`: the least noise gain over real points, proved, near rationals.

    nice python scripts/real_limits.py [FILE] [--sizes "F(4,3) F(6,3)"] [--time-limit SECONDS] [--numerical]

For every size three classes of real sets (symmetric, with inf, all): a proved lower limit of the noise gain within the
tolerance of the best set found (`wincraft.search.limits.bound.certify`), or with --numerical that set alone. Beside
them the best rational set of height <= 12 near one of these optima, its exact noise gain, and how far it is above the
best real set found and above the limit proved for all real sets.

The file is written after every class; classes already in it with as small a tolerance are kept, so that an interrupted
run goes on where it was. One line per class on stderr. F(m,r) and F(r,m) have the same limits: one is computed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from math import inf, isinf
from pathlib import Path
from typing import Any, get_args

from wincraft.construct import catalogue, parse_moduli, parse_size
from wincraft.search import RationalPoints, RealLimit, certify, estimate, noise_gain_of_points, round_to_rationals
from wincraft.search.limits.sets import SetKind

SIZES = sorted([(m, 3) for m in range(2, 11)] + [(m, 5) for m in range(2, 7)], key=sum)
TOLERANCE: dict[SetKind, float] = {"symmetric": 1e-6, "with-inf": 1e-6, "all": 1e-5}
"""What takes at most minutes: among all sets the noise gain is almost the same along a rotation of the angles."""
HEIGHT = 12
PATH = Path(__file__).parent.parent / "wincraft" / "search" / "limits" / "real_limits.json"
ABOUT = (
    "made by scripts/real_limits.py: every real point set of the class has noise gain >= lower where certified "
    "(branch and bound in float64 with a stated error bound); upper is the exact noise gain of the points"
)


def entry(limit: RealLimit) -> dict[str, Any]:
    """One class of one size as plain data; inf as text."""
    return {
        "class": limit.kind,
        "certified": limit.certified,
        "finished": limit.finished,
        "lower": limit.lower,
        "upper": limit.upper,
        "tolerance": None if isinf(limit.tolerance) else limit.tolerance,
        "boxes": limit.boxes,
        "rechecked": limit.rechecked,
        "points": ["inf" if isinf(point) else point for point in limit.points],
        "statement": limit.statement,
    }


def rational(m: int, r: int, classes: list[dict[str, Any]]) -> dict[str, Any]:
    """The best rational set of height <= 12 near the real optima, and the catalogue's if that is better."""
    found = [round_to_rationals(m, r, [float(point) for point in item["points"]], HEIGHT) for item in classes]
    known = catalogue().get((m, r))
    if known is not None:
        points = [modulus.point for modulus in parse_moduli(known.points)]
        exact = tuple(None if point is None else Fraction(int(point.p), int(point.q)) for point in points)
        found.append(RationalPoints(exact, noise_gain_of_points(m, r, exact)))
    best = min(found, key=lambda item: item.noise_gain)
    upper = min(item["upper"] for item in classes)
    proved = [item["lower"] for item in classes if item["class"] == "all" and item["certified"]]
    return {
        "points": best.text,
        "noise_gain": str(best.noise_gain),
        "float": float(best.noise_gain),
        "above_best_real_percent": 100 * (float(best.noise_gain) / upper - 1),
        "above_proved_percent": 100 * (float(best.noise_gain) / proved[0] - 1) if proved and proved[0] else None,
    }


def kept(rows: list[dict[str, Any] | None], kind: SetKind, goal: float) -> dict[str, Any] | None:
    """The class of one of these rows, if it is there with as small a tolerance."""
    for row in rows:
        for item in row["classes"] if row else []:
            if item["class"] == kind and (isinf(goal) or (item["finished"] and item["tolerance"] <= goal)):
                return dict(item)
    return None


def limits(sizes: list[tuple[int, int]], path: Path, time_limit: float, numerical: bool) -> Iterator[str]:
    """Compute what the file lacks and write it; yields a line per class."""
    known = json.loads(path.read_text(encoding="utf-8"))["sizes"] if path.exists() else []
    table = {(item["m"], item["r"]): item for item in known}
    for m, r in sizes:
        row = table.setdefault((m, r), {"m": m, "r": r, "classes": []})
        for kind in get_args(SetKind):
            goal = inf if numerical else TOLERANCE[kind]
            start = time.monotonic()
            item = kept([row, table.get((r, m))], kind, goal)
            if item is None:
                limit = estimate(m, r, kind) if numerical else certify(m, r, kind, goal, time_limit=time_limit)
                item = entry(limit)
            row["classes"] = [old for old in row["classes"] if old["class"] != kind] + [item]
            row["rational"] = rational(m, r, row["classes"])
            rows = ",\n".join(json.dumps(table[key]) for key in sorted(table, key=lambda key: (key[1], key[0])))
            path.write_text(f'{{"about": {json.dumps(ABOUT)}, "sizes": [\n{rows}\n]}}\n', encoding="utf-8")
            yield f"F({m},{r}) {item['statement']}; {item['boxes']} boxes, {time.monotonic() - start:.1f} s"


def main() -> None:
    """Read the arguments, run, report on stderr."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=PATH)
    parser.add_argument("--sizes", default="", help="as F(m,r), separated by blanks")
    parser.add_argument("--time-limit", type=float, default=3600.0, help="seconds per class")
    parser.add_argument("--numerical", action="store_true", help="descent only, no proof")
    given = parser.parse_args()
    sizes = [parse_size(text)[0] for text in given.sizes.split()] or SIZES
    for line in limits(sizes, given.path, given.time_limit, given.numerical):
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
