# SPDX-License-Identifier: Apache-2.0
"""Recovering moduli and row scales from the rows of an exact algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sympy.polys.polyerrors import CoercionFailed

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.construct.conventions import Scaling
from wincraft.construct.moduli import INFINITY, check_coprime, modulus, point, quadratic_inner
from wincraft.construct.toom_cook import Taps, canonical_taps, tap_vectors
from wincraft.errors import WincraftError
from wincraft.exact.matrix import row_factors, to_numbers
from wincraft.exact.number import exact_number
from wincraft.exact.types import Number


def recover_moduli(algorithm: Algorithm) -> tuple[Modulus, ...] | None:
    """The moduli, in row order, whose canonical rows are the algorithm's up to row scales; None where there are none.

    Points, infinity and degree-2 moduli (three taps: constant, inner point c, leading) are recognised. Exact.
    """
    (m,), (r,), (n,) = algorithm.m, algorithm.r, algorithm.n
    vectors = to_numbers(algorithm.output.dense.transpose() if m >= r else algorithm.filter.dense)
    found: list[Modulus] = []
    tap = 0
    while tap < len(vectors):
        item = _linear(vectors[tap]) or _quadratic(vectors[tap : tap + 3])
        if item is None:
            return None
        found.append(item)
        tap += item.taps
    moduli = tuple(found)
    try:
        check_coprime(moduli)
    except WincraftError:
        return None
    if sum(item.degree for item in moduli) != n:
        return None
    return moduli if row_scaling(algorithm, canonical_taps(m, r, moduli)) is not None else None


def row_scaling(algorithm: Algorithm, taps: Taps) -> Scaling | None:
    """What multiplies each canonical row in the algorithm, or None where a row is no multiple of its canonical one.

    In the domain of the taps where all factors lie in it, as conventions have them, else in the larger one.

    >>> from wincraft.construct.toom_cook import canonical_taps
    >>> from wincraft.construct.winograd import winograd
    >>> f = winograd(2, 3, points="0,1,-1")
    >>> row_scaling(f, canonical_taps(2, 3, f.moduli)).g
    [1, 1/2, 1/2, 1]
    """
    K = taps.K.unify(algorithm.domain)  # rational points, scaled by roots, have their entries in a larger field
    tables = zip(tap_vectors(algorithm.convert(K)), (taps.A, taps.G, taps.B), strict=True)
    a, g, b = (
        row_factors(rows, [[K.convert(value, taps.K) for value in row] for row in canonical])
        for rows, canonical in tables
    )
    if a is None or g is None or b is None:
        return None
    with suppress(CoercionFailed):
        a, g, b = ([taps.K.convert(value, K) for value in factors] for factors in (a, g, b))
    return Scaling(a, g, b, algorithm.scale)


def _linear(vector: Sequence[Number]) -> Modulus | None:
    """The point whose powers the vector is a multiple of; 0 for a vector of one entry."""
    if vector[0] == 0:
        return INFINITY if all(value == 0 for value in vector[:-1]) and vector[-1] != 0 else None
    ratio = vector[1] / vector[0] if len(vector) > 1 else exact_number(0)
    ratio = ratio.ratsimp() if not ratio.is_Rational else ratio
    power = vector[0]
    for value in vector:
        if (value - power).expand() != 0:
            return None
        power = power * ratio
    return point(ratio)


def _quadratic(vectors: Sequence[Sequence[Number]]) -> Modulus | None:
    """x^2 + a x + b with inner point c, from rows (1, 0, -b, ...), (1, c, ...), (0, 1, -a, ...) up to factors."""
    if len(vectors) < 3 or len(vectors[0]) < 3:
        return None
    constant, inner, leading = vectors
    if constant[1] != 0 or leading[0] != 0 or any(value == 0 for value in (constant[0], inner[0], leading[1])):
        return None
    b, a, c = -constant[2] / constant[0], -leading[2] / leading[1], inner[1] / inner[0]
    try:
        return modulus((exact_number(b), exact_number(a), exact_number(1)), quadratic_inner(c))
    except WincraftError:
        return None
