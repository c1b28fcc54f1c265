# SPDX-License-Identifier: Apache-2.0
"""Programs without multipliers: their matrices, what they take, and that another program finds nothing cheaper."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused
from sympy import GF, QQ, sqrt

from wincraft import parse
from wincraft.circuit import Program
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.program import is_power_of_two
from wincraft.circuit.shift_add import lowered, multiplierless, shift_adds
from wincraft.circuit.shift_constants import chain
from wincraft.circuit.shift_search import ShiftSpace
from wincraft.errors import NotApplicable
from wincraft.exact import exact_matrix

SIX = "0,1,-1,2,-2,1/2,-1/2,inf"


def matrix(rows):
    return exact_matrix([[QQ(x) for x in row] for row in rows], (len(rows), len(rows[0])), QQ)


def adders(program):
    """Additions of a program that must hold nothing but additions of shifted values."""
    for o in program.operations:
        assert o.name in ("add", "subtract", "fma", "fms")
        assert o.constant is None or is_power_of_two(abs(o.constant))
        assert o.constant is None or QQ.denom(o.constant) == 1
    return len(program.operations)


def ratios(program, wanted):
    """By what each row exceeds the wanted one; they must be parallel."""
    found = []
    for row, right in zip(program.matrix().to_list(), wanted.to_list(), strict=True):
        k = next(k for k, x in enumerate(right) if x)
        found.append(row[k] / right[k])
        assert row == [found[-1] * x for x in right]
    assert all(found)
    return found


@cache
def transform(size, name, **options):
    return getattr(parse(size, convention="integer", **dict(options)), name).dense


@cache
def found(size, name, **options):
    return multiplierless(transform(size, name, **options), free_rows=name != "output")[0]


COUNTS = [
    ("F(2,3)", {}, "input", 4),
    ("F(2,3)", {}, "output", 4),
    ("F(2,3)", {}, "filter", 3),
    ("F(4,3)", {"points": "0,1,-1,2,-2,inf"}, "input", 12),
    ("F(4,3)", {"points": "0,1,-1,2,-2,inf"}, "output", 10),
    ("F(6,3)", {"points": SIX}, "input", 24),
    ("F(6,3)", {"points": SIX}, "output", 20),
    ("F(6,3)", {"points": SIX}, "filter", 8),
    ("F(4,3)", {"moduli": "0,1,-1,x^2+1,inf"}, "input", 9),
    ("F(4,3)", {"moduli": "0,1,-1,x^2+1,inf"}, "output", 9),
    ("F(4,3)", {"moduli": "0,1,-1,x^2+1,inf"}, "filter", 4),
]


@pytest.mark.slow_cases("F(6,3)-options5-input")
@pytest.mark.parametrize(("size", "options", "name", "most"), COUNTS)
def test_transforms_take_few_adders(size, options, name, most):
    wanted = transform(size, name, **options)
    best = found(size, name, **options)
    assert adders(best) <= most
    assert shift_adds(best) == adders(best)
    factors = ratios(best, wanted)
    assert name != "output" or all(is_power_of_two(abs(factor)) for factor in factors)


@pytest.mark.slow_cases("F(6,3)-options5-input")
@pytest.mark.parametrize(("size", "options", "name", "most"), COUNTS)
def test_no_worse_than_da4ml(size, options, name, most):
    cmvm = pytest.importorskip("da4ml.cmvm")
    rows = [[int(x) for x in row] for row in transform(size, name, **options).to_list()]
    primitive = np.array([[x // np.gcd.reduce(row) for x in row] for row in rows], dtype=np.float32)
    steps = [o for solution in cmvm.solve(primitive.T.copy()).solutions for o in solution.ops]
    theirs = sum(o.opcode in (0, 1) for o in steps)
    assert theirs > 0
    assert adders(found(size, name, **options)) <= theirs


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(st.integers(-20, 20), min_size=n, max_size=n), min_size=1, max_size=3)
    )
)
@settings(max_examples=25)
def test_any_matrix_up_to_powers_of_two(rows):
    rows = [row for row in rows if any(row)]
    if not rows:
        rows = [[3, 0]]
    wanted = matrix(rows)
    for program in multiplierless(wanted, Effort(rounds=1)):
        adders(program)
        assert all(is_power_of_two(abs(factor)) for factor in ratios(program, wanted))


@pytest.mark.slow
def test_by_hand():
    def least(*rows, **options):
        programs = multiplierless(matrix(rows), **options)
        return min(map(adders, programs))

    assert least([1, 0], [0, -8]) == 0
    assert least([45]) == 2  # 5 * 9
    assert least([45], free_rows=True) == 0
    assert least([3, 5], [3, -5]) == 4
    assert least([3, 5], [6, 10], [-12, -20]) == 3  # (a + b) 4 + b - a
    assert least([1, 1], [1, -1]) == 2
    assert least([1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]) == 7  # Hadamard: one less than nested
    assert least([1, 2, 4, 8]) == 3


def test_zero_rows_and_columns():
    program = multiplierless(matrix([[0, 0, 0], [0, 3, 0], [0, 1, 2]]))[0]
    nothing, three, odd = program.run([7, 1, 10])
    assert nothing == 0
    assert abs(three) in {3 * 2**k for k in range(5)}
    assert abs(odd) in {21 * 2**k for k in range(5)}
    assert sum(o.adds for o in program.operations) == 2


@pytest.mark.parametrize(
    "rows", [[[1, 2**11]], [[257, 1, 2187], [1, 3, 0]], [[512, 4, 1], [1, -4416, 8], [1, 1, -4990]]]
)
def test_large_entries(rows):
    for program in multiplierless(matrix(rows), Effort(rounds=1)):
        assert adders(program) == shift_adds(program)
        assert all(is_power_of_two(abs(factor)) for factor in ratios(program, matrix(rows)))


def test_a_whole_tile_takes_less_than_its_passes():
    best = multiplierless(transform("F(2x2,3x3)", "input", points="0,1,-1,inf"))[0]
    assert adders(best) < 32  # (4 + 4) times 4 additions


def test_dyadic_entries_are_scaled_by_powers_of_two():
    wanted = exact_matrix([[QQ(1, 4), QQ(5, 2)], [QQ(-3, 8), QQ(1)]], (2, 2), QQ)
    program = multiplierless(wanted)[0]
    assert all(is_power_of_two(abs(factor)) for factor in ratios(program, wanted))
    assert adders(program) <= 5


def test_the_same_seed_gives_the_same_programs():
    wanted = transform("F(4,3)", "input", points="0,1,-1,2,-2,inf")
    assert multiplierless(wanted, Effort(seed=5)) == multiplierless(wanted, Effort(seed=5))


@pytest.mark.slow
@given(st.integers(0, 2**14 - 1).map(lambda k: 2 * k + 1))
def test_chains_make_their_constants(odd):
    made = [1]
    for a, u, b, w in chain(odd):
        assert is_power_of_two(QQ(abs(u)))
        assert is_power_of_two(QQ(abs(w)))
        made.append(u * made[a] + w * made[b])
    assert made[-1] == odd
    digits = (3 * odd ^ odd).bit_count()  # +1 and -1 that add up to it, no two side by side
    assert len(chain(odd)) <= max(digits - 1, 0)


def test_lengths_of_chains_are_the_published_ones():
    # adder costs of the odd numbers up to 255, Dempster and Macleod 1994: one of 1; 2^k +- 1 take one
    one = {2**k + 1 for k in range(1, 8)} | {2**k - 1 for k in range(2, 9)}
    two = {a * b for a, b in product(one, one)} | {
        abs(s * 2**k + t * x) for x in one for k in range(10) for s, t in ((1, 1), (1, -1), (-1, 1))
    }
    two |= {abs(x * 2**k + t) for x in one for k in range(10) for t in (1, -1)}
    for odd in range(3, 256, 2):
        assert len(chain(odd)) == (1 if odd in one else 2 if odd in two else 3)
    assert len(chain(171)) == len(chain(173)) == 3


CONSTANTS = st.sampled_from(["5", "-1", "21/4", "-11/2", "8", "1/4", "171", "-300", "3"])


@st.composite
def dyadic_programs(draw):
    steps = []
    for number in range(2, 2 + draw(st.integers(1, 6))):
        name = draw(st.sampled_from(["add", "subtract", "multiply", "fma", "fms"]))
        operands = [draw(st.integers(0, number - 1)) for _ in range(1 if name == "multiply" else 2)]
        steps.append((name, *operands, *([draw(CONSTANTS)] if name not in ("add", "subtract") else [])))
    return Program.build(2, steps, [1 + len(steps), 0])


@given(dyadic_programs())
def test_lowered_programs_keep_their_matrix(program):
    low = lowered(program)
    assert low.matrix() == program.matrix()
    for o in low.operations:
        assert o.constant is None or is_power_of_two(abs(o.constant))
        assert o.name != "multiply" or o.constant == -1
    assert shift_adds(program) == sum(o.adds or o.name == "multiply" for o in low.operations)


def test_adders_by_hand():
    assert shift_adds(Program.build(1, [("multiply", 0, "21/4")], [1])) == 2
    assert shift_adds(Program.build(2, [("fma", 0, 1, 5), ("fms", 0, 1, -10)], [2, 3])) == 3  # 5 x1 is made once
    assert shift_adds(Program.build(1, [("shift", 0, "1/8")], [1])) == 0
    assert shift_adds(Program.build(1, [("multiply", 0, -1)], [1])) == 1
    assert shift_adds(Program.build(1, [("divide", 0, 4)], [1])) == 0
    assert lowered(Program.build(1, [("multiply", 0, 0)], [1])).run([3]) == [0]


def test_points_that_two_points_span():
    plane = ShiftSpace(2)
    x, y, both = plane.point([1, 0]), plane.point([0, -2]), plane.point([-4, -4])
    assert both in plane.spanned(x, y)
    assert plane.point([1, 8]) in plane.spanned(x, y)
    assert plane.point([3, 0]) in plane.spanned(x, x)
    assert plane.point([3, 1]) not in plane.spanned(x, y)
    assert plane.vector(both) == [1, 1]
    assert plane.known([plane.point([3, 1]), both]) == [x, y, both, plane.point([3, 1])]  # by (x + y) + 2 x
    assert plane.known([plane.point([3, 1])]) == [x, y]


def test_maps_without_shift_and_add_form():
    third = exact_matrix([[QQ(1), QQ(1, 3)]], (1, 2), QQ)
    with refused(NotApplicable, "row 0", "1/3", "dyadic", "any factor"):
        multiplierless(third)
    assert adders(multiplierless(third, free_rows=True)[0]) == 2
    root = QQ.algebraic_field(sqrt(2))
    for domain in (GF(7), root):
        with refused(NotApplicable, str(domain)):
            multiplierless(exact_matrix([[domain.one]], (1, 1), domain))
        with refused(NotApplicable, str(domain)):
            lowered(Program.build(1, [("multiply", 0, 3)], [1], domain))
    for name in ("multiply", "divide"):
        with refused(NotApplicable, "not dyadic", "1/3"):
            lowered(Program.build(1, [(name, 0, "1/3" if name == "multiply" else 3)], [1]))
