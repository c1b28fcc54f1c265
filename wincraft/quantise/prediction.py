# SPDX-License-Identifier: Apache-2.0
"""The linear noise model: the SQNR of a scheme predicted from matrices, second moments and scales.

Every quantiser is a gain and an independent noise (Bussgang). The gains, and rounded matrices, make the algorithm
compute another bilinear form than the convolution: its distance is the coherent error. The noises travel to the output
through the rest of the algorithm. Channels are independent, and of mean 0 in the data or in the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf, isfinite, nan, prod

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
from wincraft.quantise.moments import MomentsMachine, OperandMoments, OutOfFormat, TileMoments
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme
from wincraft.show.chart import Axis, Bars, Chart
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import decibels
from wincraft.show.shown import Shown

MAX_PRODUCTS = 1600
"""Products of the largest algorithm: its second moments are matrices of that size."""
SLACK = 3.0
"""dB between prediction and measurement from which on the linear noise model is said to miss something."""


@dataclass(frozen=True, repr=False)
class Prediction(Shown):
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
) -> Prediction:
    """The SQNR that a scheme should have, given its calibrated scales (those of `Simulation.scales`). Float64.

    `channels` are those that an output sums over. Without scales they are predicted too: the amplitude that Gaussian
    data of so many channels, in so many `groups`, outputs and tiles should show at every stage.

    Moments are a variance (white), or the second moments E[x x^T] of the flattened tile (n^d x n^d) and filter
    (r^d x r^d). Values at a quantiser are taken as Gaussian of their second moment, on the lattice that the stage
    before has left them on; the data and weights themselves as the samples given, if any. Max-abs scales clip nothing
    of the data they are from; `unseen` data, and all data under scales that were given, they do.

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
      U            60.10  32.8%
      V            60.07  33.1%
      M            60.13  32.6%
      output       73.74   1.4%
      widening V alone gains up to 1.75 dB
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
    machine = MomentsMachine(scheme, channels, scales, **sizes, clips=clips, programs=programs)
    tile, taps = algorithm.n, algorithm.r
    data = OperandMoments(tile, _moments("data moments", data_moments, tile), _sample("data values", data_values))
    weights = OperandMoments(
        taps, _moments("weight moments", weight_moments, taps), _sample("weight values", weight_values)
    )
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            y = execute(stored_maps(algorithm, scheme), algorithm.scale, machine, data, weights)
            shares = _shares(algorithm, y, channels, data.second, weights.second)
    except OutOfFormat as overflow:
        shares = {str(overflow): inf}
    if scheme.matrices is None:
        shares.pop("matrices", None)
    return Prediction(shares, machine.used)


def _moments(what: str, given: ArrayLike, shape: Sequence[int]) -> np.ndarray:
    array, size = float64_array(given, what), prod(shape)
    if array.ndim and array.shape != (size, size):
        raise BadShape(what, str(array.shape), f"a variance, or {(size, size)}")
    whole = array * np.eye(size) if array.ndim == 0 else array
    if (np.diagonal(whole) < 0).any():
        raise BadValue(f"a second moment in {what}", "negative", "give E[x x^T]")
    return whole


def _sample(what: str, given: ArrayLike | None) -> np.ndarray | None:
    return None if given is None else float64_array(given, what).ravel()


def _shares(
    algorithm: Algorithm, y: TileMoments, channels: int, data: np.ndarray, weights: np.ndarray
) -> dict[str, float]:
    """Noise over signal by stage at the outputs, ``matrices`` last; ``no signal`` of data that are all 0."""
    U, V = y.operands
    gram = channels * (y.signal.T @ y.signal)
    of_sides = ((U, gram * V.second), (V, gram * (U.signal @ data @ U.signal.T)), (y, np.eye(len(y.signal))))
    noises, losses = (_added(parts) for parts in zip(*(side.arrived(weight) for side, weight in of_sides), strict=True))
    exact = _exact_form(algorithm)

    def error(A: np.ndarray, G: np.ndarray, B: np.ndarray) -> float:
        return _form_error(exact, A, G, B, weights, data) * channels

    plain, coherent = error(y.plain, V.plain, U.plain), error(y.signal, V.signal, U.signal)
    lost, total = max(coherent - plain, 0.0), sum(losses.values())
    shares = {stage: lost * power / total for stage, power in losses.items()} if total else {}
    if losses and not total:
        shares = {next(iter(losses)): lost}
    signal = error(0 * y.plain, V.plain, U.plain)
    if not (signal and np.isfinite(signal)):
        return {"no signal": nan}
    powers = _added([noises, shares, {"matrices": min(plain, coherent)}])
    return {stage: power / signal for stage, power in powers.items()}


def _exact_form(algorithm: Algorithm) -> np.ndarray:
    """T[i, j, l] over flattened axes."""
    axes = []
    for m, r, n in zip(algorithm.m, algorithm.r, algorithm.n, strict=True):
        i, j, l = np.ogrid[:m, :r, :n]
        axes.append((i + j == l).astype(float))
    return np.asarray(reduce(np.kron, axes))


def _form_error(
    exact: np.ndarray, A: np.ndarray, G: np.ndarray, B: np.ndarray, weights: np.ndarray, data: np.ndarray
) -> float:
    """The power of (sum_k A[i,k] G[k,j] B[k,l] - T[i,j,l]) g_j d_l, summed over outputs i, one channel."""
    taps = np.einsum("kj,kl->kjl", G, B).reshape(len(G), -1)
    error = (A @ taps).reshape(exact.shape) - exact
    return float(np.einsum("ijl,jJ,ilJ->", error, weights, np.einsum("ijl,lL->iLj", error, data), optimize=True))


def _added(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for stage, power in part.items():
            total[stage] = total.get(stage, 0.0) + power
    return total
