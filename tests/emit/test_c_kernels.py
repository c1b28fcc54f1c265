# SPDX-License-Identifier: Apache-2.0
"""Kernels from plain data: a dense pass over the whole flattened tile, which no algorithm of one axis each has."""

from __future__ import annotations

import numpy as np
import pytest
from c_headers import Library, needs_cc
from sympy import Integer
from sympy.polys.domains import QQ
from sympy.polys.matrices import DomainMatrix

from wincraft import winograd
from wincraft.construct import Circuits
from wincraft.emit.c.passes import Reading, Transform
from wincraft.emit.c.plan import float_section
from wincraft.emit.c.printing import section_texts
from wincraft.emit.matrices import NamedPass

BY_ROWS = Circuits(winograd(2, 3), "rows")
"""Takes every matrix row by row; of no other algorithm it knows more."""
SHAPES = {"filter": ((3, 2), (5,)), "input": ((4, 3), (5,)), "output": ((5,), (2, 3))}


def transform(name, reads, writes, rng):
    """A transform of one dense pass, with zeros, ones and fractions."""
    tile, image = SHAPES[name]
    count, length = np.prod(image), np.prod(tile)
    entries = rng.choice([0, 0, 1, -1, 2, -5], (count, length)).tolist()
    exact = DomainMatrix([[QQ(x, 4 if x == -5 else 1) for x in row] for row in entries], (count, length), QQ)
    step = NamedPass({"filter": "G", "input": "BT", "output": "AT"}[name], "", exact, None, image)
    return Transform(name, reads, writes, tile, image, (step,), f"{writes.upper()} = ...", Integer(1))


@pytest.fixture(scope="module")
def reading():
    rng = np.random.default_rng(1)
    letters = (("filter", "g", "v"), ("input", "d", "u"), ("output", "m", "y"))
    transforms = tuple(transform(*names, rng) for names in letters)
    return Reading(
        size="F(2x3,3x2)",
        prefix="wincraft_f2x3_3x2",
        scale=Integer(2),
        tables={item.passes[0].label: item.passes[0] for item in transforms},
        transforms=transforms,
        sizes=(),
        description=(),
    )


@pytest.fixture(scope="module")
def library(reading, tmp_path_factory):
    parts = [text for c_type in ("float", "double") for text in section_texts(float_section(reading, c_type, BY_ROWS))]
    text = "\n\n".join(["#include <stddef.h>", *parts]) + "\n"
    return Library(tmp_path_factory.mktemp("dense"), {"dense": text})


def summed(row, x):
    """The row's sum in float64 or float32, its first positive term first, one rounding after the other."""
    terms = [k for k, c in enumerate(row) if c]
    first = next((k for k in terms if row[k] > 0), None)
    total = None
    for k in sorted(terms, key=lambda k: k != first):
        term = x.dtype.type(row[k]) * x[k]
        total = term if total is None else total + term
    return x.dtype.type(0) if total is None else total


@needs_cc
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("f64", np.float64)])
@pytest.mark.parametrize("name", SHAPES)
def test_a_dense_pass_is_its_matrix_times_the_flattened_tile(library, reading, name, suffix, dtype):
    """Data and outputs are windows of larger arrays, outputs are divided by the scale."""
    (item,) = [part for part in reading.transforms if part.name == name]
    x = np.random.default_rng(2).standard_normal(item.tile).astype(dtype)
    got = library.through("dense", suffix, name, x, item.image, (dtype, dtype))
    rows = [[float(entry) for entry in row] for row in item.passes[0].matrix.to_list()]
    wanted = np.array([summed(row, x.ravel()) for row in rows], dtype=dtype).reshape(item.image)
    np.testing.assert_array_equal(got, wanted / dtype(2) if name == "output" else wanted)


def test_what_is_said_of_a_dense_pass(reading):
    text = "\n".join(section_texts(float_section(reading, "float", BY_ROWS)))
    assert "Input transform U = ...:\n * d 4x3 at d[d_stride * i + j] -> U 5 at u[i]." in text
    assert "static const float wincraft_f2x3_3x2_BT_f32[5][12]" in text
    entries = [abs(float(x)) for x in np.ravel(reading.transforms[1].passes[0].matrix.to_list())]
    additions = sum(x > 0 for x in entries) - 5
    assert f"{additions} additions and {sum(x not in (0, 1) for x in entries)} multiplications." in text
