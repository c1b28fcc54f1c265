# SPDX-License-Identifier: Apache-2.0
"""``wincraft search --pareto`` and ``--scaling``."""

from __future__ import annotations


def test_on_the_command_line(wincraft_here, tmp_path):
    space = ("search", "4,3", "--max-height", "3", "--space", "symmetric", "--moduli", "x^2+1", "--pareto")
    done = wincraft_here(*space)
    assert done.returncode == 0
    assert "0,2/3,-2/3,3/2,-3/2" in done.stdout
    assert wincraft_here(*space, "-o", "front.html").returncode == 0
    assert "<svg" in (tmp_path / "front.html").read_text(encoding="utf-8")
    done = wincraft_here("search", "4,3", "--max-height", "12", "--pareto")
    assert (done.returncode, done.stdout) == (3, "")
    assert "at most 20,000" in done.stderr


def test_scalings_on_the_command_line(wincraft_here):
    done = wincraft_here("search", "F(4,3)", "--points", "0,1,-1,2,-2", "--scaling", "barabasz-2020-8")
    assert done.returncode == 0
    assert done.stdout.startswith("F(4,3) under barabasz-2020-8: predicted SQNR")
    done = wincraft_here("search", "F(4,3)", "--scaling", "barabasz")
    assert (done.returncode, done.stdout) == (3, "")
    assert "did you mean" in done.stderr


def test_options_without_effect_are_refused(wincraft_here):
    space = ("search", "4,3", "--max-height", "3", "--space", "symmetric")
    for extra in (("--pareto", "--objective", "height"), ("--pareto", "--jobs", "2"), ("--scaling", "tapwise-8")):
        done = wincraft_here(*space, *extra)
        assert (done.returncode, done.stdout) == (2, "")
        assert "does not go with" in done.stderr
