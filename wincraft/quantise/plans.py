# SPDX-License-Identifier: Apache-2.0
"""A plan under a scheme, bit by bit: data and weights stored once, pieces run by algorithms, their sum stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.errors import look_up
from wincraft.measure.integer_machine import IntegerMachine
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.arrays import float64_array
from wincraft.plan.making import untransformed
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.plan.running import Arrangement, arrange
from wincraft.quantise.machines import SchemeMachine, StageRecord, machine_for
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.simulation import Simulation, simulate
from wincraft.quantise.workload import Batch, Layer, check_memory
from wincraft.show.chart import Axis, Bars
from wincraft.show.numbers import decibels


@dataclass(frozen=True, eq=False, repr=False)
class PlanSimulation(Simulation):
    """The outputs of a plan: a tile of one output, (1..., K, T), for every output of every image.

    `pieces` are the simulations of those that add something, by their numbers from 1. The labels of their stages begin
    with it, ``piece 2 U``; a plan of one piece has those of its algorithm.
    """

    plan: Plan
    pieces: Mapping[int, Simulation]
    shape: tuple[int, ...]

    @property
    def images(self) -> np.ndarray:
        """The outputs (N, K, ...), as `Plan.run` has them."""
        N, K, *sizes = self.shape
        return np.moveaxis(self.outputs.reshape(K, N, *sizes), 0, 1)

    def chart(self) -> Bars:
        """The SQNR of every piece against its own exact results."""
        rows = tuple(f"{number}: {self.plan.pieces[number - 1].algorithm.size}" for number in self.pieces)
        values = tuple(piece.decibels for piece in self.pieces.values())
        title = f"{self.scheme.name}: SQNR {decibels(self.decibels)} dB"
        return Bars(title, Axis("SQNR of a piece in dB"), rows, (("", values),), tuple(map(decibels, values)))


def simulate_plan(
    plan: Plan,
    scheme: Scheme | str,
    data: np.ndarray,
    filters: np.ndarray,
    padding: Sequence[int] | int = 0,
    output_padding: Sequence[int] | int = 0,
    scales: Mapping[str, object] | None = None,
) -> PlanSimulation:
    """Run a plan through every stage of a scheme, bit by bit; arrays in the shapes of PyTorch, as for `Plan.run`.

    Data and weights are stored once. Every piece runs the scheme's other stages on its own algorithm, see `simulate`,
    with scales of its own, and its output is not stored. Pieces are added in their order in the scheme's arithmetic,
    in 32 bits where it has a word, and the sum is stored once. A single piece is `simulate` bit for bit. Scales that
    are not given, by the labels of `PlanSimulation.scales`, are calibrated on these arrays.

    Raises:
        BadShape, BadNumber: for arrays that do not fit or are no numbers.
        BadValue: for paddings that are none, data or weights that are all 0.
        UnknownName: for a scale that belongs to no stage.
        NotApplicable: as `simulate`.

    >>> from wincraft.plan import make_plan
    >>> generator = np.random.default_rng(0)
    >>> x, w = generator.standard_normal((1, 64, 17, 17)), generator.standard_normal((8, 64, 3, 3))
    >>> simulate_plan(make_plan(Problem(3, stride=2, axes=2), 2), "tapwise-8", x, w)
    tapwise-8: SQNR 32.98 dB
    """
    scheme, given, problem = as_scheme(scheme), dict(scales or {}), plan.problem
    x, w = float64_array(data, "data"), float64_array(filters, "weights")
    whole = arrange(problem, x, w, padding, output_padding)
    Layer(whole.data, whole.filters, [r - 1 for r in problem.r])  # refuses magnitudes out of range
    batch = direct_batch(problem, whole)
    run = (_alone if len(plan.pieces) == 1 else _together)(plan, scheme, whole, given)
    for label in given:
        look_up("stage with a scale", label, run.records)
    images = run.images[(slice(None), slice(None), *whole.kept)]
    outputs = np.moveaxis(images, 1, 0).reshape(*[1] * len(problem.r), images.shape[1], -1)
    return PlanSimulation(scheme, outputs, batch, run.records, run.overflowed, plan, run.pieces, images.shape)


class _Run(NamedTuple):
    """All that pieces give together, before it is cropped."""

    images: np.ndarray
    records: dict[str, StageRecord]
    overflowed: bool
    pieces: dict[int, Simulation]


def _alone(plan: Plan, scheme: Scheme, whole: Arrangement, scales: dict[str, object]) -> _Run:
    (piece,) = plan.pieces
    part = whole.operands(piece)
    assert part is not None
    one = simulate(piece.algorithm, scheme, Layer(part.data, part.filters).batch(piece.algorithm), scales)
    images = np.zeros(whole.shape)
    place = (slice(None), slice(None), *part.places)
    images[place] = in_images(one.outputs, images[place].shape)
    return _Run(images, one.records, one.overflowed, {1: one})


def _together(plan: Plan, scheme: Scheme, whole: Arrangement, scales: dict[str, object]) -> _Run:
    d, places = len(plan.problem.r), {"input": INPUT, "weights": WEIGHTS, "output": OUTPUT}
    stored = {place: scales[label] for label, place in places.items() if label in scales}
    machine = SchemeMachine(machine_for(scheme), scheme.stages, scheme.calibration, stored)
    machine.load(INPUT, np.moveaxis(whole.data, 1, 0).reshape(*[1] * d, whole.data.shape[1], -1))
    machine.load(WEIGHTS, np.moveaxis(whole.filters, (0, 1), (-2, -1)))
    shared = {label: record.scale for label, record in machine.records.items()}
    unit = np.ones(())
    for scale in shared.values():
        unit = unit * np.moveaxis(scale.scale, -2, 1 - d).reshape(-1, *[1] * d)  # one for each output channel, or all
    total, found, records = _Sum(scheme, unit), dict[int, Simulation](), dict[str, StageRecord]()
    images, inner = np.zeros(whole.shape), replace(scheme, output=None)
    for number, piece in enumerate(plan.pieces, start=1):
        part, prefix = whole.operands(piece), f"piece {number} "
        own = {label.removeprefix(prefix): scales[label] for label in scales if label.startswith(prefix)}
        if part is None or not (part.data.any() and part.filters.any()):
            for label in own:
                del scales[prefix + label]
            continue
        batch = Layer(part.data, part.filters).batch(piece.algorithm)
        one = found[number] = simulate(piece.algorithm, inner, batch, own | shared)
        place = (slice(None), slice(None), *part.places)
        images[place] = total.add(images[place], in_images(one.outputs, images[place].shape))
        records |= {prefix + label: record for label, record in one.records.items() if label not in shared}
    overflowed = total.overflowed or any(one.overflowed for one in found.values())
    kept = images[(slice(None), slice(None), *whole.kept)]
    tiles = np.moveaxis(kept, 1, 0).reshape(*[1] * d, kept.shape[1], -1)
    y = machine.numbers.real(machine.load(OUTPUT, tiles)).reshape(kept.shape[1], kept.shape[0], *kept.shape[2:])
    images[(slice(None), slice(None), *whole.kept)] = np.moveaxis(y, 0, 1)
    return _Run(images, machine.records | records, overflowed, found)


class _Sum:
    """Adds what pieces give as a scheme does; `unit` is what one product of codes is worth in each output channel."""

    def __init__(self, scheme: Scheme, unit: np.ndarray) -> None:
        self.overflowed, self._unit = False, unit
        self._arithmetic = None if scheme.arithmetic is None else Arithmetic(scheme.arithmetic)
        self._machine = IntegerMachine(wrap=True) if scheme.word and scheme.arithmetic is None else None

    def add(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The sum of images (N, K, ...)."""
        if self._arithmetic is not None:
            return self._arithmetic.add(a, b).astype(np.float64)
        if self._machine is None:
            return np.asarray(a + b)
        codes = self._machine.store(OUTPUT, self._machine.load(OUTPUT, np.rint((a + b) / self._unit)))
        self.overflowed = self._machine.overflowed
        return np.asarray(codes.multiples * self._unit)


def direct_batch(problem: Problem, whole: Arrangement) -> Batch:
    """A tile of r data for every output, zeros where there are none: the direct convolution, of any problem.

    Data (r..., C, T), weights (r..., K, C / groups), T the outputs of every image.

    Raises:
        NotApplicable: where a simulation of it would need more memory than there is.

    >>> whole = arrange(Problem(3, stride=2), np.arange(7.0)[None, None], np.ones((1, 1, 3)))
    >>> direct_batch(Problem(3, stride=2), whole).data[:, 0].tolist()
    [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    """
    x, d, sizes = whole.data, len(problem.r), tuple(part.stop - part.start for part in whole.kept)
    (N, C), K = x.shape[:2], len(whole.filters)
    check_memory(direct_algorithm(problem.r), C, K, N * int(np.prod(sizes)), problem.groups)
    for k, (kept, r, s, t) in enumerate(zip(whole.kept, problem.r, problem.s, problem.t, strict=True)):
        axis, size = 2 + 2 * k, x.shape[2 + 2 * k]
        outputs, taps = np.arange(kept.start, kept.stop), t * np.arange(r)[:, None]
        places, inside = s * outputs + taps, np.ones((r, len(outputs)), dtype=bool)
        if problem.transposed:
            places, left = np.divmod(outputs - taps, s)
            inside = (left == 0) & (places >= 0) & (places < size)
        taken = np.take(x, np.where(inside, places, 0), axis)
        x = np.where(inside.reshape(*inside.shape, *[1] * (taken.ndim - axis - 2)), taken, 0.0)
    order = (*range(2, 2 + 2 * d, 2), 1, 0, *range(3, 3 + 2 * d, 2))
    data = x.transpose(order).reshape(*problem.r, C, -1)
    return Batch(data, np.moveaxis(whole.filters, (0, 1), (-2, -1)), np.ones((*[1] * d, data.shape[-1]), dtype=bool))


@lru_cache(maxsize=64)
def direct_algorithm(taps: tuple[int, ...]) -> Algorithm:
    """F(1, r) as the definition says it, without transforms.

    >>> direct_algorithm((3, 3)).size
    'F(1x1,3x3)'
    """
    return nest(*(untransformed(1, r) for r in taps))


def in_images(outputs: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Tiles (m..., K, T) side by side as images of a shape (N, K, ...), what lies beyond left out.

    >>> in_images(np.array([[[1, 3]], [[2, 4]]]), (1, 1, 3)).tolist()
    [[[1, 2, 3]]]
    """
    (N, K, *sizes), m = shape, outputs.shape[:-2]
    d, tiles = len(m), [-(-size // step) for size, step in zip(sizes, m, strict=True)]
    split = outputs.reshape(*m, K, N, *tiles)
    pairs = [axis for k in range(d) for axis in (d + 2 + k, k)]
    whole = split.transpose(d + 1, d, *pairs).reshape(N, K, *(t * step for t, step in zip(tiles, m, strict=True)))
    return whole[(slice(None), slice(None), *(slice(size) for size in sizes))]
