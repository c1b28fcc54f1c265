# SPDX-License-Identifier: Apache-2.0
"""The algorithm document: JSON that `parse_document` reads back identical. Rationals are texts, never floats.

Of what is read everything that it claims is proved again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import Recipe
from wincraft.algorithm.refutation import Refuted
from wincraft.construct.size import MAX_AXES
from wincraft.errors import BadDocument, WincraftError, shorten
from wincraft.exact.number import exact_number, number_text
from wincraft.files.passes import from_passes, upgraded
from wincraft.files.provenance import command
from wincraft.files.statements import check_facts
from wincraft.files.text import JsonObject

ALGORITHM_KIND = "wincraft.algorithm"
ALGORITHM_VERSION = 2
_STATEMENTS = {"kind", "axes", "stages", "moduli", "convention", "domain", "passes", "recipe", "field", "sha256"}


def document(algorithm: Algorithm) -> JsonObject:
    """The document of an algorithm as plain data; the schema is ``schema/algorithm-2.json`` beside this file.

    ``recipe`` says of each axis how it was made. An algorithm of one axis has its matrices, and under ``passes`` the
    stages of every map of more than one; such of several axes have the passes of all their maps, in their order.

    >>> from wincraft import winograd
    >>> document(winograd(2, 3, points="0,1,-1"))["G"]
    [['1', '0', '0'], ['1/2', '1/2', '1/2'], ['1/2', '-1/2', '1/2'], ['0', '0', '1']]
    >>> [step["axis"] for step in document(winograd("F(2x2,3x3)"))["passes"]["G"]]
    [0, 1]
    """
    of_one = len(algorithm.m) == 1
    matrices = algorithm.named if of_one else {}
    passes = {name: steps for name, steps in algorithm.pass_texts().items() if len(steps) > 1 or not of_one}
    return {
        "kind": ALGORITHM_KIND,
        "version": ALGORITHM_VERSION,
        "command": command(algorithm, "json"),
        "m": list(algorithm.m),
        "r": list(algorithm.r),
        "rank": algorithm.rank,
        "scale": number_text(algorithm.scale),
        "form": algorithm.form,
        "field": algorithm.field.name,
        "recipe": [_recipe(recipe) for recipe in algorithm.recipe],
        **{name: item.texts for name, item in matrices.items()},
        **({"passes": passes} if passes else {}),
        "sha256": algorithm.sha256,
    }


def _recipe(recipe: Recipe) -> JsonObject:
    moduli = None if recipe.moduli is None else [str(modulus) for modulus in recipe.moduli]
    known = {"moduli": moduli, "convention": recipe.convention}
    further = {"basis": recipe.basis, "construction": recipe.construction}
    return known | {key: value for key, value in further.items() if value is not None}


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write the document, one matrix row per line."""
    write_document(document(algorithm), stream)


def write_document(content: JsonObject, stream: TextIO) -> None:
    """Write plain data as JSON with lists of texts and numbers on one line each.

    >>> import sys
    >>> write_document({"rank": 4, "row": ["1", "1/2"]}, sys.stdout)
    {
      "rank": 4,
      "row": ["1", "1/2"]
    }
    """
    stream.write(_format(content, "") + "\n")


def _format(value: object, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        items = [f"{deeper}{json.dumps(key)}: {_format(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return "[\n" + ",\n".join(f"{deeper}{_format(item, deeper)}" for item in value) + f"\n{indent}]"
    return json.dumps(value)


def parse_json(text: str, path: str) -> JsonObject:
    """The JSON object in a text, float literals kept as texts.

    Raises:
        BadDocument: no JSON, no object, or a key given twice.

    >>> parse_json('{"m": 2, "m": 3}', "f.json")
    Traceback (most recent call last):
    ...
    wincraft.errors.BadDocument: cannot read f.json: it gives 'm' twice; remove one of them
    """

    def members(pairs: list[tuple[str, object]]) -> JsonObject:
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


def is_document(content: JsonObject) -> bool:
    """Whether a JSON object states what only an algorithm document states, so that all of it is to be checked.

    >>> is_document({"AT": [["1"]], "G": [["1"]], "BT": [["1"]], "sha256": "00"}), is_document({"m": 1})
    (True, False)
    """
    of_several = isinstance(content.get("m"), list) and len(content["m"]) > 1
    return of_several or bool(_STATEMENTS & content.keys())


def parse_document(content: JsonObject, path: str = "the document") -> Algorithm:
    """The algorithm in the plain data of a document: any JSON object with m, r, AT, G, BT (or passes) that proves.

    Whatever else it states is checked too: rank, scale, field, recipe and hash; version 1 is read like 2.

    Raises:
        BadDocument: of another kind or version, or stating something its matrices contradict.
        Refuted: matrices that do not compute the convolution.

    >>> parse_document({"m": 1, "r": 1, "AT": [["2"]], "G": [["1/2"]], "BT": [["1"]]})
    F(1,1), rank 1, scale 1, proved
    """
    kind, version = content.get("kind", ALGORITHM_KIND), content.get("version", ALGORITHM_VERSION)
    if kind != ALGORITHM_KIND:
        raise BadDocument(path, f"its kind is {kind!r}", f"this reads kind {ALGORITHM_KIND!r}")
    if str(version).split(".")[0] not in ("1", str(ALGORITHM_VERSION)):
        reads = f"this reads versions 1 and {ALGORITHM_VERSION}; use a newer wincraft"
        raise BadDocument(path, f"its version is {version!r}", reads)
    try:
        return _nested(content, path) if "axes" in content else from_passes(upgraded(content, path), path)
    except (BadDocument, Refuted):
        raise
    except WincraftError as error:
        raise BadDocument(path, str(error), "correct the document, or generate it again") from None


def _nested(content: JsonObject, path: str) -> Algorithm:
    """Version 1 had a document for each of several axes."""
    axes = content["axes"]
    if (
        not isinstance(axes, list)
        or not axes
        or not all(isinstance(axis, dict) and "axes" not in axis for axis in axes)
    ):
        raise BadDocument(path, "axes is no list of 1-D documents", "give one document per axis")
    if len(axes) > MAX_AXES:
        raise BadDocument(path, f"it has {len(axes)} axes", f"at most {MAX_AXES} are read")
    made = [parse_document(axis, path) for axis in axes]
    nested = nest(*made)
    digest = hashlib.sha256(",".join(axis.sha256 for axis in made).encode()).hexdigest()
    facts = {"m": list(nested.m), "r": list(nested.r), "rank": nested.rank, "form": nested.form}
    check_facts(content, path, **facts, sha256=digest)
    if "scale" in content and exact_number(content["scale"]) != nested.scale:
        raise BadDocument(path, f"scale is {content['scale']}, the axes give {nested.scale}", "correct the scale")
    return nested
