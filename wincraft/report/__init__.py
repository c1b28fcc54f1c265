# SPDX-License-Identifier: Apache-2.0
"""Analysis results for people: text, markdown, HTML with plots, and JSON for programs.

The package is callable: ``wincraft.report(algorithm)`` is `wincraft.report.calls.report`.
"""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.report.advising import advice as advice
    from wincraft.report.bases import (
        BasisComparison as BasisComparison,
        DEFAULT_BASES as DEFAULT_BASES,
        SCHEMES_FOR_BASES as SCHEMES_FOR_BASES,
        compare_bases as compare_bases,
    )
    from wincraft.report.build import build_report as build_report
    from wincraft.report.calls import compare as compare, report as report
    from wincraft.report.comparison import (
        Comparison as Comparison,
        DEFAULT_SCHEMES as DEFAULT_SCHEMES,
        build_comparison as build_comparison,
    )
    from wincraft.report.explorer import Explorer as Explorer, explore as explore
    from wincraft.report.browser import (
        PAGE_START as PAGE_START,
        explorer_page as explorer_page,
        page_scheme as page_scheme,
        page_settings as page_settings,
    )
    from wincraft.report.labelling import labels as labels
    from wincraft.report.matrices import matrices_section as matrices_section
    from wincraft.report.measures import (
        failures as failures,
        parse_fail_above as parse_fail_above,
        text_of as text_of,
        value_of as value_of,
    )
    from wincraft.report.model import Results as Results, SchemeResult as SchemeResult, Unavailable as Unavailable
    from wincraft.report.outcome_formats import OUTCOME_FORMATS as OUTCOME_FORMATS
    from wincraft.report.outcomes import FileOutcome as FileOutcome, verdict_document as verdict_document
    from wincraft.report.pieces import PieceReport as PieceReport, report_pieces as report_pieces
    from wincraft.report.plan import LayerPlan as LayerPlan
    from wincraft.report.plan_comparison import PlanComparison as PlanComparison, compare_plans as compare_plans
    from wincraft.report.planning import plan_layer as plan_layer
    from wincraft.report.project import read_checks as read_checks, run_file_checks as run_file_checks
    from wincraft.report.proofs import prove_files as prove_files
    from wincraft.report.shown import Report as Report

show(__name__, called=True)
