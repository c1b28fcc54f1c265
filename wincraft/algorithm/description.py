# SPDX-License-Identifier: Apache-2.0
"""What an algorithm is, in a line: its points, convention and scale, and the chains that its maps are."""

from __future__ import annotations

from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import map_names
from wincraft.errors import NotApplicable
from wincraft.exact.number import number_text
from wincraft.show.chart import Axis, Bars, Chart, Heat

LONGEST_CHAIN = 4
"""Products of more stages are abridged."""


def describe(algorithm: Algorithm) -> str:
    """Points, convention, scale and chains, once where the axes agree.

    >>> from wincraft import parse
    >>> describe(parse("F(2x2,3x3)", points="0,1,-1"))
    'points 0,1,-1,inf on every axis; convention wincnn'
    >>> describe(parse("F(2x2,3x3)", points="0,1,-1").change_basis(input="legendre"))
    'points 0,1,-1,inf on every axis; convention wincnn; B^T = BT[1] BT[0]'
    """
    parts = []
    for axis in dict.fromkeys(algorithm.factors):
        moduli = "points not known" if axis.moduli is None else f"points {','.join(map(str, axis.moduli))}"
        if axis.moduli is not None and any(modulus.degree > 1 for modulus in axis.moduli):
            moduli = moduli.replace("points", "moduli", 1)
        parts.append(moduli)
    where = " on every axis" if len(parts) == 1 and len(algorithm.m) > 1 else ""
    conventions = list(dict.fromkeys(axis.convention or "none" for axis in algorithm.factors))
    scale = "" if algorithm.scale == 1 else f"; scale {number_text(algorithm.scale)}"
    form = "" if algorithm.form == "correlation" else "; linear convolution form"
    chains = chain_words(algorithm)
    return f"{'; '.join(parts)}{where}; convention {', '.join(conventions)}{scale}{form}{'; ' * bool(chains)}{chains}"


def chain_words(algorithm: Algorithm) -> str:
    """The maps that are chains of stages, the first stage rightmost; empty where none is.

    >>> from wincraft import winograd
    >>> chain_words(winograd(4, 3).change_basis("legendre"))
    'A^T = AT[1] AT[0], G = G[1] G[0], B^T = BT[1] BT[0]'
    """
    several = len(set(algorithm.factors)) > 1
    names = map_names(algorithm)
    words: dict[str, list[int]] = {}
    for number_, axis in enumerate(algorithm.factors):
        for name, item in zip(names, axis.maps, strict=True):
            if len(item.stages) > 1:
                shown = name.replace("T", "^T")
                words.setdefault(f"{shown} = {_product(name, len(item.stages))}", []).append(number_)
    every = len(algorithm.factors)
    listed = (
        text + (f" on axis {' and '.join(map(str, axes))}" if several and len(axes) < every else "")
        for text, axes in words.items()
    )
    return ", ".join(listed)


def _product(name: str, length: int) -> str:
    """``BT[1] BT[0]``, a long one abridged."""
    numbers = [f"{name}[{t}]" for t in reversed(range(length))]
    return " ".join(numbers if length <= LONGEST_CHAIN else [numbers[0], "...", numbers[-1]])


def tap_labels(axis: Algorithm) -> list[str]:
    """The modulus of every tap, with a number where it has several; the numbers of the taps where it is not known.

    >>> from wincraft import winograd
    >>> tap_labels(winograd(2, 3, moduli="0,x^2+1,inf"))
    ['0', 'x^2+1 (0)', 'x^2+1 (1)', 'x^2+1 (2)', 'inf']
    """
    if axis.moduli is None:
        return [str(tap) for tap in range(axis.rank)]
    labels = []
    for modulus in axis.moduli:
        taps, name = 2 * modulus.degree - 1, str(modulus).partition("@")[0]
        labels += [name] if taps == 1 else [f"{name} ({tap})" for tap in range(taps)]
    return labels


def tap_chart(algorithm: Algorithm, shares: Any) -> Chart:
    """What each tap adds to the noise gain, `shares` with an axis per axis: bars for one, a map in grey for two.

    Raises:
        NotApplicable: for more than two axes.

    >>> from wincraft import winograd
    >>> tap_chart(winograd(2, 3), [0.3, 0.5, 0.5, 0.3]).title
    'F(2,3): noise gain 1.6'
    """
    labels = [tuple(tap_labels(axis)) for axis in algorithm.factors]
    if len(labels) > 2:
        raise NotApplicable("plot", f"{len(labels)} axes do not fit into one plot", "plot the axes one by one")
    rows = shares if len(labels) == 2 else [shares]
    values = tuple(tuple(float(value) for value in row) for row in rows)
    title = f"{algorithm.size}: noise gain {sum(map(sum, values)):.4g}"
    if len(labels) == 1:
        return Bars(title, Axis("part of the noise gain"), labels[0], (("", values[0]),))
    return Heat(title, labels[0], labels[1], values, "modulus of the tap")
