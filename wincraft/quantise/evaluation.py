# SPDX-License-Identifier: Apache-2.0
"""A scheme on an algorithm: predicted, measured, and the direct convolution beside both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import check_algorithm
from wincraft.errors import NotApplicable
from wincraft.plan.plan import Plan
from wincraft.quantise.prediction import Prediction, predict
from wincraft.quantise.samples import filter_sample, tile_sample
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.simulation import Simulation, simulate, simulate_direct
from wincraft.quantise.workload import Batch, Layer, Workload, as_workload
from wincraft.show.chart import Chart
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import decibels
from wincraft.show.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Shown):
    """SQNR in dB of a scheme on an algorithm or a plan: `predicted.decibels`, `measured` and `direct` on the same data.

    `predicted` has the scales that were calibrated; `blind` has its own, predicted from the sizes alone, or is None
    where there is no formula for them.
    """

    algorithm: Algorithm | Plan
    scheme: Scheme
    workload: Workload | Layer
    predicted: Prediction
    blind: Prediction | None
    simulation: Simulation
    direct_simulation: Simulation

    @property
    def measured(self) -> float:
        """SQNR of the simulation."""
        return self.simulation.decibels

    @property
    def direct(self) -> float:
        """SQNR of the direct convolution under the same scheme."""
        return self.direct_simulation.decibels

    @property
    def flags(self) -> tuple[str, ...]:
        """What the averages hide."""
        return self.simulation.flags

    def layout(self) -> Layout:
        """The three numbers, on what data, and what the averages hide."""
        found = {"predicted": self.predicted.decibels, "measured": self.measured, "direct": self.direct}
        shown = ", ".join(f"{name} {value:.2f} dB" for name, value in found.items())
        title = f"{self.algorithm.size} under {self.scheme.name}"
        return Layout(
            title,
            (
                f"SQNR {shown}",
                f"on {self.workload.describe()}",
            ),
            (Section("", (), self.flags),),
            (self.chart(),),
        )

    def chart(self) -> Chart:
        """The stages of the prediction under a title with what was measured."""
        found = {"predicted": self.predicted.decibels, "measured": self.measured, "direct": self.direct}
        shown = ", ".join(f"{name} {decibels(value)}" for name, value in found.items())
        return self.predicted.chart(f"{self.algorithm.size}, {self.scheme.name}\n{shown} dB")


def evaluate(
    algorithm: Algorithm,
    scheme: Scheme | str,
    workload: Workload | Layer | None = None,
    batch: Batch | None = None,
) -> Evaluation:
    """Simulate a scheme, predict it with the scales that the simulation calibrated, and simulate direct convolution.

    The prediction knows the moments of the data: those of independent values of the batch's mean and variance for a
    `Workload`; for a `Layer` the measured E[x] and E[x x^T] of its tiles and filters, and E[x y^T] of two channels.
    Where they are not Gaussian it has a sample of 32,768 tiles and filters, of tiles above 4x4 fewer. `batch` are the
    arrays of the workload where they have been made already: they and their direct convolution then serve several
    schemes.

    Raises:
        NotApplicable: where the scheme does not admit the algorithm, or memory does not suffice; for arguments of
            another kind.

    >>> from wincraft import parse
    >>> evaluate(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), "tapwise-8")
    F(4x4,3x3) under tapwise-8
      SQNR predicted 16.82 dB, measured 17.05 dB, direct 35.88 dB
      on gaussian data, 64 channels, 8 filters, 64 tiles, seed 0
    """
    scheme = as_scheme(scheme)
    check_algorithm(algorithm)
    workload = as_workload(workload)
    batch = workload.batch(algorithm) if batch is None else batch
    simulation = simulate(algorithm, scheme, batch)
    independent = isinstance(workload, Workload)
    gaussian = isinstance(workload, Workload) and workload.distribution == "gaussian"
    sampled = not gaussian or scheme.calibration != "max-abs"
    channels = batch.weights.shape[-1]
    predicted_from = partial(
        predict,
        algorithm,
        scheme,
        channels=channels,
        groups=batch.data.shape[-2] // channels,
        data_moments=measured_moments(batch.data, independent),
        weight_moments=measured_moments(batch.weights, independent),
        data_means=0.0 if gaussian else measured_means(batch.data, independent),
        weight_means=0.0 if gaussian else measured_means(batch.weights, independent),
        data_between=None if independent else moments_between(batch.data, channels),
        weight_between=None if independent else moments_between(np.moveaxis(batch.weights, -1, -2), channels),
        data_values=tile_sample(batch.data) if sampled else None,
        weight_values=filter_sample(batch.weights) if sampled else None,
        outputs=workload.outputs,
        tiles=batch.data.shape[-1],
    )
    seen = {label: record.sample for label, record in simulation.records.items() if record.sample is not None}
    predicted = predicted_from(scales=simulation.scales, stage_values=seen)
    try:
        blind = predicted_from(scales=None)
    except NotApplicable:
        blind = None
    direct = simulate_direct(algorithm, scheme, batch)
    return Evaluation(algorithm, scheme, workload, predicted, blind, simulation, direct)


def measured_moments(values: np.ndarray, independent: bool = False) -> np.ndarray:
    """E[x x^T] over channels and vectors of (positions..., channels, vectors), the positions flattened. Float64.

    Of `independent` values only their mean and variance count.

    >>> measured_moments(np.array([[[1.0, 3.0]], [[0.0, 2.0]]])).tolist()
    [[5.0, 3.0], [3.0, 2.0]]
    """
    flat = values.reshape(-1, values.shape[-2] * values.shape[-1])
    if independent:
        return float(flat.var()) * np.eye(len(flat)) + float(flat.mean()) ** 2
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(flat @ flat.T / flat.shape[1])


def measured_means(values: np.ndarray, independent: bool = False) -> np.ndarray:
    """E[x] over channels and vectors of (positions..., channels, vectors), the positions flattened.

    Of `independent` values there is one mean.

    >>> measured_means(np.array([[[1.0, 3.0]], [[0.0, 2.0]]])).tolist()
    [2.0, 1.0]
    """
    flat = values.reshape(-1, values.shape[-2] * values.shape[-1])
    return np.full(len(flat), flat.mean()) if independent else flat.mean(axis=1)


def moments_between(values: np.ndarray, channels: int) -> np.ndarray | None:
    """E[x y^T] of two channels that are summed: of each group of so many of (positions..., channels, vectors).

    None where a sum has one channel.

    >>> moments_between(np.array([[[1.0, 3.0], [2.0, 2.0]]]), 2).tolist()
    [[4.0]]
    """
    if channels == 1:
        return None
    flat = values.reshape(prod(values.shape[:-2]), -1, channels, values.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        sums, ones = (item.reshape(len(flat), -1) for item in (flat.sum(axis=2), flat))
        return np.asarray((sums @ sums.T - ones @ ones.T) / (sums.shape[1] * channels * (channels - 1)))
