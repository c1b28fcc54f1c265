# SPDX-License-Identifier: Apache-2.0
"""From a program whose outputs are right up to factors to the one of an exact matrix, with few multiplications.

Every value of a program may be any multiple of what it is: the factor goes into the operations that read it. An
addition  G = u A + w B  takes no multiplication where u and w are +-1, one that fuses with it where one of them is,
else one more. The values' factors are chosen so that few are taken; outputs have the factors of the matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import add
from random import Random
from typing import NamedTuple

from wincraft.circuit.program import Operation, Program, is_power_of_two
from wincraft.errors import BadShape, NotApplicable
from wincraft.exact.matrix import check_matrix, factor_between
from wincraft.exact.types import Domain, Element, Matrix

_PASSES, _IN_VAIN = 12, 3
"""How many starts from factors by chance, and after how many that were no better it ends."""


_Cost = tuple[int, int, int, int]
"""Operations beside the additions, constants that no binary float holds, constants, their bits."""


class Gate(NamedTuple):
    """The sum of two multiples of earlier values; inputs are numbered first."""

    a: int
    p: Element
    b: int
    q: Element


class Gates(NamedTuple):
    """A program as sums alone; the outputs are multiples of values."""

    inputs: int
    gates: tuple[Gate, ...]
    outputs: tuple[tuple[int, Element], ...]
    domain: Domain

    def rows(self) -> list[list[Element]]:
        """What every value is of the inputs."""
        K = self.domain
        rows = [[K.one if i == j else K.zero for j in range(self.inputs)] for i in range(self.inputs)]
        for a, p, b, q in self.gates:
            rows.append([p * x + q * y for x, y in zip(rows[a], rows[b], strict=True)])
        return rows


def gates_of(program: Program) -> Gates:
    """The sums of a program: its other operations become factors, and what no output needs is left out.

    >>> from sympy import QQ
    >>> gates_of(Program.build(2, [("multiply", 0, "3"), ("add", 2, 1)], [3])).gates
    (Gate(a=0, p=3, b=1, q=1),)
    """
    K = program.domain
    known: list[tuple[int, Element]] = [(k, K.one) for k in range(program.inputs)]
    gates: list[Gate] = []
    for operation in program.operations:
        terms = [(known[k][0], known[k][1] * factor) for k, factor in operation.terms]
        terms = [(value, factor) for value, factor in terms if factor]
        if len(terms) == 2 and terms[0][0] == terms[1][0]:
            terms = [(terms[0][0], terms[0][1] + terms[1][1])]
        if len(terms) < 2:
            known.append(terms[0] if terms else (0, K.zero))
            continue
        (a, p), (b, q) = terms
        gates.append(Gate(a, p, b, q))
        known.append((program.inputs + len(gates) - 1, K.one))
    return pruned(Gates(program.inputs, tuple(gates), tuple(known[k] for k in program.outputs), K))


def pruned(given: Gates) -> Gates:
    """Without sums that no output needs."""
    needed = {value for value, factor in given.outputs if factor}
    for number in reversed(range(len(given.gates))):
        if given.inputs + number in needed:
            needed |= {given.gates[number].a, given.gates[number].b}
    kept = [k for k in range(given.inputs + len(given.gates)) if k < given.inputs or k in needed]
    place = {value: k for k, value in enumerate(kept)}
    gates = [given.gates[value - given.inputs] for value in kept[given.inputs :]]
    moved = tuple(Gate(place[a], p, place[b], q) for a, p, b, q in gates)
    outputs = tuple((place[value], factor) if factor else (0, factor) for value, factor in given.outputs)
    return Gates(given.inputs, moved, outputs, given.domain)


def fitted_program(program: Program, matrix: Matrix, seed: int = 0) -> Program:
    """The program of exactly this matrix from one whose rows are multiples of its rows, with few multiplications.

    Constants that binary floats hold are preferred, then small ones. The same seed gives the same program.

    Raises:
        WrongType: for what is no exact matrix.
        BadShape: where the program has another number of inputs or outputs.
        NotApplicable: where a row is no multiple.

    >>> from sympy import QQ
    >>> from wincraft.exact import exact_matrix
    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> fitted_program(butterfly, exact_matrix([[QQ(1, 2), QQ(1, 2)], [QQ(3), QQ(-3)]], (2, 2), QQ)).operations[0].name
    'add'
    """
    check_matrix(matrix)
    if matrix.shape != (shape := (len(program.outputs), program.inputs)):
        raise BadShape("a matrix", f"{matrix.shape[0]} x {matrix.shape[1]}", f"{shape[0]} x {shape[1]}, the program's")
    given = gates_of(program)
    rows = given.rows()
    outputs = []
    for number, (wanted, (value, factor)) in enumerate(zip(matrix.to_list(), given.outputs, strict=True)):
        if not any(wanted):
            outputs.append((value, given.domain.zero))
            continue
        ratio = factor_between(list(wanted), [factor * x for x in rows[value]])
        if ratio is None:
            raise NotApplicable(
                f"row {number} of a matrix", "the program's is no multiple of it", "take another program"
            )
        outputs.append((value, ratio * factor))
    return scaled(given._replace(outputs=tuple(outputs)), seed)


def scaled(given: Gates, seed: int = 0, free: Iterable[int] = ()) -> Program:
    """A program of sums, with factors of its values that take few multiplications; outputs `free` may have any."""
    search = _Factors(given, frozenset(free))
    random, best, vain = Random(seed), (search.cost(), list(search.factors)), 0
    for attempt in range(_PASSES):
        if attempt:
            search.shuffle(random)
        search.descend(random)
        found = search.cost()
        vain = 0 if found < best[0] else vain + 1
        if not vain:
            best = found, list(search.factors)
        if vain == _IN_VAIN or not best[0][0] + best[0][1]:
            break
    return _written(given, best[1], frozenset(free))


class _Factors:
    """The factor of every value, changed one by one while that makes the program cheaper."""

    def __init__(self, given: Gates, free: frozenset[int]) -> None:
        self.given, self.one, self.minus = given, given.domain.one, -given.domain.one
        self.factors = [self.one] * (given.inputs + len(given.gates))
        self.readers: list[list[int]] = [[] for _ in self.factors]
        for number, gate in enumerate(given.gates):
            self.readers[gate.a].append(number)
            self.readers[gate.b].append(number)
        self.outputs: list[list[Element]] = [[] for _ in self.factors]
        for place, (value, factor) in enumerate(given.outputs):
            if place not in free and factor and factor not in self.outputs[value]:
                self.outputs[value].append(factor)

    def coefficients(self, number: int) -> tuple[Element, Element]:
        """U and w of a gate with the factors as they are."""
        a, p, b, q = self.given.gates[number]
        factor = self.factors[self.given.inputs + number]
        return factor * p / self.factors[a], factor * q / self.factors[b]

    def touched(self, value: int) -> set[int]:
        """The additions that make or read a value, which is no input."""
        return {value - self.given.inputs, *self.readers[value]}

    def gate_cost(self, number: int) -> _Cost:
        """An addition's."""
        u, w = self.coefficients(number)
        one, minus = self.one, self.minus
        if u in (one, minus):
            return (int(u == w == minus), 0, 0, 0) if w in (one, minus) else (0, *self.constant_cost(w))
        cost = self.constant_cost(u)
        return (0, *cost) if w in (one, minus) else (1, *map(add, cost, self.constant_cost(w)))

    def constant_cost(self, c: Element) -> tuple[int, int, int]:
        """What a constant costs: whether it is no binary fraction, one, its bits."""
        try:
            p, q = abs(int(c.numerator)), int(c.denominator)  # type: ignore[attr-defined]
        except (AttributeError, TypeError):
            return 1, 2, 4
        binary = q.bit_count() == 1
        return int(not binary), 2 - (binary and p.bit_count() == 1), p.bit_length() + q.bit_length() - 2

    def output_costs(self, value: int) -> list[_Cost]:
        """Those of the outputs that are other multiples of a value."""
        factor = self.factors[value]
        return [(1, *self.constant_cost(item / factor)) for item in self.outputs[value] if item != factor]

    def local_cost(self, value: int) -> _Cost:
        """What depends on the factor of a value."""
        return _total([*map(self.gate_cost, self.touched(value)), *self.output_costs(value)])

    def cost(self) -> _Cost:
        """The whole program's."""
        outputs = [cost for value in range(len(self.outputs)) for cost in self.output_costs(value)]
        return _total([*map(self.gate_cost, range(len(self.given.gates))), *outputs])

    def candidates(self, value: int) -> list[Element]:
        """Factors with which some operation gets simpler: its own, one that reads it, an output."""
        a, p, b, q = self.given.gates[value - self.given.inputs]
        found = [self.factors[a] / p, self.factors[b] / q, *self.outputs[value]]
        for number in self.readers[value]:
            gate, factor = self.given.gates[number], self.factors[self.given.inputs + number]
            found += [factor * c for of, c in ((gate.a, gate.p), (gate.b, gate.q)) if of == value]
        kept: list[Element] = []
        for item in found:
            kept += [signed for signed in (item, -item) if signed not in kept]
        return kept

    def neighbours(self, value: int) -> set[int]:
        """The values, but for inputs, that share an addition with this one."""
        inputs, gates = self.given.inputs, self.given.gates
        found = {k for number in self.touched(value) for k in (gates[number].a, gates[number].b, inputs + number)}
        return {k for k in found if k >= inputs and k != value}

    def descend(self, random: Random) -> None:
        """Better factors, value by value, until none gets better."""
        order = list(range(self.given.inputs, len(self.factors)))
        changed, stale = True, set(order)  # the others are the best beside neighbours as they are
        while changed:
            changed = False
            random.shuffle(order)
            for value in order:
                if value not in stale:
                    continue
                stale.remove(value)
                before = kept = self.factors[value]
                cost = self.local_cost(value)
                for candidate in self.candidates(value):
                    self.factors[value] = candidate
                    if (found := self.local_cost(value)) < cost:
                        kept, cost = candidate, found
                self.factors[value] = kept
                if kept != before:
                    changed = True
                    stale |= self.neighbours(value)

    def shuffle(self, random: Random) -> None:
        """Every value gets one of its candidates."""
        for value in range(self.given.inputs, len(self.factors)):
            self.factors[value] = random.choice(self.candidates(value))


def _total(costs: list[_Cost]) -> _Cost:
    operations = others = constants = bits = 0
    for one, two, three, four in costs:
        operations, others, constants, bits = operations + one, others + two, constants + three, bits + four
    return operations, others, constants, bits


def _written(given: Gates, factors: Sequence[Element], free: frozenset[int]) -> Program:
    """The operations, with the factors in them."""
    K, one = given.domain, given.domain.one
    operations: list[Operation] = []

    def write(name: str, operands: tuple[int, ...], constant: Element | None = None) -> int:
        operation = Operation(name, operands, constant)
        operations.append(operation)
        return given.inputs + len(operations) - 1

    def multiple(value: int, c: Element) -> int:
        name = "shift" if is_power_of_two(c) else "multiply"
        return value if c == one else write(name, (value,), c)

    place = list(range(given.inputs))
    for number, (a, p, b, q) in enumerate(given.gates):
        factor = factors[given.inputs + number]
        u, w = factor * p / factors[a], factor * q / factors[b]
        first, second = place[a], place[b]
        if -one in (u, w) and one not in (u, w) and u != w:  # c A - B, with the unit first
            place.append(write("fms", (first, second), w) if u == -one else write("fms", (second, first), u))
        elif one in (u, w):
            if u != one:
                (u, first), (w, second) = (w, second), (u, first)
            name = "add" if w == one else "subtract" if w == -one else "fma"
            place.append(write(name, (first, second), *([w] if name == "fma" else [])))
        elif u == w == -one:
            place.append(multiple(write("add", (first, second)), -one))
        else:
            place.append(write("fma", (multiple(first, u), second), w))
    outputs, made = [], dict[tuple[int, Element], int]()
    for at, (value, wanted) in enumerate(given.outputs):
        c = one if at in free and wanted else wanted / factors[value]
        if (value, c) not in made:
            made[value, c] = multiple(place[value], c)
        outputs.append(made[value, c])
    return Program(given.inputs, tuple(operations), tuple(outputs), K)
