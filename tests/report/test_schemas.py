# SPDX-License-Identifier: Apache-2.0
"""Documents of rings, searches and words fit their schemas; what is not theirs does not."""

from __future__ import annotations

import json
from functools import cache

import pytest
from oracle_schemas import schema

import wincraft as wc
from wincraft.measure import filter_bits
from wincraft.plan import Problem, make_plan
from wincraft.quantise import Workload, tolerance
from wincraft.quantise.plan_tolerance import plan_tolerance
from wincraft.quantise.schemes import parse_scheme
from wincraft.report.outcomes import FileOutcome, verdict_document
from wincraft.report.project import FileCheck, run_file_checks
from wincraft.report.proofs import prove_files
from wincraft.rings import quotient_product, residue_system, ring_loss
from wincraft.search.front import pareto_front
from wincraft.search.losses import search_losses
from wincraft.search.tiles import tile_front

MATRICES = b"AT = [[1, 1, 1, 0], [0, 1, -1, 1]]; G = [[1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2], [0, 0, 1]]\n"
MATRICES += b"BT = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]\n"
TOOM4 = "0,1,-1,2,-2,3,inf"


class Verdicts(list[FileOutcome]):
    """Outcomes that have a document as other results have."""

    def document(self):
        return verdict_document(self)


MADE = {
    "ring": [
        lambda: ring_loss(wc.winograd(4, 4, points=TOOM4), "Z/2^16", (3, 9, 15)),
        lambda: ring_loss(wc.winograd(4, 4, points=TOOM4).transpose(), "GF(3329)"),
        lambda: ring_loss(wc.parse("F(2x4,3x3)"), "Z/3330"),
    ],
    "residues": [
        lambda: residue_system("F(4x4,3x3)", 4),
        lambda: residue_system("F(14,3)", 1, moduli=(127, 8191, 65537), word=17, points="shifts"),
    ],
    "quotient": [
        lambda: quotient_product("cyclic 4"),
        lambda: quotient_product("negacyclic 4", ring="GF(17)"),
        lambda: quotient_product("x^3-1/2*x"),
    ],
    "tiles": [lambda: tile_front([3, 3], [2]), lambda: tile_front([3], [2], [parse_scheme("fp16")], whole=True)],
    "pareto": [lambda: pareto_front(4, 3, ["0,1,-1,2,-2", "0,1,-1,x^2+1,inf"])],
    "losses": [lambda: search_losses(3, 3, moduli=["x^2+x+1"], height=2)],
    "tolerance": [
        lambda: tolerance(
            wc.parse("F(2x2,3x3)"), "fp16", channels=4, outputs=256, given=(0.1, 0.0), loud=True, pilot_outputs=2**12
        ),
        lambda: tolerance(wc.parse("F(2x2,3x3)"), "tapwise-8+mse", channels=4, outputs=256, pilot_outputs=2**12),
        lambda: plan_tolerance(make_plan(Problem(3, stride=2), 2), "fp16", Workload(4), pilot_outputs=2**12),
    ],
    "verdict": [
        lambda: Verdicts(prove_files("f.py", given=MATRICES.replace(b"0, -1, 0, 1", b"0, -1, 0, 9"))),
        lambda: Verdicts(prove_files("f.py", given=MATRICES + b"G_b = [[1, 0, 0], [1, 1, 1], [1, 1, 1], [0, 0, 1]]")),
        lambda: Verdicts(prove_files("f.py", given=MATRICES.replace(b"[0, 0, 1]", b"[0, 0, -1]"))),
        lambda: Verdicts(prove_files("f.json", given=wc.render(wc.parse("F(2x4,3x3)"), "json").encode())),
        lambda: Verdicts(run_file_checks([FileCheck(("absent.h",))])),
        lambda: Verdicts([]),
    ],
    "words": [lambda: filter_bits([wc.winograd(4, 3), wc.winograd(4, 3, convention="integer")], [6, 40])],
}


@cache
def text_of(kind, number=0):
    return json.dumps(MADE[kind][number]().document())


@pytest.mark.slow_cases("tiles")
@pytest.mark.parametrize("kind", MADE)
def test_documents_fit_their_schemas(kind):
    validator = schema(kind)
    for number in range(len(MADE[kind])):
        document = json.loads(text_of(kind, number))
        assert document["kind"] == f"wincraft.{kind}"
        validator.validate(document)


@pytest.mark.slow_cases("tiles")
@pytest.mark.parametrize("kind", MADE)
def test_every_field_is_needed_and_no_other_is_there(kind):
    validator, document = schema(kind), json.loads(text_of(kind))
    for name in document:
        missing = {key: value for key, value in document.items() if key != name}
        assert not validator.is_valid(missing), name
    assert not validator.is_valid({**document, "more": 1})
    assert not validator.is_valid({**document, "version": 2})


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("ring", ("scale",), 120),
        ("ring", ("divisors", 0, "divisor"), "-1"),
        ("ring", ("inverses",), {"a": "1"}),
        ("residues", ("moduli",), []),
        ("residues", ("y",), ["0"]),
        ("quotient", ("G", 0, 0), 0.5),
        ("quotient", ("field",), None),
        ("losses", ("sets", 0, "bits"), -1),
        ("losses", ("sets",), []),
        ("verdict", ("status",), "proved"),
        ("verdict", ("results", 0, "line"), 0),
        ("verdict", ("results", 0, "status"), "passed"),
        ("verdict", ("results", 0, "repair"), None),
        ("verdict", ("results", 0, "diagnosis", "residual"), 0.5),
        ("words", ("algorithms", 0, "widest"), 0),
        ("words", ("algorithms", 0, "widths", 0, "fits"), "yes"),
    ],
)
def test_other_values_do_not_fit(kind, path, value):
    document = json.loads(text_of(kind))
    part = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert not schema(kind).is_valid(document)
