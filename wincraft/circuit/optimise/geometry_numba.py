# SPDX-License-Identifier: Apache-2.0
"""Points of projective space modulo a prime, compiled by numba where that is installed.

Points have random coordinates, so that the first k of them hold what is true of k: k + 1 points are dependent if and
only if they are so in k + 1 of these, but for a chance of one in two thousand million.

Everything is a flat sequence of integers below 2^62: arrays for numba, lists where it is missing, the same results.
"""

from __future__ import annotations

from wincraft.circuit.optimise.modular import LONGEST_POINT, MOST, PRIME, Flat, PointShape, compiled_kernel


@compiled_kernel("int", "int")
def inverse(a: int) -> int:
    """1/a modulo `PRIME`, 0 for 0."""
    r0, r1, s0, s1 = PRIME, a, 0, 1
    while r1 > 0:
        q = r0 // r1
        r0, r1 = r1, r0 - q * r1
        s0, s1 = s1, s0 - q * s1
    return s0 % PRIME if a > 0 else 0


@compiled_kernel("none", "flat flat int")
def invert_all(values: Flat, results: Flat, count: int) -> None:
    """Inverses of nonzero values, with one inversion."""
    product = 1
    for i in range(count):
        results[i] = product
        product = product * values[i] % PRIME
    product = inverse(product)
    for i in range(count - 1, -1, -1):
        results[i] = results[i] * product % PRIME
        product = product * values[i] % PRIME


@compiled_kernel("bool", "flat int int int flat int")
def lies_on_line(points: Flat, n: int, a: int, b: int, other: Flat, at: int) -> bool:
    """Whether a point is on the line through two others, by the determinant of three coordinates."""
    a, b = a * n, b * n
    x = (points[a + 1] * points[b + 2] - points[a + 2] * points[b + 1] % PRIME) % PRIME
    y = (points[a + 2] * points[b] - points[a] * points[b + 2] % PRIME) % PRIME
    z = (points[a] * points[b + 1] - points[a + 1] * points[b] % PRIME) % PRIME
    return bool((x * other[at] % PRIME + y * other[at + 1] % PRIME + z * other[at + 2]) % PRIME == 0)


@compiled_kernel("none", "shape int int flat reps scratch")
def write_keys(shape: PointShape, place: int, size: int, points: Flat, reps: Flat, scratch: Flat) -> None:
    """The key of the point that each pair of a representation gives: the ratio of its first two coordinates."""
    n, pairs = shape[0], shape[4]
    index, factor, key = reps[1], reps[2], reps[3]
    values, inverses = scratch[0], scratch[1]
    number = 0
    for i in range(1, size):
        a, p = index[place * n + i] * n, factor[place * n + i]
        for j in range(i):
            b, q = index[place * n + j] * n, factor[place * n + j]
            key[place * pairs + number] = (p * points[a] + q * points[b] % PRIME) % PRIME
            value = (p * points[a + 1] + q * points[b + 1] % PRIME) % PRIME
            values[number] = value if value > 0 else 1
            number += 1
    invert_all(values, inverses, number)
    for i in range(number):
        key[place * pairs + i] = key[place * pairs + i] * inverses[i] % PRIME


@compiled_kernel("bool", "shape int int flat flat reps scratch")
def _store(shape: PointShape, t: int, size: int, points: Flat, targets: Flat, reps: Flat, scratch: Flat) -> bool:
    """Write down that target t is a sum of multiples of the chosen points; False where one of the factors is 0."""
    n, count = shape[0], reps[0]
    chosen, solve = scratch[3], scratch[4]
    if count[t] >= MOST:
        return True
    width = size + 1
    for row in range(size):
        for column in range(size):
            solve[row * width + column] = points[chosen[column] * n + row]
        solve[row * width + size] = targets[t * n + row]
    for column in range(size):
        multiple = inverse(solve[column * width + column])
        if multiple == 0:
            return False
        for c in range(column, width):
            solve[column * width + c] = solve[column * width + c] * multiple % PRIME
        for row in range(size):
            multiple = solve[row * width + column]
            if row != column and multiple > 0:
                for c in range(column, width):
                    solve[row * width + c] = (solve[row * width + c] - multiple * solve[column * width + c]) % PRIME
    place = t * MOST + count[t]
    for i in range(size):
        if solve[i * width + size] == 0:
            return False
        reps[1][place * n + i] = chosen[i]
        reps[2][place * n + i] = solve[i * width + size]
    write_keys(shape, place, size, points, reps, scratch)
    count[t] += 1
    return True


@compiled_kernel("two", "shape int int int flat flat reps scratch flat")
def represent(  # noqa: PLR0912 - one loop, compiled whole
    shape: PointShape, t: int, size: int, last: int, points: Flat, targets: Flat, reps: Flat, scratch: Flat, work: Flat
) -> tuple[int, int]:
    """All ways to span target t by `size` points, the last point among them: how many, and the effort.

    `work` holds the other points modulo the last one and the target. All choices of all but two more points are
    tried, unless this takes too long; the last two are parallel modulo these.
    """
    n, capacity = shape[0], shape[3]
    values, inverses, ratios, chosen = scratch[0], scratch[1], scratch[2], scratch[3]
    found, effort, fixed = 0, last, size - 3
    chosen[0] = last
    if size == 2:
        for x in range(last):
            if work[capacity * n + x * n + 2] == 0:
                chosen[1] = x
                if _store(shape, t, 2, points, targets, reps, scratch):
                    found += 1
        return found, effort
    level = 0
    chosen[1] = -1
    while level >= 0 and effort < LONGEST_POINT:
        start = 0
        here = (level + 1) * capacity * n
        if fixed > 0:
            chosen[level + 1] += 1
            pick = chosen[level + 1]
            if pick >= last - (fixed - level) - 1:
                level -= 1
                continue
            pivot = inverse(work[here + pick * n + 2 + level])
            if pivot == 0:
                continue
            following = here + capacity * n
            effort += (last - pick) * (size - level)
            for x in range(pick + 1, last):
                multiple = work[here + x * n + 2 + level] * pivot % PRIME
                to, of, by = following + x * n, here + x * n, here + pick * n
                for c in range(3 + level, size + 1):
                    work[to + c] = (work[of + c] - multiple * work[by + c]) % PRIME
            if level + 1 < fixed:
                level += 1
                chosen[level + 1] = pick
                continue
            here, start = following, pick + 1
        for x in range(start, last):
            value = work[here + x * n + size]
            values[x - start] = value if value > 0 else 1
        invert_all(values, inverses, last - start)
        effort += last - start
        for x in range(start, last):
            ratios[x] = work[here + x * n + size - 1] * inverses[x - start] % PRIME
        for x in range(start, last - 1):
            ratio = ratios[x]
            for y in range(x + 1, last):
                if ratios[y] == ratio:
                    chosen[size - 2], chosen[size - 1] = x, y
                    if _store(shape, t, size, points, targets, reps, scratch):
                        found += 1
        if fixed == 0:
            break
    return found, effort
