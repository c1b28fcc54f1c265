# SPDX-License-Identifier: Apache-2.0
"""Channel counts against the exact worst case: that many channels fit, one more overflows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from oracle_messages import refused
from oracle_rows_in_c import on_the_way

from wincraft import parse, render, winograd
from wincraft.errors import BadValue, NotApplicable
from wincraft.files import identifier
from wincraft.measure import channel_counts, ranges
from wincraft.numbers import ORDERS, Box

POINTS = {"F(2,3)": "0,1,-1", "F(4,3)": "0,1,-1,2,-2", "F(2x2,3x3)": "0,1,-1", "F(4x4,3x3)": "0,1,-1,2,-2"}


def worst(found, steps, index_of):
    """The extreme values of steps, by running the inputs that attain them."""
    values = []
    for step in steps:
        for side, pick in (("low", np.argmin), ("high", np.argmax)):
            index = np.unravel_index(pick(getattr(step, side)), step.low.shape)
            data, taps = found.attaining(step.label, tuple(int(i) for i in index), side)
            values.append(int(index_of(data, taps, step, index)))
    return min(values), max(values)


@pytest.mark.parametrize("size", POINTS)
@pytest.mark.parametrize("bits", [24, 32, 64])
@pytest.mark.parametrize("boxes", [(Box.signed(8), Box.signed(8)), (Box.unsigned(8), Box(-31, 31))], ids=str)
def test_that_many_channels_fit_and_one_more_does_not(size, bits, boxes):
    made = parse(size, points=POINTS[size], convention="integer")
    found = ranges(made, *boxes)
    counts = channel_counts(found, bits)
    tables = [
        [np.array(matrix.tolist(), dtype=object) for matrix in (axis.AT, axis.G, axis.BT)] for axis in made.factors
    ]
    AT, G, BT = ([axis_tables[k] for axis_tables in tables] for k in range(3))

    def along(matrices, array):
        for axis, matrix in enumerate(matrices):
            array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
        return array

    def value(data, taps, step, index):
        products = along(G, taps) * along(BT, data)
        done = [matrix for matrix, stages in zip(AT, step.done, strict=True) if stages]
        return along(done, products)[index]

    def fits(low, high, channels):
        return -(2 ** (bits - 1)) <= channels * low and channels * high < 2 ** (bits - 1)

    products, outputs = found.of("product"), found.of("output")
    for count, steps in (
        (counts.products, products),
        (counts.outputs, products + outputs),
        (counts.wrapping, outputs[-1:]),
    ):
        low, high = worst(found, steps, value)
        assert fits(low, high, count)
        assert not fits(low, high, count + 1)
    assert counts.exact
    assert 0 <= counts.partial_sums <= counts.outputs <= counts.products
    assert counts.outputs <= counts.wrapping
    assert counts.accumulator_bits == bits


@pytest.mark.parametrize("size", ["F(2,3)", "F(4,3)", "F(2,4)"])
def test_partial_sums_of_that_many_channels_fit_and_of_one_more_do_not(size):
    """Every value on the way to the outputs, over all corners of data and filter."""
    made = winograd(*map(int, size[2:-1].split(",")), convention="integer")
    count = channel_counts(ranges(made), 48).partial_sums
    AT, G, BT = (matrix.astype(np.int64) for matrix in made.to_numpy())
    data, taps = (np.array(list(product((-128, 127), repeat=n))) for n in (*made.n, *made.r))
    M = (data @ BT.T)[:, None] * (taps @ G.T)
    steps, rows = on_the_way(render(made, "c"), f"{identifier(made)}_output_line_i64", AT.shape[1])
    assert (rows == AT).all()
    sums = [M @ form for form in steps]
    low, high = min(M.min(), *(x.min() for x in sums)), max(M.max(), *(x.max() for x in sums))
    assert count * low >= -(2**47)
    assert count * high < 2**47
    assert not ((count + 1) * low >= -(2**47) and (count + 1) * high < 2**47)


@pytest.mark.parametrize("order", ORDERS)
def test_what_an_order_passes_through_is_attained(order):
    """F(4,3): every product and every sum of the order's tree, over all corners of data and filter."""
    made = winograd(4, 3, points=POINTS["F(4,3)"], convention="integer")
    AT, G, BT = (matrix.astype(np.int64) for matrix in made.to_numpy())
    data, taps = (np.array(list(product((-128, 127), repeat=n))) for n in (*made.n, *made.r))
    M = (data @ BT.T)[:, None] * (taps @ G.T)
    reached = [M @ row for row in AT]
    for row in AT:
        tree, sums = ORDERS[order](row.tolist()), {k: row[k] * M[..., k] for k in range(len(row))}
        begins = {tree.root} | {i for i, _ in tree.additions}
        reached += [sums[k] if k in begins else abs(row[k]) * M[..., k] for k in tree.terms]
        for i, j in tree.additions:
            sums[i] = sums[i] + sums[j]
            reached.append(sums[i])
    found = ranges(made).on_the_way("output", order=order)
    assert found == (Box(int(min(x.min() for x in reached)), int(max(x.max() for x in reached))), True)


def test_the_usual_int8_counts():
    """By hand: along each axis rows of B^T reach 2 and of G 3, and an output is 4 times 9 products."""
    counts = channel_counts(ranges(parse("F(2x2,3x3)", points="0,1,-1", convention="integer")))
    assert counts.products == (2**31 - 1) // ((2 * 3) ** 2 * 128**2)
    assert counts.wrapping == (2**31 - 1) // (4 * 9 * 128**2)
    first = "largest channel counts, 32-bit accumulator, data [-128, 127], filter [-128, 127]"
    assert repr(counts).splitlines()[0] == first


def test_not_even_one_and_no_limit():
    found = ranges(winograd(2, 3, points="0,1,-1", convention="integer"))
    assert channel_counts(found, 17).products == 0
    nothing = channel_counts(ranges(winograd(2, 3, points="0,1,-1", convention="integer"), Box(0, 0)), 8)
    assert (nothing.products, nothing.outputs, nothing.partial_sums, nothing.wrapping) == (None,) * 4
    assert "no limit" in repr(nothing)


@pytest.mark.parametrize("bits", [0, -1, 129, 200, 32.0, True, None, "32"])
def test_widths_that_are_none(bits):
    with refused(BadValue, f"accumulator is {bits} bits", "1 to 128"):
        channel_counts(ranges(winograd(2, 3, points="0,1,-1", convention="integer")), bits)


def test_only_of_integer_matrices_and_boxes():
    with refused(NotApplicable, "M is not integer", "convention 'integer'"):
        channel_counts(ranges(winograd(4, 3, points="0,1,-1,2,-2")))
    with refused(NotApplicable, "given weights"):
        channel_counts(ranges(winograd(2, 3, convention="integer"), Box.signed(8), [1, 2, 3]))


def test_the_positive_end_holds_one_value_less():
    """F(1,1): a product reaches 2^14 for -128 * -128, so that 2^17 channels reach 2^31, one more than int32 holds."""
    found = ranges(winograd(1, 1))
    assert (found["M"].box.low, found["M"].box.high) == (-128 * 127, 2**14)
    counts = channel_counts(found, 32)
    assert counts.products == counts.outputs == counts.partial_sums == counts.wrapping == 2**17 - 1
    negative = channel_counts(ranges(winograd(1, 1), Box(0, 1), Box(-(2**14), 0)), 32)
    assert negative.products == 2**17


def test_counts_of_bounds_are_called_safe_and_not_largest():
    made = winograd(2, 3, points="0,1,-1", convention="integer")
    bounded = channel_counts(ranges(made, rounding={"M": 1}))
    assert not bounded.exact
    assert repr(bounded).startswith("safe channel counts")
    assert channel_counts(ranges(made)).exact
    assert bounded.outputs <= channel_counts(ranges(made)).outputs
