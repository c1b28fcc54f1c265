# SPDX-License-Identifier: Apache-2.0
"""The 8-bit networks of the experiment in C: every integer of every test image beside PyTorch's, and the time of one.

Examples:
    python -m experiments.cifar10 cpu results/cpu --data cifar-10-batches-py --seed 0 --only float
    python -m experiments.export_c results/cpu --data cifar-10-batches-py --into docs/how-to/pytorch-to-c.md
    python -m experiments.export_c results/cpu --data cifar-10-batches-py --images 100 --network "best points, per tap"
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path

import click
import numpy as np
import torch
from rich.progress import track
from torch import nn
from torch.nn.modules.conv import _ConvNd

import wincraft as wc
from experiments.cifar10 import PRESETS, Preset
from experiments.exported import Agreement, CompiledNetwork, compare
from experiments.images import Images, load_cifar10
from experiments.networks import network
from experiments.rows import DIRECT, ROWS, TENSOR
from experiments.tables import insert
from experiments.training import load_checkpoint
from wincraft.algorithm import Algorithm
from wincraft.errors import BadDocument, WincraftError
from wincraft.torch import calibrate, convert
from wincraft.torch.export.building import exported_network

EXACT = "operands exact in 16 bits"
EXACT_POINTS, EXACT_SCHEME = "0,1,-1,2,-1/2", "ncnn-int8,weights=int8/channel"
"""What holds U and V of int8 data and weights in 16 bits; nothing is rounded between input and output."""
NAMES = (DIRECT, "best points, per tap", "quadratic, pow2", "tap-wise pow2", EXACT)
"""Direct convolution, rows of `experiments.rows` at F(4x4,3x3), and Winograd's algorithm without any rounding."""
BUILDS = {
    "AVX2, words of 16 bits": (("-O3", "-march=x86-64-v3"), {"word": 16}),
    "this machine, words of 16 bits": (("-O3", "-march=native"), {"word": 16}),
    "this machine, words of 8 bits": (("-O3", "-march=native"), {"word": 8}),
}
"""How the C code is compiled and exported where it is timed."""
ROUNDS, TIMED = 15, 100
"""Rounds of which the shortest time counts, and the images of one."""
BATCH = 20
"""Images whose integers are compared at a time."""


@dataclass(frozen=True)
class Outcome:
    """What one network came to: accuracies in per cent, answers alike, and milliseconds per image by what ran.

    `bound` is that of the rounding errors of sums of doubles; see `rounding_bound`.
    """

    name: str
    accuracy: float
    alike: int
    images: int
    bound: float
    agreement: Agreement
    milliseconds: dict[str, float]


def eight_bits(trained: nn.Module, name: str, calibration: Sequence[torch.Tensor]) -> nn.Module:
    """A network with all convolutions in 8 bits, batch normalisation folded, calibrated; the first layer is direct."""
    algorithm: Algorithm | None = None
    scheme = TENSOR[8]
    if name == EXACT:
        algorithm, scheme = wc.parse("F(4x4,3x3)", points=EXACT_POINTS), EXACT_SCHEME
    elif name != DIRECT:
        row = next(item for item in ROWS if item.name == name)
        algorithm, scheme = row.algorithm(4), row.schemes[8]

    def choose(layer: str, convolution: _ConvNd) -> Algorithm | None:
        return algorithm if layer != "conv" and convolution.stride == (1, 1) else None

    made = convert(trained, choose, scheme, fold_bn=True)
    calibrate(made, calibration)
    return made


def shortest(runs: dict[str, Callable[[], object]], images: int, rounds: int) -> dict[str, float]:
    """Milliseconds of processor time per image, the least of interleaved rounds."""
    found = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            found[name] = min(found[name], 1e3 * (time.process_time() - started) / images)
    return found


def timed(model: nn.Module, images: torch.Tensor, folder: Path, rounds: int) -> dict[str, float]:
    """Milliseconds per image in PyTorch, one by one and all at once, and in C; one thread."""
    runs: dict[str, Callable[[], object]] = {
        "PyTorch, one image": lambda: [model(image) for image in images.split(1)],
        f"PyTorch, {len(images)} images": lambda: model(images),
    }
    with torch.no_grad():
        shape = model(images).shape
        for number, (label, (flags, options)) in enumerate(BUILDS.items()):
            try:
                target = folder / str(number)
                compiled = CompiledNetwork(model, target, images, flags, watched=False, **options)
            except WincraftError:
                continue
            runs[label] = lambda compiled=compiled: compiled.outputs(images, shape)  # type: ignore[misc]
        return shortest(runs, len(images), rounds)


def rounding_bound(model: nn.Module, example: torch.Tensor) -> float:
    """The largest rounding error, in codes, of the sums of doubles that give an output; 0 where all sums are exact.

    Of n products in any order (n + 3) 2^-53 sum |a m|, where the scale of each m takes a rounding, its product with a
    takes another, and the ratio to the output's scale a third.
    """
    worst = 0.0
    for step in exported_network(model, example).steps:
        part = step.layer and step.layer.winograd
        if (
            part is None
            or (before := part.back[0].before) is None
            or np.array_equal(before, np.exp2(np.rint(np.log2(before))))
        ):
            continue
        axes = [np.array(item.program.matrix().to_list(), dtype=float) for item in part.back[0].passes]
        matrix = np.abs(reduce(np.kron, axes))
        largest = np.abs(before) * (part.products.high.max() if part.products else 2.0**31)
        errors = (matrix.shape[1] + 3) * 2.0**-53 * (matrix @ largest) * step.layer.output.ratio
        worst = max(worst, float(errors.max()))
    return worst


def outcome(name: str, model: nn.Module, test: Images, images: int, folder: Path, rounds: int) -> Outcome:
    """Compare and time one network."""
    found, right, alike = Agreement(), 0, 0
    inputs = test.inputs(slice(0, images))
    compiled = CompiledNetwork(model, folder, inputs, ("-O3", "-march=native"), watched=True)
    for batch, labels in track(
        list(zip(inputs.split(BATCH), test.labels[:images].split(BATCH), strict=True)), name, transient=True
    ):
        made = torch.from_numpy(compare(model, compiled, batch, found))
        with torch.no_grad():
            answers = model(batch).argmax(1)
        right += int((answers == labels).sum())
        alike += int((made.argmax(1) == answers).sum())
    milliseconds = timed(model, inputs[:TIMED].contiguous(), folder, rounds)
    return Outcome(name, 100 * right / images, alike, images, rounding_bound(model, inputs[:1]), found, milliseconds)


def agreement_table(outcomes: Sequence[Outcome]) -> str:
    """What was compared, and what was unlike.

    How near a sum of doubles came to the middle between two codes stands beside the bound of its rounding error.
    """
    lines = [
        "| network | accuracy % | answers alike | integers compared | unlike | logits differ by | nearest to a tie |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for item in outcomes:
        found = item.agreement
        nearest = f"{found.nearest:.1e} (error {item.bound:.1e})" if item.bound else ""
        cells = (f"{item.accuracy:.2f}", f"{item.alike} of {item.images}", f"{found.integers:,}", str(found.unlike))
        lines.append(f"| {item.name} | {' | '.join(cells)} | {found.difference:.1e} | {nearest} |")
    return "\n".join(lines)


def time_table(outcomes: Sequence[Outcome], floating: dict[str, float]) -> str:
    """Milliseconds per image."""
    names = list(dict.fromkeys(name for item in outcomes for name in item.milliseconds))
    lines = [f"| milliseconds per image | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for name, times in (("float32", floating), *((item.name, item.milliseconds) for item in outcomes)):
        cells = [f"{times[key]:.2f}" if key in times else "" for key in names]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", required=True, help="Folder of the CIFAR-10 python batches, or an .npz archive of JPEG files.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which network of the folder.")
@click.option("--images", type=click.IntRange(1), default=10_000, show_default=True, help="Test images to compare.")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True, help="Rounds of the timing.")
@click.option("--network", "names", type=click.Choice(NAMES), multiple=True, help="Only this one; may be repeated.")
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="A page whose tables are replaced.")
def main(
    folder: Path, data: str, seed: int, images: int, rounds: int, names: tuple[str, ...], into: Path | None
) -> None:
    """Export the 8-bit forms of a network that `experiments.cifar10` trained into FOLDER, compare and time them."""
    torch.set_num_threads(1)
    try:
        run(folder, load_cifar10(data), seed, images, rounds, names or NAMES, into)
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def run(
    folder: Path,
    data: tuple[Images, Images],
    seed: int,
    images: int,
    rounds: int,
    names: Sequence[str] = NAMES,
    into: Path | None = None,
    preset: Preset = PRESETS["cpu"],
) -> list[Outcome]:
    """What the command does, with a network of that preset.

    Raises:
        BadDocument: where the folder has no such network.
    """
    train, test = data
    trained = float_network(preset, folder, seed, train.source)
    generator = torch.Generator().manual_seed(seed + 1)
    rows = torch.randperm(len(train), generator=generator)[: preset.calibration_images]
    calibration = list(train.inputs(rows).split(100))
    outcomes = []
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        inputs = test.inputs(slice(0, TIMED)).contiguous(memory_format=torch.channels_last)
        floating = shortest(
            {
                "PyTorch, one image": lambda: [trained(image) for image in inputs.split(1)],
                f"PyTorch, {len(inputs)} images": lambda: trained(inputs),
            },
            len(inputs),
            rounds,
        )
        for number, name in enumerate(names):
            model = eight_bits(trained, name, calibration)
            outcomes.append(outcome(name, model, test, min(images, len(test)), Path(scratch, str(number)), rounds))
    for place, text in (("agreement", agreement_table(outcomes)), ("times", time_table(outcomes, floating))):
        click.echo(f"{text}\n")
        if into is not None:
            insert(into, place, text)
    return outcomes


def float_network(preset: Preset, folder: Path, seed: int, source: str) -> nn.Module:
    """The network in floating point that a run of a preset left in a folder.

    Raises:
        BadDocument: where there is none.
    """
    path = folder / f"seed{seed}" / "float.pt"
    if not path.is_file():
        repair = f"run python -m experiments.cifar10 cpu {folder} --seed {seed} --only float"
        raise BadDocument(str(path), "there is no such file", repair)
    plan = asdict(replace(preset.plan, seed=seed))
    settings = {"plan": plan, "network": preset.network, "width": preset.width, "data": source}
    model = network(preset.network, preset.width)
    model.load_state_dict(load_checkpoint(path, settings)["model"])
    return model.eval()


if __name__ == "__main__":
    main()
