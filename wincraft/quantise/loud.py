# SPDX-License-Identifier: Apache-2.0
"""Test tensors on which every entry matters: few channels and few taps, so that errors are small beside faults."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.errors import BadValue, CannotWrite
from wincraft.numbers.arrays import is_integer
from wincraft.quantise.error_law import check_rate
from wincraft.quantise.faults import FaultResponses, FaultSite, SeenChange, fault_sites, seen_changes
from wincraft.quantise.hard_bound import hard_bound, likely_bound
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import simulate
from wincraft.quantise.workload import Batch

ACTIVE_CHANNELS = 8
"""How many channels are not 0."""
_STEPS = 8
"""Values of patterns are multiples of 1 over this; with their amplitudes they are exact in 8 significant bits."""
_DRAWN = 80
"""Patterns of each kind that are drawn before the loud ones are chosen."""
_MOST = 240
"""Tiles in the choice; filters are a fifth."""
_PER_SITE = 2
"""Pairs of a tile and a filter that are kept for an entry."""


@dataclass(frozen=True, eq=False)
class LoudTensors:
    """Images (T, C, *n), each one tile, filters (K, C, *r), exact outputs (T, K, *m), and how far each may be off.

    `atol` (T, K, *m) is exceeded at the rate at most, `bound` by no correct kernel. `seen` are the least changes that
    show beyond `atol`. Of a plan images are as large as a tile of every piece needs, see `plan_loud_tensors`.
    """

    data: np.ndarray
    weights: np.ndarray
    reference: np.ndarray
    atol: np.ndarray
    bound: np.ndarray
    seed: int
    seen: tuple[SeenChange, ...]

    def write(self, folder: str) -> list[str]:
        """The arrays as ``data.npy``, ``weights.npy``, ``reference.npy``, ``atol.npy`` and ``bound.npy``; the paths.

        Raises:
            CannotWrite: where a file cannot be written.
        """
        names = ("data", "weights", "reference", "atol", "bound")
        paths = [os.path.join(folder, f"{name}.npy") for name in names]
        try:
            os.makedirs(folder, exist_ok=True)
            for name, path in zip(names, paths, strict=True):
                np.save(path, getattr(self, name))
        except OSError as error:
            raise CannotWrite(error.filename or folder, error.strerror or "it cannot be written") from None
        return paths


def loud_tensors(algorithm: Algorithm, scheme: Scheme, channels: int, rate: float = 1e-9, seed: int = 0) -> LoudTensors:
    """Tensors that make faults loud, with the tolerance of every output and the least changes that it lets be seen.

    Tiles and filters are one-hot, random products of few values, and tiles whose transform is a single tap; of these
    the loudest pairs for every nonzero entry of A^T, G and B^T are kept. Up to 8 channels are not 0, each with a random
    amplitude, the signs of data and weights alike, so that channels add up and their roundings do not. All values are
    exact in 8 significant bits. Tolerances are `likely_bound`.

    Raises:
        BadValue: for channels, a seed or a rate that are none.
        NotApplicable: as `check_bounded`, `simulate`.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> found = loud_tensors(parse("F(2x2,3x3)"), SCHEMES["fp16"], 64)
    >>> found.data.shape[1:], max(change.least for change in found.seen) < 0.01
    ((64, 4, 4), True)
    """
    rng, sites = loud_generator(channels, rate, seed), fault_sites(algorithm)
    tiles, filters = _patterns(algorithm, rng)
    places, amplitudes = active_channels(channels, rng)
    batch = _kept(algorithm, scheme, tiles, filters, amplitudes, rate)
    atol, bound = likely_bound(algorithm, scheme, batch, rate), hard_bound(algorithm, scheme, batch)
    spread = share_of_tolerance(simulate(algorithm, scheme, batch).outputs - batch.reference, atol)
    seen = tuple(seen_changes(FaultResponses(algorithm, batch), sites, atol, spread * atol, 3.0))
    counts = batch.data.shape[-1], batch.weights.shape[-2]
    data, weights = (
        np.zeros((count, *shape, channels)) for count, shape in zip(counts, (algorithm.n, algorithm.r), strict=True)
    )
    data[..., places] = np.moveaxis(batch.data, (-2, -1), (-1, 0))
    weights[..., places] = np.moveaxis(batch.weights, -2, 0)
    exact, atol, bound = (np.moveaxis(item, (-1, -2), (0, 1)) for item in (batch.reference, atol, bound))
    return LoudTensors(np.moveaxis(data, -1, 1), np.moveaxis(weights, -1, 1), exact, atol, bound, seed, seen)


def loud_generator(channels: int, rate: float, seed: int) -> np.random.Generator:
    """The source of loud tensors of so many channels.

    Raises:
        BadValue: for channels, a seed or a rate that are none.
    """
    check_rate(rate)
    for name, value, least in (("channels", channels, 1), ("the seed", seed, 0)):
        if not is_integer(value, least):
            raise BadValue(name, repr(value), f"give an integer, {least} or more")
    return np.random.default_rng(seed)


def active_channels(channels: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which channels are not 0, and their amplitudes (2, active) in the data and in the weights.

    >>> places, amplitudes = active_channels(64, np.random.default_rng(0))
    >>> len(places), amplitudes.shape, bool((amplitudes[0] * amplitudes[1] > 0).all())
    (8, (2, 8), True)
    """
    active = min(channels, ACTIVE_CHANNELS)
    amplitudes = rng.choice(np.arange(4, 8), (2, active)) / 4
    amplitudes *= rng.choice([-1.0, 1.0], active)
    return np.sort(rng.choice(channels, active, replace=False)), amplitudes


def loud_batch(
    algorithm: Algorithm, scheme: Scheme, amplitudes: np.ndarray, rate: float, rng: np.random.Generator
) -> Batch:
    """The loudest tiles and filters of an algorithm in channels of these amplitudes.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> made = loud_batch(winograd(2, 3), SCHEMES["fp16"], np.ones((2, 1)), 1e-9, np.random.default_rng(0))
    >>> made.data.shape[:2], made.weights.shape[0], float(np.abs(made.data).max())
    ((4, 1), 3, 1.0)
    """
    return _kept(algorithm, scheme, *_patterns(algorithm, rng), amplitudes, rate)


def share_of_tolerance(errors: np.ndarray, atol: np.ndarray) -> float:
    """The root mean square of errors in tolerances, where there are any.

    >>> share_of_tolerance(np.array([1.0, 5.0]), np.array([4.0, 0.0]))
    0.25
    """
    told = (atol > 0) & np.isfinite(atol)
    return float(np.sqrt(np.mean((errors[told] / atol[told]) ** 2)))


def _kept(
    algorithm: Algorithm,
    scheme: Scheme,
    tiles: np.ndarray,
    filters: np.ndarray,
    amplitudes: np.ndarray,
    rate: float,
) -> Batch:
    """Of these tiles and filters the loudest."""
    pool = _spread(algorithm, tiles, filters, amplitudes)
    atol = likely_bound(algorithm, scheme, pool, rate)
    kept_tiles, kept_filters = _loudest(algorithm, pool, atol, fault_sites(algorithm))
    return _spread(algorithm, tiles[..., kept_tiles], filters[..., kept_filters], amplitudes)


def _patterns(algorithm: Algorithm, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Tiles (n..., T) and filters (r..., K), the largest value of each 1."""
    n, r = algorithm.n, algorithm.r
    single = np.linalg.pinv(matrix_to_numpy(algorithm.input.dense, float))
    tiles = [np.eye(prod(n)).reshape(*n, -1), single.reshape(*n, -1), _products(n, (-1, 0, 0, 1), rng)]
    tiles += [_products(n, (-1, -0.5, 0, 0.5, 1), rng), rng.choice([-1.0, 0, 0, 0, 1], (*n, _DRAWN // 4))]
    filters = [np.eye(prod(r)).reshape(*r, -1), _products(r, (-1, -0.5, 0, 0.5, 1), rng)]
    return _coarse(tiles, _MOST, rng), _coarse(filters, _MOST // 5, rng)


def _products(shape: Sequence[int], values: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Random vectors multiplied over the axes, (shape..., patterns)."""
    made = np.ones((*[1] * len(shape), _DRAWN))
    for axis, size in enumerate(shape):
        vector = rng.choice(values, (size, _DRAWN))
        made = made * vector.reshape(*(size if other == axis else 1 for other in range(len(shape))), _DRAWN)
    return made


def _coarse(patterns: Sequence[np.ndarray], most: int, rng: np.random.Generator) -> np.ndarray:
    """All of them together, rounded, no two alike and none 0; a random choice where there are too many."""
    every = np.concatenate(patterns, axis=-1)
    axes = tuple(range(every.ndim - 1))
    size = np.abs(every).max(axis=axes)
    every = np.rint(every[..., size > 0] / size[size > 0] * _STEPS) / _STEPS
    every = np.unique(every, axis=-1)
    if every.shape[-1] > most:
        every = every[..., np.sort(rng.choice(every.shape[-1], most, replace=False))]
    return every


def _spread(algorithm: Algorithm, tiles: np.ndarray, filters: np.ndarray, amplitudes: np.ndarray) -> Batch:
    """Patterns in every active channel, times its amplitudes."""
    data, weights = tiles[..., None, :] * amplitudes[0][:, None], filters[..., :, None] * amplitudes[1]
    return Batch(data, weights, np.ones((*algorithm.m, tiles.shape[-1]), dtype=bool))


def _loudest(
    algorithm: Algorithm, pool: Batch, atol: np.ndarray, sites: Sequence[FaultSite]
) -> tuple[list[int], list[int]]:
    """Tiles and filters of the pairs on which changes of each entry are largest beside the tolerance."""
    responses, tiles, filters = FaultResponses(algorithm, pool), set[int](), set[int]()
    room = np.where((atol > 0) & np.isfinite(atol), atol, np.inf)
    for site in sites:
        loudness = (np.abs(responses.of(site)[0]) / room).max(axis=tuple(range(len(algorithm.m))))
        for place in np.argsort(loudness, axis=None)[-_PER_SITE:]:
            k, t = np.unravel_index(int(place), loudness.shape)
            tiles.add(int(t))
            filters.add(int(k))
    return sorted(tiles), sorted(filters)
