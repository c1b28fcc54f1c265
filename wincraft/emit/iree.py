# SPDX-License-Identifier: Apache-2.0
"""IREE: the arrays of ``WinogradConstants.h``."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.constants import cpp_constants

_NAMESPACE = "mlir::iree_compiler::IREE::LinalgExt::Winograd"


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write G, GT, BT, B, AT and A of every axis as IREE has them: ``const float BT_6x6_3x3[]``, flat, row by row.

    IREE multiplies tiles by them from both sides, B^T d B, and divides by no scale, so that A^T is divided by it here.
    Entries are quotients of floats: exact to who reads them, and rounded once by the compiler.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: as `axis_constants`.
        TooLarge: where an entry exceeds float32.

    Source: iree-org/iree, compiler/src/iree/compiler/Dialect/LinalgExt/Utils/WinogradConstants.h
    (commit 01cab68a).
    """
    where = [
        f"// For {_NAMESPACE},\n// beside its arrays of other tiles.\nnamespace {_NAMESPACE} {{",
        "// clang-format off",
    ]
    closing = f"// clang-format on\n\n}}  // namespace {_NAMESPACE}"
    stream.write(cpp_constants(algorithm, "iree", "const float", where, closing))
