# SPDX-License-Identifier: Apache-2.0
"""What a loaded state may hold: a state is a file from elsewhere, and a layer computes with it what it says."""

from __future__ import annotations

from collections.abc import Callable

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


def check_values(state_dict: StateDict, key: str, rule: str, good: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Check the values under a key, if there are any, by a rule in words and a function that says which are good.

    Raises:
        BadDocument: where one is not.

    >>> check_values({"zero_point": torch.tensor([0.0, 128.0])}, "zero_point", "codes", lambda values: values < 256)
    """
    given = state_dict.get(key)
    if not isinstance(given, torch.Tensor) or given.is_meta:  # PyTorch says what is missing or no tensor
        return
    if given.is_complex():
        raise BadDocument(f"{key} of a state", "its values are complex", _REPAIR)
    values = given.detach().double()
    if len(wrong := values[~good(values)].flatten()):
        raise BadDocument(f"{key} of a state", f"it holds {float(wrong[0]):g}; {rule}", _REPAIR)


def check_scales(state_dict: StateDict, key: str, unknown: bool = False) -> None:
    """Check that what a layer divides by is finite, positive and no subnormal number; NaN where `unknown` is allowed.

    Raises:
        BadDocument: where it is not.

    >>> check_scales({"scale": torch.tensor([0.5, float("nan")])}, "scale", unknown=True)
    """

    def good(values: torch.Tensor) -> torch.Tensor:
        normal = (values >= torch.finfo(torch.float64).tiny) & values.isfinite()
        return normal | values.isnan() if unknown else normal

    check_values(state_dict, key, "scales are positive, finite and normal numbers", good)


def check_exponents(state_dict: StateDict, key: str) -> None:
    """Check that 2 to the values, and to their negatives, is a normal number.

    Raises:
        BadDocument: where it is not.

    >>> check_exponents({"log_scale": torch.tensor([-3.5])}, "log_scale")
    """
    check_values(state_dict, key, "they are logarithms of scales", lambda values: values.abs() <= LARGEST_EXPONENT)
