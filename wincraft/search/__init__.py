# SPDX-License-Identifier: Apache-2.0
"""Searches for better points, scalings and chains.

The package is callable: ``wincraft.search(size, ...)`` is `wincraft.search.calls.search`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wincraft.search.points.result import SearchResult


class _Callable(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> SearchResult:
        from wincraft.search.calls import search

        return search(*args, **options)


sys.modules[__name__].__class__ = _Callable
