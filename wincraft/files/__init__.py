# SPDX-License-Identifier: Apache-2.0
"""JSON documents and NumPy archives, written and read; bare matrices of others; what files say of themselves."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.files.document import (
        ALGORITHM_KIND as ALGORITHM_KIND,
        ALGORITHM_VERSION as ALGORITHM_VERSION,
        document as document,
        parse_document as parse_document,
        write_document as write_document,
    )
    from wincraft.files.kernels import probe_tiles as probe_tiles, probe_transforms as probe_transforms
    from wincraft.files.matrices import Found as Found, Matrices as Matrices, read_matrices as read_matrices
    from wincraft.files.names import last_role as last_role, role_of as role_of
    from wincraft.files.probe import probe as probe
    from wincraft.files.provenance import banner as banner, identifier as identifier
    from wincraft.files.reading import algorithm_of as algorithm_of, found_in as found_in, judge as judge, read as read
    from wincraft.files.source import compiler as compiler, parameters as parameters
    from wincraft.files.spellings import SPELLINGS as SPELLINGS
    from wincraft.files.table import Table as Table
    from wincraft.files.writing import (
        check_target as check_target,
        write_folder as write_folder,
        write_whole as write_whole,
    )

show(__name__)
