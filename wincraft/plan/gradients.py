# SPDX-License-Identifier: Apache-2.0
"""The gradient of the filters by a plan: data and the output's gradient as data and filters of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wincraft.errors import BadShape
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem, sizes_of_padding
from wincraft.plan.running import run_pieces


def run_weight_gradient(
    plan: Plan, data: np.ndarray, gradient: np.ndarray, taps: Sequence[int], padding: Sequence[int] | int = 0
) -> np.ndarray:
    """The gradient of the filters, by a plan for `Problem.weight_gradient`, whose kernel is the output's gradient.

    gw[k,c,j] = sum_{n,i} x[n,c,s i + t j] gy[n,k,i], j < r: images take the part of channels. Shapes: data (N, C, ...),
    gradient (N, K, ...) give (K, C / groups, *taps). Of a transposed convolution data and gradient change places.

    Raises:
        BadShape: where shapes do not fit, or the data are too small for so many taps.
        BadValue: as `run_pieces`.

    >>> from wincraft.plan import make_plan
    >>> plan = make_plan(Problem(3).weight_gradient([2]), 3)
    >>> run_weight_gradient(plan, np.array([[[1, 2, 3, 4]]]), np.array([[[1, 10]]]), [3])
    array([[[21, 32, 43]]])
    """
    problem, x, gy = plan.problem, np.asarray(data), np.asarray(gradient)
    groups, pads = problem.groups, sizes_of_padding(padding, len(problem.r))
    fits = x.ndim == gy.ndim == len(problem.r) + 2 and x.shape[0] == gy.shape[0]
    if not fits or x.shape[1] % groups or gy.shape[1] % groups:
        raise BadShape(
            "(data, gradient)", f"{x.shape}, {gy.shape}", f"images of {len(problem.r)} axes, {groups} groups"
        )
    alone = Problem(problem.r, problem.s, problem.t)
    found = []
    for a, b in zip(np.split(x, groups, axis=1), np.split(gy, groups, axis=1), strict=True):
        found.append(run_pieces(alone, plan.pieces, a.swapaxes(0, 1), b.swapaxes(0, 1), pads).swapaxes(0, 1))
    whole = np.concatenate(found)
    if any(size < r for size, r in zip(whole.shape[2:], taps, strict=True)):
        raise BadShape("data", str(x.shape), f"data large enough for {'x'.join(map(str, taps))} taps")
    return whole[(slice(None), slice(None), *(slice(r) for r in taps))]
