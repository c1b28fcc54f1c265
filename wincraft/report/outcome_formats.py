# SPDX-License-Identifier: Apache-2.0
"""Outcomes as the systems read them that run checks: GitHub's annotations, JUnit, SARIF; as JSON and for people."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from wincraft.files.document import write_document
from wincraft.report.outcomes import STDIN, FileOutcome, Status, exit_code_of, rule_meaning, verdict_document
from wincraft.version import __version__

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_WORDS: dict[Status, str] = {"passed": "ok", "failed": "FAIL", "error": "error"}


def outcome_text(outcomes: Sequence[FileOutcome]) -> str:
    """A line for each.

    >>> print(outcome_text([FileOutcome("f.h", "proof", "F(2,3) proved", line=4)]), end="")
    ok     f.h:4: F(2,3) proved
    """
    return "".join(f"{_WORDS[outcome.status]:6} {_where(outcome)}: {outcome.message}\n" for outcome in outcomes)


def outcome_json(outcomes: Sequence[FileOutcome]) -> str:
    """The verdict as JSON, one object.

    >>> json.loads(outcome_json([]))["exit_code"]
    0
    """
    stream = io.StringIO()
    write_document(verdict_document(outcomes), stream)
    return stream.getvalue()


def outcome_github(outcomes: Sequence[FileOutcome]) -> str:
    """What GitHub shows beside the lines of a change: an annotation for whatever is wrong, a plain line for the rest.

    >>> from wincraft.errors import WincraftError
    >>> print(outcome_github([FileOutcome("a,b.h", "proof", error=WincraftError("50 % is wrong"), line=3)]), end="")
    ::error file=a%2Cb.h,line=3,title=wincraft proof::50 %25 is wrong
    """
    return "".join(f"{_annotation(outcome)}\n" for outcome in outcomes)


def _annotation(outcome: FileOutcome) -> str:
    if outcome.error is None:
        return _escaped(f"{_WORDS[outcome.status]} {_where(outcome)}: {outcome.message}")
    named = {} if outcome.file == STDIN else {"file": outcome.file, **({"line": outcome.line} if outcome.line else {})}
    fields = {**named, "title": f"wincraft {outcome.rule}"}
    listed = ",".join(f"{key}={_escaped_property(str(value))}" for key, value in fields.items())
    return f"::error {listed}::{_escaped(outcome.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def outcome_junit(outcomes: Sequence[FileOutcome]) -> str:
    """JUnit's XML: a suite for every file, a case for every check of it.

    >>> found = outcome_junit([FileOutcome("f.h", "proof", "F(2,3) proved")])
    >>> ElementTree.fromstring(found).find("testsuite/testcase").attrib
    {'classname': 'f.h', 'name': 'proof'}
    """
    root = ElementTree.Element("testsuites", {"name": "wincraft", **_tally(outcomes)})
    for file in dict.fromkeys(outcome.file for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.file == file]
        suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), **_tally(own)})
        for outcome in own:
            place = {"file": _xml(file), "line": str(outcome.line)} if outcome.line else {}
            name = " ".join(filter(None, (outcome.rule, outcome.name)))
            case = ElementTree.SubElement(suite, "testcase", {"classname": _xml(file), "name": _xml(name), **place})
            if outcome.error is None:
                ElementTree.SubElement(case, "system-out").text = _xml(outcome.message)
            else:
                kind = "failure" if outcome.status == "failed" else "error"
                message = {"message": _xml(outcome.message), "type": type(outcome.error).__name__}
                ElementTree.SubElement(case, kind, message).text = _xml(f"{_where(outcome)}: {outcome.message}")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _tally(outcomes: Sequence[FileOutcome]) -> dict[str, str]:
    count = [outcome.status for outcome in outcomes].count
    return {"tests": str(len(outcomes)), "failures": str(count("failed")), "errors": str(count("error"))}


def _xml(text: str) -> str:
    """A text without the characters that XML 1.0 cannot hold, as names of files may."""
    allowed = (
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?" for c in text
    )
    return "".join(allowed)


def outcome_sarif(outcomes: Sequence[FileOutcome]) -> str:
    """SARIF 2.1.0: the rules that were asked, and a result for whatever is wrong.

    >>> json.loads(outcome_sarif([FileOutcome("f.h", "proof", "F(2,3) proved")]))["runs"][0]["results"]
    []
    """
    rules = list(dict.fromkeys(outcome.rule for outcome in outcomes))
    driver = {
        "name": "wincraft",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": rule_meaning(rule)}} for rule in rules],
    }
    results = [
        {
            "ruleId": outcome.rule,
            "ruleIndex": rules.index(outcome.rule),
            "level": "error",
            "message": {"text": outcome.message},
            "locations": _locations(outcome),
        }
        for outcome in outcomes
        if outcome.error is not None
    ]
    judged = not any(outcome.status == "error" for outcome in outcomes)
    invocation = {"executionSuccessful": judged, "exitCode": exit_code_of(outcomes)}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _locations(outcome: FileOutcome) -> list[dict[str, object]]:
    if outcome.file == STDIN:
        return []
    path = Path(outcome.file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix().encode("utf-8", "surrogateescape"))
    region = {"region": {"startLine": outcome.line}} if outcome.line else {}
    return [{"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}]


def _where(outcome: FileOutcome) -> str:
    return f"{outcome.file}:{outcome.line}" if outcome.line else outcome.file


OUTCOME_FORMATS: dict[str, Callable[[Sequence[FileOutcome]], str]] = {
    "text": outcome_text,
    "json": outcome_json,
    "github": outcome_github,
    "junit": outcome_junit,
    "sarif": outcome_sarif,
}
"""How outcomes are written, by name."""
OUTCOME_SUFFIXES = {".txt": "text", ".json": "json", ".xml": "junit", ".sarif": "sarif"}
"""The formats that the names of files imply."""
