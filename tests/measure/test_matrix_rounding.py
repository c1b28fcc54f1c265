# SPDX-License-Identifier: Apache-2.0
"""The residual of rounded matrices: closed forms against the whole Kronecker tensor and against running the tile."""

from fractions import Fraction
from itertools import product
from math import log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_chains import chained

import wincraft as wc
from wincraft.errors import BadValue, NotApplicable, UnknownName
from wincraft.measure import fitting_format, round_matrices, smallest_word, sweep_words
from wincraft.numbers import FORMATS, FixedPoint


def rounded_arrays(axis):
    AT, G, BT = (np.array(axis.rounded[name], dtype=object) for name in ("AT", "G", "BT"))
    return AT.T, G, BT


def whole_residual(rounding):
    """E as one array of axes (i..., j..., l...), by Kronecker products and the definition."""
    d = len(rounding.axes)
    T, exact = np.array(Fraction(1), dtype=object), np.array(1, dtype=object)
    for axis in rounding.axes:
        AT, G, BT = rounded_arrays(axis)
        one = np.array(
            [
                [[sum(AT[i] * G[:, j] * BT[:, l]) for l in range(BT.shape[1])] for j in range(G.shape[1])]
                for i in range(len(AT))
            ]
        )
        one = one / Fraction(int(axis.algorithm.scale.p), int(axis.algorithm.scale.q))
        delta = np.fromfunction(lambda i, j, l: (l == i + j).astype(int), one.shape, dtype=int).astype(object)
        T, exact = np.multiply.outer(T, one), np.multiply.outer(exact, delta)
    order = [3 * axis + part for part in range(3) for axis in range(d)]
    return (T - exact).transpose(order), exact.transpose(order)


ALGORITHMS = {
    "F(2,3)": lambda: wc.winograd(2, 3),
    "F(4,3)": lambda: wc.winograd(4, 3, points="0,1,-1,2,-2"),
    "integer": lambda: wc.winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "rank 7": lambda: wc.winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
    "sqrt2": lambda: wc.winograd(3, 2, points="0,sqrt(2),-sqrt(2)"),
    "F(2x2,3x3)": lambda: wc.parse("F(2x2,3x3)"),
    "F(2x3,3x2)": lambda: wc.parse("F(2x3,3x2)", convention="pow2"),
    "F(1x2x2,2x1x2)": lambda: wc.parse("F(1x2x2,2x1x2)"),
}


@pytest.mark.parametrize("format_", [4, 6, 9, FORMATS["fp8-e4m3"], FixedPoint(6, 2)], ids=str)
@pytest.mark.parametrize("per", ["matrix", "tap"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_closed_forms_equal_the_whole_tensor(name, format_, per):
    rounding = round_matrices(ALGORITHMS[name](), format_, per)
    E, T = whole_residual(rounding)
    d = len(rounding.axes)
    assert rounding.largest == abs(E).max()
    assert rounding.worst_case == abs(E).sum(axis=tuple(range(d, 3 * d))).max()
    assert rounding.power == (E**2).sum() / Fraction(int((T**2).sum()))
    if rounding.power:
        assert rounding.decibels == pytest.approx(10 * log10(rounding.power), abs=1e-9)


def test_the_worst_case_is_attained_by_running_the_rounded_tile():
    rounding = round_matrices(wc.winograd(4, 3, points="0,1,-1,2,-2"), 7)
    E, _ = whole_residual(rounding)
    AT, G, BT = rounded_arrays(rounding.axes[0])
    attained = Fraction(0)
    for i in range(4):
        for signs in product((-1, 1), repeat=3):
            g = np.array(signs, dtype=object)
            d = np.array([1 if (E[i].T @ g)[l] >= 0 else -1 for l in range(6)], dtype=object)
            y = AT @ ((G @ g) * (BT @ d))
            exact = sum(d[i + j] * g[j] for j in range(3))
            attained = max(attained, abs(y[i] - exact))
    assert attained <= rounding.worst_case
    assert attained >= rounding.worst_case / 3  # one filter cannot align all three taps' signs at once


@settings(max_examples=100)
@given(st.lists(st.fractions(-20, 20, max_denominator=50), min_size=1), st.integers(2, 64))
def test_a_fitting_format_clips_nothing_and_is_the_finest(values, word):
    chosen = fitting_format(values, word)
    assert all(abs(chosen.quantize_exact(value) - value) * 2 <= chosen.step for value in values)
    finer = FixedPoint(word, chosen.fraction + 1)
    if any(values):
        assert any(abs(finer.quantize_exact(value) - value) * 2 > finer.step for value in values)


def test_representable_matrices_have_no_residual():
    for word, rounding in sweep_words(wc.winograd(2, 3), (3, 8, 32)).items():
        assert rounding.power == 0, word
        assert "every entry is representable" in repr(rounding)
    assert round_matrices(wc.parse("F(2x2,3x3)"), FORMATS["fp16"]).largest == 0


def test_power_of_two_scaling_changes_the_rounding_and_no_scaling_does_not():
    plain = wc.winograd(4, 3, points="0,1,-1,2,-2")
    assert round_matrices(plain, 8).power > round_matrices(wc.balance(plain, bits=0), 8).power
    doubled = plain.rescale(a=[2] * 6, g=[2] * 6, b=["1/4"] * 6)
    assert round_matrices(doubled, 8).power == round_matrices(plain, 8).power


def test_vanished_entries_are_named():
    rounding = round_matrices(wc.winograd(4, 3, points="0,1,-1,2,-2"), 5)
    assert rounding.vanished == ((0, "G", 3, 0), (0, "G", 4, 0))
    assert "2 non-zero entries became 0: G tap 3 entry 0, G tap 4 entry 0" in repr(rounding)
    assert not round_matrices(wc.winograd(4, 3, points="0,1,-1,2,-2"), 5, "tap").vanished


def test_smallest_word_is_the_smallest():
    algorithm, tolerance = wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2"), Fraction(1, 500)
    for value in (lambda r: r.largest, lambda r: r.worst_case):
        word = smallest_word(algorithm, tolerance, value)
        assert value(round_matrices(algorithm, word)) <= tolerance
        assert value(round_matrices(algorithm, word - 1)) > tolerance


def with_one_long_row(matrix):
    """The row of infinity sets the step of G, or of B^T; the others lie far below it and err most."""
    if matrix == "G":
        algorithm = wc.winograd(1, 3, points="1/3,3", convention="integer")
        return algorithm.rescale(a=[1, 1, "1/16"], g=[1, 1, 256], b=[1, 1, "1/16"])
    algorithm = wc.winograd(1, 5, points="1,2,1/2,3", convention="fractions-in-b")
    return algorithm.rescale(a=[1, 1, 1, 1, "1/64"], g=[1, 1, 1, 1, "1/64"], b=[1, 1, 1, 1, 4096])


@pytest.mark.parametrize(("matrix", "tolerance"), [("G", "9/10"), ("BT", "59/10"), ("G", "1/100")])
def test_every_longer_word_meets_the_tolerance_too(matrix, tolerance):
    algorithm, tolerance = with_one_long_row(matrix), Fraction(tolerance)
    worst = {word: rounding.worst_case for word, rounding in sweep_words(algorithm, range(2, 65)).items()}
    failing = max(word for word, value in worst.items() if value > tolerance)
    assert smallest_word(algorithm, tolerance, lambda r: r.worst_case) == failing + 1


def test_stages_of_chains_are_numbered_in_the_order_of_application():
    """A^T = Q^-1 (Q A^T): first 4x6, its largest entry 34/5, then 4x4, its largest entry 1; one format a column."""
    rounding = round_matrices(chained(wc.winograd(4, 3, points="0,1,-1,2,-2")), 8)
    sizes = {label: (len(formats), formats[0].name) for label, formats in rounding.axes[0].formats.items()}
    assert sizes["AT[0]"] == (6, "q3.4")
    assert sizes["AT[1]"] == (4, "q1.6")
    assert {label: size for label, (size, _) in sizes.items()} == {
        **{"AT[0]": 6, "AT[1]": 4},
        **{"G[0]": 3, "G[1]": 6},
        **{"BT[0]": 6, "BT[1]": 6},
    }


@pytest.mark.parametrize("word", [-1, 0, 1, 65, 200])
def test_words_that_there_are_not(word):
    with pytest.raises(BadValue, match="give 2 to 64"):
        round_matrices(wc.winograd(2, 3), word)


def test_names_and_tolerances_that_there_are_not():
    with pytest.raises(UnknownName, match="did you mean tap"):
        round_matrices(wc.winograd(2, 3), 8, "taps")
    with pytest.raises(NotApplicable, match="raise the tolerance"):
        smallest_word(wc.winograd(4, 3), Fraction(0))
