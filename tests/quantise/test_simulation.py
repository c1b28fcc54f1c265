# SPDX-License-Identifier: Apache-2.0
"""Simulations bit by bit against a slow second implementation in Python integers and in NumPy's own small floats."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import gcd, inf, lcm, nan, prod

import numpy as np
import pytest
from oracle_chains import chained
from oracle_convolution import plain
from oracle_messages import refused

from wincraft import nest, parse, winograd
from wincraft.errors import BadShape, BadValue, NotApplicable, TooLarge, UnknownName, WrongForm, WrongType
from wincraft.numbers import Scale, parse_quantizer, sqnr
from wincraft.quantise import SCHEMES, Batch, Layer, Scheme, Workload, parse_scheme, simulate, simulate_direct

INTEGER = ["barabasz-2020-8", "barabasz-2020-8-9", "winograd-aware-nets", "tapwise-8", "tapwise-pow2", "ncnn-int8"]
FLOAT = ["fp32", "fp16-fp32acc", "fp16", "bf16", "fp8-e4m3", "fp8-e5m2"]
ZERO = Scale(np.zeros(()), np.zeros(()))


F23, F43 = winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2")
ALGORITHMS = {
    "F(2,3)": F23,
    "F(4,3)": F43,
    "F(4,3) scale 24": winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "F(4,3) quadratic": winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
    "F(4,3) chain": chained(F43),
    "F(2x2,3x3)": nest(F23, F23),
    "F(2x2,3x3) chain": nest(chained(F23), chained(F23)),
    "F(2x2,3x3) chain on one axis": nest(chained(F23), F23),
    "F(2x4,3x3) chain on the other": nest(F23, chained(F43)),
    "F(4x4,3x3)": nest(F43, F43),
    "F(2x3,3x2)": nest(F23, winograd(3, 2, points="0,-1,1/2")),
}


def small_batch(algorithm, C=3, K=2, T=2, seed=0):
    """Few values; those of the data exact in float32."""
    rng = np.random.default_rng(seed)
    n, r, m = (algorithm.n, algorithm.r, algorithm.m)
    data, weights = rng.standard_normal((*n, C, T)).astype(np.float32), rng.standard_normal((*r, K, C)) / 3
    return Batch(data.astype(float), weights, np.ones((*m, T), bool))


def simulated(algorithm, scheme, batch):
    """The simulation, and the values after every stage that was stored, by label."""
    seen = {}
    found = simulate(algorithm, scheme, batch, watch=lambda place, values: seen.update({str(place): values}))
    assert list(found.records) == [label for label in seen if label in found.records]
    return found, {label: seen[label] for label in found.records}


# ---- integers: Python integers, each with a unit ----


def chains_of(algorithm, side, stored=lambda rows: rows):
    """Stage by stage, the matrix of every axis as it is stored, in Fractions; where a chain has ended the identity."""

    def identity(size):
        return [[Fraction(i == j) for j in range(size)] for i in range(size)]

    axes = []
    for axis in algorithm.factors:
        tables = (stage.to_Matrix().tolist() for stage in getattr(axis, side).stages)
        axes.append([stored([[plain(x) for x in row] for row in table]) for table in tables])
    longest = max(map(len, axes))
    return list(
        zip(*([*tables, *[identity(len(tables[-1]))] * (longest - len(tables))] for tables in axes), strict=True)
    )


def eight_bit(rows, limit=Fraction(255, 2)):
    """A matrix in int8 of range [-128, 127], one scale of max|entry| / 127.5."""
    step = float(max(abs(x) for row in rows for x in row)) / float(limit)
    return [[min(max(round(float(x) / step), -128), 127) * Fraction(step) for x in row] for row in rows]


def multiplied(matrices):
    """The product of the matrices of a chain, the first applied first."""
    return reduce(lambda done, rows: rows @ done, (np.array(rows, dtype=object) for rows in matrices)).tolist()


def primitive(row):
    """A row as integers without a common factor, and what was taken out."""
    common = lcm(*(x.denominator for x in row))
    integers = [int(x * common) for x in row]
    factor = gcd(*integers) or 1
    return [x // factor for x in integers], Fraction(factor, common if any(integers) else factor)


class Layered:
    """One value per place: an integer times a float scale times a fraction per tap of every axis."""

    def __init__(self, integers, scale, contents):
        self.integers, self.scale, self.contents = integers, scale, contents

    @classmethod
    def load(cls, values):
        ones = [[Fraction(1)] * size for size in values.shape[:-2]]
        return cls(values.astype(object), np.ones([1] * values.ndim), ones)

    @property
    def unit(self):
        parts = [np.array([float(x) for x in axis]) for axis in self.contents]
        shape = (*(len(part) for part in parts), 1, 1)
        return self.scale * reduce(np.multiply.outer, parts).reshape(shape)

    @property
    def real(self):
        return np.vectorize(float)(self.integers) * self.unit

    def transform(self, stage, wrap):
        taps = tuple(range(len(stage)))
        least = self.scale.min(axis=taps, keepdims=True)
        integers = self.integers
        if self.scale.shape != least.shape:  # a scale per tap: its ratio to the least joins the integers
            floats = np.vectorize(float)(integers) * (self.scale / least)
            integers = np.vectorize(Fraction, otypes=[object])(floats)
        contents = []
        for axis, rows in enumerate(stage):
            pairs = [primitive([x * c for x, c in zip(row, self.contents[axis], strict=True)]) for row in rows]
            matrix = np.array([row for row, _ in pairs], dtype=object)
            integers = np.moveaxis(np.tensordot(matrix, integers, axes=(1, axis)), 0, axis)
            contents.append([content for _, content in pairs])
        return Layered(wrapped(integers) if wrap else integers, least, contents)

    def times(self, U, wrap):
        M = np.empty((*self.integers.shape[:-1], U.integers.shape[-1]), dtype=object)
        for *tap, k, t in np.ndindex(M.shape):
            M[(*tap, k, t)] = sum(
                v * u for v, u in zip(self.integers[(*tap, k)], U.integers[(*tap, slice(None), t)], strict=True)
            )
        contents = [[v * u for v, u in zip(*pair, strict=True)] for pair in zip(self.contents, U.contents, strict=True)]
        return Layered(wrapped(M) if wrap else M, self.scale * U.scale, contents)

    def stored(self, quantizer, given):
        """One multiplication by a ratio of units in float64, half to even, clipped."""
        low, high = quantizer.format.low, quantizer.format.high
        ratios = np.broadcast_to(self.unit / given.scale, self.integers.shape)
        zeros = np.broadcast_to(given.zero_point, self.integers.shape)
        codes = np.empty(self.integers.shape, dtype=object)
        for at in np.ndindex(codes.shape):
            z = int(zeros[at])
            codes[at] = min(max(round(float(self.integers[at]) * ratios[at]) + z, low), high) - z
        return Layered(codes, given.scale, [[Fraction(1)] * len(axis) for axis in self.contents])


def wrapped(integers):
    return (integers + 2**31) % 2**32 - 2**31


def largest(quantizer, real):
    """Max-abs scales and zero points of values, by the rule of the format."""
    d = real.ndim - 2
    axes = {"tensor": tuple(range(d + 2)), "tap": (d, d + 1), "channel": (*range(d), d + 1), "channel-tap": (d + 1,)}
    over, b = axes[quantizer.per], quantizer.format.bits
    top, bottom = np.maximum(real.max(over, keepdims=True), 0), np.minimum(real.min(over, keepdims=True), 0)
    width = top - bottom if quantizer.unsigned else np.maximum(top, -bottom)
    full = quantizer.format.name.endswith("full")
    scale = width / (2**b - 1 if quantizer.unsigned else 2 ** (b - 1) - (0.5 if full else 1))
    if quantizer.power_of_two:
        scale = 2.0 ** np.ceil(np.log2(scale))
    return scale, np.rint(-bottom / scale) if quantizer.unsigned else np.zeros_like(scale)


def by_integers(algorithm, scheme, batch, scales):
    """(label, values) after every stage that is stored, and the outputs, given the scales; these are checked."""
    wrap = scheme.word is not None
    after = {}

    def store(label, quantizer, value):
        if quantizer is None:
            return value
        if scheme.calibration == "max-abs":
            scale, zero = largest(quantizer, value.real)
            np.testing.assert_allclose(scales[label].scale, scale, rtol=1e-13)
            np.testing.assert_array_equal(np.broadcast_to(scales[label].zero_point, zero.shape), zero)
        value = value.stored(quantizer, scales[label])
        after[label] = value.real
        return value

    def chain(side, value, label, between):
        stages = chains_of(algorithm, side, eight_bit if scheme.matrices else lambda rows: rows)
        if between is None:  # nothing is rounded between exact stages: one matrix
            stages = [[multiplied(axis) for axis in zip(*stages, strict=True)]]
        for number, stage in enumerate(stages):
            if number:
                value = store(f"{label} {number}", between, value)
            value = value.transform(stage, wrap)
        return value

    d = store("input", scheme.input, Layered.load(batch.data))
    U = store("U", scheme.U, chain("input", d, "input pre-step", scheme.pre_step))
    g = store("weights", scheme.weights, Layered.load(batch.weights))
    V = store("V", scheme.V, chain("filter", g, "weights pre-step", scheme.pre_step))
    if wrap:
        assert max(abs(x) for operand in (U, V) for x in operand.integers.flat) < 2**15
    M = store("M", scheme.M, V.times(U, wrap))
    y = chain("output", M, "post-step", scheme.post_step)
    scale = prod(plain(axis.scale) for axis in algorithm.factors)
    y.contents[0] = [content / scale for content in y.contents[0]]
    return after, store("output", scheme.output, y).real


def alike(found, stored, after, outputs):
    assert list(after) == list(stored) or sorted(after) == sorted(stored)
    for label, values in after.items():
        np.testing.assert_array_equal(stored[label], values, err_msg=label)
    np.testing.assert_array_equal(found.outputs, outputs)


@pytest.mark.parametrize("size", ALGORITHMS)
@pytest.mark.parametrize("name", INTEGER)
def test_integer_schemes_bit_by_bit(name, size):
    algorithm = ALGORITHMS[size]
    for seed in range(2):
        batch = small_batch(algorithm, C=3 + seed, seed=seed)
        found, stored = simulated(algorithm, SCHEMES[name], batch)
        alike(found, stored, *by_integers(algorithm, SCHEMES[name], batch, found.scales))


OPTIONS = {
    "weights per channel": "weights-per-channel",
    "unsigned": "unsigned",
    "percentile": "percentile:95",
    "mse": "mse",
    "all": "weights-per-channel+unsigned+percentile:90",
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", INTEGER)
def test_integer_schemes_with_options_bit_by_bit(name, option):
    scheme = parse_scheme(f"{name}+{OPTIONS[option]}")
    for size in ("F(4,3)", "F(2x2,3x3)", "F(2x2,3x3) chain"):
        batch = small_batch(ALGORITHMS[size], seed=7)
        found, stored = simulated(ALGORITHMS[size], scheme, batch)
        alike(found, stored, *by_integers(ALGORITHMS[size], scheme, batch, found.scales))
        if "percentile" in scheme.calibration:
            assert any(record.clipped for record in found.records.values())


@pytest.mark.parametrize(
    "change", ["M=int8/tap/pow2", "M=int9/tap", "M=none", "U=none", "output=none", "V=int4/channel-tap"]
)
def test_changed_stages_bit_by_bit(change):
    scheme = parse_scheme(f"tapwise-pow2,{change}")
    for size in ("F(4,3)", "F(2x2,3x3)"):
        batch = small_batch(ALGORITHMS[size], seed=3)
        found, stored = simulated(ALGORITHMS[size], scheme, batch)
        after, outputs = by_integers(ALGORITHMS[size], scheme, batch, found.scales)
        alike(found, stored, after, outputs)


# ---- floating point: every operation by NumPy's and ml_dtypes' own types ----


def dtype_of(format):
    if format.name in ("fp32", "fp16"):
        return np.dtype({"fp32": np.float32, "fp16": np.float16}[format.name])
    names = {"bf16": "bfloat16", "fp8-e4m3": "float8_e4m3fn", "fp8-e5m2": "float8_e5m2"}
    return np.dtype(getattr(pytest.importorskip("ml_dtypes"), names[format.name]))


def by_floats(algorithm, scheme, batch):
    """As `by_integers`; sums one by one in the order of the columns and channels, zeros skipped."""
    dtype, after = dtype_of(scheme.arithmetic), {}

    def store(label, quantizer, value):
        if quantizer is None:
            return value
        narrow, scale = dtype_of(quantizer.format), 1.0
        if quantizer.per:
            scale = 2.0 ** np.ceil(np.log2(np.abs(value.astype(float)).max() / float(quantizer.format.max)))
        scale = np.asarray(scale).astype(dtype)
        value = (value / scale).astype(narrow).astype(dtype) * scale
        after[label] = value.astype(float)
        return value

    def chain(side, value, label, between):
        for number, stage in enumerate(chains_of(algorithm, side)):
            if number:
                value = store(f"{label} {number}", between, value)
            for axis, rows in enumerate(stage):
                matrix = np.array([[float(x) for x in row] for row in rows]).astype(dtype)
                value = np.moveaxis(value, axis, 0)
                value = np.stack([one_by_one([c * x for c, x in zip(row, value, strict=True) if c]) for row in matrix])
                value = np.moveaxis(value, 0, axis)
        return value

    def one_by_one(terms):
        return reduce(lambda total, term: total + term, terms)

    U = store("input", scheme.input, batch.data.astype(dtype))
    U = store("U", scheme.U, chain("input", U, "input pre-step", scheme.pre_step))
    V = store("weights", scheme.weights, batch.weights.astype(np.float32).astype(dtype))
    V = store("V", scheme.V, chain("filter", V, "weights pre-step", scheme.pre_step))
    M = one_by_one([V[..., :, c, None] * U[..., c, None, :] for c in range(V.shape[-1])])
    y = chain("output", store("M", scheme.M, M), "post-step", scheme.post_step)
    divisor = prod(plain(axis.scale) for axis in algorithm.factors)
    if divisor != 1:
        y = y * np.asarray(float(1 / divisor)).astype(dtype)
    assert y.dtype == dtype
    return after, store("output", scheme.output, y).astype(float)


@pytest.mark.parametrize("size", ALGORITHMS)
@pytest.mark.parametrize("name", FLOAT)
def test_float_schemes_bit_by_bit(name, size):
    for seed in range(3):
        batch = small_batch(ALGORITHMS[size], C=3 + seed, seed=seed)
        batch = Batch(batch.data, batch.weights.astype(np.float32).astype(float), batch.counts)
        found, stored = simulated(ALGORITHMS[size], SCHEMES[name], batch)
        after, outputs = by_floats(ALGORITHMS[size], SCHEMES[name], batch)
        alike(found, stored, after, outputs)
        assert np.isfinite(outputs).all()
        assert (outputs != found.reference).any()


def test_sums_in_another_order_and_a_wider_accumulator():
    """2048 + 1 is 2048 in fp16, 2048 + 2 is not; 2051, rounded once, is 2052."""
    algorithm = winograd(1, 1)
    data, weights = np.reshape([2048.0, 1.0, 1.0, 1.0], (1, 4, 1)), np.ones((1, 1, 4))
    batch = Batch(data, weights, np.ones((1, 1), bool))
    outputs = {
        change: simulate(algorithm, parse_scheme(f"fp16{change}"), batch).outputs.item()
        for change in ("", ",channel-order=pairwise", ",accumulator=fp32")
    }
    assert outputs == {"": 2048.0, ",channel-order=pairwise": 2050.0, ",accumulator=fp32": 2052.0}


# ---- the direct convolution under the same scheme ----


@pytest.mark.parametrize("name", INTEGER)
def test_direct_integer_convolution(name):
    batch, scheme = small_batch(F43, K=3), SCHEMES[name]
    found = simulate_direct(F43, scheme, batch)
    scales = found.scales
    d = Layered.load(batch.data).stored(scheme.input, scales["input"])
    g = Layered.load(batch.weights).stored(scheme.weights, scales["weights"])
    for i, k, t in np.ndindex(found.outputs.shape):
        products = [d.integers[i + j, c, t] * g.integers[j, k, c] for j in range(3) for c in range(3)]
        ratio = (d.scale * np.broadcast_to(g.scale, (1, 3, 1))[:, k : k + 1] / scales["output"].scale).item()
        code = round(sum(products) * ratio)
        assert found.outputs[i, k, t] == code * scales["output"].scale.item()
        exact = sum(batch.data[i + j, c, t] * batch.weights[j, k, c] for j in range(3) for c in range(3))
        assert found.reference[i, k, t] == pytest.approx(exact, rel=1e-12)


def test_direct_fp16_convolution():
    batch = small_batch(ALGORITHMS["F(2x2,3x3)"], C=2)
    found = simulate_direct(ALGORITHMS["F(2x2,3x3)"], SCHEMES["fp16"], batch)
    data, weights = batch.data.astype(np.float16), batch.weights.astype(np.float16)
    for i, j, k, t in np.ndindex(found.outputs.shape):
        terms = [data[i + a, j + b, c, t] * weights[a, b, k, c] for c in range(2) for a in range(3) for b in range(3)]
        assert found.outputs[i, j, k, t] == reduce(lambda total, term: total + term, terms)


def test_direct_operands_of_a_scheme_without_input_and_weights_are_stored_as_U_and_V_are():
    found = simulate_direct(F43, parse_scheme("tapwise-8,input=none,weights=none"), small_batch(F43))
    assert {label: record.quantizer.name for label, record in found.records.items()} == {
        "input": "int8/tensor",
        "weights": "int8/tensor",
        "output": "int8/tensor",
    }


# ---- nothing rounded; other algorithms ----

OTHERS = {
    "one": winograd(1, 1),
    "no taps": parse("F(2,1)"),
    "one output": parse("F(1,3)"),
    "irrational": parse("F(4,3)", points="0,1,-1,sqrt(2),-sqrt(2)"),
    "quadratic": ALGORITHMS["F(4,3) quadratic"],
    "scale 24": ALGORITHMS["F(4,3) scale 24"],
    "rectangular": parse("F(2x4,3x5)"),
    "three axes": parse("F(2x2x2,3x3x3)"),
    "large": parse("F(12,3)"),
    "chain": ALGORITHMS["F(2x2,3x3) chain"],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("workload", [Workload(1, 1, 1), Workload(2, 3, 4), Workload(3, 1, 2, "relu-gaussian")])
def test_a_scheme_that_rounds_nothing_gives_the_convolution(name, workload):
    batch = workload.batch(OTHERS[name])
    found = simulate(OTHERS[name], Scheme("exact"), batch)
    np.testing.assert_allclose(found.outputs, found.reference, rtol=0, atol=1e-10)
    assert not found.records
    assert not found.non_finite
    assert found.decibels > 200


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("scheme", ["tapwise-8", "fp32", "fp8-e5m2", "winograd-aware-nets"])
def test_every_kind_of_algorithm_runs_under_every_kind_of_scheme(name, scheme):
    found = simulate(OTHERS[name], SCHEMES[scheme], Workload(4, 3, 5).batch(OTHERS[name]))
    assert np.isfinite(found.outputs).all()
    assert found.decibels > {"fp32": 80.0, "tapwise-8": 0.0}.get(scheme, -100.0)
    assert found.channels == 4
    assert "4 channels" in found.flags[-1]


@pytest.mark.parametrize("padding", [0, 1, (2, 0)])
@pytest.mark.parametrize("size", ["F(4x4,3x3)", "F(2x3,3x2)"])
def test_a_layer_that_rounds_nothing_is_scipys_correlation(size, padding):
    signal = pytest.importorskip("scipy.signal")
    algorithm = ALGORITHMS[size]
    rng = np.random.default_rng(1)
    r = algorithm.r
    data, weights = rng.standard_normal((2, 3, 11, 8)), rng.standard_normal((4, 3, *r))
    batch = Layer(data, weights, padding).batch(algorithm)
    found = simulate(algorithm, Scheme("exact"), batch)
    pads = padding if isinstance(padding, tuple) else (padding, padding)
    padded = np.pad(data, ((0, 0), (0, 0), *((p, p) for p in pads)))
    image = np.array(
        [[sum(signal.correlate(x[c], w[c], "valid") for c in range(3)) for w in weights] for x in padded]
    )  # (N, K, H, W)
    m = algorithm.m
    tiles = [-(-full // step) for full, step in zip(image.shape[2:], m, strict=True)]
    y = found.outputs.reshape(*m, 4, 2, *tiles).transpose(3, 2, 4, 0, 5, 1)  # (N, K, tile, m, tile, m)
    y = y.reshape(2, 4, tiles[0] * m[0], tiles[1] * m[1])
    np.testing.assert_allclose(y[..., : image.shape[2], : image.shape[3]], image, rtol=0, atol=1e-10)
    assert found.batch.counts.sum() == image[:, 0].size


def test_rows_whose_integers_leave_float64_are_rounded_instead():
    """Points 1/1000 and so on in B^T: no 53-bit integer row, and still the convolution to 1e-10."""
    algorithm = winograd(4, 3, points="0,1/1009,-1/1013,1019,-1021", convention="fractions-in-b")
    found = simulate(algorithm, Scheme("exact"), Workload(2, 2, 2).batch(algorithm))
    assert found.decibels > 20


# ---- errors, signal, flags ----


def test_only_outputs_that_count_are_compared():
    algorithm, layer = F43, Layer(np.arange(10.0).reshape(1, 1, 10), np.ones((1, 1, 3)))
    found = simulate(algorithm, SCHEMES["tapwise-8"], layer.batch(algorithm))
    assert found.batch.counts.tolist() == [[True, True]] * 4
    found = simulate(
        algorithm, SCHEMES["tapwise-8"], Layer(np.arange(7.0).reshape(1, 1, 7), np.ones((1, 1, 3))).batch(F43)
    )
    assert found.batch.counts.T.tolist() == [[True] * 4, [True] + [False] * 3]
    y, exact = found.outputs[:, 0].T.ravel()[:5], np.array([3.0, 6, 9, 12, 15])
    np.testing.assert_allclose(found.reference[:, 0].T.ravel()[:5], exact)
    assert found.noise_to_signal == pytest.approx(((y - exact) ** 2).sum() / (exact**2).sum(), rel=1e-12)


@pytest.mark.parametrize(("ratio", "decibels"), [(0.01, 20.0), (10.0, -10.0), (0.0, inf), (inf, -inf)])
def test_decibels(ratio, decibels):
    assert sqnr(ratio) == pytest.approx(decibels)


def test_zero_data_have_no_ratio():
    batch = small_batch(F43)
    for scheme in ("tapwise-8", "fp16", "fp8-e4m3", "ncnn-int8"):
        found = simulate(F43, SCHEMES[scheme], Batch(batch.data * 0, batch.weights, batch.counts))
        assert (found.outputs == 0).all()
        assert np.isnan(found.noise_to_signal)


def test_overflow_is_counted_and_not_averaged():
    batch = small_batch(F43, C=40)
    huge = Batch(batch.data * 2e4, batch.weights, batch.counts)
    found = simulate(F43, SCHEMES["fp16"], huge)
    assert 0 < found.non_finite <= found.outputs.size
    assert found.noise_to_signal == inf
    assert found.decibels == -inf
    assert f"{found.non_finite} of {found.outputs.size} outputs are infinite or NaN" in found.flags
    assert repr(found).splitlines()[0] == "fp16: SQNR -inf dB"


def test_saturation_is_flagged():
    batch = small_batch(F43, C=40)
    calibrated = simulate(F43, SCHEMES["tapwise-8"], batch)
    assert calibrated.flags == ()
    narrow = calibrated.scales["U"].scale / 4
    found = simulate(F43, SCHEMES["tapwise-8"], batch, {"U": narrow})
    assert any(flag.startswith("U: ") and "saturate" in flag for flag in found.flags)
    real = np.abs(np.tensordot(np.array(F43.BT, dtype=float), batch.data, axes=(1, 0)))
    expected = (real > 127.5 * narrow).mean()
    assert found.records["U"].clipped == pytest.approx(expected, abs=0.03)
    assert found.decibels < calibrated.decibels - 3


def numbers(*values):
    """Data of the algorithm F(1,1) of weight 1: what every stage is given."""
    return Batch(np.reshape(values, (1, 1, -1)), np.ones((1, 1, 1)), np.ones((1, len(values)), bool))


@pytest.mark.parametrize("stage", ["input", "U", "M", "output"])
def test_what_rounds_to_the_largest_code_is_not_clipped(stage):
    """At scale 1 all to 127.5 becomes 127; 127.6 and -200 are the two of eight beyond."""
    scheme = Scheme("one", **{stage: parse_quantizer("int8/tensor")})
    batch = numbers(126.0, 127.2, 127.4, 127.6, -127.4, -200.0, 0.3, 0.7)
    found = simulate(winograd(1, 1), scheme, batch, {stage: 1.0})
    assert found.outputs.ravel().tolist() == [126, 127, 127, 127, -127, -127, 0, 1]
    assert found.records[stage].clipped == 0.25
    assert f"{stage}: 25.0% of the values saturate" in found.flags


@pytest.mark.parametrize(
    ("values", "share"), [((0.1, -0.2, 0.3, 2.0, 3.0), "60.0%"), ((0.1, 0.2, 0.0, 2.0, 3.0), None)]
)
def test_outputs_that_vanish_are_flagged(values, share):
    scheme = Scheme("one", output=parse_quantizer("int8/tensor"))
    found = simulate(winograd(1, 1), scheme, numbers(*values), {"output": 1.0})
    assert any("that should not be 0 are" in flag for flag in found.flags) == bool(share)
    if share:
        assert f"{share} of the outputs that should not be 0 are" in found.flags
        assert "output: 1 of 1 outputs of a tile are mostly stored as 0 (underflow)" in found.flags


def test_underflow_is_flagged():
    batch = small_batch(F43, C=40)
    coarse = simulate(F43, SCHEMES["tapwise-8"], batch, {"M": 1000.0})
    assert any(flag.startswith("M: 6 of 6 taps") and "underflow" in flag for flag in coarse.flags)
    for scheme in ("fp16-fp32acc", "fp16"):
        tiny = simulate(F43, SCHEMES[scheme], Batch(batch.data * 1e-30, batch.weights, batch.counts))
        assert (tiny.outputs == 0).all()
        assert any("that should not be 0" in flag or "underflow" in flag for flag in tiny.flags)


def test_32_bit_sums_that_overflow_are_flagged():
    def constant(channels):
        counts = np.ones((4, 1), bool)
        return Batch(np.ones((6, channels, 1)), np.ones((3, 1, channels)), counts)

    few = simulate(F43, SCHEMES["ncnn-int8"], constant(1000))
    assert few.flags == ()
    assert few.decibels > 40
    many = simulate(F43, SCHEMES["ncnn-int8"], constant(8000))
    assert many.decibels < 10
    assert "32-bit sums overflow" in many.flags
    # every product of tap 1 at its extreme: the sums over channels overflow themselves
    data, filters = np.sign(np.array(F43.BT, dtype=float)[1]), np.sign(np.array(F43.G, dtype=float)[1])
    worst = Batch(
        np.tile(data[:, None, None], (1, 30000, 1)),
        np.tile(filters[:, None, None], (1, 1, 30000)),
        np.ones((4, 1), bool),
    )
    assert "32-bit sums overflow" in simulate(F43, SCHEMES["ncnn-int8"], worst).flags


# ---- scales and refusals ----


def test_scales_given_are_used_and_the_others_calibrated():
    batch = small_batch(F43)
    free = simulate(F43, SCHEMES["tapwise-8"], batch)
    again = simulate(F43, SCHEMES["tapwise-8"], batch, free.scales)
    np.testing.assert_array_equal(again.outputs, free.outputs)
    other = simulate(F43, SCHEMES["tapwise-8"], batch, {"M": free.scales["M"].scale * 2, "input": 0.125})
    np.testing.assert_array_equal(other.scales["M"].scale, free.scales["M"].scale * 2)
    assert other.scales["input"].scale.item() == 0.125
    np.testing.assert_array_equal(other.scales["weights"].scale, free.scales["weights"].scale)
    assert (other.scales["output"].scale != free.scales["output"].scale).any()


def test_the_labels_of_the_stages():
    scheme = SCHEMES["barabasz-2020-8"]
    assert list(simulate(chained(F43), scheme, small_batch(F43)).scales) == [
        "input",
        "input pre-step 1",
        "U",
        "weights",
        "weights pre-step 1",
        "V",
        "M",
        "post-step 1",
        "output",
    ]
    assert "post-step 1" not in simulate(F43, scheme, small_batch(F43)).scales


@pytest.mark.parametrize(
    ("scales", "kind", "mentions"),
    [
        ({"M": 0.0}, BadValue, ["scale is 0"]),
        ({"M": -1.0}, BadValue, ["-1"]),
        ({"M": nan}, BadValue, ["nan"]),
        ({"M": "one"}, WrongType, ["scale"]),
        ({"M": np.ones((5, 1, 1))}, BadShape, ["(5, 1, 1)", "(6, 2, 2)"]),
        ({"m": 1.0}, UnknownName, ["'m'", "M"]),
        ({"post-step 1": 1.0}, UnknownName, ["post-step 1"]),
        ({"M": ZERO}, BadValue, ["scale"]),
        ({"M": Scale(np.ones((5, 1, 1)), np.zeros(()))}, BadShape, ["(5, 1, 1)"]),
    ],
)
def test_scales_that_are_none(scales, kind, mentions):
    with refused(kind, *mentions):
        simulate(F43, SCHEMES["tapwise-8"], small_batch(F43), scales)


@pytest.mark.parametrize("scales", [{"U": np.ones((3, 1))}, {"V": np.ones((1, 3))}])
def test_a_scale_of_an_input_channel_is_refused(scales):
    """It cannot be taken out of the sum over channels; with C = K = T it would be mistaken for another."""
    for C, K, T in ((3, 2, 2), (3, 3, 3)):
        with refused(NotApplicable, "channel"):
            simulate(F43, SCHEMES["tapwise-8"], small_batch(F43, C, K, T), scales)


def test_a_chain_between_whose_stages_nothing_is_stored_is_one_matrix_in_exact_arithmetic():
    """Its integers stay as small as those of the plain algorithm."""
    for name in ("ncnn-int8", "tapwise-8"):
        batch = small_batch(F43, C=40)
        plainly, in_steps = (simulate(made, SCHEMES[name], batch) for made in (F43, ALGORITHMS["F(4,3) chain"]))
        np.testing.assert_array_equal(plainly.outputs, in_steps.outputs)
    assert (
        simulate(F43, SCHEMES["fp16"], batch).outputs != simulate(chained(F43), SCHEMES["fp16"], batch).outputs
    ).any()


@pytest.mark.parametrize(
    ("size", "points", "fits"),
    [
        ("F(2,3)", "0,1,-1", True),
        ("F(4x4,3x3)", "0,1,-1,2,-2", True),
        ("F(6,3)", "0,1,-1,2,-2,1/2,-1/2", True),
        ("F(6x6,3x3)", "0,1,-1,2,-2,1/2,-1/2", False),
        ("F(4x4,3x3)", "0,2/3,-2/3,3/2,-3/2", False),
        ("F(4x4,3x3)", "0,1,-1,3,-3", False),
        ("F(4x4,2x2)", "0,1,-1,7", True),
    ],
)
def test_ncnn_admits_what_fits_in_int16(size, points, fits):
    """The worst case of U, by the magnitudes in the integer rows of B^T, is what decides."""
    algorithm = parse(size, points=points)
    bound = 127
    for axis in algorithm.factors:
        rows = [primitive([plain(x) for x in row])[0] for row in axis.BT.tolist()]
        bound *= max(sum(map(abs, row)) for row in rows)
    assert (bound < 2**15) == fits
    batch = small_batch(algorithm)
    if fits:
        assert simulate(algorithm, SCHEMES["ncnn-int8"], batch).decibels > 20
    else:
        with refused(NotApplicable, "ncnn-int8", str(bound), "int16"):
            simulate(algorithm, SCHEMES["ncnn-int8"], batch)


def test_2_to_the_15_does_not_fit_in_int16():
    """Rows of B^T whose magnitudes add up to 16 along both axes; data of -128."""
    algorithm = parse("F(4x4,2x2)", points="0,1,-1,7")
    with refused(NotApplicable, "reaches 32768", "int16"):
        simulate(algorithm, replace(SCHEMES["ncnn-int8"], input=parse_quantizer("int8-full")), small_batch(algorithm))


def test_what_has_no_simulation():
    linear = F43.transpose()
    with refused(WrongForm, "transpose()"):
        simulate(linear, SCHEMES["tapwise-8"], small_batch(F43))
    with refused(WrongForm, "transpose()"):
        simulate_direct(linear, SCHEMES["tapwise-8"], small_batch(F43))
    with refused(NotApplicable, "int16", "inf"):
        simulate(F43, replace(SCHEMES["ncnn-int8"], input=None), small_batch(F43))
    with refused(TooLarge, "fp16"):
        simulate(OTHERS["large"], SCHEMES["fp16"], small_batch(OTHERS["large"]))


def test_a_fixed_point_stage_needs_no_scale():
    found = simulate(F43, replace(SCHEMES["tapwise-8"], M=parse_quantizer("q3.4")), small_batch(F43))
    assert found.records["M"].scale.scale.item() == 1.0
    assert found.decibels > 0
