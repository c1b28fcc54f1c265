# SPDX-License-Identifier: Apache-2.0
"""A network in evaluation as steps between images, read from the graph that torch.fx traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from wincraft.emit.network.parts import ImageShape, NetworkStep, QuantisedLayer
from wincraft.errors import NotApplicable
from wincraft.torch.direct import DirectConv2d
from wincraft.torch.layer import WinogradConv2d

REPAIR = "take it out of the network, or write it with what docs/how-to/pytorch-to-c.md lists"


class _Tracer(fx.Tracer):
    """Our layers are steps."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, WinogradConv2d | DirectConv2d) or super().is_leaf_module(m, module_qualified_name)


class _Values(fx.Interpreter):
    """Runs a graph and keeps the value of every node."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.found: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        """The value of a node."""
        self.found[n] = super().run_node(n)
        return self.found[n]


class NetworkBuilder:
    """The steps of a network while its graph is read; images are known by number, the first is what goes in.

    Raises:
        NotApplicable: where torch.fx cannot trace the network.
    """

    def __init__(self, model: nn.Module, example: torch.Tensor, word: int) -> None:
        self.model, self.word = model, word
        try:
            graph = _Tracer().trace(model)
        except Exception as error:  # the network's own code runs, on stand-ins for tensors
            why = " ".join(str(error).split())[:160]
            repair = "write its forward without branches that look at values"
            raise NotApplicable("export of the network", f"torch.fx cannot trace it ({why})", repair) from None
        values = _Values(fx.GraphModule(model, graph))
        with torch.no_grad():
            values.run(example)
        self.values, self.graph = values.found, graph
        self.images: dict[fx.Node, int] = {}
        self.shapes: list[ImageShape] = []
        self.steps: list[NetworkStep] = []
        self.node: fx.Node | None = None

    def refusal(self, what: str, reason: str, repair: str = REPAIR) -> NotApplicable:
        """The error of what cannot be exported."""
        return NotApplicable(f"export of {what}", reason, repair)

    def shape(self, node: fx.Node) -> ImageShape:
        """Height, width and channels of a node's value."""
        value = self.values[node]
        sizes = tuple(value.shape)
        if len(sizes) == 4:
            return sizes[2], sizes[3], sizes[1]
        if len(sizes) == 2:
            return 1, 1, sizes[1]
        raise self.refusal(f"step {node.name}", f"its value has shape {sizes}, and images are (N, C, H, W)")

    def image(self, node: object) -> int:
        """The image of a node that an operation takes."""
        if not isinstance(node, fx.Node) or node not in self.images:
            raise self.refusal(f"step {self.node and self.node.name}", "one of its operands is no image")
        return self.images[node]

    def new(self, shape: ImageShape) -> int:
        """A new image."""
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def add(
        self,
        kind: str,
        node: fx.Node,
        inputs: tuple[int, ...],
        sizes: Mapping[str, int | float] | None = None,
        tables: Mapping[str, np.ndarray] | None = None,
        layer: QuantisedLayer | None = None,
    ) -> None:
        """A step that makes the image of a node."""
        output = self.new(self.shape(node))
        self.steps.append(NetworkStep(kind, inputs, output, sizes or {}, tables or {}, layer))
        self.images[node] = output

    def in_place(self, old: fx.Node, node: fx.Node) -> None:
        """What an operation has changed is its result from now on, under every name of the same tensor.

        Raises:
            NotApplicable: where other images are views of it.
        """
        changed = self.values[old]
        for name in self.images:
            seen = self.values[name]
            if seen.untyped_storage().data_ptr() != changed.untyped_storage().data_ptr():
                continue
            if (seen.shape, seen.stride(), seen.storage_offset()) != (
                changed.shape,
                changed.stride(),
                changed.storage_offset(),
            ):
                reason = f"it changes {name.name} in place, which {old.name} is a part of"
                raise self.refusal(f"step {node.name}", reason, "compute without changing in place")
            self.images[name] = self.images[node]
