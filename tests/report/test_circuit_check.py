# SPDX-License-Identifier: Apache-2.0
"""Documents of circuits are checked without trust: sound ones are proved, every fault that is put in is found."""

from __future__ import annotations

import copy
import json

import pytest
from oracle_messages import refused
from oracle_programs import rows, rows_of

from wincraft import parse, winograd
from wincraft.algorithm.refutation import Refuted
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.errors import BadDocument, ClaimRefuted
from wincraft.report.circuit_check import check_circuits, computed
from wincraft.report.circuits import CircuitReport

MAPS = ("BT", "G", "AT")
F23, F33 = winograd(2, 3, points="0,1,-1"), winograd(3, 3, points="0,1,-1,2")


def document(made, choice="fewest"):
    """As it is read from a file."""
    return json.loads(json.dumps(CircuitReport(Circuits(made, choice)).document()))


SOUND = {choice: document(F23, choice) for choice in ("fewest", "default")}


def checked(content):
    return list(check_circuits(content, "f.json"))


def changed(change, choice="fewest"):
    """The document of F(2,3) with the facts of its axis and of the whole changed alike."""
    content = copy.deepcopy(SOUND[choice])
    for maps in (content["axes"][0]["maps"], content["maps"]):
        change(maps)
    return content


@pytest.mark.parametrize("choice", ["fewest", "default", "quiet", "rows"])
def test_what_is_written_is_proved(choice):
    lines = checked(document(F23, choice))
    assert lines[0].startswith("F(2,3) proved: 24 exact identities, 4 products, scale 1")
    assert [line.partition(":")[0] for line in lines[1:]] == ["AT", "G", "BT"]


@pytest.mark.slow_cases("F(3,3)")
@pytest.mark.parametrize(
    "made",
    [
        F33,
        parse("F(2x2,3x3)", points="0,1,-1"),
        parse("F(2x3,3x2)", convention="integer"),
        winograd(2, 3, points="0,1,-1", convention="integer"),
        F23.change_basis("legendre"),
        F23.convert("GF(31)"),
        winograd(2, 2, points="0,sqrt(2)"),
    ],
    ids=["F(3,3)", "F(2x2,3x3)", "integer", "scale 2", "chain", "GF(31)", "sqrt(2)"],
)  # fmt: skip
def test_documents_of_all_algorithms_are_proved(made):
    lines = checked(document(made))
    assert sum("by its three programs together" in line for line in lines) == len(dict.fromkeys(made.factors))


def drop_factor(maps):
    """Row 1 of G is (1/2, 1/2, 1/2): twice that."""
    facts = maps["G"]
    facts["operations"] += [f"more = 2 * {facts['outputs'][1]}"]
    facts["outputs"][1] = "more"


def constant_changed(maps):
    facts = maps["G"]
    text = "\n".join(facts["operations"])
    assert "1/2" in text or ">> 1" in text
    facts["operations"] = text.replace("1/2", "1/3").replace(">> 1", ">> 2").split("\n")


def sign_changed(maps):
    facts = maps["BT"]
    line = next(k for k, text in enumerate(facts["operations"]) if " - " in text)
    facts["operations"][line] = facts["operations"][line].replace(" - ", " + ")


@pytest.mark.parametrize("change", [constant_changed, sign_changed, drop_factor])
def test_programs_of_no_algorithm_are_refuted(change):
    with pytest.raises((Refuted, ClaimRefuted)) as caught:
        checked(changed(change))
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)


def test_a_factor_dropped_in_the_programs_of_the_axis_alone_is_refuted():
    content = copy.deepcopy(SOUND["fewest"])
    drop_factor(content["axes"][0]["maps"])
    with pytest.raises((Refuted, ClaimRefuted)):
        checked(content)


def test_a_factor_dropped_in_the_programs_of_the_whole_alone_is_refuted():
    content = copy.deepcopy(SOUND["fewest"])
    drop_factor(content["maps"])
    with refused(ClaimRefuted, "G", "another matrix"):
        checked(content)


def test_a_factor_that_is_moved_into_another_program_is_proved():
    """Row 1 of G times 2, product 1 over 2 where A^T reads it: an algorithm, though not the one of the document."""
    content = copy.deepcopy(SOUND["fewest"])
    drop_factor(content["axes"][0]["maps"])
    facts = content["axes"][0]["maps"]["AT"]
    rest = "\n".join(["", *facts["operations"], ""]).replace("m1", "half")
    facts["operations"] = ["half = m1 >> 1", *rest.strip().split("\n")]
    for name in ("G", "AT"):
        for key in ("multiplications", "shifts", "shift_adds", "depth", "live", "noise"):
            content["axes"][0]["maps"][name].pop(key)
    assert checked(content)[0].startswith("F(2,3) proved")


def put(name, key, value):
    def change(maps):
        maps[name][key] = value

    return change


@pytest.mark.parametrize(
    ("choice", "change", "mentions"),
    [
        ("fewest", put("BT", "additions", 3), ["BT", "3 additions", "has 4"]),
        ("fewest", put("AT", "additions", 5), ["AT", "5 additions", "has 4"]),
        ("fewest", put("BT", "lower_bound", 5), ["BT", "lower bound of 5", "4 is what can be proved"]),
        ("default", put("G", "lower_bound", 4), ["G", "lower bound of 4", "3 is what can be proved"]),
        ("default", put("G", "status", "proved minimal"), ["G", "proved minimal", "it takes 4", "3 is the bound"]),
    ],
)
def test_claims_that_do_not_hold(choice, change, mentions):
    assert checked(SOUND[choice])
    with refused(ClaimRefuted, *mentions):
        checked(changed(change, choice))


def test_counts_of_whole_tiles_are_counted_again():
    content = document(parse("F(2x2,3x3)", points="0,1,-1"), "default")
    content["maps"]["BT"]["additions"] = 31
    with refused(ClaimRefuted, "BT", "31 additions", "has 32"):
        checked(content)


@pytest.mark.parametrize("key", ["multiplications", "small", "shifts", "shift_adds", "depth", "live"])
def test_the_other_counts_are_counted_again(key):
    with refused(ClaimRefuted, "BT", key.replace("_", "-")):
        checked(changed(lambda maps: maps["BT"].update({key: maps["BT"][key] + 1})))


def test_every_axis_of_the_algorithm_must_be_there_and_no_other():
    content = document(parse("F(2x3,3x2)", points="0,1,-1"))
    assert len(content["axes"]) == 2
    without, other = copy.deepcopy(content), copy.deepcopy(content)
    del without["axes"][1]
    other["axes"][1] = document(F33)["axes"][0]
    for wrong in (without, other):
        with pytest.raises((BadDocument, ClaimRefuted)):
            checked(wrong)


def test_another_size():
    content = copy.deepcopy(SOUND["fewest"])
    content["axes"][0]["size"] = "F(6,3)"
    with pytest.raises((BadDocument, ClaimRefuted)):
        checked(content)


def test_another_scale():
    content = copy.deepcopy(SOUND["fewest"])
    content["axes"][0]["scale"] = "2"
    with refused(ClaimRefuted, "a scale of 2"):
        checked(content)


@pytest.mark.parametrize("key", ["algorithm", "axes", "maps", "size"])
def test_what_is_missing(key):
    content = copy.deepcopy(SOUND["fewest"])
    del content[key]
    with refused(BadDocument, "f.json", key):
        checked(content)


@pytest.mark.parametrize("value", [None, 7, "text", [], {"BT": 3}])
@pytest.mark.parametrize("key", ["axes", "maps"])
def test_what_is_of_another_kind(key, value):
    content = copy.deepcopy(SOUND["fewest"])
    content[key] = value
    with refused(BadDocument, "f.json"):
        checked(content)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("key", ["inputs", "operations", "outputs", "additions", "lower_bound"])
def test_what_is_missing_of_a_map(name, key):
    with refused(BadDocument, "f.json", key):
        checked(changed(lambda maps: maps[name].pop(key)))


@pytest.mark.parametrize(
    ("key", "value", "mentions"),
    [
        ("operations", ["t0 = d0 - nowhere"], ["no value nowhere stands above"]),
        ("operations", ["t0 = d0 + t1", "t1 = t0 + d1"], ["no value t1 stands above"]),
        ("operations", ["t0 = d0 + d1", "t0 = d0 - d1"], ["t0 stands twice"]),
        ("operations", [7], ["operations are no texts"]),
        ("operations", ["t0 = d0 * d1"], ["no operation"]),
        ("operations", ["t0 = d0 / 0"], ["0"]),
        ("outputs", ["d0", "d9", "d1", "d2"], ["no value d9 stands above"]),
        ("outputs", [], ["no operation"]),
        ("inputs", ["d0", "d0"], ["different names"]),
        ("additions", "4", ["additions"]),
    ],
)  # fmt: skip
def test_what_is_no_program(key, value, mentions):
    with refused(BadDocument, *mentions):
        checked(changed(put("BT", key, value)))


def test_the_checker_runs_programs_on_its_own():
    program = parse_program("inputs a b; s = a - 3 * b; t = 2 * a - s; u = t / -4; v = u << 2; w = v + b; outputs w s")
    assert rows(computed(program)) == rows_of(program) == [[-1, -2], [1, -3]]
