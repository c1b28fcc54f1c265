# SPDX-License-Identifier: Apache-2.0
"""What became of learned matrices: how far they moved, their condition, and how far the algorithm is from convolution.

Example:
    python -m experiments.learned results/claim --case F4-M9-canonical-flex-learned-clipping --seed 2
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
import torch.nn.functional as F

from experiments.cifar10 import PRESETS
from experiments.networks import network, quantised
from wincraft.errors import BadDocument, WincraftError, look_up
from wincraft.torch import WinogradConv2d
from wincraft.torch.pipeline import ProductPipeline
from wincraft.torch.transform import TileTransform

SIDES = ("input", "filter", "output")
"""The transforms of a layer."""
PAIRS = 1000
"""Tiles and kernels of white noise that a distance is measured on."""


class LearnedLayer(NamedTuple):
    """By transform, how far its matrix moved over its norm, and its condition before and after; then the distance."""

    moved: dict[str, float]
    exact_condition: dict[str, float]
    condition: dict[str, float]
    distance: float


def learned_layers(preset: str, case: str, state: Mapping[str, torch.Tensor]) -> Iterator[LearnedLayer]:
    """The layers of a case whose matrices are learned, with the matrices of a checkpoint."""
    chosen = PRESETS[preset]
    found = look_up("case", case, {item.name: item for item in chosen.cases("trained")})
    model = quantised(network(chosen.network, chosen.width), found)
    for name, layer in model.named_modules():
        if not isinstance(layer, WinogradConv2d) or not isinstance(layer.winograd, ProductPipeline):
            continue
        before, after, moved = {}, {}, {}
        for side in SIDES:
            (parameter,) = getattr(layer.winograd, side).matrices
            matrix = parameter.detach().double()
            kept = state[f"{name}.winograd.{side}.matrices.0"].double()
            moved[side] = float((kept - matrix).norm() / matrix.norm())
            before[side], after[side] = (float(torch.linalg.cond(item)) for item in (matrix, kept))
            parameter.data = kept
        yield LearnedLayer(moved, before, after, distance_from_convolution(layer.winograd))


@torch.no_grad()
def distance_from_convolution(pipeline: ProductPipeline) -> float:
    """|y - convolution| / |convolution| over white tiles and kernels, without rounding; 0 for a proved algorithm."""
    generator = torch.Generator().manual_seed(0)
    d, g = (torch.randn(PAIRS, *size, dtype=torch.float64, generator=generator) for size in (pipeline.n, pipeline.r))
    U, V = _through(pipeline.input, d), _through(pipeline.filter, g)
    y = _through(pipeline.output, U * V)
    exact = F.conv2d(d[None], g[:, None], groups=PAIRS)[0].flatten(1)
    return float((y - exact).norm() / exact.norm())


def _through(transform: TileTransform, tiles: torch.Tensor) -> torch.Tensor:
    """Tiles (N, ...) to what a chain gives, (N, positions)."""
    value = tiles.flatten(1).T[:, :, None]
    for number in range(len(transform.growth)):
        value = transform.apply_step(number, value) * transform.factors(number)
    return value[:, :, 0].T


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--preset", type=click.Choice(list(PRESETS)), default="claim", show_default=True)
@click.option("--case", "cases", multiple=True, required=True, help="A case with flex in its name; may be repeated.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def main(folder: Path, preset: str, cases: tuple[str, ...], seed: int) -> None:
    """Print means over the layers, from the checkpoints of a run in FOLDER."""
    try:
        for case in cases:
            path = folder / f"seed{seed}" / f"trained-{case}.pt"
            if not path.exists():
                raise BadDocument(str(path), "there is no such checkpoint", "run experiments.together into the folder")
            layers = list(
                learned_layers(preset, case, torch.load(path, map_location="cpu", weights_only=True)["model"])
            )
            click.echo(f"{case}, {len(layers)} layers")
            for side in SIDES:
                moved, exact, now = (
                    np.mean([getattr(layer, key)[side] for layer in layers])
                    for key in ("moved", "exact_condition", "condition")
                )
                click.echo(f"  {side:6s} moved {100 * moved:.1f} %, condition {exact:.2f} -> {now:.2f}")
            far = [layer.distance for layer in layers]
            click.echo(f"  distance from convolution {np.mean(far):.1f} ({min(far):.1f} to {max(far):.1f})")
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
