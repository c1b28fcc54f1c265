# SPDX-License-Identifier: Apache-2.0
"""The speed model: figures that were measured, how it counts, and what is no layer."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import parse
from wincraft.errors import BadShape, BadValue, MissingTool, NotApplicable, ToolFailed, UnknownName
from wincraft.measure.costs import LayerShape, parse_layer_shape
from wincraft.measure.processor import CORES, SPEEDS, KernelRates, ProcessorCore
from wincraft.measure.speed import ConvolutionLayer, direct_time, parse_taps, winograd_time
from wincraft.measure.timing import check_measurable, measured_time

F4 = parse("F(4x4,3x3)")


def layer(text, **options):
    return ConvolutionLayer(parse_layer_shape(text), **options)


# Milliseconds of prototypes of the kernels, F(4x4,3x3): minima of interleaved runs in one process, processor time of
# one thread, gcc 12.2 -O3 -march=native -ffp-contract=fast, AVX2, Zen 3 at 3.24 GHz, float in quiet minutes. How far
# the model may be off: it leaves out what memory costs where V is between the second cache and 8 MB.
ZEN3 = [
    ("64,64,56,56", "float32", 0.749, 0.03),
    ("128,128,28,28", "float32", 0.746, 0.12),
    ("256,256,14,14", "float32", 1.025, 0.21),
    ("64,64,56,56", "int8", 0.562, 0.03),
    ("128,128,28,28", "int8", 0.479, 0.03),
    ("256,256,14,14", "int8", 0.656, 0.13),
]


@pytest.mark.parametrize(("shape", "type", "milliseconds", "off"), ZEN3)
def test_what_was_measured_of_the_prototypes(shape, type, milliseconds, off):
    points = "integer" if type == "int8" else "accuracy"
    found = winograd_time(parse("F(4x4,3x3)", points=points), layer(shape), CORES["zen3"], type)
    assert 1000 * found.total == pytest.approx(milliseconds, rel=off)


# Milliseconds of the emitted kernels, F(2x2,3x3) to F(8x8,3x3): as above, -march=x86-64-v3, Zen 5 at 4 to 4.3 GHz.
ZEN5 = {
    "64,64,56,56": (0.807, 0.630, 0.484, 0.517, 0.471, 0.409, 0.397),
    "128,128,28,28": (0.774, 0.639, 0.464, 0.476, 0.463, 0.380, 0.485),
    "256,256,14,14": (0.829, 0.705, 0.664, 0.534, 0.688, 0.413, 0.592),
    "512,512,7,7": (1.183, 1.126, 0.910, 1.220, 1.640, 2.022, 2.484),
    "16,16,56,56": (0.075, 0.064, 0.050, 0.057, 0.052, 0.049, 0.047),
    "32,32,56,56": (0.239, 0.195, 0.155, 0.170, 0.155, 0.138, 0.135),
}


@pytest.mark.slow_cases("64,64,56,56")
@pytest.mark.parametrize("shape", ZEN5)
def test_what_was_measured_of_the_kernels(shape):
    found = [winograd_time(parse(f"F({m}x{m},3x3)"), layer(shape), CORES["zen5"]).total for m in range(2, 9)]
    ratios = [1000 * time / measured for time, measured in zip(found, ZEN5[shape], strict=True)]
    assert ratios == pytest.approx([1] * 7, rel=0.2)
    taken = ZEN5[shape][found.index(min(found))]
    assert taken <= 1.15 * min(ZEN5[shape])  # the tile that the model takes costs little more than the best one


def test_the_parts_that_were_measured():
    """By profile of the prototypes: products 0.598 ms, transforms 0.076 + 0.078 ms; direct 92 to 96 GF/s."""
    found = winograd_time(F4, layer("64,64,56,56"))
    assert 1000 * found.products == pytest.approx(0.598, rel=0.03)
    assert 1000 * found.transforms == pytest.approx(0.076 + 0.078, rel=0.03)
    assert found.streaming == 0
    assert 92e9 <= 2 * 64 * 64 * 56 * 56 * 9 / direct_time(layer("64,64,56,56")).total <= 96e9


@pytest.mark.parametrize(("m", "tiles"), [(2, 16), (3, 9), (4, 4), (5, 4), (7, 1), (8, 1)])
def test_products_are_counted_on_whole_tiles(m, tiles):
    algorithm = parse(f"F({m}x{m},3x3)")
    found = winograd_time(algorithm, layer("64,64,7,7"))
    cycles = algorithm.rank * tiles * 64 * 64 / 16 / 0.95
    assert found.products == pytest.approx(cycles / 3.24e9)


def test_products_more_than_inputs_are_counted():
    quadratic = parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=True)
    ratio = winograd_time(quadratic, layer("64,64,56,56")).products / winograd_time(F4, layer("64,64,56,56")).products
    assert ratio == pytest.approx(49 / 36)


def test_transforms_are_counted_in_additions():
    """144 of the data and 100 of the output of a tile of F(4x4,3x3) on 0, 1, -1, 2, -2: 12 and 10 along an axis."""
    one = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    for C, K in ((64, 64), (8, 64), (64, 16)):
        found = winograd_time(one, layer(f"{C},{K},56,56")).transforms
        assert found == pytest.approx(1.3 * 196 * (144 * C + 100 * K) / 8 / 3.24e9)


def test_channels_fill_vectors():
    times = {K: winograd_time(F4, layer(f"64,{K},56,56")).products for K in (1, 16, 17, 32)}
    assert times[1] == times[16] < times[17] == times[32] == pytest.approx(2 * times[16])
    seven, eight = (winograd_time(F4, layer(f"{C},64,56,56")) for C in (9, 16))
    assert seven.transforms == eight.transforms
    assert seven.products / eight.products == pytest.approx(9 / 16)


def test_what_the_cache_does_not_hold_is_read_meanwhile():
    core = ProcessorCore()
    bytes_of_V = 36 * 512 * 512 * 4
    found = winograd_time(F4, layer("512,512,7,7"), core)
    assert found.streaming == found.total == pytest.approx(bytes_of_V / core.bandwidth)
    held = winograd_time(F4, layer("512,512,7,7"), replace(core, cache=float(bytes_of_V)))
    assert held.streaming == 0
    assert held.total == held.products + held.transforms < found.total
    half = winograd_time(F4, layer("512,512,7,7"), core, "int8").streaming
    assert half == pytest.approx(bytes_of_V / 2 / core.bandwidth)
    many = winograd_time(F4, layer("512,512,7,7", batch=64), core)
    assert many.streaming == found.streaming
    assert many.total == many.products + many.transforms


def test_wider_and_faster_cores():
    one, narrow = layer("64,64,56,56"), ProcessorCore()
    for other, times in ((replace(narrow, lanes=16), 2), (replace(narrow, ghz=6.48), 2), (replace(narrow, pipes=1), 1)):
        assert winograd_time(F4, one, narrow).transforms / winograd_time(F4, one, other).transforms == pytest.approx(
            times
        )
    assert direct_time(one, replace(narrow, pipes=1)).total == pytest.approx(2 * direct_time(one).total)


sizes = st.integers(8, 200)


@pytest.mark.slow
@given(sizes, sizes, st.integers(1, 40), st.integers(1, 40), st.integers(1, 5), st.sampled_from(sorted(SPEEDS)))
def test_times_grow_with_a_layer(C, K, H, W, batch, type):
    one = ConvolutionLayer(LayerShape(C, K, (H, W)), batch)
    for bigger in (
        replace(one, batch=batch + 1),
        replace(one, shape=LayerShape(C + 1, K, (H, W))),
        replace(one, shape=LayerShape(C, K + 1, (H, W))),
        replace(one, shape=LayerShape(C, K, (H + 1, W))),
    ):
        assert winograd_time(F4, bigger, type=type).total >= winograd_time(F4, one, type=type).total > 0
        assert direct_time(bigger, type=type).total >= direct_time(one, type=type).total > 0


@pytest.mark.parametrize(
    ("options", "outputs"),
    [
        ({}, (14, 15)),
        ({"pad": 1}, (14, 15)),
        ({"pad": 0}, (12, 13)),
        ({"stride": 2}, (7, 8)),
        ({"taps": (5, 2)}, (14, 15)),
        ({"taps": (5, 2), "pad": 0}, (10, 14)),
        ({"taps": (3, 3), "pad": 3, "stride": 3}, (6, 7)),
    ],
)
def test_sizes_of_outputs(options, outputs):
    found = layer("64,64,14,15", **options)
    assert found.outputs == outputs
    direct = direct_time(found).total * ProcessorCore().peak("float32") * 0.9
    assert direct == pytest.approx(prod(outputs) * prod(found.taps) * 64 * 64)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"stride": 2}, "stride 2"),
        ({"taps": (1, 1)}, "one tap"),
        ({"groups": 16}, "fewer than 8 channels in a group"),
    ],
)
def test_layers_of_the_direct_convolution(options, words):
    found = layer("64,64,56,56", **options)
    assert words in found.why_direct
    with refused(NotApplicable, words):
        winograd_time(parse("F(4x4,1x1)") if found.taps == (1, 1) else F4, found)
    assert direct_time(found).total > 0
    assert layer("3,64,224,224").why_direct == "fewer than 8 channels"


def test_groups_run_one_after_the_other():
    whole, grouped = layer("32,32,28,28"), layer("64,64,28,28", groups=2)
    assert grouped.channels == 32
    assert winograd_time(F4, grouped).total == pytest.approx(2 * winograd_time(F4, whole).total)
    assert direct_time(grouped).total == pytest.approx(2 * direct_time(whole).total)


def test_what_is_no_layer():
    for options, kind, words in (
        ({"batch": 0}, BadValue, "batch is 0"),
        ({"batch": 10**12}, BadValue, "batch is 1000000000000"),
        ({"stride": -1}, BadValue, "stride is -1"),
        ({"pad": -1}, BadValue, "pad is -1"),
        ({"pad": 1.5}, BadValue, "pad is 1.5"),
        ({"groups": 3}, BadValue, "divisor of 64"),
        ({"taps": (3,)}, BadShape, "3x3"),
        ({"taps": (0, 3)}, BadShape, "0x3"),
        ({"taps": (9, 9), "pad": 0}, BadShape, "not larger than the data, 8x8"),
    ):
        with refused(kind, words):
            layer("64,64,8,8", **options)
    with refused(BadShape, "two axes"):
        layer("64,64,8")
    with refused(BadShape, "F(2x2,5x5)"):
        winograd_time(parse("F(2x2,5x5)"), layer("64,64,8,8"))
    with refused(UnknownName, "float32, int8, uint8"):
        winograd_time(F4, layer("64,64,8,8"), type="int9")
    with refused(NotApplicable, "depthwise"):
        direct_time(layer("64,64,8,8", groups=64))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"lanes": 0}, "lanes"), ({"lanes": 2.0}, "lanes"), ({"ghz": 0}, "ghz"), ({"bandwidth": float("nan")}, "nan"),
     ({"cache": "8MB"}, "8MB")],
)  # fmt: skip
def test_what_is_no_core(options, words):
    with refused(BadValue, words):
        ProcessorCore(**options)


def test_what_is_no_rate():
    with refused(BadValue, "share of a kernel is 0"):
        KernelRates(0, 0.9, 1.3)


@pytest.mark.parametrize("text", ["", "x", "3x", "3x3x3", "-3x3", "3,3", "3.0", "9" * 20])
def test_what_is_no_filter(text):
    with refused(BadShape, "3x3"):
        parse_taps(text)


# what compiled programs are asked and say

ASKED = r"""
#include "kernel.h"
#include <stdio.h>
#include <string.h>
int main(int count, char **words)
{
    const char *asked[] = {"bench", "2", "7", "9", "64", "32"};
    for (int i = 0; i < 6; ++i)
        if (count != 7 || strcmp(words[i + 1], asked[i])) return 1;
#ifdef KERNEL_MAIN
    puts(ANSWER);
#endif
    return 0;
}
"""
SMALL = ConvolutionLayer(LayerShape(64, 32, (7, 9)), batch=2)


def kernel(answer):
    return {"kernel.h": f'#define ANSWER "{answer}"\n', "kernel.c": ASKED}


def test_a_program_is_compiled_and_asked():
    assert measured_time(kernel("0.25 1.5 30.0 winograd"), SMALL) == (0.00025, 0.0015)


@pytest.mark.parametrize("answer", ["", "0.25", "fast slow", "-1 1", "nan 1", "1 inf"])
def test_another_answer_is_refused(answer):
    with refused(ToolFailed, "kernel.c", "printed"):
        measured_time(kernel(answer), SMALL)


def test_times_that_the_clock_does_not_show():
    with refused(NotApplicable, "larger layer"):
        measured_time(kernel("0.0000 0.0010 inf"), SMALL)


def test_programs_and_compilers_that_fail(monkeypatch):
    with refused(ToolFailed, "exit code 1"):
        measured_time(kernel("1 2"), replace(SMALL, batch=3))
    with refused(ToolFailed):
        measured_time({"kernel.c": "no program"}, SMALL)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: pytest.fail("a program was started"))
    with refused(MissingTool, "C compiler", "CC"):
        measured_time(kernel("1 2"), SMALL)


@pytest.mark.parametrize("options", [{"pad": 0}, {"stride": 2}, {"groups": 2}, {"taps": (2, 2)}])
def test_what_the_benchmark_does_not_run(options):
    with refused(NotApplicable, "without measuring"):
        check_measurable(replace(SMALL, **options))
    with refused(NotApplicable, "fewer than 8 channels"):
        check_measurable(layer("3,64,56,56"))


@pytest.mark.parametrize(
    "options", [{"pad": 1}, {"taps": (5, 3)}, {"taps": (5, 5), "pad": 2}, {"taps": (4, 4), "pad": 1}]
)
def test_what_it_runs(options):
    check_measurable(replace(SMALL, **options))
