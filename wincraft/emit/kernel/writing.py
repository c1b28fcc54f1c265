# SPDX-License-Identifier: Apache-2.0
"""The kinds of kernels, and their files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.catalogue import EXACT_USE
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.emit.kernel.conv2d import ELEMENT_TYPES, conv2d_files
from wincraft.emit.kernel.depthwise import depthwise_files
from wincraft.emit.kernel.integers import IntegerElements
from wincraft.errors import look_up
from wincraft.files.writing import write_folder

KernelFiles = Callable[[Algorithm, str, int | None, str], dict[str, str]]

KERNELS: dict[str, KernelFiles] = {"conv2d": conv2d_files, "depthwise": depthwise_files}
"""The registry: the kind to what makes its files, by name, for an element type, lanes and a circuit."""


def default_points(type: str) -> str | None:
    """The catalogue's set that kernels of an element type take by default, None for its own default.

    >>> default_points("int8"), default_points("float32")
    ('int8-exact', None)
    """
    return EXACT_USE if look_up("type", type, ELEMENT_TYPES) is IntegerElements else None


def write_kernel(
    algorithm: Algorithm,
    folder: str | Path,
    kernel: str = "conv2d",
    type: str = "float32",
    lanes: int | None = None,
    circuit: str = DEFAULT_CIRCUIT,
) -> list[Path]:
    """Write the files of a kernel to a folder, which is made where there is none, and return their paths.

    Raises:
        UnknownName, BadValue, WrongForm, NotApplicable: as `conv2d_files`; for a kernel that is not in `KERNELS`.
        CannotWrite: where the folder cannot be made or is a file.

    >>> import tempfile
    >>> from wincraft import parse
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_kernel(parse("F(2x2,3x3)"), folder)]
    ['wincraft_f2x2_3x3_float32.h', 'wincraft_f2x2_3x3_float32.c']
    """
    return write_folder(folder, look_up("kernel", kernel, KERNELS)(algorithm, type, lanes, circuit))
