# SPDX-License-Identifier: Apache-2.0
"""Convolving one small layer beside scipy. For information; no target: `convolve` is a reference, not a kernel."""

from __future__ import annotations

import numpy as np
from scipy.signal import correlate

from wincraft import parse


def test_layer_beside_scipy(benchmark, fastest, figure):
    rng = np.random.default_rng(0)
    image, filters = rng.standard_normal((1, 16, 64, 64)), rng.standard_normal((16, 16, 3, 3))
    algorithm = parse("F(4x4,3x3)")

    def direct() -> np.ndarray:
        return np.stack([correlate(image[0], taps, mode="valid", method="direct")[0] for taps in filters])[None]

    np.testing.assert_allclose(algorithm.convolve(image, filters), direct(), rtol=1e-9, atol=1e-9)
    benchmark.pedantic(algorithm.convolve, args=(image, filters), rounds=30, warmup_rounds=3)
    theirs = fastest(direct, 5)
    ours = benchmark.stats.stats.min
    benchmark.extra_info.update(scipy_seconds=theirs, ratio=theirs / ours)
    figure(
        f"F(4x4,3x3) on 1x16x64x64, 16 filters, float64: wincraft {ours * 1e3:.1f} ms, "
        f"scipy.signal.correlate direct {theirs * 1e3:.1f} ms, {theirs / ours:.1f} times faster"
    )
