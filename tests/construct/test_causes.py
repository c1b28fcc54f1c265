# SPDX-License-Identifier: Apache-2.0
"""What was done to right matrices is named, in the layout of the file: exact, as printed decimals and as float32."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

import wincraft as wc
from wincraft.algorithm import Refuted
from wincraft.errors import BadShape

SMALL = wc.winograd(4, 3, points="0,1,-1,2,-1/2")
SCALED = wc.winograd(3, 4, points="2,inf,0,-1,1/2,3", convention="lavin")
LONG = wc.winograd(8, 3)


def turned(rows):
    return [row[::-1] for row in rows]


def flipped(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def in_order(rows, *order):
    return [rows[k] for k in order]


def exchanged(rows, i, j):
    order = list(range(len(rows)))
    order[i], order[j] = j, i
    return in_order(rows, *order)


def changed(rows, i, change):
    return [change(row) if k == i else row for k, row in enumerate(rows)]


def entry(rows, i, j, change):
    return changed(rows, i, lambda row: [change(value) if k == j else value for k, value in enumerate(row)])


def last_first(rows):
    return in_order(rows, len(rows) - 1, *range(len(rows) - 1))


def plus(number):
    return lambda value: value + number


def tripled(row):
    return [3 * value for value in row]


CAUSES = {
    "the filter is reversed": lambda AT, G, BT: (AT, turned(G), BT),
    "the data are reversed": lambda AT, G, BT: (AT, G, turned(BT)),
    "the outputs are reversed": lambda AT, G, BT: (AT[::-1], G, BT),
    "rows 2 and 4 of G are exchanged": lambda AT, G, BT: (AT, exchanged(G, 2, 4), BT),
    "rows 2 and 4 of BT are exchanged": lambda AT, G, BT: (AT, G, exchanged(BT, 2, 4)),
    "columns 2 and 4 of AT are exchanged": lambda AT, G, BT: (flipped(exchanged(flipped(AT), 2, 4)), G, BT),
    "the rows of G are permuted": lambda AT, G, BT: (AT, last_first(G), BT),
    "row 4 of G repeats row 3": lambda AT, G, BT: (AT, changed(G, 4, lambda row: G[3]), BT),
    "tap 2 (from 0): wrong sign": lambda AT, G, BT: (AT, G, changed(BT, 2, lambda row: [-x for x in row])),
    "tap 2 (from 0): product of row scales is 3": lambda AT, G, BT: (
        AT,
        changed(G, 2, tripled),
        BT,
    ),
    "row 2, column 3 of BT is": lambda AT, G, BT: (AT, G, entry(BT, 2, 3, plus(2))),
    "row 1, column 4 of AT is": lambda AT, G, BT: (entry(AT, 1, 4, lambda x: -3 * x), G, BT),
    "row 2 of G is (": lambda AT, G, BT: (AT, changed(G, 2, lambda row: [x + k + 2 for k, x in enumerate(row)]), BT),
    "row 1, column 2 of AT is": lambda AT, G, BT: (
        entry(AT, 1, 2, plus(2)),
        G,
        entry(BT, 4, 1, plus(1)),
    ),
    "; row 4, column 1 of BT is": lambda AT, G, BT: (
        AT,
        entry(G, 3, 1, plus(2)),
        entry(BT, 4, 1, plus(1)),
    ),
}


def exact(rows):
    return rows


def printed(rows):
    return [[Decimal(f"{float(value):.6f}") for value in row] for row in rows]


def single(rows):
    return np.array([[float(value) for value in row] for row in rows], dtype=np.float32)


def matrices(algorithm):
    return [matrix.tolist() for matrix in (algorithm.AT, algorithm.G, algorithm.BT)]


def refuted(*rows, **options):
    with pytest.raises(Refuted) as caught:
        wc.identify(*rows, **options)
    return caught.value.diagnosis


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("form", [exact, printed, single], ids=lambda form: form.__name__)
def test_causes_are_named(cause, form):
    diagnosis = refuted(*map(form, CAUSES[cause](*matrices(SMALL))))
    assert cause in diagnosis.summary
    assert diagnosis.scale == "1"
    assert diagnosis.outputs
    assert "wrong outputs (from 0)" in str(diagnosis)


@pytest.mark.parametrize("cause", CAUSES)
def test_causes_are_named_of_other_points_and_more_filter_taps_than_outputs(cause):
    assert cause in refuted(*CAUSES[cause](*matrices(SCALED))).summary


@pytest.mark.parametrize("cause", ["the filter is reversed", "the rows of G are permuted", "row 2, column 3 of BT is"])
def test_causes_are_named_of_floats_that_are_no_simple_fractions(cause):
    assert cause in refuted(*map(single, CAUSES[cause](*matrices(LONG)))).summary


@pytest.mark.parametrize("form", [exact, printed], ids=lambda form: form.__name__)
def test_a_matrix_stored_transposed_is_diagnosed_where_it_stands(form):
    AT, G, BT = CAUSES["row 2, column 3 of BT is"](*matrices(SMALL))
    diagnosis = refuted(form(AT), form(G), form(flipped(BT)), names=("AT", "G", "B"))
    assert "row 3, column 2 of B is" in diagnosis.summary
    assert "BT is stored transposed" in diagnosis.summary
    assert [(repair.matrix, repair.tap) for repair in diagnosis.repairs] == [("BT", 2)]
    AT, G, BT = CAUSES["rows 2 and 4 of G are exchanged"](*matrices(SMALL))
    diagnosis = refuted(form(flipped(AT)), form(flipped(G)), form(flipped(BT)), names=("A", "GT", "B"))
    assert "columns 2 and 4 of GT are exchanged" in diagnosis.summary


def test_a_wrong_sign_in_a_transposed_matrix_of_a_public_file():
    AT = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
    G = [["1/4", 0, 0], ["-1/6", "-1/6", "-1/6"], ["-1/6", "1/6", "-1/6"], ["1/24", "1/12", "1/6"]]
    G += [["1/24", "-1/12", "1/6"], [0, 0, 1]]
    B = [[4, 0, 0, 0, 0, 0], [0, -4, 4, 2, 2, 4], [-5, -4, -4, -1, -1, 0]]
    B += [[0, 1, -1, 2, -2, -5], [1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1]]
    diagnosis = refuted(AT, G, B, names=("AT", "G", "B"))
    assert "tap 3 (from 0): row 1, column 3 of B is 2, must be -2; BT is stored transposed" in str(diagnosis)
    B[1][3] = -2
    assert wc.identify(AT, G, B, names=("AT", "G", "B")).transposed == ("BT",)


LOST = {
    "G of 6 rows for its 5: row 2 (from 0) is lost, must be (": lambda AT, G, BT: (AT, G[:2] + G[3:], BT),
    "AT of 6 columns for its 5: column 1 (from 0) is lost": lambda AT, G, BT: (
        [row[:1] + row[2:] for row in AT],
        G,
        BT,
    ),
    "BT of 6 rows for its 5: row 5 (from 0) is lost": lambda AT, G, BT: (AT, G, BT[:-1]),
    "AT of 4 rows for its 3: row 2 (from 0) is lost": lambda AT, G, BT: (AT[:2] + AT[3:], G, BT),
    "G of 3 columns for its 2: column 0 (from 0) is lost": lambda AT, G, BT: (AT, [row[1:] for row in G], BT),
    "BT of 6 columns for its 5: column 3 (from 0) is lost": lambda AT, G, BT: (AT, G, [r[:3] + r[4:] for r in BT]),
    "G of 6 rows for its 7: row 3 (from 0) is too many": lambda AT, G, BT: (AT, [*G[:3], [1, 7, 1], *G[3:]], BT),
    "G of 6 rows for its 4: rows 2 and 4 (from 0) are lost": lambda AT, G, BT: (AT, [*G[:2], G[3], G[5]], BT),
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("form", [exact, printed], ids=lambda form: form.__name__)
def test_a_lost_line_is_named(lost, form):
    with pytest.raises(BadShape) as caught:
        wc.identify(*map(form, LOST[lost](*matrices(SMALL))))
    assert lost in str(caught.value)


def test_a_lost_row_among_wrong_entries_is_told_by_the_shapes():
    AT, G, BT = matrices(SMALL)
    with pytest.raises(BadShape, match=r"G of 6 rows for its 5"):
        wc.identify(AT, changed(G[:2] + G[3:], 1, lambda row: [7, 7, 7]), BT)


def test_large_dense_matrices_are_refused_by_the_first_wrong_output():
    rng = np.random.default_rng(0)
    m = r = 60
    rows = [rng.integers(1, 9, shape) for shape in ((m, 119), (119, r), (119, 119))]
    assert refuted(*rows).partial


@pytest.mark.parametrize("cause", ["tap 2 (from 0): wrong sign", "tap 2 (from 0): product of row scales is 3"])
def test_the_factor_of_a_row_is_told_exactly_of_few_digits(cause):
    made = wc.winograd(4, 3, points="0,1,-1,1/2,-1/2", convention="balanced")
    rows = CAUSES[cause](*matrices(made))
    assert cause in refuted(*[[[f"{float(value):.5g}" for value in row] for row in table] for table in rows]).summary
