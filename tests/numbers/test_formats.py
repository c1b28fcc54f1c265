# SPDX-License-Identifier: Apache-2.0
"""The number formats, bit for bit: against exact definitions, apytypes, gfloat, ml_dtypes and numpy."""

from __future__ import annotations

import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor, inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadShape, BadValue, NotApplicable, TooLarge, UnknownName, WrongType
from wincraft.numbers import (
    FORMATS,
    FixedPoint,
    FloatFormat,
    IntegerGrid,
    IntegerRange,
    Overflow,
    Quantizer,
    Rounding,
    parse_format,
    parse_quantizer,
    round_array,
    round_fraction,
)

FLOATS = [item for item in FORMATS.values() if isinstance(item, FloatFormat)]
NARROW = {"fp16": "float16", "bf16": "bfloat16", "fp8-e4m3": "float8_e4m3fn", "fp8-e5m2": "float8_e5m2"}
GFLOAT = {
    "fp64": "binary64",
    "fp32": "binary32",
    "fp16": "binary16",
    "bf16": "bfloat16",
    "fp8-e4m3": "ocp_e4m3",
    "fp8-e5m2": "ocp_e5m2",
}
finite = st.floats(allow_nan=False, allow_infinity=False)
bits64 = st.integers(0, 2**64 - 1).map(lambda bits: float(np.uint64(bits).view(np.float64)))


def same(got, wanted):
    """Equal bit by bit, signs of zero included; every NaN is one."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    numbers = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.isnan(got), ~numbers)
    np.testing.assert_array_equal(got[numbers], wanted[numbers])
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(wanted[numbers]))


def around(values):
    """Values with both their float64 neighbours and all negatives."""
    values = np.concatenate([values, np.nextafter(values, inf), np.nextafter(values, -inf)])
    return np.concatenate([values, -values])


# rounding to integers


def oracle_round(value, mode):
    """Straight from the words of the mode: choose among floor and ceiling by distance and parity."""
    low, high = floor(value), ceil(value)
    toward_zero, away = sorted((low, high), key=abs)
    even, odd = sorted((low, high), key=lambda k: k % 2)
    directed = {
        "TRN": low,
        "TRN_INF": high,
        "TRN_ZERO": toward_zero,
        "TRN_AWAY": away,
        "JAM": low | 1,
        "JAM_UNBIASED": odd,
    }
    if mode.name in directed:
        return directed[mode.name]
    if value - low != high - value:
        return low if value - low < high - value else high
    ties = {
        "RND": high,
        "RND_MIN_INF": low,
        "RND_ZERO": toward_zero,
        "RND_INF": away,
        "RND_CONV": even,
        "RND_CONV_ODD": odd,
    }
    return ties[mode.name]


def oracle_overflow(code, word, signed, mode):
    low, high = (-(2 ** (word - 1)), 2 ** (word - 1) - 1) if signed else (0, 2**word - 1)
    if mode is Overflow.WRAP:
        while not low <= code <= high:
            code += 2**word if code < low else -(2**word)
    if mode is Overflow.SAT_SYM:
        low = -high if signed else 0
    return min(max(code, low), high)


NEAR_2_52 = [2.0**k + d for k in (50, 51, 52) for d in (-1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5, 2.5, 3)]
POINTS = around(np.array([*np.arange(0, 40, 0.125), *NEAR_2_52, 5e-324, 1e-300, 2.0**-54]))


@pytest.mark.parametrize("mode", Rounding, ids=lambda mode: mode.name)
def test_rounding_next_to_steps_and_ties(mode):
    wanted = [oracle_round(Fraction(value), mode) for value in POINTS.tolist()]
    assert [round_fraction(Fraction(value), mode) for value in POINTS.tolist()] == wanted
    assert round_array(POINTS, mode).tolist() == wanted


@given(st.floats(-(2.0**53), 2.0**53), st.sampled_from(Rounding))
def test_rounding_of_any_float(value, mode):
    wanted = oracle_round(Fraction(value), mode)
    assert round_fraction(Fraction(value), mode) == wanted
    assert round_array(np.array([value]), mode).tolist() == [wanted]


def test_both_vocabularies_name_the_same_modes():
    assert Rounding.TIES_EVEN is Rounding.RND_CONV
    assert Rounding["TO_ZERO"] is Rounding.TRN_ZERO
    assert len(Rounding) == 12
    assert len(Rounding.__members__) == 22


# fixed point


@pytest.mark.parametrize("word", range(1, 6))
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("overflow", Overflow, ids=lambda mode: mode.name)
def test_every_small_word(word, signed, overflow):
    steps = np.concatenate([around(np.arange(0.25, 2.5 * 2**word, 0.25)), [0.0, 1e-300, -1e-300]])
    for mode in Rounding:
        wanted = [oracle_overflow(oracle_round(Fraction(y), mode), word, signed, overflow) for y in steps.tolist()]
        for fraction in (-3, 0, word + 2):
            grid = FixedPoint(word, fraction, signed, mode, overflow)
            x = steps * 2.0**-fraction
            assert grid.codes(x).tolist() == wanted
            same(grid.quantize(x), np.array(wanted) * 2.0**-fraction)


words = st.builds(
    FixedPoint,
    st.integers(1, 64),
    st.integers(-512, 512),
    st.booleans(),
    st.sampled_from(Rounding),
    st.sampled_from(Overflow),
)


@given(words, st.lists(st.one_of(finite, st.integers(-(2**53), 2**53).map(float)), min_size=1), st.integers(-3, 3))
def test_fixed_point_meets_its_exact_definition(grid, values, shift):
    with np.errstate(over="ignore"):
        near = np.clip(np.ldexp(np.array(values), -grid.fraction + shift), -1e308, 1e308)
    for x in (np.array(values), near):
        exact = [grid.quantize_exact(Fraction(value)) for value in x.tolist()]
        assert [code * grid.step for code in grid.codes(x).tolist()] == exact
        same(grid.quantize(x), [float(value) for value in exact])
        assert all(grid.represents(value) and grid.min <= value <= grid.max for value in exact)


@given(words, st.fractions())
def test_the_exact_definition_is_the_words_of_the_modes(grid, value):
    value *= grid.step
    code = oracle_round(value / grid.step, grid.rounding)
    if abs(code) < 2 ** (grid.word + 6):
        assert grid.quantize_exact(value) / grid.step == oracle_overflow(code, grid.word, grid.signed, grid.overflow)


@pytest.mark.parametrize("mode", Rounding, ids=lambda mode: mode.name)
@pytest.mark.parametrize("overflow", [Overflow.SAT, Overflow.WRAP], ids=lambda mode: mode.name)
def test_fixed_point_against_apytypes(mode, overflow):
    peer = pytest.importorskip("apytypes", reason="apytypes is not installed")
    random = np.random.default_rng(3)
    y = np.concatenate([random.integers(-(2**52), 2**52, 500) / 2.0**44, around(np.arange(0, 300, 0.5)), [2.0**-45]])
    y = y[np.abs(y) >= 2.0**-45]
    for word, fraction in [
        (1, 0),
        (4, 0),
        (8, 0),
        (8, 4),
        (8, 11),
        (8, -3),
        (16, 12),
        (32, 31),
        (53, 40),
        (62, 45),
        (63, 50),
        (64, 50),
    ]:
        x = y * 2.0**-fraction
        wide = peer.APyFixedArray.from_float(x, int_bits=80, frac_bits=120)
        cast = wide.cast(
            bits=word,
            frac_bits=fraction,
            quantization=peer.QuantizationMode[mode.name],
            overflow=peer.OverflowMode[overflow.name],
        )
        # the bits, not the values: apytypes 0.5.1 forgets the sign when a word of several limbs wraps into one
        grid = FixedPoint(word, fraction, True, mode, overflow)
        assert [code % 2**word for code in grid.codes(x).tolist()] == cast.to_bits()


def test_every_rounding_mode_of_apytypes_is_here():
    peer = pytest.importorskip("apytypes", reason="apytypes is not installed")
    theirs = {name for name in peer.QuantizationMode.__members__ if not name.startswith("STOCH")}
    assert theirs - {"TRN_MAG"} <= set(Rounding.__members__)


def test_limits_of_fixed_point():
    q = FixedPoint(16, 12)
    assert (q.min, q.max, q.step) == (-8, 8 - Fraction(1, 4096), Fraction(1, 4096))
    assert FixedPoint(8, 10, overflow=Overflow.SAT_SYM).min == Fraction(-127, 1024)
    assert FixedPoint(4, -2, signed=False).max == 60
    assert FixedPoint(8, -60, rounding=Rounding.TRN_AWAY).codes([5e-324, -5e-324, 0.0]).tolist() == [1, -1, 0]
    assert FixedPoint(64, 0, signed=False, overflow=Overflow.WRAP).codes([-1.0]).tolist() == [2**64 - 1]
    assert not q.represents(Fraction(8))
    assert not q.represents(Fraction(1, 8192))
    assert all(q.represents(k * q.step) for k in range(q.low, q.high + 1, 101))


@pytest.mark.parametrize("mode", Rounding, ids=lambda mode: mode.name)
def test_the_ends_of_long_words(mode):
    for word, signed in product((53, 54, 61, 62, 63, 64), (True, False)):
        grid = FixedPoint(word, 0, signed, mode)
        low_end = grid.low + (signed and mode is Rounding.JAM)
        x = [-1e300, -(2.0**word), -(2.0 ** (word - 1)), 2.0**word, 1e300]
        assert grid.codes(x).tolist() == [grid.low, grid.low, low_end, grid.high, grid.high]


# floating point


def table_of(name):
    """Every non-negative value of a narrow format in order, by decoding all codes with an independent library."""
    types = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    dtype = np.dtype(getattr(types, NARROW[name], NARROW[name]))
    codes = np.arange(2 ** (8 * dtype.itemsize - 1), dtype=f"u{dtype.itemsize}")
    with np.errstate(invalid="ignore"):
        values = codes.view(dtype).astype(np.float64)
    return values[np.isfinite(values)], dtype


def nearest_in(table, x, name):
    """The nearest value, ties to the even code; the step after the last one counts as a value that overflows."""
    ladder = np.append(table, 2 * table[-1] - table[-2])
    above = np.clip(np.searchsorted(ladder, np.abs(x)), 1, len(table))
    middle = (ladder[above - 1] + ladder[above]) / 2
    up = (np.abs(x) > middle) | ((np.abs(x) == middle) & (above % 2 == 0))
    code = np.where(up, above, above - 1)
    beyond = nan if name == "fp8-e4m3" else inf
    return np.copysign(np.append(table, beyond)[code], x)


@pytest.mark.parametrize("name", NARROW)
def test_every_neighbourhood_of_a_narrow_format(name):
    table, dtype = table_of(name)
    form = FORMATS[name]
    x = around(np.concatenate([table, (table[1:] + table[:-1]) / 2, [1.5 * table[-1], 1e300, 5e-324, 1e-310]]))
    x = np.concatenate([x, np.random.default_rng(1).standard_normal(10_000) * float(form.max) / 2])
    x = np.concatenate([x, around((2 * table[-1:] + table[-1:] - table[-2:-1]) / 2)])
    rounded = form.quantize(x)
    same(rounded, nearest_in(table, x, name))
    same(form.quantize(table), table)
    single = x[np.abs(x) < 1e38].astype(np.float32)
    with np.errstate(over="ignore"):
        same(form.quantize(single), single.astype(dtype).astype(np.float64))
    clipped = replace(form, saturate=True).quantize(x)
    numbers = np.abs(rounded) <= float(form.max)
    same(clipped, np.where(numbers, rounded, np.copysign(float(form.max), x)))
    assert all(form.represents(Fraction(value)) for value in table[:: max(1, len(table) // 500)].tolist())
    assert not any(form.represents(Fraction(value)) for value in ((table[1:] + table[:-1]) / 2)[::61].tolist())


@pytest.mark.parametrize("name", GFLOAT)
@pytest.mark.parametrize("saturate", [False, True])
def test_floating_point_against_gfloat(name, saturate):
    peer = pytest.importorskip("gfloat", reason="gfloat is not installed")
    formats = pytest.importorskip("gfloat.formats", reason="gfloat is not installed")
    info = getattr(formats, f"format_info_{GFLOAT[name]}")
    form = replace(FORMATS[name], saturate=saturate)
    random = np.random.default_rng(2)
    exponents = np.arange(max(form.min_exponent - form.precision - 3, -1074), np.frexp(float(form.max))[1])
    powers = np.ldexp(1.0, exponents)
    ties = powers * (1 + random.integers(0, 2**form.precision, len(powers)) / 2.0**form.precision)
    x = [
        *around(powers),
        *around(ties),
        *(powers * random.uniform(1, 2, len(powers))),
        float(form.max),
        inf,
        -inf,
        nan,
        -0.0,
    ]
    x = np.array([value for value in x if np.isnan(value) or not 1.79e308 < abs(value) < inf])
    same(form.quantize(x), peer.round_ndarray(info, x, sat=saturate))
    assert (float(form.max), form.precision) == (info.max, info.precision)
    assert (float(form.min_normal), float(form.min_subnormal)) == (info.smallest_normal, info.smallest_subnormal)


@pytest.mark.parametrize(("name", "dtype"), [("fp32", np.float32), ("fp16", np.float16), ("fp64", np.float64)])
def test_floating_point_against_numpy(name, dtype):
    random = np.random.default_rng(4)
    x = random.integers(0, 2**64, 50_000, dtype=np.uint64).view(np.float64)
    x = np.concatenate([x[~np.isnan(x)], np.ldexp(random.uniform(-2, 2, 50_000), random.integers(-160, 130, 50_000))])
    with np.errstate(over="ignore"):
        same(FORMATS[name].quantize(x), x.astype(dtype).astype(np.float64))
    limits, form = np.finfo(dtype), FORMATS[name]
    assert (form.max, form.min_normal) == (Fraction(float(limits.max)), Fraction(float(limits.tiny)))
    assert form.min_subnormal == Fraction(float(limits.smallest_subnormal))
    assert 2 * form.unit_roundoff == Fraction(float(limits.eps))
    inside = np.abs(form.quantize(x))
    inside = inside[inside < float(form.max) / 2]
    same(form.ulp(inside), np.spacing(inside.astype(dtype)).astype(np.float64))


def oracle_float(form, value):
    """The exact definition as a float, with what overflows."""
    try:
        return float(form.quantize_exact(Fraction(value))) if value else value
    except NotApplicable:
        return np.copysign(inf, value) if form.infinity else nan


@given(st.sampled_from(FLOATS), st.lists(st.one_of(finite, bits64.filter(np.isfinite)), min_size=1))
def test_floating_point_meets_its_exact_definition(form, values):
    near = np.ldexp(np.frexp(np.array(values))[0], np.arange(len(values)) % 40 + form.min_exponent - 12)
    for x in (np.array(values), near):
        rounded = form.quantize(x)
        np.testing.assert_array_equal(rounded, [oracle_float(form, value) for value in x.tolist()])
        inside = rounded[np.isfinite(rounded)]
        assert all(form.represents(Fraction(value)) for value in inside.tolist())
        same(form.quantize(inside) if inside.size else inside, inside)


@given(st.sampled_from(FLOATS), st.fractions(-1, 1), st.floats(-0.1, 1))
def test_exact_rounding_is_nearest_and_even(form, value, share):
    top = np.frexp(float(form.max))[1] - 1
    value *= Fraction(2) ** round(form.min_exponent + share * (top - form.min_exponent))
    rounded = form.quantize_exact(value)
    assert form.represents(rounded)
    spacing = min(Fraction(float(form.ulp(float(rounded)))), Fraction(float(form.ulp(float(value)))))
    assert abs(rounded - value) <= spacing / 2
    if abs(rounded - value) == spacing / 2 and abs(value) > form.min_normal:
        assert (rounded / spacing).numerator % 2 == 0


def test_one_third_is_rounded_once():
    assert float(FORMATS["fp32"].quantize_exact(Fraction(1, 3))) == np.float32(1 / 3)
    tie = 1 + Fraction(1, 2**11) + Fraction(1, 2**80)
    assert FORMATS["fp16"].quantize_exact(tie) == 1 + Fraction(1, 2**10)
    assert FORMATS["fp16"].quantize(float(tie)) == 1


def test_no_double_rounding_through_float32():
    """Just above a tie of bf16: float32 would round it to the tie, the second rounding then to even."""
    assert FORMATS["bf16"].quantize(1 + 2.0**-8 + 2.0**-45) == 1 + 2.0**-7
    assert FORMATS["fp8-e4m3"].quantize(1 + 2.0**-4 + 2.0**-45) == 1.125
    assert FORMATS["fp8-e5m2"].quantize(1 + 2.0**-3 + 2.0**-45) == 1.25


def test_special_values_and_shapes():
    for form in FLOATS:
        top = float(form.max) if form.saturate else inf if form.infinity else nan
        same(form.quantize([[inf, -inf], [nan, -0.0]]), [[top, -top], [nan, -0.0]])
        signalling = np.array([0x7FF0_0000_0000_0001], dtype=np.uint64).view(np.float64)
        same(form.quantize(signalling), [nan])
    x = np.arange(24.0).reshape(4, 6) // 2
    for form in (*FLOATS, FixedPoint(16, 4)):
        before = x.copy()
        same(form.quantize(x[::2, ::3]), x[::2, ::3])
        same(form.quantize(x.astype(">f8")), form.quantize(x.astype(np.float32)))
        same(form.quantize(3), 3.0)
        assert form.quantize(x) is not x
        np.testing.assert_array_equal(x, before)


# scaled integers


def oracle_integer(x, s, z, low, high):
    return min(max(round(x / s) + z, low), high)


@pytest.mark.parametrize("kind", IntegerRange, ids=lambda kind: kind.name)
@pytest.mark.parametrize("bits", [2, 3, 8, 16])
@pytest.mark.parametrize("power_of_two", [False, True])
def test_scaled_integers_per_tensor_tap_and_channel(kind, bits, power_of_two):
    grid = IntegerGrid(bits, kind)
    x = np.random.default_rng(bits).standard_normal((3, 4, 50)) * np.array([1, 10, 0.1, 3])[:, None]
    for axis in (None, (0, 2), 2):
        s = grid.scale(grid.amplitude(x, axis), power_of_two=power_of_two)
        z = grid.zero_point(x.min(axis=axis, keepdims=True), s)
        assert s.shape == {None: (1, 1, 1), (0, 2): (1, 4, 1), 2: (3, 4, 1)}[axis]
        codes, values = grid.codes(x, s, z), grid.quantize(x, s, z)
        for place in np.ndindex(x.shape):
            step, zero = (float(np.broadcast_to(array, x.shape)[place]) for array in (s, z))
            assert codes[place] == oracle_integer(x[place], step, int(zero), grid.low, grid.high)
            assert values[place] == (codes[place] - zero) * step
        assert (np.abs(values - x) <= s * (1 + 1e-12)).all()
        assert not power_of_two or (np.frexp(s)[0] == 0.5).all()
        assert (grid.quantize(np.zeros_like(x), s, z) == 0).all()


def test_ranges_and_scales():
    symmetric, full, unsigned = (IntegerGrid(8, kind) for kind in IntegerRange)
    assert [(grid.low, grid.high) for grid in (symmetric, full, unsigned)] == [(-127, 127), (-128, 127), (0, 255)]
    assert symmetric.scale(1.27) == 1.27 / 127
    assert full.scale(1.0) == 1 / 127.5
    assert full.codes([-1.0, 1.0], full.scale(1.0)).tolist() == [-128, 127]
    s = unsigned.scale(unsigned.amplitude([-1.0, 3.0]))
    assert s.item() == 4 / 255
    z = unsigned.zero_point(-1.0, s)
    assert z.item() == 64
    assert unsigned.codes([-1.0, 0.0, 3.0], s, z).tolist() == [0, 64, 255]
    assert unsigned.zero_point([0.5, 2.0], [1.0, 1.0]).tolist() == [0, 0]
    assert unsigned.amplitude([0.5, 2.0]).tolist() == [2]
    assert symmetric.zero_point([-1.0], s).tolist() == [0]
    assert [symmetric.limit, full.limit, unsigned.limit] == [127, Fraction(255, 2), 255]
    assert symmetric.represents(Fraction(-127))
    assert not symmetric.represents(Fraction(-128))
    assert not symmetric.represents(Fraction(1, 2))


def test_power_of_two_scales_round_up():
    grid = IntegerGrid(8)
    for amplitude, scale in [(127.0, 1.0), (127.01, 2.0), (126.9, 1.0), (254.0, 2.0), (0.0, 1.0), (1e-300, 2.0**-1003)]:
        assert grid.scale(amplitude, power_of_two=True) == scale


def test_data_of_zeros_have_scale_1():
    grid, x = IntegerGrid(8), np.array([[0.0, 0.0], [1.0, 2.0]])
    assert grid.scale(grid.amplitude(x, 1)).tolist() == [[1.0], [2 / 127]]
    assert grid.scale(5e-324) == 1


# names


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("q3.12", FixedPoint(16, 12)),
        (" Q0.7 ", FixedPoint(8, 7)),
        ("uq4.4", FixedPoint(8, 4, signed=False)),
        ("fixed<16,4>", FixedPoint(16, 12)),
        ("fixed<8, -2>", FixedPoint(8, 10)),
        ("ufixed<8,12>", FixedPoint(8, -4, signed=False)),
        ("fixed<16,4,trn,wrap>", FixedPoint(16, 12, rounding=Rounding.TRN, overflow=Overflow.WRAP)),
        ("fixed<16,4,TO_ZERO>", FixedPoint(16, 12, rounding=Rounding.TRN_ZERO)),
        ("int8", IntegerGrid(8)),
        ("int6-full", IntegerGrid(6, IntegerRange.FULL)),
        ("UINT4", IntegerGrid(4, IntegerRange.UNSIGNED)),
        ("FP8-E4M3", FORMATS["fp8-e4m3"]),
    ],
)
def test_names(text, form):
    assert parse_format(text) == form


@given(st.one_of(st.sampled_from(list(FORMATS.values())), words, st.builds(IntegerGrid, st.integers(2, 53))))
def test_a_name_reads_back_and_describes_in_one_line(form):
    assert parse_format(form.name) == form
    assert form.describe().startswith(f"{form.name}: ")
    assert "\n" not in form.describe()
    assert pickle.loads(pickle.dumps(form)) == form


# wrong inputs


@pytest.mark.parametrize("word", [0, -1, 65, 200])
def test_word_lengths_that_there_are_not(word):
    with refused(BadValue, str(word), "give 1 to 64"):
        FixedPoint(word, 0)
    with refused(BadValue, str(word), "give 2 to 53"):
        IntegerGrid(word)
    if word >= 0:
        for text in (f"int{word}", f"fixed<{word},1>"):
            with refused(BadValue, str(word)):
                parse_format(text)


def test_formats_that_float64_cannot_hold():
    with refused(BadValue, "513", "-512 to 512"):
        FixedPoint(8, 513)
    for precision, exponent_bits in [(52, 8), (113, 15), (11, 12), (1, 5)]:
        with refused(BadValue, f"{precision} significand bits"):
            FloatFormat.ieee("wide", exponent_bits, precision)
    with refused(TooLarge, "fp8-e4m3", "about 2^8", "saturate"):
        FORMATS["fp8-e4m3"].quantize_exact(Fraction(-500))
    assert FORMATS["fp8-e4m3-sat"].quantize_exact(Fraction(-500)) == -448


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("fp8_e4m3", "did you mean fp8-e4m3?"),
        ("float16", "fp16"),
        ("bfp16", "bf16"),
        ("int", "did you mean"),
        ("uint8-full", "uint8"),
        ("q3", "known are"),
        ("q3.-1", "known are"),
        ("", "known are"),
        ("int99999", "known are"),
        ("x" * 10_000, "known are"),
    ],
)
def test_unknown_names_offer_the_nearest(text, hint):
    with refused(UnknownName, hint):
        parse_format(text)


def test_unknown_modes_offer_the_nearest():
    with refused(UnknownName, "rounding mode 'rnd_con'", "RND_CONV"):
        parse_format("fixed<16,4,RND_CON>")
    with refused(UnknownName, "overflow mode", "known are SAT, SAT_SYM, WRAP"):
        parse_format("fixed<16,4,TRN,WARP>")


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_grids_refuse_nan_and_infinity(bad):
    x = np.array([[1.0, 2.0], [bad, nan]])
    for call in (
        FixedPoint(8, 4).quantize,
        FixedPoint(64, 4).codes,
        lambda x: IntegerGrid(8).quantize(x, 1.0),
        IntegerGrid(8).amplitude,
        IntegerGrid(8).scale,
        lambda x: IntegerGrid(8).codes(np.ones((2, 2)), x),
        FORMATS["fp16"].ulp,
    ):
        with refused(BadValue, str(bad), "[1, 0]"):
            call(x)


def test_arrays_that_are_no_numbers():
    for form in (FixedPoint(8, 4), FORMATS["fp16"]):
        for values in (["1"], [1j], [Fraction(1, 3)], [None], [True], np.zeros(1, np.longdouble)):
            with refused(WrongType, "dtype"):
                form.quantize(values)
        with refused(TooLarge, "2^53"):
            form.quantize([2**53 + 1])
        with refused(BadShape, "(0, 3)", "at least one value"):
            form.quantize(np.zeros((0, 3)))
    with refused(BadShape, "(0,)"):
        IntegerGrid(8).amplitude([])


def test_scales_that_do_not_fit():
    grid, x = IntegerGrid(8), np.ones((3, 4))
    for scale in (0.0, -1.0):
        with refused(BadValue, f"a scale is {scale:g}", "give positive ones"):
            grid.codes(x, scale)
    for scale in (np.ones(3), np.ones((2, 3, 4)), np.ones((4, 4))):
        with refused(BadShape, "scale", str(scale.shape), "(3, 4)"):
            grid.codes(x, scale)
    with refused(BadShape, "zero point", "(3,)", "(3, 4)"):
        grid.codes(x, 1.0, np.zeros(3))
    with refused(BadValue, "zero point is 0.5"):
        grid.codes(x, 1.0, 0.5)
    with refused(BadShape, "(3,), (4,)"):
        grid.zero_point(np.zeros(3), np.ones(4))
    with refused(BadValue, "an amplitude is -1"):
        grid.scale([1.0, -1.0])


HLS = {
    "AP_TRN": "TRN",
    "AP_TRN_ZERO": "TRN_ZERO",
    "AP_RND": "RND",
    "AP_RND_ZERO": "RND_ZERO",
    "AP_RND_MIN_INF": "RND_MIN_INF",
    "AP_RND_INF": "RND_INF",
    "AP_RND_CONV": "RND_CONV",
}
"""The rounding modes of HLS tools as apytypes names them; the vendor's guide says the same of each in words."""


@pytest.mark.parametrize("mode", [None, *HLS])
@pytest.mark.parametrize("overflow", [None, "AP_WRAP", "AP_SAT"])
@pytest.mark.parametrize("sign", ["", "u"])
def test_declarations_of_hls_tools_against_apytypes(mode, overflow, sign):
    """Values on, between and half between the steps, and far outside; what is left out is AP_TRN and AP_WRAP."""
    peer = pytest.importorskip("apytypes", reason="apytypes is not installed")
    if mode is None and overflow is not None:
        return  # modes come in this order
    random = np.random.default_rng(5)
    for word, integer in ((8, 3), (16, 6), (12, 14), (6, -2)):
        given = "".join(f",{name}" for name in (mode, overflow) if name)
        grid = parse_format(f"ap_{sign}fixed<{word},{integer}{given}>")
        x = random.integers(-(2 ** (word + 4)), 2 ** (word + 4), 400) / 8 * float(grid.step)
        wide = peer.APyFixedArray.from_float(x, int_bits=60, frac_bits=60)
        if sign:
            wrapped = peer.OverflowMode[(overflow or "AP_WRAP").removeprefix("AP_")]
            cast = [
                hls_unsigned(Fraction(value), word, word - integer, HLS[mode or "AP_TRN"], wrapped.name) for value in x
            ]
        else:
            cast = wide.cast(
                int_bits=integer,
                frac_bits=word - integer,
                quantization=peer.QuantizationMode[HLS[mode or "AP_TRN"]],
                overflow=peer.OverflowMode[(overflow or "AP_WRAP").removeprefix("AP_")],
            ).to_bits()
        assert [code % 2**word for code in grid.codes(x).tolist()] == list(cast)


def hls_unsigned(value, word, fraction, mode, overflow):
    """The code of ap_ufixed by the words of the modes."""
    y = value * Fraction(2) ** fraction
    low, rest = floor(y), y - floor(y)
    tie = {
        "RND": 1,
        "RND_MIN_INF": 0,
        "RND_ZERO": y < 0,
        "RND_INF": y > 0,
        "RND_CONV": low % 2,
    }
    if mode == "TRN":
        code = low
    elif mode == "TRN_ZERO":
        code = low if y >= 0 else ceil(y)
    else:
        code = low + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and bool(tie[mode])))
    return code % 2**word if overflow == "WRAP" else min(max(code, 0), 2**word - 1)


def test_names_of_hls_tools():
    assert parse_format("ap_fixed<16,6>") == FixedPoint(16, 10, True, Rounding.TRN, Overflow.WRAP)
    assert parse_format("ap_ufixed<8,8,AP_RND>") == FixedPoint(8, 0, False, Rounding.RND, Overflow.WRAP)
    assert parse_format("AP_FIXED< 8, 4, ap_rnd_zero, ap_sat_sym >").name == "fixed<8,4,RND_ZERO,SAT_SYM>"
    assert parse_format("fixed<16,6>") == FixedPoint(16, 10)
    assert parse_format("fixed<16,6,TRN>").overflow is Overflow.SAT
    for text in (
        "ap_fixed<16>",
        "ap_q3.4",
        "ap_fixed<16,6,AP_WRAP>",
        "ap_fixed<16,6,AP_TRN,AP_FOO>",
        "ap_fixed<16,6,,>",
    ):
        with pytest.raises(UnknownName):
            parse_format(text)


@pytest.mark.parametrize(("name", "bits"), [("fp64", 64), ("fp32", 32), ("fp16", 16), ("bf16", 16), ("fp8-e4m3", 8)])
def test_the_size_of_a_float_in_bits(name, bits):
    assert parse_quantizer(name).bits == parse_quantizer(f"{name}/tensor").bits == bits


def test_the_size_of_other_formats_in_bits():
    sizes = {"fp8-e5m2": 8, "fp8-e4m3-sat": 8, "int9": 9, "uint4": 4, "ap_fixed<18,8>": 18}
    assert {name: parse_quantizer(name).bits for name in sizes} == sizes


def test_the_exponents_of_a_float_without_infinity_fill_their_field():
    """e2m1 of the OCP microscaling formats: exponents 0, 1 and 2 and the one of 0, two bits; 1 + 2 + 1 in all."""
    e2m1 = FloatFormat("fp4-e2m1", precision=2, min_exponent=0, max=Fraction(6), infinity=False)
    assert e2m1.quantize([0.5, 1.0, 1.5, 4.0, 6.0]).tolist() == [0.5, 1.0, 1.5, 4.0, 6.0]
    assert Quantizer(e2m1).bits == 4
    e3m2 = FloatFormat("fp6-e3m2", precision=3, min_exponent=-2, max=Fraction(28), infinity=False)
    assert Quantizer(e3m2).bits == 6


@pytest.mark.parametrize("zero_point", [0, 1, 64, 127])
def test_ties_are_even_before_the_zero_point_is_added(zero_point):
    """k = rint(x / s) + z: 1/2 and 5/2 go down, 3/2 up, whatever z is; rint(x / s + z) would turn them at odd z."""
    grid = IntegerGrid(8, IntegerRange.UNSIGNED)
    x = np.array([0.5, 1.5, 2.5, 3.5, 4.5])
    assert (grid.codes(x, 1.0, zero_point) - zero_point).tolist() == [0, 2, 2, 4, 4]
    assert grid.quantize(x * 0.25, 0.25, zero_point).tolist() == [0, 0.5, 0.5, 1, 1]
