# SPDX-License-Identifier: Apache-2.0
"""Where values stand between the steps of a convolution, and can be stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from wincraft.errors import look_up

Stage = Literal["input", "weights", "pre_step", "U", "V", "M", "post_step", "output"]
Side = Literal["data", "weights", "products"]


@dataclass(frozen=True)
class Place:
    """A stage of the computation: the field of a `Scheme`, what it is computed from, and for steps their number.

    U = B^T d, V = G g, M = their products summed over the channels. Pre-step k is what k stages of a chain of B^T or G
    have given, post-step k what k stages of a chain of A^T have; k is 1 or more.

    >>> str(Place("pre_step", "data", 1)), str(Place("post_step", "products", 2)), str(U)
    ('input pre-step 1', 'post-step 2', 'U')
    """

    stage: Stage
    side: Side
    number: int = 0

    def __str__(self) -> str:
        if not self.number:
            return self.stage
        return f"{_PREFIXES[self.side]}{self.stage.replace('_', '-')} {self.number}"


INPUT, WEIGHTS = Place("input", "data"), Place("weights", "weights")
U, V, M = Place("U", "data"), Place("V", "weights"), Place("M", "products")
OUTPUT = Place("output", "products")

_PREFIXES: dict[Side, str] = {"data": "input ", "weights": "weights ", "products": ""}
_STEP = re.compile("(?:(input|weights) pre-step|post-step) ([1-9][0-9]{0,8})")


def step(side: Side, number: int) -> Place:
    """Where values stand after so many stages of a chain, before the next one; `number` is 1 or more.

    >>> str(step("weights", 1))
    'weights pre-step 1'
    """
    return Place("post_step" if side == "products" else "pre_step", side, number)


def parse_place(text: str) -> Place:
    """The place of that text, such as ``U`` or ``weights pre-step 1``.

    Raises:
        UnknownName: where there is none; the nearest is offered.

    >>> parse_place("post-step 1")
    Place(stage='post_step', side='products', number=1)
    """
    if found := _STEP.fullmatch(text):
        sides: dict[str | None, Side] = {"input": "data", "weights": "weights", None: "products"}
        return step(sides[found[1]], int(found[2]))
    return look_up("stage", text, {str(place): place for place in (INPUT, WEIGHTS, U, V, M, OUTPUT)})
