# SPDX-License-Identifier: Apache-2.0
"""Objectives that have no name: most are named in `wincraft.measures`."""

from __future__ import annotations

from functools import partial
from typing import Any

from wincraft.analysis import Analysis
from wincraft.measure.noise import noise_gain
from wincraft.measures import Measure
from wincraft.show.numbers import exact_text


def noise_gain_under(input_moments: Any = None, filter_moments: Any = None) -> Measure:
    """The noise gain under given second moments, as `wincraft.measure.noise.noise_gain` takes them.

    >>> from wincraft import winograd
    >>> smooth = [[f"1/{2 ** abs(i - j)}" for j in range(4)] for i in range(4)]
    >>> noise_gain_under(smooth).value(winograd(2, 3, points="0,1,-1"))
    3/2
    """
    read = partial(_noise_gain, input_moments=input_moments, filter_moments=filter_moments)
    return Measure("noise-gain:given", "noise gain", "noise gain under given second moments", read, exact_text)


def _noise_gain(known: Analysis, input_moments: Any, filter_moments: Any) -> Any:
    return noise_gain(known.algorithm, input_moments, filter_moments).value
