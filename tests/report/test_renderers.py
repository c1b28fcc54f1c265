# SPDX-License-Identifier: Apache-2.0
"""The four formats of a report, and the three tables of words between results and texts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from xml.etree import ElementTree

import jsonschema
import pytest

from wincraft import parse, winograd
from wincraft.measure import parse_layer_shape
from wincraft.quantise import SCHEMES, Workload
from wincraft.report import build_comparison, build_report
from wincraft.show import Layout, Section, Table, rendered
from wincraft.show.svg import svg
from wincraft.show.text import table_lines

VOID = {"meta", "br", "img", "hr", "link"}


def schema(name):
    text = resources.files("wincraft.report").joinpath("schema", f"{name}-1.json").read_text(encoding="utf-8")
    content = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


@pytest.fixture(scope="module")
def full():
    workload = Workload(channels=16, outputs=2, tiles=4)
    return build_report(parse("F(4x4,3x3)"), layer=parse_layer_shape("64,64,56,56"), workload=workload)


@pytest.fixture(scope="module")
def compared():
    algorithms = {points: winograd(4, 3, points=points) for points in ("0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2")}
    algorithms["quadratic"] = winograd(4, 3, moduli="0,1,-1,x^2+1,inf")
    schemes = [SCHEMES["fp16"], SCHEMES["ncnn-int8"]]
    return build_comparison(algorithms, schemes, Workload(channels=16, outputs=2, tiles=4))


@pytest.mark.slow
def test_json_follows_its_schema(full, compared):
    document = json.loads(rendered(full, "json"))
    schema("report").validate(document)
    assert document["measures"]["noise-gain"]["value"]["exact"] == str(full.noise.value)
    assert document["costs"]["input"]["total"] == full.costs.input.total
    assert [item["name"] for item in document["schemes"]] == list(SCHEMES)
    comparison = json.loads(rendered(compared, "json"))
    schema("comparison").validate(comparison)
    for report in comparison["reports"]:
        schema("report").validate(report)


@pytest.mark.parametrize("options", [{"points": "0,1,-1,sqrt(2),-sqrt(2)"}, {"moduli": "0,1,-1,x^2+1,inf"}])
def test_json_of_what_is_not_available(options):
    document = json.loads(rendered(build_report(winograd(4, 3, **options), schemes=[]), "json"))
    schema("report").validate(document)
    assert "unavailable" in json.dumps(document)


class Checker(HTMLParser):
    """Collects what an HTML page refers to; fails where tags do not match."""

    def __init__(self):
        super().__init__()
        self.open, self.found = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_whole_and_loads_nothing(full):
    page = rendered(full, "html")
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    tags = {tag for tag, _ in checker.found}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    for _, attributes in checker.found:
        assert not set(attributes) & {"src", "href", "srcset", "onload", "onclick"}
    assert not re.search(r"@import|url\((?!#)", page)
    addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not loaded
    assert '<meta name="viewport"' in page
    assert "@media print" in page


def charts(result):
    """The SVG of the charts of a result, by title."""
    return {chart.title: svg(chart) for chart in result.layout().charts}


def test_plots_are_well_formed_and_described(full):
    made = charts(full)
    assert list(made) == [
        "Error against direct convolution",
        "Error by stage",
        "Coefficient magnitudes",
        "Rounding the matrices to fixed point",
    ]
    for figure in made.values():
        root = ElementTree.fromstring(figure)
        assert root.find("{http://www.w3.org/2000/svg}desc").text
        assert root.attrib["role"] == "img"
        numbers = [float(value) for value in re.findall(r'(?: x| y|cx|cy|width|height)="(-?[\d.]+)"', figure)]
        assert all(-1 <= value <= 500 for value in numbers)
        assert "nan" not in figure


def test_plots_without_data():
    made = charts(build_report(winograd(2, 3), schemes=[]))
    assert "Coefficient magnitudes" in made
    assert "Error by stage" not in made


def test_markdown_tables_are_rectangular(full, compared):
    for result in (full, compared):
        text = rendered(result, "markdown")
        blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
        assert blocks
        for block in blocks:
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1
    assert rendered(full, "markdown").index("## Verdict") < rendered(full, "markdown").index("## Cost")
    assert "**" in rendered(compared, "markdown")


def test_text_is_one_narrow_page(full):
    lines = rendered(full.layout().only(["verdict", "formats", "cost", "measures", "floats", "widths"])).splitlines()
    assert len(lines) < 120
    assert max(map(len, lines)) <= 80
    order = ["VERDICT", "FORMATS", "COST", "MEASURES"]
    assert [line for line in lines if line in order] == order
    assert "seed 0" in repr(full)


def test_the_best_of_a_row_is_marked(compared):
    names = [column.name for column in compared.columns]
    assert names == ["#1", "#2", "#3"]
    rows = {measure.name: compared.best(measure) for measure in compared.measures}
    assert rows["noise-gain"] == [2]
    assert rows["products-per-output"] == [0, 1]
    assert rows["cond-V-finite"] == [1]
    channels = [column.report.channels.outputs for column in compared.columns]
    assert rows["channels"] == [channels.index(max(channels))]
    text = rendered(compared)
    assert re.search(r"products/output +1\.5\* +1\.5\* +1\.75$", text, re.MULTILINE)
    assert "#3 cond_2 V, finite: n/a" in text
    assert max(map(len, text.splitlines())) <= 80


def test_folklore_misorders(compared):
    """cond V prefers another column than the noise gain; the measurement goes with the noise gain."""
    rows = {measure.name: compared.best(measure) for measure in compared.measures}
    assert rows["measured:fp16"] == rows["noise-gain"] != rows["cond-V-finite"]


def test_wide_tables_are_split_and_texts_wrapped():
    wide = Table(
        ("", *(f"#{k}" for k in range(20))), (("row", *["123456"] * 20),), "l" + "r" * 20, frozenset({(0, 20)})
    )
    lines = table_lines(wide)
    assert max(map(len, lines)) <= 80
    assert sum(line.count("123456") for line in lines) == 20
    assert lines[-1].endswith("*")
    long = Table(("name", "n", "text"), (("x" * 70, "5", "words " * 20),), "lrl")
    lines = table_lines(long)
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("x") == 70 + 1  # and the x of "text"


def test_lists_of_points_break_behind_commas_only():
    points = ",".join(f"{'-' * (k % 2)}{k}/{k + 1}" for k in range(1, 40))
    layout = Layout("t", (f"points {points}; convention wincnn",), (Section("s", (), (points,)),))
    lines = rendered(layout).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(part in points.split(",") for part in lines[-1].strip().split(",") if part)
    assert not [line for line in lines if line.endswith("/") or line.strip().startswith("/")]
    assert re.sub(r"\s", "", "".join(lines[-6:])).endswith(points)


def test_text_columns_of_html_tables_have_a_least_width(full):
    assert "td:last-child:not(.r) { min-width:" in rendered(full, "html")


def test_html_gives_stars_a_place_and_long_words_a_break(compared):
    table = Table(("", "legendre:classical", "n"), (("products/output", "144 (+144)", "2.5e-07"),), "lrr")
    for marked, opening in ((frozenset(), "<table>"), (frozenset({(0, 2)}), '<table class="starred">')):
        layout = Layout("t", (), (Section("s", (replace(table, marked=marked),)),))
        page = rendered(layout, "html")
        assert opening in page
        assert "legendre:<wbr/>classical" in page
        assert "products/<wbr/>output" in page
        assert '<td class="r words">144 (+144)</td>' in page  # may be broken on a phone, a bare number not
        assert ('<td class="r best">' if marked else '<td class="r">') + "2.5e-07</td>" in page
    assert rendered(compared, "html").count('class="starred"') == 1
