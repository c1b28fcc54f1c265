# SPDX-License-Identifier: Apache-2.0
"""Which moduli a residue number system has: as large as a word holds, coprime, and prime to what is divided by."""

from __future__ import annotations

from itertools import combinations
from math import gcd, log2, prod

from sympy import isprime

from wincraft.construct.moduli import INFINITY, point
from wincraft.construct.scaling import primitive_form
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, NotApplicable, NotCoprime
from wincraft.measure.integers import Integers
from wincraft.numbers.box import Box

MAX_RESIDUE_BITS = 31
"""Longest word of a residue."""


def integer_points(n: int) -> str:
    """0, 1, -1, 2, -2, ... and inf: n points whose differences are small.

    >>> integer_points(6)
    '0,1,-1,2,-2,inf'
    """
    values = [str(-(k // 2) if k % 2 == 0 else (k + 1) // 2) for k in range(n - 1)]
    return ",".join([*values, str(INFINITY)] if n > 1 else [str(point(0))])


def output_box(taps: int, channels: int, integers: Integers) -> Box:
    """Where y lies: sums of `taps` products of data and filter for each of the channels. Exact.

    >>> output_box(9, 512, Integers())
    [-74907648, 75497472]
    """
    ends = [d * g for d in (integers.data.low, integers.data.high) for g in (integers.filter.low, integers.filter.high)]
    return Box(min(ends) * taps * channels, max(ends) * taps * channels)


def values_in(box: Box) -> int:
    """How many integers a box of integer ends holds: what the product of the moduli has to reach.

    >>> values_in(Box.signed(8))
    256
    """
    return int(box.high - box.low) + 1


def residue_moduli(needed: int, word: int, size: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """Moduli of at most 2^word whose product reaches `needed`: from the largest down, each coprime to those before.

    All are prime to the divisor of F(m,r) on `integer_points`, for each (m, r) of `size`.

    Raises:
        BadValue: for a word not from 2 to `MAX_RESIDUE_BITS` bits.
        NotApplicable: where the words are too short for so many.

    >>> residue_moduli(values_in(output_box(9, 512, Integers())), 8, ((14, 3),))
    (251, 241, 239, 233)
    """
    check_word(word)
    divisor = prod(int(primitive_form(winograd(m, r, points=integer_points(m + r - 1))).scale) for m, r in set(size))
    found: list[int] = []
    for q in range(2**word, max(2, 2**word - 2**16), -1):
        if gcd(q, divisor) == 1 and all(gcd(q, other) == 1 for other in found):
            found.append(q)
            if prod(found) >= needed:
                return tuple(found)
    told = f"{len(found)} moduli of {word} bits prime to the divisor hold {bits_text(prod(found))}"
    raise NotApplicable("a residue number system", f"{told}, {bits_text(needed)} are needed", "take longer words")


def check_word(word: int) -> None:
    """Refuse words that are too short or too long for residues.

    Raises:
        BadValue

    >>> check_word(8)
    """
    if not 2 <= word <= MAX_RESIDUE_BITS:
        raise BadValue("the word of a residue", f"{word} bits", f"give 2 to {MAX_RESIDUE_BITS}")


def check_moduli(moduli: tuple[int, ...], word: int) -> None:
    """Refuse moduli that are no residue number system of words.

    Raises:
        BadValue: for none, one below 2, or one that a word does not hold.
        NotCoprime: for two that share a factor.

    >>> check_moduli((251, 241, 239), 8)
    """
    if not moduli:
        raise BadValue("the list of moduli", "empty", "give some, 251,241,239")
    for q in moduli:
        if not 2 <= q <= 2**word:
            raise BadValue("a modulus", str(q), f"residues of {word} bits have moduli from 2 to {2**word}")
    for (i, first), (j, second) in combinations(enumerate(moduli), 2):
        if gcd(first, second) > 1:
            raise NotCoprime(str(first), str(second), (i, j))


def fermat_modulus(q: int) -> int | None:
    """The k of a prime q = 2^k + 1 or 2^k - 1, modulo which 2 has so few powers; None of others.

    >>> [fermat_modulus(q) for q in (127, 257, 8191, 65537, 251, 15)]
    [7, 8, 13, 16, None, None]
    """
    k = (q + 1).bit_length() - 1
    if q + 1 != 2**k:
        k = (q - 1).bit_length() - 1
    return k if q in (2**k - 1, 2**k + 1) and q > 2 and isprime(q) else None


def bits_text(count: int) -> str:
    """``2^27.2``: how many values, as a power of two.

    >>> bits_text(251 * 241 * 239)
    '2^23.8'
    """
    return f"2^{log2(count):.1f}"
