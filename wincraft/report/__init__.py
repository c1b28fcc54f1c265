# SPDX-License-Identifier: Apache-2.0
"""Analysis results for people: text, markdown, HTML with plots, and JSON for programs.

The package is callable: ``wincraft.report(algorithm)`` is `wincraft.report.calls.report`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wincraft.show.shown import RENDERER_SUFFIXES, RENDERERS, rendered

if TYPE_CHECKING:
    from wincraft.report.model import Report

__all__ = ["RENDERERS", "RENDERER_SUFFIXES", "rendered"]


class _Callable(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Report:
        from wincraft.report.calls import report

        return report(*args, **options)


sys.modules[__name__].__class__ = _Callable
