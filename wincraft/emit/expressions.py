# SPDX-License-Identifier: Apache-2.0
"""Programs as assignments of sums in the syntax that C, Python and their kin share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wincraft.circuit.program import Operation, Program
from wincraft.exact.number import is_negative
from wincraft.exact.types import Domain, Element

Literal = Callable[[Element], str]
"""The text of a constant that is not negative."""


class Assignments(NamedTuple):
    """The named values of a program, each with the signed terms of its sum, and the terms of every output."""

    values: list[tuple[str, list[str]]]
    outputs: list[list[str]]


def assignments(program: Program, inputs: Sequence[str], literal: Literal, name: str = "t") -> Assignments:
    """A program as sums: what only begins one other sum, or is one output, has no name of its own.

    So the rows of a matrix are written as one sum each; the operations and their order are the program's.

    >>> from wincraft.circuit.recording import of_matrix
    >>> from wincraft import winograd
    >>> rows = of_matrix(winograd(2, 3, points="0,1,-1").output.dense)
    >>> assignments(rows, ["m0", "m1", "m2", "m3"], str)
    Assignments(values=[], outputs=[['m0', '+ m1', '+ m2'], ['m1', '- m2', '+ m3']])
    """
    K = program.domain
    used = Counter(operand for operation in program.operations for operand in operation.operands)
    used.update(program.outputs)
    begins = Counter(_first(operation) for operation in program.operations)
    begins.update(program.outputs)
    texts: list[list[str]] = [[item] for item in inputs]
    values = list[tuple[str, list[str]]]()
    for number, operation in enumerate(program.operations, program.inputs):
        terms = _terms(operation, texts, K, literal)
        if used[number] == 1 and begins[number] == 1:
            texts.append(terms)
        else:
            values.append((f"{name}{len(values)}", terms))
            texts.append([values[-1][0]])
    return Assignments(values, [texts[value] for value in program.outputs])


def _first(operation: Operation) -> int:
    """The operand whose sum an operation goes on with; -1 where it multiplies."""
    return operation.operands[0] if operation.name in ("add", "subtract", "fma") else -1


def _terms(operation: Operation, texts: Sequence[list[str]], K: Domain, literal: Literal) -> list[str]:
    first, c = texts[operation.operands[0]], operation.constant
    last = texts[operation.operands[-1]][0]
    if operation.name == "divide":
        assert c is not None
        return [f"{'-' if is_negative(c, K) else ''}{first[0]} / {literal(-c if is_negative(c, K) else c)}"]
    if c is None:
        return [*first, f"{'+' if operation.name == 'add' else '-'} {last}"]
    sign = "-" if is_negative(c, K) else "+"
    magnitude = -c if sign == "-" else c
    product = last if magnitude == K.one else f"{literal(magnitude)} * {last}" if c else literal(c)
    if operation.name == "fma":
        return [*first, f"{sign} {product}"]
    start = product if sign == "+" else f"-{product}"
    return [start, f"- {first[0]}"] if operation.name == "fms" else [start]
