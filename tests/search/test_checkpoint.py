# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: those of others, damaged ones, and edited ones, which must never lead to another result."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from functools import partial

import pytest
from oracle_messages import refused

from wincraft.errors import BadDocument, CannotWrite
from wincraft.measures import measure_named
from wincraft.search import Space, search_space
from wincraft.search.points.checkpoint import Checkpoint
from wincraft.search.points.run import Run, start
from wincraft.search.points.settings import Settings, Tuning

SMALL = Space(2, 3, height=3, infinity="any")
search = partial(search_space, tuning=Tuning(budget=20, large=0, grain=50, slow_grain=8, bound_seconds=0))


def canonical_hash(content):
    """SHA-256 of the JSON with sorted keys and without blanks, of all but the hash itself."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write(file, content):
    """The content as if a search had written it."""
    file.write_text(json.dumps({**content, "sha256": canonical_hash(content)}))


@pytest.fixture
def stopped(tmp_path):
    """A function that makes the checkpoint of a search that was stopped inside a wave: the file and what it holds."""
    file = tmp_path / "checkpoint"

    def stop(steps=4, **options):
        for _ in range(steps):
            assert not search(checkpoint=file, time_limit=0.0, engine="numpy", **options).complete
        content = json.loads(file.read_text())
        assert content["run"]["frontier"]
        assert content["sha256"] == canonical_hash(content)
        return file, content

    return stop


SEARCHES = {
    "branch-and-bound": {"space": Space(2, 3, height=4)},
    "exhaustive": {"space": SMALL, "strategy": "exhaustive"},
    "one by one": {"space": Space(3, 2, height=2), "objective": "worst-case"},
    "constrained": {
        "space": Space(3, 2, height=3), "convention": "integer", "constraints": ["exact-bits<=4"], "steps": 8
    },
}  # fmt: skip


def test_checkpoints_of_others_are_refused(tmp_path):
    file = tmp_path / "checkpoint"
    search(SMALL, checkpoint=file)
    with refused(BadDocument, "other settings"):
        search(SMALL, checkpoint=file, within=0.01)
    for content in (b"{", b"[]", b'{"kind": "wincraft.algorithm"}', b"[" * 200_000, b"\xff\xfe", b"", b"1e999", b"NaN"):
        file.write_bytes(content)
        with refused(BadDocument, "no checkpoint"):
            search(SMALL, checkpoint=file)


@pytest.mark.parametrize("name", ["/dev/full", "/dev/zero", "/dev/null", "folder", "pipe", "loop"])
def test_what_is_no_plain_file_is_not_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo("pipe")
    os.symlink("loop", "loop")
    with refused(BadDocument, "cannot read"):
        search(SMALL, checkpoint=name)


def test_a_changed_byte_is_noticed(stopped):
    file, content = stopped(space=SMALL)
    text = file.read_text()
    generator = random.Random(0)
    for _ in range(15):
        at = generator.choice([i for i, letter in enumerate(text) if letter.isdigit()])
        other = generator.choice([digit for digit in "0123456789" if digit != text[at]])
        file.write_text(text[:at] + other + text[at + 1 :])
        with refused(BadDocument):
            search(SMALL, checkpoint=file, engine="numpy")
    file.write_text(json.dumps({key: value for key, value in content.items() if key != "sha256"}))
    with refused(BadDocument, "checksum"):
        search(SMALL, checkpoint=file, engine="numpy")


@pytest.mark.parametrize(
    "change",
    [
        {"found": [[1.0, 0, [0, 1, 2]]], "frontier": []},
        {"frontier": []},
        {"found": [[1.0, 0, [0, 1, 2]]]},
        {"found": [[1.0, 9, [0, 1, 2]]]},
        {"found": [[1.0, 0, [0, 1, 10**6]]]},
        {"found": [], "threshold": 1.0},
        {"frontier": [[0, [-1]]]},
        {"frontier": 3},
        {"threshold": float("nan")},
        {"threshold": 1e300},
        {"wave": None},
        {"fixed": 0},
        {"fixed": True},
        {"evaluated": -1},
        {"evaluated": 5.0},
        {"evaluated": True},
    ],
    ids=str,
)
def test_damaged_states_are_refused(change, stopped):
    file, content = stopped(space=SMALL)
    write(file, {**content, "run": {**content["run"], **change}})
    with refused(BadDocument, "its state is damaged"):
        search(SMALL, checkpoint=file)


def test_a_text_is_no_truth_value(stopped):
    """Any text counts as true, so that this outcome would close a prefix that was not searched."""
    file, content = stopped(1, **SEARCHES["exhaustive"])
    wave = content["run"]["wave"]
    at = [outcome[2] for outcome in wave].index(False)
    wave[at][2] = "x"
    write(file, content)
    with refused(BadDocument, "is no bool"):
        search(**SEARCHES["exhaustive"], checkpoint=file)


@pytest.mark.parametrize("options", [SEARCHES["branch-and-bound"], SEARCHES["exhaustive"]], ids=str)
def test_nothing_evaluated_is_no_complete_search(options, stopped):
    file, content = stopped(**options)
    space, run = options["space"], content["run"]
    worse = max(run["found"])
    run |= {"frontier": [], "wave": [], "covered": space.count, "found": [worse], "evaluated": 0}
    run["threshold"] = worse[0] * (1 + 1e-9)
    write(file, content)
    with refused(BadDocument, "the number of evaluated sets is impossible"):
        search(**options, checkpoint=file)


def test_an_exhaustive_search_evaluates_every_set(stopped):
    """A prefix taken out of the frontier and counted as covered: the sums are right, the evaluations are too few."""
    options = SEARCHES["exhaustive"]
    file, content = stopped(**options)
    run = content["run"]
    number, prefix = run["frontier"].pop()
    run["covered"] += options["space"].parts()[number].covered(tuple(prefix))
    write(file, content)
    with refused(BadDocument, "the number of evaluated sets is impossible"):
        search(**options, checkpoint=file, engine="numpy")


def test_open_sets_add_up_and_do_not_overlap():
    """Choices of 2, 3, 3 and 4 of 6 numbers: 15, 20, 20 and 15 sets."""
    settings = Settings(Space(2, 3, height=2, infinity="any"), 1, measure_named("rank"), (), "wincnn", "exhaustive")
    whole = [(0, ()), (1, ()), (2, ()), (3, ())]
    assert [part.count for part in settings.space.parts()] == [15, 20, 20, 15]
    start(settings).check(settings)
    Run(float("inf"), whole).check(settings)
    for frontier, covered, message in (
        ([*whole[:2], (1, ()), whole[3]], 0, "overlap"),
        ([whole[1], whole[0], *whole[2:]], 0, "overlap"),
        (whole, -1, "add up"),
        (whole[:3], 0, "add up"),
        (whole, 15, "add up"),
        (whole[1:], 14, "add up"),
        ([*whole[:3], (4, ())], 0, "index"),
        ([*whole[:3], (3, (1, 0))], 0, "index"),
        ([*whole[:3], (3, (5,))], 15, "not the first"),
    ):
        with pytest.raises(ValueError, match=message):
            Run(float("inf"), frontier, covered=covered).check(settings)


def places(value, path=()):
    """The paths to all values inside a document, its lists and dictionaries too."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, own in inner:
        yield (*path, key)
        yield from places(own, (*path, key))


def changed(document, path, generator):
    """A copy with another value at a path."""
    copied = copy.deepcopy(document)
    owner = copied
    for key in path[:-1]:
        owner = owner[key]
    old = owner[path[-1]]
    others = ["x", None, True, False, 0, 1, -1, 10**9, 0.0, 1.5, -2.5, float("inf"), float("nan"), [], {}, [0], [[0]]]
    if isinstance(old, int | float):
        others += [old + 1, old - 1, float(old), old * 2]
    if isinstance(old, list):
        others += [old[1:], old[:-1], old + old[-1:], old[::-1]]
    owner[path[-1]] = generator.choice([new for new in others if repr(new) != repr(old)])
    return copied


@pytest.mark.slow_cases("exhaustive", "constrained", "branch-and-bound")
@pytest.mark.parametrize("options", SEARCHES.values(), ids=SEARCHES)
def test_edited_states_are_refused(options, stopped):
    """As edited by hand: always. With a checksum made anew: or the numbers of the result are possible ones."""
    options = dict(options)
    file, content = stopped(**options)
    options.pop("steps", None)
    generator = random.Random(0)
    paths = [path for path in places(content) if path[0] in ("run", "round", "best", "before")]
    for path in generator.choices(paths, k=40):
        edited = changed(content, path, generator)
        file.write_text(json.dumps(edited))
        with refused(BadDocument, "checksum"):
            search(**options, checkpoint=file, engine="numpy")
        write(file, edited)
        try:
            found = search(**options, checkpoint=file, engine="numpy").document()
        except BadDocument:
            continue
        assert (found["covered"], found["complete"]) == (found["count"], True)
        assert found["visited"] > 0
        assert found["best"]["float"] >= found.get("unconstrained", found["best"])["float"]


def test_what_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    file = Checkpoint(tmp_path / "checkpoint", "settings")
    file.save({"run": 1}, now=True)
    before = file.path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with refused(CannotWrite, "No space left"):
        file.save({"run": 2}, now=True)
    assert file.path.read_bytes() == before
    assert os.listdir(tmp_path) == ["checkpoint"]
