# SPDX-License-Identifier: Apache-2.0
"""Checking a document of circuits without trusting what made it: its programs, its counts, and what it claims.

Every statement is checked, and what is not known to be one is refused; that `found` and `wincraft`, which say where a
program comes from, are texts is all that can be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import isclose
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.minimum.claim import Claim, verify_claim
from wincraft.circuit.ordering import live
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.circuit.text import parse_program
from wincraft.construct.circuits import Circuits
from wincraft.errors import BadDocument, BadValue, ClaimRefuted, UnknownName, shorten
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix, to_texts
from wincraft.exact.number import number_text
from wincraft.exact.types import Element, Matrix
from wincraft.files.document import parse_document
from wincraft.measure.circuits import (
    MODEL,
    ProgramNumbers,
    Weighing,
    bound_by,
    is_whole,
    methods_for,
    numbers_of,
    weighing_of,
)
from wincraft.report.circuits import KIND, VERSION

_NAMES = ("AT", "G", "BT")
_NUMBERS = tuple(ProgramNumbers.__annotations__)
_FACTS = ("inputs", "operations", "outputs", "status", "lower_bound", "proved_by", "proof", "found", *_NUMBERS)
_STATEMENTS = ("kind", "version", "wincraft", "size", "circuit", "model", "algorithm", "axes", "maps")
_REPAIR = "write it with wincraft circuit --format json"
_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}


def check_circuits(content: Mapping[str, Any], path: str, thorough: bool = False) -> Iterator[str]:
    """Every statement of a document of kind ``wincraft.circuit``: what was proved, a line for each; or the first fault.

    The three programs of an axis are proved together: the matrices that they compute are an algorithm, and those of the
    document's, so that a factor dropped in one and not moved into another is refused. Numbers are counted and measured
    again, lower bounds proved again; what a stored proof says is, where `thorough`, proved by running it.

    Raises:
        BadDocument: where something is missing, of another kind or not known, or no program.
        Refuted: where the matrices are no algorithm.
        ClaimRefuted: where a matrix, a number or a bound is not what the document says.

    That the choice of circuits takes another program by now, since better ones are known, is remarked.

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
    kind, version = content.get("kind"), content.get("version")
    if kind != KIND or str(version).split(".")[0] != str(VERSION):
        found = f"its kind and version are {shorten(repr(kind))}, {shorten(repr(version))}"
        raise BadDocument(path, found, f"this reads {KIND}, version {VERSION}")
    _knows(content, _STATEMENTS, path)
    algorithm = parse_document(_entry(content, "algorithm", dict, path), f"{path}: algorithm")
    axes, size = _entry(content, "axes", list, path), _entry(content, "size", str, path)
    choice, model = _entry(content, "circuit", str, path), _entry(content, "model", str, path)
    _entry(content, "wincraft", str, path)
    if model != MODEL:
        raise ClaimRefuted(path, f"the model {shorten(model)}", f"what is counted is {MODEL}")
    expected = list(dict.fromkeys(algorithm.factors)) if algorithm.separable else [algorithm]
    if not axes:
        raise BadDocument(path, "it has no axes", _REPAIR)
    if len(axes) != len(expected) or size != algorithm.size:
        raise ClaimRefuted(path, f"{len(axes)} axes of {shorten(size)}", f"{algorithm.size} has {len(expected)}")
    try:
        circuits = Circuits(algorithm, choice)
    except (BadValue, UnknownName) as error:
        raise BadDocument(path, f"its circuit is {shorten(repr(choice))}", str(error)) from None
    for axis, factor in zip(axes, expected, strict=True):
        yield from _axis(axis, factor, circuits, path, thorough)
    maps = _entry(content, "maps", dict, path)
    if len(algorithm.m) > 1 and algorithm.separable:
        for name, program in _programs(maps, f"{path}: maps", algorithm.field, _FACTS).items():
            stated = _Stated(algorithm, name, program, maps[name], f"{path}: maps: {name}")
            yield f"{name} of {size}: {stated.checked(circuits, thorough)}"
    else:
        _alike(maps, axes[0]["maps"], f"{path}: maps")


def _axis(axis: object, factor: Algorithm, circuits: Circuits, path: str, thorough: bool) -> Iterator[str]:
    content = _knows(axis, ("size", "scale", "maps"), f"{path}: axes")
    if (claimed := _entry(content, "size", str, f"{path}: axes")) != factor.size:
        raise ClaimRefuted(path, f"an axis of {shorten(claimed)}", f"it is one of {factor.size}")
    where = f"{path}: {factor.size}"
    maps = _entry(content, "maps", dict, where)
    programs = _programs(maps, where, factor.field, (*_FACTS, "plain"))
    sizes = {"m": factor.m, "r": factor.r} if len(factor.m) > 1 else {}
    tables = [to_texts(computed(program)) for program in programs.values()]
    proved = Algorithm.from_matrices(*tables, form=factor.form, field=factor.field.name, **sizes)
    if number_text(proved.scale) != (claimed := _entry(content, "scale", str, where)):
        raise ClaimRefuted(where, f"a scale of {shorten(claimed)}", f"its programs have {proved.scale}")
    yield f"{proved.verify()}, by its three programs together"
    for name, program in programs.items():
        stated = _Stated(factor, name, program, maps[name], f"{where}: {name}")
        yield f"{name}: {stated.checked(circuits, thorough)}"


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


@dataclass(frozen=True)
class _Stated:
    """A map of an axis or of the whole, its program, and what is stated of it; `where` is the place in the document."""

    algorithm: Algorithm
    name: str
    program: Program
    facts: Mapping[str, Any]
    where: str

    @cached_property
    def matrix(self) -> Matrix:
        """The map multiplied out."""
        return self.algorithm.named[self.name].dense

    @cached_property
    def weighing(self) -> Weighing | None:
        """What its noise is measured by."""
        return weighing_of(self.algorithm, self.name)

    def checked(self, circuits: Circuits, thorough: bool) -> str:
        """What is proved of it, in words."""
        if computed(self.program) != self.matrix:
            what = f"to compute that of {self.algorithm.size}"
            raise ClaimRefuted(self.where, what, "its program computes another matrix")
        _equal(self.facts, vars(numbers_of(self.program, self.weighing)), self.where)
        proved = self._bounded(thorough)
        if "plain" in self.facts:
            rows, where = of_matrix(self.matrix), f"{self.where}: plain"
            plain = _knows(self.facts["plain"], ("additions", "noise"), where)
            additions, noise = self._merits(rows)
            _equal(plain, {"additions": additions, "noise": noise}, where)
        _entry(self.facts, "found", str, self.where)
        self._status()
        return proved + self._remark(circuits)

    def _bounded(self, thorough: bool) -> str:
        """Prove the lower bound by the method, or the stored proof, that is named."""
        additions, claimed = self.program.additions, _entry(self.facts, "lower_bound", int, self.where)
        method, methods = _entry(self.facts, "proved_by", str, self.where), methods_for(self.matrix)
        proof = "" if self.facts["proof"] is None else _entry(self.facts, "proof", str, self.where)
        if method not in methods:
            raise ClaimRefuted(self.where, f"a proof by {shorten(method)}", f"methods are {', '.join(methods)}")
        bound, how = bound_by(self.matrix, method, proof), method
        if claimed > bound.additions:
            by = f" by the stored proof {shorten(proof)}" if proof else f" by {method}"
            raise ClaimRefuted(self.where, f"a lower bound of {claimed}{by}", f"{bound.additions} is what that proves")
        if proof:
            how = f"{method}, {'the stored proof run again' if thorough else 'the proof as stored'}"
        if proof and thorough:
            verify_claim(self.program, Claim(additions, bound), again=True)
        if additions == claimed:
            return f"{additions} additions, constants free, proved minimal: {how}"
        return f"{additions} additions, constants free; no circuit has fewer than {claimed}: {how}"

    def _remark(self, circuits: Circuits) -> str:
        """Where the choice takes another program than this one by what is known now, which: that refutes nothing."""
        if self.algorithm.separable and len(self.algorithm.m) > 1:  # its axes say so
            return ""
        whole = is_whole(self.algorithm, self.name)
        among = replace(circuits, found=((self.matrix, ((self.program, self.facts["found"]),)),))
        taken = circuits.whole(self.name) if whole else among.of(self.matrix).program
        if self._merits(taken) == self._merits(self.program) and live(taken) == live(self.program):
            return ""
        noise = "" if self.weighing is None else f", noise {float(self.weighing.noise(taken)):.4g}"
        return f"; {circuits.choice} takes {taken.additions} additions{noise}, {live(taken)} live values"

    def _status(self) -> None:
        """That it is said to be minimal if that is what the bound says, and only then."""
        status, minimal = _entry(self.facts, "status", str, self.where), "proved minimal"
        additions, bound = self.program.additions, self.facts["lower_bound"]
        if status not in (known := (minimal, "best found", "chosen")):
            raise ClaimRefuted(self.where, f"to be {shorten(status)}", f"it can be {', '.join(known)}")
        if (status == minimal) != (additions == bound):
            raise ClaimRefuted(
                self.where, f"to be {shorten(status)}", f"it takes {additions}, and {bound} is the bound"
            )
        if status not in (known := (minimal, "best found", "chosen")):
            raise ClaimRefuted(self.where, f"to be {shorten(status)}", f"it can be {', '.join(known)}")

    def _merits(self, program: Program) -> tuple[int, Fraction | None]:
        """Additions and noise."""
        return program.additions, None if self.weighing is None else self.weighing.noise(program)


def _equal(facts: Mapping[str, Any], numbers: Mapping[str, int | Fraction | None], where: str) -> None:
    """Every number is as it is stated."""
    for key, value in numbers.items():
        words = key.replace("_", "-")
        if value is None:
            if facts[key] is not None:
                raise ClaimRefuted(where, f"{shorten(str(facts[key]))} {words}", "there is no such number")
        elif isinstance(value, int):
            if (given := _entry(facts, key, int, where)) != value:
                raise ClaimRefuted(where, f"{given} {words}", f"its program has {value}")
        elif not isclose(given := _entry(facts, key, float, where), float(value), rel_tol=1e-9):
            raise ClaimRefuted(where, f"a {words} of {given}", f"its program has {float(value)}")


def _alike(maps: Mapping[str, Any], axis: Mapping[str, Any], where: str) -> None:
    """Where there is one axis, what is stated twice is the same."""
    for name, facts in _knows(axis, _NAMES, where).items():
        given = _knows(_entry(_knows(maps, _NAMES, where), name, dict, where), tuple(facts), f"{where}: {name}")
        for key, value in facts.items():
            stated, wanted = (json.dumps(item, sort_keys=True) for item in (given[key], value))
            if stated != wanted:
                raise ClaimRefuted(f"{where}: {name}", f"{key} {shorten(stated)}", f"its axis has {shorten(wanted)}")


def _programs(maps: Mapping[str, Any], place: str, field: Field, keys: Sequence[str]) -> dict[str, Program]:
    programs = {}
    for name in _knows(maps, _NAMES, place) and _NAMES:
        where = f"{place}: {name}"
        facts = _knows(maps[name], keys, where)
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


def _knows(content: object, keys: Sequence[str], where: str) -> Mapping[str, Any]:
    """An object that states these and nothing else."""
    if not isinstance(content, Mapping):
        raise BadDocument(where, f"it is {shorten(json.dumps(content))}", "it has to be an object")
    if missing := [key for key in keys if key not in content]:
        raise BadDocument(where, f"its {missing[0]} is missing", _REPAIR)
    if more := [key for key in content if key not in keys]:
        raise BadDocument(where, f"it states {shorten(more[0])}, which nothing checks", _REPAIR)
    return content


def _entry(content: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    """A value of that kind; a reader of JSON leaves numbers with a point as texts."""
    given = value = content[key]
    if kind is float and isinstance(value, int | str) and not isinstance(value, bool):
        with suppress(ValueError):
            given = float(value)
    if not isinstance(given, kind) or isinstance(given, bool):
        raise BadDocument(where, f"its {key} is {shorten(json.dumps(value))}", f"it has to be {_KINDS[kind]}")
    return given
