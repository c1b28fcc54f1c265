# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles, and over GF(p): what each format writes, and what it computes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from c_headers import COMPILERS, Library, compile_with, functions, needs_cc
from oracle_messages import refused
from oracle_tiles import forty_six, kronecker_square
from sympy import Matrix

import wincraft as wc
from wincraft.construct import integer_form
from wincraft.errors import NotApplicable
from wincraft.measure import channel_counts, ranges

MADE = {"kronecker": kronecker_square(), "46 products": forty_six()}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(tmp_path_factory.mktemp("tiles"), {name: wc.render(item, "c") for name, item in MADE.items()})


def convolution(d, g):
    return np.tensordot(np.lib.stride_tricks.sliding_window_view(d, g.shape), g, g.ndim)


@pytest.mark.slow_cases("-clang", "g++")
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", MADE)
def test_headers_compile_without_a_warning(name, compiler, tmp_path):
    suffix, text = ".cpp" if "++" in compiler else ".c", wc.render(MADE[name], "c")
    (tmp_path / "h.h").write_text(text)
    pointers = ",\n".join(f"(void (*)(void)){function}" for function, _ in functions(text))
    source = f'#include "h.h"\nextern void (*all[])(void);\nvoid (*all[])(void) = {{{pointers}}};\n'
    (tmp_path / f"used{suffix}").write_text(source)
    compile_with(compiler, [f"used{suffix}"], "-c", cwd=tmp_path)


@needs_cc
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_compiled_functions_convolve(library, name, suffix, dtype):
    """All intermediate values are multiples of 1/8 below 2^13: what is computed is exact."""
    algorithm, rng = MADE[name], np.random.default_rng(3)
    d, g = (rng.integers(-4, 5, shape).astype(dtype) for shape in (algorithm.n, algorithm.r))
    V = library.through(name, suffix, "filter", g, (algorithm.rank,), (dtype, dtype))
    U = library.through(name, suffix, "input", d, (algorithm.rank,), (dtype, dtype))
    assert (np.array(algorithm.input.dense.to_list(), dtype=float) @ d.ravel() == U).all()
    Y = library.through(name, suffix, "output", U * V, algorithm.m, (dtype, dtype))
    np.testing.assert_array_equal(Y, convolution(d, g))


@needs_cc
@pytest.mark.parametrize("name", MADE)
def test_integer_functions_are_exact_up_to_the_channels_stated(library, name):
    """The largest data and filters, in as many channels as the accumulator is said to hold."""
    algorithm, text = MADE[name], wc.render(MADE[name], "c")
    channels = int(re.search(r"_MAX_CHANNELS_INT32 +(\d+)$", text, re.MULTILINE)[1])
    assert channels > 500
    for value in (-128, 127):
        d, g = (np.full(shape, value, dtype=np.int8) for shape in (algorithm.n, algorithm.r))
        V = library.through(name, "int", "filter", g, (algorithm.rank,), (np.int8, np.int32))
        U = library.through(name, "int", "input", d, (algorithm.rank,), (np.int8, np.int32))
        M = channels * U.astype(np.int64) * V
        assert abs(M).max() < 2**31
        Y = library.through(name, "int", "output", M, algorithm.m, (np.int64, np.int64))
        assert (channels * convolution(d.astype(np.int64), g.astype(np.int64)) == Y).all()
    assert channels == channel_counts(ranges(integer_form(algorithm))).products
    assert ("No functions per stage" in text) == (name == "46 products")


def test_a_map_of_mixed_passes_calls_its_stages_in_turn():
    text = wc.render(MADE["46 products"], "c")
    body = re.search(r"void wincraft_f4x4_3x3_input_f32\([^)]*\)\n\{\n(.*?)\n\}", text, re.DOTALL)[1]
    assert [line.strip() for line in body.splitlines()] == [
        "float d1[6 * 6];",
        "wincraft_f4x4_3x3_input_stage0_f32(d, d_stride, d1);",
        "wincraft_f4x4_3x3_input_stage1_f32(d1, u);",
    ]
    assert " *     BT = BT1 (I (x) BT0) (BT0 (x) I);\n" in text
    assert "_BT_f32[46][36]" in text
    assert "_BT0_f32[6][6]" in text


@pytest.mark.parametrize("name", MADE)
def test_numpy_source_convolves_and_has_the_stages(name):
    algorithm, module = MADE[name], {}
    exec(wc.render(algorithm, "numpy"), module)
    rng = np.random.default_rng(1)
    d, g = rng.standard_normal(algorithm.n), rng.standard_normal(algorithm.r)
    np.testing.assert_allclose(module["convolve_tile"](d, g), convolution(d, g), rtol=0, atol=1e-12)
    for matrix, item in (("AT", algorithm.output), ("G", algorithm.filter), ("BT", algorithm.input)):
        stages = module.get(f"{matrix}_STAGES", ())
        assert len(stages) == (len(item.passes) if len(item.passes) > 1 else 0)
        product = np.eye(item.shape[1])
        for stage in stages:
            product = stage @ product
        np.testing.assert_allclose(product if stages else module[matrix], module[matrix], rtol=0, atol=1e-14)


def test_text_and_latex_show_the_passes():
    text, latex = (wc.render(MADE["46 products"], name) for name in ("text", "latex"))
    for line in ("AT = (I (x) AT1) (AT1 (x) I) AT0", "G = G1 (I (x) G0) (G0 (x) I)"):
        assert f"# {line}, the stages of its chain\n" in text
    rows = re.search(r"\nBT\n(.*?)\n(?:\n|#)", text, re.DOTALL)[1].splitlines()
    assert Matrix([row.split() for row in rows]) == MADE["46 products"].BT
    assert r"  A^T &= (I \otimes A_{1}^T) (A_{1}^T \otimes I) A_{0}^T \\" in latex
    assert latex.count("\\begin{bmatrix}") == latex.count("\\end{bmatrix}") == 9
    assert "\\setcounter{MaxMatrixCols}{46}" in latex


@pytest.mark.parametrize("size", ["F(4,3)", "F(2x2,3x3)"])
def test_over_gf_31_floats_are_refused_by_name_and_residues_shown(size):
    algorithm = wc.winograd(size).convert("GF(31)")
    for format_name, what in (("c", "C headers of"), ("numpy", "numpy output of")):
        with refused(NotApplicable, f"{what} {size}", "elements of GF(31) have no size"):
            wc.render(algorithm, format_name)
    text, latex = (wc.render(algorithm, name) for name in ("text", "latex"))
    assert f"# {size}, " in text
    assert text.count("over GF(31)") >= 2
    assert r"  &\text{over } \mathrm{GF(31)} \\" in latex
    rows = re.search(r"\nG\n(.*?)\n\n", text, re.DOTALL)[1].splitlines()
    residues = np.array([[int(x) for x in row.split()] for row in rows])
    exact = wc.winograd(size).G
    wanted = [[int(x.p) * pow(int(x.q), -1, 31) for x in exact[k, :]] for k in range(exact.rows)]
    assert ((residues - np.array(wanted)) % 31 == 0).all()
    assert abs(residues).max() <= 15
