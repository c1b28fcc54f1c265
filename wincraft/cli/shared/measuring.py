# SPDX-License-Identifier: Apache-2.0
"""What report, compare and basis share: options of schemes and workload, limits, writing the result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wincraft.cli.shared.command import offer, offer_files
from wincraft.cli.shared.output import choose_format, output_option, page_width, to_stdout, write_output
from wincraft.errors import NotApplicable
from wincraft.measures import MEASURES, names_with
from wincraft.quantise.presets import OPTIONS, PRESETS

if TYPE_CHECKING:
    from wincraft.limits import Limit
    from wincraft.measure.integers import Integers
    from wincraft.quantise.schemes import Scheme
    from wincraft.quantise.workload import Layer, Workload
    from wincraft.report.shown import Report
    from wincraft.show.shown import LaidOut

_Command = TypeVar("_Command", bound=Callable[..., Any])


def offer_schemes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The completion of a scheme: a preset, and behind a ``+`` an option."""
    head, plus, last = incomplete.rpartition("+")
    return [f"{head}{plus}{name}" for name in (OPTIONS if plus else PRESETS) if name.startswith(last)]


_SCHEMES = (
    f"A quantisation scheme: {', '.join(PRESETS)}; with options, tapwise-8+unsigned+mse, of {', '.join(OPTIONS)}; with "
    "fields changed, tapwise-8,M=int10/tap; and a name, mine:tapwise-8,M=int10/tap. May be repeated; wincraft formats "
    "describes them."
)

_OPTIONS = (
    click.option("--scheme", "schemes", multiple=True, shell_complete=offer_schemes, help=_SCHEMES),
    click.option("--channels", type=int, help="Input channels of the seeded data.  [default: 64]"),
    click.option(
        "--distribution",
        shell_complete=offer(lambda: ("gaussian", "relu-gaussian", "uniform", "uniform01")),
        help="Of the seeded data: gaussian, relu-gaussian, uniform, uniform01.  [default: gaussian]",
    ),
    click.option("--seed", type=int, help="Of the data.  [default: 0]"),
    click.option(
        "--data",
        metavar="FILE",
        shell_complete=offer_files,
        help="Measure on your own data: .npy, shape N,C,H,W; needs --weights.",
    ),
    click.option(
        "--weights",
        metavar="FILE",
        shell_complete=offer_files,
        help="Your own filters: .npy, shape K,C,r,r; K,1,r,r of a depthwise layer.",
    ),
    click.option("--padding", type=int, help="Zeros around your own data.  [default: 0]"),
    output_option,
)


_INTEGERS = (
    click.option(
        "--data-range",
        metavar="RANGE",
        help="Data of exact integer arithmetic: uint8, int16, uint4, -100..100.  [default: as the schemes', else int8]",
    ),
    click.option("--weight-range", metavar="RANGE", help="Its filters.  [default: as the schemes', else int8]"),
    click.option("--accumulator", type=int, metavar="BITS", help="Its accumulator.  [default: 32]"),
)

_LIMITED = [item for item in MEASURES.values() if item.better == "lower"]
_LIMIT_HELP = (
    f"Exit with 1 if a measure is above: {', '.join(item.name for item in _LIMITED)}. loss is in dB below direct "
    "convolution, error minus the SQNR in dB."
)


def _limit_beginnings() -> Iterator[str]:
    """What shells complete: every limit up to its value, of schemes for each preset."""
    yield from (f"{name}=" for name in names_with(PRESETS, _LIMITED))


_LIMITS = click.option(
    "--fail-above",
    "limits",
    multiple=True,
    metavar="MEASURE=VALUE",
    shell_complete=offer(_limit_beginnings),
    help=_LIMIT_HELP,
)


def measuring_options(*, limits: bool) -> Callable[[_Command], _Command]:
    """The options that commands which measure share; with `limits` also ``--fail-above``."""

    def decorate(command: _Command) -> _Command:
        for option in reversed((*_OPTIONS, *([_LIMITS] if limits else []))):
            command = option(command)
        return command

    return decorate


def integer_options(command: _Command) -> _Command:
    """What exact integer arithmetic is on; `read_integers` reads them."""
    for option in reversed(_INTEGERS):
        command = option(command)
    return command


def format_name(given: str | None, output: str | None) -> str:
    """The format given, else that of the output's suffix, else text; raises `UnknownName`."""
    from wincraft.show.shown import RENDERER_SUFFIXES, RENDERERS

    return choose_format(given, output, RENDERERS, RENDERER_SUFFIXES)


def read_limits(texts: Sequence[str], schemes: Sequence[str]) -> list[Limit]:
    """The limits of ``--fail-above``, which may name one of the schemes asked for.

    Raises:
        UnknownName, BadNumber, NotApplicable: what is no limit, or no scheme.
    """
    from wincraft.quantise.schemes import parse_scheme
    from wincraft.report.measures import parse_fail_above

    known = [parse_scheme(text) for text in schemes]
    return [parse_fail_above(text, known) for text in texts]


def read_schemes(names: Sequence[str], defaults: Sequence[str], limits: Sequence[Limit] = ()) -> list[Scheme]:
    """The schemes by name, or the defaults, and those that limits need.

    Raises:
        UnknownName, NotApplicable: for a scheme that there is not; and for two of one name.
    """
    from wincraft.quantise.schemes import parse_scheme

    chosen: dict[str, Scheme] = {}
    for text in names or defaults:
        scheme = parse_scheme(text)
        if chosen.setdefault(scheme.name, scheme) != scheme:
            raise NotApplicable(f"--scheme {text}", f"another scheme has the name {scheme.name}", "give it another")
    for limit in limits:
        if limit.measure.scheme is not None:
            chosen.setdefault(limit.measure.scheme.name, limit.measure.scheme)
    return list(chosen.values())


def read_integers(
    schemes: Sequence[Scheme], data_range: str | None, weight_range: str | None, accumulator: int | None
) -> Integers:
    """The integers of the options; what is not given is that of the schemes.

    Raises:
        BadNumber, NotApplicable: for a range or a width that there is not.
    """
    from dataclasses import replace

    from wincraft.measure.integers import parse_range
    from wincraft.quantise.schemes import integers_of

    changes: dict[str, Any] = {}
    if data_range is not None:
        changes["data"] = parse_range(data_range)
    if weight_range is not None:
        changes["filter"] = parse_range(weight_range)
    if accumulator is not None:
        changes["accumulator"] = accumulator
    return replace(integers_of(schemes), **changes)


def read_workload(
    *,
    channels: int | None,
    distribution: str | None,
    seed: int | None,
    data: str | None,
    weights: str | None,
    padding: int | None,
) -> Workload | Layer:
    """Seeded data, or the user's arrays.

    Raises:
        UnknownName, NotApplicable: for a distribution or number that there is not.
        BadDocument, BadShape, BadNumber: for files that hold no such arrays.
    """
    from wincraft.quantise.workload import Workload, load_layer

    if (data is None) != (weights is None):
        raise click.UsageError("--data and --weights belong together; give both files")
    if data is not None and weights is not None:
        seeded = {"--channels": channels, "--distribution": distribution, "--seed": seed}
        unused = [name for name, value in seeded.items() if value is not None]
        if unused:
            raise click.UsageError(f"{unused[0]} is of seeded data; leave it out, or leave out --data and --weights")
        return load_layer(data, weights, padding or 0)
    if padding is not None:
        raise click.UsageError("--padding is of your own data; give --data and --weights, or leave it out")
    chosen = {"channels": channels, "distribution": distribution, "seed": seed}
    return Workload(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]


def finish(
    result: LaidOut,
    format: str,
    output: str | None,
    limits: Sequence[Limit] = (),
    reports: Mapping[str, Report] = MappingProxyType({}),
) -> None:
    """Write the result, then one line per limit exceeded and exit with 1 if there is any."""
    from wincraft.cli.shared import colour
    from wincraft.report.measures import failures
    from wincraft.show.shown import RENDERER_SUFFIXES, rendered

    printed = format == "text" and to_stdout(output)
    text = rendered(result, format, **({"width": page_width()} if printed else {}))
    if printed and colour.wanted():
        colour.write_coloured(text)
    else:
        write_output(text, output, format, RENDERER_SUFFIXES)
    failed = [failure for name, report in reports.items() for failure in failures(report, limits, name)]
    for failure in failed:
        click.echo(f"wincraft: {failure}", err=True)
    if failed:
        sys.exit(failed[0].exit_code)
