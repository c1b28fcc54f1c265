# SPDX-License-Identifier: Apache-2.0
"""What a loaded state may hold: a state is a file from elsewhere, and a layer computes with it what it says."""

from __future__ import annotations

import torch

from wincraft.errors import BadDocument

StateDict = dict[str, object]
"""What is saved of a module, by name; what is loaded may hold anything."""
_REPAIR = "load a state as state_dict() of a calibrated network gives it"
LARGEST_EXPONENT = 1022
"""2 to it, and to its negative, is a normal number of float64."""


def take_bytes(state_dict: StateDict, key: str, length: int | None = None) -> bytes | None:
    """Take bytes out of a state; None where it has none.

    Raises:
        BadDocument: another type, shape or length.

    >>> take_bytes({"configuration": torch.tensor([70, 40], dtype=torch.uint8)}, "configuration")
    b'F('
    """
    if key not in state_dict:
        return None
    given = state_dict.pop(key)
    if not isinstance(given, torch.Tensor):
        raise BadDocument(f"{key} of a state", f"it is a {type(given).__name__}, no tensor of bytes", _REPAIR)
    if given.dtype != torch.uint8 or given.ndim != 1 or length not in (None, len(given)):
        wanted = f"{'' if length is None else f'{length} '}bytes (torch.uint8, one axis)"
        got = f"{given.dtype} of shape {tuple(given.shape)}"
        raise BadDocument(f"{key} of a state", f"it is of {got}, not of {wanted}", _REPAIR)
    return None if given.is_meta else bytes(given.tolist())


def check_scales(state_dict: StateDict, key: str, unknown: bool = False) -> None:
    """Check that what a layer divides by is finite, positive and no subnormal number; NaN where `unknown` is allowed.

    Raises:
        BadDocument: where it is not.

    >>> check_scales({"scale": torch.tensor([0.5, float("nan")])}, "scale", unknown=True)
    """
    values = _values(state_dict, key)
    if values is None:
        return
    good = (values >= torch.finfo(torch.float64).tiny) & values.isfinite()
    if unknown:
        good |= values.isnan()
    _refuse(key, values, good, "scales are positive, finite and normal numbers")


def check_exponents(state_dict: StateDict, key: str) -> None:
    """Check that 2 to the values is a normal number.

    Raises:
        BadDocument: where it is not.

    >>> check_exponents({"log_scale": torch.tensor([-3.5])}, "log_scale")
    """
    values = _values(state_dict, key)
    if values is not None:
        _refuse(key, values, values.abs() <= LARGEST_EXPONENT, "they are logarithms of scales")


def check_codes(state_dict: StateDict, key: str, low: int, high: int) -> None:
    """Check that the values are integers from `low` to `high`.

    Raises:
        BadDocument: where they are not.

    >>> check_codes({"zero_point": torch.tensor([0.0, 128.0])}, "zero_point", 0, 255)
    """
    values = _values(state_dict, key)
    if values is not None:
        good = (values == values.round()) & (values >= low) & (values <= high)
        _refuse(key, values, good, f"zero points are integers from {low} to {high}")


def _values(state_dict: StateDict, key: str) -> torch.Tensor | None:
    """The values under a key; None where there are none to look at."""
    given = state_dict.get(key)
    if not isinstance(given, torch.Tensor) or given.is_meta:  # PyTorch says what is missing or no tensor
        return None
    if given.is_complex():
        raise BadDocument(f"{key} of a state", "its values are complex", _REPAIR)
    return given.detach().double()


def _refuse(key: str, values: torch.Tensor, good: torch.Tensor, rule: str) -> None:
    if not bool(good.all()):
        raise BadDocument(f"{key} of a state", f"it holds {float(values[~good].flatten()[0]):g}; {rule}", _REPAIR)
