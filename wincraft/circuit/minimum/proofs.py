# SPDX-License-Identifier: Apache-2.0
"""Proofs that take longer than a question may: kept as data, with the number of cases and a hash of their list.

A proof serves a matrix whose core, or its transpose, is that of the proof with rows and columns in another order and
multiplied by factors: none of this changes the number of additions. `recheck_proof` runs a proof again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import permutations

from sympy.polys.domains import QQ

from wincraft.circuit.minimum.methods import METHODS, LowerBound
from wincraft.circuit.minimum.points import IntegerPoint, point_of, primitive
from wincraft.circuit.minimum.stripping import Core, CoreRows, across
from wincraft.errors import look_up

ProofTable = tuple[IntegerPoint, ...]


@cache
def proofs() -> Mapping[str, tuple[ProofTable, LowerBound]]:
    """Name to the rows of a core and what is proved of it.

    >>> rows, bound = proofs()["F(4,3) B^T 0,1,-1,2,-2,inf"]
    >>> len(rows), bound.additions, bound.method
    (6, 10, 'three intermediates')
    """
    text = files("wincraft.circuit.minimum").joinpath("proofs.json").read_text(encoding="utf-8")
    return {
        name: (
            tuple(map(tuple, item["rows"])),
            LowerBound(item["additions"], item["method"], item["cases"], item["hash"], name),
        )
        for name, item in json.loads(text).items()
    }


def recheck_proof(name: str) -> bool:
    """Prove it again: whether bound, number of cases and hash of their list are as stored. Takes up to minutes.

    Raises:
        UnknownName: no proof has that name.

    >>> recheck_proof("F(4,3) A^T 0,1,-1,2,-2,inf")
    True
    """
    rows, stored = look_up("proof", name, proofs())
    found = METHODS[stored.method].prove(proof_elements(rows))
    return (found.additions, found.cases, found.digest) == (stored.additions, stored.cases, stored.digest)


def stored_bound(core: Core) -> LowerBound | None:
    """The best bound that a stored proof gives for a core, without the core's own additions."""
    best: LowerBound | None = None
    for side in (core, across(core)):
        table = tuple(point_of(row) for row in side.rows)
        for rows, bound in proofs().values():
            additions = bound.additions + side.additions - core.additions
            if (best is None or additions > best.additions) and same_class(rows, table):
                best = LowerBound(additions, bound.method, bound.cases, bound.digest, bound.proof)
    return best


def same_class(first: ProofTable, second: ProofTable) -> bool:
    """Whether a matrix follows from another by factors and orders of rows and columns.

    Matrices without a row that has no zero are only the same class if they are equal.

    >>> same_class(((1, 1, 1), (1, 2, 4)), ((5, 1, 3), (10, 1, 12)))
    True
    """
    if len(first) != len(second) or _pattern(first) != _pattern(second):
        return False
    if first == second:
        return True
    size = len(first[0])
    chosen = next((row for row in first if all(row)), None)
    if chosen is None:
        return False
    wanted = _over(first, chosen, range(size))
    return any(
        all(row in wanted for row in _each_over(second, other, order))
        for other in second
        if all(other)
        for order in permutations(range(size))
    )


def _pattern(table: ProofTable) -> tuple[list[int], list[int]]:
    return tuple(sorted(sum(map(bool, line)) for line in side) for side in (table, zip(*table, strict=True)))  # type: ignore[return-value]


def _over(table: ProofTable, by: IntegerPoint, order: range) -> set[IntegerPoint]:
    return set(_each_over(table, by, tuple(order)))


def _each_over(table: ProofTable, by: IntegerPoint, order: tuple[int, ...]) -> Iterator[IntegerPoint]:
    """The rows with every column divided by what the one row has there, columns in an order."""
    product = 1
    for x in by:
        product *= x
    factors = [product // by[k] for k in order]
    for row in table:
        yield primitive(row[k] * factor for k, factor in zip(order, factors, strict=True))


def proof_elements(table: ProofTable) -> CoreRows:
    """Rows of integers as rows of rational numbers."""
    return tuple(tuple(QQ(x) for x in row) for row in table)
