# SPDX-License-Identifier: Apache-2.0
"""The one protocol of what is shown, and the mixin that makes text, pages and plots of it."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any, Protocol

from wincraft.errors import NotApplicable, look_up
from wincraft.show.chart import Chart
from wincraft.show.layout import Layout

RENDERERS = {
    "text": "wincraft.show.text",
    "json": "wincraft.show.json",
    "markdown": "wincraft.show.markdown",
    "html": "wincraft.show.html",
}
"""The registry: format name to the module whose ``emit(layout, stream)`` writes it; ``json`` takes the document."""

RENDERER_SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html", ".htm": "html"}
"""The format that a file name implies."""


class LaidOut(Protocol):
    """What can be rendered: anything with a layout, a layout too. For ``json`` it has a ``document()`` as well.

    >>> Layout("F(2,3)").layout().title
    'F(2,3)'
    """

    def layout(self) -> Layout:
        """Titled tables of texts, and charts."""


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
    renderer.emit(result.document() if format == "json" else result.layout(), stream, **settings)  # type: ignore[attr-defined]
    return stream.getvalue()


class Shown:
    """A mixin for results: from `layout` they have a text, a page and Markdown for notebooks, and a plot.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, repr=False)
    ... class Size(Shown):
    ...     m: int
    ...
    ...     def layout(self) -> Layout:
    ...         return Layout(f"F({self.m},3)", (f"{self.m + 2} inputs",))
    >>> Size(4)
    F(4,3)
      6 inputs
    """

    def layout(self) -> Layout:
        """Titled tables of texts, and charts: everything that there is to say."""
        raise NotImplementedError

    def screen(self) -> Layout:
        """What of it fits on one screen, and is the text."""
        return self.layout()

    def chart(self) -> Chart:
        """What `plot` draws: the first chart.

        Raises:
            NotApplicable: where there is none.
        """
        charts = self.layout().charts
        if not charts:
            raise NotApplicable("plot", f"{self.layout().title} has no chart", "print it")
        return charts[0]

    def plot(self, ax: Any = None) -> Any:
        """Draw `chart` with matplotlib, into the axes given or into a new figure; returns the axes.

        Raises:
            MissingTool: without matplotlib.
        """
        from wincraft.show.matplotlib import draw

        return draw(self.chart(), ax)

    def __repr__(self) -> str:
        return rendered(self.screen()).rstrip("\n")

    def _repr_html_(self) -> str:
        fragment: str = import_module(RENDERERS["html"]).fragment(self.layout())
        return fragment

    def _repr_markdown_(self) -> str:
        return rendered(self.layout(), "markdown")
