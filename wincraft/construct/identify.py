# SPDX-License-Identifier: Apache-2.0
"""Recognising foreign matrices: form, storage, moduli, scaling vectors, convention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import log10
from typing import Any, get_args

from wincraft.algorithm.bilinear import BilinearAlgorithm, Form
from wincraft.algorithm.diagnosis import diagnose
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.proof import proved_scale
from wincraft.construct.conventions import CONVENTIONS, Scaling, scaled_algorithm
from wincraft.construct.given import Given, Slack, read_given, roundings
from wincraft.construct.rebuild import Rebuilt, Table, rebuild
from wincraft.construct.recover import recover_moduli, row_scaling
from wincraft.construct.toom_cook import canonical_taps
from wincraft.errors import BadNumber, BadShape, Refuted, Unidentified, look_up
from wincraft.exact.fraction import simplest_fraction
from wincraft.exact.matrix import from_numbers
from wincraft.exact.number import exact_number, field_of, number_text, to_fraction
from wincraft.refutation import Diagnosis


@dataclass(frozen=True)
class Identification:
    """What three matrices turned out to be; its repr is the report.

    `algorithm` is exact and proved, in the orientation of the document format (A^T, G, B^T), with moduli in row order
    where they were recovered. `transposed` names the matrices that were stored transposed. `scaling` holds what
    multiplies the canonical rows (powers, powers, monic). `conventions` are all that match, in registry order.
    `largest_error` is the largest deviation of a given entry, relative to the largest entry of its row; 0 if exact.
    """

    algorithm: BilinearAlgorithm
    transposed: tuple[str, ...] = ()
    scaling: Scaling | None = None
    conventions: tuple[str, ...] = ()
    largest_error: Fraction = Fraction(0)

    @property
    def row_scaling(self) -> dict[str, list[str]] | None:
        """The three scaling vectors as texts, or None where the moduli were not recovered."""
        if self.scaling is None:
            return None
        to_sympy = self.algorithm.domain.to_sympy
        vectors = {"AT_col": self.scaling.a, "G_row": self.scaling.g, "BT_row": self.scaling.b}
        return {name: [number_text(to_sympy(value)) for value in vector] for name, vector in vectors.items()}

    def __repr__(self) -> str:
        algorithm = self.algorithm
        moduli = ",".join(map(str, algorithm.moduli)) if algorithm.moduli else "not recovered"
        stored = f", stored transposed: {', '.join(self.transposed)}" if self.transposed else ""
        lines = [
            f"{algorithm.size}, rank {algorithm.rank}, proved",
            f"form        {algorithm.form}{stored}",
            f"moduli      {moduli}",
            f"scale       {number_text(algorithm.scale)}",
            f"convention  {', '.join(self.conventions) or 'none of the named ones'}",
        ]
        for name, values in (self.row_scaling or {}).items():
            lines.append(f"{name:<11} {', '.join(values)}")
        if self.largest_error:
            lines.append(f"largest deviation of an entry {float(self.largest_error):.2g}, relative to its row")
        return "\n".join(lines)


def identify(
    AT: Any,
    G: Any,
    BT: Any,
    *,
    tolerance: Fraction | float | None = None,
    form: Form | None = None,
    names: tuple[str, str, str] = ("AT", "G", "BT"),
) -> Identification:
    """Find form, moduli, scaling vectors, scale and convention of bare matrices.

    Each matrix is rows of exact numbers, `Decimal` or floats, a NumPy array or a PyTorch tensor, and may be stored
    transposed. `names` says how each is called where it comes from: A, B and GT are the transposes of AT, BT and G.
    The linear convolution form is meant where `form` says so, or where the shapes leave nothing else.

    Decimals and floats are first taken as they are written. Where that is no algorithm, the exact one is looked for
    whose rounding they are: to the digits that are printed, or to the dtype. `tolerance`, relative to the largest entry
    of a tap's row or column, replaces that limit. The result is exact and proved.

    Raises:
        Refuted: the matrices do not compute the convolution; with the diagnosis.
        Unidentified: no exact algorithm lies within what rounding allows, but one lies within a tolerance that is
            named, or so many entries are off that none is near.
        BadShape: matrices whose shapes fit no F(m,r).
        BadNumber, FloatGiven: an entry, or a tolerance, that is no finite number.
        UnknownName: a name that is none of AT, A, G, GT, BT, B.

    >>> from wincraft import winograd
    >>> given = winograd(2, 3, points="0,1,-1", convention="lavin")
    >>> identify(given.AT, given.G, given.BT)
    F(2,3), rank 4, proved
    form        correlation
    moduli      0,1,-1,inf
    scale       1
    convention  lavin
    AT_col      1, 1, 1, -1
    G_row       1, 1/2, 1/2, 1
    BT_row      -1, 1, 1, -1

    >>> F = winograd(2, 3, points="0,1,-2")
    >>> rounded = [[f"{float(value):.4f}" for value in row] for row in F.G.tolist()]
    >>> found = identify(F.AT, rounded, F.BT)
    >>> found.algorithm == F, float(found.largest_error)
    (True, 0.0001)
    """
    given = tuple(read_given(name, rows) for name, rows in zip(names, (AT, G, BT), strict=True))
    limit = None if tolerance is None else _limit(tolerance)
    orientations = list(_orientations(given, form, names))
    if not orientations:
        shapes = ", ".join(str(table.shape) for table in given)
        raise BadShape(f"({', '.join(names)})", shapes, "(m, R), (R, r), (R, m+r-1), each perhaps transposed")
    for orientation in orientations:
        algorithm = _proved(orientation.tables(given))
        if algorithm is not None:
            return _describe(algorithm, orientation, Fraction(0))
    levels = roundings(given)
    if limit == 0 or not (levels or limit):
        raise Refuted(_diagnosis(orientations[0].tables(given)))
    found = _nearest(given, orientations, levels, limit)
    if found is not None:
        return _describe(*found)
    coarsest = levels[-1] if limit is None else _relative(given, limit)
    snapped = [_simplest(table.values, slack) for table, slack in zip(given, coarsest, strict=True)]
    allowed = "what rounding allows" if limit is None else f"tolerance {float(limit):g}"
    raise Unidentified(
        f"no exact algorithm lies within {allowed}; the nearest simple fractions are "
        f"{_diagnosis(orientations[0].of(snapped)).summary}",
        "correct the entries, or give another tolerance",
    )


def _limit(tolerance: Fraction | float) -> Fraction:
    try:
        limit = Fraction(tolerance)
    except (TypeError, ValueError, OverflowError):
        raise BadNumber(f"tolerance {tolerance!r}", "give a number such as 1e-5") from None
    if not 0 <= limit < 1:
        raise BadNumber(f"tolerance {tolerance!r}", "a tolerance lies in [0, 1)")
    return limit


def _diagnosis(tables: Sequence[Any]) -> Diagnosis:
    K = field_of(value for rows in tables for row in rows for value in row)
    AT, G, BT = (from_numbers(rows, K) for rows in tables)
    return diagnose(AT, G, BT)


@dataclass(frozen=True)
class _Orientation:
    """How the given tables are A^T (m x R), G (R x r), B^T (R x n): swapped or not, which transposed."""

    swapped: bool
    flips: tuple[bool, bool, bool]
    transposed: tuple[str, ...]
    form: Form

    def of(self, tables: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Lists of rows, one for each given matrix, as those of A^T, G and B^T."""
        ordered = tables[::-1] if self.swapped else tables
        output, taps, data = (_flipped(rows) if flip else rows for rows, flip in zip(ordered, self.flips, strict=True))
        return output, taps, data

    def tables(self, given: Sequence[Given]) -> tuple[Any, Any, Any]:
        """The values as those of A^T, G and B^T."""
        return self.of([table.values for table in given])


_STORED = {"AT": False, "A": True, "G": False, "GT": True, "BT": False, "B": True}


def _orientations(given: Sequence[Given], form: Form | None, names: Sequence[str]) -> Iterator[_Orientation]:
    """Every way to read the tables whose shapes fit, as named first, as the linear form's matrices last."""
    if form is not None:
        look_up("form", form, dict.fromkeys(get_args(Form)))
    named = [look_up("matrix", name, _STORED) for name in names]
    choices = product((False, True), repeat=4)
    for swapped, *flips in sorted(
        choices, key=lambda c: (c[0], sum(a != b for a, b in zip(c[1:], named, strict=True)))
    ):
        shapes = [table.shape for table in (given[::-1] if swapped else given)]
        (m, rank), (rank_g, r), (rank_b, n) = (s[::-1] if flip else s for s, flip in zip(shapes, flips, strict=True))
        if not (rank == rank_g == rank_b and n == m + r - 1):
            continue
        labels = ("BT", "G", "AT") if swapped else ("AT", "G", "BT")
        read_as: Form = form or ("linear" if swapped else "correlation")
        as_linear = read_as == "linear" and (swapped or (flips[0] and flips[2]))
        stored = (name for name, flip in zip(labels, flips, strict=True) if flip and not (as_linear and name != "G"))
        yield _Orientation(swapped, (flips[0], flips[1], flips[2]), tuple(stored), read_as)


def _flipped(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _proved(tables: Sequence[Any]) -> BilinearAlgorithm | None:
    K = field_of(value for rows in tables for row in rows for value in row)
    AT, G, BT = (from_numbers(rows, K) for rows in tables)
    scale = proved_scale(AT, G, BT)
    if scale is None:
        return None
    maps = LinearMap((AT,)), LinearMap((G,)), LinearMap((BT,))
    return BilinearAlgorithm(*maps, scale=K.to_sympy(scale))


def _nearest(
    given: Sequence[Given],
    orientations: Sequence[_Orientation],
    levels: Sequence[Sequence[Slack]],
    limit: Fraction | None,
) -> tuple[BilinearAlgorithm, _Orientation, Fraction] | None:
    """The exact algorithm whose rounding the given matrices are: at the finest level whose simplest fractions prove.

    Where at none they do, the algorithm rebuilt on points that is told in the fewest characters, counting the digits
    by which it leaves the given entries unexplained.
    """
    steps = [*levels, *([] if limit is None else [_relative(given, limit / 10**power) for power in range(9, -1, -1)])]
    for slacks in steps:
        for orientation in orientations:
            tables = orientation.of(
                [_simplest(table.values, slack) for table, slack in zip(given, slacks, strict=True)]
            )
            algorithm = _proved(tables)
            if algorithm is not None:
                error = _deviation(_vectors(tables), _vectors(orientation.tables(given)))
                if limit is None or error <= limit:
                    return algorithm, orientation, error
    near = []
    for slacks in steps:
        bounds = [_intervals(table.values, slack) for table, slack in zip(given, slacks, strict=True)]
        for orientation in orientations:
            oriented = _vectors(orientation.of(bounds))
            found = rebuild(*oriented)
            if found is None:
                continue
            error = _deviation(found.vectors, _vectors(orientation.tables(given)))
            if (limit is None and _within(found.vectors, oriented)) or (limit is not None and error <= limit):
                near.append((found, orientation, error))
    if not near:
        return None
    found, orientation, error = min(near, key=lambda candidate: _told(candidate[0], candidate[2]))
    return scaled_algorithm(found.taps, found.scaling, None), orientation, error


def _told(found: Rebuilt, error: Fraction) -> float:
    """The characters that tell an algorithm, and the digits by which it misses each entry, beyond a double's 16."""
    entries = sum(len(row) for rows in found.vectors for row in rows)
    return found.length + entries * max(0.0, 16 + log10(error)) if error else found.length


def _relative(given: Sequence[Given], tolerance: Fraction) -> list[Slack]:
    return [[[abs(to_fraction(value)) * tolerance for value in row] for row in table.values] for table in given]


def _simplest(rows: Sequence[Sequence[Any]], slack: Slack) -> list[list[Any]]:
    return [
        [_simplest_within(value, width) if width else value for value, width in zip(row, widths, strict=True)]
        for row, widths in zip(rows, slack, strict=True)
    ]


def _simplest_within(value: Any, width: Fraction) -> Any:
    number = to_fraction(value)
    return exact_number(simplest_fraction(number - width, number + width))


def _intervals(rows: Sequence[Sequence[Any]], slack: Slack) -> Table:
    numbers = [[to_fraction(value) for value in row] for row in rows]
    return [
        [(number - width, number + width) for number, width in zip(row, widths, strict=True)]
        for row, widths in zip(numbers, slack, strict=True)
    ]


def _vectors(tables: Sequence[Any]) -> tuple[Any, Any, Any]:
    """The vectors of every tap: columns of A^T, rows of G and of B^T."""
    AT, G, BT = tables
    return _flipped(AT), G, BT


def _within(exact: Sequence[Any], bounds: Sequence[Table]) -> bool:
    return all(
        low <= number <= high
        for rows, wanted in zip(bounds, exact, strict=True)
        for row, numbers in zip(rows, wanted, strict=True)
        for (low, high), number in zip(row, numbers, strict=True)
    )


def _deviation(exact: Sequence[Any], given: Sequence[Any]) -> Fraction:
    """The largest distance of a given entry from the exact one, relative to the largest of its tap's vector."""
    worst = Fraction(0)
    for wanted, rows in zip(exact, given, strict=True):
        for right, row in zip(wanted, rows, strict=True):
            numbers = [
                (to_fraction(a), b if isinstance(b, Fraction) else to_fraction(b))
                for a, b in zip(row, right, strict=True)
            ]
            difference = max(abs(a - b) for a, b in numbers)
            if difference:
                largest = max(abs(b) for _, b in numbers)
                worst = max(worst, difference / largest if largest else difference)
    return worst


def _describe(algorithm: BilinearAlgorithm, orientation: _Orientation, error: Fraction) -> Identification:
    algorithm = replace(algorithm, form=orientation.form, moduli=None, convention=None)
    moduli = recover_moduli(algorithm)
    if moduli is None:
        return Identification(algorithm, orientation.transposed, largest_error=error)
    taps = canonical_taps(algorithm.m, algorithm.r, moduli)
    scaling = row_scaling(algorithm, taps)
    assert scaling is not None
    matching = tuple(name for name, convention in CONVENTIONS.items() if _same(convention, taps, scaling))
    named = replace(algorithm, moduli=moduli, convention=matching[0] if matching else None)
    return Identification(named, orientation.transposed, scaling, matching, error)


def _same(convention: Any, taps: Any, scaling: Scaling) -> bool:
    from wincraft.errors import NotApplicable

    try:
        return bool(convention(taps) == scaling)
    except NotApplicable:
        return False
