# SPDX-License-Identifier: Apache-2.0
"""What the kernels of the search by chance share with those who call them: they are compiled when first imported."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

COMPILED = find_spec("numba") is not None
PRIME = 2**31 - 1
MOST = 64
"""Representations of a target that are kept."""
LONGEST_POINT = 50_000
"""Elementary steps in which representations of a target are looked for."""
TABLE = 1 << 14
"""Candidates that can be counted."""
UNIT, PAIR, TARGET, FREE = 0, 1, 2, 3
"""Where a point came from: an input, a pair of a representation, a target on a line, a given point on a line."""

Flat = Any
"""Integers: an array for numba, a list where it is missing."""
PointShape = tuple[int, int, int, int, int]
"""Variables, targets, free points, the most points of a run, the pairs of a representation."""

_Function = TypeVar("_Function", bound=Callable[..., Any])
_TYPES = {
    "none": "void",
    "int": "int64",
    "bool": "boolean",
    "flat": "int64[::1]",
    "shape": "UniTuple(int64, 5)",
    "reps": "UniTuple(int64[::1], 4)",
    "scratch": "UniTuple(int64[::1], 6)",
    "table": "UniTuple(int64[::1], 5)",
    "two": "UniTuple(int64, 2)",
    "four": "UniTuple(int64, 4)",
}


def compiled_kernel(result: str, arguments: str) -> Callable[[_Function], _Function]:
    """Compiles a function of these types where numba is installed, else leaves it as it is."""
    if not COMPILED:
        return lambda function: function
    from numba import njit

    names = ", ".join(_TYPES[name] for name in arguments.split())
    decorator = njit(f"{_TYPES[result]}({names})", cache=True, error_model="numpy")
    return cast("Callable[[_Function], _Function]", decorator)
