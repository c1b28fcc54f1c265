# SPDX-License-Identifier: Apache-2.0
"""Writing algorithms: texts, C, compilers' constants, NumPy, LaTeX, and the JSON and archives of `wincraft.files`."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.emit.writing import (
        BINARY as BINARY,
        EMITTERS as EMITTERS,
        OF_AXES as OF_AXES,
        PROGRAMS as PROGRAMS,
        SUFFIXES as SUFFIXES,
        encode as encode,
        render as render,
        write as write,
    )

show(__name__)
