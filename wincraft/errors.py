# SPDX-License-Identifier: Apache-2.0
"""Every error wincraft raises on purpose, each carrying its data.

The text of an error is one line: what is wrong, the value, the repair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from types import UnionType
from typing import Any, ClassVar, TypeVar

from wincraft.refutation import Diagnosis
from wincraft.suggestion import suggestion

Entry = TypeVar("Entry")

LONGEST_MESSAGE = 480


def shorten(text: str, width: int = 60) -> str:
    """A text cut to about `width` characters, for messages."""
    return text if len(text) <= width else f"{text[: width - 20]}... ({len(text)} characters)"


class WincraftError(Exception):
    """Root of the error tree: its text is one line, ``exit_code`` is what the command line returns for it."""

    exit_code: ClassVar[int] = 3

    def _message(self) -> str:
        return super().__str__()

    def __str__(self) -> str:
        line = " ".join(self._message().split())
        return line if len(line) <= LONGEST_MESSAGE else f"{line[:300]} ... {line[-150:]}"

    def __reduce__(self) -> tuple[Any, ...]:
        names: list[str] = [field.name for field in fields(self)] if is_dataclass(self) else []
        return type(self), tuple(getattr(self, name) for name in names) or self.args


@dataclass(eq=False)
class Refuted(WincraftError):
    """The three matrices do not compute the convolution; ``diagnosis`` says where and, if it can, the repair."""

    exit_code: ClassVar[int] = 1
    diagnosis: Diagnosis

    def _message(self) -> str:
        return self.diagnosis.summary


@dataclass(eq=False)
class BadSize(WincraftError):
    """A size F(m,r) that cannot be read or built."""

    value: str
    repair: str

    def _message(self) -> str:
        return f"bad size {self.value}: {self.repair}"


@dataclass(eq=False)
class BadNumber(WincraftError):
    """A value that is no exact real number."""

    value: str
    repair: str

    def _message(self) -> str:
        return f"not an exact number: {self.value}; {self.repair}"


@dataclass(eq=False)
class FloatGiven(WincraftError):
    """A float where an exact number is needed; ``suggestion`` is the nearest small fraction."""

    value: str
    suggestion: str

    def _message(self) -> str:
        return f"a float is not an exact number: {self.value}; write {self.suggestion}"


class FloatTaken(UserWarning):
    """A float was taken for the small fraction that it is exactly; write the fraction to have no warning."""


@dataclass(eq=False)
class BadModulus(WincraftError):
    """A polynomial that cannot be a modulus."""

    value: str
    repair: str

    def _message(self) -> str:
        return f"bad modulus {self.value}: {self.repair}"


@dataclass(eq=False)
class NotCoprime(WincraftError):
    """Two moduli share a factor; for points: the same point twice."""

    first: str
    second: str
    positions: tuple[int, int]

    def _message(self) -> str:
        i, j = self.positions
        if self.first == self.second:
            return f"{self.first} is listed twice, at positions {i} and {j} (from 0); remove one"
        return f"moduli {self.first} and {self.second} (positions {i} and {j}, from 0) share a factor; replace one"


@dataclass(eq=False)
class WrongTotalDegree(WincraftError):
    """Too few or too many points or moduli for F(m,r)."""

    m: int
    r: int
    degree: int

    def _message(self) -> str:
        n = self.m + self.r - 1
        verb = "add" if self.degree < n else "remove"
        return (
            f"F({self.m},{self.r}) needs moduli of total degree {n} with inf counted as 1 "
            f"({n - 1} without it, inf is then appended): got {self.degree}; {verb} {abs(n - self.degree)}"
        )


@dataclass(eq=False)
class UnknownName(WincraftError):
    """A name that is not in its registry."""

    what: str
    name: str
    known: tuple[str, ...]

    def _message(self) -> str:
        near = suggestion(self.name, self.known)
        hint = f"did you mean {near}? " if near else ""
        return f"unknown {self.what} {shorten(self.name)!r}: {hint}known are {', '.join(self.known)}"


def look_up(what: str, name: object, registry: Mapping[str, Entry]) -> Entry:
    """The registry's entry of that name.

    Raises:
        UnknownName: it offers what was probably meant.

    >>> look_up("animal", "dgo", {"dog": 1, "cat": 2})
    Traceback (most recent call last):
    ...
    wincraft.errors.UnknownName: unknown animal 'dgo': did you mean dog? known are dog, cat
    """
    if not isinstance(name, str) or name not in registry:
        raise UnknownName(what, str(name), tuple(registry))
    return registry[name]


@dataclass(eq=False)
class NotApplicable(WincraftError):
    """An operation that this algorithm does not have."""

    what: str
    reason: str
    repair: str

    def _message(self) -> str:
        return f"{self.what}: {self.reason}; {self.repair}"


def check_type(what: str, given: object, types: type | UnionType, repair: str) -> None:
    """Refuse an argument of another type than those, before something deep inside stumbles over it.

    Raises:
        NotApplicable: with the argument as it was given.

    >>> check_type("an algorithm", "4,3", int, "make one")
    Traceback (most recent call last):
    ...
    wincraft.errors.NotApplicable: an algorithm: '4,3' is none; make one
    """
    if not isinstance(given, types):
        raise NotApplicable(what, f"{shorten(repr(given))} is none", repair)


@dataclass(eq=False)
class MissingTool(WincraftError):
    """A package or program that is needed and not there."""

    exit_code: ClassVar[int] = 4
    what: str
    tool: str
    repair: str

    def _message(self) -> str:
        return f"{self.what} needs {self.tool}, which is not installed; {self.repair}"


def import_tool(module: str, what: str, extra: str) -> Any:
    """A module that an extra brings.

    Raises:
        MissingTool: it is not installed.

    >>> import_tool("not_there.at_all", "a plot", "notebooks")
    Traceback (most recent call last):
    ...
    wincraft.errors.MissingTool: a plot needs not_there, which is not installed; pip install 'wincraft[notebooks]'
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingTool(what, module.partition(".")[0], f"pip install 'wincraft[{extra}]'") from None


@dataclass(eq=False)
class BadShape(WincraftError):
    """Arrays or matrices whose shapes do not fit together."""

    what: str
    got: str
    needed: str

    def _message(self) -> str:
        return f"{self.what} has shape {self.got}; needed is {self.needed}"


@dataclass(eq=False)
class BadScaling(WincraftError):
    """Diagonals whose product is not one non-zero constant."""

    tap: int
    product: str
    expected: str

    def _message(self) -> str:
        return (
            f"scaling changes the result: a*g*b of tap {self.tap} is {self.product}, of tap 0 it is {self.expected}; "
            "make the products equal and not zero"
        )


@dataclass(eq=False)
class BadDocument(WincraftError):
    """A file that cannot be read as matrices or as an algorithm document."""

    path: str
    reason: str
    repair: str

    def _message(self) -> str:
        return f"cannot read {self.path}: {self.reason}; {self.repair}"


@dataclass(eq=False)
class Unidentified(WincraftError):
    """Matrices that are no scaling of an exact algorithm within the tolerance."""

    exit_code: ClassVar[int] = 1
    reason: str
    repair: str

    def _message(self) -> str:
        return f"not identified: {self.reason}; {self.repair}"


@dataclass(eq=False)
class CannotWrite(WincraftError):
    """An output path that cannot be written; nothing was."""

    path: str
    reason: str

    def _message(self) -> str:
        return f"cannot write {self.path}: {self.reason}; choose another path (nothing was written)"


@dataclass(eq=False)
class CheckFailed(WincraftError):
    """A measure above its limit."""

    exit_code: ClassVar[int] = 1
    subject: str
    measure: str
    value: str
    limit: float

    def _message(self) -> str:
        return (
            f"check failed: {self.measure} of {self.subject} is {self.value}, the limit is {self.limit:g}; "
            "choose another algorithm or another limit"
        )
