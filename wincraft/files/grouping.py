# SPDX-License-Identifier: Apache-2.0
"""Which tables of a file belong together as A^T, G and B^T of one algorithm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import permutations

from wincraft.algorithm.refutation import MATRICES, MatrixName
from wincraft.files.names import Role
from wincraft.files.table import Table

MAX_TABLES = 100
"""Most tables of one name that are looked at: the first of the file."""
MAX_CANDIDATES = 16
"""Most tables that are weighed for one place; beyond it the nearest to G count."""
Triple = tuple[Table, Table, Table]
"""The tables of A^T, G and B^T."""


def fits(output: Table, taps: Table, data: Table) -> bool:
    """Whether three tables can be A^T, G and B^T of one F(m,r), each perhaps transposed or written flat.

    The sizes alone give the rank: m R + R r - R (m + r - 1) = R.

    >>> flat = [Table([[0] * size]) for size in (8, 12, 16)]
    >>> fits(*flat), fits(flat[0], flat[1], Table([[0] * 15]))
    (True, False)
    """
    tables = (output, taps, data)
    rank = output.size + taps.size - data.size
    if rank < 1 or any(table.size % rank for table in tables):
        return False
    return all(table.flat or rank in _shape(table) for table in tables)


def rank_of(triple: Triple) -> int:
    """The rank that the sizes of fitting tables give."""
    output, taps, data = triple
    return output.size + taps.size - data.size


def _shape(table: Table) -> tuple[int, ...]:
    lengths = {len(row) for row in table.rows}
    return table.shape or ((len(table.rows), lengths.pop()) if len(lengths) == 1 else ())


def named_triples(tables: Sequence[Table]) -> list[Triple]:
    """For every G the A^T and B^T that fit it and whose names, block and place are nearest.

    Where nothing fits, the nearest three, for a diagnosis; none where a matrix is missing.
    """
    named: dict[MatrixName, list[Table]] = {"AT": [], "G": [], "BT": []}
    for table in tables:
        if table.role is not None and len(named[table.role.matrix]) < MAX_TABLES:
            named[table.role.matrix].append(table)
    if not all(named.values()):
        return []
    found = [_nearest(taps, named["AT"], named["BT"], fitting=True) for taps in named["G"]]
    triples = [triple for triple in found if triple is not None]
    if not triples:
        sizeable = {name: [table for table in given if table.size > 1] or given for name, given in named.items()}
        closest = _nearest(sizeable["G"][0], sizeable["AT"], sizeable["BT"], fitting=False)
        return [closest] if closest else []
    return triples


def _nearest(taps: Table, outputs: list[Table], inputs: list[Table], fitting: bool) -> Triple | None:
    def distance(table: Table) -> tuple[int, int, int, int]:
        assert table.role is not None
        assert taps.role is not None
        apart = abs(table.place - taps.place)
        return _difference(table.role, taps.role), table.scope != taps.scope, -table.role.weight, apart

    outputs, inputs = (sorted(given, key=distance)[:MAX_CANDIDATES] for given in (outputs, inputs))
    pairs = [(a, b) for a in outputs for b in inputs if not fitting or fits(a, taps, b)]
    if not pairs:
        return None
    output, data = min(pairs, key=lambda pair: tuple(map(sum, zip(*map(distance, pair), strict=True))))
    return output, taps, data


def _difference(one: Role, other: Role) -> int:
    """How much the rests of two names differ: words and, three times as heavy, numbers."""
    first, second = Counter(one.key.split()), Counter(other.key.split())
    return sum(3 if part.isdecimal() else 1 for part in ((first - second) + (second - first)).elements())


def contradictions(triple: Triple, tables: Sequence[Table]) -> list[tuple[Triple, int]]:
    """The triples, and the place changed, in which a matrix that the file also gives transposed stands for the other.

    B beside B^T, say; whether the two agree is not looked at.
    """
    others = []
    for place, table in enumerate(triple):
        for other in tables:
            if (
                other.role
                and table.role
                and (other.role.matrix, other.role.key) == (table.role.matrix, table.role.key)
                and other.role.written != table.role.written
                and (other.scope, other.size) == (table.scope, table.size)
            ):
                changed = list(triple)
                changed[place] = other
                others.append(((changed[0], changed[1], changed[2]), place))
    return others


def unnamed_triples(tables: Sequence[Table]) -> list[Triple]:
    """Three tables without names, or several times three: in the order A^T, G, B^T, else in one that fits.

    >>> rows = {(m, n): Table([[0] * n] * m) for m, n in ((2, 4), (4, 3), (4, 4))}
    >>> unnamed_triples([rows[4, 4], rows[4, 3], rows[2, 4]]) == [(rows[2, 4], rows[4, 3], rows[4, 4])]
    True
    """
    plain = [table for table in tables if len(table.rows) > 1 or table.role is not None]
    roles = {table.role.matrix: table for table in plain if table.role is not None}
    nameless = [table for table in plain if table.role is None]
    if len(plain) == 3 and len(roles) == 2 and len(nameless) == 1:
        rest = nameless[0]
        first, second, third = (roles.get(name, rest) for name in MATRICES)
        return [(first, second, third)]
    rows = [table for table in tables if table.role is None and table.size > 0]
    if len(rows) % 3 or len(rows) > MAX_TABLES or any(table.role is not None for table in plain):
        return []
    return [
        min(
            ((a, g, b) for a, g, b in permutations(rows[k : k + 3])),
            key=lambda order: (not fits(*order), _turned(order)),
        )
        for k in range(0, len(rows), 3)
    ]


def _turned(triple: Triple) -> int:
    """How many of three tables would be stored transposed."""
    rank = rank_of(triple)
    output, taps, data = ([*_shape(table), 0, 0] for table in triple)
    return (output[1] != rank) + (taps[0] != rank) + (data[0] != rank)
