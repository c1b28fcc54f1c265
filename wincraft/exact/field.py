# SPDX-License-Identifier: Apache-2.0
"""Where the entries of an algorithm live: the rationals, a real algebraic extension of them, or a prime field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sympy import isprime
from sympy.polys.domains import GF, QQ

from wincraft.errors import BadNumber, NotApplicable, shorten
from wincraft.exact.number import exact_number, field_of, number_text, to_element
from wincraft.exact.types import Domain, Element, Number

_PRIME = re.compile(r"GF\((\d{1,9})\)")
_ALGEBRAIC = re.compile(r"QQ<(.+)>")


@dataclass(frozen=True)
class Field:
    """A field by sympy's domain of it: QQ, QQ<sqrt(2)>, GF(31).

    Every reader of entries asks it what they are. GF(p) has no order: what measures sizes refuses it by name.

    >>> Field.named("GF(31)").element("1/2"), Field.named("QQ").ordered
    (16, True)
    """

    domain: Domain

    @classmethod
    def named(cls, name: str) -> Field:
        """The field of a name, as `name` writes it.

        Raises:
            BadNumber: for what names none.

        >>> [Field.named(name).name for name in ("QQ", "GF(7)", "QQ<sqrt(2)>")]
        ['QQ', 'GF(7)', 'QQ<sqrt(2)>']
        """
        if name == "QQ":
            return cls(QQ)
        if (prime := _PRIME.fullmatch(name)) and isprime(int(prime[1])):
            return cls(GF(int(prime[1])))
        if algebraic := _ALGEBRAIC.fullmatch(name):
            return cls(field_of([exact_number(algebraic[1])]))
        raise BadNumber(shorten(name), "a field is QQ, GF(p) with a prime p below 10^9, or QQ<sqrt(2)>")

    @property
    def name(self) -> str:
        """``QQ``, ``QQ<sqrt(2)>``, ``GF(31)``."""
        return str(self.domain)

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
        """What the field has beyond the rationals, as sympy numbers; nothing of QQ and GF(p).

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
