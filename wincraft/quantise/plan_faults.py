# SPDX-License-Identifier: Apache-2.0
"""What changed entries of the algorithms of a plan do to its outputs: in all pieces that use the algorithm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.plan.plan import Plan
from wincraft.plan.running import arrange
from wincraft.quantise.faults import FaultResponses, FaultSite, fault_sites
from wincraft.quantise.plans import in_images
from wincraft.quantise.workload import Layer


def plan_algorithms(plan: Plan) -> dict[str, Algorithm]:
    """The distinct algorithms of a plan by their sizes; of one size they have the number of their first piece.

    >>> from wincraft.plan import Problem, make_plan
    >>> list(plan_algorithms(make_plan(Problem(5, stride=2), 4)))
    ['F(4,3)', 'F(4,2)']
    """
    first: dict[Algorithm, int] = {}
    for number, piece in enumerate(plan.pieces, start=1):
        first.setdefault(piece.algorithm, number)
    sizes = Counter(algorithm.size for algorithm in first)
    return {
        item.size if sizes[item.size] == 1 else f"{item.size} of piece {number}": item for item, number in first.items()
    }


def plan_fault_sites(plan: Plan) -> list[FaultSite]:
    """The nonzero entries of every distinct matrix of every distinct algorithm.

    >>> from wincraft.plan import Problem, make_plan
    >>> sites = plan_fault_sites(make_plan(Problem(5, stride=2), 4))
    >>> len(sites), sites[0].name
    (99, 'F(4,3) AT[0][0]')
    """
    named = plan_algorithms(plan).items()
    return [site._replace(algorithm=name) for name, algorithm in named for site in fault_sites(algorithm)]


class PlanFaultResponses:
    """What changed entries do to the outputs (N, K, ...) of a plan on arrays: the sum over the pieces that have them.

    >>> from wincraft.plan import Problem, make_plan
    >>> plan = make_plan(Problem(3, stride=2), 2)
    >>> found = PlanFaultResponses(plan, np.ones((1, 1, 9)), np.ones((1, 1, 3)))
    >>> found.outputs.round(9).tolist(), found.of(plan_fault_sites(plan)[0]).round(4).tolist()
    ([[[3.0, 3.0, 3.0, 3.0]]], [[[[0.5556, 0.0, 0.5556, 0.0]]]])
    """

    def __init__(self, plan: Plan, data: np.ndarray, filters: np.ndarray, padding: Sequence[int] | int = 0) -> None:
        whole = arrange(plan.problem, data, filters, padding)
        names = {algorithm: name for name, algorithm in plan_algorithms(plan).items()}
        self._shape, self._kept = whole.shape, (slice(None), slice(None), *whole.kept)
        self._parts: dict[str, list[tuple[FaultResponses, tuple[slice, ...]]]] = {name: [] for name in names.values()}
        for piece in plan.pieces:
            part = whole.operands(piece)
            if part is not None and part.data.any() and part.filters.any():
                batch = Layer(part.data, part.filters).batch(piece.algorithm)
                item = FaultResponses(piece.algorithm, batch), (slice(None), slice(None), *part.places)
                self._parts[names[piece.algorithm]].append(item)
        every = [(item.outputs, place) for parts in self._parts.values() for item, place in parts]
        self.outputs = self._added(every)

    def of(self, site: FaultSite) -> np.ndarray:
        """The coefficients (d, N, K, ...) of the change's powers 1 ... d in what it adds to the outputs."""
        found = [(item.of(site), place) for item, place in self._parts[site.algorithm]]
        powers = range(len(site.passes))
        return np.stack([self._added([(item[power], place) for item, place in found]) for power in powers])

    def _added(self, parts: Sequence[tuple[np.ndarray, tuple[slice, ...]]]) -> np.ndarray:
        """The sum of tiles at their places."""
        images = np.zeros(self._shape)
        for tiles, place in parts:
            images[place] += in_images(tiles, images[place].shape)
        return images[self._kept]
