# SPDX-License-Identifier: Apache-2.0
"""What the texts that are printed from programs share: the three programs, names of values, what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from math import prod

from sympy import S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.operations import operations_of
from wincraft.circuit.program import Operation, Program
from wincraft.circuit.text import operation_lines
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.passes import Transform, read_passes
from wincraft.emit.c.text import LINE_LENGTH, fill
from wincraft.errors import TooLarge, WrongForm
from wincraft.exact.number import number_text, to_element, to_fraction
from wincraft.exact.types import Element, Number
from wincraft.files.provenance import banner
from wincraft.show.numbers import plural

NAMES_OF_MAPS = {"filter": "G", "input": "BT", "output": "AT"}
"""The name of the map of each transform."""


@dataclass(frozen=True)
class Body:
    """A transform as a function body: its program, and names for what it reads, computes and returns.

    `names` are those of all values, `results` those of the outputs in their order. A value that is returned has the
    name of its first place.
    """

    transform: Transform
    program: Program
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """``filter``, ``input`` or ``output``."""
        return self.transform.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what is read."""
        return self.names[: self.program.inputs]

    @property
    def used(self) -> set[int]:
        """The numbers of the values that something reads."""
        operands = (operand for operation in self.program.operations for operand in operation.operands)
        return {*operands, *self.program.outputs}

    @property
    def results(self) -> list[str]:
        """The names of the outputs, in their order."""
        return [self.names[k] for k in self.program.outputs]

    @property
    def title(self) -> str:
        """Its formula, sizes and operations: ``U = B^T d, 4 -> 4 values: 4 additions.``."""
        sizes = f"{_by(self.transform.tile)} -> {_by(self.transform.image)} values"
        return f"{self.transform.formula}, {sizes}: {count_words(self.program)}."


def bodies(algorithm: Algorithm, programs: Mapping[str, Program], divided: bool = True) -> list[Body]:
    """The filter, the input and the output transform, in this order, from the programs of the maps by name.

    The last one divides by the scale where `divided`.
    """
    found, scale = [], algorithm.scale
    for given in read_passes(algorithm).transforms:
        program, transform = programs[NAMES_OF_MAPS[given.name]], given
        if given.writes == "y" and divided:
            program = over_scale(program, to_element(scale, program.domain))
        elif given.writes == "y" and scale != S.One:
            formula = given.formula.removesuffix(f" / {number_text(scale)}")
            transform = replace(given, formula=f"{number_text(scale)} {formula}")
        reads, writes = indexed(transform.reads, transform.tile), indexed(transform.writes, transform.image)
        found.append(Body(transform, program, tuple(names_of_values(program, reads, writes))))
    return found


def whole_programs(circuits: Circuits) -> dict[str, Program]:
    """The program of each whole map by name, of the tile flattened row by row."""
    return {name: circuits.whole(name) for name in NAMES_OF_MAPS.values()}


def indexed(letter: str, tile: Sequence[int]) -> list[str]:
    """A name for every place of a tile, row by row.

    >>> indexed("d", (2, 2))
    ['d0_0', 'd0_1', 'd1_0', 'd1_1']
    """
    names = [letter]
    for axis, length in enumerate(tile):
        names = [f"{name}{'_' * bool(axis)}{k}" for name in names for k in range(length)]
    return names


def names_of_values(program: Program, reads: Sequence[str], writes: Sequence[str]) -> list[str]:
    """A name for every value: the inputs', those of the outputs, and t0, t1, ... of what lies between."""
    places = dict(zip(reversed(program.outputs), reversed(writes), strict=True))
    names, between = list(reads), 0
    for value in range(program.inputs, program.inputs + len(program.operations)):
        names.append(places.get(value, f"t{between}"))
        between += value not in places
    return names


def floating(program: Program) -> Program:
    """The program with shifts and divisions as multiplications, as floating point has them.

    >>> floating(Program.build(1, [("divide", 0, 4)], [1])).operations[0].constant
    1/4
    """
    operations = []
    for item in program.operations:
        factor = item.terms[0][1]
        operations.append(Operation("multiply", item.operands, factor) if item.name in ("shift", "divide") else item)
    return Program(program.inputs, tuple(operations), program.outputs, program.domain)


def over_scale(program: Program, scale: Element) -> Program:
    """The program with its outputs divided by a scale, as multiplications at its end; as it is where that is 1."""
    K = program.domain
    if scale == K.one:
        return program
    last = program.inputs + len(program.operations)
    places = {value: last + k for k, value in enumerate(dict.fromkeys(program.outputs))}
    divisions = tuple(Operation("multiply", (value,), K.one / scale) for value in places)
    outputs = tuple(places[value] for value in program.outputs)
    return Program(program.inputs, program.operations + divisions, outputs, K)


def float_lines(
    program: Program, names: Sequence[str], spelled: Callable[[float, bool], str], format: str
) -> Iterator[tuple[str, str]]:
    """``t0 = x0 + 4 * x1`` for each operation in floating point, and its constant in words where that is rounded.

    `spelled` writes a constant, rounded once to float64, and whether that is exact.

    Raises:
        TooLarge: for a constant beyond float64.
    """
    program = floating(program)
    K = program.domain
    minus = -K.one

    def constant(c: Element) -> str:
        return spelled(*_rounded(K.to_sympy(c), format))

    for line, (name, operands, c) in zip(operation_lines(program, names, constant), program.operations, strict=True):
        target = line.partition(" = ")[0]
        note = "" if c is None or _rounded(K.to_sympy(c), format)[1] else number_text(K.to_sympy(c))
        yield f"{target} = -{names[operands[0]]}" if name == "multiply" and c == minus else line, note


def _rounded(number: Number, format: str) -> tuple[float, bool]:
    """A number rounded once to float64, and whether that is exact."""
    fraction = to_fraction(number)
    try:
        value = fraction.numerator / fraction.denominator
    except OverflowError:
        value = 0.0
    if bool(value) != bool(fraction):
        raise TooLarge(f"float64 in {format} output", "a constant of a circuit", "use --format json")
    return value, number.is_Rational and Fraction(value) == fraction


def count_words(program: Program) -> str:
    """The operations of a program in words.

    >>> count_words(Program.build(2, [("fma", 0, 1, 4), ("multiply", 2, 3)], [3]))
    '1 addition, 2 multiplications by constants of which 1 by powers of two'
    """
    found = operations_of(program)
    constants = found.total - found.additions
    words = plural(found.additions, "addition")
    if not constants:
        return words
    words += f", {plural(constants, 'multiplication')} by "
    if constants == found.shifts:
        return words + "powers of two"
    return words + "constants" + (f" of which {found.shifts} by powers of two" if found.shifts else "")


def in_brackets(head: str, items: Sequence[str], tail: str) -> str:
    """Items between brackets on one line, or on lines of their own where that is longer than `LINE_LENGTH`.

    >>> in_brackets("def f(", ["x", "y"], "):")
    'def f(x, y):'
    """
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= LINE_LENGTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    inside = fill(f"{indent}    ", [f"{item}," for item in items[:-1]] + [items[-1]]).split("\n")
    return "\n".join([head, *(f"{indent}    {text.lstrip()}" for text in inside), f"{indent}{tail}"])


def check_output(algorithm: Algorithm, format: str) -> None:
    """Refuse what no such text can be of.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
    """
    if algorithm.form != "correlation":
        raise WrongForm(f"{format} output")
    algorithm.field.need_order(f"{format} output of {algorithm.size}")


def opening(algorithm: Algorithm, format: str, circuits: Circuits, options: str = "") -> list[str]:
    """The first lines: the command and the hash of the circuits' algorithm, then what is computed and its proof."""
    chosen = "" if circuits.choice == DEFAULT_CIRCUIT else f" --circuit={circuits.choice}"
    return [*banner(circuits.algorithm, format, options + chosen), "", *read_passes(algorithm).description, ""]


def guarded(lines: Sequence[str], format: str, prefix: str, parts: Sequence[str]) -> str:
    """C++ text: its first lines as a comment, then the parts behind an include guard.

    Another text of the same size, from another command, is refused where it is included with it.
    """
    guard, content = f"{prefix}_{format}".upper(), f"0x{sha256(lines[0].encode() + lines[1].encode()).hexdigest()[:8]}u"
    comment = "\n".join(f"// {line}".rstrip() for line in lines)
    inner = "\n".join(parts)
    clash = f'#error "another {format} text of this size, of other points, circuits or ranges, is already included"'
    end = f"#elif {guard} != {content}\n{clash}\n#endif  // {guard}\n"
    return f"{comment}\n\n#ifndef {guard}\n#define {guard} {content}\n\n{inner}\n{end}"


def division_words(algorithm: Algorithm) -> Iterator[str]:
    """What floating-point texts say where the output transform divides."""
    if algorithm.scale != S.One:
        yield f"The output transform divides by {number_text(algorithm.scale)} at its end, as a multiplication."


def _by(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes)) if len(sizes) > 1 else str(prod(sizes))
