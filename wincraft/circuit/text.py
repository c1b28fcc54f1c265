# SPDX-License-Identifier: Apache-2.0
"""Programs as text, one operation a line, written and read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from sympy.polys.domains import QQ

from wincraft.circuit.program import Operation, Program
from wincraft.errors import BadDocument, WincraftError, shorten
from wincraft.exact.field import Field
from wincraft.exact.number import MAX_DIGITS
from wincraft.exact.types import Domain, Element

_NAME, _CONSTANT = r"([A-Za-z_]\w*)", r"(-?\d+(?:/\d+)?|-?\(.+\))"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (rf"{_NAME} ?\+ ?{_NAME}", "add"),
        (rf"{_NAME} ?- ?{_NAME}", "subtract"),
        (rf"{_NAME} ?([+-]) ?{_CONSTANT} ?\* ?{_NAME}", "fma"),
        (rf"{_CONSTANT} ?\* ?{_NAME} ?- ?{_NAME}", "fms"),
        (rf"{_CONSTANT} ?\* ?{_NAME}", "multiply"),
        (rf"{_NAME} ?(<<|>>) ?(\d{{1,4}})", "shift"),
        (rf"{_NAME} / {_CONSTANT}", "divide"),
        (rf"{_NAME} ?/ ?(-?\d+|-?\(.+\))", "divide"),
    )
)
"""Blanks may be left out, but not where a value is divided by a fraction: a/1/2 would be read as half of a."""
_FEW_BITS = 3 * MAX_DIGITS
_REPAIR = "write t0 = x0 + 3 * x1, one operation a line, of names that stand above"


def value_names(program: Program, reads: str = "x", between: str = "t") -> list[str]:
    """A name for every value: x0, x1, ... of the inputs, t0, t1, ... of the operations."""
    inputs = [f"{reads}{k}" for k in range(program.inputs)]
    return inputs + [f"{between}{k}" for k in range(len(program.operations))]


def program_text(program: Program, reads: str = "x") -> str:
    """The program, one operation a line; `parse_program` reads it back.

    >>> print(program_text(Program.build(2, [("fms", 0, 1, "5/2"), ("shift", 2, "1/4")], [3])))
    inputs x0 x1
    t0 = 5/2 * x1 - x0
    t1 = t0 >> 2
    outputs t1
    """
    return "\n".join(program_lines(program, reads))


def program_lines(program: Program, reads: str = "x") -> Iterator[str]:
    """The lines of that text: the inputs, the operations, the outputs; before them the field where it is not QQ."""
    names, field = value_names(program, reads), Field(program.domain)
    if not field.rational:
        yield f"field {field.name}"
    yield " ".join(["inputs", *names[: program.inputs]])
    yield from operation_lines(program, names, lambda c: constant_text(c, field))
    yield " ".join(["outputs", *(names[k] for k in program.outputs)])


def operation_lines(program: Program, names: Sequence[str], constant: Callable[[Element], str]) -> Iterator[str]:
    """``t0 = x0 + x1`` for each operation, with these names and texts of constants."""
    for name, operation in zip(names[program.inputs :], program.operations, strict=True):
        yield f"{name} = {_right_side(operation, names, constant, program.domain)}"


def constant_text(c: Element, field: Field) -> str:
    """A constant; what is no fraction stands in parentheses."""
    text = field.text(c)
    return text if re.fullmatch(r"-?\d+(/\d+)?", text) else f"({text})"


def _right_side(operation: Operation, names: Sequence[str], constant: Callable[[Element], str], K: Domain) -> str:
    a, b, c = names[operation.operands[0]], names[operation.operands[-1]], operation.constant
    if c is None:
        return f"{a} {'+' if operation.name == 'add' else '-'} {b}"
    match operation.name:
        case "fma":
            text = constant(c)
            return f"{a} - {constant(-c)} * {b}" if text.startswith("-") else f"{a} + {text} * {b}"
        case "fms":
            return f"{constant(c)} * {b} - {a}"
        case "shift":
            return (
                f"{a} << {int(K.numer(c)).bit_length() - 1}" if c >= 1 else f"{a} >> {int(K.denom(c)).bit_length() - 1}"
            )
        case "divide":
            return f"{a} / {constant(c)}"
    return f"{constant(c)} * {a}"


def parse_program(text: str, name: str = "a program") -> Program:
    """The program of a text that `program_text` could have written; names and blanks are free, # begins a comment.

    Raises:
        BadDocument: for a line that is no operation, a name that stands nowhere above (a cycle for one) or stands
            twice, a text without inputs or outputs, numbers of more than `MAX_DIGITS` digits.

    >>> parse_program("inputs a b; s=a-b; outputs s").matrix().to_list() == [[1, -1]]
    True
    >>> parse_program("inputs a; s = a + t; t = s + a; outputs t")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    wincraft.errors.BadDocument: cannot read a program: line 2 's = a + t': no value t stands above; write t0 = ...
    """
    reader = _Reader(name)
    for number, line in enumerate(text.replace(";", "\n").splitlines(), 1):
        if stripped := line.partition("#")[0].strip():
            reader.read(stripped, f"line {number} {shorten(stripped)!r}")
    return reader.program()


class _Reader:
    """Reads a program line by line; `known` are the values by their names."""

    def __init__(self, name: str) -> None:
        self._name, self._field, self._inputs = name, Field(QQ), 0
        self._known: dict[str, int] = {}
        self._operations: list[Operation] = []
        self._outputs: list[int] | None = None

    def read(self, line: str, where: str) -> None:
        """One line."""
        word, *rest = line.split()
        if self._outputs is not None:
            raise self._refuse(f"{where} stands behind the outputs")
        if word == "field" and not self._known and rest:
            try:
                self._field = Field.named(" ".join(rest))
            except WincraftError as error:
                raise self._refuse(f"{where}: {error}") from None
        elif word == "inputs" and not self._known and rest:
            self._known, self._inputs = {name: k for k, name in enumerate(rest)}, len(rest)
            if len(self._known) < len(rest) or not all(re.fullmatch(_NAME, name) for name in rest):
                raise self._refuse(f"{where}: inputs are different names")
        elif word == "outputs" and self._known and rest:
            self._outputs = [self._value(name, where) for name in rest]
        else:
            self._read_operation(line, where)

    def _read_operation(self, line: str, where: str) -> None:
        target, _, right = (part.strip() for part in line.partition("="))
        if not self._known or not re.fullmatch(_NAME, target):
            raise self._refuse(f"{where} is no operation" if self._known else f"{where} stands before the inputs")
        if target in self._known:
            raise self._refuse(f"{where}: {target} stands twice")
        try:
            found = _operation(" ".join(right.split()), lambda name: self._value(name, where), self._field)
        except BadDocument:
            raise
        except ZeroDivisionError:
            raise self._refuse(f"{where} divides by zero") from None
        except WincraftError as error:
            raise self._refuse(f"{where}: {error}") from None
        if found is None:
            raise self._refuse(f"{where}: {shorten(right)!r} is no operation")
        self._operations.append(found)
        self._known[target] = len(self._known)

    def program(self) -> Program:
        """What was read."""
        if self._outputs is None:
            raise self._refuse("it has no outputs" if self._known else "it has no inputs")
        try:
            program = Program(self._inputs, tuple(self._operations), tuple(self._outputs), self._field.domain)
        except WincraftError as error:
            raise self._refuse(str(error)) from None
        if self._field.rational and _most_bits(program) > _FEW_BITS:
            for name, row in zip(self._known, program.each_row(), strict=True):
                if any(max(abs(QQ.numer(x)), QQ.denom(x)) >= 10**MAX_DIGITS for x in row):
                    raise self._refuse(f"{shorten(name)} holds an input times a number of over {MAX_DIGITS} digits")
        return program

    def _value(self, name: str, where: str) -> int:
        if name not in self._known:
            raise self._refuse(f"{where}: no value {shorten(name)} stands above")
        return self._known[name]

    def _refuse(self, why: str) -> BadDocument:
        return BadDocument(self._name, why, _REPAIR)


def _most_bits(program: Program) -> int:
    """More bits than a numerator or denominator in any value's row has: a sum adds one, a constant its own."""
    constants = [operation.constant for operation in program.operations if operation.constant is not None]
    bits = (int(part).bit_length() for c in constants for part in (QQ.numer(c), QQ.denom(c)))
    return len(program.operations) + sum(bits)


def _operation(text: str, value: Callable[[str], int], field: Field) -> Operation | None:
    """The operation of the right side of a line; None where it is none."""
    for pattern, name in _FORMS:
        if not (match := pattern.fullmatch(text)):
            continue
        parts = match.groups()
        match name:
            case "fma":
                constant = _constant(parts[2], field)
                return Operation(name, (value(parts[0]), value(parts[3])), constant if parts[1] == "+" else -constant)
            case "fms":
                return Operation(name, (value(parts[2]), value(parts[1])), _constant(parts[0], field))
            case "multiply":
                return Operation(name, (value(parts[1]),), _constant(parts[0], field))
            case "divide":
                return Operation(name, (value(parts[0]),), _constant(parts[1], field))
            case "shift":
                factor = field.domain(2) ** int(parts[2])
                return Operation(name, (value(parts[0]),), factor if parts[1] == "<<" else 1 / factor)
        return Operation(name, (value(parts[0]), value(parts[1])))
    return None


def _constant(text: str, field: Field) -> Element:
    return field.element(text)
