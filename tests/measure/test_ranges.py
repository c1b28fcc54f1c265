# SPDX-License-Identifier: Apache-2.0
"""Every range is attained by the input given for it, and by nothing exceeded; brute force over all corners."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import chain, combinations, product
from math import lcm

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_convolution import table
from oracle_messages import refused
from sympy import QQ, Rational

from wincraft import LinearMap, nest, winograd
from wincraft.algorithm import Algorithm
from wincraft.algorithm.linear_map import Pass
from wincraft.errors import BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, UnknownName
from wincraft.exact import diagonal, from_numbers
from wincraft.measure import INT8, ranges
from wincraft.numbers import Box

SIDES = ("low", "high")


def basis(size):
    """An invertible change of basis without structure."""
    below = [[Rational((2 * i - 3 * j) % 5 - 2, 3) for j in range(i)] for i in range(size)]
    return from_numbers([row + [Rational(1)] + [Rational(0)] * (size - 1 - len(row)) for row in below], QQ)


def chained(made):
    """The same algorithm with two stages in every map: B^T = (B^T P^-1) P, G = (G P^T) P^-T, A^T = P^-1 (P A^T)."""
    P_n, P_r, P_m = basis(*made.n), basis(*made.r).inv().transpose(), basis(*made.m)
    return replace(
        made,
        input=LinearMap.of(P_n, made.input.dense * P_n.inv()),
        filter=LinearMap.of(P_r, made.filter.dense * P_r.inv()),
        output=LinearMap.of(P_m * made.output.dense, P_m.inv()),
    )


def whole(made, *sides):
    """The same algorithm with a pass over the whole tile in place of its maps, or after the passes of one of them."""
    maps = {}
    for side in sides or ("output", "filter", "input"):
        item, K = getattr(made, side), made.domain
        unit = diagonal([K.one] * item.shape[0], K) if sides else item.dense
        maps[side] = LinearMap(item.tile, (*(item.passes if sides else ()), Pass(unit, None, item.image)))
    return made.with_maps(**maps)


F23 = winograd(2, 3, points="0,1,-1")
F43 = winograd(4, 3, points="0,1,-1,2,-2")
INTEGER = winograd(2, 3, points="0,1,-1", convention="integer")
SKEW = winograd(3, 2, points="0,1,-1/2")
QUADRATIC = winograd(2, 3, moduli="0,1,x^2+1")
NEGATIVE = F23.rescale(b=[-2] * 4)
SIGNED = F23.rescale(b=[-1] * 4)
ALGORITHMS = {
    "F(2,3)": F23,
    "F(2,3) integer": INTEGER,
    "negative scale": NEGATIVE,
    "quadratic modulus": QUADRATIC,
    "linear form": F23.transpose(),
    "chain": chained(F43),
    "chain, linear form": chained(SKEW).transpose(),
    "2-D": nest(F23, F23),
    "2-D, mixed, negative scale": nest(NEGATIVE, SKEW),
    "2-D, linear form": nest(SKEW, F23).transpose(),
    "2-D, chains": nest(chained(F23), chained(F23)),
    "2-D, a chain and no chain": nest(F23, chained(SKEW)),
    "2-D, no chain and a chain, negative scale": nest(chained(NEGATIVE), F23),
    "2-D, a negative scale before a chain": nest(SIGNED, chained(F23)),
    "3-D": nest(F23, winograd(1, 2, points="0,2"), chained(winograd(2, 1, points="0,1"))),
    "whole tiles": whole(nest(SKEW, F23)),
    "whole tiles after passes along axes": whole(nest(NEGATIVE, F23), "output"),
    "whole tiles, linear form": whole(nest(SKEW, F23), "input").transpose(),
}
every_algorithm = pytest.mark.parametrize("made", ALGORITHMS.values(), ids=ALGORITHMS)
BOXES = [(INT8, INT8), (Box(5, 10), Box(-3, 7)), (Box.unsigned(8), Box(-31, 31)), (Box("-1/3", 0), Box(2, 2))]


def pass_arrays(item):
    """The passes of a map: the axis, and the matrix as an array of Fractions."""
    return [(step.axis, table(step.matrix.to_Matrix())) for step in item.passes]


def run(made, data, taps, errors=None):
    """Every intermediate of one exact tile, by the label of its step, pass by pass.

    Values are flattened where a pass takes whole tiles. `errors` is added to the values of a step that has its label.
    """
    names = ("AT", "G", "BT") if made.form == "correlation" else ("B", "G", "A")
    values = {}

    def store(label, array):
        array = array + errors[label].reshape(array.shape) if errors and label in errors else array
        values[label] = array if made.separable else array.ravel()
        return array

    def passes(array, name, chain):
        item = getattr(made.maps, chain)
        axes = [axis if made.separable else None for axis, _ in pass_arrays(item)]
        longest = max(axes.count(axis) for axis in axes)
        for place, (axis, matrix) in enumerate(pass_arrays(item)):
            number = axes[:place].count(axes[place])
            label = name + f"[{number}]" * (longest > 1) + f" axis {axis}" * (made.separable and array.ndim > 1)
            if axis is None:
                array = store(label, (matrix @ array.ravel()).reshape(item.shapes[place + 1]))
            else:
                array = store(label, np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis))
        return array

    V = passes(store("g", np.asarray(taps)), names[1], "filter")
    U = passes(store("d", np.asarray(data)), names[2], "input")
    passes(store("M", U * V), names[0], "output")
    return values


def drawn(data, box, shape, corners=False):
    size = int(np.prod(shape))
    one = st.sampled_from((box.low, box.high)) if corners else st.fractions(box.low, box.high, max_denominator=4)
    return np.array(data.draw(st.lists(one, min_size=size, max_size=size)), dtype=object).reshape(shape)


def shapes(made):
    return made.maps.input.tile, made.maps.filter.tile


@pytest.mark.slow_cases("2-D, chains", "whole tiles, linear form", "-2-D, a ", "-2-D, no ", "-3-D")
@every_algorithm
@pytest.mark.parametrize(
    "boxes", [BOXES[0], BOXES[3], *(pytest.param(item, marks=pytest.mark.slow) for item in BOXES[1:3])], ids=str
)
def test_every_range_is_attained(made, boxes):
    found = ranges(made, *boxes)
    (data_shape, filter_shape), (data_box, filter_box) = shapes(made), boxes
    labels = list(run(made, np.zeros(data_shape, dtype=object), np.zeros(filter_shape, dtype=object)))
    assert sorted(step.label for step in found.steps) == sorted(labels)
    for step in found.steps:
        assert step.exact
        indices = list(np.ndindex(step.low.shape))
        for index, side in product(indices[:: max(1, len(indices) // 12)] + indices[-1:], SIDES):
            data, taps = found.attaining(step.label, index, side)
            assert data.shape == data_shape
            assert taps.shape == filter_shape
            assert data_box.low <= data.min() <= data.max() <= data_box.high
            assert filter_box.low <= taps.min() <= taps.max() <= filter_box.high
            assert run(made, data, taps)[step.label][index] == getattr(step, side)[index]


@settings(max_examples=60)
@given(st.sampled_from(sorted(ALGORITHMS)), st.sampled_from(BOXES), st.booleans(), st.data())
def test_nothing_exceeds_a_range(name, boxes, corners, data):
    made = ALGORITHMS[name]
    tile, taps = (drawn(data, box, shape, corners) for box, shape in zip(boxes, shapes(made), strict=True))
    values, found = run(made, tile, taps), cached_ranges(name, boxes)
    for step in found.steps:
        assert (step.low <= values[step.label]).all()
        assert (values[step.label] <= step.high).all()
        assert all((value / step.grid).denominator == 1 for value in values[step.label].flat) or not whole(tile, taps)


@cache
def cached_ranges(name, boxes):
    return ranges(ALGORITHMS[name], *boxes)


def whole(*arrays):
    return all(value.denominator == 1 for array in arrays for value in array.flat)


@pytest.mark.parametrize("name", ["F(2,3)", "negative scale", "linear form", "chain, linear form", "quadratic modulus"])
@pytest.mark.parametrize("boxes", BOXES[:2], ids=str)
def test_brute_force_over_all_corners_of_data_and_filter(name, boxes):
    made = ALGORITHMS[name]
    ends = [(box.low, box.high) for box in boxes]
    (data_shape, filter_shape) = shapes(made)
    runs = [
        run(made, np.array(data, dtype=object), np.array(taps, dtype=object))
        for data in product(ends[0], repeat=data_shape[0])
        for taps in product(ends[1], repeat=filter_shape[0])
    ]
    for step in ranges(made, *boxes).steps:
        assert (np.min([values[step.label] for values in runs], axis=0) == step.low).all()
        assert (np.max([values[step.label] for values in runs], axis=0) == step.high).all()


def integers(array):
    """Fractions as int64 over a common denominator."""
    common = lcm(*(value.denominator for value in array.flat))
    return (array * common).astype(np.int64), common


@pytest.mark.parametrize("name", ["2-D", "2-D, chains"])
@pytest.mark.parametrize("boxes", BOXES[:2], ids=str)
def test_brute_force_over_all_512_filters_in_2d(name, boxes):
    """All 3x3 filters of corners; what each makes of the data is linear, by Kronecker products of the stages."""
    made, (data_box, filter_box) = ALGORITHMS[name], boxes
    axis, found = made.factors[0], ranges(made, *boxes)
    (G, G_common), (BT, BT_common) = (integers(np.kron(dense, dense)) for dense in (table(axis.G), table(axis.BT)))
    low, high, data_low, data_high = (int(x) for x in (filter_box.low, filter_box.high, data_box.low, data_box.high))
    filters = np.array(list(product((low, high), repeat=9)))
    rows, common = (filters @ G.T)[:, :, None] * BT, G_common * BT_common
    passes = [("M", np.eye(16, dtype=object))]
    stages = [matrix for _, matrix in pass_arrays(axis.maps.output)]
    for number, stage in enumerate(stages):
        name = f"AT[{number}]" if len(stages) > 1 else "AT"
        outputs, inputs = (np.eye(size, dtype=object) for size in stage.shape)
        passes += [(f"{name} axis 0", np.kron(stage, inputs)), (f"{name} axis 1", np.kron(outputs, stage))]
    for label, matrix in passes:
        passed, denominator = integers(matrix)
        rows, common = np.tensordot(rows, passed, axes=(1, 1)).swapaxes(1, 2), common * denominator
        middle, spread = (data_low + data_high) * rows.sum(axis=2), (data_high - data_low) * abs(rows).sum(axis=2)
        extremes = (middle - spread).min(axis=0), (middle + spread).max(axis=0)
        for wanted, side in zip(extremes, SIDES, strict=True):
            assert [Fraction(int(x), 2 * common) for x in wanted] == list(getattr(found[label], side).flat)


@pytest.mark.parametrize("boxes", BOXES, ids=str)
def test_partial_sums_of_the_first_passes_are_attained_and_of_the_last_bounded(boxes):
    found = ranges(INTEGER, *boxes)
    runs = [
        run(INTEGER, np.array(data, dtype=object), np.array(taps, dtype=object))
        for data in product((boxes[0].low, boxes[0].high), repeat=4)
        for taps in product((boxes[1].low, boxes[1].high), repeat=3)
    ]
    for label, before, name in (("G", "g", "filter"), ("BT", "d", "input"), ("AT", "M", "output")):
        for i, row in enumerate(pass_arrays(getattr(INTEGER.maps, name))[0][1]):
            sums = [sum(terms) for values in runs for terms in subsets(row * values[before])]
            assert found[label].partial_low[i] <= min(sums)
            assert max(sums) <= found[label].partial_high[i]
            if label != "AT":
                assert (found[label].partial_low[i], found[label].partial_high[i]) == (min(sums), max(sums))


def subsets(terms):
    used = [term for term in terms if term]
    return chain.from_iterable(combinations(used, count) for count in range(len(used) + 1))


def test_beyond_two_to_the_sixteen_corners_a_bound_is_given_and_called_one():
    made = chained(winograd(2, 17, points=[*range(-8, 9)]))
    found = ranges(made, INT8, Box.signed(4))
    assert [step.label for step in found.steps if not step.exact] == ["AT[0]"]
    assert "bound" in repr(found["AT[0]"])
    with refused(NotApplicable, "AT[0]", "bound"):
        found.attaining("AT[0]", (0,))
    random = np.random.default_rng(1)
    for _ in range(20):
        data, taps = random.choice([-128, 127], 18).astype(object), random.choice([-8, 7], 17).astype(object)
        values = run(made, data, taps)["AT[0]"]
        assert (found["AT[0]"].low <= values).all()
        assert (values <= found["AT[0]"].high).all()
    assert found["AT[1]"].high[0] == 17 * 128 * 8
    assert not ranges(nest(chained(winograd(1, 5)), chained(winograd(1, 4))))["AT[0] axis 1"].exact


@every_algorithm
def test_given_weights(made):
    _, shape = shapes(made)
    random = np.random.default_rng(3)
    weights = np.array(
        [Fraction(int(value), 3) for value in random.integers(-9, 10, int(np.prod((2, *shape))))], dtype=object
    )
    weights = weights.reshape(2, *shape)
    box = Box(-7, 3)
    found = ranges(made, box, weights.tolist())
    assert "2 channels" in repr(found)
    alone = [ranges(made, box, taps.tolist()) for taps in weights]
    for step in found.steps:
        if step.kind == "filter":
            with refused(NotApplicable, "given"):
                found.attaining(step.label, (0,) * step.low.ndim)
            values = [run(made, np.zeros(shapes(made)[0], dtype=object), taps)[step.label] for taps in weights]
            assert (step.low == np.min(values, axis=0)).all()
            assert (step.high == np.max(values, axis=0)).all()
            continue
        if step.kind != "input":
            assert (step.low == sum(item[step.label].low for item in alone)).all()
            assert (step.high == sum(item[step.label].high for item in alone)).all()
        for index, side in product([next(np.ndindex(step.low.shape)), tuple(n - 1 for n in step.low.shape)], SIDES):
            data, taps = found.attaining(step.label, index, side)
            assert (taps == weights).all()
            assert box.low <= data.min() <= data.max() <= box.high
            values = [run(made, tile, one)[step.label][index] for tile, one in zip(data, weights, strict=True)]
            assert (values[0] if step.kind == "input" else sum(values)) == getattr(step, side)[index]


@settings(max_examples=30)
@given(st.sampled_from(["F(2,3)", "chain", "2-D", "2-D, a chain and no chain"]), st.data())
def test_after_a_rounded_stage_the_ranges_are_sound_bounds(name, data):
    made, boxes = ALGORITHMS[name], BOXES[2]
    labels = [step.label for step in cached_ranges(name, boxes).steps]
    rounded = data.draw(st.lists(st.sampled_from(labels), min_size=1, max_size=3, unique=True))
    found = ranges(made, *boxes, rounding=dict.fromkeys(rounded, "1/2"))
    errors = {label: drawn(data, Box("-1/2", "1/2"), found[label].low.shape, corners=True) for label in rounded}
    tile, taps = (drawn(data, box, shape, corners=True) for box, shape in zip(boxes, shapes(made), strict=True))
    values = run(made, tile, taps, errors)
    for step in found.steps:
        assert (step.low <= values[step.label]).all()
        assert (values[step.label] <= step.high).all()
        assert step.exact != step.error.any()
    assert not found.steps[-1].exact


def test_a_rounded_stage_widens_by_its_error_alone():
    plain_one, rounded = ranges(F23), ranges(F23, rounding={"BT": Fraction(1, 2)})
    assert (rounded["BT"].high == plain_one["BT"].high + Fraction(1, 2)).all()
    assert (rounded["G"].high == plain_one["G"].high).all()
    assert (rounded["M"].error == np.maximum(-plain_one["G"].low, plain_one["G"].high) / 2).all()
    with refused(NotApplicable, "BT", "bound"):
        rounded.attaining("BT", (0,))


def test_bits_of_an_integer_algorithm():
    found = ranges(INTEGER)
    assert [(step.label, step.integer_bits, step.fraction_bits) for step in found.steps] == [
        ("g", 8, 0),
        ("G", 10, 0),
        ("d", 8, 0),
        ("BT", 9, 0),
        ("M", 18, 0),
        ("AT", 18, 0),
    ]
    assert (found["AT"].box.low, found["AT"].box.high) == (-2 * 3 * 128 * 127, 2 * 3 * 128 * 128)


def test_fraction_bits():
    found = ranges(nest(F23, F23))
    assert [step.fraction_bits for step in found.steps] == [0, 1, 2, 0, 0, 0, 2, 1, 0]
    assert ranges(F43)["G"].fraction_bits is None
    assert ranges(F43.rescale(g=[4] * 6, a=["1/4"] * 6))["BT"].fraction_bits == 0


def test_irrational_matrices():
    made = winograd(4, 3, points="0,sqrt(2),-sqrt(2),1,-1")
    found = ranges(made)
    _, G, BT = made.to_numpy()
    for label, rows in (("G", G), ("BT", BT)):
        wanted = 127.5 * abs(rows).sum(axis=1) - 0.5 * rows.sum(axis=1)
        assert found[label].high.astype(float) == pytest.approx(wanted, rel=1e-12)
    assert float(found["AT"].high[0]) == pytest.approx(3 * 128 * 128, rel=1e-12)


def test_more_outputs_than_needed_by_zero_rows():
    made = Algorithm.from_matrices([["2", "2"]], [[1], [0]], [[1], [1]])
    found = ranges(made)
    assert (found["G"].low[1], found["G"].high[1], found["M"].high[1]) == (-128, 127, 16384) or found["G"].high[1] == 0
    assert found["AT"].high[0] == 2 * 128 * 128


def test_the_report_is_a_table():
    lines = repr(ranges(nest(F23, F23))).splitlines()
    assert lines[0] == "ranges of F(2x2,3x3): data [-128, 127], filter [-128, 127]"
    assert lines[4].split() == ["G", "axis", "1", "4x4", "-288", "286.75", "exact", "10", "2", "10"]
    assert len({len(line) for line in lines[1:]}) == 1


def test_steps_by_label_and_kind():
    found = ranges(F23)
    assert [step.label for step in found.of("product", "output")] == ["M", "AT"]
    with refused(UnknownName, "step", "BTT", "did you mean BT?"):
        found["BTT"]


@pytest.mark.parametrize(
    ("kind", "weights", "mentions"),
    [
        (BadShape, [1, 2], ("(2,)", "(3,)")),
        (BadShape, [[1, 2]], ("(1, 2)", "(3,)")),
        (BadShape, [], ("(0,)",)),
        (BadShape, np.zeros((0, 3), dtype=int), ("(0, 3)",)),
        (BadShape, [[1, 2, 3], [1, 2]], ("weights",)),
        (BadShape, None, ()),
        (BadShape, 5, ()),
        (FloatGiven, [0.5, 1, 1], ("1/2",)),
        (FloatGiven, np.ones(3), ()),
        (BadNumber, [np.nan, 1, 1], ()),
        (BadNumber, [1, np.inf, 1], ()),
        (BadValue, ["sqrt(2)", 1, 1], ("sqrt(2)",)),
        (BadNumber, ["x", 1, 1], ()),
    ],
)
def test_weights_that_are_none(kind, weights, mentions):
    with refused(kind, *mentions):
        ranges(F23, INT8, weights)


def test_weights_as_numpy_integers():
    found = ranges(F23, INT8, np.array([1, 2, -1], dtype=np.int8))
    assert found["AT"].high[0] == 127 + 254 + 128


@pytest.mark.parametrize(
    ("kind", "label", "index", "side"),
    [
        (BadShape, "BT", (4,), "high"),
        (BadShape, "BT", (-1,), "high"),
        (BadShape, "BT", (0, 0), "high"),
        (UnknownName, "BT axis 0", (0,), "high"),
        (UnknownName, "BT", (0,), "top"),
    ],
)
def test_values_that_are_none(kind, label, index, side):
    with refused(kind):
        ranges(F23).attaining(label, index, side)


@pytest.mark.parametrize(
    ("kind", "rounding"),
    [(UnknownName, {"B": 1}), (BadValue, {"BT": -1}), (FloatGiven, {"BT": 0.5}), (BadNumber, {"BT": np.nan})],
)
def test_roundings_that_are_none(kind, rounding):
    with refused(kind):
        ranges(F23, rounding=rounding)
