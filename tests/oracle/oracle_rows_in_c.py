# SPDX-License-Identifier: Apache-2.0
"""What the straight-line functions of a C header compute, read from their text."""

from __future__ import annotations

import re

import numpy as np

_LOAD = re.compile(r"const \w+ ([a-z])(\d+) = \w+\[[^\]]*\];")
_SUM = re.compile(r"(?:const \w+ (\w+)|\w\[\s*(\d+) \* \w_step\]) = ([^;]*);")
_TERM = re.compile(r"([+-]?)\s*(?:(\d+) \* )?([a-z]\d+|0\b)")


def on_the_way(text, function, inputs):
    """Of an integer line function everything that it computes, as rows of its inputs, and the rows that it stores.

    Products stand by the magnitudes of their factors but where a sum begins with them; behind them each partial sum.
    """
    body = re.search(rf"\b{function}\([^{{]*\)\n{{(.*?)\n}}", text, re.DOTALL)[1]
    values, computed, stored = {}, [], {}
    body = re.sub(r"\s+", " ", body)
    for match in _LOAD.finditer(body):
        values[match[1] + match[2]] = np.eye(inputs, dtype=np.int64)[int(match[2])]
    for name, place, right in _SUM.findall(_LOAD.sub("", body)):
        total = None
        for sign, factor, value in _TERM.findall(right):
            row = values.get(value, np.zeros(inputs, dtype=np.int64)) * int(factor or 1)
            if total is None:
                total = -row if sign == "-" else row
                computed.append(total)
                continue
            computed.append(row)
            total = total + (-row if sign == "-" else row)
            computed.append(total)
        if name:
            values[name] = total
        else:
            stored[int(place)] = total
    return computed, np.array([stored[k] for k in range(len(stored))])
