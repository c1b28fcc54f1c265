# SPDX-License-Identifier: Apache-2.0
"""What a convolution layer is, and what TensorFlow Lite makes of its sums: from the definitions, in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np


def layer_of(x, g, pads=(0, 0, 0, 0), stride=(1, 1), groups=1, border=0):
    """y[n,i,j,k] = sum over c, p, q of x[n, i*stride + p - top, j*stride + q - left, c] g[k,c,p,q], c in k's group.

    `pads` are top, left, bottom, right; `border` is what lies there. The arithmetic is that of the arrays.
    """
    top, left, bottom, right = pads
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=border)
    (batch, height, width, _), (filters, channels, r, s) = x.shape, g.shape
    rows, columns = (height - r) // stride[0] + 1, (width - s) // stride[1] + 1
    y = np.zeros((batch, rows, columns, filters), x.dtype)
    for group in range(groups):
        of_group = slice(group * filters // groups, (group + 1) * filters // groups)
        for p in range(r):
            for q in range(s):
                window = x[:, p : p + rows * stride[0] : stride[0], q : q + columns * stride[1] : stride[1]]
                data = window[:, :rows, :columns, group * channels : (group + 1) * channels]
                y[..., of_group] += data @ g[of_group, :, p, q].T
    return y


def high_product(a, b):
    """SaturatingRoundingDoublingHighMul: 2 a b / 2^32 to the nearest integer, halves upwards."""
    if a == b == -(2**31):
        return 2**31 - 1
    return floor(Fraction(a * b, 2**31) + Fraction(1, 2))


def over_power(x, exponent):
    """RoundingDivideByPOT: x / 2^exponent to the nearest integer, halves away from 0."""
    size = floor(Fraction(abs(x), 2**exponent) + Fraction(1, 2))
    return size if x >= 0 else -size


def multiplied(x, multiplier, shift):
    """MultiplyByQuantizedMultiplier: x multiplier 2^(shift - 31), rounded twice, of Python integers."""
    shifted = x << max(shift, 0)
    assert -(2**31) <= shifted < 2**31
    return over_power(high_product(shifted, multiplier), max(-shift, 0))
