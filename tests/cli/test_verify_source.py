# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify SIZE --source FILE --function NAME``."""

from __future__ import annotations

import shutil

import pytest

import wincraft as wc

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
FUNCTIONS = [f"--function=wincraft_f2_3_{word}_f32" for word in ("output", "filter", "input")]


@pytest.fixture
def header(tmp_path):
    path = tmp_path / "f.h"
    wc.write(wc.winograd(2, 3), path)
    return path


def test_compiled_transforms_are_proved(wincraft_here, header):
    done = wincraft_here("verify", "2,3", "--source", header, *FUNCTIONS)
    assert (done.returncode, done.stdout[:13]) == (0, "F(2,3) proved")


def test_wrong_transforms_exit_with_1_and_say_what_is_wrong(wincraft_here, header):
    text = header.read_text()
    assert "0.5F" in text
    header.write_text(text.replace("0.5F", "0.25F"))  # taps 1 and 2 become half of what they must be
    done = wincraft_here("verify", "2,3", "--source", header, *FUNCTIONS)
    assert done.returncode == 1
    assert "1/2" in done.stdout + done.stderr


def test_a_function_of_tiles(wincraft_here, tmp_path):
    path = tmp_path / "f.c"
    path.write_text("void f(const float *d, const float *g, float *y) { *y = d[0] * g[0] + d[1] * g[1]; }")
    done = wincraft_here("verify", "1,2", "--source", path, "--function", "f")
    assert (done.returncode, done.stdout) == (
        0,
        "F(1,2) proved: f is the convolution on all 4 pairs of unit vectors, within 0\n",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["2,3", "--source", "f.c"], "belong together"),
        (["2,3", "--function", "f"], "belong together"),
        (["2,3", "4,3", "--source", "f.c", "--function", "f"], "one size"),
    ],
)
def test_half_of_the_options_is_a_usage_error(wincraft_here, arguments, says):
    done = wincraft_here("verify", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
