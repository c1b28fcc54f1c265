# SPDX-License-Identifier: Apache-2.0
"""Sums in the order of circuits: simulations bit by bit, predictions, error bounds, ranges on the way."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
import pytest
from oracle_messages import refused
from oracle_programs import nearest, run_in, trace

from wincraft import nest, parse, winograd
from wincraft.circuit import of_matrix
from wincraft.construct.circuits import Circuits, along_axis, order_of, programs_for
from wincraft.errors import BadValue, UnknownName
from wincraft.measure import error_bound, ranges
from wincraft.numbers import FORMATS, Box
from wincraft.numbers.summation import CIRCUIT_ORDERS
from wincraft.quantise import SCHEMES, Batch, Workload, parse_scheme, predict, simulate

F23, F43 = winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2")
F63 = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
ALGORITHMS = {
    "F(4,3)": F43,
    "F(6,3)": F63,
    "F(4,3) integer": winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "F(4,3) on thirds": winograd(4, 3, points="0,2/3,-2/3,3/2,-3/2"),
    "F(4,3) chain": F43.change_basis("legendre"),
    "F(2x4,3x3)": nest(F23, F43),
    "F(2x2,3x3) chain": parse("F(2x2,3x3)", points="0,1,-1").change_basis("legendre"),
}
TYPES = {"fp32": np.float32, "fp16": np.float16}


def small_batch(made, dtype, seed=0):
    """Few values, all of them numbers of the type."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((*made.n, 3, 4)).astype(dtype)
    weights = rng.standard_normal((*made.r, 2, 3)).astype(dtype)
    return Batch(data.astype(float), weights.astype(float), np.ones((*made.m, 4), bool))


def by_programs(made, order, batch, dtype):
    """Every operation of every program in NumPy's own arithmetic: U, V, M and the outputs."""
    of_matrix_ = programs_for(made, order)

    def through(item, value):
        for step in item.passes:
            lines = list(np.moveaxis(value, step.axis or 0, 0))
            value = np.moveaxis(np.stack(run_in(of_matrix_(step.matrix), lines, dtype)), 0, step.axis or 0)
        return value

    U, V = through(made.input, batch.data.astype(dtype)), through(made.filter, batch.weights.astype(dtype))
    terms = [V[..., :, c, None] * U[..., c, None, :] for c in range(V.shape[-1])]
    M = reduce(lambda total, term: total + term, terms)
    y = through(made.output, M)
    if made.scale != 1:
        y = y * nearest(1 / Fraction(int(made.scale)), dtype)
    assert y.dtype == dtype
    return {"U": U, "V": V, "M": M, "output": y}


@pytest.mark.slow_cases("F(6,3)-fp16-circuit-fewest", "F(4,3) chain-fp16-circuit-fewest")
@pytest.mark.parametrize(("format", "order"), [("fp32", "circuit"), ("fp16", "circuit-fewest"), ("fp16", "circuit")])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_simulations_run_the_programs_bit_by_bit(name, format, order):
    made, dtype = ALGORITHMS[name], TYPES[format]
    batch = small_batch(made, dtype)
    seen = {}
    scheme = f"{format},matrices=none,order={order}"
    found = simulate(made, scheme, batch, watch=lambda place, value: seen.update({str(place): value}))
    expected = by_programs(made, order, batch, dtype)
    for label in ("U", "V", "M"):
        np.testing.assert_array_equal(seen[label], expected[label].astype(float))
    np.testing.assert_array_equal(found.outputs, expected["output"].astype(float))
    assert (found.outputs != found.reference).any()


@pytest.mark.slow
def test_other_orders_have_other_bits():
    batch = small_batch(F63, np.float32)
    outputs = [simulate(F63, f"fp32,order={order}", batch).outputs for order in ("positive-first", "huffman")]
    outputs += [
        simulate(F63, f"fp32,matrices=none,order={order}", batch).outputs for order in ("circuit", "circuit-fewest")
    ]
    assert all((one != other).any() for k, one in enumerate(outputs) for other in outputs[:k])


@pytest.mark.parametrize("format", ["fp32", "fp16", "bf16"])
def test_presets_take_the_order(format):
    """Their matrices have the format of the arithmetic, as the constants of programs have."""
    batch = small_batch(F43, np.float16)
    found = simulate(F43, f"{format},order=circuit", batch)
    np.testing.assert_array_equal(found.outputs, simulate(F43, f"{format},matrices=none,order=circuit", batch).outputs)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("ncnn-int8,order=circuit", ["circuit", "arithmetic is exact"]),
        ("tapwise-8,order=circuit-fewest", ["circuit-fewest", "arithmetic is exact"]),
        ("fp32,matrices=fp16,order=circuit", ["circuit", "matrices have a format of their own"]),
        ("fp32,matrices=int8,order=circuit-quiet", ["circuit-quiet", "matrices"]),
    ],
)
def test_where_programs_are_not_run(text, mentions):
    with refused(BadValue, "the order of the sums", *mentions):
        parse_scheme(text)


def test_orders_that_are_none():
    with refused(UnknownName, "circuits"):
        parse_scheme("fp32,matrices=none,order=circuits")
    with refused(UnknownName, "circuit-least"):
        error_bound(F43, order="circuit-least")
    with refused(UnknownName, "circuit-least"):
        ranges(F43).on_the_way("output", order="circuit-least")


# --- predictions ------------------------------------------------------------------------------------------------------

TILES = {"F(4x4,3x3)": nest(F43, F43), "F(6x6,3x3)": nest(F63, F63)}


@pytest.mark.parametrize("order", ["circuit", "circuit-fewest"])
@pytest.mark.parametrize("size", TILES)
def test_predictions_are_within_a_decibel(size, order):
    scheme = parse_scheme(f"fp16,matrices=none,order={order}")
    work = Workload(channels=32, outputs=16, tiles=64, seed=3)
    assert predict(TILES[size], scheme, None, 32).decibels == pytest.approx(
        simulate(TILES[size], scheme, work).decibels, abs=1.0
    )


@pytest.mark.slow
def test_what_a_circuit_changes_is_predicted():
    """The fewest additions of F(6x6,3x3) are noisier than the quietest: predicted and simulated alike."""
    work = Workload(channels=32, outputs=16, tiles=64, seed=3)
    schemes = [parse_scheme(f"fp16,matrices=none,order=circuit-{name}") for name in ("fewest", "quiet")]
    predicted = [predict(TILES["F(6x6,3x3)"], scheme, None, 32).decibels for scheme in schemes]
    simulated = [simulate(TILES["F(6x6,3x3)"], scheme, work).decibels for scheme in schemes]
    assert predicted[1] > predicted[0]
    assert simulated[1] > simulated[0]
    assert predicted[1] - predicted[0] == pytest.approx(simulated[1] - simulated[0], abs=0.7)


# --- error bounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["circuit", "circuit-fewest", "circuit-quiet"])
@pytest.mark.parametrize("name", ["F(4,3)", "F(6,3)", "F(4,3) integer", "F(4,3) on thirds", "F(4,3) chain"])
def test_error_bounds_hold_and_are_nearly_attained(name, order):
    """Of random fp16 numbers near 1 in size no output is wrong by more, and some by more than a twentieth of it."""
    made, rng, runs = ALGORITHMS[name], np.random.default_rng(7), 4000
    data = (rng.uniform(0.5, 1, (*made.n, 1, runs)) * rng.choice([-1, 1], (*made.n, 1, runs))).astype(np.float16)
    weights = (rng.uniform(0.5, 1, (*made.r, 64, 1)) * rng.choice([-1, 1], (*made.r, 64, 1))).astype(np.float16)
    batch = Batch(data.astype(float), weights.astype(float), np.ones((*made.m, runs), bool))
    outputs = by_programs(made, order, batch, np.float16)["output"].astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(batch.data[:, 0], made.r[0], axis=0)
    exact = np.einsum("itr,rk->ikt", windows, batch.weights[..., 0])
    worst = np.abs(outputs - exact).max(axis=(1, 2))
    bound = error_bound(made, FORMATS["fp16"], order)
    assert (worst <= bound).all()
    assert (worst >= bound / 20).any()


def test_the_bound_of_one_operation_after_the_other():
    """F(1,2) by hand: d0 g0 + d1 g1, two products and a sum: at most (1 + u)^2 - 1 of 2, and the underflow of each."""
    u, tiny = 2.0**-11, 2.0**-25
    expected = 2 * ((1 + u) ** 2 - 1) + 2 * tiny * (1 + u)
    assert error_bound(winograd(1, 2), FORMATS["fp16"], "circuit").item() == pytest.approx(expected, rel=1e-6)


# --- what stands on the way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "order"), [((2, 3), order) for order in CIRCUIT_ORDERS] + [((4, 3), "circuit"), ((3, 2), "circuit-fewest")]
)
@pytest.mark.parametrize("boxes", [(Box.signed(8), Box.signed(8)), (Box(0, 7), Box(-3, 1))], ids=str)
def test_what_circuits_pass_through_is_attained(size, order, boxes):
    """Every value of the integer programs and every product in them, over all corners of data and filter."""
    points = "0,1,-1,2,-2" if size == (4, 3) else "0,1,-1"
    made = winograd(*size, points=points, convention="integer")
    circuits = Circuits(made, CIRCUIT_ORDERS[order])
    found = ranges(made, *boxes)
    inputs = {
        "input": np.array(list(product((boxes[0].low, boxes[0].high), repeat=made.n[0])), dtype=object).T,
        "filter": np.array(list(product((boxes[1].low, boxes[1].high), repeat=made.r[0])), dtype=object).T,
    }
    computed = {}

    def through(item, values):
        program = circuits.computed(item.dense)
        made_values = trace(program, list(values))
        products = [
            abs(Fraction(str(o.constant))) * made_values[o.operands[1]]
            for o in program.operations
            if o.name in ("fma", "fms")
        ]
        results = made_values[program.inputs :] + products
        return [made_values[k] for k in program.outputs], results

    U, computed["input"] = through(made.input, inputs["input"])
    V, computed["filter"] = through(made.filter, inputs["filter"])
    M = [np.multiply.outer(u, v).ravel() for u, v in zip(U, V, strict=True)]
    y, computed["output"] = through(made.output, M)
    for kind, outputs in (("input", U), ("filter", V), ("output", y)):
        reached = [*computed[kind], *outputs]
        box = Box(min(min(x) for x in reached), max(max(x) for x in reached))
        assert found.on_the_way(kind, order=order) == (box, True), kind


def test_of_programs_of_rows_it_is_the_order_of_rows():
    made = winograd(2, 3, points="0,1,-1", convention="integer")
    assert Circuits(made, "rows").computed(made.input.dense) == of_matrix(made.input.dense)
    assert order_of("rows") == "positive-first"


def test_lines_along_an_axis_are_independent():
    """Each line of a tile by the same program: what `by_programs` does at once."""
    program = programs_for(F43, "circuit")(F43.input.dense)
    tile = np.random.default_rng(1).integers(-9, 10, (3, 6, 2))
    whole = np.stack(run_in(program, list(np.moveaxis(tile, 1, 0).astype(np.float64)), np.float64), axis=1)
    assert along_axis(program, tile.ravel().tolist(), tile.shape, 1) == whole.ravel().tolist()
    assert SCHEMES["fp32"].order == "sequential"
