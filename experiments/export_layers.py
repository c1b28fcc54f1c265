# SPDX-License-Identifier: Apache-2.0
"""Single 8-bit layers in C: direct, by rounded tiles and by exact ones, in words of 16 and of 8 bits.

Examples:
    python -m experiments.export_layers
    python -m experiments.export_layers --layer 64,56 --rounds 100 --into docs/how-to/pytorch-to-c.md
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import torch
from torch import nn

import wincraft as wc
from experiments.export_c import EXACT, EXACT_POINTS, EXACT_SCHEME, shortest
from experiments.exported import CompiledNetwork
from experiments.rows import DIRECT, QUADRATIC, TAP, TENSOR
from experiments.tables import insert
from wincraft.algorithm import Algorithm
from wincraft.errors import BadValue, WincraftError
from wincraft.torch import calibrate, convert

LAYERS = ("16,56", "64,56", "128,28", "256,14", "512,7")
"""Channels, as many in as out, and the size of a square image."""
ROWS: dict[str, tuple[Callable[[], Algorithm | None], str]] = {
    DIRECT: (lambda: None, TENSOR[8]),
    "a scale per tap": (lambda: wc.parse("F(4x4,3x3)"), TAP[8]),
    "a scale per stage, x^2 + 1": (lambda: wc.parse("F(4x4,3x3)", moduli=QUADRATIC[4], convention="pow2"), TENSOR[8]),
    EXACT: (lambda: wc.parse("F(4x4,3x3)", points=EXACT_POINTS), EXACT_SCHEME),
}
"""The algorithm and the scheme by name."""
BUILDS = {
    "AVX2, 16 bits": (("-O3", "-march=x86-64-v3"), {"word": 16, "lanes": 8}),
    "native, 16 bits": (("-O3", "-march=native"), {"word": 16, "lanes": 16}),
    "native, 8 bits": (("-O3", "-march=native"), {"word": 8, "lanes": 16}),
}
"""How the C code is compiled, and the bits of an operand of a product."""
CALLS = 3
"""Of a function in one measurement."""


def layer_times(channels: int, size: int, rounds: int) -> dict[tuple[str, str], float]:
    """Milliseconds of a layer by row and build, and of PyTorch's in float32 with the channels last; one thread."""
    images = torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(0))
    direct = nn.Conv2d(channels, channels, 3, padding=1)
    runs: dict[str, Callable[[], object]] = {}
    keys: dict[str, tuple[str, str]] = {}

    def add(row: str, build: str, run: Callable[[], object]) -> None:
        keys[f"{row}/{build}"] = row, build
        runs[f"{row}/{build}"] = lambda: [run() for _ in range(CALLS)]

    last = nn.Conv2d(channels, channels, 3, padding=1).to(memory_format=torch.channels_last)
    given = images.contiguous(memory_format=torch.channels_last)
    add("float32", "PyTorch, channels last", lambda: last(given))
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        for row, (algorithm, scheme) in ROWS.items():
            made = algorithm()
            model = convert(nn.Sequential(direct).eval(), lambda name, layer, made=made: made, scheme)
            calibrate(model, [images])
            for build, (flags, options) in BUILDS.items():
                try:
                    folder = Path(scratch, f"{row}{build}".replace(" ", ""))
                    compiled = CompiledNetwork(model, folder, images, flags, watched=False, **options)
                except WincraftError:  # operands of 16 bits do not fit bytes
                    continue
                shape = (1, channels, size, size)
                add(row, build, lambda compiled=compiled, shape=shape: compiled.outputs(images, shape))  # type: ignore[misc]
        return {keys[name]: found for name, found in shortest(runs, CALLS, rounds).items()}


def layer_table(layers: list[tuple[int, int]], rounds: int) -> str:
    """A line for every way to run a layer, a column for every layer: the times of the builds."""
    times = [layer_times(channels, size, rounds) for channels, size in layers]
    heads = [f"{channels}, {size}x{size}" for channels, size in layers]
    lines = [f"| milliseconds | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for row, build in dict.fromkeys(key for item in times for key in item):
        cells = [f"{item[row, build]:.2f}" if (row, build) in item else "" for item in times]
        lines.append(f"| {row}: {build} | {' | '.join(cells)} |")
    return "\n".join(lines)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--layer", "layers", multiple=True, help="Channels and size of an image, such as 64,56; may be repeated.")
@click.option(
    "--rounds", type=click.IntRange(1), default=100, show_default=True, help="Of which the least time counts."
)
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="A page whose table is replaced.")
def main(layers: tuple[str, ...], rounds: int, into: Path | None) -> None:
    """Time 3x3 layers, as many channels out as in, on one image and one thread."""
    torch.set_num_threads(1)
    found = []
    for text in layers or LAYERS:
        channels, _, size = text.partition(",")
        if not (channels.isdigit() and size.isdigit() and int(channels) and int(size)):
            raise click.UsageError(str(BadValue("--layer", repr(text), "write channels and size, such as 64,56")))
        found.append((int(channels), int(size)))
    text = layer_table(found, rounds)
    click.echo(text)
    if into is not None:
        insert(into, "layers", text)


if __name__ == "__main__":
    main()
