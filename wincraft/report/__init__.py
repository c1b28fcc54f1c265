# SPDX-License-Identifier: Apache-2.0
"""Analysis results for people: text, markdown, HTML with plots, and JSON for programs.

The package is callable: ``wincraft.report(algorithm)`` is `wincraft.report.calls.report`.
"""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.report.bases import BasisComparison as BasisComparison, compare_bases as compare_bases
    from wincraft.report.build import build_report as build_report
    from wincraft.report.calls import report as report
    from wincraft.report.comparison import Comparison as Comparison, build_comparison as build_comparison
    from wincraft.report.explorer import Explorer as Explorer, explore as explore
    from wincraft.report.model import Report as Report

show(__name__, called=True)
