# SPDX-License-Identifier: Apache-2.0
"""Where the entries of an algorithm live: the rationals, a real algebraic extension, a prime field or a ring Z/q."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

from sympy import factorint, isprime
from sympy.polys.domains import GF, QQ

from wincraft.errors import BadNumber, BadValue, NotApplicable, shorten
from wincraft.exact.number import exact_number, field_of, number_text, to_element
from wincraft.exact.types import Domain, Element, Number

MAX_MODULUS = 2**64
"""Largest q of GF(q) and Z/q."""

_RESIDUES = re.compile(r"(?:GF\((?P<prime>\d{1,20})\)|Z/(?P<base>\d{1,20})(?:\^(?P<exponent>\d{1,2}))?)")
_ALGEBRAIC = re.compile(r"QQ<(.+)>")


@dataclass(frozen=True)
class Field:
    """A field by sympy's domain of it: QQ, QQ<sqrt(2)>, GF(31); or the ring Z/q of residues, Z/2^16.

    Every reader of entries asks it what they are. GF(p) and Z/q have no order: what measures sizes refuses them by
    name. In Z/q only units, prime to q, have inverses.

    >>> Field.named("GF(31)").element("1/2"), Field.named("QQ").ordered, int(Field.named("Z/2^16").element("1/3"))
    (16, True, 43691)
    """

    domain: Domain

    @classmethod
    def named(cls, name: str) -> Field:
        """The field of a name, as `name` writes it.

        Raises:
            BadNumber: for what names none.
            BadValue: GF(q) where q is no prime, and q below 2 or beyond `MAX_MODULUS`.

        >>> [Field.named(name).name for name in ("QQ", "GF(7)", "QQ<sqrt(2)>", "Z/7", "Z/65536")]
        ['QQ', 'GF(7)', 'QQ<sqrt(2)>', 'GF(7)', 'Z/2^16']
        """
        if name == "QQ":
            return cls(QQ)
        if residues := _RESIDUES.fullmatch(name):
            return cls(GF(_modulus(name, residues)))
        if algebraic := _ALGEBRAIC.fullmatch(name):
            return cls(field_of([exact_number(algebraic[1])]))
        raise BadNumber(shorten(name), "a field is QQ, GF(p) with a prime p, QQ<sqrt(2)>, or the ring Z/q, Z/2^16")

    @property
    def name(self) -> str:
        """``QQ``, ``QQ<sqrt(2)>``, ``GF(31)``, ``Z/2^16``, ``Z/3330``."""
        q = self.modulus
        if q is None or isprime(q):
            return str(self.domain)
        return f"Z/2^{q.bit_length() - 1}" if q.bit_count() == 1 else f"Z/{q}"

    @property
    def modulus(self) -> int | None:
        """The q of GF(q) and Z/q; None of fields of numbers.

        >>> Field.named("Z/2^13").modulus, Field.named("QQ").modulus
        (8192, None)
        """
        return None if self.ordered else int(self.domain.characteristic())

    @property
    def is_field(self) -> bool:
        """Whether all elements but 0 have inverses: not in Z/q where q is no prime.

        >>> Field.named("GF(7)").is_field, Field.named("Z/2^13").is_field
        (True, False)
        """
        return self.modulus is None or bool(isprime(self.modulus))

    def is_unit(self, element: Element) -> bool:
        """Whether it has an inverse.

        >>> ring = Field.named("Z/2^13")
        >>> ring.is_unit(ring.domain(3)), ring.is_unit(ring.domain(6))
        (True, False)
        """
        q = self.modulus
        return bool(element) if q is None else gcd(int(self.domain.to_sympy(element)), q) == 1

    @property
    def rational(self) -> bool:
        """Whether it is QQ."""
        return self.domain.is_QQ

    @property
    def ordered(self) -> bool:
        """Whether its elements are real numbers, so that they have sizes."""
        return not self.domain.is_FiniteField

    @property
    def generators(self) -> list[Number]:
        """What the field has beyond the rationals, as sympy numbers; nothing of QQ, GF(p) and Z/q.

        >>> Field(field_of([exact_number("sqrt(2)")])).generators
        [sqrt(2)]
        """
        return [self.domain.to_sympy(self.domain.unit)] if self.ordered and not self.rational else []

    def element(self, value: object) -> Element:
        """The element of a number as `exact_number` reads it.

        Raises:
            BadNumber, FloatGiven: what is no exact number, or none of this field.
        """
        return to_element(exact_number(value), self.domain)

    def text(self, element: Element) -> str:
        """What documents hold: ``"-21/4"``; of GF(p) the representative between -p/2 and p/2."""
        return number_text(self.domain.to_sympy(element))

    def need_order(self, what: str) -> None:
        """Refuse a field without sizes.

        Raises:
            NotApplicable

        >>> Field.named("GF(7)").need_order("a noise gain")
        Traceback (most recent call last):
        ...
        wincraft.errors.NotApplicable: a noise gain: elements of GF(7) have no size; take the algorithm over QQ
        """
        if not self.ordered:
            raise NotApplicable(what, f"elements of {self.name} have no size", "take the algorithm over QQ")


def _modulus(name: str, residues: re.Match[str]) -> int:
    q = int(residues["prime"] or residues["base"]) ** int(residues["exponent"] or 1)
    if not 2 <= q <= MAX_MODULUS:
        raise BadValue(f"the modulus of {name}", "out of range", "give 2 to 2^64")
    if residues["prime"] and not isprime(q):
        factors = " * ".join(f"{p}^{k}" if k > 1 else f"{p}" for p, k in factorint(q).items())
        raise BadValue(f"the modulus of {name}", f"{factors}, no prime, so that this is no field", f"write Z/{q}")
    return q


def common_field(*domains: Domain, numbers: Iterable[Number] = ()) -> Domain:
    """The smallest domain that holds real domains and sympy numbers; of prime fields that one itself.

    Raises:
        BadNumber: where there is none.

    >>> common_field(QQ, field_of([exact_number("sqrt(2)")])), common_field(GF(7), GF(7))
    (QQ<sqrt(2)>, GF(7))
    """
    fields = [Field(domain) for domain in domains]
    finite = {field.name: field.domain for field in fields if not field.ordered}
    if not finite:
        return field_of([generator for field in fields for generator in field.generators] + list(numbers))
    if len(finite) > 1 or any(field.generators for field in fields):
        names = " and ".join(dict.fromkeys(field.name for field in fields))
        raise BadNumber(f"entries of {names}", "take one field")
    return next(iter(finite.values()))
