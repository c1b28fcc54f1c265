# SPDX-License-Identifier: Apache-2.0
"""NumPy files: arrays by name, never pickles, never more than a matrix can be."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

from wincraft.construct.size import MAX_TILE
from wincraft.errors import BadDocument
from wincraft.files.names import role_of

MAX_ARRAY_BYTES = 16 * 4 * MAX_TILE * MAX_TILE
"""Largest array of a file, unpacked: 16 bytes for every entry of the longest matrix."""
MAX_ARCHIVE_BYTES = 64 * 2**20
_HEADER = 4096
MAX_ARRAYS = 256


def load_arrays(content: bytes, path: str) -> dict[str, Any]:
    """The arrays of a .npz by name, or the one of a .npy under the name "".

    What is no matrix of numbers and has no matrix's name is passed over, as weights or a text beside the matrices.

    Raises:
        BadDocument: damaged files, pickled objects, arrays too large for matrices.
    """
    if not content.startswith(b"PK"):
        array = _array(io.BytesIO(content), len(content), path)
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
                    content = stream.read(MAX_ARRAY_BYTES + _HEADER + 1)
                name = member.filename.removesuffix(".npy")
                array = _array(io.BytesIO(content), len(content), path)
                if _is_matrix(array):
                    arrays[name] = array
                elif role_of(name):
                    raise _no_matrix(path, array)
            return arrays
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise _damaged(path, error) from None


def _array(stream: io.BytesIO, size: int, path: str) -> Any:
    import numpy as np

    if size > MAX_ARRAY_BYTES + _HEADER:
        raise BadDocument(path, f"an array of {size} bytes", f"a matrix has at most {MAX_ARRAY_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files written by Python 2: the error says what is wrong
            return np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # numpy raises value, syntax, tokenizer and memory errors for damaged files
        raise _damaged(path, error) from None


def _is_matrix(array: Any) -> bool:
    return array.dtype.kind in "iuf" and array.ndim <= 2


def _no_matrix(path: str, array: Any) -> BadDocument:
    return BadDocument(path, f"an array of {array.dtype} in {array.ndim} dimensions", "save matrices of numbers")


def _damaged(path: str, error: Exception) -> BadDocument:
    if "pickle" in str(error).lower() or "object" in str(error).lower():
        return BadDocument(path, "it holds pickled objects, which are never loaded", "save arrays of numbers")
    return BadDocument(path, f"no readable NumPy file ({str(error)[:60]})", "save it again with numpy.savez")
