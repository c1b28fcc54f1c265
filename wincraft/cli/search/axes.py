# SPDX-License-Identifier: Apache-2.0
"""What was found for the axes of a size, shown as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wincraft.show.layout import Layout, Section


class OfAxis(Protocol):
    """A result with a layout and a document."""

    def layout(self) -> Layout:
        """For people."""

    def document(self) -> dict[str, Any]:
        """For programs."""


@dataclass(frozen=True)
class OfAxes:
    """One result for all axes where they are alike, else one for each kind of axis.

    Several documents are the `items` of one, under the name that is given for them.
    """

    size: str
    results: Sequence[OfAxis]
    items: str

    def layout(self) -> Layout:
        """The only page, or the sections of all under their titles."""
        pages = [result.layout() for result in self.results]
        if len(pages) == 1:
            return pages[0]
        sections = (item for page in pages for item in (Section(page.title, (), page.head), *page.sections))
        return Layout(f"{self.size}: its axes one by one", (), tuple(sections))

    def document(self) -> dict[str, Any]:
        """The only document, or all in one of their kind."""
        documents = [result.document() for result in self.results]
        kind = {name: documents[0][name] for name in ("kind", "version")}
        return documents[0] if len(documents) == 1 else {**kind, "size": self.size, self.items: documents}
