# SPDX-License-Identifier: Apache-2.0
"""The class of the commands, and the values that shells complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Completion = Callable[[click.Context, click.Parameter, str], list[str]]


class Decorator(Protocol):
    """What gives a command an option."""

    def __call__(self, command: Decorated, /) -> Decorated:
        """The command with it."""


GROUPS = {
    "Algorithm": (
        *("points", "moduli", "convention", "conventions", "basis", "bases", "axes", "nested", "layer", "circuit"),
        *("form", "domain"),
    ),
    "Layer": (
        *("shape", "batch", "taps", "pad", "kernel", "stride", "dilation", "transposed", "groups", "type"),
        *("tile", "tiles", "longest"),
    ),
    "Space of points": ("max_height", "space_name", "zero", "infinity"),
    "Goal": ("objective", "constraints", "within", "pareto", "scheme", "error_limit"),
    "Schemes": ("schemes",),
    "Integer arithmetic": ("data_range", "weight_range", "accumulator"),
    "Data": ("channels", "distribution", "seed", "data", "weights", "padding"),
    "Test": ("rate", "outputs", "weight_deviation", "atol", "rtol", "loud", "tensors"),
    "Search": ("search", "rounds", "map_name"),
    "Running": ("strategy", "engine", "jobs", "cluster", "time_limit", "checkpoint", "allow_long"),
    "Machine": ("core", "lanes", "ghz", "measure"),
    "Output": ("full", "sections", "format_given", "format_name", "output", "limits"),
}
"""The groups of a help page: the options, by the names of their parameters. Those of no group come last."""
FEW_OPTIONS = 9
"""So many are not grouped."""


class Command(click.Command):
    """A command whose help has its options in groups.

    It reads -1,3 as a size, to be judged as one, and knows a size that is given in two words.
    """

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under the titles of `GROUPS`, where there are many."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = {param.name: record for param in options if (record := param.get_help_record(ctx))}
        if len(records) <= FEW_OPTIONS:
            super().format_options(ctx, formatter)
            return
        for title, names in GROUPS.items():
            group = [records.pop(name) for name in list(records) if name in names]
            if group:
                with formatter.section(title):
                    formatter.write_dl(group)
        with formatter.section("Other"):
            formatter.write_dl(list(records.values()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; what looks like a negative number is an argument, no option."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            negative = [arg for arg in given if re.match(r"-\d", arg)]
            if not negative or "--" in given:
                raise
            return super().parse_args(ctx, [*(arg for arg in given if arg not in negative), "--", *negative])
        except click.UsageError as error:
            words = [arg for arg in given if re.fullmatch(r"\d+(x\d+)*", arg)]
            if "unexpected extra argument" in error.message and len(words) == 2:
                raise click.UsageError(f"{error.message}; write the size in one word: {','.join(words)}", ctx) from None
            raise


def offer(names: Callable[[], Iterable[str]]) -> Completion:
    """A completion by names, which are looked up when a shell asks; in a list, its last item is completed."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        head, comma, last = incomplete.rpartition(",")
        return [f"{head}{comma}{name}" for name in names() if name.startswith(last)]

    return complete


def offer_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The completion of what may be a file: the shell's own."""
    return [CompletionItem(incomplete, type="file")]


def set_names() -> Iterable[str]:
    """The sets of the catalogue for one axis."""
    from wincraft.construct.catalogue import USES

    return USES


def point_names() -> Iterable[str]:
    """For ``--points``: the sets of the catalogue, and its whole tiles."""
    from wincraft.construct.tile_choices import TILE_USES

    return (*set_names(), *TILE_USES)


CONVENTION_NAMES = (
    "wincnn",
    "lavin",
    "monic",
    "positive-g",
    "homogeneous",
    "fractions-in-a",
    "fractions-in-b",
    "integer",
    "balanced",
    "pow2",
    "balanced-2bit",
)
"""Those of `wincraft.construct.CONVENTIONS`, whose import takes longer than a help page may."""


def basis_names() -> Iterable[str]:
    """For ``--basis`` and ``--bases``: families, and factorisations."""
    from wincraft.construct.bases import families
    from wincraft.construct.factors import FACTORISATIONS

    return (*families(), *FACTORISATIONS)


def renderer_names() -> Iterable[str]:
    """For ``--format`` of reports."""
    from wincraft.show.shown import RENDERERS

    return RENDERERS


def convention_option(*names: str, **settings: Any) -> Decorator:
    """``--convention``."""
    return click.option("--convention", *names, shell_complete=offer(lambda: CONVENTION_NAMES), **settings)


def basis_option(*names: str, multiple: bool = False) -> Decorator:
    """``--basis``."""
    text = 'A basis or factorisation for every map, such as legendre, or "input=legendre"; see wincraft basis --help.'
    often = " May be repeated." * multiple
    return click.option("--basis", *names, multiple=multiple, shell_complete=offer(basis_names), help=f"{text}{often}")


CIRCUIT_NAMES = ("default", "fewest", "quiet", "cheapest", "cheap-registers", "rows")
"""Those of `wincraft.construct.CHOICES`, whose import takes longer than a help page may."""


circuit_option = click.option(
    "--circuit",
    shell_complete=offer(lambda: CIRCUIT_NAMES),
    help=f"Which programs compute the transforms: {', '.join(CIRCUIT_NAMES)}.",
)
"""``--circuit``."""


def format_option(names: Callable[[], Iterable[str]], listed: str) -> Decorator:
    """``--format``, whose default `wincraft.cli.shared.output.choose_format` knows."""
    text = f"{listed}; by default that of FILE's suffix, else text."
    return click.option("--format", "format_given", shell_complete=offer(names), help=text)


def report_format_option() -> Decorator:
    """``--format`` of the commands that report."""
    return format_option(renderer_names, "text, json, markdown or html")


def on_command_line(ctx: click.Context, name: str) -> bool:
    """Whether a parameter was given, not taken from its default."""
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def split_names(text: str) -> list[str]:
    """The names between commas that are in no parentheses.

    >>> split_names("legendre, newton(0,1)")
    ['legendre', 'newton(0,1)']
    """
    from wincraft.exact.splitting import split_list

    return [name.strip() for name in split_list(text) if name.strip()]
