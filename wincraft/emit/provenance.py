# SPDX-License-Identifier: Apache-2.0
"""What every written file says of itself: the command that makes it again, and a name for its symbols."""

from __future__ import annotations

from wincraft import __version__
from wincraft.algorithm.nested import Algorithm
from wincraft.emit._matrices import named_stages


def command(algorithm: Algorithm, format: str) -> str:
    """The command line that writes the same bytes again, or a word on why there is none.

    >>> from wincraft import winograd
    >>> command(winograd(2, 3, points="0,1,-1"), "c")
    'wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --format c'
    """
    axes = algorithm.axes
    if any(named_stages(axis) for axis in axes):
        return "with chains of stages, no generate command makes them"
    moduli = [",".join(map(str, axis.moduli)) if axis.moduli is not None else None for axis in axes]
    conventions = {axis.convention for axis in axes}
    if None in moduli or len(conventions) != 1 or None in conventions or algorithm.form != "correlation":
        return "from given matrices or scalings, no generate command makes them"
    unique = [moduli[0]] if len(set(moduli)) == 1 else moduli
    options = f'--moduli "{";".join(map(str, unique))}" --convention {axes[0].convention} --format {format}'
    return f'wincraft generate "{algorithm.size}" {options}'


def banner(algorithm: Algorithm, format: str) -> list[str]:
    """Version, command and hash, as the first lines of a comment: no time and no path."""
    return [f"wincraft {__version__}: {command(algorithm, format)}", f"sha256 {algorithm.sha256}"]


def identifier(algorithm: Algorithm) -> str:
    """The prefix of all symbols, ``wincraft_f4x4_3x3``."""
    return "wincraft_" + algorithm.size.lower().replace("(", "").replace(")", "").replace(",", "_")
