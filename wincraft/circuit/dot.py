# SPDX-License-Identifier: Apache-2.0
"""Programs as graphs in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wincraft.circuit.program import Operation, Program
from wincraft.circuit.text import constant_text, value_names
from wincraft.exact.field import Field


def program_dot(program: Program, reads: str = "x", writes: str = "y") -> str:
    """The program as a digraph: a box for every input and output, a node for every operation.

    A node ``+`` adds what its edges bring, each times the factor that stands on it, ``-`` for -1.

    >>> print(program_dot(Program.build(2, [("fma", 0, 1, "-5/2"), ("shift", 2, "1/4")], [3])))
    digraph program {
        rankdir=LR;
        node [shape=circle, fontname="sans-serif"];
        { rank=source; node [shape=box]; x0; x1; }
        { rank=sink; node [shape=box]; y0; }
        t0 [label="+"];
        x0 -> t0;
        x1 -> t0 [label="-5/2"];
        t1 [label=">>2", shape=box, style=rounded];
        t0 -> t1;
        t1 -> y0;
    }
    """
    names, outputs = value_names(program, reads), [f"{writes}{k}" for k in range(len(program.outputs))]
    lines = [
        "rankdir=LR;",
        'node [shape=circle, fontname="sans-serif"];',
        f"{{ rank=source; node [shape=box]; {_list(names[: program.inputs])} }}",
        f"{{ rank=sink; node [shape=box]; {_list(outputs)} }}",
    ]
    field = Field(program.domain)
    for name, operation in zip(names[program.inputs :], program.operations, strict=True):
        sign = node_text(operation, field)
        lines.append(f'{name} [label="{sign}"{"" if operation.adds else ", shape=box, style=rounded"}];')
        for operand, factor in edge_texts(operation, field):
            lines.append(f"{names[operand]} -> {name}" + (f' [label="{factor}"];' if factor else ";"))
    lines += [f"{names[value]} -> {output};" for value, output in zip(program.outputs, outputs, strict=True)]
    return "\n".join(["digraph program {", *(f"    {line}" for line in lines), "}"])


def node_text(operation: Operation, field: Field) -> str:
    """What an operation does, ``+``, ``×3``, ``<<2``, ``>>1``, ``/3``; what it subtracts has its sign on the edge.

    >>> from sympy.polys.domains import QQ
    >>> [node_text(Operation(name, (0,), QQ(c)), Field(QQ)) for name, c in (("multiply", -3), ("shift", 4))]
    ['×-3', '<<2']
    """
    c = operation.constant
    if operation.adds:
        return "+"
    assert c is not None
    if operation.name == "shift":
        return f"<<{_exponent(c.numerator)}" if c >= 1 else f">>{_exponent(c.denominator)}"  # type: ignore[attr-defined]
    return f"{'/' if operation.name == 'divide' else '×'}{constant_text(c, field)}"


def edge_texts(operation: Operation, field: Field) -> Iterator[tuple[int, str]]:
    """Each operand with what stands on its edge: its factor, nothing for 1 and ``-`` for -1.

    >>> from sympy.polys.domains import QQ
    >>> list(edge_texts(Operation("fms", (0, 1), QQ(3)), Field(QQ)))
    [(0, '-'), (1, '3')]
    """
    first, *rest = operation.operands
    yield first, "-" if operation.name == "fms" else ""
    one, c = field.domain.one, operation.constant
    for operand in rest:
        if c is None:
            yield operand, "-" if operation.name == "subtract" else ""
        else:
            yield operand, "" if c == one else "-" if c == -one else constant_text(c, field)


def _exponent(power: object) -> int:
    return int(power).bit_length() - 1  # type: ignore[call-overload, no-any-return]


def _list(names: Sequence[str]) -> str:
    return " ".join(f"{name};" for name in names)
