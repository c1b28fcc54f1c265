# SPDX-License-Identifier: Apache-2.0
"""Plans of layers: which candidate is taken, under which limit, and how the result shows itself."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import numpy as np
import pytest
from oracle_messages import refused

import wincraft as wc
from wincraft import parse, winograd
from wincraft.errors import BadShape, BadValue, MissingTool, NotApplicable, UnknownName, WrongType
from wincraft.measure.costs import LayerShape
from wincraft.measure.exact_words import word_bounds
from wincraft.measure.processor import CORES, SPEEDS
from wincraft.measure.speed import ConvolutionLayer, direct_time, winograd_time
from wincraft.quantise.schemes import SCHEMES
from wincraft.report.build import build_report
from wincraft.report.plan import GIVEN
from wincraft.report.planning import parse_error_limit, plan_layer
from wincraft.show import rendered

LAYER = "64,64,56,56"


@pytest.fixture(scope="module")
def plan():
    return plan_layer(LAYER)


def schema():
    text = resources.files("wincraft.report").joinpath("schema", "plan-1.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


def test_every_tile_and_direct_are_candidates(plan):
    names = {item.name for item in plan.candidates if item.points == "accuracy"}
    assert names == {f"F({m}x{m},3x3)" for m in range(2, 9)}
    assert {item.name for item in plan.candidates if item.points == "quadratic"} == names
    (four,) = (item for item in plan.candidates if (item.name, item.points) == ("F(4x4,3x3)", "quadratic"))
    assert four.algorithm.rank == 49
    assert plan.direct.algorithm is None


@pytest.mark.slow
def test_times_and_errors_are_those_of_the_model_and_of_the_prediction(plan):
    for item in plan.candidates:
        assert item.predicted == (
            direct_time(plan.layer) if item.algorithm is None else winograd_time(item.algorithm, plan.layer)
        )
        if item.algorithm is not None:
            assert item.sqnr == wc.predict(item.algorithm, SCHEMES["fp32"], None, 64).decibels
        assert item.error == pytest.approx(10 ** (-item.sqnr / 20))


@pytest.mark.parametrize("size", ["F(2x2,3x3)", "F(4x4,3x3)", "F(7x7,3x3)"])
def test_the_error_is_that_of_a_simulation(plan, size):
    (item,) = (item for item in plan.candidates if (item.name, item.points) == (size, "accuracy"))
    measured = wc.evaluate(item.algorithm, "fp32", wc.Workload(channels=64, outputs=8, tiles=64))
    assert item.sqnr == pytest.approx(measured.measured, abs=1.0)
    assert plan.direct.sqnr == pytest.approx(measured.direct, abs=2.0)


def test_the_fastest_is_taken_first(plan):
    times = [item.predicted.total for item in plan.taken]
    assert times == sorted(times)
    assert plan.best == plan.taken[0]
    assert plan.refused == ()


@pytest.mark.parametrize("limit", [1e-5, 2e-6, 6e-7, "120dB", "128 dB"])
def test_a_limit_refuses_what_is_above(plan, limit):
    found, most = plan_layer(LAYER, limit), parse_error_limit(limit)
    assert {item.name for item in found.taken} <= {item.name for item in plan.taken}
    assert all(item.error <= most for item in found.taken)
    assert all(item.error > most and "limit" in item.refused for item in found.refused)
    assert found.best.predicted.total == min(item.predicted.total for item in plan.candidates if item.error <= most)


def test_a_limit_that_none_keeps_is_refused_with_the_least_error(plan):
    least = min(item.error for item in plan.candidates)
    with refused(NotApplicable, f"{least:.2g}", "raise the limit"):
        plan_layer(LAYER, 1e-9)


def test_limits():
    assert parse_error_limit(None) is None
    assert parse_error_limit("100dB") == parse_error_limit(1e-5) == pytest.approx(1e-5)
    for text in (0, "0", "-1", -1e-5, "0dB", "-3dB", "nan", "inf", "infdB", "dB", "", "1e-5x", "low", float("nan")):
        with refused(BadValue, "1e-5", "100dB"):
            parse_error_limit(text)


@pytest.mark.slow
def test_integers_are_exact_or_refused():
    for type in ("int8", "uint8"):
        found = plan_layer("256,256,14,14", type=type)
        assert all(item.sqnr == np.inf and item.error == 0 for item in found.taken)
        assert all(item.sqnr is None and item.refused for item in found.refused)
        for item in found.candidates:
            if item.algorithm is not None:
                assert bool(item.refused) == (word_bounds(item.algorithm, SPEEDS[type].data).channels < 256)
        names = [(item.name, item.algorithm.rank) for item in found.candidates if item.algorithm is not None]
        assert len(names) == len(set(names))


@pytest.mark.slow
def test_integers_of_few_channels_take_more():
    """F(4x4,3x3) on 0, 1, -1, 2, -2 holds 227 channels of any int8 weights."""
    taken = {C: plan_layer(f"{C},64,56,56", type="int8", points="integer").taken for C in (227, 228)}
    assert "F(4x4,3x3)" in {item.name for item in taken[227]}
    found = plan_layer("228,64,56,56", type="int8", points="integer")
    (item,) = (item for item in found.refused if item.name == "F(4x4,3x3)")
    assert "227 channels" in item.refused


def test_a_set_of_the_catalogue():
    found = plan_layer(LAYER, points="integer")
    assert {item.points for item in found.candidates if item.algorithm} == {"integer"}
    with refused(UnknownName, "integer"):
        plan_layer(LAYER, points="integers")


def test_tiles_larger_than_the_output_are_left_out():
    names = {item.name for item in plan_layer("64,64,5,3").candidates}
    assert names == {"direct", *(f"F({m}x{m},3x3)" for m in (2, 3, 4, 5))}
    assert len(plan_layer(ConvolutionLayer(LayerShape(64, 64, (3, 3)), pad=0)).candidates) == 3


@pytest.mark.slow
def test_filters_of_other_sizes():
    for taps, size in (((5, 5), "F(2x2,5x5)"), ((3, 5), "F(4x4,3x5)"), ((1, 3), "F(1x4,1x3)"), ((2, 2), "F(3x3,2x2)")):
        found = plan_layer(ConvolutionLayer(LayerShape(64, 64, (4, 4)), taps=taps))
        assert size in {item.name for item in found.candidates}
    only = plan_layer(ConvolutionLayer(LayerShape(64, 64, (56, 56)), taps=(40, 40)))
    assert [item.name for item in only.candidates] == ["direct"]


@pytest.mark.parametrize("options", [{"stride": 2}, {"groups": 16}, {"taps": (1, 1)}])
def test_direct_alone(options):
    layer = ConvolutionLayer(LayerShape(64, 64, (56, 56)), **options)
    found = plan_layer(layer)
    assert [item.name for item in found.candidates] == ["direct"]
    assert layer.why_direct in repr(found)
    assert "kernel" not in repr(found)


def test_other_algorithms_are_candidates_too():
    own = parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)")
    found = plan_layer(LAYER, given=[own])
    (item,) = (item for item in found.candidates if item.points == GIVEN)
    assert item.algorithm == own
    with refused(BadShape, "F(2x2,5x5)"):
        plan_layer(LAYER, given=[parse("F(2x2,5x5)")])


def test_what_is_no_layer():
    for given in (5, None, (64, 64, 56, 56)):
        with refused(WrongType, "C,K,H,W"):
            plan_layer(given)
    for text in ("64,64,56", "64,64,56,56,56", "", "-1,64,56,56", "0,64,56,56", "64,64,56,x"):
        with refused(BadShape, "C,K,H,W"):
            plan_layer(text)
    with refused(UnknownName, "float32"):
        plan_layer(LAYER, type="float64")
    with refused(NotApplicable, "depthwise"):
        plan_layer(ConvolutionLayer(LayerShape(64, 64, (56, 56)), groups=64))


@pytest.mark.slow
def test_the_largest_layer_is_planned_at_once():
    found = plan_layer(ConvolutionLayer(LayerShape(10**9, 10**9, (10**9, 10**9)), batch=10**9))
    assert np.isfinite(found.best.predicted.total)
    schema().validate(found.document())


# pages


@pytest.mark.slow
def test_the_document_follows_its_schema(plan):
    own = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    bare = wc.Algorithm.from_matrices(*(own.factors[0].AT, own.factors[0].G, own.factors[0].BT))
    for found in (
        plan,
        plan_layer(LAYER, "120dB", given=[own, wc.nest(bare, bare)]),
        plan_layer(LAYER, type="int8"),
        plan_layer(LAYER, kernels=fake, core=CORES["zen5"]),
        plan_layer("3,64,224,224"),
    ):
        document = json.loads(rendered(found, "json"))
        schema().validate(document)
        assert document["best"] == found.best.name
        assert len(document["candidates"]) == len(found.candidates)


def test_the_text(plan):
    lines = repr(plan).splitlines()
    assert lines[0].startswith(f"{LAYER}: {plan.best.name}, {1000 * plan.best.predicted.total:.3f} ms predicted, ")
    for item in plan.candidates:
        (row,) = (
            line
            for line in lines
            if line.split()[: 2 if item.points else 1] == [*filter(None, (item.name, item.points))]
        )
        assert f"{1000 * item.predicted.total:.3f}" in row
        assert f"{item.error:.1e}" in row
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 40
    assert f'wincraft generate "{plan.best.name}" --points {plan.best.points} --format c' in " ".join(
        repr(plan).split()
    )


@pytest.mark.slow_cases("float32")
@pytest.mark.parametrize("type", ["float32", "int8"])
def test_pages_render(type):
    found = plan_layer("256,256,14,14", "120dB", type=type)
    assert rendered(found, "markdown").startswith("# 256,256,14,14")
    assert ("<svg" in rendered(found, "html")) == (type == "float32")
    assert "REFUSED" in rendered(found)


# measuring


def fake(algorithm, *, type):
    """A kernel whose benchmark needs its rank of milliseconds, and direct 100."""
    assert type == "float32"
    program = f'#include <stdio.h>\nint main(void) {{ puts("{algorithm.rank} 100 1"); return 0; }}\n'
    return {"kernel.c": program, "kernel.h": ""}


def test_measured_times_stand_beside_the_predicted_and_decide():
    calls = []
    found = plan_layer(LAYER, "128dB", kernels=fake, progress=lambda *call: calls.append(call))
    assert [item.name for item in found.taken] == ["F(2x2,3x3)", "F(3x3,3x3)", "F(4x4,3x3)", "F(5x5,3x3)"]
    assert found.best.measured == pytest.approx(0.016)
    assert found.best.predicted == winograd_time(found.best.algorithm, found.layer)
    assert [item.measured for item in found.refused if item.algorithm] == [None] * (len(found.refused) - 1)
    assert found.direct.measured == pytest.approx(0.1)
    assert [call[:2] for call in calls] == [(done, 4) for done in range(4)]
    assert "16.000 ms measured, 6.25 times direct's speed" in repr(found)
    assert all(len(line) <= 80 for line in rendered(found, width=80).splitlines())


def test_what_cannot_be_measured(monkeypatch):
    with refused(NotApplicable, "stride 2", "without measuring"):
        plan_layer(ConvolutionLayer(LayerShape(64, 64, (56, 56)), stride=2), kernels=fake)
    with refused(NotApplicable, "fewer than 8"):
        plan_layer("3,64,56,56", kernels=fake)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with refused(MissingTool, "C compiler"):
        plan_layer(LAYER, kernels=fake)


# reports


def test_a_report_of_a_layer_has_its_times():
    own = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    report = build_report(own, [], layer=LayerShape(64, 64, (56, 56)))
    (section,) = report.layout().only(["cost"]).sections
    (note,) = (note for note in section.notes if note.startswith("Predicted"))
    milliseconds = 1000 * winograd_time(own, ConvolutionLayer(LayerShape(64, 64, (56, 56)))).total
    assert f"F(4x4,3x3) {milliseconds:.3f} ms, " in note
    assert note.endswith("direct 2.478 ms.")
    (given,) = (item for item in report.plan.candidates if item.points == GIVEN)
    as_accurate = [item for item in report.plan.taken if item.algorithm is not own and item.error <= given.error]
    assert f"no less accurate {as_accurate[0].name}, {as_accurate[0].points}, " in note
    document = json.loads(rendered(report, "json"))
    schema().validate(document["plan"])


@pytest.mark.slow
def test_a_report_without_a_plan():
    for size, layer in (("F(4,3)", LayerShape(64, 64, (56,))), ("F(4x4,3x3)", None)):
        report = build_report(parse(size), [], layer=layer)
        assert report.plan is None
        assert json.loads(rendered(report, "json"))["plan"] is None
    few = build_report(parse("F(2x2,3x3)"), [], layer=LayerShape(3, 64, (56, 56)))
    assert "one zen3 core: direct 0." in " ".join(few.layout().only(["cost"]).sections[0].notes)
    depthwise = build_report(winograd((2, 2), (3, 3)), [], layer=LayerShape(1, 1, (56, 56)))
    assert "Time of the layer: n/a" in rendered(depthwise)
