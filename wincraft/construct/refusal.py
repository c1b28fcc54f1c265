# SPDX-License-Identifier: Apache-2.0
"""What to say of matrices that are no algorithm: the likeliest cause in any orientation, or the tolerance to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor, log10

from sympy import Rational

from wincraft.algorithm.diagnosis import diagnose
from wincraft.algorithm.refutation import MATRICES, Diagnosis, Refuted, RowRepair
from wincraft.construct.consensus import consensus
from wincraft.construct.given import AsGiven, Slack
from wincraft.construct.nearest import decades, intervals, nearest, relative, simplest, vectors
from wincraft.construct.orientation import Orientation, Three
from wincraft.construct.recover import recover_moduli
from wincraft.errors import Unidentified
from wincraft.exact.matrix import over_one_domain, transposed
from wincraft.exact.types import Number

LARGEST_OFFERED = Fraction(1, 100)
"""A larger tolerance is not offered: what it finds has little to do with what was given."""

MOST_ROWS = 200
"""With more rows in the three matrices no consensus of their entries is looked for."""

LARGEST_SIMPLE = 16
"""Above this rank decimals that no algorithm on points is near to are diagnosed in one way only."""

FEW = 2
"""So many changes or fewer are told as the cause even where a larger tolerance would accept them as rounding."""


def refusal(
    given: Sequence[AsGiven],
    fitting: Sequence[Orientation],
    levels: Sequence[Sequence[Slack]],
    limit: Fraction | None,
) -> Refuted | Unidentified:
    """The error for rounded matrices that no exact algorithm is near enough to."""
    found = diagnosis(given, fitting, levels if limit is None else [relative(given, limit), *levels])
    offered = None if found.changes <= FEW else _offer(given, fitting, limit)
    if offered is None:
        return Refuted(found)
    allowed = "what the digits or the dtype allow" if limit is None else f"tolerance {float(limit):g}"
    text, described = offered
    return Unidentified(f"no exact algorithm lies within {allowed}", f"{described}: give tolerance {text}")


def diagnosis(given: Sequence[AsGiven], fitting: Sequence[Orientation], levels: Sequence[Sequence[Slack]]) -> Diagnosis:
    """The diagnosis of fewest changes over all orientations, of the entries as written and as every rounding allows."""
    best: Diagnosis | None = None
    written = [table.values for table in given]
    rank = len(fitting[0].of(written)[1])
    plain = not levels or rank <= LARGEST_SIMPLE
    for candidates in (
        ((orientation, orientation.of(written)) for orientation in (fitting if plain else ())),
        _near_points(given, fitting, levels),
        _near_fractions(given, fitting, levels if plain else levels[-1:]),
    ):
        for orientation, tables in candidates:
            AT, G, BT = over_one_domain(tables)
            found = diagnose(AT, G, BT, layout=orientation.layout)
            if not found.outputs and found.scale != "0":  # right, but further from what is given than rounding goes
                continue
            found = replace(found, repairs=tuple(_as_written(repair, given, orientation) for repair in found.repairs))
            if best is None or (found.changes, len(found.outputs)) < (best.changes, len(best.outputs)):
                best = found
            if best.changes <= 1:
                return best
        if best is not None and best.changes <= FEW:
            break
    if best is None:
        AT, G, BT = over_one_domain(fitting[0].of(written))
        best = diagnose(AT, G, BT, layout=fitting[0].layout)
    return best


_Candidates = Iterator[tuple[Orientation, Three[Number]]]


def _near_points(
    given: Sequence[AsGiven], fitting: Sequence[Orientation], levels: Sequence[Sequence[Slack]]
) -> _Candidates:
    """Exact matrices near an algorithm on points, the coarsest rounding first."""
    for slacks in reversed(levels):
        bounds = intervals(given, slacks)
        if sum(map(len, bounds)) > MOST_ROWS:
            return
        for orientation in fitting:
            near = consensus(vectors(orientation.of(bounds)))
            if near is not None:
                columns, filters, data = ([[Rational(value) for value in row] for row in rows] for rows in near)
                yield orientation, (transposed(columns), filters, data)


def _near_fractions(
    given: Sequence[AsGiven], fitting: Sequence[Orientation], levels: Sequence[Sequence[Slack]]
) -> _Candidates:
    """The simplest fractions that every rounding allows; of long tiles they are seldom the right ones."""
    seen = [[table.values for table in given]]
    for slacks in levels:
        values = simplest(given, slacks)
        if values not in seen:
            seen.append(values)
            yield from ((orientation, orientation.of(values)) for orientation in fitting)


def _as_written(repair: RowRepair, given: Sequence[AsGiven], orientation: Orientation) -> RowRepair:
    """The wrong entries as they stand in the file rather than as the fraction they were read as."""
    position = MATRICES.index(repair.matrix)
    table = (given[::-1] if orientation.swapped else given)[position]
    texts = list(repair.given)
    for place in repair.wrong:
        at = (place, repair.tap) if orientation.layout.by_columns(repair.matrix) else (repair.tap, place)
        texts[place] = table.text(*at)
    return replace(repair, given=tuple(texts))


def _offer(given: Sequence[AsGiven], fitting: Sequence[Orientation], limit: Fraction | None) -> tuple[str, str] | None:
    """The smallest tolerance, to one digit, within which an algorithm lies, and which that is."""
    near = nearest(given, fitting, decades(given, LARGEST_OFFERED, 6), LARGEST_OFFERED)
    if near is None or (limit is not None and near[2] <= limit):
        return None
    algorithm, _, error = near
    unit = Fraction(10) ** floor(log10(error))
    moduli = recover_moduli(algorithm)
    on = f" on {','.join(map(str, moduli))}" if moduli else ""
    for digit in range(1, 21):
        text = f"{float(digit * unit):g}"
        tolerance = Fraction(text)
        if error <= tolerance and nearest(given, fitting, decades(given, tolerance, 11), tolerance) is not None:
            return text, f"{algorithm.size}{on} lies within {float(error):.2g}"
    return None
