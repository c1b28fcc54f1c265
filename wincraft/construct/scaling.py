# SPDX-License-Identifier: Apache-2.0
"""Scaling by what the rows hold: balanced to unit standard deviation, of whole maps and inside chains, or integer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, isqrt, lcm

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Pass
from wincraft.algorithm.nesting import check_algorithm, map_axes
from wincraft.construct.toom_cook import tap_vectors
from wincraft.errors import BadShape, BadValue, NotApplicable
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import diagonal, fraction_rows, read_rows
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Domain, Element, Matrix, Vectors

MAX_GRID_BITS = 64


def balance(
    algorithm: Algorithm, bits: int = 8, input_moments: object = None, filter_moments: object = None
) -> Algorithm:
    """Scale B^T and G rows to unit 2-norm, or unit standard deviation under given second moments, the rest into A^T.

    b_k = snap(1 / sqrt(B_k S_d B_k^T)) and g_k likewise with S_g; snapped, in ratio, to the nearest (1 + j/2^bits) 2^e,
    so that bits=0 gives powers of two. Identity moments (white data) are the default. Exact.

    Raises:
        BadValue: bits that are no integer from 0 to `MAX_GRID_BITS`, a row whose second moment is not positive.
        BadNumber, FloatGiven: moments that are not exact.
        BadShape: where a moment matrix is not n x n or r x r.
        NotApplicable: over GF(p).

    >>> from wincraft import winograd
    >>> balance(winograd(2, 3, points="0,1,-1"), bits=0).G
    Matrix([
    [  1,    0,   0],
    [1/2,  1/2, 1/2],
    [1/2, -1/2, 1/2],
    [  0,    0,   1]])
    """

    def balanced(axis: Algorithm) -> Algorithm:
        b = balancing_factors(fraction_rows(axis.input.dense), bits, _moments(input_moments))
        g = balancing_factors(fraction_rows(axis.filter.dense), bits, _moments(filter_moments))
        return axis.rescale(a=[1 / (x * y) for x, y in zip(b, g, strict=True)], g=g, b=b)

    check_algorithm(algorithm)
    algorithm.field.need_order(f"balancing {algorithm.size}")
    return map_axes(algorithm, balanced) if algorithm.separable else balanced(algorithm)


def _moments(given: object) -> Rows | None:
    rows = None if given is None else read_rows("second moments", given)
    return None if rows is None else [[to_fraction(value) for value in row] for row in rows]


def balance_stages(algorithm: Algorithm, bits: int = 0) -> Algorithm:
    """Every stage but the last of a chain with its rows scaled, the inverse factors in the next stage. Exact.

    The factors bring the values between the stages to unit standard deviation for white data and weights, snapped to
    the grid (1 + j/2^bits) 2^e; powers of two by default. For A^T the products' second moments (G G^T) * (B B^T) are
    used. The maps themselves, and so U, V and M, do not change; a convention such as ``pow2`` scales those.

    Raises:
        BadValue: for bits that are no integer from 0 to 64.
        NotApplicable: over GF(p), and for algorithms of whole tiles.

    >>> from wincraft import winograd
    >>> from wincraft.construct.change import change_basis
    >>> F = balance_stages(change_basis(winograd(2, 3, points="0,1,-1"), input="legendre:classical"))
    >>> F.stage_texts()["BT"][0][2:]
    [['-1/4', '0', '3/4', '0'], ['0', '-3/8', '0', '5/8']]
    """
    _check_bits(bits)
    check_algorithm(algorithm)
    algorithm.field.need_order(f"balancing {algorithm.size}")
    return map_axes(algorithm, lambda axis: _balance_axis(axis, bits))


def _balance_axis(axis: Algorithm, bits: int) -> Algorithm:
    grams = (fraction_rows(rows * rows.transpose()) for rows in (axis.filter.dense, axis.input.dense))
    moments = [[g * b for g, b in zip(*rows, strict=True)] for rows in zip(*grams, strict=True)]
    return axis.with_maps(
        input=_balance_chain(axis.input, bits),
        filter=_balance_chain(axis.filter, bits),
        output=_balance_chain(axis.output, bits, moments),
    )


def _balance_chain(chain: LinearMap, bits: int, moments: Rows | None = None) -> LinearMap:
    K = chain.domain
    stages: list[Matrix] = []
    done = scaled = chain.stages[0]
    for stage in chain.stages[1:]:
        factors = elements(balancing_factors(fraction_rows(done), bits, moments), K)
        stages.append(diagonal(factors, K) * scaled)
        scaled, done = stage * diagonal([K.one / f for f in factors], K), stage * done
    return LinearMap.of(*stages, scaled)


def balancing_factors(rows: Rows, bits: int, moments: Rows | None = None) -> list[Fraction]:
    """The factor of each row of a map that brings its standard deviation nearest to 1, on the grid of `balance`.

    Raises:
        BadShape: second moments of another size than the rows.
        BadValue: `bits` out of range; a row whose second moment is not positive.

    >>> balancing_factors([[Fraction(1), Fraction(0)], [Fraction(1, 2), Fraction(1, 2)]], bits=2)
    [Fraction(1, 1), Fraction(3, 2)]
    """
    _check_bits(bits)
    size = len(rows[0])
    if moments is not None and (len(moments), len(moments[0])) != (size, size):
        raise BadShape("second moments", str((len(moments), len(moments[0]))), str((size, size)))
    factors = []
    for k, row in enumerate(rows):
        image = row if moments is None else [_dot(line, row) for line in moments]
        square = _dot(row, image)
        if any(row) and square <= 0:
            raise BadValue(f"the second moment of row {k}", str(square), "give positive definite moments")
        factors.append(snap_inverse_root(square, bits) if square else Fraction(1))
    return factors


def elements(factors: Sequence[Fraction], K: Domain) -> list[Element]:
    """Fractions as elements of a domain.

    >>> from sympy import QQ
    >>> elements([Fraction(1, 2)], QQ)
    [1/2]
    """
    return [K(factor.numerator) / K(factor.denominator) for factor in factors]


def snap_inverse_root(square: Fraction, bits: int) -> Fraction:
    """The grid value (1 + j/2^bits) 2^e nearest, in ratio, to 1/sqrt(square); a tie goes to the larger.

    >>> snap_inverse_root(Fraction(3), 0), snap_inverse_root(Fraction(3), 2)
    (Fraction(1, 2), Fraction(5, 8))
    """
    exponent = (square.denominator.bit_length() - square.numerator.bit_length()) // 2 - 1
    while Fraction(4) ** (exponent + 1) * square <= 1:
        exponent += 1
    power, steps = Fraction(2) ** exponent, 2**bits
    low = isqrt(int(steps**2 / (power**2 * square))) - steps
    below, above = power * (1 + Fraction(low, steps)), power * (1 + Fraction(low + 1, steps))
    return above if below * above * square <= 1 else below


def _check_bits(bits: object) -> None:
    if not isinstance(bits, int) or not 0 <= bits <= MAX_GRID_BITS:
        raise BadValue("bits", repr(bits), f"the grid has 0 to {MAX_GRID_BITS} fraction bits")


def _dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(left, right, strict=True) if x and y), Fraction(0))


def integer_form(algorithm: Algorithm) -> Algorithm:
    """The algorithm with A^T columns and B^T rows primitive integer, and the smallest scale that makes G integer.

    That is the convention ``integer``, but for signs, of any rational algorithm; the scale is positive. Integers have
    no stages: between those of a chain values are rational in general, so every map is one matrix. Exact.

    Raises:
        NotApplicable: over an algebraic field.

    >>> from wincraft import winograd
    >>> integer_form(winograd(4, 3, points="0,1,-1,2,-2").change_basis("legendre")).scale
    24
    """
    return map_axes(algorithm, _integers) if algorithm.separable else _integers(algorithm)


def primitive_form(algorithm: Algorithm) -> Algorithm:
    """The integer form with primitive G rows too: the smallest integers U = B^T d and V = G g, and the same scale.

    What divides a row of G goes into the column of A^T: where sums wrap around, large factors there cost nothing. The
    scale is the least with which A^T is integer beside primitive B^T and G. Exact.

    Raises:
        NotApplicable: as `integer_form`.

    >>> from wincraft import winograd
    >>> F = winograd(4, 3, points="0,1,-1,2,-2")
    >>> integer_form(F).G[0, :], primitive_form(F).G[0, :], primitive_form(F).AT[0, :], primitive_form(F).scale
    (Matrix([[6, 0, 0]]), Matrix([[1, 0, 0]]), Matrix([[6, 4, 4, 1, 1, 0]]), 24)
    """

    def primitive_filter(axis: Algorithm) -> Algorithm:
        K = axis.domain
        divisors = [K.to_sympy(content(row, K)) for row in axis.filter.dense.to_list()]
        return axis.rescale(a=divisors, g=[1 / divisor for divisor in divisors])

    whole = integer_form(algorithm)
    return map_axes(whole, primitive_filter) if whole.separable else primitive_filter(whole)


def integer_factors(
    columns: Vectors, filter_rows: Vectors, rows: Vectors, K: Domain
) -> tuple[list[Element], list[Element], list[Element], Element]:
    """The factors of the columns of A^T and the rows of G and B^T in the integer form, and its scale, over QQ.

    >>> from sympy import QQ
    >>> integer_factors([[QQ(1, 2)], [QQ(3)]], [[QQ(1, 3)], [QQ(1)]], [[QQ(1)], [QQ(2)]], QQ)
    ([2, 1/3], [3, 36], [1, 1/2], 6)
    """
    a, b = ([1 / content(vector, K) for vector in table] for table in (columns, rows))
    scaled = [value / (x * y) for row, x, y in zip(filter_rows, a, b, strict=True) for value in row]
    scale = 1 / content(scaled, K)
    return a, [scale / (x * y) for x, y in zip(a, b, strict=True)], b, scale


def content(values: Sequence[Element], K: Domain) -> Element:
    """The positive rational c such that the values over c are integers without a common factor.

    >>> from sympy import QQ
    >>> content([QQ(2, 3), QQ(4, 5)], QQ)
    2/15
    """
    fractions = [(int(K.numer(value)), int(K.denom(value))) for value in values if value] or [(1, 1)]
    return K(gcd(*(p for p, _ in fractions)), lcm(*(q for _, q in fractions)))


def _integers(algorithm: Algorithm) -> Algorithm:
    """Of one axis, or of whole tiles."""
    K = algorithm.domain
    if not algorithm.field.rational:
        raise NotApplicable("integer matrices", f"entries lie in {K}", "choose rational points for integer arithmetic")
    a, g, b, _ = integer_factors(*tap_vectors(algorithm), K)
    g = [-x for x in g] if algorithm.scale < 0 else g
    maps = {"output": algorithm.output, "filter": algorithm.filter, "input": algorithm.input}
    plain = {name: LinearMap(item.tile, (Pass(item.dense, None, item.image),)) for name, item in maps.items()}
    return algorithm.with_maps(**plain).rescale(*([K.to_sympy(value) for value in by] for by in (a, g, b)))
