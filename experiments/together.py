# SPDX-License-Identifier: Apache-2.0
"""The trainings of `experiments.cifar10` on an accelerator, all seeds of a case at a time; results in the same form.

Examples:
    python -m experiments.together claim results/claim --data cifar-10-batches-py
    python -m experiments.together claim results/claim --data cifar-10-batches-py --case direct --compiled
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch
from rich.progress import Progress
from torch import nn

from experiments.captured import Training, train_together
from experiments.cifar10 import PRESETS, Preset, Run, check_folder, images_of
from experiments.images import Images
from experiments.networks import network, quantised
from experiments.rows import Case
from experiments.training import Plan
from wincraft.errors import WincraftError, look_up
from wincraft.torch import StaleScales


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("preset", type=click.Choice(list(PRESETS)))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--data", help="Folder of the CIFAR-10 python batches, or an .npz archive of JPEG files.")
@click.option("--seed", "seeds", type=click.IntRange(0), multiple=True, help="Only this seed; may be repeated.")
@click.option("--case", "names", multiple=True, help="A trained case, such as F4-M8-canonical-flex; may be repeated.")
@click.option("--epochs", type=click.IntRange(1), help="Epochs of a case, in place of the preset's.")
@click.option("--rate", type=float, help="Learning rate of a case, in place of the preset's.")
@click.option("--matrix-rate", type=float, help="Rate of learned matrices, by Adam.")
@click.option("--clip", type=float, help="Largest norm of all gradients together.")
@click.option("--device", default="cuda", show_default=True, help="cpu or cuda.")
@click.option("--compiled", is_flag=True, help="Compile the networks.")
def main(
    preset: str,
    folder: Path,
    data: str | None,
    seeds: tuple[int, ...],
    names: tuple[str, ...],
    epochs: int | None,
    rate: float | None,
    matrix_rate: float | None,
    clip: float | None,
    device: str,
    compiled: bool,
) -> None:
    """Train the networks of PRESET in floating point, or the cases, into FOLDER; what was stopped goes on."""
    given = PRESETS[preset]
    changes: dict[str, Any] = {"epochs": epochs, "rate": rate, "matrix_rate": matrix_rate, "clip": clip}
    aware = replace(given.aware, **{key: value for key, value in changes.items() if value is not None})
    try:
        run(replace(given, aware=aware), folder, data, seeds or given.seeds, names, device, compiled)
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def run(
    preset: Preset,
    folder: Path,
    data: str | None,
    seeds: Sequence[int],
    names: Sequence[str] = (),
    device: str = "cuda",
    compiled: bool = False,
) -> None:
    """What the command does.

    Raises:
        BadDocument: for missing or wrong data, and a folder or a checkpoint of other settings.
        UnknownName: for a case that the preset does not train.
    """
    known = {case.name: case for case in preset.cases("trained")}
    cases = [look_up("case", name, known) for name in names]
    images = images_of(preset, data)
    check_folder(folder, preset, images[0].source)
    near = tuple(Images(part.pixels.to(device), part.labels.to(device), part.source) for part in images)
    with Progress(disable=True) as progress:
        runs = [Run(preset, folder, (near[0], near[1]), seed, device, progress) for seed in seeds]
        if not cases:
            networks = []
            for seed in seeds:
                torch.manual_seed(seed)
                made = network(preset.network, preset.width)
                networks.append(made.to(device, memory_format=torch.channels_last))
            trainings = _train(runs, networks, preset.plan, "float", {}, compiled)
            _finish(runs, trainings, "float", "float", "float32")
        for case in cases:
            _case(runs, case, compiled)


def _case(runs: Sequence[Run], case: Case, compiled: bool) -> None:
    networks = []
    for this in runs:
        model = quantised(this.float_network(), case)
        this.calibrate(model)
        networks.append(model.requires_grad_(True))
    trainings = _train(runs, networks, runs[0].preset.aware, f"trained-{case.name}", {"case": case.name}, compiled)
    _finish(runs, trainings, "trained", case.name, case.label)


def _train(
    runs: Sequence[Run], networks: Sequence[nn.Module], plan: Plan, name: str, about: dict[str, str], compiled: bool
) -> list[Training]:
    plans = [replace(plan, seed=this.seed) for this in runs]
    paths = [this.folder / f"{name}.pt" for this in runs]

    def show(place: int, record: dict[str, float]) -> None:
        if record["epoch"] % 1 == 0:
            text = f"epoch {record['epoch']:.0f}, loss {record['loss']:.3f}, {record['accuracy']:.2f} %"
            click.echo(f"seed {runs[place].seed}, {name}: {text}, {record['seconds']} s")

    return train_together(networks, runs[0].data, plans, paths, runs[0].settings | about, compiled, after_record=show)


def _finish(runs: Sequence[Run], trainings: Sequence[Training], stage: str, name: str, label: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StaleScales)  # the modules know the weights of another of the networks
        for this, training in zip(runs, trainings, strict=True):
            this.finish(stage, name, label, training.hold(), training.curve)


if __name__ == "__main__":
    main()
