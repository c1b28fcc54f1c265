# SPDX-License-Identifier: Apache-2.0
"""Plans against their definition, scipy and PyTorch: every kind of problem, exactly and in float32."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from oracle_messages import refused
from scipy.signal import convolve, correlate, upfirdn

from wincraft import winograd
from wincraft.errors import BadShape, BadValue, ClaimRefuted, NotApplicable, TooLarge, WrongForm, WrongType
from wincraft.plan import Piece, Plan, Problem, convolve_directly, make_plan, run_weight_gradient
from wincraft.plan.reductions import PHASES, SplitKernel, Steps, reduce_strand, strand_of

PROBLEMS = {
    "plain": (Problem(3, axes=2), 4, None),
    "stride 2": (Problem(3, stride=2, axes=2), 2, None),
    "stride 3": (Problem(5, stride=3, axes=2), 3, None),
    "dilation 2": (Problem(3, dilation=2, axes=2), 4, None),
    "stride 2, dilation 3": (Problem(3, stride=2, dilation=3, axes=2), 2, None),
    "stride 4, dilation 6": (Problem(4, stride=4, dilation=6), 2, None),
    "transposed": (Problem(4, stride=2, transposed=True, axes=2), 3, None),
    "transposed, stride 3": (Problem(3, stride=3, transposed=True, axes=2), 2, None),
    "transposed, stride 4, dilation 6": (Problem(5, stride=4, dilation=6, transposed=True), 3, None),
    "transposed, larger stride": (Problem(2, stride=3, transposed=True), 3, None),
    "7x7": (Problem(7, axes=2), 4, None),
    "7x7 split": (Problem(7, axes=2), 3, 3),
    "1x7": (Problem((1, 7)), 4, None),
    "5x5, stride 2": (Problem(5, stride=2, axes=2), 2, None),
    "mixed strides": (Problem((3, 5), stride=(2, 1), dilation=(1, 2)), (2, 4), None),
    "side by side": (Problem((3, 3)), "3+4x2", None),
    "3-D": (Problem(3, axes=3), 2, None),
    "3-D, stride 2": (Problem(3, stride=2, axes=3), 2, None),
    "depthwise": (Problem(3, groups=6, axes=2), 4, None),
    "depthwise, stride 2": (Problem(3, stride=2, groups=6, axes=2), 2, None),
    "transposed groups": (Problem(3, stride=2, transposed=True, groups=3, axes=2), 2, None),
    "one tap, stride 2": (Problem(1, stride=2, axes=2), 2, None),
}
all_problems = pytest.mark.parametrize(("problem", "tile", "longest"), PROBLEMS.values(), ids=PROBLEMS)


def arrays(problem, kind="int", seed=0):
    """Data of 6 channels, two images, odd sizes, and filters."""
    generator = np.random.default_rng(seed)
    least = (problem.t[0] * (max(problem.r) - 1) + 1) if not problem.transposed else 1
    sizes = [least + 7 + 3 * k for k in range(len(problem.r))]
    shape = (6, 4 // 2, *problem.r) if problem.transposed else (12, 6 // problem.groups, *problem.r)
    data, filters = (2, 6, *sizes), shape
    if kind == "int":
        return generator.integers(-128, 128, data), generator.integers(-128, 128, filters)
    return (generator.standard_normal(item).astype(np.float32) for item in (data, filters))


def torch_convolution(problem, x, w, padding, output_padding=0):
    torch = pytest.importorskip("torch")
    d = len(problem.r)
    options = {"stride": problem.s, "dilation": problem.t, "padding": padding, "groups": problem.groups}
    if problem.transposed:
        options["output_padding"] = output_padding
    name = f"conv{'_transpose' * problem.transposed}{d}d"
    x, w = (torch.from_numpy(np.ascontiguousarray(item, dtype=np.float64)) for item in (x, w))
    return getattr(torch.nn.functional, name)(x, w, **options).numpy()


@all_problems
def test_every_plan_is_proved(problem, tile, longest):
    told = make_plan(problem, tile, longest=longest).prove()
    assert f"{problem} proved" in told


@all_problems
def test_integers_are_those_of_the_definition(problem, tile, longest):
    x, w = arrays(problem)
    for padding in (0, 1):
        found = make_plan(problem, tile, longest=longest).run(x, w, padding)
        np.testing.assert_array_equal(found, convolve_directly(problem, x, w, padding))


@all_problems
def test_integers_are_those_of_pytorch(problem, tile, longest):
    x, w = arrays(problem, seed=1)
    for padding in (0, 1):
        found = make_plan(problem, tile, longest=longest).run(x, w, padding)
        np.testing.assert_array_equal(found, torch_convolution(problem, x, w, padding))


@all_problems
def test_float32_is_as_accurate_as_the_noise_gain_says(problem, tile, longest):
    x, w = arrays(problem, "float")
    plan = make_plan(problem, tile, longest=longest)
    found = plan.run(x, w)
    exact = convolve_directly(problem, x.astype(np.float64), w.astype(np.float64))
    assert found.dtype == np.float32
    error = np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2))
    assert error < 4 * 2**-24 * np.sqrt(float(plan.noise_gain()))


def test_impulses_of_whole_images():
    """The proof along each axis, once more on impulses of two axes."""
    problem = Problem((3, 2), stride=(2, 1), dilation=(1, 2))
    x, w = np.eye(42).reshape(42, 1, 7, 6).astype(int), np.eye(6).reshape(6, 1, 3, 2).astype(int)
    np.testing.assert_array_equal(make_plan(problem, 2).run(x, w), convolve_directly(problem, x, w))


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("r", "s", "t"), [(3, 1, 1), (3, 2, 1), (5, 2, 1), (3, 1, 2), (2, 3, 2)])
def test_gradients_are_those_of_autograd(r, s, t, transposed, groups):
    torch = pytest.importorskip("torch")
    problem = Problem(r, s, t, transposed, groups, axes=2)
    x, w = arrays(problem, seed=2)
    w = w[:, : 6 // groups] if not transposed else w
    a, b = (torch.tensor(item, dtype=torch.float64, requires_grad=True) for item in (x, w))
    name = "conv_transpose2d" if transposed else "conv2d"
    y = getattr(torch.nn.functional, name)(a, b, stride=s, dilation=t, padding=1, groups=groups)
    gy = np.random.default_rng(3).integers(-9, 10, y.shape)
    y.backward(torch.tensor(gy, dtype=torch.float64))
    back = make_plan(problem.input_gradient(), 3)
    left = [size - out for size, out in zip(x.shape[2:], back.problem.outputs(gy.shape[2:], 1), strict=True)]
    found = back.run(gy, w, 1, left if back.problem.transposed else 0)
    np.testing.assert_array_equal(found, a.grad.numpy())
    data, small = (gy, x) if transposed else (x, gy)
    plan = make_plan(problem.weight_gradient(small.shape[2:]), r, longest=4)
    assert {piece.algorithm.m for piece in plan.pieces} == {(r, r)}
    found = run_weight_gradient(plan, data, small, [r, r], 1)
    np.testing.assert_array_equal(found, b.grad.numpy())


def test_weight_gradients_are_proved():
    for problem in (Problem(3, axes=2), Problem(3, stride=2, axes=2), Problem((1, 3), dilation=2)):
        plan = make_plan(problem.weight_gradient([14, 14]), problem.r, longest=4)
        assert "proved" in plan.prove()


def test_one_signal_is_that_of_scipy():
    x, w = np.arange(30) ** 2 % 17, np.array([1, -2, 3, 4, -5, 6, 7])
    for longest in (None, 3):
        found = make_plan(Problem(7), 4, longest=longest).run(x[None, None], w[None, None])
        np.testing.assert_array_equal(found[0, 0], correlate(x, w, "valid"))
    image, filter = np.arange(99).reshape(9, 11) % 13, np.arange(15).reshape(3, 5) % 4
    found = make_plan(Problem((3, 5)), 2).run(image[None, None], filter[None, None])
    np.testing.assert_array_equal(found[0, 0], correlate(image, filter, "valid"))


def spread(array, steps):
    """With zeros between values along the last axes."""
    d = len(steps)
    sizes = [step * (size - 1) + 1 for step, size in zip(steps, array.shape[-d:], strict=True)]
    found = np.zeros((*array.shape[:-d], *sizes), dtype=array.dtype)
    found[(..., *(slice(None, None, step) for step in steps))] = array
    return found


def scipy_convolution(problem, x, w):
    """Channel by channel: `correlate` with dilated filters, every s-th output; transposed `convolve`."""
    groups, taps = problem.groups, spread(w, problem.t)
    per_in = x.shape[1] // groups
    per_out = w.shape[1] if problem.transposed else w.shape[0] // groups
    every = tuple(slice(None, None, s) for s in problem.s)
    found = []
    for image in x:
        outputs = []
        for k in range(per_out * groups):
            group, own = divmod(k, per_out)
            parts = []
            for c in range(group * per_in, (group + 1) * per_in):
                if problem.transposed:
                    parts.append(convolve(spread(image[c], problem.s), taps[c, own], "full", "direct"))
                else:
                    parts.append(correlate(image[c], taps[k, c - group * per_in], "valid", "direct")[every])
            outputs.append(sum(parts))
        found.append(outputs)
    return np.array(found)


@all_problems
def test_integers_are_those_of_scipy(problem, tile, longest):
    x, w = arrays(problem, seed=4)
    plan = make_plan(problem, tile, longest=longest)
    np.testing.assert_array_equal(plan.run(x[:1], w), scipy_convolution(problem, x[:1], w))


@pytest.mark.parametrize(("r", "s"), [(3, 2), (5, 2), (5, 3), (7, 4), (2, 3)])
def test_one_axis_is_upfirdn(r, s):
    """Filter banks of SciPy: `down` is a stride, `up` a transposed convolution."""
    x, w = np.arange(1, 32) ** 2 % 19, np.arange(1, r + 1) * 3 % 7
    found = make_plan(Problem(r, stride=s), 3).run(x[None, None], w[None, None])[0, 0]
    np.testing.assert_array_equal(found, upfirdn(w[::-1], x)[r - 1 : len(x) : s])
    aligned = np.concatenate([np.zeros(-(r - 1) % s, dtype=int), x])  # so that its first output is one of upfirdn's
    np.testing.assert_array_equal(found, upfirdn(w[::-1], aligned, down=s)[-(-(r - 1) // s) :][: len(found)])
    found = make_plan(Problem(r, stride=s, transposed=True), 3).run(x[None, None], w[None, None])[0, 0]
    np.testing.assert_array_equal(found, upfirdn(w, x, up=s)[: len(found)])


@pytest.mark.parametrize(
    "problem", [Problem(3, axes=2), Problem(3, stride=2, axes=2), Problem(3, 1, 2, axes=2)], ids=str
)
def test_gradients_are_those_of_scipy(problem):
    """Of data by spreading the output's gradient, of filters by correlating with it."""
    x, w = arrays(problem, seed=5)
    x = x[:, :2]
    gy = np.random.default_rng(6).integers(-9, 10, convolve_directly(problem, x, w[:3, :2]).shape)
    back = make_plan(problem.input_gradient(), 3).run(gy, w[:3, :2])
    np.testing.assert_array_equal(back, scipy_convolution(problem.input_gradient(), gy, w[:3, :2]))
    plan = make_plan(problem.weight_gradient(gy.shape[2:]), 3, longest=4)
    found = run_weight_gradient(plan, x, gy, problem.r)
    ends = tuple(slice(None, t * r, t) for r, t in zip(problem.r, problem.t, strict=True))
    for k in range(3):
        for c in range(2):
            wanted = sum(correlate(x[n, c], spread(gy[n, k], problem.s), "valid", "direct") for n in range(len(x)))
            np.testing.assert_array_equal(found[k, c], wanted[ends])


@pytest.mark.parametrize("output_padding", [0, 1])
def test_output_padding_is_that_of_pytorch(output_padding):
    problem = Problem(3, stride=2, transposed=True, axes=2)
    x, w = arrays(problem)
    found = make_plan(problem, 2).run(x, w, 1, output_padding)
    np.testing.assert_array_equal(found, torch_convolution(problem, x, w, 1, output_padding))


def test_outputs_that_are_all_of_the_output_padding():
    problem = Problem((3, 1), stride=(2, 3), transposed=True)
    x, w = arrays(problem)
    x = x[..., :1]
    found = make_plan(problem, 2).run(x, w, (0, 1), (0, 2))
    assert found.shape[-1] == 1
    np.testing.assert_array_equal(found, torch_convolution(problem, x, w, (0, 1), (0, 2)))
    with pytest.raises(BadShape):
        make_plan(problem, 2).run(x, w, (0, 1), (0, 1))


def test_extreme_integers_are_exact():
    """Where int64 does not hold the sums, Python's integers do."""
    problem = Problem(3, stride=2)
    x, w = np.full((1, 8, 9), 2**31 - 1), np.full((1, 8, 3), 2**31 - 1)
    found = make_plan(problem, 2).run(x, w)
    assert found.dtype == object
    assert set(found.flat) == {24 * (2**31 - 1) ** 2}
    fractions = np.array([[[Fraction(1, 3)] * 5]], dtype=object)
    assert list(make_plan(problem, 2).run(fractions, np.array([[[1, 2, 3]]], dtype=object)).flat) == [2, 2]


def test_four_phases_take_25_products_not_36():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    assert [piece.algorithm.rank for piece in plan.pieces] == [9, 6, 6, 4]
    assert plan.products == 25
    assert plan.products_per_output == Fraction(25, 4)
    assert make_plan(Problem(4, stride=2, axes=2), 2).products == 36
    assert plan.saving == Fraction(36, 25)


def test_reductions_give_the_same_in_any_order():
    for problem in (Problem(5, 4, 6), Problem(7, 2, 3), Problem(5, 6, 4, transposed=True)):
        found = set(reduce_strand(strand_of(problem)))
        waiting, others = [strand_of(problem)], set()
        while waiting:
            item = waiting.pop()
            chosen = next((reduction for reduction in reversed(PHASES) if reduction.accepts(item)), None)
            if chosen is None:
                others.add(item)
            else:
                waiting += chosen.apply(item)
        assert found == others
    assert not SplitKernel(3).accepts(strand_of(Problem(7, stride=2)))


def test_moduli_make_whole_tiles_where_they_are_not_nested():
    problem = Problem(3, stride=2, axes=2)
    nested, whole = (make_plan(problem, 4, points="quadratic", nested=nested) for nested in (True, False))
    assert (nested.products, whole.products) == (100, 97)
    assert [piece.algorithm.separable for piece in whole.pieces] == [False, True, True, True]
    assert "proved" in whole.prove()
    x, w = arrays(problem)
    np.testing.assert_array_equal(whole.run(x, w), convolve_directly(problem, x, w))


def test_whole_tiles_are_pieces_too():
    """An algorithm that is no product of axes, here one whose taps are mixed, is proved on impulses of images."""
    nested = winograd((2, 2), (2, 2))
    maps = {name: [[str(v) for v in row] for row in item.dense.to_Matrix().tolist()] for name, item in
            (("AT", nested.output), ("G", nested.filter), ("BT", nested.input))}  # fmt: skip
    whole = type(nested).from_matrices(maps["AT"], maps["G"], maps["BT"], m=(2, 2), r=(2, 2))
    plan = make_plan(Problem(4, stride=2, axes=2), 2, choose=lambda m, r: whole)
    assert not plan.separable
    assert "proved: 4 pieces, 36 products" in plan.prove()
    with refused(NotApplicable, "whole tiles"):
        plan.axis(0)


def changed(plan, number, **of_strand):
    piece = plan.pieces[number]
    strand = replace(piece.strands[0], **of_strand)
    pieces = list(plan.pieces)
    pieces[number] = Piece(piece.algorithm, (strand, *piece.strands[1:]))
    return Plan(plan.problem, tuple(pieces))


def test_what_is_no_plan_of_the_problem_is_refuted():
    plan = make_plan(Problem(3, stride=2, axes=1), 2)
    wrong = [
        Plan(plan.problem, plan.pieces[:1]),
        Plan(plan.problem, (*plan.pieces, plan.pieces[1])),
        Plan(Problem(3), plan.pieces),
        changed(plan, 0, data=Steps(2, 2)),
        changed(plan, 1, data=Steps(1, 4), dilation=4),
        changed(plan, 1, filter=Steps(0, 2)),
        changed(plan, 0, outputs=Steps(1, 1)),
        Plan(plan.problem, (*plan.pieces, *changed(plan, 1, data=Steps(1000, 2)).pieces[1:])),
        Plan(plan.problem, (*plan.pieces, *changed(plan, 1, outputs=Steps(500, 2)).pieces[1:])),
    ]
    for item in wrong:
        with pytest.raises(ClaimRefuted, match="output"):
            item.prove()
    two = make_plan(Problem(3, stride=2, axes=2), 2)
    for item in (
        Plan(two.problem, two.pieces[:3]),
        Plan(two.problem, two.pieces[:2]),
        changed(two, 1, data=Steps(2, 2)),
    ):
        with pytest.raises(ClaimRefuted):
            item.prove()
    back = make_plan(Problem(3, stride=2, transposed=True), 2)
    extra = Plan(back.problem, (*back.pieces, *changed(back, 1, data=Steps(-400, 1)).pieces[1:]))
    with pytest.raises(ClaimRefuted):
        extra.prove()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kernel": 0}, "kernel is 0"),
        ({"kernel": -3}, "kernel is -3"),
        ({"kernel": (3, 0)}, "kernel is (3, 0)"),
        ({"kernel": 2.5}, "kernel is 2.5"),
        ({"kernel": True}, "kernel is True"),
        ({"kernel": "3"}, "kernel is '3'"),
        ({"kernel": 10**6}, "kernel is 1000000"),
        ({"kernel": 3, "stride": 0}, "stride is 0"),
        ({"kernel": 3, "stride": -2}, "stride is -2"),
        ({"kernel": 3, "dilation": 0}, "dilation is 0"),
        ({"kernel": 3, "groups": 0}, "groups is 0"),
        ({"kernel": 3, "axes": 0}, "number of axes is 0"),
        ({"kernel": 3, "axes": 9}, "number of axes is 9"),
        ({"kernel": 3, "transposed": 1}, "transposed is 1"),
    ],
)
def test_sizes_that_are_none(arguments, words):
    with refused(BadValue, words, "give"):
        Problem(**arguments)


def test_what_does_not_fit_is_refused():
    problem = Problem(3, stride=2, axes=2)
    with refused(BadShape, "2 of them"):
        Problem((3, 3), stride=(1, 1, 1))
    for tile in (0, -1, (2, 0), "2x0", "x", "", 2.5, "a", True, ((),)):
        with refused((BadValue, BadShape), "the tile"):
            make_plan(problem, tile)
    with refused(BadShape, "2 of them"):
        make_plan(problem, (2, 2, 2))
    with refused(BadValue, "longest kernel is 0"):
        make_plan(problem, longest=0)
    with refused(TooLarge, "pieces"):
        make_plan(Problem(100, stride=100, axes=2), 1)
    with refused(BadShape, "F(4x4,3x3)"):
        make_plan(problem, 2, choose=lambda m, r: winograd("F(4x4,3x3)"))


def test_arrays_that_do_not_fit_are_refused():
    problem = Problem(3, stride=2, axes=2)
    plan, x, w = make_plan(problem, 2), np.ones((1, 4, 9, 9)), np.ones((5, 4, 3, 3))
    with refused(BadShape, "filters"):
        plan.run(x, w[:, :3])
    with refused(BadShape, "filters"):
        plan.run(x, w[..., :2])
    with refused(BadShape, "data"):
        plan.run(x[0], w)
    with refused(BadShape, "an output"):
        plan.run(x[..., :2, :], w)
    with refused(BadValue, "padding is -1"):
        plan.run(x, w, -1)
    with refused(BadShape, "2 of them"):
        plan.run(x, w, (1, 1, 1))
    with refused(BadValue, "output padding"):
        plan.run(x, w, 0, 1)
    with refused(BadValue, "NaN"):
        plan.run(x * np.nan, w)
    with refused(BadShape, "groups"):
        make_plan(replace(problem, groups=3), 2).run(x, w)
    with refused(BadShape, "2 axes"):
        problem.weight_gradient([3])
    with refused(BadShape, "taps"):
        run_weight_gradient(make_plan(Problem(3).weight_gradient([5]), 3), x[0, :1, :1, :6], np.ones((1, 1, 5)), [3])
    with refused(BadShape, "images"):
        run_weight_gradient(make_plan(Problem(3).weight_gradient([5]), 3), x, np.ones((1, 1, 5)), [3])


def test_pieces_that_do_not_fit_are_refused():
    problem = Problem(3, stride=2, axes=2)
    plan = make_plan(problem, 2)
    with refused(WrongType, "a problem"):
        Plan("3x3", plan.pieces)
    with refused(BadValue, "without pieces"):
        Plan(problem, ())
    with refused(BadShape, "axes"):
        Plan(Problem(3), plan.pieces)
    with refused(BadShape, "taps"):
        Plan(Problem(2, axes=2), plan.pieces)
    with refused(BadShape, "taps"):
        Piece(winograd("F(2x2,3x3)"), plan.pieces[0].strands)
    with refused(WrongType, "not an algorithm"):
        Piece("F(2x2,3x3)", plan.pieces[0].strands)
    with refused(WrongForm, "linear"):
        Piece(plan.pieces[0].algorithm.transpose(), plan.pieces[0].strands)
    with refused(BadShape, "stride"):
        Piece(winograd(2, 3), (strand_of(Problem(3, stride=2)),))
