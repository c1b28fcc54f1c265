# SPDX-License-Identifier: Apache-2.0
"""A NumPy archive of the matrices: float64 arrays AT, G and BT; of several axes also `sizes`, rows m, r of each."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.matrices import named_maps
from wincraft.errors import TooLarge, WrongForm
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction


def emit(algorithm: Algorithm, stream: BinaryIO) -> None:
    """Write the arrays, every entry rounded once; those of axes that differ are AT_0, G_0, BT_0, AT_1 and so on.

    Raises:
        WrongForm: in linear convolution form.
        TooLarge: where an entry exceeds float64.
    """
    if algorithm.form != "correlation":
        raise WrongForm("npz output")
    distinct = list(dict.fromkeys(algorithm.factors))
    arrays: dict[str, Any] = {}
    for position, axis in enumerate(distinct):
        suffix = f"_{position}" if len(distinct) > 1 else ""
        for name, item in named_maps(axis).items():
            rows = [[to_fraction(number) for number in row] for row in to_numbers(item.dense)]
            try:
                arrays[name + suffix] = np.array([[float(value) for value in row] for row in rows])
            except OverflowError:
                raise TooLarge("float64 in npz output", "an entry of the matrices", "use --format json") from None
    if len(algorithm.m) > 1:
        arrays["sizes"] = np.array(algorithm.sizes)
    np.savez(stream, **arrays)
