# SPDX-License-Identifier: Apache-2.0
"""The linear noise model: the SQNR of a scheme predicted from matrices, moments and scales.

Every quantiser is a gain, a mean error and an independent noise (Bussgang). The gains, the mean errors and rounded
matrices make the algorithm compute another form than the convolution: its distance is the coherent error. The noises
travel to the output through the rest of the algorithm. What channels have in common, their means first, adds up
coherently: signal and coherent error as the square of their number, noise as their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from math import inf, isfinite, nan, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import programs_for
from wincraft.errors import BadShape, BadValue, TooLarge
from wincraft.measure.execution import execute
from wincraft.numbers.arrays import float64_array, is_integer
from wincraft.numbers.decibels import sqnr
from wincraft.numbers.quantizer import Scale
from wincraft.quantise.machines import stored_maps
from wincraft.quantise.moments import MomentsMachine
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme
from wincraft.quantise.tile_moments import OperandMoments, OutOfFormat, TileMoments
from wincraft.show.chart import Axis, Bars, Chart
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import decibels
from wincraft.show.shown import Shown

MAX_PRODUCTS = 1600
"""Products of the largest algorithm: its second moments are matrices of that size."""
_ROUNDED = 1e-9
"""By so much of a second moment it may be less than the mean squared: nothing varies, and both are rounded."""
SLACK = 3.0
"""dB between prediction and measurement from which on the linear noise model is said to miss something."""


@dataclass(frozen=True, repr=False)
class Prediction(Shown):
    """Noise power over signal power by stage, in the order of the computation; they add up to the whole.

    ``matrices`` is the coherent error of rounded matrices; what quantisers take from the signal counts to their stages.
    Rounded operations count to ``input transform`` and the like. `scales` are those it was made with. A stage that
    overflows is infinite and alone; of data that are all 0 nothing is predicted (NaN). `shifts` (2, m...) are
    the means, at every output, of the error of rounded matrices alone, and of what quantisers take and add too.
    """

    stages: dict[str, float]
    scales: dict[str, Scale]
    shifts: np.ndarray | None = field(default=None, compare=False)

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

    def layout(self) -> Layout:
        """The predicted SQNR; of every stage that counts, the SQNR that it alone would leave, and its share."""
        total = self.noise_to_signal
        rows = tuple(
            (stage, f"{sqnr(noise):.2f}", f"{noise / total:.1%}")
            for stage, noise in self.stages.items()
            if noise > total / 1000
        )
        widened = f"widening {self.widen[0]} alone gains up to {self.widen[1]:.2f} dB" if self.widen else ""
        section = Section("", (Table(("stage", "SQNR in dB", "share"), rows, "lrr"),) if rows else (),
                          (widened,) if widened else ())  # fmt: skip
        return Layout(f"predicted SQNR {self.decibels:.2f} dB", (), (section,), (self.chart(),))

    def chart(self, title: str = "") -> Chart:
        """The share of every stage in the predicted noise, with the SQNR in dB that it alone would leave."""
        stages = {name: power for name, power in self.stages.items() if isfinite(power) and power > 0}
        total = sum(stages.values())
        return Bars(
            title or f"predicted SQNR {decibels(self.decibels)} dB",
            Axis("% of the predicted noise power"),
            tuple(stages),
            (("", tuple(100 * power / total for power in stages.values())),),
            tuple(f"{decibels(sqnr(power))} dB" for power in stages.values()),
            unit=" %",
        )


def predict(
    algorithm: Algorithm,
    scheme: Scheme,
    scales: Mapping[str, object] | None,
    channels: int,
    data_moments: ArrayLike = 1.0,
    weight_moments: ArrayLike = 1.0,
    *,
    unseen: bool = False,
    outputs: int = 64,
    tiles: int = 256,
    groups: int = 1,
    data_values: np.ndarray | None = None,
    weight_values: np.ndarray | None = None,
    data_means: ArrayLike = 0.0,
    weight_means: ArrayLike = 0.0,
    data_between: ArrayLike | None = None,
    weight_between: ArrayLike | None = None,
    stage_values: Mapping[str, ArrayLike] | None = None,
) -> Prediction:
    """The SQNR that a scheme should have, given its calibrated scales (those of `Simulation.scales`). Float64.

    `channels` are those that an output sums over. Without scales they are predicted too: the amplitude that Gaussian
    data of so many channels, in so many `groups`, outputs and tiles should show at every stage.

    Moments are a variance (white), or the second moments E[x x^T] of the flattened tile (n^d x n^d) and filter
    (r^d x r^d); means one number, or E[x] of every position; `data_between` and `weight_between` E[x y^T] of two
    channels of a tile or filter, the product of the means where they are not given.

    Values at a quantiser are taken as Gaussian of their moments, on the lattice that the stage before has left them on.
    Where `data_values` and `weight_values` are samples of whole tiles (n^d, N) and filters (r^d, N) or (r^d, outputs,
    N), these go through the stages up to U and V; samples (N,) of values stand for the input and the weights alone.
    `stage_values` are samples, likewise, of what comes to be stored at a stage, by its label: `StageRecord.sample`.
    Max-abs scales clip nothing of the data they are from; `unseen` data, and all data under scales that were given,
    they do.

    Raises:
        BadValue: for channels, outputs and moments that are none.
        TooLarge: for algorithms of more than 1,600 products.
        NotApplicable: as `simulate`, and for scales to predict under the calibration ``mse`` or with a zero point.
        UnknownName: where a stage has no scale.
        BadShape, BadNumber: for moments, samples or scales that are none.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> predict(parse("F(4x4,3x3)"), SCHEMES["fp16-fp32acc"], {}, channels=64, weight_moments=1 / 576)
    predicted SQNR 55.27 dB
      stage   SQNR in dB  share
      U            60.10  32.9%
      V            60.07  33.1%
      M            60.13  32.6%
      output       73.74   1.4%
      widening V alone gains up to 1.74 dB
    """
    check_scheme(algorithm, scheme)
    if algorithm.rank > MAX_PRODUCTS:
        raise TooLarge("a prediction", f"{algorithm.rank} products", f"predict up to {MAX_PRODUCTS}")
    for name, count in (("channels", channels), ("outputs", outputs), ("tiles", tiles), ("groups", groups)):
        if not is_integer(count, 1):
            raise BadValue(name, repr(count), "give an integer, 1 or more")
    clips = unseen or scheme.calibration != "max-abs"
    sizes = {"outputs": outputs, "tiles": tiles, "groups": groups}
    programs = programs_for(algorithm, scheme.order)
    seen = {label: _sample(f"values of {label}", values) for label, values in (stage_values or {}).items()}
    machine = MomentsMachine(scheme, channels, scales, **sizes, clips=clips, seen=seen, programs=programs)
    data = _operand("data", algorithm.n, data_moments, data_means, data_between, data_values)
    weights = _operand("weight", algorithm.r, weight_moments, weight_means, weight_between, weight_values)
    shifts = None
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            y = execute(stored_maps(algorithm, scheme), algorithm.scale, machine, data, weights)
            shares, shifts = _shares(algorithm, y, channels, data, weights)
    except OutOfFormat as overflow:
        shares = {str(overflow): inf}
    if scheme.matrices is None:
        shares.pop("matrices", None)
    return Prediction(shares, machine.used, None if shifts is None else shifts.reshape(2, *algorithm.m))


def _operand(
    what: str,
    shape: tuple[int, ...],
    moments: ArrayLike,
    mean: ArrayLike,
    between: ArrayLike | None,
    values: ArrayLike | None,
) -> OperandMoments:
    """The moments given for data or weights, about their mean."""
    size = prod(shape)
    middle = float64_array(mean, f"{what} means")
    if middle.ndim and middle.shape != (size,):
        raise BadShape(f"{what} means", str(middle.shape), f"a number, or {(size,)}")
    middle = np.broadcast_to(middle, (size,))
    second = _moments(f"{what} moments", moments, size)
    if (np.diagonal(second * np.eye(size)) < 0).any():
        raise BadValue(f"a second moment in {what} moments", "negative", "give E[x x^T]")
    coherent = np.outer(middle, middle)
    covariance = second * np.eye(size) if second.ndim == 0 else second - coherent
    variances = np.diagonal(covariance).copy()
    if (variances < -_ROUNDED * (variances + middle**2)).any():
        raise BadValue(f"a second moment in {what} moments", "below its mean squared", "give E[x x^T] and E[x]")
    np.fill_diagonal(covariance, np.maximum(variances, 0))
    apart = 0 * coherent
    if between is not None:
        pairs = _moments(f"{what} between channels", between, size)
        apart = pairs * np.ones((size, size)) - coherent
    sample = None if values is None else _sample(f"{what} values", values)
    if sample is not None and len(sample) not in (1, size):
        raise BadShape(f"{what} values", str(sample.shape), f"({size}, ...), or values of all positions")
    return OperandMoments(shape, covariance, middle, apart, sample)


def _sample(what: str, given: ArrayLike) -> np.ndarray:
    """Values, (positions, tiles) or (positions, outputs, tiles), with three axes."""
    array = float64_array(given, what)
    if array.ndim > 3:
        raise BadShape(what, str(array.shape), "values, (positions, tiles) or (positions, outputs, tiles)")
    if array.ndim == 3:
        return array
    return array[:, None] if array.ndim == 2 else array.reshape(1, 1, -1)


def _moments(what: str, given: ArrayLike, size: int) -> np.ndarray:
    """A number, or a matrix of that size."""
    array = float64_array(given, what)
    if array.ndim and array.shape != (size, size):
        raise BadShape(what, str(array.shape), f"a variance, or {(size, size)}")
    return array


def _shares(
    algorithm: Algorithm, y: TileMoments, channels: int, data: OperandMoments, weights: OperandMoments
) -> tuple[dict[str, float], np.ndarray]:
    """Noise over signal by stage at the outputs, ``matrices`` last; ``no signal`` of data that are all 0.

    And the mean errors at every output, of rounded matrices alone and of quantisers too.
    """
    U, V = y.operands
    gram = y.signal[:, :-1].T @ y.signal[:, :-1]
    of_data, of_weights = Homogeneous.of(data), Homogeneous.of(weights)
    seen, outputs = of_data.mapped(U.signal), np.eye(len(y.signal))
    of_sides = (
        (U, channels * gram * V.second, channels * gram * _summed(channels, V.second, V.shared)),
        (V, channels * gram * seen.second, channels * gram * _summed(channels, *seen)),
        (y, outputs, outputs),
    )
    noises, losses = (_added(parts) for parts in zip(*(side.arrived(*both) for side, *both in of_sides), strict=True))
    exact = _exact_form(algorithm)

    def error(A: np.ndarray, G: np.ndarray, B: np.ndarray) -> tuple[float, np.ndarray]:
        return _form_error(exact, A, G, B, of_weights, of_data, channels)

    (plain, alone), (coherent, shift) = error(y.plain, V.plain, U.plain), error(y.signal, V.signal, U.signal)
    lost, total = max(coherent - plain, 0.0), sum(losses.values())
    shares = {stage: lost * power / total for stage, power in losses.items()} if total else {}
    if losses and not total:
        shares = {next(iter(losses)): lost}
    signal, _ = error(0 * y.plain, V.plain, U.plain)
    if not (signal and np.isfinite(signal)):
        return {"no signal": nan}, np.stack([alone, shift])
    powers = _added([noises, shares, {"matrices": min(plain, coherent)}])
    return {stage: max(power, 0.0) / signal for stage, power in powers.items()}, np.stack([alone, shift])


def _summed(channels: int, second: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """The second moments of a sum over channels, over their number."""
    return np.asarray(second + (channels - 1) * shared)


class Homogeneous(NamedTuple):
    """The second moments of (x, 1), of one channel and of two: an offset is then a column of a map."""

    second: np.ndarray
    shared: np.ndarray

    @classmethod
    def of(cls, given: OperandMoments) -> Homogeneous:
        """Those of data or weights."""
        mean = np.append(given.mean, 1.0)
        coherent = np.outer(mean, mean)
        return cls(*(coherent + np.pad(item, (0, 1)) for item in (given.covariance, given.between)))

    def mapped(self, matrix: np.ndarray) -> Homogeneous:
        """Those of a map's values."""
        return Homogeneous(*(matrix @ item @ matrix.T for item in self))


def _exact_form(algorithm: Algorithm) -> np.ndarray:
    """T[i, j, l] over flattened axes."""
    axes = []
    for m, r, n in zip(algorithm.m, algorithm.r, algorithm.n, strict=True):
        i, j, l = np.ogrid[:m, :r, :n]
        axes.append((i + j == l).astype(float))
    return np.asarray(reduce(np.kron, axes))


def _form_error(
    exact: np.ndarray,
    A: np.ndarray,
    G: np.ndarray,
    B: np.ndarray,
    weights: Homogeneous,
    data: Homogeneous,
    channels: int,
) -> tuple[float, np.ndarray]:
    """The power of (sum_k A[i,k] G[k,j] B[k,l] - T[i,j,l]) g_j d_l summed over channels and outputs i; its means by i.

    The last entries of g and d are 1, and the last column of A is an offset of the outputs. What two channels share
    counts once for every two.
    """
    taps = np.einsum("kj,kl->kjl", G, B).reshape(len(G), -1)
    error = (A[:, :-1] @ taps).reshape(len(A), G.shape[1], B.shape[1])
    error[:, :-1, :-1] -= exact
    one, two = (_form_power(error, *both) for both in zip(weights, data, strict=True))
    offset, middle = A[:, -1], np.einsum("ijl,j,l->i", error, weights.second[-1], data.second[-1])
    whole = channels * one + channels * (channels - 1) * two + float(offset @ (offset + 2 * channels * middle))
    # of values that do not vary it is a difference of equal numbers
    return max(whole, 0.0), np.asarray(offset + channels * middle)


def _form_power(form: np.ndarray, weights: np.ndarray, data: np.ndarray) -> float:
    """The power of form[i,j,l] g_j d_l, summed over i, of these second moments, many of which may be 0."""
    j, l = weights.any(axis=0), data.any(axis=0)
    form, weights, data = form[:, j][:, :, l], weights[j][:, j], data[l][:, l]
    return float(np.einsum("ijl,jJ,ilJ->", form, weights, np.einsum("ijl,lL->iLj", form, data), optimize=True))


def _added(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for stage, power in part.items():
            total[stage] = total.get(stage, 0.0) + power
    return total
