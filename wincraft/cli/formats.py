# SPDX-License-Identifier: Apache-2.0
"""``wincraft formats``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, offer
from wincraft.cli.shared.output import write_output

if TYPE_CHECKING:
    from wincraft.quantise.schemes import Scheme
    from wincraft.show.layout import Table

_STAGES = {
    "input": "input d",
    "weights": "weights g",
    "pre_step": "pre-steps",
    "U": "U = B^T d",
    "V": "V = G g",
    "M": "M = sum of U V",
    "post_step": "post-steps",
    "output": "output A^T M",
}
_GRANULARITIES = {
    None: "none",
    "tensor": "stage",
    "tap": "tap",
    "channel": "output channel",
    "channel-tap": "output channel and tap",
}


def _names() -> Iterable[str]:
    from wincraft.numbers.formats import FORMATS
    from wincraft.quantise.schemes import SCHEMES

    return (*FORMATS, *SCHEMES)


@click.command(name="formats", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME ...]", shell_complete=offer(_names))
def command(names: tuple[str, ...]) -> None:
    """Describe the number formats, and the schemes that say where they are used; or each NAME of either.

    \b
    Examples:
      wincraft formats
      wincraft formats fp16 q3.12 int6
      wincraft formats "ap_fixed<16,6>" "fixed<16,6,AP_RND,AP_SAT>"
      wincraft formats tapwise-8
      wincraft formats "tapwise-8+unsigned,M=int10/tap"

    Also understood are intN, intN-full, uintN, qI.F, uqI.F, fixed<W,I> and ufixed<W,I>, which round to nearest and
    saturate, ap_fixed<W,I> and ap_ufixed<W,I>, which truncate and wrap as in HLS tools; other modes follow. Of a
    scheme it says what is stored how at every stage, where it comes from, what hardware computes so, and when to use
    it.
    """
    from wincraft.show.text import wrapped_lines

    blocks = [_described(name) for name in names] if names else [_overview()]
    write_output("\n\n".join(wrapped_lines(block) for block in blocks) + "\n", None)


def _overview() -> str:
    from wincraft.numbers.formats import FORMATS
    from wincraft.quantise.presets import OPTIONS, PRESETS
    from wincraft.show.layout import Table
    from wincraft.show.text import table_lines

    options = Table(("option", "as in tapwise-8+unsigned+mse"), tuple(OPTIONS.items()), "ll")
    table = Table(("scheme", "what it is"), tuple((name, item.summary) for name, item in PRESETS.items()), "ll")
    lines = ["Number formats", *(f"  {item.describe()}" for item in FORMATS.values())]
    lines += [
        "",
        "Schemes: which format at which stage; wincraft formats NAME says more",
        *table_lines(table),
        "",
        *table_lines(options),
    ]
    return "\n".join(lines)


def _described(name: str) -> str:
    """A format, a preset, or a preset with changes, in words; both where a name is of both.

    Raises:
        UnknownName: for what is neither.
    """
    from wincraft.errors import UnknownName
    from wincraft.numbers.formats import FORMATS, parse_format
    from wincraft.quantise.schemes import SCHEMES, SchemeText, parse_scheme

    preset = SchemeText.of(name).preset
    if preset in SCHEMES:
        format = [f"format {FORMATS[name].describe()}", ""] if name in FORMATS else []
        return "\n".join([*format, *_scheme_lines(preset, name, parse_scheme(name))])
    try:
        return parse_format(name).describe()
    except UnknownName as error:
        if error.what != "format":
            raise
        known = dict.fromkeys((*error.known, *SCHEMES))
        raise UnknownName("format or scheme", error.name, tuple(known)) from None


def _scheme_lines(preset: str, name: str, scheme: Scheme) -> Iterator[str]:
    from wincraft.quantise.presets import PRESETS
    from wincraft.show.text import table_lines

    about = PRESETS[preset]
    yield f"scheme {preset}: {about.summary}"
    yield f"  source: {about.source}"
    yield f"  hardware: {about.hardware}"
    yield f"  use: {about.use}"
    if name != preset:
        yield f"  here: {name}"
    yield ""
    yield from table_lines(_stages(scheme))


def _stages(scheme: Scheme) -> Table:
    """What is stored how, stage by stage, then what holds of all."""
    from wincraft.show.layout import Table

    rows = []
    for stage, quantizer in scheme.stages.items():
        of = _GRANULARITIES[quantizer.per]
        rows.append((_STAGES[stage], quantizer.format.name, of + ", a power of two" * quantizer.power_of_two))
    others = [
        ("operands U, V", f"exact in int{scheme.word}", "sums of 32 bits") if scheme.word is not None else None,
        ("matrices", scheme.matrices.name, "") if scheme.matrices is not None else None,
        ("operations", scheme.arithmetic.name, f"{scheme.order} sums") if scheme.arithmetic is not None else None,
        ("sum over channels", scheme.accumulator.name, f"{scheme.channel_order} sums") if scheme.accumulator else None,
        ("calibration", scheme.calibration, "") if any(item.per for item in scheme.stages.values()) else None,
    ]
    rows += [row for row in others if row is not None]
    return Table(("stage", "stored in", "a scale per"), tuple(rows), "lll")
