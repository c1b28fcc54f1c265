# SPDX-License-Identifier: Apache-2.0
"""A scheme on an algorithm: predicted, measured, and the direct convolution beside both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wincraft.algorithm.nested import Algorithm
from wincraft.analysis.prediction import Prediction, predict
from wincraft.analysis.schemes import Scheme
from wincraft.analysis.simulation import Simulation, simulate, simulate_direct
from wincraft.analysis.workload import Layer, Workload

_SAMPLE = 8192


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """SQNR in dB of one scheme: `predicted.decibels`, `measured` and `direct` on the same data."""

    algorithm: Algorithm
    scheme: Scheme
    workload: Workload | Layer
    predicted: Prediction
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

    def __repr__(self) -> str:
        head = f"{self.algorithm.size} under {self.scheme.name}: SQNR predicted {self.predicted.decibels:.2f} dB, "
        lines = [f"{head}measured {self.measured:.2f} dB, direct {self.direct:.2f} dB ({self.workload.describe()})"]
        return "\n".join([*lines, *(f"  {flag}" for flag in self.flags)])


def evaluate(algorithm: Algorithm, scheme: Scheme, workload: Workload | Layer) -> Evaluation:
    """Simulate a scheme, predict it with the scales that the simulation calibrated, and simulate direct convolution.

    The prediction knows of the data its second moments: those of independent values of the batch's mean and variance
    for a `Workload`, the measured E[x x^T] of the tiles and filters for a `Layer`; and where they are not Gaussian, a
    sample of 8,192 data and weights.

    Raises:
        NotApplicable: where the scheme does not admit the algorithm, or memory does not suffice.

    >>> from wincraft import parse
    >>> from wincraft.analysis.schemes import SCHEMES
    >>> evaluate(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), SCHEMES["tapwise-8"], Workload())
    F(4x4,3x3) under tapwise-8: SQNR predicted 16.82 dB, measured 17.05 dB, direct 35.88 dB
    (gaussian data, 64 channels, 8 filters, 64 tiles, seed 0)
    """
    batch = workload.batch(algorithm)
    simulation = simulate(algorithm, scheme, batch)
    known = {"data": batch.data, "weights": batch.weights}
    gaussian = isinstance(workload, Workload) and workload.distribution == "gaussian"
    moments = [_moments(values, isinstance(workload, Workload)) for values in known.values()]
    samples = [None if gaussian or not _shares_scale(scheme, side) else _sample(v) for side, v in known.items()]
    predicted = predict(
        algorithm,
        scheme,
        simulation.scales,
        workload.channels,
        *moments,
        data_values=samples[0],
        weight_values=samples[1],
    )
    return Evaluation(algorithm, scheme, workload, predicted, simulation, simulate_direct(algorithm, scheme, batch))


def _moments(values: np.ndarray, independent: bool) -> np.ndarray:
    """E[x x^T] over channels and vectors, of the flattened positions."""
    flat = values.reshape(-1, values.shape[-2] * values.shape[-1])
    if independent:
        return float(flat.var()) * np.eye(len(flat)) + float(flat.mean()) ** 2
    return np.asarray(flat @ flat.T / flat.shape[1])


def _sample(values: np.ndarray) -> np.ndarray:
    flat = values.ravel()
    return flat[:: -(-flat.size // _SAMPLE)]


def _shares_scale(scheme: Scheme, side: str) -> bool:
    quantizer = scheme.input if side == "data" else scheme.weights
    return quantizer is not None and quantizer.per != "channel"
