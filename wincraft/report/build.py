# SPDX-License-Identifier: Apache-2.0
"""Runs the analyses of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import parts
from wincraft.analysis import WORD_TOLERANCE, Analysis
from wincraft.construct.catalogue import moduli_of_use, source_of_use, use_of
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.errors import check_type
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction
from wincraft.measure.coefficients import magnitudes
from wincraft.measure.conditioning import matrix_conditioning, vandermonde
from wincraft.measure.costs import LayerShape
from wincraft.measure.float_error import float_error
from wincraft.measure.integers import Integers
from wincraft.measure.matrix_rounding import sweep_words
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.formats import FORMATS
from wincraft.progress import Progress
from wincraft.quantise.schemes import SCHEMES, Scheme, integers_of
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.model import FloatResult, SchemeResult, Unavailable, Words, available
from wincraft.report.planning import plan_beside
from wincraft.report.shown import Report
from wincraft.report.verdict import verdict
from wincraft.show.numbers import number

SWEEP = range(4, 25)
"""The fixed-point words of the sweep."""

FLOAT_ERRORS = (
    ("fp32", "sequential"),
    ("fp32", "huffman"),
    ("fp16", "sequential"),
    ("bf16", "sequential"),
)
"""Format and order of the sums of the rows on floating point."""
FLOAT_RUNS = 1000
"""Tiles that their errors are the mean of: good for 2 %."""


def build_report(
    algorithm: Algorithm,
    schemes: Sequence[Scheme] | None = None,
    layer: LayerShape | None = None,
    workload: Workload | Layer | None = None,
    progress: Progress | None = None,
    sweep: Iterable[int] = SWEEP,
    integers: Integers | None = None,
    circuit: str = DEFAULT_CIRCUIT,
) -> Report:
    """Analyse an algorithm: cost, noise, conditioning, words, ranges, and every scheme predicted and measured.

    Without `schemes` all of `SCHEMES` are evaluated; `layer` adds a layer's totals and, of two axes, its times;
    `workload` is the data to measure on, seeded Gaussian data by default, or the user's arrays; `sweep` the words that
    the matrices are rounded to; `integers` what the bit widths and channel counts are of, by default those of the
    schemes (see `integers_of`); `circuit` the choice of programs whose operations are counted. What an algorithm does
    not have (the Vandermonde matrix of quadratic moduli, integer ranges of irrational points) is `Unavailable` with the
    reason. Same arguments, same report.

    Raises:
        BadShape: where the layer or the data does not fit the algorithm.
        NotApplicable: for a layer of the linear convolution form, and data that does not fit into memory.

    >>> from wincraft import winograd
    >>> build_report(winograd(2, 3), schemes=[]).costs.break_even
    5
    """
    chosen = tuple(SCHEMES.values() if schemes is None else schemes)
    algorithm.field.need_order(f"a report of {algorithm.size}")
    check_type("integers", integers, Integers | None, 'give Integers(parse_range("uint8")), of wincraft.measure')
    known = Analysis(algorithm, integers_of(chosen) if integers is None else integers, workload, circuit)
    _ = known.batch  # refused here where it is too large or does not fit
    of_layer = None if layer is None else known.layer(layer)
    results = []
    for done, scheme in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen) + 1, scheme.name)
        results.append(SchemeResult(scheme, available(partial(known.evaluation, scheme))))
    if progress is not None:
        progress(len(chosen), len(chosen) + 1, "matrix words")
    report = Report(
        algorithm=algorithm,
        analysis=known,
        source=source_of(algorithm),
        proof=algorithm.verify(),
        costs=known.costs,
        layer=of_layer,
        plan=None if layer is None else plan_beside(algorithm, layer),
        noise=known.noise,
        amplification=known.amplification,
        conditioning=known.conditioning,
        axis_condition=_axis_condition(algorithm),
        magnitudes=magnitudes(algorithm),
        words=_words(known, sweep),
        integer=available(lambda: known.integer),
        integers=known.integers,
        ranges=available(lambda: known.ranges),
        channels=available(lambda: known.channels),
        schemes=tuple(results),
        float_errors=tuple(_float_results(algorithm, getattr(known.workload, "seed", 0))),
        workload=known.workload,
        verdict=(),
    )
    return replace(report, verdict=verdict(report))


def source_of(algorithm: Algorithm) -> str:
    """Where the points come from: the catalogue's words for its own, else that they are given."""
    sources = []
    for size, recipe in dict.fromkeys(zip(algorithm.sizes, algorithm.recipe, strict=True)):
        if recipe.moduli is None:
            sources.append("not known: given as matrices")
        elif recipe.moduli == moduli_of_use(*size):
            sources.append(source_of_use(*size))
        else:
            use = use_of(*size, recipe.moduli)
            sources.append("given" if use is None else source_of_use(*size, use))
    return "; ".join(dict.fromkeys(sources))


def _axis_condition(algorithm: Algorithm) -> float | None:
    """cond_2 of one axis's finite points, where all axes share them and there are several."""
    distinct = list(dict.fromkeys(parts(algorithm)))
    if len(distinct) > 1 or len(distinct[0].m) > 1 or len(algorithm.m) == 1:
        return None
    matrix = available(lambda: vandermonde(distinct[0], finite=True))
    return None if isinstance(matrix, Unavailable) or not matrix.shape[0] else matrix_conditioning(matrix).cond_2


def _float_results(algorithm: Algorithm, seed: int) -> Iterator[FloatResult]:
    for name, order in FLOAT_ERRORS:
        format = FORMATS[name]
        assert isinstance(format, FloatFormat)
        found = available(partial(float_error, algorithm, format, order, FLOAT_RUNS, seed))
        if isinstance(found, Unavailable):
            found = Unavailable(_overflow(algorithm, format) or found.reason)
        yield FloatResult(name, order, found)


def _overflow(algorithm: Algorithm, format: FloatFormat) -> str | None:
    """The largest entry of a stage that is beyond a format's largest value, in words; None where all are within."""
    for axis in dict.fromkeys(parts(algorithm)):
        for name, chain in zip(("A^T", "G", "B^T"), axis.maps, strict=True):
            for stage in chain.stages:
                largest = max(abs(to_fraction(value)) for row in to_numbers(stage) for value in row)
                if isinstance(available(partial(format.quantize_exact, largest)), Unavailable):
                    return (
                        f"an entry of {name}, {_rough(largest)}, is beyond {format.name}'s {number(float(format.max))}"
                    )
    return None


def _rough(value: Fraction) -> str:
    """Three digits of a number of any size."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.3g}"


def _words(known: Analysis, words: Iterable[int]) -> Words:
    smallest: dict[str, int | Unavailable] = {
        "matrix": available(lambda: known.word),
        "tap": available(lambda: known.word_per_tap),
    }
    sweep = available(lambda: sweep_words(known.algorithm, words))
    found = {} if isinstance(sweep, Unavailable) else {word: rounded.decibels for word, rounded in sweep.items()}
    return Words(WORD_TOLERANCE, smallest, found)
