# SPDX-License-Identifier: Apache-2.0
"""Documents of circuits are checked without trust: sound ones are proved, every fault that is put in is found."""

from __future__ import annotations

import copy
import json
from unittest import mock

import pytest
from oracle_messages import refused
from oracle_programs import rows, rows_of

from wincraft import parse, winograd
from wincraft.algorithm.refutation import Refuted
from wincraft.circuit.ordering import live
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.errors import BadDocument, BadValue, ClaimRefuted, WincraftError
from wincraft.report.circuit_check import check_circuits, computed
from wincraft.report.circuits import CircuitReport

MAPS = ("BT", "G", "AT")
F23, F33 = winograd(2, 3, points="0,1,-1"), winograd(3, 3, points="0,1,-1,2")


def document(made, choice="fewest"):
    """As it is read from a file."""
    return json.loads(json.dumps(CircuitReport(Circuits(made, choice)).document()))


SOUND = {choice: document(F23, choice) for choice in ("fewest", "default")}
TILE = document(parse("F(2x2,3x3)", points="0,1,-1"))


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


@pytest.mark.slow_cases("F(3,3)", "whole", "one B^T", "large")
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
        winograd(11, 3),
        winograd("4x4,3x3", points="whole"),
        parse("F(4x3,3x4)", points="0,1,-1,2,-2"),
    ],
    ids=["F(3,3)", "F(2x2,3x3)", "integer", "scale 2", "chain", "GF(31)", "sqrt(2)", "large", "whole", "one B^T"],
)  # fmt: skip
def test_documents_of_all_algorithms_are_proved(made):
    lines = checked(document(made, "default" if made.m == (4, 4) else "fewest"))
    axes = dict.fromkeys(made.factors) if made.separable else [made]
    assert sum("by its three programs together" in line for line in lines) == len(axes)


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
    with refused(ClaimRefuted, "f.json: maps: G claims operations", "its axis has"):
        checked(content)


def test_a_factor_that_is_moved_into_another_program_is_not_what_the_document_has():
    """Row 1 of G times 2, product 1 over 2 where A^T reads it: an algorithm, though not the one of the document."""
    content = copy.deepcopy(SOUND["fewest"])
    for maps in (content["axes"][0]["maps"], content["maps"]):
        drop_factor(maps)
        rest = "\n".join(["", *maps["AT"]["operations"], ""]).replace("m1", "half")
        maps["AT"]["operations"] = ["half = m1 >> 1", *rest.strip().split("\n")]
    text = "refuted: f.json: F(2,3): AT claims to compute that of F(2,3); its program computes another matrix"
    with refused(ClaimRefuted, text):
        checked(content)


def put(name, key, value):
    def change(maps):
        maps[name][key] = value

    return change


@pytest.mark.parametrize(
    ("choice", "change", "mentions"),
    [
        ("fewest", put("BT", "additions", 3), ["BT", "3 additions", "has 4"]),
        ("fewest", put("AT", "additions", 5), ["AT", "5 additions", "has 4"]),
        ("fewest", put("BT", "lower_bound", 5), ["BT", "lower bound of 5 by support", "4 is what that proves"]),
        ("default", put("G", "lower_bound", 4), ["G", "lower bound of 4 by support", "3 is what that proves"]),
        ("default", put("G", "status", "proved minimal"), ["G", "proved minimal", "it takes 4", "3 is the bound"]),
        ("default", put("G", "status", "good"), ["G claims to be good; it can be proved minimal, best found, chosen"]),
        ("fewest", put("BT", "status", "best found"), ["BT claims to be best found; it takes 4, and 4 is the bound"]),
        ("fewest", put("BT", "status", "chosen"), ["BT claims to be chosen; it takes 4, and 4 is the bound"]),
        ("fewest", put("BT", "proved_by", "magic"), ["BT claims a proof by magic; methods are support, one interm"]),
        ("fewest", put("BT", "proof", "x"), ["BT claims a lower bound of 4 by the stored proof x; 0 is what that"]),
        ("fewest", put("BT", "noise", 0.001), ["BT claims a noise of 0.001; its program has 1.0"]),
        ("fewest", put("BT", "noise", None), ["its noise is null; it has to be a number"]),
        ("fewest", put("AT", "worst", 4.9), ["AT claims a worst of 4.9; its program has 5.0"]),
        ("fewest", put("G", "plain", {"additions": 99, "noise": 1.0}), ["G: plain claims 99 additions; its program h"]),
        (
            "fewest",
            put("G", "plain", {"additions": 4, "noise": 0.1}),
            ["G: plain claims a noise of 0.1; its prog"],
        ),
        ("fewest", put("G", "plain", {"additions": 4}), ["G: plain: its noise is missing; write it with"]),
        ("fewest", put("G", "plain", 4), ["G: plain: it is 4; it has to be an object"]),
        ("fewest", put("BT", "live", "3"), ['BT: its live is "3"; it has to be a whole number']),
        ("fewest", put("BT", "live", True), ["BT: its live is true; it has to be a whole number"]),
        ("fewest", put("BT", "noise", "much"), ['BT: its noise is "much"; it has to be a number']),
        ("fewest", put("BT", "found", 7), ["BT: its found is 7; it has to be a text"]),
        ("fewest", put("BT", "least", 4), ["BT: it states least, which nothing checks"]),
    ],
)
def test_claims_that_do_not_hold(choice, change, mentions):
    assert checked(SOUND[choice])
    with refused((ClaimRefuted, BadDocument), *mentions):
        checked(changed(change, choice))


def test_counts_of_whole_tiles_are_counted_again():
    content = document(parse("F(2x2,3x3)", points="0,1,-1"), "default")
    content["maps"]["BT"]["additions"] = 31
    with refused(ClaimRefuted, "refuted: f.json: maps: BT claims 31 additions; its program has 32"):
        checked(content)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"status": "proved minimal"}, "maps: BT claims to be proved minimal; it takes 31, and 22 is the bound"),
        ({"lower_bound": 31}, "maps: BT claims a lower bound of 31 by support; 22 is what that proves"),
        ({"proved_by": "two intermediates"}, "maps: BT claims a proof by two intermediates; methods are support"),
        ({"status": "least"}, "maps: BT claims to be least; it can be proved minimal, best found, chosen"),
        ({"live": 6}, "maps: BT claims 6 live; its program has"),
        ({"noise": 2.0}, "maps: BT claims a noise of 2.0; its program has 2.38"),
        ({"worst": 1.0}, "maps: BT claims a worst of 1.0; its program has"),
        ({"plain": {}}, "maps: BT: it states plain, which nothing checks"),
    ],
)
def test_claims_of_whole_tiles_that_do_not_hold(facts, says):
    content = copy.deepcopy(TILE)
    content["maps"]["BT"].update(facts)
    with refused((ClaimRefuted, BadDocument), says):
        checked(content)


def test_what_is_proved_of_whole_tiles():
    assert checked(TILE)[-3:] == [
        "AT of F(2x2,3x3): 24 additions, constants free, proved minimal: support",
        "G of F(2x2,3x3): 21 additions, constants free; no circuit has fewer than 13: support",
        "BT of F(2x2,3x3): 31 additions, constants free; no circuit has fewer than 22: support",
    ]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("version", 99, "cannot read f.json: its kind and version are 'wincraft.circuit', 99; this reads wincraft"),
        ("kind", "wincraft.search", "its kind and version are 'wincraft.search', 1; this reads wincraft.circuit, v"),
        ("model", "shift-adds", "refuted: f.json claims the model shift-adds; what is counted is additions, constants"),
        ("circuit", "least", "cannot read f.json: its circuit is 'least'; unknown circuit 'least': "),
        ("circuit", "fewest:registers=x", "its circuit is 'fewest:registers=x'; option registers of a circuit is"),
        ("circuit", 3, "cannot read f.json: its circuit is 3; it has to be a text"),
        ("wincraft", 3, "cannot read f.json: its wincraft is 3; it has to be a text"),
        ("author", "me", "cannot read f.json: it states author, which nothing checks; write it with wincraft circuit"),
    ],
)
def test_what_the_whole_document_states(key, value, says):
    content = copy.deepcopy(SOUND["fewest"])
    content[key] = value
    with refused((ClaimRefuted, BadDocument), says):
        checked(content)


def statements(content, at=()):
    """The place of everything that a document states: every key of an object, every entry of a list."""
    places = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in places:
        yield (*at, key)
        yield from statements(value, (*at, key))


PLACES = [at for at in statements(SOUND["fewest"]) if at[0] in ("axes", "maps")]


@pytest.mark.parametrize("at", PLACES, ids=lambda at: "-".join(map(str, at)))
def test_no_statement_can_be_changed_or_left_out(at):
    """In the axis or in the whole alone; only where a program was found can be any text, and is the same in both."""
    for change in ("left out", 99, "magic", True):
        content = copy.deepcopy(SOUND["fewest"])
        holder = content
        for key in at[:-1]:
            holder = holder[key]
        if change == "left out":
            del holder[at[-1]]
        else:
            holder[at[-1]] = change
        with pytest.raises(WincraftError) as caught:
            checked(content)
        assert "\n" not in str(caught.value)


def test_where_a_program_was_found_is_text_that_nobody_can_check():
    assert checked(changed(put("BT", "found", "by hand"))) == checked(SOUND["fewest"])


def test_a_weaker_bound_is_no_proof_of_minimality():
    content = changed(put("BT", "lower_bound", 3))
    with refused(ClaimRefuted, "BT claims to be proved minimal; it takes 4, and 3 is the bound"):
        checked(content)
    for maps in (content["axes"][0]["maps"], content["maps"]):
        maps["BT"]["status"] = "best found"
    assert checked(content)[-1] == "BT: 4 additions, constants free; no circuit has fewer than 3: support"


@pytest.mark.parametrize("choice", ["quiet", "rows"])
def test_a_choice_that_takes_another_program(choice):
    """Of F(3,3) the fewest additions are not the least noise."""
    content = document(F33)
    content["circuit"] = choice
    remarks = [line.partition("; " + choice)[2] for line in checked(content)[1:]]
    assert all(remark.startswith(" takes ") and remark.endswith(" live values") for remark in filter(None, remarks))
    assert any(remarks)


def test_a_good_order_is_what_is_chosen():
    """All operations on inputs first: more values are held."""
    made = winograd(4, 3, points="0,1,-1,2,-2")
    content = document(made)
    for maps in (content["axes"][0]["maps"], content["maps"]):
        facts = maps["BT"]
        facts["operations"].sort(key=lambda line: " t" in line.partition("=")[2] or "- t" in line)
        ends = [f"{word} {' '.join(facts[word])}" for word in ("inputs", "outputs")]
        facts["live"] = live(parse_program("\n".join([ends[0], *facts["operations"], ends[1]])))
    assert facts["live"] > 5
    assert checked(content)[-1].endswith("; fewest takes 12 additions, noise 1.993, 5 live values")


def test_stored_proofs_are_run_again_where_asked():
    """A^T of F(4,3) transposed is small: a second."""
    content = document(winograd(4, 3, points="0,1,-1,2,-2"))
    lines = "AT: 10 additions, constants free, proved minimal: three intermediates, "
    assert checked(content)[1] == f"{lines}the proof as stored"
    with mock.patch("wincraft.circuit.minimum.claim.recheck_proof", return_value=True) as rerun:
        assert list(check_circuits(content, "f.json", thorough=True))[1] == f"{lines}the stored proof run again"
    assert [call.args for call in rerun.call_args_list] == [
        ("F(4,3) A^T 0,1,-1,2,-2,inf",),
        ("F(4,3) B^T 0,1,-1,2,-2,inf",),
    ]
    with (
        mock.patch("wincraft.circuit.minimum.claim.recheck_proof", return_value=False),
        refused(BadValue, "F(4,3) A^T 0,1,-1,2,-2,inf", "it does not prove this matrix"),
    ):
        list(check_circuits(content, "f.json", thorough=True))


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
@pytest.mark.parametrize("key", list(SOUND["fewest"]["maps"]["BT"]))
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
        ("additions", "4", ['its additions is "4"; it has to be a whole number']),
    ],
)  # fmt: skip
def test_what_is_no_program(key, value, mentions):
    with refused(BadDocument, *mentions):
        checked(changed(put("BT", key, value)))


def test_the_checker_runs_programs_on_its_own():
    program = parse_program("inputs a b; s = a - 3 * b; t = 2 * a - s; u = t / -4; v = u << 2; w = v + b; outputs w s")
    assert rows(computed(program)) == rows_of(program) == [[-1, -2], [1, -3]]
