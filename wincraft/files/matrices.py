# SPDX-License-Identifier: Apache-2.0
"""Reading bare A^T, G, B^T of other programs: JSON, NumPy files, text files of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from sympy import Rational

from wincraft.errors import BadDocument, BadNumber, FloatGiven, WincraftError
from wincraft.exact.number import exact_number
from wincraft.files.document import MAX_BYTES, check_kind, load_json

NAMES = ("AT", "G", "BT")
_ALIASES = {"at": "AT", "a": "AT", "a^t": "AT", "g": "G", "bt": "BT", "b": "BT", "b^t": "BT"}
_HEADING = re.compile(
    r"^\W*(?:.*[\s*&])?(\w+?(?:\^T)?)(?:\s*\[[^\]]*\])*\s*[=:]|^\W*([ABG](?:\^?T)?)\W*$", re.IGNORECASE
)
_ARRAY = re.compile(r"(\w+)\s*\[\s*\w*\s*\]\s*\[\s*\w*\s*\]\s*=\s*\{(.*?)\}\s*;", re.DOTALL)
_SUFFIX = re.compile(r"(?<=[\d.])[fFlL]\b")


@dataclass(frozen=True)
class Matrices:
    """Three bare matrices as rows of sympy numbers; `exact` is False where an entry was a decimal or float."""

    AT: list[list[Any]]
    G: list[list[Any]]
    BT: list[list[Any]]
    exact: bool
    form: Literal["correlation", "linear"] | None = None


def read_matrices(*paths: str | Path) -> Matrices:
    r"""A^T, G and B^T from one file (JSON object, .npz, text) or from three (.npy or text, in that order).

    JSON and .npz name them AT, G, BT (or A, B); a text file has sections headed by these names, or three blocks of
    rows separated by blank lines; of a C header the first array of each name is read. Entries are integers, p/q,
    sqrt() expressions, decimals or float literals; brackets, braces, commas, the suffix f and comments (# and //) are
    passed over. Decimals are read exactly as written.

    Raises:
        BadDocument: unreadable files, missing matrices, rows of different lengths, entries that are no finite numbers.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    ...     _ = file.write("1 1\n\n1 0\n0 1\n\n1 0\n0 1\n")
    ...     file.flush()
    ...     read_matrices(file.name).AT
    [[1, 1]]
    """
    if len(paths) == 3:
        tables = dict(zip(NAMES, (_read_one(path) for path in paths), strict=True))
        return _matrices(tables, str(paths[0]), None)
    if len(paths) != 1:
        raise BadDocument(", ".join(map(str, paths)), f"{len(paths)} files", "give one file, or three: AT G BT")
    path = Path(paths[0])
    if path.suffix.lower() == ".npz":
        named = _load_numpy(path)
        return _matrices(_by_name(named, path), str(path), None)
    if path.suffix.lower() == ".npy":
        raise BadDocument(str(path), "one .npy file holds one matrix", "give three, AT G BT, or one .npz")
    if path.suffix.lower() == ".json" or re.match(r'\s*\{\s*"', _read_text(path)):
        content = load_json(path)
        check_kind(content, str(path))
        if "axes" in content:
            raise BadDocument(str(path), "it is N-D", "give one axis at a time; verify reads N-D documents")
        form = content.get("form")
        return _matrices(_by_name(content, path), str(path), form if form in ("correlation", "linear") else None)
    return _matrices(_sections(_read_text(path), path), str(path), None)


def _read_one(path: str | Path) -> Any:
    if Path(path).suffix == ".npy":
        return _load_numpy(Path(path))
    blocks = _blocks(_read_text(Path(path)), Path(path))
    if len(blocks) != 1:
        raise BadDocument(str(path), f"{len(blocks)} blocks of rows", "one of three files holds one matrix")
    return blocks[0][1]


def _load_numpy(path: Path) -> Any:
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        return {name: loaded[name].tolist() for name in loaded.files} if hasattr(loaded, "files") else loaded.tolist()
    except OSError as error:
        raise BadDocument(str(path), error.strerror or "no NumPy file", "check the path") from None
    except Exception as error:  # numpy raises zipfile, pickle and value errors for damaged files
        raise BadDocument(
            str(path), f"no readable NumPy file ({str(error)[:60]})", "save it again with numpy.savez"
        ) from None


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadDocument(str(path), f"it has more than {MAX_BYTES} bytes", "give matrices only")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadDocument(str(path), error.strerror or str(error), "check the path") from None
    except UnicodeDecodeError:
        raise BadDocument(str(path), "it is not UTF-8 text", "give JSON, .npz, .npy or a text file of rows") from None


def _by_name(named: dict[str, Any], path: Path) -> dict[str, Any]:
    found = {_ALIASES[key.lower()]: value for key, value in named.items() if key.lower() in _ALIASES}
    given = [key for key in named if key.lower() in _ALIASES]
    if len(given) > len(found):
        raise BadDocument(str(path), f"a matrix is given twice: {', '.join(given)}", "name the matrices AT, G and BT")
    missing = [name for name in NAMES if name not in found]
    if missing:
        raise BadDocument(str(path), f"it has no {', '.join(missing)}", "name the matrices AT, G and BT")
    return found


def _sections(text: str, path: Path) -> dict[str, Any]:
    arrays = _arrays(text)
    if arrays and re.search(r"_axis1\s*\[", text):
        raise BadDocument(str(path), "its axes differ", "give the arrays of one axis at a time")
    blocks = _blocks("\n".join(f"{name} = {body}" for name, body in arrays.items()) or text, path)
    names = [name for name, _ in blocks]
    if sorted(names) == sorted(NAMES):
        return dict(blocks)
    if names == ["", "", ""]:
        return dict(zip(NAMES, (rows for _, rows in blocks), strict=True))
    raise BadDocument(
        str(path), f"{len(blocks)} blocks of rows", "give three, headed AT, G, BT or in this order between blank lines"
    )


def _arrays(text: str) -> dict[str, str]:
    """Of source code in C with all three matrices the first array of each, by a part of its name: f4_3_AT_f32."""
    found: dict[str, str] = {}
    for name, body in _ARRAY.findall(text):
        for part in name.lower().split("_"):
            if part in _ALIASES:
                found.setdefault(_ALIASES[part], body)
    return found if len(found) == len(NAMES) else {}


def _blocks(text: str, path: Path) -> list[tuple[str, list[list[str]]]]:
    """(matrix name or '', rows) of every block; a heading, an assignment or a blank line starts a new block."""
    blocks: list[tuple[str, list[list[str]]]] = []
    name, fresh = "", True
    for raw in text.splitlines():
        line = re.split(r"#|//|%|/\*", raw)[0]
        if match := _HEADING.match(line):
            name, fresh = _ALIASES.get((match[1] or match[2]).rpartition("_")[2].lower(), ""), True
            line = line[match.end() :]
        fresh = fresh or not raw.strip()
        for piece in re.split(r"[\]}]", line):
            entries = _SUFFIX.sub("", re.sub(r"[\[{;,&\\]", " ", piece)).split()
            if not entries:
                continue
            if fresh:
                blocks.append((name, []))
                name, fresh = "", False
            blocks[-1][1].append(entries)
    if not blocks:
        raise BadDocument(str(path), "it has no rows of numbers", "give AT, G and BT as rows")
    return blocks


def _matrices(tables: dict[str, Any], path: str, form: Literal["correlation", "linear"] | None) -> Matrices:
    read: dict[str, list[list[Any]]] = {}
    exact = True
    for name in NAMES:
        rows = tables[name]
        if (
            not isinstance(rows, Sequence)
            or not rows
            or not all(isinstance(row, Sequence) and not isinstance(row, str) for row in rows)
        ):
            raise BadDocument(path, f"{name} is no matrix", "give a list of rows")
        if len({len(row) for row in rows}) != 1 or not rows[0]:
            lengths = sorted({len(row) for row in rows})
            raise BadDocument(path, f"{name} has rows of {lengths} entries", "give rows of one length")
        table = []
        for i, row in enumerate(rows):
            values = []
            for j, entry in enumerate(row):
                value, entry_exact = _entry(entry, f"{name}[{i}][{j}]", path)
                values.append(value)
                exact = exact and entry_exact
            table.append(values)
        read[name] = table
    return Matrices(read["AT"], read["G"], read["BT"], exact, form)


def _entry(entry: Any, where: str, path: str) -> tuple[Any, bool]:
    try:
        return exact_number(entry), True
    except FloatGiven:
        fraction = Fraction(entry) if isinstance(entry, float) else Fraction(str(entry))
        if max(abs(fraction.numerator), fraction.denominator).bit_length() > 2200:
            raise BadDocument(path, f"{where} is {entry}", "give entries of ordinary size") from None
        return Rational(fraction.numerator, fraction.denominator), False
    except (BadNumber, WincraftError) as error:
        raise BadDocument(path, f"{where}: {error}", "correct the entry") from None
