# SPDX-License-Identifier: Apache-2.0
"""Rounding with straight-through gradients."""

from __future__ import annotations

from typing import Protocol

import torch

FLOAT32_BITS = 24
"""Integers of so many bits are exact in float32."""
Bound = float | torch.Tensor
"""One end of what is stored, for all values or of float64 and broadcast to them."""


class _Context(Protocol):
    """What PyTorch hands to a function and its gradient."""

    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[torch.Tensor, ...]

    def save_for_backward(self, *tensors: torch.Tensor) -> None: ...


class RoundClip(torch.autograd.Function):
    """clip(round_half_even(x * ratio), low, high): one product in float64, rounded half to even.

    The gradients of x and of the ratio are those of the product where nothing is clipped, and 0 where something is.
    """

    @staticmethod
    def forward(
        ctx: _Context, x: torch.Tensor, ratio: torch.Tensor, low: Bound, high: Bound, dtype: torch.dtype
    ) -> torch.Tensor:
        """Take x of float32 or float64, the ratio of float64, which broadcasts; give codes in a `dtype` for them."""
        product = x * ratio if x.dtype == torch.float64 else x.double().mul_(ratio)  # a mixed product is slower
        rounded = product.round_().to(dtype)
        if not any(ctx.needs_input_grad):
            return _clip(rounded, low, high, in_place=True)
        codes = _clip(rounded, low, high)
        inside = rounded.eq_(codes).to(torch.int8)  # a comparison to bool takes six times as long
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else x.new_empty(0), ratio, inside)
        return codes

    @staticmethod
    def backward(ctx: _Context, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Straight through."""
        x, ratio, inside = ctx.saved_tensors
        passed = gradient * inside
        to_x = passed * ratio.to(passed.dtype) if ctx.needs_input_grad[0] else None
        to_ratio = (passed * x).sum_to_size(ratio.shape).to(ratio.dtype) if ctx.needs_input_grad[1] else None
        return to_x, to_ratio, None, None, None


def _clip(x: torch.Tensor, low: Bound, high: Bound, in_place: bool = False) -> torch.Tensor:
    if isinstance(low, torch.Tensor) and isinstance(high, torch.Tensor):  # torch.clamp takes four times as long
        return torch.minimum(torch.maximum(x, low.to(x.dtype)), high.to(x.dtype))
    clamp = x.clamp_ if in_place else x.clamp
    return clamp(low, high)  # type: ignore[arg-type]


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: _Context, rounded: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return rounded.clone()

    @staticmethod
    def backward(ctx: _Context, gradient: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, gradient


def straight_through(rounded: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The rounded values, with the gradient of x."""
    result: torch.Tensor = _StraightThrough.apply(rounded.detach(), x)
    return result


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def exact_word(word: torch.dtype) -> torch.dtype:
    """A dtype whose products of matrices are exact for integers that `word` holds.

    That is float64 where PyTorch is set to round the operands of float32 to TF32 or bfloat16.

    >>> exact_word(torch.float32)
    torch.float32
    """
    settings = (torch.backends.cuda.matmul, *(getattr(torch.backends.mkldnn, name) for name in ("matmul", "conv")))
    return torch.float64 if any(item.fp32_precision in ("tf32", "bf16") for item in settings) else word


def damped(x: torch.Tensor, factor: float) -> torch.Tensor:
    """The same values with a gradient times the factor."""
    return x.detach() + (x - x.detach()) * factor if x.requires_grad else x
