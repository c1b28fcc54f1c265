# SPDX-License-Identifier: Apache-2.0
"""``wincraft search``."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.cli.shared.command import (
    Command,
    convention_option,
    format_option,
    offer,
    offer_files,
    on_command_line,
    renderer_names,
    split_names,
)
from wincraft.cli.shared.output import TEXT_OR_JSON, choose_format, output_option, write_output
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command
from wincraft.errors import BadNumber, NotApplicable, look_up, shorten
from wincraft.quantise.presets import PRESETS

if TYPE_CHECKING:
    from wincraft.search.points.space import Space


def _objective_names() -> Iterable[str]:
    from wincraft.search.objectives import OBJECTIVES

    return OBJECTIVES


def _space_names() -> Iterable[str]:
    from wincraft.search.points.space import SPACES

    return SPACES


_CHOICE = click.Choice(["with", "without", "any"])


@click.command(name="search", cls=Command)
@click.argument("size", metavar="SIZE|FILE")
@click.option("--max-height", type=int, metavar="H", help="Points p/q with |p|, q <= H.")
@click.option("--points", metavar="LIST", help='Choose from these points and moduli instead: "1/2,-1/2,2,-2,x^2+1".')
@click.option(
    "--space",
    "space_name",
    default="rational",
    show_default=True,
    shell_complete=offer(_space_names),
    help="rational, dyadic, integer, symmetric (pairs +-p), reciprocal (+-c, +-1/c), symmetric-dyadic, "
    "symmetric-integer, reciprocal-dyadic or reciprocal-integer.",
)
@click.option("--zero", type=_CHOICE, help="Whether 0 is in every set, in none, or in any.  [default: any]")
@click.option("--inf", "infinity", type=_CHOICE, help="The same for inf.  [default: with]")
@click.option("--moduli", metavar="LIST", help='Moduli of higher degree to choose from as well: "x^2+1,x^2+x+1".')
@click.option(
    "--objective",
    default="noise-gain",
    show_default=True,
    shell_complete=offer(_objective_names),
    help="What is to be least, of those above.",
)
@click.option("--constraint", "constraints", multiple=True, metavar="NAME<=X", help="An objective's limit; repeatable.")
@convention_option(default="wincnn", show_default=True, help="For objectives that depend on scaling.")
@click.option(
    "--strategy",
    default="auto",
    show_default=True,
    shell_complete=offer(lambda: ("auto", "branch-and-bound", "exhaustive")),
    help="branch-and-bound, exhaustive, or auto.",
)
@click.option("--within", default="0", show_default=True, help="List every set within this of the best: 1%.")
@click.option("--engine", default="auto", show_default=True, help="numba or numpy: the same results.")
@click.option("--jobs", type=int, default=1, show_default=True, help="Cores to use; -1 for all.")
@click.option("--cluster", metavar="ADDRESS", help="Run on a dask cluster instead: tcp://HOST:8786.")
@click.option("--time-limit", type=float, metavar="SECONDS", help="Stop after this and give the bound reached.")
@click.option(
    "--checkpoint",
    metavar="FILE",
    shell_complete=offer_files,
    help="Keep the state in FILE, and go on from it if it exists.",
)
@click.option(
    "--pareto", is_flag=True, help="Show every set that none beats in products, noise gain, operations, bits."
)
@click.option(
    "--scaling",
    "scheme",
    metavar="SCHEME",
    shell_complete=offer(lambda: PRESETS),
    help="Search power-of-two scalings of SIZE under a scheme instead.",
)
@click.option("--allow-long", is_flag=True, help="Start even what is estimated to take more than an hour.")
@format_option(renderer_names, "text or json (--pareto: markdown, html too)")
@output_option
def command(
    size: str,
    objective: str,
    constraints: tuple[str, ...],
    within: str,
    pareto: bool,
    scheme: str | None,
    format_given: str | None,
    output: str | None,
    **options: Any,
) -> None:
    """Find the best points for SIZE in a space of points, and prove that no set of the space is better.

    \b
    Examples:
      wincraft search "F(4,3)" --max-height 8
      wincraft search 6x6,3x3 --max-height 12 --space symmetric --within 1%
      wincraft search 4,3 --max-height 12 --jobs 2 --checkpoint f4.part -o f.json
      wincraft search 4,3 --max-height 4 --convention integer \\
          --constraint "exact-bits<=6"
      wincraft search 6,3 --max-height 3 --moduli "x^2+1,x^2+x+1,x^2-x+1"
      wincraft search 4,3 --max-height 4 --space symmetric --pareto -o front.html
      wincraft search 4x4,3x3 --points "0,1,-1,2,-2" --scaling barabasz-2020-8
      wincraft search their.txt --scaling tapwise-8
      wincraft verify f.json

    Of a FILE with an algorithm the size counts, and for --scaling its matrices.

    Objectives: noise-gain, noise-gain:RHO (neighbours with correlation RHO), worst-case, matrix-rounding:BITS,
    sqnr:SCHEME, operations, integer-width, exact-bits, coefficients, rank, height, cond-V, cond-V-finite, cond-AT,
    cond-G, cond-BT.

    Noise gain alone has compiled kernels (pip install 'wincraft[search]') and a bound; the others are evaluated
    set by set.
    """
    import json

    from wincraft.construct.size import parse_size
    from wincraft.search.points.search import search_space

    if pareto or scheme is not None:
        _check_options("--pareto" if pareto else "--scaling", _OF_FRONTS if pareto else _OF_SCALINGS)
    of_space = {name: options.pop(name) for name in _OF_SPACES}
    if scheme is not None:
        convention = options["convention"] if on_command_line(click.get_current_context(), "convention") else None
        _scaling(size, of_space["points"], convention, scheme, output)
        return
    if names_file(size):
        size = read_algorithm(size).size
    if pareto:
        _front(size, of_space, format_given, output)
        return
    name = choose_format(format_given, output, TEXT_OR_JSON.values(), TEXT_OR_JSON)
    sizes = parse_size(size)
    distinct = list(dict.fromkeys(sizes))
    axes = len(sizes) if len(distinct) == 1 else 1
    checkpoint = options.pop("checkpoint")
    slack = _distance(within)
    results = []
    for m, r in distinct:
        space = _space(m, r, **of_space)
        file = checkpoint if checkpoint is None or len(distinct) == 1 else f"{checkpoint}.{m},{r}"
        with progress_bar(_advice(space, objective, options["engine"])) as progress:
            results.append(
                search_space(
                    space, objective, axes=axes, constraints=constraints, within=slack, checkpoint=file,
                    progress=progress, **options,
                )
            )  # fmt: skip
    if name == "json":
        documents = [result.document for result in results]
        whole = {"kind": documents[0]["kind"], "version": documents[0]["version"], "size": size, "searches": documents}
        write_output(
            json.dumps(documents[0] if len(documents) == 1 else whole, indent=2) + "\n", output, name, TEXT_OR_JSON
        )
    else:
        write_output("\n".join(f"{result!r}" for result in results) + "\n", output, name, TEXT_OR_JSON)


_OF_SPACES = ("max_height", "points", "space_name", "zero", "infinity", "moduli")
_OF_FRONTS = {"size", "pareto", "format_given", "output", *_OF_SPACES}
_OF_SCALINGS = {"size", "scheme", "points", "convention", "output"}


def _check_options(flag: str, known: set[str]) -> None:
    """Refuse options that would be without effect."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name not in known and on_command_line(context, parameter.name or ""):
            raise click.UsageError(f"{parameter.opts[0]} does not go with {flag}; leave it out")


def _scaling(size: str, points: str | None, convention: str | None, scheme: str, output: str | None) -> None:
    from wincraft.quantise.schemes import parse_scheme
    from wincraft.search.scalings import search_scaling

    choose_format(None, output, ("text",), {".txt": "text"})
    found = search_scaling(read_algorithm(size, points, convention=convention), parse_scheme(scheme))
    write_output(f"{found!r}\n", output)


def _front(size: str, of_space: dict[str, Any], format_given: str | None, output: str | None) -> None:
    from wincraft.cli.shared.measuring import format_name
    from wincraft.construct.size import parse_size
    from wincraft.search.front import pareto_of_space
    from wincraft.show.shown import RENDERER_SUFFIXES, rendered

    format = format_name(format_given, output)
    sizes = list(dict.fromkeys(parse_size(size)))
    if len(sizes) > 1:
        raise NotApplicable("Pareto front", f"{size} has different axes", "ask for one axis after the other")
    space = _space(*sizes[0], **of_space)
    with progress_bar() as progress:
        front = pareto_of_space(space, progress)
    write_output(rendered(with_command(front, format, output), format), output, format, RENDERER_SUFFIXES)


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


def _distance(text: str) -> float:
    """A relative distance: a percentage, or a bare number below 1, as 1 may mean 1% to one and 100% to another."""
    from wincraft.exact.number import read_fraction

    try:
        value = read_fraction(text.removesuffix("%"))
    except BadNumber:
        value = Fraction(-1)
    if text.endswith("%"):
        value /= 100
    elif value >= 1:
        raise NotApplicable("search", f"within {shorten(text)}", f"write {shorten(text)}%, or a number below 1")
    if value < 0:
        raise NotApplicable("search", f"within {shorten(text)!r}", "give a relative distance such as 1% or 0.01")
    return float(value)


def _advice(space: Space, objective: str, engine: str) -> str | None:
    """What would make the search faster: the kernels, where there are some that are not installed."""
    from importlib.util import find_spec

    from wincraft.search.objectives import objective_named
    from wincraft.search.points.strategies import instances

    chosen = objective_named(objective)
    if engine != "auto" or find_spec("numba") or not chosen.fast:
        return None
    if instances(space, tuple(sorted(chosen.equivalences)))[0].nodes is None:
        return None
    return "note: without numba a search is slower; pip install 'wincraft[search]' brings it"
