# SPDX-License-Identifier: Apache-2.0
"""The shipped programs: exact, of the class that their name says, one entry a class, as few additions as promised."""

from __future__ import annotations

from importlib.resources import files
from itertools import combinations

import pytest
from oracle_programs import additions, rows, rows_of

from wincraft import winograd
from wincraft.circuit import of_matrix
from wincraft.circuit.equivalence import equivalence
from wincraft.circuit.library import entries, entry_of, known_programs

MAPS = ("BT", "G", "AT")
COUNTS = {
    (2, 3, "0,1,-1,inf"): (4, 3, 4),
    (3, 3, "0,1,-1,2,inf"): (8, 4, 6),
    (4, 3, "0,1,-1,2,-2,inf"): (12, 5, 10),
    (4, 3, "0,3/4,-3/4,3/2,-3/2,inf"): (12, 5, 10),
    (4, 3, "0,2/3,-2/3,3/2,-3/2,inf"): (12, 6, 10),
    (4, 3, "0,1,-1,x^2+1,inf"): (9, 4, 9),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf"): (21, 8, 18),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf"): (17, 7, 19),
    (5, 3, "0,1,-1,2,-2,1/2,inf"): (17, 7, 14),
    (4, 4, "0,1,-1,2,-2,1/2,inf"): (17, 9, 12),
    (4, 5, "0,1,-1,2,-2,1/2,-1/2,inf"): (21, 14, 15),
    (2, 5, "0,1,-1,2,-2,inf"): (12, 10, 8),
    (2, 7, "0,1,-1,2,-2,1/2,-1/2,inf"): (21, 19, 12),
    (6, 3, "0,1,-1,2,-2,3,-3,inf"): (22, 7, 18),
    (7, 3, "0,1,-1,2,-2,1/2,-1/2,4,inf"): (29, 9, 25),
    (5, 5, "0,1,-1,2,-2,1/2,-1/2,4,inf"): (29, 16, 20),
    (8, 3, "0,5/4,-5/4,4/5,-4/5,7/3,-7/3,3/7,-3/7,inf"): (34, 11, 30),
    (8, 3, "0,2/5,-2/5,4/5,-4/5,6/5,-6/5,12/5,-12/5,inf"): (34, 10, 30),
    (8, 3, "0,5/14,-5/14,5/7,-5/7,10/7,-10/7,20/7,-20/7,inf"): (32, 10, 30),
    (8, 3, "0,1,-1,2,-2,1/2,-1/2,3,-3,inf"): (35, 10, 31),
}
"""m, r and points or moduli, and the additions of B^T, G and A^T that the library is to reach."""
LARGEST_FILE = 200_000
NAMES = [entry.name for entry in entries()]


def algorithm(m, r, points):
    return winograd(m, r, moduli=points) if "x" in points else winograd(m, r, points=points)


def named(name):
    """The matrix that an entry's name means, ``F(4,3) 0,1,-1,2,-2,inf BT``."""
    size, points, map_name = name.split()
    return algorithm(*map(int, size[2:-1].split(",")), points).named[map_name].dense


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_every_program_is_of_its_class_and_exact_where_it_is_moved(number):
    entry = entries()[number]
    matrix, first = named(entry.name), rows_of(entry.programs[0])
    assert (len(first), len(first[0])) == entry.shape == matrix.shape
    assert equivalence(entry.matrix, matrix) is not None
    for program in entry.programs:
        pairs = zip(rows_of(program), first, strict=True)
        assert all(
            a * y == b * x
            for row, other in pairs
            for a, x in zip(row, other, strict=True)
            for b, y in zip(row, other, strict=True)
        )
    moved = list(known_programs(matrix))
    assert len(moved) == len(entry.programs) == len(entry.found) == len(entry.texts)
    for (program, found, bound, method), shipped, text in zip(moved, entry.programs, entry.found, strict=True):
        assert (found, bound, method) == (text, entry.bound, entry.method)
        assert rows_of(program) == rows(matrix)
        assert additions(program) <= additions(shipped)  # what two of its sums have in common is found when it is moved


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_no_program_has_fewer_additions_than_the_bound_and_the_fewest_come_first(number):
    entry = entries()[number]
    counts = [additions(program) for program in entry.programs]
    assert counts == sorted(counts)
    assert 0 < entry.bound <= counts[0] <= additions(of_matrix(entry.matrix))
    assert entry.method
    assert all(entry.found)
    assert len(set(entry.texts)) == len(entry.texts)


def test_there_is_one_entry_for_a_class():
    assert len(set(NAMES)) == len(NAMES)
    for first, second in combinations(entries(), 2):
        if first.shape == second.shape:
            assert equivalence(first.matrix, second.matrix) is None, (first.name, second.name)


@pytest.mark.parametrize("case", COUNTS, ids=lambda case: f"F({case[0]},{case[1]}) {case[2]}")
def test_counts_are_as_good_as_promised(case):
    made = algorithm(*case)
    homes = [entry_of(made.named[name].dense) for name in MAPS]
    if not any(homes):
        pytest.skip("none of its maps is shipped")
    for entry, count in zip(homes, COUNTS[case], strict=True):
        assert entry is None or additions(entry.programs[0]) <= count


@pytest.mark.parametrize("points", ["0,1,-1,2,-2", "0,1,-1,1/2,-1/2", "0,3,-3,6,-6", "0,-5/7,5/7,-10/7,10/7"])
def test_one_entry_serves_all_points_of_its_class(points):
    """x -> t x and x -> 1/x of 0, 1, -1, 2, -2 and infinity."""
    made = winograd(4, 3, points=points)
    for name, count in zip(MAPS, (12, 5, 10), strict=True):
        matrix = made.named[name].dense
        found = list(known_programs(matrix))
        assert min(additions(item.program) for item in found) == count
        assert all(rows_of(item.program) == rows(matrix) for item in found)


@pytest.mark.parametrize(
    ("m", "r", "points", "count"),
    [
        (3, 3, "0,1,-1,2", 8),  # Toom-3
        (4, 4, "0,1,-1,2,-2,1/2", 17),  # Toom-4
        (4, 5, "0,1,-1,2,-2,1/2,-1/2", 21),  # Toom-4.5
        (5, 5, "0,1,-1,2,-2,1/2,-1/2,4", 29),  # Toom-5
    ],
)
def test_interpolations_of_linear_convolution_are_circuits_of_the_correlation_run_backwards(m, r, points, count):
    interpolation = winograd(m, r, points=points).transpose().maps.output.dense
    assert entry_of(interpolation) is None
    for item in (found := list(known_programs(interpolation))):
        assert rows_of(item.program) == rows(interpolation)
        assert item.found.endswith(", transposed")
        assert (item.bound, item.method) == (0, "")
    assert min(additions(item.program) for item in found) <= count


def test_what_is_in_no_class_has_no_programs():
    matrix = winograd(4, 3, points="0,1,-1,7,11").input.dense
    assert entry_of(matrix) is None
    assert list(known_programs(matrix)) == []


def test_the_file_is_small():
    assert len(files("wincraft.circuit").joinpath("library.json").read_bytes()) < LARGEST_FILE
