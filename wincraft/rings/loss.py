# SPDX-License-Identifier: Apache-2.0
"""What an algorithm loses modulo q: the exact divisions that cannot be done there, and the inverses of those that can.

With primitive integer A^T, G and B^T (`primitive_form`) the sums are N = scale y. Let words hold residues modulo q and
scale = L u, where L has only primes of q and u is a unit. Multiplying N by the inverse of u leaves L y modulo q, and
that divided by L is y modulo q / gcd(q, L): the factor gcd(q, L) is lost, of Z/2^k the s bits of L = 2^s.

With n points no way to recombine loses less. The products of s = g h are M = V s, the rows of V primitive, and scale is
the least common multiple of the denominators of V^-1: the largest elementary divisor of V. So there is an s that is
q / L times a primitive vector, p-part by p-part, whose products are 0 modulo q: they tell s modulo no more than q / L.

Sources: M. Bodrato, Towards optimal Toom-Cook multiplication, WAIFI 2007; J. M. Bermudo Mera, A. Karmakar,
I. Verbauwhede, Time-memory trade-off in Toom-Cook multiplication, TCHES 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import gcd, prod

from sympy import factorint

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import tap_labels
from wincraft.algorithm.modulus import Modulus
from wincraft.construct.scaling import content, primitive_form
from wincraft.construct.toom_cook import tap_vectors
from wincraft.errors import NotApplicable
from wincraft.exact.field import Field
from wincraft.exact.number import to_fraction
from wincraft.rings.inner import with_inner_of_ring
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown
from wincraft.version import __version__


@dataclass(frozen=True)
class TapDivisor:
    """A product's divisor f = lost * unit: the factor that the ring cannot divide by, and the inverse of the rest."""

    label: str
    divisor: int
    lost: int
    unit: int
    inverse: int


@dataclass(frozen=True, repr=False)
class RingLoss(Shown):
    """What the exact division by the scale of `algorithm`, a primitive form, loses in words modulo q.

    `asked` are further numbers whose inverses are shown.
    """

    algorithm: Algorithm
    ring: Field
    asked: tuple[int, ...] = ()

    @property
    def modulus(self) -> int:
        """The q of the words."""
        assert self.ring.modulus is not None
        return self.ring.modulus

    @property
    def scale(self) -> int:
        """The scale that is divided by."""
        return int(self.algorithm.scale)

    @property
    def factor(self) -> int:
        """The part L of the scale that has only primes of q; 1 where nothing is lost."""
        return shared_part(self.scale, self.modulus)

    @property
    def unit(self) -> int:
        """The part u of the scale that is prime to q, and has to be."""
        return self.scale // self.factor

    @property
    def inverse(self) -> int:
        """The inverse of the unit modulo q."""
        return pow(self.unit, -1, self.modulus)

    @property
    def bits(self) -> int:
        """The bits lost in Z/2^k: the exponent of 2 in the scale."""
        return (self.scale & -self.scale).bit_length() - 1

    @property
    def exact(self) -> int:
        """The modulus up to which results are exact: q over the factor that it shares with L."""
        return self.modulus // gcd(self.modulus, self.factor)

    @property
    def units(self) -> tuple[int, ...]:
        """The primes that must be units, those of u."""
        return tuple(sorted(factorint(self.unit)))

    @cached_property
    def divisors(self) -> tuple[TapDivisor, ...]:
        """Those of the products, along each axis that differs from those before it."""
        found: list[TapDivisor] = []
        parts = list(dict.fromkeys(self.algorithm.factors)) if self.algorithm.separable else [self.algorithm]
        for part in parts:
            labels = tap_labels(part) if len(part.m) == 1 else list(map(str, range(part.rank)))
            suffix = f" of {part.size}" if len(parts) > 1 else ""
            for label, divisor in zip(labels, tap_divisors(part), strict=True):
                lost = shared_part(divisor, self.modulus)
                unit = divisor // lost
                found.append(TapDivisor(f"{label}{suffix}", divisor, lost, unit, pow(unit, -1, self.modulus)))
        return tuple(found)

    def inverse_of(self, number: int) -> int:
        """1/number modulo q.

        Raises:
            NotApplicable: where it is no unit.
        """
        return inverse_in(number, self.ring)

    def divide(self, sums: int) -> int:
        """Y modulo `exact` from N = scale y modulo q: the inverse of u, then the exact division by L.

        >>> from wincraft import winograd
        >>> loss = ring_loss(winograd(3, 3, points="0,1,-1,-2,inf"), "Z/2^16")
        >>> loss.divide(-5 * loss.scale) == -5 % loss.exact
        True
        """
        q, lost = self.modulus, gcd(self.modulus, self.factor)
        rest = pow(self.factor // lost, -1, self.exact)  # prime to what is left of q
        return sums * self.inverse % q // lost * rest % self.exact

    def layout(self) -> Layout:
        """What is lost, what must be a unit, and the divisor of each product with its inverse."""
        q, name = self.modulus, self.ring.name
        binary = q.bit_count() == 1
        lost = _bits(self.bits) if binary else f"the factor {gcd(q, self.factor)}"
        result = power_text(self.exact)
        if self.exact == q:
            head = [f"nothing is lost: results are exact modulo {power_text(q)}"]
        elif self.exact == 1:
            head = [f"everything is lost: the scale is divisible by {q}"]
        else:
            head = [f"{lost} lost: in words modulo {power_text(q)} results are exact modulo {result}, q <= {result}"]
        units = ", ".join(map(str, self.units)) or "none"
        head.append(
            f"units needed: {units}; scale {self.scale} = {self.factor} * {self.unit}, 1/{self.unit} = {self.inverse}"
        )
        rows = tuple(
            (item.label, str(item.divisor), _bits_or(item.lost, binary), str(item.unit), str(item.inverse))
            for item in self.divisors
        )
        header = ("product", "divisor", "bits lost" if binary else "lost", "unit", "1/unit")
        tables = [Table(header, rows, "lrrrr")]
        if self.asked:
            more = tuple((f"1/{number}", str(self.inverse_of(number))) for number in self.asked)
            tables.append(Table(("number", f"modulo {power_text(q)}"), more, "lr"))
        form = "" if self.algorithm.form == "correlation" else ", linear form"
        title = f"{self.algorithm.size}{form} over {name}: {self.algorithm.rank} products"
        return Layout(title, tuple(head), (Section("", tuple(tables), self._notes()),))

    def _notes(self) -> tuple[str, ...]:
        notes = ["Sums N = scale y modulo the word: times the inverse, then divided by what is lost, a shift of bits."]
        for first, second, shared in _near_of(self.algorithm, self.modulus):
            notes.append(f"{first} and {second} differ by no unit: they share {shared} of {self.ring.name}.")
        return tuple(notes)

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.ring``; the schema is ``ring-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.ring",
            "version": 1,
            "wincraft": __version__,
            "size": self.algorithm.size,
            "form": self.algorithm.form,
            "rank": self.algorithm.rank,
            "ring": self.ring.name,
            "scale": str(self.scale),
            "lost": str(self.factor),
            "bits": self.bits,
            "exact": str(self.exact),
            "units": [str(unit) for unit in self.units],
            "inverse": str(self.inverse),
            "divisors": [
                {
                    "product": item.label,
                    "divisor": str(item.divisor),
                    "lost": str(item.lost),
                    "inverse": str(item.inverse),
                }
                for item in self.divisors
            ],
            "inverses": {str(number): str(self.inverse_of(number)) for number in self.asked},
        }


def ring_loss(algorithm: Algorithm, ring: str | int | Field, asked: tuple[int, ...] = ()) -> RingLoss:
    """What an algorithm over the rationals loses in words that hold residues modulo q, proved by its integer form.

    Args:
        algorithm: of either form and any number of axes.
        ring: ``"Z/2^16"``, ``"GF(3329)"``, or q.
        asked: further numbers whose inverses are to be shown.

    Raises:
        NotApplicable: for entries that are no rational numbers; an asked number that is no unit.
        BadNumber, BadValue: for what names no ring.

    >>> from wincraft import winograd
    >>> loss = ring_loss(winograd(4, 4, points="0,1,-1,2,-2,3,inf"), "Z/2^16")
    >>> loss.bits, loss.units, loss.exact == 2**13, loss.inverse
    (3, (3, 5), True, 61167)
    """
    K = read_ring(ring)
    if K.modulus is None:
        raise NotApplicable("losses of a ring", f"{K.name} is no ring of residues", 'name one, "Z/2^16"')
    made = RingLoss(primitive_form(algorithm), K, tuple(asked))
    for number in asked:
        made.inverse_of(number)
    return made


def over_ring(algorithm: Algorithm, ring: str | int | Field) -> Algorithm:
    """The algorithm with integer maps and a unit for its scale in GF(p) or Z/q, proved there.

    Where GF(p) has too few points for the inner moduli of a modulus of degree 3 or more, it gets others (see
    `wincraft.rings.inner`), unless they were given.

    Raises:
        NotApplicable: where the scale is no unit, with the points that collide or differ by no unit.
        BadNumber, BadValue: for what names no ring.

    >>> from wincraft import winograd
    >>> over_ring(winograd(3, 3, moduli="0,1,x^2+x+1,inf"), "GF(2)")
    F(3,3), rank 6, moduli 0,1,x^2+x+1@-1,inf, own scaling, over GF(2), scale 1, proved
    """
    K = read_ring(ring)
    if K.modulus is None:
        return algorithm.convert(K.domain)
    loss = RingLoss(primitive_form(algorithm), K)
    if loss.factor > 1 and (other := with_inner_of_ring(algorithm, K)) is not None:
        loss = RingLoss(primitive_form(other), K)
    if loss.factor > 1:
        near = _near_of(algorithm, loss.modulus)
        prime = K.is_field
        between = "; ".join(
            f"{first} and {second} are equal" if prime else f"{first} and {second} share the factor {shared}"
            for first, second, shared in near[:3]
        )
        reason = f"its divisor {loss.scale} is no unit{f': {between}' if between else ''}"
        repair = f"choose points whose differences are prime to {loss.modulus}, or moduli irreducible there"
        raise NotApplicable(f"{algorithm.size} over {K.name}", reason, repair)
    return loss.algorithm.convert(K.domain)


def read_ring(ring: str | int | Field) -> Field:
    """A ring from its name or its modulus.

    Raises:
        BadNumber, BadValue: for what names none.

    >>> read_ring(3329).name, read_ring("2^16").name
    ('GF(3329)', 'Z/2^16')
    """
    if isinstance(ring, Field):
        return ring
    text = str(ring).strip()
    return Field.named(f"Z/{text}" if text[:1].isdigit() else text)


def inverse_in(number: int, ring: Field) -> int:
    """1/number in Z/q, from 0 to q - 1.

    Raises:
        NotApplicable: where it is no unit.

    >>> [inverse_in(number, Field.named("Z/2^16")) for number in (3, 9, 15)]
    [43691, 36409, 61167]
    """
    q = ring.modulus
    assert q is not None
    if gcd(number, q) > 1:
        repair = "divide its part that the ring shares exactly, by a shift of bits, and give the rest"
        raise NotApplicable(f"1/{number} in {ring.name}", f"it shares the factor {gcd(number, q)} with {q}", repair)
    return pow(number, -1, q)


def tap_divisors(algorithm: Algorithm) -> list[int]:
    """What each product is divided by where all its vectors are primitive integer; the scale is their common multiple.

    >>> from wincraft import winograd
    >>> tap_divisors(winograd(3, 3, points="0,1,-1,-2,inf"))
    [2, 6, 2, 6, 1]
    """
    K, scale = algorithm.domain, to_fraction(algorithm.scale)
    taps = zip(*tap_vectors(algorithm), strict=True)
    contents = (prod(to_fraction(K.to_sympy(content(vector, K))) for vector in tap) for tap in taps)
    return [max(1, abs(int(scale / value))) for value in contents]


def _near_of(algorithm: Algorithm, q: int) -> list[tuple[str, str, int]]:
    """The near points of every axis that is made of known moduli, each pair once."""
    lists = dict.fromkeys(recipe.moduli for recipe in algorithm.recipe if recipe.moduli is not None)
    return list(dict.fromkeys(pair for moduli in lists for pair in near_points(moduli, q)))


def near_points(moduli: tuple[Modulus, ...], q: int) -> list[tuple[str, str, int]]:
    """The pairs of rational points whose difference a/b - c/d, as ad - bc, shares a factor with q, and that factor.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> near_points(parse_moduli("0,1,7,inf"), 7), near_points(parse_moduli("0,1,-1,inf"), 2**16)
    ([('0', '7', 7)], [('1', '-1', 2)])
    """
    points = [(str(item), *_pair(item)) for item in moduli if item.degree == 1 and (item.is_infinite or item.point)]
    points += [("0", 0, 1) for item in moduli if not item.is_infinite and item.point is not None and not item.point]
    points.sort(key=lambda item: [str(modulus) for modulus in moduli].index(item[0]))
    found = []
    for (first, a, b), (second, c, d) in combinations(points, 2):
        shared = gcd(a * d - b * c, q)
        if shared > 1:
            found.append((first, second, shared))
    return found


def shared_part(number: int, q: int) -> int:
    """The largest divisor of a number that has only primes of q.

    >>> shared_part(120, 2**16), shared_part(120, 3329)
    (8, 1)
    """
    part = 1
    while (shared := gcd(number, q)) > 1:
        part, number = part * shared, number // shared
    return part


def power_text(q: int) -> str:
    """``2^13`` for powers of two from 4 on, else the number.

    >>> power_text(8192), power_text(3329)
    ('2^13', '3329')
    """
    return f"2^{q.bit_length() - 1}" if q > 2 and q.bit_count() == 1 else str(q)


def _pair(item: Modulus) -> tuple[int, int]:
    if item.is_infinite:
        return 1, 0
    assert item.point is not None
    fraction = to_fraction(item.point)
    return fraction.numerator, fraction.denominator


def _bits(count: int) -> str:
    return f"{count} bit{'s' * (count != 1)}"


def _bits_or(lost: int, binary: bool) -> str:
    return str(lost.bit_length() - 1) if binary else str(lost)
