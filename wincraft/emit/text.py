# SPDX-License-Identifier: Apache-2.0
"""Plain text for reading: the matrices and their stages in aligned columns."""

from __future__ import annotations

from typing import Any, TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.matrices import named_maps, named_stages
from wincraft.emit.provenance import banner
from wincraft.exact.matrix import to_texts


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write the description, then A^T, G and B^T of every distinct axis; identify reads the sections back.

    The stages of a chain stand behind their map, as comments.
    """
    for line in banner(algorithm, "text"):
        stream.write(f"# {line}\n")
    stream.write(f"# {algorithm!r}\n")
    several = len(set(algorithm.factors)) > 1
    for axis in dict.fromkeys(algorithm.factors):
        if several or axis is not algorithm:
            stream.write(f"# {axis!r}{'' if several else ', on every axis'}\n")
        stages = named_stages(axis)
        for name, item in named_maps(axis).items():
            stream.write(f"\n{name}\n" + _rows(item.dense, ""))
            chain = stages.get(name, {})
            if chain:
                stream.write(f"# {name} = {' '.join(reversed(chain))}, the stages of its chain\n")
            for stage, matrix in chain.items():
                stream.write(f"# {stage}\n" + _rows(matrix, "#   "))


def _rows(matrix: Any, indent: str) -> str:
    rows = to_texts(matrix)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        indent + "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) + "\n" for row in rows
    )
