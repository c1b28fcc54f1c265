# SPDX-License-Identifier: Apache-2.0
"""A convolution in residues, bit by bit: every residue in its word, every sum in the accumulator, y put together."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.errors import BadShape, BadValue, TooLarge
from wincraft.rings.residues import ResidueSystem, residue_box


@dataclass(frozen=True)
class ResidueRun:
    """What a run made: `y`, and the largest residue and the largest sum on the way, by magnitude."""

    y: np.ndarray
    largest_residue: int
    largest_sum: int


def run_residues(system: ResidueSystem, data: ArrayLike, filters: ArrayLike) -> ResidueRun:
    """Convolve one tile of integers in residues: data (C, n...) and filters (K, C, r...) give y (K, m...).

    y[k, i] = sum_c sum_j data[c, i + j] filters[k, c, j], as int64 arithmetic has it. Residues are stored in words,
    products are summed over the channels in the accumulator, then reduced; mixed-radix digits make y of them.

    Raises:
        BadShape: arrays of other shapes, or of more channels than were proved.
        BadValue: values out of the ranges that were proved.
        TooLarge: words whose sums 64 bits do not hold.

    >>> from wincraft.rings.residues import residue_system
    >>> system = residue_system("F(2,3)", 2)
    >>> run_residues(system, [[1, 2, 3, 4], [-128] * 4], [[[1, 1, 1], [127, 127, 127]]]).y
    array([[-48762, -48759]])
    """
    first = system.algorithms[0]
    d, g = (np.asarray(values, dtype=np.int64) for values in (data, filters))
    axes = len(first.n)
    if d.ndim != 1 + axes or d.shape[1:] != first.n or d.shape[0] > system.channels:
        raise BadShape("data", str(d.shape), f"(C, {', '.join(map(str, first.n))}) with C <= {system.channels}")
    if g.ndim != 2 + axes or g.shape[2:] != first.r or g.shape[1] != d.shape[0]:
        raise BadShape("filters", str(g.shape), f"(K, {d.shape[0]}, {', '.join(map(str, first.r))})")
    for what, values, box in (("data", d, system.integers.data), ("filters", g, system.integers.filter)):
        if values.size and not (box.low <= int(values.min()) and int(values.max()) <= box.high):
            raise BadValue(f"the range of {what}", f"[{values.min()}, {values.max()}]", f"give values in {box}")
    largest = max(system.moduli) // 2
    if max(d.shape[0], *first.n) * largest**2 >= 2**63 or system.product >= 2**62:
        raise TooLarge("a simulation in int64", f"moduli up to {max(system.moduli)}", "take shorter words")
    residues, sums = [], [0]
    for q, algorithm in zip(system.moduli, system.algorithms, strict=True):
        U, V = _transform(algorithm.input, d, q), _transform(algorithm.filter, g, q)
        M = np.einsum("c...,kc...->k...", U, V)
        sums += [int(abs(M).max(initial=0))]
        Y = _transform(algorithm.output, stored_residues(M, q), q)
        residues.append(stored_residues(Y * pow(_scale(algorithm, q), -1, q), q))
    return ResidueRun(mixed_radix(system, residues), largest, max(sums))


def stored_residues(values: np.ndarray, q: int) -> np.ndarray:
    """The residues of integers as they are stored, in `residue_box`.

    >>> stored_residues(np.array([126, -126, 251]), 251)
    array([-125,  125,    0])
    """
    low = residue_box(q)[0]
    result: np.ndarray = (values - low) % q + low
    return result


def mixed_radix(system: ResidueSystem, residues: list[np.ndarray]) -> np.ndarray:
    """Y from its residues: y - low = v_0 + q_0 (v_1 + q_1 (v_2 + ...)), each digit v_j in [0, q_j).

    low is the least y, so that y - low lies in [0, Q). Digit j is found modulo q_j alone, by the constants of `garner`.

    >>> from wincraft.rings.residues import residue_system
    >>> system = residue_system("F(2,3)", 2, moduli=(251, 241, 239))
    >>> mixed_radix(system, [np.array([-48762 % q]) for q in system.moduli])
    array([-48762])
    """
    low = int(system.y.low)
    digits: list[np.ndarray] = []
    for residue, q, inverses in zip(residues, system.moduli, system.garner, strict=True):
        digit = (residue - low) % q
        for other, inverse in zip(digits, inverses, strict=True):
            digit = (digit - other) * inverse % q
        digits.append(digit)
    y = np.zeros_like(digits[0])
    for digit, q in zip(reversed(digits), reversed(system.moduli), strict=True):
        y = y * q + digit
    return y + low


def _transform(item: LinearMap, values: np.ndarray, q: int) -> np.ndarray:
    """A map of axes over Z/q on the last axes of an array, every pass reduced."""
    leading = values.ndim - len(item.tile)
    assert prod(values.shape[leading:]) == prod(item.tile)
    for axis, factor in enumerate(item.factors or ()):
        K = item.domain
        matrix = np.array([[int(K.to_sympy(x)) for x in row] for row in factor.dense.to_list()], dtype=np.int64)
        moved = np.tensordot(stored_residues(values, q), stored_residues(matrix, q), axes=(leading + axis, 1))
        values = stored_residues(np.moveaxis(moved, -1, leading + axis), q)
    return values


def _scale(algorithm: Algorithm, q: int) -> int:
    return int(algorithm.scale) % q
