# SPDX-License-Identifier: Apache-2.0
"""The explorer without a browser: widgets are set, the output is read."""

from __future__ import annotations

import sys

import pytest

import wincraft
from wincraft.errors import MissingTool
from wincraft.report import explorer as module


def test_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(MissingTool, match=r"the explorer needs ipywidgets, .*pip install '\.\[notebooks\]' in a clone"):
        wincraft.explore()


@pytest.fixture(scope="module")
def explorer():
    pytest.importorskip("ipywidgets", reason="needs the extra notebooks")
    return wincraft.explore("F(2x2,3x3)")


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(module, "WORKLOAD", module.Workload(channels=4, outputs=2, tiles=2))


def measured(explorer):
    return explorer.report.schemes[0].evaluation.measured


def test_starts_with_a_report(explorer):
    assert "F(2x2,3x3): 16 products" in explorer.output.value
    assert explorer.report.algorithm == wincraft.parse("F(2x2,3x3)")


def test_points_change_the_report(explorer):
    explorer.points.value = "0,2,-2"
    assert "points 0,2,-2,inf" in explorer.output.value
    explorer.points.value = ""
    assert "points 0,1,-1,inf" in explorer.output.value


def test_bits_change_the_error(explorer):
    explorer.bits.value = 8
    eight = measured(explorer)
    explorer.bits.value = 12
    assert measured(explorer) > eight + 15
    explorer.bits.value = 8
    assert measured(explorer) == eight


@pytest.mark.parametrize("per", module.SCALE_CHOICES.values())
def test_scales_and_bits_make_the_scheme(explorer, per):
    explorer.scales.value = per
    found = explorer.scheme.stages
    assert {quantizer.name for stage, quantizer in found.items() if stage in "UVM"} == {f"int8/{per}"}
    assert explorer.report.schemes[0].scheme == explorer.scheme
    explorer.scales.value = "tensor"


def test_the_scheme_is_named_in_words(explorer):
    explorer.scales.value = "tensor"
    assert "8 bits, one scale per stage" in explorer.output.value
    explorer.scales.value = "tap/pow2"
    assert explorer.scheme.name == "8 bits, one scale per tap, a power of two"
    assert "barabasz" not in explorer.output.value
    explorer.scales.value = "tensor"


@pytest.mark.slow_cases("newton", "chebyshev")
@pytest.mark.parametrize("basis", ["canonical", "legendre", "chebyshev", "newton", "butterfly"])
def test_every_basis(explorer, basis):
    explorer.basis.value = basis
    stages = len(explorer.report.algorithm.factors[0].input.stages)
    assert (stages == 1) == (basis == "canonical")
    explorer.basis.value = "canonical"


def test_scaling_is_the_convention(explorer):
    explorer.scaling.value = "pow2"
    assert "convention pow2" in explorer.output.value
    explorer.scaling.value = "wincnn"


@pytest.mark.parametrize(
    ("name", "wrong", "right", "message"),
    [
        ("points", "0,0,1", "", "0 is listed twice"),
        ("points", "0,<b>", "", "&lt;b&gt;"),
        ("size", "F(0,3)", "F(2x2,3x3)", "bad size"),
    ],
)
def test_what_is_wrong_is_said(explorer, name, wrong, right, message):
    getattr(explorer, name).value = wrong
    assert message in explorer.output.value
    assert explorer.report is None
    getattr(explorer, name).value = right
    assert explorer.report is not None


def test_shows_itself(explorer):
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == repr(explorer)
    assert "basis canonical" in repr(explorer)
