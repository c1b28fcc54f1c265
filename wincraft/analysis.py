# SPDX-License-Identifier: Apache-2.0
"""One algorithm with its analyses, each run when it is first asked for: what measures read, and reports show."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import gcd, inf

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import parts
from wincraft.circuit.ordering import live
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.construct.circuits import Circuits
from wincraft.construct.scaling import integer_form
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Number
from wincraft.measure.channels import ChannelCounts, channel_counts
from wincraft.measure.coefficients import coefficients
from wincraft.measure.conditioning import Conditioning, conditioning
from wincraft.measure.costs import Costs, LayerCosts, LayerShape, costs, layer_costs
from wincraft.measure.exact_words import WordBounds, word_bounds
from wincraft.measure.integers import Integers
from wincraft.measure.matrix_rounding import MatrixRounding, round_matrices, smallest_word
from wincraft.measure.noise import NoiseGain, noise_gain, worst_case_amplification
from wincraft.measure.ranges import Ranges, ranges
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.quantise.evaluation import Evaluation, evaluate
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.workload import Batch, Layer, Workload, as_workload

CHANNELS = 64
"""Channels, filters and tiles that a scheme is predicted for where there are no data: with 64 each."""
WORD_TOLERANCE = Fraction(1, 1000)
"""The residual allowed to a rounded matrix: 1e-3 of the product of an input and a filter tap, about fp16's step."""


class Analysis:
    """The analyses of an algorithm; each is run once, and raises `NotApplicable` where the algorithm has none.

    `integers` are what ranges and channel counts are of, `workload` what schemes are measured on.

    >>> from wincraft import winograd
    >>> found = Analysis(winograd(4, 3, points="0,1,-1,2,-2"))
    >>> found.noise.value, found.costs.products, found.exact_bits, found.integer_width
    (6205/576, 6, inf, 5)
    """

    def __init__(
        self,
        algorithm: Algorithm,
        integers: Integers | None = None,
        workload: Workload | Layer | None = None,
        circuit: str = DEFAULT_CIRCUIT,
    ) -> None:
        self.algorithm, self.circuit = algorithm, circuit
        self.integers = Integers() if integers is None else integers
        self.workload = as_workload(workload)

    @cached_property
    def costs(self) -> Costs:
        """Operations of one tile, by the programs of the choice of circuits."""
        return costs(self.algorithm, self.circuit)

    @cached_property
    def live_values(self) -> int:
        """The most values that the program of the data or the output transform of a whole tile holds at one time."""
        circuits = Circuits(self.algorithm, self.circuit)
        return max(live(circuits.whole(name)) for name in ("AT", "BT"))

    def layer(self, shape: LayerShape) -> LayerCosts:
        """Operations of a layer."""
        return layer_costs(self.costs, shape)

    @cached_property
    def noise(self) -> NoiseGain:
        """The noise gain of white data."""
        return noise_gain(self.algorithm)

    def correlated_noise(self, correlation: Number) -> Number:
        """The noise gain of data whose values at distance k have the correlation rho^k along every axis."""
        sizes = self.algorithm.n
        moments = [[[correlation ** abs(i - j) for j in range(n)] for i in range(n)] for n in sizes]
        value: Number = noise_gain(self.algorithm, moments if len(moments) > 1 else moments[0]).value
        return value

    @cached_property
    def amplification(self) -> Number:
        """The worst-case amplification."""
        value: Number = worst_case_amplification(self.algorithm)
        return value

    @cached_property
    def conditioning(self) -> Conditioning:
        """Norms and condition numbers of V, A^T, G, B^T and their stages."""
        return conditioning(self.algorithm)

    def condition(self, matrix: str) -> float:
        """The 2-norm condition number of a matrix by its name in `Conditioning`.

        Raises:
            NotApplicable: without points, for V.
        """
        found = self.conditioning.matrices.get(matrix)
        if found is None:
            raise NotApplicable(f"cond_2 of {matrix}", "the algorithm is not given by points", "build it from points")
        return found.cond_2

    @cached_property
    def integer(self) -> Algorithm:
        """The algorithm on integer matrices."""
        return integer_form(self.algorithm)

    @cached_property
    def ranges(self) -> Ranges:
        """The ranges of exact integer arithmetic."""
        return ranges(self.integer, self.integers.data, self.integers.filter)

    @property
    def product_bits(self) -> int:
        """Bits of the widest of M and of what the output transform computes from it."""
        return max(step.integer_bits for step in self.ranges.of("product", "output"))

    @cached_property
    def channels(self) -> ChannelCounts:
        """How many channels an accumulator holds."""
        return channel_counts(self.ranges, self.integers.accumulator)

    @cached_property
    def words(self) -> WordBounds:
        """What integer arithmetic in 16-bit words holds whose sums wrap around."""
        given = self.integers
        return word_bounds(self.algorithm, given.data, given.filter, accumulator=given.accumulator)

    @cached_property
    def word(self) -> int:
        """The smallest fixed-point word whose residual is within `WORD_TOLERANCE`, one format for each matrix."""
        return smallest_word(self.algorithm, WORD_TOLERANCE)

    @cached_property
    def word_per_tap(self) -> int:
        """The same with one format for each tap's row or column."""
        return smallest_word(self.algorithm, WORD_TOLERANCE, per="tap")

    def rounded(self, format: int | FixedPoint | FloatFormat) -> MatrixRounding:
        """The matrices in a format, or in fixed point of so many bits that fits each of them."""
        return round_matrices(self.algorithm, format)

    @property
    def height(self) -> int:
        """The largest numerator or denominator among the coefficients of the moduli.

        Raises:
            NotApplicable: without moduli, and for irrational ones.
        """
        numbers = []
        for axis in parts(self.algorithm):
            if axis.moduli is None:
                raise NotApplicable("height", "the moduli are not known", "build it from points or moduli")
            numbers += [number for modulus in axis.moduli for number in modulus.coefficients]
        if not all(number.is_Rational for number in numbers):
            raise NotApplicable("height", "a modulus is irrational", "choose rational points and moduli")
        return int(max((max(abs(number.p), number.q) for number in numbers), default=0))

    @property
    def other_coefficients(self) -> int:
        """How many entries are neither 0 nor a signed power of two."""
        return sum(1 for item in coefficients(self.algorithm) if not _is_shift(to_fraction(item.value)))

    @property
    def exact_bits(self) -> int | float:
        """Bits (sign and magnitude) of the widest tap vector, each times a power of two; inf where none will do."""
        widest = 0
        for row in _tap_vectors(self.algorithm):
            powers = max(value.denominator for value in row)
            if powers & (powers - 1) or any(powers % value.denominator for value in row):
                return inf
            whole = [int(value * powers) for value in row]
            low = min((v & -v for v in whole if v), default=1)
            widest = max(widest, *((abs(v) // low).bit_length() + 1 for v in whole))
        return widest

    @property
    def integer_width(self) -> int:
        """Bits (sign and magnitude) of the widest entry when every tap vector is made primitive integer."""
        rows = [[int(value) for value in row] for row in _tap_vectors(self.integer)]
        return max((abs(value) // gcd(*row)).bit_length() + 1 for row in rows for value in row if value)

    def prediction(self, scheme: Scheme) -> float:
        """The SQNR in dB predicted without data: white, Gaussian, `CHANNELS` channels and filters."""
        return predict(self.algorithm, scheme, None, CHANNELS, outputs=CHANNELS).decibels

    @cached_property
    def batch(self) -> Batch:
        """The workload's arrays, made once for all schemes."""
        return self.workload.batch(self.algorithm)

    def evaluation(self, scheme: Scheme) -> Evaluation:
        """A scheme simulated and predicted on the workload."""
        return evaluate(self.algorithm, scheme, self.workload, self.batch)


def _is_shift(value: Fraction) -> bool:
    p, q = abs(value.numerator), value.denominator
    return not (p & (p - 1) or q & (q - 1))


def _tap_vectors(algorithm: Algorithm) -> Iterator[list[Fraction]]:
    """Columns of A^T, rows of G and B^T of every axis."""
    for axis in parts(algorithm):
        for table in (axis.output.transpose(), axis.filter, axis.input):
            for row in to_numbers(table.dense):
                yield [to_fraction(value) for value in row]
