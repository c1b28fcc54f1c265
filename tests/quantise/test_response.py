# SPDX-License-Identifier: Apache-2.0
"""Gain and distortion of quantisers against integrals, sums over codes, and samples."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np
import pytest
from oracle_messages import refused
from scipy.integrate import quad
from scipy.stats import norm

from wincraft.errors import NotApplicable
from wincraft.numbers import FORMATS, Scale, parse_quantizer
from wincraft.quantise import expected_amplitude, gaussian_response, sample_response, stored_sample


def all_of(text, s, sigma, lattice=0.0, z=0.0, clips=True, mean=0.0):
    scale = Scale(np.array(s), np.array(z))
    moments = np.array(sigma**2), np.array(lattice), clips, np.array(mean)
    return tuple(float(item) for item in gaussian_response(parse_quantizer(text), scale, *moments))


def response(*args, **named):
    return all_of(*args, **named)[:2]


def by_codes(low, high, s, sigma, mean=0.0):
    """Every code with its probability and its part of E[x - mean]: P(k) = Phi - Phi, E[x; k] = sigma (phi - phi)."""
    k = np.arange(low, high + 1)
    ends = np.concatenate([[-inf], (k[:-1] + 0.5) * s, [inf]]) - mean
    p = np.where(ends[:-1] < 0, np.diff(norm.cdf(ends / sigma)), -np.diff(norm.sf(ends / sigma)))
    part = -sigma * np.diff(norm.pdf(ends / sigma))
    level = (k * s * p).sum()
    gain = (k * s * part).sum() / sigma**2
    return gain, ((k * s - level) ** 2 * p).sum() - gain**2 * sigma**2, level - mean


def test_the_sum_over_codes_is_the_integral():
    """The oracle itself, by quadrature between the thresholds."""
    s, sigma, low, high = 0.7, 1.3, -3, 3

    def stored(x):
        return min(max(round(x / s), low), high) * s

    thresholds = [(k + 0.5) * s for k in range(low, high)]
    bounds = [-12.0, *thresholds, 12.0]

    def integral(f):
        return sum(
            quad(lambda x: f(x) * norm.pdf(x, scale=sigma), a + 1e-12, b - 1e-12)[0] for a, b in pairwise(bounds)
        )

    gain = integral(lambda x: x * stored(x)) / sigma**2
    distortion = integral(lambda x: (stored(x) - gain * x) ** 2)
    assert by_codes(low, high, s, sigma) == pytest.approx((gain, distortion, 0.0), rel=1e-8, abs=1e-12)
    shifted = gain_and_rest(s, sigma, low, high, 0.4)
    assert by_codes(low, high, s, sigma, 0.4) == pytest.approx(shifted, rel=1e-7)


def gain_and_rest(s, sigma, low, high, mean):
    """By quadrature too, about a mean."""
    ends = [-12.0, *[(k + 0.5) * s for k in range(low, high)], 12.0]

    def expected(f):
        def weighted(x):
            return f(x, min(max(round(x / s), low), high) * s) * norm.pdf(x, loc=mean, scale=sigma)

        return sum(quad(weighted, a + 1e-12, b - 1e-12)[0] for a, b in pairwise(ends))

    level = expected(lambda x, q: q)
    gain = expected(lambda x, q: (x - mean) * (q - level)) / sigma**2
    return gain, expected(lambda x, q: (q - level - gain * (x - mean)) ** 2), level - mean


@pytest.mark.parametrize("sigma", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("step", [0.26, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("text", ["int2", "int3", "int8", "int8-full/tensor"])
def test_coarse_steps(text, step, sigma):
    """Steps above a quarter of sigma: exact, with clipping where the range is short."""
    grid = parse_quantizer(text).format
    low, high = max(grid.low, -200), min(grid.high, 200)
    for mean in (0.0, 0.3 * step * sigma, -2.2 * sigma, 41.7 * sigma):
        wanted = by_codes(low, high, step * sigma, sigma, mean)
        assert all_of(text, step * sigma, sigma, mean=mean) == pytest.approx(wanted, rel=1e-7, abs=1e-9 * sigma)


@pytest.mark.parametrize(("bits", "reach"), [(8, 4.5), (8, 3.0), (10, 2.0), (6, 6.0), (8, 1.0)])
def test_fine_steps(bits, reach):
    """Steps of reach / 2^(b-1), clipped at `reach` sigma."""
    high = 2 ** (bits - 1) - 1
    gain, distortion = response(f"int{bits}", reach / high, 1.0)
    exact = by_codes(-high, high, reach / high, 1.0)
    assert gain == pytest.approx(exact[0], rel=1e-3)
    assert distortion == pytest.approx(exact[1], rel=0.03)
    for mean in (0.7, -1.5, 2 * reach):
        exact = by_codes(-high, high, reach / high, 1.0, mean)
        found = all_of(f"int{bits}", reach / high, 1.0, mean=mean)
        assert found[::2] == pytest.approx(exact[::2], rel=2e-3, abs=1e-3)
        assert found[1] == pytest.approx(exact[1], rel=0.03, abs=1e-4)


@pytest.mark.parametrize("step", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("z", [0, 40, 128, 200, 255])
def test_zero_points(step, z):
    """An asymmetric range; what is clipped on one side has a mean."""
    gain, distortion, bias = all_of("uint8", step, 1.0, z=float(z))
    exact = by_codes(-z, 255 - z, step, 1.0)
    assert gain == pytest.approx(exact[0], rel=2e-3)
    assert distortion == pytest.approx(exact[1], rel=0.02)
    assert bias == pytest.approx(exact[2], rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("step", [0.05, 0.2, 0.4, 3.0])
def test_without_ends(step):
    """A scale of the largest value clips nothing: an int8 as an int16."""
    for mean in (0.0, 7.3):
        found = all_of("int4", step, 1.0, clips=False, mean=mean)
        assert found == pytest.approx(by_codes(-400, 400, step, 1.0, mean), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("clips", [True, False])
@pytest.mark.parametrize(
    ("step", "lattice"),
    [(1.0, 0.5), (1.0, 0.25), (0.3, 0.1), (2.0, 1.0), (0.1, 0.05), (1.0, 1.0), (1.0, 1.5), (0.5, 4.0)],
)
def test_lattices(step, lattice, clips):
    """The Gaussian on the multiples of the lattice; ties go to even."""
    low, high = (-7, 7) if clips else (-(10**6), 10**6)
    for mean in (0.0, 2.6):
        x = np.arange(-2000, 2001) * lattice
        x = x[np.abs(x - mean) <= 9 + lattice]
        p = norm.pdf(x - mean) / norm.pdf(x - mean).sum()
        q = np.array([min(max(round(v / step), low), high) * step for v in x.tolist()])
        bias = (p * q).sum() - (p * x).sum()
        x, q = x - (p * x).sum(), q - (p * q).sum()
        power = (p * x * x).sum()
        gain = (p * x * q).sum() / power
        exact = gain, (p * (q - gain * x) ** 2).sum() / power, bias
        assert all_of("int4", step, 1.0, lattice, clips=clips, mean=mean) == pytest.approx(exact, rel=1e-7, abs=1e-9)


def test_a_lattice_finer_than_the_step_by_far_is_no_lattice():
    assert response("int8", 0.5, 1.0, 0.5 / 100) == response("int8", 0.5, 1.0)
    assert response("int8", 0.5, 1.0, 0.25)[1] != pytest.approx(response("int8", 0.5, 1.0)[1], rel=0.02)


DTYPES = {
    "fp16": np.float16,
    "fp32": np.float32,
    "bf16": "bfloat16",
    "fp8-e4m3": "float8_e4m3fn",
    "fp8-e5m2": "float8_e5m2",
}


@pytest.mark.parametrize("sigma", [1.0, 1.7, 0.003])
@pytest.mark.parametrize("name", DTYPES)
def test_floating_point(name, sigma):
    """By the types of NumPy and ml_dtypes on a fine grid; 0.003 reaches the subnormals of fp8 and of fp16."""
    dtype = DTYPES[name]
    dtype = getattr(pytest.importorskip("ml_dtypes"), dtype) if isinstance(dtype, str) else dtype
    x = np.linspace(-9, 9, 1_000_001) * sigma
    p = norm.pdf(x / sigma)
    p /= p.sum()
    q = x.astype(dtype).astype(float)
    gain = (p * x * q).sum() / (p * x * x).sum()
    distortion = (p * (q - gain * x) ** 2).sum()
    assert response(name, 1.0, sigma) == (pytest.approx(gain, rel=2e-3), pytest.approx(distortion, rel=0.05))
    x = x + 20 * sigma  # far from 0, in few binades
    q = x.astype(dtype).astype(float)
    level = (p * q).sum()
    gain = (p * (x - 20 * sigma) * q).sum() / sigma**2
    rest = (p * (q - level - gain * (x - 20 * sigma)) ** 2).sum()
    found = all_of(name, 1.0, sigma, mean=20 * sigma)
    assert found[:2] == (pytest.approx(gain, rel=5e-3), pytest.approx(rest, rel=0.06))
    assert found[2] == pytest.approx(level - 20 * sigma, abs=0.03 * rest**0.5)


@pytest.mark.parametrize("text", ["int8", "uint8", "fp16", "q3.4"])
def test_a_constant_has_a_mean_error_alone(text):
    quantizer = parse_quantizer(text)
    for value in (0.7313, 2.0):
        s = 0.3 if quantizer.per else 1.0
        stored = (quantizer.store(np.array([value / s]), np.array(4.0)) * s).item()
        found = all_of(text, s, 0.0, z=4.0, mean=value)
        assert found == (1.0, 0.0, pytest.approx(stored - value, abs=1e-12))


def test_a_scale_of_a_float():
    gain, distortion = response("fp8-e4m3", 1.0, 3.0)
    scaled = response("fp8-e4m3/tensor", 0.25, 0.75)
    assert scaled == (pytest.approx(gain), pytest.approx(distortion / 16))
    wide = response("fp8-e4m3/tensor", 1 / 448, 1.0)  # sigma is the largest value: clipped, not lost
    x = np.linspace(-9, 9, 200_001)
    p = norm.pdf(x) / norm.pdf(x).sum()
    q = FORMATS["fp8-e4m3-sat"].quantize(x * 448) / 448
    gain = (p * x * q).sum()
    assert wide == (pytest.approx(gain, rel=1e-3), pytest.approx((p * (q - gain * x) ** 2).sum(), rel=0.02))


def test_overflow_is_infinite():
    assert response("fp16", 1.0, 65504 / 3)[1] == inf
    assert np.isfinite(response("fp16", 1.0, 65504 / 4)[1])
    assert response("fp16", 1.0, 1e-12) == (0.0, 0.0)


def test_fixed_point_has_its_own_step_and_ends():
    assert response("q3.4", 1.0, 2.0) == pytest.approx(response("int8-full/tensor", 1 / 16, 2.0), rel=1e-9)
    gain, _ = response("q3.4", 1.0, 20.0)
    assert gain == pytest.approx(by_codes(-128, 127, 1 / 16, 20.0)[0], rel=1e-3)


def test_arrays_broadcast_and_nothing_of_nothing():
    scale = Scale(np.array([[0.5], [1.0]]), np.zeros((1, 1)))
    found = gaussian_response(parse_quantizer("int8"), scale, np.array([1.0, 0.0, 4.0]), np.zeros(1))
    assert found.gain.shape == found.distortion.shape == (2, 3)
    for i, s in enumerate((0.5, 1.0)):
        for j, sigma in enumerate((1.0, None, 2.0)):
            expected = (1.0, 0.0) if sigma is None else response("int8", s, sigma)
            assert (found.gain[i, j], found.distortion[i, j]) == expected


@pytest.mark.parametrize("text", ["int8", "uint8", "fp8-e4m3/tensor/pow2", "fp16"])
def test_samples(text):
    """The straight line that fits best, and what is left of the error."""
    values = np.random.default_rng(0).exponential(size=999) - 0.2
    quantizer = parse_quantizer(text)
    scale = Scale(*(item.reshape(1) for item in quantizer.calibrate(values.reshape(1, 1, -1), "percentile:90")))
    stored = quantizer.store(values / scale.scale.item(), scale.zero_point) * scale.scale.item()
    np.testing.assert_array_equal(stored_sample(quantizer, scale, values), stored)
    found = sample_response(values, stored)
    (gain, offset), (rest,), *_ = np.linalg.lstsq(np.stack([values, np.ones(999)], axis=1), stored, rcond=None)
    assert found.gain.item() == pytest.approx(gain, rel=1e-12)
    assert found.distortion.item() == pytest.approx(rest / 999, rel=1e-9)
    assert found.bias.item() == pytest.approx(gain * values.mean() + offset - values.mean(), abs=1e-12)


def test_samples_per_scale_and_of_zeros():
    quantizer, values = parse_quantizer("int8/channel"), np.array([[0.25, 0.6], [0.25, 0.6]])
    scales = Scale(np.array([[0.5], [0.25]]), np.zeros((1, 1)))
    stored = stored_sample(quantizer, scales, values)
    assert stored.tolist() == [[0.0, 0.5], [0.25, 0.5]]
    both = sample_response(values, stored)
    for index in range(2):
        one = sample_response(values[index], stored[index])
        assert [item[index] for item in both] == [item.item() for item in one]
    nothing = sample_response(np.zeros(4), np.zeros(4))
    assert [item.item() for item in nothing] == [1.0, 0.0, 0.0]
    overflow = sample_response(np.array([[1.0, 2.0]]), np.array([[1.0, inf]]))
    assert (overflow.gain.item(), overflow.distortion.item()) == (1.0, inf)


def test_integers_without_ends():
    quantizer = parse_quantizer("int4")
    scale = Scale(np.ones(1), np.zeros(1))
    assert stored_sample(quantizer, scale, np.array([100.2]), clips=False) == 100
    assert stored_sample(quantizer, scale, np.array([100.2])) == 7


@pytest.mark.parametrize("sigmas", [[1.0], [1.0, 1.0, 1.0], [0.1, 1.0, 2.0]])
@pytest.mark.parametrize("count", [5, 300])
def test_expected_largest_magnitude(sigmas, count):
    """The median over many draws."""
    rng = np.random.default_rng(2)
    draws = np.abs(rng.standard_normal((4000, len(sigmas), count)) * np.array(sigmas)[:, None]).max(axis=(1, 2))
    assert expected_amplitude(np.square(sigmas), count) == pytest.approx(np.median(draws), rel=0.02)
    means = np.linspace(-2, 1, len(sigmas))
    draws = rng.standard_normal((4000, len(sigmas), count)) * np.array(sigmas)[:, None] + means[:, None]
    found = expected_amplitude(np.square(sigmas), count, means=means)
    assert found == pytest.approx(np.median(np.abs(draws).max(axis=(1, 2))), rel=0.02)


@pytest.mark.parametrize("step", [10.0, 16.5, 30.0, 60.0])
def test_values_that_hardly_reach_a_threshold(step):
    """Beyond the first threshold lie 1e-6 to 1e-197: a difference of sums would lose all of it."""
    gain, distortion, bias = all_of("int8", step, 1.0, clips=False)
    assert distortion == pytest.approx(step**2 * 2 * norm.sf(step / 2), rel=1e-4)
    assert gain == pytest.approx(step * 2 * norm.pdf(step / 2), rel=1e-9)
    assert bias == 0


@pytest.mark.parametrize("variance", [1.0, 1.37, 8.5e-7])
def test_taps_that_are_alike_up_to_rounding_have_one_amplitude(variance):
    alike = [expected_amplitude(np.array([value]), 16384) for value in (variance, variance * (1 + 4e-16))]
    assert alike[0] == alike[1]


@pytest.mark.parametrize("sigmas", [[1.0], [0.5, 3.0]])
def test_expected_percentile(sigmas):
    rng = np.random.default_rng(2)
    draws = np.abs(rng.standard_normal((len(sigmas), 200_000)) * np.array(sigmas)[:, None])
    for method, percent in (("percentile", 99.9), ("percentile:90", 90)):
        found = expected_amplitude(np.square(sigmas), 1, method)
        assert found == pytest.approx(np.percentile(draws, percent), rel=0.03)


def test_expectations_that_there_are_not():
    assert expected_amplitude(np.zeros(3), 10) == 0
    assert expected_amplitude(np.array([0.0, 1e-4]), 10, means=np.array([-3.0, 1.0])) == 3
    with refused(NotApplicable, "mse"):
        expected_amplitude(np.ones(1), 10, "mse")


def test_signs_and_scales_do_not_matter():
    gains = [response("int8", 0.01 * unit, 1.0 * unit) for unit in (1.0, 2.0**-20, 2.0**20)]
    assert len({gain for gain, _ in gains}) == 1


@pytest.mark.parametrize(
    "text", ["ap_fixed<8,5>", "fixed<8,3,AP_RND_ZERO,AP_WRAP>", "fixed<6,3,TRN_ZERO>", "fixed<8,4,RND>"]
)
def test_fixed_point_that_truncates_or_wraps_against_a_million_samples(text):
    quantizer = parse_quantizer(text)
    x = np.random.default_rng(2).standard_normal(1_000_000) * 1.5
    stored = quantizer.format.quantize(x)
    gain = stored @ x / (x @ x)
    bias = stored.mean() - x.mean()
    distortion = (stored - gain * x).var()
    found = gaussian_response(quantizer, Scale(np.array(1.0), np.array(0.0)), np.array(2.25), np.array(0.0))
    assert float(found.gain) == pytest.approx(gain, abs=4e-3)
    assert float(found.distortion) == pytest.approx(distortion, rel=0.03)
    assert float(found.bias) == pytest.approx(bias, abs=4e-3)


def test_ties_of_fixed_point_on_a_lattice():
    """Multiples of half a step: RND takes every tie up, a mean error of a quarter step; RND_CONV has none."""
    for text, mean in (("fixed<12,4,RND>", 1 / 4), ("fixed<12,4>", 0.0)):
        quantizer = parse_quantizer(text)
        step = float(quantizer.format.step)
        found = gaussian_response(quantizer, Scale(np.array(1.0), np.array(0.0)), np.array(1.0), np.array(step / 2))
        assert float(found.distortion) / step**2 == pytest.approx(1 / 8 - mean**2, rel=1e-3)
        assert float(found.bias) / step == pytest.approx(mean, rel=1e-3, abs=1e-9)
        x = np.arange(-400, 400) * step / 2
        assert (quantizer.format.quantize(x) - x).mean() / step == pytest.approx(mean, abs=1e-12)
