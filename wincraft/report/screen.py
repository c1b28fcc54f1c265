# SPDX-License-Identifier: Apache-2.0
"""The part of a result that fits on one screen: what was measured, the verdict or the advice, and one table."""

from __future__ import annotations

from wincraft.algorithm.description import describe
from wincraft.report.model import Results, Unavailable
from wincraft.report.sections import SCHEME_COLUMNS, formats_row, report_title
from wincraft.report.verdict import brief_verdict, noise_decibels
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import number

_TITLE = "Formats: SQNR in dB, 6 dB a bit; loss to direct, negative is better"
LONGEST_DESCRIPTION = 150
"""Letters of points and convention: two lines."""
FEW_ROWS = 6
"""Of the table of schemes: with so many there is room for the reasons why others are not in it."""


def report_screen(report: Results) -> Layout:
    """The answer and the numbers it rests on, for `SCHEMES` in about 30 lines of 80 columns.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> [section.title for section in report_screen(build_report(winograd(2, 3), schemes=[])).sections]
    ['Verdict']
    """
    findings = brief_verdict(report)
    notes, levels = tuple(item.text for item in findings), tuple(item.level for item in findings)
    gain = f"noise gain {number(float(report.noise.value))} ({noise_decibels(report):+.1f} dB)"
    what = describe(report.algorithm)
    return Layout(
        title=f"{report_title(report)}, {gain}",
        head=(what if len(what) <= LONGEST_DESCRIPTION else f"{what[:LONGEST_DESCRIPTION].rpartition(',')[0]},...",),
        sections=(Section("Verdict", (), notes, levels, name="verdict"), *_formats(report)),
    )


def _formats(report: Results) -> list[Section]:
    """A row for every scheme that applies; empty without schemes."""
    if not report.schemes:
        return []
    rows = tuple(formats_row(item) for item in report.schemes if not isinstance(item.evaluation, Unavailable))
    refused = [item.label for item in report.schemes if isinstance(item.evaluation, Unavailable)]
    tables = (Table((*SCHEME_COLUMNS[:-1], "main source"), rows, "lrrrrl"),) if rows else ()
    notes = [f"On {report.workload.describe()}."]
    if refused and len(rows) <= FEW_ROWS:
        notes += _reasons(report)
    elif refused:
        notes[0] += f" N/a: {', '.join(refused)}."
    return [Section(_TITLE, tables, tuple(notes), name="formats")]


def _reasons(report: Results) -> list[str]:
    """Why schemes do not apply, those of one reason together."""
    found: dict[str, list[str]] = {}
    for item in report.schemes:
        if isinstance(item.evaluation, Unavailable):
            found.setdefault(item.evaluation.reason, []).append(item.label)
    return [f"{', '.join(names)}: not applicable: {reason}." for reason, names in found.items()]
