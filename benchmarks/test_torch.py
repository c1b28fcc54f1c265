# SPDX-License-Identifier: Apache-2.0
"""Layers of `wincraft.torch` beside `nn.Conv2d`: F(4x4,3x3), 16 images of 64 channels and 32 x 32, 64 filters.

All layers take turns in one process, and the fastest turn of each counts: in CPU time for one thread, in wall time for
two. Two threads wait for each other after every operation: where other load is on the machine they measure that load.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from wincraft.torch import WinogradConv2d, calibrate  # noqa: E402

TURNS = 25
STEP_TO_DIRECT, MEMORY_TO_DIRECT = 2.0, 2.5
FORWARD_TO_EXACT, STEP_TO_EXACT = 2.0, 3.0
SCHEMES = ("barabasz-2020-8", "tapwise-8", "tapwise-pow2")
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
SHAPE = (16, 64, 32, 32)

PEAK = """
import json, sys, torch
from pathlib import Path
from wincraft.torch import WinogradConv2d

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024

torch.set_num_threads(int(sys.argv[1]))
layer = torch.nn.Conv2d(64, 64, 3, padding=1)
if sys.argv[2] == "winograd":
    layer = WinogradConv2d.from_direct(layer, algorithm="F(4x4,3x3)")
layout = getattr(torch, sys.argv[3])
small, x, gradient = (torch.randn(n, 64, 32, 32).to(memory_format=layout) for n in (1, 16, 16))
layer(small.requires_grad_()).sum().backward()
x.requires_grad_()
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
for _ in range(3):
    x.grad = None
    layer.zero_grad()
    layer(x).backward(gradient)
print(json.dumps(status("VmHWM") - before))
"""


@pytest.fixture(params=[1, 2])
def threads(request) -> Iterator[int]:
    """How many threads run."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def layers():
    torch.manual_seed(0)
    direct = torch.nn.Conv2d(64, 64, 3, padding=1)
    made = {"nn.Conv2d": direct, "exact": WinogradConv2d.from_direct(direct, algorithm="F(4x4,3x3)")}
    for scheme in SCHEMES:
        made[scheme] = WinogradConv2d.from_direct(direct, algorithm="F(4x4,3x3)", scheme=scheme)
        calibrate(made[scheme], [torch.randn(SHAPE)])
    return made


def fastest_turns(functions, threads: int) -> dict[str, float]:
    """The least time of every function in seconds, taking turns after two warm-ups."""
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(TURNS + 2):
        for name, function in functions.items():
            start = clock()
            function()
            times[name].append(clock() - start)
    return {name: min(taken[2:]) for name, taken in times.items()}


@pytest.mark.parametrize("layout", FORMATS)
def test_forward(layout, threads, layers, benchmark, figure):
    """Without gradients; `nn.Conv2d` is here for information."""
    x = torch.randn(SHAPE).to(memory_format=FORMATS[layout])
    reports = []
    with torch.no_grad():
        turns = {name: lambda layer=layer: layer(x) for name, layer in layers.items()}
        benchmark.pedantic(lambda: reports.append(fastest_turns(turns, threads)), rounds=1)
    line, ratios = described(f"forward, {layout}, threads: {threads}", reports[0], benchmark, figure)
    assert all(ratios[scheme] <= FORWARD_TO_EXACT for scheme in SCHEMES), line


@pytest.mark.parametrize("layout", FORMATS)
def test_step(layout, threads, layers, benchmark, figure):
    """Forward and backward, with the gradients of the images and the weights."""
    x, gradient = (torch.randn(SHAPE).to(memory_format=FORMATS[layout]) for _ in range(2))
    x.requires_grad_()

    def step(layer) -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(gradient)

    reports = []
    turns = {name: lambda layer=layer: step(layer) for name, layer in layers.items()}
    benchmark.pedantic(lambda: reports.append(fastest_turns(turns, threads)), rounds=1)
    line, ratios = described(f"forward and backward, {layout}, threads: {threads}", reports[0], benchmark, figure)
    assert reports[0]["exact"] <= STEP_TO_DIRECT * reports[0]["nn.Conv2d"], line
    assert all(ratios[scheme] <= STEP_TO_EXACT for scheme in SCHEMES), line


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the peak of the process from /proc")
@pytest.mark.parametrize("layout", ["contiguous_format", "channels_last"])
def test_memory(layout, threads, benchmark, figure):
    """What three steps of a fresh process hold at their peak above what it held after a step with one image.

    Every tensor beyond 128 KiB is a mapping of its own, so that this is memory in use, and not what the heap of the C
    library happens to keep.
    """
    separate = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(1 << 17)}

    def peak(kind: str) -> float:
        command = [sys.executable, "-c", PEAK, str(threads), kind, layout]
        return float(
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=separate).stdout)
        )

    peaks: dict[str, float] = {}
    benchmark.pedantic(lambda: peaks.update({kind: peak(kind) for kind in ("direct", "winograd")}), rounds=1)
    benchmark.extra_info.update(peaks)
    ratio = peaks["winograd"] / peaks["direct"]
    line = figure(
        f"F(4x4,3x3) forward and backward, {layout}, threads: {threads}: peak {peaks['winograd']:.1f} MiB, nn.Conv2d "
        f"{peaks['direct']:.1f} MiB, {ratio:.2f} times (target {MEMORY_TO_DIRECT})"
    )
    assert ratio <= MEMORY_TO_DIRECT, line


def described(what: str, seconds: dict[str, float], benchmark, figure) -> tuple[str, dict[str, float]]:
    """The figures as one line, and all times over that of the unquantised layer."""
    benchmark.extra_info.update(seconds)
    ratios = {name: taken / seconds["exact"] for name, taken in seconds.items()}
    parts = [f"nn.Conv2d {seconds['nn.Conv2d'] * 1e3:.1f} ms"]
    parts.append(f"unquantised {seconds['exact'] * 1e3:.1f} ms ({1 / ratios['nn.Conv2d']:.2f} times nn.Conv2d)")
    parts += [f"{name} {seconds[name] * 1e3:.1f} ms ({ratios[name]:.2f} times unquantised)" for name in SCHEMES]
    return figure(f"F(4x4,3x3) {what}: {', '.join(parts)}"), ratios
