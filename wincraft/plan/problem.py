# SPDX-License-Identifier: Apache-2.0
"""A convolution as layers have it: kernel, stride, dilation, transposed, groups; and the problems of its gradients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wincraft.construct.size import MAX_AXES
from wincraft.errors import BadShape, BadValue, shorten
from wincraft.numbers.arrays import is_integer

MAX_KERNEL = 10**4
"""The largest size, stride and dilation along an axis; a weight gradient's kernel is as large as the output."""


@dataclass(frozen=True)
class Problem:
    """A convolution of several axes, each with its kernel r, stride s and dilation t.

    y[i] = sum_j x[s i + t j] w[j], j < r, over every axis; transposed: y[s i + t j] += x[i] w[j], on zeros. Channels
    are summed within `groups` groups. A number stands for all `axes`; without them the kernel says how many there are.

    Raises:
        BadShape: for no size, or one of other axes.
        BadValue: for sizes and groups that are none.

    >>> Problem(3, stride=2, axes=2)
    3x3 kernel, stride 2
    >>> Problem((1, 7)).input_gradient()
    1x7 kernel, transposed
    """

    kernel: tuple[int, ...] | int
    stride: tuple[int, ...] | int = 1
    dilation: tuple[int, ...] | int = 1
    transposed: bool = False
    groups: int = 1
    axes: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.transposed, bool):
            raise BadValue("transposed", shorten(repr(self.transposed)), "give True or False")
        axes = self.axes
        if axes is None:
            axes = len(self.kernel) if isinstance(self.kernel, Sequence) else 1
        if not is_integer(axes, 1) or axes > MAX_AXES:
            raise BadValue("the number of axes", shorten(repr(axes)), f"give 1 to {MAX_AXES}")
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, _sizes(name, getattr(self, name), axes))
        if not is_integer(self.groups, 1) or self.groups > 10**9:
            raise BadValue("groups", shorten(repr(self.groups)), "give an integer of at least 1")
        object.__setattr__(self, "axes", axes)

    @property
    def r(self) -> tuple[int, ...]:
        """The kernel's size along each axis."""
        assert isinstance(self.kernel, tuple)
        return self.kernel

    @property
    def s(self) -> tuple[int, ...]:
        """The stride along each axis."""
        assert isinstance(self.stride, tuple)
        return self.stride

    @property
    def t(self) -> tuple[int, ...]:
        """The dilation along each axis."""
        assert isinstance(self.dilation, tuple)
        return self.dilation

    def axis(self, number: int) -> Problem:
        """The problem of one axis.

        >>> Problem((3, 5), stride=(1, 2)).axis(1)
        5 kernel, stride 2
        """
        return Problem((self.r[number],), (self.s[number],), (self.t[number],), self.transposed)

    def outputs(
        self, data: Sequence[int], padding: Sequence[int] | int = 0, output_padding: Sequence[int] | int = 0
    ) -> tuple[int, ...]:
        """The sizes of the output for those of the data.

        Padding crops the output of a transposed convolution, and `output_padding` are outputs that stay at its end.

        Raises:
            BadShape: where there is no output, or another number of axes.

        >>> Problem(3, 2).outputs([9], 1), Problem(3, 2, transposed=True).outputs([5], 1)
        ((5,), (9,))
        """
        pads, more = (sizes_of_padding(item, len(self.r)) for item in (padding, output_padding))
        if len(data) != len(self.r):
            raise BadShape("data", "x".join(map(str, data)), f"{len(self.r)} axes")
        found = []
        for size, r, s, t, pad, extra in zip(data, self.r, self.s, self.t, pads, more, strict=True):
            reach = t * (r - 1) + 1
            whole = (size - 1) * s + reach - 2 * pad + extra
            found.append(whole if self.transposed else (size + 2 * pad - reach) // s + 1)
        if min(found) < 1 or min(data) < 1:
            raise BadShape(f"data of a {self}", f"{'x'.join(map(str, data))}, padding {pads}", "data with an output")
        return tuple(found)

    def input_gradient(self) -> Problem:
        """The problem that takes the output's gradient to that of the data, with the same filters.

        >>> Problem(5, stride=2).input_gradient()
        5 kernel, stride 2, transposed
        """
        return replace(self, transposed=not self.transposed)

    def weight_gradient(self, size: Sequence[int]) -> Problem:
        """The problem that takes data and the output's gradient, of that size, to the gradient of the filters.

        The gradient is its kernel, stride and dilation change places, and it has r outputs: F(r, m) for F(m, r).
        Transposed, data and gradient change places too, and `size` is that of the data.

        Raises:
            BadShape: for sizes of other axes.

        >>> Problem(3, stride=2).weight_gradient([28])
        28 kernel, dilation 2
        """
        if len(size) != len(self.r):
            raise BadShape("the gradient", "x".join(map(str, size)), f"{len(self.r)} axes")
        return Problem(tuple(size), self.t, self.s, groups=self.groups)

    def __repr__(self) -> str:
        parts = [f"{'x'.join(map(str, self.r))} kernel"]
        parts += [
            f"{name} {_text(value)}" for name, value in (("stride", self.s), ("dilation", self.t)) if max(value) > 1
        ]
        return ", ".join(parts + ["transposed"] * self.transposed + [f"groups {self.groups}"] * (self.groups > 1))


def convolve_directly(
    problem: Problem, data: np.ndarray, filters: np.ndarray, padding: Sequence[int] | int = 0
) -> np.ndarray:
    """The definition, tap by tap: what every plan is proved against. Exact for integers and `object`.

    Shapes are those of PyTorch: data (N, C, *spatial), filters (K, C / groups, *r), transposed (C, K / groups, *r).

    Raises:
        BadShape: where there is no output.

    >>> convolve_directly(Problem(2, stride=2), np.arange(5)[None, None], np.array([[[1, 10]]]))
    array([[[10, 32]]])
    """
    pads = sizes_of_padding(padding, len(problem.r))
    shape, d = problem.outputs(data.shape[2:], pads), len(problem.r)
    C, groups = data.shape[1], problem.groups
    K = filters.shape[1] * groups if problem.transposed else filters.shape[0]
    dtype = np.result_type(data, filters)
    full = shape if not problem.transposed else problem.outputs(data.shape[2:])
    y = np.zeros((data.shape[0], K, *full), dtype=dtype)
    x = data if problem.transposed else np.pad(data, [(0, 0), (0, 0), *((pad, pad) for pad in pads)])
    for tap in np.ndindex(*problem.r):
        steps = list(zip(tap, problem.s, problem.t, x.shape[2:] if problem.transposed else shape, strict=True))
        window = tuple(slice(t * j, t * j + s * (size - 1) + 1, s) for j, s, t, size in steps)
        for group in range(groups):
            ins = slice(group * C // groups, (group + 1) * C // groups)
            outs = slice(group * K // groups, (group + 1) * K // groups)
            if problem.transposed:
                w = filters[(ins, slice(None), *tap)]
                y[(slice(None), outs, *window)] += np.moveaxis(np.tensordot(x[:, ins], w, (1, 0)), -1, 1)
            else:
                w = filters[(outs, slice(None), *tap)]
                part = x[(slice(None), ins, *window)]
                y[:, outs] += np.moveaxis(np.tensordot(part, w, (1, 1)), -1, 1)
    inner = tuple(slice(pad, pad + size) for pad, size in zip(pads, shape, strict=True)) if problem.transposed else ()
    return y[(slice(None), slice(None), *inner)] if d and inner else y


def sizes_of_padding(padding: Sequence[int] | int, axes: int) -> tuple[int, ...]:
    """Zeros on both sides of every axis.

    Raises:
        BadShape: for another number of axes.
        BadValue: for what is no number of zeros.

    >>> sizes_of_padding(1, 2)
    (1, 1)
    """
    pads = tuple(padding) if isinstance(padding, Sequence) else (padding,) * axes
    if len(pads) != axes:
        raise BadShape("the padding", str(pads), f"one number or {axes} of them")
    for pad in pads:
        if not is_integer(pad, 0) or pad > MAX_KERNEL:
            raise BadValue("the padding", shorten(repr(pad)), f"give an integer from 0 to {MAX_KERNEL}")
    return pads


def parse_axes(name: str, text: str) -> tuple[int, ...]:
    """Numbers of axes from ``3x5``, or of all axes from ``3``.

    Raises:
        BadValue: for anything else.

    >>> parse_axes("the kernel", "3x5"), parse_axes("the stride", "2")
    ((3, 5), (2,))
    """
    parts = text.strip().lower().split("x")
    if not all(re.fullmatch(r"-?[0-9]{1,9}", part.strip()) for part in parts):
        raise BadValue(name, shorten(repr(text)), "give integers such as 3 or 3x5")
    return tuple(int(part) for part in parts)


def _sizes(name: str, given: object, axes: int) -> tuple[int, ...]:
    sizes: tuple[object, ...] = tuple(given) if isinstance(given, tuple | list) else (given,) * axes
    if len(sizes) != axes:
        raise BadShape(f"the {name}", "x".join(map(str, sizes)), f"one number or {axes} of them")
    found = [int(size) for size in sizes if isinstance(size, int | np.integer) and not isinstance(size, bool)]
    if len(found) < axes or not all(1 <= size <= MAX_KERNEL for size in found):
        raise BadValue(f"the {name}", shorten(repr(given)), f"give integers from 1 to {MAX_KERNEL}")
    return tuple(found)


def _text(sizes: tuple[int, ...]) -> str:
    """One number where all axes are alike."""
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
