# SPDX-License-Identifier: Apache-2.0
"""Recording a program: whatever computes with symbols writes down what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy.polys.domains import QQ

from wincraft.circuit.program import Operation, Program, is_power_of_two
from wincraft.errors import BadValue, check_type
from wincraft.exact.matrix import check_matrix
from wincraft.exact.number import is_negative
from wincraft.exact.types import Domain, Element, Matrix


class Symbol:
    """A multiple of a value of the program that is being recorded; sums and multiples of symbols are symbols.

    A factor is written down when it cannot be part of the next addition.
    """

    __slots__ = ("factor", "recorder", "value")

    def __init__(self, recorder: Recorder, value: int, factor: Element) -> None:
        self.recorder, self.value, self.factor = recorder, value, factor

    def __mul__(self, constant: Any) -> Symbol:
        return Symbol(self.recorder, self.value, self.factor * self.recorder.element(constant))

    __rmul__ = __mul__

    def __truediv__(self, constant: Any) -> Symbol:
        return Symbol(self.recorder, self.value, self.factor / self.recorder.element(constant))

    def __neg__(self) -> Symbol:
        return Symbol(self.recorder, self.value, -self.factor)

    def __add__(self, other: Any) -> Symbol:
        return self.recorder.add(self, other) if isinstance(other, Symbol) else self

    def __radd__(self, zero: Any) -> Symbol:
        return self  # sums start from zero

    def __sub__(self, other: Symbol) -> Symbol:
        return self + -other

    def __bool__(self) -> bool:
        return bool(self.factor)


class Recorder:
    """Writes down the operations on its `symbols`, one for each input.

    >>> from wincraft.circuit.text import program_text
    >>> recorder = Recorder(2)
    >>> a, b = recorder.symbols
    >>> print(program_text(recorder.program([a + 3 * b, (a - b) * 2])))
    inputs x0 x1
    t0 = x0 + 3 * x1
    t1 = x0 - x1
    t2 = t1 << 1
    outputs t0 t2
    """

    def __init__(self, inputs: int, K: Domain = QQ) -> None:
        self.domain, self._inputs = K, inputs
        self._operations: list[Operation] = []
        self._known: dict[Operation, int] = {}

    @property
    def symbols(self) -> list[Symbol]:
        """A symbol for each input."""
        return [Symbol(self, k, self.domain.one) for k in range(self._inputs)]

    def element(self, constant: Any) -> Element:
        """A constant as an element of the domain."""
        return self.domain.convert(constant)  # type: ignore[call-arg]

    def write(self, name: str, operands: tuple[int, ...], constant: Element | None = None) -> Symbol:
        """One operation, written down once however often it is asked for."""
        operation = Operation(name, operands, constant)
        if operation not in self._known:
            self._known[operation] = self._inputs + len(self._operations)
            self._operations.append(operation)
        return Symbol(self, self._known[operation], self.domain.one)

    def add(self, first: Symbol, second: Symbol) -> Symbol:
        """The sum of two symbols, as the operation that takes the fewest multiplications."""
        one, zero = self.domain.one, self.domain.zero
        if not first.factor or not second.factor:
            return first if first.factor else second
        if first.value == second.value:
            factor = first.factor + second.factor
            return Symbol(self, first.value, factor if factor else zero)
        (a, p), (b, q) = (first.value, first.factor), (second.value, second.factor)
        if p in (q, -q):
            return self.write("add" if p == q else "subtract", (a, b)) * p
        if p == one:
            return self.write("fma", (a, b), q)
        if q == one:
            return self.write("fma", (b, a), p)
        if p == -one:
            return self.write("fms", (a, b), q)
        if q == -one:
            return self.write("fms", (b, a), p)
        if _is_binary(p / q) and not _is_binary(q / p):
            return self.write("fma", (b, a), p / q) * q
        return self.write("fma", (a, b), q / p) * p

    def settle(self, symbol: Symbol) -> int:
        """The number of the value that a symbol is, its factor multiplied out."""
        if symbol.factor == self.domain.one:
            return symbol.value
        name = "shift" if is_power_of_two(symbol.factor) else "multiply"
        return self.write(name, (symbol.value,), symbol.factor).value

    def program(self, outputs: Sequence[Any]) -> Program:
        """The program with these symbols as outputs; what is no symbol is the sum of nothing, 0."""
        zero = Symbol(self, 0, self.domain.zero)
        values = [self.settle(item if isinstance(item, Symbol) else zero) for item in outputs]
        return Program(self._inputs, tuple(self._operations), tuple(values), self.domain)


def _is_binary(c: Element) -> bool:
    """Whether binary floats hold a constant; irrational ones they never do."""
    try:
        return int(c.denominator).bit_count() == 1  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return False


def record(inputs: int, function: Callable[[list[Any]], Sequence[Any]], K: Domain = QQ) -> Program:
    """The program of what a function does with symbols: of another program, of a map's passes.

    >>> from wincraft import winograd
    >>> data = winograd("F(2x2,3x3)").input
    >>> program = record(16, data.apply)
    >>> program, program.matrix() == data.dense
    (program of 32 additions, 16 -> 16 values over QQ, True)
    """
    recorder = Recorder(inputs, K)
    return recorder.program(function(recorder.symbols))


def of_matrix(matrix: Matrix) -> Program:
    """The program of a matrix as it stands, row by row: no sum is shared.

    A row begins with its first positive term, so that it begins with no negation where it need not; the others follow
    in the order of the columns. Factors of +-1 are free.

    Raises:
        WrongType: for what is no exact matrix.

    >>> from wincraft import winograd
    >>> of_matrix(winograd(4, 3, points="0,1,-1,2,-2").input.dense)
    program of 16 additions, 6 -> 6 values over QQ
    """
    check_matrix(matrix)
    K = matrix.domain
    recorder = _Plain(matrix.shape[1], K)
    sums: list[Any] = []
    for row in matrix.to_list():
        terms = [(k, a) for k, a in enumerate(row) if a]
        first = next((k for k, a in terms if not is_negative(a, K)), None)
        total = None
        for k, a in sorted(terms, key=lambda term: term[0] != first):
            name = "add" if a == K.one else "subtract" if a == -K.one else "fma"
            if total is None:
                total = recorder.settle(Symbol(recorder, k, a))
            else:
                total = recorder.write(name, (total, k), *([a] if name == "fma" else [])).value
        sums.append(0 if total is None else Symbol(recorder, total, K.one))
    return recorder.program(sums)


def stacked(programs: Sequence[Program]) -> Program:
    """One program of the outputs of several on the same inputs; what two of them compute alike is computed once.

    Raises:
        WrongType, BadValue: what is no program, or none at all.
        BadShape: programs of other inputs.

    >>> total = Program.build(2, [("add", 0, 1)], [2])
    >>> stacked([total, total])
    program of 1 additions, 2 -> 2 values over QQ
    """
    first = _first(programs)
    return record(first.inputs, lambda x: [y for program in programs for y in program.run(x)], first.domain)


def composed(programs: Sequence[Program]) -> Program:
    """The program that runs several in turn, the first one first.

    Raises:
        WrongType, BadValue: what is no program, or none at all.
        BadShape: a program that takes another number of values than the one before it gives.

    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> composed([butterfly, butterfly]).matrix().to_list() == [[2, 0], [0, 2]]
    True
    """

    def apply(values: list[Any]) -> list[Any]:
        for program in programs:
            values = program.run(values)
        return values

    first = _first(programs)
    return record(first.inputs, apply, first.domain)


def _first(programs: Sequence[Program]) -> Program:
    """The first of some programs, all of them over its domain."""
    check_type("a sequence of programs", programs, Sequence, "give them in a list")
    for program in programs:
        check_type("a program", program, Program, "build or record one, or parse its text")
    if not programs:
        raise BadValue("the number of programs", "0", "give one or more")
    names = list(dict.fromkeys(str(program.domain) for program in programs))
    if len(names) > 1:
        raise BadValue("the programs' field", " and ".join(names), "give programs over one field")
    return programs[0]


class _Plain(Recorder):
    """Writes every operation down, as often as it is done: nothing is shared."""

    def write(self, name: str, operands: tuple[int, ...], constant: Element | None = None) -> Symbol:
        self._operations.append(Operation(name, operands, constant))
        return Symbol(self, self._inputs + len(self._operations) - 1, self.domain.one)
