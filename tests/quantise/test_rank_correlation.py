# SPDX-License-Identifier: Apache-2.0
"""The noise gain ranks algorithms as their measured error does: the study of ``scripts/rank_correlation.py``."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from math import inf
from pathlib import Path

import numpy as np
import pytest

from wincraft import winograd

SCRIPT = Path(__file__).parents[2] / "scripts" / "rank_correlation.py"
LEAST = {"fp32": 0.98, "fp16-fp32acc": 0.98, "fp16": 0.97}
LEAST_AMONG_THE_BEST = 0.8


@pytest.fixture(scope="module")
def study():
    if not SCRIPT.exists():
        pytest.skip("the scripts are not beside the tests")
    spec = spec_from_file_location("rank_correlation", SCRIPT)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.slow
@pytest.mark.parametrize("m", [4, 6, 8])
def test_noise_gain_ranks_as_the_error_does(study, m):
    """200 sets, 16 channels; cond_2(V) does not, cond_2 of the balanced B^T does, but less so among the best."""
    assert (study.SETS, study.BEST, study.WORKLOAD.channels) == (200, 60, 16)
    for scheme, least in LEAST.items():
        found = study.ranking(m, 3, scheme)
        print(study.HEADER, found, sep="\n")
        assert found.sets == 200
        assert found.noise_gain >= least
        assert found.noise_gain_best >= LEAST_AMONG_THE_BEST
        assert found.cond_v < 0.7
        assert found.noise_gain > found.cond_bt
        assert found.noise_gain_best > found.cond_bt_best


def test_the_points_drawn(study):
    made = study.algorithms(6, 3, 40, seed=1)
    sets = [frozenset(str(modulus) for modulus in item.moduli) for item in made]
    assert len(set(sets)) == 40
    assert all(len(points) == 8 and "inf" in points for points in sets)
    drawn = set().union(*sets) - {"inf"}
    allowed = {"0"} | {
        f"{s}{p}" for s in ("", "-") for p in ("1", "2", "3", "4", "1/2", "3/2", "1/3", "2/3", "4/3", "1/4", "3/4")
    }
    assert drawn == allowed
    for item in made[:5]:
        mantissas = np.frexp([[abs(float(x)) for x in row] for row in item.BT.tolist()])[0]
        scaled = winograd(6, 3, points=",".join(str(x) for x in item.moduli[:-1]), convention="pow2")
        assert (mantissas > 0).any()
        assert item.BT == scaled.BT
    again = study.algorithms.__wrapped__(6, 3, 40, seed=1)
    assert [item.sha256 for item in again] == [item.sha256 for item in made]


def test_what_is_not_finite_is_ranked_last(study):
    large = winograd(12, 3)  # entries of 2^17 and more, beyond fp16
    batch = study.WORKLOAD.batch(large)
    assert study.measured(large, "fp16", batch) == inf
    assert study.measured(large, "fp32", batch) < 1
    assert study.correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.1, 0.2, inf, inf])) == pytest.approx(
        0.9487, abs=1e-4
    )
    assert study.correlation(np.array([4.0, 3.0, 2.0]), np.array([0.1, 0.2, inf])) == -1
