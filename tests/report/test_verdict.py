# SPDX-License-Identifier: Apache-2.0
"""The rules of the verdict, on results made up for the purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf, nan

import pytest

from wincraft import parse, winograd
from wincraft.errors import BadNumber, BadValue
from wincraft.measures import measure_named
from wincraft.quantise import SCHEMES, parse_scheme
from wincraft.report import (
    SchemeResult,
    Unavailable,
    build_report,
    failures,
    parse_fail_above,
    text_of,
    value_of,
)
from wincraft.report.sections import main_source
from wincraft.report.verdict import LEVELS, brief_verdict, level_of, verdict
from wincraft.show.numbers import loss, loss_text


@dataclass
class Predicted:
    decibels: float
    widen: tuple[str, float] | None = None
    stages: dict[str, float] = field(default_factory=lambda: {"M": 1.0})


@dataclass
class Evaluated:
    measured: float
    direct: float
    predicted: Predicted
    flags: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def empty():
    return build_report(winograd(2, 3), schemes=[])


def judged(report, measured, direct, predicted=None, widen=None):
    found = Evaluated(measured, direct, Predicted(measured if predicted is None else predicted, widen))
    changed = replace(report, schemes=(SchemeResult(SCHEMES["fp16"], found),))
    return "\n".join(finding.text for finding in verdict(changed))


def test_levels():
    assert [level_of(value) for value in (inf, 30, 29.9, 20, 10, 9.9, -20, -inf, nan)] == [
        "good", "good", "fair", "fair", "poor", "bad", "bad", "bad", "bad",
    ]  # fmt: skip
    assert list(LEVELS) == ["good", "fair", "poor", "bad"]


def test_the_difference_to_direct_is_said(empty):
    assert "fp16 40.0 (-12.0)" in judged(empty, 40, 52)
    assert "fp16 40.0 (as direct)" in judged(empty, 40, 40.9)
    assert "fp16 42.0 (+2.0)" in judged(empty, 42, 40)
    assert "fp16 exact (as direct)" in judged(empty, inf, inf)
    assert "fp16 not finite" in judged(empty, nan, 40)
    assert "fp16 not finite" in judged(empty, nan, nan)


def test_causes(empty):
    assert "The one stage to widen: M of fp16 (+9.0 dB)." in judged(empty, 3, 38, widen=("M", 9.0))
    assert "widen" not in judged(empty, 3, 38, widen=("M", 2.0))
    assert "Blame the format" in judged(empty, 3, 12, widen=("M", 9.0))
    assert "widen" not in judged(empty, 33, 38, widen=("M", 9.0))


def test_trust(empty):
    assert "agree within 0.5 dB." in judged(empty, 30, 38, predicted=30.5)
    assert "Prediction and measurement differ: fp16 (5.0 dB)." in judged(empty, 30, 38, 35)
    assert "differ: fp16 (inf dB)" in judged(empty, nan, 38, 35)


def test_cost_and_accumulator():
    assert "saves none" in repr(build_report(winograd(1, 3), schemes=[]))
    assert "one channel overflows int32 (it needs 44 bits)" in " ".join(
        finding.text for finding in build_report(parse("F(4x4,3x3)"), schemes=[]).verdict
    )
    assert "at most 21,845 channels" in repr(build_report(winograd(2, 3), schemes=[]))


def test_loss_of_what_is_not_finite():
    assert loss(40, nan) == inf
    assert loss(inf, inf) == 0
    assert loss(nan, 40) != loss(nan, 40)  # not a number: every limit fails


def test_limits(empty):
    (failed,) = failures(empty, [parse_fail_above("noise-gain=1.5"), parse_fail_above("noise-gain=2")], "it")
    assert str(failed) == (
        "check failed: noise-gain of it is 1.66667, the limit is 1.5; choose another algorithm or another limit"
    )
    (missing,) = failures(empty, [parse_fail_above("loss:fp16=100")], "it")
    assert "not available (scheme fp16 was not evaluated)" in str(missing)
    never = build_report(winograd(1, 3), schemes=[])
    assert len(failures(never, [parse_fail_above("break-even=1000")], "it")) == 1
    bad = replace(empty, schemes=(SchemeResult(SCHEMES["fp16"], Evaluated(nan, nan, Predicted(3))),))
    assert len(failures(bad, [parse_fail_above("loss:fp16=100"), parse_fail_above("error:fp16=100")], "it")) == 2
    refusing = replace(empty, schemes=(SchemeResult(SCHEMES["fp16"], Unavailable("no")),))
    assert len(failures(refusing, [parse_fail_above("loss:fp16=100")], "it")) == 1


def test_a_scheme_with_options_is_another_scheme(empty):
    named = parse_scheme("tapwise-8+weights-per-channel")
    changed = replace(empty, schemes=(SchemeResult(named, Evaluated(30, 38, Predicted(30))),))
    assert value_of(changed, measure_named("loss:tapwise-8+weights-per-channel")) == 8
    assert isinstance(value_of(changed, measure_named("loss:tapwise-8")), Unavailable)
    assert measure_named("loss:tapwise-8").scheme == SCHEMES["tapwise-8"]
    assert measure_named("noise-gain").scheme is None


def test_what_overflows_is_no_small_loss(empty):
    assert loss(-inf, -inf) == inf
    assert loss(52, -inf) == inf
    assert [loss_text(value) for value in (3.54, inf, -inf, nan)] == ["3.5", "infinite", "none", "unknown"]
    bad = replace(empty, schemes=(SchemeResult(SCHEMES["fp16"], Evaluated(-inf, -inf, Predicted(-inf))),))
    assert text_of(bad, measure_named("loss:fp16")) == "infinite"
    assert len(failures(bad, [parse_fail_above("loss:fp16=5")], "it")) == 1
    assert text_of(bad, measure_named("error:fp16")) == "not finite"


def test_predictions_that_overflow_agree_with_measurements_that_do(empty):
    assert "agree within 0.1 dB" in judged(empty, -inf, -inf, -inf)
    assert "agree within 0.1 dB" in judged(empty, 30, 38, 30)
    assert "differ: fp16 (inf dB)" in judged(empty, -inf, 40, 38)
    assert "fp16 (not finite)." in judged(empty, -inf, -inf)


def test_the_source_of_what_overflows():
    def source(**stages):
        return main_source(SchemeResult(SCHEMES["fp16"], Evaluated(1, 1, Predicted(1, stages=stages))))

    assert source(input=inf) == "input overflows"
    assert source(input=1.0, M=3.0) == "M (75%)"
    assert source(input=nan) == "unknown"
    assert source(input=0.0) == "none"


def test_limits_are_fractions_too(empty):
    assert failures(empty, [parse_fail_above("noise-gain=5/3")], "it") == []  # its value, exactly
    assert len(failures(empty, [parse_fail_above("noise-gain=4999/3000")], "it")) == 1
    assert parse_fail_above("noise-gain=inf").value == inf
    for text in ("noise-gain=1e999999999", "noise-gain=1/0", "noise-gain=five", "noise-gain="):
        with pytest.raises((BadNumber, BadValue)):
            parse_fail_above(text)


def test_the_brief_verdict_names_schemes_and_the_most_of_everything(empty):
    results = tuple(
        SchemeResult(SCHEMES[name], Evaluated(measured, 38, Predicted(predicted, widen)))
        for name, measured, predicted, widen in (
            ("fp16", 35, 35, None),
            ("tapwise-8", 15, 15, ("M", 4.0)),
            ("tapwise-pow2", 12, 17.5, ("V", 7.5)),
            ("bf16", 11, 15, ("V", 1.0)),
        )
    )
    texts = [finding.text for finding in brief_verdict(replace(empty, schemes=results))]
    assert texts[1:-1] == [
        "Accurate (30 dB or more): fp16.",
        "Poor, expect to retrain (10 to 20 dB): tapwise-8, tapwise-pow2, bf16.",
        "The one stage to widen: V of tapwise-pow2 (+7.5 dB), and 1 more.",
        "Trust the measured: predictions differ for tapwise-pow2 (5.5 dB) and 1 more.",
    ]
    assert [finding.level for finding in brief_verdict(replace(empty, schemes=results))][:3] == ["good", "good", "poor"]
    assert texts[0] == verdict(empty)[0].text
    assert texts[-1] == verdict(empty)[-1].text
