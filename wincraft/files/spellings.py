# SPDX-License-Identifier: Apache-2.0
"""The registry of spellings: what finds tables of numbers in a text, one callable for every family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from wincraft.files.brackets import tables_in_brackets
from wincraft.files.comments import Source, split_comments
from wincraft.files.elements import tables_in_elements
from wincraft.files.latex import tables_in_latex
from wincraft.files.pretty import tables_in_pretty_print
from wincraft.files.python import tables_in_python
from wincraft.files.rows import tables_in_rows
from wincraft.files.table import Table
from wincraft.files.text import plain


@dataclass(frozen=True)
class Text:
    """A text as it was written; in ASCII spelling; and as code and comments apart."""

    written: str

    @cached_property
    def plain(self) -> str:
        """The text with the signs of papers in ASCII."""
        return plain(self.written)

    @cached_property
    def source(self) -> Source:
        """Code and comments apart."""
        return split_comments(self.plain)

    @cached_property
    def comments(self) -> Source:
        """What stands in comments, as code of its own: matrices, and arrays that were commented out."""
        inner = split_comments(self.source.comments)
        return Source(inner.code, inner.comments, self.source.constants)

    @cached_property
    def written_comments(self) -> str:
        """What stands in comments, with the signs it was written with."""
        return split_comments(self.written).comments


SPELLINGS: dict[str, Callable[[Text], list[Table]]] = {
    "elements": lambda text: tables_in_elements(text.source),
    "python": lambda text: tables_in_python(text.plain),
    "latex": lambda text: tables_in_latex(text.plain) if "\\begin{" in text.plain else [],
    "brackets": lambda text: tables_in_brackets(text.source),
    "pretty print": lambda text: tables_in_pretty_print(text.written),
    "rows": lambda text: tables_in_rows(text.source),
    "latex in comments": lambda text: tables_in_latex(text.source.comments),
    "brackets in comments": lambda text: tables_in_brackets(text.comments),
    "pretty print in comments": lambda text: tables_in_pretty_print(text.written_comments),
    "rows in comments": lambda text: tables_in_rows(text.comments),
}
"""The families in the order in which they are tried; the first that finds three matrices that fit counts."""
