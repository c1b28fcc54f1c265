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
from wincraft.exact.types import Element

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


def interleaved_passes(first: Gates, second: Gates, times: tuple[Times, Times]) -> Program:
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
        zero, one = ([[time] * len(gates.gates) for gates in pair] for time in (0, 1))
        staged = [[2 * stage + axis for stage in _stages(gates)] for axis, gates in enumerate(pair)]
        late = [_late(gates) for gates in pair]
        for times in ((zero[0], one[1]), (one[0], zero[1]), (staged[0], staged[1]), (late[0], late[1])):
            yield rewritten(interleaved_passes(*pair, times))


def _stages(given: Gates) -> list[int]:
    """-1 for the two sums of two inputs that nothing else reads, 1 for the two sums of two values that nothing reads.

    What is between them is 0. Both kinds are then run along both axes at once, where the rule of seven applies.
    """
    pairs = [frozenset((gate.a, gate.b)) for gate in given.gates]
    reads = [value for pair in pairs for value in pair]
    stages = []
    for pair in pairs:
        twins = [number for number, other in enumerate(pairs, given.inputs) if other == pair]
        last = not any(number in reads for number in twins)
        first = all(value < given.inputs and reads.count(value) == 2 for value in pair)
        stages.append(0 if len(twins) != 2 else 1 if last else -1 if first else 0)
    return stages


def _late(given: Gates) -> list[int]:
    """How many gates are at most after each, negative; of these, sums of two values that have two come after others."""
    pairs = [frozenset((gate.a, gate.b)) for gate in given.gates]
    levels = [0] * (given.inputs + len(given.gates))
    for number in reversed(range(len(given.gates))):
        for operand in pairs[number]:
            levels[operand] = min(levels[operand], levels[given.inputs + number] - 1)
    return [2 * level + (pairs.count(pair) == 2) for level, pair in zip(levels[given.inputs :], pairs, strict=True)]


def _variants(program: Program) -> Iterator[Gates]:
    """The program, and others in which of several sums of the same two values all but two are sums of these two."""
    given = gates_of(program)
    yield given
    groups: dict[frozenset[int], list[int]] = {}
    for number, gate in enumerate(given.gates):
        groups.setdefault(frozenset((gate.a, gate.b)), []).append(number)
    choices = [_bases(given, numbers) for numbers in groups.values() if len(numbers) > 2]
    for chosen in list(product(*choices))[:_VARIANTS] if choices else ():
        yield _regrouped(given, groups, chosen)


def _bases(given: Gates, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Any two of the sums of the same two values that are no multiples of each other."""
    parts = {number: _parts(given.gates[number], given.gates[numbers[0]].a) for number in numbers}
    return [(k, l) for k, l in combinations(numbers, 2) if parts[k][0] * parts[l][1] != parts[k][1] * parts[l][0]]


def _parts(gate: Gate, first: int) -> tuple[Element, Element]:
    """The factors of a sum's values, that of `first` first."""
    return (gate.p, gate.q) if gate.a == first else (gate.q, gate.p)


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
    (a, b), (c, d) = (_parts(given.gates[number], gate.a) for number in pair)
    determinant = a * d - b * c
    p, q = (gate.p * d - gate.q * c) / determinant, (a * gate.q - b * gate.p) / determinant
    return Gate(given.inputs + pair[0], p, given.inputs + pair[1], q)
