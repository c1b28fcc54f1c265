# SPDX-License-Identifier: Apache-2.0
"""Which of the programs of a matrix is taken: the registry of choices, and their options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from fractions import Fraction
from functools import lru_cache, partial

from wincraft.circuit.operations import is_binary, operations_of
from wincraft.circuit.price import Prices
from wincraft.construct.candidates import Contender
from wincraft.errors import BadValue, NotApplicable, look_up

NOISE_ALLOWED = Fraction(11, 10)
"""How much more rounding noise than plain rows the default circuit may have, predicted and measured."""

NOISE_TRUSTED = Fraction(4, 5)
"""The noise over that of plain rows up to which a prediction is not measured: none was found to be off by a third."""

CircuitChoice = Callable[[Sequence[Contender]], Contender]


def _default(candidates: Sequence[Contender]) -> Contender:
    """The fewest additions among circuits of at most 1.1 times the plain rows' rounding noise, predicted and measured.

    Of equal ones such as have constants that binary floats hold, then the fewest multiplications by general constants,
    then by small integers, then the least noise.
    """
    rows = candidates[0]
    quiet = (item for item in candidates if item.noise <= NOISE_ALLOWED * rows.noise)
    return next(item for item in sorted(quiet, key=_simplest) if item is rows or _is_quiet(item, rows))


def _is_quiet(item: Contender, rows: Contender) -> bool:
    """Whether the measured noise is small enough; where it is NaN, or nothing rounds, the predicted one decides.

    It does, too, where it is far below the limit and no constant is rounded.
    """
    if item.noise <= NOISE_TRUSTED * rows.noise and is_binary(item.program):
        return True
    allowed = float(NOISE_ALLOWED)
    return not (rows.noise and any(x > allowed * y for x, y in zip(item.measured, rows.measured, strict=True)))


def _simplest(item: Contender) -> tuple[int, bool, int, int, Fraction]:
    found = operations_of(item.program)
    return item.additions, not is_binary(item.program), found.multiplications, found.small, item.noise


def _fewest(candidates: Sequence[Contender]) -> Contender:
    """The fewest additions, then constants that binary floats hold, then the least rounding noise."""
    return min(candidates, key=lambda item: (item.additions, not is_binary(item.program), item.noise, _simplest(item)))


def _quiet(candidates: Sequence[Contender]) -> Contender:
    """The least rounding noise, then the fewest additions."""
    return min(candidates, key=lambda item: (item.noise, item.additions))


def _cheapest(candidates: Sequence[Contender], prices: Prices | None = None) -> Contender:
    """The least price, then the least rounding noise."""
    price = (prices or Prices()).of
    return min(candidates, key=lambda item: (price(item.program), item.noise))


def _cheap_registers(candidates: Sequence[Contender]) -> Contender:
    """The fewest values held at one time, then the fewest additions."""
    return min(candidates, key=lambda item: (item.live, item.additions, item.noise))


def _rows(candidates: Sequence[Contender]) -> Contender:
    """The matrix as it stands, row by row."""
    return candidates[0]


DEFAULT_CIRCUIT = "default"
"""The choice where none is made."""

CIRCUIT_CHOICES: dict[str, CircuitChoice] = {
    "default": _default,
    "fewest": _fewest,
    "quiet": _quiet,
    "cheapest": _cheapest,
    "cheap-registers": _cheap_registers,
    "rows": _rows,
}
"""The registry: name to the choice among candidates, of which the first is the plain rows."""

_PRICES = tuple(item.name for item in fields(Prices))
_REPAIR = "write NAME:OPTION=NUMBER, as in fewest:registers=8 or cheapest:multiply=3:fma=1"


@lru_cache
def circuit_choice(text: str) -> CircuitChoice:
    """The choice of a name with options: ``NAME[:registers=N][:PRICE=NUMBER ...]``.

    With `registers` only programs are taken that hold at most so many values at one time. Prices, those of
    `wincraft.circuit.price.Prices`, belong to ``cheapest``.

    Raises:
        UnknownName: for another name, or another option.
        BadValue: for an option without a number, a negative one, and one given twice.
        NotApplicable: by the choice itself, where no program that is known keeps to the registers.

    >>> from wincraft import winograd
    >>> from wincraft.construct import Circuits
    >>> F = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
    >>> [Circuits(F, text).line("AT").additions for text in ("rows", "quiet", "cheap-registers", "cheapest:multiply=9")]
    [32, 32, 18, 20]
    """
    name, *options = text.split(":") if isinstance(text, str) else (text,)
    choice, given = look_up("circuit", name, CIRCUIT_CHOICES), dict[str, Fraction]()
    known = ["registers", *(_PRICES if name == "cheapest" else ())]
    for option in options:
        key, _, value = option.partition("=")
        look_up(f"option of the circuit {name}", key, dict.fromkeys(known))
        try:
            number = Fraction(value)
        except (ValueError, ZeroDivisionError):
            raise BadValue(f"option {key} of a circuit", repr(value), _REPAIR) from None
        if key in given:
            raise BadValue(f"option {key} of a circuit", "given twice", "give it once")
        given[key] = number
    most = given.pop("registers", None)
    if given:
        choice = partial(_cheapest, prices=Prices(**given))
    return choice if most is None else _within(choice, most)


def _within(choice: CircuitChoice, most: Fraction) -> CircuitChoice:
    """The choice among programs that hold at most so many values at one time."""
    if most.denominator != 1 or most < 1:
        raise BadValue("option registers of a circuit", str(most), "give an integer from 1")

    def chosen(candidates: Sequence[Contender]) -> Contender:
        held = [item for item in candidates if item.live <= most]
        if not held:
            least, program = min(item.live for item in candidates), candidates[0].program
            what = f"a circuit of {program.inputs} -> {len(program.outputs)} values in {most} registers"
            raise NotApplicable(what, f"those known hold {least} and more at one time", f"give {least} or more")
        return choice(held)

    return chosen
