# SPDX-License-Identifier: Apache-2.0
"""Reading points and moduli: what is accepted, what comes back as text, and one line for everything that is not."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_convolution import is_right
from oracle_messages import refused
from oracle_strategies import rationals
from sympy import Rational, sqrt

from wincraft import WincraftError, winograd
from wincraft.construct import (
    INFINITY,
    check_coprime,
    complete,
    list_of_points,
    modulus,
    parse_moduli,
    point,
    quadratic_inner,
)
from wincraft.construct.moduli import MAX_MODULUS_DEGREE, MAX_POINT_DIGITS
from wincraft.errors import (
    BadModulus,
    BadNumber,
    BadValue,
    FloatGiven,
    FloatTaken,
    NotCoprime,
    TooLarge,
    WrongTotalDegree,
    WrongType,
)


def texts(moduli):
    return [str(item) for item in moduli]


# --- what is accepted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (Fraction(-21, 4), "-21/4"),
        (np.int8(-7), "-7"),
        (np.uint64(2**63), str(2**63)),
        (sympy.Integer(5), "5"),
        (Rational(2, 6), "1/3"),
        (sqrt(2) / 2, "sqrt(2)/2"),
        (sympy.oo, "inf"),
        ("inf", "inf"),
        (" INF ", "inf"),
        ("oo", "inf"),
        ("∞", "inf"),
        ("-21/4", "-21/4"),
        (" +6/4 ", "3/2"),
        ("sqrt(8)", "2*sqrt(2)"),
        ("(1+sqrt(5))/2", "1/2+sqrt(5)/2"),
        ("x", "0"),
        ("x+1/2", "-1/2"),
        ("x-sqrt(2)", "sqrt(2)"),
        ("x^2+1", "x^2+1@1"),
        ("x^2+x+1", "x^2+x+1@-1"),
        ("x^2 - x + 1", "x^2-x+1@1"),
        ("x^2 - 1/2*x + 1 @ -3/2", "x^2-1/2*x+1@-3/2"),
        ("x**2+1@(0,1,inf)", "x^2+1@1"),
        ("x^2+1@(0,1)", "x^2+1@1"),
        ("x^2+1@(1,0,inf)", "x^2+1@(1,0,inf)"),
        ("x^2+1@(x^2+2,5)", "x^2+1@(x^2+2@1,5)"),
        ("(x-1)(x-2)", "x^2-3*x+2@1"),
        ("x*(x+1)", "x^2+x@-1"),
        ("(" * 90 + "1" + ")" * 90, "1"),
        ("2x/2 + 3", "-3"),
        ("x^3+2", "x^3+2@(0,1,-1,2,inf)"),
        ("x^3+2@(0,1,x^2+1)", "x^3+2@(0,1,x^2+1@1,inf)"),
        ("x^2-sqrt(2)x+1", "x^2-sqrt(2)*x+1@1"),
    ],
)
def test_one_item(value, text):
    (parsed,) = parse_moduli([value])
    assert str(parsed) == text


@pytest.mark.parametrize(
    "values",
    [
        "0, 1, -1, inf",
        ["0", "1", "-1", "inf"],
        (0, 1, -1, "inf"),
        [Fraction(0), Rational(1), np.int64(-1), sympy.oo],
        [point(0), "1", -1, INFINITY],
        "x, x-1, x+1, oo",
    ],
)
def test_the_same_list_in_many_ways(values):
    assert parse_moduli(values) == parse_moduli("0,1,-1,inf")


def test_any_iterable_is_a_list():
    assert parse_moduli(range(3)) == parse_moduli(iter("012")) == parse_moduli("0,1,2")
    assert parse_moduli(np.array([0, 1, 2])) == parse_moduli("0,1,2")


def test_commas_inside_brackets_do_not_separate():
    assert texts(parse_moduli("0,x^3+2@(0,1,x^2+1@(0,1,inf),inf),inf")) == ["0", "x^3+2@(0,1,x^2+1@1,inf)", "inf"]


def test_degree_taps_and_points():
    zero, infinity, quadratic, quartic = parse_moduli("1/2,inf,x^2+1,x^4+1@(0,1,-1,2,x^2+x+1,inf)")
    assert [item.degree for item in (zero, infinity, quadratic, quartic)] == [1, 1, 2, 4]
    assert [item.taps for item in (zero, infinity, quadratic, quartic)] == [1, 1, 3, 8]
    assert (zero.point, infinity.point, quadratic.point) == (Rational(1, 2), None, None)
    assert [item.is_infinite for item in (zero, infinity, quadratic)] == [False, True, False]


def test_the_default_inner_point_has_the_sign_against_the_linear_coefficient():
    default = {text: str(parse_moduli(text)[0].inner[1]) for text in ("x^2+1", "x^2-3", "x^2+2*x+3", "x^2-1/9*x+3")}
    assert default == {"x^2+1": "1", "x^2-3": "1", "x^2+2*x+3": "-1", "x^2-1/9*x+3": "1"}


def test_the_list_of_points_is_by_growing_height():
    points = [item.point for item in list_of_points(40)]
    assert ",".join(map(str, points[:11])) == "0,1,-1,2,-2,1/2,-1/2,3,-3,1/3,-1/3"
    assert len(set(points)) == 40
    heights = [max(abs(p.p), p.q) for p in points]
    assert heights == sorted(heights)
    assert all(points[k + 1] == -points[k] for k in range(1, 39, 2))
    assert list_of_points(0) == ()


# --- text and back ----------------------------------------------------------------------------------------------

linear = st.one_of(rationals, rationals.map(lambda value: value.limit_denominator(3)), st.integers(-5, 5))
algebraic = st.sampled_from(["sqrt(2)", "-sqrt(3)/2", "1+sqrt(2)", "sqrt(2)-sqrt(3)", "(1-sqrt(5))/2"])


@st.composite
def quadratics(draw):
    a, b = draw(rationals), draw(rationals)
    c = draw(rationals.filter(bool))
    return modulus((Rational(b), Rational(a), Rational(1)), draw(st.sampled_from([None, quadratic_inner(c)])))


@st.composite
def higher(draw):
    degree = draw(st.integers(3, 6))
    coefficients = tuple(Rational(draw(rationals)) for _ in range(degree))
    inner = draw(st.sampled_from([None, (*parse_moduli("inf,x^2+1@5"), *list_of_points(2 * degree - 4))]))
    return modulus((*coefficients, Rational(1)), inner)


@given(
    st.lists(st.one_of(linear.map(point), algebraic.map(point), st.just(INFINITY), quadratics(), higher()), min_size=1)
)
def test_text_parsed_again_is_the_same(moduli):
    assert parse_moduli(texts(moduli)) == tuple(moduli)
    assert parse_moduli(", ".join(texts(moduli))) == tuple(moduli)


@pytest.mark.parametrize(
    "text",
    [
        "sqrt(2)-1",
        "x^2-sqrt(2)*x+1",
        "x^2+(1-sqrt(2))*x+sqrt(3)/2-2",
        "x^2+1@sqrt(2)",
        "x^2+1@1/2-sqrt(2)/3",
        "x^4+sqrt(2)*x^3+1@(0,1,-1,sqrt(2),x^2+sqrt(2)*x+1@-1,inf)",
        "sqrt(2)+sqrt(3)",
        "sqrt(sqrt(2))",
        "sqrt(1+sqrt(2))",
        "sqrt(2*sqrt(3))-1",
    ],
)
def test_algebraic_text_parsed_again_is_the_same(text):
    parsed = parse_moduli([text])
    assert parse_moduli(texts(parsed)) == parsed


# --- completeness and coprimality -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "r", "given_", "complete_"),
    [
        (2, 3, "0,1,-1", "0,1,-1,inf"),
        (2, 3, "0,1,-1,inf", "0,1,-1,inf"),
        (2, 3, "inf,0,1,-1", "inf,0,1,-1"),
        (2, 3, "0,1,-1,2", "0,1,-1,2"),
        (2, 3, "x^2+1,0", "x^2+1@1,0,inf"),
        (2, 3, "x^2+1,x^2+2", "x^2+1@1,x^2+2@1"),
        (1, 2, "0", "0,inf"),
        (1, 1, "7", "7"),
        (1, 1, "inf", "inf"),
    ],
)
def test_inf_is_appended_only_where_one_degree_is_missing(m, r, given_, complete_):
    assert ",".join(texts(complete(parse_moduli(given_), m, r))) == complete_


@pytest.mark.parametrize(
    ("given_", "degree", "repair"),
    [
        ("0", 1, "add 3"),
        ("0,1", 2, "add 2"),
        ("inf,0,1", 3, "add 1"),
        ("x^2+1", 2, "add 2"),
        ("0,1,-1,2,-2", 5, "remove 1"),
        ("0,1,-1,2,inf", 5, "remove 1"),
        ("x^2+1,x^2+2,0,1,-1", 7, "remove 3"),
    ],
)
def test_too_few_and_too_many(given_, degree, repair):
    with refused(WrongTotalDegree, "F(2,3) needs moduli of total degree 4", f"got {degree}", repair) as caught:
        winograd(2, 3, points=given_)
    assert (caught.value.m, caught.value.r, caught.value.degree) == (2, 3, degree)


def test_no_points_at_all():
    with refused(WrongTotalDegree, "got 0", "add 4"):
        winograd(2, 3, points=[])


@pytest.mark.parametrize(
    ("given_", "positions", "mentions"),
    [
        ("0,1,1", (1, 2), ["1 is listed twice", "positions 1 and 2"]),
        ("2/4,0,1/2", (0, 2), ["1/2 is listed twice"]),
        ("0,x,1", (0, 1), ["0 is listed twice"]),
        ("inf,0,oo", (0, 2), ["inf is listed twice"]),
        ("sqrt(8),1,2*sqrt(2)", (0, 2), ["2*sqrt(2) is listed twice"]),
        ("x^2+1,x^2+1@-1", (0, 1), ["listed twice"]),
        ("1,x^2-1", (0, 1), ["moduli 1 and x^2-1@1", "share a factor", "replace one"]),
        ("x^2+1,x^4-1", (0, 1), ["x^2+1@1 and x^4-1@(", "share a factor"]),
        ("x^2+x,inf,x^2-x", (0, 2), ["share a factor"]),
        ("0,sqrt(2),x^2-2", (1, 2), ["sqrt(2) and x^2-2@1", "share a factor"]),
        ("x^2-2*sqrt(2)*x+2,sqrt(2),0", (0, 1), ["share a factor"]),
        ("x^2+1@0,0", (0, 1), ["0 is listed twice"]),
        ("x^2+1@inf,0", (1, 2), ["inf is listed twice"]),
        ("x^3+1@(0,1,x^2-1,inf)", (1, 2), ["1 and x^2-1@1", "share a factor"]),
    ],
)
def test_moduli_that_share_a_factor(given_, positions, mentions):
    with refused(NotCoprime, *mentions) as caught:
        winograd(2, 3, moduli=given_)
    assert caught.value.positions == positions


@pytest.mark.parametrize(
    "points",
    [
        [0, (1 + sqrt(2)) ** 2, 3 + 2 * sqrt(2)],
        ["0", "sqrt(3+2*sqrt(2))", "1+sqrt(2)"],
        [0, sqrt(5 + 2 * sqrt(6)), sqrt(2) + sqrt(3)],
        [0, 1 / (sqrt(2) - 1), 1 + sqrt(2)],
        [0, sqrt(2) * sqrt(3), sqrt(6)],
    ],
)
def test_the_same_algebraic_point_in_two_spellings(points):
    with refused(NotCoprime, "positions 1 and 2"):
        winograd(2, 3, points=points)


@given(st.lists(rationals, min_size=2, max_size=5, unique=True), st.data())
def test_a_product_shares_its_factors(points, data):
    p, q = points[:2]
    quadratic = modulus((Rational(p * q), Rational(-p - q), Rational(1)))
    for shared in (p, q):
        with pytest.raises(NotCoprime):
            check_coprime((quadratic, point(shared)))
    check_coprime((quadratic, *map(point, points[2:])))


# --- what is refused --------------------------------------------------------------------------------------------

FLOATS = [
    (1 / 3, "0.333", "1/3"),
    (0.1, "0.1", "1/10"),
    (np.float32(0.7), "0.7", "7/10"),
    (2.0**-11, "0.00048828125", "1/2048"),
    (1025.0, "1025.0", "write 1025"),
    ("0.5", "0.5", "1/2"),
    (" -.5 ", "-.5", "-1/2"),
    ("2.", "2.", "write 2"),
    ("1e-3", "1e-3", "1/1000"),
    ("1E3", "1E3", "write 1000"),
    ("2.5e-1", "2.5e-1", "1/4"),
    ("0.3333333", "0.3333333", "1/3"),
    (sympy.Float("0.2", 30), "0.2", "1/5"),
    ("x^2+0.5", "0.5", "1/2"),
    ("0.5*x+x^2", "0.5", "1/2"),
    ("x^2+1e-3", "0.001", "1/1000"),
    ("x^2+1@0.5", "0.5", "1/2"),
    ("x^2+1@(0,0.5,inf)", "0.5", "1/2"),
    ("sqrt(2.0)", "2.0", "write 2"),
    ("1e300", "1e300", "write "),
    (1e-300, "1e-300", "write "),
]


@pytest.mark.parametrize(("value", "shown", "suggestion"), FLOATS, ids=lambda value: repr(value)[:24])
def test_a_float_is_refused_with_the_fraction_it_may_mean(value, shown, suggestion):
    with refused(FloatGiven, shown, suggestion):
        winograd(2, 3, points=[0, value, -1])


@pytest.mark.parametrize(
    ("value", "fraction"),
    [
        (0.5, "1/2"), (-0.25, "-1/4"), (np.float64(0.75), "3/4"), (np.float32(0.5), "1/2"), (np.float16(-1.5), "-3/2"),
        (np.longdouble(0.5), "1/2"), (sympy.Float(0.5), "1/2"), (1 / 1024, "1/1024"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_float_that_is_a_small_fraction_is_taken_with_a_warning(value, fraction):
    with pytest.warns(FloatTaken, match=fraction):
        assert winograd(2, 3, points=[0, value, -1]) == winograd(2, 3, points=["0", fraction, "-1"])


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), np.inf, np.float32("inf"), sympy.oo])
def test_infinity_is_a_point_however_it_is_written_and_whole_floats_need_no_warning(value):
    assert winograd(2, 3, points=[0.0, 1.0, np.float32(-1), value]) == winograd(2, 3, points="0,1,-1,inf")


NO_NUMBERS = [
    None,
    True,
    False,
    np.True_,
    1j,
    np.complex128(1 + 2j),
    sympy.I,
    2 + 3 * sympy.I,
    sympy.pi,
    sympy.E,
    sympy.Symbol("x"),
    sympy.nan,
    sympy.zoo,
    -sympy.oo,
    sympy.true,
    sympy.Matrix([[1, 2], [3, 4]]),
    sympy.Poly("x**2+1"),
    float("nan"),
    np.nan,
    np.float32("nan"),
    Decimal("0.5"),
    b"1",
    [1],
    (1, 2),
    {},
    np.array([1, 2]),
    np.eye(2),
    object(),
    lambda: 1,
    "",
    "   ",
    "nonsense",
    "nan",
    "NaN",
    "-inf",
    "1/0",
    "0/0",
    "1/(1-1)",
    "1/(sqrt(2)-sqrt(2))",
    "1/((sqrt(2)-1)*(sqrt(2)+1)-1)",
    "x/0",
    "1/x",
    "1//2",
    "1 2",
    "1;2",
    "½",
    "0x10",
    "1j",
    "i",
    "pi",
    "e",
    "I",
    "sqrt(-1)",
    "sqrt(-2)*x+x^2",
    "sqrt(x)",
    "sqrt(1,2)",
    "sqrt(2",
    "sqrt",
    "sqrt()",
    "x^-1",
    "x^x",
    "x^(1/2)",
    "2^True",
    "x^True",
    "x^y",
    "True",
    "None",
    "x^65",
    "x^1000000000",
    "9^9^9",
    "2^100",
    "__import__('os')",
    "x.__class__",
    "().__class__.__bases__[0]",
    "[1]",
    "{1}",
    "lambda: 1",
    "(1 if 1 else 2)",
    "x:=1",
    "print(x)",
    "exec('1')",
    "f'{x}'",
    "'x'",
    "\\x",
    "x\x00",
    "\x00",
    "x\ny",
    "1\n2",
    "(\n1/\n0)",
    "(y\n)",
    "@",
    "@1",
    "x^2+1@",
    "x^2+1@()",
    "x^2+1@(",
    "x^2+1@1@2",
    "x^2+1@nonsense",
    "x^2+1@(0,,1)",
    "x^2+1@None",
    "(" * 300 + "x" + ")" * 300,
    "-" * 1500 + "1",
    "[" * 500,
    "x" * 3000,
    "x@(" * 2000 + "0" + ")" * 2000,
    "x^2+1@(" * 2000 + "0" + ")" * 2000,
]


def short_name(value):
    text = value if isinstance(value, str) else type(value).__name__
    return ascii(text[:24])


@pytest.mark.parametrize("value", NO_NUMBERS, ids=short_name)
def test_what_is_no_exact_number_is_refused(value):
    with refused((BadNumber, BadValue, TooLarge)):
        winograd(2, 3, points=[0, value, -1])


HUGE = {
    "an int": 10**250,
    "a longer int": 10**5000,
    "a Fraction": Fraction(1, 10**5000),
    "a sympy number": Rational(1, 10**5000),
    "digits": "9" * 250,
    "more digits": "9" * 5000,
    "a fraction": "1/" + "9" * 250,
    "a long fraction": "1/" + "9" * 5000,
    "a coefficient": "x^2+" + "9" * 250,
    "a power": "(99^64)*(99^64)",
    "a power of a power": "(99^64)^64",
    "three powers": "((9^64)^64)^64",
    "a root of a power": "sqrt(((9^64)^64)^64)",
    "an inner point": "x^2+1@" + "9" * 250,
    "a sum of roots": "sqrt(2)+" + "9" * 250,
}


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
def test_a_huge_number_is_refused(value):
    with refused((BadNumber, TooLarge), "digits"):
        winograd(2, 3, points=[0, value, -1])


@pytest.mark.parametrize("text", ["{}", "-{}", "1/{}", "{}/7", "x^2+{}", "x^2+1@{}"])
def test_the_stated_limit_is_the_limit(text):
    """`MAX_POINT_DIGITS` is of the numerator or the denominator."""
    parse_moduli([text.format("3" * MAX_POINT_DIGITS)])
    with refused(TooLarge, f"at most {MAX_POINT_DIGITS} digits"):
        parse_moduli([text.format("3" * (MAX_POINT_DIGITS + 1))])


@pytest.mark.parametrize("digits", [20, 60])
def test_an_algebraic_point_with_a_long_rational_part(digits):
    value = "9" * digits
    made = winograd(1, 2, points=[f"sqrt(2)+{value}", "inf"])
    assert made.BT[1, 0] == -int(value) - sqrt(2)


@pytest.mark.parametrize("digits", [5, 20, 60])
def test_points_of_two_fields_with_long_rational_parts(digits):
    """A field of sqrt(2) and sqrt(3) is searched numerically by sympy: found or refused, nothing else."""
    try:
        made = winograd(2, 2, points=["sqrt(2)+" + "9" * digits, "sqrt(3)"])
    except BadNumber:
        assert digits > 20
    else:
        assert is_right(made)


@pytest.mark.parametrize("value", ["1e9999", "1e-9999", "0." + "3" * 5000, "1." + "0" * 5000, "x^2+1@1e9999"])
def test_a_huge_decimal_is_refused(value):
    with pytest.raises((FloatGiven, BadNumber)) as caught:
        winograd(2, 3, points=[0, value, -1])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("value", "mentions"),
    [
        ("0*x", ["0", "write x for the point 0"]),
        ("x-x", ["0", "write x for the point 0"]),
        ("x/x*0+x-x", ["0"]),
        ("2*x+1", ["2*x+1", "make it monic: x+1/2"]),
        ("-x^2+1", ["-x^2+1", "make it monic: x^2-1"]),
        ("x^2*sqrt(2)+1", ["make it monic: x^2+sqrt(2)/2"]),
        ("x-x+3", ["3", "a modulus contains x"]),
        ("0*x+1/2", ["1/2", "a modulus contains x"]),
        (f"x^{MAX_MODULUS_DEGREE + 1}+1", [f"x^{MAX_MODULUS_DEGREE + 1}+1", f"at most {MAX_MODULUS_DEGREE}"]),
        ("x-1@2", ["x-1@2"]),
        ("x-1@(2,3)", ["x-1", "a linear modulus takes one product"]),
        ("x^3+2@1", ["x^3+2@1", "@(m1,m2,...)"]),
        ("(x^3\n+2)@1", ["@(m1,m2,...)"]),
        ("x^2+1@(0,1,2,3)", ["x^2+1", "total degree 3, got 4"]),
        ("x^2+1@(0)", ["x^2+1", "total degree 3, got 1"]),
        ("x^3+2@(0,1,-1)", ["total degree 5, got 3"]),
        ("+".join(["x"] * 90), ["90*x", "make it monic: x"]),
        ("x^2+1@(0,2*x,1)", ["2*x", "make it monic: x"]),
    ],
)
def test_what_is_no_modulus_is_refused(value, mentions):
    with refused(BadModulus, *mentions):
        winograd(2, 3, moduli=[0, value, "inf"])


@pytest.mark.parametrize("points", ["", " ", ",", "0,,1", "0,1,", ",0,1", "0, ,1"])
def test_empty_items_are_refused(points):
    with refused(BadValue):
        winograd(2, 3, points=points)


@pytest.mark.parametrize("points", [5, 0.5, True, 1j, sympy.Integer(3), sympy.Matrix([0, 1, -1]), object(), b"012"])
def test_what_is_no_list_is_refused(points):
    with refused((WrongType, BadNumber)):
        winograd(2, 3, points=points)


LONGER = [
    "10",
    "1/2",
    "0.5",
    "x^2",
    "x^2+1",
    "x^2+1@",
    "^2",
    "^3",
    "^64",
    "**",
    "@(",
    "sqrt(",
    "sqrt(2)",
    "sqrt(3)",
    "inf",
]
tokens = st.one_of(st.sampled_from("0127xxx^/*+-()().@,ey² \n"), st.sampled_from([*LONGER, "9" * 30]))


def read_or_refusal(text):
    try:
        return parse_moduli(text), ""
    except WincraftError as error:
        return (), str(error)


@given(st.lists(tokens, min_size=1, max_size=10).map("".join), st.booleans())
@settings(max_examples=400)
def test_any_text_is_read_or_refused_in_one_line(text, close):
    text += ")" * (text.count("(") - text.count(")")) * close
    parsed, message = read_or_refusal(text)
    assert bool(parsed) != bool(message)
    assert "\n" not in message
    assert len(message) < 500
    if parsed:
        assert parse_moduli(texts(parsed)) == parsed


HOSTILE = [
    "((((9^64)^64)^64)^64)",
    "((x+1)^64)^64",
    "(((x+1)^64)^64)^64",
    "((x+sqrt(2)+sqrt(3))^64)^64",
    "1/(sqrt(2)+sqrt(3)+sqrt(5)+sqrt(7)+sqrt(11)+sqrt(13))",
    "sqrt(2)+sqrt(3)+sqrt(5)+sqrt(7)+sqrt(11)+sqrt(13)+sqrt(17)+sqrt(19)+sqrt(23)",
]

PROGRAM = """
import sys, time
from wincraft import WincraftError, winograd
for text in sys.argv[1:]:
    began = time.process_time()
    try:
        winograd(2, 3, points=["0", text, "1"])
        length = 0
    except WincraftError as error:
        length = len(str(error))
    print(length, time.process_time() - began, flush=True)
"""
PATIENCE = 600
"""Seconds that the hostile texts may take on a machine however busy; their CPU time is what is tested."""


def test_short_hostile_texts_end_quickly_and_with_a_short_message():
    """A process of its own, since a power of a power cannot be interrupted."""
    command = [sys.executable, "-c", PROGRAM, *HOSTILE]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        done = (late.stdout or b"").decode().splitlines()
        pytest.fail(f"{HOSTILE[len(done)]} takes too long")
    assert output.stderr == ""
    lengths, seconds = zip(*(map(float, line.split()) for line in output.stdout.splitlines()), strict=True)
    assert len(lengths) == len(HOSTILE)
    assert max(lengths) < 500
    assert sum(seconds) < 10


def test_the_largest_degree_is_accepted():
    (largest,) = parse_moduli(f"x^{MAX_MODULUS_DEGREE}+1")
    assert largest.degree == MAX_MODULUS_DEGREE
