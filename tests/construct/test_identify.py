# SPDX-License-Identifier: Apache-2.0
"""Foreign matrices: what they are is found from their bare entries, in any orientation, exact or decimal."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Rational

import wincraft as wc
from wincraft.algorithm import Refuted
from wincraft.errors import BadNumber, BadShape, BadValue, Unidentified, UnknownName, WrongType

CONSUMERS = json.loads((Path(__file__).parent.parent / "golden" / "consumers.json").read_text())["entries"]
CORRECT = [entry for entry in CONSUMERS if entry["computes_the_convolution"]]
WRONG = [entry for entry in CONSUMERS if not entry["computes_the_convolution"]]


F43 = wc.winograd(4, 3, points="0,1,-1,2,-2")


def name(entry):
    return entry["name"]


def float_rows(matrix, dtype=float):
    return [[Fraction(float(dtype(float(value)))) for value in row] for row in matrix.tolist()]


@pytest.mark.parametrize("entry", CORRECT, ids=name)
def test_published_matrices_are_identified(entry):
    found = wc.identify(entry["AT"], entry["G"], entry["BT"])
    assert [str(modulus) for modulus in found.algorithm.moduli] == entry["points"]
    assert found.row_scaling == entry["row_scaling"]
    assert str(found.algorithm.scale) == entry["scale"]
    assert found.largest_error == 0


@pytest.mark.slow_cases("ncnn fp32 F(4,3)")
@pytest.mark.parametrize("entry", CORRECT, ids=name)
@pytest.mark.parametrize("dtype", [np.float32, float], ids=["float32", "float64"])
def test_published_matrices_are_identified_from_floats(entry, dtype):
    exact = wc.identify(entry["AT"], entry["G"], entry["BT"])
    rounded = [float_rows(matrix, dtype) for matrix in (exact.algorithm.AT, exact.algorithm.G, exact.algorithm.BT)]
    found = wc.identify(*rounded, tolerance=Fraction(1, 10**5))
    assert found.algorithm == exact.algorithm
    assert found.algorithm.moduli == exact.algorithm.moduli
    assert found.conventions == exact.conventions
    assert found.largest_error <= Fraction(1, 2**23)


@pytest.mark.parametrize("entry", WRONG, ids=name)
def test_the_wrong_published_matrices_are_refuted_by_tap(entry):
    with pytest.raises(Refuted) as caught:
        wc.identify(entry["AT"], entry["G"], entry["BT"])
    diagnosis = caught.value.diagnosis
    assert diagnosis.row_scales == ((5, "-1/12"), (7, "-12"))
    assert "taps 5 and 7 (from 0): product of row scales is -1/12 and -12, must be 1" in str(caught.value)


@pytest.mark.parametrize("entry", WRONG, ids=name)
def test_the_wrong_published_matrices_are_refuted_from_floats_too(entry):
    rows = [[[float(Fraction(x)) for x in row] for row in entry[key]] for key in ("AT", "G", "BT")]
    exact = [[[Fraction(x) for x in row] for row in matrix] for matrix in rows]
    with pytest.raises(Refuted) as caught:
        wc.identify(*exact, tolerance=Fraction(1, 10**5))
    assert caught.value.diagnosis.row_scales == ((5, "-1/12"), (7, "-12"))


@pytest.mark.parametrize("convention", list(wc.CONVENTIONS))
@pytest.mark.parametrize("points", ["0,1,-1,2,-2,inf", "inf,3,-1/2,0,5,-7", "1/2,0,inf,-1,1,-3"])
def test_every_convention_is_recognised(convention, points):
    given = wc.winograd(4, 3, points=points, convention=convention)
    found = wc.identify(given.AT, given.G, given.BT)
    assert convention in found.conventions
    assert found.algorithm == given
    assert ",".join(map(str, found.algorithm.moduli)) == points


def test_conventions_that_coincide_are_all_listed_in_registry_order():
    given = wc.winograd(4, 3, points="0,1,-1,2,-2")
    assert wc.identify(given.AT, given.G, given.BT).conventions == ("wincnn", "monic", "homogeneous")


@pytest.mark.parametrize(
    "moduli",
    ["0,1,-1,x^2+1,inf", "x^2+1@-1,0,1,-1,inf", "0,x^2+x+1,inf,x^2-x+1,1", "0,1,-1,x^2-sqrt(2)*x+1,inf"],
)
def test_quadratic_moduli_are_recovered(moduli):
    given = wc.winograd(4, 3, moduli=moduli) if moduli.count("x^2") == 1 else wc.winograd(5, 3, moduli=moduli)
    found = wc.identify(given.AT, given.G, given.BT)
    assert found.algorithm.moduli == given.moduli
    assert "wincnn" in found.conventions


def test_higher_rank_without_recoverable_moduli_is_still_proved():
    given = wc.winograd(4, 3, moduli="0,1,x^3+2,inf")
    found = wc.identify(given.AT, given.G, given.BT)
    assert found.algorithm == given
    assert found.algorithm.moduli is None
    assert found.row_scaling is None
    direct = [[[1, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]]]
    assert wc.identify(*direct).algorithm.size == "F(1,2)"


def transposed(matrix):
    return matrix.T.tolist()


@pytest.mark.parametrize("size", [(4, 3), (2, 5), (3, 3), (2, 2)])
def test_storage_and_form_are_found(size):
    m, r = size
    alg = wc.winograd(m, r, points=",".join(["0", "1", "-1", "2", "-2", "3"][: m + r - 2]) or None)
    as_is = wc.identify(alg.AT, alg.G, alg.BT)
    assert (as_is.algorithm.form, as_is.transposed) == ("correlation", ())
    both = wc.identify(transposed(alg.AT), alg.G, transposed(alg.BT))
    assert (both.algorithm.AT, both.algorithm.BT) == (alg.AT, alg.BT)
    assert (both.algorithm.form, both.transposed) == ("correlation", ("AT", "BT"))
    linear = wc.identify(transposed(alg.AT), alg.G, transposed(alg.BT), form="linear")
    assert (linear.algorithm.form, linear.transposed) == ("linear", ())
    g_transposed = wc.identify(alg.AT, transposed(alg.G), alg.BT)
    assert g_transposed.algorithm.G == alg.G
    assert g_transposed.transposed == ("G",)
    swapped = wc.identify(transposed(alg.BT), alg.G, transposed(alg.AT))
    assert swapped.algorithm.BT == alg.BT
    assert swapped.algorithm.form == "linear"


@pytest.mark.slow
@given(
    points=st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=9), min_size=5, max_size=5, unique=True),
    factors=st.lists(st.fractions(min_value=Fraction(1, 8), max_value=8, max_denominator=8), min_size=12, max_size=12),
    scale=st.fractions(min_value=Fraction(1, 9), max_value=9, max_denominator=9),
)
def test_any_scaling_of_any_points_is_identified_exactly_and_from_float32(points, factors, scale):
    a, b = factors[:6], factors[6:]
    alg = wc.winograd(4, 3, points=points)
    given_alg = alg.rescale(a=a, b=b, g=[scale / (x * y) for x, y in zip(a, b, strict=True)])
    found = wc.identify(given_alg.AT, given_alg.G, given_alg.BT)
    assert found.algorithm.moduli == alg.moduli
    assert found.algorithm == given_alg
    rounded = [float_rows(matrix, np.float32) for matrix in (given_alg.AT, given_alg.G, given_alg.BT)]
    near = wc.identify(*rounded, tolerance=Fraction(1, 10**6))
    assert near.largest_error <= Fraction(1, 10**6)
    assert near.algorithm.moduli == alg.moduli


def test_decimals_beyond_the_tolerance_are_not_identified():
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    off = [[Fraction(x) for x in row] for row in alg.BT.tolist()]
    off[2][1] += Fraction(1, 100)
    with pytest.raises(Refuted, match=r"row 2, column 1 of BT is 401/100, must be 4"):
        wc.identify(alg.AT, alg.G, off, tolerance=Fraction(1, 1000))


def test_six_digit_decimals():
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    rows = [[[Fraction(f"{float(x):.6f}") for x in row] for row in m.tolist()] for m in (alg.AT, alg.G, alg.BT)]
    assert wc.identify(*rows, tolerance=Fraction(1, 10**4)).algorithm == alg


def test_shapes_that_fit_nothing():
    with pytest.raises(BadShape, match=r"\(2, 2\), \(3, 3\), \(4, 4\)"):
        wc.identify(np.eye(2, dtype=int).tolist(), np.eye(3, dtype=int).tolist(), np.eye(4, dtype=int).tolist())


def test_the_repr_is_the_report():
    alg = wc.winograd(2, 3, points="0,1,-1")
    text = repr(wc.identify(alg.AT, alg.G, alg.BT))
    assert "moduli      0,1,-1,inf" in text
    assert "convention  wincnn" in text


@pytest.mark.slow_cases("1e-07")
@pytest.mark.parametrize(
    "tolerance", [1e-7, 0.3, *(pytest.param(given, marks=pytest.mark.slow) for given in (1e-5, 1e-2))]
)
def test_a_wider_tolerance_finds_no_less(tolerance):
    for alg in (wc.winograd(12, 5), wc.winograd(4, 3, points="0,1,-1,2,-2")):
        rows = [float_rows(matrix) for matrix in (alg.AT, alg.G, alg.BT)]
        assert wc.identify(*rows, tolerance=tolerance).algorithm == alg


def test_a_typo_in_decimals_is_named():
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    rows = [float_rows(matrix) for matrix in (alg.AT, alg.G, alg.BT)]
    rows[2][2][1] *= -1
    with pytest.raises(Refuted, match=r"tap 2 \(from 0\): row 2, column 1 of BT is -4, must be 4") as caught:
        wc.identify(*rows, tolerance=1e-5)
    assert caught.value.diagnosis.scale == "1"
    assert caught.value.diagnosis.outputs


def test_zero_matrices_say_so():
    with pytest.raises(Refuted, match="every product vanishes"):
        wc.identify([[0]], [[1]], [[1]])


def test_balancing_on_a_fine_grid_is_quick():
    assert wc.balance(wc.winograd(2, 3), bits=60).noise_gain() == wc.winograd(2, 3).noise_gain()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("convention", ["wincnn", "homogeneous", "fractions-in-b"])
def test_arrays_of_floats_are_identified_by_their_dtype(dtype, convention):
    alg = wc.winograd(4, 3, points="0,1,-1,2,-1/2", convention=convention)
    found = wc.identify(*alg.to_numpy(dtype))
    assert found.algorithm == alg
    assert (
        found.largest_error <= {"float16": 2**-10, "float32": 2**-23, "float64": 2**-52}[dtype]
    )  # of the shortest decimals
    assert wc.identify(*[matrix.astype(float) for matrix in alg.to_numpy(dtype)]).algorithm == alg
    assert wc.identify(*[matrix.tolist() for matrix in alg.to_numpy(dtype)]).algorithm == alg


def test_tensors_are_identified():
    torch = pytest.importorskip("torch")
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        rows = [torch.tensor(matrix.tolist(), requires_grad=True).to(dtype) for matrix in alg.to_numpy()]
        assert wc.identify(*rows).algorithm == alg


def test_floats_that_are_exact_are_taken_as_written():
    found = wc.identify(
        np.array([[1, 1, 1, 0], [0, 1, -1, 1.0]]),
        [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
        [[Decimal(1), 0, "-1.0", 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]],
    )
    assert found.algorithm == wc.winograd(2, 3, points="0,1,-1")
    assert found.largest_error == 0


@pytest.mark.parametrize("text", ["{:.7f}", "{:.5f}", "{:.4f}", "{:.3f}", "{:.9g}", "{:.6g}", "{:.4g}", "{:.3e}"])
def test_printed_decimals_are_identified_by_their_digits(text):
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    rows = [[[Decimal(text.format(float(x))) for x in row] for row in m.tolist()] for m in (alg.AT, alg.G, alg.BT)]
    assert wc.identify(*rows).algorithm == alg


@pytest.mark.parametrize("size", [(13, 3), (14, 3), (9, 7), (11, 5), (18, 3)])
def test_long_tiles_are_identified_from_float32(size):
    alg = wc.winograd(*size)
    found = wc.identify(*alg.to_numpy("float32"))
    assert found.algorithm.moduli == alg.moduli
    assert found.algorithm == alg


@settings(max_examples=15)
@example(["1/2", "-11/5", "29/4", "20/3", "-39/5", "25/3"], (3, 5), "{:.17g}", "integer")  # beyond 2^53
@given(
    points=st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=7), min_size=6, max_size=6, unique=True),
    size=st.sampled_from([(5, 3), (3, 5), (4, 4)]),
    text=st.sampled_from(["float32", "float64", "{:.9g}", "{:.7g}", "{:.17g}"]),
    convention=st.sampled_from(["wincnn", "integer", "balanced", "fractions-in-a"]),
)
def test_points_are_found_from_floats_and_digits(points, size, text, convention):
    alg = wc.winograd(*size, points=points, convention=convention)
    if text.startswith("float"):
        rows = alg.to_numpy(text)
    else:
        tables = (alg.AT, alg.G, alg.BT)
        rows = [[[Decimal(text.format(float(x))) for x in row] for row in m.tolist()] for m in tables]
    assert wc.identify(*rows).algorithm.moduli == alg.moduli


def test_where_digits_allow_nothing_the_tolerance_that_fits_is_offered():
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    rng = np.random.default_rng(0)
    rows = [matrix * (1 + 1e-4 * rng.uniform(-1, 1, matrix.shape)) for matrix in alg.to_numpy()]
    with pytest.raises(Unidentified) as caught:
        wc.identify(*rows)
    found = re.search(r"F\(4,3\) on 0,1,-1,2,-2,inf lies within (\S+): give tolerance (\S+)", str(caught.value))
    assert float(found[1]) <= float(found[2]) <= 2 * float(found[1])
    assert wc.identify(*rows, tolerance=float(found[2])).algorithm == alg


def test_the_finest_rounding_that_proves_is_taken():
    alg = wc.winograd(2, 2, points="0,1").rescale(a=[1, "10/9", 1], g=[1, "9/10", 1])
    AT = [[f"{float(x):.6f}" for x in row] for row in alg.AT.tolist()]
    assert wc.identify(AT, alg.G, alg.BT, tolerance=0.3).algorithm == alg  # 1 and 1 lie within it too


def test_decimals_that_prove_at_an_odd_scale_as_written_are_still_a_rounding():
    G = [["0.666667", 0], ["0.666667", "0.666667"], [0, "0.666667"]]
    found = wc.identify([["1.5", "1.5", 0], [0, "1.5", "1.5"]], G, [[1, -1, 0], [0, 1, 0], [0, -1, 1]])
    assert found.algorithm.scale == 1
    assert found.algorithm.G[1, 1] == Rational(2, 3)


def test_exact_matrices_are_never_snapped():
    alg = wc.winograd(2, 3, points="0,1,-1")
    G = alg.G.tolist()
    G[1][1] += Fraction(1, 10**12)
    with pytest.raises(Refuted, match="row 1, column 1 of G"):
        wc.identify(alg.AT, G, alg.BT)


def test_an_entry_off_by_its_last_digit_is_a_typo_not_a_rounding():
    G = [[f"{float(x):.2f}" for x in row] for row in F43.G.tolist()]
    BT = F43.BT.tolist()
    BT[1][1] = "-4.01"
    with pytest.raises(Refuted, match=r"row 1, column 1 of BT is -4\.01, must be -4"):
        wc.identify(F43.AT, G, BT)


def test_names_decide_the_form():
    A, G, B = transposed(F43.AT), F43.G, transposed(F43.BT)
    for names in (("A", "G", "B"), ("AT", "G", "BT")):
        found = wc.identify(A, G, B, names=names)
        assert (found.algorithm, found.transposed) == (F43, ("AT", "BT"))
    assert wc.identify(A, G, B, names=("A", "G", "B"), form="linear").algorithm.form == "linear"
    with pytest.raises(UnknownName, match="matrix 'C'"):
        wc.identify(A, G, B, names=("A", "G", "C"))
    with pytest.raises(UnknownName, match="form"):
        wc.identify(A, G, B, form="other")


@pytest.mark.parametrize("entry", [float("nan"), np.inf, Decimal("1e999999999"), "x", None, True])
def test_entries_that_are_no_finite_numbers_are_refused(entry):
    with pytest.raises(BadNumber):
        wc.identify([[entry]], [[1]], [[1]])


@pytest.mark.parametrize("tolerance", [-1, 1, float("nan"), "x", "1e-999999999", Decimal("1e-999999999")])
def test_tolerances_are_between_0_and_1(tolerance):
    with pytest.raises((BadValue, WrongType), match="tolerance"):
        wc.identify([[1]], [[1]], [[1]], tolerance=tolerance)


def test_rational_points_scaled_by_a_root():
    scaled = wc.winograd(2, 3, points="0,1,-1").rescale(a=["sqrt(2)"] * 4)
    found = wc.identify(scaled.AT, scaled.G, scaled.BT)
    assert ",".join(map(str, found.algorithm.moduli)) == "0,1,-1,inf"
    assert found.row_scaling["AT_col"] == ["sqrt(2)"] * 4
    assert found.conventions == ()


def test_factors_of_many_digits_are_chosen_so_that_all_three_fit():
    points = "5/2,-1/3,1/5,-1/5,-3/2,-2/3,4,3/4,-3/4,4/3,4/5,3/2,-5/4,inf"
    alg = wc.winograd(12, 3, points=points, convention="integer")
    assert wc.identify(*alg.to_numpy("float32")).algorithm.moduli == alg.moduli


@pytest.mark.slow_cases("float16", "text")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "text"])
@pytest.mark.parametrize(
    ("m", "r", "points"), [(3, 2, "0,1,-1"), (2, 3, "0,1,-1"), pytest.param(3, 3, "0,1,-1,2", marks=pytest.mark.slow)]
)
def test_floats_of_few_digits_are_no_roundings_of_other_numbers(m, r, points, dtype):
    right = wc.winograd(m, r, points=points).to_numpy()
    for place in range(3):
        for k, position in enumerate(np.ndindex(right[place].shape)):
            given = [matrix.copy() for matrix in right]
            value = given[place][position]
            given[place][position] = 2 * value if value and k % 2 else 1 - value if value != 0.5 else 1
            tables = [[[f"{x:.1f}" for x in row] for row in matrix] for matrix in given]
            rows = tables if dtype == "text" else [matrix.astype(dtype) for matrix in given]
            with pytest.raises(Refuted):
                wc.identify(*rows)


@pytest.mark.parametrize("places", [0, 1])
@pytest.mark.parametrize(("m", "r"), [(4, 3), (6, 3), (9, 3), (15, 3)])
def test_what_is_rounded_too_far_is_told_in_words(m, r, places):
    alg = wc.winograd(m, r)
    coarse = [[f"{float(value):.{places}f}" for value in row] for row in alg.G.tolist()]
    with pytest.raises(wc.WincraftError) as caught:
        wc.identify(alg.AT, coarse, alg.BT)
    assert "None" not in str(caught.value)
