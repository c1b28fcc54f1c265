# SPDX-License-Identifier: Apache-2.0
"""The linear noise model: the SQNR of a scheme predicted from matrices, second moments and scales.

Every quantiser is a gain and an independent noise (Bussgang). The gains, and rounded matrices, make the algorithm
compute another bilinear form than the convolution: its distance is the coherent error. The noises travel to the output
through the rest of the algorithm. Channels are independent, and of mean 0 in the data or in the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from math import inf, nan, prod
from numbers import Integral
from typing import Any

import numpy as np

from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nested import Algorithm
from wincraft.errors import BadShape, NotApplicable, look_up
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, Side, U, V, step
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.quantizer import Quantizer, Scale, checked_scale
from wincraft.quantise.machines import scheme_stages
from wincraft.quantise.moments import OutOfFormat, Path, partial_sums, rounding_noise, sum_noise
from wincraft.quantise.response import expected_amplitude
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme, divisor_of, sqnr

MAX_PRODUCTS = 1600
"""Products of the largest algorithm: its second moments are matrices of that size."""
SLACK = 3.0
"""dB between prediction and measurement from which on the linear noise model is said to miss something."""
_UNSCALED = Scale(np.ones(()), np.zeros(()))


@dataclass(frozen=True, repr=False)
class Prediction:
    """Noise power over signal power by stage, in the order of the computation; they add up to the whole.

    ``matrices`` is the coherent error of rounded matrices; what quantisers take from the signal counts to their stages.
    Rounded operations count to ``input transform`` and the like. `scales` are those it was made with. A stage that
    overflows is infinite and alone; of data that are all 0 nothing is predicted (NaN).
    """

    stages: dict[str, float]
    scales: dict[str, Scale]

    @property
    def noise_to_signal(self) -> float:
        """The sum over stages."""
        return sum(self.stages.values())

    @property
    def decibels(self) -> float:
        """The predicted SQNR."""
        return sqnr(self.noise_to_signal)

    @property
    def widen(self) -> tuple[str, float] | None:
        """The stage that costs most, and the dB gained if it cost nothing; None where there is no noise."""
        total = self.noise_to_signal
        if not total:
            return None
        stage = max(self.stages, key=lambda name: self.stages[name])
        rest = sum(noise for name, noise in self.stages.items() if name != stage)
        return stage, inf if not rest else sqnr(rest) - sqnr(total)

    def plot(self, ax: Any = None) -> Any:
        """See `wincraft.report.figures.plot_stages`."""
        return import_module("wincraft.report.figures").plot_stages(self, ax)

    def __repr__(self) -> str:
        total = self.noise_to_signal
        lines = [f"predicted SQNR {self.decibels:.2f} dB"]
        for stage, noise in self.stages.items():
            if noise > total / 1000:
                lines.append(f"  {stage:<20} {sqnr(noise):8.2f} dB {noise / total:7.1%}")
        if self.widen:
            lines.append(f"  widening {self.widen[0]} alone gains up to {self.widen[1]:.2f} dB")
        return "\n".join(lines)


def predict(
    algorithm: Algorithm,
    scheme: Scheme,
    scales: Mapping[str, Any] | None,
    channels: Any,
    data_moments: Any = 1.0,
    weight_moments: Any = 1.0,
    *,
    unseen: bool = False,
    outputs: Any = 64,
    tiles: Any = 256,
    groups: Any = 1,
    data_values: np.ndarray | None = None,
    weight_values: np.ndarray | None = None,
) -> Prediction:
    """The SQNR that a scheme should have, given its calibrated scales (those of `Simulation.scales`). Float64.

    `channels` are those that an output sums over. Without scales they are predicted too: the amplitude that Gaussian
    data of so many channels, in so many `groups`, outputs and tiles should show at every stage.

    Moments are a variance (white), or the second moments E[x x^T] of the flattened tile (n^d x n^d) and filter
    (r^d x r^d). Values at a quantiser are taken as Gaussian of their second moment, on the lattice that the stage
    before has left them on; the data and weights themselves as the samples given, if any. Max-abs scales clip nothing
    of the data they are from; `unseen` data, and all data under scales that were given, they do.

    Raises:
        NotApplicable: as `simulate`, for algorithms of more than 1,600 products, and for scales to predict under the
            calibration ``mse`` or with a zero point.
        UnknownName: where a stage has no scale.
        BadShape, BadNumber: for moments, samples or scales that are none.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> predict(parse("F(4x4,3x3)"), SCHEMES["fp16-fp32acc"], {}, channels=64, weight_moments=1 / 576)
    predicted SQNR 55.27 dB
      U                       60.10 dB   32.8%
      V                       60.07 dB   33.1%
      M                       60.13 dB   32.6%
      output                  73.74 dB    1.4%
      widening V alone gains up to 1.75 dB
    """
    check_scheme(algorithm, scheme)
    if algorithm.rank > MAX_PRODUCTS:
        raise NotApplicable("prediction", f"{algorithm.rank} products", f"predict up to {MAX_PRODUCTS}")
    for name, count in (("channels", channels), ("outputs", outputs), ("tiles", tiles), ("groups", groups)):
        if not isinstance(count, Integral) or count < 1:
            raise NotApplicable("prediction", f"{name} is {count!r}", "give an integer, 1 or more")
    given = None if scales is None else dict(scales)
    tile, taps = [axis.n for axis in algorithm.axes], [axis.r for axis in algorithm.axes]
    model = _Model(
        algorithm, scheme, given, channels, outputs, tiles, groups, unseen or scheme.calibration != "max-abs"
    )
    d = Path.start(tile, _moments("data moments", data_moments, tile), _sample("data values", data_values))
    g = Path.start(taps, _moments("weight moments", weight_moments, taps), _sample("weight values", weight_values))
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return model.run(d, g)
    except OutOfFormat as overflow:
        return Prediction({str(overflow): inf}, model.used)


def _moments(what: str, given: Any, shape: Sequence[int]) -> np.ndarray:
    array, size = float64_array(given, what), prod(shape)
    if array.ndim and array.shape != (size, size):
        raise BadShape(what, str(array.shape), f"a variance, or {(size, size)}")
    whole = array * np.eye(size) if array.ndim == 0 else array
    if (np.diagonal(whole) < 0).any():
        raise NotApplicable(what, "a second moment is negative", "give E[x x^T]")
    return whole


def _sample(what: str, given: Any) -> np.ndarray | None:
    return None if given is None else float64_array(given, what).ravel()


@dataclass
class _Model:
    algorithm: Algorithm
    scheme: Scheme
    scales: dict[str, Any] | None
    channels: int
    outputs: int
    tiles: int
    groups: int
    clips: bool
    used: dict[str, Scale] = field(default_factory=dict)

    def run(self, d: Path, g: Path) -> Prediction:
        data, weights = d.moments, g.moments
        maps = [axis.maps for axis in self.algorithm.axes]
        self.operand(d, INPUT, U, [item.input for item in maps])
        self.operand(g, WEIGHTS, V, [item.filter for item in maps])
        y = self.products(d, g)
        self.store(y, M, self.scheme.M)
        self.chain(y, [item.output for item in maps], "output transform", "products", self.scheme.post_step)
        self.divide(y)
        self.store(y, OUTPUT, self.scheme.output)

        gram = self.channels * (y.signal.T @ y.signal)
        from_data, from_weights = gram * g.moments, gram * (d.signal @ data @ d.signal.T)
        identity = np.eye(len(y.signal))
        sides = ((d, from_data), (g, from_weights), (y, identity))
        noises = _added(path.arrived(weight, path.noises) for path, weight in sides)
        losses = _added(path.arrived(weight, path.losses) for path, weight in sides)
        exact = self.exact_form()
        plain = _form_error(exact, y.plain, g.plain, d.plain, weights, data) * self.channels
        coherent = _form_error(exact, y.signal, g.signal, d.signal, weights, data) * self.channels
        matrices, lost = min(plain, coherent), max(coherent - plain, 0.0)
        total = sum(losses.values())
        shares = {stage: lost * power / total for stage, power in losses.items()} if total else {}
        if losses and not total:
            shares = {next(iter(losses)): lost}
        signal = _form_error(exact, 0 * y.plain, g.plain, d.plain, weights, data) * self.channels
        if not (signal and np.isfinite(signal)):
            return Prediction({"no signal": nan}, self.used)
        powers = _added([noises, shares, {"matrices": matrices} if self.scheme.matrices else {}])
        return Prediction({stage: power / signal for stage, power in powers.items()}, self.used)

    def operand(self, path: Path, start: Place, end: Place, chains: list[LinearMap]) -> None:
        arithmetic = self.scheme.arithmetic
        if arithmetic is not None:
            path.add_noise(str(start), rounding_noise(arithmetic, path.variances))
        self.store(path, start, getattr(self.scheme, start.stage))
        transform = "input transform" if start == INPUT else "filter transform"
        self.chain(path, chains, transform, start.side, self.scheme.pre_step)
        self.store(path, end, getattr(self.scheme, end.stage))

    def chain(self, path: Path, chains: list[LinearMap], transform: str, side: Side, between: Quantizer | None) -> None:
        for number, stages in enumerate(scheme_stages(chains, self.scheme, between)):
            if number:
                self.store(path, step(side, number), between)
            for axis, rows in enumerate(stages):
                moments = path.along(axis) if self.scheme.arithmetic else None
                path.apply_along(rows, axis)
                if self.scheme.arithmetic:
                    noise = sum_noise(rows, self.scheme.order, self.scheme.arithmetic, np.asarray(moments))
                    path.add_noise(transform, noise.ravel())

    def products(self, U: Path, V: Path) -> Path:
        M = Path.start(U.shape, self.channels * U.moments * V.moments, None)
        if not np.isfinite(M.moments).all():
            raise OutOfFormat("channel sum")
        if U.lattice is not None and V.lattice is not None:
            M.lattice, M.unit = U.lattice.ravel() * V.lattice.ravel(), U.unit * V.unit
        summed = self.scheme.accumulator or self.scheme.arithmetic
        if summed is not None:
            one = M.variances / self.channels
            sizes, counts = partial_sums(self.channels, self.scheme.channel_order)
            noise = self.channels * rounding_noise(summed, one)
            noise = noise + counts @ rounding_noise(summed, sizes[:, None] * one)
            if summed != self.scheme.arithmetic and self.scheme.arithmetic is not None:
                noise = noise + rounding_noise(self.scheme.arithmetic, M.variances)
            M.add_noise("channel sum", noise)
        return M

    def divide(self, path: Path) -> None:
        divisor = divisor_of(self.algorithm)
        if divisor != 1:
            path.multiply(np.eye(len(path.signal)) / float(divisor), path.shape)
            if path.lattice is not None:
                path.lattice = path.lattice / abs(divisor)
            if self.scheme.arithmetic is not None:
                path.add_noise("output transform", rounding_noise(self.scheme.arithmetic, path.variances))

    def store(self, path: Path, place: Place, quantizer: Quantizer | None) -> None:
        label = str(place)
        if quantizer is None or quantizer.format == self.scheme.arithmetic:
            return
        if quantizer.per is None:
            scale = _UNSCALED
        elif self.scales is None:
            scale = self.expected_scale(path, place, quantizer)
        else:
            given = look_up("scale of a stage", label, self.scales)
            channels = np.shape(given[0] if isinstance(given, Scale) else given)[-2:-1] or (1,)
            scale = checked_scale(given, (*path.shape, *channels, 1), channels=place.side != "data")
        self.used[label] = scale
        path.store(label, quantizer, scale, self.clips)

    def expected_scale(self, path: Path, place: Place, quantizer: Quantizer) -> Scale:
        if quantizer.unsigned:
            raise NotApplicable("predicted scales", f"{place} has a zero point", "calibrate on data")
        per_tap, filters = "tap" in str(quantizer.per), 1 if "channel" in str(quantizer.per) else self.outputs
        side = place.side
        count = (1 if side == "data" else filters) * (1 if side == "weights" else self.tiles)
        count *= 1 if side == "products" else self.channels * (self.groups if side == "data" else 1)
        groups = [np.array([v]) for v in path.variances] if per_tap else [path.variances]
        ends = [expected_amplitude(group, count, self.scheme.calibration) for group in groups]
        amplitude = np.array(ends).reshape(*(path.shape if per_tap else (1,) * len(path.shape)), 1, 1)
        return quantizer.scale_of(-amplitude, amplitude)

    def exact_form(self) -> np.ndarray:
        """T[i, j, l] over flattened axes."""
        axes = []
        for axis in self.algorithm.axes:
            i, j, l = np.ogrid[: axis.m, : axis.r, : axis.n]
            axes.append((i + j == l).astype(float))
        return reduce(_kron3, axes)


def _kron3(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    shape = [x * y for x, y in zip(a.shape, b.shape, strict=True)]
    return np.asarray(np.einsum("ijl,abc->iajblc", a, b).reshape(shape))


def _form_error(
    exact: np.ndarray, A: np.ndarray, G: np.ndarray, B: np.ndarray, weights: np.ndarray, data: np.ndarray
) -> float:
    """The power of (sum_k A[i,k] G[k,j] B[k,l] - T[i,j,l]) g_j d_l, summed over outputs i, one channel."""
    taps = np.einsum("kj,kl->kjl", G, B).reshape(len(G), -1)
    error = (A @ taps).reshape(exact.shape) - exact
    return float(np.einsum("ijl,jJ,ilJ->", error, weights, np.einsum("ijl,lL->iLj", error, data), optimize=True))


def _added(parts: Any) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for stage, power in part.items():
            total[stage] = total.get(stage, 0.0) + power
    return total
