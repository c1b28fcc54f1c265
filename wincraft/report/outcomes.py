# SPDX-License-Identifier: Apache-2.0
"""What became of each check of each file, and one verdict on all of them as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.refutation import Diagnosis, Refuted
from wincraft.errors import WincraftError
from wincraft.measures import MEASURES, measure_named
from wincraft.report.json import algorithm_summary
from wincraft.version import __version__

VERDICT_KIND = "wincraft.verdict"
VERDICT_VERSION = 1
STDIN = "standard input"
"""The name of what has no file."""
Status = Literal["passed", "failed", "error"]
RULES = {
    "readable": "The file holds matrices or a document that can be read",
    "proof": "The matrices compute the convolution, by the exact identity",
    "claims": "What the document states holds: values, counts, bounds and optimality",
    "algorithm": "The file holds the algorithm that is asked of it",
    "configuration": "The checks under [tool.wincraft] can be read",
}
"""What is checked beside limits, whose rules are the names of measures."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one check of one file.

    Args:
        file: as it was given, or `STDIN`.
        rule: one of `RULES`, or the name of a measure.
        text: what holds, in words; for what does not, `error` has them.
        error: what refutes it, or why it could not be judged.
        line: of the file, from 1, where what is wrong stands; 0 where that is not known.
        name: which of several algorithms of the file.
        found: what was found, in short.
        allowed: what was asked for.
        algorithm: the one that was proved.

    >>> FileOutcome("f.h", "proof", "F(2,3) proved").status
    'passed'
    """

    file: str
    rule: str
    text: str = ""
    error: WincraftError | None = None
    line: int = 0
    name: str = ""
    found: str = ""
    allowed: str = ""
    algorithm: Algorithm | None = None

    @property
    def exit_code(self) -> int:
        """0, or that of the error."""
        return 0 if self.error is None else self.error.exit_code

    @property
    def status(self) -> Status:
        """``failed`` is what is wrong, ``error`` what could not be judged."""
        return "passed" if self.error is None else "failed" if self.exit_code == 1 else "error"

    @property
    def message(self) -> str:
        """One line: what holds, or what does not, and the repair."""
        return self.text if self.error is None else str(self.error)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Of matrices that were refuted."""
        return self.error.diagnosis if isinstance(self.error, Refuted) else None

    @property
    def repair(self) -> str:
        """What to do: that of the diagnosis, else what every error ends with."""
        diagnosis = self.diagnosis
        if diagnosis is not None:
            told = [repair.text(diagnosis.layout) for repair in diagnosis.repairs]
            return diagnosis.cause or "; ".join(told) or self.message.rpartition("; ")[2]
        return self.message.rpartition("; ")[2] if self.error is not None else ""


def rule_meaning(rule: str) -> str:
    """What a rule asks, in words.

    >>> rule_meaning("proof"), rule_meaning("noise-gain")
    ('The matrices compute the convolution, by the exact identity', 'output variance from rounding every product')
    """
    return RULES[rule] if rule in RULES else (MEASURES.get(rule) or measure_named(rule)).meaning


def exit_code_of(outcomes: Sequence[FileOutcome]) -> int:
    """That of the run: the largest, so that what could not be judged is never taken for judged.

    >>> exit_code_of([FileOutcome("f.h", "proof", "F(2,3) proved")])
    0
    """
    return max((outcome.exit_code for outcome in outcomes), default=0)


def verdict_document(outcomes: Sequence[FileOutcome]) -> dict[str, object]:
    """All outcomes as one object of plain data; the schema is ``schema/verdict-1.json`` beside this file.

    >>> document = verdict_document([FileOutcome("f.h", "proof", "F(2,3) proved")])
    >>> document["status"], document["counts"]
    ('passed', {'passed': 1, 'failed': 0, 'error': 0})
    """
    counts = Counter(outcome.status for outcome in outcomes)
    return {
        "kind": VERDICT_KIND,
        "version": VERDICT_VERSION,
        "wincraft": __version__,
        "status": "error" if counts["error"] else "failed" if counts["failed"] else "passed",
        "exit_code": exit_code_of(outcomes),
        "counts": {status: counts[status] for status in get_args(Status)},
        "results": [_result(outcome) for outcome in outcomes],
    }


def _result(outcome: FileOutcome) -> dict[str, object]:
    return {
        "file": outcome.file,
        "line": outcome.line or None,
        "name": outcome.name,
        "rule": outcome.rule,
        "status": outcome.status,
        "message": outcome.message,
        "found": outcome.found or None,
        "allowed": outcome.allowed or None,
        "repair": outcome.repair or None,
        "algorithm": outcome.algorithm and algorithm_summary(outcome.algorithm),
        "diagnosis": _diagnosis(outcome.diagnosis),
    }


def _diagnosis(found: Diagnosis | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "size": found.size,
        "scale": found.scale,
        "outputs": list(found.outputs),
        "residual": found.residual,
        "residual_at": list(found.residual_at),
        "cause": found.cause or None,
        "row_scales": [{"tap": tap, "product": product} for tap, product in found.row_scales],
        "repairs": [
            {**asdict(repair), "given": list(repair.given), "needed": list(repair.needed)} for repair in found.repairs
        ],
        "stored_transposed": list(found.layout.stored),
    }
