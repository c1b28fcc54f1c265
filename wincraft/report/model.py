# SPDX-License-Identifier: Apache-2.0
"""What a report holds: analysis results, nothing formatted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.analysis import Analysis
from wincraft.errors import NotApplicable
from wincraft.measure.channels import ChannelCounts
from wincraft.measure.coefficients import Magnitudes
from wincraft.measure.conditioning import Conditioning
from wincraft.measure.costs import Costs, LayerCosts
from wincraft.measure.float_error import FloatError
from wincraft.measure.integers import Integers
from wincraft.measure.noise import NoiseGain
from wincraft.measure.ranges import Ranges
from wincraft.quantise.evaluation import Evaluation
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.plan import LayerPlan
from wincraft.show.layout import Level


@dataclass(frozen=True)
class Unavailable:
    """A result that this algorithm does not have, and why, in words.

    >>> Unavailable("it has irrational entries").reason
    'it has irrational entries'
    """

    reason: str


def available(compute: Callable[[], Any]) -> Any:
    """The result, or `Unavailable` with the reason where it is not applicable."""
    try:
        return compute()
    except NotApplicable as error:
        return Unavailable(f"{error.value}; {error.repair}")


@dataclass(frozen=True)
class SchemeResult:
    """What one scheme does to the algorithm: predicted, measured, and direct convolution for comparison.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> SchemeResult(SCHEMES["fp16"], Unavailable("not asked for")).label
    'fp16'
    """

    scheme: Scheme
    evaluation: Evaluation | Unavailable

    @property
    def label(self) -> str:
        """The scheme's name."""
        return self.scheme.name


@dataclass(frozen=True)
class FloatResult:
    """The error in one floating-point format with sums in one order."""

    format: str
    order: str
    found: FloatError | Unavailable


@dataclass(frozen=True)
class Finding:
    """One sentence of the verdict."""

    level: Level
    text: str


@dataclass(frozen=True)
class Words:
    """Fixed-point words for the entries of A^T, G and B^T.

    `smallest` gives, per granularity (matrix, tap), the smallest word from which on no entry of the residual is larger
    than `tolerance`. `sweep` gives the error power over the output power in dB for every word, one format per matrix.
    """

    tolerance: Any
    smallest: Mapping[str, int | Unavailable]
    sweep: Mapping[int, float]


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """Everything that is known of an algorithm's error and cost; `Report` shows it.

    `analysis` is where measures are read. With a layer of two axes `plan` is its plan, the algorithm among the
    candidates.
    `ranges` and `channels` are those of `integer`, the algorithm rescaled to integer matrices, for the data, filters
    and accumulator of `integers`. `workload` is the data that the measured numbers are of. `float_errors` are of one
    channel of uniform data.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> isinstance(build_report(winograd(2, 3), schemes=[], sweep=()), Results)
    True
    """

    algorithm: Algorithm
    analysis: Analysis
    source: str
    proof: str
    costs: Costs
    layer: LayerCosts | None
    plan: LayerPlan | Unavailable | None
    noise: NoiseGain
    amplification: Any
    conditioning: Conditioning
    axis_condition: float | None
    magnitudes: Mapping[str, Magnitudes]
    words: Words
    integer: Algorithm | Unavailable
    integers: Integers
    ranges: Ranges | Unavailable
    channels: ChannelCounts | Unavailable
    schemes: tuple[SchemeResult, ...]
    float_errors: tuple[FloatResult, ...]
    workload: Workload | Layer
    verdict: tuple[Finding, ...]
