# SPDX-License-Identifier: Apache-2.0
"""Writing algorithms: texts, C, NumPy, LaTeX, and what `wincraft.files` reads and writes, JSON and NumPy archives."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.emit.writing import (
        BINARY as BINARY,
        EMITTERS as EMITTERS,
        PROGRAMS as PROGRAMS,
        SUFFIXES as SUFFIXES,
        encode as encode,
        render as render,
        write as write,
    )

show(__name__)
