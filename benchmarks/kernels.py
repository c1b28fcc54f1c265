# SPDX-License-Identifier: Apache-2.0
"""The emitted convolution kernels beside every engine that installs with pip, on one core.

    python -m benchmarks.kernels                        # all layers, float32 and int8, on AVX2
    python -m benchmarks.kernels --isa native           # every engine and ours with all the processor has
    python -m benchmarks.kernels --check                # only whether all compute the same
    python -m benchmarks.kernels --layers 64,64,56,56 --types float32 --rounds 50

`pip install -e ".[engines]"` brings the engines; each that is missing is left out. All run in one process, pinned
to one core, in turns; the time is the least processor time of a call of the whole process. Ratios are what counts: they
repeat where times do not. On a processor with more than AVX2 the default holds every engine to AVX2, by its own switch
or, where it has none, by a masked `cpuid`, and what could not be held is listed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.kernel_engines.holding import MARK, environment, held_by, processor, release_children

MARCH = {"avx2": "x86-64-v3", "native": "native"}


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--layers", nargs="+", metavar="C,K,H,W[,N]", help="3x3 layers with a border of 1; default: ResNet's")
    add("--types", nargs="+", choices=["float32", "int8"], default=["float32", "int8"])
    add("--engines", nargs="+", metavar="WORD", help="only engines with one of these words in their name")
    add(
        "--tiles",
        nargs="+",
        default=["2", "3", "4", "4+3", "5", "6", "7"],
        metavar="M[:USE]",
        help="ours, such as 4:quadratic",
    )
    add("--compilers", nargs="+", default=["gcc", "clang"])
    add("--lanes", type=int, help="of ours; default: what the compiler's instructions have")
    add("--march", help="what ours is compiled for; default: x86-64-v3, with --isa native: native")
    add("--fly", action="store_true", help="also ours with filters transformed in the run")
    add("--isa", choices=list(MARCH), default="avx2", help="what the engines may use")
    add("--rounds", type=int, default=300)
    add("--seconds", type=float, default=120.0, help="at most, for each layer")
    add("--calls", type=int, default=3, help="in a row, each time that it is an engine's turn")
    add("--cold", action="store_true", help="sweep 64 MB through the caches before each call")
    add("--chain", type=int, default=1, metavar="LAYERS", help="that many equal layers in a row; times are for one")
    add("--core", type=int, help="default: the last one that this process may use")
    add("--check", action="store_true", help="time nothing")
    add("--floors", action="store_true", help="exit 1 where a floor does not hold")
    add("--json", type=Path, metavar="FILE")
    add("--markdown", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = options_of(arguments)
    if MARK in os.environ:
        release_children()
        return run(options, arguments)
    with tempfile.TemporaryDirectory(prefix="wincraft-held-") as place:
        values = environment(options.isa, Path(place))
        command = [sys.executable, "-m", "benchmarks.kernels", *arguments]
        return subprocess.run(command, env={**os.environ, **values}, check=False).returncode


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Everything, in the environment that `main` made."""
    from benchmarks.kernel_engines import emitted, peak
    from benchmarks.kernel_engines.goals import Terms, ratios
    from benchmarks.kernel_engines.running import gather, run_layer
    from benchmarks.kernel_engines.tables import about_lines, markdown_of, text_of
    from benchmarks.kernel_engines.work import LAYERS, Layer

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if options.core is None else options.core})
    march = options.march or MARCH[options.isa]
    tiles = [emitted.Tile.parse(text) for text in options.tiles]
    found = gather(march, lambda: emitted.engines(march, options.compilers, tiles, options.lanes, options.fly))
    wanted = options.engines or [""]
    engines = [item for item in found.engines if any(word in item.name for word in wanted)]
    machine, families = processor(), {item.family for item in engines}
    limits = peak.engines(machine["flags"])
    about: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.kernels", *arguments]),
        "processor": machine,
        "versions": found.versions | emitted.versions(options.compilers),
        "march": march,
        "held": {family: how for family, how in held_by().items() if family in families},
        "missing": found.missing,
        "peaks": {} if options.check else peak.peaks(limits),
    }
    for line in about_lines(about):
        print(line)
    apart = frozenset(family for family, how in about["held"].items() if how.startswith("not held"))
    floors = options.isa == "avx2" and not options.cold and options.chain == 1
    widest = limits[-1].name if limits and options.isa == "native" else "peak AVX2"
    terms = Terms(widest, floors, apart)
    how = {"rounds": options.rounds, "seconds": options.seconds, "row": options.calls, "cold": options.cold}
    every, broken = [], 0
    for layer in [Layer.parse(text) for text in options.layers] if options.layers else LAYERS:
        done = run_layer(layer, [*engines, *limits], options.types, options.chain, None if options.check else how)
        every.append(done)
        print("", *text_of(done, options.types, terms), sep="\n", flush=True)
        if not options.check:
            broken += sum(item.holds is False for type in options.types for item in ratios(done, type, terms))
        if options.json:
            layers = [{**item.as_json(), "ratios": _ratios(item, options.types, terms)} for item in every]
            options.json.write_text(json.dumps({**about, "layers": layers}, indent=1), encoding="utf-8")
        if options.markdown:
            tables = [["", f"### {type}", "", *markdown_of(every, type, apart)] for type in options.types]
            lines = [*itertools.chain(*tables), "", *(f"* {line}" for line in about_lines(about))]
            options.markdown.write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    return 1 if options.floors and broken else 0


def _ratios(done: Any, types: Sequence[str], terms: Any) -> dict[str, list[dict[str, Any]]]:
    from benchmarks.kernel_engines.goals import ratios

    timed = any(item.times for item in done.results)
    return {type: [vars(item) for item in ratios(done, type, terms)] for type in types if timed}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
