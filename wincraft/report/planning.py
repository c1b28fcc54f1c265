# SPDX-License-Identifier: Apache-2.0
"""Which tile, or the direct convolution, computes a layer in the least predicted time within an error limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf, isfinite, prod
from typing import Protocol

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.catalogue import EXACT_USE, USES, catalogue
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, NotApplicable, check_type, look_up, shorten
from wincraft.measure.costs import LayerShape, parse_layer_shape
from wincraft.measure.exact_words import word_bounds
from wincraft.measure.processor import SPEEDS, ProcessorCore
from wincraft.measure.speed import ConvolutionLayer, direct_time, winograd_time
from wincraft.measure.timing import MeasuredTime, check_measurable, measured_time
from wincraft.numbers.box import signed_bits
from wincraft.progress import Progress
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import SCHEMES
from wincraft.report.model import Unavailable, available
from wincraft.report.plan import DIRECT, GIVEN, LayerPlan, PlanCandidate
from wincraft.show.numbers import count

TILES = range(2, 9)
"""The m of the candidates F(m x m, r x s)."""
_FLOAT_USES = ("accuracy", "quadratic")
_INTEGER_USES = (EXACT_USE, "integer", "quadratic")
_ABOVE = "above the error limit"


class KernelWriter(Protocol):
    """What writes the C kernel of an algorithm: the texts of its files by name.

    >>> def nothing(algorithm: Algorithm, *, type: str) -> dict[str, str]:
    ...     return {"kernel.h": "", "kernel.c": "int main(void) { return 0; }"}
    >>> writer: KernelWriter = nothing
    """

    def __call__(self, algorithm: Algorithm, *, type: str) -> Mapping[str, str]:
        """The files of one type."""


def plan_layer(
    layer: ConvolutionLayer | LayerShape | str,
    error_limit: float | str | None = None,
    *,
    type: str = "float32",
    points: str | None = None,
    core: ProcessorCore | None = None,
    given: Sequence[Algorithm] = (),
    kernels: KernelWriter | None = None,
    progress: Progress | None = None,
) -> LayerPlan:
    """Candidates for a layer: F(m x m, r x s), m from 2 to 8, and direct, with predicted time and error, fastest first.

    Args:
        layer: of "same" padding, ``"C,K,H,W"``, or a `ConvolutionLayer` that has more to say.
        error_limit: the largest error of the outputs relative to their root mean square, ``1e-5``, or the smallest
            SQNR, ``"100dB"``. Integers are exact or refused.
        type: one of `SPEEDS`.
        points: the catalogue's set of the candidates by its use; by default the most accurate and those with x^2 + c
            for floating point, those that are exact for integers.
        core: what times are predicted for.
        given: other algorithms of the same filter, as candidates too.
        kernels: writes what is compiled and timed on this machine, such as `wincraft.emit.kernel.conv2d.conv2d_files`.
            Nothing is timed by default.
        progress: called before each kernel that is timed.

    Raises:
        BadShape, BadValue: for what is no layer; BadValue also for what is no error limit.
        UnknownName: for types and uses that there are not.
        NotApplicable: for a depthwise layer, an error limit that none keeps, and where kernels cannot be timed.
        MissingTool, ToolFailed: where no kernel can be compiled and run.

    >>> plan = plan_layer("64,64,56,56", "120dB")
    >>> [(item.name, item.points) for item in plan.taken[:2]], plan.direct.name
    ([('F(4x4,3x3)', 'accuracy'), ('F(7x7,3x3)', 'quadratic')], 'direct')
    """
    shape, core, limit = _layer(layer), core or ProcessorCore(), parse_error_limit(error_limit)
    look_up("type", type, SPEEDS)
    if points is not None:
        look_up("set of points", points, USES)
    if kernels is not None:
        check_measurable(shape)
    found = [*_known(shape, type, core, points)]
    if not shape.why_direct:
        found += [_candidate(item, GIVEN, shape, core, type) for item in given]
    within = [item if _keeps(item, limit) else replace(item, refused=_ABOVE) for item in found]
    plan = LayerPlan(shape, type, core, limit, tuple(sorted(within, key=_order)))
    _ = plan.best  # refused here where there is none
    return plan if kernels is None else _timed(plan, kernels, progress)


def plan_beside(algorithm: Algorithm, layer: LayerShape) -> LayerPlan | Unavailable | None:
    """The plan of a layer in float32 with an algorithm among the candidates; None for other than two axes.

    >>> from wincraft import parse
    >>> plan = plan_beside(parse("F(4x4,3x3)", points="0,1,-1,2,-2"), parse_layer_shape("64,64,56,56"))
    >>> [f"{item.error:.1e}" for item in plan.taken if item.points == "given"]
    ['1.7e-06']
    """
    if len(algorithm.m) != 2 or len(layer.spatial) != 2:
        return None
    plan: LayerPlan | Unavailable = available(
        lambda: plan_layer(ConvolutionLayer(layer, taps=algorithm.r), given=[algorithm])
    )
    return plan


def parse_error_limit(given: float | str | None) -> float | None:
    """The largest relative error from a number or a text, ``1e-5``, or from an SQNR in dB, ``100dB``.

    Raises:
        BadValue: for what is no positive number.

    >>> parse_error_limit("1e-5"), parse_error_limit("100 dB")
    (1e-05, 1e-05)
    """
    if given is None:
        return None
    text = str(given).strip()
    plain = text.lower().removesuffix("db")
    try:
        value = float(plain)
    except ValueError:
        value = 0.0
    if plain != text.lower():
        value = 10 ** (-value / 20) if 0 < value < inf else 0.0
    if not isfinite(value) or value <= 0:
        repair = "give the largest relative error, such as 1e-5, or the smallest SQNR, such as 100dB"
        raise BadValue("the error limit", shorten(repr(text)), repair)
    return value


def _layer(given: ConvolutionLayer | LayerShape | str) -> ConvolutionLayer:
    check_type("a layer", given, ConvolutionLayer | LayerShape | str, 'give a text C,K,H,W, such as "64,64,56,56"')
    if isinstance(given, ConvolutionLayer):
        return given
    return ConvolutionLayer(parse_layer_shape(given) if isinstance(given, str) else given)


def _algorithms(layer: ConvolutionLayer, uses: Sequence[str]) -> Iterator[tuple[str, Algorithm]]:
    """For every tile the catalogue's sets of these uses; a tile larger than one that holds all outputs is left out."""
    for m in TILES:
        if m > max(2, *layer.outputs):
            return
        tile = tuple(m if r > 1 else 1 for r in layer.taps)
        entries = [catalogue().get(size) for size in zip(tile, layer.taps, strict=True) if sum(size) > 2]
        known = set()
        for use in uses:
            moduli = tuple(entry.uses[use].moduli for entry in entries if entry and use in entry.uses)
            if len(moduli) == len(entries) and moduli not in known:
                known.add(moduli)
                yield use, winograd(tile, layer.taps, points=use)


@lru_cache(maxsize=64)
def _known(layer: ConvolutionLayer, type: str, core: ProcessorCore, points: str | None) -> tuple[PlanCandidate, ...]:
    """Direct and the catalogue's candidates: the same beside any algorithm and any limit."""
    integers = SPEEDS[type].data is not None
    uses = (points,) if points else _INTEGER_USES if integers else _FLOAT_USES
    found = [PlanCandidate(DIRECT, "", None, direct_time(layer, core, type), *_judged(None, layer, type))]
    if not layer.why_direct:
        found += [_candidate(algorithm, use, layer, core, type) for use, algorithm in _algorithms(layer, uses)]
    return tuple(_one_of_each(found) if integers else found)


def _candidate(
    algorithm: Algorithm, points: str, layer: ConvolutionLayer, core: ProcessorCore, type: str
) -> PlanCandidate:
    time = winograd_time(algorithm, layer, core, type)
    return PlanCandidate(algorithm.size, points, algorithm, time, *_judged(algorithm, layer, type))


def _judged(algorithm: Algorithm | None, layer: ConvolutionLayer, type: str) -> tuple[float | None, str]:
    """The SQNR in dB, inf where exact, None where it is not known, and why it is refused.

    The direct convolution is F(1x1,1x1) with a channel for every tap.
    """
    one, taps = (winograd((1, 1), (1, 1)), prod(layer.taps)) if algorithm is None else (algorithm, 1)
    data, channels = SPEEDS[type].data, taps * layer.channels
    try:
        if data is None:
            sqnr = predict(one, SCHEMES["fp32"], None, channels=channels).decibels
            return (sqnr, "") if isfinite(sqnr) else (None, f"no value in {type}")
        bounds = word_bounds(one, data)
    except NotApplicable as error:
        return None, error.value
    if bounds.channels >= channels:
        return inf, ""
    if not bounds.fits:
        bits = max(signed_bits(box.low, box.high) for box in (bounds.U, bounds.V))
        return None, f"U or V needs {bits} bits, a word has {bounds.word}"
    return None, bounds.reason or f"proved for up to {count(bounds.channels // taps)} channels of any weights"


def _keeps(item: PlanCandidate, limit: float | None) -> bool:
    """Whether it is refused already, or within the limit."""
    return bool(item.refused) or limit is None or (item.error is not None and item.error <= limit)


def _one_of_each(found: Sequence[PlanCandidate]) -> list[PlanCandidate]:
    """Of sets of points for one size that take the same products the first that is not refused, else the first."""
    kept: dict[tuple[str, int], PlanCandidate] = {}
    for item in found:
        key = item.name, 0 if item.algorithm is None else item.algorithm.rank
        if key not in kept or (kept[key].refused and not item.refused):
            kept[key] = item
    return list(kept.values())


def _order(item: PlanCandidate) -> tuple[bool, float]:
    return bool(item.refused), item.seconds


def _timed(plan: LayerPlan, kernels: KernelWriter, progress: Progress | None) -> LayerPlan:
    """The candidates that are taken with their measured times; direct's is the least beside any of them."""
    chosen = [item for item in plan.taken if item.algorithm is not None]
    times: dict[PlanCandidate, MeasuredTime] = {}
    for done, item in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), item.name)
        assert item.algorithm is not None
        times[item] = measured_time(kernels(item.algorithm, type=plan.type), plan.layer)
    if not times:
        raise NotApplicable("measuring", "no algorithm is within the limits", "raise the error limit")
    direct = min(time.direct for time in times.values())
    measured = {item: time.winograd for item, time in times.items()} | {plan.direct: direct}
    timed = (replace(item, measured=measured.get(item)) for item in plan.candidates)
    return replace(plan, candidates=tuple(sorted(timed, key=_order)))
