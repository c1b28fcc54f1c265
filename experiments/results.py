# SPDX-License-Identifier: Apache-2.0
"""What runs of the comparison found: read from their folders, kept as CSV, summed up over the seeds."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from experiments.rows import ROWS
from wincraft.errors import BadDocument

TRAINING = ("stage", "label", "seed")
RECORD = ("epoch", "loss", "accuracy", "seconds")
Curves = dict[tuple[str, str, int], list[dict[str, float]]]
"""The records of `experiments.training.train`, by stage, label and seed."""


@dataclass(frozen=True)
class Result:
    """One network's answers, beside those of direct convolution in 8 bits in the same run.

    `gained` and `lost`: how many images it answers rightly where direct convolution does not, and the other way round.
    `covariance`: of its difference, as a sample of images makes it, with those of all seeds of the case, summed, in
    points squared; the images are the same for every seed.
    """

    stage: str
    case: str
    label: str
    seed: int
    accuracy: float
    images: int
    gained: int
    lost: int
    covariance: float
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
    """The results of a run, seed by seed; of the float network where direct convolution was run without training.

    Raises:
        BadDocument: where there are none, or a seed has no direct convolution to compare with.
    """
    gains, totals = [], defaultdict[tuple[str, str], Any](int)
    for item, direct in _beside_direct(folder):
        gains.append((item, gain := _right(item) - _right(direct)))
        totals[item["stage"], item["case"]] += gain
    return [_compared(item, gain, totals[item["stage"], item["case"]]) for item, gain in gains]


def learning_curves(folder: Path) -> Curves:
    """Those of every training of the results in a folder."""
    found = [item for item, _ in _beside_direct(folder) if item["curve"]]
    return {(item["stage"], item["label"], item["seed"]): item["curve"] for item in found}


def _beside_direct(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The documents that have one of direct convolution to compare with, and that one."""
    found = _documents(folder)
    if not found:
        raise BadDocument(str(folder), "it holds no results", "run experiments.cifar10 into it first")
    direct = {(item["stage"], item["seed"]): item for item in found if item["case"] == "direct"}
    pairs = []
    for item in found:
        stage, seed = item["stage"], item["seed"]
        against = direct.get(("untrained" if stage == "float" else stage, seed))
        if against is not None:
            pairs.append((item, against))
        elif stage != "float":
            raise BadDocument(str(folder), f"seed {seed}, {stage} has no direct convolution", "run the case direct")
    return pairs


def _documents(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("seed*/*/*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise BadDocument(str(path), f"it is no result ({error})", "remove it and run again") from None
    return found


def _right(item: dict[str, Any]) -> np.ndarray:
    """1 for every image that was answered rightly, else 0."""
    return np.frombuffer(item["right"].encode(), dtype=np.uint8).astype(np.int64) - ord("0")


def _compared(item: dict[str, Any], gain: np.ndarray, total: np.ndarray) -> Result:
    """A result from what it gains, image by image, and what all seeds of its case gain together."""
    covariance = (gain * total).mean() - gain.mean() * total.mean()
    return Result(
        item["stage"],
        item["case"],
        item["label"],
        item["seed"],
        item["accuracy"],
        item["images"],
        int((gain > 0).sum()),
        int((gain < 0).sum()),
        round(float(100**2 * covariance / len(gain)), 9),
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


def write_curves(path: Path, curves: Curves) -> None:
    """One line per record."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*TRAINING, *RECORD))
        for training, curve in curves.items():
            writer.writerows((*training, *(f"{record[key]:.6g}" for key in RECORD)) for record in curve)


def read_curves(path: Path) -> Curves:
    """What `write_curves` wrote; none where there is no file.

    Raises:
        BadDocument: where the file is another.
    """
    curves: Curves = defaultdict(list)
    if not path.exists():
        return curves
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                curves[row["stage"], row["label"], int(row["seed"])].append({key: float(row[key]) for key in RECORD})
    except (KeyError, ValueError, TypeError) as error:
        raise BadDocument(str(path), f"it holds no learning curves ({error})", "make it again with --csv") from None
    return curves


def curves_of(stage: str, curves: Curves) -> Curves:
    """Those of a stage that have several records."""
    return {key: curve for key, curve in curves.items() if key[0] == stage and len(curve) > 1}


def summaries(results: Iterable[Result], stage: str) -> list[Summary]:
    """The cases of a stage in the order of the rows, each over its seeds."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if result.stage == stage:
            groups[result.case, result.label].append(result)
    made = [_summary(case, label, group) for (case, label), group in groups.items()]
    return sorted(made, key=lambda item: order(item.label))


def bits_of(label: str) -> int:
    """The bits of M that a label of `experiments.rows` says; 8 where it says none."""
    found = re.search(r"M (\d+) bits", label)
    return int(found[1]) if found else 8


def order(label: str) -> tuple[str, int, int]:
    """The order of labels in tables: direct and float networks, then by tile, row and bits of M."""
    names = [row.name for row in ROWS]
    tile, _, row = label.partition(": ")
    return tile[:5] if row else "", names.index(row) if row in names else -1, bits_of(label)


def _summary(case: str, label: str, group: Sequence[Result]) -> Summary:
    differences = np.array([result.difference for result in group])
    spread = nan
    if len(group) > 1:
        spread = stats.t.ppf(0.975, len(group) - 1) * differences.std(ddof=1) / sqrt(len(group))
    images = 1.96 * sqrt(sum(result.covariance for result in group)) / len(group)
    accuracy = float(np.mean([result.accuracy for result in group]))
    return Summary(label, case, len(group), accuracy, float(differences.mean()), float(spread), images)
