# SPDX-License-Identifier: Apache-2.0
"""Modules whose numbers stay as exact as they are when a network is cast to another dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import nn


class ExactModule(nn.Module):
    """A module whose own float64 buffers stay float64: in another dtype they would store other integers."""

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        kept = {name: item for name, item in self._buffers.items() if item is not None and item.dtype == torch.float64}
        super()._apply(fn, recurse)
        for name, item in kept.items():
            moved = self._buffers[name]
            if moved is not None and moved.dtype != torch.float64:
                self._buffers[name] = item.to(moved.device)
        return self


class WideModule(ExactModule):
    """A module whose parameters stay float32 or wider: in half precision, learned scales would be others."""

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        kept = {parameter: parameter.detach() for parameter in self.parameters()}
        super()._apply(fn, recurse)
        for parameter, item in kept.items():
            if parameter.dtype.itemsize < torch.float32.itemsize:
                parameter.data = item.to(parameter.device)
        return self
