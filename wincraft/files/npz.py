# SPDX-License-Identifier: Apache-2.0
"""NumPy files: float64 arrays AT, G and BT, of several axes also `sizes`, rows m, r of each; never pickles."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.refutation import MATRICES
from wincraft.construct.size import MAX_TILE
from wincraft.errors import BadDocument, TooLarge, WrongForm
from wincraft.exact.matrix import fraction_rows
from wincraft.files.names import role_of

if TYPE_CHECKING:
    import numpy as np

MAX_ARRAY_BYTES = 16 * 4 * MAX_TILE * MAX_TILE
"""Largest array of a file, unpacked: 16 bytes for every entry of the longest matrix."""
MAX_ARCHIVE_BYTES = 64 * 2**20
_HEADER = 4096
MAX_ARRAYS = 256


def emit(algorithm: Algorithm, stream: BinaryIO) -> None:
    """Write the arrays, every entry rounded once; those of axes that differ are AT_0, G_0, BT_0, AT_1 and so on.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: for whole tiles of several axes, and over GF(p).
        TooLarge: where an entry exceeds float64.
    """
    import numpy as np

    if algorithm.form != "correlation":
        raise WrongForm("npz output")
    algorithm.field.need_order("npz output")
    distinct = list(dict.fromkeys(algorithm.factors))
    arrays: dict[str, np.ndarray] = {}
    for position, axis in enumerate(distinct):
        suffix = f"_{position}" if len(distinct) > 1 else ""
        for name, item in zip(MATRICES, (axis.output, axis.filter, axis.input), strict=True):
            try:
                arrays[name + suffix] = np.array([[float(x) for x in row] for row in fraction_rows(item.dense)])
            except OverflowError:
                raise TooLarge("float64 in npz output", "an entry of the matrices", "use --format json") from None
    if len(algorithm.m) > 1:
        arrays["sizes"] = np.array(algorithm.sizes)
    np.savez(stream, **arrays)  # type: ignore[arg-type]


def load_arrays(content: bytes, path: str) -> dict[str, np.ndarray]:
    """The arrays of a .npz by name, or the one of a .npy under the name "".

    What is no matrix of numbers and has no matrix's name is passed over, as weights or a text beside the matrices.

    Raises:
        BadDocument: damaged files, pickled objects, arrays too large for matrices.
    """
    if not content.startswith(b"PK"):
        array = _array(content, path)
        if not _is_matrix(array):
            raise _no_matrix(path, array)
        return {"": array}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            if len(members) > MAX_ARRAYS:
                raise BadDocument(path, f"it has {len(members)} arrays", f"give at most {MAX_ARRAYS}")
            arrays = {}
            for member in members:
                if member.file_size > MAX_ARRAY_BYTES + _HEADER:
                    continue
                with archive.open(member) as stream:
                    array = _array(stream.read(MAX_ARRAY_BYTES + _HEADER + 1), path)
                name = member.filename.removesuffix(".npy")
                if _is_matrix(array):
                    arrays[name] = array
                elif role_of(name):
                    raise _no_matrix(path, array)
            return arrays
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise _damaged(path, error) from None


def _array(content: bytes, path: str) -> np.ndarray:
    import numpy as np

    if len(content) > MAX_ARRAY_BYTES + _HEADER:
        raise BadDocument(path, f"an array of {len(content)} bytes", f"a matrix has at most {MAX_ARRAY_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files written by Python 2: the error says what is wrong
            return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))
    except Exception as error:  # numpy raises value, syntax, tokenizer and memory errors for damaged files
        raise _damaged(path, error) from None


def _is_matrix(array: np.ndarray) -> bool:
    return array.dtype.kind in "iuf" and array.ndim <= 2


def _no_matrix(path: str, array: np.ndarray) -> BadDocument:
    return BadDocument(path, f"an array of {array.dtype} in {array.ndim} dimensions", "save matrices of numbers")


def _damaged(path: str, error: Exception) -> BadDocument:
    if "pickle" in str(error).lower() or "object" in str(error).lower():
        return BadDocument(path, "it holds pickled objects, which are never loaded", "save arrays of numbers")
    return BadDocument(path, f"no readable NumPy file ({str(error)[:60]})", "save it again with numpy.savez")
