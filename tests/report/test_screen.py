# SPDX-License-Identifier: Apache-2.0
"""What fits on one screen, and that it says the same as the whole."""

from __future__ import annotations

import re

import pytest

from wincraft import parse, winograd
from wincraft.measure import parse_layer_shape
from wincraft.quantise import SCHEMES, Workload, parse_scheme
from wincraft.report import DEFAULT_BASES, build_comparison, build_report, compare_bases
from wincraft.report.sections import SECTIONS
from wincraft.show import Table, rendered
from wincraft.show.text import table_lines

SMALL = Workload(channels=16, outputs=2, tiles=4)
LONG = "tapwise-8,U=int9/tap,V=int9/tap,M=int12/tap,output=int16/tensor"


def lines_of(result):
    return repr(result).splitlines()


@pytest.fixture(scope="module")
def whole():
    return build_report(parse("F(4x4,3x3)"), layer=parse_layer_shape("64,64,56,56"), workload=SMALL)


LARGE = pytest.param("F(10x10,5x5)", marks=pytest.mark.slow)


@pytest.mark.slow_cases("F(6x6,3x3)", "F(2x2x2,3x3x3)", "F(2x4,3x5)")
@pytest.mark.parametrize("size", ["F(2,3)", "F(2x2,3x3)", "F(2x4,3x5)", "F(6x6,3x3)", LARGE, "F(2x2x2,3x3x3)"])
def test_all_schemes_in_32_lines_of_80_columns(size):
    lines = lines_of(build_report(parse(size), workload=SMALL, sweep=()))
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80


@pytest.mark.slow_cases("F(20,3)")
@pytest.mark.parametrize(
    ("size", "options", "schemes"),
    [
        ("F(4x4,3x3)", {}, ["fp16"]),
        ("F(4x4,3x3)", {}, [LONG, LONG.replace("int12", "int14"), "fp16"]),
        ("F(4,3)", {"moduli": "0,1,-1,x^2+1,inf"}, ["fp16", "tapwise-8"]),
        ("F(4,3)", {"points": "0,1,-1,sqrt(2),-sqrt(2)"}, ["fp16", "ncnn-int8"]),
        ("F(20,3)", {}, ["fp16", "fp32"]),
        ("F(4x4,3x3)", {}, []),
    ],
)
def test_chosen_schemes_fit_too(size, options, schemes):
    chosen = [parse_scheme(name) for name in schemes]
    lines = lines_of(build_report(parse(size, **options), chosen, workload=SMALL, sweep=()))
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80


def test_the_verdict_comes_first_and_every_scheme_is_in_it_and_in_the_table(whole):
    lines = lines_of(whole)
    assert len(lines) <= 32
    verdict, table = lines.index("VERDICT"), next(i for i, line in enumerate(lines) if line.startswith("FORMATS"))
    assert verdict < 6 < table
    said = " ".join(lines[verdict:table])
    for item in whole.schemes:
        applies = item.label != "ncnn-int8"
        assert (item.label in said) == applies
        assert any(line.startswith(f"  {item.label} ") for line in lines[table:]) == applies
    assert "N/a: ncnn-int8." in repr(whole)
    assert "Layer 64,64,56,56:" in said
    assert f"({10 * 1.3556:+.1f} dB)" in lines[0]  # the noise gain, 22.676


def test_the_numbers_are_those_of_the_whole(whole):
    screen, full = whole.screen(), whole.layout().only(["formats"])
    applies = [row for row in full.sections[0].tables[0].rows if row[-1] != "n/a"]
    assert list(screen.sections[1].tables[0].rows) == applies


def test_reasons_where_there_is_room():
    text = " ".join(repr(build_report(winograd(4, 3).transpose(), [SCHEMES["fp16"]], workload=SMALL)).split())
    assert "fp16: not applicable: " in text


def test_everything_has_all_sections_the_verdict_first(whole):
    names = [section.name for section in whole.layout().sections]
    assert names == list(SECTIONS)
    assert names[0] == "verdict"
    for format, mark in (("text", "VERDICT"), ("markdown", "## Verdict"), ("html", "<h2>Verdict</h2>")):
        text = rendered(whole, format)
        first = {"text": "FORMATS", "markdown": "## Formats", "html": "<h2>Formats</h2>"}[format]
        assert 0 < text.index(mark) < text.index(first)


def test_pages_carry_the_matrices_and_what_they_are_of(whole):
    for format, heading in (("html", "<h2>Matrices</h2>"), ("markdown", "## Matrices")):
        page = rendered(whole, format)
        assert whole.algorithm.sha256[:16] in page
        below = page.split(heading)[1]
        entries = {str(value) for matrix in whole.algorithm.factors[0].AT.tolist() for value in matrix}
        assert "729/64" not in entries
        assert all(entry in below for entry in entries)


@pytest.mark.slow_cases("names0")
@pytest.mark.parametrize("names", [DEFAULT_BASES, ("canonical",), ("canonical", "butterfly", "legendre/pow2")])
def test_bases_in_40_lines(names):
    found = compare_bases(parse("F(4x4,3x3)"), names, workload=SMALL)
    lines = lines_of(found)
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[4] == "ADVICE"
    for column in found.columns:
        (row, *_) = [line for line in lines if line.startswith(f"  {column.name} ")]
        assert f"{column.online:,}" in row


def test_stars():
    """None where all are alike, several where some tie; what does not apply is never best."""
    algorithms = {name: winograd(4, 3, points="0,1,-1,2,-2", convention=name) for name in ("wincnn", "lavin", "pow2")}
    found = build_comparison(algorithms, [SCHEMES["fp16"]], SMALL)
    section = found.layout().only(["measures"]).sections[0]
    (table,) = section.tables
    rows = {row[0]: (number, row) for number, row in enumerate(table.rows)}
    stars = {name: {column for line, column in table.marked if line == number} for name, (number, _) in rows.items()}
    assert stars["noise gain"] == stars["products/output"] == set()
    assert stars["transform ops"] == {1, 2}
    lines = table_lines(table)
    column = lines[1].rindex(rows["products/output"][1][3]) + len(rows["products/output"][1][3])
    for line, row in zip(lines[1:], table.rows, strict=True):
        assert line[:column].endswith(row[3])  # digits end in one column, with a star or without
        assert line[column:] in ("", "*")


def test_one_column_has_no_star():
    (section,) = build_comparison({"one": winograd(2, 3)}, [], SMALL).layout().only(["measures"]).sections
    assert section.tables[0].marked == frozenset()


def test_heads_are_broken_before_a_table_is_split():
    heads = ("", *(f"pow2, ±{k} ±{k + 1} ±{k + 2}" for k in range(5)))
    table = Table(heads, (("noise gain", *["12345"] * 5),), "lrrrrr")
    lines = table_lines(table)
    assert max(map(len, lines)) <= 80
    assert sum("noise gain" in line for line in lines) == 1
    assert table_lines(table, 160)[0].split("  ")[-1] == heads[-1]


def test_options_are_told_by_the_name():
    schemes = [parse_scheme("tapwise-8+unsigned"), parse_scheme("tapwise-8+mse")]
    text = repr(build_report(winograd(2, 3), schemes, workload=SMALL, sweep=()))
    assert re.findall(r"^  (tapwise-8\S+) +\d", text, re.MULTILINE) == [scheme.name for scheme in schemes]
