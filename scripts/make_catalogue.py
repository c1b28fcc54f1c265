# SPDX-License-Identifier: Apache-2.0
"""Write wincraft/construct/catalogue.json: the best points found for every F(m,r), and what others publish.

    pip install -e ".[search]" && python scripts/make_catalogue.py

The default points of every size with m + r - 1 <= 18 are the symmetric set (p with -p, and 0 and inf where the parity
allows) of the least height whose noise gain is within 0.5 % of the best real symmetric set's, and the best of that
height; beyond tiles of 12 the best of the rational sets near the best real one. Sizes with m <= 10 and r from 2 to 7
have points for other uses too. A run takes some minutes; finished sizes are kept in a file beside the result, so that
a stopped run goes on.

A set is written as 0, then p, -p by growing height, the larger first, then moduli of higher degree, then inf.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations
from math import inf
from pathlib import Path
from typing import Any

from wincraft import winograd
from wincraft.errors import NotApplicable
from wincraft.search import Space, real_optimum, round_to_rationals, search_space
from wincraft.search.points.space import rationals

LARGEST_TILE = 18
USES_M, USES_R = range(1, 11), range(2, 8)
CLOSE = 0.005
"""How far above the best real symmetric set's noise gain the default may be."""
HEIGHTS = range(1, 13)
LARGE, LARGE_HEIGHTS = 12, (4,)
"""Beyond this tile only sets of this height are searched, and the neighbours, of height <= 12, of the best real set."""
UNRESTRICTED_HEIGHTS = {3: 12, 4: 12, 5: 12, 6: 12, 7: 8, 8: 6}
"""By tile: of these heights all sets are searched, symmetric or not, with and without 0 and inf."""
DYADIC_HEIGHT = INTEGER_HEIGHT = 8
OPERATIONS_HEIGHT = 3
QUADRATIC_HEIGHT = 4
QUADRATIC = ("x^2+1", "x^2+2", "x^2+1/2", "x^2+4", "x^2+1/4", "x^2+3", "x^2+1/3")
TARGET = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"
LIMITS = Path(__file__).parent.parent / "wincraft" / "search" / "limits" / "real_limits.json"
PARTIAL = TARGET.with_suffix(".partial.json")

BARABASZ = "Barabasz et al., arXiv 1803.10986, and Apache TVM"
_BARABASZ_SETS = (
    "0,-1,1",
    "0,-1,1,1/2",
    "0,-1,1,1/2,-2",
    "0,-1,1,1/2,-2,-1/2",
    "0,-1,1,1/2,-1/2,2,-2",
    "0,-1,1,1/2,-1/2,2,-2,-1/4",
    "0,-1,1,1/2,-1/2,2,-2,-1/4,4",
    "0,-1,1,1/2,-1/2,2,-2,-1/4,3/4,-4/3",
    "0,-1,1,1/2,-1/2,2,-2,-1/4,4,3/4,-4/3",
)
CLASSIC_4, CLASSIC_6 = "0,1,-1,2,-2", "0,1,-1,2,-2,1/2,-1/2"
NOVA = "NOVA: Lohia, arXiv 2512.18453"
PUBLISHED: list[tuple[int, int, str, str]] = [
    *((len(points.split(",")) - 1, 3, points, BARABASZ) for points in _BARABASZ_SETS),
    (2, 3, "0,1,-1", "Lavin & Gray, arXiv 1509.09308; PyTorch's depthwise kernel; MLIR"),
    (4, 3, CLASSIC_4, "Lavin & Gray, arXiv 1509.09308; neon; ncnn int8"),
    (4, 3, "0,sqrt(2)/2,-sqrt(2)/2,sqrt(2),-sqrt(2)", "ncnn fp32"),
    (4, 3, "0,5/8,-5/8,3/2,-3/2", "oneDNN's x64 kernel until 2023-02"),
    (4, 3, "0,-1,1,-1/2,2", "Arm Compute Library's test reference"),
    (4, 3, "0,1/2,-1,1,-3", "github.com/BasiaBarabasz/Winograd"),
    (4, 3, "0,5/6,-5/6,7/6,-7/6", NOVA),
    (6, 3, CLASSIC_6, "NNPACK; IREE"),
    (6, 3, "0,1,-1,2,-2,3/2,-3/2", "WinogradAwareNets, whose matrices are wrong"),
    (6, 3, "0,1,-1,3/5,-3/5,7/6,-7/6", NOVA),
    (8, 3, "0,1,-1,2/5,-2/5,5/6,-5/6,7/6,-7/6", NOVA),
    (2, 5, CLASSIC_4, "github.com/hpca-uji/convWinograd"),
    (2, 5, "0,3/4,-3/4,3/2,-3/2", "neon"),
]


def in_order(points: list[str]) -> str:
    """The points as the catalogue writes them."""
    rational = [Fraction(text) for text in points if text != "inf" and "x" not in text]
    higher = [text for text in points if "x" in text]
    rational.sort(key=lambda v: (v != 0, max(abs(v.numerator), v.denominator), -abs(v), v < 0))
    return ",".join([*map(str, rational), *higher, *(["inf"] if "inf" in points else [])])


def exact(m: int, r: int, points: str) -> str:
    """The noise gain, proved."""
    return str(winograd(m, r, moduli=points).noise_gain())


def symmetric(m: int, r: int, **choices: Any) -> list[Any]:
    """Searches over symmetric sets: even n with both 0 and inf, odd n with one of them."""
    n = m + r - 1
    ends = [("with", "with")] if n % 2 == 0 else [("with", "without"), ("without", "with")]
    found = []
    for zero, infinity in ends:
        try:
            space = Space(m, r, shape="symmetric", zero=zero, infinity=infinity, **choices)
        except NotApplicable:  # an empty space: too few numbers of this height
            continue
        found.append(space)
    return found


def best_of(spaces: list[Any], objective: str = "noise-gain") -> tuple[str, str] | None:
    """The best set of some spaces and how that is known, None of no space."""
    results = [search_space(space, objective, allow_long=True) for space in spaces]
    if not results:
        return None
    best = min(results, key=lambda result: result.best.approximate)
    count = sum(result.space.count for result in results)
    kind = repr(best.space).split(",")[0].split(" ", 1)[1]
    how = f"best of {count:,} set{'s' * (count != 1)} of {kind}"
    return in_order(list(best.best.moduli)), how


def default(m: int, r: int) -> dict[str, Any]:
    """The points of the least height within `CLOSE` of the real limit."""
    limit = real_optimum(m, r, "symmetric").noise_gain
    if m + r <= 3:
        points = "0" if m + r == 2 else "0,inf"
        return {"moduli": points, "noise_gain": exact(m, r, points), "found": "the only ones", "limit": limit}
    chosen: tuple[str, str] | None = None
    for height in HEIGHTS if m + r - 1 <= LARGE else LARGE_HEIGHTS:
        found = best_of(symmetric(m, r, height=height))
        if found is None:
            continue
        chosen = found
        if float(winograd(m, r, points=found[0]).noise_gain()) <= limit * (1 + CLOSE):
            break
    assert chosen is not None
    if m + r - 1 > LARGE:
        near = round_to_rationals(m, r, list(real_optimum(m, r, "symmetric").points), 12)
        if near.noise_gain < Fraction(exact(m, r, chosen[0])):
            chosen = in_order(near.text.split(",")), "near the best real symmetric set, height <= 12"
    gain = exact(m, r, chosen[0])
    return {"moduli": chosen[0], "noise_gain": gain, "found": chosen[1], "limit": limit}


def unrestricted(m: int, r: int) -> dict[str, Any]:
    """The best set of any kind: of all of a height where those can be searched, or near the best real ones."""
    candidates = []
    for kind in ("with-inf", "all"):
        near = round_to_rationals(m, r, list(real_optimum(m, r, kind).points), 12)  # type: ignore[arg-type]
        how = "near the best real set found, height <= 12"
        candidates.append((near.noise_gain, in_order(near.text.split(",")), how))
    height = UNRESTRICTED_HEIGHTS.get(m + r - 1)
    if height is not None:
        space = Space(m, r, height=height, zero="any", infinity="any")
        points = in_order(list(search_space(space, allow_long=True).best.moduli))
        how = f"best of all {space.count:,} sets of rationals of height <= {height}"
        candidates.append((Fraction(exact(m, r, points)), points, how))
    gain, points, how = min(candidates)
    return {"moduli": points, "noise_gain": str(gain), "found": how}


def quadratic(m: int, r: int) -> dict[str, Any] | None:
    """The best symmetric set with one modulus x^2 + c; one product more than points alone."""
    n, best = m + r - 1, (inf, "", 0)
    pairs = list(rationals(QUADRATIC_HEIGHT))
    count = 0
    for ends in [("0", "inf")] if n % 2 == 0 else [("0",), ("inf",)]:
        for q in QUADRATIC:
            for chosen in combinations(pairs, (n - 2 - len(ends)) // 2):
                points = [*ends, q, *(str(s * v) for v in chosen for s in (1, -1))]
                count += 1
                gain = _float_gain(m, r, in_order(points))
                best = min(best, (gain, in_order(points), 0))
    if best[0] == inf:
        return None
    how = f"best of {count:,} symmetric sets of height <= {QUADRATIC_HEIGHT} with one of {', '.join(QUADRATIC)}"
    return {"moduli": best[1], "noise_gain": exact(m, r, best[1]), "found": how}


def _float_gain(m: int, r: int, points: str) -> float:
    return float(winograd(m, r, moduli=points).noise_gain())


def other_uses(m: int, r: int) -> dict[str, Any]:
    """Points for other uses than the most accurate symmetric ones."""
    uses: dict[str, Any] = {"unrestricted": unrestricted(m, r)}
    searches = {
        "dyadic": (symmetric(m, r, numbers="dyadic", height=DYADIC_HEIGHT), "noise-gain"),
        "integer": (symmetric(m, r, numbers="integer", height=INTEGER_HEIGHT), "noise-gain"),
        "operations": (symmetric(m, r, height=OPERATIONS_HEIGHT), "operations"),
    }
    for name, (spaces, objective) in searches.items():
        found = best_of(spaces, objective)
        if found is not None:
            uses[name] = {"moduli": found[0], "noise_gain": exact(m, r, found[0]), "found": found[1]}
    if (found_quadratic := quadratic(m, r)) is not None:
        uses["quadratic"] = found_quadratic
    return uses


def entry(m: int, r: int, defaults: dict[tuple[int, int], dict[str, Any]]) -> dict[str, Any]:
    """Everything known of one size."""
    key = min(m, r), max(m, r)
    if key not in defaults:
        defaults[key] = default(*key)
    made: dict[str, Any] = {"m": m, "r": r, "uses": {"accuracy": {**defaults[key]}}}
    limit = made["uses"]["accuracy"].pop("limit")
    n = m + r - 1
    ends = "with 0 and inf" if n % 2 == 0 else "with 0 or inf"
    made["limit"] = {"noise_gain": limit, "sets": f"symmetric real sets {ends}", "certified": None}
    if m in USES_M and r in USES_R and n > 2:
        made["uses"] |= other_uses(m, r)
    made["published"] = [
        {"points": points, "noise_gain": exact(m, r, points), "source": source}
        for size_m, size_r, points, source in PUBLISHED
        if (size_m, size_r) == (m, r)
    ]
    return made


def certified() -> dict[tuple[int, int], dict[str, Any]]:
    """The certified limits of symmetric sets, by size."""
    if not LIMITS.exists():
        return {}
    found = json.loads(LIMITS.read_text(encoding="utf-8"))
    return {
        (size["m"], size["r"]): item
        for size in found["sizes"]
        for item in size["classes"]
        if item["class"] == "symmetric" and item["certified"]
    }


def main() -> None:
    """Make every entry that is not made yet, then write the catalogue."""
    done: dict[str, Any] = json.loads(PARTIAL.read_text(encoding="utf-8")) if PARTIAL.exists() else {}
    defaults: dict[tuple[int, int], dict[str, Any]] = {}
    for n in range(1, LARGEST_TILE + 1):
        for r in range(1, n + 1):
            m = n + 1 - r
            if f"{m},{r}" in done:
                continue
            done[f"{m},{r}"] = entry(m, r, defaults)
            PARTIAL.write_text(json.dumps(done), encoding="utf-8")
            print(f"F({m},{r})", done[f"{m},{r}"]["uses"]["accuracy"]["moduli"], flush=True)
    limits = certified()
    for item in done.values():
        known = limits.get((item["m"], item["r"])) or limits.get((item["r"], item["m"]))
        if known is not None:
            item["limit"]["certified"] = known["lower"]
    lines = ",\n".join(json.dumps(item) for item in done.values())
    TARGET.write_text(f'{{"about": "made by scripts/make_catalogue.py", "entries": [\n{lines}\n]}}\n', encoding="utf-8")
    PARTIAL.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
