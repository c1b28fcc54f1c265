# SPDX-License-Identifier: Apache-2.0
"""Plain text for reading: the matrices and their stages in aligned columns."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.c.text import aligned
from wincraft.emit.matrices import distinct_parts, named_chain, product_text
from wincraft.exact.matrix import to_texts
from wincraft.exact.types import Matrix
from wincraft.files.provenance import banner


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write the description, then A^T, G and B^T of every distinct axis; identify reads the sections back.

    Of an algorithm of whole tiles the matrices are those for tiles flattened row by row, of which the description
    says the sizes. The stages of a chain stand behind their map, as comments. Over GF(p) entries are residues.
    """
    for line in banner(algorithm, "text"):
        stream.write(f"# {line}\n")
    stream.write(f"# {algorithm!r}\n")
    parts = distinct_parts(algorithm)
    for part in parts:
        if part is not algorithm:
            stream.write(f"# {part!r}{', on every axis' if len(parts) == 1 else ''}\n")
        for name, item in part.named.items():
            stream.write(f"\n{name}\n" + _rows(item.dense, ""))
            chain = named_chain(name, item)
            if chain:
                stream.write(f"# {name} = {product_text(name, item)}, the stages of its chain\n")
            for label, step in chain.items():
                stream.write(f"# {label}\n" + _rows(step.matrix, "#   "))


def _rows(matrix: Matrix, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in aligned(to_texts(matrix), right=True))
