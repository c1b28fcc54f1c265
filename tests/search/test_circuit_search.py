# SPDX-License-Identifier: Apache-2.0
"""The search for circuits: maps take turns, the clock runs from the call, and what is interrupted goes on alike."""

from __future__ import annotations

import json

import pytest
from oracle_messages import refused

from wincraft import winograd
from wincraft.construct import Circuits
from wincraft.errors import BadDocument, BadValue, NotApplicable, WrongType
from wincraft.search import circuits as module
from wincraft.search.circuits import search_circuits
from wincraft.search.points.checkpoint import with_checksum


@pytest.fixture
def started():
    return Circuits(winograd(3, 3, points="0,1,-1,2"), "fewest")


@pytest.fixture
def calls(monkeypatch):
    """The (rows, seed, rounds) that the search has asked for; every round takes a second of the clock."""
    asked = []

    def recorded(matrix, effort):
        asked.append((matrix.shape[0], effort.seed, effort.rounds))
        return []

    class Time:
        @staticmethod
        def monotonic():
            return float(len(asked))

    monkeypatch.setattr(module, "neighbourhood", recorded)
    monkeypatch.setattr(module, "time", Time)
    return asked


def texts(circuits):
    return [(matrix.to_list(), [(repr(program), how) for program, how in pairs]) for matrix, pairs in circuits.found]


def test_maps_take_turns(started, calls):
    told = []
    search_circuits(started, rounds=12, seed=3, progress=lambda *what: told.append(what))
    rows = [matrix.shape[0] for matrix in started.matrices()]
    assert calls == [(size, 3 + 7919 * done, n) for done, n in ((0, 5), (5, 5), (10, 2)) for size in rows]
    assert told == [(done, 36, "rounds") for done in (0, 5, 10, 15, 20, 25, 30, 32, 34)]


def test_what_the_limit_leaves_undone_does_not_rest_on_the_order_of_maps(started, calls, tmp_path):
    """Four turns of a second each: one map has had one turn more than the others, and goes last when it goes on."""
    search_circuits(started, rounds=40, time_limit=4, checkpoint=tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    assert list(content["done"].values()) == [10, 5, 5]
    search_circuits(started, rounds=40, time_limit=2, checkpoint=tmp_path / "c.json")
    assert list(json.loads((tmp_path / "c.json").read_text())["done"].values()) == [10, 10, 10]


def test_the_start_counts_against_the_limit(started, calls, monkeypatch):
    monkeypatch.setattr(module, "to_texts", lambda matrix: calls.append("a second of the start") or matrix.to_list())
    search_circuits(started, rounds=40, time_limit=3)
    assert calls == ["a second of the start"] * 3


def test_a_checkpoint_of_one_map_after_the_other_is_read(started, calls, tmp_path):
    """As they were written when a map was finished before the next was begun: the others are taken first."""
    path = tmp_path / "c.json"
    search_circuits(started, rounds=5, time_limit=0, checkpoint=path)
    content = json.loads(path.read_text())
    first, *others = content["done"]
    program = "inputs x0\noutputs x0"
    path.write_text(json.dumps(with_checksum(content | {"found": {}, "done": {first: 15}})))
    search_circuits(started, rounds=15, time_limit=1, checkpoint=path)
    assert json.loads(path.read_text())["done"] == {first: 15, others[0]: 5, others[1]: 0}
    path.write_text(json.dumps(content | {"found": {first: [program]}}))
    with refused(BadDocument, "its checksum is another"):
        search_circuits(started, rounds=15, checkpoint=path)


def test_interrupted_after_any_turn_it_finds_the_same(started, monkeypatch, tmp_path):
    whole = search_circuits(started, rounds=6, seed=1, checkpoint=tmp_path / "whole.json")
    assert any(pairs for _, pairs in whole.found)
    turns = []

    class Time:
        """Every call of the search ends after two turns."""

        @staticmethod
        def monotonic():
            turns.append(1)
            return float(len(turns))

    monkeypatch.setattr(module, "time", Time)
    path, done = tmp_path / "parts.json", []
    for _ in range(4):
        parts = search_circuits(started, rounds=6, seed=1, time_limit=3, checkpoint=path)
        done.append(list(json.loads(path.read_text())["done"].values()))
    assert done == [[5, 5, 0], [6, 5, 5], [6, 6, 6], [6, 6, 6]]
    assert path.read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert texts(parts) == texts(whole)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rounds": 0}, BadValue, "the number of rounds is 0; give 1 or more"),
        ({"rounds": 2.5}, WrongType, "2.5 is not a number of rounds; give an integer"),
        ({"seed": "1"}, WrongType, "'1' is not a seed; give an integer"),
        ({"seed": -1}, BadValue, "the seed is -1; give 0 or more"),
        ({"time_limit": "3"}, WrongType, "'3' is not a time limit; give a number of seconds"),
        ({"time_limit": float("nan")}, BadValue, "the time limit is nan; give 0 or more"),
    ],
)
def test_what_is_no_search(started, arguments, error, message):
    with refused(error) as caught:
        search_circuits(started, **arguments)
    assert str(caught.value) == message


def test_irrational_entries_are_refused():
    with refused(NotApplicable, "entries are not rational"):
        search_circuits(Circuits(winograd(2, 3, points="0,sqrt(2),-sqrt(2)")))
