# SPDX-License-Identifier: Apache-2.0
"""One sentence on which of several algorithms to take, by stated rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, isnan

from wincraft.show.numbers import count, decibels, number

CLEAR = 1.0
"""dB, a sixth of a bit: less is no reason to choose."""
LEAST = 0.1
"""dB that are told apart."""


@dataclass(frozen=True)
class Candidate:
    """What is chosen by: measured SQNR in dB by scheme; products, transform operations and outputs of a tile.

    `measured` has the schemes that apply. `title` introduces what is called by its name alone elsewhere.
    """

    name: str
    title: str
    measured: Mapping[str, float]
    products: int
    operations: int
    outputs: int

    @property
    def per_output(self) -> Fraction:
        """Products per output: they are done for every pair of channels."""
        return Fraction(self.products, self.outputs)

    @property
    def cost(self) -> tuple[Fraction, Fraction]:
        """Products per output first, then operations of the transforms."""
        return self.per_output, Fraction(self.operations, self.outputs)


def advice(choices: Sequence[Candidate], noun: str = "algorithm") -> str:
    """What to take in place of the first choice, and what that costs.

    1. The gain of a choice under a scheme is its SQNR less that of the first choice. The largest gain of all, if it is
       1 dB or more, makes the advice; of several within 0.1 dB of it the one that costs least.
    2. Without such a gain the first choice is as accurate as any; then that one is named that costs least (in products,
       then in operations) of those that lose less than 1 dB under every scheme.
    3. A third choice that costs least of all is named too, with what it loses: the one of the fewest products, and of
       several the most accurate; where none has fewer products, that of the fewest operations.

    >>> first = Candidate("#1", "#1 (wincnn)", {"fp16": 40.0}, 36, 500, 16)
    >>> advice([first, Candidate("#2", "#2 (pow2)", {"fp16": 43.5}, 36, 620, 16)])
    '#2 (pow2): 3.5 dB better than #1 under fp16 at the same products, with 620 transform operations a tile for 500.'
    >>> advice([first, Candidate("#2", "#2 (pow2)", {"fp16": 40.1}, 36, 620, 16)])
    'No algorithm here is more than 0.1 dB better than #1 under any scheme; #1 costs least: 500 operations a tile.'
    """
    first, *others = choices
    if not others:
        return f"There is one {noun}, {first.title}, and nothing to compare it with."
    gains = {
        (scheme, item.name): gain_of(item.measured[scheme], value)
        for scheme, value in first.measured.items()
        for item in others
        if scheme in item.measured
    }
    largest = max(gains.values(), default=0.0)
    if largest >= CLEAR:
        chosen, scheme = _best(others, gains, largest)
        words = [f"{_better(chosen, first, scheme)} {_price(chosen, first)}", *_worse(chosen, first)]
    else:
        near = [item for item in choices if _keeps_up(item, first)]
        chosen = min(near, key=lambda item: item.cost)
        if near == [first]:
            words = [f"{first.title} is the most accurate: every other loses {CLEAR:.0f} dB or more under some scheme"]
        else:
            words = [_none_better(first, largest, noun, bool(gains)), _cheapest(chosen, first, choices)]
    return "; ".join([*words, *_cheaper(choices, chosen)]) + "."


def gain_of(value: float, reference: float) -> float:
    """By how many dB a value is better; not finite is worst, exact is best.

    >>> gain_of(40.0, 37.5), gain_of(float("inf"), 40.0), gain_of(float("nan"), float("-inf"))
    (2.5, inf, 0.0)
    """
    value, reference = (-inf if isnan(item) else item for item in (value, reference))
    return 0.0 if value == reference else value - reference


def _best(others: Sequence[Candidate], gains: Mapping[tuple[str, str], float], largest: float) -> tuple[Candidate, str]:
    """The cheapest of those that gain most, and the scheme under which they do."""
    near = [
        (item, scheme)
        for (scheme, name), gain in gains.items()
        for item in others
        if item.name == name and (gain == largest or gain > largest - LEAST)
    ]
    return min(near, key=lambda found: found[0].cost)


def _better(chosen: Candidate, first: Candidate, scheme: str) -> str:
    gain = gain_of(chosen.measured[scheme], first.measured[scheme])
    if gain < inf:
        return f"{chosen.title}: {gain:.1f} dB better than {first.name} under {scheme}"
    if chosen.measured[scheme] == inf:
        return f"{chosen.title}: exact under {scheme}, {first.name} is not,"
    return f"{chosen.title}: {decibels(chosen.measured[scheme])} dB under {scheme}, where {first.name} is not finite,"


def _price(chosen: Candidate, first: Candidate) -> str:
    if chosen.cost == first.cost:
        return "at the same cost"
    if chosen.per_output != first.per_output:
        products = (number(float(item.per_output)) for item in (chosen, first))
        return f"for {' products per output in place of '.join(products)}"
    if chosen.outputs != first.outputs:
        return "at the same products"
    operations = f"{count(chosen.operations)} transform operations a tile for {count(first.operations)}"
    return f"at the same products, with {operations}"


def _worse(chosen: Candidate, first: Candidate) -> list[str]:
    """Under which scheme the choice loses most, where it loses."""
    scheme, lost = _loss(chosen, first)
    return [f"{_decibels(lost)} worse under {scheme}"] if lost >= CLEAR else []


def _loss(item: Candidate, reference: Candidate) -> tuple[str, float]:
    losses = {s: gain_of(value, item.measured[s]) for s, value in reference.measured.items() if s in item.measured}
    worst = max(losses, key=lambda scheme: losses[scheme], default="")
    return worst, losses.get(worst, 0.0)


def _keeps_up(item: Candidate, first: Candidate) -> bool:
    return set(first.measured) <= set(item.measured) and _loss(item, first)[1] < CLEAR


def _none_better(first: Candidate, largest: float, noun: str, measured: bool) -> str:
    if not measured:
        return "No scheme tells them apart"
    bound = max(LEAST, ceil(round(largest / LEAST, 6)) * LEAST)
    return f"No {noun} here is more than {bound:.1f} dB better than {first.name} under any scheme"


def _cheapest(chosen: Candidate, first: Candidate, choices: Sequence[Candidate]) -> str:
    if chosen is first:
        cheaper = any(item.cost < first.cost for item in choices)
        those = f" of those within {CLEAR:.0f} dB" if cheaper else ""
        return f"{first.name} costs least{those}: {count(first.operations)} operations a tile"
    return f"{chosen.title} keeps within {_decibels(max(LEAST, _loss(chosen, first)[1]))} of it {_price(chosen, first)}"


def _cheaper(choices: Sequence[Candidate], chosen: Candidate) -> list[str]:
    """The choice that costs least, unless it is the one named, or the first, with which that was compared."""
    fewest = min(item.per_output for item in choices)
    if fewer := fewest < chosen.per_output:
        least = min(
            (i for i in choices if i.per_output == fewest), key=lambda item: (_loss(item, chosen)[1], item.cost)
        )
    else:
        least = min(choices, key=lambda item: item.cost)
    if least is choices[0] or least.cost >= chosen.cost:
        return []
    scheme, lost = _loss(least, chosen)
    loses = f", loses {_decibels(lost)} under {scheme}" if lost >= CLEAR else ""
    if fewer:
        return [f"fewest products: {least.title}, {number(float(least.per_output))} per output{loses}"]
    return [f"fewest operations: {least.title}, {count(least.operations)}{loses}"]


def _decibels(value: float) -> str:
    return f"{value:.1f} dB" if value < inf else "everything"
