# SPDX-License-Identifier: Apache-2.0
"""Training with checkpoints, and the answers of a network on all test images."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from experiments.images import Images, augmented, normalised
from wincraft.errors import BadDocument

LOG_RATE = 0.01
"""The largest step of a learned logarithm, nearly."""
LOGARITHMS = "optimiser of logarithms"
MATRICES = "optimiser of matrices"
RECORDS = 10
"""Of an epoch in a learning curve."""


@dataclass(frozen=True)
class Plan:
    """How to train: SGD with momentum 0.9, the rate rising for a part of the time and then falling as a cosine.

    Learned logarithms, of scales and diagonals, are trained by Adam without decay, at `LOG_RATE` with the same course:
    the size of their gradients says little (Jain et al. 2020, arXiv 1903.08066).
    `images`: how many of the training images an epoch sees, None for all. `bfloat16`: products of the network are
    computed in bfloat16, on weights of float32. `matrix_rate`: where it is not 0, learned transforms are trained by
    Adam at this rate, without decay: their gradients are sums over all tiles, far larger than those of weights.
    `clip`: the largest norm of all gradients together, larger ones are scaled down to it; 0 for none.
    """

    epochs: int
    rate: float = 0.2
    batch: int = 128
    decay: float = 5e-4
    warmup: float = 0.15
    images: int | None = None
    bfloat16: bool = False
    seed: int = 0
    matrix_rate: float = 0.0
    clip: float = 0.0

    def rate_of(self, optimiser: str) -> float:
        """The largest learning rate of an optimiser."""
        return {LOGARITHMS: LOG_RATE, MATRICES: self.matrix_rate}.get(optimiser, self.rate)

    def share_at(self, progress: float) -> float:
        """The part of the learning rate after a part of the training."""
        if progress < self.warmup:
            return progress / self.warmup
        rest = torch.tensor((progress - self.warmup) / (1 - self.warmup))
        return float(1 + torch.cos(torch.pi * rest)) / 2


def train(
    model: nn.Module,
    data: Images,
    plan: Plan,
    checkpoint: Path | None = None,
    settings: dict[str, Any] | None = None,
    after_record: Callable[[dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Train in place; the learning curve, `RECORDS` records per epoch: loss and accuracy since the one before.

    With a checkpoint the state is kept there after every epoch, and a run that finds one goes on from it: images and
    augmentation of an epoch depend on the seed and its number alone, so that the result is the same.

    Raises:
        BadDocument: where the checkpoint was made with other settings.
    """
    device = next(model.parameters()).device
    optimisers = optimisers_of(model, plan)
    settings = {"plan": asdict(plan), **(settings or {})}
    curve: list[dict[str, float]] = []
    if checkpoint is not None and checkpoint.exists():
        state = load_checkpoint(checkpoint, settings)
        model.load_state_dict(state["model"])
        for key, optimiser in optimisers.items():
            optimiser.load_state_dict(state[key])
        curve = state["curve"]
    count = plan.images or len(data)
    steps = -(-count // plan.batch)
    every = -(-steps // RECORDS)
    for epoch in range(round(curve[-1]["epoch"]) if curve else 0, plan.epochs):
        generator = torch.Generator().manual_seed(plan.seed * 10_007 + epoch)
        order = torch.randperm(len(data), generator=generator)[:count]
        model.train()
        started, seen, total, right = time.perf_counter(), 0, 0.0, 0
        for step in range(steps):
            rows = order[step * plan.batch : (step + 1) * plan.batch]
            pixels = augmented(data.pixels[rows.to(data.pixels.device)].to(device), generator)
            labels = data.labels[rows.to(data.labels.device)].to(device)
            share = plan.share_at((epoch * steps + step) / (plan.epochs * steps))
            for key, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = share * plan.rate_of(key)
            with torch.autocast(device.type, torch.bfloat16, enabled=plan.bfloat16):
                answers = model(normalised(pixels))
            loss = F.cross_entropy(answers.float(), labels)
            model.zero_grad()
            loss.backward()
            if plan.clip:
                nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
            for optimiser in optimisers.values():
                optimiser.step()
            seen += len(rows)
            total += loss.item() * len(rows)
            right += int((answers.argmax(1) == labels).sum())
            if (step + 1) % every and step + 1 < steps:
                continue
            record = {"epoch": epoch + (step + 1) / steps, "loss": total / seen, "accuracy": 100 * right / seen}
            curve.append(record | {"seconds": round(time.perf_counter() - started, 2)})
            started, seen, total, right = time.perf_counter(), 0, 0.0, 0
            if after_record is not None:
                after_record(curve[-1])
        if checkpoint is not None:
            states = {key: optimiser.state_dict() for key, optimiser in optimisers.items()}
            save_checkpoint(checkpoint, settings, {"model": model.state_dict(), "curve": curve, **states})
    return curve


def optimisers_of(model: nn.Module, plan: Plan, captured: bool = False) -> dict[str, torch.optim.Optimizer]:
    """One for the weights, others for learned logarithms and matrices if there are any that it does not serve.

    `captured` ones have their rates in tensors, and can be part of a captured graph.
    """
    groups: dict[str, list[nn.Parameter]] = {"optimiser": [], LOGARITHMS: [], MATRICES: []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            learned = MATRICES if plan.matrix_rate and ".matrices." in name else "optimiser"
            groups[LOGARITHMS if name.rpartition(".")[2].startswith("log_") else learned].append(parameter)
    weights = groups.pop("optimiser")
    decayed = {"params": [p for p in weights if p.ndim > 1], "weight_decay": plan.decay}
    others = {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0}
    device = next(model.parameters()).device

    def rate(key: str) -> float | torch.Tensor:
        return torch.tensor(plan.rate_of(key), device=device) if captured else plan.rate_of(key)

    made: dict[str, torch.optim.Optimizer] = {
        "optimiser": torch.optim.SGD(
            [decayed, others], lr=rate("optimiser"), momentum=0.9, nesterov=True, fused=captured or None
        )
    }
    for key, parameters in groups.items():
        if parameters:
            made[key] = torch.optim.Adam(parameters, lr=rate(key), capturable=captured and device.type == "cuda")
    return made


def save_checkpoint(path: Path, settings: dict[str, Any], state: dict[str, Any]) -> None:
    """Written beside and moved into place, so that a run that is stopped leaves the last one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save({"settings": json.dumps(settings, sort_keys=True), **state}, partial)
    partial.replace(path)


def load_checkpoint(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The state of a checkpoint that was made with these settings.

    Raises:
        BadDocument: where it was made with others, or is none.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        made = json.loads(state["settings"])
    except Exception as error:  # torch.load raises what its readers raise
        raise BadDocument(str(path), f"it is no checkpoint ({type(error).__name__})", "remove it") from None
    wanted = json.loads(json.dumps(settings))
    if made != wanted:
        differing = ", ".join(
            f"{key} {made.get(key)!r}, not {wanted.get(key)!r}"
            for key in sorted(made.keys() | wanted.keys())
            if made.get(key) != wanted.get(key)
        )
        raise BadDocument(str(path), f"it was made with {differing}", "name another folder, or remove it")
    return state


@torch.no_grad()
def answers(model: nn.Module, data: Images, batch: int = 100) -> torch.Tensor:
    """The class that the network in evaluation mode gives every image, in order."""
    device = next(model.parameters()).device
    model.eval()
    parts = [
        model(normalised(data.pixels[start : start + batch].to(device))).argmax(1).cpu()
        for start in range(0, len(data), batch)
    ]
    return torch.cat(parts)


def accuracy(given: torch.Tensor, data: Images) -> float:
    """Per cent of right answers."""
    return 100 * float((given == data.labels.cpu()).double().mean())
