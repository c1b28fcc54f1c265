# SPDX-License-Identifier: Apache-2.0
"""The matrices of an algorithm by name: A^T, G and B^T multiplied out, and beside each the stages of its chain."""

from __future__ import annotations

from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.refutation import MatrixName


def named_maps(axis: Algorithm) -> dict[MatrixName, LinearMap]:
    """The three maps in the order in which every format lists them."""
    return {"AT": axis.output, "G": axis.filter, "BT": axis.input}


def named_stages(axis: Algorithm) -> dict[MatrixName, dict[str, Any]]:
    """BT0, BT1, ... in the order of application, so that BT = ... BT1 BT0; only maps of more than one stage.

    >>> from wincraft import winograd
    >>> from wincraft.construct.change import change_basis
    >>> {name: list(stages) for name, stages in named_stages(change_basis(winograd(2, 3), input="legendre")).items()}
    {'BT': ['BT0', 'BT1']}
    """
    return {
        name: {f"{name}{number}": stage for number, stage in enumerate(item.stages)}
        for name, item in named_maps(axis).items()
        if len(item.stages) > 1
    }


def named_matrices(axis: Algorithm) -> dict[str, Any]:
    """Each map multiplied out, under its name, and behind it its stages."""
    stages = named_stages(axis)
    return {
        name: matrix
        for whole, item in named_maps(axis).items()
        for name, matrix in ({whole: item.dense} | stages.get(whole, {})).items()
    }
