# SPDX-License-Identifier: Apache-2.0
"""What people read: tables, charts and sections as data, and their renderers. It knows no algorithm.

A result gives a `Layout`; with the mixin `Shown` it has a text, a page, Markdown and a plot from it.
"""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.show.chart import (
        Axis as Axis,
        Bars as Bars,
        Chart as Chart,
        Dots as Dots,
        Heat as Heat,
        Point as Point,
        Series as Series,
    )
    from wincraft.show.layout import Layout as Layout, Section as Section, Table as Table
    from wincraft.show.shown import (
        RENDERER_SUFFIXES as RENDERER_SUFFIXES,
        RENDERERS as RENDERERS,
        LaidOut as LaidOut,
        Shown as Shown,
        rendered as rendered,
    )

show(__name__)
