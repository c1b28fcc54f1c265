# SPDX-License-Identifier: Apache-2.0
"""Rounding noise as it is measured: against NumPy's half precision, and what it tells that a prediction does not."""

from __future__ import annotations

from fractions import Fraction
from math import isnan

import numpy as np
import pytest

from wincraft import winograd
from wincraft.circuit import Program, of_matrix
from wincraft.construct import Circuits
from wincraft.construct.rounding import Context, contexts, measured_noise, noise_of

SIZES = {
    "F(2,3)": winograd(2, 3, points="0,1,-1"),
    "F(4,3)": winograd(4, 3, points="0,1,-1,2,-2"),
    "F(4,3) thirds": winograd(4, 3, points="0,2/3,-2/3,3/2,-3/2"),
    "F(4,3) rank 7": winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
}


def in_half_precision(algorithm, name, program):
    """Mean squared error at the outputs over the squared unit roundoff, data and filters drawn, NumPy's float16."""
    AT, G, BT = algorithm.to_numpy(float)
    random = np.random.default_rng(7)
    V = G @ random.standard_normal((G.shape[1], 100_000))
    data = random.standard_normal((BT.shape[1], 100_000))
    given = (data if name == "BT" else V * (BT @ data)).astype(np.float16)
    found = np.stack(program.run(list(given))).astype(float)
    errors = found - (BT if name == "BT" else AT) @ given.astype(float)
    return float(((AT @ (V * errors) if name == "BT" else errors) ** 2).sum(axis=0).mean() * 4.0**11)


@pytest.mark.parametrize("name", ["BT", "AT"])
@pytest.mark.parametrize("size", SIZES)
def test_measured_noise_is_that_of_half_precision(size, name):
    algorithm = SIZES[size]
    circuits, matrix = Circuits(algorithm), algorithm.named[name].dense
    scale = algorithm.m[0] * algorithm.r[0]
    for program in (of_matrix(matrix), circuits.of(matrix).program):
        measured = measured_noise(program, circuits.context(matrix))[0] * scale
        assert measured == pytest.approx(in_half_precision(algorithm, name, program), rel=0.06)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_predicted_is_measured_but_for_a_factor(size):
    """Rounding to nearest makes about 0.18 of the squared unit roundoff; sums of few bits round less, or not at all."""
    for name, matrix, context in contexts(SIZES[size]):
        if name != "G":
            program = of_matrix(matrix)
            for measured in measured_noise(program, context):
                assert 0.08 < measured / float(noise_of(program, context)) < 0.3


def test_constants_that_no_float_holds_are_felt():
    """x / 3 by a rounded constant is wrong twice, by an amount that depends on the format; x / 4 not at all."""
    third, quarter = (Program.build(1, [("multiply", 0, text)], [1]) for text in ("1/3", "1/4"))
    assert measured_noise(quarter, Context()) == (0, 0)
    measured = measured_noise(third, Context())
    error = [abs(Fraction(float(dtype(1 / 3))) - Fraction(1, 3)) * 2**bits for dtype, bits in HALF_AND_SINGLE]
    for found, constant in zip(measured, error, strict=True):
        assert found - float(constant) ** 2 == pytest.approx(0.18 / 9, rel=0.25)


HALF_AND_SINGLE = ((np.float16, 11), (np.float32, 24))


def test_the_default_is_quiet_where_it_is_measured_too():
    """F(4,3) with x^2+1: 9 additions are predicted at 1.05 times the noise of the rows, measured at 1.15."""
    algorithm = SIZES["F(4,3) rank 7"]
    matrix = algorithm.input.dense
    rows, *known = Circuits(algorithm, "fewest").candidates(matrix)
    nine = min((item for item in known if item.additions == 9), key=lambda item: item.noise)
    assert nine.noise / rows.noise < 1.1 < min(x / y for x, y in zip(nine.measured, rows.measured, strict=True))
    assert Circuits(algorithm).of(matrix).additions == 10


@pytest.mark.parametrize("constant", ["1" + "0" * 95, "1" + "0" * 400])
def test_what_no_float_holds_is_not_measured(constant):
    program = Program.build(1, [("multiply", 0, constant)], [1])
    assert all(map(isnan, measured_noise(program, Context())))
