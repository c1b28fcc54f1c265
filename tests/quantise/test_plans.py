# SPDX-License-Identifier: Apache-2.0
"""Plans under schemes: against the simulation of one algorithm, the definition, exact integers and the prediction."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused

from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.plan import Problem, convolve_directly, make_plan
from wincraft.quantise import (
    SCHEMES,
    Layer,
    Scheme,
    Workload,
    evaluate,
    evaluate_plan,
    parse_scheme,
    predict,
    predict_plan,
    simulate,
    simulate_plan,
)

KINDS = {
    "stride 2": (Problem(3, stride=2, axes=2), 2, None),
    "stride 2, tile 4": (Problem(3, stride=2, axes=2), 4, None),
    "5x5, stride 2": (Problem(5, stride=2, axes=2), 4, None),
    "dilation 2": (Problem(3, dilation=2, axes=2), 4, None),
    "7x7 split": (Problem(7, axes=2), 3, 4),
    "transposed": (Problem(4, stride=2, transposed=True, axes=2), 3, None),
    "transposed, odd": (Problem(3, stride=2, transposed=True, axes=2), 4, None),
    "one axis": (Problem(5, stride=2), 4, None),
    "groups": (Problem(3, stride=2, groups=2, axes=2), 2, None),
    "3-D": (Problem(3, stride=2, axes=3), 2, None),
}
all_kinds = pytest.mark.parametrize(("problem", "tile", "longest"), KINDS.values(), ids=KINDS)


def arrays(problem, seed=0):
    generator = np.random.default_rng(seed)
    shape = (4, 6 // problem.groups) if problem.transposed else (6, 4 // problem.groups)
    sizes = [5 if problem.transposed else 11 + k for k in range(len(problem.r))]
    return generator.standard_normal((2, 4, *sizes)), generator.standard_normal((*shape, *problem.r)) / 6


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("name", [*(name for name in SCHEMES if name != "ncnn-int8"), "tapwise-8+unsigned+mse"])
def test_a_single_piece_is_the_simulation_of_its_algorithm(name, padding):
    plan = make_plan(Problem(3, axes=2), 4)
    x, w = arrays(plan.problem)
    layer = Layer(x, w, padding)
    one = simulate(plan.pieces[0].algorithm, parse_scheme(name), layer)
    found = simulate_plan(plan, name, x, w, padding)
    values = one.outputs[np.broadcast_to(one.counted, one.outputs.shape)]
    assert np.array_equal(np.sort(found.images.ravel()), np.sort(values))
    assert found.scales.keys() == one.scales.keys()
    assert all(np.array_equal(found.scales[label].scale, one.scales[label].scale) for label in one.scales)
    batch = layer.batch(plan.pieces[0].algorithm)
    place = next(tile for tile in range(batch.data.shape[-1]) if batch.counts[..., tile].all())
    assert np.array_equal(found.images[0, :, :4, :4], np.moveaxis(one.outputs[..., place], -1, 0))


@all_kinds
def test_nothing_is_rounded_by_a_scheme_that_rounds_nothing(problem, tile, longest):
    x, w = arrays(problem)
    plan = make_plan(problem, tile, longest=longest)
    for padding in (0, 1):
        found = simulate_plan(plan, Scheme("exact"), x, w, padding)
        exact = convolve_directly(problem, x, w, padding)
        np.testing.assert_allclose(found.images, exact, rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            np.moveaxis(found.reference.reshape(6, 2, *exact.shape[2:]), 0, 1), exact, rtol=0, atol=1e-12
        )


@all_kinds
def test_stages_are_stored_once(problem, tile, longest):
    """Codes of data and weights, exact sums and one rounding at last: what is left where U, V and M are not stored."""
    scheme = parse_scheme("tapwise-8,U=none,V=none,M=none")
    x, w = arrays(problem)
    found = simulate_plan(make_plan(problem, tile, longest=longest), scheme, x, w)
    scale = {name: np.abs(item).max() / 127 for name, item in (("x", x), ("w", w))}
    codes = convolve_directly(problem, np.rint(x / scale["x"]), np.rint(w / scale["w"])) * scale["x"] * scale["w"]
    step = np.abs(codes).max() / 127
    assert found.scales["output"].scale.item() == pytest.approx(step, rel=1e-12)
    # a sum of exact pieces in float64 may end on the other side of a tie
    off = np.abs(found.images / step - np.rint(codes / step))
    assert (off < 1e-6).mean() > 0.9999


def test_pieces_are_added_in_the_arithmetic_in_their_order():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    x, w = arrays(plan.problem)
    found = simulate_plan(plan, "fp16", x, w)
    half = Arithmetic(SCHEMES["fp16"].arithmetic)
    total = np.zeros((2, 6, *found.shape[2:]))
    for number, (a, b) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1)), start=1):
        piece = plan.pieces[number - 1].algorithm
        data = x[
            :, :, a : a + 2 * (found.shape[2] + piece.r[0] - 1) : 2, b : b + 2 * (found.shape[3] + piece.r[1] - 1) : 2
        ]
        one = simulate_plan(make_plan(Problem(piece.r), 2), "fp16", data, w[:, :, a::2, b::2])
        total = half.add(total, one.images)
    assert np.array_equal(found.images, total)


@pytest.mark.parametrize("scheme", ["tapwise-8", "fp16-fp32acc", "ncnn-int8"])
def test_scales_that_are_given_are_taken(scheme):
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    x, w = arrays(plan.problem)
    first = simulate_plan(plan, scheme, x, w)
    again = simulate_plan(plan, scheme, x / 2, w, scales=first.scales)
    assert all(np.array_equal(again.scales[label].scale, first.scales[label].scale) for label in first.scales)
    same = simulate_plan(plan, scheme, x, w, scales=first.scales)
    assert np.array_equal(same.images, first.images)
    with refused(UnknownName, "piece 9 U"):
        simulate_plan(plan, scheme, x, w, scales={"piece 9 U": 1.0})


@pytest.mark.slow_cases("dilation 2", "transposed, odd")
@pytest.mark.parametrize("scheme", ["fp32", "fp16", pytest.param("tapwise-8", marks=pytest.mark.slow)])
@all_kinds
def test_the_prediction_is_within_half_a_decibel(problem, tile, longest, scheme):
    found = evaluate_plan(make_plan(problem, tile, longest=longest), scheme, Workload(tiles=144))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.5)
    assert found.blind.decibels == pytest.approx(found.measured, abs=1.2)


@pytest.mark.parametrize("scheme", ["tapwise-8+unsigned", "tapwise-pow2+weights-per-channel", "fp16-fp32acc"])
@pytest.mark.parametrize("distribution", ["relu-gaussian", "uniform"])
def test_other_data_and_schemes_are_predicted(distribution, scheme):
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    found = evaluate_plan(plan, scheme, Workload(outputs=16, tiles=144, distribution=distribution))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=1.0)


@pytest.mark.parametrize("kind", ["stride 2", "dilation 2", "transposed", "one axis"])
def test_the_prediction_of_integers_is_within_half_a_decibel(kind):
    problem, tile, longest = KINDS[kind]
    found = evaluate_plan(make_plan(problem, tile, longest=longest), "tapwise-8", Workload(tiles=144))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.5)


@pytest.mark.slow_cases("7x7 split-fp32", "5x5, stride 2-fp32")
@pytest.mark.parametrize("scheme", ["winograd-aware-nets", "fp32,matrices=fp8-e4m3", "barabasz-2020-8"])
@pytest.mark.parametrize("kind", ["stride 2", "stride 2, tile 4", "5x5, stride 2", "7x7 split", "one axis", "groups"])
def test_mean_errors_of_pieces_add_up_as_they_are(kind, scheme):
    """Where data and weights have a mean, so has what rounded matrices make wrong: up to 6 dB more than in power."""
    problem, tile, longest = KINDS[kind]
    found = evaluate_plan(
        make_plan(problem, tile, longest=longest), scheme, Workload(tiles=144, distribution="uniform01")
    )
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.5)
    assert all(power >= 0 for power in found.predicted.stages.values())


def test_the_prediction_of_one_piece_is_that_of_its_algorithm():
    plan = make_plan(Problem(3, axes=2), 4)
    algorithm = plan.pieces[0].algorithm
    for scheme in (SCHEMES["fp16"], SCHEMES["tapwise-8"]):
        assert predict_plan(plan, scheme, None, 64).stages == predict(algorithm, scheme, None, 64).stages
    found = evaluate_plan(plan, "tapwise-8", Workload(tiles=144))
    assert found.measured == pytest.approx(evaluate(algorithm, "tapwise-8", Workload(tiles=144)).measured, abs=0.5)


def test_direct_convolution_stands_beside():
    """Of a plain problem that of the simulation; of a stride as wrong as the same number of products elsewhere."""
    plan = make_plan(Problem(3, axes=2), 4)
    x, w = arrays(plan.problem)
    found = evaluate_plan(plan, "tapwise-8", Layer(x, w, 1))
    assert found.direct == pytest.approx(
        evaluate(plan.pieces[0].algorithm, "tapwise-8", Layer(x, w, 1)).direct, abs=0.2
    )
    back = evaluate_plan(make_plan(Problem(4, stride=2, transposed=True, axes=2), 3), "fp32")
    assert back.direct > evaluate_plan(make_plan(Problem(4, axes=2), 3), "fp32").direct + 3  # a quarter of the taps


def test_sums_keep_32_bits_where_a_scheme_has_a_word():
    """Each of two pieces of one tap fits, their sum does not."""
    plan = make_plan(Problem(2, stride=2), 2)
    scheme = "ncnn-int8,output=none,weights=int8"
    found = simulate_plan(plan, scheme, np.full((1, 60000, 9), 127.0), np.full((1, 60000, 2), 127.0))
    exact = 2 * 60000 * 127 * 127
    assert exact < 2**31
    assert (set(found.images.flat), found.overflowed) == ({float(exact)}, False)
    found = simulate_plan(plan, scheme, np.full((1, 100000, 9), 127.0), np.full((1, 100000, 2), 127.0))
    exact = 2 * 100000 * 127 * 127
    assert exact // 2 < 2**31 < exact
    assert (set(found.images.flat), found.overflowed) == ({float(exact - 2**32)}, True)


def test_filters_of_zeros_in_a_phase_add_nothing():
    problem = Problem(3, stride=2, axes=2)
    x, w = arrays(problem)
    w[:, :, 1::2] = 0
    found = simulate_plan(make_plan(problem, 2), "tapwise-8", x, w)
    assert list(found.pieces) == [1, 2]
    assert found.decibels > 25


def test_what_it_shows():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    found = simulate_plan(plan, "tapwise-8", *arrays(plan.problem))
    assert repr(found).startswith(f"tapwise-8: SQNR {found.decibels:.2f} dB")
    assert "piece 2 U" in found.scales
    assert found.chart().rows == ("1: F(2x2,2x2)", "2: F(2x2,2x1)", "3: F(2x2,1x2)", "4: F(2x2,1x1)")


def test_bad_input_is_refused():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    x, w = arrays(plan.problem)
    with refused(BadShape, "filters"):
        simulate_plan(plan, "fp16", x, w[:, :3])
    with refused(BadValue, "0"):
        simulate_plan(plan, "fp16", x, 0 * w)
    with refused(BadValue, "nan"):
        simulate_plan(plan, "fp16", x * np.nan, w)
    with refused(UnknownName, "fp61"):
        simulate_plan(plan, "fp61", x, w)
    with refused(BadValue, "padding is -1"):
        simulate_plan(plan, "fp16", x, w, -1)
    with refused(NotApplicable, "int16"):
        simulate_plan(make_plan(Problem(5, stride=2, axes=2), 4), "ncnn-int8", x, np.ones((6, 4, 5, 5)))
    with refused(BadShape, "data"):
        simulate_plan(plan, "fp16", x[0], w)
