# SPDX-License-Identifier: Apache-2.0
"""What people read: tables, charts and sections as data, and their renderers. It knows no algorithm.

A result gives a `Layout`; with the mixin `Shown` it has a text, a page, Markdown and a plot from it.
"""

from wincraft.show.chart import Axis, Bars, Chart, Dots, Heat, Point, Series
from wincraft.show.layout import Layout, Section, Table, best_places
from wincraft.show.shown import RENDERER_SUFFIXES, RENDERERS, LaidOut, Shown, rendered

__all__ = [
    "RENDERERS",
    "RENDERER_SUFFIXES",
    "Axis",
    "Bars",
    "Chart",
    "Dots",
    "Heat",
    "LaidOut",
    "Layout",
    "Point",
    "Section",
    "Series",
    "Shown",
    "Table",
    "best_places",
    "rendered",
]
