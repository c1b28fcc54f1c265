# SPDX-License-Identifier: Apache-2.0
"""Branch and bound in NumPy by incremental orthogonalisation, and enumeration through inverse matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import Instance, values
from wincraft.search.points.leaves import Leaves

INVERTED_AT_ONCE = 1 << 12
"""Sets whose matrices are inverted at once."""


@dataclass
class State:
    """A node of the tree: some rows chosen, and what every member that may follow has left.

    `value` is the sum over the chosen rows i of weight times squared norm of the least dual vector D_i. `residual`
    holds the members' rows less their projection on the chosen ones (d x size x S), `dual` the products D_i . v
    (chosen x d x S).
    """

    value: float
    chosen_weights: np.ndarray
    ids: np.ndarray
    residual: np.ndarray
    dual: np.ndarray
    left: int


@dataclass
class Children:
    """The members kept at a node, as a state; the value with each, and the lower bound of what comes with each."""

    state: State
    values: np.ndarray
    bounds: np.ndarray
    evaluated: int


def root(made: Instance) -> State:
    """The state with the fixed rows chosen."""
    depth, _, count = made.rows.shape
    fixed = made.fixed_rows.shape[1]
    rows = np.concatenate([made.rows, np.zeros((depth, made.size, fixed))], axis=2)
    rows[0, :, count:] = made.fixed_rows
    state = State(0.0, np.zeros(0), np.arange(count), rows, np.zeros((0, depth, count + fixed)), made.choose)
    for at, weight in enumerate(made.fixed_weights, start=count):
        state = _with_row(state, 0, at, float(weight))
    return _among(state, slice(count))


def _with_row(state: State, j: int, at: int, weight: float) -> State:
    """The state after choosing row j of the member at a place, which stays."""
    e, c = state.residual[j, :, at], state.dual[:, j, at]
    square = float(e @ e)
    h = np.einsum("s,dsk->dk", e, state.residual) / square
    return State(
        state.value + float((state.chosen_weights * c**2).sum() + weight) / square,
        np.append(state.chosen_weights, weight),
        state.ids,
        state.residual - e[None, :, None] * h[:, None, :],
        np.concatenate([state.dual - c[:, None, None] * h, h[None]]),
        state.left,
    )


def with_member(made: Instance, state: State, at: int, after: bool = True) -> State:
    """The state after choosing the member at a place; then only those after it may follow, or all others."""
    member = int(state.ids[at])
    places: slice | np.ndarray = slice(at, None)
    if not after:
        places = np.r_[at, np.delete(np.arange(len(state.ids)), at)]
    state = _among(state, places)
    for j in range(int(made.degrees[member])):
        state = _with_row(state, j, 0, float(made.weights[j, member]))
    return replace(_among(state, slice(1, None)), left=state.left - int(made.degrees[member]))


def _among(state: State, places: slice | np.ndarray) -> State:
    """The state with the members at these places alone."""
    return replace(state, ids=state.ids[places], residual=state.residual[:, :, places], dual=state.dual[:, :, places])


def children(made: Instance, state: State, threshold: float) -> Children:
    """The members that can follow: those whose bound is within the threshold, with all that comes after any of them.

    The bound of a child is its value plus, for each degree still missing, the least weight / squared distance per
    degree of the members after it, taken at this node: distances only shrink.
    """
    degrees = made.degrees[state.ids]
    residual, dual, weights = state.residual, state.dual, made.weights[:, state.ids]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        square = (residual**2).sum(axis=1)
        apart = np.where(weights > 0, weights / square, 0).sum(axis=0) / degrees
        value = np.full(len(state.ids), state.value)
        work, products, chosen = residual, dual, state.chosen_weights[:, None, None]
        for j in range(len(weights)):
            used = degrees > j
            square = (work[j] ** 2).sum(axis=0)
            grown = ((chosen * products**2)[:, j].sum(axis=0) + weights[j]) / square
            value = np.where(used, value + grown, value)
            if j + 1 < len(weights):
                h = np.einsum("sk,dsk->dk", work[j], work) / np.where(square > 0, square, 1)
                products = np.concatenate([products - products[:, j : j + 1] * h, h[None]])
                work = work - work[j] * h[:, None, :]
                chosen = np.concatenate(
                    [np.broadcast_to(chosen, (*chosen.shape[:2], len(used))), weights[None, j : j + 1]]
                )
    left = state.left - degrees
    possible = left >= 0
    least = apart[possible].min(initial=np.inf)
    owed = np.where(left > 0, left, 0)
    keep = possible & (value + owed * np.where(owed > 0, least, 0) <= threshold)
    kept = np.flatnonzero(keep)
    owed, cumulated = owed[kept], degrees[kept].cumsum()
    after = np.append(np.minimum.accumulate(apart[kept][::-1])[::-1][1:], np.inf)[: len(kept)]
    short = cumulated[-1:] - cumulated < owed
    bounds = np.where(short, np.inf, value[kept] + owed * np.where(owed > 0, after, 0))
    return Children(_among(state, kept), value[kept], bounds, len(state.ids))


def walk(made: Instance, prefix: tuple[int, ...], threshold: float) -> tuple[Children | None, int]:
    """The children of the node at the end of a prefix, None where a bound excludes it on the way; nodes evaluated."""
    state, evaluated = root(made), 0
    for member in prefix:
        found = children(made, state, threshold)
        evaluated += found.evaluated
        at = np.flatnonzero(found.state.ids == member)
        if not len(at) or found.bounds[at[0]] > threshold:
            return None, evaluated
        state = with_member(made, found.state, int(at[0]))
    found = children(made, state, threshold)
    return found, evaluated + found.evaluated


def branch(made: Instance, prefix: tuple[int, ...], leaves: Leaves, budget: int) -> tuple[int, bool]:
    """Search below a prefix depth first; nodes evaluated, and whether the budget of nodes sufficed."""
    found, evaluated = walk(made, prefix, leaves.threshold)
    if found is None:
        return evaluated, True
    stack = [(prefix, found, 0)]
    while stack:
        chosen, found, at = stack.pop()
        ids = found.state.ids
        full = made.degrees[ids] == found.state.left
        if not at and full.any():
            for k in np.flatnonzero(full & (found.values <= leaves.threshold)):
                own = (*chosen, int(ids[k]))
                if found.values[k] <= leaves.threshold and is_canonical(own, made.symmetries):
                    leaves.add(float(found.values[k]), own)
        if full.all() and (len(ids) or found.state.left == 1):
            continue
        if not at and evaluated > budget:
            return evaluated, False
        while at < len(ids):
            own = (*chosen, int(ids[at]))
            if not full[at] and found.bounds[at] <= leaves.threshold and is_canonical(own, made.symmetries):
                break
            at += 1
        else:
            continue
        stack.append((chosen, found, at + 1))
        below = children(made, with_member(made, found.state, at), leaves.threshold)
        evaluated += below.evaluated
        stack.append((own, below, 0))
    return evaluated, True


def enumerate_rows(made: Instance, prefix: tuple[int, ...], leaves: Leaves) -> int:
    """Evaluate every canonical set below a prefix through inverse matrices, for members of several rows."""
    evaluated, waiting = 0, full_sets(made, prefix)
    while chunk := list(islice(waiting, INVERTED_AT_ONCE)):
        evaluated += len(chunk)
        for value, own in zip(values(made, chunk), chunk, strict=True):
            if value <= leaves.threshold:
                leaves.add(float(value), own)
    return evaluated


def full_sets(made: Instance, prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every canonical full set below a prefix, in lexicographic order."""
    below, degrees = made.part.below, made.part.degrees
    stack = [prefix]
    while stack:
        own = stack.pop()
        left = made.part.degree - sum(degrees[i] for i in own)
        if not is_canonical(own, made.symmetries):
            continue
        if not left:
            yield own
            continue
        start = own[-1] + 1 if own else 0
        follow = [i for i in range(start, len(degrees)) if degrees[i] <= left and below(i + 1, left - degrees[i])]
        stack.extend((*own, i) for i in reversed(follow))
