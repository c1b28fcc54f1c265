# SPDX-License-Identifier: Apache-2.0
"""The search for points on two cores: sets per second, and how long a certificate takes."""

from __future__ import annotations

import time

import pytest

from wincraft.search import Space, search_space

pytest.importorskip("numba")
pytest.importorskip("joblib")

SYMMETRIC_PER_SECOND = 10e6
EXHAUSTIVE_SECONDS = 10.0
BOUND_SECONDS = 2.0
LARGE_SECONDS = 60.0
LARGE_SHARE = 0.03
HEIGHT_8, HEIGHT_12 = 36_949_857, 1_618_621_641
JOBS = 2


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    for strategy in ("exhaustive", "branch-and-bound"):
        search_space(Space(4, 3, height=2), strategy=strategy)


def timed(*arguments, **options):
    start = time.perf_counter()
    result = search_space(*arguments, jobs=JOBS, **options)
    return result, time.perf_counter() - start


def test_symmetric_sets_per_second(figure):
    result, seconds = timed(Space(6, 3, shape="symmetric", height=40), strategy="exhaustive")
    assert result.visited == result.space.classes(("negate", "invert"))
    rate = result.visited / seconds
    message = figure(f"symmetric F(6,3): {result.visited:,} sets evaluated in {seconds:.2f} s, {rate / 1e6:.0f} M/s")
    assert rate >= SYMMETRIC_PER_SECOND, message


def test_height_8_exhaustively_and_by_bound(figure):
    space = Space(4, 3, height=8)
    assert space.count == HEIGHT_8
    exhaustive, slow = timed(space, strategy="exhaustive")
    bound, fast = timed(space, strategy="branch-and-bound")
    numbers = f"{exhaustive.visited:,} in {slow:.2f} s, by bound {bound.visited:,} nodes in {fast:.2f} s"
    message = figure(f"F(4,3), height 8, {space.count:,} sets: exhaustive {numbers}")
    assert exhaustive.best == bound.best
    assert slow < EXHAUSTIVE_SECONDS, message
    assert fast < BOUND_SECONDS, message


def test_height_12_by_bound(figure):
    space = Space(4, 3, height=12)
    assert space.count == HEIGHT_12
    result, seconds = timed(space)
    share = result.visited / space.count
    message = figure(
        f"F(4,3), height 12, {space.count:,} sets: {result.visited:,} nodes ({share:.2%}) in {seconds:.2f} s"
    )
    assert result.complete
    assert seconds < LARGE_SECONDS, message
    assert share < LARGE_SHARE, message
