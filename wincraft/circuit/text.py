# SPDX-License-Identifier: Apache-2.0
"""Programs as text, one operation a line, written and read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from sympy.polys.domains import QQ

from wincraft.circuit.program import Operation, Program
from wincraft.errors import BadDocument, WincraftError, shorten
from wincraft.exact.field import Field
from wincraft.exact.types import Domain, Element

_NAME, _CONSTANT = r"([A-Za-z_]\w*)", r"(-?\d+(?:/\d+)?|-?\(.+\))"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (rf"{_NAME} \+ {_NAME}", "add"),
        (rf"{_NAME} - {_NAME}", "subtract"),
        (rf"{_NAME} ([+-]) {_CONSTANT} \* {_NAME}", "fma"),
        (rf"{_CONSTANT} \* {_NAME} - {_NAME}", "fms"),
        (rf"{_CONSTANT} \* {_NAME}", "multiply"),
        (rf"{_NAME} (<<|>>) (\d{{1,4}})", "shift"),
        (rf"{_NAME} / {_CONSTANT}", "divide"),
    )
)
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
    """The program of a text that `program_text` could have written; names are free, # begins a comment.

    Raises:
        BadDocument: for a line that is no operation, a name that stands nowhere above (a cycle for one) or stands
            twice, a text without inputs or outputs.

    >>> parse_program("inputs a b; s = a - b; outputs s").matrix().to_list() == [[1, -1]]
    True
    >>> parse_program("inputs a; s = a + t; t = s + a; outputs t")
    Traceback (most recent call last):
    ...
    wincraft.errors.BadDocument: cannot read a program: line 2 's = a + t': no value t stands above; write t0 = x0 + 3 * x1, one operation a line, of names that stand above
    """
    known: dict[str, int] = {}
    operations: list[Operation] = []
    outputs: list[int] | None = None
    field, inputs = Field(QQ), 0

    def refuse(why: str) -> BadDocument:
        return BadDocument(name, why, _REPAIR)

    lines = [line.partition("#")[0].strip() for line in text.replace(";", "\n").splitlines()]
    for number, line in enumerate(lines, 1):
        where = f"line {number} {shorten(line)!r}"

        def value(name: str, where: str = where) -> int:
            if name not in known:
                raise refuse(f"{where}: no value {shorten(name)} stands above")
            return known[name]

        if not line:
            continue
        if outputs is not None:
            raise refuse(f"{where} stands behind the outputs")
        word, *rest = line.split()
        if word == "field" and not known and rest:
            try:
                field = Field.named(" ".join(rest))
            except WincraftError as error:
                raise refuse(f"{where}: {error}") from None
        elif word == "inputs" and not known and rest:
            known, inputs = {name: k for k, name in enumerate(rest)}, len(rest)
            if len(known) < len(rest) or not all(re.fullmatch(_NAME, name) for name in rest):
                raise refuse(f"{where}: inputs are different names")
        elif word == "outputs" and known and rest:
            outputs = [value(name) for name in rest]
        else:
            target, _, right = (part.strip() for part in line.partition("="))
            if not known or not re.fullmatch(_NAME, target):
                raise refuse(f"{where} is no operation" if known else f"{where} stands before the inputs")
            if target in known:
                raise refuse(f"{where}: {target} stands twice")
            try:
                operation = _operation(" ".join(right.split()), value, field)
                if operation is None:
                    raise refuse(f"{where}: {shorten(right)!r} is no operation")
                operations.append(operation)
            except ZeroDivisionError:
                raise refuse(f"{where} divides by zero") from None
            except BadDocument:
                raise
            except WincraftError as error:
                raise refuse(f"{where}: {error}") from None
            known[target] = len(known)
    if outputs is None:
        raise refuse("it has no outputs" if known else "it has no inputs")
    try:
        return Program(inputs, tuple(operations), tuple(outputs), field.domain)
    except WincraftError as error:
        raise refuse(str(error)) from None


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
