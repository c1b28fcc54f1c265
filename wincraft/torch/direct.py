# SPDX-License-Identifier: Apache-2.0
"""Direct convolution with its operands and outputs stored as a scheme says: what Winograd layers are compared with."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import torch
from torch import nn

from wincraft.errors import NotApplicable
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, Place
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.simulation import direct_quantizers
from wincraft.torch.learning import LearnedStage
from wincraft.torch.replacement import Replacement, check_input, like_direct
from wincraft.torch.rounding import FLOAT32_BITS, exact_word
from wincraft.torch.stage import StoredStage, StoringModule, fill_in, of_integers
from wincraft.torch.state import StateDict


class DirectLayer(StoringModule, Replacement):
    """What the layers share.

    Raises:
        NotApplicable: for a scheme that is not of integers.
    """

    def __init__(
        self, *args: Any, scheme: str | Scheme, learn_scales: bool = False, note: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.scheme = as_scheme(scheme)
        self.note = note
        quantizers = direct_quantizers(self.scheme)
        if not of_integers(self.scheme, quantizers.values()):
            raise NotApplicable(f"direct layer under {self.scheme.name}", "it is no scheme of integers", "leave it out")
        self.register_buffer("one", torch.ones(1, 1, 1, dtype=torch.float64), persistent=False)
        stage = LearnedStage if learn_scales else StoredStage
        self.place_stages(
            stage(place, quantizer, self._taps(place), channels, self.scheme.calibration)
            for place, channels in (
                (INPUT, self.in_channels),
                (WEIGHTS, self.out_channels),
                (OUTPUT, self.out_channels),
            )
            if (quantizer := quantizers[place.stage]) is not None
        )
        self.described = f"direct, {self.scheme.describe()}{', scales' if learn_scales else ''}"
        self.stages.to(self.weight.device, torch.promote_types(self.weight.dtype, torch.float32))

    one: torch.Tensor

    def extra_repr(self) -> str:
        """The layer, the scheme, and why it is direct."""
        return ", ".join(part for part in (super().extra_repr(), self.scheme.name, self.note) if part)

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args)
        fill_in(state_dict, f"{prefix}stages.", self.stages)

    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        check_input(self, input)
        self.check_weights(weight)
        d = len(self.kernel_size)
        with torch.autocast(input.device.type, enabled=False):
            dtype = torch.promote_types(input.dtype, torch.float32)
            batch = input if input.ndim == d + 2 else input[None]
            x, x_unit, x_bound = self._store(INPUT, batch.to(dtype).movedim(1, -1), self.one)
            filters = weight.to(dtype).permute(*range(2, d + 2), 1, 0)
            w, w_unit, w_bound = self._store(WEIGHTS, filters, self.one)
            plain = self.fast_training and self.training
            word = torch.float32 if plain else _word(x_bound * w_bound * weight[0].numel(), x.device.type)
            codes = w.to(word).movedim((-1, -2), (0, 1))
            y = super()._conv_forward(x.to(word).movedim(-1, 1), codes, None)
            y, unit, _ = self._store(OUTPUT, y.movedim(1, -1), x_unit * w_unit)
            y = y * unit.to(y.dtype).view(-1)
            if bias is not None:
                y = y + bias.to(y.dtype)
        return like_direct(self, y, input)

    def _taps(self, place: Place) -> tuple[int, ...]:
        return self.kernel_size if place == WEIGHTS else (1,) * len(self.kernel_size)

    def _store(self, place: Place, value: torch.Tensor, unit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
        """What is stored of a value whose channels come last, its unit and its bound."""
        taps, bound, codes = self._taps(place), inf, value
        if (stage := self.placed.get(place)) is not None:
            flat = value.reshape(prod(taps), -1, value.shape[-1])
            flat, unit = stage(flat, unit, 1 if place == WEIGHTS else len(value))
            codes, bound = flat.view(value.shape), stage.bound
        self.show(place, codes.reshape(prod(taps), -1, codes.shape[-1]), unit, taps)
        return codes, unit, bound


class DirectConv2d(DirectLayer, nn.Conv2d):
    """`nn.Conv2d` with input, weights and output stored by a scheme of integers, and exact sums; 8-bit inference.

    Where the scheme stores no input or weights its U and V are taken, per tensor. `calibrate` sets the scales.

    Raises:
        NotApplicable: for a scheme that is not of integers, and where a stage has no scales yet.

    >>> layer = DirectConv2d(3, 8, 3, padding=1, scheme="tapwise-8")
    >>> sorted(layer.labelled)
    ['input', 'output', 'weights']
    """


class DirectConv1d(DirectLayer, nn.Conv1d):
    """`nn.Conv1d`, as `DirectConv2d`.

    >>> DirectConv1d(3, 8, 1, scheme="barabasz-2020-8").scheme.output.name
    'int8/tensor'
    """


class DirectConv3d(DirectLayer, nn.Conv3d):
    """`nn.Conv3d`, as `DirectConv2d`.

    >>> sorted(DirectConv3d(3, 8, 3, scheme="tapwise-8").labelled)
    ['input', 'output', 'weights']
    """


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _word(bound: float, device: str) -> torch.dtype:
    """A dtype whose convolutions of integers are exact sums.

    In float32 that is oneDNN's on the CPU; NNPACK and cuDNN may run Winograd's algorithm or an FFT themselves.
    """
    plain = device == "cpu" and torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    return exact_word(torch.float32) if plain and bound < 2**FLOAT32_BITS else torch.float64
