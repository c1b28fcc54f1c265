# SPDX-License-Identifier: Apache-2.0
"""The fewest additions with constants from a finite set, by a constraint solver.

Every addition is x + c y of earlier values, with c in the set; rows are right up to factors. What is proved holds in
this model only: other constants may take fewer additions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Real
from typing import Any

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.minimum.claim import Claim
from wincraft.circuit.minimum.methods import LowerBound
from wincraft.circuit.minimum.points import IntegerPoint, coordinate_points, point_of
from wincraft.circuit.program import Program
from wincraft.circuit.recording import Recorder
from wincraft.errors import BadValue, NotApplicable, TooLarge, check_type, import_tool
from wincraft.exact.field import Field
from wincraft.exact.matrix import check_matrix, factor_between
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Matrix

_Gate = tuple[int, int, Fraction]
"""Values x and y, and c: the sum x + c y."""


def finite_minimum(
    matrix: Matrix, constants: Sequence[Fraction | int], limit: int = 8, seconds: float = 60
) -> tuple[Program, Claim]:
    """A program of the fewest additions x + c y with c among the constants, at most `limit` of them, and its claim.

    Numbers of additions from the lower bound on are excluded one after the other by the solver, each within that many
    seconds. Needs ortools.

    Raises:
        WrongType: for what is no exact matrix, and a limit or seconds that are no numbers.
        BadValue: no constants, or 0 among them; a limit below 0; no seconds.
        BadNumber, FloatGiven: for a constant that is no fraction.
        NotApplicable: a matrix that is not rational; `limit` additions are not enough.
        TooLarge: the solver did not decide in time.
        MissingTool: ortools is not installed.

    >>> from wincraft import winograd
    >>> program, claim = finite_minimum(winograd(2, 3, points="0,1,-1").filter.dense, (1, -1))  # doctest: +SKIP
    >>> claim.text  # doctest: +SKIP
    '3 additions, constants among -1, 1: proved minimal (constraint solver, 76 cases)'
    """
    check_matrix(matrix)
    check_type("a list of constants", constants, Iterable, "give some")
    check_type("a limit", limit, int, "give an integer")
    check_type("a number of seconds", seconds, Real, "give a number")
    if limit < 0:
        raise BadValue("the limit", str(limit), "give 0 or more additions")
    if not seconds > 0:
        raise BadValue("the number of seconds", str(seconds), "give more than 0")
    values = sorted(set(as_fractions(map(Field(QQ).element, constants), QQ)))
    if not values or 0 in values:
        raise BadValue("the constants", str(list(map(str, values))), "give some, none of them 0")
    if matrix.domain != QQ:
        raise NotApplicable("the finite minimum", f"the matrix is over {matrix.domain}", "take a rational one")
    solver = import_tool("ortools.sat.python.cp_model", "the minimum with constants from a finite set", "optimal")
    inputs = matrix.shape[1]
    points = dict.fromkeys(point_of(row) for row in matrix.to_list() if any(row))
    targets = [point for point in points if point not in coordinate_points(inputs)]
    cases = 0
    for count in range(additions_bound(matrix).additions, limit + 1):
        gates, tried = _solved(solver, inputs, targets, values, count, seconds)
        cases += tried
        if gates is not None:
            program = fitted_program(_written(matrix, gates), matrix)
            model = f"additions, constants among {', '.join(map(str, values))}"
            return program, Claim(count, LowerBound(count, "constraint solver", cases), model)
    raise NotApplicable("the finite minimum", f"it takes more than {limit} additions", "raise the limit")


def _solved(
    solver: Any, inputs: int, targets: Sequence[IntegerPoint], constants: Sequence[Fraction], count: int, seconds: float
) -> tuple[list[_Gate] | None, int]:
    """The additions, None where there are none of that number, and how many choices there were for them."""
    model = solver.CpModel()
    values: list[list[Any]] = [list(point) for point in coordinate_points(inputs)]
    growth = max(abs(c.numerator) + c.denominator for c in constants)
    choices: list[dict[_Gate, Any]] = []
    for number in range(inputs, inputs + count):
        bound = growth ** (number - inputs + 1)
        row = [model.new_int_var(-bound, bound, "") for _ in range(inputs)]
        chosen: dict[_Gate, Any] = {}
        for x in range(number):
            for y in range(number):
                for c in constants if x != y else ():
                    chosen[x, y, c] = pick = model.new_bool_var("")
                    for k in range(inputs):
                        total = c.denominator * values[x][k] + c.numerator * values[y][k]
                        model.add(row[k] == total).only_enforce_if(pick)
        model.add_exactly_one(chosen.values())
        values.append(row)
        choices.append(chosen)
    for target in targets:
        places = [model.new_bool_var("") for _ in range(count)]
        model.add_at_least_one(places)
        for place, row in zip(places, values[inputs:], strict=True):
            bound = growth**count
            factor = model.new_int_var_from_domain(solver.Domain.from_intervals([[-bound, -1], [1, bound]]), "")
            for x, t in zip(row, target, strict=True):
                model.add(x == t * factor).only_enforce_if(place)
    engine = solver.CpSolver()
    engine.parameters.max_time_in_seconds = seconds
    engine.parameters.num_workers = 1
    engine.parameters.random_seed = 0
    status = engine.solve(model)
    tried = sum(map(len, choices))
    if status == solver.INFEASIBLE:
        return None, tried
    if status not in (solver.OPTIMAL, solver.FEASIBLE):
        raise TooLarge("the solver", f"{count} additions not decided in {seconds:g} s", "allow it more seconds")
    return [next(gate for gate, pick in chosen.items() if engine.value(pick)) for chosen in choices], tried


def _written(matrix: Matrix, gates: Sequence[_Gate]) -> Program:
    """The program of these additions; its rows are multiples of the matrix's."""
    inputs = matrix.shape[1]
    recorder = Recorder(inputs)
    symbols = recorder.symbols
    rows = [[QQ(x) for x in point] for point in coordinate_points(inputs)]
    for x, y, c in gates:
        factor = QQ(c.numerator, c.denominator)
        symbols.append(symbols[x] + symbols[y] * factor)
        rows.append([a + factor * b for a, b in zip(rows[x], rows[y], strict=True)])
    outputs: list[Any] = []
    for wanted in matrix.to_list():
        factors = [factor_between(wanted, row) for row in rows]
        outputs.append(next((symbols[k] * f for k, f in enumerate(factors) if f), 0))
    return recorder.program(outputs)
