# SPDX-License-Identifier: Apache-2.0
"""Documents of plans: round trips, and what is refused."""

from __future__ import annotations

import copy
import json
from importlib import resources

import jsonschema
import numpy as np
import pytest
from oracle_messages import refused

from wincraft.errors import BadDocument, ClaimRefuted
from wincraft.files.decomposition import parse_plan_document, plan_document
from wincraft.plan import Problem, make_plan

PLAN = make_plan(Problem(5, stride=2, groups=2, axes=2), 2)
CONTENT = json.loads(json.dumps(plan_document(PLAN)))


def test_a_plan_is_read_as_it_was_written():
    found = parse_plan_document(CONTENT)
    assert plan_document(found) == CONTENT
    assert found.problem == PLAN.problem
    x, w = np.arange(2 * 121).reshape(1, 2, 11, 11) % 7, np.arange(50).reshape(2, 1, 5, 5) % 5
    np.testing.assert_array_equal(found.run(x, w), PLAN.run(x, w))


@pytest.fixture(scope="module")
def schema():
    text = resources.files("wincraft.files").joinpath("schema", "decomposition-1.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


@pytest.mark.parametrize(
    "plan",
    [PLAN, make_plan(Problem(4, stride=2, transposed=True, axes=2), 3), make_plan(Problem(7), 4, longest=4),
     make_plan(Problem(3, dilation=2, axes=3), 2), make_plan(Problem(3, axes=2), 4, points="quadratic", nested=False)],
    ids=str,
)  # fmt: skip
def test_documents_follow_their_schema(plan, schema):
    content = json.loads(json.dumps(plan_document(plan)))
    schema.validate(content)
    algorithms = json.loads(resources.files("wincraft.files").joinpath("schema", "algorithm-2.json").read_text())
    for item in content["algorithms"]:
        jsonschema.validate(item, algorithms)


def test_the_schema_refuses_what_the_reader_does(schema):
    for place, value in ((("problem", "groups"), 0), (("pieces", 0, "axes", 0, "data"), [0]), (("pieces",), [])):
        content = inner = copy.deepcopy(CONTENT)
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            schema.validate(content)


@pytest.mark.parametrize(
    ("place", "value", "kind", "words"),
    [
        (("kind",), "wincraft.plan", BadDocument, "wincraft.decomposition"),
        (("version",), 2, BadDocument, "version"),
        (("problem",), None, BadDocument, "problem is None"),
        (("problem", "kernel"), [5], BadDocument, "one number or 1 of them"),
        (("problem", "kernel"), [5, 0], BadDocument, "kernel is (5, 0)"),
        (("problem", "stride"), [2, -2], BadDocument, "stride is (2, -2)"),
        (("problem", "groups"), 0, BadDocument, "groups is 0"),
        (("problem", "transposed"), 1, BadDocument, "transposed is 1"),
        (("pieces",), [], BadDocument, "pieces"),
        (("pieces",), [3], BadDocument, "pieces"),
        (("pieces", 0, "algorithm"), 9, BadDocument, "no algorithm 9"),
        (("pieces", 0, "axes"), [], BadDocument, "axes"),
        (("pieces", 0, "axes", 0, "taps"), 2, BadDocument, "taps"),
        (("pieces", 0, "axes", 0, "data"), [0], BadDocument, "offset"),
        (("pieces", 0, "axes", 0, "data"), [0, 0], BadDocument, "steps"),
        (("pieces", 0, "axes", 0, "data"), ["0", 1], BadDocument, "offset"),
        (("pieces", 0, "axes", 0, "filter"), [1, 2], BadDocument, "taps 1 to 5"),
        (("products",), 48, ClaimRefuted, "there are 49"),
        (("products_per_output",), "9", ClaimRefuted, "there are 49/4"),
    ],
)
def test_what_is_no_plan_is_refused(place, value, kind, words):
    content = copy.deepcopy(CONTENT)
    inner = content
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with refused(kind, words):
        parse_plan_document(content, "plan.json")
