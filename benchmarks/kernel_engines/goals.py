# SPDX-License-Identifier: Apache-2.0
"""What is to hold, as ratios on AVX2 without VNNI, and the ratios that are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .running import LayerResults, Result

# by layer: PyTorch channels last, best engine (float32); best engine (int8, exact): floor and goal
FLOORS = {
    (64, 64, 56, 56, 1): ((2.5, 3.2), (1.2, 1.6), (1.4, 2.0)),
    (128, 128, 28, 28, 1): ((2.5, 3.3), (1.15, 1.6), (1.3, 1.6)),
    (256, 256, 14, 14, 1): ((2.0, 3.0), (1.15, 1.4), (1.3, 1.7)),
    (512, 512, 7, 7, 1): ((1.3, 1.8), (0.95, 1.1), (1.1, 1.6)),
    (16, 16, 56, 56, 1): ((2.0, 2.5), (1.3, 1.8), (1.5, 2.0)),
    (32, 32, 56, 56, 1): ((2.0, 2.5), (1.3, 1.8), (1.5, 2.0)),
    (64, 64, 56, 56, 8): ((2.0, 3.0), (1.2, 1.5), (1.5, 2.5)),
    (128, 128, 28, 28, 8): ((2.0, 3.0), (1.2, 1.5), (1.5, 2.5)),
    (256, 256, 14, 14, 8): ((2.0, 3.5), (1.1, 1.85), (1.4, 2.0)),
    (512, 512, 7, 7, 8): ((2.0, 2.7), (0.95, 1.07), (1.2, 2.0)),
}
IM2COL = 2.5  # for 16 channels and 14x14 outputs or more
DIRECT = 0.9  # of PyTorch channels last
PRODUCTS = 0.9  # of the measured peak, for 64 to 128 channels
COMPILERS = {"float32": 1.1, "int8": 1.2}  # the slower by the faster


@dataclass(frozen=True)
class Ratio:
    """How many times as fast ours is, or what else is asked; a floor that it keeps or not, None without one."""

    name: str
    value: float
    floor: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def holds(self) -> bool | None:
        if self.floor is None:
            return None
        return self.value <= self.floor if self.at_most else self.value >= self.floor


def fastest(results: list[Result]) -> Result | None:
    return min(results, key=lambda item: item.seconds, default=None)


def tile_of(result: Result) -> str:
    """The name without the compiler."""
    return result.engine.rpartition(" ")[0]


@dataclass(frozen=True)
class Terms:
    """How ratios are meant: `peak` of which instructions ours has to reach; whether floors are asked; families that use
    other instructions and are no engine to be compared with."""

    peak: str = "peak AVX2"
    floors: bool = False
    apart: frozenset[str] = frozenset()


def ratios(done: LayerResults, type: str, terms: Terms) -> Iterator[Ratio]:
    """All that is asked of a layer and type."""
    layer, floors = done.layer, terms.floors
    given = FLOORS.get((layer.c, layer.k, layer.h, layer.w, layer.n)) if floors else None
    results = done.of(type)
    peers = [item for item in results if not item.ours and item.family not in terms.apart]
    ours = [item for item in results if item.ours]
    best = fastest(ours)
    if best is None:
        return
    named = {item.engine: item for item in peers}
    f4 = fastest([item for item in ours if tile_of(item) == "F4"])
    straight = fastest([item for item in ours if tile_of(item) == "direct"])
    cl, im2col = named.get("torch cl"), named.get("im2col")
    winner, place = fastest(peers), 0 if type == "float32" else 2

    def pair(index: int) -> tuple[float | None, float | None]:
        return given[index] if given else (None, None)

    if type == "float32":
        if cl and f4 and f4 is not best:
            yield Ratio("F4 : torch cl", cl.seconds / f4.seconds, None, pair(0)[1])
        if cl:
            yield Ratio(f"{tile_of(best)} : torch cl", cl.seconds / best.seconds, *pair(0))
        place = 1
    if winner:
        yield Ratio(
            f"{tile_of(best)} : {winner.engine}, the fastest engine", winner.seconds / best.seconds, *pair(place)
        )
    if type == "float32" and winner and (peer := _as_accurate(ours, winner)) and peer is not best:
        name = f"{tile_of(peer)} : {winner.engine}, at no more than its error"
        yield Ratio(name, winner.seconds / peer.seconds)
    exact = fastest([item for item in peers if not item.judged.get("wrong", 0)])
    if type == "int8" and exact and exact is not winner:
        yield Ratio(f"{tile_of(best)} : {exact.engine}, the fastest exact engine", exact.seconds / best.seconds)
    if im2col:
        wide = floors and layer.c >= 16 and layer.h >= 14
        floor = IM2COL if wide else 1.0 if floors and layer.c < 8 else None
        yield Ratio(f"{tile_of(best)} : im2col", im2col.seconds / best.seconds, floor)
    if cl and straight:
        yield Ratio("direct : torch cl", cl.seconds / straight.seconds, DIRECT if floors else None)
    yield from _compilers(ours, type, floors)
    speeds = {part.engine: part.judged["operations"] / part.seconds for part in done.parts if part.type == type}
    for name, speed in speeds.items():
        if name.startswith("products") and terms.peak in speeds:
            asked = PRODUCTS if floors and 64 <= layer.c <= 128 else None
            yield Ratio(f"{name}, share of the {terms.peak}", speed / speeds[terms.peak], asked)


def _as_accurate(ours: list[Result], peer: Result) -> Result | None:
    return fastest([item for item in ours if item.judged["error"] <= peer.judged["error"]])


def _compilers(ours: list[Result], type: str, floors: bool) -> Iterator[Ratio]:
    for tile in ("F4", "direct"):
        same = [item.seconds for item in ours if tile_of(item) == tile]
        if len(same) > 1:
            limit = COMPILERS[type] if floors else None
            yield Ratio(f"{tile}, the slower compiler : the faster", max(same) / min(same), limit, at_most=True)
