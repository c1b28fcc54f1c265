# SPDX-License-Identifier: Apache-2.0
"""Long products over Z/2^k in C equal the schoolbook method, for extreme and random operands."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import parse, winograd
from wincraft.emit.c.ring import ring_header
from wincraft.errors import BadValue, NotApplicable
from wincraft.rings import ring_loss

SETS = {
    "Toom-4": (4, 4, "0,1,-1,2,-2,3,inf", 13),
    "quadratic": (4, 4, "0,1,-1,-2,x^2+x+1,inf", 15),
    "no bit": (4, 4, "0,-1,x^2+x+1,x^3+x+1@(0,1,x^2+x+1,inf)", 16),
    "Toom-2.5": (2, 4, "0,1,-1,2,inf", 15),
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-O2", "-shared", "-fPIC"]


def loss_of(name, form, word=16):
    m, r, moduli, _ = SETS[name]
    algorithm = winograd(m, r, moduli=moduli)
    return ring_loss(algorithm.transpose() if form == "linear" else algorithm, f"Z/2^{word}")


def function(folder, text, word, compiler):
    """The function of a header, compiled."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    name = next(line for line in text.splitlines() if line.startswith("static inline void")).split("(")[0].split()[-1]
    (folder / "made.h").write_text(text)
    types = f"const uint{word}_t *a, const uint{word}_t *b, uint{word}_t *c"
    linkage = '#ifdef __cplusplus\nextern "C"\n#endif\n'
    (folder / "made.c").write_text(
        f'#include "made.h"\n#include "made.h"\n{linkage}void run({types});\nvoid run({types}) {{ {name}(a, b, c); }}\n'
    )
    standard = ["-std=c99"] if compiler == "gcc" else ["-std=c++17", "-x", "c++"]
    command = [compiler, *standard, *WARNINGS, "made.c", "-o", "made.so"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "made.so")).run


def schoolbook(form, data, filter):
    """Over the integers."""
    data, filter = data.astype(object), filter.astype(object)
    if form == "linear":
        return np.convolve(data, filter)
    return np.array([data[i : i + len(filter)] @ filter for i in range(len(data) - len(filter) + 1)])


def cases(count, q, rng):
    """Extreme and random operands below q, and representatives beyond it."""
    for kind in ("0", "1", "largest", "alternating", "top bit", *["random"] * 5, "beyond"):
        values = {
            "0": [0] * count,
            "1": [1] * count,
            "largest": [q - 1] * count,
            "alternating": [(q - 1) * (k % 2) for k in range(count)],
            "top bit": [q // 2] * count,
        }.get(kind)
        if values is None:
            values = [int(x) for x in rng.integers(0, q, count, dtype=np.uint64)]
        yield kind, values


@pytest.mark.slow_cases("no bit-16")
@pytest.mark.parametrize("form", ["linear", "correlation"])
@pytest.mark.parametrize(
    ("name", "word", "compiler"),
    [
        ("Toom-4", 16, "gcc"),
        ("Toom-4", 16, "g++"),
        ("quadratic", 16, "gcc"),
        ("no bit", 16, "gcc"),
        ("Toom-2.5", 16, "gcc"),
    ]
    + [("Toom-4", word, "gcc") for word in (8, 32, 64)],
)
def test_products_of_256_terms_equal_the_schoolbook_method(name, word, compiler, form, tmp_path):
    loss, length = loss_of(name, form, word), 256
    run = function(tmp_path, ring_header(loss, length), word, compiler)
    m, r = loss.algorithm.m[0], loss.algorithm.r[0]
    whole, others = (m + r) * length // r - 1, m * length // r
    q, dtype, rng = loss.exact, np.dtype(f"uint{word}"), np.random.default_rng(11)
    if word == 16:
        assert q == 2 ** SETS[name][3]
    lefts = list(cases(others if form == "linear" else whole, q, rng))
    for (kind, left), (_, right) in zip(lefts, cases(length, q, rng), strict=True):
        data, filter = (np.array(values, dtype=object) for values in (left, right))
        given = [(values + q * (kind == "beyond")) % 2**word for values in (data, filter)]
        arrays = [np.array(values, dtype=dtype) for values in given]
        result = np.full(whole if form == "linear" else others, 7, dtype=dtype)
        run(*(ctypes.c_void_p(array.ctypes.data) for array in (*arrays, result)))
        assert [int(x) for x in result] == [int(x) % q for x in schoolbook(form, data, filter)], kind


def test_the_header_says_what_it_computes():
    text = ring_header(loss_of("Toom-4", "linear"), 256, "wincraft ring 4,4")
    assert text.startswith("/* wincraft 0.1.0: wincraft ring 4,4\n")
    assert "s = g h, polynomials, low to high, modulo 2^13" in text
    assert "times 61167 = 1/15, then shifted right by 3" in text
    assert max(map(len, text.splitlines())) <= 120
    assert text == ring_header(loss_of("Toom-4", "linear"), 256, "wincraft ring 4,4")


def test_what_no_word_holds_is_refused():
    algorithm = winograd(4, 4, points="0,1,-1,2,-2,3,inf")
    with refused(NotApplicable, "C over GF(3329): no word of C wraps around there"):
        ring_header(ring_loss(algorithm, 3329), 256)
    with refused(BadValue, "the length is 255; give a multiple of the 4 taps"):
        ring_header(ring_loss(algorithm, "Z/2^16"), 255)
    with refused(NotApplicable, "it has several axes"):
        ring_header(ring_loss(parse("F(2x2,3x3)"), "Z/2^16"), 3)
