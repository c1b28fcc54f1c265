# SPDX-License-Identifier: Apache-2.0
"""How reports write numbers: exact where short, with few digits where not."""

from __future__ import annotations

from decimal import Decimal
from math import inf, isfinite, isnan
from typing import Any

LONGEST_EXACT = 12
"""Longer exact numbers are given as decimals."""


def exact_text(value: Any) -> str:
    """An exact number as it is if that is short, else five digits of it.

    >>> from sympy import Rational
    >>> exact_text(Rational(5, 3)), exact_text(Rational(380881775449, 16796160000))
    ('5/3', '22.677')
    >>> exact_text(Rational(10**400))
    '1.0000e+400'
    """
    from wincraft.exact.number import number_text  # here, so that measures are named without algebra

    text = number_text(value)
    if len(text) <= LONGEST_EXACT:
        return text
    try:
        shown = float(value)
    except OverflowError:
        shown = inf
    # Decimal has no largest number
    return f"{shown if isfinite(shown) else Decimal(value.numerator) / Decimal(value.denominator):.5g}"


def number(value: float) -> str:
    """Four digits, without an exponent up to six places.

    >>> number(5.0), number(877546.1), number(2.25)
    ('5', '877546', '2.25')
    """
    if not isfinite(value):
        return "infinite" if not isnan(value) else "not a number"
    if 1000 <= abs(value) < 1e7:
        return f"{value:.0f}"
    return f"{float(value):.4g}"


def decibels(value: float) -> str:
    """A tenth of a decibel; an error of 0 is ``exact``.

    >>> decibels(38.04), decibels(float("inf")), decibels(float("nan"))
    ('38.0', 'exact', 'not finite')
    """
    if isnan(value) or value == float("-inf"):
        return "not finite"
    return "exact" if value == float("inf") else f"{round(value, 1) + 0.0:.1f}"


def error_decibels(value: float) -> str:
    """An error in dB, less being better: minus the SQNR; ``exact`` for an error of 0.

    >>> error_decibels(-38.04), error_decibels(float("-inf")), error_decibels(float("inf"))
    ('-38.0', 'exact', 'not finite')
    """
    text = decibels(-value)
    return text if not isfinite(value) else f"{round(value, 1) + 0.0:.1f}"


def loss(direct: float, measured: float) -> float:
    """How many dB below direct convolution; 0 where both are exact, inf where the result is not finite.

    >>> loss(40.0, 36.5), loss(float("inf"), float("inf")), loss(40.0, float("nan"))
    (3.5, 0.0, inf)
    >>> loss(float("-inf"), float("-inf"))
    inf
    """
    if isnan(measured) or measured == float("-inf"):
        return float("inf")
    return 0.0 if direct == measured else direct - measured


def loss_text(value: float) -> str:
    """A loss in dB; ``none`` where only direct convolution is not finite.

    It is infinite where the result is not finite, and where it is not exact while direct convolution is.

    >>> loss_text(3.54), loss_text(float("inf")), loss_text(float("-inf"))
    ('3.5', 'infinite', 'none')
    """
    if isfinite(value):
        return f"{round(value, 1) + 0.0:.1f}"
    return "unknown" if isnan(value) else "infinite" if value > 0 else "none"


def finite(value: float) -> float | str:
    """A float for JSON, which has none that is infinite or NaN: those as texts.

    >>> finite(1.5), finite(float("inf"))
    (1.5, 'inf')
    """
    return float(value) if isfinite(value) else str(float(value))


def count(value: int) -> str:
    """An integer with its thousands apart.

    >>> count(35624960)
    '35,624,960'
    """
    return f"{value:,}"


def plural(amount: int, noun: str, several: str | None = None) -> str:
    """A count with its noun.

    >>> plural(1, "channel"), plural(2, "channel"), plural(2, "basis", "bases")
    ('1 channel', '2 channels', '2 bases')
    """
    return f"{count(amount)} {noun if amount == 1 else several or noun + 's'}"
