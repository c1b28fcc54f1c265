# SPDX-License-Identifier: Apache-2.0
"""What to take in place of an algorithm that is not within a limit: the catalogue's sets are tried."""

from __future__ import annotations

from functools import partial

from wincraft.analysis import Analysis
from wincraft.construct.catalogue import USES
from wincraft.construct.winograd import winograd
from wincraft.errors import CheckFailed, WincraftError
from wincraft.limits import Limit
from wincraft.report.model import Unavailable, available

LARGEST_TRIED = 400
"""Products of a tile up to which other sets are tried."""


class LimitExceeded(CheckFailed):
    """A measure beyond its limit, with what would keep it.

    >>> print(LimitExceeded("F(4,3)", "noise-gain", "10.8", 5.0, "raise the limit"))
    check failed: noise-gain of F(4,3) is 10.8, the limit is 5; raise the limit
    """

    template = "check failed: {measure} of {subject} is {value}, the limit is {limit:g}; {repair}"
    repair: str = "choose another algorithm or another limit"


def limit_repair(limit: Limit, analysis: Analysis) -> str:
    """The first set of the catalogue with which the size is within the limit; where none is, to choose another.

    >>> from wincraft.limits import parse_limit
    >>> known = Analysis(winograd(4, 3, points="0,1,-1,2,-2"))
    >>> limit_repair(parse_limit("noise-gain<=5"), known)
    'generate it with --points accuracy, which has 4.762'
    >>> limit_repair(parse_limit("rank<=4"), known)
    'no set of the catalogue is within it; choose another limit'
    """
    algorithm = analysis.algorithm
    if algorithm.form != "correlation" or algorithm.rank > LARGEST_TRIED:
        return "choose another algorithm or another limit"
    for use in USES:
        try:
            other = winograd(algorithm.size, points=use)
        except WincraftError:
            continue
        value = available(
            partial(limit.measure.value, Analysis(other, analysis.integers, analysis.workload, analysis.circuit))
        )
        if not isinstance(value, Unavailable) and limit.holds(value):
            dearer = f" at {other.rank} products for {algorithm.rank}" if other.rank > algorithm.rank else ""
            return f"generate it with --points {use}, which has {limit.measure.shown(value)}{dearer}"
    return "no set of the catalogue is within it; choose another limit"
