# SPDX-License-Identifier: Apache-2.0
"""Extremes of bilinear forms over two boxes against every pair of corners, far beyond 64 bits too."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from wincraft.measure import corner_extremes
from wincraft.numbers import Box

FORMS = {
    "small": ([[1, 0], [1, -1]], Box(-1, 1), Box(0, 3)),
    "fractions": ([[1, -2, 3], [0, 1, 5]], Box("-1/3", "1/2"), Box("2/7", 1)),
    "within 64 bits": ([[2**30, -(2**29)], [7, 2**30]], Box(-(2**15), 2**15), Box(-(2**14), 2**15)),
    "beyond 64 bits": ([[2**40 + 1, -(2**41)], [3, 2**40]], Box(-(2**20), 2**21), Box(-(2**22), 2**20)),
    "a wide box": ([[1, 1], [1, -1]], Box(-(2**62), 2**62), Box(-(2**62), 2**61)),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_pair_of_corners(name):
    rows, v_box, u_box = FORMS[name]
    W = np.array(rows, dtype=object)
    values = {}
    for v in product((v_box.low, v_box.high), repeat=W.shape[0]):
        for u in product((u_box.low, u_box.high), repeat=W.shape[1]):
            values[v, u] = sum(x * w * y for x, row in zip(v, W, strict=True) for w, y in zip(row, u, strict=True))
    found = corner_extremes(W, v_box, u_box)
    assert (found.low, found.high) == (min(values.values()), max(values.values()))
    for end, signs in ((found.low, found.low_at), (found.high, found.high_at)):
        v = tuple(v_box.high if sign > 0 else v_box.low for sign in signs)
        assert end in [value for (corner, _), value in values.items() if corner == v]
