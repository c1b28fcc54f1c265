# SPDX-License-Identifier: Apache-2.0
"""The proof alone, and its share of a construction. For information; no target."""

from __future__ import annotations

import pytest

from wincraft import winograd

ROUNDS = {4: 300, 14: 200, 30: 50, 100: 10}


@pytest.mark.parametrize("m", ROUNDS)
def test_proof_alone(benchmark, points, fastest, figure, m):
    given, rounds = points(m, 3), ROUNDS[m]
    algorithm = winograd(m, 3, points=given)
    benchmark.pedantic(algorithm.verify, rounds=rounds, warmup_rounds=1)
    proof = benchmark.stats.stats.min
    whole = fastest(lambda: winograd(m, 3, points=given), rounds)
    benchmark.extra_info.update(construction_seconds=whole)
    figure(f"F({m},3) proof alone: {proof * 1e3:.2f} ms, {proof / whole:.0%} of {whole * 1e3:.2f} ms made and proved")
