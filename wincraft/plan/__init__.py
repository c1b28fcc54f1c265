# SPDX-License-Identifier: Apache-2.0
"""Convolutions of any stride, dilation and kernel as exact plans of algorithms of stride 1."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.plan.making import make_plan as make_plan, parse_tile as parse_tile
    from wincraft.plan.piece import Piece as Piece
    from wincraft.plan.plan import Plan as Plan
    from wincraft.plan.problem import Problem as Problem, convolve_directly as convolve_directly
    from wincraft.plan.reductions import (
        DilationPhases as DilationPhases,
        SplitKernel as SplitKernel,
        Steps as Steps,
        Strand as Strand,
        StridePhases as StridePhases,
        TransposedPhases as TransposedPhases,
        reduce_strand as reduce_strand,
        strand_of as strand_of,
    )
    from wincraft.plan.gradients import run_weight_gradient as run_weight_gradient
    from wincraft.plan.proving import compare_impulses as compare_impulses
    from wincraft.plan.running import (
        Arrangement as Arrangement,
        PieceOperands as PieceOperands,
        arrange as arrange,
        run_pieces as run_pieces,
    )

show(__name__)
