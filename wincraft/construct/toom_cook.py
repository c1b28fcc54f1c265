# SPDX-License-Identifier: Apache-2.0
"""The one construction: Winograd's Chinese-remainder algorithm from coprime moduli, Toom-Cook for points.

The polynomial product s = g h, of degree n - 1, is computed modulo every modulus m_k and recombined:
    s = sum_k [ (g h mod m_k) (M/m_k)^-1 mod m_k ] M/m_k  +  [leading coefficient] M     (M: product of finite moduli).
Transposing it gives the correlation form: what evaluated h becomes A^T, what recombined becomes B^T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, repeat
from operator import mul

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.exact.number import field_of, to_element
from wincraft.exact.polynomial import divide, inverse_modulo, multiply
from wincraft.exact.types import Domain, Element, Vectors


@dataclass(frozen=True)
class Taps:
    """The canonical rows of every tap, over the domain K:  sum_k A[k,i] G[k,j] B[k,l] / f[k] = [l = i + j].

    A and G hold plain evaluations of h and g (powers of the point); a row of B is monic, its last non-zero entry 1.
    Source: Winograd 1980; design of the canonical rows as in Lavin & Gray, arXiv 1509.09308, for points.
    """

    m: int
    r: int
    moduli: tuple[Modulus, ...]
    K: Domain
    A: list[list[Element]]
    G: list[list[Element]]
    B: list[list[Element]]
    f: list[Element]


def canonical_taps(m: int, r: int, moduli: tuple[Modulus, ...], K: Domain | None = None) -> Taps:
    """The taps of F(m,r) on complete, coprime moduli, in the moduli's order, over `K`, by default the smallest field.

    With moduli of total degree below m + r - 1 and no inf they are those of the product modulo the product of all.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> canonical_taps(2, 2, parse_moduli("0,1,inf")).f == [-1, 1, 1]
    True
    """
    return _taps(m, r, moduli, field_of(value for modulus in moduli for value in modulus.numbers) if K is None else K)


def tap_vectors(algorithm: Algorithm) -> tuple[Vectors, Vectors, Vectors]:
    """The columns of A^T and the rows of G and B^T, one of each per tap, of one axis or of whole tiles.

    >>> from wincraft import winograd
    >>> tap_vectors(winograd(1, 2, points="0"))
    ([[1], [1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]])
    """
    return (
        algorithm.output.dense.transpose().to_list(),
        algorithm.filter.dense.to_list(),
        algorithm.input.dense.to_list(),
    )


def _taps(m: int, r: int, moduli: tuple[Modulus, ...], K: Domain) -> Taps:
    n = m + r - 1
    result = Taps(m, r, moduli, K, [], [], [], [])
    polynomials = [[to_element(value, K) for value in modulus.coefficients] for modulus in moduli]
    whole = reduce(lambda product, factor: multiply(product, factor, K), filter(None, polynomials), [K.one])
    for modulus, polynomial in zip(moduli, polynomials, strict=True):
        if modulus.is_infinite:
            result.A.append([K.zero] * (m - 1) + [K.one])
            result.G.append([K.zero] * (r - 1) + [K.one])
            result.B.append(whole)
            result.f.append(K.one)
            continue
        cofactor, _ = divide(whole, polynomial, K)
        inverse = inverse_modulo(divide(cofactor, polynomial, K)[1], polynomial, K)
        assert inverse is not None, "the moduli are coprime"
        evaluate_h = _powers_modulo(polynomial, m, K)
        evaluate_g = evaluate_h[:r] if r <= m else _powers_modulo(polynomial, r, K)
        if modulus.degree == 1:
            result.A.append([power[0] for power in evaluate_h])
            result.G.append([power[0] for power in evaluate_g])
            result.B.append([*cofactor, *[K.zero] * (n - len(cofactor))])
            result.f.append(K.one / inverse[0])
            continue
        inner = _taps(modulus.degree, modulus.degree, modulus.inner, K)
        for a, g, b, f in zip(inner.A, inner.G, inner.B, inner.f, strict=True):
            _, residue = divide(multiply(divide(b, polynomial, K)[1], inverse, K), polynomial, K)
            column = multiply(residue, cofactor, K)
            lead = next(value for value in reversed(column) if value)
            result.A.append([_dot(a, power, K) for power in evaluate_h])
            result.G.append([_dot(g, power, K) for power in evaluate_g])
            result.B.append([value / lead for value in column] + [K.zero] * (n - len(column)))
            result.f.append(f / lead)
    return result


def _powers_modulo(polynomial: Sequence[Element], count: int, K: Domain) -> list[list[Element]]:
    """x^0 ... x^(count - 1) modulo a monic polynomial, each as coefficients, low to high."""
    low = polynomial[:-1]
    if len(low) == 1:
        return [[power] for power in accumulate(repeat(-low[0], count - 1), mul, initial=K.one)]
    power = [K.one] + [K.zero] * (len(low) - 1)
    powers = [power]
    for _ in range(count - 1):
        lead = power[-1]
        power = [shifted - lead * c for shifted, c in zip([K.zero, *power[:-1]], low, strict=True)]
        powers.append(power)
    return powers


def _dot(left: Sequence[Element], right: Sequence[Element], K: Domain) -> Element:
    return sum((a * b for a, b in zip(left, right, strict=True)), K.zero)
