# SPDX-License-Identifier: Apache-2.0
"""The default points: complete up to a tile of 18, as good as they say, and a rule beyond."""

from __future__ import annotations

import pickle

import pytest
from oracle_convolution import is_right
from oracle_messages import refused
from sympy import Rational

from wincraft import catalogue, parse, winograd
from wincraft.construct import Circuits, moduli_of_use, source_of_use
from wincraft.errors import NotApplicable, UnknownName
from wincraft.measure import word_bounds
from wincraft.search import search_words

SIZES = [(n + 1 - r, r) for n in range(1, 19) for r in range(1, n + 1)]


def test_every_small_size_has_an_entry():
    assert sorted(catalogue()) == sorted(SIZES)
    assert all((entry.m, entry.r) == size for size, entry in catalogue().items())


def test_readers_cannot_change_what_winograd_makes():
    """Entries come out of the catalogue and go through pickle as they are; nothing of them can be written."""
    points = winograd(4, 3).moduli
    entry = catalogue(4, 3)
    for change in (
        lambda: catalogue().pop((4, 3)),
        lambda: catalogue().__setitem__((4, 3), entry),
        lambda: catalogue()._entries.pop((4, 3)),
        lambda: entry.uses.pop("accuracy"),
        lambda: entry.uses.__setitem__("accuracy", entry.uses["integer"]),
        lambda: setattr(entry, "choices", ()),
        lambda: setattr(entry.uses["accuracy"], "moduli", "0,1,-1,2,-2"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert winograd(4, 3).moduli == points
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert pickle.loads(pickle.dumps(catalogue())) == catalogue()


@pytest.mark.parametrize("n", range(1, 19))
def test_the_entry_is_what_winograd_makes_and_its_noise_gain_is_true(n):
    for r in range(1, n + 1):
        entry = catalogue()[n + 1 - r, r]
        made = winograd(n + 1 - r, r)
        assert ",".join(map(str, made.moduli)) == entry.points
        assert made.rank == n
        assert str(made.noise_gain()) == entry.noise_gain
        assert entry.source


@pytest.mark.parametrize(("m", "r"), [(1, 1), (2, 3), (4, 3), (6, 3), (5, 4), (3, 5), (8, 3)])
def test_entries_are_right_by_the_definition(m, r):
    assert is_right(winograd(m, r))


def test_swapped_sizes_have_the_same_noise_gain():
    assert all(catalogue()[r, m].noise_gain == entry.noise_gain for (m, r), entry in catalogue().items())


@pytest.mark.parametrize(
    ("m", "r", "points"),
    [
        (2, 3, "0,1,-1"),
        (4, 3, "0,1,-1,2,-2"),
        (4, 3, "0,1,-1,1/2,-1/2"),
        (4, 3, "0,2/3,-2/3,3/2,-3/2"),
        (6, 3, "0,1,-1,2,-2,1/2,-1/2"),
        (4, 3, "0,5/8,-5/8,3/2,-3/2"),
        (8, 3, "0,1,-1,2,-2,1/2,-1/2,3,-3"),
        (4, 5, "0,1,-1,2,-2,1/2,-1/2"),
    ],
)
def test_no_well_known_set_of_small_points_is_better(m, r, points):
    best, known = Rational(catalogue()[m, r].noise_gain), winograd(m, r, points=points).noise_gain()
    if points == "0,5/8,-5/8,3/2,-3/2":
        assert best < known * Rational(11, 10), "of height 8, beyond the search"
    else:
        assert best <= known


def test_the_best_points_of_the_usual_sizes():
    assert catalogue()[2, 3].points == "0,1,-1,inf"
    assert catalogue()[4, 3].points == "0,3/2,-3/2,2/3,-2/3,inf"
    assert (catalogue()[2, 3].noise_gain, catalogue()[4, 3].noise_gain) == ("5/3", "617149/129600")


@pytest.mark.slow_cases("6-3", "7-3", "8-3", "4-4-", "5-3-")
@pytest.mark.parametrize(
    ("m", "r", "points"),
    [
        (4, 2, "0,1,-1,2"),
        (3, 3, "0,1,-1,2"),
        (4, 3, "0,1,-1,2,-2"),
        (4, 4, "0,1,-1,2,-2,1/2"),
        (5, 3, "0,1,-1,2,-2,1/2"),
        (6, 3, "0,1,-1,2,-2,1/2,-1/2"),
        (7, 3, "0,1,-1,2,-2,1/2,-1/2,4"),
        (8, 3, "0,2/5,-2/5,4/5,-4/5,6/5,-6/5,12/5,-12/5"),
    ],
)
def test_cheap_points_take_no_more_additions_than_well_known_ones(m, r, points):
    counts = []
    for of in ("cheap", points):
        circuits = Circuits(winograd(m, r, points=of), "fewest")
        counts.append(sum(circuits.line(name).additions for name in ("BT", "G", "AT")))
    assert counts[0] <= counts[1]
    assert catalogue(m, r).uses["cheap"].found.startswith(f"{counts[0]} additions in all, the fewest of ")


def test_beyond_the_catalogue_the_points_grow_in_height():
    assert (17, 3) not in catalogue()
    points = ",".join(map(str, moduli_of_use(17, 3)))
    assert points == "0,1,-1,2,-2,1/2,-1/2,3,-3,1/3,-1/3,3/2,-3/2,2/3,-2/3,4,-4,1/4,inf"
    assert winograd(17, 3).rank == 19


EXACT = [size for size, entry in catalogue().items() if "int8-exact" in entry.uses]


@pytest.mark.slow_cases("(4, 6)")
@pytest.mark.parametrize("size", EXACT, ids=str)
def test_exact_integers_hold_the_channels_stated_in_two_dimensions(size):
    m, r = size
    choice = catalogue(m, r).uses["int8-exact"]
    found = word_bounds(parse(f"F({m}x{m},{r}x{r})", points="int8-exact"))
    assert found.channels == choice.channels > 0
    assert f"2^{found.shift} in the scale" in choice.found
    assert f"{choice.channels:,} channels" in source_of_use(m, r, "int8-exact")
    assert ("no points alone fit" in choice.found) == (found.algorithm.rank > (m + r - 1) ** 2)


@pytest.mark.slow_cases("size0", "size3")
@pytest.mark.parametrize("size", [(2, 3), (4, 3), (3, 4), (6, 3), (4, 5)])
def test_the_search_for_exact_integers_finds_the_entry(size):
    choice = catalogue(*size).uses["int8-exact"]
    moduli = ("x^2+1", "x^2+x+1", "x^2-x+1") if "x" in choice.moduli else ()
    assert ",".join(search_words(*size, moduli=moduli).best.moduli) == choice.moduli


def test_four_outputs_of_three_taps_are_exact_for_any_int8():
    choice = catalogue(4, 3).uses["int8-exact"]
    assert (choice.moduli, choice.channels) == ("0,1,-1,2,-1/2,inf", 3640)
    document = catalogue(4, 3).document()["uses"]
    assert document["int8-exact"]["channels"] == 3640
    assert "channels" not in document["accuracy"]


TILES = [(size, use) for size, entry in catalogue().items() for use in entry.tiles]


@pytest.mark.slow_cases("(6, 3)", "(4, 5)", "(2, 7)", "(5, 3)", "(3, 5)")
@pytest.mark.parametrize(
    ("size", "use"),
    [
        pytest.param(*item, marks=pytest.mark.slow if sum(item[0]) > 9 else (), id=f"{item[0]} {item[1]}")
        for item in TILES
    ],
)
def test_whole_tiles_are_proved_by_name_and_their_noise_gain_is_true(size, use):
    m, r = size
    choice = catalogue(m, r).tiles[use]
    made = parse(f"F({m}x{m},{r}x{r})", points=use)
    assert (made.rank, str(made.noise_gain())) == (choice.products, choice.noise_gain)
    again = parse(f"F({m}x{m},{r}x{r})", moduli=choice.moduli) if choice.moduli else parse(choice.construction)
    assert again == made
    assert choice.found in source_of_use(m, r, use)


def test_the_products_of_the_literature_and_fewer():
    ranks = {(m, use): choice.products for m in (4, 6, 7) for use, choice in catalogue(m, 3).tiles.items()}
    assert (ranks[4, "whole"], ranks[4, "fourier"]) == (46, 46)
    assert (ranks[6, "whole"], ranks[6, "whole-quiet"], ranks[6, "fourier"]) == (78, 88, 88)
    assert (ranks[7, "whole"], ranks[7, "whole-quiet"], ranks[7, "fourier"]) == (97, 109, 132)
    quiet, fourier = (Rational(catalogue(7, 3).tiles[use].noise_gain) for use in ("whole-quiet", "fourier"))
    assert quiet < fourier, "fewer products, and quieter"


def test_quiet_whole_tiles_are_quieter():
    entries = [entry.tiles for entry in catalogue().values() if "whole-quiet" in entry.tiles]
    assert entries
    for tiles in entries:
        assert Rational(tiles["whole-quiet"].noise_gain) < Rational(tiles["whole"].noise_gain)


@pytest.mark.parametrize(
    ("size", "error", "mention"),
    [
        ("4,3", NotApplicable, "for images"),
        ("2x2,5x5", UnknownName, "fourier"),
        ("4x6,3x3", NotApplicable, "alike axes"),
        ("4x4x4,3x3x3", NotApplicable, "3 axes"),
        ("12x12,3x3", NotApplicable, "none for two axes of F(12,3)"),
    ],
)
def test_sizes_that_have_no_whole_tile_by_name(size, error, mention):
    with refused(error, mention):
        parse(size, points="beside" if error is UnknownName else "whole")


@pytest.mark.parametrize(
    ("size", "mentions"),
    [
        ((9, 3), ["F(9x9,3x3) need over 16 bits", "take F(8,3)", "longer words"]),
        ((6, 6), ["take F(5,6)"]),
        ((2, 10), ["take direct convolution"]),
        ((1, 3), ["direct convolution takes as few products"]),
        ((4, 1), ["direct convolution takes as few products"]),
    ],
)
def test_sizes_of_which_no_set_is_exact(size, mentions):
    assert "int8-exact" not in catalogue(*size).uses
    with refused(NotApplicable, f"the int8-exact points of F({size[0]},{size[1]})", *mentions):
        winograd(*size, points="int8-exact")
