# SPDX-License-Identifier: Apache-2.0
"""Counting choices of members, all of them and up to symmetries; which of equivalent choices is searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

import numpy as np


def subset_tables(degrees: Sequence[int], degree: int) -> Callable[[int, int], int]:
    """A function (start, d): how many subsets of the members from `start` on have total degree d.

    >>> subset_tables([1, 1, 2], 2)(0, 2)
    2
    """
    size = len(degrees)
    if len(set(degrees)) <= 1:
        each = degrees[0] if degrees else 1
        return lambda start, d: comb(size - start, d // each) if d % each == 0 and d >= 0 else 0
    tables = [[1] + [0] * degree]
    for own in reversed(degrees):
        last = tables[-1]
        tables.append([last[d] + (last[d - own] if d >= own else 0) for d in range(degree + 1)])
    return lambda start, d: tables[size - start][d] if d >= 0 else 0


def class_count(degrees: Sequence[int], degree: int, symmetries: np.ndarray) -> int:
    """The subsets of a total degree up to a group of permutations, given without the identity: Burnside's lemma.

    The mean over the group of the subsets that an element fixes, which are unions of its cycles: the coefficient of
    x^degree in prod over cycles (1 + x^(degrees in the cycle)).

    >>> class_count([1, 1, 1], 1, np.array([[1, 0, 2]]))
    2
    """
    identity = np.arange(len(degrees))[None]
    group = np.concatenate([identity, symmetries]) if len(symmetries) else identity
    fixed = 0
    for permutation in group.tolist():
        seen: set[int] = set()
        cycles: dict[int, int] = {}
        for start in range(len(degrees)):
            own, at = 0, start
            while at not in seen:
                seen.add(at)
                own += degrees[at]
                at = permutation[at]
            if own:
                cycles[own] = cycles.get(own, 0) + 1
        coefficients = [1] + [0] * degree
        for own, times in cycles.items():
            powers = [comb(times, k) for k in range(degree // own + 1)]
            coefficients = [
                sum(powers[k] * coefficients[d - k * own] for k in range(d // own + 1)) for d in range(degree + 1)
            ]
        fixed += coefficients[degree]
    return fixed // len(group)


def is_canonical(chosen: Sequence[int], symmetries: np.ndarray) -> bool:
    """Whether no symmetry takes the sorted choice to one that comes before it in lexicographic order.

    If a set is canonical, so is every set of its first members: a search may drop a prefix that is not.
    """
    own = list(chosen)
    return all(sorted(int(permutation[i]) for i in own) >= own for permutation in symmetries)
