# SPDX-License-Identifier: Apache-2.0
"""The explorer as one page for a browser, which needs no Python and no network: `wincraft explore`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.catalogue import catalogue
from wincraft.construct.conventions import CONVENTIONS
from wincraft.construct.moduli import INFINITY, parse_moduli
from wincraft.construct.winograd import parse
from wincraft.errors import NotApplicable
from wincraft.numbers.quantizer import parse_quantizer
from wincraft.quantise.schemes import STAGES, Scheme
from wincraft.report.explorer import SCALE_CHOICES
from wincraft.show.html import PALETTE, STYLE
from wincraft.version import __version__

PAGE_TILE = 8
"""Largest tile m + r - 1 of the page: an image of it has 64 taps."""
PAGE_BITS = 4, 16
"""Bits of the integers of a stage, from and to."""
PAGE_CHANNELS = 1, 65536
"""Channels that an output sums over, from and to."""
PAGE_START = {"size": "F(4x4,3x3)", "convention": "wincnn", "per": "tensor", "channels": "64"} | dict.fromkeys(
    ("data", "U", "V", "M"), "8"
)
"""What the page starts with, as texts; the points are the catalogue's."""
_SCRIPTS = ("algorithm.js", "prediction.js", "explorer.js")
_BODY = """
<main>
<h1>Explorer of F(m,r)</h1>
<p>Choose points, scaling and bits of a Winograd / Toom-Cook convolution algorithm; what rounding does to it follows.
The page computes everything itself: matrices, proof and noise gain in exact fractions, the SQNR by the same model of
Gaussian data and weights as wincraft {version}.</p>
<noscript><p>This page needs JavaScript.</p></noscript>
<form id="controls">
<fieldset><legend>Algorithm</legend>
{algorithm}</fieldset>
<fieldset><legend>Integers of so many bits</legend>
{integers}</fieldset>
</form>
<p id="problem" role="alert"></p>
<p id="status" class="unseen" role="status" aria-live="polite"></p>
<div id="results">
<dl id="facts"></dl>
<div class="columns">
<section aria-labelledby="by-stage"><h2 id="by-stage">Predicted SQNR</h2><div id="stages"></div>
<ul class="notes"><li>Of white Gaussian data and weights, scales that hold every value; more is better, 6 dB are a bit.
</li></ul></section>
<section aria-labelledby="by-tap"><h2 id="by-tap">Noise gain</h2><div id="taps"></div>
<ul class="notes"><li>The output variance that independent relative rounding of every tap causes; direct convolution
has 1, and no scaling changes it.</li></ul></section>
<section aria-labelledby="reach"><h2 id="reach">Ranges</h2><div id="ranges"></div></section>
<section aria-labelledby="exact"><h2 id="exact">Matrices</h2>
<p class="notes" id="scale"></p><div id="matrices"></div></section>
</div>
</div>
</main>
"""


def explorer_page(
    size: str = PAGE_START["size"], points: str | None = None, convention: str = PAGE_START["convention"]
) -> str:
    """An HTML page that starts with an algorithm; one file, which loads nothing and runs without a network.

    In it points, size, bits and scaling move; matrices, noise gain and what each tap adds are exact, the SQNR by stage
    is that of `predict` for `page_scheme`, white data and weights, and predicted scales. It has F(m,r) of one
    axis and of images, with m and r from 2 to 7 and tiles up to `PAGE_TILE`.

    Raises:
        NotApplicable: for another size, and for points that are not rational or differ between axes.
        WincraftError: as `parse`.

    >>> explorer_page("F(4x4,3x3)", "0,1,-1,2,-2")[:15]
    '<!DOCTYPE html>'
    """
    folder = resources.files("wincraft.report").joinpath("page")
    script = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _SCRIPTS)
    known = page_settings() | {"start": PAGE_START | _first(size, points, convention)}
    data = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    style = PALETTE + STYLE + folder.joinpath("explorer.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>wincraft: explorer of F(m,r)</title>\n<style>{style}</style>\n</head>\n<body>"
        f"{_BODY.format(version=escape(__version__), algorithm=_algorithm(), integers=_integers())}"
        f'<script type="application/json" id="known">{data}</script>\n'
        f'<script>\n"use strict";\n{script}</script>\n</body>\n</html>\n'
    )


def page_settings() -> dict[str, object]:
    """What the page offers, as JSON values: sizes with the sets known for them, conventions, scales, limits.

    The sets are the catalogue's and those that others publish, where all points are rational.

    >>> page_settings()["sizes"][0]["sets"][0]
    {'name': 'accuracy', 'points': '0,1,-1,inf'}
    """
    sizes = [
        {"m": m, "r": r, "sets": _sets(m, r)}
        for m, r in sorted(catalogue(), key=lambda size: (size[1] != 3, size[1], size[0]))
        if 2 <= m <= 7 and 2 <= r <= 7 and m + r - 1 <= PAGE_TILE
    ]
    scales = [list(pair) for pair in SCALE_CHOICES.items()]
    return {
        "sizes": sizes,
        "conventions": list(CONVENTIONS),
        "scales": scales,
        "bits": PAGE_BITS,
        "channels": PAGE_CHANNELS,
    }


def page_scheme(settings: Mapping[str, str]) -> Scheme:
    """The scheme of the page's settings: `data` bits of data, weights and output, one scale each; `U`, `V`, `M`, `per`.

    >>> page_scheme(PAGE_START).describe()  # doctest: +ELLIPSIS
    'explorer: input int8/tensor, weights int8/tensor, U int8/tensor, V int8/tensor, M int8/tensor, output int8/tensor'
    """
    stages = {
        name: parse_quantizer(f"int{settings['data']}") for name in STAGES if name not in ("pre_step", "post_step")
    }
    stages |= {name: parse_quantizer(f"int{settings[name]}/{settings['per']}") for name in ("U", "V", "M")}
    return Scheme("explorer", **stages)  # type: ignore[arg-type]


def _first(size: str, points: str | None, convention: str) -> dict[str, str]:
    """The settings of an algorithm, if the page has it."""
    algorithm = parse(size, points=points, convention=convention)
    what, axes = f"the explorer's page of {algorithm.size}", len(algorithm.m)
    (m, *other_m), (r, *other_r) = algorithm.m, algorithm.r
    known = {(item["m"], item["r"]) for item in page_settings()["sizes"]}  # type: ignore[attr-defined]
    if axes > 2 or {*other_m} - {m} or {*other_r} - {r} or (m, r) not in known:
        reason = f"it has one axis or two alike, m and r from 2 to 7, m + r - 1 <= {PAGE_TILE}"
        raise NotApplicable(what, reason, "choose such a size; wincraft report takes any")
    first, *others = (axis.moduli for axis in algorithm.factors) if algorithm.separable else (None,)
    if first is None or not _rational(first) or {*others} - {first}:
        raise NotApplicable(what, "it takes rational points, alike on both axes", "wincraft report takes any moduli")
    return {"size": algorithm.size, "points": ",".join(map(str, first)), "convention": convention}


def _rational(moduli: Sequence[Modulus]) -> bool:
    return all(item.is_infinite or (item.point is not None and item.point.is_Rational) for item in moduli)


def _sets(m: int, r: int) -> list[dict[str, str]]:
    """The sets known, each once, under its first name."""
    entry = catalogue(m, r)
    named = [(name, choice.moduli) for name, choice in entry.uses.items()]
    named += [(item.source, item.points) for item in entry.published]
    found: dict[frozenset[object], dict[str, str]] = {}
    for name, text in named:
        moduli = parse_moduli(text)
        if _rational(moduli):
            found.setdefault(frozenset(moduli) | {INFINITY}, {"name": name, "points": text})
    return list(found.values())


def _algorithm() -> str:
    return (
        _control("size", "size", "select")
        + _control("set", "known points", "select")
        + _control("points", "points", "input", ' type="text" autocomplete="off" spellcheck="false"')
        + _control("convention", "scaling", "select")
    )


def _integers() -> str:
    low, high = PAGE_BITS
    words = {"data": "other stages"}
    sliders = (
        _control(name, words.get(name, name), "input", f' type="range" min="{low}" max="{high}" step="1"')
        for name in ("data", "U", "V", "M")
    )
    least, most = PAGE_CHANNELS
    return (
        "".join(sliders)
        + _control("per", "a scale per", "select")
        + _control("channels", "channels", "input", f' type="number" min="{least}" max="{most}"')
    )


def _control(name: str, words: str, tag: str, attributes: str = "") -> str:
    """A labelled control; a slider says its value."""
    end = f"></{tag}>" if tag == "select" else ">"
    shown = f'<output id="{name}-value" for="{name}"></output>' if "range" in attributes else ""
    return f'<div class="control"><label for="{name}">{words}</label><{tag} id="{name}"{attributes}{end}{shown}</div>\n'
