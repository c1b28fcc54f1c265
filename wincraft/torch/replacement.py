# SPDX-License-Identifier: Apache-2.0
"""What layers share that take the place of torch's own: inputs, outputs, and which weights their scales belong to."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from typing import Any, Self

import torch
from torch.nn.modules.conv import _ConvNd

from wincraft.errors import BadShape, TooLarge, WrongType
from wincraft.torch.stage import StoredStage
from wincraft.torch.state import StateDict, take_bytes

_DIGEST = 16
"""Bytes of a fingerprint."""


class StaleScales(UserWarning):
    """A layer's weights are others than those its scales were calibrated with; `layer` is its name.

    Typically batch normalisation was folded, or a state loaded, after `calibrate`: values then leave the ranges that
    the scales were made for, and are clipped.

    >>> print(StaleScales("stem"))
    layer stem: its weights changed since it was calibrated, its scales did not; call calibrate(model, loader) again
    """

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer

    def __str__(self) -> str:
        reason = "its weights changed since it was calibrated, its scales did not"
        return f"layer {self.layer}: {reason}; call calibrate(model, loader) again"


def fingerprint(weight: torch.Tensor) -> bytes:
    """A hash of the shape and the values of a tensor, whatever its dtype, its device and its order in memory.

    >>> w = torch.tensor([0.5, -2.0])
    >>> fingerprint(w) == fingerprint(w.half()), fingerprint(w) == fingerprint(w.flip(0))
    (True, False)
    """
    values = weight.detach().to("cpu", torch.float64).contiguous().numpy().astype("<f8", copy=False)
    digest = hashlib.blake2b(str(tuple(weight.shape)).encode(), digest_size=_DIGEST)
    digest.update((values + 0.0).data)  # -0 is 0
    return digest.digest()


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _check(weight: torch.Tensor, known: bytes, layer: str) -> bool:
    """Warn where weights are others than the known ones; compiled, when the layer is."""
    other = fingerprint(weight) != known
    if other:
        warnings.warn(StaleScales(layer), stacklevel=3)
    return other


class Replacement(_ConvNd):
    """A convolution that takes the place of torch's own, and may store stages with scales of its own weights.

    `calibrate` has it remember the weights. In use it looks at them again whenever they may be others (a new tensor, or
    one written to) and warns once, with `StaleScales`. Weights that are trained, in training mode and with gradients,
    are the scales' own: they adapt to them. What writes past PyTorch's counter of changes, through ``weight.data``, is
    seen at the next change of mode and in a report; a compiled layer looks when it is compiled.
    """

    layer_name = ""
    _known: bytes | None = None
    _seen: tuple[torch.Tensor, int, int] | None = None
    _trained = False
    _warned = False

    @classmethod
    def from_direct(cls, direct: _ConvNd, **options: Any) -> Self:
        """The layer with the weights of a direct one, which it shares; options as for the layer itself."""
        if direct.transposed:
            options["output_padding"] = direct.output_padding
        layer = cls(
            direct.in_channels,
            direct.out_channels,
            direct.kernel_size,
            stride=direct.stride,
            padding=direct.padding,
            dilation=direct.dilation,
            groups=direct.groups,
            bias=direct.bias is not None,
            padding_mode=direct.padding_mode,
            device=direct.weight.device,
            dtype=direct.weight.dtype,
            **options,
        )
        layer.weight, layer.bias = direct.weight, direct.bias
        return layer.train(direct.training).to(direct.weight.device)

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by label."""
        return {}

    def remember_weights(self, name: str) -> None:
        """The scales now belong to the present weights; `name` is that of the layer in its network."""
        if not any(stage.quantizer.per for stage in self.labelled.values()):
            return
        self.layer_name, self._known = name, fingerprint(self.weight)
        self._seen, self._trained, self._warned = None, False, False

    @property
    def stale(self) -> bool:
        """Whether the weights are others than those of the calibration."""
        self._settle()
        return self._known is not None and not self._trained and fingerprint(self.weight) != self._known

    def check_weights(self, weight: torch.Tensor) -> None:
        """Warn with `StaleScales` where the weights of this forward pass are not those of the calibration."""
        if self.training and torch.is_grad_enabled() and weight.requires_grad:
            if not torch.compiler.is_exporting():
                self._trained = True
            return
        if torch.compiler.is_compiling():
            if self._known is not None and not self._trained and not torch.compiler.is_exporting():
                _check(weight, self._known, self.layer_name or type(self).__name__)
            return
        self._settle()
        if self._known is None or self._warned or self._trained:
            return
        try:
            seen = (weight, 0 if weight.is_inference() else weight._version, weight.data_ptr())
        except RuntimeError:  # a tensor without values, as while a network is traced
            return
        if self._seen is not None and self._seen[0] is weight and self._seen[1:] == seen[1:]:
            return
        if any(stage.observing for stage in self.labelled.values()):  # the scales are being made for these weights
            return
        self._warned = _check(weight, self._known, self.layer_name or type(self).__name__)
        self._seen = seen

    def _settle(self) -> None:
        """Weights that were trained are the known ones; while training goes on they are again and again."""
        if self._trained and not self.training:
            self._known = self._known and fingerprint(self.weight)
            self._trained = False

    def train(self, mode: bool = True) -> Self:
        """As of every module; when training ends its weights are known, and looked at anew."""
        ends = self.training and not mode
        super().train(mode)
        if ends:
            self._settle()
            self._seen = None
        return self

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        """Weights in another dtype are the same ones."""
        before = self.weight.detach()
        super()._apply(fn, recurse)
        cast = self._known is not None and before.dtype != self.weight.dtype
        if cast and not (before.is_meta or self.weight.is_meta) and fingerprint(before) == self._known:
            self._known = fingerprint(self.weight)
        return self

    def _save_to_state_dict(self, destination: StateDict, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        self._settle()
        known = self._known and (fingerprint(self.weight) if self._trained else self._known)
        if known is not None:
            destination[f"{prefix}calibrated_weights"] = torch.tensor(list(known), dtype=torch.uint8)

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """Which weights the scales belong to comes with them; a state with scales that does not say is of its own."""
        if not self.labelled:
            super()._load_from_state_dict(state_dict, prefix, *args)
            return
        known = take_bytes(state_dict, f"{prefix}calibrated_weights", _DIGEST)
        weight = state_dict.get(f"{prefix}weight")
        scales = any(key.startswith(prefix) and key.endswith(".scale") for key in state_dict)
        super()._load_from_state_dict(state_dict, prefix, *args)
        if known is None and not scales:
            return
        if isinstance(weight, torch.Tensor) and not (weight.is_meta or self.weight.is_meta):
            own = known in (None, fingerprint(weight))
            known = fingerprint(self.weight) if own else known
        self._known, self._seen, self._trained, self._warned = known, None, False, False


def check_input(layer: _ConvNd, x: torch.Tensor) -> None:
    """Check that an input is one for a layer.

    Raises:
        WrongType: no floating point.
        TooLarge: a kernel beyond the input.
        BadShape: other channels or dimensions.
    """
    d = len(layer.kernel_size)
    if not x.is_floating_point():
        raise WrongType("of floating point", f"an input of {x.dtype}", "call .float() on it")
    if x.ndim not in (d + 1, d + 2) or x.shape[-d - 1] != layer.in_channels:
        sizes = ("H", "H, W", "D, H, W")[d - 1]
        raise BadShape("input", str(tuple(x.shape)), f"(N, {layer.in_channels}, {sizes})")
    if layer.transposed:
        return
    low, high = pads(layer)
    for axis, (r, spread) in enumerate(zip(layer.kernel_size, layer.dilation, strict=True)):
        size = x.shape[axis - d] + low[axis] + high[axis]
        if size < (r - 1) * spread + 1:
            repair = "use a smaller kernel or more padding"
            raise TooLarge("the padded input", f"a kernel {layer.kernel_size} on {size} values", repair)


def like_direct(layer: _ConvNd, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Outputs (N, H, W, K) with the axes, the dtype and the order in memory that torch's own layer gives them."""
    kind = x.device.type
    cast = torch.is_autocast_enabled(kind) and x.dtype != torch.float64
    y = y.movedim(-1, 1).to(torch.get_autocast_dtype(kind) if cast else x.dtype)
    if x.ndim < y.ndim:
        return y[0].contiguous()
    order = {4: torch.channels_last, 5: torch.channels_last_3d}.get(y.ndim, torch.contiguous_format)
    last = layer.padding_mode != "circular" and not x.is_contiguous() and x.is_contiguous(memory_format=order)
    return y.contiguous(memory_format=order if last else torch.contiguous_format)


def pads(layer: _ConvNd) -> tuple[list[int], list[int]]:
    """Positions that a layer adds before and behind each axis."""
    if layer.padding == "valid":
        return [0] * len(layer.kernel_size), [0] * len(layer.kernel_size)
    if layer.padding == "same":
        totals = [(r - 1) * spread for r, spread in zip(layer.kernel_size, layer.dilation, strict=True)]
        return [total // 2 for total in totals], [total - total // 2 for total in totals]
    both = [int(pad) for pad in layer.padding]
    return both, list(both)
