# SPDX-License-Identifier: Apache-2.0
"""LLVM: the arrays of the Winograd transforms of MLIR's dialect linalg, ``WinogradConv2D.cpp``."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.constants import cpp_constants

_USE = """\
// For mlir/lib/Dialect/Linalg/Transforms/WinogradConv2D.cpp: flat, row by row, each in the map of its name with the
// shape above it, as TransformMatrix(G_4x4_3x3, 6, 3), and a value F_m_r of WinogradConv2DFmr for the size.
// clang-format off"""


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write G, GT, BT, B, AT and A of every axis as LLVM has them: ``constexpr float G_4x4_3x3[]``, flat, row by row.

    The operations ``linalg.winograd_filter_transform``, ``_input_transform`` and ``_output_transform`` multiply tiles
    by them from both sides, (G g) GT. The factor of a TransformMatrix stays 1: A^T is divided by the scale here.
    Entries are quotients of floats: exact to who reads them, and rounded once by the compiler.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: as `axis_constants`.
        TooLarge: where an entry exceeds float32.

    Source: llvm/llvm-project, mlir/lib/Dialect/Linalg/Transforms/WinogradConv2D.cpp (commit 0b053d3f).
    """
    stream.write(cpp_constants(algorithm, "linalg", "constexpr float", [_USE], "// clang-format on"))
