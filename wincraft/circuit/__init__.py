# SPDX-License-Identifier: Apache-2.0
"""Circuits: straight-line programs for linear maps, their counts, bounds and noise, and how to find good ones."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.circuit.bounds import Bounds as Bounds, bounds as bounds
    from wincraft.circuit.dot import program_dot as program_dot
    from wincraft.circuit.drawing import drawing as drawing
    from wincraft.circuit.equivalence import equivalence as equivalence, transported as transported
    from wincraft.circuit.fitting import fitted_program as fitted_program, gates_of as gates_of, scaled as scaled
    from wincraft.circuit.integers import integer_program as integer_program
    from wincraft.circuit.minimum.bound import additions_bound as additions_bound
    from wincraft.circuit.minimum.claim import Claim as Claim, verify_claim as verify_claim
    from wincraft.circuit.minimum.methods import LowerBound as LowerBound
    from wincraft.circuit.minimum.finite import finite_minimum as finite_minimum
    from wincraft.circuit.minimum.proofs import proofs as proofs, recheck_proof as recheck_proof
    from wincraft.circuit.noise import rounding_variance as rounding_variance, worst_rounding as worst_rounding
    from wincraft.circuit.operations import (
        Operations as Operations,
        is_binary as is_binary,
        operations_of as operations_of,
    )
    from wincraft.circuit.optimise.effort import Effort as Effort
    from wincraft.circuit.optimise.registry import OPTIMISERS as OPTIMISERS, optimised as optimised
    from wincraft.circuit.price import Prices as Prices
    from wincraft.circuit.ordering import depth as depth, live as live, reordered as reordered
    from wincraft.circuit.program import KINDS as KINDS, Operation as Operation, Program as Program
    from wincraft.circuit.recording import (
        composed as composed,
        of_matrix as of_matrix,
        record as record,
        stacked as stacked,
    )
    from wincraft.circuit.regrouping import regrouped as regrouped
    from wincraft.circuit.shift_add import multiplierless as multiplierless, shift_adds as shift_adds
    from wincraft.circuit.text import parse_program as parse_program, program_text as program_text
    from wincraft.circuit.transposing import transposed_program as transposed_program

show(__name__)
