# SPDX-License-Identifier: Apache-2.0
"""What every stage of an algorithm's chains costs, over all axes, and what an output costs with so many channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wincraft.circuit.operations import Operations, sum_of
from wincraft.measure.costs import Costs, MapName, StageCost
from wincraft.show.layout import Table
from wincraft.show.numbers import count, number

AMORTISED = (8, 16, 64, 256)
"""Channels, with as many filters, that tables of amortised cost are for."""

PARTS: dict[str, tuple[MapName, str]] = {
    "input pre-steps": ("input", "pre-step"),
    "input transform": ("input", "transform"),
    "output transform": ("output", "transform"),
    "output post-steps": ("output", "post-step"),
    "filter pre-steps, offline": ("filter", "pre-step"),
    "filter transform, offline": ("filter", "transform"),
}
"""What an algorithm's cost is divided into: the map, and the role of the stage."""

COLUMNS = ("mul", "small", "shift", "add", "total", "/output")
"""The columns of a table of operations by kind, after those that name the row."""


@dataclass(frozen=True)
class StageSum:
    """One stage of a map along all axes that have it in this role; `non_zeros` of its matrices, one for each axis."""

    label: str
    map: MapName
    role: str
    non_zeros: tuple[int, ...]
    operations: Operations

    @property
    def name(self) -> str:
        """For tables: the label and the role."""
        return f"{self.label} {self.role}"

    @property
    def density(self) -> str:
        """The non-zeros as a text, once where the axes agree."""
        return " / ".join(map(count, dict.fromkeys(self.non_zeros)))


def part(costs: Costs, name: str) -> Operations:
    """The operations per tile of one of `PARTS`.

    >>> from wincraft import winograd
    >>> from wincraft.measure.costs import costs
    >>> part(costs(winograd(4, 3).change_basis("legendre")), "input pre-steps").total
    12
    """
    chosen = PARTS[name]
    return sum_of(item.operations for item in stage_sums(costs) if (item.map, item.role) == chosen)


def stage_sums(costs: Costs) -> list[StageSum]:
    """Every stage, in the order of application: data, filter, output.

    The last stage of a chain of the data or the filter is the transform, and the first one of the output's; chains of
    different axes may differ in length, and then one stage has two roles.
    """
    last = {(stage.map, stage.axis): stage.number for stage in costs.stages}
    groups: dict[tuple[MapName, int, str], list[StageCost]] = {}
    for stage in costs.stages:
        if stage.map == "output":
            role = "transform" if stage.number == 0 else "post-step"
        else:
            role = "transform" if stage.number == last[stage.map, stage.axis] else "pre-step"
        groups.setdefault((stage.map, stage.number, role), []).append(stage)
    chained = {map_name for map_name, place, _ in groups if place}
    return [
        StageSum(
            f"{members[0].matrix}[{place}]" if map_name in chained else members[0].matrix,
            map_name,
            role,
            tuple(stage.non_zeros for stage in members),
            sum_of(stage.operations for stage in members),
        )
        for (map_name, place, role), members in groups.items()
    ]


def kinds(operations: Operations, outputs: int | None) -> tuple[str, ...]:
    """The cells of `COLUMNS`; without outputs it is done once, offline."""
    counts = (operations.multiplications, operations.small, operations.shifts, operations.additions, operations.total)
    return (*map(count, counts), "offline" if outputs is None else number(operations.total / outputs))


def stage_table(title: str, costs: Costs) -> Table:
    """Every stage by kind of operation, under a title."""
    rows = tuple(
        (item.name, item.density, *kinds(item.operations, None if item.map == "filter" else costs.outputs))
        for item in stage_sums(costs)
    )
    return Table((title, "non-zeros", *COLUMNS), rows, "lr" + "r" * len(COLUMNS))


def moved(values: Sequence[int]) -> list[str]:
    """Counts, and by how much they differ from the first one.

    >>> moved([144, 160, 144])
    ['144', '160 (+16)', '144']
    """
    return [count(value) + (f" ({value - values[0]:+,})" if value != values[0] else "") for value in values]


def operations_document(operations: Operations) -> dict[str, int]:
    """Operations by kind as plain data."""
    return asdict(operations) | {"total": operations.total}


def amortised_document(costs: Costs, channels: int) -> dict[str, Any]:
    """What an output of a pair of channels costs, as plain data."""
    found = costs.amortised(channels)
    return {
        "channels": channels,
        "transforms": float(found.transforms),
        "products": float(found.products),
        "total": float(found.total),
        "direct": float(costs.direct_per_output),
    }
