# SPDX-License-Identifier: Apache-2.0
"""MLIR: the matrices as ``arith.constant dense<...>``."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.c.text import aligned
from wincraft.emit.constants import (
    MatrixRows,
    axis_constants,
    constant_words,
    exact_lines,
    float32_text,
    lines_with_notes,
)


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write G, GT, BT, B, AT and A of every axis as constants of ``tensor<...xf32>``, with exact entries in comments.

    They are what the passes of linalg and of IREE make of their arrays, operands of ``linalg.matmul`` from both sides
    of a tile: Y = AT ((G g GT) * (BT d B)) A. No scale is divided by: A^T is divided by it here. Entries are rounded
    once to float32, of which 9 digits say all bits.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: as `axis_constants`.
        TooLarge: where an entry exceeds float32.

    Source: the constants of mlir/lib/Dialect/Linalg/Transforms/WinogradConv2D.cpp, ``DenseFPElementsAttr``.
    """
    axes = axis_constants(algorithm, "mlir")
    lines = [f"// {line}".rstrip() for line in constant_words(algorithm, "mlir")]
    for axis in axes:
        for name, rows in axis.tables:
            lines += ["", *_constant(name, rows)]
    stream.write("\n".join(lines) + "\n")


def _constant(name: str, rows: MatrixRows) -> list[str]:
    codes = [f"[{row}]" for row in aligned([[float32_text(x, "mlir") for x in row] for row in rows], True, ", ")]
    notes = [f"  // {line}" for line in exact_lines(rows)]
    body = lines_with_notes(codes, notes, "  ", ",")
    return [f"%{name} = arith.constant dense<[", *body, f"]> : tensor<{len(rows)}x{len(rows[0])}xf32>"]
