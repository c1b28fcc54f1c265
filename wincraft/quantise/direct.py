# SPDX-License-Identifier: Apache-2.0
"""Direct convolution of tiles: what every simulated algorithm is compared with."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from wincraft.measure.execution import grouped

Product = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of filters (K, C / groups r...) and windows (C r..., positions): (K, positions)."""


def in_float64(filters: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """The product of every group, in float64.

    >>> in_float64(np.ones((2, 3)), np.ones((3, 4))).tolist()
    [[[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]]
    """
    return np.asarray(np.matmul(*grouped(filters, windows)))


def directly(data: np.ndarray, weights: np.ndarray, multiply: Product = in_float64) -> np.ndarray:
    """Tiles (n..., C, T) with filters (r..., K, C / groups), as one product: the outputs (m..., K, T).

    >>> directly(np.arange(4.0).reshape(4, 1, 1), np.ones((3, 1, 1))).ravel().tolist()
    [3.0, 6.0]
    """
    d, K, T = data.ndim - 2, weights.shape[-2], data.shape[-1]
    m = tuple(n - r + 1 for n, r in zip(data.shape[:d], weights.shape[:d], strict=True))
    windows = np.lib.stride_tricks.sliding_window_view(data, m, axis=tuple(range(d)))  # (r..., C, T, m...)
    rows = windows.transpose(d, *range(d), *range(d + 2, 2 * d + 2), d + 1).reshape(-1, prod(m) * T)
    products = multiply(np.moveaxis(weights, (-2, -1), (0, 1)).reshape(K, -1), rows)
    return np.moveaxis(products.reshape(K, *m, T), 0, -2)
