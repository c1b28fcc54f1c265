# SPDX-License-Identifier: Apache-2.0
"""Compiled functions are probed and proved, or refused with the cause."""

from __future__ import annotations

import shutil

import pytest
from oracle_messages import refused

import wincraft as wc
from wincraft.algorithm import Refuted
from wincraft.errors import BadDocument, BadShape, MissingTool, NotApplicable, ToolFailed, Unidentified
from wincraft.files import parameters, probe_tiles, probe_transforms
from wincraft.files.source import kernel

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

TRANSFORMS = """
typedef float real;
static void load_input(real *restrict out, const real *restrict in)
{
    out[0] = in[0] - in[2]; out[1] = in[1] + in[2]; out[2] = in[2] - in[1]; out[3] = in[3] - in[1];
}
static void load_filter(real out[4], const real in[3])
{
    const real half = 0.5f;
    out[0] = in[0]; out[1] = half * (in[0] + in[1] + in[2]); out[2] = half * (in[0] - in[1] + in[2]); out[3] = in[2];
}
static void store_output(real *out, /* products */ const real *in)
{
    out[0] = in[0] + in[1] + in[2]; out[1] = in[1] - in[2] + in[3];
}
int main(void) { return 1; }
"""
TILES = """
void correlation(const double d[4], const double *g, double *y)
{
    for (int i = 0; i < 2; ++i) y[i] = d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2];
}
void filter_first(const double *weights, const double *image, double *y) { correlation(image, weights, y); }
void reversed(const double *d, const double *g, double *y)
{
    const double flipped[3] = {g[2], g[1], g[0]};
    correlation(d, flipped, y);
}
void typo(const double *d, const double *g, double *y) { correlation(d, g, y); y[1] -= 2 * d[3] * g[2]; }
void squares(const double *d, const double *g, double *y) { correlation(d, g, y); y[0] += d[0] * d[1] * g[0]; }
void adds(const double *d, const double *g, double *y) { y[0] += d[0] * g[0]; }
void strange(const double *d, const double *g, double *y, double scale) { y[0] = scale; }
"""


def source(tmp_path, text, name="f.c"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["f.c", "f.cpp"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_three_transforms_are_told_apart_by_their_names(name, order, tmp_path):
    functions = ("store_output", "load_filter", "load_input")
    text = TRANSFORMS.replace("restrict", "") if name.endswith("pp") else TRANSFORMS
    found = probe_transforms(source(tmp_path, text, name), [functions[k] for k in order], "2,3")
    assert found.algorithm == wc.winograd(2, 3, points="0,1,-1")
    assert found.deviation == 0


@pytest.mark.parametrize("suffix", ["f32", "f64", "int"])
@pytest.mark.parametrize("size", ["4,3", "4x4,3x3", "2x4,3x3"])
def test_the_functions_of_own_headers_are_read_back(size, suffix, tmp_path):
    path = tmp_path / "f.h"
    points = {"2": "0,1,-1", "4": "0,1,-1,2,-2"}
    algorithm = wc.parse(size, points=";".join(points[m] for m in size.partition(",")[0].split("x")))
    wc.write(algorithm, path)
    prefix = f"wincraft_f{size.replace(',', '_')}"
    found = probe_transforms(path, [f"{prefix}_{word}_{suffix}" for word in ("output", "filter", "input")], size)
    assert found.algorithm.scale == 1
    assert [axis.moduli for axis in found.algorithm.factors] == [axis.moduli for axis in algorithm.factors]
    if suffix != "int":
        assert [axis.noise_gain() for axis in found.algorithm.factors] == [
            axis.noise_gain() for axis in algorithm.factors
        ]


def test_wrong_transforms_are_refuted(tmp_path):
    path = source(tmp_path, TRANSFORMS.replace("in[3] - in[1]", "in[3] + in[1]"))
    with pytest.raises((Refuted, Unidentified)):
        probe_transforms(path, ["store_output", "load_filter", "load_input"], "2,3")


def test_a_function_of_tiles_is_proved_on_unit_vectors(tmp_path):
    path = source(tmp_path, TILES)
    for name in ("correlation", "filter_first"):
        assert probe_tiles(path, name, "2,3").startswith(f"F(2,3) proved: {name} is the convolution on all 12 pairs")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("reversed", "applies the filter reversed"),
        ("typo", "gives -1 for output 1 at d[3] and g[2], not 1"),
        ("squares", "a pair of small integers"),
    ],
)
def test_what_is_not_the_convolution_is_told_with_its_place(function, says, tmp_path):
    with refused(Unidentified, says):
        probe_tiles(source(tmp_path, TILES), function, "2,3")


@pytest.mark.parametrize(
    ("function", "size", "kind", "says"),
    [
        ("nope", "2,3", BadDocument, "its functions are correlation, filter_first"),
        ("adds", "2,3", NotApplicable, "not written whole"),
        ("strange", "2,3", NotApplicable, "double scale"),
        ("correlation", "3,3", BadShape, "needed is (3,)"),
    ],
)
def test_functions_that_cannot_be_called_are_refused(function, size, kind, says, tmp_path):
    with refused(kind, says):
        probe_tiles(source(tmp_path, TILES), function, size)


def test_a_source_that_does_not_compile_or_ends_is_refused(tmp_path):
    with refused(ToolFailed, "exit code"):
        probe_tiles(source(tmp_path, TILES + "int x = y;"), "correlation", "2,3")
    crash = "#include <stdlib.h>\nvoid f(const float *d, const float *g, float *y) { abort(); }"
    with refused(ToolFailed, "probe"):
        probe_tiles(source(tmp_path, crash, "g.c"), "f", "2,3")
    with refused(BadDocument, "No such file"):
        probe_tiles(tmp_path / "none.c", "f", "2,3")


def test_without_a_compiler_the_tool_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with refused(MissingTool, "a C compiler", "CC"):
        probe_tiles(source(tmp_path, TILES), "correlation", "2,3")


def test_strides_belong_to_the_array_they_are_named_for_or_stand_behind(tmp_path):
    text = "void f(const float *src, int ld, float *dst, int dst_step, long srcStride) { dst[0] = src[0]; }"
    path = source(tmp_path, text)
    assert kernel(path, "f", (5, 7)).strides == (5, 7, 5)
    assert [item.type for item in parameters(path, "f")] == ["float", "int", "float", "int", "long"]
