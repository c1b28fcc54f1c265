# SPDX-License-Identifier: Apache-2.0
"""One layer through all engines: prepared, judged, timed in turns."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from .timing import Times, interleaved
from .work import FLOAT_TOLERANCE, Engine, Layer, Ready, Skipped, Work, float_work, int8_work

PEERS = ("blas", "pytorch", "ort", "vino", "litert", "tencent", "alibaba")
WORKS = {"float32": float_work, "int8": int8_work}


@dataclass
class Gathered:
    """Engines that could be loaded, what they are, and why others could not."""

    engines: list[Engine] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what foreign libraries write on standard output and error, past Python."""
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        for stream, old in zip((1, 2), kept, strict=True):
            os.dup2(old, stream)
            os.close(old)
        os.close(nowhere)


def gather(march: str, ours: Callable[[], list[Engine]]) -> Gathered:
    """Load every engine that is installed."""
    found = Gathered()
    for name in PEERS:
        module = importlib.import_module(f".{name}", __package__)
        try:
            with quiet():
                found.engines += module.engines(march)
                found.versions |= module.versions()
        except (ImportError, OSError, Skipped) as error:
            found.missing[name] = str(error).splitlines()[0]
    found.engines += ours()
    return found


@dataclass(frozen=True)
class Result:
    """One engine on one layer: what `judge` says of it, and its times; `seconds` are those of one layer of a chain."""

    engine: str
    family: str
    type: str
    ours: bool
    judged: dict[str, float]
    times: Times | None = None
    depth: int = 1

    @property
    def seconds(self) -> float:
        return self.times.least / self.depth if self.times else float("nan")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": self.seconds if self.times else None}


@dataclass
class LayerResults:
    """All engines on one layer, and why some are not among them; `parts` are pieces of ours."""

    layer: Layer
    results: list[Result] = field(default_factory=list)
    parts: list[Result] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        items = {name: [item.as_json() for item in getattr(self, name)] for name in ("results", "parts")}
        return {"layer": asdict(self.layer), **items, "skipped": self.skipped}

    def of(self, type: str) -> list[Result]:
        """The engines of a type, fastest first."""
        return sorted((item for item in self.results if item.type == type), key=lambda item: item.seconds)


def run_layer(
    layer: Layer, engines: Sequence[Engine], types: Sequence[str], depth: int, options: dict[str, Any] | None
) -> LayerResults:
    """Prepare and judge all engines on a layer, or a chain of `depth` equal ones; and time them all with `options`.

    A float engine that is further off than the tolerance is skipped, not timed: it computes something else.
    """
    done = LayerResults(layer)
    prepared: dict[str, Ready] = {}  # keeps alive what the calls use
    found: dict[str, tuple[Engine, dict[str, float]]] = {}
    for type in types:
        work = WORKS[type](layer, depth)
        for engine in (item for item in engines if item.type == type):
            name = f"{engine.name} {type}"
            try:
                ready, judged = _judged(engine, work)
            except Exception as error:  # whatever a foreign library throws says why it is not in the table
                done.skipped[name] = str(error).splitlines()[0] if str(error) else repr(error)
                continue
            prepared[name], found[name] = ready, (engine, judged)
    calls = {name: ready.call for name, ready in prepared.items()}
    times = interleaved(calls, **options) if options is not None else {}
    for name, (engine, judged) in found.items():
        result = Result(engine.name, engine.family, engine.type, engine.ours, judged, times.get(name), depth)
        (done.parts if engine.part else done.results).append(result)
    return done


def _judged(engine: Engine, work: Work) -> tuple[Ready, dict[str, float]]:
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ready = engine.prepare(work)
        ready.call()
        ready.call()  # the second one shows who overwrites what the first one read
    if engine.part:
        return ready, {"operations": float(ready.output())}
    judged = work.judge(ready.output())
    if judged.get("error", 0.0) > FLOAT_TOLERANCE * len(work.filters):
        raise Skipped(f"off by {judged['error']:.1e} from float64")
    return ready, judged
