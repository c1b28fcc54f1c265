# SPDX-License-Identifier: Apache-2.0
"""``wincraft catalogue`` as a user meets it."""

from __future__ import annotations

import json
import re

import pytest

from wincraft import winograd
from wincraft.construct import USES, catalogue


def test_one_row_for_every_size(wincraft_here):
    done = wincraft_here("catalogue")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert sum(line.startswith("  F(") for line in done.stdout.splitlines()) == len(catalogue())
    rows = [row for row in wincraft_here("catalogue", "--taps", "3").stdout.splitlines() if row.startswith("  F(")]
    assert [row.split()[0] for row in rows] == [f"F({m},3)" for m in range(1, 17)]
    assert rows[3].split()[1:] == ["4.76195", "0.41%", "0,3/2,-3/2,2/3,-2/3,inf"]


def test_all_that_is_known_of_a_size(wincraft_here):
    text = wincraft_here("catalogue", "F(4x4,3x3)").stdout
    for name in USES:
        assert f"\n  {name} " in text
    assert "proved to be at least 4.74248" in " ".join(text.split())
    assert re.search(r"10\.7726  0,1,-1,2,-2 +Lavin & Gray", text)
    document = json.loads(wincraft_here("catalogue", "4,3", "--format", "json").stdout)
    assert (document["kind"], document["version"]) == ("wincraft.catalogue", 1)
    (entry,) = document["entries"]
    assert entry["uses"]["quadratic"]["noise_gain"] == "11/6"


@pytest.mark.parametrize("size", [(m, r) for m in range(1, 11) for r in range(2, 8) if m + r > 3])
def test_every_use_is_proved_and_its_noise_gain_is_true(size):
    entry = catalogue()[size]
    n = sum(size) - 1
    some = {"cheap"} if 3 < n <= 10 else set()
    some |= {"int8-exact"} if min(size) > 1 and n <= 10 else set()
    assert set(entry.uses) == set(USES) - {"cheap", "int8-exact"} | some
    for name, choice in entry.uses.items():
        made = winograd(*size, moduli=choice.moduli)
        assert str(made.noise_gain()) == choice.noise_gain
        quadratic = sum(item.degree == 2 for item in made.moduli)
        assert made.rank == n + quadratic
        assert name == "int8-exact" or quadratic == (name == "quadratic")


@pytest.mark.parametrize("size", [*((m, 3) for m in range(2, 11)), *((m, 5) for m in range(2, 7))])
def test_within_half_a_percent_of_a_proved_limit(size):
    entry = catalogue()[size]
    assert entry.limit.certified is not None
    assert entry.limit.certified <= entry.limit.noise_gain
    assert entry.above_limit <= 0.005
    for item in entry.published:
        assert float(winograd(*size, points=item.points).noise_gain()) >= entry.limit.certified * (1 - 1e-9)


@pytest.mark.parametrize(
    ("arguments", "mention"),
    [
        (("F(40,3)",), "m + r - 1 <= 18"),
        (("nonsense",), "F(4,3)"),
        (("--taps", "30"), "1 to 18"),
        (("--format", "xml"), "known are text, json"),
    ],
)
def test_bad_input_is_one_line(wincraft_here, arguments, mention):
    done = wincraft_here("catalogue", *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert mention in done.stderr
