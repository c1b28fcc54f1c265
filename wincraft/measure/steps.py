# SPDX-License-Identifier: Apache-2.0
"""The steps of an algorithm, pass by pass, with the range of every value that each computes. Exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from wincraft.measure.spans import Span, bilinear_span, given_span, linear_span
from wincraft.measure.tables import Chain, Done, Forms, Tables, to_fractions, to_integers
from wincraft.numbers.box import Box, signed_bits

Kind = Literal["filter", "input", "product", "output"]
Computed = Callable[[int], Forms]
"""What the pass of that number of a map computes on the way to its values, as forms of what it reads."""
MapNames = tuple[str, str, str]
"""What the output, filter and input maps are called."""


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """The ranges of the values that one pass computes (one stage along one axis), or of the products. Exact.

    `low` and `high` are arrays of Fractions of the shape of the values, attained where `exact`, else sound bounds.
    `partial_low` and `partial_high` are sound bounds on every partial sum on the way to a value, in any order: what an
    accumulator must hold that saturates or must not overflow. One that wraps around need only hold the value.
    `error`, part of the ranges, is how far the roundings up to here can move a value; 0 where nothing is rounded.
    `done` counts the passes run along each axis (over whole tiles: of one flattened axis). Unrounded values of integer
    inputs are integer multiples of `grid`.
    """

    label: str
    kind: Kind
    done: Done
    low: np.ndarray
    high: np.ndarray
    partial_low: np.ndarray
    partial_high: np.ndarray
    error: np.ndarray
    grid: Fraction
    exact: bool

    @property
    def box(self) -> Box:
        """The smallest box that holds all the values."""
        return Box(self.low.min(), self.high.max())

    @property
    def integer_bits(self) -> int:
        """Bits before the binary point, sign included, of the two's complement numbers that hold all the values."""
        return signed_bits(self.low.min(), self.high.max())

    @property
    def partial_bits(self) -> int:
        """The same for the partial sums."""
        return signed_bits(self.partial_low.min(), self.partial_high.max())

    @property
    def fraction_bits(self) -> int | None:
        """Bits after the binary point that hold all the values of integer inputs exactly; None where no number does."""
        denominator = self.grid.denominator
        return denominator.bit_length() - 1 if denominator.bit_count() == 1 else None

    @property
    def row(self) -> tuple[str, ...]:
        """For tables: label, shape, ends, whether they are attained, integer bits, fraction bits, partial bits."""
        ends = (_short(end) for end in (self.box.low, self.box.high))
        fraction = "-" if self.fraction_bits is None else str(self.fraction_bits)
        kind = "exact" if self.exact else "bound"
        shape = "x".join(map(str, self.low.shape))
        return (self.label, shape, *ends, kind, str(self.integer_bits), fraction, str(self.partial_bits))

    def __repr__(self) -> str:
        return "  ".join(self.row)


def range_steps(
    tables: Tables, names: MapNames, data: Box, weights: Box | np.ndarray, rounding: Mapping[str, Fraction]
) -> tuple[Step, ...]:
    """All steps: the filter and the passes over it, the data likewise, the products and the passes over these.

    `names` are those of the output, filter and input maps. `rounding` gives, for a step's label, the largest absolute
    error of rounding its values.
    """
    start = tables.start

    def filter_span(done: Done) -> Span:
        return _span(products(tables.chains("filter"), done), weights)

    def input_span(done: Done) -> Span:
        return _span(products(tables.chains("input"), done), data)

    def output_span(done: Done) -> Span:
        return bilinear_span(tables.axes, done, data, weights)

    g = _step("g", "filter", start, filter_span(start), np.array(0), rounding)
    d = _step("d", "input", start, input_span(start), np.array(0), rounding)
    filter_steps = [g, *_passes(names[1], tables, filter_span, g, rounding)]
    input_steps = [d, *_passes(names[2], tables, input_span, d, rounding)]
    V, U = filter_steps[-1], input_steps[-1]
    channels = 1 if isinstance(weights, Box) else len(weights)
    error = np.array(0)
    if V.error.any() or U.error.any():
        error = channels * (_largest(V) * U.error + _largest(U) * V.error + U.error * V.error)
    M = _step("M", "product", start, output_span(start), error, rounding)
    return (*filter_steps, *input_steps, M, *_passes(names[0], tables, output_span, M, rounding))


class Reach(NamedTuple):
    """The least box of some values, or one that surely holds them where it is not `exact`."""

    box: Box
    exact: bool


def reach(
    tables: Tables, steps: Sequence[Step], data: Box, weights: Box | np.ndarray, computed: Computed
) -> Iterator[Reach]:
    """Of each pass of one kind of steps, in their order, where all lies that it computes on the way to its values."""
    kind = steps[-1].kind
    chains = tables.chains(kind)
    passes = zip(tables.passes(kind), steps[:-1], steps[1:], strict=True)
    for number, ((axis, _), before, step) in enumerate(passes):
        stage = computed(number)
        held = (tables.axes[axis].forms if kind == "output" else chains[axis].products)[before.done[axis]]
        within = Forms(np.tensordot(stage.entries, held.entries, axes=1), stage.common * held.common)
        if kind == "output":
            span = bilinear_span(tables.axes, before.done, data, weights, (axis, within))
        else:
            forms = products(chains, before.done)
            forms[axis] = within
            span = _span(forms, data if kind == "input" else weights)
        error = np.broadcast_to(_carried_error(stage, axis, before.error), span.low.shape)
        box = Box((span.low - error).min(), (span.high + error).max())
        yield Reach(box, span.exact and not error.any() and step.exact)


def _short(end: Fraction) -> str:
    exact = str(end)
    return exact if end.denominator == 1 and len(exact) <= 15 else f"{float(end):.6g}"


def products(chains: Sequence[Chain], done: Done) -> list[Forms]:
    """What has run along each axis, one table each."""
    return [chain.products[t] for chain, t in zip(chains, done, strict=True)]


def _passes(
    name: str, tables: Tables, span: Callable[[Done], Span], before: Step, rounding: Mapping[str, Fraction]
) -> Iterator[Step]:
    """The steps after a first one."""
    kind: Kind = "output" if before.kind == "product" else before.kind
    chains = tables.chains(kind)
    for axis, done in tables.passes(kind):
        stage, number = chains[axis].stages[done[axis] - 1], done[axis] - 1
        label = name + f"[{number}]" * (max(map(len, chains)) > 1) + f" axis {axis}" * (len(chains) > 1)
        error, partial = _carried_error(stage, axis, before.error), _partial_sums(stage, axis, before)
        before = _step(label, kind, done, span(done), error, rounding, partial)
        yield before


def _span(forms: Sequence[Forms], given: Box | np.ndarray) -> Span:
    return linear_span(forms, given) if isinstance(given, Box) else given_span(forms, given)


def _step(
    label: str,
    kind: Kind,
    done: Done,
    span: Span,
    error: np.ndarray,
    rounding: Mapping[str, Fraction],
    partial: tuple[np.ndarray, np.ndarray] | None = None,
) -> Step:
    low, high, grid, exact = span
    error = np.broadcast_to(error + rounding.get(label, 0), low.shape)
    if error.any():
        low, high, exact = low - error, high + error, False
    partial_low, partial_high = partial or (low, high)
    return Step(label, kind, done, low, high, partial_low, partial_high, error, grid, exact)


def _carried_error(stage: Forms, axis: int, error: np.ndarray) -> np.ndarray:
    """What an error of a stage's inputs becomes in its outputs, at most."""
    if not error.any():
        return np.array(0)
    terms = np.tensordot(abs(stage.entries), error, axes=(1, axis)) * Fraction(1, stage.common)
    return np.moveaxis(terms, 0, axis)


def _largest(step: Step) -> np.ndarray:
    """The largest magnitude of each value without the error."""
    return np.asarray(np.maximum(-(step.low + step.error), step.high - step.error))


def _partial_sums(stage: Forms, axis: int, before: Step) -> tuple[np.ndarray, np.ndarray]:
    """Bounds on the sum of any of the terms of each of a stage's rows along an axis."""
    (low, high), common = to_integers(np.array([before.low, before.high]))
    up, down = np.maximum(stage.entries, 0), np.maximum(-stage.entries, 0)
    rise, fall = np.maximum(high, 0), np.maximum(-low, 0)

    def sums(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        terms = np.tensordot(up, first, axes=(1, axis)) + np.tensordot(down, second, axes=(1, axis))
        return to_fractions(np.moveaxis(terms, 0, axis), stage.common * common)

    return -sums(fall, rise), sums(rise, fall)
