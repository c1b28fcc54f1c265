# SPDX-License-Identifier: Apache-2.0
"""One run of the greedy search, compiled by numba where that is installed.

A program is a set of points of projective space: inputs, and sums, each on the line through two others. The distance
of a target is the least number of points that span it; a sum that lowers it is part of a minimal representation, so
the candidates are the pairs within all of them, merged by the point that they give.

What a run finds is a suggestion, modulo a prime; callers make it exact and check it.

Source: Boyar, Matthews, Peralta, "Logic minimization techniques with applications to cryptology", J. Cryptology 2013,
over GF(2); carried over to fields where points have multiples.
"""

from __future__ import annotations

from wincraft.circuit.optimise.geometry_numba import inverse, lies_on_line, represent, write_keys
from wincraft.circuit.optimise.modular import FREE, MOST, PAIR, PRIME, TABLE, TARGET, Flat, PointShape, compiled_kernel


@compiled_kernel("int", "shape flat int flat flat flat reps scratch flat")
def _update(
    shape: PointShape,
    points: Flat,
    last: int,
    targets: Flat,
    sizes: Flat,
    places: Flat,
    reps: Flat,
    scratch: Flat,
    work: Flat,
) -> int:
    """What the newest point changes: distances of targets that it lowers, more representations of the others."""
    n, count, capacity = shape[0], shape[1], shape[3]
    effort = last * n
    g = last * n
    pivot = inverse(points[g])
    for x in range(last):
        multiple = points[x * n] * pivot % PRIME
        for c in range(1, n):
            work[x * n + c] = (points[x * n + c] - multiple * points[g + c]) % PRIME
    image = scratch[5]
    second = capacity * n
    for t in range(count):
        size = sizes[t]
        if size < 2:
            continue
        multiple = targets[t * n] * pivot % PRIME
        for c in range(1, n):
            image[c] = (targets[t * n + c] - multiple * points[g + c]) % PRIME
        if image[1] == 0:
            sizes[t], places[t] = 1, last
            continue
        if size == 2:
            continue
        turn = inverse(image[1])
        top = min(size + 1, n)
        effort += last * top
        for x in range(last):
            multiple = work[x * n + 1] * turn % PRIME
            for c in range(2, top):
                work[second + x * n + c] = (work[x * n + c] - multiple * image[c]) % PRIME
        kept = reps[0][t]
        reps[0][t] = 0
        found, more = represent(shape, t, size - 1, last, points, targets, reps, scratch, work)
        effort += more
        if found > 0:
            sizes[t] = size - 1
            continue
        reps[0][t] = kept
        if size < n:
            found, more = represent(shape, t, size, last, points, targets, reps, scratch, work)
            effort += more
    return effort


@compiled_kernel("four", "shape flat reps table flat int")
def _choose(  # noqa: PLR0912 - one loop, compiled whole
    shape: PointShape, sizes: Flat, reps: Flat, table: Flat, state: Flat, slack: int
) -> tuple[int, int, int, int]:
    """A pair that lowers most distances, any of these by chance: target, representation, the pair's two members.

    A target on a line is taken first. With a chance of `slack` in a thousand, one that lowers one distance fewer is
    as good.
    """
    count, pairs = shape[1], shape[4]
    key, mask, stamp, origin, used = table
    state[1] += 1
    filled, best = 0, 0
    ready = 0
    result = 0
    for t in range(count):
        if sizes[t] == 2:
            ready += 1
            state[0] = state[0] * 48271 % PRIME
            if state[0] % ready == 0:
                result = t
    if ready > 0:
        return result, 0, 1, 0
    for t in range(count):
        if sizes[t] < 2:
            continue
        number = sizes[t] * (sizes[t] - 1) // 2
        for r in range(reps[0][t]):
            place = (t * MOST + r) * pairs
            for i in range(number):
                value = reps[3][place + i]
                slot = value % TABLE
                while stamp[slot] == state[1] and key[slot] != value:
                    slot = (slot + 1) % TABLE
                if stamp[slot] != state[1]:
                    if filled >= TABLE // 2:
                        continue
                    stamp[slot], key[slot], mask[slot], origin[slot] = state[1], value, 0, place + i
                    used[filled] = slot
                    filled += 1
                mask[slot] |= 1 << t
    for i in range(filled):
        bits, score = mask[used[i]], 0
        while bits > 0:
            bits &= bits - 1
            score += 1
        mask[used[i]] = score
        best = max(best, score)
    state[0] = state[0] * 48271 % PRIME
    least = best - 1 if state[0] % 1000 < slack and best > 1 else best
    equal = 0
    for i in range(filled):
        if mask[used[i]] >= least:
            equal += 1
            state[0] = state[0] * 48271 % PRIME
            if state[0] % equal == 0:
                result = origin[used[i]]
    number = result % pairs
    i = 1
    while i * (i + 1) // 2 <= number:
        i += 1
    return result // pairs // MOST, result // pairs % MOST, i, number - i * (i - 1) // 2


@compiled_kernel("none", "shape flat flat flat flat reps scratch")
def _begin(shape: PointShape, points: Flat, plain: Flat, sizes: Flat, places: Flat, reps: Flat, scratch: Flat) -> None:
    """Every target is represented by the units."""
    n, count = shape[0], shape[1]
    for t in range(count):
        size = 0
        for c in range(n):
            if plain[t * n + c] > 0:
                reps[1][t * MOST * n + size], reps[2][t * MOST * n + size] = c, plain[t * n + c]
                size += 1
        sizes[t], places[t], reps[0][t] = size, -1, 1
        write_keys(shape, t * MOST, size, points, reps, scratch)


@compiled_kernel("int", "shape flat int flat flat")
def _free_on_line(shape: PointShape, points: Flat, cursor: int, free: Flat, taken: Flat) -> int:
    """A free point on a line through this point and an earlier one, -1 for none."""
    n, frees = shape[0], shape[2]
    at = cursor * n
    for f in range(frees):
        if taken[f] < 0 and (points[at] * free[f * n + 1] - points[at + 1] * free[f * n]) % PRIME == 0:
            taken[f] = cursor
    for f in range(frees):
        if taken[f] < 0:
            for a in range(cursor):
                if lies_on_line(points, n, a, cursor, free, f * n):
                    return f
    return -1


@compiled_kernel("none", "shape flat int reps int four flat")
def _follow(shape: PointShape, points: Flat, made: int, reps: Flat, size: int, picked: Flat, origins: Flat) -> None:
    """Write down the point that a pair of a representation gives, and where it came from."""
    n = shape[0]
    t, r, i, j = picked
    place, at = (t * MOST + r) * n, made * (n + 3)
    a, p = reps[1][place + i], reps[2][place + i]
    b, q = reps[1][place + j], reps[2][place + j]
    for c in range(n):
        points[made * n + c] = (p * points[a * n + c] + q * points[b * n + c] % PRIME) % PRIME
    origins[at], origins[at + 1], origins[at + 2], origins[at + 3], origins[at + 4] = PAIR, t, size, a, b
    filled = at + 5
    for c in range(size):
        if c not in (i, j):
            origins[filled] = reps[1][place + c]
            filled += 1


@compiled_kernel("two", "shape flat flat flat flat flat flat flat reps scratch flat table flat int flat")
def run_kernel(
    shape: PointShape, points: Flat, plain: Flat, targets: Flat, free: Flat, sizes: Flat, places: Flat, taken: Flat,
    reps: Flat, scratch: Flat, work: Flat, table: Flat, state: Flat, slack: int, origins: Flat,
) -> tuple[int, int]:  # fmt: skip
    """A greedy run: how many points there are in the end, 0 where they are too many, and the effort it took.

    Args:
        shape: The sizes of everything.
        points: Coordinates of the units; further points are added.
        plain: Targets by their factors of the units.
        targets: Coordinates of the targets.
        free: Coordinates of the points that are added as soon as they are on a line.
        sizes: Becomes 1 for every target.
        places: Becomes the point that each target is.
        taken: Becomes the point that each free point is, -1 where it is none.
        reps: Representations: their number, points, factors, keys of their pairs.
        scratch: For intermediate results.
        work: For points modulo points.
        table: For counting candidates.
        state: The state of the random numbers and a stamp.
        slack: How often, in a thousand, a choice may be one worse than the best.
        origins: Becomes, for each point, its kind, which one it is, and the representation, the pair first.
    """
    n, count, frees, capacity, _ = shape
    _begin(shape, points, plain, sizes, places, reps, scratch)
    for f in range(frees):
        taken[f] = -1
    made, cursor, effort, width = n, 0, 0, n + 3
    while made < capacity:
        if cursor < made:
            f = _free_on_line(shape, points, cursor, free, taken)
            effort += frees * cursor // 2
            if f < 0:
                cursor += 1
                continue
            taken[f] = made
            for c in range(n):
                points[made * n + c] = free[f * n + c]
            origins[made * width], origins[made * width + 1] = FREE, f
        else:
            finished = 0
            for t in range(count):
                if sizes[t] < 2:
                    finished += 1
            if finished == count:
                return made, effort
            picked = _choose(shape, sizes, reps, table, state, slack)
            t = picked[0]
            if sizes[t] == 2:
                for c in range(n):
                    points[made * n + c] = targets[t * n + c]
                origins[made * width], origins[made * width + 1] = TARGET, t
            else:
                _follow(shape, points, made, reps, sizes[t], picked, origins)
        effort += n * count + _update(shape, points, made, targets, sizes, places, reps, scratch, work)
        made += 1
    return 0, effort
