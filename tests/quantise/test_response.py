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
from wincraft.quantise import expected_amplitude, gaussian_response, sample_response


def response(text, s, sigma, lattice=0.0, z=0.0, clips=True):
    scale = Scale(np.array(s), np.array(z))
    found = gaussian_response(parse_quantizer(text), scale, np.array(sigma**2), np.array(lattice), clips)
    return float(found.gain), float(found.distortion)


def by_codes(low, high, s, sigma):
    """Every code with its probability and its part of E[x]: P(k) = Phi - Phi, E[x; k] = sigma (phi - phi)."""
    k = np.arange(low, high + 1)
    ends = np.concatenate([[-inf], (k[:-1] + 0.5) * s, [inf]])
    p = np.where(ends[:-1] < 0, np.diff(norm.cdf(ends / sigma)), -np.diff(norm.sf(ends / sigma)))
    part = -sigma * np.diff(norm.pdf(ends / sigma))
    gain = (k * s * part).sum() / sigma**2
    return gain, ((k * s) ** 2 * p).sum() - gain**2 * sigma**2


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
    assert by_codes(low, high, s, sigma) == pytest.approx((gain, distortion), rel=1e-8)


@pytest.mark.parametrize("sigma", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("step", [0.26, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("text", ["int2", "int3", "int8", "int8-full/tensor"])
def test_coarse_steps(text, step, sigma):
    """Steps above a quarter of sigma: exact, with clipping where the range is short."""
    grid = parse_quantizer(text).format
    low, high = max(grid.low, -200), min(grid.high, 200)
    assert response(text, step * sigma, sigma) == pytest.approx(
        by_codes(low, high, step * sigma, sigma), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("bits", "reach"), [(8, 4.5), (8, 3.0), (10, 2.0), (6, 6.0), (8, 1.0)])
def test_fine_steps(bits, reach):
    """Steps of reach / 2^(b-1), clipped at `reach` sigma."""
    high = 2 ** (bits - 1) - 1
    gain, distortion = response(f"int{bits}", reach / high, 1.0)
    exact = by_codes(-high, high, reach / high, 1.0)
    assert gain == pytest.approx(exact[0], rel=1e-3)
    assert distortion == pytest.approx(exact[1], rel=0.03)


@pytest.mark.parametrize("step", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("z", [0, 40, 128, 200, 255])
def test_zero_points(step, z):
    """An asymmetric range; what is clipped on one side has a mean, which counts as distortion."""
    gain, distortion = response("uint8", step, 1.0, z=float(z))
    exact = by_codes(-z, 255 - z, step, 1.0)
    assert gain == pytest.approx(exact[0], rel=2e-3)
    assert distortion == pytest.approx(exact[1], rel=0.02)


@pytest.mark.parametrize("step", [0.05, 0.2, 0.4, 3.0])
def test_without_ends(step):
    """A scale of the largest value clips nothing: an int8 as an int16."""
    assert response("int4", step, 1.0, clips=False) == pytest.approx(by_codes(-400, 400, step, 1.0), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("clips", [True, False])
@pytest.mark.parametrize(
    ("step", "lattice"),
    [(1.0, 0.5), (1.0, 0.25), (0.3, 0.1), (2.0, 1.0), (0.1, 0.05), (1.0, 1.0), (1.0, 1.5), (0.5, 4.0)],
)
def test_lattices(step, lattice, clips):
    """The Gaussian on the multiples of the lattice; ties go to even."""
    low, high = (-7, 7) if clips else (-(10**6), 10**6)
    x = np.arange(-2000, 2001) * lattice
    x = x[np.abs(x) <= 9 + lattice]
    p = norm.pdf(x) / norm.pdf(x).sum()
    q = np.array([min(max(round(v / step), low), high) * step for v in x.tolist()])
    power = (p * x * x).sum()
    gain = (p * x * q).sum() / power
    exact = gain, (p * (q - gain * x) ** 2).sum() / power
    assert response("int4", step, 1.0, lattice, clips=clips) == pytest.approx(exact, rel=1e-9, abs=1e-12)


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
    """The best multiple of the values, and what is left of the error."""
    values = np.random.default_rng(0).exponential(size=999) - 0.2
    quantizer = parse_quantizer(text)
    scale = quantizer.calibrate(values.reshape(1, 1, -1), "percentile:90")
    found = sample_response(quantizer, scale, values)
    stored = quantizer.store(values / scale.scale.item(), scale.zero_point.reshape(1)) * scale.scale.item()
    (gain,), (rest,), *_ = np.linalg.lstsq(values[:, None], stored, rcond=None)
    assert found.gain.shape == scale.scale.shape
    assert found.gain.item() == pytest.approx(gain, rel=1e-12)
    assert found.distortion.item() == pytest.approx(rest / 999, rel=1e-9)


def test_samples_per_scale_and_of_zeros():
    quantizer, values = parse_quantizer("int8/channel"), np.array([0.25, 0.6])
    both = sample_response(quantizer, Scale(np.array([[[0.5]], [[0.25]]]), np.zeros((1, 1, 1))), values)
    for index, s in enumerate((0.5, 0.25)):
        one = sample_response(quantizer, Scale(np.full((1, 1, 1), s), np.zeros((1, 1, 1))), values)
        assert (both.gain[index], both.distortion[index]) == (one.gain, one.distortion)
    assert both.gain.shape == (2, 1, 1)
    assert not sample_response(quantizer, Scale(np.ones((1, 1, 1)), np.zeros((1, 1, 1))), np.zeros(4)).distortion.any()


@pytest.mark.parametrize("sigmas", [[1.0], [1.0, 1.0, 1.0], [0.1, 1.0, 2.0]])
@pytest.mark.parametrize("count", [5, 300])
def test_expected_largest_magnitude(sigmas, count):
    """The median over many draws."""
    rng = np.random.default_rng(2)
    draws = np.abs(rng.standard_normal((4000, len(sigmas), count)) * np.array(sigmas)[:, None]).max(axis=(1, 2))
    assert expected_amplitude(np.square(sigmas), count) == pytest.approx(np.median(draws), rel=0.02)


@pytest.mark.parametrize("sigmas", [[1.0], [0.5, 3.0]])
def test_expected_percentile(sigmas):
    rng = np.random.default_rng(2)
    draws = np.abs(rng.standard_normal((len(sigmas), 200_000)) * np.array(sigmas)[:, None])
    for method, percent in (("percentile", 99.9), ("percentile:90", 90)):
        found = expected_amplitude(np.square(sigmas), 1, method)
        assert found == pytest.approx(np.percentile(draws, percent), rel=0.03)


def test_expectations_that_there_are_not():
    assert expected_amplitude(np.zeros(3), 10) == 0
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
    distortion = ((stored - gain * x) ** 2).mean()
    found = gaussian_response(quantizer, Scale(np.array(1.0), np.array(0.0)), np.array(2.25), np.array(0.0))
    assert float(found.gain) == pytest.approx(gain, abs=4e-3)
    assert float(found.distortion) == pytest.approx(distortion, rel=0.03)


def test_ties_of_fixed_point_on_a_lattice():
    """Multiples of half a step: RND takes every tie up, a mean error of a quarter step; RND_CONV has none."""
    for text, mean in (("fixed<12,4,RND>", 1 / 4), ("fixed<12,4>", 0.0)):
        quantizer = parse_quantizer(text)
        step = float(quantizer.format.step)
        found = gaussian_response(quantizer, Scale(np.array(1.0), np.array(0.0)), np.array(1.0), np.array(step / 2))
        assert float(found.distortion) / step**2 == pytest.approx(1 / 8, rel=1e-3)
        x = np.arange(-400, 400) * step / 2
        assert (quantizer.format.quantize(x) - x).mean() / step == pytest.approx(mean, abs=1e-12)
