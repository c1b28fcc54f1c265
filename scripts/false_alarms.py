# SPDX-License-Identifier: Apache-2.0
"""How often correct outputs leave the tolerances that `wincraft tolerance` prints, cell by cell of a grid; a CSV.

Every cell has a tolerance from its own pilot; then fresh seeded data are simulated, and outputs beyond the tolerance
counted; every output is held against its hard bound too. Cells that stand in the file are not run again, so that a run
can be cut off and goes on where it was.

    python scripts/false_alarms.py docs/data/false-alarms.csv
    python scripts/false_alarms.py docs/data/false-alarms.csv --rate 1e-6 --outputs 100000000 --channels 16
    python scripts/false_alarms.py docs/data/false-alarms.csv --table
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path

import numpy as np

from wincraft import parse
from wincraft.algorithm.bilinear import Algorithm
from wincraft.quantise import SCHEMES, Batch, Workload, hard_bound, simulate, tolerance

SIZES = ("F(2x2,3x3)", "F(4x4,3x3)", "F(6x6,3x3)")
NAMES = ("fp16", "bf16", "tapwise-8")
DISTRIBUTIONS = ("gaussian", "uniform01")
CHANNELS = (16, 64, 512)
FRESH = 1_000_000
"""The first seed of the data that are counted; pilots begin at 0."""
KEYS = ("algorithm", "scheme", "data", "channels", "rate")
COLUMNS = (*KEYS, "outputs", "alarms", "alarms over expected", "atol", "rtol", "largest over bound", "seconds")


def measured(size: str, scheme: str, distribution: str, channels: int, rate: float, outputs: int) -> dict[str, object]:
    """One row: what a cell has shown."""
    start = time.perf_counter()
    algorithm = parse(size)
    workload = Workload(channels, distribution=distribution)
    found = tolerance(algorithm, scheme, workload, rate=rate)
    atol, rtol = found.limits.atol, found.limits.rtol
    count = alarms = 0
    largest = 0.0
    for batch in fresh_batches(algorithm, replace(found.workload, seed=FRESH), outputs):
        errors = np.abs(simulate(algorithm, SCHEMES[scheme], batch).outputs - batch.reference)
        alarms += int((errors > atol + rtol * np.abs(batch.reference)).sum())
        largest = max(largest, float((errors / hard_bound(algorithm, SCHEMES[scheme], batch)).max()))
        count += errors.size
    values = (size, scheme, distribution, channels, f"{rate:g}", count, alarms, f"{alarms / (rate * count):.3f}")
    seconds = time.perf_counter() - start
    return dict(zip(COLUMNS, (*values, f"{atol:.5g}", f"{rtol:.5g}", f"{largest:.3g}", f"{seconds:.1f}"), strict=True))


def fresh_batches(algorithm: Algorithm, workload: Workload, outputs: int) -> Iterator[Batch]:
    """Tests of a size, since scales are of a test's own data, with filters and seeds of their own; so many outputs."""
    size = workload.outputs * workload.tiles * prod(algorithm.m)
    for number in range(-(-outputs // size)):
        yield replace(workload, seed=workload.seed + number).batch(algorithm)


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a file, none where there is no file."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def table(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The rows of the page: what cells of a rate and a number of channels have shown."""
    lines = ["| rate | channels | cells | outputs | alarms over expected | largest error over its bound |"]
    lines.append("|---|---|---|---|---|---|")
    for rate, channels in sorted(
        {(row["rate"], int(row["channels"])) for row in rows}, key=lambda key: (key[0], key[1])
    ):
        cell = [row for row in rows if (row["rate"], int(row["channels"])) == (rate, channels)]
        ratios = [float(row["alarms over expected"]) for row in cell]
        outputs = sum(int(row["outputs"]) for row in cell)
        bound = max(float(row["largest over bound"]) for row in cell)
        share = f"{min(ratios):.2f} to {max(ratios):.2f}"
        lines.append(f"| {rate} | {channels} | {len(cell)} | {outputs / 1e6:.0f} million | {share} | {bound:.3g} |")
    return lines


def cells(arguments: argparse.Namespace) -> Iterator[tuple[int, str, str, str]]:
    """The cheap ones first."""
    yield from product(arguments.channels, arguments.sizes, arguments.schemes, arguments.data)


def main() -> None:
    """Run the cells that are not in the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--outputs", type=int, default=10**6)
    parser.add_argument("--channels", type=int, nargs="+", default=CHANNELS)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--schemes", nargs="+", default=NAMES)
    parser.add_argument("--data", nargs="+", default=DISTRIBUTIONS)
    parser.add_argument("--table", action="store_true", help="run nothing; print the table of the page")
    arguments = parser.parse_args()
    known = read_rows(arguments.file)
    if arguments.table:
        print("\n".join(table(known)))
        return
    rows: list[dict[str, object]] = [dict(row) for row in known]
    done = {tuple(row[key] for key in KEYS) for row in known}
    for channels, size, scheme, distribution in cells(arguments):
        if (size, scheme, distribution, str(channels), f"{arguments.rate:g}") in done:
            continue
        rows.append(measured(size, scheme, distribution, channels, arguments.rate, arguments.outputs))
        arguments.file.parent.mkdir(parents=True, exist_ok=True)
        with arguments.file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(*rows[-1].values(), flush=True)
    print("\n".join(table(read_rows(arguments.file))))


if __name__ == "__main__":
    main()
