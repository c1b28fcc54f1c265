# SPDX-License-Identifier: Apache-2.0
"""Evenly spaced samples of what occurs: values, tiles, filters."""

from __future__ import annotations

import numpy as np

from wincraft.numbers.quantizer import Quantizer

_SAMPLE = 8192
_TILES, _FEWEST, _ENTRIES = 1 << 15, 256, 1 << 19
"""The most tiles, and of large tiles as few, by how many entries there are in all. What all channels share adds up."""


def value_sample(values: np.ndarray, quantizer: Quantizer | None) -> np.ndarray | None:
    """Evenly spaced values, 8,192 at most, where one scale serves them all; else None.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> value_sample(np.arange(3.0), parse_quantizer("int8")).tolist()
    [0.0, 1.0, 2.0]
    """
    if quantizer is None or quantizer.per == "channel":
        return None
    flat = values.ravel()
    return flat[:: -(-flat.size // _SAMPLE)]


def tile_sample(values: np.ndarray) -> np.ndarray:
    """Evenly spaced tiles of (positions..., channels, vectors), the positions flattened: (positions, 32,768 at most).

    >>> tile_sample(np.arange(12.0).reshape(2, 2, 3)).tolist()
    [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]
    """
    flat = values.reshape(-1, values.shape[-2] * values.shape[-1])
    return np.asarray(flat[:, _spread(flat.shape[1], _tiles_of(len(flat)))])


def filter_sample(weights: np.ndarray) -> np.ndarray:
    """Evenly spaced channels of filters (taps..., outputs, channels): (taps, outputs, channels), 32,768 at most in all.

    >>> filter_sample(np.zeros((3, 3, 16384, 5))).shape
    (9, 16384, 2)
    """
    flat = weights.reshape(-1, *weights.shape[-2:])
    return np.asarray(flat[..., _spread(flat.shape[2], max(1, _tiles_of(len(flat)) // flat.shape[1]))])


def _tiles_of(positions: int) -> int:
    return max(_FEWEST, min(_TILES, _ENTRIES // positions))


def _spread(size: int, count: int) -> np.ndarray:
    return np.arange(min(count, size)) * size // min(count, size)
