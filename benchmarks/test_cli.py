# SPDX-License-Identifier: Apache-2.0
"""Start-up of the command: whole processes, as a shell starts them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

HELP_OVER_BARE_PYTHON = 0.15
GENERATE_CPU = 1.0
REPORT_SECONDS = 5.0
ROUNDS = 21

COMMAND = Path(sys.executable).with_name("wincraft")


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if not COMMAND.exists():
        pytest.skip("the command wincraft is not installed beside this Python")


def test_help_is_instant(benchmark, figure):
    """Runs of --help and of a Python that does nothing take turns, so that other load weighs on both."""
    bare = []

    def bare_python() -> None:
        start = time.perf_counter()
        run(sys.executable, "-c", "pass")
        bare.append(time.perf_counter() - start)

    run(COMMAND, "--help")
    benchmark.pedantic(run, args=(COMMAND, "--help"), setup=bare_python, rounds=ROUNDS)
    ours, floor = benchmark.stats.stats.median, median(bare)
    benchmark.extra_info.update(bare_python_seconds=floor)
    line = figure(
        f"wincraft --help: {ours * 1e3:.0f} ms, bare Python {floor * 1e3:.0f} ms, "
        f"{(ours - floor) * 1e3:.0f} ms over it (target {HELP_OVER_BARE_PYTHON * 1e3:.0f} ms), medians of {ROUNDS}"
    )
    assert ours - floor < HELP_OVER_BARE_PYTHON, line


def test_generate_takes_under_a_second_of_cpu(benchmark, figure):
    resource = pytest.importorskip("resource")
    used = []

    def generate() -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(COMMAND, "generate", "F(4,3)")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    benchmark.pedantic(generate, rounds=7, warmup_rounds=1)
    cpu = median(used)
    benchmark.extra_info.update(cpu_seconds=cpu)
    line = figure(
        f'wincraft generate "F(4,3)": {cpu:.2f} s of CPU (target {GENERATE_CPU:.0f} s), '
        f"{benchmark.stats.stats.median:.2f} s of wall time"
    )
    assert cpu < GENERATE_CPU, line


def test_a_full_default_report_takes_under_five_seconds(benchmark, figure):
    benchmark.pedantic(run, args=(COMMAND, "report", "F(6x6,3x3)"), rounds=3)
    seconds = benchmark.stats.stats.max
    line = figure(f"wincraft report F(6x6,3x3): {seconds:.2f} s, the slowest of 3 (target {REPORT_SECONDS:.0f} s)")
    assert seconds < REPORT_SECONDS, line
