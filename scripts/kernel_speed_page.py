# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/kernels-speed.md from what the benchmark of kernels measured.

    python -m benchmarks.kernels --json avx2.json
    python -m benchmarks.kernels --isa native --json native.json
    python -m benchmarks.kernels --cold --json cold.json
    python -m benchmarks.kernels --chain 4 --json chain.json
    python scripts/kernel_speed_page.py avx2=avx2.json native=native.json cold=cold.json chain=chain.json

Each name is that of a place in the page; places that are not named stay as they are.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.kernel_engines.goals import fastest, tile_of
from benchmarks.kernel_engines.running import LayerResults, Result
from benchmarks.kernel_engines.tables import about_lines, judged
from benchmarks.kernel_engines.timing import Times
from benchmarks.kernel_engines.work import Layer

PAGE = Path(__file__).parents[1] / "docs" / "kernels-speed.md"
PLACE = re.compile(r"(?<=<!-- kernel speed: )(?P<name>\w+) -->\n(?P<text>.*?)(?=<!-- end -->)", re.DOTALL)

WHOLE = ("avx2", "native")
"""The places that have everything; the others have ratios and times."""


@dataclass(frozen=True)
class Run:
    """A document of the benchmark: about the machine, and the layers with their ratios by type."""

    about: dict[str, Any]
    layers: tuple[LayerResults, ...]
    ratios: tuple[dict[str, list[dict[str, Any]]], ...]

    @staticmethod
    def of(document: dict[str, Any]) -> Run:
        """As the benchmark wrote it."""
        about = {name: value for name, value in document.items() if name != "layers"}
        return Run(about, tuple(map(_layer, document["layers"])), tuple(item["ratios"] for item in document["layers"]))

    @property
    def apart(self) -> set[str]:
        """Families that use other instructions than ours may, and are not compared."""
        return {family for family, how in self.about["held"].items() if how.startswith("not held")}

    def ours(self, done: LayerResults, type: str) -> dict[str, Result]:
        """The faster compiler's, by tile, the smallest one first."""
        found: dict[str, Result] = {}
        for item in done.of(type):  # the fastest first
            if item.ours:
                found.setdefault(tile_of(item), item)
        return dict(sorted(found.items()))

    def peers(self, done: LayerResults, type: str) -> list[Result]:
        """Those that are compared, fastest first."""
        return [item for item in done.of(type) if not item.ours and item.family not in self.apart]


def _layer(document: dict[str, Any]) -> LayerResults:
    results = [
        Result(
            **{name: item[name] for name in ("engine", "family", "type", "ours", "judged", "depth")},
            times=Times(**item["times"]) if item["times"] else None,
        )
        for item in document["results"]
    ]
    return LayerResults(Layer(**document["layer"]), results, skipped=document["skipped"])


WORDS = {"layer", "best of ours", "fastest engine", "fastest exact engine", "engines with wrong outputs"}
"""Columns that are no numbers; the first of a table is none either."""


def row(cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def head(cells: Sequence[str]) -> Iterator[str]:
    """The head of a table and its rule: numbers stand to the right."""
    yield row(cells)
    yield row(["---", *("---" if cell in WORDS else "--:" for cell in cells[1:])])


def _named_layer(done: LayerResults) -> str:
    return str(done.layer).replace(" ", "\N{NO-BREAK SPACE}")


def ratio_table(run: Run, type: str) -> Iterator[str]:
    """A row for each layer: how many times as fast as others ours is, and how wrong both are."""
    floats = type == "float32"
    heads = ["layer", "best of ours", "ms"]
    heads += (
        ["F4 : torch cl", "best : torch cl", "fastest engine", "best : it", "as accurate : it", "best : im2col"]
        if floats
        else ["fastest engine", "best : it", "fastest exact engine", "best : it"]
    )
    heads += ["error of the best", "of the engine"] if floats else ["direct : ours", "engines with wrong outputs"]
    yield from head(heads)
    for done in run.layers:
        tiles, peers = run.ours(done, type), run.peers(done, type)
        best, engine = fastest(list(tiles.values())), fastest(peers)
        if best is None or engine is None:
            continue
        named = {item.engine: item for item in peers}
        cells = [_named_layer(done), tile_of(best), f"{best.seconds * 1e3:.3f}"]
        if floats:
            accurate = fastest([item for item in tiles.values() if item.judged["error"] <= engine.judged["error"]])
            cells += [_times(named.get("torch cl"), tiles.get("F4")), _times(named.get("torch cl"), best)]
            cells += [engine.engine, _times(engine, best)]
            cells += [f"{tile_of(accurate)} {_times(engine, accurate)}" if accurate else "-"]
            cells += [_times(named.get("im2col"), best), judged(best), judged(engine)]
        else:
            exact = fastest([item for item in peers if not item.judged["wrong"]])
            cells += [engine.engine, _times(engine, best), exact.engine if exact else "none", _times(exact, best)]
            cells += [_times(tiles.get("direct"), best)]
            cells += [", ".join(item.engine for item in peers if item.judged["wrong"]) or "none"]
        yield row(cells)


def _times(other: Result | None, ours: Result | None) -> str:
    return f"{other.seconds / ours.seconds:.2f}" if other and ours else "-"


def time_table(run: Run, type: str) -> Iterator[str]:
    """Milliseconds: a row for each engine, then for each tile of ours; a column for each layer, the least in bold."""
    layers = [done for done in run.layers if done.of(type)]
    yield from head(["ms", *(_named_layer(done) for done in layers)])
    columns = [{item.engine: item for item in run.peers(done, type)} for done in layers]
    ours = [{f"ours, {tile}": item for tile, item in run.ours(done, type).items()} for done in layers]
    for names, sources in ((_named(columns), columns), (_named(ours), ours)):
        for name in names:
            cells = []
            for index, source in enumerate(sources):
                least = fastest([*columns[index].values(), *ours[index].values()])
                found = source.get(name)
                text = f"{found.seconds * 1e3:.3f}" if found else "-"
                cells.append(f"**{text}**" if found is not None and found is least else text)
            yield row([name, *cells])


def _named(columns: Sequence[dict[str, Result]]) -> list[str]:
    """All names of a table, in the order of the first layers."""
    return list(dict.fromkeys(name for column in columns for name in column))


def part_table(run: Run, type: str) -> list[str]:
    """A row for each layer: the other ratios that are asked, of the matrix products, compilers, direct convolutions."""
    asked = [{item["name"]: item["value"] for item in ratios.get(type, ()) if _of_parts(item)} for ratios in run.ratios]
    names = list(dict.fromkeys(name for values in asked for name in values))
    if not names:
        return []
    rows = list(head(["layer", *names]))
    for done, values in zip(run.layers, asked, strict=True):
        rows.append(row([_named_layer(done), *(f"{values[name]:.2f}" if name in values else "-" for name in names)]))
    return rows


def _of_parts(ratio: dict[str, Any]) -> bool:
    return any(words in ratio["name"] for words in ("share of", "compiler", "direct : torch"))


def wrong_table(run: Run) -> Iterator[str]:
    """A row for each 8-bit engine with wrong outputs: how many, and by how many steps at most, in each layer."""
    layers = [done for done in run.layers if done.of("int8")]
    columns = [{item.engine: item for item in run.peers(done, "int8")} for done in layers]
    wrong = [name for name in _named(columns) if any(name in c and c[name].judged["wrong"] for c in columns)]
    yield from head(["outputs wrong", *(_named_layer(done) for done in layers)])
    yield row(["of", *(f"{d.layer.n * d.layer.k * d.layer.h * d.layer.w:,}" for d in layers)])
    for name in wrong:
        cells = []
        for column in columns:
            found = column[name].judged if name in column else None
            cells.append(f"{int(found['wrong']):,} (by {int(found['furthest'])})" if found else "-")
        yield row([name, *cells])


def losses(run: Run) -> list[str]:
    """Where others are faster than the best of ours, and where a floor does not hold, each in words."""
    found = []
    for done, ratios in zip(run.layers, run.ratios, strict=True):
        for type, asked in ratios.items():
            best = fastest(list(run.ours(done, type).values()))
            if best is None:
                found.append(f"{done.layer}, {type}: ours was not measured")
                continue
            for item in run.peers(done, type):
                if item.seconds < best.seconds:
                    lead = f"{item.engine} takes {item.seconds * 1e3:.3f} ms, {tile_of(best)} {best.seconds * 1e3:.3f}"
                    found.append(f"{done.layer}, {type}: {lead}")
            for ratio in asked:
                value, floor = ratio["value"], ratio["floor"]
                if floor is not None and (value > floor if ratio["at_most"] else value < floor):
                    limit = "at most" if ratio["at_most"] else "at least"
                    found.append(f"{done.layer}, {type}: {ratio['name']} is {value:.2f}; {limit} {floor} was asked")
    return found


def left_out(run: Run) -> list[str]:
    """Each reason in words, the layers that it is of, and who did not run."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in dict.fromkeys(name for done in run.layers for name in done.skipped):
        for why in dict.fromkeys(done.skipped[name] for done in run.layers if name in done.skipped):
            layers = [str(done.layer) for done in run.layers if done.skipped.get(name) == why]
            found.setdefault((why, "" if len(layers) == len(run.layers) else f" ({', '.join(layers)})"), []).append(
                name
            )
    return [f"{why}{where}: {', '.join(names)}" for (why, where), names in found.items()]


def section(run: Run, whole: bool = True) -> str:
    """What a run says: all of it, or ratios, times and who lost."""
    types = [type for type in ("float32", "int8") if any(done.of(type) for done in run.layers)]
    parts = []
    for type in types:
        parts += [f"**{type}**, ratios:", "\n".join(ratio_table(run, type)), f"**{type}**, times:"]
        parts.append("\n".join(time_table(run, type)))
        if whole and (table := part_table(run, type)):
            parts += [f"**{type}**, parts of ours:", "\n".join(table)]
    if whole and any(item.judged.get("wrong") for done in run.layers for item in run.peers(done, "int8")):
        parts += ["**int8**, outputs that are no rounding of the exact number:", "\n".join(wrong_table(run))]
    if lost := losses(run):
        parts += ["Where ours is not the fastest, or a floor does not hold:", "\n".join(f"- {text}" for text in lost)]
    else:
        parts.append("No engine was faster than the best of ours on any of these layers.")
    if skipped := left_out(run):
        parts += ["Not in the tables:", "\n".join(f"- {text}" for text in skipped)]
    about = list(about_lines(run.about))
    kept = about if whole else [line for line in about if re.match("command:|.* left out:|.* not held", line)]
    parts += ["Measured with:", "\n".join(f"- {_code(line)}" for line in kept)]
    return "\n\n".join(parts)


def _code(line: str) -> str:
    """The command as code, since a page would make one dash of two."""
    name, _, rest = line.partition(": ")
    return f"{name}: `{re.sub(r' --(json|markdown) [^ ]+', '', rest)}`" if name == "command" else line


def written(page: str, runs: dict[str, Run]) -> str:
    """The page with what runs say in their places.

    Raises:
        ValueError: for a place that the page has not.
    """
    places = {match["name"] for match in PLACE.finditer(page)}
    if runs.keys() - places:
        raise ValueError(f"no such place: {', '.join(sorted(runs.keys() - places))}; there are {', '.join(places)}")

    def filled(match: re.Match[str]) -> str:
        name = match["name"]
        return f"{name} -->\n\n{section(runs[name], name in WHOLE)}\n\n" if name in runs else match[0]

    return PLACE.sub(filled, page)


def main(arguments: Sequence[str]) -> None:
    """Write the page."""
    pairs = [argument.split("=", 1) for argument in arguments]
    runs = {name: Run.of(json.loads(Path(file).read_text(encoding="utf-8"))) for name, file in pairs}
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), runs), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
