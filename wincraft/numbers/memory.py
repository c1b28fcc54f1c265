# SPDX-License-Identifier: Apache-2.0
"""How much memory there is for arrays."""

from __future__ import annotations

import os
from pathlib import Path


def available_memory() -> int:
    """Bytes that are free, or that the control group leaves, whichever is less.

    >>> available_memory() > 2**20
    True
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                limits = [int(line.split()[1]) * 1024]
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        pass
    return min(limits)
