# SPDX-License-Identifier: Apache-2.0
"""The least processor time of calls that take turns."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

SWEPT = 64 << 20  # bytes that are read and written to empty the caches


@dataclass(frozen=True)
class Times:
    """Seconds of one call, of the whole process's processor time, and how many calls they are of."""

    least: float
    median: float
    calls: int


def interleaved(
    calls: Mapping[str, Callable[[], Any]], rounds: int, seconds: float, row: int = 3, cold: bool = False
) -> dict[str, Times]:
    """Time every call `row` times in a row per round, in another order each round.

    Stops after `rounds`, or at the end of a round when `seconds` have passed. `cold` sweeps the caches before each
    call.
    """
    swept = np.zeros(SWEPT // 4, np.float32) if cold else None
    taken: dict[str, list[int]] = {name: [] for name in calls}
    order, shuffled = list(calls), random.Random(0)
    clock, until = time.process_time_ns, time.monotonic() + seconds
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                call, times = calls[name], taken[name]
                for _ in range(row):
                    if swept is not None:
                        np.add(swept, 1, out=swept)
                    start = clock()
                    call()
                    times.append(clock() - start)
            if time.monotonic() > until:
                break
    finally:
        gc.enable()
    return {name: Times(min(times) / 1e9, median(times) / 1e9, len(times)) for name, times in taken.items()}
