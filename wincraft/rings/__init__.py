# SPDX-License-Identifier: Apache-2.0
"""Algorithms modulo q: what exact division loses, products modulo a polynomial, residue number systems."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.rings.choice import fermat_modulus as fermat_modulus, residue_moduli as residue_moduli
    from wincraft.rings.loss import RingLoss as RingLoss, over_ring as over_ring, ring_loss as ring_loss
    from wincraft.rings.quotient import QuotientProduct as QuotientProduct, quotient_product as quotient_product
    from wincraft.rings.residues import ResidueSystem as ResidueSystem, residue_system as residue_system
    from wincraft.rings.shifts import shift_points as shift_points

show(__name__)
