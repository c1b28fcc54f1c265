# SPDX-License-Identifier: Apache-2.0
"""Searches for better points, scalings and chains.

The package is callable: ``wincraft.search(size, ...)`` is `wincraft.search.calls.search`.
"""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.search.circuits import search_circuits as search_circuits
    from wincraft.search.calls import noise_gain_under as noise_gain_under, search as search
    from wincraft.search.chains import search_chains as search_chains
    from wincraft.search.constructions import (
        FAMILIES as FAMILIES,
        Construction as Construction,
        constructions as constructions,
        quiet_sets as quiet_sets,
    )
    from wincraft.search.front import pareto_front as pareto_front, pareto_of_space as pareto_of_space
    from wincraft.search.limits.bound import RealLimit as RealLimit, certify as certify, estimate as estimate
    from wincraft.search.limits.continuous import (
        RationalPoints as RationalPoints,
        noise_gain_of_points as noise_gain_of_points,
        real_optimum as real_optimum,
        round_to_rationals as round_to_rationals,
    )
    from wincraft.search.limits.sets import RealSets as RealSets
    from wincraft.search.limits.table import known_limits as known_limits
    from wincraft.search.points.certificate import WrongResult as WrongResult, recheck as recheck
    from wincraft.search.points.result import SearchResult as SearchResult
    from wincraft.search.points.search import search_space as search_space
    from wincraft.search.points.space import SPACES as SPACES, Space as Space
    from wincraft.search.points.strategies import STRATEGIES as STRATEGIES
    from wincraft.search.scalings import search_scaling as search_scaling
    from wincraft.search.tiles import TileFront as TileFront, tile_front as tile_front
    from wincraft.search.word_sets import least_power_of_two as least_power_of_two
    from wincraft.search.words import WordSearch as WordSearch, search_words as search_words

show(__name__, called=True)
