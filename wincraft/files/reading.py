# SPDX-License-Identifier: Apache-2.0
"""Any file that holds an algorithm, as one proved algorithm."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from wincraft.algorithm.nested import Algorithm
from wincraft.construct.identify import identify
from wincraft.files.document import KIND, check_statements, load_json, parse_document
from wincraft.files.matrices import read_matrices

ROUNDING = Fraction(1, 100_000)
"""How far decimals may lie from exact entries, relative to their row, where nothing else is said."""


def read(path: str | Path, tolerance: Fraction | float | None = None) -> Algorithm:
    """The algorithm in a file, proved: a document of wincraft, or matrices in any spelling that is known.

    Decimals are taken for the exact algorithm within `tolerance` of them, relative to the largest entry of a row.

    Raises:
        BadDocument: what holds no three matrices, or a document that states what its matrices contradict.
        Refuted: matrices that do not compute the convolution.
        Unidentified: decimals with no exact algorithm within the tolerance.

    >>> import tempfile, wincraft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.h")
    ...     _ = path.write_text(wincraft.render(wincraft.winograd(2, 3), "c"))
    ...     wincraft.read(path).G == wincraft.winograd(2, 3).G
    True
    """
    content = load_json(path) if Path(path).suffix.lower() == ".json" else {}
    if "axes" in content or content.get("kind", KIND) != KIND or {"m", "r"} <= set(content):
        return parse_document(content, str(path))
    given = read_matrices(path)
    limit = Fraction(0) if given.exact else ROUNDING if tolerance is None else Fraction(tolerance)
    algorithm = identify(given.AT, given.G, given.BT, tolerance=limit, form=given.form).algorithm
    check_statements(content, str(path), algorithm)
    return algorithm
