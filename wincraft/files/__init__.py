# SPDX-License-Identifier: Apache-2.0
"""Floor 4: reading algorithm documents and bare matrices of others."""

from wincraft.files.document import read
from wincraft.files.matrices import Matrices, read_matrices

__all__ = ["Matrices", "read", "read_matrices"]
