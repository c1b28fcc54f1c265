# SPDX-License-Identifier: Apache-2.0
"""What the texts for hardware share: programs on integers or binary fractions, and the exact width of every value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from textwrap import wrap
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.circuit.bounds import Bounds, FixedPointWord, bounds, largest_count
from wincraft.circuit.integers import integer_program as on_integers
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.construct.circuits import Circuits, along_axis
from wincraft.construct.scaling import integer_form
from wincraft.emit.c.text import LINE_LENGTH
from wincraft.emit.program_text import Body, bodies, check_output, opening, whole_programs
from wincraft.errors import NotApplicable
from wincraft.exact.number import number_text, to_fraction
from wincraft.measure.integers import Integers, range_options
from wincraft.numbers.box import Box, signed_bits

_BOXES = {"filter": "filter", "input": "data"}


@dataclass(frozen=True)
class Hardware:
    """Three transforms in words of exact widths: for filter and data in their boxes, M in accumulators of their bits.

    `algorithm` is the one whose maps they compute, `integer` whether it is the integer form of the one asked for.
    `point` is how many bits of M are behind the binary point, `channels` how many channels the accumulators hold, None
    where all products are 0; of one channel the products take `taken` bits.
    """

    algorithm: Algorithm
    integer: bool
    integers: Integers
    bodies: tuple[Body, ...]
    bounds: tuple[Bounds, ...]
    point: int
    channels: int | None
    taken: int

    def description(self) -> list[str]:
        """What the words are for, in words."""
        scale, integers = number_text(self.algorithm.scale), self.integers
        told = [
            f"For {integers.describe()} and M in {integers.accumulator} bits. No value of a transform can overflow: "
            "every word has the bits of its exact range, which stands beside it. Nothing rounds."
        ]
        if self.channels == 0:
            told.append(f"M CAN OVERFLOW, as was asked for: U[k] * V[k] of one channel takes {self.taken} bits.")
        elif self.channels is not None:
            told.append(f"M[k], the sum over the channels of U[k] * V[k], holds {self.channels} channels.")
        if self.integer:
            told.append("The maps are those of the integer form: A^T columns and B^T rows primitive integer, the scale "
                        "the smallest for which G is integer.")  # fmt: skip
        if scale != "1":
            told.append(f"The output transform makes {scale} Y, exactly; whoever reads it divides by {scale}.")
        return wrap(" ".join(told), LINE_LENGTH - 3)


def hardware(
    algorithm: Algorithm, circuits: Circuits, integers: Integers, format: str, fractions: bool = False
) -> Hardware:
    """The programs of an algorithm on integers, the bounds of their values, and the channels that M holds.

    The maps are those of the algorithm where all their programs are integer, or, with `fractions`, of binary fractions;
    else those of its integer form.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over another field than QQ; where one channel overflows the accumulator.
        BadValue: for an accumulator of more than 64 bits.
    """
    check_output(algorithm, format)
    if not algorithm.field.rational:
        where = f"entries lie in {algorithm.domain}"
        raise NotApplicable(f"{format} output of {algorithm.size}", where, "choose rational points")
    programs = whole_programs(circuits)
    fit = {name: _is_binary(program) if fractions else _is_whole(program) for name, program in programs.items()}
    changed = not all(fit.values())
    if changed:
        algorithm = integer_form(algorithm)
        own = Circuits(algorithm, circuits.choice)
        programs = {name: _integer_program(own, item) for name, item in algorithm.named.items()}
    found = bodies(algorithm, programs, divided=False)
    ranges = {body.name: bounds(body.program, getattr(integers, _BOXES[body.name])) for body in found[:2]}
    point = sum(max(words(item)[value].fraction for value in item.program.outputs) for item in ranges.values())
    accumulator, step = Box.signed(integers.accumulator), Fraction(1, 2**point)
    V, U = ([item.values[value] for value in item.program.outputs] for item in ranges.values())
    products = [_product(u, v) for u, v in zip(U, V, strict=True)]
    products = [Box(box.low / step, box.high / step) for box in products]
    channels = largest_count(products, integers.accumulator)
    taken = max(signed_bits(box.low, box.high) for box in products)
    if channels == 0 and not integers.may_overflow:
        what = f"one channel of {integers.describe()} takes {taken} bits of M, not {integers.accumulator}"
        repair = "give a wider accumulator, points of small integers, or allow overflow"
        raise NotApplicable(f"{format} output of {algorithm.size}", what, repair)
    M = Box(accumulator.low * step, accumulator.high * step)
    ranges["output"] = bounds(found[2].program, M, point)
    return Hardware(algorithm, changed, integers, tuple(found), tuple(ranges.values()), point, channels, taken)


def words(found: Bounds) -> list[FixedPointWord]:
    """The narrowest word of every value; integers have none of the bits behind the point.

    >>> words(bounds(Program.build(2, [("fma", 0, 1, "-5/4")], [2]), Box.signed(8)))
    [Q8.0, Q8.0, Q10.2]
    """
    result = []
    for value, word in zip(found.values, found.fixed_point, strict=True):
        assert word is not None  # constants are binary fractions
        result.append(word if word.fraction else FixedPointWord(signed_bits(value.low, value.high), 0))
    return result


def statements(
    program: Program, names: Sequence[str], times: Callable[[Fraction, str], str], over: Callable[[str, Fraction], str]
) -> Iterator[str]:
    """``d0 - 5 * d2`` for each operation; `times` writes a product by a positive constant, `over` a quotient.

    >>> butterfly = Program.build(2, [("add", 0, 1), ("fms", 0, 1, -4)], [2, 3])
    >>> list(statements(butterfly, ["a", "b", "c", "d"], lambda c, x: f"{c} * {x}", lambda x, c: f"{x} / {c}"))
    ['a + b', '-4 * b - a']
    """
    for name, operands, constant in program.operations:
        a, b = names[operands[0]], names[operands[-1]]
        if constant is None:
            yield f"{a} {'+' if name == 'add' else '-'} {b}"
            continue
        c = to_fraction(program.domain.to_sympy(constant))
        sign, product = "-" * (c < 0), b if abs(c) == 1 else times(abs(c), b)
        if name == "divide":
            yield sign + over(a, abs(c))
        elif name == "fma":
            yield f"{a} {sign or '+'} {product}"
        else:
            yield sign + product + (f" - {a}" if name == "fms" else "")


def head(algorithm: Algorithm, format: str, circuits: Circuits, found: Hardware) -> list[str]:
    """The first lines of a text, the command with the options of its ranges among them."""
    options = range_options(found.integers)
    return [*opening(found.algorithm, format, circuits, options), *found.description()]


def _integer_program(circuits: Circuits, item: LinearMap) -> Program:
    """The program of a whole integer map, pass by pass, each by its program on integers."""

    def apply(values: list[Any]) -> list[Any]:
        for step, tile in zip(item.passes, item.shapes, strict=False):
            values = along_axis(circuits.integers(step.matrix), values, tile, step.axis)
        return values

    program = record(item.shape[1], apply, item.domain)
    return program if _is_whole(program) else on_integers(program)


def _is_whole(program: Program) -> bool:
    """Whether it runs on integers: integer constants, and no division that was not asked for."""
    return bounds(program, Box.signed(8)).whole


def _is_binary(program: Program) -> bool:
    """Whether every value is one with finitely many bits."""
    return None not in bounds(program, Box.signed(8)).fixed_point


def _product(first: Box, second: Box) -> Box:
    ends = [x * y for x in (first.low, first.high) for y in (second.low, second.high)]
    return Box(min(ends), max(ends))
