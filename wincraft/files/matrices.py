# SPDX-License-Identifier: Apache-2.0
"""Reading bare A^T, G, B^T of other programs, in whatever spelling they stand in a file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING

from wincraft.algorithm.content import Form
from wincraft.algorithm.refutation import MATRICES
from wincraft.construct.size import MAX_TILE
from wincraft.errors import BadDocument, BadNumber, shorten
from wincraft.exact.matrix import transposed
from wincraft.files.comments import with_exact_entries
from wincraft.files.document import is_document, parse_json
from wincraft.files.entry import ReadNumber, read_entry
from wincraft.files.grouping import Triple, contradictions, fits, named_triples, rank_of, unnamed_triples
from wincraft.files.lines import with_json_lines, with_lines
from wincraft.files.names import Role, role_of
from wincraft.files.npz import MAX_ARCHIVE_BYTES, load_arrays
from wincraft.files.spellings import SPELLINGS, Text
from wincraft.files.statements import MAX_RANK
from wincraft.files.table import Table
from wincraft.files.text import MAX_TEXT_BYTES, JsonObject, decode, read_bytes, without_markup

if TYPE_CHECKING:
    import numpy as np

MAX_ALGORITHMS = 64
_DEEPEST = 4
Entries = Sequence[Sequence[ReadNumber]]
_HINT = "name the matrices AT, G and BT, or give three in this order"
_NESTED = re.compile(r"F\(\d+(?:x\d+)+,\d+(?:x\d+)+\)")
_LINEAR = "linear convolution form"
"""What an algorithm of that form says of itself, and so the texts that wincraft writes."""
_STAGES = {"latex": re.compile(r"^[ABG]_\d+$")}
_STAGE = re.compile(r"(?:^|_)(?:AT|G|BT)\d+(?=_|$)")


@dataclass(frozen=True, eq=False)
class Matrices:
    """Three matrices as they were found: rows of exact sympy numbers, decimals as printed, or NumPy arrays.

    `names` says what each was called: "A" is A^T stored transposed, "GT" is G stored transposed. `flat` marks those
    whose rows were not told, so that either order of their entries may be meant. `label` names the algorithm;
    `contradicts` what the file gives differently elsewhere, "A, not AT". `lines` are those of the rows in the file.

    >>> Matrices([[1, 1, 1, 0], [0, 1, -1, 1]], [[1, 0, 0]] * 4, [[1, 0, -1, 0]] * 4).size
    (2, 3)
    """

    AT: Entries
    G: Entries
    BT: Entries
    names: tuple[str, str, str] = MATRICES
    form: Form | None = None
    flat: tuple[bool, bool, bool] = (False, False, False)
    label: str = ""
    contradicts: str = ""
    lines: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = ((), (), ())

    @property
    def tables(self) -> tuple[Entries, Entries, Entries]:
        """The three, in order."""
        return self.AT, self.G, self.BT

    @property
    def size(self) -> tuple[int, int] | None:
        """(m, r), as far as the numbers of entries tell it."""
        sizes = [len(rows) * len(rows[0]) for rows in self.tables]
        rank = sizes[0] + sizes[1] - sizes[2]
        return (sizes[0] // rank, sizes[1] // rank) if rank > 0 else None

    def readings(self) -> Iterator[Matrices]:
        """These matrices, then those with the entries of flat ones in the order of columns."""
        for turns in product(*((False, True) if flat else (False,) for flat in self.flat)):
            AT, G, BT = (_reordered(rows) if turn else rows for rows, turn in zip(self.tables, turns, strict=True))
            yield replace(self, AT=AT, G=G, BT=BT)


@dataclass(frozen=True)
class Found:
    """All matrices of a file; `document` is the whole JSON object where it is one.

    `axes` are the sizes of the axes of one N-D algorithm, where wincraft wrote the file.
    """

    path: str
    matrices: tuple[Matrices, ...]
    axes: tuple[tuple[int, int], ...] = ()
    document: JsonObject = field(default_factory=dict)


def read_matrices(*paths: str | Path, given: bytes | None = None) -> Found:
    r"""Every A^T, G and B^T in one file, or one of each from three files, in this order.

    A file is JSON, .npz or .npy, or text: source code, LaTeX, Markdown, printed arrays, plain rows. Matrices are found
    by their names, or else by their order; `SPELLINGS` lists what is tried.

    Of a JSON object that is an algorithm document no matrices are taken out: `parse_document` reads it. `given` is what
    the one file holds, where it need not be opened.

    Raises:
        BadDocument: unreadable files, missing matrices, rows of different lengths, entries that are no finite numbers.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    ...     _ = file.write("1 1\n\n1 0\n0 1\n\n1 0\n0 1\n")
    ...     file.flush()
    ...     read_matrices(file.name).matrices[0].AT
    [[1, 1]]
    """
    if len(paths) == 3:
        tables = [_one_table(path, name) for path, name in zip(paths, MATRICES, strict=True)]
        names = ", ".join(str(path) for path in paths)
        return Found(names, (_matrices((tables[0], tables[1], tables[2]), names, None),))
    if len(paths) != 1:
        raise BadDocument(", ".join(map(str, paths)), f"{len(paths)} files", "give one file, or three: AT G BT")
    content = read_bytes(paths[0], MAX_ARCHIVE_BYTES) if given is None else given
    path = str(paths[0])
    if _is_numpy(content, path):
        arrays = load_arrays(content, path)
        if list(arrays) == [""]:
            raise BadDocument(path, "one .npy file holds one matrix", "give three, AT G BT, or one .npz")
        axes = _sizes(arrays.pop("sizes", None))
        return Found(path, _grouped(_array_tables(arrays), path, None), axes)
    if Path(path).suffix.lower() == ".json":
        return _found_in_json(decode(content, path), path)
    text = _text(content, path)
    if re.match(r'\s*\{\s*"', text):
        with contextlib.suppress(BadDocument):  # or a dictionary of another language
            return _found_in_json(text, path)
    return _found_in_text(text, path)


def _found_in_json(text: str, path: str) -> Found:
    document = parse_json(text, path)
    if is_document(document):
        return Found(path, (), (), document)
    if isinstance(document.get("cells"), list):
        return _found_in_notebook(document["cells"], path)
    form = document.get("form")
    known: Form | None = form if form in ("correlation", "linear") else None
    tables = with_json_lines(list(_json_tables(document, (), 0)), text)
    return Found(path, _grouped(tables, path, known), (), document)


def _found_in_notebook(cells: list[object], path: str) -> Found:
    """What the sources of a Jupyter notebook's cells hold, code before text; else what they printed."""
    given = [cell for cell in cells if isinstance(cell, dict)]
    code, other = ([cell for cell in given if (cell.get("cell_type") == "code") is wanted] for wanted in (True, False))
    sources = [re.sub(r"(?m)^[%!].*$", "", _joined(cell.get("source"))) for cell in [*code, *other]]
    printed = [
        _joined(output.get("text")) or _joined((output.get("data") or {}).get("text/plain"))
        for cell in code
        for output in cell.get("outputs") or []
        if isinstance(output, dict)
    ]
    try:
        return _found_in_text("\n\n".join(sources), path)
    except BadDocument:
        with contextlib.suppress(BadDocument):
            return _found_in_text("\n\n".join(printed), path)
        raise


def _joined(lines: object) -> str:
    """The text that a notebook stores as a string or as lines."""
    return "".join(line for line in (lines if isinstance(lines, list) else [lines]) if isinstance(line, str))


def _is_numpy(content: bytes, path: str) -> bool:
    return Path(path).suffix.lower() in (".npz", ".npy") or content.startswith((b"PK\x03\x04", b"\x93NUMPY"))


def _text(content: bytes, path: str) -> str:
    if len(content) > MAX_TEXT_BYTES:
        raise BadDocument(path, f"it has more than {MAX_TEXT_BYTES} bytes", "give the matrices only")
    return decode(content, path)


def _one_table(path: str | Path, name: str) -> Table:
    """The one matrix in a file of three."""
    content = read_bytes(path, MAX_TEXT_BYTES)
    role = role_of(name)
    if _is_numpy(content, str(path)):
        arrays = _array_tables(load_arrays(content, str(path)))
        if len(arrays) != 1:
            raise BadDocument(str(path), f"{len(arrays)} arrays", "one of three files holds one matrix")
        return replace(arrays[0], role=role)
    text = Text(_text(content, str(path)))
    counts = []
    for find in SPELLINGS.values():
        tables = [table for table in find(text) if len(table.rows) > 1 or table.size > 1 or find is SPELLINGS["rows"]]
        if len(tables) == 1:
            return replace(tables[0], role=role)
        counts.append(len(tables))
    raise BadDocument(str(path), f"{max(counts)} blocks of rows", "one of three files holds one matrix")


def _sizes(array: np.ndarray | None) -> tuple[tuple[int, int], ...]:
    """(m, r) of every axis of an archive that wincraft wrote; none where it has one."""
    if array is None or array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        return ()
    return tuple((m, r) for m, r in array.tolist())


def _array_tables(arrays: JsonObject) -> list[Table]:
    return [
        Table(list(array) if array.ndim == 2 else [array.reshape(-1)], role_of(name), place)
        for place, (name, array) in enumerate(arrays.items())
        if array.size
    ]


def _json_tables(value: object, scope: tuple[str, ...], depth: int) -> Iterator[Table]:
    """Lists of numbers and lists of rows, by the nearest key that is a name."""
    if depth > _DEEPEST:
        return
    items = (
        value.items() if isinstance(value, dict) else (("", item) for item in value) if isinstance(value, list) else ()
    )
    for number, (key, item) in enumerate(items):
        role = role_of(key.replace("^", "")) or (role_of(scope[-1]) if scope and not key else None)
        if isinstance(item, list) and item and role is not None and not isinstance(item[0], dict):
            rows = item if isinstance(item[0], list) else [item]
            yield Table([row if isinstance(row, list) else [row] for row in rows], role, number, scope)
        elif role is not None and not isinstance(item, (dict, list)):
            yield Table([[item]], role, number, scope)
        else:
            yield from _json_tables(item, (*scope, key), depth + 1)


def _found_in_text(text: str, path: str) -> Found:
    """The matrices by the first spelling that finds three that fit, else by the first that finds three at all."""
    given = Text(without_markup(text))
    ours = "wincraft " in text[:200]
    nested = _NESTED.search(text[:4000]) if ours else None
    form: Form | None = "linear" if ours and _LINEAR in text[:4000] else None
    whole: list[Table] = []
    unfit: list[Table] = []
    for spelling, find in SPELLINGS.items():
        tables = with_lines(find(given), spelling, given)
        if ours:
            stage = _STAGES.get(spelling, _STAGE)
            tables = [table for table in tables if not (table.role and stage.search(table.role.name))]
        elif spelling != "python":  # which knows calls from tables
            tables = [table for table in tables if not _is_scrap(table)]
        if ours and spelling == "brackets":
            tables = [with_exact_entries(table, given.plain) for table in tables]
        triples = named_triples(tables) or unnamed_triples(tables)
        axes = _axes(nested[0]) if nested else ()
        if triples and axes and _for_whole_tiles(triples[0], axes):
            return Found(path, _grouped(tables, path, form))
        if triples and fits(*triples[0]):
            return Found(path, _grouped(tables, path, form), axes)
        if triples and not unfit:
            unfit = tables
        whole += tables
    return Found(path, _grouped(unfit or whole, path, form))


def _is_scrap(table: Table) -> bool:
    """Whether numbers beside a name of B^T are too few for any but F(1,1), as the arguments of a call are."""
    return table.role is not None and table.role.matrix == "BT" and table.size < 4


def _axes(size: str) -> tuple[tuple[int, int], ...]:
    m, r = (part.split("x") for part in size[2:-1].split(","))
    return tuple((int(one), int(other)) for one, other in zip(m, r, strict=False))


def _for_whole_tiles(triple: Triple, axes: tuple[tuple[int, int], ...]) -> bool:
    """Whether A^T, G and B^T are matrices for the flattened tiles of these axes, and not for one of them alone."""
    output, taps, data = (table.rows for table in triple)
    m, r, n = len(output), len(taps[0]), len(data[0])
    whole = prod(one for one, _ in axes), prod(one for _, one in axes), prod(one + other - 1 for one, other in axes)
    return (m, r, n) == whole and n != m + r - 1


def _grouped(tables: list[Table], path: str, form: Form | None) -> tuple[Matrices, ...]:
    triples = named_triples(tables) or unnamed_triples(tables)
    if not triples:
        raise _missing(tables, path)
    if len(triples) > MAX_ALGORITHMS:
        raise BadDocument(path, f"{len(triples)} algorithms", f"give at most {MAX_ALGORITHMS} at a time")
    found = [_matrices(triple, path, form) for triple in triples]
    for triple, matrices in zip(triples, found[: len(triples)], strict=True):
        for other, place in contradictions(triple, tables):
            given = _matrices(other, path, form)
            if transposed(given.tables[place]) != list(map(list, matrices.tables[place])):
                what = f"{given.names[place]}, not {matrices.names[place]}"
                found.append(replace(given, label=what, contradicts=what))
    return tuple(found)


def _missing(tables: Sequence[Table], path: str) -> BadDocument:
    named = list(dict.fromkeys(table.role.name for table in tables if table.role))
    if not tables:
        return BadDocument(path, "it has no rows of numbers", "give AT, G and BT as rows")
    if not named:
        return BadDocument(path, f"{len(tables)} blocks of rows without names", _HINT)
    present = {table.role.matrix for table in tables if table.role}
    absent = ", ".join(name for name in MATRICES if name not in present)
    return BadDocument(path, f"it has no {absent}, only {shorten(', '.join(named), 80)}", _HINT)


def _matrices(triple: Triple, path: str, form: Form | None) -> Matrices:
    """The numbers of three tables, flat ones with the rows that their sizes give."""
    roles = [table.role or Role(name, name, "", 0, name) for table, name in zip(triple, MATRICES, strict=True)]
    rank = rank_of(triple) if fits(*triple) else 0
    if rank and triple[2].size // rank > MAX_TILE:
        raise BadDocument(path, f"its tile m + r - 1 is {triple[2].size // rank}", f"at most {MAX_TILE} is read")
    tables, flats, lines = [], [], []
    for table, role in zip(triple, roles, strict=True):
        _check_shape(table, role.matrix, path)
        rows = _numbers(table, role.matrix, path)
        flat = len(rows) == 1 and len(rows[0]) > 1
        if flat and (rank or table.shape):
            other = len(rows[0]) // rank if rank else 0
            wide = role.written in ("AT", "GT", "B")
            height = table.shape[0] if table.shape else other if wide else rank
            width = len(rows[0]) // height
            rows = [rows[0][k : k + width] for k in range(0, len(rows[0]), width)]
        tables.append(rows)
        flats.append(flat and len(rows) > 1 and len(rows[0]) > 1)
        lines.append(table.lines[:: len(rows[0])] if len(table.rows) == 1 else table.lines)
    names = roles[0].written, roles[1].written, roles[2].written
    AT, G, BT = tables
    found = Matrices(AT, G, BT, names, form, (flats[0], flats[1], flats[2]), roles[1].name)
    return replace(found, lines=(lines[0], lines[1], lines[2]))


def _check_shape(table: Table, name: str, path: str) -> None:
    lengths = sorted({len(row) for row in table.rows})
    if len(lengths) != 1 or not lengths[0]:
        raise BadDocument(path, f"{name} has rows of {lengths} entries", "give rows of one length")
    if len(table.rows) > MAX_RANK or table.size > MAX_RANK * MAX_TILE:
        size = f"{len(table.rows)} rows and {table.size} entries"
        raise BadDocument(path, f"{name} has {size}", f"at most {MAX_RANK} rows of {MAX_TILE} entries are read")


def _numbers(table: Table, name: str, path: str) -> Entries:
    rows = []
    for i, row in enumerate(table.rows):
        values = []
        for j, entry in enumerate(row):
            try:
                values.append(_number(entry, table))
            except BadNumber as error:
                reason = f"{name}[{i}][{j}]: {error}"
                raise BadDocument(path, reason, "correct the entry") from None
        rows.append(values)
    return rows


def _number(entry: ReadNumber, table: Table) -> ReadNumber:
    if isinstance(entry, str):
        return read_entry(entry, table.constants)
    if isinstance(entry, bool) or entry is None or isinstance(entry, (list, dict)):
        raise BadNumber(shorten(repr(entry)), "write a number")
    if isinstance(entry, int):
        return read_entry(str(entry)) if entry.bit_length() < 14_000 else _refuse(entry)
    if hasattr(entry, "dtype"):
        return entry if isfinite(entry) else _refuse(entry)
    return entry


def _refuse(entry: ReadNumber) -> ReadNumber:
    raise BadNumber(shorten(str(entry)), "give finite entries of ordinary size")


def _reordered(rows: Entries) -> Entries:
    """The entries, listed row by row, taken column by column."""
    entries = [entry for row in rows for entry in row]
    return transposed([entries[k : k + len(rows)] for k in range(0, len(entries), len(rows))])
