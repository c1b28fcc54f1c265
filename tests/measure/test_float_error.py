# SPDX-License-Identifier: Apache-2.0
"""The measured floating-point error: published figures, slow exact simulation, and the bounds that must hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_strategies import as_sympy

from wincraft import winograd
from wincraft.algorithm import LinearMap, nest
from wincraft.errors import BadShape, BadValue, NotApplicable, TooLarge, UnknownName, WrongType
from wincraft.exact import from_numbers
from wincraft.measure import error_bound, float_error, uniform_floats
from wincraft.measure.execution import execute
from wincraft.measure.float_bound import BoundMachine, tile_shapes
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import FORMATS, ORDERS, Arithmetic, parse_format

module = sys.modules["wincraft.measure.float_error"]

DIRECT = 4.63e-8
PUBLISHED = {
    2: ("0,1,-1", 7.65e-8),
    4: ("0,-1,1,1/2,-2", 3.29e-7),
    6: ("0,-1,1,1/2,-1/2,2,-2", 8.79e-7),
    8: ("0,-1,1,1/2,-1/2,2,-2,-1/4,4", 7.35e-6),
}
"""Mean FP32 errors of F(m x m, 3x3), 5000 runs, Huffman summation: Barabasz et al., arXiv 1803.10986."""

POINTS = [
    (1, 3, "0,1"),
    (2, 3, "0,1,-1"),
    (3, 2, "0,1/3,-3"),
    (4, 3, "0,1,-1,2,-2"),
    (2, 5, "0,-1,1,1/2,-2"),
    (6, 3, "0,-1,1,1/2,-1/2,2,-2"),
]
CONVENTIONS = ["wincnn", "integer", "balanced", "monic"]
FORMAT_NAMES = ["fp64", "fp32", "fp16", "bf16", "fp8-e4m3-sat", "fp8-e5m2"]


def legendre(algorithm):
    """The same algorithm with the data transform as two stages."""
    K, n = algorithm.domain, algorithm.n[0]
    rows = [[Fraction(i == j) - Fraction(i == j + 2, 3) for j in range(n)] for i in range(n)]
    P = from_numbers([[as_sympy(value) for value in row] for row in rows], K)
    return algorithm.with_maps(input=LinearMap.of(P, algorithm.input.dense * P.inv()))


@st.composite
def algorithms(draw):
    axes = []
    for _ in range(draw(st.integers(1, 2))):
        m, r, points = draw(st.sampled_from(POINTS))
        axis = winograd(m, r, points=points, convention=draw(st.sampled_from(CONVENTIONS)))
        axes.append(legendre(axis) if draw(st.booleans()) else axis)
    algorithm = nest(*axes) if len(axes) > 1 else axes[0]
    return algorithm.transpose() if draw(st.booleans()) else algorithm


@pytest.mark.parametrize("m", PUBLISHED)
def test_published_errors(m):
    points, published = PUBLISHED[m]
    axis = winograd(m, 3, points=points)
    found = float_error(nest(axis, axis), FORMATS["fp32"], "huffman", runs=5000, seed=1)
    assert found.error == pytest.approx(published, rel=0.06)
    assert found.direct_error == pytest.approx(DIRECT, rel=0.06)
    assert found.ratio == found.error / found.direct_error
    assert found.error < found.bound < found.norm_bound


def test_huffman_is_the_best_order():
    axis = winograd(8, 3, points=PUBLISHED[8][0])
    errors = {order: float_error(axis, order=order, runs=3000, seed=2).error for order in ORDERS}
    assert min(errors, key=errors.get) == "huffman"


def run_tile(algorithm, machine, data, filters):
    """One tile (C, *n) with one filter (C, *r)."""
    d, g = (np.moveaxis(x, 0, -1) for x in (data, filters))
    return execute(algorithm.maps, algorithm.scale, machine, d[..., None], g[..., None, :])


def slow_tile(algorithm, format, order, data, filters):
    """A tile by fractions, operation for operation, pass by pass; data (C, *n), filters (C, *r)."""

    def quantized(value):
        return format.quantize_exact(Fraction(value))

    def along(rows, array, axis):
        def one(vector):
            sums = []
            for row in rows:
                entries = [quantized(entry) for entry in row]
                tree = ORDERS[order]([float(entry) for entry in entries])
                terms = {j: quantized(entries[j] * vector[j]) for j in tree.terms}
                for i, j in tree.additions:
                    terms[i] = quantized(terms[i] + terms[j])
                sums.append(terms.get(tree.root, Fraction(0)))
            return np.array(sums, dtype=object)

        return np.apply_along_axis(one, axis, array)

    def transform(item, array):
        for step in item.passes:
            rows = [[Fraction(str(value)) for value in row] for row in LinearMap.of(step.matrix).texts]
            array = along(rows, array, step.axis)
        return array

    to_fractions = np.frompyfunc(Fraction, 1, 1)
    total = None
    for d, g in zip(data.astype(float), filters.astype(float), strict=True):
        U = transform(algorithm.maps.input, to_fractions(d))
        V = transform(algorithm.maps.filter, to_fractions(g))
        term = np.frompyfunc(quantized, 1, 1)(U * V)
        total = term if total is None else np.frompyfunc(quantized, 1, 1)(total + term)
    y = transform(algorithm.maps.output, total)
    scale = Fraction(str(algorithm.scale))
    return y if scale == 1 else np.frompyfunc(quantized, 1, 1)(y * quantized(1 / scale))


@settings(max_examples=15)
@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16", "fp8-e5m2-sat"])
@given(
    algorithm=algorithms(),
    order=st.sampled_from(list(ORDERS)),
    channels=st.integers(1, 2),
    seed=st.integers(0, 999),
)
def test_a_tile_is_the_slow_exact_one(name, algorithm, order, channels, seed):
    algorithm = nest(*algorithm.factors[:1]) if algorithm.factors[0].rank > 6 else algorithm
    arithmetic, shapes = Arithmetic(FORMATS[name]), tile_shapes(algorithm)
    rng = np.random.default_rng(seed)
    data, filters = (arithmetic.round(uniform_floats(rng, (channels, *shape))) for shape in shapes[:2])
    got = run_tile(algorithm, RoundedMachine(arithmetic, order), data, filters)[..., 0, 0]
    np.testing.assert_array_equal(got, slow_tile(algorithm, FORMATS[name], order, data, filters).astype(float))


def exact_outputs(algorithm, data, filters):
    """Sums of products by fractions; data (C, *n), filters (C, *r)."""
    linear = algorithm.form == "linear"
    shape = [axis.maps.output.shape[0] for axis in algorithm.factors]
    y = np.full(shape, Fraction(0))
    for output in product(*map(range, shape)):
        for c, *tap in product(range(len(filters)), *map(range, filters.shape[1:])):
            place = [i - j if linear else i + j for i, j in zip(output, tap, strict=True)]
            if all(0 <= p < length for p, length in zip(place, data.shape[1:], strict=True)):
                y[output] += Fraction(float(data[(c, *place)])) * Fraction(float(filters[(c, *tap)]))
    return y


@settings(max_examples=20)
@pytest.mark.parametrize("name", FORMAT_NAMES)
@given(
    algorithm=algorithms(),
    order=st.sampled_from(list(ORDERS)),
    channels=st.integers(1, 3),
    seed=st.integers(0, 999),
    sizes=st.tuples(st.integers(-12, 12), st.integers(-12, 12)),
)
def test_no_output_is_wronger_than_its_bound(name, algorithm, order, channels, seed, sizes):
    """Every output of one tile, against the exact one; inputs of any size, so that underflow and overflow occur."""
    arithmetic, shapes = Arithmetic(FORMATS[name]), tile_shapes(algorithm)
    rng = np.random.default_rng(seed)
    data, filters = (
        arithmetic.round(rng.uniform(-1, 1, (channels, *shape)) * 2.0**size)
        for shape, size in zip(shapes[:2], sizes, strict=True)
    )
    try:
        y = run_tile(algorithm, RoundedMachine(arithmetic, order), data, filters)[..., 0, 0]
    except NotApplicable as error:
        if "overflows" not in str(error):
            raise
        return
    with np.errstate(all="ignore"):
        limits = (np.abs(x).astype(float) for x in (data, filters))
        bounds = run_tile(algorithm, BoundMachine(FORMATS[name], order), *limits).error[..., 0, 0]
    bounds = np.where(np.isnan(bounds), inf, bounds)
    wanted = exact_outputs(algorithm, data, filters)
    for value, exact, bound in zip(y.flat, wanted.flat, bounds.flat, strict=True):
        assert bound == inf or abs(Fraction(float(value)) - exact) <= Fraction(bound)
    limits = np.abs(data).max(), np.abs(filters).max()
    boxed = error_bound(algorithm, FORMATS[name], order, channels, *limits)
    assert (boxed >= bounds * (1 - 1e-12)).all()


@settings(max_examples=20)
@pytest.mark.parametrize("name", FORMAT_NAMES)
@given(algorithm=algorithms(), order=st.sampled_from(list(ORDERS)), channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_measured_errors_keep_the_bounds(name, algorithm, order, channels, seed):
    try:
        found = float_error(algorithm, FORMATS[name], order, runs=3, seed=seed, channels=channels)
    except NotApplicable as error:
        if "overflows" not in str(error):
            raise
        return
    assert found.bound == inf or found.error <= found.bound
    assert isnan(found.error) or found.error >= 0
    if name in ("fp64", "fp32", "bf16"):
        assert found.error <= found.norm_bound
        assert found.bound <= found.norm_bound * (1 + 1e-9)


@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize(("m", "r", "points"), POINTS)
def test_the_bound_is_below_that_of_the_theorem(m, r, points, dimensions):
    """To first order (d (alpha + beta + gamma) + 1) u |A^T| (|G||g| * |B^T||d|), worked out here from the matrices."""
    axis = winograd(m, r, points=points)
    u, factor, gain = 2.0**-24, 1, np.ones(m)
    AT, G, BT = axis.to_numpy(float)
    for matrix in (AT, G, BT):
        exact = np.abs(matrix)
        inexact = (exact != exact.astype(np.float32)).any(axis=1)
        power = (np.frexp(exact)[0] == 0.5) | (exact == 0)
        factor += dimensions * max((exact > 0).sum(axis=1) - 1 + (~power).any(axis=1) + inexact)
    gain = np.abs(AT) @ (np.abs(G).sum(axis=1) * np.abs(BT).sum(axis=1))
    gain = gain if dimensions == 1 else np.outer(gain, gain)
    bound = error_bound(nest(*(axis,) * dimensions), order="sequential")
    assert (bound <= 1.0001 * factor * u * gain).all()
    assert (bound >= u * gain).all()


def test_channels_add_their_roundings():
    axis = winograd(2, 3, points="0,1,-1")
    one, four = (error_bound(axis, order="sequential", channels=c) for c in (1, 4))
    gain = np.abs(axis.to_numpy()[0]) @ np.prod([np.abs(M).sum(axis=1) for M in axis.to_numpy()[1:]], axis=0)
    np.testing.assert_allclose(four, 4 * one + (3 + 3 + 2 + 1) * 2.0**-24 * gain, rtol=1e-5)
    measured = [float_error(axis, runs=500, channels=c) for c in (1, 64)]
    assert measured[1].error > 4 * measured[0].error
    assert measured[1].error < measured[1].bound


def test_inputs_are_those_of_the_standard_library():
    x = uniform_floats(np.random.default_rng(7), (1000,))
    words = np.random.default_rng(7).integers(0, 2**32, size=1000, dtype=np.uint32)
    for value, word in zip(x, words, strict=True):
        fraction = min(np.float32(np.float32(word) * np.float32(2**-32)), np.float32(1 - 2**-24))
        assert value == np.float32(np.float32(2) * fraction) - np.float32(1)
    assert x.dtype == np.float32

    class Largest:
        def integers(self, low, high, size, dtype):
            return np.full(size, high - 1, dtype)

    assert uniform_floats(Largest(), (1,)) == np.float32(1 - 2**-23)


def test_results_are_reports_and_repeat():
    axis = winograd(2, 3, points="0,1,-1")
    found = float_error(axis, FORMATS["bf16"], "pairwise", runs=20, seed=5, channels=2)
    assert found == float_error(axis, FORMATS["bf16"], "pairwise", runs=20, seed=5, channels=2)
    assert found != float_error(axis, FORMATS["bf16"], "pairwise", runs=20, seed=6, channels=2)
    for part in ("F(2,3) in bf16", "pairwise", "2 channels", "20 runs", f"{found.error:.3g}", f"{found.bound:.3g}"):
        assert part in repr(found)
    assert found == eval(f"{type(found).__name__}(**vars(found))", {"FloatError": type(found), "found": found})


def test_large_runs_are_cut_into_pieces(monkeypatch):
    axis = winograd(4, 3, points="0,1,-1,2,-2")
    whole = float_error(axis, runs=4000, seed=3)
    monkeypatch.setattr(module, "_AT_ONCE", 1000)
    cut = float_error(axis, runs=4000, seed=3)
    assert cut.error == pytest.approx(whole.error, rel=0.1)
    assert cut.error != whole.error


def test_overflow_and_ratios():
    axis = winograd(6, 3, points="0,-1,1,1/2,-1/2,2,-2")
    found = float_error(nest(axis, axis), FORMATS["fp8-e4m3"], runs=100)
    assert isnan(found.error) or found.error > 0
    assert found.bound == inf
    assert replace(found, error=1.0, direct_error=0.0).ratio == inf
    assert isnan(replace(found, error=0.0, direct_error=0.0).ratio)
    single = float_error(winograd(1, 1), FORMATS["fp64"], runs=5)
    assert single.error == single.direct_error > 0


def test_bad_input_is_refused():
    axis = winograd(2, 3, points="0,1,-1")
    with refused(UnknownName, "'hufman'", "did you mean huffman?"):
        float_error(axis, order="hufman")
    for name, value in (("runs", 0), ("runs", -3), ("runs", 2.5), ("channels", 0), ("seed", -1)):
        with refused(BadValue, f"{name} is {value}", "integer from"):
            float_error(axis, **{name: value})
    with refused(TooLarge, "values", "runs are done"):
        float_error(axis, runs=10**12)
    with refused(TooLarge, "GiB"):
        float_error(axis, channels=10**9)
    with refused(WrongType, "int8", "FloatFormat"):
        float_error(axis, parse_format("int8"))
    with refused(BadShape, "data", "(1, 4)"):
        error_bound(axis, data=np.ones(3))
    with refused(WrongType, "filters"):
        error_bound(axis, filters="1")
    with refused(BadValue, "channels is 0"):
        error_bound(axis, channels=0)
    big = winograd(2, 3, points="0,1000,-1000")
    with refused(TooLarge, "overflows"):
        float_error(big, FORMATS["fp8-e4m3"])
