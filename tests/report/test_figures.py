# SPDX-License-Identifier: Apache-2.0
"""Plots: that they are drawn from the results' numbers, and what is said without matplotlib."""

from __future__ import annotations

import sys

import pytest

mpl = pytest.importorskip("matplotlib", reason="needs the extra notebooks")
mpl.use("Agg")

from matplotlib import pyplot  # noqa: E402

from wincraft import nest, parse, winograd  # noqa: E402
from wincraft.errors import MissingTool, NotApplicable  # noqa: E402
from wincraft.quantise import (  # noqa: E402
    SCHEMES,
    Workload,
    evaluate,
    parse_scheme,
)
from wincraft.report import build_comparison, compare_bases  # noqa: E402
from wincraft.search import pareto_front  # noqa: E402

WORKLOAD = Workload(channels=8, outputs=2, tiles=4)
USUAL = "0,1,-1,2,-2"


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


def drawn(ax):
    """The axes, rendered once: what cannot be drawn raises."""
    ax.figure.canvas.draw()
    return ax


def lengths(ax):
    return [patch.get_width() for patch in ax.patches]


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_taps_sum_to_the_noise_gain():
    f = winograd(4, 3, points=USUAL)
    ax = drawn(f.plot())
    assert sum(lengths(ax)) == pytest.approx(float(f.noise_gain()))
    assert names(ax) == ["0", "1", "-1", "2", "-2", "inf"]


def test_taps_of_two_axes():
    F = parse("F(2x4,3x3)")
    image = drawn(F.plot()).images[0].get_array()
    assert image.shape == (4, 6)
    assert image.sum() == pytest.approx(float(F.noise_gain()))


def test_taps_of_three_axes_are_refused():
    with pytest.raises(NotApplicable, match="3 axes"):
        nest(*(winograd(2, 3),) * 3).plot()


def test_taps_of_bare_matrices_are_numbered():
    f = winograd(2, 3)
    bare = type(f).from_matrices(f.AT, f.G, f.BT)
    assert names(bare.plot()) == ["0", "1", "2", "3"]


def test_axes_that_are_given_are_used():
    _, ax = pyplot.subplots()
    assert winograd(2, 3).plot(ax) is ax


def test_stages_are_shares():
    found = evaluate(parse("F(4x4,3x3)"), SCHEMES["tapwise-8"], WORKLOAD)
    for ax in (found.plot(), found.predicted.plot()):
        assert sum(patch.get_width() for patch in drawn(ax).patches) == pytest.approx(100)
    assert f"{found.measured:.1f}" in found.plot().get_title()


@pytest.mark.parametrize(("name", "same"), [("barabasz-2020-8", True), ("tapwise-8", False)])
def test_scales_of_taps(name, same):
    simulation = evaluate(parse("F(4x4,3x3)", points=USUAL), SCHEMES[name], WORKLOAD).simulation
    lines = drawn(simulation.plot()).lines
    assert [line.get_label() for line in lines] == ["U", "V", "M"]
    for line in lines:
        assert len(line.get_ydata()) == 36
        assert (len(set(line.get_ydata())) == 1) is same


def test_scales_per_channel_and_tap():
    scheme = parse_scheme("tapwise-8+weights-per-channel")
    simulation = evaluate(parse("F(2x2,3x3)"), scheme, WORKLOAD).simulation
    assert [len(line.get_ydata()) for line in drawn(simulation.plot()).lines] == [16, 16, 16]


def test_no_scales_no_plot():
    simulation = evaluate(parse("F(2x2,3x3)"), SCHEMES["fp16"], WORKLOAD).simulation
    with pytest.raises(NotApplicable, match="no stage of fp16 has a scale"):
        simulation.plot()


def test_comparison():
    sets = {points: winograd(4, 3, points=points) for points in (USUAL, "0,2/3,-2/3,3/2,-3/2")}
    compared = build_comparison(sets, [SCHEMES["fp16"], SCHEMES["tapwise-8"]], WORKLOAD)
    lines = {line.get_label(): line for line in drawn(compared.plot()).lines}
    assert list(lines) == [USUAL, "0,2/3,-2/3,3/2,-3/2", "direct"]
    for column in compared.columns:
        measured = [item.evaluation.measured for item in column.report.schemes]
        assert list(lines[column.label].get_xdata()) == measured
    assert lengths(drawn(compared.plot(measure="noise-gain"))) == [float(f.noise_gain()) for f in sets.values()]
    assert lengths(drawn(build_comparison(sets, []).plot())) == [float(f.noise_gain()) for f in sets.values()]


def test_bases():
    found = compare_bases(winograd(4, 3), ["canonical", "newton"], [SCHEMES["tapwise-8"]], WORKLOAD)
    assert [line.get_label() for line in drawn(found.plot()).lines] == ["canonical", "newton", "direct"]
    costs = compare_bases(winograd(4, 3), ["canonical", "newton"], [])
    totals = [column.costs.input.total + column.costs.output.total for column in costs.columns]
    assert [patch.get_width() for patch in drawn(costs.plot()).patches] == totals


def test_front():
    front = pareto_front(4, 3, [USUAL, "0,2/3,-2/3,3/2,-3/2", "0,1,-1,x^2+1,inf"])
    ax = drawn(front.plot())
    shown = sorted(x for line in ax.lines for x in line.get_xdata())
    assert shown == [float(member.values[1]) for member in front.members]
    assert [text.get_text() for text in ax.texts] == [str(place) for place, _ in enumerate(front.members, 1)]


def test_nothing_depends_on_colour():
    """Series of one plot differ in their marks; bars have one colour and a black edge."""
    found = compare_bases(winograd(4, 3), ["canonical", "newton", "chebyshev"], [SCHEMES["tapwise-8"]], WORKLOAD)
    lines = [line for line in drawn(found.plot()).lines if line.get_label() in ("canonical", "newton", "chebyshev")]
    assert len({line.get_marker() for line in lines}) == len(lines) == 3
    bars = drawn(winograd(4, 3).plot()).patches
    assert len({bar.get_facecolor() for bar in bars}) == 1
    assert {bar.get_edgecolor()[:3] for bar in bars} == {(0, 0, 0)}


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingTool, match=r"needs matplotlib, .*pip install '\.\[notebooks\]' in a clone") as error:
        winograd(2, 3).plot()
    assert error.value.exit_code == 4
