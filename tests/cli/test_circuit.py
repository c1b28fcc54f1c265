# SPDX-License-Identifier: Apache-2.0
"""``wincraft circuit``, and ``wincraft verify`` of what it writes."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from oracle_programs import additions

from wincraft.circuit.text import parse_program

F23 = ["F(2,3)", "--points", "0,1,-1"]


@pytest.fixture
def written(wincraft_here, tmp_path):
    """The document of F(2,3) with the fewest additions, and its path."""
    path = tmp_path / "f.json"
    wincraft_here("circuit", *F23, "--circuit", "fewest", "--format", "json", "-o", path, check=0)
    return path, json.loads(path.read_text())


def one_line(text):
    return len(text.strip().splitlines()) == 1


def test_what_is_written_is_verified(wincraft_here, written):
    path, content = written
    assert {name: facts["additions"] for name, facts in content["maps"].items()} == {"BT": 4, "G": 3, "AT": 4}
    done = wincraft_here("verify", path, check=0)
    assert done.stdout.splitlines()[0].startswith("F(2,3) proved: 24 exact identities")
    assert "BT: 4 additions, constants free, proved minimal" in done.stdout
    assert done.stderr == ""


def faults(content):
    """Each with what it is called; the axis and the whole are changed alike."""

    def both(change):
        changed = json.loads(json.dumps(content))
        for maps in (changed["axes"][0]["maps"], changed["maps"]):
            change(maps)
        return changed

    def constant(maps):
        text = "\n".join(maps["G"]["operations"])
        changed = text.replace("1/2", "1/3").replace(">> 1", ">> 2")
        assert changed != text
        maps["G"]["operations"] = changed.split("\n")

    def factor(maps):
        maps["BT"]["operations"].append(f"more = 2 * {maps['BT']['outputs'][1]}")
        maps["BT"]["outputs"][1] = "more"

    yield "constant", both(constant)
    yield "count", both(lambda maps: maps["BT"].update(additions=3))
    yield "bound", both(lambda maps: maps["AT"].update(lower_bound=5))
    yield "factor", both(factor)


FAULTS = {
    "constant": "not F(2,3): taps 1 and 2",
    "count": "3 additions",
    "bound": "lower bound of 5",
    "factor": "not F(2,3): tap 1 (from 0): product of row scales is 2, must be 1",
}


@pytest.mark.parametrize(("name", "says"), FAULTS.items())
def test_faults_are_refuted(wincraft_here, written, name, says):
    path, content = written
    changed = dict(faults(content))[name]
    path.write_text(json.dumps(changed))
    done = wincraft_here("verify", path, check=1)
    first, *diagnosis = (done.stdout + done.stderr).splitlines()
    assert says in first
    assert all(line.startswith("  ") for line in diagnosis)  # of a convolution that is none, as of all matrices
    assert not diagnosis or done.stderr == ""


def test_minimality_that_is_not_proved_is_refuted(wincraft_here, tmp_path):
    """By default G is of rows: 4 additions where 3 do."""
    path = tmp_path / "f.json"
    wincraft_here("circuit", *F23, "--format", "json", "-o", path, check=0)
    content = json.loads(path.read_text())
    assert content["axes"][0]["maps"]["G"]["additions"] == 4
    wincraft_here("verify", path, check=0)
    content["axes"][0]["maps"]["G"]["status"] = "proved minimal"
    path.write_text(json.dumps(content))
    done = wincraft_here("verify", path, check=1)
    assert "proved minimal" in done.stderr + done.stdout
    assert one_line(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"live": 2}, "maps: BT claims live 2; its axis has 3"),
        ({"noise": 0.001}, 'maps: BT claims noise "0.001"; its axis has "1.0"'),
        ({"lower_bound": 13}, "maps: BT claims lower_bound 13; its axis has 4"),
        ({"plain": {"additions": 99, "noise": 0.1}}, 'maps: BT claims plain {"additions": 99, "noise": "0.1"}; its'),
        ({"proved_by": "magic"}, 'maps: BT claims proved_by "magic"; its axis has "support"'),
    ],
)
def test_claims_of_the_whole_are_those_of_its_axis(wincraft_here, written, facts, says):
    path, content = written
    content["maps"]["BT"].update(facts)
    path.write_text(json.dumps(content))
    done = wincraft_here("verify", path, check=1)
    assert says in done.stderr
    assert one_line(done.stderr)


@pytest.mark.slow
def test_stored_proofs_are_run_again_if_asked(wincraft_here, tmp_path):
    path, ends = tmp_path / "f.json", {}
    arguments = ["F(4,3)", "--points", "0,1,-1,2,-2", "--circuit", "fewest"]
    wincraft_here("circuit", *arguments, "-o", path, check=0)
    for option in ((), ("--thorough",)):
        lines = wincraft_here("verify", path, *option, check=0).stdout.splitlines()
        ends[option] = [line.partition("three intermediates, ")[2] for line in lines[1:]]
    assert ends == {
        (): ["the proof as stored", "", "the proof as stored"],
        ("--thorough",): ["the stored proof run again", "", "the stored proof run again"],
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("axes"),
        lambda content: content.pop("algorithm"),
        lambda content: content["maps"].pop("G"),
        lambda content: content["axes"][0]["maps"]["BT"].pop("operations"),
        lambda content: content["axes"][0]["maps"]["BT"].update(operations=["t0 = d0 + nowhere"]),
        lambda content: content["axes"][0]["maps"]["BT"].update(operations=["t0 = t1 + d0", "t1 = t0 + d1"]),
        lambda content: content.update(axes=[3]),
        lambda content: content["axes"][0].update(maps=[]),
    ],
)
def test_documents_that_are_none_exit_with_3(wincraft_here, written, change):
    path, content = written
    change(content)
    path.write_text(json.dumps(content))
    done = wincraft_here("verify", path, check=3)
    assert one_line(done.stderr)
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "mentions"),
    [
        (["--circuit", "least"], 3, ["least", "fewest"]),
        (["--rounds", "5"], 2, ["--rounds", "--search"]),
        (["--seed", "5"], 2, ["--seed", "--search"]),
        (["--time-limit", "5"], 2, ["--time-limit", "--search"]),
        (["--checkpoint", "c.json"], 2, ["--checkpoint", "--search"]),
        (["--format", "svg"], 2, ["--map"]),
        (["--map", "BT"], 2, ["--map"]),
        (["--map", "B", "--format", "svg"], 3, ["map", "B"]),
        (["--search", "--rounds", "0"], 3, ["rounds", "0"]),
        (["--search", "--rounds", "1", "--seed", "-1"], 3, ["seed", "-1"]),
        (["--search", "--time-limit", "-1"], 3, ["time limit", "-1"]),
    ],
)
def test_arguments_that_do_not_do(wincraft_here, arguments, code, mentions):
    done = wincraft_here("circuit", *F23, *arguments, check=code)
    assert done.stdout == ""
    assert all(mention in done.stderr for mention in mentions)
    assert code == 2 or one_line(done.stderr)


def test_the_table_and_the_listing(wincraft_here):
    done = wincraft_here("circuit", *F23, "--circuit", "fewest", check=0)
    lines = done.stdout.splitlines()
    row = next(line.split() for line in lines if line.strip().startswith("B^T ") and "proved" in line)
    assert row == ["B^T", "4", "4", "4", "1", "1", "proved", "minimal"]
    listing = [line.strip() for line in lines if line.strip().startswith(("inputs", "outputs")) or " = " in line]
    first = listing[: next(k for k, line in enumerate(listing) if line.startswith("outputs")) + 1]
    assert additions(parse_program("\n".join(first))) == 4
    full = wincraft_here("circuit", *F23, "--circuit", "fewest", "--full", check=0)
    front = full.stdout.split("FRONTS\n")[1].splitlines()
    assert front[0].split() == ["map", "additions", "noise", "live", "status", "found"]
    assert max(map(len, front[: front.index("")])) < 80
    assert "FRONTS" not in done.stdout


def test_pictures(wincraft_here, tmp_path):
    done = wincraft_here("circuit", *F23, "--map", "BT", "--format", "svg", check=0)
    assert ElementTree.fromstring(done.stdout).tag.endswith("svg")
    done = wincraft_here("circuit", *F23, "--map", "AT", "--format", "dot", check=0)
    assert done.stdout.startswith("digraph ")
    wincraft_here("circuit", *F23, "--map", "G", "-o", tmp_path / "g.svg", check=0)
    assert ElementTree.parse(tmp_path / "g.svg").getroot().tag.endswith("svg")
    tile = ["2x2,3x3", "--points", "0,1,-1", "--circuit", "fewest", "--map", "BT", "--format", "dot"]
    assert wincraft_here("circuit", *tile, check=0).stdout.count('[label="+"]') == 31


def test_the_same_arguments_give_the_same_bytes(wincraft_here):
    texts = {wincraft_here("circuit", *F23, "--format", "json", check=0).stdout for _ in range(2)}
    assert len(texts) == 1


SEARCH = [
    "circuit",
    "F(3,3)",
    "--points",
    "0,1,-1,2",
    "--circuit",
    "fewest",
    "--search",
    "--seed",
    "1",
    "--format",
    "json",
]


@pytest.mark.slow
def test_an_interrupted_search_goes_on_and_ends_alike(wincraft_here, tmp_path):
    whole = wincraft_here(*SEARCH, "--rounds", "10", check=0)
    checkpoint = ["--checkpoint", tmp_path / "c.json"]
    wincraft_here(*SEARCH, "--rounds", "5", *checkpoint, check=0)
    parts = wincraft_here(*SEARCH, "--rounds", "10", *checkpoint, check=0)
    assert parts.stdout == whole.stdout
    assert (
        wincraft_here(*SEARCH, "--rounds", "10", *checkpoint, check=0).stdout == whole.stdout
    )  # nothing is left to do
    found = json.loads(whole.stdout)["maps"]
    assert {name: facts["additions"] for name, facts in found.items()} == {"BT": 8, "G": 4, "AT": 6}
    other = wincraft_here(*SEARCH[:-3], "2", "--rounds", "10", *checkpoint, check=3)  # of another seed
    assert "other settings" in other.stderr


def test_a_search_of_no_time_ends_with_what_is_known(wincraft_here):
    none = wincraft_here(*SEARCH, "--time-limit", "0", check=0)
    known = wincraft_here(
        "circuit", "F(3,3)", "--points", "0,1,-1,2", "--circuit", "fewest", "--format", "json", check=0
    )
    assert json.loads(none.stdout)["maps"] == json.loads(known.stdout)["maps"]


def test_a_checkpoint_that_is_none(wincraft_here, tmp_path):
    (tmp_path / "c.json").write_text("{}")
    done = wincraft_here(*SEARCH, "--checkpoint", tmp_path / "c.json", check=3)
    assert "no checkpoint" in done.stderr
    assert one_line(done.stderr)
