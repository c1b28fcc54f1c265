# SPDX-License-Identifier: Apache-2.0
"""Programs that run on integers: integer constants, and exact divisions at the end where nothing else will do.

A value of a program may be computed as any multiple f of itself. An addition  g = p a + q b  is then
f_g g = (f_g p / f_a) (f_a a) + (f_g q / f_b) (f_b b),  whose coefficients are integers where f_g is a multiple of both
f_a / p and f_b / q. The least such factors, from the inputs on, divide all others, so that an output which they make
no integer multiple of needs a division in every integer form of these additions.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import gcd, lcm
from random import Random

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import Gates, gates_of
from wincraft.circuit.program import Operation, Program
from wincraft.errors import NotApplicable
from wincraft.exact.field import Field
from wincraft.exact.number import as_fractions

Cost = tuple[int, ...]
"""(divisions, those by other than powers of two, general multiplications, further operations, shifts, bits)."""

_FREE: Cost = (0, 0, 0, 0, 0, 0)
_ROUNDS = 6


@lru_cache(maxsize=512)
def integer_program(program: Program, seed: int = 0) -> Program:
    """The same integer matrix by the same additions with integer constants, so that it runs on integers exactly.

    Powers of two are left shifts. Where the additions cannot give an output itself, its least multiple is divided
    exactly at the end. As few divisions as these additions allow, then few multiplications, shifts and bits. The same
    seed gives the same program.

    Raises:
        NotApplicable: where the matrix is not integer.

    >>> from wincraft.circuit.text import program_text
    >>> halves = [("fma", 0, 1, "1/2"), ("fma", 0, 1, "-1/2"), ("multiply", 2, 2), ("add", 2, 3)]
    >>> print(program_text(integer_program(Program.build(2, halves, [4, 5]))))
    inputs x0 x1
    t0 = x1 + 2 * x0
    t1 = 2 * x0 - x1
    t2 = t0 + t1
    t3 = t2 / 2
    outputs t0 t3
    """
    if not Field(program.domain).rational:
        where = f"entries of its matrix lie in {program.domain}"
        raise NotApplicable("a map with no exact integer form", where, "take a program over QQ")
    for number, row in enumerate(program.matrix().to_list()):
        for entry in as_fractions(row, QQ):
            if entry.denominator > 1:
                what = f"row {number} of its matrix holds {entry}"
                raise NotApplicable("a map with no exact integer form", what, "scale its rows to integers first")
    search = _Factors(gates_of(program))
    best = search.descend()
    random = Random(seed)
    for _ in range(_ROUNDS):
        search.disturb(random)
        best = min(best, search.descend(), key=lambda found: found[0])
    return search.written(best[1])


class _Factors:
    """The integer multiple of each value that is computed, changed one by one while the program gets cheaper."""

    def __init__(self, given: Gates) -> None:
        self.inputs, size = given.inputs, given.inputs + len(given.gates)
        constants = as_fractions(chain(*((gate.p, gate.q) for gate in given.gates)), QQ)
        operands = [(gate.a, gate.b) for gate in given.gates]
        self.gates = list(zip(operands, zip(constants[::2], constants[1::2], strict=True), strict=True))
        self.norms = [sum(map(abs, as_fractions(row, QQ)), Fraction(0)) for row in given.rows()]
        self.readers = defaultdict[int, list[int]](list)
        for number, (of, _) in enumerate(self.gates, self.inputs):
            for value in of:
                self.readers[value].append(number)
        wanted = as_fractions([factor for _, factor in given.outputs], QQ)
        self.outputs = [(value, factor) for (value, _), factor in zip(given.outputs, wanted, strict=True)]
        self.wanted = defaultdict[int, list[Fraction]](list)
        for value, factor in dict.fromkeys(self.outputs):
            self.wanted[value] += [factor] if factor else []
        self.factors = [Fraction(1)] * size
        for number in range(self.inputs, size):
            self.factors[number] = self.least(number)

    def least(self, number: int) -> Fraction:
        """The least factor of a value for which its coefficients are integers."""
        of, by = self.gates[number - self.inputs]
        one, two = (abs(self.factors[value] / c) for value, c in zip(of, by, strict=True))
        return Fraction(lcm(one.numerator, two.numerator), gcd(one.denominator, two.denominator))

    def coefficients(self, number: int) -> tuple[Fraction, Fraction]:
        """Those of the two operands of a value."""
        of, by = self.gates[number - self.inputs]
        u, w = (self.factors[number] * c / self.factors[value] for value, c in zip(of, by, strict=True))
        return u, w

    def cost(self, number: int) -> Cost | None:
        """What it takes to compute a value of its operands; None where a coefficient is no integer."""
        u, w = self.coefficients(number)
        if u.denominator > 1 or w.denominator > 1:
            return None
        further = int(1 not in (abs(u), abs(w)) or u == w == -1)
        bits = int(self.norms[number] * abs(self.factors[number])).bit_length()
        constants = [abs(int(c)) for c in (u, w) if abs(c) != 1]
        powers = sum(c.bit_count() == 1 for c in constants)
        return (0, 0, len(constants) - powers, further, powers, bits)

    def output_cost(self, value: int) -> Cost:
        """What it takes to make outputs of a value."""
        total = _FREE
        for wanted in self.wanted[value]:
            c = wanted / self.factors[value]
            p, q = c.numerator, c.denominator
            divides, power = int(q > 1), p.bit_count() == 1
            own = (divides, int(q.bit_count() != 1), int(not power), divides + int(p != 1), int(power and p != 1), 0)
            total = _sum(total, own)
        return total

    def around(self, value: int) -> Cost | None:
        """What depends on the factor of a value."""
        total = self.output_cost(value)
        for number in {value, *self.readers[value]}:
            if (own := self.cost(number)) is None:
                return None
            total = _sum(total, own)
        return total

    def candidates(self, value: int) -> list[Fraction]:
        """Factors that make a coefficient 1, or the value an output itself."""
        of, by = self.gates[value - self.inputs]
        found = [self.least(value), *self.wanted[value]]
        found += [self.factors[operand] / c for operand, c in zip(of, by, strict=True)]
        for number in self.readers[value]:
            pairs = zip(*self.gates[number - self.inputs], strict=True)
            found += [self.factors[number] * c for operand, c in pairs if operand == value]
        return list(dict.fromkeys(signed for item in found for signed in (item, -item)))

    def neighbours(self, value: int) -> set[int]:
        """The values, but for inputs, that share an addition with this one."""
        sums = [value, *self.readers[value]]
        found = {k for number in sums for k in (number, *self.gates[number - self.inputs][0])}
        return {k for k in found if k >= self.inputs and k != value}

    def descend(self) -> tuple[Cost, list[Fraction]]:
        """Change factors while that helps; what the program then costs, and the factors."""
        stale = set(range(self.inputs, len(self.factors)))  # the others are the best beside neighbours as they are
        while stale:
            for value in range(self.inputs, len(self.factors)):
                if value not in stale:
                    continue
                stale.remove(value)
                before = kept = self.factors[value]
                least = self.around(value)
                assert least is not None
                for candidate in self.candidates(value):
                    self.factors[value] = candidate
                    found = self.around(value)
                    if found is not None and found < least:
                        kept, least = candidate, found
                self.factors[value] = kept
                if kept != before:
                    stale |= self.neighbours(value)
        total = _FREE
        for value in range(len(self.factors)):
            own = self.cost(value) if value >= self.inputs else _FREE
            assert own is not None
            total = _sum(total, _sum(own, self.output_cost(value)))
        return total, list(self.factors)

    def disturb(self, random: Random) -> None:
        """Give some values another factor that keeps all coefficients integer, from the last value on."""
        for value in reversed(range(self.inputs, len(self.factors))):
            kept = self.factors[value]
            if random.random() < 0.5:
                self.factors[value] = random.choice(self.candidates(value))
                if self.around(value) is None:
                    self.factors[value] = kept

    def written(self, factors: list[Fraction]) -> Program:
        """The program with these factors."""
        self.factors = factors
        operations: list[Operation] = []
        known: dict[Operation, int] = {}

        def write(name: str, operands: tuple[int, ...], constant: Fraction | None = None) -> int:
            operation = Operation(name, operands, None if constant is None else QQ(int(constant)))
            if operation not in known:
                known[operation] = self.inputs + len(operations)
                operations.append(operation)
            return known[operation]

        def multiple(value: int, c: Fraction) -> int:
            if c == 1:
                return value
            return write("shift" if c > 0 and c.numerator.bit_count() == 1 else "multiply", (value,), c)

        def product_sum(a: int, u: Fraction, b: int, w: Fraction) -> int:
            if abs(u) != 1 and abs(w) != 1:
                return product_sum(multiple(a, abs(u)), u / abs(u), b, w)
            if u == 1 or (u == -1 and w != 1):  # with a unit first
                if u == w:
                    return multiple(write("add", (a, b)), u)
                if u == -1:
                    return write("fms", (a, b), w)
                return write("subtract", (a, b)) if w == -1 else write("fma", (a, b), w)
            return product_sum(b, w, a, u)

        place = list(range(self.inputs))
        for number, ((a, b), _) in enumerate(self.gates, self.inputs):
            u, w = self.coefficients(number)
            place.append(product_sum(place[a], u, place[b], w))
        outputs = []
        for value, wanted in self.outputs:
            c = wanted / factors[value]
            made = multiple(place[value], Fraction(c.numerator))
            outputs.append(made if c.denominator == 1 else write("divide", (made,), Fraction(c.denominator)))
        return Program(self.inputs, tuple(operations), tuple(outputs))


def _sum(one: Cost, two: Cost) -> Cost:
    return tuple(x + y for x, y in zip(one, two, strict=True))
