# SPDX-License-Identifier: Apache-2.0
"""Analysis results for people: text, markdown, HTML with plots, and JSON for programs.

The package is callable: ``wincraft.report(algorithm)`` is `wincraft.report.calls.report`.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wincraft.errors import look_up

if TYPE_CHECKING:
    from wincraft.report.model import Report
    from wincraft.show.layout import LaidOut

RENDERERS = {
    "text": "wincraft.show.text",
    "json": "wincraft.report.json",
    "markdown": "wincraft.show.markdown",
    "html": "wincraft.show.html",
}
"""The registry: format name to the module whose ``emit(result, stream)`` writes it."""

RENDERER_SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html", ".htm": "html"}
"""The format that a file name implies."""


def rendered(result: LaidOut, format: str = "text", **settings: Any) -> str:
    """A report, a comparison, or what else brings a layout, as text in one of `RENDERERS`; ``json`` needs a document.

    The same result gives the same bytes. `settings` are the renderer's own: the `width` of a text.

    Raises:
        UnknownName: a format that is not in the registry.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> rendered(build_report(winograd(2, 3), schemes=[]), "markdown").splitlines()[0]
    '# F(2,3): 4 products for 2 outputs'
    """
    renderer = import_module(look_up("format", format, RENDERERS))
    stream = io.StringIO()
    renderer.emit(result, stream, **settings)
    return stream.getvalue()


class _Callable(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Report:
        from wincraft.report.calls import report

        return report(*args, **options)


sys.modules[__name__].__class__ = _Callable
