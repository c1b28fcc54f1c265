# SPDX-License-Identifier: Apache-2.0
"""Every error wincraft raises on purpose, each carrying its data.

The text of an error is one line: what is wrong, the value, the repair. A class says it in its `template`, in terms of
its data, or in a method where it takes more words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType, UnionType
from typing import ClassVar, TypeVar, dataclass_transform

from wincraft.suggestion import suggestion

_Entry = TypeVar("_Entry")

LONGEST_MESSAGE = 480


def shorten(text: str, width: int = 60) -> str:
    """A text cut to about `width` characters, for messages."""
    return text if len(text) <= width else f"{text[: width - 20]}... ({len(text)} characters)"


@dataclass_transform(eq_default=False)
class WincraftError(Exception):
    """Root of the error tree: its text is one line, ``exit_code`` is what the command line returns for it.

    A child is a dataclass: the annotated names are its data, in the order in which it takes them.
    """

    exit_code: ClassVar[int] = 3
    template: ClassVar[str] = ""
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        dataclass(eq=False)(cls)

    def _message(self) -> str:
        return self.template.format(**vars(self)) or super().__str__()

    def __str__(self) -> str:
        line = " ".join(self._message().split())
        return line if len(line) <= LONGEST_MESSAGE else f"{line[:300]} ... {line[-150:]}"

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), tuple(getattr(self, name) for name in self.__match_args__) or self.args


class Refusal(WincraftError):
    """What is refused, its value or what is wrong with it, and the repair."""

    template = "{what}: {value}; {repair}"
    what: str
    value: str
    repair: str


class BadValue(Refusal):
    """An argument of the right kind with a value that it cannot have, or that does not go with the others."""

    template = "{what} is {value}; {repair}"


class WrongType(Refusal):
    """An argument of another type than it has to be."""

    template = "{value} is not {what}; {repair}"


class NotApplicable(Refusal):
    """An operation that this algorithm, scheme or format does not have; ``value`` is the reason."""


class WrongForm(NotApplicable):
    """An operation of correlations, asked of an algorithm for linear convolution."""

    value: str = "this is the linear convolution form"
    repair: str = "call transpose() first"


class TooLarge(NotApplicable):
    """More than the time, the memory or the numbers at hand allow; ``value`` says how much it is."""

    template = "too large for {what}: {value}; {repair}"


class BadShape(Refusal):
    """Arrays or matrices whose shapes do not fit together; ``repair`` is the shape that fits."""

    template = "{what} has shape {value}; needed is {repair}"


class BadDocument(Refusal):
    """A file that cannot be read as what it should hold; ``what`` is its path, ``value`` the reason."""

    template = "cannot read {what}: {value}; {repair}"


class CannotWrite(Refusal):
    """An output path that cannot be written; nothing was."""

    template = "cannot write {what}: {value}; {repair}"
    repair: str = "choose another path (nothing was written)"


class ToolFailed(Refusal):
    """A program or a service that did not do its work; ``value`` is what came of it."""

    template = "{what} failed: {value}; {repair}"


class MissingTool(Refusal):
    """A package or program that is needed and not there; ``value`` is its name."""

    exit_code = 4
    template = "{what} needs {value}, which is not installed; {repair}"


class BadSize(WincraftError):
    """A size F(m,r) that cannot be read or built."""

    template = "bad size {value}: {repair}"
    value: str
    repair: str


class BadNumber(WincraftError):
    """A value that is no exact real number."""

    template = "not an exact number: {value}; {repair}"
    value: str
    repair: str


class FloatGiven(WincraftError):
    """A float where an exact number is needed; ``suggestion`` is the nearest small fraction."""

    template = "a float is not an exact number: {value}; write {suggestion}"
    value: str
    suggestion: str


class FloatTaken(UserWarning):
    """A float was taken for the small fraction that it is exactly; write the fraction to have no warning."""


class BadModulus(WincraftError):
    """A polynomial that cannot be a modulus."""

    template = "bad modulus {value}: {repair}"
    value: str
    repair: str


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


class UnknownName(WincraftError):
    """A name that is not in its registry."""

    what: str
    name: str
    known: tuple[str, ...]

    def _message(self) -> str:
        near = suggestion(self.name, self.known)
        hint = f"did you mean {near}? " if near else ""
        return f"unknown {self.what} {shorten(self.name)!r}: {hint}known are {', '.join(self.known)}"


class BadScaling(WincraftError):
    """Diagonals whose product is not one non-zero constant."""

    template = (
        "scaling changes the result: a*g*b of tap {tap} is {product}, of tap 0 it is {expected}; "
        "make the products equal and not zero"
    )
    tap: int
    product: str
    expected: str


class Unidentified(WincraftError):
    """Matrices that are no scaling of an exact algorithm within the tolerance."""

    exit_code = 1
    template = "not identified: {value}; {repair}"
    value: str
    repair: str


class CheckFailed(WincraftError):
    """A measure above its limit."""

    exit_code = 1
    template = (
        "check failed: {measure} of {subject} is {value}, the limit is {limit:g}; "
        "choose another algorithm or another limit"
    )
    subject: str
    measure: str
    value: str
    limit: float


class ClaimRefuted(Refusal):
    """A statement of a document that is not so; ``repair`` says what is."""

    exit_code = 1
    template = "refuted: {what} claims {value}; {repair}"


def look_up(what: str, name: object, registry: Mapping[str, _Entry]) -> _Entry:
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


def check_type(what: str, given: object, types: type | UnionType, repair: str) -> None:
    """Refuse an argument of another type than those, before something deep inside stumbles over it.

    Raises:
        WrongType: with the argument as it was given.

    >>> check_type("an algorithm", "4,3", int, "make one")
    Traceback (most recent call last):
    ...
    wincraft.errors.WrongType: '4,3' is not an algorithm; make one
    """
    if not isinstance(given, types):
        raise WrongType(what, shorten(repr(given)), repair)


def import_tool(module: str, what: str, extra: str) -> ModuleType:
    """A module that an extra brings.

    Raises:
        MissingTool: it is not installed.

    >>> import_tool("not_there.at_all", "a plot", "notebooks")
    Traceback (most recent call last):
    ...
    wincraft.errors.MissingTool: a plot needs not_there, which is not installed; pip install '.[notebooks]' in a clone
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingTool(what, module.partition(".")[0], f"pip install '.[{extra}]' in a clone") from None
