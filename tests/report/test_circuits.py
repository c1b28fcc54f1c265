# SPDX-License-Identifier: Apache-2.0
"""Reports of circuits: what they count and list, the document, fronts and pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from xml.etree import ElementTree

from oracle_messages import refused
from oracle_programs import additions, rows, rows_of

from wincraft import parse, winograd
from wincraft.circuit.ordering import live
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.errors import UnknownName
from wincraft.measure.circuits import map_circuits
from wincraft.report.circuits import CircuitReport, picture

MAPS = ("BT", "G", "AT")
F23, F33 = winograd(2, 3, points="0,1,-1"), winograd(3, 3, points="0,1,-1,2")


def document(made, choice="fewest"):
    """As it is read from a file."""
    return json.loads(json.dumps(CircuitReport(Circuits(made, choice)).document()))


def program_of(facts):
    ends = [f"{word} {' '.join(facts[word])}" for word in ("inputs", "outputs")]
    return parse_program("\n".join([ends[0], *facts["operations"], ends[1]]))


def test_the_document_holds_the_programs_and_their_counts():
    """F(2,3) takes 4, 3 and 4 additions, all proved minimal."""
    content = document(F23)
    assert (content["kind"], content["version"], content["size"]) == ("wincraft.circuit", 1, "F(2,3)")
    assert content["maps"] == content["axes"][0]["maps"]
    for name, count in zip(MAPS, (4, 3, 4), strict=True):
        facts = content["maps"][name]
        program = program_of(facts)
        assert rows_of(program) == rows(F23.named[name].dense)
        assert facts["additions"] == additions(program) == facts["lower_bound"] == count
        assert facts["status"] == "proved minimal"
        assert facts["live"] == live(program)
        assert facts["plain"]["additions"] == sum(sum(map(bool, row)) - 1 for row in rows(F23.named[name].dense))


def test_whole_tiles():
    """Line by line 8 of 4, 7 of 3, 6 of 4; not separable, the data's 31."""
    content = document(parse("F(2x2,3x3)", points="0,1,-1"))
    assert {name: facts["additions"] for name, facts in content["maps"].items()} == {"BT": 31, "G": 21, "AT": 24}
    made = parse("F(2x2,3x3)", points="0,1,-1")
    for name in MAPS:
        assert rows_of(program_of(content["maps"][name])) == rows(made.named[name].dense)


def test_the_front_is_what_no_other_candidate_beats():
    ((_, maps),) = map_circuits(Circuits(F33, "fewest"))

    def seen(item):
        return (item.additions, item.noise, live(item.program))

    def beaten(value, values):
        return any(other != value and all(x <= y for x, y in zip(other, value, strict=True)) for other in values)

    for item in maps:
        values = {seen(one) for one in item.candidates}
        assert [seen(one) for one in item.front] == sorted(value for value in values if not beaten(value, values))
        assert item.plain_noise * item.noise_gain == item.candidates[0].noise
        assert isinstance(item.noise, Fraction)


def test_what_people_see():
    text = str(CircuitReport(Circuits(F23, "fewest")).layout())
    assert text
    lines = repr(CircuitReport(Circuits(F23, "fewest"))).splitlines()
    assert lines[0] == "circuits of F(2,3): fewest"
    rows_shown = [line.split() for line in lines if line.strip().startswith(("B^T ", "G ", "A^T "))]
    assert [row[:4] for row in rows_shown[:3]] == [["B^T", "4", "4", "4"], ["G", "3", "4", "3"], ["A^T", "4", "4", "4"]]


def test_pictures():
    circuits = Circuits(F23, "fewest")
    for name, count in zip(MAPS, (4, 3, 4), strict=True):
        root = ElementTree.fromstring(picture(circuits, name, "svg"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert f"{count} additions" in root.find("{http://www.w3.org/2000/svg}title").text
        dot = picture(circuits, name, "dot")
        assert dot.startswith("digraph ")
        assert dot.count('[label="+"]') == count
    with refused(UnknownName, "map", "B"):
        picture(circuits, "B", "svg")
