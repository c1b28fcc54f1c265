# SPDX-License-Identifier: Apache-2.0
"""The fewest additions, against values by hand, published ones, exhaustion over small constants and random programs."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.polys.domains import QQ

from wincraft import winograd
from wincraft.circuit import of_matrix
from wincraft.circuit.minimum.bound import CASES, additions_bound
from wincraft.circuit.minimum.few import two_intermediates
from wincraft.circuit.minimum.methods import METHODS, STEPS
from wincraft.circuit.minimum.points import Known, closure, coordinate_points, primitive, rank
from wincraft.circuit.minimum.proofs import proof_elements, proofs, recheck_proof, same_class, stored_bound
from wincraft.circuit.minimum.space import general, three_intermediates
from wincraft.circuit.minimum.stripping import Core, across, core_of
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.exact import exact
from wincraft.circuit.optimise.stripping import stripped
from wincraft.exact.matrix import exact_matrix

PROVED = [
    # points, F(m,r), additions of B^T, G, A^T: published where a paper or a table has them
    ("0,1,-1", (2, 3), (4, 3, 4)),
    ("0,1,-1,2", (3, 3), (8, 4, 6)),
    ("0,1,-1,2,-2", (4, 3), (12, 5, 10)),
    ("0,3/4,-3/4,3/2,-3/2", (4, 3), (12, 5, 10)),
    ("0,2/3,-2/3,3/2,-3/2", (4, 3), (12, 6, 10)),
    ("0,1,-1,x^2+1", (4, 3), (9, 4, 9)),
    ("0,1,-1,x^2+1", (2, 5), (9, 7, 7)),
    ("0,1,-1,2,-2", (3, 4), (12, 8, 8)),
    ("0,1,-1,2,-2", (2, 5), (12, 10, 8)),
]
FILTERS = [
    ("0,1,-1,2,-2,1/2", (5, 3), 7),
    ("0,1,-1,2,-2,1/2,-1/2", (6, 3), 8),
    ("0,1,-1,2,-2,3,-3", (6, 3), 7),
    ("0,1,-1,2,-2,1/2,-1/2,3,-3", (8, 3), 10),
    ("0,1,-1,2,-2,4,-4,8,-8", (8, 3), 10),
]


def matrix(rows):
    return exact_matrix(
        [[QQ(Fraction(x).numerator, Fraction(x).denominator) for x in row] for row in rows],
        (len(rows), len(rows[0])),
        QQ,
    )


def additions(program):
    return sum(len(operation.operands) == 2 for operation in program.operations)


def multiples(program, wanted):
    """Whether every row of the program is a multiple, not 0, of the matrix's."""
    return all(
        rank([primitive_of(a), primitive_of(b)]) == 1
        for a, b in zip(program.matrix().to_list(), wanted.to_list(), strict=True)
        if any(b)
    )


def primitive_of(row):
    values = [Fraction(int(x.numerator), int(x.denominator)) for x in row]
    scale = 1
    for x in values:
        scale *= x.denominator
    return primitive(int(x * scale) for x in values)


@pytest.mark.parametrize(("points", "size", "counts"), PROVED)
def test_bounds_meet_what_is_known_to_be_enough(points, size, counts):
    algorithm = winograd(*size, points=points)
    maps = [each.dense for each in (algorithm.input, algorithm.filter, algorithm.output)]
    assert tuple(additions_bound(each).additions for each in maps) == counts


@pytest.mark.slow_cases("size3", "size4")
@pytest.mark.parametrize(("points", "size", "count"), FILTERS)
def test_filters_of_three_taps(points, size, count):
    G = winograd(*size, points=points).filter.dense
    assert additions_bound(G).additions == count
    assert {additions(program) for program in exact(G, Effort(rounds=2))} == {count}


@pytest.mark.slow
@pytest.mark.parametrize(("points", "size", "counts"), PROVED)
def test_exact_programs_take_what_is_proved(points, size, counts):
    algorithm = winograd(*size, points=points)
    for each, count in zip((algorithm.input, algorithm.filter, algorithm.output), counts, strict=True):
        programs = exact(each.dense, Effort())
        assert {additions(program) for program in programs} == {count}
        assert all(program.matrix() == each.dense for program in programs)


@pytest.mark.slow_cases("u1-4")
@pytest.mark.parametrize(
    ("u", "v"),
    [
        (2, 3),
        (Fraction(1, 4), 4),
        *(
            pytest.param(*pair, marks=pytest.mark.slow)
            for pair in ((-1, -1), (4, 4), (-1, 5), (Fraction(2, 3), Fraction(3, 2)))
        ),
    ],
)
def test_kronecker_products_of_two_by_two_take_seven(u, v):
    """Positive control of the exclusion in four dimensions: p = a+vc, q = b+d, r = p+uvq, then one for each output."""
    rows = [[a * b for a in (1, x) for b in (1, y)] for x in (1, u) for y in (1, v)]
    least = three_intermediates([primitive_of(row) for row in matrix(rows).to_list()])
    assert least.intermediates == 3
    assert least.found
    by_hand = [primitive_of(matrix([row]).to_list()[0]) for row in ([1, 0, v, 0], [0, 1, 0, 1], [1, u * v, v, u * v])]
    columns = [0, 2, 1, 3]  # by hand, the first index is the slow one
    for order in (range(4), columns):
        moved = [tuple(row[k] for k in order) for row in by_hand]
        targets = [primitive_of(row) for row in matrix(rows).to_list()]
        if len(closure([*coordinate_points(4), *moved], targets)) == 11:
            break
    else:
        pytest.fail("the identity by hand does not hold")
    assert {additions(program) for program in exact(matrix(rows), Effort(rounds=1))} == {7}


# exhaustion: sums x + c y of points with c from a small set, to a given depth

CONSTANTS = [Fraction(c) for c in (1, -1, 2, -2, "1/2", "-1/2")]


def brute(targets, dimension, most):
    """The fewest additions with those constants, up to `most`, by depth first search; None if more are needed."""

    def search(points, left, budget):
        if not left:
            return True
        if len(left) > budget:
            return False
        new = {
            primitive(c.denominator * x + c.numerator * y for x, y in zip(a, b, strict=True))
            for a, b in combinations(points, 2)
            for c in CONSTANTS
        } - set(points)
        if len(left) == budget:
            new &= set(left)
        return any(search([*points, point], [t for t in left if t != point], budget - 1) for point in sorted(new))

    start = coordinate_points(dimension)
    wanted = [t for t in dict.fromkeys(targets) if t not in start]
    return next((n for n in range(len(wanted), most + 1) if search(start, wanted, n)), None)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 3),
    st.lists(st.lists(st.sampled_from([-2, -1, 0, 1, 2]), min_size=3, max_size=3), min_size=1, max_size=3),
)
def test_bounds_are_no_more_than_exhaustion_finds(columns, rows):
    rows = [row[:columns] for row in rows if any(row[:columns])]
    if not rows:
        return
    found = brute([primitive(row) for row in rows], columns, 5)
    bound = additions_bound(matrix(rows)).additions
    assert found is None or bound <= found
    programs = exact(matrix(rows), Effort(rounds=3))
    for program in programs:
        assert program.matrix() == matrix(rows)
        assert additions(program) == bound
        assert found is None or additions(program) <= found


def sequence(random, dimension, kinds):
    """Targets and intermediates of a random program: a point on the line through two earlier ones for every letter."""
    points, made = coordinate_points(dimension), {"i": [], "t": []}
    for kind in kinds:
        while True:
            a, b = random.sample(points, 2)
            if len(points) > dimension and random.random() < 0.7:
                a = random.choice(points[dimension:])
            x, y = random.choice([1, 1, 1, 2, 3]), random.choice([1, -1, 2, -2, 3, 5])
            vector = [x * p + y * q for p, q in zip(a, b, strict=True)]
            if any(vector) and primitive(vector) not in points:
                break
        points.append(primitive(vector))
        made[kind].append(points[-1])
    return made["t"], made["i"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 4), st.permutations("iitttt"))
def test_two_intermediates_are_found_where_two_are_enough(seed, dimension, kinds):
    targets, _ = sequence(Random(seed), dimension, kinds)
    least = two_intermediates(targets)
    assert least.intermediates <= 2
    assert least.found


@pytest.mark.parametrize("seed", range(6))
def test_three_intermediates_are_found_where_three_are_enough(seed):
    targets, _ = sequence(Random(seed), 4, "iii" + "t" * (2 + seed % 3))
    least = three_intermediates(targets)
    known = closure(coordinate_points(4), targets)
    assert least.intermediates <= 3
    assert least.found or not general(known, targets)


@pytest.mark.slow
def test_three_intermediates_are_found_in_many_programs():
    decided = 0
    for seed in range(300):
        random = Random(1000 + seed)
        targets, _ = sequence(random, 4, random.choice(["iiittt", "iiitttt", "itiittt", "tiiittt", "iittitt"]))
        least = three_intermediates(targets)
        assert least.intermediates <= 3, seed
        decided += bool(least.found)
    assert decided > 200


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=4))
def test_bounds_are_no_more_than_plain_rows_take_after_stripping(rows):
    if not any(map(any, rows)):
        return
    wanted = matrix(rows)
    surround = stripped(wanted)
    plain = 0 if not surround.core else additions(of_matrix(matrix_of(surround.core)))
    assert additions_bound(wanted).additions <= surround.additions + plain


def matrix_of(rows):
    return exact_matrix(rows, (len(rows), len(rows[0])), QQ)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-2, 2), min_size=4, max_size=4), min_size=1, max_size=5))
def test_two_ways_to_strip_agree(rows):
    core, other = core_of(matrix(rows).to_list()), stripped(matrix(rows))
    assert core.additions == other.additions
    assert (len(core.rows), core.columns) == (len(other.core), len(other.core[0]) if other.core else 0)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(st.sampled_from([-2, -1, 1, 2, 3]), min_size=3, max_size=3), min_size=3, max_size=3))
def test_transposition(rows):
    """The fewest additions of a matrix and of its transpose differ by rows minus columns: here not at all."""
    wanted = matrix(rows)
    ours, theirs = exact(wanted, Effort(rounds=1)), exact(wanted.transpose(), Effort(rounds=1))
    if ours and theirs:
        assert additions(ours[0]) == additions(theirs[0])
    assert additions_bound(wanted).additions == additions_bound(wanted.transpose()).additions


def test_support_by_hand():
    """Two dense rows with equal ratios in pairs: (a + b) + (c + d), (a + b) + 2 (c + d) take 4, by 2 ratios of 4."""
    assert METHODS["support"].prove(proof_elements(((1, 1, 1, 1), (1, 1, 2, 2)))).additions == 4
    assert METHODS["support"].prove(proof_elements(((1, 2, 3, 4), (1, 1, 1, 1)))).additions == 6
    assert METHODS["support"].prove(proof_elements(((1, 1, 1, 1),))).additions == 3


@pytest.mark.slow
def test_fewer_inputs_is_no_more_than_what_is_proved():
    rows = proofs()["F(4,3) B^T 0,1,-1,2,-2,inf"][0]
    assert METHODS["fewer inputs"].prove(across(Core(proof_elements(rows), 0)).rows).additions <= 12
    for name in ("F(4,5) A^T 0,1,-1,2,-2,1/2,-1/2,inf", "F(6,3) A^T 0,1,-1,2,-2,1/2,-1/2,inf"):
        assert proofs()[name][1].additions <= 16


@pytest.mark.parametrize("method", STEPS)
def test_methods_are_told_apart(method):
    rows = proof_elements(((1, 1, 1, 1), (1, -1, 2, -2), (1, 1, 4, 4), (1, -1, 8, -8)))
    bound = METHODS[method].prove(rows)
    assert bound.method == method
    assert (
        bound.additions
        == {"support": 6, "one intermediate": 6, "two intermediates": 7, "three intermediates": 8}[method]
    )


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_proof_serves_its_class(data):
    rows, bound = proofs()["F(4,3) B^T 0,1,-1,2,-2,inf"]
    factor = st.integers(-4, 4).filter(bool)
    columns = data.draw(st.permutations(range(4)))
    scales = data.draw(st.lists(factor, min_size=4, max_size=4))
    order = data.draw(st.permutations(range(6)))
    moved = tuple(primitive(rows[i][j] * scales[j] for j in columns) for i in order)
    assert same_class(rows, moved)
    found = stored_bound(Core(proof_elements(moved), 0))
    assert found is not None
    assert found.additions == bound.additions
    changed = list(map(list, moved))
    changed[0][0] += 1
    assert not same_class(rows, tuple(map(primitive, changed)))


def test_a_stored_proof_is_proved_again():
    assert recheck_proof("F(4,3) A^T 0,2/3,-2/3,3/2,-3/2,inf")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in proofs() if "F(6,3)" not in name])
def test_stored_proofs_are_proved_again(name):
    assert recheck_proof(name)


def test_prices_grow_with_what_is_run():
    """Two intermediates are excluded before three: that is never cheaper, and dear where there are many inputs."""
    for size, points in (((2, 3), "0,1,-1"), ((4, 3), "0,1,-1,2,-2"), ((6, 3), "0,1,-1,2,-2,1/2,-1/2")):
        for item in winograd(*size, points=points).maps:
            for side in (core_of(item.dense.to_list()), across(core_of(item.dense.to_list()))):
                two, three = (METHODS[f"{name} intermediates"].price(side.rows) for name in ("two", "three"))
                assert three > two if side.columns == 4 else three == two
    large = core_of(winograd(20, 3).input.dense.to_list()).rows
    assert METHODS["three intermediates"].price(large) > CASES


def test_what_a_method_has_proved_is_not_proved_again_by_the_next(monkeypatch):
    asked = []
    known = Known.single_points.func

    def counted(self):
        asked.append(tuple(self.points))
        return known(self)

    monkeypatch.setattr(Known, "single_points", cached_property(counted))
    Known.single_points.__set_name__(Known, "single_points")
    rows = proof_elements(((1, 1, 1, 1, 3), (1, -1, 2, -2, 5), (1, 1, 4, 4, 7), (1, -1, 8, -8, 11)))
    METHODS["one intermediate"].prove(rows)
    assert len(asked) == 1
    for name in ("two intermediates", "three intermediates"):
        METHODS[name].price(rows)
        METHODS[name].prove(rows)
    assert asked.count(asked[0]) == 1
