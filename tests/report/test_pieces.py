# SPDX-License-Identifier: Apache-2.0
"""Reports of plans: the predicted error beside the measured one, and what is said."""

from __future__ import annotations

import numpy as np
import pytest

from wincraft.measure.costs import LayerShape
from wincraft.plan import Problem, convolve_directly, make_plan
from wincraft.report.model import Unavailable
from wincraft.report.pieces import noise_of_plan, report_pieces


@pytest.mark.parametrize(
    "problem",
    [Problem(3, stride=2, axes=2), Problem(5, stride=2, axes=2), Problem(3, dilation=2, axes=2),
     Problem(4, stride=2, transposed=True, axes=2), Problem((1, 7))],
    ids=str,
)  # fmt: skip
def test_the_predicted_error_is_that_of_a_run(problem):
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, 32, 30, 30)).astype(np.float32)
    w = generator.standard_normal((32, 32, *problem.r)).astype(np.float32)
    plan = make_plan(problem, 4)
    exact = convolve_directly(problem, x.astype(np.float64), w.astype(np.float64))
    error = np.mean((plan.run(x, w) - exact) ** 2) / np.mean(exact**2)
    assert 10 * abs(np.log10(error / noise_of_plan(plan, 32))) < 3


def test_what_has_no_time():
    plan = make_plan(Problem(3, axes=3), 2)
    found = report_pieces(plan, LayerShape(8, 8, (9, 9, 9)))
    assert isinstance(found.times, Unavailable)
    assert "two axes" in repr(found)
    depthwise = make_plan(Problem(3, groups=8, axes=2), 2)
    assert "no matrix product" in " ".join(repr(report_pieces(depthwise, LayerShape(8, 8, (9, 9)))).split())


def test_plans_that_save_nothing_stay_direct():
    assert "stay direct" in repr(report_pieces(make_plan(Problem(3, stride=3, axes=2), 2)))
