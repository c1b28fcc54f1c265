# SPDX-License-Identifier: Apache-2.0
"""Tables and plots of the comparison, from the folder of a run or from the CSV file that a run was summed up in.

Examples:
    python -m experiments.tables results/cpu --csv experiments/results/cpu.csv
    python -m experiments.tables experiments/results/cpu.csv --into docs/cifar10.md --plots docs/images
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import nan, sqrt
from pathlib import Path
from typing import Any

import click
import numpy as np
from scipy import stats

from experiments.rows import ROWS
from wincraft.errors import BadDocument, WincraftError


@dataclass(frozen=True)
class Result:
    """One network's answers, beside those of direct convolution in 8 bits in the same run.

    `gained` and `lost`: how many images it answers rightly where direct convolution does not, and the other way round.
    """

    stage: str
    case: str
    label: str
    seed: int
    accuracy: float
    images: int
    gained: int
    lost: int
    seconds: float

    @property
    def difference(self) -> float:
        """Percentage points above direct convolution."""
        return 100 * (self.gained - self.lost) / self.images


@dataclass(frozen=True)
class Summary:
    """A case over the seeds: means in per cent and percentage points, half widths of 95 % intervals.

    `over_seeds` is Student's for the differences of the seeds, nan for one; `over_images` is what sampling the test
    images adds for these very networks, from the images that the two answer differently.
    """

    label: str
    case: str
    seeds: int
    accuracy: float
    difference: float
    over_seeds: float
    over_images: float


def collect(folder: Path) -> list[Result]:
    """The results of a run, seed by seed.

    Raises:
        BadDocument: where there are none, or a seed has no direct convolution to compare with.
    """
    found = []
    for path in sorted(folder.glob("seed*/*/*.json")):
        found.append(json.loads(path.read_text(encoding="utf-8")))
    if not found:
        raise BadDocument(str(folder), "it holds no results", "run experiments.cifar10 into it first")
    labels = {}
    for item in found:
        if item["case"] == "direct":
            labels[item["stage"], item["seed"]] = item["right"]
    results = []
    for item in found:
        stage, seed = item["stage"], item["seed"]
        against = labels.get(("untrained" if stage == "float" else stage, seed))
        if against is None:
            raise BadDocument(str(folder), f"seed {seed}, {stage} has no direct convolution", "run the case direct")
        results.append(_compared(item, against))
    return results


def _compared(item: dict[str, Any], against: str) -> Result:
    right, other = (np.frombuffer(text.encode(), dtype=np.uint8) for text in (item["right"], against))
    return Result(
        item["stage"],
        item["case"],
        item["label"],
        item["seed"],
        item["accuracy"],
        item["images"],
        int((right > other).sum()),
        int((right < other).sum()),
        item["seconds"],
    )


def write_csv(path: Path, results: Iterable[Result]) -> None:
    """One line per network."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Result)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(result) for result in results)


def read_csv(path: Path) -> list[Result]:
    """What `write_csv` wrote.

    Raises:
        BadDocument: where the file is another.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        kinds = {"int": int, "float": float, "str": str}
        return [
            Result(**{field.name: kinds[str(field.type)](row[field.name]) for field in fields(Result)}) for row in rows
        ]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadDocument(str(path), f"it holds no results ({error})", "give a folder, or a file of --csv") from None


def summaries(results: Iterable[Result], stage: str) -> list[Summary]:
    """The cases of a stage in the order of the rows, each over its seeds."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if result.stage == stage:
            groups[result.case, result.label].append(result)
    made = [_summary(case, label, group) for (case, label), group in groups.items()]
    names = [row.name for row in ROWS]

    def order(item: Summary) -> tuple[str, int, int]:
        tile, _, row = item.label.partition(": ")
        return tile[:5] if row else "", names.index(row) if row in names else -1, _bits(item)

    return sorted(made, key=order)


def _summary(case: str, label: str, group: Sequence[Result]) -> Summary:
    differences = np.array([result.difference for result in group])
    spread = nan
    if len(group) > 1:
        spread = stats.t.ppf(0.975, len(group) - 1) * differences.std(ddof=1) / sqrt(len(group))
    variances = [
        (result.gained + result.lost - (result.gained - result.lost) ** 2 / result.images) / result.images**2
        for result in group
    ]
    images = 100 * 1.96 * sqrt(sum(variances)) / len(group)
    accuracy = float(np.mean([result.accuracy for result in group]))
    return Summary(label, case, len(group), accuracy, float(differences.mean()), float(spread), images)


def _bits(item: Summary) -> int:
    """Of M, as the case says; 8 where it does not."""
    found = re.search(r"-M(\d+)-", item.case)
    return int(found[1]) if found else 8


def markdown(items: Sequence[Summary]) -> str:
    """A table: accuracy, difference to direct convolution, and the two intervals."""
    lines = [
        "| | accuracy % | against direct, points | over seeds | over images | seeds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for item in items:
        spread = "" if np.isnan(item.over_seeds) else f"±{item.over_seeds:.2f}"
        direct = item.case == "direct"
        difference = "" if direct else f"{item.difference:+.2f}"
        cells = (difference, "" if direct else spread, "" if direct else f"±{item.over_images:.2f}")
        lines.append(f"| {item.label} | {item.accuracy:.2f} | {' | '.join(cells)} | {item.seeds} |")
    return "\n".join(lines)


def insert(path: Path, name: str, text: str) -> None:
    """Put a text between ``<!-- name -->`` and ``<!-- end -->`` of a page.

    Raises:
        BadDocument: where the page has no such place.
    """
    page = path.read_text(encoding="utf-8")
    head, begin, rest = page.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition("<!-- end -->")
    if not begin or not end:
        raise BadDocument(str(path), f"it has no place <!-- {name} --> ... <!-- end -->", "add it")
    path.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")


def plot(items: Sequence[Summary], path: Path, title: str) -> None:
    """Differences to direct convolution with their intervals over seeds, one line per case."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shown = [item for item in items if item.case not in ("direct", "float")]
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.24 * len(shown)), layout="constrained")
    floor = -20.0
    for place, item in enumerate(reversed(shown)):
        if item.difference < floor:
            axes.annotate(f"{item.difference:.0f}", (floor, place), va="center", ha="left", fontsize=8)
            continue
        marker = {8: "o", 9: "s", 10: "^"}[_bits(item)]
        width = 0 if np.isnan(item.over_seeds) else item.over_seeds
        axes.errorbar(item.difference, place, xerr=width, fmt=marker, color="black", ms=4, capsize=2, lw=0.8)
    axes.set_yticks(range(len(shown)), [item.label for item in reversed(shown)], fontsize=7)
    axes.axvline(0, color="black", lw=0.8)
    axes.axvspan(-0.3, 0.3, color="0.9", zorder=0)
    axes.set_xlim(floor - 0.5, 2)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xticks([-20, -10, -5, -2, -1, 0, 1], ["-20", "-10", "-5", "-2", "-1", "0", "1"])
    axes.grid(axis="x", lw=0.3)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("points against direct 8-bit convolution; bars: 95 % over seeds; grey: 0.3 points", fontsize=8)
    axes.set_title(title, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("results", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--csv", "csv_path", type=click.Path(dir_okay=False, path_type=Path), help="Sum up a folder in this file."
)
@click.option("--into", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Update this page's tables.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="Write plots into this folder.")
def main(results: Path, csv_path: Path | None, into: Path | None, plots: Path | None) -> None:
    """Print the tables of RESULTS, the folder of a run or a CSV file made from one."""
    try:
        found = collect(results) if results.is_dir() else read_csv(results)
        if csv_path:
            write_csv(csv_path, found)
        for stage in ("untrained", "trained"):
            items = summaries(found, stage)
            if not items:
                continue
            click.echo(f"\n{stage}\n\n{markdown(items)}")
            if into:
                insert(into, stage, markdown(items))
            if plots:
                plot(items, plots / f"cifar10-{stage}.png", f"{stage}, {items[0].seeds} seeds")
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
