# SPDX-License-Identifier: Apache-2.0
"""What a report holds, for every kind of algorithm, and what is refused."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import Algorithm, parse, winograd
from wincraft.algorithm import LinearMap
from wincraft.construct import integer_form
from wincraft.errors import BadShape, NotApplicable, TooLarge, UnknownName
from wincraft.exact import diagonal
from wincraft.measure import parse_layer_shape
from wincraft.quantise import SCHEMES, Layer, Workload, workload
from wincraft.report import Unavailable, build_report
from wincraft.show import RENDERERS, rendered

SMALL = Workload(channels=16, outputs=2, tiles=4)
SOME = [SCHEMES[name] for name in ("tapwise-8", "fp16")]


@pytest.fixture(autouse=True)
def _quick_words(monkeypatch):
    """The smallest word takes a second and is not what is tested here."""
    monkeypatch.setattr("wincraft.analysis.smallest_word", lambda algorithm, tolerance, per="matrix": 14)


def report(algorithm, **options):
    return build_report(algorithm, **({"schemes": SOME, "workload": SMALL} | options))


def staged():
    """F(2,3) whose B^T is a chain of two stages with a third between them."""
    plain = winograd(2, 3, points="0,1,-1")
    K = plain.domain
    chain = LinearMap.of(diagonal([K(3)] * 4, K), diagonal([K(1) / 3] * 4, K) * plain.input.dense)
    return Algorithm(plain.output, plain.filter, chain)


KINDS = {
    "plain": lambda: parse("F(4x4,3x3)"),
    "rectangular": lambda: parse("F(2x4,3x2)"),
    "quadratic moduli": lambda: winograd(6, 3, moduli="0,1,-1,x^2+x+1,x^2-x+1,inf"),
    "irrational": lambda: winograd(4, 3, points="0,1,-1,sqrt(2),-sqrt(2)"),
    "chain": staged,
    "bare matrices": lambda: Algorithm.from_matrices([["2", "2"]], [[1], [0]], [[1], [1]]),
    "linear form": lambda: winograd(4, 3).transpose(),
    "one tap": lambda: winograd(3, 1),
    "one output": lambda: winograd(1, 3),
}


def test_data_is_cut_and_convolved_once_for_all_schemes(monkeypatch):
    """Counted where they are made: the tiles of a user's layer, and float64's direct convolution of them."""
    calls = Counter()

    def counted(owner, name):
        made = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given: calls.update([name]) or made(*given))

    counted(Layer, "batch")
    counted(workload, "directly")
    rng = np.random.default_rng(0)
    layer = Layer(rng.standard_normal((1, 3, 8, 8)), rng.standard_normal((2, 3, 3, 3)), 1)
    made = build_report(parse("F(2x2,3x3)"), list(SCHEMES.values()), workload=layer)
    assert calls == {"batch": 1, "directly": 1}
    references = {id(item.evaluation.simulation.reference) for item in made.schemes}
    assert len(made.schemes) == len(SCHEMES)
    assert len(references) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_algorithm_has_every_format(kind):
    found = report(KINDS[kind]())
    for name in RENDERERS:
        assert found.algorithm.size in rendered(found, name)
    assert all(len(line) <= 80 for line in rendered(found).splitlines())
    assert rendered(found).isascii()


def test_what_there_is_not_is_said():
    irrational = report(KINDS["irrational"]())
    assert isinstance(irrational.ranges, Unavailable)
    assert isinstance(irrational.channels, Unavailable)
    assert "rational" in rendered(irrational)
    quadratic = rendered(report(KINDS["quadratic moduli"]()))
    assert "cond_2 V, finite: n/a, the algorithm is not given by points; build it from points." in " ".join(
        quadratic.split()
    )
    linear = report(KINDS["linear form"]())
    assert all(isinstance(item.evaluation, Unavailable) for item in linear.schemes)
    assert "not applicable" in repr(linear)


def test_the_integer_form_is_that_of_the_convention():
    for size in ("F(4,3)", "F(2x6,3x3)"):
        found, expected = integer_form(parse(size)), parse(size, convention="integer")
        assert found.scale == expected.scale
        for axis, other in zip(found.factors, expected.factors, strict=True):
            for ours, theirs in zip(axis.maps, other.maps, strict=True):
                assert [abs(v) for row in ours.dense.to_list() for v in row] == [
                    abs(v) for row in theirs.dense.to_list() for v in row
                ]
    with refused(NotApplicable, "sqrt(2)"):
        integer_form(KINDS["irrational"]())


def test_a_scheme_that_does_not_apply_is_a_row_in_words():
    found = report(parse("F(6x6,3x3)"), schemes=[SCHEMES["ncnn-int8"], SCHEMES["fp16"]])
    assert isinstance(found.schemes[0].evaluation, Unavailable)
    assert "not applicable" in repr(found)
    assert "int16" in repr(found)


@pytest.mark.slow
def test_numbers_of_a_published_layer():
    found = report(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), layer=parse_layer_shape("64,64,56,56"), schemes=[])
    plain = [sum(vars(found.costs.plain(name)).values()) for name in ("input", "output")]
    assert plain == [336, 200]
    of_tile = 64 * found.costs.input.total + 64 * found.costs.output.total + 64 * 64 * 36
    assert found.layer.total == 196 * of_tile < 196 * (64 * 336 + 64 * 200 + 64 * 64 * 36)
    assert found.layer.direct == 56 * 56 * 64 * 64 * 9
    assert found.channels.outputs == 2**31 // (240**2 * 2**14) == 2  # tap (inf, inf): |B|_1 |G|_1 = 10 * 24


def test_the_same_seed_gives_the_same_bytes_and_another_others():
    one, same, other = (
        rendered(report(parse("F(2x2,3x3)"), workload=Workload(8, 2, 4, seed=s)), "json") for s in (3, 3, 4)
    )
    assert one == same
    assert one != other
    assert '"seed": 3' in one


def test_progress_is_told_and_the_users_arrays_are_used():
    rng = np.random.default_rng(0)
    layer = Layer(rng.standard_normal((1, 16, 8, 8)), rng.standard_normal((2, 16, 3, 3)), padding=1)
    calls = []
    found = report(parse("F(4x4,3x3)"), workload=layer, progress=lambda *call: calls.append(call))
    assert calls == [(0, 3, "tapwise-8"), (1, 3, "fp16"), (2, 3, "matrix words")]
    assert "data (1, 16, 8, 8)" in " ".join(repr(found).split())


def test_refusals():
    with refused(BadShape, "8,8,8", "F(4x4,3x3)"):
        report(parse("F(4x4,3x3)"), layer=parse_layer_shape("8,8,8"))
    with refused(TooLarge, "GiB"):
        report(parse("F(4x4,3x3)"), workload=Workload(channels=10**9))
    with refused(UnknownName, "markdown", "did you mean html"):
        rendered(report(winograd(2, 3)), "htm")


@pytest.mark.slow
def test_one_format_that_overflows_takes_no_other_row_with_it():
    found = report(winograd(20, 3), schemes=[])
    missing = [item.format for item in found.float_errors if isinstance(item.found, Unavailable)]
    assert missing == ["fp16"]
    text = " ".join(rendered(found).split())
    assert "fp16: n/a, an entry of A^T, 2.75e+11, is beyond fp16's 65504." in text
    assert "fp32, sequential sums" in text
    rows = json.loads(rendered(found, "json"))["floating_point"]
    assert ["unavailable" in row for row in rows] == [False, False, True, False]


def test_chains_are_named_and_their_stages_have_costs_and_conditions():
    found = report(parse("F(4x4,3x3)").change_basis("legendre"), schemes=[])
    text = " ".join(rendered(found).split())
    assert "B^T = BT[1] BT[0]" in text
    for words in ("- BT[0] pre-step", "- BT[1] transform", "- AT[0] transform", "- AT[1] post-step"):
        assert words in text
    assert "cond_2 BT[0] to BT[1]" in text
    plain = rendered(report(parse("F(4x4,3x3)"), schemes=[]))
    assert "pre-step" not in plain
    assert "BT[0]" not in plain.split("BIT WIDTHS")[0]


def test_what_an_output_costs_with_more_channels():
    found = report(parse("F(2x2,3x3)", points="0,1,-1"), schemes=[])
    rows = {row[0]: row[1:] for row in found.layout().only(["cost"]).sections[0].tables[1].rows}
    assert rows["with the products"] == ("5.75", "4.875", "4.219", "4.055")  # (32 + 24) / 4 / C + 4
    assert rows["share of the transforms"][0] == "30%"
    assert rows["direct convolution"] == ("9",) * 4


def test_singular():
    assert rendered(report(winograd(1, 1, points="0"), schemes=[])).startswith("F(1,1): 1 product for 1 output\n")
