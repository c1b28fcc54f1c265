# SPDX-License-Identifier: Apache-2.0
"""What became of learned matrices: how far they moved, their condition, and how far the algorithm is from convolution.

With data also how much the loss feels what is rounded at each stage, before the training and after it.

Examples:
    python -m experiments.learned results/claim --case F4-M9-canonical-flex-learned-clipping --seed 2
    python -m experiments.learned results/claim --case F4-M8-Legendre-flex-learned-clipping --data cifar-10-batches-py
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import nn

from experiments.cifar10 import PRESETS, Run, images_of
from experiments.images import Images
from experiments.networks import network, quantised
from wincraft.errors import BadDocument, WincraftError, look_up
from wincraft.torch import WinogradConv2d
from wincraft.torch.pipeline import ProductPipeline
from wincraft.torch.transform import TileTransform

SIDES = ("input", "filter", "output")
"""The transforms of a layer."""
PAIRS = 1000
"""Tiles and kernels of white noise that a distance is measured on."""
FELT_IMAGES = 128
"""The first training images, for the gradients."""


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


def felt_rounding(model: nn.Module, images: Images) -> dict[str, float]:
    """By stage, how far the loss moves when what is stored there is off by independent errors of half a step at most.

    That is the norm of the loss's gradient by all codes of all layers over sqrt(12), in training, to first order.
    """
    stored: list[tuple[str, torch.Tensor]] = []

    def keep(label: str, result: tuple[torch.Tensor, torch.Tensor]) -> None:
        if result[0].requires_grad:  # else the images' own
            result[0].retain_grad()
        stored.append((label, result[0]))

    hooks = [
        stage.register_forward_hook(lambda _, __, result, label=label: keep(label, result))
        for layer in model.modules()
        if isinstance(layer, WinogradConv2d)
        for label, stage in layer.labelled.items()
    ]
    answers = model.train().requires_grad_(True)(images.inputs(slice(0, len(images))))
    F.cross_entropy(answers, images.labels).backward()
    for hook in hooks:
        hook.remove()
    squares: dict[str, float] = {}
    for label, codes in stored:
        given = 0.0 if codes.grad is None else float(codes.grad.double().square().sum())
        squares[label] = squares.get(label, 0.0) + given
    return {label: math.sqrt(total / 12) for label, total in squares.items()}


def _felt(
    folder: Path, preset: str, case: str, seed: int, data: str, state: Mapping[str, torch.Tensor]
) -> Iterator[str]:
    """What the command prints of that: at the start, and with the state of a checkpoint."""
    chosen = PRESETS[preset]
    images = images_of(chosen, data)
    with Progress(disable=True) as progress:
        this = Run(chosen, folder, images, seed, "cpu", progress)
        model = quantised(this.float_network(), look_up("case", case, {c.name: c for c in chosen.cases("trained")}))
        this.calibrate(model)
    batch = Images(images[0].pixels[:FELT_IMAGES], images[0].labels[:FELT_IMAGES], images[0].source)
    for when in ("before", "after"):
        if when == "after":
            model.load_state_dict(state)
        found = felt_rounding(copy.deepcopy(model), batch)
        yield f"  rounding felt {when}: " + ", ".join(f"{label} {value:.2g}" for label, value in found.items())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--preset", type=click.Choice(list(PRESETS)), default="claim", show_default=True)
@click.option("--case", "cases", multiple=True, required=True, help="A case with flex in its name; may be repeated.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--data", help="Folder of the CIFAR-10 python batches, or an .npz archive: what rounding is felt.")
def main(folder: Path, preset: str, cases: tuple[str, ...], seed: int, data: str | None) -> None:
    """Print means over the layers, from the checkpoints of a run in FOLDER."""
    try:
        for case in cases:
            path = folder / f"seed{seed}" / f"trained-{case}.pt"
            if not path.exists():
                raise BadDocument(str(path), "there is no such checkpoint", "run experiments.together into the folder")
            state = torch.load(path, map_location="cpu", weights_only=True)["model"]
            layers = list(learned_layers(preset, case, state))
            click.echo(f"{case}, {len(layers)} layers")
            for side in SIDES:
                moved, exact, now = (
                    np.mean([getattr(layer, key)[side] for layer in layers])
                    for key in ("moved", "exact_condition", "condition")
                )
                click.echo(f"  {side:6s} moved {100 * moved:.1f} %, condition {exact:.2f} -> {now:.2f}")
            far = [layer.distance for layer in layers]
            click.echo(f"  distance from convolution {np.mean(far):.1f} ({min(far):.1f} to {max(far):.1f})")
            for line in _felt(folder, preset, case, seed, data, state) if data or PRESETS[preset].generated else ():
                click.echo(line)
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
