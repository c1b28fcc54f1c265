# SPDX-License-Identifier: Apache-2.0
"""Programs without multipliers: every operation adds or subtracts two values that are shifted."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations_with_replacement
from math import gcd, lcm

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import Gate, Gates
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.ordering import depth
from wincraft.circuit.program import Operation, Program, is_power_of_two
from wincraft.circuit.shift_constants import chain as constant_chain
from wincraft.circuit.shift_search import butterflies, few_points, shift_blocks, space_of
from wincraft.errors import NotApplicable
from wincraft.exact.field import Field
from wincraft.exact.matrix import rational_matrix, row_factors
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Element, Matrix

_LONGEST = 64
_REPAIR = "give a map with dyadic entries, or let rows have any factor"


def shift_adds(program: Program) -> int:
    """The adders of a program when constants are made of shifts and adders, too: the additions of `lowered`.

    >>> shift_adds(Program.build(2, [("fma", 0, 1, "-4"), ("fma", 2, 1, "21"), ("shift", 3, 8)], [4]))
    4
    """
    return sum(o.adds or o.constant == -QQ.one for o in lowered(program).operations)


def lowered(program: Program) -> Program:
    """The same matrix with constants +-2^k alone: what else stands there is made of shifts and additions.

    Odd constants up to 255 take the fewest adders there are, by looking at all, larger ones one more for every part;
    multiples of one value by one constant are made once. What a sign alone is left of is a multiplication by -1, which
    costs an adder.

    Source: single constant multiplication; Dempster and Macleod 1994.

    Raises:
        NotApplicable: for a constant or a divisor that is not dyadic.

    >>> from wincraft.circuit.text import program_text
    >>> print(program_text(lowered(Program.build(1, [("multiply", 0, "-10")], [1]))))
    inputs x0
    t0 = x0 + 4 * x0
    t1 = -1 * t0
    t2 = t1 << 1
    outputs t2
    """
    operations: list[Operation] = []
    known: dict[Operation, int] = {}

    def write(name: str, operands: tuple[int, ...], constant: Element | None = None) -> int:
        operation = Operation(name, operands, constant)
        if operation not in known:
            known[operation] = program.inputs + len(operations)
            operations.append(operation)
        return known[operation]

    def weighted(a: int, u: int, b: int, w: int) -> int:
        """Powers of two u and w, of which one is 1 up to its sign and not both are negative."""
        return write(*_sum_of(a, QQ(u), b, QQ(w)))

    def odd_multiple(value: int, odd: int) -> int:
        made = [value]
        for a, u, b, w in constant_chain(odd):
            made.append(weighted(made[a], u, made[b], w))
        return made[-1]

    place = list(range(program.inputs))
    for name, operands, c in program.operations:
        a, b = place[operands[0]], place[operands[-1]]
        if c is None:
            place.append(write(name, (a, b)))
            continue
        odd, power = _parts(c if name != "divide" else 1 / c, program)
        made = odd_multiple(b, abs(odd)) if odd else b
        factor = power if odd > 0 else -power
        if name in ("fma", "fms"):
            if not odd:
                factor = QQ.zero
            place.append(write(name, (a, made), factor))
            continue
        if odd <= 0:
            made = write("multiply", (made,), QQ(-1 if odd else 0))
        place.append(made if power == QQ.one else write("shift", (made,), power))
    return Program(program.inputs, tuple(operations), tuple(place[k] for k in program.outputs))


def multiplierless(matrix: Matrix, effort: Effort | None = None, free_rows: bool = False) -> list[Program]:
    """Programs of additions and subtractions of shifted values for a matrix, the one of fewest adders first.

    Every operation adds two values with factors +-2^k, one of which is 1. Rows of the result are those of the matrix
    times +-2^k, with `free_rows` times any number but 0: whoever takes them moves the factors into another matrix. The
    same effort gives the same programs.

    The search walks from one set of intermediate values to another, on the matrix and on its transpose, the one of the
    two that falls into smaller blocks.

    Source: adder graphs; Voronenko and Pueschel 2007. The walk is a large neighbourhood search; Shaw 1998.

    Raises:
        NotApplicable: for entries that are irrational, or not dyadic where the factors of rows are.

    >>> from wincraft import winograd
    >>> multiplierless(winograd(4, 3, points="0,1,-1,2,-2").output.dense)[0]
    program of 10 additions, 6 -> 4 values over QQ
    """
    effort = effort or Effort()
    rows = _integer_rows(matrix, free_rows)
    columns = [list(column) for column in zip(*rows, strict=True)]
    ways = [(rows, False)] + [(columns, True)] * all(map(any, [*rows, *columns]))
    reach = [max((_columns(block) for block in shift_blocks(butterflies(given)[0])), default=1) for given, _ in ways]
    wanted = rational_matrix(rows)
    found: list[Program] = []
    for (given, turned), size in zip(ways, reach, strict=True):
        if size > min(reach):
            continue
        gates = _gates(given, few_points(given, effort.seed, effort.rounds))
        if turned:
            gates = _with_columns(_transposed(gates), rows)
        program = _written(gates, wanted)
        factors = row_factors(program.matrix().to_list(), wanted.to_list())
        assert factors is not None
        assert all(is_power_of_two(abs(factor)) for factor in factors)
        found += [program] * (program not in found)
    return sorted(found, key=lambda program: (sum(o.adds for o in program.operations), depth(program)))


def _parts(c: Element, program: Program) -> tuple[int, Element]:
    """The odd number and the power of two whose product a constant is."""
    if not Field(program.domain).rational:
        raise NotApplicable("shifts and additions", f"constants lie in {program.domain}", "take a program over QQ")
    (fraction,) = as_fractions([c], program.domain)
    p, q = fraction.numerator, fraction.denominator
    if q.bit_count() != 1:
        raise NotApplicable("shifts and additions", f"the factor {fraction} is not dyadic", "take another program")
    low = p & -p if p else 1
    return p // low, QQ(low, q)


def _integer_rows(matrix: Matrix, free: bool) -> list[list[int]]:
    """The rows times powers of two, or times whatever makes them primitive."""
    if not Field(matrix.domain).rational:
        raise NotApplicable("shifts and additions", f"entries lie in {matrix.domain}", "take a map over QQ")
    rows = []
    for number, row in enumerate(matrix.to_list()):
        entries = as_fractions(row, QQ)
        common = lcm(*(x.denominator for x in entries))
        if common.bit_count() != 1 and not free:
            worst = next(x for x in entries if x.denominator.bit_count() != 1)
            raise NotApplicable("shifts and additions", f"row {number} holds {worst}, which is not dyadic", _REPAIR)
        whole = [int(x * common) for x in entries]
        content = gcd(*whole) or 1
        rows.append([x // (content if free else content & -content) for x in whole])
    return rows


def _columns(rows: Iterable[list[int]]) -> int:
    return sum(map(any, zip(*rows, strict=True)))


def _gates(rows: list[list[int]], between: list[list[int]]) -> Gates:
    """Sums for the rows by way of vectors between."""
    space = space_of([*rows, *between])
    points = {space.point(row) for row in [*rows, *between] if any(row)}
    place, deep = dict[int, int](), dict[int, int]()
    gates: list[Gate] = []
    for point in space.known(points):
        options = (
            []
            if point in space.units
            else [
                (max(deep[u], deep[v]), place[u], place[v], u, v)
                for u, v in combinations_with_replacement(place, 2)
                if point in space.spanned(u, v)
            ]
        )
        if options:
            level, a, b, u, v = min(options)
            p, q = _shifts(space.vector(point), space.vector(u), space.vector(v))
            gates.append(Gate(a, p, b, q))
            deep[point] = level + 1
        else:
            deep[point] = 0
        place[point] = len(place)
    outputs = []
    for row in rows:
        point = space.point(row) if any(row) else 0
        pivot = next((k for k, x in enumerate(row) if x), None)
        factor = QQ.zero if pivot is None else QQ(row[pivot], space.vector(point)[pivot])
        outputs.append((place.get(point, 0), factor))
    return Gates(len(rows[0]), tuple(gates), tuple(outputs), QQ)


def _shifts(wanted: list[int], u: list[int], v: list[int]) -> tuple[Element, Element]:
    """Factors p and q, +-2^k, with  p u + q v  the wanted vector."""
    minors = [(i, j) for i in range(len(u)) for j in range(i) if u[i] * v[j] != u[j] * v[i]]
    if minors:
        i, j = minors[0]
        det = u[i] * v[j] - u[j] * v[i]
        return QQ(wanted[i] * v[j] - wanted[j] * v[i], det), QQ(u[i] * wanted[j] - u[j] * wanted[i], det)
    pivot = next(k for k, x in enumerate(u) if x)
    for power in chain.from_iterable((k, -k) for k in range(2 * _LONGEST)):
        for q in (QQ(2) ** power, -(QQ(2) ** power)):
            whole = u[pivot] + q * v[pivot]
            if whole and is_power_of_two(abs(factor := wanted[pivot] / whole)):
                return factor, factor * q
    raise AssertionError(wanted)


def _transposed(given: Gates) -> Gates:
    """The sums of the transposed matrix, every one of two terms, those of lowest depth added first."""
    terms: list[list[tuple[int, int, Element]]] = [[] for _ in range(given.inputs + len(given.gates))]
    for k, (value, factor) in enumerate(given.outputs):
        if factor:
            terms[value].append((0, k, factor))
    gates: list[Gate] = []
    outputs = [(0, QQ.zero)] * given.inputs
    for value in reversed(range(len(terms))):
        own = sorted(terms[value], key=lambda term: term[:2])
        while len(own) > 1:
            (_, a, p), (level, b, q), *rest = own
            gates.append(Gate(a, p, b, q))
            own = sorted([*rest, (level + 1, len(given.outputs) + len(gates) - 1, QQ.one)], key=lambda term: term[:2])
        for level, k, factor in own:
            if value < given.inputs:
                outputs[value] = (k, factor)
            else:
                a, p, b, q = given.gates[value - given.inputs]
                terms[a].append((level, k, factor * p))
                terms[b].append((level, k, factor * q))
    return Gates(len(given.outputs), tuple(gates), tuple(outputs), given.domain)


def _with_columns(given: Gates, rows: list[list[int]]) -> Gates:
    """The sums with inputs multiplied so that rows are multiples of those of the matrix by powers of two.

    What the program computes is the matrix with columns times powers of two.
    """
    made = given.rows()
    columns = []
    for k in range(given.inputs):
        number = next(i for i, row in enumerate(rows) if row[k])
        value, factor = given.outputs[number]
        columns.append(QQ(rows[number][k]) / (factor * made[value][k]))
    place = [*columns, *([QQ.one] * len(given.gates))]
    gates = tuple(Gate(a, p * place[a], b, q * place[b]) for a, p, b, q in given.gates)
    outputs = tuple((value, factor * place[value]) for value, factor in given.outputs)
    return Gates(given.inputs, gates, outputs, given.domain)


def _sum_of(a: int, u: Element, b: int, w: Element) -> tuple[str, tuple[int, int], Element | None]:
    """The operation  u a + w b,  one of the factors 1 or -1 and not both negative."""
    if u == QQ.one and w in (QQ.one, -QQ.one):
        return ("add" if w == QQ.one else "subtract"), (a, b), None
    if u == QQ.one:
        return "fma", (a, b), w
    if u == -QQ.one and w != QQ.one:
        return "fms", (a, b), w
    return _sum_of(b, w, a, u)


def _written(given: Gates, wanted: Matrix) -> Program:
    """The sums with one factor of each 1 or -1, values multiplied by powers of two; rows keep signs where they can."""
    signs = {value: factor > 0 for value, factor in given.outputs}
    factors, place = [QQ.one] * given.inputs, list(range(given.inputs))
    known: dict[Operation, int] = {}
    for number, (a, p, b, q) in enumerate(given.gates, given.inputs):
        u, w = p / factors[a], q / factors[b]
        factor = 1 / min(abs(u), abs(w))
        if (u < 0 and w < 0) or (min(u, w) < 0 and not signs.get(number, True)):
            factor = -factor
        operation = Operation(*_sum_of(place[a], u * factor, place[b], w * factor))
        factors.append(factor)
        place.append(known.setdefault(operation, given.inputs + len(known)))
    outputs = [place[value] for value, _ in given.outputs]
    if not all(factor for _, factor in given.outputs):
        zero = known.setdefault(Operation("multiply", (0,), QQ.zero), given.inputs + len(known))
        outputs = [place[value] if factor else zero for value, factor in given.outputs]
    return Program(given.inputs, tuple(known), tuple(outputs))
