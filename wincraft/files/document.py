# SPDX-License-Identifier: Apache-2.0
"""Reading algorithm documents: everything they claim is proved again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.nested import Algorithm, Nested
from wincraft.algorithm.refutation import MATRICES, Refuted
from wincraft.construct.conventions import CONVENTIONS
from wincraft.construct.moduli import complete, parse_moduli
from wincraft.construct.recover import row_scaling
from wincraft.construct.size import MAX_AXES, MAX_TILE
from wincraft.construct.toom_cook import canonical_taps
from wincraft.errors import BadDocument, WincraftError, shorten
from wincraft.exact.matrix import from_numbers, read_rows
from wincraft.exact.number import exact_number, field_of
from wincraft.files.text import decode, read_bytes

ALGORITHM_KIND = "wincraft.algorithm"
ALGORITHM_VERSION = 1
MAX_BYTES = 64 * 2**20
MAX_RANK = 4 * MAX_TILE
MAX_STAGES = 64
_STATEMENTS = {"kind", "axes", "stages", "moduli", "convention", "domain", "sha256"}


def read_document(path: str | Path) -> Algorithm:
    """The algorithm in a document: any JSON object with m, r, AT, G, BT (or axes) that proves.

    Whatever else it states is checked too: rank, scale, moduli, convention, stages and hash.

    Raises:
        BadDocument: unreadable, truncated, of another kind or version, or stating something its matrices contradict.
        Refuted: matrices that do not compute the convolution.

    >>> import tempfile, wincraft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.json")
    ...     _ = path.write_text(wincraft.render(wincraft.winograd(2, 3), "json"))
    ...     read_document(path) == wincraft.winograd(2, 3)
    True
    """
    return parse_document(load_json(path), str(path))


def load_json(path: str | Path) -> dict[str, Any]:
    """A JSON object with float literals kept as texts.

    Raises:
        BadDocument

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
    ...     _ = file.write('{"G": [[0.1]]}')
    ...     file.flush()
    ...     load_json(file.name)
    {'G': [['0.1']]}
    """
    return parse_json(decode(read_bytes(path, MAX_BYTES), str(path)), str(path))


def parse_json(text: str, path: str) -> dict[str, Any]:
    """The JSON object in a text, float literals kept as texts.

    Raises:
        BadDocument: no JSON, no object, or a key given twice.

    >>> parse_json('{"m": 2, "m": 3}', "f.json")
    Traceback (most recent call last):
    ...
    wincraft.errors.BadDocument: cannot read f.json: it gives 'm' twice; remove one of them
    """

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise BadDocument(path, f"it gives {shorten(twice)!r} twice", "remove one of them")
        return found

    try:
        content = json.loads(text, parse_float=str, parse_constant=str, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        reason = f"not valid JSON, line {error.lineno} column {error.colno}: {error.msg}"
        raise BadDocument(path, reason, "the file may be truncated; write it again") from None
    except (ValueError, RecursionError) as error:
        raise BadDocument(path, f"not valid JSON: {str(error)[:80]}", "write the file again") from None
    if not isinstance(content, dict):
        raise BadDocument(path, f"it holds a {type(content).__name__}", "an algorithm document is a JSON object")
    return content


def is_document(content: dict[str, Any]) -> bool:
    """Whether a JSON object states what only an algorithm document states, so that all of it is to be checked.

    >>> is_document({"AT": [["1"]], "G": [["1"]], "BT": [["1"]], "sha256": "00"}), is_document({"m": 1})
    (True, False)
    """
    return bool(_STATEMENTS & content.keys())


def parse_document(content: dict[str, Any], path: str = "the document") -> Algorithm:
    """The algorithm in the plain data of a document, as `read_document` reads it.

    Raises:
        BadDocument, Refuted: as `read_document`.

    >>> parse_document({"m": 1, "r": 1, "AT": [["2"]], "G": [["1/2"]], "BT": [["1"]]})
    F(1,1), rank 1, scale 1, proved
    """
    check_kind(content, path)
    try:
        if "axes" in content:
            return _nested(content, path)
        return _one(content, path)
    except (BadDocument, Refuted):
        raise
    except WincraftError as error:
        raise BadDocument(path, str(error), "correct the document, or generate it again") from None


def check_kind(content: dict[str, Any], path: str) -> None:
    """Refuse a document that states another kind or major version.

    Raises:
        BadDocument
    """
    kind, version = content.get("kind", ALGORITHM_KIND), content.get("version", ALGORITHM_VERSION)
    if kind != ALGORITHM_KIND:
        raise BadDocument(path, f"its kind is {kind!r}", f"this reads kind {ALGORITHM_KIND!r}")
    if str(version).split(".")[0] != str(ALGORITHM_VERSION):
        repair = f"this reads version {ALGORITHM_VERSION}; use a newer wincraft"
        raise BadDocument(path, f"its version is {version!r}", repair)


def _nested(content: dict[str, Any], path: str) -> Nested:
    axes = content["axes"]
    if (
        not isinstance(axes, list)
        or not axes
        or not all(isinstance(axis, dict) and "axes" not in axis for axis in axes)
    ):
        raise BadDocument(path, "axes is no list of 1-D documents", "give one document per axis")
    if len(axes) > MAX_AXES:
        raise BadDocument(path, f"it has {len(axes)} axes", f"at most {MAX_AXES} are read")
    nested = Nested(tuple(_one_of(parse_document(axis, path)) for axis in axes))
    _check(content, path, m=list(nested.m), r=list(nested.r), rank=nested.rank, form=nested.form, sha256=nested.sha256)
    if "scale" in content and exact_number(content["scale"]) != nested.scale:
        raise BadDocument(path, f"scale is {content['scale']}, the axes give {nested.scale}", "correct the scale")
    return nested


def _one_of(algorithm: Algorithm) -> BilinearAlgorithm:
    assert isinstance(algorithm, BilinearAlgorithm)
    return algorithm


def _one(content: dict[str, Any], path: str) -> BilinearAlgorithm:
    missing = [key for key in ("m", "r", *MATRICES) if key not in content]
    if missing:
        raise BadDocument(path, f"it has no {', '.join(missing)}", "an algorithm document has m, r, AT, G and BT")
    stages = content.get("stages") or {}
    form = content.get("form", "correlation")
    if form not in ("correlation", "linear"):
        raise BadDocument(path, f"form is {form!r}", "it is correlation or linear")
    if not isinstance(stages, dict) or not all(isinstance(chain, list) and chain for chain in stages.values()):
        raise BadDocument(path, "stages is no object of lists of matrices", "leave it out or write it again")
    if not stages.keys() <= set(MATRICES) or any(len(chain) > MAX_STAGES for chain in stages.values()):
        raise BadDocument(path, "stages has other names than AT, G and BT, or too many matrices", "write it again")
    tables = {name: [_rows(path, name, matrix) for matrix in stages.get(name, [content[name]])] for name in MATRICES}
    m, r = len(tables["AT"][-1]), len(tables["G"][0][0])
    if m + r - 1 > MAX_TILE:
        raise BadDocument(path, f"its tile m + r - 1 is {m + r - 1}", f"at most {MAX_TILE} is read")
    K = field_of(value for chain in tables.values() for rows in chain for row in rows for value in row)
    output, filter_map, input_map = (
        LinearMap(tuple(from_numbers(rows, K) for rows in tables[name])) for name in MATRICES
    )
    if "scale" in content:
        scale = exact_number(content["scale"])
        algorithm = BilinearAlgorithm(output, filter_map, input_map, scale=scale, form=form)
    else:
        algorithm = BilinearAlgorithm.from_matrices(
            *(item.dense.to_Matrix() for item in (output, filter_map, input_map)), form=form
        )
    for name, item in (("AT", output), ("G", filter_map), ("BT", input_map)):
        if name in stages and item.texts != LinearMap((from_numbers(_rows(path, name, content[name]), K),)).texts:
            raise BadDocument(path, f"the stages of {name} do not multiply out to {name}", "correct one of the two")
    algorithm = _with_moduli(algorithm, content, path)
    _check(
        content,
        path,
        m=algorithm.m,
        r=algorithm.r,
        rank=algorithm.rank,
        domain=str(algorithm.domain),
        sha256=algorithm.sha256,
    )
    return algorithm


def _rows(path: str, name: str, rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadDocument(path, f"{name} is no list of rows", f"give at most {MAX_RANK} rows of texts")
    if max(len(rows), *map(len, rows), 0) > MAX_RANK:
        raise BadDocument(path, f"{name} has more than {MAX_RANK} rows or columns", "give matrices of ordinary size")
    return read_rows(name, rows)


def _with_moduli(algorithm: BilinearAlgorithm, content: dict[str, Any], path: str) -> BilinearAlgorithm:
    """The algorithm with the moduli and the convention that the document states, both checked."""
    stated, convention = content.get("moduli"), content.get("convention")
    if convention is not None and not isinstance(convention, str):
        raise BadDocument(path, f"convention is a {type(convention).__name__}", "name one, or remove it")
    if stated is None and convention is not None:
        raise BadDocument(path, f"it states convention {shorten(convention)!r} without moduli", "add the moduli")
    if stated is None:
        return algorithm
    if not isinstance(stated, list) or not all(isinstance(item, (str, int)) for item in stated):
        raise BadDocument(path, "moduli is no list of texts", 'write it as ["0", "1", "-1", "inf"]')
    if len(stated) > algorithm.n:
        raise BadDocument(path, f"{len(stated)} moduli for a tile of {algorithm.n}", "correct or remove the moduli")
    moduli: tuple[Modulus, ...] = complete(parse_moduli(stated), algorithm.m, algorithm.r)
    taps = canonical_taps(algorithm.m, algorithm.r, moduli)
    scaling = row_scaling(algorithm, taps) if len(taps.f) == algorithm.rank else None
    if scaling is None:
        raise BadDocument(path, "its matrices do not belong to its moduli", "correct or remove the moduli")
    if convention is not None and (convention not in CONVENTIONS or CONVENTIONS[convention](taps) != scaling):
        raise BadDocument(
            path, f"its matrices are not in convention {shorten(convention)!r}", "correct or remove the convention"
        )
    return replace(algorithm, moduli=moduli, convention=convention)


def _check(content: dict[str, Any], path: str, **actual: Any) -> None:
    for key, value in actual.items():
        if key in content and repr(content[key]) != repr(value):  # true is no 1
            repair = (
                "the file was changed after it was written; remove sha256 to accept it"
                if key == "sha256"
                else f"correct {key}"
            )
            raise BadDocument(path, f"{key} is {shorten(str(content[key]))}, its matrices give {value}", repair)


def check_statements(content: dict[str, Any], path: str, algorithm: BilinearAlgorithm) -> None:
    """Refuse what a foreign JSON object states of m, r, rank and scale where its matrices say otherwise.

    Raises:
        BadDocument

    >>> from wincraft import winograd
    >>> check_statements({"m": 2, "scale": "1"}, "f.json", winograd(2, 3))
    """
    _check(content, path, m=algorithm.m, r=algorithm.r, rank=algorithm.rank)
    try:
        stated = exact_number(content.get("scale", algorithm.scale))
    except WincraftError as error:
        raise BadDocument(path, f"scale: {error}", "correct scale") from None
    if stated != algorithm.scale:
        raise BadDocument(path, f"scale is {stated}, its matrices give {algorithm.scale}", "correct scale")
