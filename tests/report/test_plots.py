# SPDX-License-Identifier: Apache-2.0
"""Plots of any names and values: well formed, nothing negative, labels within their room, ticks in order."""

from __future__ import annotations

import re
from itertools import pairwise
from math import inf, isfinite, nan
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from wincraft import winograd
from wincraft.quantise import Workload, parse_scheme
from wincraft.report import build_comparison, build_report, compare_bases
from wincraft.report.charts import Row, shares_chart, sqnr_chart
from wincraft.show import rendered
from wincraft.show.chart import decade_ticks, ticks
from wincraft.show.svg import LABELS, PLOT_WIDTH, svg

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Workload(channels=4, outputs=2, tiles=2)
LONG = "tapwise-8,U=int9/tap,V=int9/tap,M=int12/tap,output=int16/tensor"

# the SQNR of two doubles is within 6,300 dB
decibels = st.floats(-6300, 6300) | st.sampled_from([nan, inf, -inf, 0.0])
names = st.text(max_size=12) | st.text(min_size=60, max_size=200) | st.sampled_from([LONG, "W" * 90, "\u6587" * 40])
powers = st.floats(min_value=0, allow_infinity=True) | st.just(nan)


def labels(root):
    """The texts that end at the left of the axis, and where that is."""
    return [item for item in root.iter(f"{SVG}text") if item.get("text-anchor") == "end" and float(item.get("x")) < 170]


def check(figure):
    """What holds of every figure: its parsed root."""
    root = ElementTree.fromstring(figure)
    for item in root.iter():
        assert float(item.get("width", 0)) >= 0
        assert float(item.get("height", 0)) >= 0
        for key in ("x", "y", "cx", "cy"):
            assert -1 <= float(item.get(key, 0)) <= 421 or key in ("y", "cy")
        assert not re.search(r"nan|inf", item.get("d", "") + item.get("points", ""))
    for item in labels(root):
        shown = "".join(item.itertext())[len(item.findtext(f"{SVG}title") or "") :]
        assert float(item.get("textLength", 0)) <= LABELS * PLOT_WIDTH
        assert cell_len(shown) <= LABELS * PLOT_WIDTH / 6
    return root


def charts(result):
    """The SVG of the charts of a result, by title."""
    return {chart.title: svg(chart) for chart in result.layout().charts}


def axis(root):
    """The numbers below the axis with their places, from left to right."""
    found = [item for item in root.iter(f"{SVG}text") if item.get("text-anchor") == "middle" and not item.get("style")]
    numbers = [(float(item.get("x")), item.text.rstrip(" %")) for item in found]
    return sorted((x, float(text)) for x, text in numbers if re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", text))


@given(st.lists(st.builds(Row, names, decibels, decibels, decibels), max_size=5))
@example([Row("a", 0.0, 0.0, 0.0)])
@example([Row("a", -5.0, -5.0, -5.0)])
@example([Row(LONG, 36.0, 12.0, 12.1), Row("fp32", 122.0, 121.0, 121.0)])
@example([Row("a\x00b\ud800<&", 36.0, 12.0, 12.1)])
@settings(max_examples=60)
def test_rows_of_any_names_and_values(rows):
    chart = sqnr_chart("", rows)
    assert (chart is not None) == any(isfinite(value) for row in rows for value in row[1:])
    if chart is not None:
        found = axis(check(svg(chart)))
        assert len(found) >= 2
        assert all(a < b and left + 15 < right for (left, a), (right, b) in pairwise(found))


@given(st.lists(st.tuples(names, st.dictionaries(st.sampled_from("abcdefghijklmnopqrstuvw"), powers), decibels)))
@example([(LONG, {"U": 1e-300, "V": 5e-324, "M": 2.0}, 12.0)])
@example([("a", dict.fromkeys("abcdefghijklmnopqrstuvw", 1.0), 12.0)])
@settings(max_examples=60)
def test_shares_of_any_names_and_powers(found):
    chart = shares_chart("", found)
    if chart is not None:
        places = axis(check(svg(chart)))
        assert [value for _, value in places] == [0, 25, 50, 75, 100]
        assert places[-1][0] - places[0][0] > 0.4 * PLOT_WIDTH


def test_a_long_name_is_shortened_and_kept_as_title():
    root = check(svg(sqnr_chart("", [Row(LONG, 36.0, 12.0, 12.1)])))
    (label,) = [item for item in labels(root) if item.findtext(f"{SVG}title") == LONG]
    shown = "".join(label.itertext())[len(LONG) :]
    head, dots, tail = shown.partition("\u2026")
    assert dots
    assert LONG.startswith(head)
    assert LONG.endswith(tail)


def test_what_is_nearly_exact_does_not_stretch_the_axis():
    rows = [Row("fp32", 123.0, 122.0, 122.2), Row("fp16", 60.0, 48.0, 48.5), Row("int8", 36.0, 11.0, 11.4)]
    root = check(svg(sqnr_chart("", rows)))
    assert axis(root)[-1][1] <= 70
    assert "122.0 dB \u2192" in "".join(root.itertext())
    alone = axis(check(svg(sqnr_chart("", rows[:1]))))
    assert alone[0][1] <= 122
    assert alone[-1][1] >= 123


def test_three_marks_of_one_value_can_all_be_seen():
    root = check(svg(sqnr_chart("", [Row("a", 30.0, 30.0, 30.0), Row("b", 10.0, 10.0, 10.0)])))
    ring, dot = sorted((float(item.get("r")) for item in root.iter(f"{SVG}circle")), reverse=True)[::3]
    height = max(float(re.search(r"v([\d.]+)", item.get("d"))[1]) for item in root.iter(f"{SVG}path")
                 if "v" in item.get("d"))  # fmt: skip
    assert dot < ring < height / 2


def test_rows_are_in_the_order_of_what_was_measured():
    report = build_report(winograd(4, 3), [parse_scheme(name) for name in ("tapwise-8", "fp16", "bf16")],
                          workload=SMALL, sweep=())  # fmt: skip
    measured = {item.label: item.evaluation.measured for item in report.schemes}
    for title in ("Error against direct convolution", "Error by stage"):
        shown = [item.text for item in labels(check(charts(report)[title])) if item.text in measured]
        assert shown == sorted(measured, key=measured.get, reverse=True)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([150.0, 240.0, 420.0]))
def test_ticks_are_distinct_in_order_and_enclose(one, other, room):
    low, high = sorted((one, other))
    found = ticks(low, high, room)
    values = [value for value, _ in found]
    assert values[0] <= low + 1e-6 * (high - low)
    assert values[-1] >= high - 1e-6 * (high - low)
    assert len({text for _, text in found}) == len(found) >= 3
    assert values == sorted(values)
    assert [float(text) for _, text in found] == pytest.approx(values, rel=1e-9, abs=1e-9)
    assert len(found) <= room / 40 + 2
    steps = {round((b - a) / 10 ** (len(str(int(b - a))) - 1)) for a, b in pairwise(values) if b - a >= 1}
    assert steps <= {1, 2, 5, 10}


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_ticks_of_decades_enclose_and_are_positive(one, other):
    low, high = sorted((one, other))
    values = [value for value, _ in decade_ticks(low, high)]
    assert 0 < values[0] <= low * (1 + 1e-6)
    assert values[-1] >= high * (1 - 1e-6)
    assert len(set(values)) == len(values) >= 2


def test_comparisons_have_a_plot_for_every_scheme():
    schemes = [parse_scheme(name) for name in ("fp16", "tapwise-8", "ncnn-int8")]
    sets = {points: winograd(2, 3, points=points) for points in ("0,1,-1", "0,1/2,-1/2")}
    compared = build_comparison(sets, schemes, SMALL)
    figures = charts(compared)
    assert list(figures) == [f"SQNR under {scheme.name}" for scheme in schemes]
    for figure in figures.values():
        assert {column.title for column in compared.columns} <= {item.text for item in labels(check(figure))}
    assert all(figure in rendered(compared, "html") for figure in figures.values())
    bases = compare_bases(winograd(2, 3), ["canonical", "legendre"], schemes, SMALL)
    for figure in charts(bases).values():
        assert {"canonical", "legendre"} <= {item.text for item in labels(check(figure))}
    assert all(figure in rendered(bases, "html") for figure in charts(bases).values())


def test_magnitudes_that_no_float_holds():
    report = build_report(winograd(5, 3, points=[0, 1, -1, 2, -2, f"1/{10**95}"]), schemes=[], sweep=())
    root = check(charts(report)["Coefficient magnitudes"])
    assert "2\u207b" in "".join(root.itertext())
