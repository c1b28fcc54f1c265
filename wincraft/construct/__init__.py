# SPDX-License-Identifier: Apache-2.0
"""Making algorithms from points and moduli, and recognising foreign ones."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.construct.bases import families as families, given_basis as given_basis, parse_basis as parse_basis
    from wincraft.construct.beside import beside as beside
    from wincraft.construct.sharing import data_factors as data_factors, sibling as sibling
    from wincraft.construct.choices import CIRCUIT_CHOICES as CIRCUIT_CHOICES, circuit_choice as circuit_choice
    from wincraft.construct.circuits import Circuits as Circuits, programs_for as programs_for
    from wincraft.construct.catalogue import (
        Entry as Entry,
        USES as USES,
        catalogue as catalogue,
        moduli_of_use as moduli_of_use,
        source_of_use as source_of_use,
        tile_of_use as tile_of_use,
        use_named as use_named,
        use_of as use_of,
    )
    from wincraft.construct.chains import (
        apply_chains as apply_chains,
        basis_named as basis_named,
        chained as chained,
        parse_chains as parse_chains,
        split_balancing as split_balancing,
    )
    from wincraft.construct.change import change_basis as change_basis
    from wincraft.construct.conventions import CONVENTIONS as CONVENTIONS
    from wincraft.construct.factors import (
        FACTORISATIONS as FACTORISATIONS,
        factorise as factorise,
        with_factor as with_factor,
    )
    from wincraft.construct.identify import Identification as Identification, identify as identify
    from wincraft.construct.moduli import (
        INFINITY as INFINITY,
        check_coprime as check_coprime,
        complete as complete,
        list_of_points as list_of_points,
        modulus as modulus,
        parse_moduli as parse_moduli,
        point as point,
        quadratic_inner as quadratic_inner,
    )
    from wincraft.construct.recover import row_scaling as row_scaling
    from wincraft.construct.scaling import (
        balance as balance,
        balance_stages as balance_stages,
        integer_form as integer_form,
        primitive_form as primitive_form,
        snap_inverse_root as snap_inverse_root,
    )
    from wincraft.construct.size import (
        MAX_AXES as MAX_AXES,
        MAX_TILE as MAX_TILE,
        check_size as check_size,
        parse_size as parse_size,
    )
    from wincraft.construct.tile_choices import TILE_USES as TILE_USES, TileChoice as TileChoice
    from wincraft.construct.toom_cook import canonical_taps as canonical_taps
    from wincraft.construct.winograd import (
        in_convention as in_convention,
        along_axes as along_axes,
        parse as parse,
        winograd as winograd,
    )

show(__name__)
