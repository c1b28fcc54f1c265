# SPDX-License-Identifier: Apache-2.0
"""The page docs/atlas.md of the JSON that scripts/atlas.py makes; see there."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sympy import sympify

from wincraft.construct import USES, parse_moduli
from wincraft.report.labelling import short_points

LINK = "https://github.com/{repository}/blob/{commit}/{file}"
NEAR = 1.02
"""Times the best noise gain that count as near."""
Row = dict[str, Any]


def shown(moduli: str) -> str:
    """Moduli as 0, pairs of points, others, inf."""
    read = parse_moduli(moduli)
    ends = [end for end in ("0", "inf") if end in moduli.split(",")]
    middle = short_points(read) if len(read) > len(ends) else ""
    return " ".join([*ends[:1], *([middle] if middle else []), *ends[1:]]).replace("sqrt(2)", "√2")


def _float(value: str) -> float:
    return float(sympify(value))


def _between(one: Row) -> str:
    if one["by"] == "trivial":
        return f"({one['at_least']:.2g} to {one['at_most']:.6g})"
    if one["by"] == "bracket":
        return f"({one['at_least']:.6g} to {one['at_most']:.6g})"
    return f"≥ {one['at_least']:.6g}"


def _additions(one: Row | None) -> str:
    if one is None:
        return "not in the library"
    cells = [one[name] for name in ("BT", "G", "AT")]
    return " + ".join(f"**{x['additions']}**" if x["minimal"] else f"{x['additions']} ({x['at_least']})" for x in cells)


def _lines(head: list[str], align: str, rows: list[list[str]]) -> str:
    rule = {"l": "---", "r": "--:"}
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, [rule[one] for one in align], *rows])


def _size_row(one: Row) -> list[str]:
    uses, bits = one["uses"], one["bits_lost"]
    gain = _float(uses["accuracy"]["noise_gain"])
    above = max(gain / one["symmetric"]["at_least"] - 1, 0)
    return [
        f"F({one['m']},{one['r']})",
        _between(one["symmetric"]),
        _between(one["all_real"]),
        shown(uses["accuracy"]["moduli"]),
        f"{gain:.6g}",
        f"{above:.2%}",
        _additions(one["circuits"]["accuracy"]),
        _channels(one.get("int8_channels")),
        f"{bits['accuracy']} ({bits['least_of_rational_points']})",
    ]


def _channels(one: Row | None) -> str:
    if one is None:
        return "not known"
    exact, plain = one["exact"], one["integer_no_overflow"]
    return "\N{NO-BREAK SPACE}/ ".join(
        "not known" if count is None else f"{count:,}" if count else "none" for count in (exact, plain)
    )


def _use_rows(rows: list[Row]) -> str:
    searched = [one for one in rows if len(one["uses"]) > 1]
    cells = [
        [_size(one), *(f"{_float(one['uses'][use]['noise_gain']):.5g}" if use in one["uses"] else "-" for use in USES)]
        for one in searched
    ]
    return _lines(["size", *USES], "l" + "r" * len(USES), cells)


def _size(one: Row) -> str:
    return f"F({one['m']},{one['r']})"


def _source(one: Row) -> str:
    name, commit = one["file"].rpartition("/")[2], one["commit"]
    linked = len(commit) == 40 and "{" not in one["file"]
    where = f"[{name}]({LINK.format(**one)})" if linked else one["file"].replace(",", ", ")
    return f"{one['name']}: {one['repository']}, {where} at {commit[:8]}" + (", made at run time" * ("made" in one))


def _table_row(one: Row) -> list[str]:
    if one["verdict"] == "wrong":
        return [_source(one), "**wrong**", one["why"], "-", "-", one["change"]]
    words = [one["convention"] or "own scaling", *([f"scale {one['scale']}"] if one["scale"] != "1" else [])]
    points = f"{shown(one['moduli'])}; {', '.join([*words, *(['linear form'] * (one['form'] == 'linear'))])}"
    fp16 = "overflows" if one["fp16"] is None else f"{one['fp16']:.1f}"
    fp16 = f"{fp16}\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}{one['fp16_best']:.1f}"
    return [_source(one), "right", points, f"{one['times_best']:.3f}", fp16, one["change"]]


def _published_row(one: Row, item: Row) -> list[str]:
    gain = _float(item["noise_gain"])
    return [_size(one), item["who"], shown(item["points"]), f"{gain:.6g}", f"{gain / one['symmetric']['at_least']:.3f}"]


def page(found: Row) -> str:
    """The page of the JSON."""
    every, tables = found["sizes"], found["tables"]
    head = ["size", "symmetric", "all real", "points", "noise gain", "above", "additions", "int8", "bits lost"]
    sections = []
    for r, rows in groupby(every, key=lambda one: min(one["r"], 8)):
        title = f"### {r} taps" if r < 8 else "### 8 taps and more"
        sections.append(f"{title}\n\n{_lines(head, 'lrrlrrlrr', [_size_row(one) for one in rows])}")
    head, shipped = ["table", "verdict", "points and scaling", "times best", "fp16, dB", "the change"], []
    for size, rows in groupby(sorted(tables, key=lambda one: (one["r"], one["m"])), key=_size):
        shipped.append(f"### Tables of {size}\n\n{_lines(head, 'lllrrl', [_table_row(one) for one in rows])}")
    published = [_published_row(one, item) for one in every for item in one["published"]]
    wrong = [one["name"] for one in tables if one["verdict"] == "wrong"]
    times = [one["times_best"] for one in tables if one["verdict"] == "right"]
    return WORDS.format(
        **found["settings"],
        sizes=len(every),
        tables=len(tables),
        repositories=len({one["repository"] for one in tables}),
        wrong=len(wrong),
        names=" and ".join(wrong),
        near=sum(one <= NEAR for one in times),
        twice=sum(one >= 2 for one in times),
        by_size="\n\n".join(sections),
        by_use=_use_rows(every),
        shipped="\n\n".join(shipped),
        published=_lines(["size", "who", "points", "noise gain", "times the limit"], "lllrr", published),
    )


WORDS = """# Atlas

What is known of every F(m,r) with tiles up to {largest}, {sizes} sizes, and what {tables} tables of {repositories}
public repositories are worth. `python scripts/atlas.py` makes this page and [its data](data/atlas.json) from the
package and from [the tables as they are shipped](data/shipped-tables.json); tests hold every figure.

Of the tables {wrong} are wrong: {names}. Of the others {near} are within 2 % of the noise gain of the best points
known, and {twice} have at least twice that. Where one line makes a better table, it is told.

Of m = 1 and r = 1 direct convolution is minimal; they are not listed.

## Sizes

The [noise gain](explanation/noise-gain.md) of one axis, and of two classes of real sets, infinity allowed, the least:

- "≥": proved by branch and bound ([how](points.md#limits-of-real-points)), within 0.1 % or less of the best real set of
  the class that is known;
- in brackets, "(a to b)": the least is between a, proved in the same way, and b, which a set attains. An a below 1 is
  only max(m,r)/(m+r-1), the bound of the Cauchy-Schwarz inequality for m + r - 1 products: no better one is known.

The columns:

symmetric
: sets symmetric under $x \\to -x$, with 0 and inf, or for an odd number of points with one of them

points, noise gain, above
: the catalogue's default; how far it is above what is proved of symmetric sets

additions
: of $B^T$, $G$ and $A^T$ in the best circuits shipped ([how](explanation/circuits.md)): bold where proved minimal, else
  with the proved bound in brackets

int8
: the most channels of int8 data and weights of F(m x m, r x r) that are exact whatever the data: in 16-bit U and V and
  int32 sums that wrap around, on the `int8-exact` set ([how](how-to/int8-overflow.md)); behind the stroke, without any
  int32 overflow, on the `integer` set. "none": not one channel; "not known": not searched

bits lost
: by the division, in words modulo $2^k$ ([how](explanation/rings.md)); in brackets the fewest of any rational points

{by_size}

## Best sets by use

Noise gains; `wincraft catalogue 4,3` shows the sets themselves and how each was found. A dash: there is none, or it was
not searched.

{by_use}

## Shipped tables

Each is read by `wincraft.construct.identify`, which proves it or says what is wrong. Tables made at run time are as
their source makes them.

times best
: noise gain of one axis over the least of points in the catalogue

fp16
: SQNR in dB of F(m x m, r x r), every operation rounded to fp16, as the table is scaled, and of the catalogue's default
  balanced by powers of two: white Gaussian data, {channels} channels, {filters} filters, {tiles} tiles, mean of {seeds}
  seeds. "overflows": an entry of a matrix is no fp16 number

the change
: points, the line that makes their table, and what it gains

{shipped}

## Published points

What papers and libraries publish, as the catalogue lists it; noise gain over what is proved of symmetric sets.

{published}
"""
