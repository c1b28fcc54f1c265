# SPDX-License-Identifier: Apache-2.0
"""What help pages and shells offer is what the registries hold."""

from __future__ import annotations

from typing import get_args

import pytest
from click.shell_completion import BashComplete

from wincraft.cli.main import main
from wincraft.construct import CONVENTIONS, FACTORISATIONS, TILE_USES, USES, families
from wincraft.emit import BINARY, EMITTERS
from wincraft.measure.processor import CORES, SPEEDS
from wincraft.measures import MEASURES, names_with
from wincraft.quantise import DISTRIBUTIONS, OPTIONS, SCHEMES
from wincraft.report.outcome_formats import OUTCOME_FORMATS
from wincraft.report.project import CHECK_KEYS
from wincraft.report.sections import SECTIONS
from wincraft.search import SPACES, STRATEGIES
from wincraft.search.limits.sets import SetKind
from wincraft.show import RENDERERS

BASES = [*families(), *FACTORISATIONS]
OFFERED = {
    "generate 4,3 --convention": CONVENTIONS,
    "generate 4,3 --format": [*EMITTERS, *BINARY],
    "generate 4,3 --points": [*USES, *TILE_USES],
    "generate 4,3 --basis": BASES,
    "basis 4,3 --bases": BASES,
    "report 4,3 --scheme": SCHEMES,
    "report 4,3 --format": RENDERERS,
    "verify f.h --format": OUTCOME_FORMATS,
    "check --format": OUTCOME_FORMATS,
    "report 4,3 --section": SECTIONS,
    "report 4,3 --distribution": DISTRIBUTIONS,
    "search 4,3 --space": SPACES,
    "search 4,3 --objective": names_with(SCHEMES),
    "search 4,3 --strategy": ["auto", *STRATEGIES],
    "search chains 4,3 --objective": names_with(SCHEMES),
    "plan --layer 8,8,4,4 --type": SPEEDS,
    "plan --layer 8,8,4,4 --core": CORES,
    "plan --layer 8,8,4,4 --points": USES,
    "words 4,3 --points": [*USES, *TILE_USES],
    "search limit 4,3 --sets": get_args(SetKind),
}


@pytest.mark.parametrize("words", OFFERED)
def test_shells_offer_what_there_is(words):
    found = BashComplete(main, {}, "wincraft", "_WINCRAFT_COMPLETE").get_completions(words.split(), "")
    assert sorted(item.value for item in found) == sorted(OFFERED[words])


def test_shells_offer_the_options_of_a_scheme():
    words = ["report", "4,3", "--scheme"]
    found = BashComplete(main, {}, "wincraft", "_WINCRAFT_COMPLETE").get_completions(words, "tapwise-8+")
    assert [item.value for item in found] == [f"tapwise-8+{name}" for name in OPTIONS]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("generate", [*CONVENTIONS, *EMITTERS, *BINARY]),
        ("basis", BASES),
        ("verify", OUTCOME_FORMATS),
        ("check", [*OUTCOME_FORMATS, *CHECK_KEYS]),
        ("report", [*SCHEMES, *OPTIONS, *RENDERERS, *SECTIONS, *DISTRIBUTIONS]),
        ("search", [*SPACES, *MEASURES, *STRATEGIES]),
        ("search chains", ["operations", "all-operations", "all-additions", "sqnr:SCHEME", *RENDERERS]),
        ("search limit", get_args(SetKind)),
        ("plan", [*SPEEDS, *CORES, *RENDERERS]),
    ],
)
def test_help_names_what_there_is(wincraft_here, words, names):
    text = "".join(wincraft_here(*words.split(), "--help", check=0).stdout.split())
    assert [name for name in names if name not in text] == []
