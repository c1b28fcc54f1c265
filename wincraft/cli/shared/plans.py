# SPDX-License-Identifier: Apache-2.0
"""Problems of plans from options, and files of plans where a command takes them beside algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.algorithm import names_file

if TYPE_CHECKING:
    from wincraft.plan.plan import Plan
    from wincraft.plan.problem import Problem


def read_problem(
    kernel: str, stride: str, dilation: str, transposed: bool, groups: int, axes: int | None, layer: str | None
) -> Problem:
    """The problem of options; one number is of all axes: those that are given, the layer's, another option's, or two.

    Raises:
        BadValue, BadShape: for what is none.
    """
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.plan.problem import Problem, parse_axes

    given = (("kernel", kernel), ("stride", stride), ("dilation", dilation))
    sizes = [parse_axes(f"the {name}", text) for name, text in given]
    longest = len(sizes[0]) if len(sizes[0]) > 1 else max(map(len, sizes))
    if axes is None and longest == 1:
        axes = 2 if layer is None else len(parse_layer_shape(layer).spatial)
    many = axes if axes is not None else longest
    r, s, t = (item if len(item) > 1 or not 1 <= many <= 9 else item * many for item in sizes)
    return Problem(r, s, t, transposed, groups, axes=many)


def plan_of_file(given: str) -> Plan | None:
    """The plan in a file, its algorithms proved; None for a size, and a file that holds something else.

    Raises:
        WincraftError: what reading the file raises.
    """
    if not names_file(given):
        return None
    from wincraft.files.decomposition import read_plan

    return read_plan(given)


def refuse_options(**options: object) -> None:
    """Refuse options that are of algorithms where there are plans; by their names, `_` for `-`.

    Raises:
        UsageError: where one is given.
    """
    for name, value in options.items():
        if value not in (None, (), []):
            raise click.UsageError(f"--{name.replace('_', '-')} is of algorithms, not of plans; leave it out")
