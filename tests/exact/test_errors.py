# SPDX-License-Identifier: Apache-2.0
"""Every error: its data, its one line, its exit code, and the way through pickle and copy."""

from __future__ import annotations

import copy
import pickle

import pytest

from wincraft import errors, winograd
from wincraft.algorithm import Diagnosis, Refuted
from wincraft.algorithm.refutation import RowRepair
from wincraft.errors import WincraftError

DIAGNOSIS = Diagnosis(
    size="F(2,3)",
    count=2,
    scale="1",
    outputs=(0, 1),
    residual="-3/2",
    residual_at=(0, 1, 2),
    repairs=(RowRepair("BT", 1, ("1", "2"), ("1", "3")),),
)

EXAMPLES = [
    Refuted(DIAGNOSIS),
    errors.BadSize("F(0,3)", "m and r are at least 1"),
    errors.BadNumber("'y'", "write integers"),
    errors.FloatGiven("0.5", "1/2"),
    errors.BadModulus("2*x", "make it monic: x"),
    errors.NotCoprime("1", "x^2-1@1", (0, 3)),
    errors.WrongTotalDegree(2, 3, 2),
    errors.UnknownName("convention", "wincn", ("wincnn", "lavin")),
    errors.CheckFailed("F(4,3)", "noise-gain", "4.76195", 4.0),
    errors.Refusal("tables", "there are none", "give one"),
    errors.BadValue("the tolerance", "5", "give a number in [0, 1)"),
    errors.WrongType("an algorithm", "'4,3'", "make one"),
    errors.NotApplicable("lu", "a pivot is 0", "use plu"),
    errors.WrongForm("convolve"),
    errors.TooLarge("a prediction", "441 products", "predict up to 400"),
    errors.ClaimRefuted("f.json: BT", "3 additions", "its program has 4"),
    errors.ToolFailed("gcc", "exit code 1", "mend the source"),
    errors.BadShape("a stage", "(2, 3)", "(any, 4)"),
    errors.BadScaling(2, "-1", "1"),
    errors.BadDocument("a.json", "no such file", "check the path"),
    errors.Unidentified("no points fit", "raise the tolerance"),
    errors.CannotWrite("a.json", "is a folder"),
    errors.MissingTool("a plot", "matplotlib", 'pip install ".[notebooks]"'),
]


def children(kind):
    return {kind} | {grandchild for child in kind.__subclasses__() for grandchild in children(child)}


def test_every_error_has_an_example():
    assert {type(error) for error in EXAMPLES} >= {
        kind for kind in children(WincraftError) - {WincraftError} if kind.__module__ == "wincraft.errors"
    }


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_through_pickle_and_copy(error, protocol):
    for same in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(same) is type(error)
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_the_root_through_pickle():
    same = pickle.loads(pickle.dumps(WincraftError("anything")))
    assert (type(same), str(same)) == (WincraftError, "anything")


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_one_line_and_an_exit_code(error):
    assert str(error)
    assert "\n" not in str(error)
    failed = Refuted | errors.Unidentified | errors.CheckFailed | errors.ClaimRefuted
    assert error.exit_code == (1 if isinstance(error, failed) else 4 if isinstance(error, errors.MissingTool) else 3)
    assert isinstance(error, WincraftError)


def test_a_raised_error_keeps_its_data():
    with pytest.raises(errors.WrongTotalDegree) as caught:
        winograd(2, 3, points="0")
    same = pickle.loads(pickle.dumps(caught.value))
    assert (same.m, same.r, same.degree) == (2, 3, 1)


def test_an_unknown_name_suggests_the_nearest_and_lists_all():
    assert str(errors.UnknownName("format", "jsn", ("c", "json"))) == (
        "unknown format 'jsn': did you mean json? known are c, json"
    )
    assert "did you mean" not in str(errors.UnknownName("format", "zzz", ("c", "json")))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.BadValue("the tolerance", "5", "give a number in [0, 1)"),
            "the tolerance is 5; give a number in [0, 1)",
        ),
        (errors.WrongType("an algorithm", "'4,3'", "make one"), "'4,3' is not an algorithm; make one"),
        (
            errors.TooLarge("a search", "10^9 sets", "lower the height"),
            "too large for a search: 10^9 sets; lower the height",
        ),
        (errors.WrongForm("convolve"), "convolve: this is the linear convolution form; call transpose() first"),
        (
            errors.CannotWrite("a.h", "is a folder"),
            "cannot write a.h: is a folder; choose another path (nothing was written)",
        ),
    ],
    ids=lambda item: type(item).__name__,
)
def test_a_text_is_a_sentence(error, text):
    assert str(error) == text


def test_what_a_text_quotes_is_no_template():
    assert "{m}" in str(errors.BadSize("{m}", "give {r}"))
