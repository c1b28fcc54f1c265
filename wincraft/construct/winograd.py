# SPDX-License-Identifier: Apache-2.0
"""The front door: winograd(m, r) and parse("F(4x4,3x3)")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm, map_axes, of_axes
from wincraft.construct.catalogue import default_moduli, moduli_of_use, use_named
from wincraft.construct.conventions import CONVENTIONS, scaled_algorithm
from wincraft.construct.moduli import complete, parse_moduli
from wincraft.construct.size import MAX_AXES, check_size, parse_size
from wincraft.construct.toom_cook import canonical_taps
from wincraft.errors import BadSize, BadValue, NotApplicable, look_up


def winograd(
    m: int, r: int, *, points: Any = None, moduli: Any = None, convention: str = "wincnn"
) -> BilinearAlgorithm:
    """Make and prove F(m,r), m outputs of an r-tap filter from a tile of n = m + r - 1.

    Without points the catalogue's are taken. `points` and `moduli` are texts or sequences (see `parse_moduli`), inf
    anywhere or absent, of total degree n with inf, n - 1 without; a point p is the modulus x - p. Or one of the
    catalogue's sets by name: accuracy, unrestricted, dyadic, integer, operations, quadratic (see `USES`). Exact.

    Raises:
        BadSize: m or r below 1, or beyond the limit.
        BadNumber, FloatGiven, BadModulus: what is no exact point or monic modulus.
        NotCoprime, WrongTotalDegree: moduli that make no algorithm of this size.
        UnknownName: a convention that is not in `CONVENTIONS`, a set that the catalogue has not.
        BadValue: both points and moduli.

    Source: Winograd 1980; Lavin & Gray, arXiv 1509.09308.

    >>> winograd(2, 3, points="0,1,-1", convention="lavin").BT
    Matrix([
    [1,  0, -1,  0],
    [0,  1,  1,  0],
    [0, -1,  1,  0],
    [0,  1,  0, -1]])
    >>> winograd(4, 3, moduli="0,1,-1,x^2+1,inf").rank, winograd(4, 3, points="quadratic").rank
    (7, 7)
    """
    m, r = check_size(m, r)
    if points is not None and moduli is not None:
        raise BadValue("the set of points", "given as both points and moduli", "give one; moduli may contain points")
    given = points if points is not None else moduli
    if given is None:
        parsed = default_moduli(m, r)
    elif (use := use_named(given)) is not None:
        parsed = moduli_of_use(m, r, use)
    else:
        parsed = parse_moduli(given)
    scaling = look_up("convention", convention, CONVENTIONS)
    taps = canonical_taps(m, r, complete(parsed, m, r))
    return scaled_algorithm(taps, scaling(taps), convention)


def parse(size: str, *, points: Any = None, moduli: Any = None, convention: str = "wincnn") -> Algorithm:
    """Make and prove the algorithm of a size as people write it: one axis, or several nested ones.

    Points and moduli as in `winograd`, for all axes alike, or per axis: a text with ``;`` between axes. Exact.

    Raises:
        BadSize: text that is no size, or another number of point lists than axes; else as `winograd`.

    >>> parse("F(4x4,3x3)").rank, parse("2,3", points="0,1,-1").n
    (36, 4)
    """
    sizes = parse_size(size)
    per_axis_points = _per_axis(points, len(sizes), size)
    per_axis_moduli = _per_axis(moduli, len(sizes), size)
    made: dict[Any, BilinearAlgorithm] = {}
    axes = []
    for (m, r), p, q in zip(sizes, per_axis_points, per_axis_moduli, strict=True):
        key = (m, r, str(p), str(q))
        if key not in made:
            made[key] = winograd(m, r, points=p, moduli=q, convention=convention)
        axes.append(made[key])
    return of_axes(axes)


def _per_axis(given: Any, axes: int, size: str) -> Sequence[Any]:
    if not isinstance(given, str) or ";" not in given:
        return [given] * axes
    lists = given.split(";")
    if len(lists) != axes:
        raise BadSize(
            size, f"{len(lists)} lists of points are given for {axes} axes; separate one list per axis by ';'"
        )
    return lists


def nest(algorithm: Algorithm, axes: int) -> Algorithm:
    """An algorithm of one axis along several: 2 makes F(mxm,rxr) of F(m,r), for images.

    Raises:
        NotApplicable: an algorithm of several axes.
        BadValue: axes not from 1 to `MAX_AXES`.

    >>> nest(winograd(2, 3), 2).size
    'F(2x2,3x3)'
    """
    if not 1 <= axes <= MAX_AXES:
        raise BadValue("the number of axes", str(axes), f"give 1 to {MAX_AXES}")
    if len(algorithm.axes) > 1:
        repair = "leave the axes out, or give an algorithm of one"
        raise NotApplicable(f"{algorithm.size} along {axes} axes", f"it has {len(algorithm.axes)} already", repair)
    return of_axes(algorithm.axes * axes)


def in_convention(algorithm: Algorithm, convention: str) -> Algorithm:
    """The same algorithm scaled as a convention says, which depends on its moduli; chains keep their inner stages.

    Raises:
        UnknownName: a convention that is not in `CONVENTIONS`.
        NotApplicable: where the moduli are not known, or the matrices are not those of the moduli.

    >>> in_convention(winograd(2, 3), "integer").scale
    2
    """
    look_up("convention", convention, CONVENTIONS)
    return map_axes(algorithm, lambda axis: _axis_in_convention(axis, convention))


def _axis_in_convention(axis: BilinearAlgorithm, convention: str) -> BilinearAlgorithm:
    what = f"convention {convention} of {axis.size}"
    if axis.moduli is None:
        raise NotApplicable(what, "its points are not known, only its matrices", "leave the convention out")
    wanted = winograd(axis.m, axis.r, moduli=axis.moduli, convention=convention)
    pairs = ((wanted.AT.T, axis.AT.T), (wanted.G, axis.G), (wanted.BT, axis.BT))
    ratios = ([_ratio(*rows) for rows in zip(new.tolist(), old.tolist(), strict=True)] for new, old in pairs)
    scaled = axis.rescale(*ratios)
    if [item.dense for item in scaled.maps] != [item.dense for item in wanted.maps] or scaled.scale != wanted.scale:
        raise NotApplicable(what, "its taps are not those of its points", "leave the convention out")
    return replace(scaled, convention=convention)


def _ratio(new: Sequence[Any], old: Sequence[Any]) -> Any:
    """What the first entries that are not 0 differ by."""
    return next((x / y for x, y in zip(new, old, strict=True) if y != 0), 1)
