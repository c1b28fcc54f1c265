# SPDX-License-Identifier: Apache-2.0
"""The two kernels compiled by numba, for members of one row: the same as `kernels_numpy`, set for set.

Arrays run over the members that may follow, so that the inner loops are vectorised.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wincraft.search.points.gain import Instance
from wincraft.search.points.kernels_numpy import root
from wincraft.search.points.leaves import Leaves, too_many

KEPT = 4096
"""Sets that one call can return."""

compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"})


@compiled
def _is_canonical(chosen, count, symmetries):  # type: ignore[no-untyped-def]
    image = np.empty(count, np.int32)
    for g in range(len(symmetries)):
        for i in range(count):
            moved, at = symmetries[g, chosen[i]], i
            while at and image[at - 1] > moved:
                image[at] = image[at - 1]
                at -= 1
            image[at] = moved
        for i in range(count):
            if image[i] != chosen[i]:
                if image[i] < chosen[i]:
                    return False
                break
    return True


@compiled
def _keep(value, chosen, count, values, sets, state, fixed, slack):  # type: ignore[no-untyped-def]
    """Note a set; state is (threshold, number kept). False where the room is not enough."""
    if not fixed:
        state[0] = min(state[0], value * (1 + slack))
    kept = int(state[1])
    if kept == len(values):
        kept = 0
        for i in range(len(values)):
            if values[i] <= state[0]:
                values[kept] = values[i]
                sets[kept] = sets[i]
                kept += 1
    if kept == len(values):
        return False
    values[kept] = value
    for i in range(count):
        sets[kept, i] = chosen[i]
    state[1] = kept + 1
    return True


@compiled
def _branch(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915 - one loop, compiled whole
    rows, weights, start_value, start_weights, start_rows, start_dual, symmetries, choose, prefix, budget, fixed, slack,
    state, values, sets,
):  # fmt: skip
    """Depth-first search below a prefix; (nodes evaluated, 0 done, 1 out of budget, 2 out of room)."""
    size, count = rows.shape
    chosen_rows = len(start_weights)
    E, C = np.empty((choose + 1, size, count)), np.empty((choose + 1, size, count))
    ids, S, at = np.empty((choose + 1, count), np.int32), np.zeros(choose + 1, np.int64), np.zeros(choose + 1, np.int64)
    value, square, bound = np.empty((choose + 1, count)), np.empty((choose + 1, count)), np.empty((choose + 1, count))
    apart, base, W = np.empty(count), np.zeros(choose + 1), np.zeros(size)
    chosen = np.zeros(choose, np.int32)
    E[0] = start_rows
    C[0, :chosen_rows] = start_dual
    W[:chosen_rows] = start_weights
    base[0], S[0] = start_value, count
    for a in range(count):
        ids[0, a] = a
    evaluated, depth, fresh = 0, 0, True
    while depth >= 0:
        k, left = chosen_rows + depth, choose - depth
        if fresh:
            fresh = False
            s = S[depth]
            v, d, e, c, own, b = value[depth], square[depth], E[depth], C[depth], ids[depth], bound[depth]
            for a in range(s):
                d[a] = 0.0
                apart[a] = weights[own[a]]
                v[a] = apart[a]
            for i in range(size):
                x = e[i]
                for a in range(s):
                    d[a] += x[a] * x[a]
            for i in range(k):
                x, w = c[i], W[i]
                for a in range(s):
                    v[a] += w * x[a] * x[a]
            for a in range(s):
                v[a] = base[depth] + v[a] / d[a]
                apart[a] = apart[a] / d[a]
            evaluated += s
            if left == 1:
                for a in range(s):
                    if v[a] <= state[0] and depth >= len(prefix):
                        chosen[depth] = own[a]
                        if _is_canonical(chosen, choose, symmetries) and not _keep(
                            v[a], chosen, choose, values, sets, state, fixed, slack
                        ):
                            return evaluated, 2
                depth -= 1
                continue
            if evaluated > budget and depth >= len(prefix):
                return evaluated, 1
            least = np.inf
            for a in range(s):
                least = min(least, apart[a])
            kept = 0
            for a in range(s):
                if v[a] + (left - 1) * least <= state[0]:
                    apart[kept] = apart[a]
                    if kept != a:
                        own[kept], v[kept], d[kept] = own[a], v[a], d[a]
                        for i in range(size):
                            e[i, kept] = e[i, a]
                        for i in range(k):
                            c[i, kept] = c[i, a]
                    kept += 1
            least = np.inf
            for a in range(kept - 1, -1, -1):
                b[a] = v[a] + (left - 1) * least
                least = min(least, apart[a])
            S[depth], at[depth] = kept, 0
        a = at[depth]
        if a > S[depth] - left:
            depth -= 1
            continue
        at[depth] = a + 1
        chosen[depth] = ids[depth, a]
        if depth < len(prefix):
            if chosen[depth] < prefix[depth]:
                continue
            if chosen[depth] > prefix[depth]:
                depth = -1
                continue
        if not bound[depth, a] <= state[0] or not _is_canonical(chosen, depth + 1, symmetries):
            continue
        W[k] = weights[chosen[depth]]
        base[depth + 1] = value[depth, a]
        s = S[depth] - a - 1
        S[depth + 1] = s
        e, c, below, dual, h = E[depth], C[depth], E[depth + 1], C[depth + 1], C[depth + 1, k]
        for j in range(s):
            h[j] = 0.0
            ids[depth + 1, j] = ids[depth, a + 1 + j]
        for i in range(size):
            x, p = e[i], e[i, a] / square[depth, a]
            for j in range(s):
                h[j] += p * x[a + 1 + j]
        for i in range(size):
            x, y, p = e[i], below[i], e[i, a]
            for j in range(s):
                y[j] = x[a + 1 + j] - h[j] * p
        for i in range(k):
            x, y, p = c[i], dual[i], c[i, a]
            for j in range(s):
                y[j] = x[a + 1 + j] - h[j] * p
        depth += 1
        fresh = True
    return evaluated, 0


@compiled
def _norms(s, count, without, q):  # type: ignore[no-untyped-def]
    """|Q|^2 and the sum of products of neighbouring coefficients, Q = prod (x - s) less one factor."""
    q[: count + 1] = 0.0
    q[0] = 1.0
    degree = 0
    for i in range(count):
        if i != without:
            degree += 1
            for j in range(degree, 0, -1):
                q[j] = q[j - 1] - s[i] * q[j]
            q[0] *= -s[i]
    norm, shift = q[0] * q[0], 0.0
    for j in range(1, degree + 1):
        norm += q[j] * q[j]
        shift += q[j] * q[j - 1]
    return norm, shift


@compiled
def _enumerate(  # type: ignore[no-untyped-def]  # noqa: PLR0912 - one loop, compiled whole
    t, weights, fixed_nodes, fixed_weights, infinite, symmetries, choose, prefix, fixed, slack, state, values, sets
):
    """Lagrange's formula over every canonical set below a prefix; (sets evaluated, 0 done, 2 out of room)."""
    count, length, f = len(t), choose - 1, len(fixed_nodes)
    s, w, q = np.empty(f + length), np.empty(f + length), np.empty(f + length + 1)
    s[:f], w[:f] = fixed_nodes, fixed_weights
    chosen, image = np.zeros(choose, np.int32), np.empty(choose, np.int32)
    total, product, square = np.empty(count), np.empty(count), 1 + t * t
    allowed = np.empty(count, np.bool_)
    chosen[: len(prefix)] = prefix
    for i in range(len(prefix), length):
        chosen[i] = (chosen[i - 1] if i else -1) + 1
    evaluated = 0
    while not length or chosen[length - 1] < count - 1:
        if _is_canonical(chosen, length, symmetries):
            start = chosen[length - 1] + 1 if length else 0
            allowed[start:] = True
            for g in range(len(symmetries)):
                for i in range(length):
                    image[i] = symmetries[g, chosen[i]]
                image[:length].sort()
                first = 0
                while first < length and image[first] == chosen[first]:
                    first += 1
                for j in range(start, count):
                    limit = chosen[first] if first < length else j
                    moved = symmetries[g, j]
                    if moved < limit:
                        allowed[j] = False
                    elif moved == limit and first < length:
                        chosen[length] = j
                        if not _is_canonical(chosen, choose, symmetries[g : g + 1]):
                            allowed[j] = False
            for i in range(length):
                s[f + i], w[f + i] = t[chosen[i]], weights[chosen[i]]
            norm, shift = _norms(s, f + length, -1, q)
            for j in range(start, count):
                product[j] = weights[j] * norm
                total[j] = norm * square[j] - 2 * shift * t[j] if infinite else 0.0
            for i in range(f + length):
                norm, shift = _norms(s, f + length, i, q)
                scale = 1.0
                for j in range(f + length):
                    if j != i:
                        scale *= s[i] - s[j]
                scale, p = w[i] / (scale * scale), s[i]
                for j in range(start, count):
                    apart = 1.0 / ((t[j] - p) * (t[j] - p))
                    total[j] += scale * (norm * square[j] - 2 * shift * t[j]) * apart
                    product[j] *= apart
            for j in range(start, count):
                evaluated += allowed[j]
                if total[j] + product[j] <= state[0] and allowed[j]:
                    chosen[length] = j
                    if not _keep(total[j] + product[j], chosen, choose, values, sets, state, fixed, slack):
                        return evaluated, 2
        i = length - 1
        while i >= len(prefix) and chosen[i] == count - 1 - (length - i):
            i -= 1
        if i < len(prefix):
            break
        chosen[i] += 1
        for j in range(i + 1, length):
            chosen[j] = chosen[j - 1] + 1
    return evaluated, 0


def branch_compiled(made: Instance, prefix: tuple[int, ...], leaves: Leaves, budget: int) -> tuple[int, bool]:
    """As `kernels_numpy.branch`, for members of one row."""
    start = root(made)
    state, values, sets = _room(leaves, made.choose)
    evaluated, ended = _branch(
        made.rows[0], made.weights[0], start.value, start.chosen_weights, start.residual[0],
        np.ascontiguousarray(start.dual[:, 0]), made.symmetries, made.choose, np.array(prefix, dtype=np.int32),
        budget, leaves.fixed, leaves.slack, state, values, sets,
    )  # fmt: skip
    _collect(leaves, ended, state, values, sets)
    return int(evaluated), ended == 0


def enumerate_compiled(made: Instance, prefix: tuple[int, ...], leaves: Leaves) -> int:
    """As `lagrange_numpy.enumerate_nodes`."""
    nodes = made.nodes
    assert nodes is not None
    state, values, sets = _room(leaves, made.choose)
    evaluated, ended = _enumerate(
        nodes.nodes, nodes.weights, nodes.fixed, nodes.fixed_weights, nodes.infinite, made.symmetries, made.choose,
        np.array(prefix, dtype=np.int32), leaves.fixed, leaves.slack, state, values, sets,
    )  # fmt: skip
    _collect(leaves, ended, state, values, sets)
    return int(evaluated)


def _room(leaves: Leaves, choose: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array([leaves.threshold, 0.0]), np.empty(KEPT), np.empty((KEPT, choose), dtype=np.int32)


def _collect(leaves: Leaves, ended: int, state: np.ndarray, values: np.ndarray, sets: np.ndarray) -> None:
    if ended == 2:
        raise too_many()
    kept = int(state[1])
    for value, chosen in zip(values[:kept].tolist(), sets[:kept].tolist(), strict=True):
        if value <= state[0]:
            leaves.add(value, tuple(chosen))
