# SPDX-License-Identifier: Apache-2.0
"""Proved limits: no sampled set is below a bound, balls agree, and claims that are too good are not proved."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from fractions import Fraction
from functools import partial
from importlib import resources
from itertools import combinations, count
from math import inf
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadValue, CheckFailed, TooLarge, UnknownName
from wincraft.search import RealSets, certify, estimate, known_limits, noise_gain_of_points, real_optimum
from wincraft.search.limits import bound as real_bound
from wincraft.search.limits import boxes as _real_boxes
from wincraft.search.limits.balls import ball_bound
from wincraft.search.limits.boxes import box_bounds, inner_sets
from wincraft.search.limits.grid import (
    HALF_TURN,
    STEP,
    double_cosines,
    double_sines,
    largest_squares,
    sine_squares,
)
from wincraft.search.limits.sets import log_gain

CLASSES = [
    (2, 2, "symmetric"),
    (2, 3, "all"),
    (3, 3, "with-inf"),
    (1, 4, "all"),
    (5, 1, "with-inf"),
    (4, 3, "all"),
    (5, 3, "symmetric"),
    (8, 3, "symmetric"),
    (9, 3, "symmetric"),
    (4, 5, "with-inf"),
    (6, 3, "all"),
]
EIGHTH = HALF_TURN // 4


def gains(sets, steps):
    """m r NG of sets given in grid steps, inf where points coincide."""
    with np.errstate(all="ignore"):
        values = np.exp(log_gain(sets.m, sets.r, sets.angles(steps * STEP))[0]) * sets.m * sets.r
    return np.where(np.isfinite(values), values, inf)


@st.composite
def boxes(draw):
    """A class and a box that the search could meet: first boxes, halved at random angles."""
    sets = RealSets(*draw(st.sampled_from(CLASSES)))
    low, high = real_bound._first_boxes(sets)
    index = draw(st.integers(0, low.shape[1] - 1))
    box = real_bound._Boxes(low[:, [index]], high[:, [index]], np.zeros(1))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for _ in range(draw(st.integers(0, 7 * sets.variables))):
        halves = box.halves(random.random(box.low.shape) * (box.high - box.low) ** 2.0)
        if not halves.count:
            break
        box = halves.chosen(np.arange(halves.count) == random.integers(halves.count))
    return sets, box, random


@given(boxes())
@settings(max_examples=100)
def test_no_set_of_a_box_is_below_its_bound(given_box):
    sets, box, random = given_box
    bounds = box_bounds(sets, box.low, box.high)
    shape = (sets.variables, 60)
    inside = box.low + random.random(shape) * (box.high - box.low)
    corners = np.where(random.random(shape) < 0.5, box.low, box.high)
    values = gains(sets, np.sort(np.concatenate([inside, corners], axis=1), axis=0))
    assert bounds.lower[0] <= values.min() * (1 + 1e-10)
    assert (box.low <= bounds.inner_angles).all()
    assert (bounds.inner_angles <= box.high).all()
    assert (np.diff(bounds.inner_angles, axis=0) >= 0).all()
    if np.isfinite(bounds.inner[0]):
        assert bounds.inner[0] == pytest.approx(gains(sets, bounds.inner_angles)[0], rel=1e-9)


@given(boxes())
def test_ball_arithmetic_does_not_contradict(given_box):
    sets, box, _ = given_box
    bounds = box_bounds(sets, box.low, box.high)
    if bounds.convex[0]:
        ball = ball_bound(sets, box.low[:, 0], box.high[:, 0], bounds.inner_angles[:, 0])
        assert bounds.convex[0] <= ball
        exponent = np.log(bounds.inner[0] / float(ball))  # exp(-x) becomes (1 - x/1024)^1024, and slack is allowed
        assert bounds.convex[0] >= float(ball) * (1 - exponent**2 / 1000 - 1e-4)


@pytest.mark.parametrize(("m", "r", "kind"), CLASSES)
def test_small_boxes_have_tight_bounds(m, r, kind):
    sets = RealSets(m, r, kind)
    d = sets.variables
    cells = 2 * EIGHTH if sets.paired else 4 * EIGHTH
    low = ((np.arange(d)[:, None] * 2 + 1) * cells // (2 * d + 1)) // 8 * 8 - (0 if sets.paired else 2 * EIGHTH)
    for width, loss in ((8, 2e-2), (2, 5e-3)):
        bounds = box_bounds(sets, low, low + width)
        assert 1 - loss < bounds.lower[0] / bounds.inner[0] <= 1


def test_the_grid_is_right():
    k = np.arange(-2 * HALF_TURN, 2 * HALF_TURN, 7)
    assert sine_squares(k) == pytest.approx(np.sin(k * STEP) ** 2, abs=2e-15)
    assert double_sines(k) == pytest.approx(np.sin(2 * k * STEP), abs=3e-15)
    assert double_cosines(k) == pytest.approx(np.cos(2 * k * STEP), abs=3e-15)
    assert list(double_sines(np.array([0, EIGHTH, 2 * EIGHTH, -EIGHTH]))) == [0, 1, 0, -1]
    random = np.random.default_rng(0)
    low = random.integers(-HALF_TURN, HALF_TURN, 200)
    high = low + random.integers(0, HALF_TURN, 200)
    inside = np.linspace(low, high, 50).astype(int)
    assert (largest_squares(low, high) >= sine_squares(inside).max(0)).all()


def test_inner_sets_ascend_even_where_ranges_overlap():
    low, high = np.array([[0], [0], [4], [4], [4]]), np.array([[8], [8], [8], [8], [8]])
    inner = inner_sets(low, high)
    assert (np.diff(inner, axis=0) >= 0).all()
    assert ((low <= inner) & (inner <= high)).all()


@pytest.mark.slow_cases("4-3-all", "9-3-")
@pytest.mark.parametrize(
    ("m", "r", "kind", "tolerance"),
    [
        (2, 3, "symmetric", 1e-6),
        (4, 3, "symmetric", 1e-6),
        (6, 3, "symmetric", 1e-6),
        (9, 3, "symmetric", 1e-3),
        (2, 3, "all", 1e-3),
        (4, 3, "with-inf", 1e-3),
        (4, 3, "all", 1e-3),
    ],
)
def test_limits_are_proved_close_to_the_best_set(m, r, kind, tolerance):
    limit = certify(m, r, kind, tolerance)
    assert limit.certified
    assert limit.finished
    assert (1 - tolerance) * limit.upper <= limit.lower <= limit.upper
    assert 0 <= limit.distance <= tolerance
    assert limit.statement in repr(limit)
    assert "(proved)" in limit.statement
    assert Fraction(limit.statement.split(">= ")[1].split()[0]) <= Fraction(limit.lower)
    points = [None if point == inf else Fraction(point) for point in limit.points]
    assert float(noise_gain_of_points(m, r, points)) == limit.upper


@pytest.mark.parametrize(
    ("m", "r", "kind", "points", "percent"),
    [
        (4, 3, "symmetric", "0 2/3 -2/3 3/2 -3/2 inf", 0.5),
        (6, 3, "symmetric", "0 1/2 -1/2 1 -1 2 -2 inf", 0.1),
        (8, 3, "symmetric", "0 5/12 -5/12 9/11 -9/11 11/9 -11/9 12/5 -12/5 inf", 0.5),
    ],
)
def test_rational_sets_are_within_their_distance_of_the_limit(m, r, kind, points, percent):
    exact = noise_gain_of_points(m, r, [None if text == "inf" else Fraction(text) for text in points.split()])
    assert 1 < float(exact) / certify(m, r, kind, 1e-5).lower < 1 + percent / 100


@pytest.mark.parametrize(("m", "r", "kind"), CLASSES)
def test_the_first_boxes_hold_every_set_or_an_image_of_it(m, r, kind):
    """Images under x -> -x and x -> 1/x of random sets, as angles; those that keep the fixed points of the class."""
    sets = RealSets(m, r, kind)
    low, high = real_bound._first_boxes(sets)
    random = np.random.default_rng(0)
    free = random.uniform(0 if sets.paired else -np.pi / 2, np.pi / 2, (sets.variables, 3000))
    inverse = np.where(free > 0, np.pi / 2, -np.pi / 2) - free
    images = [free] if sets.paired else [free, -free]
    if kind == "all" or (kind == "symmetric" and (0 in sets.fixed) == (0.5 in sets.fixed)):
        images += [inverse] if sets.paired else [inverse, -inverse]
    held = np.zeros(free.shape[1], dtype=bool)
    for image in images:
        steps = (np.sort(image, axis=0) / STEP)[:, None]
        held |= ((low[:, :, None] <= steps) & (steps <= high[:, :, None])).all(0).any(0)
    assert held.all()
    assert low.shape[1] == len({tuple(column) for column in low.T.tolist()})


def test_a_limit_is_never_rounded_up():
    random = np.random.default_rng(0)
    for total, divisor in zip(random.uniform(1, 1000, 300), random.integers(1, 60, 300).tolist(), strict=True):
        below = Fraction(real_bound._quotient_below(float(total), divisor))
        assert below <= Fraction(total) / divisor <= below * (1 + Fraction(1, 2**50))


@pytest.mark.slow
def test_four_points_on_a_fine_grid():
    """All 4-sets of 90 equidistant angles, inf among them: none below the proved limit, one close to it."""
    angles = np.arange(-44, 46) * np.pi / 90
    sets = np.array(list(combinations(angles, 4))[::7]).T
    values = np.concatenate([np.exp(log_gain(2, 3, part)[0]) for part in np.array_split(sets, 200, axis=1)])
    limit = certify(2, 3, "all", 1e-5)
    assert limit.lower <= values.min() <= limit.upper * 1.01
    infinite = certify(2, 3, "with-inf", 1e-5)
    assert limit.upper < infinite.lower <= values[sets.max(0) == np.pi / 2].min() * (1 + 1e-12)


@pytest.mark.parametrize(
    ("m", "r", "kind"), [(2, 3, "with-inf"), (3, 3, "all"), (4, 3, "symmetric"), (5, 3, "symmetric")]
)
def test_no_random_set_of_the_class_is_below_the_limit(m, r, kind):
    sets, limit = RealSets(m, r, kind), certify(m, r, kind)
    random = np.random.default_rng(1)
    free = random.uniform(0 if sets.paired else -np.pi / 2, np.pi / 2, (sets.variables, 20_000))
    best = np.arctan(limit.points)
    best = best[best > 1e-9] if sets.paired else best
    near = best[: sets.variables, None] + random.normal(0, 1e-2, (sets.variables, 20_000))
    for angles in (free, near):
        values, _ = log_gain(m, r, sets.angles(angles))
        assert np.exp(np.nan_to_num(values, nan=inf)).min() >= limit.lower


@pytest.mark.parametrize(("m", "r"), [(2, 2), (2, 3), (3, 3)])
def test_a_claim_above_the_best_set_is_never_proved(m, r):
    """Were one bound too large by the claimed margin near the best set, this would end with a proof of it."""
    best = real_optimum(m, r, "symmetric")
    tree = real_bound._Tree(RealSets(m, r, "symmetric"), best, 1e-3, 0)
    tree.target = best.noise_gain * m * r * 1.0005
    while tree.open:
        tree.bound_a_chunk()
    assert tree.closed < best.noise_gain * m * r * (1 + 1e-12)
    assert tree.closed > best.noise_gain * m * r * (1 - 1e-6)


def test_a_better_set_in_a_box_replaces_the_best(monkeypatch):
    worse = replace(real_optimum(4, 3, "symmetric"), points=(-2.0, -1.0, 0.0, 1.0, 2.0, inf), noise_gain=6.0)
    monkeypatch.setattr(real_bound, "real_optimum", lambda *_: worse)
    limit = certify(4, 3, "symmetric")
    assert limit.upper == pytest.approx(4.742483197)
    assert limit.lower > 4.7377


def test_a_wrong_bound_is_caught_by_the_balls(monkeypatch):
    original = _real_boxes._model

    def too_flat(*given):
        gradient, error, curvature = original(*given)
        return 0.9 * gradient, error, curvature

    monkeypatch.setattr(_real_boxes, "_model", too_flat)
    with refused(CheckFailed, "F(4,3)", "lower bound of a box"):
        certify(4, 3, "with-inf")


def test_when_time_runs_out_what_was_proved_remains(monkeypatch):
    """A clock that goes on by a second with each look: three chunks of boxes are bounded."""
    monkeypatch.setattr(real_bound, "time", SimpleNamespace(monotonic=partial(next, count())))
    limit = certify(6, 3, "all", time_limit=3.5)
    assert limit.boxes <= 3 * real_bound.BOXES_AT_ONCE
    assert limit.certified
    assert not limit.finished
    assert 0 <= limit.lower < 20.6
    assert "until the time limit" in limit.statement


def test_progress_counts_boxes():
    seen = []
    limit = certify(4, 3, "with-inf", progress=lambda *given: seen.append(given))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert all(done <= total for done, total, _ in seen)
    assert seen[-1][0] <= limit.boxes


@pytest.mark.parametrize(("m", "r"), [(1, 1), (1, 2), (2, 1)])
@pytest.mark.parametrize("kind", ["symmetric", "with-inf", "all"])
def test_trivial_sizes_have_gain_one(m, r, kind):
    limit = certify(m, r, kind)
    assert limit.upper == pytest.approx(1, rel=1e-12)
    assert 0.999 <= limit.lower <= 1


def test_an_estimate_claims_nothing():
    limit = estimate(7, 7, "symmetric")
    assert (limit.certified, limit.finished, limit.lower, limit.boxes) == (False, False, 0, 0)
    assert "not proved" in limit.statement


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: certify(4, 3, "real"), UnknownName, "known are symmetric"),
        (lambda: certify(4, 3, "all", 0), BadValue, "between 0 and 1"),
        (lambda: certify(30, 3, "all"), TooLarge, "24"),
    ],
)
def test_refusals(call, error, words):
    with refused(error, words):
        call()


def test_the_script_goes_on_where_it_was(tmp_path):
    spec = importlib.util.spec_from_file_location(
        "real_limits", Path(__file__).parents[2] / "scripts" / "real_limits.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    path = tmp_path / "limits.json"
    lines = list(script.limits([(2, 2)], path, 60, False))
    first = path.read_text()
    row = json.loads(first)["sizes"][0]
    assert [item["certified"] and item["finished"] for item in row["classes"]] == [True] * 3
    assert row["rational"]["points"] == "-1/3,1,-3"
    assert len(lines) == 3
    row["classes"][0]["boxes"] = -1
    path.write_text(json.dumps({"sizes": [row]}))
    list(script.limits([(2, 2)], path, 60, False))
    assert path.read_text() == re.sub('"boxes": [0-9]+', '"boxes": -1', first, count=1)


def test_the_table_is_what_it_says():
    """Every size of the issue: limits proved for all real sets, and rationals of height <= 12 within 0.5 % of them."""
    text = resources.files("wincraft.search.limits").joinpath("real_limits.json").read_text(encoding="utf-8")
    limits = known_limits()
    rows = {(row["m"], row["r"]): row["rational"] for row in json.loads(text)["sizes"]}
    assert set(rows) >= {(m, 3) for m in range(2, 11)} | {(m, 5) for m in range(2, 7)}
    for (m, r), rational in rows.items():
        symmetric, infinite, every = (limits[m, r, kind] for kind in ("symmetric", "with-inf", "all"))
        for limit in (symmetric, infinite, every):
            points = [None if point == inf else Fraction(point) for point in limit.points]
            assert float(noise_gain_of_points(m, r, points)) == limit.upper
            assert (1 - limit.tolerance) * limit.upper <= limit.lower <= limit.upper
            assert limit.finished
        assert symmetric.upper >= infinite.lower
        assert infinite.upper >= every.lower
        chosen = [None if text == "inf" else Fraction(text) for text in rational["points"].split(",")]
        assert max(max(abs(p.numerator), p.denominator) for p in chosen if p is not None) <= 12
        assert str(noise_gain_of_points(m, r, chosen)) == rational["noise_gain"]
        assert 0 <= rational["above_proved_percent"] < 0.5
    assert limits[2, 3, "all"].upper < limits[2, 3, "with-inf"].lower  # better without inf, proved
    assert limits[3, 3, "all"].upper < limits[3, 3, "with-inf"].lower
    assert limits[6, 3, "all"].upper < limits[6, 3, "with-inf"].lower


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "r", "kind", "lower"), [(6, 3, "all", 20.59), (7, 3, "with-inf", 47.14), (10, 3, "symmetric", 702.8)]
)
def test_larger_limits(m, r, kind, lower):
    assert lower < certify(m, r, kind).lower
