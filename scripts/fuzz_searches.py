# SPDX-License-Identifier: Apache-2.0
"""Results and checkpoints of searches with values changed, for ``scripts/fuzz.py``: verified, or gone on from."""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from wincraft.search import Space, search_space
from wincraft.search.points.checkpoint import with_checksum

SEARCHES: list[tuple[list[str], Space, dict[str, Any]]] = [
    (["4,3", "--max-height", "2"], Space(4, 3, height=2), {}),
    (["2,3", "--max-height", "3", "--within", "50%"], Space(2, 3, height=3), {"within": 0.5}),
    (["2,3", "--max-height", "2", "--objective", "worst-case"], Space(2, 3, height=2), {"objective": "worst-case"}),
    (
        ["3,2", "--max-height", "2", "--convention", "integer", "--constraint", "exact-bits<=3"],
        Space(3, 2, height=2),
        {"convention": "integer", "constraints": ["exact-bits<=3"]},
    ),
    (["3,2", "--points", "0,1,-1,2,x^2+1"], Space(3, 2, values=("0", "1", "-1", "2", "x^2+1")), {}),
]
"""Command lines, and the same for the library."""

VALUES: list[Any] = [None, True, False, 0, 1, -1, 5, 10**6, 10**30, 0.5, -2.5, 1e300, float("inf"), float("nan"), ""]
VALUES += ["x", "1/2", "inf", "-1", "9" * 5000, "1e999999999", "sqrt(2)", "x^2+1", "\udcff", [], {}, [0], [[1, [2]]]]
VALUES += ["exhaustive", "branch-and-bound", "integer", "symmetric", "any", "noise-gain", "sqnr:fp16", "rank"]
VALUES += [["exact-bits<=1e999999999"], ["cond-V>=0"], [f"x^2+{k}" for k in range(1, 3000)], list(map(str, range(999)))]


@cache
def _right() -> list[tuple[list[str], dict[str, Any], dict[str, Any]]]:
    """(command line, document of the result, checkpoint of the stopped search)."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for number, (words, space, options) in enumerate(SEARCHES):
            file = Path(name, str(number))
            search_space(space, checkpoint=file, time_limit=0.0, **options)
            document = json.loads(json.dumps(search_space(space, **options).document()))
            found.append((words, document, json.loads(file.read_text())))
    return found


def command_line(generator: random.Random, folder: Path) -> list[str]:
    """``verify`` of a changed result, or ``search`` from a changed checkpoint, its checksum right or not."""
    words, document, checkpoint = generator.choice(_right())
    if generator.random() < 0.7:
        (folder / "result.json").write_text(json.dumps(_changed(generator, document)))
        return ["verify", "result.json", *(["--thorough"] if generator.random() < 0.1 else [])]
    changed = _changed(generator, checkpoint)
    if generator.random() < 0.8 and isinstance(changed, dict):
        changed = with_checksum(changed)
    (folder / "state").write_text(json.dumps(changed))
    return ["search", *words, "--checkpoint", "state", "--time-limit", "5"]


def _changed(generator: random.Random, document: Any) -> Any:
    changed = copy.deepcopy(document)
    for _ in range(generator.choice([1, 1, 1, 2, 3])):
        places = list(_places(changed))
        if not places:
            break
        owner, key = generator.choice(places)
        match generator.randrange(4):
            case 0:
                del owner[key]
            case 1:
                other, at = generator.choice(places)
                owner[key] = copy.deepcopy(other[at])
            case _:
                owner[key] = generator.choice(VALUES)
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(list or dictionary, index or key) of all values inside."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
