# SPDX-License-Identifier: Apache-2.0
"""TVM: a Python module with the function that its operators take the matrices from."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.constants import axis_constants, constant_words, float64_array_text

_FUNCTION = '''

MATRICES = {{{entries}}}


def winograd_transform_matrices(tile_size, kernel_size, out_dtype):
    """A, B and G of a tile as constants of TVM, in the order and orientation of topi.nn.winograd_util."""
    from tvm.topi.utils import const_matrix

    if (tile_size, kernel_size) not in MATRICES:
        raise ValueError(f"these are matrices of {{list(MATRICES)}}, not of {{(tile_size, kernel_size)}}")
    A, B, G = MATRICES[tile_size, kernel_size]
    return tuple(const_matrix(matrix.astype(out_dtype), name) for matrix, name in ((A, "A"), (B, "B"), (G, "G")))
'''


def emit(algorithm: Algorithm, stream: TextIO) -> None:
    """Write A, B and G of every axis as NumPy arrays, and a function of TVM's name and signature that returns them.

    TVM has A and B not transposed, (m + r - 1) x m and (m + r - 1) x (m + r - 1), and G as it is: it sums
    B[a][i] d[a, b] B[b][j], and divides by no scale, so that A is divided by it here. Entries are exact quotients,
    which Python rounds to float64 and the function to the type that is asked for.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: as `axis_constants`.
        TooLarge: where an entry exceeds float64.

    Source: apache/tvm, python/tvm/topi/nn/winograd_util.py, ``winograd_transform_matrices`` (commit 060e40fc).
    """
    axes = axis_constants(algorithm, "tvm")
    title, *rest = constant_words(algorithm, "tvm")
    stream.write('"""' + "\n".join([title, *rest]) + '\n"""\n\nimport numpy as np\n\n')
    entries: list[str] = []
    for axis in axes:
        end = f"_{axis.m}_{axis.r}"
        turned = [[list(column) for column in zip(*rows, strict=True)] for rows in (axis.AT, axis.BT)]
        for name, rows in zip("ABG", (*turned, axis.G), strict=True):
            stream.write(f"{name}{end} = {float64_array_text(rows, 'tvm')}\n")
        entries.append(f"({axis.m}, {axis.r}): (A{end}, B{end}, G{end})")
    stream.write(_FUNCTION.format(entries=", ".join(entries)))
