# SPDX-License-Identifier: Apache-2.0
"""A layout as one HTML file: nothing is loaded, nothing runs; readable on paper and on a phone."""

from __future__ import annotations

import re
from html import escape
from typing import TextIO

from wincraft.show.layout import Layout, Section, Table
from wincraft.show.svg import svg

_LIGHT = """--ink: #1a1a1a; --paper: #fff; --soft: #f3f4f6; --rule: #c9cdd3; --quiet: #555;
  --fair: #0072B2; --poor: #B87900;"""
_DARK = """--ink: #e8e8e8; --paper: #16181c; --soft: #22252b; --rule: #454a52; --quiet: #aaa;
  --fair: #56B4E9; --poor: #E69F00;"""
PALETTE = f"""
:root {{ color-scheme: light dark; {_LIGHT} --good: #009E73; --bad: #D55E00; --fact: #888; }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}"""
STYLE = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 2px solid var(--rule); padding-bottom: .2rem; }
.head p { margin: .1rem 0; color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .75rem 0;
  background: linear-gradient(to left, var(--paper) 30%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to left, #8889, transparent) right / .8rem 100% no-repeat scroll; }
table { border-collapse: collapse; table-layout: auto; width: 100%; font-size: .92rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { border-bottom: 2px solid var(--ink); font-weight: 600; }
th.r, td.r { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody tr:nth-child(even) { background: var(--soft); }
table.starred td.r, table.starred th.r { padding-right: 1.25em; }
td.best { font-weight: 700; position: relative; }
td.best::after { content: "\\2605"; color: var(--poor); position: absolute; margin-left: .2em; }
ul { margin: .5rem 0; padding-left: 1.2rem; }
ul.notes { color: var(--quiet); font-size: .88rem; }
ul.verdict { list-style: none; padding: 0; }
ul.verdict li { margin: .3rem 0; padding: .3rem .7rem; border-left: .35rem solid var(--fact);
  background: var(--soft); overflow-wrap: anywhere; }
ul.verdict li.good { border-color: var(--good); } ul.verdict li.fair { border-color: var(--fair); }
ul.verdict li.poor { border-color: var(--poor); } ul.verdict li.bad { border-color: var(--bad); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; }
summary { cursor: pointer; font-weight: 600; margin: .3rem 0; } details h2 { display: none; }
figure { margin: 0; } figcaption { font-weight: 600; margin: .5rem 0 .25rem; }
svg { width: 100%; max-width: 34rem; height: auto; display: block; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: currentColor; }
@media (max-width: 40rem) { body { padding: 1rem .75rem 2rem; } h1 { font-size: 1.3rem; }
  table { font-size: .7rem; line-height: 1.35; } th, td { padding: .25rem .22rem; overflow-wrap: break-word; }
  th.r, td.r.words { white-space: normal; } td:last-child:not(.r) { min-width: 5.2em; }
  table.starred td.r, table.starred th.r { padding-right: .95em; } td.best::after { margin-left: .05em; }
  th:first-child, td:first-child { position: sticky; left: 0; z-index: 1; background: var(--paper);
    max-width: 9rem; }
  tbody tr:nth-child(even) td:first-child { background: var(--soft); } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --soft: #f3f4f6; --rule: #999; --quiet: #333; }
  body { max-width: none; padding: 0; font-size: 10pt; } h2 { break-after: avoid; margin-top: 1rem; }
  figure, tr, li { break-inside: avoid; } .wide { overflow: visible; }
  .plots { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
_SMALLER = """
body { padding: .5rem .75rem; } h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin-top: 1rem; }
th, td { text-align: left !important; } th.r, td.r { text-align: right !important; }
"""
"""What a fragment changes: it is smaller, and notebooks align all cells right."""
_THEMES = f"""
@media screen {{
  :is([data-jp-theme-light="true"], [data-theme="light"]) div.wincraft {{ color-scheme: light; {_LIGHT} }}
  :is([data-jp-theme-light="false"], [data-theme="dark"]) div.wincraft {{ color-scheme: dark; {_DARK} }} }}
"""
"""The theme chosen in JupyterLab, or on a page of documentation, counts in it, not the system's."""


def emit(layout: Layout, stream: TextIO) -> None:
    """Write the page: the first section, the charts, the others."""
    parts = _head(layout)
    for number, section in enumerate(layout.sections):
        parts += _section(section)
        if number == 0:
            parts += _figures(layout)
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_inline(layout.title)}</title>\n<style>{PALETTE}{STYLE}</style>\n</head>\n<body>\n"
    )
    stream.write(head + "\n".join(parts) + "\n</body>\n</html>\n")


def fragment(layout: Layout) -> str:
    """The page as a part of another one, a notebook's: the first section is open, others unfold unless they say so.

    >>> from wincraft import winograd
    >>> from wincraft.report.build import build_report
    >>> text = fragment(build_report(winograd(2, 3), schemes=[], sweep=()).layout())
    >>> text[:22], text.count("<details>")
    ('<div class="wincraft">', 6)
    """
    first, *others = layout.sections or (Section(),)
    parts = [
        f"<style>{_scoped(PALETTE + STYLE + _SMALLER)}{_THEMES}</style>",
        *_head(layout),
        *_section(first),
        *_figures(layout),
    ]
    for section in others:
        state = " open" if section.unfolded else ""
        parts += [f"<details{state}><summary>{_inline(section.title)}</summary>", *_section(section), "</details>"]
    return '<div class="wincraft">' + "\n".join(parts) + "</div>"


def _scoped(style: str) -> str:
    """The rules, for elements inside the fragment only.

    >>> _scoped(":root { --ink: #000; } @media print { h1, body { margin: 0; } }").strip()
    'div.wincraft { --ink: #000; } @media print { div.wincraft h1, div.wincraft { margin: 0; } }'
    """

    def scoped(match: re.Match[str]) -> str:
        names = [name.strip() for name in match[1].split(",")]
        if names[0].startswith("@"):
            return match[0]
        inside = ("div.wincraft" if name in (":root", "body") else f"div.wincraft {name}" for name in names)
        return f" {', '.join(inside)} {{"

    return re.sub(r"([^{}]+) \{", scoped, style)


def _head(layout: Layout) -> list[str]:
    lines = [f"<p>{_inline(line)}</p>" for line in layout.head]
    return [f"<h1>{_inline(layout.title)}</h1>", '<div class="head">', *lines, "</div>"]


def _figures(layout: Layout) -> list[str]:
    figures = [
        f"<figure><figcaption>{_inline(chart.title)}</figcaption>{svg(chart)}</figure>" for chart in layout.charts
    ]
    return ['<section class="plots">', *figures, "</section>"] if figures else []


def _section(section: Section) -> list[str]:
    lines = ["<section>", *([f"<h2>{_inline(section.title)}</h2>"] if section.title else [])]
    for table in section.tables:
        lines += _table(table)
    if section.notes:
        kind = "verdict" if section.levels else "notes"
        levels = section.levels or ("",) * len(section.notes)
        lines.append(f'<ul class="{kind}">')
        for note, level in zip(section.notes, levels, strict=True):
            opening = f'<li class="{level}">' if level else "<li>"
            lines.append(f"{opening}{_inline(note)}</li>")
        lines.append("</ul>")
    return [*lines, "</section>"]


def _table(table: Table) -> list[str]:
    def cell(tag: str, text: str, column: int, best: bool = False) -> str:
        right = table.align[column] == "r"
        classes = " ".join(["r"] * right + ["words"] * (right and " " in text and tag == "td") + ["best"] * best)
        attribute = f' class="{classes}"' if classes else ""
        shown = _inline(text)
        if not right:
            shown = re.sub(r"(?<=\S),(?=\S)", ",<wbr/>", shown)
        if tag == "th" or column == 0:
            shown = re.sub(r"(?<=[a-z][:/])(?=[a-z])", "<wbr/>", shown)
        return f"<{tag}{attribute}>{shown}</{tag}>"

    opening = '<table class="starred">' if table.marked else "<table>"
    head = "".join(cell("th", text, j) for j, text in enumerate(table.header))
    rows = [
        "<tr>" + "".join(cell("td", text, j, (i, j) in table.marked) for j, text in enumerate(row)) + "</tr>"
        for i, row in enumerate(table.rows)
    ]
    return [
        f'<div class="wide">{opening}',
        f"<thead><tr>{head}</tr></thead>" if any(table.header) else "",
        "<tbody>",
        *rows,
        "</tbody></table></div>",
    ]


def _inline(text: str) -> str:
    """Escaped, with the letters that ASCII lacks."""
    return escape(text.replace("^T", "\u1d40").replace("<=", "\u2264"))
