# SPDX-License-Identifier: Apache-2.0
"""The benchmark of kernels: that it judges and compares rightly, and runs what is emitted. It is timed nowhere."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks.kernel_engines import emitted
from benchmarks.kernel_engines.goals import Terms, ratios
from benchmarks.kernel_engines.running import LayerResults, Result, run_layer
from benchmarks.kernel_engines.tables import markdown_of, text_of
from benchmarks.kernel_engines.timing import Times, interleaved
from benchmarks.kernel_engines.work import Engine, Layer, Ready, Skipped, direct, float_work, int8_work

SMALL = Layer(9, 5, 6, 7, 2)


def result(engine: str, milliseconds: float, type: str = "float32", ours: bool = False, **judged: float) -> Result:
    times = Times(milliseconds / 1e3, milliseconds / 1e3, 1)
    return Result(engine, engine.partition(" ")[0], type, ours, judged, times)


def test_layers_are_read_as_they_are_written():
    assert Layer.parse("9,5,6,7,2") == SMALL
    assert Layer.parse("64,64,56,56").n == 1
    assert [str(SMALL), str(Layer(64, 64, 56, 56))] == ["9→5 6x7 N=2", "64→64 56² N=1"]


def test_reference_is_the_definition():
    random = np.random.default_rng(3)
    x, filters = random.integers(-9, 9, (2, 3, 4, 5)), random.integers(-9, 9, (2, 3, 3, 3))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    wanted = [(padded[1, :, 2 : 2 + 3, 4 : 4 + 3] * one).sum() for one in filters]
    assert direct(x, filters)[1, :, 2, 4].tolist() == wanted


def test_floats_are_judged_by_their_greatest_error():
    work = float_work(SMALL)
    assert work.judge(work.exact)["error"] == 0
    off = work.exact.copy()
    off[0, 0, 0, 0] += 0.25
    assert work.judge(off)["error"] == 0.25
    with pytest.raises(ValueError, match="shape"):
        work.judge(off[0])


def test_integers_are_judged_by_what_is_no_rounding_of_the_exact_number():
    work = int8_work(SMALL)
    right = np.rint(work.exact).astype(np.int8)
    assert work.judge(right) == {"wrong": 0, "furthest": 0}
    assert np.abs(work.exact).max() <= 127.01
    assert work.x.min() >= -127
    right[0, 0, 0, 0] -= 5
    assert work.judge(right) == {"wrong": 1, "furthest": 5}


def test_chains_feed_each_layer_with_the_rounded_one_before():
    work = int8_work(Layer(4, 4, 5, 5), depth=2)
    first = np.rint(direct(work.x, work.filters[0]) * work.scales[0].multiplier[:, None, None])
    assert work.scales[1].x_scale == work.scales[0].y_scale
    assert np.array_equal(direct(first, work.filters[1]) * work.scales[1].multiplier[:, None, None], work.exact)


@pytest.mark.slow
def test_calls_take_turns():
    order: list[str] = []
    times = interleaved({name: lambda name=name: order.append(name) for name in "ab"}, rounds=3, seconds=60, row=2)
    assert sorted(order) == ["a"] * 6 + ["b"] * 6
    assert all(order[i] == order[i + 1] for i in range(0, 12, 2))
    assert [item.calls for item in times.values()] == [6, 6]
    assert all(0 <= item.least <= item.median for item in times.values())


def test_ratios_and_their_floors():
    rows = [result("torch cl", 3.0, error=1e-6), result("MNN", 2.0, error=1e-5), result("fast", 0.1, error=0)]
    rows += [result("F4 gcc", 1.0, ours=True, error=1e-5), result("F7 clang", 0.8, ours=True, error=1e-4)]
    done = LayerResults(Layer(64, 64, 56, 56), rows)
    found = {item.name: item for item in ratios(done, "float32", Terms(floors=True, apart=frozenset({"fast"})))}
    assert found["F7 : torch cl"].value == pytest.approx(3.75)
    assert found["F7 : torch cl"].holds
    assert found["F7 : MNN, the fastest engine"].value == pytest.approx(2.5)
    assert found["F4 : MNN, at no more than its error"].value == pytest.approx(2.0)
    found = {item.name: item for item in ratios(done, "float32", Terms())}
    assert found["F7 : fast, the fastest engine"].value == pytest.approx(0.125)
    assert found["F7 : fast, the fastest engine"].holds is None


def test_tables_name_what_is_wrong():
    rows = [result("fbgemm", 2.0, "int8", wrong=7, furthest=3), result("ncnn", 3.0, "int8", wrong=0, furthest=0)]
    rows += [result("F4 gcc", 1.0, "int8", ours=True, wrong=0, furthest=0)]
    done = LayerResults(Layer(64, 64, 56, 56), rows, skipped={"a int8": "missing", "b int8": "missing"})
    text = "\n".join(text_of(done, ["int8"], Terms(floors=True)))
    assert "7 wrong, by up to 3" in text
    assert "F4 : ncnn, the fastest exact engine: 3.00" in text
    assert "a int8, b int8: missing" in text
    *_, row = markdown_of([done], "int8", frozenset())
    assert row.endswith("| fbgemm | 2.00 | 3.00 | fbgemm 7 (by 3) |")


def test_engines_that_compute_something_else_are_not_timed():
    def refuses(work):
        raise Skipped("no time")

    wrong = Engine("wrong", "x", "float32", lambda work: Ready(lambda: None, lambda: work.exact + 1))
    done = run_layer(SMALL, [wrong, Engine("late", "x", "float32", refuses)], ["float32"], 1, None)
    assert not done.results
    assert done.skipped == {"wrong float32": "off by 1.0e+00 from float64", "late float32": "no time"}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
@pytest.mark.parametrize("depth", [1, 3])
def test_emitted_kernels_compute_layers_and_chains(depth):
    engines = emitted.engines("native", ["gcc"], [emitted.Tile((2,)), emitted.Tile((4,))], None, True)
    done = run_layer(Layer(16, 16, 9, 7, 2), engines, ["float32", "int8"], depth, None)
    assert not done.skipped
    assert {item.engine for item in done.of("int8")} == {"F2 gcc", "F4 gcc", "F2 fly gcc", "F4 fly gcc", "direct gcc"}
    assert all(item.judged["wrong"] == 0 for item in done.of("int8"))
    assert all(item.judged["error"] < 1e-4 for item in done.of("float32"))
    assert [item.judged["operations"] > 0 for item in done.parts] == [True]
