# SPDX-License-Identifier: Apache-2.0
"""Writes algorithms in every format and reads them back: ``python scripts/round_trip.py``, ``--sample N`` for a part.

The product of every format, every size of the catalogue in one and in two dimensions and as rectangles, and every
convention. What is read must have the entries that were written, or for NumPy archives their floats; what a format or
a convention refuses is counted.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import wincraft as wc
from wincraft.construct import catalogue
from wincraft.emit import BINARY, EMITTERS, OF_AXES, PROGRAMS
from wincraft.errors import WincraftError


class Case(NamedTuple):
    """One file to write and read."""

    size: str
    convention: str
    format: str


def cases() -> Iterator[Case]:
    """The whole product: F(m,r), F(m x m, r x r), and F(m x m', r x r) with the next m of the catalogue."""
    sizes = sorted(catalogue())
    following = dict(itertools.pairwise(sizes))
    texts = []
    for m, r in sizes:
        other, taps = following.get((m, r), (1, 1))
        texts += [f"{m},{r}", f"{m}x{m},{r}x{r}", f"{m}x{other},{r}x{taps}"]
    formats = [name for name in (*EMITTERS, *BINARY) if name not in PROGRAMS]
    return (Case(*parts) for parts in itertools.product(texts, wc.CONVENTIONS, formats))


def equal(one: wc.Algorithm | None, other: wc.Algorithm | None) -> bool:
    """Whether two axes have the same entries."""
    return one is not None and other is not None and (one.AT, one.G, one.BT) == (other.AT, other.G, other.BT)


def nearly_equal(one: wc.Algorithm | None, other: wc.Algorithm | None) -> bool:
    """Whether their entries are the same float64 numbers, or neighbours where integers exceed 53 bits."""
    if one is None or other is None:
        return False
    return all(np.allclose(a, b, rtol=2.0**-51, atol=0) for a, b in zip(one.to_numpy(), other.to_numpy(), strict=True))


@lru_cache(maxsize=1)
def algorithm_of(size: str, convention: str) -> wc.Algorithm:
    """What the formats of consecutive cases are written from."""
    return wc.winograd(size, convention=convention)


def outcome(case: Case, folder: Path) -> str:
    """``equal``, ``refused`` when it is made or written, or what is wrong."""
    path = folder / f"f.{case.format}"
    try:
        made = algorithm_of(case.size, case.convention)
        wc.write(made, path, format=case.format)
    except WincraftError as error:
        return f"refused: {type(error).__name__}"
    try:
        read = wc.read(path)
    except WincraftError as error:
        return f"wrong: {error}"
    if case.format in OF_AXES:  # which divide A^T by the scale
        made = wc.nest(*(axis.rescale(a=[1 / axis.scale] * axis.rank) for axis in made.factors))
    pairs = list(zip(read.factors, made.factors, strict=True)) if read.size == made.size else [(None, None)]
    same = all((nearly_equal if case.format in BINARY else equal)(*pair) for pair in pairs)
    return "equal" if same else f"wrong: {read!r}"


def main() -> int:
    """Run the cases, print what is wrong and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="only so many cases, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    every = list(cases())
    if chosen.sample is not None:
        every = random.Random(chosen.seed).sample(every, min(chosen.sample, len(every)))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for case in every:
            told = outcome(case, Path(folder))
            counts[told.split(":")[0]] += 1
            if told.startswith("wrong"):
                print(*case, told, flush=True)
    print(f"{len(every)} cases: {', '.join(f'{count} {name}' for name, count in sorted(counts.items()))}")
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
