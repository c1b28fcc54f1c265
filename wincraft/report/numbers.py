# SPDX-License-Identifier: Apache-2.0
"""How reports write numbers: exact where short, with few digits where not."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Any

from wincraft.exact.number import number_text

LONGEST_EXACT = 12
"""Longer exact numbers are given as decimals."""


def exact_text(value: Any) -> str:
    """An exact number as it is if that is short, else five digits of it.

    >>> from sympy import Rational
    >>> exact_text(Rational(5, 3)), exact_text(Rational(380881775449, 16796160000))
    ('5/3', '22.677')
    """
    text = number_text(value)
    return text if len(text) <= LONGEST_EXACT else f"{float(value):.5g}"


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


def loss(direct: float, measured: float) -> float:
    """How many dB below direct convolution; 0 where both are exact, inf where the result is not finite.

    >>> loss(40.0, 36.5), loss(float("inf"), float("inf")), loss(40.0, float("nan"))
    (3.5, 0.0, inf)
    """
    if isnan(measured):
        return float("inf")
    return 0.0 if direct == measured else direct - measured


def count(value: int) -> str:
    """An integer with its thousands apart.

    >>> count(35624960)
    '35,624,960'
    """
    return f"{value:,}"


def short_scheme(name: str) -> str:
    """A scheme's name with its options as a bare ``+``.

    >>> short_scheme("tapwise-8+weights-per-channel+mse"), short_scheme("fp16")
    ('tapwise-8+', 'fp16')
    """
    base, plus, _ = name.partition("+")
    return base + plus


def plural(amount: int, noun: str) -> str:
    """``1 channel``, ``2 channels``."""
    return f"{count(amount)} {noun}{'s' * (amount != 1)}"
