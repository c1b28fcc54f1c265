# SPDX-License-Identifier: Apache-2.0
"""A report as people have it: the results, and how they show themselves."""

from __future__ import annotations

from typing import Any

from wincraft.report.json import report_document
from wincraft.report.model import Results
from wincraft.report.screen import report_screen
from wincraft.report.sections import report_layout
from wincraft.show.layout import Layout
from wincraft.show.shown import Shown, rendered


class Report(Shown, Results):
    """The results of an algorithm; the repr is what of them fits on a screen.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> build_report(winograd(2, 3), schemes=[]).layout().title
    'F(2,3): 4 products for 2 outputs'
    """

    def layout(self) -> Layout:
        """The report as titled tables of texts."""
        return report_layout(self)

    def screen(self) -> Layout:
        """The verdict and a table of the schemes: what fits on one screen."""
        return report_screen(self)

    def document(self) -> dict[str, Any]:
        """The report as plain data."""
        return report_document(self)

    def __repr__(self) -> str:
        return rendered(self.screen().ending("wincraft.show.rendered(report) gives all of it.")).rstrip("\n")
