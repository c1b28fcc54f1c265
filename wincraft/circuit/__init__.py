# SPDX-License-Identifier: Apache-2.0
"""Circuits: straight-line programs for linear maps, their counts, bounds and noise, and how to find good ones."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.circuit.program import KINDS as KINDS, Operation as Operation, Program as Program
    from wincraft.circuit.recording import (
        composed as composed,
        of_matrix as of_matrix,
        record as record,
        stacked as stacked,
    )

show(__name__)
