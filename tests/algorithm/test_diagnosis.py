# SPDX-License-Identifier: Apache-2.0
"""The diagnosis names the wrong taps, and what it says to do makes the matrices right."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_convolution import computes_the_convolution
from oracle_messages import refused
from oracle_strategies import as_sympy, pointed_sizes, rationals
from sympy import Rational, diag, sqrt, zeros

from wincraft import Algorithm, winograd
from wincraft.algorithm import Refuted
from wincraft.exact import exact_number

factors = rationals.filter(lambda value: value not in (0, 1)).map(as_sympy)


def matrices_of(algorithm):
    return {"AT": algorithm.AT, "G": algorithm.G, "BT": algorithm.BT}


def diagnosis_of(matrices):
    with refused(Refuted) as caught:
        Algorithm.from_matrices(**matrices)
    assert str(caught.value) == caught.value.diagnosis.summary == str(caught.value.diagnosis).splitlines()[0]
    return caught.value.diagnosis


def repaired(matrices, diagnosis):
    """Do what the diagnosis says."""
    matrices = {name: matrix.copy() for name, matrix in matrices.items()}
    for tap, product in diagnosis.row_scales:
        matrices["BT"][tap, :] = matrices["BT"][tap, :] / exact_number(product)
    for repair in diagnosis.repairs:
        needed = [exact_number(text) for text in repair.needed]
        given_ = [exact_number(text) for text in repair.given]
        matrix = matrices[repair.matrix]
        row = matrix[:, repair.tap] if repair.matrix == "AT" else matrix[repair.tap, :]
        assert list(row) == given_
        for k, value in enumerate(needed):
            matrix[(k, repair.tap) if repair.matrix == "AT" else (repair.tap, k)] = value
    return matrices


def is_proved_once_repaired(matrices, diagnosis):
    done = repaired(matrices, diagnosis)
    made = Algorithm.from_matrices(**done)
    assert made.scale == exact_number(diagnosis.scale)
    return computes_the_convolution(*done.values(), diagnosis.scale)


@st.composite
def algorithms(draw, least_side=1):
    m, r, points = draw(pointed_sizes(max_m=4, max_r=4, least_tile=3))
    assume(min(m, r) >= least_side)
    moduli = draw(st.sampled_from([points, [*points[:-1], "inf", points[-1]]]))
    return winograd(m, r, points=moduli, convention=draw(st.sampled_from(["wincnn", "monic", "balanced"])))


@given(algorithms(least_side=2), st.sampled_from(["AT", "G", "BT"]), st.data())
def test_one_changed_entry_names_its_tap_and_the_repair_works(made, name, data):
    matrices = matrices_of(made)
    matrix = matrices[name]
    i, j = data.draw(st.integers(0, matrix.rows - 1)), data.draw(st.integers(0, matrix.cols - 1))
    matrix[i, j] += as_sympy(data.draw(rationals.filter(bool)))
    diagnosis = diagnosis_of(matrices)
    tap = j if name == "AT" else i
    assert diagnosis.taps == (tap,)
    assert diagnosis.scale == "1"
    assert is_proved_once_repaired(matrices, diagnosis)
    assert diagnosis.outputs
    if diagnosis.repairs:
        assert diagnosis.repairs[0].matrix == name
        assert f"tap {tap} (from 0)" in diagnosis.summary


@given(algorithms(), st.sampled_from(["AT", "G", "BT"]), st.data())
def test_with_one_output_or_one_filter_tap_the_repair_works_too(made, name, data):
    matrices = matrices_of(made)
    matrix = matrices[name]
    i, j = data.draw(st.integers(0, matrix.rows - 1)), data.draw(st.integers(0, matrix.cols - 1))
    matrix[i, j] += as_sympy(data.draw(rationals.filter(bool)))
    diagnosis = diagnosis_of(matrices)
    if diagnosis.taps:
        assert is_proved_once_repaired(matrices, diagnosis)
    else:
        assert "no one matrix and no diagonal repairs it" in diagnosis.summary


@given(algorithms(least_side=2), st.data())
def test_scaled_rows_are_named_with_their_exact_products(made, data):
    count = data.draw(st.integers(1, (made.rank - 1) // 2))
    taps = sorted(data.draw(st.permutations(range(made.rank)))[:count])
    matrices, products = matrices_of(made), {}
    for tap in taps:
        a, g, b = (data.draw(factors) for _ in range(3))
        assume(a * g * b != 1)
        products[tap] = a * g * b
        matrices["AT"][:, tap] *= a
        matrices["G"][tap, :] *= g
        matrices["BT"][tap, :] *= b
    diagnosis = diagnosis_of(matrices)
    assert diagnosis.row_scales == tuple((tap, str(product)) for tap, product in products.items())
    assert diagnosis.taps == tuple(taps)
    assert diagnosis.repairs == ()
    assert all(str(product) in diagnosis.summary for product in products.values())
    assert is_proved_once_repaired(matrices, diagnosis)


@given(st.permutations(range(6)), st.sampled_from(["AT", "G", "BT"]), st.integers(1, 3), st.data())
def test_several_wrong_vectors_of_one_matrix(order, name, count, data):
    made = winograd(4, 3, points="0,1,-1,2,-2")
    matrices, taps = matrices_of(made), sorted(order[:count])
    width = made.m[0] if name == "AT" else matrices[name].cols
    for tap in taps:
        change = [as_sympy(value) for value in data.draw(st.lists(rationals, min_size=width, max_size=width))]
        old = list(matrices[name][:, tap] if name == "AT" else matrices[name][tap, :])
        new = [a + b for a, b in zip(old, change, strict=True)]
        pivot = next(k for k, value in enumerate(old) if value)
        assume(any(new[pivot] * a != b * old[pivot] for a, b in zip(old, new, strict=True)))
        for k, value in enumerate(new):
            matrices[name][(k, tap) if name == "AT" else (tap, k)] = value
    diagnosis = diagnosis_of(matrices)
    assert diagnosis.taps == tuple(taps)
    assert {repair.matrix for repair in diagnosis.repairs} == {name}
    assert count > 1 or "more" not in diagnosis.summary
    assert is_proved_once_repaired(matrices, diagnosis)


def test_a_wrong_row_at_a_global_scale():
    made = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    matrices = matrices_of(made)
    matrices["BT"][3, :] *= -2
    diagnosis = diagnosis_of(matrices)
    assert (diagnosis.scale, diagnosis.row_scales) == ("24", ((3, "-2"),))
    assert is_proved_once_repaired(matrices, diagnosis)


@pytest.mark.parametrize("name", ["AT", "G", "BT"])
def test_a_wrong_vector_at_a_global_scale(name):
    matrices = matrices_of(winograd(4, 3, points="0,1,-1,2,-2", convention="integer"))
    matrices[name][2, 2] += 7
    diagnosis = diagnosis_of(matrices)
    assert diagnosis.scale == "24"
    assert [(repair.matrix, repair.tap) for repair in diagnosis.repairs] == [(name, 2)]
    assert is_proved_once_repaired(matrices, diagnosis)


def test_a_wrong_first_tap_at_a_global_scale():
    made = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    matrices = matrices_of(made)
    matrices["G"][0, :] *= 5
    diagnosis = diagnosis_of(matrices)
    assert (diagnosis.scale, diagnosis.row_scales) == ("24", ((0, "5"),))


def test_a_vanished_row_is_given_back():
    matrices = matrices_of(winograd(2, 3, points="0,1,-1"))
    matrices["BT"][1, :] = zeros(1, 4)
    diagnosis = diagnosis_of(matrices)
    (repair,) = diagnosis.repairs
    assert (repair.matrix, repair.tap, repair.needed) == ("BT", 1, ("0", "1", "1", "0"))


def test_more_products_than_needed():
    matrices = matrices_of(winograd(4, 3, moduli="0,1,-1,x^2+1,inf"))
    matrices["BT"][4, :] *= 3
    assert diagnosis_of(matrices).row_scales == ((4, "3"),)


def test_algebraic_rows():
    matrices = matrices_of(winograd(2, 3, points="0,sqrt(2),-sqrt(2)"))
    matrices["G"][2, :] *= 1 + sqrt(2)
    diagnosis = diagnosis_of(matrices)
    assert diagnosis.row_scales == ((2, "1+sqrt(2)"),)
    assert is_proved_once_repaired(matrices, diagnosis)


def test_two_wrong_entries_of_different_matrices_are_both_found():
    matrices = matrices_of(winograd(4, 3, points="0,1,-1,2,-2"))
    matrices["AT"][1, 2] += 1
    matrices["BT"][3, 0] += Rational(1, 2)
    diagnosis = diagnosis_of(matrices)
    assert "row 1, column 2 of AT is 0, must be -1; row 3, column 0 of BT is 1/2, must be 0" in str(diagnosis)
    assert is_proved_once_repaired(matrices, diagnosis)


def test_what_nothing_small_repairs_is_told_with_outputs_and_residual():
    matrices = matrices_of(winograd(4, 3, points="0,1,-1,2,-2"))
    matrices["AT"][1, 2] += 1
    matrices["G"][4, 1] += 3
    matrices["BT"][3, 0] += Rational(1, 2)
    diagnosis = diagnosis_of(matrices)
    assert diagnosis.taps == ()
    assert "no one matrix and no diagonal repairs it" in diagnosis.summary
    i, j, l = diagnosis.residual_at
    G, (AT, BT) = matrices["G"], (matrices["AT"], matrices["BT"])
    residual = lambda i, j, l: sum(AT[i, k] * G[k, j] * BT[k, l] for k in range(6)) - int(l == i + j)  # noqa: E731
    worst = {(i, j, l): residual(i, j, l) for i in range(4) for j in range(3) for l in range(6)}
    assert exact_number(diagnosis.residual) == worst[i, j, l]
    assert abs(worst[i, j, l]) == max(map(abs, worst.values()))
    assert diagnosis.outputs == tuple(sorted({at[0] for at, value in worst.items() if value}))


def test_all_of_it_as_text():
    matrices = matrices_of(winograd(2, 3, points="0,1,-1"))
    matrices["BT"] = diag(1, 1, 2, 1) * matrices["BT"]
    text = str(diagnosis_of(matrices))
    assert text.splitlines() == [
        "not F(2,3): tap 2 (from 0): product of row scales is 2, must be 1; multiply its row of BT by the inverse",
        "  scale most taps agree on: 1",
        "  wrong outputs (from 0): 0, 1",
        "  largest residual: -1/2 at output i=0, filter tap j=0, input l=1",
    ]


@pytest.mark.parametrize("name", ["AT", "G", "BT"])
def test_a_large_algorithm_is_still_diagnosed_by_its_residual(name):
    made = winograd(60, 8)
    matrices = matrices_of(made)
    matrices[name][2, 2] += 1
    diagnosis = diagnosis_of(matrices)
    assert made.rank > 64
    assert diagnosis.taps == ()
    assert diagnosis.outputs


def test_the_text_lists_taps_where_there_are_several():
    matrices = matrices_of(winograd(2, 3, points="0,1,-1"))
    matrices["BT"] = diag(1, 3, 2, 1) * matrices["BT"]
    assert str(diagnosis_of(matrices)).splitlines()[-2:] == [
        "  tap 1: product of row scales 3, must be 1",
        "  tap 2: product of row scales 2, must be 1",
    ]


@pytest.mark.parametrize("tap", [0, 1])
def test_where_as_many_taps_agree_on_another_scale_it_is_1(tap):
    matrices = matrices_of(winograd(1, 2, points="0"))
    matrices["BT"][tap, :] *= 3
    diagnosis = diagnosis_of(matrices)
    assert (diagnosis.scale, diagnosis.row_scales) == ("1", ((tap, "3"),))
