# SPDX-License-Identifier: Apache-2.0
"""The kernels against brute force in Fractions, against each other, and the bound against exact values."""

from __future__ import annotations

import importlib.util
import random
from fractions import Fraction
from math import inf

import oracle_sets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wincraft import winograd
from wincraft.search import Space
from wincraft.search.points import kernels_numpy, strategies
from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import instance, lower_bound, values
from wincraft.search.points.incumbent import estimated_nodes, incumbent
from wincraft.search.points.leaves import Leaves

SYMMETRIES = ("invert", "negate")
HAS_NUMBA = importlib.util.find_spec("numba") is not None
ENDLESS = 10**15

SPACES = [
    Space(4, 3, height=2, infinity="any"),
    Space(2, 3, height=4, zero="without"),
    Space(1, 3, height=3, infinity="any"),
    Space(3, 4, shape="symmetric", height=3, infinity="any"),
    Space(3, 3, shape="symmetric", height=4, infinity="any"),
    Space(2, 3, numbers="dyadic", height=4, zero="with"),
]
MIXED = [
    Space(6, 3, shape="reciprocal", height=6, infinity="any"),
    Space(6, 3, height=2, moduli=("x^2+1", "x^2+x+1", "x^2-x+1", "x^3+x+1"), infinity="any"),
    Space(4, 3, values=("1", "-1", "1/2", "2", "x^2+1@-1", "x^2+2"), infinity="any", zero="any"),
]


def kernels():
    return [strategies.kernels(name) for name in ("numpy", "numba")[: 1 + HAS_NUMBA]]


def found_by(kernel, made, *arguments, threshold=inf, fixed=False):
    leaves = Leaves(threshold, 1e-9, fixed)
    evaluated = kernel(made, *(arguments[:1] or [()]), leaves, *arguments[1:])
    return evaluated, sorted((float(f"{value:.9g}"), chosen) for value, chosen in leaves.within)


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_every_kernel_finds_the_best_and_counts_alike(space):
    best = inf
    for part in space.parts(SYMMETRIES):
        made = instance(part, space.m, space.r)
        enumerated = [found_by(k.enumerate, made) for k in kernels()]
        enumerated.append(found_by(kernels_numpy.enumerate_rows, made))
        assert {evaluated for evaluated, _ in enumerated} == {part.classes}
        branched = [found_by(k.branch, made, (), ENDLESS) for k in kernels()]
        assert len({evaluated for (evaluated, done), _ in branched if done}) == 1
        sets = [{chosen for _, chosen in leaves} for _, leaves in (*enumerated, *branched)]
        assert all(item == sets[0] for item in sets)
        best = min(best, enumerated[0][1][0][0])
    assert best == pytest.approx(float(ORACLE[repr(space)]()), rel=1e-8)


def _least(m, r, height, infinities, keep=lambda points: True):
    return lambda: min(value for value, *_ in oracle_sets.sets(m, r, height, infinities, keep))


ORACLE = {
    repr(SPACES[0]): _least(4, 3, 2, (True, False)),
    repr(SPACES[1]): _least(2, 3, 4, (True,), lambda points: 0 not in points),
    repr(SPACES[2]): _least(1, 3, 3, (True, False)),
    repr(SPACES[3]): _least(3, 4, 3, (True, False), oracle_sets.symmetric),
    repr(SPACES[4]): _least(3, 3, 4, (True, False), oracle_sets.symmetric),
    repr(SPACES[5]): _least(
        2, 3, 4, (True,), lambda p: 0 in p and all(not q.denominator & (q.denominator - 1) for q in p)
    ),
}
"""The least m r NG of each space by brute force."""


@pytest.mark.parametrize("space", MIXED, ids=repr)
def test_moduli_of_higher_degree(space):
    for part in space.parts(SYMMETRIES):
        made = instance(part, space.m, space.r)
        evaluated, enumerated = found_by(kernels_numpy.enumerate_rows, made)
        assert evaluated == part.classes
        (_, done), branched = found_by(kernels_numpy.branch, made, (), ENDLESS)
        assert done
        assert enumerated == branched
        value, chosen = enumerated[0]
        exact = winograd(space.m, space.r, moduli=list(part.texts(chosen))).noise_gain() * space.m * space.r
        assert value == pytest.approx(float(exact), rel=1e-8)


@pytest.mark.parametrize("space", [SPACES[0], SPACES[3]], ids=repr)
def test_a_fixed_threshold_lists_all_sets_below_it(space):
    for part in space.parts(SYMMETRIES):
        made = instance(part, space.m, space.r)
        everything = found_by(kernels_numpy.enumerate_rows, made, fixed=True)[1]
        limit = everything[len(everything) // 3][0] * (1 + 1e-7)
        expected = [chosen for value, chosen in everything if value <= limit]
        for k in kernels():
            for run in ((k.enumerate, made), (k.branch, made, (), ENDLESS)):
                assert [chosen for _, chosen in found_by(*run, threshold=limit, fixed=True)[1]] == expected


@pytest.mark.parametrize("kernel", kernels(), ids=lambda kernel: kernel.name)
def test_prefixes_partition_the_space(kernel):
    space = SPACES[0]
    part = space.parts(SYMMETRIES)[2]
    made = instance(part, space.m, space.r)
    whole = found_by(kernel.enumerate, made, fixed=True)
    pieces = [
        found_by(kernel.enumerate, made, (i,), fixed=True) for i in range(len(part.members)) if part.covered((i,))
    ]
    assert sum(evaluated for evaluated, _ in pieces) == whole[0]
    assert sorted(leaf for _, leaves in pieces for leaf in leaves) == whole[1]
    branched = [found_by(kernel.branch, made, (i,), ENDLESS, fixed=True)[1] for i in range(len(part.members))]
    assert [chosen for _, chosen in sorted(leaf for leaves in branched for leaf in leaves)] == [
        chosen for _, chosen in whole[1]
    ]


@pytest.mark.parametrize("kernel", kernels(), ids=lambda kernel: kernel.name)
def test_a_budget_ends_a_call(kernel):
    made = instance(Space(4, 3, height=6).parts(SYMMETRIES)[1], 4, 3)
    assert not kernel.branch(made, (), Leaves(inf, 0), 1000)[1]


@pytest.mark.parametrize("kernel", kernels(), ids=lambda kernel: kernel.name)
def test_a_budget_that_the_way_to_a_prefix_takes_loses_no_set(kernel):
    """The last member is chosen in any case: a prefix that is split further would be a set, which no call looks at."""
    made = instance(SPACES[0].parts(SYMMETRIES)[2], 4, 3)
    _, whole = found_by(kernel.branch, made, (), ENDLESS, fixed=True)
    stems = {chosen[:-1] for _, chosen in whole}
    pieces = [found_by(kernel.branch, made, stem, 1, fixed=True) for stem in stems]
    assert all(done for (_, done), _ in pieces)
    assert sorted(leaf for _, leaves in pieces for leaf in leaves) == whole


@st.composite
def sets_of_members(draw):
    space = draw(
        st.sampled_from(
            [
                Space(4, 3, height=6, infinity="any"),
                Space(6, 3, shape="symmetric", height=6, infinity="any"),
                Space(6, 3, shape="reciprocal", height=6, infinity="any"),
                Space(4, 3, height=4, moduli=("x^2+1", "x^2+x+1", "x^2-x+1"), infinity="any"),
                Space(2, 5, height=5, moduli=("x^3+x+1", "x^2+3"), infinity="any"),
            ]
        )
    )
    part = draw(st.sampled_from(space.parts()))
    shuffled = random.Random(draw(st.integers(0, 2**32))).sample(range(len(part.members)), len(part.members))
    chosen, left = [], part.degree
    for i in sorted(shuffled, key=lambda i: -part.degrees[i]) if draw(st.booleans()) else shuffled:
        if part.degrees[i] <= left:
            chosen.append(i)
            left -= part.degrees[i]
    return (space, part, chosen) if not left else draw(sets_of_members())


@given(sets_of_members())
def test_the_bound_is_admissible_and_grows(drawn):
    """bound(S) <= the exact value of the full set, for every part of it, and equal at the full set."""
    space, part, chosen = drawn
    made = instance(part, space.m, space.r)
    exact = float(winograd(space.m, space.r, moduli=list(part.texts(chosen))).noise_gain() * space.m * space.r)
    before = 0.0
    for size in range(len(chosen) + 1):
        partial = lower_bound(made, chosen[:size], missing=False)
        assert before <= partial * (1 + 1e-7)
        assert lower_bound(made, chosen[:size]) <= exact * (1 + 1e-7)
        before = partial
    assert before == pytest.approx(exact, rel=1e-6)
    assert values(made, [chosen])[0] == pytest.approx(exact, rel=1e-6)


@given(sets_of_members())
def test_the_kernel_keeps_every_prefix_of_a_set_that_is_within_the_threshold(drawn):
    space, part, chosen = drawn
    made = instance(part, space.m, space.r)
    chosen = sorted(chosen)
    value = float(values(made, [chosen])[0])
    if value > 1e6:
        return
    state = kernels_numpy.root(made)
    for member in chosen:
        found = kernels_numpy.children(made, state, value * (1 + 1e-8))
        at = found.state.ids.tolist().index(member)
        assert found.bounds[at] <= value * (1 + 1e-8)
        state = kernels_numpy.with_member(made, found.state, at)
    assert state.value == pytest.approx(value, rel=1e-8)


@given(st.sets(st.fractions(-4, 4, max_denominator=6), min_size=3, max_size=6), st.booleans())
def test_the_value_of_points_is_that_of_the_oracle(points, infinite):
    n = len(points) + infinite
    if n < 3:
        return
    texts = [str(p) for p in points] + ["inf"] * infinite
    exact = oracle_sets.noise_gain(sorted(points), n - 2, 3, infinite)
    gain = winograd(n - 2, 3, moduli=texts).noise_gain()
    assert Fraction(int(gain.p), int(gain.q)) * (n - 2) * 3 == exact


@pytest.mark.parametrize("space", [*SPACES, *MIXED], ids=repr)
def test_the_incumbent_is_attained(space):
    for part in space.parts(SYMMETRIES):
        made = instance(part, space.m, space.r)
        value, chosen = incumbent(made)
        if value < inf:
            assert values(made, [chosen])[0] == pytest.approx(value)
            assert is_canonical(chosen, made.symmetries)
            leaves = Leaves(value * (1 + 1e-9), 1e-9)
            assert kernels_numpy.branch(made, (), leaves, ENDLESS)[1]
            assert leaves.within
            assert estimated_nodes(made, value) > 0
