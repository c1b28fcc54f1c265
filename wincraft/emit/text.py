# SPDX-License-Identifier: Apache-2.0
"""Plain text for reading: the matrices in aligned columns."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.nested import Algorithm
from wincraft.emit.provenance import banner


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write the description, then A^T, G and B^T of every distinct axis; identify reads the sections back."""
    for line in banner(algorithm, "text"):
        stream.write(f"# {line}\n")
    stream.write(f"# {algorithm!r}\n")
    several = len(set(algorithm.axes)) > 1
    for axis in dict.fromkeys(algorithm.axes):
        if several or axis is not algorithm:
            stream.write(f"# {axis!r}{'' if several else ', on every axis'}\n")
        for name, item in (("AT", axis.output), ("G", axis.filter), ("BT", axis.input)):
            stream.write(f"\n{name}\n")
            rows = item.texts
            widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
            for row in rows:
                stream.write("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) + "\n")
