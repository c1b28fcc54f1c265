# SPDX-License-Identifier: Apache-2.0
"""The front door: winograd(4, 3) and winograd("F(4x4,3x3)")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.nesting import map_axes, nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.catalogue import moduli_of_use, tile_of_use, use_named
from wincraft.construct.conventions import CONVENTIONS, scaled_algorithm
from wincraft.construct.moduli import complete, parse_moduli
from wincraft.construct.size import MAX_AXES, check_size, parse_size
from wincraft.construct.tile_choices import TILE_USES
from wincraft.construct.toom_cook import canonical_taps, tap_vectors
from wincraft.construct.whole_tiles import split_tile
from wincraft.construct.written import construct, is_written
from wincraft.errors import BadSize, BadValue, NotApplicable, look_up, shorten
from wincraft.exact.field import common_field
from wincraft.exact.matrix import row_factors


def winograd(
    m: int | str | Sequence[int],
    r: int | Sequence[int] | None = None,
    *,
    points: object = None,
    moduli: object = None,
    convention: str = "wincnn",
    nested: bool = False,
) -> Algorithm:
    """Make and prove F(m,r), m outputs of an r-tap filter from a tile of n = m + r - 1 along each axis. Exact.

    Args:
        m: outputs of one axis; of each of several; or the whole size as people write it, ``"F(4x4,3x3)"``, or a
            construction: ``"4+3,3"``, ``"SFC-6(6x6,3x3)"`` (see `wincraft.construct.written`).
        r: filter taps likewise; left out where the size is a text.
        points: texts or sequences (see `parse_moduli`), inf anywhere or absent; a point p is the modulus x - p. Or
            one of the catalogue's sets by name (see `USES`): accuracy, unrestricted, dyadic, integer, operations,
            cheap, quadratic, int8-exact; of images also one of `TILE_USES`: whole, whole-quiet, fourier, beside. For
            all axes alike, or a text with ``;`` between axes. The catalogue's best by default.
        moduli: the same where some are polynomials: of total degree n with inf, n - 1 without. On several axes those
            of degree above 1 make an algorithm of whole tiles where it takes fewer products (see `split_tile`).
        convention: a name in `CONVENTIONS`.
        nested: whether to nest one algorithm per axis all the same.

    Raises:
        BadSize: no size, m or r below 1 or beyond the limit, another number of point lists than axes.
        BadNumber, FloatGiven, BadModulus: what is no exact point or monic modulus.
        NotCoprime, WrongTotalDegree: moduli that make no algorithm of this size.
        UnknownName: a convention that is not in `CONVENTIONS`, a set that the catalogue has not.
        NotApplicable: a set by name for a size that has none.
        BadValue: both points and moduli.
        TooLarge: a construction of whole tiles beyond `MAX_WHOLE_TILE`.

    Source: Winograd 1980; Lavin & Gray, arXiv 1509.09308.

    >>> winograd(2, 3, points="0,1,-1", convention="lavin").BT
    Matrix([
    [1,  0, -1,  0],
    [0,  1,  1,  0],
    [0, -1,  1,  0],
    [0,  1,  0, -1]])
    >>> winograd(4, 3, moduli="0,1,-1,x^2+1,inf").rank, winograd("F(4x4,3x3)").rank, winograd((2, 4), (3, 3)).n
    (7, 36, (4, 6))
    >>> [winograd("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=nested).rank for nested in (False, True)]
    [46, 49]
    """
    if points is not None and moduli is not None:
        raise BadValue("the set of points", "given as both points and moduli", "give one; moduli may contain points")
    look_up("convention", convention, CONVENTIONS)
    if isinstance(m, str) and r is None and is_written(m):
        return construct(m, convention, _of_axis, points if points is not None else moduli)
    sizes = _sizes(m, r)
    if (use := use_named(points if points is not None else moduli)) in TILE_USES:
        choice = tile_of_use(sizes, use)
        if choice.construction is not None:
            return construct(choice.construction, convention, _of_axis)
        moduli = choice.moduli
    given = _per_axis(points if points is not None and use not in TILE_USES else moduli, sizes)
    if moduli is not None and len(sizes) > 1 and not nested:
        complete_moduli = [_complete(*size, chosen) for size, chosen in zip(sizes, given, strict=True)]
        if whole := split_tile(sizes, complete_moduli, convention):
            return whole
    made: dict[object, Algorithm] = {}
    for size, chosen in zip(sizes, given, strict=True):
        if (size, id(chosen)) not in made:
            made[size, id(chosen)] = _of_axis(*size, chosen, convention)
    return nest(*(made[size, id(chosen)] for size, chosen in zip(sizes, given, strict=True)))


parse = winograd
"""`winograd`, by the name that reads well before a size in one text: ``parse("F(4x4,3x3)")``."""


def _sizes(m: object, r: object) -> Sequence[tuple[int, int]]:
    """The (m, r) of every axis."""
    if isinstance(m, str):
        if r is not None:
            raise BadSize(shorten(f"F({m!r},{r!r})"), 'give integers, 4 and 3, or "F(4,3)" alone')
        return parse_size(m)
    if not isinstance(m, Sequence) and not isinstance(r, Sequence):
        return (check_size(m, r),)
    if not (isinstance(m, Sequence) and isinstance(r, Sequence)) or len(m) != len(r) or not 1 <= len(m) <= MAX_AXES:
        raise BadSize(shorten(f"F({m!r},{r!r})"), f"give as many outputs as filter sizes, for 1 to {MAX_AXES} axes")
    return tuple(check_size(*pair) for pair in zip(m, r, strict=True))


def _complete(m: int, r: int, given: object) -> tuple[Modulus, ...]:
    use = use_named(given)
    return complete(moduli_of_use(m, r, use) if given is None or use is not None else parse_moduli(given), m, r)


def _of_axis(m: int, r: int, given: object, convention: str) -> Algorithm:
    taps = canonical_taps(m, r, _complete(m, r, given))
    return scaled_algorithm(taps, CONVENTIONS[convention](taps), convention)


def _per_axis(given: object, sizes: Sequence[tuple[int, int]]) -> Sequence[object]:
    if not isinstance(given, str) or ";" not in given:
        return [given] * len(sizes)
    lists = given.split(";")
    if len(lists) != len(sizes):
        wrong = f"{len(lists)} lists of points are given for {len(sizes)} axes"
        raise BadSize(size_words(*zip(*sizes, strict=True)), f"{wrong}; separate one list per axis by ';'")
    return lists


def along_axes(algorithm: Algorithm, axes: int) -> Algorithm:
    """An algorithm of one axis along several: 2 makes F(mxm,rxr) of F(m,r), for images.

    Raises:
        NotApplicable: an algorithm of several axes.
        BadValue: axes not from 1 to `MAX_AXES`.

    >>> along_axes(winograd(2, 3), 2).size
    'F(2x2,3x3)'
    """
    if not 1 <= axes <= MAX_AXES:
        raise BadValue("the number of axes", str(axes), f"give 1 to {MAX_AXES}")
    if len(algorithm.m) > 1:
        repair = "leave the axes out, or give an algorithm of one"
        raise NotApplicable(f"{algorithm.size} along {axes} axes", f"it has {len(algorithm.m)} already", repair)
    return nest(*[algorithm] * axes)


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


def _axis_in_convention(axis: Algorithm, convention: str) -> Algorithm:
    what = f"convention {convention} of {axis.size}"
    if axis.moduli is None:
        raise NotApplicable(what, "its points are not known, only its matrices", "leave the convention out")
    wanted = winograd(axis.m, axis.r, moduli=axis.moduli, convention=convention)
    K = common_field(axis.domain, wanted.domain)
    axis, wanted = axis.convert(K), wanted.convert(K)
    ratios = [row_factors(*rows) for rows in zip(tap_vectors(wanted), tap_vectors(axis), strict=True)]
    if None in ratios:
        raise NotApplicable(what, "its taps are not those of its points", "leave the convention out")
    scaled = axis.rescale(*([K.to_sympy(value) for value in factors or ()] for factors in ratios))
    return replace(scaled, recipe=(replace(axis.recipe[0], convention=convention),))
