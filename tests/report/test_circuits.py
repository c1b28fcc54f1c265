# SPDX-License-Identifier: Apache-2.0
"""Reports of circuits: what they count and list, the document, fronts and pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from xml.etree import ElementTree

from oracle_messages import refused
from oracle_programs import additions, rows, rows_of

from wincraft import parse, winograd
from wincraft.circuit.ordering import depth, live
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.errors import UnknownName
from wincraft.measure.circuits import map_circuits
from wincraft.report.circuits import CircuitReport, picture
from wincraft.show.shown import rendered

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
        assert (facts["status"], facts["proved_by"], facts["proof"]) == ("proved minimal", "support", None)
        assert facts["live"] == live(program)
        assert facts["worst"] == {"BT": 2, "G": 2.5, "AT": 5}[name]
        assert facts["plain"]["additions"] == sum(sum(map(bool, row)) - 1 for row in rows(F23.named[name].dense))


def test_whole_tiles():
    """Line by line 8 of 4, 7 of 3, 6 of 4; not separable, the data's 31."""
    content = document(parse("F(2x2,3x3)", points="0,1,-1"))
    assert {name: facts["additions"] for name, facts in content["maps"].items()} == {"BT": 31, "G": 21, "AT": 24}
    made = parse("F(2x2,3x3)", points="0,1,-1")
    for name in MAPS:
        facts = content["maps"][name]
        program = program_of(facts)
        assert rows_of(program) == rows(made.named[name].dense)
        assert list(facts) == [key for key in content["axes"][0]["maps"][name] if key != "plain"]
        assert (facts["live"], facts["depth"]) == (live(program), depth(program))
        assert 0 < facts["lower_bound"] <= facts["additions"]
    assert {name: facts["status"] for name, facts in content["maps"].items()} == {
        "BT": "best found",
        "G": "best found",
        "AT": "proved minimal",
    }


def test_the_document_names_stored_proofs():
    facts = document(winograd(4, 3, points="0,1,-1,2,-2"))["maps"]["BT"]
    assert (facts["proved_by"], facts["proof"]) == ("three intermediates", "F(4,3) B^T 0,1,-1,2,-2,inf")


def test_noise_is_null_where_none_is_known():
    """Of more than 12 rows no context is known; over a finite field nothing has a size."""
    large, field = (document(made, "rows")["maps"]["BT"] for made in (winograd(14, 3), F23.convert("GF(31)")))
    assert (large["noise"], large["plain"]["noise"]) == (None, None)
    assert large["worst"] > 0
    assert (field["noise"], field["worst"], field["plain"]["noise"]) == (None, None, None)


def test_the_front_is_what_no_other_candidate_beats():
    ((_, maps),) = map_circuits(Circuits(F33, "fewest"))

    def seen(item):
        return (item.additions, item.noise, item.live)

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
    assert [row[-2:] for row in rows_shown[3:6]] == [["3", "2"], ["3", "2.5"], ["3", "5"]]  # live values, worst case
    assert "Worst: no output of the map is wrong by more than" in " ".join(repr(CircuitReport(Circuits(F23))).split())


def test_the_front_says_what_is_held_and_what_is_proved():
    ((header, shown),) = [
        (table.header, table.rows)
        for section in CircuitReport(Circuits(winograd(4, 3, points="0,1,-1,2,-2"), "fewest")).layout().sections
        if section.title == "Fronts"
        for table in section.tables
    ]
    assert header == ("map", "additions", "noise", "live", "status", "found")
    assert shown[:2] == (
        ("B^T", "12", "1.993", "5", "proved minimal", "neighbourhood search, seed 0"),
        ("B^T", "13", "1.351", "5", "at least 12", "neighbourhood search, seed 0"),
    )
    lines = rendered(CircuitReport(Circuits(F33, "fewest")), "text").partition("FRONTS\n")[2].splitlines()
    assert max(map(len, lines[: lines.index("")])) < 80


def test_whole_tiles_have_tables_of_their_own():
    layout = CircuitReport(Circuits(parse("F(2x2,3x3)", points="0,1,-1"), "fewest")).layout()
    (section,) = (section for section in layout.sections if section.title == "Whole tile")
    assert section.tables[0].rows[0] == ("B^T", "31", "-", "22", "2.38", "-", "best found: axes together")
    assert section.notes == ("The tile takes 76 additions.",)


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


def test_pictures_of_several_axes_are_those_of_the_whole_tile():
    circuits = Circuits(parse("F(2x2,3x3)", points="0,1,-1"), "fewest")
    for name, count in zip(MAPS, (31, 21, 24), strict=True):
        assert picture(circuits, name, "dot").count('[label="+"]') == count
        assert f"of F(2x2,3x3), {count} additions" in picture(circuits, name, "svg")
