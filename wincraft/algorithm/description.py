# SPDX-License-Identifier: Apache-2.0
"""What an algorithm is, in a line: its points, convention and scale, and the chains that its maps are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from wincraft.algorithm.content import Content, map_names
from wincraft.algorithm.recipe import Recipe
from wincraft.errors import NotApplicable
from wincraft.exact.number import number_text
from wincraft.show.chart import Axis, Bars, Chart, Heat

LONGEST_CHAIN = 4
"""Products of more stages are abridged."""


def describe(content: Content) -> str:
    """Points, convention, scale and chains, once where the axes agree.

    >>> from wincraft import parse
    >>> describe(parse("F(2x2,3x3)", points="0,1,-1"))
    'points 0,1,-1,inf on every axis; convention wincnn'
    >>> describe(parse("F(2x2,3x3)", points="0,1,-1").change_basis(input="legendre"))
    'points 0,1,-1,inf on every axis; convention wincnn; B^T = BT[1] BT[0]'
    """
    parts = list(dict.fromkeys(_points(recipe) for recipe in content.recipe))
    where = " on every axis" if len(parts) == 1 and len(content.m) > 1 else ""
    conventions = list(dict.fromkeys(recipe.convention or "none" for recipe in content.recipe))
    scale = "" if content.scale == 1 else f"; scale {number_text(content.scale)}"
    form = "" if content.form == "correlation" else "; linear convolution form"
    chains = chain_words(content)
    return f"{'; '.join(parts)}{where}; convention {', '.join(conventions)}{scale}{form}{'; ' * bool(chains)}{chains}"


def _points(recipe: Recipe) -> str:
    if recipe.moduli is None:
        return "points not known"
    words = "points" if recipe.points is not None else "moduli"
    return f"{words} {','.join(map(str, recipe.moduli))}"


def chain_words(content: Content) -> str:
    """The maps that are chains of stages, the first stage rightmost; empty where none is.

    >>> from wincraft import winograd
    >>> chain_words(winograd(4, 3).change_basis("legendre"))
    'A^T = AT[1] AT[0], G = G[1] G[0], B^T = BT[1] BT[0]'
    """
    words: dict[str, list[int]] = {}
    for name, item in zip(map_names(content), content.maps, strict=True):
        for axis, factor in enumerate(item.factors or ()):
            if len(factor.stages) > 1:
                product = f"{name.replace('T', '^T')} = {_product(name, len(factor.stages))}"
                words.setdefault(product, []).append(axis)
    every = len(content.m)
    places = {
        text: "" if len(axes) == every else f" on axis {' and '.join(map(str, axes))}" for text, axes in words.items()
    }
    return ", ".join(text + place for text, place in places.items())


def _product(name: str, length: int) -> str:
    """``BT[1] BT[0]``, a long one abridged."""
    numbers = [f"{name}[{t}]" for t in reversed(range(length))]
    return " ".join(numbers if length <= LONGEST_CHAIN else [numbers[0], "...", numbers[-1]])


def tap_labels(axis: Content) -> list[str]:
    """The modulus of every tap, with a number where it has several; the numbers of the taps where it is not known.

    >>> from wincraft import winograd
    >>> tap_labels(winograd(2, 3, moduli="0,x^2+1,inf"))
    ['0', 'x^2+1 (0)', 'x^2+1 (1)', 'x^2+1 (2)', 'inf']
    """
    return _labels(axis.recipe[0], axis.rank) if len(axis.m) == 1 else list(map(str, range(axis.rank)))


def _labels(recipe: Recipe, taps: int) -> list[str]:
    labels = []
    for modulus in recipe.moduli or ():
        name = str(modulus).partition("@")[0]
        labels += [name] if modulus.taps == 1 else [f"{name} ({tap})" for tap in range(modulus.taps)]
    return labels or list(map(str, range(taps)))


def tap_chart(content: Content, shares: ArrayLike) -> Chart:
    """What each tap adds to the noise gain, `shares` with an axis per axis: bars for one, a map in grey for two.

    Raises:
        NotApplicable: for more than two axes.

    >>> from wincraft import winograd
    >>> tap_chart(winograd(2, 3), [0.3, 0.5, 0.5, 0.3]).title
    'F(2,3): noise gain 1.6'
    """
    values = np.asarray(shares, dtype=float)
    if values.ndim > 2:
        raise NotApplicable("plot", f"{values.ndim} axes do not fit into one plot", "plot the axes one by one")
    title = f"{content.size}: noise gain {values.sum():.4g}"
    if values.ndim == 1:
        return Bars(title, Axis("part of the noise gain"), tuple(tap_labels(content)), (("", tuple(values.tolist())),))
    rows, columns = (tuple(_labels(*axis)) for axis in zip(content.recipe, content.output.tile, strict=True))
    return Heat(title, rows, columns, tuple(map(tuple, values.tolist())), "modulus of the tap")
