# SPDX-License-Identifier: Apache-2.0
"""The algorithm document: JSON that `wincraft.read` reads back identical. Rationals are texts, never floats."""

from __future__ import annotations

import json
from typing import Any, TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.recipe import Recipe
from wincraft.emit.provenance import command
from wincraft.exact.number import number_text
from wincraft.files.document import ALGORITHM_KIND, ALGORITHM_VERSION


def document(algorithm: Algorithm) -> dict[str, Any]:
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
    matrices = {"AT": algorithm.output, "G": algorithm.filter, "BT": algorithm.input} if of_one else {}
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


def _recipe(recipe: Recipe) -> dict[str, Any]:
    moduli = None if recipe.moduli is None else [str(modulus) for modulus in recipe.moduli]
    known = {"moduli": moduli, "convention": recipe.convention}
    return known if recipe.basis is None else known | {"basis": recipe.basis}


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write the document, one matrix row per line."""
    write_document(document(algorithm), stream)


def write_document(content: dict[str, Any], stream: TextIO) -> None:
    """Write plain data as JSON with lists of texts and numbers on one line each.

    >>> import sys
    >>> write_document({"rank": 4, "row": ["1", "1/2"]}, sys.stdout)
    {
      "rank": 4,
      "row": ["1", "1/2"]
    }
    """
    stream.write(_format(content, "") + "\n")


def _format(value: Any, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        items = [f"{deeper}{json.dumps(key)}: {_format(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return "[\n" + ",\n".join(f"{deeper}{_format(item, deeper)}" for item in value) + f"\n{indent}]"
    return json.dumps(value)
