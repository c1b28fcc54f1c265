# SPDX-License-Identifier: Apache-2.0
"""The three diagonals of a rescaling, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wincraft.errors import BadScaling, BadShape, WrongType, shorten
from wincraft.exact.field import common_field
from wincraft.exact.number import exact_number, number_text, to_element
from wincraft.exact.types import Domain, Element, Number

TapFactors = Sequence[object]


class Diagonals(NamedTuple):
    """TapFactors of AT's columns, G's rows and BT's rows, in `domain`, whose product is `constant` at every tap."""

    domain: Domain
    output: list[Element]
    filter: list[Element]
    input: list[Element]
    constant: Element


def read_diagonals(
    a: TapFactors | None, g: TapFactors | None, b: TapFactors | None, rank: int, domain: Domain
) -> Diagonals:
    """What `Algorithm.rescale` was given: sequences of `rank` exact numbers, None for ones.

    Raises:
        BadScaling: where a*g*b differs between taps or is 0.
        BadShape: where a sequence has another length.
        WrongType, BadNumber, FloatGiven: what is no sequence of exact numbers.

    >>> from sympy import QQ
    >>> read_diagonals([1, 2], None, [2, 1], 2, QQ).constant
    2
    """
    given = [_numbers(name, values, rank) for name, values in (("a", a), ("g", g), ("b", b))]
    K = common_field(domain, numbers=[value for values in given for value in values])
    elements = [[to_element(value, K) for value in values] for values in given]
    products = [x * y * z for x, y, z in zip(*elements, strict=True)]
    for tap, product in enumerate(products):
        if product != products[0] or not product:
            raise BadScaling(tap, *(number_text(K.to_sympy(value)) for value in (product, products[0])))
    of_output, of_filter, of_input = elements
    return Diagonals(K, of_output, of_filter, of_input, products[0])


def _numbers(name: str, given: TapFactors | None, rank: int) -> list[Number]:
    if given is not None and (isinstance(given, str) or not isinstance(given, Iterable)):
        raise WrongType(f"a scaling {name}", shorten(repr(given)), "give a sequence of one factor per tap")
    values = [exact_number(value) for value in (given if given is not None else [1] * rank)]
    if len(values) != rank:
        raise BadShape(f"scaling {name}", f"({len(values)},)", f"({rank},), one factor per tap")
    return values
