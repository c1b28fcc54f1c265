# SPDX-License-Identifier: Apache-2.0
"""HIP C++: the device functions of `wincraft.emit.cuda`, behind HIP's header."""

from __future__ import annotations

from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import Circuits
from wincraft.emit.cuda import write_device_text


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits) -> None:
    """Write a device function template for each transform, printed from its program.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
        TooLarge: where a constant exceeds float64.
    """
    write_device_text(algorithm, stream, circuits, "hip", ("hip/hip_runtime.h",))
