# SPDX-License-Identifier: Apache-2.0
"""What was measured, for a terminal, for a page, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .goals import Ratio, Terms, fastest, ratios, tile_of
from .running import LayerResults, Result


def judged(result: Result) -> str:
    """How far off a result is, in words."""
    if "error" in result.judged:
        return f"{result.judged['error']:.0e}".replace("e-0", "e-")
    wrong = int(result.judged["wrong"])
    return f"{wrong} wrong, by up to {int(result.judged['furthest'])}" if wrong else "exact"


def text_of(done: LayerResults, types: Sequence[str], terms: Terms) -> Iterator[str]:
    """Lines about one layer: the engines by time, ours with a star, those apart with "!"; what is off; the ratios."""
    yield f"{done.layer}"
    for type in types:
        rows = done.of(type)
        if not rows:
            continue
        yield f"  {type:14}{'ms':>9} {'median':>9} {'direct G/s':>11}   off by"
        for row in rows:
            if row.times is None:
                yield f"  {row.engine:14}{'':>31}   {judged(row)}"
                continue
            speed = done.layer.operations / row.seconds / 1e9
            middle = row.times.median / row.depth * 1e3
            mark = "*" if row.ours else "!" if row.family in terms.apart else " "
            yield f" {mark}{row.engine:14}{row.seconds * 1e3:9.3f} {middle:9.3f} {speed:11.0f}   {judged(row)}"
        for ratio in ratios(done, type, terms) if rows[0].times else ():
            yield f"    {ratio.name}: {ratio.value:.2f}{_kept(ratio)}"
    for why in dict.fromkeys(done.skipped.values()):
        yield f"  {', '.join(name for name, said in done.skipped.items() if said == why)}: {why}"


def _kept(ratio: Ratio) -> str:
    if ratio.holds is None:
        return f" (goal {ratio.goal})" if ratio.goal else ""
    words = f"{'at most' if ratio.at_most else 'floor'} {ratio.floor}" + (f", goal {ratio.goal}" if ratio.goal else "")
    return f" ({words}: {'holds' if ratio.holds else 'DOES NOT HOLD'})"


def markdown_of(all_done: Sequence[LayerResults], type: str, apart: frozenset[str]) -> Iterator[str]:
    """A table: a row per layer, the engines and the best of ours in milliseconds, ratios, and how far off they are."""
    peers = list(dict.fromkeys(item.engine for done in all_done for item in done.results if _peer(item, type)))
    tiles = ["F2", "F4"] if type == "float32" else ["F2"]
    off = "error of ours" if type == "float32" else "outputs wrong"
    heads = ["layer", *peers, *tiles, "best of ours", "best engine", "best : best engine", off]
    if type == "float32":
        heads[-1:-1] = ["best : torch cl", "best : im2col"]
        heads += ["error of the best engine"]
    else:
        heads[-1:-1] = ["best : best exact engine"]
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for done in all_done:
        rows = [item for item in done.of(type) if item.times]
        named = {item.engine: item for item in rows}
        ours, others = [item for item in rows if item.ours], [item for item in rows if not item.ours]
        best, winner = fastest(ours), fastest([item for item in others if item.family not in apart])
        if best is None or winner is None:
            continue
        cells = [str(done.layer), *(_ms(named.get(name)) for name in peers)]
        cells += [_ms(fastest([item for item in ours if tile_of(item) == tile])) for tile in tiles]
        cells += [f"{best.engine} {_ms(best)}", winner.engine, _times(winner, best)]
        if type == "float32":
            cells += [_times(named.get(name), best) for name in ("torch cl", "im2col")]
            cells += [judged(best), judged(winner)]
        else:
            exact = fastest([item for item in others if not item.judged["wrong"] and item.family not in apart])
            wrong = [
                f"{item.engine} {int(item.judged['wrong'])} (by {int(item.judged['furthest'])})" for item in others
            ]
            wrong = [text for text, item in zip(wrong, others, strict=True) if item.judged["wrong"]]
            cells += [_times(exact, best), ", ".join(wrong) or "none"]
        yield _row(cells)


def _peer(result: Result, type: str) -> bool:
    return result.type == type and not result.ours


def _ms(result: Result | None) -> str:
    return f"{result.seconds * 1e3:.3f}" if result else "-"


def _times(other: Result | None, ours: Result) -> str:
    return f"{other.seconds / ours.seconds:.2f}" if other else "-"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def about_lines(about: dict[str, Any]) -> Iterator[str]:
    """The machine, the versions and how the engines were held, a line each."""
    yield f"command: {about['command']}"
    for name, value in {**about["processor"], **about["versions"]}.items():
        if name != "flags":
            yield f"{name}: {value}"
    for name, peak in about["peaks"].items():
        yield f"{name}: {peak / 1e9:.1f} G operations/s"
    for family, how in about["held"].items():
        yield f"{family} on AVX2: {how}"
    for family, why in about["missing"].items():
        yield f"{family} left out: {why}"
