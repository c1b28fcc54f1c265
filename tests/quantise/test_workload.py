# SPDX-License-Identifier: Apache-2.0
"""Seeded data by their statistics, a user's layers tile by tile, and files that are no arrays."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import nest, parse, winograd
from wincraft.errors import BadDocument, BadShape, BadValue, TooLarge, UnknownName, WrongType
from wincraft.quantise import DISTRIBUTIONS, Layer, Workload, load_layer
from wincraft.quantise.workload import check_memory

F43, F23 = winograd(4, 3, points="0,1,-1,2,-2"), winograd(2, 3, points="0,1,-1")


def test_shapes_and_seeds():
    algorithm = parse("F(2x4,3x5)")
    first, again = (Workload(3, 2, 5, seed=4).batch(algorithm) for _ in range(2))
    other = Workload(3, 2, 5, seed=5).batch(algorithm)
    assert first.data.shape == (4, 8, 3, 5)
    assert first.weights.shape == (3, 5, 2, 3)
    assert (first.counts.shape, first.counts.all()) == ((2, 4, 5), True)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert (first.data != other.data).all()


@pytest.mark.parametrize(
    ("name", "mean", "power", "low", "high"),
    [
        ("gaussian", 0, 1, -9, 9),
        ("relu-gaussian", (2 * np.pi) ** -0.5, 0.5, 0, 9),
        ("uniform", 0, 1 / 3, -1, 1),
    ],
)
def test_distributions(name, mean, power, low, high):
    batch = Workload(40, 30, 500, name).batch(F43)
    data, weights = batch.data, batch.weights * np.sqrt(40 * 3)
    assert data.mean() == pytest.approx(mean, abs=0.02)
    assert (data**2).mean() == pytest.approx(power, abs=0.02)
    assert low <= data.min() <= data.max() <= high
    assert (weights**2).mean() == pytest.approx(1 / 3 if name == "uniform" else 1, abs=0.05)
    assert weights.mean() == pytest.approx(0, abs=0.05)
    assert (data == 0).mean() == pytest.approx(0.5 if name == "relu-gaussian" else 0, abs=0.01)


def test_every_distribution_has_a_test():
    assert set(DISTRIBUTIONS) == {"gaussian", "relu-gaussian", "uniform", "uniform01"}


@pytest.mark.parametrize(
    ("sizes", "kind", "mentions"),
    [
        ({"channels": 0}, BadValue, ["channels is 0"]),
        ({"outputs": -1}, BadValue, ["outputs is -1"]),
        ({"tiles": 0}, BadValue, ["tiles is 0"]),
        ({"channels": 2.5}, BadValue, ["2.5"]),
        ({"channels": float("nan")}, BadValue, ["nan"]),
        ({"tiles": "x"}, BadValue, ["'x'"]),
        ({"seed": -1}, BadValue, ["-1"]),
        ({"seed": 1.5}, BadValue, ["1.5"]),
        ({"distribution": "gausian"}, UnknownName, ["did you mean gaussian"]),
    ],
)
def test_workloads_that_are_none(sizes, kind, mentions):
    with refused(kind, *mentions):
        Workload(**sizes)


def test_more_than_memory_is_refused_with_an_estimate():
    for sizes in ({"channels": 10**9}, {"tiles": 10**12}, {"outputs": 10**12}):
        with refused(TooLarge, "GiB", str(*sizes.values())):
            Workload(**sizes).batch(F43)
    with refused(TooLarge, "GiB"):
        Layer(np.ones((1, 2, 8)), np.ones((1, 2, 3)), 10**12).batch(F43)
    check_memory(F43, 64, 64, 256)


@st.composite
def layers(draw):
    """Small layers of one or two axes, and an algorithm per axis."""
    axes = draw(st.integers(1, 2))
    algorithms = [draw(st.sampled_from([F23, F43])) for _ in range(axes)]
    sizes = [draw(st.integers(3, 11)) for _ in range(axes)]
    pads = draw(st.one_of(st.integers(0, 2), st.tuples(*[st.integers(0, 2)] * axes)))
    return algorithms, sizes, pads, draw(st.integers(1, 3)), draw(st.integers(1, 2))


@given(layers())
def test_tiles_cover_every_output_once(drawn):
    """Each tile is a window of the padded image, and those that count are every output of the layer, once."""
    algorithms, sizes, padding, images, channels = drawn
    algorithm = algorithms[0] if len(algorithms) == 1 else nest(*algorithms)
    data = np.arange(1.0, 1 + images * channels * prod(sizes)).reshape(images, channels, *sizes)
    layer = Layer(data, np.ones((2, channels, *(axis.r[0] for axis in algorithms))), padding)
    pads = [padding] * len(sizes) if isinstance(padding, int) else list(padding)
    assert layer.pads == tuple(pads)
    batch = layer.batch(algorithm)
    far = [(p, p + axis.n[0]) for p, axis in zip(pads, algorithms, strict=True)]
    padded = np.pad(data, ((0, 0), (0, 0), *far))
    outputs = [s + 2 * p - axis.r[0] + 1 for s, p, axis in zip(sizes, pads, algorithms, strict=True)]
    tiles = [-(-size // axis.m[0]) for size, axis in zip(outputs, algorithms, strict=True)]
    assert batch.data.shape[-1] == images * prod(tiles)
    seen = np.zeros((images, *outputs), int)
    for t, (image, *tile) in enumerate(np.ndindex(images, *tiles)):
        start = [k * axis.m[0] for k, axis in zip(tile, algorithms, strict=True)]
        window = tuple(slice(s, s + axis.n[0]) for s, axis in zip(start, algorithms, strict=True))
        np.testing.assert_array_equal(np.moveaxis(batch.data[..., t], -1, 0), padded[(image, slice(None), *window)])
        for place in np.ndindex(*(axis.m[0] for axis in algorithms)):
            at = tuple(s + p for s, p in zip(start, place, strict=True))
            inside = all(a < size for a, size in zip(at, outputs, strict=True))
            assert batch.counts[(*place, t)] == inside
            if inside:
                seen[(image, *at)] += 1
    assert (seen == 1).all()
    np.testing.assert_array_equal(np.moveaxis(batch.weights, (-2, -1), (0, 1)), layer.weights)


def test_what_a_layer_says_of_itself():
    layer = Layer(np.ones((1, 2, 8, 7)), np.ones((4, 2, 3, 3)), (1, 0))
    assert (layer.channels, layer.outputs) == (2, 4)
    assert layer.describe() == "data (1, 2, 8, 7), weights (4, 2, 3, 3), padding (1, 0)"
    assert Workload(3, 2, 5).describe() == "gaussian data, 3 channels, 2 filters, 5 tiles, seed 0"


ONES = np.ones((1, 2, 8))
TAPS = np.ones((1, 2, 3))
SPOILED = ONES.copy()
SPOILED[0, 1, 3] = np.nan


@pytest.mark.parametrize(
    ("data", "weights", "padding", "kind", "mentions"),
    [
        (SPOILED, TAPS, 0, BadValue, ["nan", "[0, 1, 3]", "data"]),
        (ONES, np.full((1, 2, 3), np.inf), 0, BadValue, ["inf", "weights"]),
        (ONES, np.ones((1, 3, 3)), 0, BadShape, ["(1, 2, 8)", "(1, 3, 3)"]),
        (ONES, np.ones((1, 2, 3, 3)), 0, BadShape, ["(1, 2, 8)", "(1, 2, 3, 3)"]),
        (np.ones((2, 8)), np.ones((2, 3)), 0, BadShape, ["(2, 8)", "(2, 3)"]),
        (3.0, 4.0, 0, BadShape, ["()"]),
        (np.ones((0, 2, 8)), TAPS, 0, BadShape, ["(0, 2, 8)"]),
        (ONES, np.ones((0, 2, 3)), 0, BadShape, ["(0, 2, 3)"]),
        (np.ones((1, 2, 2)), TAPS, 0, BadShape, ["(1, 2, 2)", "(1, 2, 3)"]),
        (ONES, TAPS, -1, BadShape, ["padding", "-1"]),
        (ONES, TAPS, (1, 2), BadShape, ["(1, 2)", "1 of them"]),
        (ONES, TAPS, 1.5, BadShape, ["1.5"]),
        (ONES, TAPS, "1", BadShape, ["padding"]),
        (ONES, TAPS, None, BadShape, ["padding"]),
        ("abc", TAPS, 0, WrongType, ["data"]),
        (ONES * 1j, TAPS, 0, WrongType, ["complex"]),
        (ONES > 0, TAPS, 0, WrongType, ["bool"]),
        ([[[1, 2], [3]]], TAPS, 0, BadShape, ["data"]),
        (np.full((1, 2, 8), 2**60), TAPS, 0, TooLarge, ["2^53"]),
    ],
)
def test_layers_that_are_none(data, weights, padding, kind, mentions):
    with refused(kind, *mentions):
        Layer(data, weights, padding)


def test_layers_of_another_algorithm():
    with refused(BadShape, "F(4,3)", "(1, 2, 5)", "(K, C, 3)"):
        Layer(ONES, np.ones((1, 2, 5))).batch(F43)
    with refused(BadShape, "F(2x2,3x3)", "(1, 2, 3)", "(K, C, 3, 3)"):
        Layer(ONES, TAPS).batch(parse("F(2x2,3x3)"))


def test_layers_from_files(tmp_path):
    paths = [str(tmp_path / name) for name in ("data.npy", "weights.npy")]
    for path, array in zip(
        paths, (np.arange(16, dtype=np.int16).reshape(1, 2, 8), TAPS.astype(np.float16)), strict=True
    ):
        np.save(path, array)
    layer = load_layer(*paths, padding=1)
    assert layer.data.tolist() == np.arange(16.0).reshape(1, 2, 8).tolist()
    assert (layer.data.dtype, layer.weights.dtype, layer.pads) == (np.float64, np.float64, (1,))


def npy(header):
    """The bytes of an array file with a header of one's own."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


BROKEN = {
    "empty": b"",
    "text": b"1,2,3\n",
    "magic alone": b"\x93NUMPY",
    "no dictionary": npy(b"{{{{{{{{\n"),
    "not closed": npy(b"{'descr': '<f8'\n"),
    "huge": npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }\n"),
    "negative": npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n"),
    "cut": npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 8), }\n") + b"\0" * 100,
    "objects": npy(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n") + b"cos\nsystem\n(S'true'\ntR.",
    "zip": b"PK\x03\x04 and no more",
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_are_no_array(name, tmp_path):
    good, broken = str(tmp_path / "good.npy"), tmp_path / "broken.npy"
    np.save(good, ONES)
    broken.write_bytes(BROKEN[name])
    with refused(BadDocument, "broken.npy"):
        load_layer(str(broken), good)
    with refused(BadDocument, "broken.npy"):
        load_layer(good, str(broken))


def test_files_with_several_arrays_and_no_files(tmp_path):
    np.savez(tmp_path / "several.npz", a=ONES, b=TAPS)
    np.save(tmp_path / "good.npy", ONES)
    for name in ("several.npz", "missing.npy", "."):
        with refused(BadDocument, str(tmp_path)):
            load_layer(str(tmp_path / name), str(tmp_path / "good.npy"))
