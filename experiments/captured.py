# SPDX-License-Identifier: Apache-2.0
"""Several trainings of one network at a time on one accelerator: each step is a captured graph, replayed on its stream.

The networks differ in their numbers only. One of them is compiled, and lends its modules to the others: while a step
is captured or a network answers, the modules hold that one's tensors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from experiments.images import Images, augmented, normalised
from experiments.training import RECORDS, Plan, load_checkpoint, optimisers_of, save_checkpoint
from wincraft.torch import fast_training

_WARM = 3
"""Steps before one is captured: they compile, choose kernels, and make what optimisers keep."""


class Training:
    """One network's numbers, its optimisers and its course; see `train_together`."""

    def __init__(
        self, model: nn.Module, numbers: nn.Module, data: Images, plan: Plan, path: Path, about: dict[str, Any]
    ):
        device = data.pixels.device
        self.model, self.data, self.plan, self.path = model, data, plan, path
        self.settings = {"plan": asdict(plan), **about}
        self.tensors = {name: tensor.detach().clone() for name, tensor in _tensors(numbers)}
        self.curve: list[dict[str, float]] = []
        self.pixels = torch.zeros((plan.batch, *data.pixels.shape[1:]), dtype=torch.uint8, device=device)
        self.labels = torch.zeros(plan.batch, dtype=torch.int64, device=device)
        self.seen = torch.zeros(2, dtype=torch.float64, device=device)
        self.stream = torch.cuda.Stream() if device.type == "cuda" else None
        self.steps = (plan.images or len(data)) // plan.batch
        self.replay: Callable[[], None] | None = None
        self.hold()
        self.optimisers = optimisers_of(model, plan, captured=True)

    def hold(self) -> nn.Module:
        """The modules, with the numbers of this network."""
        for name, tensor in _tensors(self.model):
            tensor.data = self.tensors[name]
        return self.model

    def prepare(self, forward: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Make the step, captured where there is CUDA, and go on from the checkpoint if there is one."""
        self.hold().train()
        before = {name: tensor.clone() for name, tensor in self.tensors.items()}
        self._rate(0.0)
        with self.on_stream():
            self.pixels.copy_(self.data.pixels[: self.plan.batch])
            for _ in range(_WARM):
                self._step(forward)
            if self.stream is None:
                self.replay = lambda: self._with_own_numbers(forward)
            else:
                self.stream.synchronize()
                graph = torch.cuda.CUDAGraph()
                self.model.zero_grad(set_to_none=True)
                with torch.cuda.graph(graph, stream=self.stream):
                    self._step(forward)
                self.replay = graph.replay
            for name, tensor in self.tensors.items():
                tensor.copy_(before[name])
            for optimiser in self.optimisers.values():
                for state in optimiser.state.values():
                    for item in state.values():
                        if isinstance(item, torch.Tensor):
                            item.zero_()
            if self.path.exists():
                self._load()

    def _with_own_numbers(self, forward: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.hold()
        self._step(forward)

    def _step(self, forward: Callable[[torch.Tensor], torch.Tensor]) -> None:
        device = self.pixels.device.type
        self.model.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=self.plan.bfloat16, cache_enabled=False):
            answers = forward(normalised(self.pixels))
        loss = F.cross_entropy(answers.float(), self.labels)
        with _coarse_products():
            loss.backward()
        if self.plan.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        for optimiser in self.optimisers.values():
            optimiser.step()
        right = (answers.argmax(1) == self.labels).sum()
        self.seen += torch.stack([loss.detach().double() * self.plan.batch, right.double()])

    def _rate(self, share: float) -> None:
        for key, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"].fill_(share * self.plan.rate_of(key))

    @property
    def done(self) -> int:
        """Epochs that are over."""
        return round(self.curve[-1]["epoch"]) if self.curve else 0

    def on_stream(self) -> AbstractContextManager[Any]:
        """What it does is in the order of its own stream."""
        return nullcontext() if self.stream is None else torch.cuda.stream(self.stream)

    def begin(self, epoch: int) -> None:
        """The images of an epoch, as `experiments.training.train` has them."""
        plan = self.plan
        generator = torch.Generator().manual_seed(plan.seed * 10_007 + epoch)
        order = torch.randperm(len(self.data), generator=generator)[: self.steps * plan.batch]
        with self.on_stream():  # so is the memory of what is made here: another stream would use it again too early
            rows = order.to(self.pixels.device)
            self.images = [augmented(self.data.pixels[part], generator) for part in rows.split(plan.batch)]
            self.classes = self.data.labels[rows].split(plan.batch)
            self.seen.zero_()
        self.started, self.counted = time.perf_counter(), 0

    def step(self, epoch: int, number: int) -> None:
        """Replay one step."""
        assert self.replay is not None
        with self.on_stream():
            self._rate(self.plan.share_at((epoch * self.steps + number) / (self.plan.epochs * self.steps)))
            self.pixels.copy_(self.images[number])
            self.labels.copy_(self.classes[number])
            self.replay()
        self.counted += 1

    def record(self, epoch: int, number: int) -> dict[str, float]:
        """Loss and accuracy since the last record."""
        with self.on_stream():
            total, right = self.seen.tolist()
            self.seen.zero_()
        now, images = time.perf_counter(), self.counted * self.plan.batch
        record = {"epoch": epoch + (number + 1) / self.steps, "loss": total / images, "accuracy": 100 * right / images}
        self.curve.append(record | {"seconds": round(now - self.started, 2)})
        self.started, self.counted = now, 0
        return self.curve[-1]

    def save(self) -> None:
        """Keep the state."""
        with self.on_stream():
            states = {key: optimiser.state_dict() for key, optimiser in self.optimisers.items()}
            model = self.hold().state_dict()
            save_checkpoint(self.path, self.settings, {"model": model, "curve": self.curve, **states})

    def _load(self) -> None:
        """Copy a state into the tensors that the captured step reads."""
        state = load_checkpoint(self.path, self.settings)
        self.curve = state["curve"]
        self.hold().load_state_dict(state["model"])
        for key, optimiser in self.optimisers.items():
            for number, kept in optimiser.state_dict()["state"].items():
                for name, item in kept.items():
                    item.copy_(state[key]["state"][number][name])


def train_together(
    networks: Sequence[nn.Module],
    data: Images,
    plans: Sequence[Plan],
    paths: Sequence[Path],
    about: dict[str, Any],
    compiled: bool = False,
    every: int = 2,
    after_record: Callable[[int, dict[str, float]], None] | None = None,
) -> list[Training]:
    """Train networks of the same modules, each with its plan and checkpoint, kept after every so many epochs.

    The plans differ in their seeds and rates only; images that fill no batch are left out of an epoch. `data` is on the
    device. On CUDA the steps are captured; `compiled`: by way of `torch.compile`. Gradients are products of TF32.
    """
    model = networks[0]
    fast_training(model)
    trainings = [
        Training(model, network, data, plan, path, about)
        for network, plan, path in zip(networks, plans, paths, strict=True)
    ]
    forward = torch.compile(model, dynamic=False) if compiled else model
    _wait()  # what follows is on other streams
    for training in trainings:
        training.prepare(forward)
    steps, epochs = trainings[0].steps, plans[0].epochs
    ends = {*range(-(-steps // RECORDS) - 1, steps, -(-steps // RECORDS)), steps - 1}
    for epoch in range(epochs):
        going = {place: training for place, training in enumerate(trainings) if training.done <= epoch}
        for training in going.values():
            training.begin(epoch)
        for number in range(steps if going else 0):
            for training in going.values():
                training.step(epoch, number)
            for place, training in going.items() if number in ends else ():
                record = training.record(epoch, number)
                if after_record is not None:
                    after_record(place, record)
        for training in going.values() if (epoch + 1) % every == 0 or epoch + 1 == epochs else ():
            training.save()
    _wait()
    return trainings


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters and buffers, also those that a state leaves out."""
    yield from model.named_parameters()
    yield from model.named_buffers()


@contextmanager
def _coarse_products() -> Iterator[None]:
    """Products of matrices of float32 in TF32: for gradients, which need no exact sums."""
    kept = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.fp32_precision = kept
