# SPDX-License-Identifier: Apache-2.0
"""The verdict in words, computed from the results by stated rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite, isnan, log10

from wincraft.measure.integer_sets import integer_set
from wincraft.measure.integers import INT8
from wincraft.quantise.evaluation import Evaluation
from wincraft.quantise.prediction import SLACK
from wincraft.report.model import Finding, Results, SchemeResult, Unavailable
from wincraft.show.layout import Level
from wincraft.show.numbers import count, decibels, loss, number, plural

GOOD = 30.0
"""SQNR in dB: the error is 3 % of the output's amplitude. Direct convolution with 8 bits per tensor has 36 dB on the
default Gaussian data, and is deployed without retraining; 30 dB is a bit below it."""
FAIR = 20.0
"""SQNR in dB: 10 % of the amplitude, half of what 8 bits give in dB. A rule of thumb, as is the next: below, networks
have to be retrained."""
POOR = 10.0
"""SQNR in dB: 32 % of the amplitude. Below, the output is as much noise as signal to the layers that follow."""
FREE = 1.0
"""dB from direct convolution, a sixth of a bit, up to which a scheme is called as good."""
LEAST_GAP = 0.1
"""dB between them that are not told apart, the last digit shown."""
WIDEN = 3.0
"""dB that widening one stage must gain to be worth a sentence: half a bit."""
CHANNELS_OF_A_LAYER = 16
"""A layer has more channels than that, the first of a network apart."""

LEVELS: dict[Level, tuple[float, str]] = {
    "good": (GOOD, f"Accurate ({GOOD:.0f} dB or more)"),
    "fair": (FAIR, f"Usable with care ({FAIR:.0f} to {GOOD:.0f} dB)"),
    "poor": (POOR, f"Poor, expect to retrain ({POOR:.0f} to {FAIR:.0f} dB)"),
    "bad": (float("-inf"), f"Unusable (below {POOR:.0f} dB)"),
}
"""From best to worst: the least SQNR in dB, and the word for it."""


def level_of(measured: float) -> Level:
    """The level of an SQNR in dB; what is not finite is bad, what is exact good.

    >>> level_of(38.0), level_of(12.5), level_of(float("nan"))
    ('good', 'poor', 'bad')
    """
    return next((level for level, (least, _) in LEVELS.items() if measured >= least), "bad")


def verdict(report: Results) -> tuple[Finding, ...]:
    """The findings, from cost to accumulator.

    The levels of schemes are those of `LEVELS`, by measured SQNR; the loss against direct convolution under the same
    scheme is beside it, so that what the format costs and what the algorithm costs can be told apart.
    """
    findings = [_cost(report), _noise(report), *_layer(report)]
    grades = _grades(report.schemes, _scheme_text)
    if grades:
        grades.append(Finding("fact", "These are measured SQNR in dB; in brackets, the difference to direct."))
    findings += grades
    findings += _causes(report.schemes)
    refused = [item.label for item in report.schemes if isinstance(item.evaluation, Unavailable)]
    if refused:
        findings.append(Finding("fact", f"Not applicable to this algorithm: {', '.join(refused)}."))
    findings += _trust(report.schemes)
    findings.append(_accumulator(report))
    return tuple(findings)


def brief_verdict(report: Results) -> tuple[Finding, ...]:
    """The findings that fit on a screen with a table of the schemes: these by name, of the rest what matters most."""
    findings = _layer(report) or [_cost(report)]
    findings += _grades(report.schemes, lambda item: item.label)
    if widened := _widened(report.schemes):
        (stage, label, gain), *others = sorted(widened, key=lambda found: -found[2])
        more = f", and {count(len(others))} more" if others else ""
        findings.append(Finding("fact", f"The one stage to widen: {stage} of {label} ({gain:+.1f} dB){more}."))
    gaps = [(label, gap) for label, gap in _gaps(report.schemes) if not gap <= SLACK]
    if gaps:
        label, gap = max(gaps, key=lambda found: found[1])
        more = f" and {count(len(gaps) - 1)} more" if len(gaps) > 1 else ""
        findings.append(Finding("fact", f"Trust the measured: predictions differ for {label} ({gap:.1f} dB){more}."))
    return (*findings, _accumulator(report))


def _cost(report: Results) -> Finding:
    costs = report.costs
    if costs.products >= costs.direct:
        text = f"Takes {count(costs.products)} products per tile, direct convolution {count(costs.direct)}: saves none."
        return Finding("bad", text)
    pays = f"from C = K = {count(costs.break_even)}" if costs.break_even is not None else "never"
    text = f"{float(costs.saving):.3g} times fewer products than direct; with transforms it pays {pays}."
    return Finding("good", text)


def _noise(report: Results) -> Finding:
    times = f"{number(float(report.noise.value))} times in power ({noise_decibels(report):+.1f} dB)"
    return Finding("fact", f"Amplifies the rounding of its products {times}.")


def noise_decibels(report: Results) -> float:
    """The noise gain in dB."""
    return 10 * log10(float(report.noise.value))


def _layer(report: Results) -> list[Finding]:
    if report.layer is None:
        return []
    saving = float(report.layer.saving)
    words = f"{number(saving)} times fewer operations than direct, borders included"
    return [Finding("good" if saving > 1 else "bad", f"Layer {report.layer.layer}: {words}.")]


def _grades(results: Sequence[SchemeResult], show: Callable[[SchemeResult], str]) -> list[Finding]:
    """The schemes by level, from the best on."""
    members = {level: [show(item) for item in results if _level(item) == level] for level in LEVELS}
    return [Finding(level, f"{LEVELS[level][1]}: {', '.join(names)}.") for level, names in members.items() if names]


def _level(item: SchemeResult) -> Level | None:
    return None if isinstance(item.evaluation, Unavailable) else level_of(item.evaluation.measured)


def _scheme_text(item: SchemeResult) -> str:
    found = item.evaluation
    assert not isinstance(found, Unavailable)
    below = loss(found.direct, found.measured)
    if not isfinite(below):
        return f"{item.label} {decibels(found.measured)}"
    against = "as direct" if abs(below) <= FREE else f"{-below:+.1f}"
    return f"{item.label} {decibels(found.measured)} ({against})"


def _causes(results: Sequence[SchemeResult]) -> list[Finding]:
    """Why schemes are poor or bad, and what would help."""
    formats = [
        f"{item.label} ({decibels(found.direct)}{' dB' if isfinite(found.direct) else ''})"
        for item, found in _weak(results)
        if _direct_is_weak(found)
    ]
    findings = []
    if formats:
        text = f"Blame the format where direct convolution is poor too: {', '.join(formats)}."
        findings.append(Finding("fact", text))
    stages = [f"{stage} of {label} ({gain:+.1f} dB)" for stage, label, gain in _widened(results)]
    if stages:
        findings.append(Finding("fact", f"The one stage to widen: {', '.join(stages)}."))
    return findings


def _weak(results: Sequence[SchemeResult]) -> Iterator[tuple[SchemeResult, Evaluation]]:
    """The schemes that are poor or bad."""
    for item in results:
        found = item.evaluation
        if not isinstance(found, Unavailable) and level_of(found.measured) in ("poor", "bad"):
            yield item, found


def _direct_is_weak(found: Evaluation) -> bool:
    return level_of(found.direct) in ("poor", "bad")


def _widened(results: Sequence[SchemeResult]) -> list[tuple[str, str, float]]:
    """Stage, scheme, and what the stage's widening gains in dB, where the format is not to blame."""
    return [
        (stage, item.label, gain)
        for item, found in _weak(results)
        if not _direct_is_weak(found) and found.predicted.widen is not None
        for stage, gain in [found.predicted.widen]
        if gain >= WIDEN
    ]


def _trust(results: Sequence[SchemeResult]) -> list[Finding]:
    """How far predictions are from measurements, and where further than the model should be."""
    gaps = _gaps(results)
    if not gaps:
        return []
    far = [(label, gap) for label, gap in gaps if not gap <= SLACK]
    near = [gap for _, gap in gaps if gap <= SLACK]
    agree = f"Prediction and measurement agree within {max(LEAST_GAP, *near):.1f} dB" if near else ""
    listed = ", ".join(f"{label} ({gap:.1f} dB)" for label, gap in far)
    differ = (
        f"they differ for {listed}: trust the measurement" if near else f"Prediction and measurement differ: {listed}"
    )
    return [Finding("fact", "; ".join([agree] * bool(near) + [differ] * bool(far)) + ".")]


def _gaps(results: Sequence[SchemeResult]) -> list[tuple[str, float]]:
    """Every scheme, and how far its prediction is from its measurement."""
    found = [(item.label, item.evaluation) for item in results if not isinstance(item.evaluation, Unavailable)]
    return [(label, _gap(e.predicted.decibels, e.measured)) for label, e in found]


def _gap(predicted: float, measured: float) -> float:
    """The distance in dB; 0 where both are infinite alike, or no number, inf where only one of them is."""
    if predicted == measured or (isnan(predicted) and isnan(measured)):
        return 0.0
    return abs(predicted - measured) if isfinite(predicted) and isfinite(measured) else inf


def _accumulator(report: Results) -> Finding:
    counts = report.channels
    if isinstance(counts, Unavailable):
        return Finding("fact", f"No channel count: {counts.reason}.")
    assert not isinstance(report.ranges, Unavailable)
    integers, kind = report.integers, f"int{counts.accumulator_bits}"
    int8 = integers.data == integers.filter == INT8
    exact = "Exact int8 arithmetic" if int8 else f"Exact arithmetic on {integers.describe()}"
    if counts.outputs is None or counts.outputs >= CHANNELS_OF_A_LAYER:
        held = "any number of channels" if counts.outputs is None else f"at most {plural(counts.outputs, 'channel')}"
        return Finding("fact", f"{exact}: an {kind} accumulator holds {held}.")
    better = integer_set(report.algorithm, integers)
    repair = "requantise the taps"
    if better is not None and (better.counts.outputs or 0) > counts.outputs:
        repair += f", or take --points {better.use}, which holds {plural(better.counts.outputs or 0, 'channel')}"
    if counts.outputs > 0:
        held = f"no more than {plural(counts.outputs, 'channel')}"
        return Finding("poor", f"{exact}: an {kind} accumulator holds {held}; {repair}.")
    needed = max(step.integer_bits for step in report.ranges.of("product", "output"))
    return Finding("bad", f"{exact}: one channel overflows {kind} (it needs {needed} bits); {repair}.")
