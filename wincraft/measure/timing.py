# SPDX-License-Identifier: Apache-2.0
"""How long a layer takes on this machine: emitted kernels compiled, and their own benchmarks run."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from math import inf, nan
from pathlib import Path
from typing import NamedTuple

from wincraft.errors import NotApplicable, ToolFailed, shorten
from wincraft.files.source import compiler, run_program
from wincraft.measure.speed import ConvolutionLayer

_NATIVE = "-march=native" if platform.machine().lower() in ("x86_64", "amd64") else "-mcpu=native"
OPTIONS_OF_KERNELS = ("-O3", _NATIVE, "-ffp-contract=fast")
"""What kernels are compiled with: for the vectors of this machine, multiplications fused with additions."""


class MeasuredTime(NamedTuple):
    """Seconds of a layer on this machine: through the algorithm, and by the direct convolution of the same kernels."""

    winograd: float
    direct: float


def check_measurable(layer: ConvolutionLayer) -> None:
    """Check that a layer is of the kind that the kernels' benchmark runs.

    Raises:
        NotApplicable: with what it cannot do.

    >>> from wincraft.measure.costs import LayerShape
    >>> check_measurable(ConvolutionLayer(LayerShape(64, 64, (56, 56))))
    """
    whole = all(r % 2 for r in layer.taps) if layer.pad is None else {(r - 1) // 2 for r in layer.taps} == {layer.pad}
    if not whole or layer.stride != 1 or layer.groups != 1:
        reason = "the kernels' benchmark has (r - 1) / 2 zeros on every side, stride 1 and one group"
        raise NotApplicable("measuring", f"{reason}; this is {layer.describe()}", "plan it without measuring")
    if layer.why_direct:
        raise NotApplicable("measuring", f"there is nothing to compare: {layer.why_direct}", "leave it out")


def measured_time(files: Mapping[str, str], layer: ConvolutionLayer) -> MeasuredTime:
    """Compile the files of a kernel by name, one of them ``.c``, and run ``bench N H W C K`` of the program.

    The program prints, in milliseconds, the least time of interleaved runs through the algorithm and of the direct
    convolution, both of one thread's processor time.

    Raises:
        MissingTool: there is no compiler.
        ToolFailed: the compiler or the program fails, or the program prints something else.
        NotApplicable: as `check_measurable`, and where the layer is too small to be timed.

    >>> from wincraft.measure.costs import LayerShape
    >>> program = "#include <stdio.h>\\nint main(void) { puts(\\"0.5 2 10\\"); return 0; }\\n"
    >>> measured_time({"kernel.c": program}, ConvolutionLayer(LayerShape(64, 64, (56, 56))))
    MeasuredTime(winograd=0.0005, direct=0.002)
    """
    check_measurable(layer)
    command = compiler("c", "measuring")
    source = next(name for name in files if name.endswith(".c"))
    C, K, (H, W) = layer.shape.channels, layer.shape.filters, layer.shape.spatial
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        program, macro = Path(folder, Path(source).stem), f"-D{Path(source).stem.upper()}_MAIN"
        run_program([*command, *OPTIONS_OF_KERNELS, macro, source, "-o", str(program), "-lm"], folder)
        printed = run_program([str(program), "bench", *map(str, (layer.batch, H, W, C, K))], folder)
    try:
        winograd, direct = (float(word) / 1000 for word in printed.split()[:2])
    except ValueError:
        winograd = direct = nan
    if winograd == 0 or direct == 0:
        raise NotApplicable("measuring", "the layer takes less than the clock shows", "give a larger layer or batch")
    if not (0 < winograd < inf and 0 < direct < inf):
        raise ToolFailed(source, f"its benchmark printed {shorten(printed.strip())!r}", "mend the kernel")
    return MeasuredTime(winograd, direct)
