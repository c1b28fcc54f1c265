# SPDX-License-Identifier: Apache-2.0
"""Reading algorithm documents and bare matrices of others."""

from wincraft.files.document import read_document
from wincraft.files.matrices import Matrices, read_matrices
from wincraft.files.probe import probe
from wincraft.files.reading import read

__all__ = ["Matrices", "probe", "read", "read_document", "read_matrices"]
