# SPDX-License-Identifier: Apache-2.0
"""Writing algorithms: texts, JSON, C, NumPy, LaTeX."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.emit.json import document as document, write_document as write_document
    from wincraft.emit.provenance import banner as banner
    from wincraft.emit.writing import (
        BINARY as BINARY,
        EMITTERS as EMITTERS,
        SUFFIXES as SUFFIXES,
        encode as encode,
        render as render,
        write as write,
    )

show(__name__)
