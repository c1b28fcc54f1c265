# SPDX-License-Identifier: Apache-2.0
"""The measures of a report: what its tables show, and what ``--fail-above`` holds to a limit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from wincraft.errors import CheckFailed, NotApplicable
from wincraft.limits import Limit, parse_limit
from wincraft.measures import MEASURES, Measure
from wincraft.quantise.schemes import Scheme
from wincraft.report.model import Results, Unavailable, available

REPORTED = tuple(item for item in MEASURES.values() if not item.takes)
"""Those of every report: what needs no argument."""
OF_SCHEMES = tuple(item for item in MEASURES.values() if item.evaluated)
"""Those of every scheme of a report."""


def value_of(report: Results, measure: Measure) -> Any:
    """The value, or `Unavailable`; that of a scheme is from its evaluation, where it was evaluated.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> value_of(build_report(winograd(2, 3), schemes=[]), MEASURES["noise-gain"])
    5/3
    """
    if not measure.evaluated:
        return available(partial(measure.value, report.analysis))
    assert measure.scheme is not None
    for item in report.schemes:
        if item.scheme.name == measure.scheme.name:
            return item.evaluation if isinstance(item.evaluation, Unavailable) else measure.read(item.evaluation)
    return Unavailable(f"scheme {measure.scheme.name} was not evaluated")


def text_of(report: Results, measure: Measure) -> str:
    """The value as tables show it, ``n/a`` where there is none.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> text_of(build_report(winograd(2, 3), schemes=[]), MEASURES["noise-gain-db"])
    '+2.2 dB'
    """
    value = value_of(report, measure)
    return "n/a" if isinstance(value, Unavailable) else measure.shown(value)


def parse_fail_above(text: str, schemes: Iterable[Scheme] = ()) -> Limit:
    """The limit of ``--fail-above MEASURE=VALUE``; `schemes` as in `parse_limit`.

    Raises:
        UnknownName, BadNumber: as `parse_limit`.
        NotApplicable: for a measure of which more is better, and a text that is no largest value.

    >>> parse_fail_above("noise-gain=5").text
    'noise-gain=5'
    """
    limit = parse_limit(text, schemes)
    measure = limit.measure
    if measure.better == "higher":
        repair = "choose another measure" if measure.scheme is None else f"write error:{measure.text}=-30, say"
        raise NotApplicable(f"--fail-above {measure.name}", "more of it is better", repair)
    if limit.relation != "<=":
        raise NotApplicable(f"--fail-above {limit.text}", "it is no largest value", f"write {measure.name}=VALUE")
    return limit


def failures(report: Results, limits: Iterable[Limit], name: str) -> list[CheckFailed]:
    """The limits that a report exceeds; a value that is not available or no number fails too.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> report = build_report(winograd(4, 3), schemes=[])
    >>> print(*failures(report, [parse_fail_above("noise-gain=3")], "F(4,3)"))
    check failed: noise-gain of F(4,3) is 4.76195, the limit is 3; choose another algorithm or another limit
    """
    failed = []
    for limit in limits:
        value = value_of(report, limit.measure)
        if isinstance(value, Unavailable):
            failed.append(CheckFailed(name, limit.measure.name, f"not available ({value.reason})", limit.nearest))
        elif not limit.holds(value):
            failed.append(CheckFailed(name, limit.measure.name, f"{float(value):.6g}", limit.nearest))
    return failed
