# SPDX-License-Identifier: Apache-2.0
"""An exported network, compiled and called; the integers of every stage in C and in PyTorch."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from wincraft.errors import ToolFailed
from wincraft.files.source import compiler, run_program
from wincraft.measure.places import OUTPUT
from wincraft.torch import export_c
from wincraft.torch.stage import StoredStage

UNSEEN = int(np.iinfo(np.int32).min)
"""What stands where no integer was shown."""
LAYERS, STAGES = 256, 32
WATCH = f"""
#include <stddef.h>
#include <stdint.h>

static struct {{ int32_t *codes; ptrdiff_t first, vectors, channels; }} tables[{LAYERS}][{STAGES}];

void network_watch(int layer, int stage, ptrdiff_t position, ptrdiff_t vector, ptrdiff_t channel, const uint32_t *codes,
                   ptrdiff_t count)
{{
    ptrdiff_t i, channels = tables[layer][stage].channels;
    int32_t *to = tables[layer][stage].codes;
    if (!to) return;
    to += (position * tables[layer][stage].vectors + tables[layer][stage].first + vector) * channels;
    for (i = channel; i < channel + count && i < channels; ++i) to[i] = (int32_t)codes[i - channel];
}}

void watch_into(int layer, int stage, int32_t *codes, ptrdiff_t first, ptrdiff_t vectors, ptrdiff_t channels)
{{
    tables[layer][stage].codes = codes;
    tables[layer][stage].first = first;
    tables[layer][stage].vectors = vectors;
    tables[layer][stage].channels = channels;
}}
"""

Integers = dict[str, np.ndarray]
"""By the label of a stage, (positions, vectors, channels)."""


@dataclass
class Agreement:
    """How two implementations agree: integers compared and unlike, and the largest difference of the outputs.

    `nearest` is the least distance to the middle between two codes, in codes, of sums of doubles that were rounded.
    """

    integers: int = 0
    unlike: int = 0
    difference: float = 0.0
    nearest: float = inf
    places: set[tuple[int, str]] = field(default_factory=set)


class CompiledNetwork:
    """An exported network: `watched` shows its integers, `outputs` gives those of images.

    Raises:
        MissingTool, ToolFailed: where there is no compiler, and where it fails.
    """

    def __init__(
        self, model: nn.Module, folder: Path, example: torch.Tensor, flags: Sequence[str], watched: bool, **options: Any
    ) -> None:
        paths = export_c(model, folder, example, **options)
        sources = [path for path in paths if path.suffix == ".c"]
        if watched:
            sources.append(folder / "watch.c")
            sources[-1].write_text(WATCH, encoding="utf-8")
        self.path = folder / f"network{'_watched' * watched}.so"
        command = [*compiler(what="an exported network"), "-std=c99", *flags, *["-DNETWORK_WATCH"] * watched]
        command += ["-shared", "-fPIC", "-o", str(self.path), *map(str, sources), "-lm"]
        run_program(command, folder)
        self.library = ctypes.CDLL(str(self.path))
        self.library.network_work_size.restype = ctypes.c_size_t
        pointer, size = ctypes.c_void_p, ctypes.c_ssize_t
        self.library.network_run.argtypes = [
            *(pointer, ctypes.c_int, pointer, pointer, ctypes.c_size_t, ctypes.c_int, ctypes.c_int)
        ]
        if watched:
            self.library.watch_into.argtypes = [ctypes.c_int, ctypes.c_int, pointer, size, size, size]

    def outputs(self, images: torch.Tensor, shape: Sequence[int], threads: int = 1) -> np.ndarray:
        """Its outputs, an array (images, ...) of a shape, as that many threads give them, one after the other."""
        given = np.ascontiguousarray(images.numpy(force=True), dtype=np.float32)
        bytes_needed = self.library.network_work_size(threads)
        memory = np.full(bytes_needed + 64, 0xA5, dtype=np.uint8)
        work = memory.ctypes.data + -memory.ctypes.data % 64
        result = np.full(shape, np.nan, dtype=np.float32)
        for thread in range(threads):
            status = self.library.network_run(
                given.ctypes.data, len(given), result.ctypes.data, work, bytes_needed, thread, threads
            )
            if status:
                raise ToolFailed("network_run", f"it returned {status}", "give the images that it was exported for")
        return result

    def watched(
        self, images: torch.Tensor, like: Sequence[Integers], shape: Sequence[int]
    ) -> tuple[np.ndarray, list[Integers]]:
        """Its outputs and integers for images, in arrays like others."""
        found = [{label: np.full_like(codes, UNSEEN) for label, codes in stages.items()} for stages in like]
        outputs = np.empty(shape, dtype=np.float32)
        for number, image in enumerate(images.split(1)):
            for layer, stages in enumerate(found):
                for stage, codes in enumerate(stages.values()):
                    _, vectors, channels = codes.shape
                    first = number * (vectors // len(images))
                    self.library.watch_into(layer, stage, codes.ctypes.data, first, vectors, channels)
            outputs[number] = self.outputs(image, (1, *shape[1:]))[0]
        return outputs, found


def layer_integers(model: nn.Module, images: torch.Tensor, agreement: Agreement) -> tuple[torch.Tensor, list[Integers]]:
    """The outputs of a network for images, and the integers of its layers in the order in which they run.

    Those of filters are left out.
    """
    found: dict[str, dict[str, list[torch.Tensor]]] = {}

    def watch(layer: str, stage: StoredStage) -> Any:
        def hook(_: nn.Module, given: tuple[torch.Tensor, ...], made: tuple[torch.Tensor, torch.Tensor]) -> None:
            codes = made[0].detach().to(torch.int32)
            flat = codes.reshape(1, -1, codes.shape[-1]) if codes.ndim > 3 else codes
            found.setdefault(layer, {}).setdefault(str(stage.place), []).append(flat)
            if stage.place == OUTPUT and bool((given[0] != given[0].round()).any()):
                steps = given[0] * (given[1] / made[1])
                steps = steps[steps.abs() < stage.bound]
                distance = (steps - steps.floor() - 0.5).abs()
                agreement.nearest = min(agreement.nearest, float(distance.min()))

        return stage.register_forward_hook(hook)

    hooks = [
        watch(name.rpartition(".stages.")[0], stage)
        for name, stage in model.named_modules()
        if isinstance(stage, StoredStage) and stage.place.side != "weights"
    ]
    with torch.no_grad():
        outputs = model(images)
    for item in hooks:
        item.remove()
    return outputs, [{key: torch.cat(parts, 1).numpy() for key, parts in stages.items()} for stages in found.values()]


def compare(model: nn.Module, compiled: CompiledNetwork, images: torch.Tensor, agreement: Agreement) -> np.ndarray:
    """Take images into account; the outputs in C."""
    outputs, wanted = layer_integers(model, images, agreement)
    made, found = compiled.watched(images, wanted, tuple(outputs.shape))
    for layer, stages in enumerate(wanted):
        for label, codes in stages.items():
            unlike = int((found[layer][label] != codes).sum())
            agreement.integers += codes.size
            agreement.unlike += unlike
            if unlike:
                agreement.places.add((layer, label))
    agreement.difference = max(agreement.difference, float(np.abs(made - outputs.numpy()).max()))
    return made
