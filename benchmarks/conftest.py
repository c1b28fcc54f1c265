# SPDX-License-Identifier: Apache-2.0
"""Shared by the benchmarks: the points both programs get, stopwatches, and the list of figures at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from wincraft.construct import list_of_points

_FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[_FIGURES]:
        terminalreporter.section("measured figures")
        for line in config.stash[_FIGURES]:
            terminalreporter.line(line)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Note one line for the list at the end of the run; gives it back as the message of an assertion."""

    def note(line: str) -> str:
        request.config.stash[_FIGURES].append(line)
        return line

    return note


@pytest.fixture
def points() -> Callable[[int, int], list[Any]]:
    """The finite points of F(m,r) as sympy Rationals, 0, 1, -1, 2, -2, 1/2, ...: the same for both programs."""
    return lambda m, r: [modulus.point for modulus in list_of_points(m + r - 2)]


@pytest.fixture
def fastest() -> Callable[[Callable[[], object], int], float]:
    """The least wall time of some runs, in seconds: what one program is able to do, other load aside."""

    def measure(function: Callable[[], object], rounds: int) -> float:
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return min(times)

    return measure
