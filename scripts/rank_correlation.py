# SPDX-License-Identifier: Apache-2.0
"""Does the noise gain rank algorithms as their measured error does? Print Spearman correlations beside those of cond_2.

    python scripts/rank_correlation.py [SETS]

For F(4,3), F(6,3) and F(8,3), 200 sets of distinct points are drawn from {0, +-p/q: p, q <= 4}, inf added, scaled by
powers of two ("pow2"); each is simulated on the same Gaussian data with 16 channels. Results that are not finite are
counted and ranked last. "best" is among the 60 sets of least noise gain.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import inf

import numpy as np
from scipy.stats import spearmanr

from wincraft import winograd
from wincraft.algorithm import Algorithm
from wincraft.errors import NotApplicable
from wincraft.measure import matrix_conditioning, vandermonde
from wincraft.quantise import SCHEMES, Batch, Workload, simulate

SIZES = ((4, 3), (6, 3), (8, 3))
SCHEMES_RANKED = ("fp32", "fp16-fp32acc", "fp16")
SETS = 200
BEST = 60
HEIGHT = 4
WORKLOAD = Workload(channels=16, outputs=8, tiles=32)


@dataclass(frozen=True)
class Ranking:
    """Spearman correlations with the measured error: over all sets, among the best, and those of two conditions."""

    size: str
    scheme: str
    sets: int
    non_finite: int
    noise_gain: float
    noise_gain_best: float
    cond_v: float
    cond_bt: float
    cond_bt_best: float

    def __str__(self) -> str:
        return (
            f"{self.size:<8} {self.scheme:<13} {self.sets:>4} {self.non_finite:>10} {self.noise_gain:>10.4f} "
            f"{self.noise_gain_best:>8.4f} {self.cond_v:>9.4f} {self.cond_bt:>11.4f} {self.cond_bt_best:>8.4f}"
        )


HEADER = f"{'size':<8} {'scheme':<13} sets non-finite noise gain  in best cond_2(V) cond_2(B^T)  in best"


@cache
def algorithms(m: int, r: int, sets: int = SETS, seed: int = 0) -> tuple[Algorithm, ...]:
    """So many different sets of m + r - 2 points, inf added; the order of the points is drawn too."""
    signed = (Fraction(sign * p, q) for p in range(1, HEIGHT + 1) for q in range(1, HEIGHT + 1) for sign in (1, -1))
    pool = sorted({Fraction(0), *signed})
    rng, found = np.random.default_rng(seed), dict[frozenset[Fraction], str]()
    while len(found) < sets:
        points = [pool[index] for index in rng.choice(len(pool), m + r - 2, replace=False)]
        found.setdefault(frozenset(points), ",".join(map(str, points)))
    return tuple(winograd(m, r, points=points, convention="pow2") for points in found.values())


@cache
def predictors(m: int, r: int, sets: int = SETS, seed: int = 0) -> dict[str, list[float]]:
    """Noise gain, cond_2(V) and cond_2(B^T) of every algorithm."""
    made = algorithms(m, r, sets, seed)
    return {
        "noise gain": [float(item.noise_gain()) for item in made],
        "cond V": [matrix_conditioning(vandermonde(item)).cond_2 for item in made],
        "cond BT": [matrix_conditioning(item.input.dense).cond_2 for item in made],
    }


def measured(algorithm: Algorithm, scheme: str, batch: Batch) -> float:
    """Noise over signal; inf where an output, or already an entry of a matrix, is not finite in the format."""
    try:
        return simulate(algorithm, SCHEMES[scheme], batch).noise_to_signal
    except NotApplicable:
        return inf


def ranking(m: int, r: int, scheme: str, sets: int = SETS, seed: int = 0) -> Ranking:
    """One line of the table."""
    made = algorithms(m, r, sets, seed)
    batch = WORKLOAD.batch(made[0])
    errors = np.array([measured(item, scheme, batch) for item in made])
    by = {name: np.array(values) for name, values in predictors(m, r, sets, seed).items()}
    best = np.argsort(by["noise gain"], kind="stable")[:BEST]
    return Ranking(
        f"F({m},{r})",
        scheme,
        sets,
        int(np.isinf(errors).sum()),
        correlation(by["noise gain"], errors),
        correlation(by["noise gain"][best], errors[best]),
        correlation(by["cond V"], errors),
        correlation(by["cond BT"], errors),
        correlation(by["cond BT"][best], errors[best]),
    )


def correlation(predicted: np.ndarray, errors: np.ndarray) -> float:
    """Spearman's, ties sharing their mean rank."""
    return float(spearmanr(predicted, errors).statistic)


def main(sets: int = SETS) -> None:
    """Print the table."""
    print(HEADER)
    for m, r in SIZES:
        for scheme in SCHEMES_RANKED:
            print(ranking(m, r, scheme, sets))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
