# SPDX-License-Identifier: Apache-2.0
"""Modules that store stages: their places, the state that says what it is of, and a watch on the values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from wincraft.errors import BadDocument
from wincraft.measure.places import Place
from wincraft.torch.casts import ExactModule
from wincraft.torch.stage import StoredStage
from wincraft.torch.state import StateDict, take_bytes

Watcher = Callable[[Place, torch.Tensor], object]
"""What is given the values of a place, (taps..., channels, vectors)."""


class StoringModule(ExactModule):
    """A module that stores stages: `placed` holds them, `stages` too, under names that modules may have.

    Its state carries its configuration, `described`, as a text in bytes, so that the state of another algorithm or
    scheme is refused. A state without one, as that of a plain convolution, is taken. `watch` sees the values of every
    place, see `wincraft.torch.watching.watching`.
    """

    stages: nn.ModuleDict
    placed: dict[Place, StoredStage]
    described = ""
    observing = False
    watch: Watcher | None = None

    def place_stages(self, stages: Iterable[StoredStage]) -> None:
        """Have these stages."""
        self.placed = {stage.place: stage for stage in stages}
        names = {place: str(place).replace(" ", "_").replace("-", "_") for place in self.placed}
        self.stages = nn.ModuleDict({names[place]: stage for place, stage in self.placed.items()})

    def _save_to_state_dict(self, destination: StateDict, prefix: str, keep_vars: bool) -> None:
        """The configuration goes with the state."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.described:
            destination[f"{prefix}configuration"] = torch.tensor(list(self.described.encode()), dtype=torch.uint8)

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """Raise `BadDocument` for the state of another configuration."""
        given = take_bytes(state_dict, f"{prefix}configuration") if self.described else None
        if given is not None:
            made, this = given.decode(errors="replace").split(", "), self.described.split(", ")
            if made != this:
                theirs = ", ".join(part for part in made if part not in this) or "less"
                mine = ", ".join(part for part in this if part not in made) or "less"
                repair = "convert the network as it was when the state was saved"
                what = f"the state of {prefix[:-1] or 'a layer'}"
                raise BadDocument(what, f"it is of {theirs}; this layer is {mine}", repair)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by the text of their place."""
        return {str(place): stage for place, stage in self.placed.items()}

    def observe(self, on: bool) -> None:
        """Whether the next batches set the scales."""
        self.observing = on
        for stage in self.placed.values():
            stage.observing = on
            if on:
                stage.reset()

    def show(self, place: Place, data: torch.Tensor, unit: torch.Tensor, taps: tuple[int, ...]) -> None:
        """Have the watch see multiples (taps, vectors, channels) of a unit, if there is a watch."""
        if self.watch is not None:
            self.watch(place, (data.detach() * unit.detach()).transpose(1, 2).unflatten(0, taps))


def fill_in(state_dict: StateDict, prefix: str, module: nn.Module) -> None:
    """Where a state has nothing under a prefix, as that of a plain convolution, what the module has stays."""
    if not any(key.startswith(prefix) for key in state_dict):
        state_dict.update(module.state_dict(prefix=prefix))
