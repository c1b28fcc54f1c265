# SPDX-License-Identifier: Apache-2.0
"""Recognising foreign matrices: form, storage, moduli, scaling vectors, convention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from wincraft.algorithm.bilinear import BilinearAlgorithm, Form
from wincraft.algorithm.diagnosis import diagnose
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.proof import proved_scale
from wincraft.construct.conventions import CONVENTIONS, Scaling
from wincraft.construct.recover import recover_moduli, row_scaling
from wincraft.construct.toom_cook import canonical_taps
from wincraft.errors import BadShape, Refuted, Unidentified
from wincraft.exact.fraction import simplest_fraction_near
from wincraft.exact.matrix import from_numbers, read_rows
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


def identify(AT: Any, G: Any, BT: Any, *, tolerance: Fraction | float = 0, form: Form | None = None) -> Identification:
    """Find form, moduli, scaling vectors, scale and convention of bare matrices.

    The matrices are rows of exact numbers; any may be stored transposed, and A^T and B^T may hold B and A of the
    linear convolution form. Where they come from decimals, `tolerance` (relative to the largest entry of a row) says
    how far an exact algorithm may lie from them. The result is exact and proved.

    Raises:
        Refuted: exact matrices that do not compute the convolution, with the diagnosis.
        Unidentified: no exact algorithm lies within the tolerance.
        BadShape: matrices whose shapes fit no F(m,r).

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
    """
    tables = tuple(read_rows(name, rows) for name, rows in (("AT", AT), ("G", G), ("BT", BT)))
    orientations = list(_orientations(*tables))
    if not orientations:
        shapes = ", ".join(str((len(rows), len(rows[0]))) for rows in tables)
        raise BadShape("(AT, G, BT)", shapes, "(m, R), (R, r), (R, m+r-1), each perhaps transposed")
    limit = Fraction(tolerance)
    if not limit:
        for orientation in orientations:
            algorithm = _prove(orientation, form)
            if algorithm is not None:
                return _describe(algorithm, orientation, Fraction(0))
        raise Refuted(_diagnosis(orientations[0].tables))
    steps = [(limit / 10**power, orientation) for power in (9, 6, 3, 0) for orientation in orientations]
    for step, orientation in steps:
        algorithm = _prove(replace(orientation, tables=_simplest(orientation.tables, step)), form)
        if algorithm is not None:
            return _describe(algorithm, orientation, _deviation(algorithm, orientation.tables))
    rebuilt = [(_rebuild(orientation, step, form), orientation) for step, orientation in steps]
    near = [(made, given, _deviation(made, given.tables)) for made, given in rebuilt if made]
    near = [candidate for candidate in near if candidate[2] <= limit]
    if near:
        return _describe(*min(near, key=lambda candidate: len(str(candidate[0].stage_texts()))))
    nearest = _diagnosis(_simplest(orientations[0].tables, limit)).summary
    reason = f"no exact algorithm lies within tolerance {float(limit):g}; the nearest simple fractions are {nearest}"
    raise Unidentified(reason, "correct the entries, or change --tolerance")


def _diagnosis(tables: Sequence[Any]) -> Diagnosis:
    K = field_of(value for rows in tables for row in rows for value in row)
    AT, G, BT = (from_numbers(rows, K) for rows in tables)
    return diagnose(AT, G, BT)


@dataclass(frozen=True)
class _Orientation:
    """The given tables as A^T (m x R), G (R x r), B^T (R x n), and how they were stored."""

    tables: tuple[Any, Any, Any]
    transposed: tuple[str, ...]
    form: Form


def _orientations(AT: Any, G: Any, BT: Any) -> Iterator[_Orientation]:
    """Every way to read the tables whose shapes fit, as labelled first."""
    for swapped, *flips in sorted(product((False, True), repeat=4), key=lambda choice: (choice[0], sum(choice[1:]))):
        labels = ("BT", "G", "AT") if swapped else ("AT", "G", "BT")
        given = (BT, G, AT) if swapped else (AT, G, BT)
        output, taps, data = (_transposed(rows) if flip else rows for rows, flip in zip(given, flips, strict=True))
        rank, n = len(taps), len(output) + len(taps[0]) - 1
        if len(output[0]) == len(data) == rank and len(data[0]) == n:
            linear = swapped or (flips[0] and flips[2])
            stored = (name for name, flip in zip(labels, flips, strict=True) if flip and not (linear and name != "G"))
            yield _Orientation((output, taps, data), tuple(stored), "linear" if linear else "correlation")


def _transposed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _prove(orientation: _Orientation, form: Form | None) -> BilinearAlgorithm | None:
    K = field_of(value for rows in orientation.tables for row in rows for value in row)
    AT, G, BT = (from_numbers(rows, K) for rows in orientation.tables)
    scale = proved_scale(AT, G, BT)
    if scale is None:
        return None
    maps = LinearMap((AT,)), LinearMap((G,)), LinearMap((BT,))
    return BilinearAlgorithm(*maps, scale=K.to_sympy(scale), form=form or orientation.form)


def _simplest(tables: Sequence[Any], tolerance: Fraction) -> tuple[Any, Any, Any]:
    AT, G, BT = (
        [[exact_number(simplest_fraction_near(to_fraction(value), tolerance)) for value in row] for row in rows]
        for rows in tables
    )
    return AT, G, BT


def _rebuild(orientation: _Orientation, tolerance: Fraction, form: Form | None) -> BilinearAlgorithm | None:
    from wincraft.construct.recover import rebuild_from_decimals

    AT, G, BT = ([[to_fraction(value) for value in row] for row in rows] for rows in orientation.tables)
    algorithm = rebuild_from_decimals(AT, G, BT, tolerance)
    return None if algorithm is None else replace(algorithm, form=form or orientation.form)


def _deviation(algorithm: BilinearAlgorithm, tables: Sequence[Any]) -> Fraction:
    """The largest distance of a given entry from the exact one, relative to the largest of its tap's vector."""
    worst = Fraction(0)
    exact_tables = [item.dense.to_Matrix().tolist() for item in (algorithm.output, algorithm.filter, algorithm.input)]
    for position, (given, exact) in enumerate(zip(tables, exact_tables, strict=True)):
        pairs = [list(zip(row, wanted, strict=True)) for row, wanted in zip(given, exact, strict=True)]
        for vector in zip(*pairs, strict=True) if position == 0 else pairs:
            numbers = [(to_fraction(a), to_fraction(b)) for a, b in vector]
            largest = max(abs(b) for _, b in numbers)
            difference = max(abs(a - b) for a, b in numbers)
            if difference:
                worst = max(worst, difference / largest if largest else difference)
    return worst


def _describe(algorithm: BilinearAlgorithm, orientation: _Orientation, error: Fraction) -> Identification:
    moduli = recover_moduli(algorithm)
    if moduli is None:
        return Identification(
            replace(algorithm, moduli=None, convention=None), orientation.transposed, largest_error=error
        )
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
