# SPDX-License-Identifier: Apache-2.0
"""What a test with a tolerance still catches: of every entry of A^T, G and B^T the least change that it sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple, Protocol

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.algorithm.linear_map import LinearMap
from wincraft.exact.number import number_text, to_fraction
from wincraft.measure.execution import along, grouped
from wincraft.quantise.error_law import exceeding, least_argument
from wincraft.quantise.workload import Batch

SEEN = 0.99
"""How surely a fault that a test catches is seen."""
_LOUDEST = 256
"""Outputs that are looked at for a fault: those that it moves most, in tolerances."""
_FARTHEST_CHANGE = 100.0
"""Relative changes that are not seen up to here are never seen."""
_NAMES = (("AT", "output"), ("G", "filter"), ("BT", "input"))


class FaultSite(NamedTuple):
    """A nonzero entry of a matrix, wherever a map applies that matrix; `passes` are the places of it in the map.

    Of a plan `algorithm` says which of its algorithms has it.
    """

    matrix: str
    map: str
    passes: tuple[int, ...]
    row: int
    column: int
    value: str
    algorithm: str = ""

    @property
    def entry(self) -> str:
        """As ``BT[0][2]``, from 0."""
        return f"{self.matrix}[{self.row}][{self.column}]"

    @property
    def name(self) -> str:
        """The entry, after the algorithm where there are several: ``F(4x4,2x1) BT[0][2]``."""
        return f"{self.algorithm} {self.entry}".strip()


class SeenChange(NamedTuple):
    """The least relative change of an entry, up or down, that a test sees with 99 %; inf where it never does."""

    site: FaultSite
    least: float


def worst_changes(seen: Sequence[SeenChange], whole_maps: bool = False) -> dict[str, SeenChange]:
    """By matrix the entry whose changes hide best; with `whole_maps` by A^T, G and B^T, of however many matrices.

    >>> worst_changes(())
    {}
    """
    found: dict[str, SeenChange] = {}
    names = {side: name for name, side in _NAMES}
    for change in seen:
        key = names[change.site.map] if whole_maps else change.site.matrix
        known = found.get(key)
        if known is None or change.least > known.least:
            found[key] = change
    return found


def fault_sites(algorithm: Algorithm) -> list[FaultSite]:
    """The nonzero entries of every distinct matrix of the maps; several of one map have their pass in the name.

    >>> from wincraft import winograd
    >>> sites = fault_sites(winograd(2, 3))
    >>> len(sites), sites[0].name, sites[0].value
    (22, 'AT[0][0]', '1')
    """
    found = []
    for name, side in _NAMES:
        passes = getattr(algorithm.maps, side).passes
        distinct: list[tuple[list[list[object]], list[int]]] = []
        for number, step in enumerate(passes):
            rows = step.matrix.to_list()
            for known, places in distinct:
                if known == rows:
                    places.append(number)
                    break
            else:
                distinct.append((rows, [number]))
        for rows, places in distinct:
            label = name if len(distinct) == 1 else f"{name}{places[0] + 1}"
            domain = passes[places[0]].matrix.domain
            found += [
                FaultSite(label, side, tuple(places), i, j, number_text(domain.to_sympy(entry)))
                for i, row in enumerate(rows)
                for j, entry in enumerate(row)
                if entry
            ]
    return found


class Responses(Protocol):
    """What changed entries do to outputs."""

    outputs: np.ndarray

    def of(self, site: FaultSite) -> np.ndarray:
        """The coefficients (d, outputs...) of the change's powers 1 ... d in what it adds to the outputs."""


class FaultResponses:
    """What changed entries do to the outputs of a batch: exact but for float64, one run for every power of the change.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.workload import Workload
    >>> F = winograd(2, 3)
    >>> batch = Workload(channels=4, tiles=2).batch(F)
    >>> found = FaultResponses(F, batch)
    >>> bool(np.allclose(found.outputs, batch.reference)), found.of(fault_sites(F)[0]).shape
    (True, (1, 2, 8, 2))
    """

    def __init__(self, algorithm: Algorithm, batch: Batch) -> None:
        self.algorithm = algorithm
        self._given = {"input": batch.data, "filter": batch.weights}
        self._matrices = {
            side: [matrix_to_numpy(step.matrix, float) for step in getattr(algorithm.maps, side).passes]
            for _, side in _NAMES
        }
        self._scale = float(to_fraction(algorithm.scale))
        self._U, self._V = (self._run(side, self._given[side]) for side in ("input", "filter"))
        self._M = self._products(self._U, self._V)
        self.outputs = self._run("output", self._M) / self._scale

    def of(self, site: FaultSite) -> np.ndarray:
        """The coefficients (d, m..., K, T) of the change's powers 1 ... d in what it adds to the outputs."""
        changes = [float((-1) ** k * (1 + k // 2)) for k in range(len(site.passes))]
        moved = np.stack([self.changed(site, change) - self.outputs for change in changes])
        powers = np.array([[change**p for p in range(1, len(changes) + 1)] for change in changes])
        return np.asarray(np.tensordot(np.linalg.inv(powers), moved, 1))

    def changed(self, site: FaultSite, change: float) -> np.ndarray:
        """The outputs (m..., K, T) where an entry is (1 + change) times what it was."""
        if site.map == "output":
            M = self._M
        else:
            value = self._run(site.map, self._given[site.map], site, change)
            M = self._products(value, self._V) if site.map == "input" else self._products(self._U, value)
        return self._run("output", M, site, change) / self._scale

    def _run(self, side: str, value: np.ndarray, site: FaultSite | None = None, change: float = 0.0) -> np.ndarray:
        item: LinearMap = getattr(self.algorithm.maps, side)
        for number, (step, matrix) in enumerate(zip(item.passes, self._matrices[side], strict=True)):
            used = matrix
            if site is not None and site.map == side and number in site.passes:
                used = matrix.copy()
                used[site.row, site.column] *= 1 + change
            value = along(used, value, step)
        return value

    @staticmethod
    def _products(U: np.ndarray, V: np.ndarray) -> np.ndarray:
        return np.asarray(np.matmul(*grouped(V, U))).reshape(*V.shape[:-1], -1)


def seen_changes(
    responses: Responses,
    sites: list[FaultSite],
    tolerance: np.ndarray,
    deviation: np.ndarray,
    kurtosis: float,
    share: float = 1.0,
) -> Iterator[SeenChange]:
    """For every entry the least change that a test sees with 99 %, whichever its sign.

    `tolerance` is what |y - y_ref| may be, `deviation` that of the errors: arrays that broadcast to the outputs. A test
    sees a fault when any output leaves its tolerance; errors are independent.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.workload import Workload
    >>> F = winograd(2, 3)
    >>> responses = FaultResponses(F, Workload(channels=4).batch(F))
    >>> (found,) = seen_changes(responses, fault_sites(F)[:1], np.array(0.01), np.array(0.001), 3.0)
    >>> found.site.name, round(found.least, 4)
    ('AT[0][0]', 0.0034)
    """
    shape = responses.outputs.shape
    room = np.broadcast_to(tolerance, shape).ravel()
    spread = np.broadcast_to(deviation, shape).ravel()
    for site in sites:
        moves = responses.of(site).reshape(len(site.passes), -1)
        yield SeenChange(site, max(_least(sign, moves, room, spread, kurtosis, share) for sign in (1, -1)))


def _least(sign: int, moves: np.ndarray, room: np.ndarray, spread: np.ndarray, kurtosis: float, share: float) -> float:
    """The least change of one sign that is seen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        loudness = np.nan_to_num(np.abs(moves[0]) / room, posinf=np.inf)
    count = min(_LOUDEST, len(loudness))
    kept = np.argpartition(loudness, -count)[-count:]
    if not loudness[kept].max() > 0:
        return inf
    few, tolerance, deviation = moves[:, kept], room[kept], spread[kept]
    powers = np.arange(1, len(moves) + 1)

    def seen(change: float) -> bool:
        shift = (sign * change) ** powers @ few
        missed = np.log1p(-np.minimum(exceeding(np.abs(shift), tolerance, deviation, kurtosis, share), 1 - 1e-12))
        return bool(missed.sum() <= np.log1p(-SEEN))

    least = least_argument(seen, min(1.0, float(1 / loudness[kept].max())) or 1e-9, 1e-3)
    return least if least <= _FARTHEST_CHANGE else inf
