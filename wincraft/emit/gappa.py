# SPDX-License-Identifier: Apache-2.0
"""Gappa: how wrong a program can be in floating point, as a question that is answered by bounds with proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Operation, Program, is_power_of_two
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.passes import axis_suffixes, read_passes
from wincraft.emit.program_text import check_output, floating, opening
from wincraft.errors import BadValue, NotApplicable
from wincraft.exact.field import Field
from wincraft.exact.number import as_fractions
from wincraft.numbers.box import Box
from wincraft.numbers.float_format import FloatFormat

UNIT_BOX = Box(-1, 1)
"""Where inputs are unless it is said."""

FLOAT32 = FloatFormat.ieee("float32", exponent_bits=8, precision=24)
"""The format of the lines that `emit` asks of."""

_USE = (
    "How wrong can the float32 line functions of the C header be? Gappa proves a range for the error of every output,",
    "  gappa FILE,  for all inputs in [-1, 1] that are numbers of float32. Every product and every sum is rounded to",
    "nearest even, as C computes them without contraction; a product with a power of two loses only what underflows.",
    "NAME is the computed value, NAME_exact that of exact arithmetic. The division by the scale is not part of a line.",
)


def gappa_script(program: Program, format: FloatFormat = FLOAT32, box: Box = UNIT_BOX) -> str:
    """What Gappa reads to print a proved range of the error of each output, ``y0 - y0_exact`` and so on.

    Inputs are all numbers of the format in the box. Every operation is rounded to nearest even, of a fused one product
    and sum, constants are rounded once. Gappa's formats have no largest number: nothing may overflow.

    Raises:
        NotApplicable: over another field than the rationals.
        TooLarge: where a constant overflows.
        BadValue: where an end of the box is no number of the format.

    Source: Daumas, Melquiond, Certification of bounds on expressions involving rounded operators, ACM TOMS 37 (2010).

    >>> FP16 = FloatFormat.ieee("fp16", exponent_bits=5, precision=11)
    >>> print(gappa_script(Program.build(2, [("fma", 0, 1, "-3")], [2]), FP16), end="")
    @rounded = float<11, -24, ne>;
    x0 = rounded(x0_given);
    x1 = rounded(x1_given);
    y0_product_exact = -3 * x1;
    y0_product rounded= -3b0 * x1;
    y0_exact = x0 + y0_product_exact;
    y0 rounded= x0 + y0_product;
    { x0 in [-1b0, 1b0] /\\
      x1 in [-1b0, 1b0]
      -> y0 - y0_exact in ? }
    y0_exact -> x0 + -3 * x1;
    """
    question = _Question(format, box)
    question.ask(program, "x", "y", "t")
    return question.script()


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits) -> None:
    """Write one question, of all line functions in float32 that the C header has.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over another field than the rationals; of whole tiles, which have no lines.
        TooLarge: where a constant exceeds float32.
    """
    check_output(algorithm, "gappa")
    if not axis_suffixes(algorithm):
        raise NotApplicable(f"gappa output of {algorithm.size}", "its matrices are not of lines", "use --nested")
    question = _Question(FLOAT32, UNIT_BOX)
    for transform in read_passes(algorithm).transforms:
        for step in {step.label: step for step in transform.passes}.values():
            letters = (f"{step.label}_{letter}" for letter in (transform.reads, transform.writes, "t"))
            question.ask(circuits.of(step.matrix).program, *letters)
    lines = [*opening(algorithm, "gappa", circuits), *_USE]
    stream.write("".join(f"# {line}".rstrip() + "\n" for line in lines) + "\n" + question.script())


class _Value(NamedTuple):
    """The names of a computed value and of the exact one; an input is exact."""

    name: str
    exact: str

    @property
    def wrong(self) -> str:
        return f"({self.name} - {self.exact})" if self.name != self.exact else ""


@dataclass
class _Question:
    """Definitions of values, what is assumed of them, what is asked, and hints: equations that Gappa proves itself."""

    format: FloatFormat
    box: Box
    defined: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask(self, program: Program, reads: str, writes: str, between: str) -> None:
        """How wrong its outputs are; letters name inputs, outputs and what lies between."""
        if not Field(program.domain).rational:
            raise NotApplicable("Gappa", f"constants of a program lie in {program.domain}", "take rational points")
        for end in (self.box.low, self.box.high):
            if not self.format.represents(end):
                raise BadValue("an end of the box", str(end), f"give a number of {self.format.name}")
        values = [_Value(f"{reads}{k}", f"{reads}{k}") for k in range(program.inputs)]
        places = {value: f"{writes}{k}" for k, value in reversed(list(enumerate(program.outputs)))}
        self.defined += [f"{value.name} = rounded({value.name}_given);" for value in values]
        self.assumed += [f"{value.name} in [{_dyadic(self.box.low)}, {_dyadic(self.box.high)}]" for value in values]
        rows = program.rows[program.inputs :]
        for number, (operation, row) in enumerate(zip(floating(program).operations, rows, strict=True), program.inputs):
            name = places.get(number, f"{between}{number - program.inputs}")
            made = self._compute(operation, program, values, name)
            factors = as_fractions(row, program.domain)
            terms = [_times(c, value.exact) for c, value in zip(factors, values, strict=False) if c]
            self._hint(made.exact, " + ".join(terms) or "0")
            values.append(made)
        kept = [values[k] for k in dict.fromkeys(program.outputs)]
        self.asked += [f"{value.name} - {value.exact} in ?" for value in dict.fromkeys(kept) if value.wrong]

    def script(self) -> str:
        """Of the whole script."""
        asked = self.asked or ["rounded(0) in ?"]  # where nothing rounds
        least = self.format.min_exponent - self.format.precision + 1
        claim = " /\\\n  ".join(self.assumed) + "\n  -> " + " /\\\n     ".join(asked)
        head = f"@rounded = float<{self.format.precision}, {least}, ne>;"
        return "\n".join([head, *self.defined, f"{{ {claim} }}", *self.hints, ""])

    def _compute(self, operation: Operation, program: Program, values: Sequence[_Value], name: str) -> _Value:
        """One operation: its product, where it has one, then its sum."""
        a, b = values[operation.operands[0]], values[operation.operands[-1]]
        if operation.constant is not None:
            (factor,) = as_fractions([operation.constant], program.domain)
            b = self._multiply(factor, b, f"{name}_product" if operation.adds else name)
        if not operation.adds:
            return b
        a, b = (b, a) if operation.name == "fms" else (a, b)
        sign = "+" if operation.name in ("add", "fma") else "-"
        return self._define(name, "rounded=", f"{a.name} {sign} {b.name}", f"{a.exact} {sign} {b.exact}")

    def _multiply(self, factor: Fraction, value: _Value, name: str) -> _Value:
        """A product with a constant, rounded once; that with a power of two is exact, or loses what underflows."""
        constant = self.format.quantize_exact(factor)
        computed, exact = f"{_dyadic(constant)} * {value.name}", _times(factor, value.exact)
        sign = "=" if is_power_of_two(abs(constant)) else "rounded="
        lost = f"{name}_lost" if sign == "=" and abs(constant) < 1 else ""
        wrong = [_times(constant - factor, value.exact)] if constant != factor else []
        if (sign, computed) in self._known:
            return self._define(name, sign, computed, exact)
        if lost:
            half = _dyadic(self.format.min_subnormal / 2)
            self.assumed.append(f"{lost} in [-{half}, {half}]")
            wrong.append(lost)
        made = self._define(name, sign, computed, exact, lost, sign == "=" and not (wrong or value.wrong))
        if wrong:  # else Gappa sees it by itself
            carried = [f"{_dyadic(constant)} * {value.wrong}"] if value.wrong else []
            left = " + ".join([computed, lost] if lost else [computed])
            self._hint(f"{left} - {made.exact}", " + ".join([*carried, *wrong]))
        return made

    def _define(self, name: str, sign: str, computed: str, exact: str, lost: str = "", same: bool = False) -> _Value:
        """A value by what is computed before it is rounded, with what is lost, and the exact one, where not the same.

        What is defined already keeps its names: Gappa takes equal expressions for one.
        """
        before, after = ("exact", exact), (sign, computed)
        if before not in self._known:
            self._known[before] = name if same else f"{name}_exact"
            self.defined.append(f"{self._known[before]} = {exact};")
        if after not in self._known:
            self._known[after] = self._known[before] if same else name
            if not same:
                self.defined.append(f"{name} {sign} {computed}{f' + {lost}' * bool(lost)};")
        return _Value(self._known[after], self._known[before])

    def _hint(self, left: str, right: str) -> None:
        hint = f"{left} -> {right};"
        if left != right and hint not in self.hints:
            self.hints.append(hint)


def _times(factor: Fraction, name: str) -> str:
    return name if factor == 1 else f"({factor}) * {name}" if factor.denominator > 1 else f"{factor} * {name}"


def _dyadic(number: Fraction) -> str:
    """A binary fraction as Gappa writes it, ``5b-2``."""
    return f"{number.numerator}b{1 - number.denominator.bit_length()}"
