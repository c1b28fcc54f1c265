# SPDX-License-Identifier: Apache-2.0
"""The matrices of an algorithm by name: A^T, G and B^T multiplied out, and the passes of each, stage by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Pass
from wincraft.algorithm.nesting import parts
from wincraft.exact.types import Matrix


class NamedPass(NamedTuple):
    """A pass with the name of its matrix, the suffix that tells it from that of other axes, and the tile after it."""

    name: str
    suffix: str
    matrix: Matrix
    axis: int | None
    image: tuple[int, ...]

    @property
    def label(self) -> str:
        """``BT0_axis1``."""
        return self.name + self.suffix


def distinct_parts(algorithm: Algorithm) -> list[Algorithm]:
    """The algorithms of the axes, such as are alike once; of whole tiles the algorithm itself.

    >>> from wincraft import winograd
    >>> [part.size for part in distinct_parts(winograd("F(2x2,3x3)"))]
    ['F(2,3)']
    """
    return list(dict.fromkeys(parts(algorithm)))


def named_stages(name: str, item: LinearMap, suffixes: Sequence[str] = ()) -> list[list[NamedPass]]:
    """The passes in their order: a stage is one over whole tiles, or such along different axes.

    A matrix is numbered where the map has several: by its place along its axis where `suffixes` end the names of each
    axis, else by its stage.

    >>> from wincraft import winograd
    >>> chained = winograd("F(2x2,3x3)").change_basis(input="legendre").input
    >>> [[step.label for step in stage] for stage in named_stages("BT", chained, ("", ""))]
    [['BT0', 'BT0'], ['BT1', 'BT1']]
    """
    stages: list[list[tuple[Pass, tuple[int, ...]]]] = []
    for step, image in zip(item.passes, item.shapes[1:], strict=True):
        if not stages or step.axis is None or {None, step.axis} & {other.axis for other, _ in stages[-1]}:
            stages.append([])
        stages[-1].append((step, image))
    lengths, done = Counter(step.axis for step in item.passes), Counter[int | None]()
    named: list[list[NamedPass]] = []
    for stage in stages:
        named.append([])
        for step, image in stage:
            if suffixes and step.axis is not None:
                number, several, suffix = done[step.axis], lengths[step.axis] > 1, suffixes[step.axis]
            else:
                alike = [other.axis for other, _ in stage if other.matrix == step.matrix]
                suffix = "" if len(alike) == len(stage) else f"_axis{alike[0]}"
                number, several = len(named) - 1, len(item.passes) > 1
            done[step.axis] += 1
            named[-1].append(NamedPass(f"{name}{number}" if several else name, suffix, step.matrix, step.axis, image))
    return named


def named_chain(name: str, item: LinearMap) -> dict[str, NamedPass]:
    """The passes of a map of several by label; such as are alike once in each stage.

    >>> from wincraft import winograd
    >>> list(named_chain("BT", winograd(2, 3).change_basis(input="legendre").input))
    ['BT0', 'BT1']
    """
    steps = [step for stage in named_stages(name, item) for step in stage]
    return {step.label: step for step in steps} if len(steps) > 1 else {}


def product_text(name: str, item: LinearMap, symbol: Callable[[str], str] = str, times: str = " (x) ") -> str:
    """The passes of a map as they are multiplied, the last one first; along an axis beside the identity.

    >>> from wincraft import winograd
    >>> product_text("BT", winograd("F(2x4,3x3)").input)
    '(I (x) BT0_axis1) (BT0_axis0 (x) I)'
    """
    factors: list[str] = []
    for step in (step for stage in named_stages(name, item) for step in stage):
        one = symbol(step.label)
        beside = times.join(one if axis == step.axis else "I" for axis in range(len(step.image)))
        factors.append(one if step.axis is None or len(step.image) == 1 else f"({beside})")
    return " ".join(reversed(factors))
