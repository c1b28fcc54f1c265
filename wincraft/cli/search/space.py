# SPDX-License-Identifier: Apache-2.0
"""The options of a space of points, and reading them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.cli.shared.command import Decorated, offer, split_names
from wincraft.errors import NotApplicable, look_up

if TYPE_CHECKING:
    from wincraft.search.points.space import Space


def _space_names() -> Iterable[str]:
    from wincraft.search.points.space import SPACES

    return SPACES


_CHOICE = click.Choice(["with", "without", "any"])
_OPTIONS = (
    click.argument("size", metavar="SIZE|FILE"),
    click.option("--max-height", type=int, metavar="H", help="Points p/q with |p|, q <= H."),
    click.option(
        "--points", metavar="LIST", help='Choose from these points and moduli instead: "1/2,-1/2,2,-2,x^2+1".'
    ),
    click.option(
        "--space",
        "space_name",
        default="rational",
        show_default=True,
        shell_complete=offer(_space_names),
        help="rational, dyadic, integer, symmetric (pairs +-p), reciprocal (+-c, +-1/c), symmetric-dyadic, "
        "symmetric-integer, reciprocal-dyadic or reciprocal-integer.",
    ),
    click.option("--zero", type=_CHOICE, help="Whether 0 is in every set, in none, or in any.  [default: any]"),
    click.option("--inf", "infinity", type=_CHOICE, help="The same for inf.  [default: with]"),
    click.option("--moduli", metavar="LIST", help='Moduli of higher degree to choose from as well: "x^2+1,x^2+x+1".'),
)
_NAMES = ("max_height", "points", "space_name", "zero", "infinity", "moduli")


def space_options(command: Decorated) -> Decorated:
    """A size or a file, and what its sets of points are chosen from; `read_spaces` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_spaces(size: str, options: dict[str, Any]) -> tuple[list[Space], int]:
    """The spaces of the axes of a size, alike ones once, and how many axes one has; takes its options out.

    Of a file the size of its algorithm counts.

    Raises:
        BadSize, UnknownName, NotApplicable: what is no size, or no space.
    """
    from wincraft.construct.size import parse_size

    given = {name: options.pop(name) for name in _NAMES}
    sizes = parse_size(read_algorithm(size).size if names_file(size) else size)
    distinct = list(dict.fromkeys(sizes))
    return [_space(m, r, **given) for m, r in distinct], len(sizes) if len(distinct) == 1 else 1


def _space(
    m: int,
    r: int,
    *,
    max_height: int | None,
    points: str | None,
    space_name: str,
    zero: str | None,
    infinity: str | None,
    moduli: str | None,
) -> Space:
    from wincraft.search.points.space import SPACES, Space

    numbers, shape = look_up("space", space_name, SPACES)
    given = None if points is None else tuple(split_names(points))
    if given is not None:
        zero = zero or ("any" if "0" in given else "without")
        infinity = infinity or "with"
    if (max_height is None) == (given is None):
        raise NotApplicable("search", "it needs --max-height H or --points LIST, one of them", "try --max-height 8")
    extra = () if moduli is None else tuple(split_names(moduli))
    return Space(m, r, numbers, shape, max_height, given, zero or "any", infinity or "with", extra)
