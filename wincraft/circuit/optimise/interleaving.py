# SPDX-License-Identifier: Apache-2.0
"""Two programs along the axes of a tile: one after the other, or gate by gate in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from wincraft.circuit.fitting import Gate, Gates, gates_of
from wincraft.circuit.optimise.seven import rewritten
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record

Times = Sequence[int]
"""When each gate of a program is run."""
_VARIANTS = 6


def nested(first: Program, second: Program) -> Program:
    """The program of two along the axes of a tile, the first along axis 0, then the second along axis 1.

    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> nested(butterfly, butterfly)
    program of 8 additions, 4 -> 4 values over QQ
    """

    def apply(x: list[Any]) -> list[Any]:
        width = second.inputs
        columns = [first.run(x[j::width]) for j in range(width)]
        return [value for row in zip(*columns, strict=True) for value in second.run(list(row))]

    return record(first.inputs * second.inputs, apply, first.domain)


def interleaved(first: Gates, second: Gates, times: tuple[Times, Times]) -> Program:
    """The program of two along the axes of a tile, where gates of either come in the order of their times.

    A value of the tile is v (x) w, v and w values of the two programs. It is the sum that v is, at w, if v's gate is
    the later one, else the sum that w is, at v. So  `nested`  is one where all of the second come later.
    """

    def apply(x: list[Any]) -> list[Any]:
        known: dict[tuple[int, int], Any] = {}

        def value(v: int, w: int) -> Any:
            along = v - first.inputs, w - second.inputs
            if max(along) < 0:
                return x[v * second.inputs + w]
            if (v, w) not in known:
                if along[1] < 0 or (along[0] >= 0 and times[0][along[0]] > times[1][along[1]]):
                    a, p, b, q = first.gates[along[0]]
                    known[v, w] = value(a, w) * p + value(b, w) * q
                else:
                    a, p, b, q = second.gates[along[1]]
                    known[v, w] = value(v, a) * p + value(v, b) * q
            return known[v, w]

        return [value(v, w) * (p * q) for v, p in first.outputs for w, q in second.outputs]

    return record(first.inputs * second.inputs, apply, first.domain)


def interleavings(first: Program, second: Program) -> Iterator[Program]:
    """The programs of several orders, with the rule of seven wherever it applies."""
    for pair in product(_variants(first), _variants(second)):
        early, late = ([_times(gates, late) for gates in pair] for late in (False, True))
        zero, one = ([[time] * len(gates.gates) for gates in pair] for time in (0, 1))
        for times in ((zero[0], one[1]), (one[0], zero[1]), (early[0], early[1]), (late[0], late[1])):
            yield rewritten(interleaved(*pair, times))


def _times(given: Gates, late: bool) -> list[int]:
    """The levels of the gates; of one level, sums of two values of which there are two sums come after the others."""
    pairs = [frozenset((gate.a, gate.b)) for gate in given.gates]
    levels = _levels(given, late)
    return [2 * level + (pairs.count(pair) == 2) for level, pair in zip(levels, pairs, strict=True)]


def _levels(given: Gates, late: bool) -> list[int]:
    """How many gates are at most before each; or, where they come late, after each, negative."""
    levels = [0] * (given.inputs + len(given.gates))
    if late:
        for number in reversed(range(len(given.gates))):
            for operand in (given.gates[number].a, given.gates[number].b):
                levels[operand] = min(levels[operand], levels[given.inputs + number] - 1)
    else:
        for number, gate in enumerate(given.gates, given.inputs):
            levels[number] = 1 + max(levels[gate.a], levels[gate.b])
    return levels[given.inputs :]


def _variants(program: Program) -> Iterator[Gates]:
    """The program, and others in which of several sums of the same two values all but two are sums of these two."""
    given = gates_of(program)
    yield given
    groups: dict[frozenset[int], list[int]] = {}
    for number, gate in enumerate(given.gates):
        groups.setdefault(frozenset((gate.a, gate.b)), []).append(number)
    choices = [list(combinations(numbers, 2)) for numbers in groups.values() if len(numbers) > 2]
    for chosen in list(product(*choices))[:_VARIANTS] if choices else ():
        yield _regrouped(given, groups, chosen)


def _regrouped(given: Gates, groups: dict[frozenset[int], list[int]], chosen: Sequence[tuple[int, int]]) -> Gates:
    """With the sums of each group but the two that are chosen made of these two."""
    bases = {number: pair for pair in chosen for numbers in groups.values() if pair[0] in numbers for number in numbers}
    order: list[int] = []
    gates: dict[int, Gate] = {}

    def place(number: int) -> None:
        if number in gates:
            return
        gate = given.gates[number]
        pair = bases.get(number)
        if pair is not None and number not in pair:
            gate = _between(given, gate, pair)
        for operand in (gate.a, gate.b):
            if operand >= given.inputs:
                place(operand - given.inputs)
        gates[number] = gate
        order.append(number)

    for number in range(len(given.gates)):
        place(number)
    moved = {k: k for k in range(given.inputs)} | {given.inputs + n: given.inputs + k for k, n in enumerate(order)}
    made = tuple(Gate(moved[g.a], g.p, moved[g.b], g.q) for g in (gates[number] for number in order))
    return given._replace(gates=made, outputs=tuple((moved[value], factor) for value, factor in given.outputs))


def _between(given: Gates, gate: Gate, pair: tuple[int, int]) -> Gate:
    """A sum of a and b as one of two other sums of these."""
    vectors = []
    for other in (given.gates[number] for number in pair):
        vectors.append((other.p, other.q) if other.a == gate.a else (other.q, other.p))
    (a, b), (c, d) = vectors
    determinant = a * d - b * c
    p, q = (gate.p * d - gate.q * c) / determinant, (a * gate.q - b * gate.p) / determinant
    return Gate(given.inputs + pair[0], p, given.inputs + pair[1], q)
