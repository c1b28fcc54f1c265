# SPDX-License-Identifier: Apache-2.0
"""The algorithm document: JSON that `wincraft.read` reads back identical. Rationals are texts, never floats."""

from __future__ import annotations

import json
from typing import Any, TextIO

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.emit.provenance import command
from wincraft.exact.number import number_text
from wincraft.files.document import ALGORITHM_KIND, ALGORITHM_VERSION


def document(algorithm: Algorithm, basis: str | None = None) -> dict[str, Any]:
    """The document of an algorithm as plain data; the schema is ``schema/algorithm-1.json`` beside this file.

    A 1-D document has the matrices, and under ``stages`` the chain of every map of more than one stage, in the order
    of application. An N-D document has ``axes``, a 1-D document each.

    >>> from wincraft import winograd
    >>> document(winograd(2, 3, points="0,1,-1"))["G"]
    [['1', '0', '0'], ['1/2', '1/2', '1/2'], ['1/2', '-1/2', '1/2'], ['0', '0', '1']]
    """
    head: dict[str, Any] = {
        "kind": ALGORITHM_KIND,
        "version": ALGORITHM_VERSION,
        "command": command(algorithm, "json", basis),
    }
    common = {"rank": algorithm.rank, "scale": number_text(algorithm.scale), "form": algorithm.form}
    if not isinstance(algorithm, BilinearAlgorithm):
        sizes = {"m": list(algorithm.m), "r": list(algorithm.r)}
        axes = [document(axis, basis) for axis in algorithm.axes]
        return head | sizes | common | {"axes": axes, "sha256": algorithm.sha256}
    stages = {name: chain for name, chain in algorithm.stage_texts().items() if len(chain) > 1}
    return (
        head
        | {"m": algorithm.m, "r": algorithm.r}
        | common
        | {
            "moduli": None if algorithm.moduli is None else [str(modulus) for modulus in algorithm.moduli],
            "convention": algorithm.convention,
            "domain": str(algorithm.domain),
            "AT": algorithm.output.texts,
            "G": algorithm.filter.texts,
            "BT": algorithm.input.texts,
            "stages": stages,
            "sha256": algorithm.sha256,
        }
    )


def emit(algorithm: Algorithm, stream: TextIO, basis: str | None = None) -> None:
    """Write the document, one matrix row per line."""
    write_document(document(algorithm, basis), stream)


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
