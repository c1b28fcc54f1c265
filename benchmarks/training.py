# SPDX-License-Identifier: Apache-2.0
"""A step of training of ResNet-20, its convolutions in 8 bits, direct and as F(4x4,3x3), exact and fast, on one core.

    python -m benchmarks.training                      # 64 images, the network of the experiment
    python -m benchmarks.training --width 0.5 --turns 20

All networks take turns in one process with one thread; the time is the least processor time of a step: forward, loss,
backward. `kept` is what the convolutions' functions of autograd keep for the gradient. `differing` is the share of the
codes of the outputs of all layers that a fast step stores otherwise than an exact one from the same inputs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from benchmarks.kernel_engines.holding import processor
from experiments.networks import network, quantised
from experiments.rows import ROWS, Case
from wincraft.torch import WinogradConv2d, calibrate, fast_training

NAMES = {
    "F(4x4,3x3), flex": "canonical, flex",
    "F(4x4,3x3), flex, learned scales": "canonical, flex, learned clipping",
    "F(4x4,3x3), Legendre, flex": "Legendre, flex",
    "F(4x4,3x3), fixed": "canonical",
    "F(4x4,3x3), per tap": "best points, per tap",
}


def networks(width: float, x: torch.Tensor) -> dict[str, nn.Module]:
    """The networks by name, calibrated, in training."""
    torch.manual_seed(0)
    base = network("resnet20", width).to(memory_format=torch.channels_last)
    rows = {row.name: row for row in ROWS}
    made: dict[str, nn.Module] = {"nn.Conv2d, float32": base}
    for name, case in {"direct": Case(None), **{name: Case(rows[row], 4, 8) for name, row in NAMES.items()}}.items():
        for fast in (False, True):
            model = quantised(base, case).eval()
            calibrate(model, [x])
            fast_training(model, fast)
            made[f"{name}, {'fast' if fast else 'exact'}"] = model.requires_grad_(True)
    return {name: model.train() for name, model in made.items()}


def step(model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> None:
    """Forward, loss, backward."""
    model.zero_grad()
    nn.functional.cross_entropy(model(x), labels).backward()


@contextmanager
def kept_bytes() -> Iterator[Callable[[], float]]:
    """How many MB the tensors take that autograd keeps, each once."""
    sizes: dict[int, int] = {}

    def keep(item: torch.Tensor) -> torch.Tensor:
        sizes[item.untyped_storage().data_ptr()] = item.untyped_storage().nbytes()
        return item

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda item: item):
        yield lambda: sum(sizes.values()) / 1e6


@torch.no_grad()
def differing(model: nn.Module, x: torch.Tensor) -> float:
    """The share of output codes, over all Winograd layers, that a fast step stores otherwise."""
    seen: list[tuple[int, int]] = []

    def compare(layer: nn.Module, given: tuple[torch.Tensor, ...], y: torch.Tensor) -> None:
        exact = layer.eval()
        expected = exact._conv_forward(given[0], layer.weight, layer.bias)
        layer.train()
        with torch.enable_grad():
            stored = layer._conv_forward(given[0], layer.weight, layer.bias)
        unit = layer.scales["output"].scale.max()
        seen.append((int(((stored - expected).abs() > unit / 2).sum()), y.numel()))

    hooks = [m.register_forward_hook(compare) for m in model.modules() if isinstance(m, WinogradConv2d)]
    model(x)
    for hook in hooks:
        hook.remove()
    return sum(count for count, _ in seen) / max(1, sum(total for _, total in seen))


def main() -> None:
    """Print the table of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.partition("\n")[0])
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--turns", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(1)
    x = torch.randn(options.images, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (options.images,))
    made = networks(options.width, x)
    best = dict.fromkeys(made, float("inf"))
    for _ in range(options.turns + 1):
        for name, model in made.items():
            start = time.thread_time()
            step(model, x, labels)
            best[name] = min(best[name], time.thread_time() - start)
    machine = f"{processor()['model name'].strip()}, one thread; PyTorch {torch.__version__}"
    print(f"{machine}; ResNet-20, width {options.width:g}, {options.images} images\n")
    print("| step | ms | of float32 | of direct, fast | kept, MB | differing |\n|---|---:|---:|---:|---:|---:|")
    for name, model in made.items():
        with kept_bytes() as kept:
            loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        share = f"{100 * differing(model, x):.3f} %" if "F(4x4" in name and name.endswith("fast") else ""
        ratios = best[name] / best["nn.Conv2d, float32"], best[name] / best["direct, fast"]
        print(f"| {name} | {1e3 * best[name]:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {kept():.0f} | {share} |")


if __name__ == "__main__":
    main()
