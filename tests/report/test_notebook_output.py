# SPDX-License-Identifier: Apache-2.0
"""What objects show in a notebook: fragments of HTML, and formulas."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from wincraft import catalogue, parse, winograd
from wincraft.quantise import SCHEMES, Workload
from wincraft.report import build_comparison, build_report, compare_bases
from wincraft.search import Space, certify, estimate, pareto_front, search_chains, search_space
from wincraft.show import rendered
from wincraft.show.html import STYLE, _scoped

SMALL = Workload(channels=4, outputs=2, tiles=2)
USUAL = "0,1,-1,2,-2"


class Balanced(HTMLParser):
    """Fails where tags do not match."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def made():
    f, front = winograd(4, 3, points=USUAL), pareto_front(2, 3, ["0,1,-1", "0,2,-2"])
    chains = search_chains(f, "operations", ["canonical", "legendre"])
    return {
        "report": (build_report(f, [SCHEMES["fp16"]], workload=SMALL), "Verdict"),
        "comparison": (build_comparison({"usual": f}, [], SMALL), "noise gain"),
        "bases": (compare_bases(f, ["canonical", "legendre"], [SCHEMES["fp16"]], SMALL), "legendre"),
        "chains": (chains, "the chain of least operations"),
        "front": (front, "0,<wbr/>1,<wbr/>-1,<wbr/>inf"),
        "search": (search_space(Space(2, 3, shape="symmetric", height=2), within=5), "No set of this space is better"),
        "proved": (certify(4, 3, "symmetric", 0.05), "<h2>Theorem</h2>"),
        "numerical": (estimate(4, 3, "symmetric"), "<h2>Numerical, no proof</h2>"),
        "entry": (catalogue()[4, 3], "Lavin"),
    }


RESULTS = made()


@pytest.mark.parametrize("name", RESULTS)
def test_fragments(name):
    result, holds = RESULTS[name]
    text = result._repr_html_()
    assert holds in text
    assert text.startswith('<div class="wincraft">')
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert not re.search(r"<(html|body|script|link|img|iframe)\b|https?://(?!www\.w3\.org/2000/svg)", text)


def test_a_stopped_search_says_so():
    text = search_space(Space(6, 3, height=6), time_limit=0)._repr_html_()
    assert "The search was stopped" in text
    assert "No set of this space is better" not in text


def test_styles_stay_inside():
    """No rule of the page reaches what is around the fragment."""
    selectors = re.findall(r"([^{}]+) \{", _scoped(STYLE))
    assert len(selectors) > 20
    for selector in selectors:
        names = [name.strip() for name in selector.split(",")]
        assert selector.strip().startswith("@media") or all(name.startswith("div.wincraft") for name in names)
    assert len(selectors) == len(re.findall(r"([^{}]+) \{", STYLE))


def test_the_verdict_is_open_and_the_rest_unfolds():
    text = RESULTS["report"][0]._repr_html_()
    assert text.index("<h2>Verdict</h2>") < text.index("<svg") < text.index("<details>")
    assert "<details open>" not in text
    assert RESULTS["bases"][0]._repr_html_().count("<details open>") == 1


@pytest.mark.parametrize(
    ("algorithm", "holds"),
    [
        (winograd(4, 3, points=USUAL), r"y &= A^T\left[(G\,g) \odot (B^T d)\right]"),
        (winograd(4, 3, points=USUAL, convention="integer"), r"\tfrac{1}{24}"),
        (winograd(4, 3, points=USUAL).transpose(), r"s &= B\left[(G\,g) \odot (A\,h)\right]"),
        (parse("F(4x4,3x3)"), r"(G\,g\,G^T) \odot (B^T d\,B)"),
        (parse("F(2x4,3x3)"), r"\text{axis II, F(4,3):}"),
        (parse("F(2x2x2,3x3x3)"), "one axis after the other"),
        (winograd(4, 3, points="0,1,-1,sqrt(2),-sqrt(2)"), r"\sqrt{2}"),
    ],
)
def test_formulas(algorithm, holds):
    text = algorithm._repr_latex_()
    assert text.startswith(r"$\displaystyle")
    assert text.endswith("$")
    assert text.count("$") == 2
    assert holds in text
    assert text.count(r"\begin{bmatrix}") == text.count(r"\end{bmatrix}") == 3 * len(set(algorithm.factors))


def test_chains_are_products():
    changed = winograd(4, 3, points=USUAL).change_basis("legendre")
    assert changed._repr_latex_().count(r"\begin{bmatrix}") == 6
    text = changed.input._repr_latex_()
    assert text.count(r"\begin{bmatrix}") == 2
    assert text.index(r"\frac{38}{15}") < text.index(r"\frac{3}{35}")  # what is applied first stands right


def test_what_is_large_is_text():
    f = winograd(16, 3)
    assert f._repr_latex_() is None
    assert f.input._repr_latex_() is None


def test_a_fragment_follows_the_theme_of_jupyterlab_or_of_a_site():
    text = build_report(winograd(2, 3), schemes=[], sweep=())._repr_html_()
    page = rendered(build_report(winograd(2, 3), schemes=[], sweep=()), "html")
    for light, theme, paper in (("true", "light", "#fff"), ("false", "dark", "#16181c")):
        chosen = rf':is\(\[data-jp-theme-light="{light}"\], \[data-theme="{theme}"\]\) div.wincraft'
        (rule,) = re.findall(rf"{chosen} {{([^}}]*)}}", text)
        assert f"--paper: {paper};" in rule
    assert "theme" not in page
