# SPDX-License-Identifier: Apache-2.0
"""Search over power-of-two scalings: the least predicted noise under a scheme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from sympy import Integer, Rational

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import map_axes
from wincraft.analysis import CHANNELS
from wincraft.construct.scaling import balance
from wincraft.errors import NotApplicable
from wincraft.numbers.decibels import sqnr
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import Scheme
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import finite
from wincraft.show.shown import Shown

MAX_SWEEPS = 20
"""Sweeps over all factors after which a search ends in any case."""
_GAIN = 1e-6
"""A relative improvement below this is none."""

_MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1), (1, 1), (-1, -1))
"""Steps of the exponents of G and B^T."""

Exponents = dict[str, list[int]]


@dataclass(frozen=True, repr=False)
class ScalingSearch(Shown):
    """The algorithm in the best scaling found, its predicted SQNR in dB, and that of the start and of the plain one."""

    algorithm: Algorithm
    scheme: Scheme
    decibels: float
    balanced: float
    plain: float
    evaluations: int
    exponents: tuple[Exponents, ...]

    def layout(self) -> Layout:
        """The predicted SQNR, and the exponents of the rows of G and B^T; the columns of A^T have the inverse."""
        rows = []
        for number, axis in enumerate(self.exponents):
            of = f"axis {number}: " if len(self.exponents) > 1 else ""
            rows += [f"{of}{name} rows 2^{values}" for name, values in axis.items()]
        return Layout(
            f"{self.algorithm.size} under {self.scheme.name}: predicted SQNR {self.decibels:.2f} dB",
            (f"balanced {self.balanced:.2f} dB, as given {self.plain:.2f} dB; {self.evaluations} scalings predicted",),
            (Section("", (), (*rows, "A^T columns: the inverse")),),
        )

    def document(self) -> dict[str, object]:
        """The result as plain data; `axes` has the exponents of the rows of G and B^T of every kind of axis."""
        return {
            "kind": "wincraft.scaling",
            "version": 1,
            "size": self.algorithm.size,
            "sha256": self.algorithm.sha256,
            "scheme": self.scheme.name,
            "unit": "dB",
            "predicted": finite(self.decibels),
            "balanced": finite(self.balanced),
            "as_given": finite(self.plain),
            "evaluations": self.evaluations,
            "axes": list(self.exponents),
        }


def search_scaling(
    algorithm: Algorithm, scheme: Scheme, progress: Callable[[int, float], None] | None = None
) -> ScalingSearch:
    """Scale the rows of G and B^T by powers of two, the inverse in A^T, for the least noise predicted under a scheme.

    Starts from `balance` with powers of two, then doubles or halves the rows of taps with equal norms, in G, in B^T or
    in both, of all axes that are alike at once, until no such step gains: a local optimum. White Gaussian data; ranges
    are predicted, not calibrated. The result is exact and proved, its scale unchanged.

    Raises:
        NotApplicable: where the scheme does not admit the algorithm, or its ranges have no formula.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> found = search_scaling(winograd(4, 3, points="0,1,-1,2,-2"), SCHEMES["barabasz-2020-8"])
    >>> found.plain < found.balanced <= found.decibels
    True
    """
    distinct = list(dict.fromkeys(algorithm.factors))
    bases = [balance(axis, bits=0) for axis in distinct]
    exponents: list[Exponents] = [{"G": [0] * axis.rank, "BT": [0] * axis.rank} for axis in distinct]
    evaluations = 0

    def built() -> Algorithm:
        scaled = {axis: _scaled(base, e) for axis, base, e in zip(distinct, bases, exponents, strict=True)}
        return map_axes(algorithm, scaled.__getitem__)

    def value(item: Algorithm) -> float:
        nonlocal evaluations
        evaluations += 1
        return predict(item, scheme, None, CHANNELS, outputs=CHANNELS).noise_to_signal

    plain = predict(algorithm, scheme, None, CHANNELS, outputs=CHANNELS).decibels
    start = best = value(built())
    for _ in range(MAX_SWEEPS):
        before = best
        for base, axis in zip(bases, exponents, strict=True):
            for taps, (g, b) in product(_groups(base), _MOVES):
                best = _try_steps(axis, taps, (g, b), best, lambda: value(built()))
                if progress is not None:
                    progress(evaluations, best)
        if best > before * (1 - _GAIN):
            break
    result = built()
    return ScalingSearch(
        result, scheme, sqnr(best), sqnr(start), plain, evaluations, tuple(_absolute(distinct, result, algorithm))
    )


def _groups(base: Algorithm) -> list[list[int]]:
    """Taps whose rows have the same norms, such as those of p and -p."""
    groups: dict[Any, list[int]] = {}
    for tap in range(base.rank):
        norms = (sum(value**2 for value in matrix.row(tap)) for matrix in (base.G, base.BT))
        groups.setdefault(tuple(norms), []).append(tap)
    return list(groups.values())


def _try_steps(
    axis: Exponents, taps: list[int], move: tuple[int, int], best: float, value: Callable[[], float]
) -> float:
    """Make a move, on the rows of G and of B^T, as often as it gains."""

    def shift(sign: int) -> None:
        for tap in taps:
            axis["G"][tap] += sign * move[0]
            axis["BT"][tap] += sign * move[1]

    while True:
        shift(1)
        found = value()
        if found >= best * (1 - _GAIN):
            shift(-1)
            return best
        best = found


def _scaled(base: Algorithm, exponents: Exponents) -> Algorithm:
    g, b = ([Integer(2) ** e for e in exponents[name]] for name in ("G", "BT"))
    return base.rescale(a=[1 / (x * y) for x, y in zip(g, b, strict=True)], g=g, b=b)


def _absolute(distinct: list[Algorithm], result: Algorithm, algorithm: Algorithm) -> list[Exponents]:
    """The exponents relative to the algorithm as it was given."""
    found = []
    for axis in distinct:
        scaled = result.factors[algorithm.factors.index(axis)]
        found.append({"G": _ratios(scaled.G, axis.G), "BT": _ratios(scaled.BT, axis.BT)})
    return found


def _ratios(scaled: Any, plain: Any) -> list[int]:
    exponents = []
    for k in range(plain.rows):
        pivot = next((j for j in range(plain.cols) if plain[k, j]), None)
        ratio = Rational(1) if pivot is None else Rational(scaled[k, pivot] / plain[k, pivot])
        if abs(ratio.p) & (abs(ratio.p) - 1) or ratio.q & (ratio.q - 1):
            raise NotApplicable("scaling", f"a factor of {ratio} is no power of two", "start from a power-of-two one")
        exponents.append(abs(ratio.p).bit_length() - ratio.q.bit_length())
    return exponents
