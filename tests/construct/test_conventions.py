# SPDX-License-Identifier: Apache-2.0
"""Every convention: proved, the same noise gain, and the property that defines it."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_convolution import is_right, table
from oracle_messages import refused
from oracle_scaling import mantissa
from oracle_strategies import pointed_sizes, rationals
from sympy import Matrix, Rational, sqrt

from wincraft import CONVENTIONS, balance, winograd
from wincraft.construct import snap_inverse_root
from wincraft.errors import BadShape, BadValue, FloatGiven, NotApplicable, UnknownName, WincraftError

HIGHER = [
    (4, 3, "0,1,-1,x^2+1,inf"),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf"),
    (3, 3, "x^3+x+1@(0,1,x^2+1,inf),0,inf"),
    (3, 3, "inf,2/3,x^2-1/4*x+3/7@5/3,-1/2"),
]


def norms(matrix):
    """The squared 2-norm of every row."""
    return [sum(value * value for value in row) for row in table(matrix)]


def ratios(scaled, base):
    """The factor of every row beside the same row of another scaling; the rows must be multiples of each other."""
    factors = []
    for row, reference in zip(table(scaled), table(base), strict=True):
        pivot = next(k for k, value in enumerate(reference) if value)
        factors.append(row[pivot] / reference[pivot])
        assert list(row) == [factors[-1] * value for value in reference]
    return factors


def on_grid(value, bits):
    return value > 0 and (mantissa(value) * 2**bits).denominator == 1


def content(values):
    """The greatest common divisor of integers, as Fractions; None where one is no integer."""
    return None if any(value.denominator != 1 for value in values) else gcd(*(int(value) for value in values))


def test_the_registry_holds_the_conventions_of_the_design():
    assert list(CONVENTIONS) == [
        "wincnn",
        "lavin",
        "monic",
        "positive-g",
        "homogeneous",
        "fractions-in-a",
        "fractions-in-b",
        "integer",
        "balanced",
        "pow2",
        "balanced-2bit",
    ]


@given(pointed_sizes(max_m=4, max_r=3))
def test_every_convention_is_proved_and_has_the_same_noise_gain(case):
    m, r, points = case
    made = [winograd(m, r, points=points, convention=convention) for convention in CONVENTIONS]
    assert all(is_right(algorithm) for algorithm in made)
    assert len({algorithm.noise_gain() for algorithm in made}) == 1
    assert [algorithm.convention for algorithm in made] == list(CONVENTIONS)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("m", "r", "moduli"), HIGHER)
def test_every_convention_for_higher_moduli(m, r, moduli, convention):
    made = winograd(m, r, moduli=moduli, convention=convention)
    assert is_right(made)
    assert made.noise_gain() == winograd(m, r, moduli=moduli).noise_gain()


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("m", "r", "moduli"), [(1, 5, "0,x^2+1,1,inf"), (5, 1, "0,x^2+1,1,inf"), (2, 4, "x^2+x+1,x^3-2"), (1, 2, "x^2+1")]
)
def test_every_convention_for_moduli_of_higher_degree_than_m_or_r(m, r, moduli, convention):
    """Some inner taps then see nothing of the filter, or no output sees them."""
    made = winograd(m, r, moduli=moduli, convention=convention)
    assert is_right(made)
    assert made.noise_gain() == winograd(m, r, moduli=moduli).noise_gain()


@pytest.mark.parametrize("convention", [name for name in CONVENTIONS if name != "integer"])
def test_every_convention_but_integer_for_algebraic_points(convention):
    made = winograd(3, 2, points="sqrt(2),-sqrt(2),1/2", convention=convention)
    assert is_right(made)
    assert made.noise_gain() == winograd(3, 2, points="sqrt(2),-sqrt(2),1/2").noise_gain()


@given(pointed_sizes(), st.data())
def test_lavin_is_wincnn_with_inf_negated(case, data):
    m, r, points = case
    at = data.draw(st.integers(0, len(points)))
    points = [*points[:at], "inf", *points[at:]]
    made, base = (winograd(m, r, points=points, convention=name) for name in ("lavin", "wincnn"))
    signs = [-1 if k == at else 1 for k in range(m + r - 1)]
    assert ratios(made.AT.T, base.AT.T) == signs
    assert ratios(made.BT, base.BT) == signs
    assert made.G == base.G


def test_lavin_without_inf_is_wincnn():
    made, base = (winograd(2, 3, points="0,1,-1,2", convention=name) for name in ("lavin", "wincnn"))
    assert made == base


def test_lavin_is_what_lavin_and_gray_print_for_f23():
    made = winograd(2, 3, points="0,1,-1", convention="lavin")
    half = Rational(1, 2)
    assert Matrix([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]) == made.BT
    assert Matrix([[1, 0, 0], [half, half, half], [half, -half, half], [0, 0, 1]]) == made.G
    assert Matrix([[1, 1, 1, 0], [0, 1, -1, -1]]) == made.AT


def test_wincnn_is_what_lavin_and_gray_print_for_f43():
    """Their F(4,3) does not negate inf as their F(2,3) does."""
    made = winograd(4, 3, points="0,1,-1,2,-2", convention="wincnn")
    assert (
        Matrix(
            [
                [4, 0, -5, 0, 1, 0],
                [0, -4, -4, 1, 1, 0],
                [0, 4, -4, -1, 1, 0],
                [0, -2, -1, 2, 1, 0],
                [0, 2, -1, -2, 1, 0],
                [0, 4, 0, -5, 0, 1],
            ]
        )
        == made.BT
    )
    assert Matrix([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) == 24 * made.G
    assert Matrix([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]) == made.AT


@given(pointed_sizes())
def test_monic_is_wincnn_without_the_flip(case):
    m, r, points = case
    made, base = (winograd(m, r, points=points, convention=name) for name in ("monic", "wincnn"))
    assert all(next(value for value in row[::-1] if value) == 1 for row in made.BT.tolist())
    sign = -1 if made.G[0, 0] < 0 else 1
    assert ratios(base.BT, made.BT) == [sign] + [1] * (m + r - 2)
    assert ratios(base.G, made.G) == [sign] + [1] * (m + r - 2)
    assert made.AT == base.AT


@pytest.mark.parametrize("first", ["x^2+1", "x^2-2*x-2", "x^2-3", "x^3+2", "inf", "x^2-5@-1"])
def test_no_flip_where_the_first_modulus_is_no_point(first):
    size = (4, 3) if first == "x^3+2" else (3, 3) if first != "inf" else (3, 2)
    made, base = (winograd(*size, moduli=f"{first},0,1,-1", convention=name) for name in ("wincnn", "monic"))
    assert made == base


def test_some_of_these_have_a_negative_first_f():
    """Without which the test above would show nothing."""
    made, base = (winograd(3, 3, moduli="x^2-2*x-2,0,1,-1", convention=name) for name in ("positive-g", "monic"))
    assert ratios(made.G, base.G)[0] == -1


@given(pointed_sizes())
def test_positive_g_divides_the_powers_by_the_absolute_value_of_f(case):
    m, r, points = case
    made, base = (winograd(m, r, points=points, convention=name) for name in ("positive-g", "monic"))
    signs = [1 if value > 0 else -1 for value in [*base.G[:-1, 0], 1]]
    assert all(value > 0 for value in made.G[:-1, 0]), "a power 0 over |f|"
    assert made.G[-1, r - 1] == 1
    assert ratios(made.G, base.G) == signs
    assert ratios(made.BT, base.BT) == signs
    assert made.AT == base.AT


@given(pointed_sizes())
def test_homogeneous_has_integer_outputs_and_the_input_matrix_of_wincnn(case):
    m, r, points = case
    made, base = (winograd(m, r, points=points, convention=name) for name in ("homogeneous", "wincnn"))
    for k, p in enumerate(points):
        assert made.AT[:, k].tolist() == [[p.p**i * p.q ** (m - 1 - i)] for i in range(m)]
    assert all(value.is_Integer for value in made.AT)
    assert made.BT == base.BT
    assert ratios(made.G, base.G) == [*(Fraction(1, int(p.q) ** (m - 1)) for p in points), 1]


@given(pointed_sizes())
def test_fractions_in_b_leaves_powers_in_a_and_g(case):
    m, r, points = case
    made = winograd(m, r, points=points, convention="fractions-in-b")
    base = winograd(m, r, points=points, convention="monic")
    assert made.AT == base.AT
    assert made.G.tolist() == [*([p**j for j in range(r)] for p in points), [0] * (r - 1) + [1]]


@given(pointed_sizes())
def test_fractions_in_a_leaves_powers_in_g_and_monic_rows_in_b(case):
    m, r, points = case
    made, base = (winograd(m, r, points=points, convention=name) for name in ("fractions-in-a", "wincnn"))
    assert made.G.tolist() == [*([p**j for j in range(r)] for p in points), [0] * (r - 1) + [1]]
    assert made.BT == base.BT


@given(pointed_sizes())
def test_integer_is_primitive_with_the_smallest_scale(case):
    m, r, points = case
    made, base = (winograd(m, r, points=points, convention=name) for name in ("integer", "monic"))
    assert [content(row) for row in table(made.AT.T)] == [1] * (m + r - 1)
    assert [content(row) for row in table(made.BT)] == [1] * (m + r - 1)
    assert content(list(made.G)) == 1, "a smaller scale would need a common divisor"
    assert made.scale > 0
    assert all(factor > 0 for factor in ratios(made.AT.T, base.AT.T) + ratios(made.BT, base.BT)), "no sign changes"


@pytest.mark.parametrize(("m", "r", "moduli"), HIGHER)
def test_integer_for_higher_moduli(m, r, moduli):
    made = winograd(m, r, moduli=moduli, convention="integer")
    assert {content(row) for row in [*table(made.AT.T), *table(made.BT)]} == {1}
    assert content(list(made.G)) == 1


def test_integer_of_the_usual_f43():
    made = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    assert made.scale == 24
    assert Matrix([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) == made.G


def test_integer_has_no_algebraic_form():
    with refused(NotApplicable, "integer", "QQ<sqrt(2)>", "choose rational moduli"):
        winograd(2, 3, points="0,sqrt(2),-sqrt(2)", convention="integer")


def beside_wincnn(m, r, moduli, convention):
    """(B factors, G factors, A factors) over wincnn, which all must multiply to 1 as the scale stays 1."""
    made, base = (winograd(m, r, moduli=moduli, convention=name) for name in (convention, "wincnn"))
    b, g, a = ratios(made.BT, base.BT), ratios(made.G, base.G), ratios(made.AT.T, base.AT.T)
    assert made.scale == 1
    assert all(x * y * z == 1 for x, y, z in zip(a, g, b, strict=True))
    return made, b, g


# The squared norm lies between two neighbours' ratio and its inverse: (grid ratio)^(1/2) on either side, squared.
WORST = {"balanced": Fraction(257, 256), "pow2": Fraction(2), "balanced-2bit": Fraction(5, 4)}


@pytest.mark.parametrize(("convention", "bits"), [("balanced", 8), ("pow2", 0), ("balanced-2bit", 2)])
@given(pointed_sizes())
@settings(max_examples=25)
def test_balanced_rows_have_unit_norm_up_to_the_grid(convention, bits, case):
    made, b, g = beside_wincnn(case[0], case[1], case[2], convention)
    assert all(on_grid(factor, bits) for factor in b + g)
    assert all(1 / WORST[convention] <= square <= WORST[convention] for square in norms(made.BT) + norms(made.G))


@pytest.mark.parametrize(("convention", "bits"), [("balanced", 8), ("pow2", 0), ("balanced-2bit", 2)])
@pytest.mark.parametrize(("m", "r", "moduli"), HIGHER)
def test_balanced_rows_for_higher_moduli(m, r, moduli, convention, bits):
    made, b, g = beside_wincnn(m, r, moduli, convention)
    assert all(on_grid(factor, bits) for factor in b + g)
    assert all(1 / WORST[convention] <= square <= WORST[convention] for square in norms(made.BT) + norms(made.G))


def test_pow2_of_f23_needs_no_other_number_than_powers_of_two():
    made = winograd(2, 3, points="0,1,-1", convention="pow2")
    for value in [*made.AT, *made.G, *made.BT]:
        assert value == 0 or on_grid(abs(Fraction(int(value.p), int(value.q))), 0)


@pytest.mark.parametrize(("convention", "bits"), [("balanced", 8), ("pow2", 0), ("balanced-2bit", 2)])
@given(pointed_sizes(max_m=4, max_r=3))
@settings(max_examples=15)
def test_balance_is_the_convention_on_any_wincnn_algorithm(convention, bits, case):
    m, r, points = case
    assert balance(winograd(m, r, points=points), bits=bits) == winograd(m, r, points=points, convention=convention)


def second_moment(row, S):
    return sum(x * S[i][j] * y for (i, x), (j, y) in itertools.product(enumerate(row), repeat=2))


@given(pointed_sizes(max_m=4, max_r=3), st.integers(-19, 19), st.integers(-19, 19), st.sampled_from([0, 2, 8]))
def test_balance_under_second_moments(case, data_correlation, filter_correlation, bits):
    m, r, points = case
    n = m + r - 1
    S_d = [[Fraction(data_correlation, 20) ** abs(i - j) * 9 for j in range(n)] for i in range(n)]
    S_g = [[Fraction(filter_correlation, 20) ** abs(i - j) / 5 for j in range(r)] for i in range(r)]
    base = winograd(m, r, points=points, convention="monic")
    made = balance(base, bits, input_moments=S_d, filter_moments=S_g)
    assert is_right(made)
    assert made.noise_gain() == base.noise_gain()
    worst = 1 + Fraction(1, 2**bits)
    for scaled, given_, S in ((made.BT, base.BT, S_d), (made.G, base.G, S_g)):
        assert all(on_grid(factor, bits) for factor in ratios(scaled, given_))
        assert all(1 / worst <= second_moment(row, S) <= worst for row in table(scaled))


def test_identity_moments_are_the_default():
    base = winograd(4, 3)
    eye = lambda size: [[int(i == j) for j in range(size)] for i in range(size)]  # noqa: E731
    assert balance(base, input_moments=eye(6), filter_moments=eye(3)) == balance(base)


def test_balance_takes_texts_and_algebraic_algorithms():
    base = winograd(2, 2, points="sqrt(2),-sqrt(2)")
    made = balance(base, bits=0, filter_moments=[["1", "sqrt(2)/2"], ["sqrt(2)/2", "1"]])
    assert is_right(made)
    assert all(0.7 < float(sum(value**2 for value in row)) ** 0.5 < 1.4143 for row in made.BT.tolist())


@given(rationals.filter(lambda value: value > 0), st.integers(0, 8), st.integers(-40, 40))
def test_the_snapped_factor_is_the_nearest_on_the_grid(value, bits, exponent):
    square = value * Fraction(2) ** exponent
    factor = snap_inverse_root(square, bits)
    assert on_grid(factor, bits)
    error = lambda candidate: max(candidate**2 * square, 1 / (candidate**2 * square))  # noqa: E731
    step = factor / (mantissa(factor) * 2**bits)
    below = factor - step if mantissa(factor) > 1 else factor - step / 2
    assert error(factor) <= error(factor + step)
    assert error(factor) <= error(below)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (BadShape, {"input_moments": [[1, 0], [0, 1]]}),
        (BadShape, {"filter_moments": [[1], [1, 2], [1]]}),
        (BadShape, {"input_moments": []}),
        (FloatGiven, {"filter_moments": [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]}),
        (BadValue, {"filter_moments": [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]}),
        (BadValue, {"filter_moments": [[0] * 3] * 3}),
    ],
)
def test_balance_refuses_moments_that_are_none(kind, arguments):
    with refused(kind):
        balance(winograd(2, 3), **arguments)


@pytest.mark.parametrize("arguments", [{"bits": -1}, {"bits": 0.5}, {"bits": "2"}, {"input_moments": 5}])
def test_balance_refuses_nonsense_as_any_other_function(arguments):
    with pytest.raises(WincraftError):
        balance(winograd(2, 3), **arguments)


def test_an_unknown_convention_names_the_nearest():
    with refused(UnknownName, "'winccn'", "did you mean wincnn?", "balanced-2bit"):
        winograd(2, 3, convention="winccn")


@pytest.mark.parametrize("name", [None, 5, [], ("wincnn",)])
def test_a_convention_that_is_no_text(name):
    with refused(UnknownName, "known are wincnn"):
        winograd(2, 3, convention=name)


def test_rescaling_forgets_the_convention_and_an_irrational_scale_keeps_the_noise_gain():
    made = winograd(2, 3, points="0,1,-1")
    scaled = made.rescale(a=[1 + sqrt(2)] * 4)
    assert scaled.convention is None
    assert scaled.scale == 1 + sqrt(2)
    assert scaled.noise_gain() == made.noise_gain() == Rational(5, 3)


def test_a_tie_between_two_powers_of_two_goes_to_the_larger():
    assert snap_inverse_root(Fraction(2), 0) == 1
    assert snap_inverse_root(Fraction(8), 0) == Fraction(1, 2)
    made = winograd(2, 3, points="0,1,-1", convention="pow2")
    assert made.BT == winograd(2, 3, points="0,1,-1").BT  # all rows have norm sqrt(2)


def test_homogeneous_takes_the_denominator_of_its_own_tap_after_a_quadratic_modulus():
    made = winograd(4, 3, moduli="x^2+1,1/2,0,2/3,inf", convention="homogeneous")
    assert all(value.is_Integer for value in made.AT)
    assert [made.AT[0, tap] for tap in range(made.rank - 1)] == [1, 1, 0, 8, 1, 27]
