# SPDX-License-Identifier: Apache-2.0
"""Operation counts against counts by hand, and against an execution that counts what it does."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from sympy import Rational

from wincraft import Algorithm, parse, winograd
from wincraft.algorithm import LinearMap
from wincraft.circuit import Operations
from wincraft.circuit.operations import of_constant
from wincraft.errors import BadShape, WrongForm
from wincraft.exact import diagonal
from wincraft.measure import LayerShape, layer_costs, parse_layer_shape
from wincraft.measure import costs as costs_of


def costs(algorithm):
    """With the matrices row by row, as one counts by hand."""
    return costs_of(algorithm, "rows")


def test_f23_by_hand():
    found = costs(winograd(2, 3, points="0,1,-1"))
    assert found.input == Operations(0, 0, 4)  # d0-d2, d1+d2, d2-d1, d3-d1
    assert found.filter == Operations(0, 6, 4)  # two rows of three halves
    assert found.output == Operations(0, 0, 4)
    assert (found.products, found.direct, found.products_per_output) == (4, 6, 2)
    assert found.break_even == 5  # 8 C + 4 C^2 < 6 C^2


def test_f43_by_hand():
    found = costs(winograd(4, 3, points="0,1,-1,2,-2"))
    # rows (4,0,-5,0,1,0), (0,-4,-4,1,1,0), (0,4,-4,-1,1,0), (0,-2,-1,2,1,0), (0,2,-1,-2,1,0), (0,4,0,-5,0,1)
    assert found.input == Operations(small=2, shifts=10, additions=16)
    # columns of powers: rows (1,1,1,1,1,0), (0,1,-1,2,-2,0), (0,1,1,4,4,0), (0,1,-1,8,-8,1)
    assert found.output == Operations(multiplications=0, shifts=6, additions=14)
    # rows 1/4; three of 1/6 twice; (1/24, 1/12, 1/6) twice; 1
    assert found.filter == Operations(multiplications=12, shifts=1, additions=8)


def test_published_counts_in_two_dimensions():
    found = costs(parse("F(2x2,3x3)", points="0,1,-1"))
    assert (found.input.total, found.output.total) == (32, 24)  # Lavin & Gray, section 4.1
    assert found.saving == Fraction(9, 4)


def test_the_programs_that_are_written_are_counted():
    """F(4,3) by hand: with e = d4 - 4 d2 and so on 12 and 10 additions, which are proved to be the fewest."""
    found = costs_of(parse("F(4x4,3x3)", points="0,1,-1,2,-2"))
    assert (found.input.additions, found.output.additions) == (12 * 12, 10 * 10)
    assert (found.plain("input").additions, found.plain("output").additions) == (12 * 16, 10 * 14)
    assert found.plain("filter") == found.filter  # transformed once, row by row
    assert found.break_even <= costs(parse("F(4x4,3x3)", points="0,1,-1,2,-2")).break_even


@pytest.mark.parametrize("circuit", ["default", "fewest"])
def test_no_circuit_of_few_additions_has_more_than_rows(circuit):
    for points in ("0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2"):
        found = costs_of(winograd(4, 3, points=points), circuit)
        for name, cost in (("input", found.input), ("filter", found.filter), ("output", found.output)):
            assert cost.additions <= found.plain(name).additions


SMALL = (3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)


def run_counted(matrix, vector, counts):
    """A matrix times a vector, counting operations as a programmer would."""
    result = []
    for row in matrix:
        terms = [(coefficient, x) for coefficient, x in zip(row, vector, strict=True) if coefficient]
        for coefficient, _ in terms:
            size = abs(coefficient)
            while size.denominator % 2 == 0:
                size *= 2
            while size.numerator % 2 == 0 and size:
                size /= 2
            if abs(coefficient) != 1:
                small = abs(coefficient) in SMALL
                counts["shifts" if size == 1 else "small" if small else "multiplications"] += 1
        counts["additions"] += max(0, len(terms) - 1)
        result.append(sum((c * x for c, x in terms), Fraction(0)))
    return result


def transform_counted(chains, tile, shape):
    """Stage by stage, each along all axes in turn; the tile is a dict of index to value."""
    counts = {"multiplications": 0, "small": 0, "shifts": 0, "additions": 0}
    shape = list(shape)
    for number in range(max(map(len, chains))):
        for axis, chain in enumerate(chains):
            if number >= len(chain):
                continue
            matrix = chain[number]
            others = [range(size) for k, size in enumerate(shape) if k != axis]
            changed = {}
            for rest in product(*others):
                places = [(*rest[:axis], i, *rest[axis:]) for i in range(shape[axis])]
                values = run_counted(matrix, [tile[place] for place in places], counts)
                changed |= {(*rest[:axis], i, *rest[axis:]): value for i, value in enumerate(values)}
            tile, shape[axis] = changed, len(matrix)
    return counts


def fractions_of(linear_map):
    return [[[Fraction(text) for text in row] for row in LinearMap.of(stage).texts] for stage in linear_map.stages]


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ("F(4,3)", {"points": "0,1,-1,2,-2"}),
        ("F(2x4,3x3)", {}),
        ("F(3x2,2x5)", {"convention": "balanced"}),
        ("F(2x2x2,3x3x3)", {"points": "0,1,-1"}),
        ("F(6,3)", {"moduli": "0,1,-1,x^2+x+1,x^2-x+1,inf"}),
    ],
)
def test_counts_are_those_of_an_execution(size, options):
    algorithm = parse(size, **options)
    found = costs(algorithm)
    for counted, which in ((found.output, 0), (found.filter, 1), (found.input, 2)):
        chains = [fractions_of(axis.maps[which]) for axis in algorithm.factors]
        shape = [axis.maps[which].shape[1] for axis in algorithm.factors]
        tile = {place: Fraction(1) for place in product(*map(range, shape))}
        assert counted == Operations(**transform_counted(chains, tile, shape))


def test_chains_are_counted_stage_by_stage():
    plain = winograd(2, 3, points="0,1,-1")
    K = plain.domain
    chain = LinearMap.of(diagonal([K(3)] * 4, K), diagonal([K(1) / 3] * 4, K), *plain.input.stages)
    staged = Algorithm(plain.output, plain.filter, chain)
    found = costs(staged)
    assert found.input == costs(plain).input + Operations(multiplications=4, small=4)
    assert [stage.label for stage in found.stages][:3] == ["BT[0]", "BT[1]", "BT[2]"]


def test_a_scale_is_counted():
    integer = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    assert integer.scale == 24
    stages = [stage.operations for stage in costs(integer).stages if stage.label == "AT"]
    assert costs(integer).output == sum(stages, Operations()) + Operations(multiplications=4)


def test_irrational_entries_are_general_constants():
    found = costs(winograd(4, 3, points="0,1,-1,sqrt(2),-sqrt(2)"))
    assert found.output.multiplications == 4  # +-sqrt(2), +-2 sqrt(2)
    assert found.output.shifts == 2


def test_linear_form_swaps_the_transforms():
    algorithm = winograd(4, 3)
    found, linear = costs(algorithm), costs(algorithm.transpose())
    assert linear.outputs == 6
    assert {stage.label for stage in linear.stages} == {"A", "G", "B"}
    assert linear.filter == found.filter
    with refused(WrongForm, "linear convolution form", "transpose()"):
        layer_costs(linear, LayerShape(1, 1, (8,)))


@given(
    C=st.integers(1, 300), K=st.integers(1, 300), H=st.integers(1, 40), W=st.integers(1, 40),
    size=st.sampled_from(["F(2x2,3x3)", "F(4x4,3x3)", "F(2x4,3x1)"]),
)  # fmt: skip
def test_layer_totals(C, K, H, W, size):
    algorithm = parse(size)
    found = costs(algorithm)
    layer = layer_costs(found, LayerShape(C, K, (H, W)))
    tiles = ceil(H / algorithm.m[0]) * ceil(W / algorithm.m[1])
    assert layer.tiles == tiles
    assert layer.total == tiles * (C * found.input.total + K * found.output.total + C * K * algorithm.rank)
    assert layer.direct == H * W * C * K * prod(algorithm.r)
    assert layer.offline == C * K * found.filter.total


@pytest.mark.slow
@given(m=st.integers(1, 6), r=st.integers(1, 5), H=st.integers(1, 30))
def test_break_even_is_the_first_that_pays(m, r, H):
    if m + r < 3:
        return
    found = costs(winograd(m, r))

    def pays(C):
        layer = layer_costs(found, LayerShape(C, C, (H,)))
        return layer.total < layer.direct

    first = layer_costs(found, LayerShape(1, 1, (H,))).break_even
    if first is None:
        assert not any(pays(C) for C in (1, 10, 10**6))
    else:
        assert pays(first)
        assert pays(first + 1)
        assert first == 1 or not pays(first - 1)
    assert layer_costs(found, LayerShape(1, 1, (m,))).break_even == found.break_even


def test_a_single_output_never_pays():
    assert costs(winograd(1, 3)).break_even is None
    assert "for no C = K" in repr(costs(winograd(1, 3)))


@pytest.mark.parametrize(
    "text", ["", "64", "64,64", "64,64,-1", "64,64,5.5,5", "0,64,56,56", "a,b,c", "9" * 5000 + ",1,1", "²,1,1"]
)
def test_bad_layers(text):
    with refused(BadShape, "a layer", "C,K,H,W"):
        parse_layer_shape(text)


def test_a_layer_of_other_axes():
    with refused(BadShape, "8,8,8,8", "F(2,3)"):
        layer_costs(costs(winograd(2, 3)), parse_layer_shape("8,8,8,8"))


@pytest.mark.parametrize(
    ("entry", "kind"),
    [("1", None), ("-1", None), ("2", "shifts"), ("1/4", "shifts"), ("3", "small"), ("-15", "small"), ("16", "shifts"),
     ("17", "multiplications"), ("3/2", "multiplications"), ("-21/4", "multiplications")],
)  # fmt: skip
def test_kinds_of_constants(entry, kind):
    assert of_constant(Rational(entry)) == (Operations() if kind is None else Operations(**{kind: 1}))


def test_stages_have_names_and_non_zeros():
    found = costs(parse("F(4x4,3x3)", points="0,1,-1,2,-2").change_basis(input="legendre"))
    data = [(s.map, s.matrix, s.number, s.axis) for s in found.stages if s.map == "input"]
    assert data == [("input", "BT", 0, 0), ("input", "BT", 0, 1), ("input", "BT", 1, 0), ("input", "BT", 1, 1)]
    assert [s.non_zeros for s in found.stages if s.matrix == "BT" and s.number == 0] == [12, 12]


def test_amortisation_is_that_of_a_layer():
    found = costs(parse("F(4x4,3x3)"))
    layer = layer_costs(found, LayerShape(16, 16, (8, 8)))
    assert found.amortised(16).total == Fraction(layer.total, 64 * 16 * 16)


def test_one_product_is_singular():
    assert "1 product for 1 output, direct 1" in repr(costs(winograd(1, 1, points="0")))
