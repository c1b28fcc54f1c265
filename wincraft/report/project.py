# SPDX-License-Identifier: Apache-2.0
"""The checks that a project asks of its files, under ``[tool.wincraft]`` of its pyproject.toml, and their outcomes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from wincraft.algorithm.bilinear import Algorithm
from wincraft.analysis import Analysis
from wincraft.construct.identify import read_tolerance
from wincraft.construct.size import parse_size
from wincraft.construct.winograd import along_axes
from wincraft.errors import BadDocument, Refusal, WincraftError, look_up, shorten
from wincraft.files.text import MAX_TEXT_BYTES, read_bytes
from wincraft.limits import Limit, parse_limit
from wincraft.measure.integers import Integers, parse_range
from wincraft.measures import measure_named
from wincraft.report.model import Unavailable, available
from wincraft.report.outcomes import FileOutcome
from wincraft.report.proofs import Recheck, prove_files
from wincraft.report.repairs import LimitExceeded, limit_repair

CHECK_KEYS = {
    "files": "their names, relative to the pyproject.toml, with * and ** for many",
    "algorithm": "the size of one that each of them holds",
    "tolerance": "how far decimals may lie from exact entries, relative to their row",
    "limits": "measures by name, with their largest values; where more is better, their least",
    "data-range": "data of exact integer arithmetic, int8 where it is left out",
    "weight-range": "its filters",
    "accumulator": "its accumulator, in bits",
}
"""What a check may say."""


class MissingAlgorithm(Refusal):
    """A file without the algorithm that a project asks of it.

    >>> print(MissingAlgorithm("f.h", "F(2,3), not F(4,3)", "generate it again, or ask for F(2,3)"))
    f.h holds F(2,3), not F(4,3); generate it again, or ask for F(2,3)
    """

    exit_code = 1
    template = "{what} holds {value}; {repair}"


@dataclass(frozen=True)
class FileCheck:
    """What is asked of some files; `size` is that of an algorithm in each, empty where any will do."""

    files: tuple[str, ...]
    size: str = ""
    tolerance: Fraction | None = None
    limits: tuple[Limit, ...] = ()
    integers: Integers = field(default_factory=Integers)


def read_checks(path: str) -> tuple[FileCheck, ...]:
    """The checks under ``[[tool.wincraft.check]]`` of a TOML file.

    Raises:
        BadDocument: no such file, no TOML, nothing to check, a key or value that there is not.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "pyproject.toml")
    ...     _ = file.write_text("[[tool.wincraft.check]]\\nfiles = '*.toml'\\nlimits = {noise-gain = 5, channels = 64}")
    ...     [limit.text for limit in read_checks(str(file))[0].limits]
    ['noise-gain<=5', 'channels>=64']
    """
    try:
        content = tomllib.loads(read_bytes(path, MAX_TEXT_BYTES).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDocument(path, f"not valid TOML: {error}", "correct it") from None
    asked = _table(_table(content.get("tool", {}), "tool", path).get("wincraft", {}), "tool.wincraft", path)
    _check_keys(asked, {"check": ""}, "[tool.wincraft]", path)
    checks = asked.get("check", [])
    if not isinstance(checks, list) or not checks:
        raise BadDocument(path, "it has nothing to check", "add [[tool.wincraft.check]] with files = [...]")
    return tuple(
        _read(_table(check, "", path), f"check {k} of [tool.wincraft]", path) for k, check in enumerate(checks, 1)
    )


def run_file_checks(checks: Iterable[FileCheck], recheck: Recheck | None = None) -> list[FileOutcome]:
    """What becomes of them: of every file its proofs, then the algorithm asked for, then the limits.

    Args:
        checks: as `read_checks` gives them.
        recheck: as of `prove_files`.

    >>> [outcome.status for outcome in run_file_checks([FileCheck(("absent.h",))])]
    ['error']
    """
    found = [outcome for check in checks for file in check.files for outcome in _outcomes(check, file, recheck)]
    seen = {(one.file, one.rule, one.name, one.message, one.allowed): one for one in found}  # files of several checks
    return list(seen.values())


def _outcomes(check: FileCheck, file: str, recheck: Recheck | None) -> Iterator[FileOutcome]:
    proofs = prove_files(file, tolerance=check.tolerance, recheck=recheck)
    yield from proofs
    if any(proof.error is not None for proof in proofs):
        return
    held = [(proof, proof.algorithm) for proof in proofs if proof.algorithm is not None]
    meant = [(proof, found) for proof, one in held if (found := _as_size(one, check.size)) is not None]
    sizes = ", ".join(dict.fromkeys(algorithm.size for _, algorithm in held)) or "no algorithm"
    if not meant and (check.size or check.limits):
        repair = f"generate it again, or ask for {sizes}" if held else "choose other files"
        error = MissingAlgorithm("the file", f"{sizes}, not {check.size}" if check.size else sizes, repair)
        yield FileOutcome(file, "algorithm", error=error, found=sizes, allowed=check.size or "any")
        return
    if check.size:
        line = meant[0][0].line
        yield FileOutcome(file, "algorithm", f"it holds {check.size}", line=line, found=sizes, allowed=check.size)
    for proof, algorithm in meant:
        analysis = Analysis(algorithm, check.integers)
        subject = f"{algorithm.size} ({proof.name})" if len(meant) > 1 and proof.name else algorithm.size
        for limit in check.limits:
            yield _held_to(limit, analysis, subject, proof)


def _as_size(algorithm: Algorithm, size: str) -> Algorithm | None:
    """The algorithm where it is of that size, or where nesting it makes one; any where no size is asked for."""
    if size in ("", algorithm.size):
        return algorithm
    axes = parse_size(size)
    if len(algorithm.m) == 1 and set(axes) == {(algorithm.m[0], algorithm.r[0])} and algorithm.form == "correlation":
        return along_axes(algorithm, len(axes))
    return None


def _held_to(limit: Limit, analysis: Analysis, subject: str, proof: FileOutcome) -> FileOutcome:
    measure = limit.measure
    value = available(partial(measure.value, analysis))
    allowed = f"at {'most' if limit.relation == '<=' else 'least'} {limit.text.rpartition('=')[2]}"
    missing = isinstance(value, Unavailable)
    found = f"not available ({value.reason})" if missing else measure.shown(value)
    holds = not missing and limit.holds(value)
    repair = "" if holds else limit_repair(limit, analysis)
    return FileOutcome(
        proof.file,
        measure.name,
        f"{measure.name} of {subject} is {found}, {allowed}",
        None if holds else LimitExceeded(subject, measure.name, found, limit.nearest, repair),
        line=proof.line,
        name=proof.name,
        found=found,
        allowed=allowed,
    )


def _table(value: object, name: str, path: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadDocument(path, f"{name or 'a check'} is {shorten(repr(value))}", "make it a table")
    return value


def _check_keys(table: Mapping[str, object], known: Mapping[str, str], where: str, path: str) -> None:
    for key in table:
        try:
            look_up("key", key, known)
        except WincraftError as error:
            raise BadDocument(path, f"{where} has an {error}", "correct or remove it") from None


def _read(table: Mapping[str, object], where: str, path: str) -> FileCheck:
    _check_keys(table, CHECK_KEYS, where, path)

    def text(key: str) -> str:
        return _text(table.get(key, ""), f"{key} of {where}", path)

    accumulator = text("accumulator")
    if not re.fullmatch("[0-9]{0,4}", accumulator):
        raise BadDocument(path, f"accumulator of {where} is {shorten(repr(accumulator))}", "write its bits, such as 32")
    try:
        limits = _table(table.get("limits", {}), f"limits of {where}", path)
        return FileCheck(
            _files(table.get("files"), where, path),
            _size(text("algorithm")),
            read_tolerance(text("tolerance") or None),
            tuple(_limit(name, _text(value, f"{name} of {where}", path)) for name, value in limits.items()),
            _integers(text("data-range"), text("weight-range"), accumulator),
        )
    except BadDocument:
        raise
    except WincraftError as error:
        raise BadDocument(path, f"{where}: {error}", "correct the check") from None


def _text(value: object, what: str, path: str) -> str:
    """A value as text; a number as it is written."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadDocument(path, f"{what} is {shorten(repr(value))}", "write a text or a number")
    return str(value)


def _size(text: str) -> str:
    if not text:
        return ""
    m, r = zip(*parse_size(text), strict=True)
    return f"F({'x'.join(map(str, m))},{'x'.join(map(str, r))})"


def _limit(name: str, value: str) -> Limit:
    measure = measure_named(name)
    relation = "<=" if measure.better == "lower" else ">="
    return parse_limit(f"{name}{relation}{value}")


def _integers(data: str, weights: str, accumulator: str) -> Integers:
    default = Integers()
    return Integers(
        parse_range(data) if data else default.data,
        parse_range(weights) if weights else default.filter,
        int(accumulator) if accumulator else default.accumulator,
    )


def _files(value: object, where: str, path: str) -> tuple[str, ...]:
    """The files that patterns stand for, each once, in the order of the patterns."""
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns or not all(isinstance(one, str) and one for one in patterns):
        raise BadDocument(path, f"{where} names no files", 'write files = ["src/*.h"]')
    found: dict[str, None] = {}
    for pattern in patterns:
        try:
            matches = sorted(match for match in Path(path).parent.glob(pattern) if match.is_file())
        except (NotImplementedError, ValueError, OSError) as error:
            raise BadDocument(path, f"{where}: {pattern!r} is no pattern ({error})", "write it relative") from None
        if not matches:
            raise BadDocument(path, f"{where}: {pattern!r} matches no file", "correct it, or remove the check")
        found |= dict.fromkeys(map(str, matches))
    return tuple(found)
