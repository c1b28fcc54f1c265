# SPDX-License-Identifier: Apache-2.0
"""Schemes on the command line: fixed point, names, and limits on both; ranges of integers and what the verdict says."""

from __future__ import annotations

import json

import pytest


def measures(wincraft_here, *arguments, check=0):
    return json.loads(wincraft_here("report", *arguments, "--channels", "8", "--format", "json", check=check).stdout)


def test_fixed_point_in_a_scheme(wincraft_here):
    """A word of 32 bits is as good as exact beside fp16; 16 bits cut off lose to 16 bits rounded to nearest."""
    schemes = ("fp32,U=fixed<16,6>", "fp32,U=ap_fixed<16,6>", "fp32,U=fixed<32,12>")
    arguments = [part for scheme in schemes for part in ("--scheme", scheme)]
    found = measures(wincraft_here, "4,3", *arguments)
    nearest, cut, wide = (item["measured"] for item in found["schemes"])
    assert [item["name"] for item in found["schemes"]] == list(schemes)
    assert wide > 100 > nearest > cut


LIMITS = ["loss:mine=20", "loss:mine:tapwise-8,M=int10/tap=20", "loss:tapwise-8,M=int10/tap=20"]


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_on_schemes_with_a_name_and_with_changes(wincraft_here, limit):
    scheme = ("--scheme", "mine:tapwise-8,M=int10/tap")
    measures(wincraft_here, "2,3", *scheme, "--fail-above", limit)
    done = wincraft_here("report", "2,3", *scheme, "--channels", "8", "--fail-above", limit.replace("=20", "=-99"))
    assert done.returncode == 1
    assert "the limit is -99" in done.stderr


def test_a_name_in_tables_and_documents(wincraft_here):
    scheme = ("--scheme", "mine:tapwise-8,M=int10/tap")
    text = wincraft_here("report", "2,3", *scheme, "--channels", "8", check=0).stdout
    assert "  mine " in text
    found = measures(wincraft_here, "2,3", *scheme)
    assert found["schemes"][0]["name"] == "mine"
    assert "M int10/tap" in found["schemes"][0]["description"]
    rows = json.loads(wincraft_here("compare", "2,3", *scheme, "--channels", "8", "--format", "json", check=0).stdout)[
        "rows"
    ]
    assert {"measured:mine", "loss:mine"} <= {row["measure"] for row in rows}


@pytest.mark.parametrize(
    "given",
    [
        ("--scheme", "fp16:fp32"),
        ("--scheme", "a:fp32", "--scheme", "a:fp16"),
        ("--scheme", "fp32,U=fixed<16"),
        ("--scheme", "mine:fp32", "--fail-above", "loss:yours=3"),
    ],
)
def test_names_that_are_refused(wincraft_here, given):
    done = wincraft_here("report", "2,3", *given)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)


@pytest.mark.parametrize(
    ("options", "count", "words"),
    [
        (("--scheme", "tapwise-8"), 3640, "Exact int8 arithmetic: an int32 accumulator holds at most 3,640 channels"),
        (
            ("--scheme", "tapwise-8+unsigned"),
            1827,
            "Exact arithmetic on uint8 data and int8 filters: an int32 accumulator holds at most 1,827 channels",
        ),
        (("--scheme", "tapwise-8,input=uint8"), 1827, "1,827"),
        (("--scheme", "fp16", "--data-range", "uint8"), 1827, "1,827"),
        (("--scheme", "fp16", "--data-range", "0..255"), 1827, "1,827"),
        (("--scheme", "ncnn-int8"), 14563, "int8 data and int6 filters"),
        (("--scheme", "fp16", "--weight-range", "int6"), 14563, "14,563"),
        (("--scheme", "fp16", "--accumulator", "24"), 14, "int24 accumulator holds no more than 14 channels"),
        (("--scheme", "fp16", "--accumulator", "16"), 0, "one channel overflows int16 (it needs 21 bits)"),
    ],
)
def test_the_channels_of_a_report_are_of_its_ranges(wincraft_here, options, count, words):
    """F(2x2,3x3): (4 * 9) products of the largest magnitudes; 2^31 / (255 * 128 * 36) = 1827.6 by hand."""
    found = measures(wincraft_here, "2x2,3x3", *options)
    assert found["channels"]["outputs"] == count
    assert words in found["verdict"][-1]["text"]
