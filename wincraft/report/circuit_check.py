# SPDX-License-Identifier: Apache-2.0
"""Checking a document of circuits without trusting what made it: its programs, its counts, and what it claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import isclose
from numbers import Real
from types import UnionType
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.operations import operations_of
from wincraft.circuit.ordering import depth, live
from wincraft.circuit.program import Program
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.construct.rounding import Context, noise_of
from wincraft.errors import BadDocument, ClaimRefuted, shorten
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix, row_factors, to_texts
from wincraft.exact.number import number_text
from wincraft.exact.types import Element, Matrix
from wincraft.files.document import parse_document
from wincraft.measure.circuits import adders, noise_gain_of

_NAMES = ("AT", "G", "BT")
_REPAIR = "write it with wincraft circuit --format json"


def check_circuits(content: Mapping[str, Any], path: str) -> Iterator[str]:
    """Every program of a document of kind ``wincraft.circuit``: what was proved, a line for each; or the first fault.

    The three programs of an axis are proved together: the matrices that they compute are an algorithm, so that a factor
    dropped in one and not moved into another is refused. Those of the whole are the algorithm's of the document.
    Additions are counted again, lower bounds found again.

    Raises:
        BadDocument: where something is missing, or no program.
        Refuted: where the matrices are no algorithm.
        ClaimRefuted: where a matrix, a count or a bound is not what the document says.

    >>> from wincraft import winograd
    >>> from wincraft.report.circuits import CircuitReport
    >>> document = CircuitReport(Circuits(winograd(2, 3, points="0,1,-1"), "fewest")).document()
    >>> for line in check_circuits(document, "f23.json"):
    ...     print(line)
    F(2,3) proved: 24 exact identities, 4 products, scale 1, by its three programs together
    AT: 4 additions, constants free, proved minimal: support
    G: 3 additions, constants free, proved minimal: support
    BT: 4 additions, constants free, proved minimal: support
    """
    algorithm = parse_document(_entry(content, "algorithm", dict, path), f"{path}: algorithm")
    axes, size = _entry(content, "axes", list, path), _entry(content, "size", str, path)
    expected = list(dict.fromkeys(algorithm.factors)) if algorithm.separable else [algorithm]
    if not axes:
        raise BadDocument(path, "it has no axes", _REPAIR)
    if len(axes) != len(expected) or size != algorithm.size:
        raise ClaimRefuted(path, f"{len(axes)} axes of {shorten(size)}", f"{algorithm.size} has {len(expected)}")
    for axis, factor in zip(axes, expected, strict=True):
        where = f"{path}: {_entry(axis, 'size', str, path)}"
        programs = _programs(_entry(axis, "maps", dict, where), where, algorithm.field)
        matrices = [computed(programs[name]) for name in _NAMES]
        several = len(algorithm.m) > 1 and not algorithm.separable
        sizes = {"m": algorithm.m, "r": algorithm.r} if several else {}
        tables = map(to_texts, matrices)
        proved = Algorithm.from_matrices(*tables, form=algorithm.form, field=algorithm.field.name, **sizes)
        if number_text(proved.scale) != (claimed := _entry(axis, "scale", str, where)):
            raise ClaimRefuted(where, f"a scale of {shorten(claimed)}", f"its programs have {proved.scale}")
        if _entry(axis, "size", str, path) != factor.size:
            raise ClaimRefuted(where, "to be an axis of the algorithm", f"that is {factor.size}")
        circuits = Circuits(proved, "rows")
        yield f"{proved.verify()}, by its three programs together"
        for name, matrix in zip(_NAMES, matrices, strict=True):
            at, facts = f"{where}: {name}", axis["maps"][name]
            _of_one_kind(matrix, factor.named[name].dense, name, at)
            _measured(facts, programs[name], noise_gain_of(proved), circuits.context(matrix), at)
            yield f"{name}: {_claims(facts, programs[name], matrix, at)}"
    for name, program in _programs(_entry(content, "maps", dict, path), path, algorithm.field).items():
        if computed(program) != algorithm.named[name].dense:
            raise ClaimRefuted(f"{path}: {name}", f"to compute that of {size}", "its program computes another matrix")
        _counted(content["maps"][name], program, f"{path}: {name}")


def computed(program: Program) -> Matrix:
    """The matrix of a program, by running it on unit vectors, one after the other.

    >>> computed(Program.build(2, [("subtract", 0, 1)], [2])).to_list() == [[1, -1]]
    True
    """
    K = program.domain
    columns: list[list[Element]] = []
    for unit in range(program.inputs):
        values = [K.one if k == unit else K.zero for k in range(program.inputs)]
        for operation in program.operations:
            a, b = values[operation.operands[0]], values[operation.operands[-1]]
            c = K.one if operation.constant is None else operation.constant
            match operation.name:
                case "add":
                    values.append(a + b)
                case "subtract":
                    values.append(a - b)
                case "fma":
                    values.append(a + c * b)
                case "fms":
                    values.append(c * b - a)
                case "divide":
                    values.append(a / c)
                case _:
                    values.append(c * a)
        columns.append([values[k] for k in program.outputs])
    return exact_matrix(list(zip(*columns, strict=True)), (len(program.outputs), program.inputs), K)


def _float(value: Real | str, where: str) -> float:
    """A number of a document, whose reader leaves decimals as they stand."""
    try:
        return float(value)
    except ValueError:
        raise BadDocument(where, f"its noise is {shorten(str(value))}", _REPAIR) from None


def _of_one_kind(matrix: Matrix, wanted: Matrix, name: str, where: str) -> None:
    """A map of the algorithm but for factors of its taps, which are proved together."""
    rows, others = (of.transpose().to_list() if name == "AT" else of.to_list() for of in (matrix, wanted))
    if matrix.shape != wanted.shape or row_factors(rows, others) is None:
        raise ClaimRefuted(where, "to compute a map of its algorithm", "its program computes another matrix")


def _measured(facts: Mapping[str, Any], program: Program, gain: Fraction, context: Context, where: str) -> None:
    """Check the other numbers that a document states of a program."""
    operations = operations_of(program)
    found = {
        "multiplications": operations.multiplications,
        "small": operations.small,
        "shifts": operations.shifts,
        "shift_adds": adders(program),
        "depth": depth(program),
        "live": live(program),
    }
    for key, value in found.items():
        if key in facts and facts[key] != value:
            raise ClaimRefuted(where, f"{facts[key]} {key.replace('_', '-')}", f"its program has {value}")
    if Field(program.domain).ordered and "noise" in facts:
        noise = float(noise_of(program, context) / gain)
        if not isclose(_float(_entry(facts, "noise", Real | str, where), where), noise, rel_tol=1e-9):
            raise ClaimRefuted(where, f"a noise of {facts['noise']}", f"its program has {noise}")


def _claims(facts: Mapping[str, Any], program: Program, matrix: Matrix, where: str) -> str:
    additions = _counted(facts, program, where)
    claimed = _entry(facts, "lower_bound", int, where)
    bound = additions_bound(matrix)
    if claimed > bound.additions:
        raise ClaimRefuted(where, f"a lower bound of {claimed}", f"{bound.additions} is what can be proved")
    if facts.get("status") == "proved minimal" and additions != bound.additions:
        raise ClaimRefuted(where, "to be proved minimal", f"it takes {additions}, and {bound.additions} is the bound")
    if additions == bound.additions:
        return f"{additions} additions, constants free, proved minimal: {bound.method}"
    return f"{additions} additions, constants free; no circuit has fewer than {bound.additions}: {bound.method}"


def _counted(facts: Mapping[str, Any], program: Program, where: str) -> int:
    additions = sum(len(operation.operands) == 2 for operation in program.operations)
    claimed = _entry(facts, "additions", int, where)
    if claimed != additions:
        raise ClaimRefuted(where, f"{claimed} additions", f"its program has {additions}")
    return additions


def _programs(maps: Mapping[str, Any], place: str, field: Field) -> dict[str, Program]:
    programs = {}
    for name in _NAMES:
        where = f"{place}: {name}"
        facts = _entry(maps, name, dict, where)
        lines = [] if field.rational else [f"field {field.name}"]
        lines += [" ".join(["inputs", *_words(facts, "inputs", where)]), *_words(facts, "operations", where)]
        lines.append(" ".join(["outputs", *_words(facts, "outputs", where)]))
        programs[name] = parse_program("\n".join(lines), where)
    return programs


def _words(facts: Mapping[str, Any], key: str, where: str) -> list[str]:
    found = _entry(facts, key, list, where)
    if not all(isinstance(item, str) for item in found):
        raise BadDocument(where, f"{key} are no texts", _REPAIR)
    words: list[str] = found
    return words


def _entry(content: object, key: str, kind: type | UnionType, where: str) -> Any:
    value = content.get(key) if isinstance(content, Mapping) else None
    if not isinstance(value, kind):
        raise BadDocument(where, f"its {key} is missing or of another kind", _REPAIR)
    return value
