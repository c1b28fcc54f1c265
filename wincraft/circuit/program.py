# SPDX-License-Identifier: Apache-2.0
"""A straight-line program that computes a linear map: a circuit of additions and multiplications by constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any, NamedTuple

from sympy.polys.domains import QQ

from wincraft.circuit.running import constants_for
from wincraft.errors import BadShape, BadValue, check_type, look_up
from wincraft.exact.expression import float_given
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import to_element
from wincraft.exact.types import Domain, Element, Matrix

Term = tuple[int, Element]
"""A value's number and its factor."""


class OperationKind(NamedTuple):
    """What an operation of a name computes of its operands a, b and its constant c."""

    operands: int
    constant: bool
    formula: str


KINDS: Mapping[str, OperationKind] = {
    "add": OperationKind(2, False, "a + b"),
    "subtract": OperationKind(2, False, "a - b"),
    "multiply": OperationKind(1, True, "c * a"),
    "shift": OperationKind(1, True, "c * a, where c is a power of two"),
    "divide": OperationKind(1, True, "a / c, of integers an exact division"),
    "fma": OperationKind(2, True, "a + c * b"),
    "fms": OperationKind(2, True, "c * b - a"),
}
"""The operations by name. The last two are fused in floating point: one rounding."""


class Operation(NamedTuple):
    """One operation on earlier values, which are known by number: the inputs first, then the operations before it.

    >>> Operation("fma", (0, 1), QQ(-4)).terms
    ((0, 1), (1, -4))
    """

    name: str
    operands: tuple[int, ...]
    constant: Element | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """The sum that it is: each operand with its factor."""
        (a, *rest), c = self.operands, self.constant
        if c is None:
            return (a, QQ.one), (rest[0], QQ.one if self.name == "add" else -QQ.one)
        if self.name == "divide":
            return ((a, 1 / c),)
        if not rest:
            return ((a, c),)
        return (a, QQ.one if self.name == "fma" else -QQ.one), (rest[0], c)

    @property
    def adds(self) -> bool:
        """Whether it takes two operands."""
        return len(self.operands) == 2


@dataclass(frozen=True, repr=False)
class Program:
    """A straight-line program: `inputs` values are given, each operation makes one more, `outputs` are results.

    Values are numbered from 0, inputs first. `domain` is where the constants lie. Exact.

    Raises:
        UnknownName: for an operation of no known name.
        WrongType: for inputs that are no number, operations or outputs that are no tuple, what is no `Operation`.
        BadShape: where an operand or an output is no earlier value, so that a cycle cannot be written.
        BadValue, FloatGiven: for a constant that an operation cannot have.

    >>> butterfly = Program(2, (Operation("add", (0, 1)), Operation("fma", (0, 1), QQ(-4))), (2, 3))
    >>> butterfly.run([10, 1])
    [11, 6]
    >>> butterfly.matrix().to_list() == [[1, 1], [1, -4]]
    True
    """

    inputs: int
    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]
    domain: Domain = QQ

    def __post_init__(self) -> None:
        check_type("a number of inputs", self.inputs, Integral, "give an integer")
        check_type("a tuple of operations", self.operations, tuple, "give one, or call Program.build")
        check_type("a tuple of outputs", self.outputs, tuple, "give the numbers of values in one")
        if self.inputs < 1 or not self.outputs:
            raise BadShape("a program", f"{self.inputs} inputs, {len(self.outputs)} outputs", "at least one of each")
        for number, operation in enumerate(self.operations, self.inputs):
            check_type("an operation", operation, Operation, "give Operation(name, operands, constant)")
            kind = look_up("operation", operation.name, KINDS)
            if len(operation.operands) != kind.operands or kind.constant != (operation.constant is not None):
                raise BadShape(f"value {number}", f"{operation.name} of {operation.operands}", kind.formula)
            if not _are_values(operation.operands, number):
                raise BadShape(f"value {number}", f"operands {operation.operands}", f"values before {number}")
            if isinstance(operation.constant, float):
                raise float_given(str(operation.constant))
            if operation.name == "divide" and not operation.constant:
                raise BadValue(f"the divisor of value {number}", "0", "divide by something else")
            if operation.name == "shift" and not is_power_of_two(operation.constant):
                raise BadValue(f"the shift of value {number}", str(operation.constant), "give a power of two")
        if not _are_values(self.outputs, self.inputs + len(self.operations)):
            last = self.inputs + len(self.operations) - 1
            raise BadShape("the outputs", str(self.outputs), f"values from 0 to {last}")

    @classmethod
    def build(cls, inputs: int, steps: Iterable[tuple[Any, ...]], outputs: Sequence[int], K: Domain = QQ) -> Program:
        """A program from rows (name, operands..., constant), the constant a text or a number where there is one.

        >>> Program.build(2, [("add", 0, 1), ("multiply", 2, "1/2")], [3]).run([3, 5])
        [4]
        """
        operations = []
        field = Field(K)
        for name, *rest in steps:
            count = look_up("operation", name, KINDS).operands
            constant = field.element(rest[count]) if len(rest) > count else None
            operations.append(Operation(name, tuple(rest[:count]), constant))
        return cls(inputs, tuple(operations), tuple(outputs), K)

    def __repr__(self) -> str:
        return f"program of {self.additions} additions, {self.inputs} -> {len(self.outputs)} values over {self.domain}"

    @property
    def additions(self) -> int:
        """Additions and subtractions, fused ones too: what counts where constants are free."""
        return sum(operation.adds for operation in self.operations)

    @cached_property
    def rows(self) -> list[list[Element]]:
        """What every value is of the inputs, row by row: inputs first, then operations in their order."""
        return list(self.each_row())

    def each_row(self) -> Iterator[list[Element]]:
        """The rows one after the other, each computed when it is asked for."""
        K = self.domain
        rows = [[K.one if i == j else K.zero for j in range(self.inputs)] for i in range(self.inputs)]
        yield from rows
        for operation in self.operations:
            terms = [(rows[k], factor) for k, factor in operation.terms]
            if len(terms) == 1:
                ((row, c),) = terms
                rows.append([c * x for x in row])
            else:
                (first, a), (second, b) = terms
                rows.append([a * x + b * y for x, y in zip(first, second, strict=True)])
            yield rows[-1]

    def matrix(self) -> Matrix:
        """The exact matrix (outputs x inputs) that it computes.

        >>> Program(1, (Operation("multiply", (0,), QQ(3)),), (1, 0)).matrix().to_list() == [[3], [1]]
        True
        """
        return exact_matrix([self.rows[k] for k in self.outputs], (len(self.outputs), self.inputs), self.domain)

    def run(self, values: Sequence[Any]) -> list[Any]:
        """The outputs for inputs of any kind: exact numbers, Python integers, NumPy arrays, tensors, symbols.

        One value for each input, the operations as they stand. Floating-point values meet constants rounded once to
        their type; integers are divided exactly. where one value is a float, all are. Symbols are
        whatever takes +, - and * with a constant.

        Raises:
            BadShape: another number of inputs.
            NotApplicable: integers of a type where a constant is no integer; a division that leaves a remainder.

        >>> import numpy as np
        >>> half = Program.build(2, [("subtract", 0, 1), ("multiply", 2, "1/3")], [3])
        >>> half.run(np.array([[3.0, 1.5], [1, 0.5]], dtype=np.float32))
        [array([0.6666667 , 0.33333334], dtype=float32)]
        """
        return [result[k] for result in [self.trace(values)] for k in self.outputs]

    def trace(self, values: Sequence[Any]) -> list[Any]:
        """Every value in its order, inputs first, as `run` computes them.

        Raises:
            BadShape, NotApplicable: as `run`.
        """
        if len(values) != self.inputs:
            raise BadShape("the inputs", str(len(values)), f"{self.inputs}, one for each")
        constants = constants_for(values, self.domain)
        made = constants.taken(values)
        for name, operands, c in self.operations:
            a, b = made[operands[0]], made[operands[-1]]
            if name == "add":
                made.append(a + b)
            elif name == "subtract":
                made.append(a - b)
            elif name == "divide":
                made.append(constants.divide(a, c))
            elif name == "fma":
                made.append(a + constants.multiply(b, c))
            elif name == "fms":
                made.append(constants.multiply(b, c) - a)
            else:
                made.append(constants.multiply(a, c))
        return made

    def __reduce__(self) -> tuple[object, ...]:
        field, to_sympy = Field(self.domain), self.domain.to_sympy
        steps = [(o.name, o.operands, None if o.constant is None else to_sympy(o.constant)) for o in self.operations]
        extension = [] if field.rational or not field.ordered else list(self.domain.orig_ext)
        return _unpickled, (field.name, extension, self.inputs, steps, self.outputs)


def _are_values(numbers: Iterable[object], count: int) -> bool:
    """Whether all are numbers of some of the first values, as many as `count`."""
    return all(isinstance(number, Integral) and 0 <= int(number) < count for number in numbers)


def is_power_of_two(constant: Element | None) -> bool:
    """Whether it is 2^k for a whole number k, negative ones too.

    >>> [is_power_of_two(QQ(*pair)) for pair in ((1, 4), (3, 1), (-2, 1), (1, 1))]
    [True, False, False, True]
    """
    try:
        parts = int(constant.numerator), int(constant.denominator)  # type: ignore[union-attr]
    except (AttributeError, TypeError):
        return False
    return all(part > 0 and part.bit_count() == 1 for part in parts)


def _unpickled(name: str, extension: list[Any], inputs: int, steps: list[Any], outputs: tuple[int, ...]) -> Program:
    """Undo `Program.__reduce__`: sympy's domains cannot all be pickled."""
    K = QQ.algebraic_field(*extension) if extension else Field.named(name).domain
    made = tuple(Operation(kind, operands, None if c is None else to_element(c, K)) for kind, operands, c in steps)
    return Program(inputs, made, outputs, K)
