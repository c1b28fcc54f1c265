# SPDX-License-Identifier: Apache-2.0
"""The limits that `scripts/real_limits.py` proved and wrote beside this module."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from math import inf

from wincraft.search.limits.bound import RealLimit
from wincraft.search.limits.sets import SetKind


@cache
def known_limits() -> dict[tuple[int, int, SetKind], RealLimit]:
    """Every limit of the table by (m, r, class).

    >>> known_limits()[4, 3, "all"].statement
    'all sets of 6 real points, inf allowed have noise gain >= 4.742435 (proved)'
    """
    text = resources.files("wincraft.search.limits").joinpath("real_limits.json").read_text(encoding="utf-8")
    found: dict[tuple[int, int, SetKind], RealLimit] = {}
    for row in json.loads(text)["sizes"]:
        for item in row["classes"]:
            kind, points = item.pop("class"), tuple(map(float, item.pop("points")))
            tolerance = inf if item["tolerance"] is None else item["tolerance"]
            given = {**item, "kind": kind, "points": points, "tolerance": tolerance}
            found[row["m"], row["r"], kind] = RealLimit(f"F({row['m']},{row['r']})", **given)
    return found
