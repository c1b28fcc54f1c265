# SPDX-License-Identifier: Apache-2.0
"""The proof of what a file holds, as outcomes: every algorithm of it, and the line on which a wrong one is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.refutation import MATRICES, Diagnosis, Refuted
from wincraft.errors import BadDocument, WincraftError
from wincraft.files.lines import entry_lines, key_in_json, line_ends
from wincraft.files.matrices import Found, Matrices
from wincraft.files.reading import Verdict, algorithm_of, found_in, judge
from wincraft.files.text import MAX_TEXT_BYTES, JsonObject, decode, read_bytes
from wincraft.report.outcomes import FileOutcome

Recheck = Callable[[JsonObject, str], Sequence[str]]
"""What checks the result of a search again: the lines that hold."""


def prove_files(
    *paths: str,
    tolerance: Fraction | None = None,
    recheck: Recheck | None = None,
    thorough: bool = False,
    given: bytes | None = None,
) -> list[FileOutcome]:
    """One file, or A^T, G and B^T in three: an outcome for every algorithm of it, or for the document that it is.

    Args:
        paths: one, or three; `STDIN` where `given` is its content.
        tolerance: as of `wincraft.read`.
        recheck: for documents of searches.
        thorough: of documents of circuits run stored proofs again.
        given: the content of the one file, where it need not be opened.

    >>> from wincraft.report.outcomes import STDIN
    >>> [outcome.message for outcome in prove_files(STDIN, given=b"AT = [[1]]; G = [[1]]; BT = [[1]]")]
    ['F(1,1) proved: 1 exact identities, 1 products, scale 1']
    >>> prove_files(STDIN, given=b"")[0].message
    'cannot read standard input: it is empty; give a file with matrices'
    """
    file = " ".join(paths)
    if given is not None and not given.strip():
        return [unreadable(file, BadDocument(file, "it is empty", "give a file with matrices"))]
    try:
        found = found_in(*paths, given=given)
    except WincraftError as error:
        return [unreadable(file, error)]
    try:
        return list(_proved(found, file, tolerance, recheck, thorough))
    except WincraftError as error:
        refuted = error.exit_code == 1
        rule = "proof" if isinstance(error, Refuted) or not found.document else "claims"
        line = _document_line(found, given, error.diagnosis) if isinstance(error, Refuted) else 0
        return [FileOutcome(file, rule if refuted else "readable", error=error, line=line)]


def unreadable(file: str, error: WincraftError, rule: str = "readable") -> FileOutcome:
    """The outcome of what cannot be read, at the line that the error names.

    >>> unreadable("f.json", BadDocument("f.json", "not valid JSON, line 3 column 1: x", "write it again")).line
    3
    """
    told = re.search(r"\bline (\d+),? column", str(error))
    return FileOutcome(file, rule, error=error, line=int(told[1]) if told else 0)


def hold_alone(paths: Sequence[str]) -> bool:
    """Whether any of these files holds an algorithm by itself, so that they are not A^T, G and B^T of one.

    >>> hold_alone(["absent.npy"])
    False
    """
    for path in paths:
        try:
            found_in(path)
        except WincraftError:
            continue
        return True
    return False


def _proved(
    found: Found, file: str, tolerance: Fraction | None, recheck: Recheck | None, thorough: bool
) -> Iterator[FileOutcome]:
    kind = found.document.get("kind")
    if kind == "wincraft.search" and recheck is not None:
        yield from (FileOutcome(file, "claims", line) for line in recheck(found.document, found.path))
    elif kind == "wincraft.circuit":
        from wincraft.report.circuit_check import check_circuits

        yield from [FileOutcome(file, "claims", line) for line in check_circuits(found.document, found.path, thorough)]
    elif kind == "wincraft.decomposition":
        from wincraft.files.decomposition import parse_plan_document

        yield FileOutcome(file, "claims", parse_plan_document(found.document, str(found.path)).prove())
    elif found.document and not found.matrices:
        yield _whole(algorithm_of(found, ()), file)
    else:
        verdicts = judge(found, tolerance)
        wrong = next((verdict for verdict in verdicts if verdict.error is not None), None)
        if found.axes and wrong is not None:
            yield _outcome(wrong, file)
        elif found.axes:
            yield _whole(algorithm_of(found, verdicts), file, verdicts[0].matrices)
        else:
            yield from (_outcome(verdict, file) for verdict in verdicts)


def _whole(algorithm: Algorithm, file: str, matrices: Matrices | None = None) -> FileOutcome:
    line = _line_of(matrices, "G", 0) if matrices else 0
    return FileOutcome(file, "proof", algorithm.verify(), line=line, algorithm=algorithm)


def _outcome(verdict: Verdict, file: str) -> FileOutcome:
    matrices, error = verdict.matrices, verdict.error
    if verdict.found is None:
        place = _place(error.diagnosis) if isinstance(error, Refuted) else ("G", 0)
        rule = "proof" if error is None or error.exit_code == 1 else "readable"
        return FileOutcome(file, rule, error=error, line=_line_of(matrices, *place), name=matrices.label)
    found, algorithm = verdict.found, verdict.found.algorithm
    form = "" if algorithm.form == "correlation" else ", linear convolution form"
    stored = f", stored transposed: {', '.join(found.transposed)}" if found.transposed else ""
    error_text = f", the given decimals within {float(found.largest_error):.2g} of it" if found.largest_error else ""
    text = f"{algorithm.verify()}{form}{stored}{error_text}"
    line = _line_of(matrices, "G", 0)
    return FileOutcome(file, "proof", text, line=line, name=matrices.label, algorithm=algorithm)


def _place(diagnosis: Diagnosis) -> tuple[str, int]:
    """The matrix, and its row in the file, at which a diagnosis points first; the first row of G where at none."""
    if diagnosis.row_scales:
        matrix, tap, place = "BT", diagnosis.row_scales[0][0], 0
    elif diagnosis.repairs:
        repair = diagnosis.repairs[0]
        matrix, tap, place = repair.matrix, repair.tap, repair.wrong[0] if repair.wrong else 0
    else:
        return "G", 0
    return matrix, place if diagnosis.layout.by_columns(matrix) else tap


def _line_of(matrices: Matrices, matrix: str, row: int) -> int:
    lines = matrices.lines[MATRICES.index(matrix)]
    return lines[row] if row < len(lines) else lines[0] if lines else 0


def _document_line(found: Found, given: bytes | None, diagnosis: Diagnosis) -> int:
    """Where a JSON document has the row that is wrong."""
    matrix, row = _place(diagnosis)
    rows = found.document.get(matrix)
    if not isinstance(rows, list) or not all(isinstance(entries, list) for entries in rows):
        return 0
    text = decode(read_bytes(found.path, MAX_TEXT_BYTES) if given is None else given, found.path)
    key = key_in_json(matrix, text)
    lines = entry_lines(text, key.end(), rows, line_ends(text)) if key else ()
    return lines[row] if row < len(lines) else 0
