# SPDX-License-Identifier: Apache-2.0
"""Documents of version 1 as they were written: one axis with its stages, or a list of such."""

from __future__ import annotations

from wincraft.exact.number import number_text


def document_1(algorithm):
    """The plain data of a document of version 1."""
    common = {"rank": algorithm.rank, "scale": number_text(algorithm.scale), "form": algorithm.form}
    head = {"kind": "wincraft.algorithm", "version": 1, "command": "wincraft generate"}
    if len(algorithm.m) > 1:
        sizes = {"m": list(algorithm.m), "r": list(algorithm.r)}
        axes = [document_1(axis) for axis in algorithm.factors]
        return head | sizes | common | {"axes": axes, "sha256": algorithm.sha256}
    stages = {name: chain for name, chain in algorithm.stage_texts().items() if len(chain) > 1}
    return {
        **head,
        "m": algorithm.m[0],
        "r": algorithm.r[0],
        **common,
        "moduli": None if algorithm.moduli is None else [str(modulus) for modulus in algorithm.moduli],
        "convention": algorithm.convention,
        "domain": str(algorithm.domain),
        "AT": algorithm.output.texts,
        "G": algorithm.filter.texts,
        "BT": algorithm.input.texts,
        "stages": stages,
        "sha256": algorithm.sha256,
    }
