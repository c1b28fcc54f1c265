# SPDX-License-Identifier: Apache-2.0
"""Rounded additions and multiplications, bit for bit: against exact fractions, ml_dtypes, gfloat and numpy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import copysign, inf, isfinite, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadShape, NotApplicable, WrongType
from wincraft.numbers import FORMATS, Arithmetic, FloatFormat, parse_format
from wincraft.numbers.arithmetic import BLOCK

NAMES = [name for name, item in FORMATS.items() if isinstance(item, FloatFormat)]
CARRIERS = dict.fromkeys(NAMES, "float32") | {"fp64": "float64"}
E8M3 = FloatFormat.ieee("e8m3", exponent_bits=8, precision=4)
ODD = {
    "e8m3": E8M3,
    "e8m3-sat": replace(E8M3, saturate=True),
    "tf32": FloatFormat.ieee("tf32", exponent_bits=8, precision=11),
    "e8m8": FloatFormat.ieee("e8m8", exponent_bits=8, precision=9),
    "e3m2": FloatFormat("e3m2", precision=3, min_exponent=-2, max=Fraction(28), infinity=False),
    "e2m1-sat": FloatFormat("e2m1-sat", precision=2, min_exponent=0, max=Fraction(6), saturate=True),
    "small": FloatFormat("small", precision=5, min_exponent=-20, max=Fraction(31, 2**14)),
    "incomplete": FloatFormat("incomplete", precision=6, min_exponent=-9, max=Fraction(37)),
    "fp32-sat": replace(FORMATS["fp32"], saturate=True),
    "25bits": FloatFormat.ieee("25bits", exponent_bits=10, precision=25),
    "bf16-sat": replace(FORMATS["bf16"], saturate=True),
}
EVERY = {name: FORMATS[name] for name in NAMES} | ODD
OPERATIONS = {"add": lambda a, b: a + b, "multiply": lambda a, b: a * b}


def same(got, wanted):
    """Equal bit by bit, signs of zero included; every NaN is one."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    assert got.shape == wanted.shape
    numbers = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.isnan(got), ~numbers)
    np.testing.assert_array_equal(got[numbers], wanted[numbers])
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(wanted[numbers]))


def exactly(format, operation, a, b):
    """One operation on two of the format's values, from exact fractions and the words of IEEE 754."""
    if not (isfinite(a) and isfinite(b)):
        with np.errstate(invalid="ignore"):
            return float(OPERATIONS[operation](np.float64(a), np.float64(b)))
    value = OPERATIONS[operation](Fraction(a), Fraction(b))
    if operation == "multiply":
        sign = copysign(1, a) * copysign(1, b)
    else:
        sign = (-1 if value < 0 else 1) if value else min(1, max(copysign(1, a), copysign(1, b)))
    try:
        return copysign(float(format.quantize_exact(value)), sign)
    except NotApplicable:
        return copysign(inf, sign) if format.infinity else nan


def values_of(format):
    """Values of a format: any significand and exponent, so all subnormals, binades and neighbours of ties occur."""
    top = int(format.max.numerator.bit_length() - format.max.denominator.bit_length())
    finite = st.builds(
        lambda k, e, sign: copysign(float(format.quantize_exact(k * Fraction(2) ** e)), sign),
        st.integers(0, 2**format.precision - 1),
        st.integers(format.min_exponent - format.precision + 1, top - format.precision),
        st.sampled_from([1, -1]),
    )
    least, largest = float(format.min_subnormal), float(format.max)
    edges = [0.0, -0.0, least, -least, float(format.min_normal), largest, -largest, 1.0, -1.0]
    special = [nan] + ([] if format.saturate or not format.infinity else [inf, -inf])
    edges = [float(format.quantize(x)) for x in edges]
    return st.one_of(finite, finite, finite, st.sampled_from(edges + special))


def all_values(name, dtype_bits):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtype = {"fp8-e4m3": ml_dtypes.float8_e4m3fn, "fp8-e5m2": ml_dtypes.float8_e5m2, "bf16": ml_dtypes.bfloat16}[name]
    return np.arange(2**dtype_bits, dtype=f"uint{dtype_bits}").view(dtype)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
def test_every_operation_is_the_exact_result_rounded_once(name, operation, data):
    format = EVERY[name]
    pairs = data.draw(st.lists(st.tuples(values_of(format), values_of(format)), min_size=1, max_size=20))
    a, b = np.array(pairs).T
    got = getattr(Arithmetic(format), operation)(a, b)
    same(got, [exactly(format, operation, x, y) for x, y in pairs])


@pytest.mark.parametrize("name", ["fp16", "bf16", "tf32", "e8m8", "small", "fp8-e5m2", "e8m3", "25bits"])
@given(data=st.data())
def test_sums_and_products_near_ties(name, data):
    """Operands whose exact result is a tie of the format, or as near to one as an operand's last bit."""
    format = EVERY[name]
    p = format.precision
    a = data.draw(st.integers(2 ** (p - 1), 2**p - 1))
    shift = data.draw(st.integers(0, 2 * p + 3))
    b = data.draw(st.integers(2 ** (p - 1), 2**p - 1))
    low = format.min_exponent - p + 1
    for exponent in (0, low, low + 1, low + p // 2):
        x, y = (float(format.quantize(k * 2.0**e)) for k, e in ((a, exponent + shift), (b, exponent)))
        for second in (y, -y):
            same(Arithmetic(format).add(x, second), exactly(format, "add", x, second))
    half = low // 2
    for exponent in (half - shift, half - p + shift // 2, 1 - p):
        x, y = (float(format.quantize(k * 2.0**e)) for k, e in ((a, exponent), (b, low - exponent)))
        same(Arithmetic(format).multiply(x, y), exactly(format, "multiply", x, y))


@pytest.mark.parametrize("name", ["fp8-e4m3", "fp8-e5m2"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_pairs_of_eight_bit_numbers(name, operation):
    """65,536 pairs: the exact result, which float64 holds, rounded by the format, and the same by ml_dtypes."""
    numbers = all_values(name, 8)
    a, b = (x.astype(np.float64) for x in np.meshgrid(numbers, numbers))
    arithmetic = Arithmetic(FORMATS[name])
    got = getattr(arithmetic, operation)(a, b)
    with np.errstate(all="ignore"):
        exact = OPERATIONS[operation](a, b)
        saturated = FORMATS[f"{name}-sat"].quantize(exact)
        same(got, FORMATS[name].quantize(exact))
        same(got, OPERATIONS[operation](*np.meshgrid(numbers, numbers)).astype(np.float64))
        finite = np.isfinite(a) & np.isfinite(b)
    same(getattr(Arithmetic(FORMATS[f"{name}-sat"]), operation)(a[finite], b[finite]), saturated[finite])


@pytest.mark.parametrize("name", ["fp16", "bf16"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_random_bit_patterns_of_sixteen_bit_numbers(name, operation):
    """Against numpy's float16 and ml_dtypes' bfloat16; half of the pairs within a few binades of one another."""
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**16, (2, 200_000), dtype=np.uint16)
    bits[1, ::2] = (bits[0, ::2] ^ 0x8000) + rng.integers(-300, 300, 100_000).astype(np.uint16)
    dtype = np.float16 if name == "fp16" else all_values("bf16", 16).dtype
    a, b = bits.view(dtype)
    with np.errstate(all="ignore"):
        wanted = OPERATIONS[operation](a, b).astype(np.float64)
        got = getattr(Arithmetic(FORMATS[name]), operation)(*(x.astype(np.float32) for x in (a, b)))
    same(got, wanted)
    with np.errstate(all="ignore"):
        exact = OPERATIONS[operation](a.astype(np.float64), b.astype(np.float64))
        held = exact - a.astype(np.float64) == b if operation == "add" else np.full(exact.shape, True)
    same(got[held], FORMATS[name].quantize(exact[held]))


@pytest.mark.parametrize("name", ["fp16", "bf16", "fp8-e4m3", "fp8-e5m2"])
@given(data=st.data())
def test_gfloat_rounds_exact_results_alike(name, data):
    gfloat = pytest.importorskip("gfloat")
    from gfloat import formats

    info = {
        "fp16": formats.format_info_binary16,
        "bf16": formats.format_info_bfloat16,
        "fp8-e4m3": formats.format_info_ocp_e4m3,
        "fp8-e5m2": formats.format_info_ocp_e5m2,
    }[name]
    format = FORMATS[name]
    a, b = (data.draw(values_of(format).filter(isfinite)) for _ in range(2))
    same(Arithmetic(format).multiply(a, b), gfloat.round_float(info, a * b))


@pytest.mark.parametrize("name", EVERY)
@given(bits=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30))
def test_round_is_quantize(name, bits):
    format, arithmetic = EVERY[name], Arithmetic(EVERY[name])
    doubles = np.array(bits, np.uint64).view(np.float64)
    with np.errstate(all="ignore"):
        carried = np.concatenate([np.array(bits, np.uint64).view(np.float32), doubles.astype(np.float32)])
        around = np.array(bits, np.uint64).astype(np.float64) * 2.0**-60 * float(format.min_normal)
    for values in (doubles, around, carried):
        with np.errstate(invalid="ignore"):
            wanted = format.quantize(values)
        same(arithmetic.round(values), wanted)
        assert arithmetic.round(values).dtype == arithmetic.dtype


@pytest.mark.parametrize("name", EVERY)
def test_carriers(name):
    expected = CARRIERS.get(name) or {"tf32": "float64", "e8m8": "float64", "fp32-sat": "float64"}.get(name)
    arithmetic = Arithmetic(EVERY[name])
    assert arithmetic.dtype == (expected or ("float64" if name == "25bits" else "float32"))
    assert arithmetic.native == (name in ("fp32", "fp64"))


@pytest.mark.parametrize("name", ["fp16", "bf16", "fp8-e4m3", "fp8-e5m2-sat", "fp64"])
def test_shapes_blocks_and_broadcasting(name):
    rng = np.random.default_rng(1)
    format, arithmetic = FORMATS[name], Arithmetic(FORMATS[name])
    a, b = (arithmetic.round(rng.standard_normal(shape)) for shape in ((3, 1, BLOCK + 5), (2, 1)))
    for left, right in (
        (a, b),
        (a.T, b[:1, :, None]),
        (a.transpose(1, 2, 0)[0], a[:, 0, :3][:1]),
        (np.asfortranarray(a), b),
    ):
        got = arithmetic.multiply(left, right)
        same(got, format.quantize(left.astype(np.float64) * right.astype(np.float64)))
    before = a.copy()
    arithmetic.round(a), arithmetic.add(a, a), arithmetic.multiply(a, b)
    np.testing.assert_array_equal(a, before)
    assert arithmetic.add(1.0, 2.0).shape == ()
    assert arithmetic.multiply(np.zeros((0, 2), arithmetic.dtype), 2.0).shape == (0, 2)


def test_operands_of_other_dtypes_are_rounded_first():
    half = Arithmetic(FORMATS["fp16"])
    same(half.add([0.1], 0), FORMATS["fp16"].quantize([0.1]))
    assert half.hold(values := np.zeros(3, np.float32)) is values


def test_what_cannot_be_computed_is_refused():
    for other in (parse_format("int8"), parse_format("q3.12")):
        with refused(WrongType, other.name, "FloatFormat"):
            Arithmetic(other)
    deep = FloatFormat("deep", precision=25, min_exponent=-1020, max=Fraction(1))
    for wide in (FloatFormat.ieee("wide", exponent_bits=8, precision=30), deep):
        with refused(NotApplicable, wide.name, "25 bits"):
            Arithmetic(wide)
    half = Arithmetic(FORMATS["fp16"])
    with refused(WrongType, "values"):
        half.round(["a"])
    with refused(BadShape, "(0,)"):
        half.round([])
    with refused(BadShape, "(2,), (3,)"):
        half.add(np.zeros(2), np.zeros(3))
