# SPDX-License-Identifier: Apache-2.0
"""Outcomes in the formats of the systems that run checks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from wincraft.cli.shared.outcomes import OUTCOME_FORMAT_NAMES
from wincraft.errors import BadDocument, Unidentified
from wincraft.measures import MEASURES
from wincraft.report.outcome_formats import OUTCOME_FORMATS, OUTCOME_SUFFIXES
from wincraft.report.outcomes import RULES, STDIN, FileOutcome, exit_code_of, rule_meaning, verdict_document
from wincraft.report.proofs import prove_files

RIGHT = b"AT = [[1, 1, 1, 0], [0, 1, -1, 1]]; G = [[1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2], [0, 0, 1]]\n"
RIGHT += b"BT = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]"
[PASSED] = prove_files("a.py", given=RIGHT)
[FAILED] = prove_files("sub dir/b:1,%.py", given=RIGHT.replace(b"[0, -1, 1, 0]", b"[0, -1, 3, 0]"))
ERROR = FileOutcome("c\n::error ::x<&\x00.h", "readable", error=BadDocument("c", "50 % <of> it\x01", "mend it"), line=7)
NOWHERE = FileOutcome(STDIN, "noise-gain", error=Unidentified("x", "y"), found="1", allowed="at most 0")
ALL = [PASSED, FAILED, ERROR, NOWHERE]


def test_names_without_imports_are_those_of_the_registry():
    assert tuple(OUTCOME_FORMATS) == OUTCOME_FORMAT_NAMES
    assert set(OUTCOME_SUFFIXES.values()) <= set(OUTCOME_FORMATS)


def test_exit_codes_and_the_verdict_on_all():
    assert [exit_code_of(some) for some in ([], [PASSED], [PASSED, FAILED], ALL)] == [0, 0, 1, 3]
    statuses = [verdict_document(some)["status"] for some in ([], [PASSED], [FAILED, PASSED], ALL)]
    assert statuses == ["passed", "passed", "failed", "error"]
    assert verdict_document(ALL)["counts"] == {"passed": 1, "failed": 2, "error": 1}


@pytest.mark.parametrize("rule", [*RULES, *(name for name, item in MEASURES.items() if not item.takes), "loss:fp16"])
def test_every_rule_has_a_meaning(rule):
    assert len(rule_meaning(rule)) > 5


def unescaped(text, more=()):
    for sign in (*more, "\r", "\n", "%"):
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text


def test_annotations_are_one_line_each_and_say_what_was_meant():
    lines = OUTCOME_FORMATS["github"](ALL).splitlines()
    assert len(lines) == len(ALL)
    assert lines[0].startswith("ok a.py:1: F(2,3) proved")
    for line, outcome in zip(lines[1:], ALL[1:], strict=True):
        head, fields, message = re.fullmatch(r"(::error) ([^:]*)::(.*)", line).groups()
        assert head == "::error"
        assert unescaped(message) == outcome.message
        given = {
            key: unescaped(value, (":", ",")) for key, value in (field.split("=", 1) for field in fields.split(","))
        }
        where = {} if outcome.file == STDIN else {"file": outcome.file, "line": str(outcome.line)}
        assert given == {**where, "title": f"wincraft {outcome.rule}"}


def test_a_name_of_a_file_is_no_command():
    [line] = OUTCOME_FORMATS["github"]([FileOutcome("x\n::error ::y", "proof", "fine")]).splitlines()
    assert line.startswith("ok x%0A::error")


def test_junit_has_a_suite_for_every_file():
    root = ElementTree.fromstring(OUTCOME_FORMATS["junit"](ALL).encode())
    assert root.attrib == {"name": "wincraft", "tests": "4", "failures": "2", "errors": "1"}
    cases = root.findall("testsuite/testcase")
    assert [case.find("*").tag for case in cases] == ["system-out", "failure", "error", "failure"]
    assert [suite.get("name") for suite in root] == ["a.py", FAILED.file, "c\n::error ::x<&?.h", STDIN]
    assert cases[1].attrib == {"classname": FAILED.file, "name": "proof G", "file": FAILED.file, "line": "2"}
    assert cases[1].find("failure").get("message") == FAILED.message
    assert cases[1].find("failure").get("type") == "Refuted"
    assert cases[2].find("error").get("message") == ERROR.message.replace("\x01", "?")


def test_sarif_has_its_rules_results_and_places():
    content = json.loads(OUTCOME_FORMATS["sarif"](ALL))
    assert (content["version"], set(content)) == ("2.1.0", {"$schema", "version", "runs"})
    [run] = content["runs"]
    driver = run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert rules == ["proof", "readable", "noise-gain"]
    assert all(rule["shortDescription"]["text"] == rule_meaning(rule["id"]) for rule in driver["rules"])
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 3}]
    for result, outcome in zip(run["results"], ALL[1:], strict=True):
        assert set(result) == {"ruleId", "ruleIndex", "level", "message", "locations"}
        assert rules[result["ruleIndex"]] == result["ruleId"] == outcome.rule
        assert (result["level"], result["message"]) == ("error", {"text": outcome.message})
    places = [[place["physicalLocation"] for place in result["locations"]] for result in run["results"]]
    assert [len(found) for found in places] == [1, 1, 0]
    assert unquote(places[0][0]["artifactLocation"]["uri"]) == FAILED.file
    assert not re.search(r"[\s<>]", places[1][0]["artifactLocation"]["uri"])
    assert [found[0]["region"] for found in places[:2]] == [{"startLine": 2}, {"startLine": 7}]


def test_sarif_of_an_absolute_path_is_a_file_address(tmp_path):
    content = json.loads(OUTCOME_FORMATS["sarif"]([FileOutcome(str(tmp_path / "f.h"), "readable", error=ERROR.error)]))
    [place] = content["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": Path(tmp_path, "f.h").as_uri()}}


def test_text_is_a_line_each():
    assert OUTCOME_FORMATS["text"]([PASSED, FAILED]).splitlines() == [
        f"ok     a.py:1: {PASSED.message}",
        f"FAIL   {FAILED.file}:2: {FAILED.message}",
    ]
