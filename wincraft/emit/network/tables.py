# SPDX-License-Identifier: Apache-2.0
"""The constant tables of a quantised network: filters in panels, ratios, ends, units, biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from wincraft.emit.c.text import LINE_LENGTH
from wincraft.emit.network.parts import NetworkStep, QuantisedLayer, Storing, whole

EXCESS = 128
"""What is added to operands of 8 bits, where the processor multiplies unsigned by signed ones."""
ConstantArray = tuple[str, str, np.ndarray]
"""The type of its numbers, its name, and its values."""


def table_definition(type: str, name: str, values: np.ndarray) -> str:
    """A constant array; floating-point numbers with as many digits as bring back the very number.

    >>> print(table_definition("double", "ratio", np.array([0.1, 2.0])))
    static const double ratio[2] = {
        0.1, 2.0,
    };
    """
    if type == "float":
        items = [f"{number!s}F" for number in values.astype(np.float32).ravel()]
    else:
        items = [repr(number) for number in values.ravel().tolist()]
    return "\n".join([f"static const {type} {name}[{len(items)}] = {{", *_lines(items), "};"])


def _lines(items: Sequence[str]) -> Iterator[str]:
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > LINE_LENGTH:
            yield line
            line = "   "
        line += f" {item},"
    yield line


def panels(filters: np.ndarray, columns: int, step: int) -> np.ndarray:
    """Filters (taps, channels, outputs) as [panel][tap][channels / step][columns][step], zeros where there are none.

    >>> panels(np.arange(6).reshape(1, 3, 2), 2, 2).tolist()
    [[[[[0, 2], [1, 3]], [[4, 0], [5, 0]]]]]
    """
    taps, channels, outputs = filters.shape
    deep, wide = whole(channels, step), whole(outputs, columns)
    padded = np.zeros((taps, deep, wide), dtype=filters.dtype)
    padded[:, :channels, :outputs] = filters
    return padded.reshape(taps, deep // step, step, wide // columns, columns).transpose(3, 0, 1, 4, 2)


def excess_sums(filters: np.ndarray, columns: int) -> np.ndarray:
    """What operands with `EXCESS` added give too much, by panel, tap and column, modulo 2^32.

    >>> excess_sums(np.array([[[1, -2], [3, 4]]]), 2).tolist()
    [[[512, 256]]]
    """
    taps, _, outputs = filters.shape
    sums = np.zeros((taps, whole(outputs, columns)), dtype=np.int64)
    sums[:, :outputs] = EXCESS * filters.sum(axis=1, dtype=np.int64)
    return np.asarray((sums % 2**32).reshape(taps, -1, columns).transpose(1, 0, 2))


def by_channels(values: np.ndarray, count: int) -> np.ndarray:
    """Values (..., channels), or (..., 1) for all of them, for so many channels; those that are added have 0.

    >>> by_channels(np.array([[2.0]]), 3).tolist(), by_channels(np.array([1.0, 2.0]), 3).tolist()
    ([[2.0, 2.0, 2.0]], [1.0, 2.0, 0.0])
    """
    if values.shape[-1] == 1:
        return np.repeat(values, count, axis=-1)
    return _widened(values, count)


def _widened(values: np.ndarray, count: int) -> np.ndarray:
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, count - values.shape[-1])])


def layer_tables(name: str, layer: QuantisedLayer, columns: int, step: int) -> Iterator[ConstantArray]:
    """The tables of a layer."""
    inner, outer = (whole(count, columns) for count in layer.filters.shape[1:])
    part = layer.winograd
    yield "v_t", f"{name}_v", panels(layer.filters if part is not None else _windows(layer, step), columns, step)
    if step == 4:
        sums = layer.filters if part is not None else layer.filters.reshape(1, -1, layer.filters.shape[2])
        yield "uint32_t", f"{name}_excess", excess_sums(sums, columns)
    yield from _storing(f"{name}_input", layer.input, 1)
    if part is not None:
        sides = [(step, inner) for step in part.data], [(step, outer) for step in part.back]
        stored = [(step.stored, width) for step, width in sides[0]]
        stored += [(part.products, outer), *((step.stored, width) for step, width in sides[1])]
        for number, (item, width) in enumerate((item, width) for item, width in stored if item is not None):
            yield from _storing(f"{name}_stage{number}", item, width)
        factors = [(step.before, width) for side in sides for step, width in side if step.before is not None]
        for number, (before, width) in enumerate(factors):
            yield "double", f"{name}_before{number}", by_channels(before, width) if before.shape[1] > 1 else before
    shared = part is not None and not layer.output.by_channel
    yield "double", f"{name}_output_ratio", layer.output.ratio if shared else by_channels(layer.output.ratio, outer)
    yield "double", f"{name}_output_low", by_channels(layer.output.low, outer)
    yield "double", f"{name}_output_high", by_channels(layer.output.high, outer)
    yield "double", f"{name}_unit", by_channels(layer.unit, outer)
    yield "float", f"{name}_bias", _widened(layer.bias, outer)


def _storing(name: str, storing: Storing, width: int) -> Iterator[ConstantArray]:
    yield "double", f"{name}_ratio", by_channels(storing.ratio, width) if storing.by_channel else storing.ratio
    yield "double", f"{name}_low", storing.low
    yield "double", f"{name}_high", storing.high


def _windows(layer: QuantisedLayer, step: int) -> np.ndarray:
    """Filters of a direct convolution with the channels of one row of a window side by side, where they lie so."""
    taps, channels, outputs = layer.filters.shape
    filters = np.zeros((taps, whole(channels, step), outputs), dtype=layer.filters.dtype)
    filters[:, :channels] = layer.filters
    return filters if layer.dilation[1] > 1 else filters.reshape(layer.kernel[0], -1, outputs)


def step_tables(name: str, step: NetworkStep, columns: int) -> Iterator[ConstantArray]:
    """The tables of a step in floating point; those of outputs have whole columns."""
    for key, values in step.tables.items():
        wide = whole(values.shape[-1], columns) if key == "bias" or step.kind == "linear" else values.shape[-1]
        yield "float", f"{name}_{key}", _widened(values, wide)
