# SPDX-License-Identifier: Apache-2.0
"""A scheme on an algorithm: predicted, measured, and the direct convolution beside both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import check_algorithm
from wincraft.errors import NotApplicable
from wincraft.numbers.quantizer import Quantizer
from wincraft.plan.plan import Plan
from wincraft.quantise.prediction import Prediction, predict
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.simulation import Simulation, simulate, simulate_direct
from wincraft.quantise.workload import Batch, Layer, Workload, as_workload
from wincraft.show.chart import Chart
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import decibels
from wincraft.show.shown import Shown

_SAMPLE = 8192


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
        gaussian = (f"calibration {self.scheme.calibration}: the predicted clipping is that of Gaussian values",)
        return self.simulation.flags + gaussian * (self.scheme.calibration != "max-abs")

    def layout(self) -> Layout:
        """The three numbers, on what data, and what the averages hide."""
        found = {"predicted": self.predicted.decibels, "measured": self.measured, "direct": self.direct}
        shown = ", ".join(f"{name} {value:.2f} dB" for name, value in found.items())
        title = f"{self._name} under {self.scheme.name}"
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
        return self.predicted.chart(f"{self._name}, {self.scheme.name}\n{shown} dB")

    @property
    def _name(self) -> str:
        return f"{self.algorithm.problem}" if isinstance(self.algorithm, Plan) else self.algorithm.size


def evaluate(
    algorithm: Algorithm,
    scheme: Scheme | str,
    workload: Workload | Layer | None = None,
    batch: Batch | None = None,
) -> Evaluation:
    """Simulate a scheme, predict it with the scales that the simulation calibrated, and simulate direct convolution.

    The prediction knows of the data its second moments: those of independent values of the batch's mean and variance
    for a `Workload`, the measured E[x x^T] of the tiles and filters for a `Layer`; and where they are not Gaussian, a
    sample of 8,192 data and weights. `batch` are the arrays of the workload where they have been made already: they and
    their direct convolution then serve several schemes.

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
    predicted_from = partial(
        predict,
        algorithm,
        scheme,
        channels=batch.weights.shape[-1],
        groups=batch.data.shape[-2] // batch.weights.shape[-1],
        data_moments=measured_moments(batch.data, independent),
        weight_moments=measured_moments(batch.weights, independent),
        data_values=None if gaussian else value_sample(batch.data, scheme.input),
        weight_values=None if gaussian else value_sample(batch.weights, scheme.weights),
        outputs=workload.outputs,
        tiles=batch.data.shape[-1],
    )
    predicted = predicted_from(scales=simulation.scales)
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


def value_sample(values: np.ndarray, quantizer: Quantizer | None) -> np.ndarray | None:
    """Evenly spaced values, 8,192 at most, where one scale serves them all; else None.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> value_sample(np.arange(3.0), parse_quantizer("int8")).tolist()
    [0.0, 1.0, 2.0]
    """
    if quantizer is None or quantizer.per == "channel":
        return None
    flat = values.ravel()
    return flat[:: -(-flat.size // _SAMPLE)]
