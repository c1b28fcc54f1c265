# SPDX-License-Identifier: Apache-2.0
"""Where images of an exported network lie, and how its filters are laid out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wincraft.emit.network.arena import placed_images
from wincraft.emit.network.tables import by_channels, excess_sums, panels, table_definition


@st.composite
def networks(draw):
    """Sizes of images, and steps that each read one or two images that were written before."""
    count = draw(st.integers(1, 12))
    sizes = {image: draw(st.integers(1, 9)) for image in range(count + 1)}
    steps = [((), 0)]
    for image in range(1, count + 1):
        steps.append((draw(st.lists(st.integers(0, image - 1), min_size=1, max_size=2)), image))
    return sizes, steps


@given(networks())
def test_images_that_live_together_lie_apart(network):
    sizes, steps = network
    places, total = placed_images(sizes, steps)
    for number, (read, written) in enumerate(steps):
        later = {image for images, _ in steps[number + 1 :] for image in images}
        alive = {*read, written, *(later & {image for _, image in steps[: number + 1]})}
        for first, second in combinations(sorted(alive), 2):
            low, high = sorted((places[image], sizes[image]) for image in (first, second))
            assert low[0] + low[1] <= high[0]
    assert max(places[image] + size for image, size in sizes.items()) == total
    assert total <= sum(sizes.values())


def test_panels_hold_every_filter_once():
    filters = np.arange(2 * 5 * 19).reshape(2, 5, 19) + 1
    for step in (2, 4):
        made = panels(filters, 8, step)
        assert made.shape == (3, 2, -(-5 // step), 8, step)
        for tap, channel, output in np.ndindex(*filters.shape):
            place = output // 8, tap, channel // step, output % 8, channel % step
            assert made[place] == filters[tap, channel, output]
        assert made.sum() == filters.sum()


def test_excess_is_what_128_in_every_channel_gives():
    filters = np.random.default_rng(0).integers(-127, 128, (3, 40, 5))
    found = excess_sums(filters, 8)
    wanted = np.einsum("tck,c->tk", filters, np.full(40, 128)) % 2**32
    assert np.array_equal(found[0, :, :5], wanted)
    assert not found[0, :, 5:].any()


def test_numbers_are_written_so_that_they_are_read_back():
    values = np.random.default_rng(0).standard_normal(50) * 10.0 ** np.arange(-25, 25)
    for type, dtype in (("double", np.float64), ("float", np.float32)):
        text = table_definition(type, "x", values).partition("{")[2]
        found = [item.strip().rstrip("F") for item in text.rpartition("}")[0].split(",") if item.strip()]
        assert np.array_equal(np.array([dtype(item) for item in found]), values.astype(dtype))
    assert by_channels(np.array([1.0, 2.0]), 2).tolist() == [1.0, 2.0]
