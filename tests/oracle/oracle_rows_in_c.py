# SPDX-License-Identifier: Apache-2.0
"""The order in which C headers sum a row: its first positive term first, the others as they stand."""

from __future__ import annotations

import numpy as np


def on_the_way(row):
    """What ``x2 - 4 * x0 + x3`` computes, as rows: the products, by magnitudes but for the first term, and each sum."""
    terms = [k for k, c in enumerate(row) if c]
    first = next((k for k in terms if row[k] > 0), min(terms, default=None))
    partial = np.zeros(len(row), dtype=np.int64)
    for k in sorted(terms, key=lambda k: k != first):
        unit = np.eye(len(row), dtype=np.int64)[k]
        yield unit * (row[k] if k == first else abs(row[k]))
        partial = partial + row[k] * unit
        yield partial
