# SPDX-License-Identifier: Apache-2.0
"""What people call: a search for the best points of a size, and an objective that has no name."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from wincraft.analysis import Analysis
from wincraft.construct.size import parse_size
from wincraft.errors import BadSize
from wincraft.exact.types import Number
from wincraft.measure.noise import MomentMatrices, noise_gain
from wincraft.measures import Measure
from wincraft.search.points.result import SearchResult
from wincraft.search.points.search import search_space
from wincraft.search.points.space import Space
from wincraft.show.numbers import exact_text

_FIELDS = frozenset(item.name for item in fields(Space)) - {"m", "r"}


def search(space: Space | str, objective: str | Measure = "noise-gain", **options: Any) -> SearchResult:
    """The best set of a space, proved to be that; ``wincraft.search`` itself.

    Args:
        space: a `Space`, or a size such as ``"F(4x4,3x3)"`` of alike axes.
        objective: what is to be least, by name, as ``wincraft search --help`` lists them.
        options: with a size the fields of `Space`, such as ``height=8, shape="symmetric"``; and the keywords of
            `wincraft.search.points.search.search_space`, such as ``within=0.01``.

    Raises:
        BadSize: for a text that is no size, or one whose axes differ.
        UnknownName, NotApplicable, BadDocument: as `wincraft.search.points.search.search_space` and `Space`.

    >>> import wincraft as wc
    >>> wc.search("F(4,3)", shape="symmetric", zero="with", height=10).best.moduli
    ('0', '2/3', '-2/3', '3/2', '-3/2', 'inf')
    """
    if isinstance(space, Space):
        return search_space(space, objective, **options)
    sizes = parse_size(space)
    if len(set(sizes)) > 1:
        raise BadSize(space, "a search is of one set of points: give a size of alike axes")
    of_space = {name: options.pop(name) for name in list(options) if name in _FIELDS}
    return search_space(Space(*sizes[0], **of_space), objective, axes=len(sizes), **options)


def noise_gain_under(input_moments: MomentMatrices = None, filter_moments: MomentMatrices = None) -> Measure:
    """The noise gain under given second moments, as `wincraft.measure.noise.noise_gain` takes them.

    >>> from wincraft import winograd
    >>> smooth = [[f"1/{2 ** abs(i - j)}" for j in range(4)] for i in range(4)]
    >>> noise_gain_under(smooth).value(winograd(2, 3, points="0,1,-1"))
    3/2
    """
    read = partial(_noise_gain, moments=(input_moments, filter_moments))
    return Measure("noise-gain:given", "noise gain", "noise gain under given second moments", read, exact_text)


def _noise_gain(known: Analysis, moments: tuple[MomentMatrices, MomentMatrices]) -> Number:
    return noise_gain(known.algorithm, *moments).value
