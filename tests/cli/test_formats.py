# SPDX-License-Identifier: Apache-2.0
"""``wincraft formats`` as a user meets it."""

from __future__ import annotations

import re

import pytest

from wincraft.numbers import FORMATS
from wincraft.quantise import OPTIONS, PRESETS, SCHEMES


def test_every_preset_is_explained():
    assert list(PRESETS) == list(SCHEMES)
    for item in PRESETS.values():
        assert len(item.summary) <= 56
        assert re.search(r"\b(19|20)\d\d\b", item.source)


def test_the_overview_lists_formats_and_schemes(wincraft_here):
    done = wincraft_here("formats")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [name for name in FORMATS if any(line.startswith(f"  {name}: ") for line in lines)] == list(FORMATS)
    below = lines[lines.index("Schemes: which format at which stage; wincraft formats NAME says more") + 1 :]
    rows = [line.split()[0] for line in below if line[2:3].strip()]
    assert rows == ["scheme", *SCHEMES, "option", *OPTIONS]


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_has_its_source_its_use_and_its_stages(wincraft_here, name):
    done = wincraft_here("formats", name)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    text = " ".join(done.stdout.split())
    for word in ("source", "hardware", "use"):
        assert f" {word}: {getattr(PRESETS[name], word)}" in text
    letters = {"U = B^T d": "U", "V = G g": "V", "M = sum of U V": "M", "input d": "input", "weights g": "weights",
               "output A^T M": "output", "pre-steps": "pre_step", "post-steps": "post_step"}  # fmt: skip
    shown = {
        stage: re.search(rf"^  {re.escape(label)} +(\S+)", done.stdout, re.MULTILINE)
        for label, stage in letters.items()
    }
    found = {stage: match[1] for stage, match in shown.items() if match}
    assert found == {stage: quantizer.format.name for stage, quantizer in SCHEMES[name].stages.items()}


def test_granularities_are_in_words(wincraft_here):
    def rows(name):
        return dict(re.findall(r"^  (\w+).*?  +\S+  +(.*)$", wincraft_here("formats", name).stdout, re.MULTILINE))

    assert rows("tapwise-pow2")["U"] == "tap, a power of two"
    assert rows("tapwise-8")["input"] == "stage"
    assert rows("ncnn-int8")["weights"] == "output channel"


def test_changes_show_in_the_table(wincraft_here):
    text = wincraft_here("formats", "tapwise-8,M=int10/tap,calibration=mse").stdout
    assert re.search(r"^  M = sum of U V +int10 +tap$", text, re.MULTILINE)
    assert re.search(r"^  calibration +mse$", text, re.MULTILINE)
    assert "here: tapwise-8,M=int10/tap,calibration=mse" in text
    assert re.search(
        r"^  sum over channels +fp32 ", wincraft_here("formats", "bf16,accumulator=fp32").stdout, re.MULTILINE
    )


def test_a_name_of_both_is_told_as_both(wincraft_here):
    text = wincraft_here("formats", "fp16").stdout
    assert text.index("format fp16: up to 65504") < text.index("scheme fp16: half precision")


@pytest.mark.parametrize(
    ("name", "mention"),
    [
        ("tapwise_8", "did you mean tapwise-8?"),
        ("half", "did you mean fp16?"),
        ("fp15", "unknown format or scheme 'fp15'"),
        ("tapwise-8,W=int8", "unknown field of a scheme 'W'"),
        ("fixed<16,6,FOO,SAT>", "unknown rounding mode 'foo'"),
    ],
)
def test_what_is_neither_is_refused(wincraft_here, name, mention):
    done = wincraft_here("formats", name)
    assert (done.returncode, done.stdout) == (3, "")
    assert mention in done.stderr
