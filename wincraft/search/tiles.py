# SPDX-License-Identifier: Apache-2.0
"""Which tile and which construction for a kernel: those that no other one beats in every respect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wincraft.algorithm.bilinear import Algorithm
from wincraft.analysis import Analysis
from wincraft.errors import BadValue, NotApplicable, WincraftError
from wincraft.exact.number import number_text
from wincraft.measures import MEASURES
from wincraft.progress import Progress
from wincraft.quantise.schemes import Scheme
from wincraft.search.constructions import Construction, constructions
from wincraft.search.front import FrontMember, front_of
from wincraft.show.chart import MARKS, Axis, Chart, Dots, Point, Series
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import number
from wincraft.show.shown import Shown
from wincraft.version import __version__

TILE_CRITERIA = ("products-per-output", "noise-gain", "additions-per-output", "live-values")
"""The measures that the front is over, less being better."""
MOST_OUTPUTS = 8
"""The largest tile along an axis that constructions are made for."""
_NOTES = (
    "Additions: of the data and output transforms, by their default circuits. Live: the most values that one of them "
    "holds at one time. Members are made by wincraft generate.",
)


@dataclass(frozen=True)
class TileMember:
    """A construction with its values, exact, in the order of `TILE_CRITERIA`, and the SQNR in dB by scheme."""

    construction: Construction
    algorithm: Algorithm
    member: FrontMember
    decibels: tuple[float, ...] = ()


@dataclass(frozen=True, repr=False)
class TileFront(Shown):
    """Tiles by rising products per output: those of the front, and all that were looked at."""

    kernel: str
    tiles: tuple[TileMember, ...]
    considered: tuple[TileMember, ...] = field(repr=False)
    schemes: tuple[str, ...] = ()
    whole: bool = False

    @property
    def listed(self) -> tuple[TileMember, ...]:
        """What the table shows: the front, or everything."""
        return self.considered if self.whole else self.tiles

    def layout(self) -> Layout:
        """The table, in which the members of the front are marked where it shows others too."""
        rows, marked = [], set()
        for place, tile in enumerate(self.listed, 1):
            products, gain, additions, live = tile.member.values
            texts = (number(float(products)), number(float(gain)), number(float(additions)), str(live))
            measured = (f"{value:.1f}" for value in tile.decibels)
            rows.append((str(place), str(tile.algorithm.rank), *texts, *measured, tile.construction.words))
            if self.whole and tile in self.tiles:
                marked |= {(place - 1, 2 + k) for k in range(len(texts))}
        header = ("", "products", "per output", "noise gain", "adds/output", "live", *self.schemes, "construction")
        table = Table(header, tuple(rows), "rrrrrr" + "r" * len(self.schemes) + "l", frozenset(marked))
        head = "No construction looked at is better than one of these in one respect and as good in the others."
        return Layout(
            title=f"{self.kernel} filters: the Pareto front, {len(self.tiles)} of {len(self.considered)} constructions",
            head=("The front's figures are marked." if self.whole else head,),
            sections=(Section("Members", (table,), _NOTES),),
            charts=(self.chart(),),
        )

    def chart(self) -> Chart:
        """Noise gain against products per output, numbered as in the table; the marks tell families apart."""
        series: dict[str, list[Point]] = {}
        for place, tile in enumerate(self.listed, 1):
            products, gain = (float(value) for value in tile.member.values[:2])
            series.setdefault(tile.construction.family, []).append(
                Point(products, gain, str(place), tile.construction.words)
            )
        marks = [MARKS[k % len(MARKS)] for k in range(len(series))]
        return Dots(
            f"{self.kernel} filters: products and noise gain",
            Axis("products per output, left is better"),
            Axis("noise gain, lower is better", logarithmic=True),
            tuple(Series(name, tuple(dots), mark) for (name, dots), mark in zip(series.items(), marks, strict=True)),
            "Every construction of the table by its products per output and its noise gain.",
        )

    def document(self) -> dict[str, object]:
        """The table as plain data; the schema is ``tiles-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.tiles",
            "version": 1,
            "wincraft": __version__,
            "kernel": self.kernel,
            "considered": len(self.considered),
            "members": [
                {
                    "construction": tile.construction.words,
                    "family": tile.construction.family,
                    "size": tile.algorithm.size,
                    "products": tile.algorithm.rank,
                    **dict(zip(("products_per_output", "noise_gain", "additions_per_output"), exact, strict=True)),
                    "live_values": int(live),
                    "sqnr": dict(zip(self.schemes, tile.decibels, strict=True)),
                    "front": tile in self.tiles,
                }
                for tile in self.listed
                for *exact, live in [[*map(number_text, tile.member.values[:-1]), tile.member.values[-1]]]
            ],
        }


def tile_front(
    kernel: Sequence[int],
    outputs: Iterable[int] = range(2, 7),
    schemes: Sequence[Scheme] = (),
    whole: bool = False,
    progress: Progress = lambda done, total, name: None,
) -> TileFront:
    """The front of all constructions of a kernel of alike axes, over tiles of so many outputs along each.

    Under `schemes` what is listed is simulated, as `wincraft.simulate` does; `whole` lists everything.

    Raises:
        NotApplicable: where the axes of the kernel differ, or nothing makes tiles of so many taps.
        BadValue: for a kernel without taps, and for outputs that are not from 1 to `MOST_OUTPUTS`.

    >>> [(tile.construction.words, tile.algorithm.rank) for tile in tile_front([3, 3], [2]).tiles][:1]
    [('2x2,3x3 --points accuracy', 16)]
    """
    tried, text = list(outputs), "x".join(map(str, kernel))
    if not kernel or min(kernel) < 1:
        raise BadValue("the kernel", repr(text), "give taps along each axis, 1 or more")
    if len(set(kernel)) > 1:
        raise NotApplicable(f"the tiles of a kernel {text}", "its axes differ", "ask for one axis after the other")
    if not tried or not all(1 <= m <= MOST_OUTPUTS for m in tried):
        raise BadValue("the outputs of a tile", str(tried), f"give 1 to {MOST_OUTPUTS} along an axis")
    wanted = [item for m in tried for item in constructions(m, kernel[0], len(kernel))]
    found: list[TileMember] = []
    for done, construction in enumerate(wanted):
        progress(done, len(wanted), construction.size)
        found += _made(construction)
    if not found:
        raise NotApplicable(f"the tiles of a kernel {text}", "no construction makes any", "take fewer taps")
    members = front_of([tile.member for tile in found])
    first = {tile.member.values: tile for tile in reversed(found)}
    order = sorted(first.values(), key=lambda tile: (tile.member.values[0], tile.member.values[1]))
    chosen = order if whole else [tile for tile in order if tile.member in members]
    measured = {id(tile): _simulated(tile, schemes) for tile in chosen}
    listed = tuple(measured.get(id(tile), tile) for tile in order)
    front = tuple(tile for tile in listed if tile.member in members)
    return TileFront(text, front, listed, tuple(scheme.name for scheme in schemes), whole)


def _made(construction: Construction) -> list[TileMember]:
    """The construction with its values; nothing where its parts do not fit together."""
    try:
        algorithm = construction.make()
        known = Analysis(algorithm)
        values = tuple(MEASURES[name].value(known) for name in TILE_CRITERIA)
    except WincraftError:
        return []
    return [TileMember(construction, algorithm, FrontMember(construction.words, algorithm.rank, values))]


def _simulated(tile: TileMember, schemes: Sequence[Scheme]) -> TileMember:
    known = Analysis(tile.algorithm)
    decibels = tuple(known.evaluation(scheme).measured for scheme in schemes)
    return TileMember(tile.construction, tile.algorithm, tile.member, decibels)
