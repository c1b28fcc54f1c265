# SPDX-License-Identifier: Apache-2.0
"""Fermat and Mersenne primes q = 2^k + 1 and 2^k - 1: points 2^i, by which a product is a shift of bits.

Modulo 2^k - 1 a shift by i is a rotation of k bits, modulo 2^k + 1 one with a change of sign. The powers of 2 and their
negatives are 2k different residues of either; with 0 and inf that makes 2k + 2 points, whose differences are units.
"""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.winograd import winograd
from wincraft.errors import NotApplicable
from wincraft.rings.choice import fermat_modulus
from wincraft.rings.loss import over_ring


def shift_points(q: int, n: int) -> str:
    """N points modulo q: 0, 1, -1, 2, -2, 4, -4, ... and inf.

    Raises:
        NotApplicable: where q is no Fermat or Mersenne prime, or has too few.

    >>> shift_points(127, 16)
    '0,1,-1,2,-2,4,-4,8,-8,16,-16,32,-32,64,-64,inf'
    """
    k = fermat_modulus(q)
    if k is None:
        repair = "take 2^k - 1 or 2^k + 1: 127, 257, 8191, 65537"
        raise NotApplicable(f"points of shifts modulo {q}", "it is no Fermat or Mersenne prime", repair)
    if n > 2 * k + 2:
        repair = "take a smaller tile or a longer prime"
        raise NotApplicable(f"points of shifts modulo {q}", f"it has {2 * k + 2}, a tile of {n} needs {n}", repair)
    powers = [text for i in range(k) for text in (str(2**i), str(-(2**i)))]
    return ",".join(["0", *powers][: max(1, n - 1)] + ["inf"] * (n > 1))


def by_shifts(m: int, r: int, q: int) -> Algorithm:
    """F(m,r) over GF(q) on such points: the entries of A^T, but for one factor a column, and of G are 0 or +-2^i.

    Raises:
        NotApplicable: as `shift_points`.

    >>> F = by_shifts(14, 3, 127)
    >>> F.rank, F.field.name, shift_exponents([int(x) for x in F.G.row(3)], 127)
    (16, 'GF(127)', [0, 1, 2])
    """
    made = over_ring(winograd(m, r, points=shift_points(q, m + r - 1)), f"GF({q})")
    one = pow(int(made.scale), -1, q)
    return made.rescale(a=[one] * made.rank)


def shift_exponents(values: list[int], q: int) -> list[int | None] | None:
    """The i with value = +-2^i modulo q for each of some values, None for 0; None where one is no shift.

    >>> shift_exponents([0, 4, 123], 127), shift_exponents([3], 127)
    ([None, 2, 2], None)
    """
    k = fermat_modulus(q) or 0
    known = {sign * 2**i % q: i for i in reversed(range(k)) for sign in (1, -1)}
    if any(value % q and value % q not in known for value in values):
        return None
    return [known[value % q] if value % q else None for value in values]
