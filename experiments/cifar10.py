# SPDX-License-Identifier: Apache-2.0
"""Winograd convolution in 8 bits on CIFAR-10: after training, and trained as it will run.

Examples:
    python -m experiments.cifar10 smoke results/smoke
    python -m experiments.cifar10 cpu results/cpu --data cifar-10-batches-py
    python -m experiments.cifar10 cpu results/cpu --data cifar-10-batches-py --seed 1 --only untrained --match F4
    python -m experiments.cifar10 gpu results/gpu --data cifar-10-batches-py --device cuda
"""

from __future__ import annotations

import json
import platform
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import torch
from rich.progress import Progress
from torch import nn

from experiments.images import REPAIR, Images, generated, load_cifar10
from experiments.networks import ResidualNetwork, network, quantised
from experiments.rows import Case, cases
from experiments.training import Plan, accuracy, answers, train
from wincraft.errors import BadDocument, CannotWrite, NotApplicable, UnknownName, WincraftError
from wincraft.torch import calibrate, fast_training

STAGES = ("float", "untrained", "trained")
"""The network itself, the rows without training, and the rows trained on from the network."""


@dataclass(frozen=True)
class Preset:
    """What a run computes: tiles m and bits of M of the rows without and with training; see `experiments.rows`.

    The systems of later papers are computed at `later_tiles` only, and trained at `trained_tiles`.
    """

    network: str
    width: float | None
    plan: Plan
    aware: Plan
    seeds: tuple[int, ...]
    tiles: tuple[int, ...]
    later_tiles: tuple[int, ...]
    trained_tiles: tuple[int, ...]
    trained_bits: tuple[int, ...]
    calibration_images: int
    generated: int = 0

    def cases(self, stage: str) -> list[Case]:
        """The cases of a stage, direct convolution first."""
        if stage == "untrained":
            return cases(stage, self.tiles, self.later_tiles, (8, 9, 10))
        return cases(stage, self.trained_tiles, self.trained_tiles, self.trained_bits)


CPU = Preset(
    "resnet20",
    None,
    Plan(epochs=10, bfloat16=True),
    Plan(epochs=1, rate=0.004, batch=64, images=12800),
    seeds=(0, 1, 2, 3, 4),
    tiles=(2, 4, 6),
    later_tiles=(4,),
    trained_tiles=(4,),
    trained_bits=(8, 9),
    calibration_images=500,
)

CLAIM = Plan(epochs=10, rate=0.02, batch=128, matrix_rate=0.001, clip=1.0)
"""How rows with learned matrices are trained."""

PRESETS = {
    "smoke": Preset(
        "resnet20",
        0.5,
        Plan(epochs=2, rate=0.1, batch=32),
        Plan(epochs=1, rate=0.02, batch=16, images=32),
        seeds=(0,),
        tiles=(4,),
        later_tiles=(4,),
        trained_tiles=(4,),
        trained_bits=(8,),
        calibration_images=32,
        generated=256,
    ),
    "cpu": CPU,
    "cpu-epoch": replace(CPU, aware=Plan(epochs=1, rate=0.02, batch=64), seeds=(0, 1, 2)),
    "cpu-claim": replace(CPU, width=0.5, aware=CLAIM, seeds=(0, 1, 2)),
    "cpu-claim-20": replace(CPU, width=0.5, aware=replace(CLAIM, epochs=20), seeds=(0,)),
    "claim": Preset(
        "resnet18",
        0.5,
        Plan(epochs=30, batch=128, images=49920, bfloat16=True),
        replace(CLAIM, images=49920),
        seeds=(0, 1, 2),
        tiles=(4,),
        later_tiles=(4,),
        trained_tiles=(4,),
        trained_bits=(8, 9),
        calibration_images=64,
    ),
    "gpu": Preset(
        "resnet18",
        0.5,
        Plan(epochs=120, rate=0.1),
        Plan(epochs=60, rate=0.02),
        seeds=(0, 1, 2),
        tiles=(2, 4, 6),
        later_tiles=(2, 4, 6),
        trained_tiles=(2, 4, 6),
        trained_bits=(8, 9, 10),
        calibration_images=1000,
    ),
}


class Run:
    """One seed of a preset: what is found in its folder is not computed again."""

    def __init__(
        self, preset: Preset, folder: Path, data: tuple[Images, Images], seed: int, device: str, progress: Progress
    ) -> None:
        self.preset, self.seed, self.progress = preset, seed, progress
        self.folder = folder / f"seed{seed}"
        self.data, self.test = data
        self.device = torch.device(device)
        self.settings = {"network": preset.network, "width": preset.width, "data": self.data.source}

    def float_network(self) -> ResidualNetwork:
        """The network in floating point, trained if it is not there."""
        torch.manual_seed(self.seed)
        model = network(self.preset.network, self.preset.width)
        model.to(self.device, memory_format=torch.channels_last)
        plan = replace(self.preset.plan, seed=self.seed)
        curve = self._train(model, plan, "float", self.settings)
        self.finish("float", "float", "float32", model, curve)
        return model

    def case(self, stage: str, case: Case, trained: ResidualNetwork) -> None:
        """One row. A trained one answers with the scales it was trained with, whose clipping it has learned around."""
        if self.path(stage, case.name).exists():
            return
        model = quantised(trained, case)
        self.calibrate(model)
        curve: list[dict[str, float]] = []
        if stage == "trained":
            model.requires_grad_(True)
            fast_training(model)
            settings = self.settings | {"case": case.name}
            curve = self._train(model, replace(self.preset.aware, seed=self.seed), f"trained-{case.name}", settings)
        self.finish(stage, case.name, case.label, model, curve)

    def calibrate(self, model: nn.Module) -> None:
        """Set the scales from some of the training images."""
        generator = torch.Generator().manual_seed(self.seed + 1)
        rows = torch.randperm(len(self.data), generator=generator)[: self.preset.calibration_images]
        calibrate(model, (self.data.inputs(part).to(self.device) for part in rows.split(100)))

    def _train(self, model: nn.Module, plan: Plan, name: str, settings: dict[str, Any]) -> list[dict[str, float]]:
        bar = self.progress.add_task(f"seed {self.seed}: {name}", total=plan.epochs)

        def show(record: dict[str, float]) -> None:
            self.progress.update(bar, completed=record["epoch"])

        curve = train(model, self.data, plan, self.folder / f"{name}.pt", settings, show)
        self.progress.remove_task(bar)
        return curve

    def finish(self, stage: str, name: str, label: str, model: nn.Module, curve: list[dict[str, float]]) -> None:
        """Answer the test images and write the result whole."""
        path = self.path(stage, name)
        if path.exists():
            return
        started = time.perf_counter()
        given = answers(model, self.test)
        result = {
            "stage": stage,
            "case": name,
            "label": label,
            "seed": self.seed,
            "accuracy": accuracy(given, self.test),
            "images": len(self.test),
            "seconds": round(time.perf_counter() - started, 1),
            "curve": curve,
            "right": "".join(map(str, (given == self.test.labels.cpu()).int().tolist())),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(result), encoding="utf-8")
        partial.replace(path)
        self.progress.console.print(f"seed {self.seed}, {stage}: {label}: {result['accuracy']:.2f} %", highlight=False)

    def path(self, stage: str, name: str) -> Path:
        """Where a result is."""
        return self.folder / stage / f"{name}.json"


def check_folder(folder: Path, preset: Preset, source: str) -> None:
    """Keep what the folder was made with, and refuse to mix it with other settings.

    Raises:
        BadDocument: where it holds results of other settings.
        CannotWrite: where it cannot be made.
    """
    settings = json.loads(json.dumps({"preset": asdict(preset), "data": source}))
    settings["preset"].pop("seeds")
    path = folder / "settings.json"
    if path.exists():
        try:
            made = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            made = {}
        if made.get("preset") != settings["preset"] or made.get("data") != source:
            raise BadDocument(str(path), "it is of another preset or other data", "name another folder for the results")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(str(folder), str(error.strerror)) from None
    machine = {"torch": torch.__version__, "python": platform.python_version(), "processor": platform.machine()}
    path.write_text(json.dumps(settings | {"machine": machine}, indent=1) + "\n", encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("preset", type=click.Choice(list(PRESETS)))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--data", help="Folder of the CIFAR-10 python batches, or an .npz archive of JPEG files.")
@click.option("--seed", "seeds", type=click.IntRange(0), multiple=True, help="Only this seed; may be repeated.")
@click.option("--only", type=click.Choice(STAGES), multiple=True, help="Only this stage; may be repeated.")
@click.option("--match", default="", help="Only cases whose name contains this, such as F4-M8.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--threads", type=click.IntRange(1), help="Threads of PyTorch on the CPU.")
def main(
    preset: str,
    folder: Path,
    data: str | None,
    seeds: tuple[int, ...],
    only: tuple[str, ...],
    match: str,
    device: str,
    threads: int | None,
) -> None:
    """Run PRESET into FOLDER; a run that was stopped goes on. Tables: experiments.tables.

    \b
    Examples:
      python -m experiments.cifar10 smoke results/smoke
      python -m experiments.cifar10 cpu results/cpu --data cifar-10-batches-py
      python -m experiments.cifar10 cpu results/cpu --data cifar.npz --seed 1 --only untrained
    """
    try:
        run(PRESETS[preset], folder, data, seeds, only, match, device, threads)
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def run(
    preset: Preset,
    folder: Path,
    data: str | None = None,
    seeds: tuple[int, ...] = (),
    only: tuple[str, ...] = (),
    match: str = "",
    device: str = "cpu",
    threads: int | None = None,
) -> None:
    """What the command does.

    Raises:
        BadDocument: for missing or wrong data, and a folder or a checkpoint of other settings.
        NotApplicable: for a device that there is not, and where no case of the stages matches.
    """
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = f"PyTorch cannot use it ({str(error).partition(chr(10))[0]})"
        raise NotApplicable(f"device {device}", reason, "use --device cpu") from None
    rows = [case for stage in (only or STAGES) if stage != "float" for case in preset.cases(stage) if case.row]
    if match and not any(match in case.name for case in rows):
        raise UnknownName("case", match, tuple(case.name for case in rows))
    if threads:
        torch.set_num_threads(threads)
    images = images_of(preset, data)
    check_folder(folder, preset, images[0].source)
    with Progress(transient=True) as progress:
        for seed in seeds or preset.seeds:
            this = Run(preset, folder, images, seed, device, progress)
            model = this.float_network()
            for stage in only or STAGES:
                wanted = [] if stage == "float" else preset.cases(stage)
                chosen = [case for case in wanted if match in case.name or case.row is None]
                bar = progress.add_task(f"seed {seed}: {stage}", total=len(chosen))
                for case in chosen:
                    this.case(stage, case, model)
                    progress.advance(bar)
                progress.remove_task(bar)


def images_of(preset: Preset, data: str | None) -> tuple[Images, Images]:
    """Training and test images.

    Raises:
        BadDocument: where they are not named.
    """
    if preset.generated:
        return generated(preset.generated, 0), generated(preset.generated, 1)
    if data is None:
        raise BadDocument("CIFAR-10", "this preset needs it and --data is not given", REPAIR)
    return load_cifar10(data)


if __name__ == "__main__":
    main()
