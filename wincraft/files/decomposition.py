# SPDX-License-Identifier: Apache-2.0
"""The document of a plan: JSON of a problem, its algorithms and its pieces, which is proved when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from wincraft.algorithm.refutation import Refuted
from wincraft.errors import BadDocument, ClaimRefuted, WincraftError, shorten
from wincraft.files.document import document, parse_document
from wincraft.files.reading import found_in
from wincraft.files.text import JsonObject
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.plan.reductions import MAX_PIECES, Steps, Strand
from wincraft.version import __version__

DECOMPOSITION_KIND = "wincraft.decomposition"
DECOMPOSITION_VERSION = 1
_Kind = TypeVar("_Kind")
_REPAIR = "write it with wincraft plan --kernel ... --format json"


def plan_document(plan: Plan) -> JsonObject:
    """A plan as plain data, of kind ``wincraft.decomposition``: every algorithm once, positions as [offset, step].

    The schema is ``schema/decomposition-1.json`` beside this file.

    >>> from wincraft.plan import make_plan
    >>> found = plan_document(make_plan(Problem(3, stride=2), 2))
    >>> found["pieces"][1]
    {'algorithm': 1, 'axes': [{'outputs': [0, 1], 'data': [1, 2], 'filter': [1, 2], 'taps': 1}]}
    """
    algorithms = list(dict.fromkeys(piece.algorithm for piece in plan.pieces))
    numbers = {algorithm: number for number, algorithm in enumerate(algorithms)}
    return {
        "kind": DECOMPOSITION_KIND,
        "version": DECOMPOSITION_VERSION,
        "wincraft": __version__,
        "problem": problem_document(plan.problem),
        "products": plan.products,
        "products_per_output": str(plan.products_per_output),
        "pieces": [
            {"algorithm": numbers[piece.algorithm], "axes": [_axis(strand) for strand in piece.strands]}
            for piece in plan.pieces
        ],
        "algorithms": [document(algorithm) for algorithm in algorithms],
    }


def read_plan(path: str | Path) -> Plan | None:
    """The plan in a file, None where the file holds something else.

    Raises:
        BadDocument: where the file cannot be read, and as `parse_plan_document`.
        Refuted, ClaimRefuted: as `parse_plan_document`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.json")
    ...     _ = path.write_text('{"m": 1, "r": 1, "AT": [["1"]], "G": [["1"]], "BT": [["1"]]}')
    ...     read_plan(path)
    """
    found = found_in(path)
    if found.document.get("kind") != DECOMPOSITION_KIND:
        return None
    return parse_plan_document(found.document, str(found.path))


def problem_document(problem: Problem) -> JsonObject:
    """A problem as plain data: numbers of every axis.

    >>> problem_document(Problem(3, stride=2))
    {'kernel': [3], 'stride': [2], 'dilation': [1], 'transposed': False, 'groups': 1}
    """
    return {
        "kernel": list(problem.r),
        "stride": list(problem.s),
        "dilation": list(problem.t),
        "transposed": problem.transposed,
        "groups": problem.groups,
    }


def parse_plan_document(content: JsonObject, path: str = "the document") -> Plan:
    """The plan of a document; its algorithms are proved, `Plan.prove` proves the rest.

    Raises:
        BadDocument: where something is missing, or is none of what it should be.
        Refuted: where an algorithm is none.
        ClaimRefuted: where it states another number of products.

    >>> from wincraft.plan import make_plan
    >>> plan = make_plan(Problem(3, stride=2, axes=2), 2)
    >>> parse_plan_document(plan_document(plan))
    Plan(3x3 kernel, stride 2: 4 pieces, 25 products, 6.25 an output, direct 9)
    """
    kind, version = content.get("kind"), content.get("version")
    if kind != DECOMPOSITION_KIND or str(version).split(".")[0] != str(DECOMPOSITION_VERSION):
        found = f"its kind and version are {shorten(repr(kind))}, {shorten(repr(version))}"
        raise BadDocument(path, found, f"this reads {DECOMPOSITION_KIND}, version {DECOMPOSITION_VERSION}")
    given, pieces = _entry(content, "problem", dict, path), _entry(content, "pieces", list, path)
    algorithms = [
        parse_document(item, f"{path}: algorithms[{number}]")
        for number, item in enumerate(_objects(content, "algorithms", path))
    ]
    if len(pieces) > MAX_PIECES:
        raise BadDocument(path, f"it has {len(pieces)} pieces", f"at most {MAX_PIECES} are read")
    try:
        sizes = {name: tuple(_entry(given, name, list, path)) for name in ("kernel", "stride", "dilation")}
        flags = {"transposed": _entry(given, "transposed", bool, path), "groups": _entry(given, "groups", int, path)}
        problem = Problem(**sizes, **flags)  # type: ignore[arg-type]
        made = []
        for item in _objects(content, "pieces", path):
            number = _entry(item, "algorithm", int, path)
            if not 0 <= number < len(algorithms):
                raise BadDocument(path, f"it has no algorithm {number}", _REPAIR)
            made.append(Piece(algorithms[number], tuple(_strand(axis, path) for axis in _objects(item, "axes", path))))
        plan = Plan(problem, tuple(made))
    except (BadDocument, Refuted):
        raise
    except WincraftError as error:
        raise BadDocument(path, str(error), _REPAIR) from None
    facts = {"products": plan.products, "products_per_output": str(plan.products_per_output)}
    for name, value in facts.items():
        if name in content and content[name] != value:
            raise ClaimRefuted(path, f"{name.replace('_', ' ')} {shorten(repr(content[name]))}", f"there are {value}")
    return plan


def _axis(strand: Strand) -> JsonObject:
    steps = {name: getattr(strand, name) for name in ("outputs", "data", "filter")}
    return {name: [item.offset, item.step] for name, item in steps.items()} | {"taps": strand.taps}


def _strand(axis: JsonObject, path: str) -> Strand:
    steps = []
    for name in ("outputs", "data", "filter"):
        pair = _entry(axis, name, list, path)
        if len(pair) != 2 or not all(isinstance(item, int) and not isinstance(item, bool) for item in pair):
            raise BadDocument(path, f"{name} is {shorten(repr(pair))}", "give [offset, step]")
        steps.append(Steps(*pair))
    outputs, data, filter = steps
    return Strand(outputs, data, data.step, filter, _entry(axis, "taps", int, path))


def _objects(content: JsonObject, name: str, path: str) -> list[JsonObject]:
    found: list[JsonObject] = _entry(content, name, list, path)
    if not found or not all(isinstance(item, dict) for item in found):
        raise BadDocument(path, f"{name} is no list of objects", _REPAIR)
    return found


def _entry(content: JsonObject, name: str, kind: type[_Kind], path: str) -> _Kind:
    value = content.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadDocument(path, f"{name} is {shorten(repr(value))}", _REPAIR)
    return value
