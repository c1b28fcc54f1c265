# SPDX-License-Identifier: Apache-2.0
"""Balancing inside a chain: what passes between two stages gets unit standard deviation."""

from __future__ import annotations

from typing import Any

from wincraft.algorithm.balancing import MAX_GRID_BITS, balancing_factors
from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nesting import map_axes
from wincraft.errors import BadValue
from wincraft.exact.matrix import diagonal
from wincraft.exact.number import to_element


def balance_stages(algorithm: Algorithm, bits: int = 0) -> Algorithm:
    """Every stage but the last of a chain with its rows scaled, the inverse factors in the next stage. Exact.

    The factors bring the values between the stages to unit standard deviation for white data and weights, snapped to
    the grid (1 + j/2^bits) 2^e; powers of two by default. For A^T the products' second moments (G G^T) * (B B^T) are
    used. The maps themselves, and so U, V and M, do not change; a convention such as ``pow2`` scales those.

    Raises:
        BadValue: for bits that are no integer from 0 to 64.

    >>> from wincraft import winograd
    >>> from wincraft.construct.change import change_basis
    >>> F = balance_stages(change_basis(winograd(2, 3, points="0,1,-1"), input="legendre:classical"))
    >>> F.stage_texts()["BT"][0][2:]
    [['-1/4', '0', '3/4', '0'], ['0', '-3/8', '0', '5/8']]
    """
    if not isinstance(bits, int) or not 0 <= bits <= MAX_GRID_BITS:
        raise BadValue("bits", repr(bits), f"the grid has 0 to {MAX_GRID_BITS} fraction bits")
    return map_axes(algorithm, lambda axis: _balance_axis(axis, bits))


def _balance_axis(axis: Algorithm, bits: int) -> Algorithm:
    G, B = axis.filter.dense, axis.input.dense
    grams = zip((G * G.transpose()).to_list(), (B * B.transpose()).to_list(), strict=True)
    products = [[g * b for g, b in zip(*rows, strict=True)] for rows in grams]
    moments = [[axis.domain.to_sympy(value) for value in row] for row in products]
    return axis.with_maps(
        input=_balance_chain(axis.input, bits, None),
        filter=_balance_chain(axis.filter, bits, None),
        output=_balance_chain(axis.output, bits, moments),
    )


def _balance_chain(chain: LinearMap, bits: int, moments: Any) -> LinearMap:
    K, stages, undo, done = chain.domain, [], None, None
    for number, stage in enumerate(chain.stages):
        scaled = stage if undo is None else stage * undo
        done = stage if done is None else stage * done
        if number < len(chain.stages) - 1:
            factors = [to_element(f, K) for f in balancing_factors(LinearMap.of(done), bits, moments)]
            scaled = diagonal(factors, K) * scaled
            undo = diagonal([K.one / f for f in factors], K)
        stages.append(scaled)
    return LinearMap.of(*stages)
