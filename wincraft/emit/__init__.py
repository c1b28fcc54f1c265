# SPDX-License-Identifier: Apache-2.0
"""Floor 4: writing algorithms. One sibling module per format, each with ``emit(algorithm, stream, basis)``."""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING

from wincraft.errors import look_up

if TYPE_CHECKING:
    from wincraft.algorithm.nested import Algorithm

FORMATS = {
    "text": "wincraft.emit.text",
    "json": "wincraft.emit.json",
    "c": "wincraft.emit.c",
    "numpy": "wincraft.emit.numpy",
    "latex": "wincraft.emit.latex",
}
"""The registry: format name to the module whose ``emit(algorithm, stream, basis)`` writes it."""

SUFFIXES = {".txt": "text", ".json": "json", ".h": "c", ".py": "numpy", ".tex": "latex"}
"""The format that a file name implies."""


def render(algorithm: Algorithm, format: str = "text", basis: str | None = None) -> str:
    """The algorithm as text in one of `FORMATS`; the same algorithm gives the same bytes.

    `basis` is the text that its chains were made from, as `wincraft.basis.chains.chained` takes it: only with it is
    the command in the file the one that makes them again.

    Raises:
        UnknownName: a format that is not in the registry.

    >>> from wincraft import winograd
    >>> render(winograd(2, 3, points="0,1,-1"), "latex").splitlines()[0]
    '% wincraft 0.1.0: wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --format latex'
    """
    emitter = import_module(look_up("format", format, FORMATS))
    stream = io.StringIO()
    emitter.emit(algorithm, stream, basis)
    return stream.getvalue()
