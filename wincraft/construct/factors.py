# SPDX-License-Identifier: Apache-2.0
"""Other exact factorisations of an algorithm's maps into chains of stages.

A factorisation is a function from a map of vectors to taps (G, B^T, or A, the transpose of A^T), and the algorithm, to
the stages of that map in the order of application. A^T gets the transposed stages in reverse order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nesting import map_axes
from wincraft.errors import BadShape, BadValue, NotApplicable, look_up
from wincraft.exact.matrix import diagonal, exact_matrix, factor_between, from_numbers, read_rows
from wincraft.exact.number import to_element
from wincraft.exact.types import Domain, Element, Matrix, Vectors

Factorisation = Callable[[Matrix, Algorithm], list[Matrix]]


def factorise(
    algorithm: Algorithm,
    every: str | None = None,
    *,
    input: str | None = None,
    filter: str | None = None,
    output: str | None = None,
) -> Algorithm:
    """The same algorithm with its maps multiplied out and factorised anew, by a name in `FACTORISATIONS`. Exact.

    `every` is for all three maps; `input`, `filter` and `output` are for one, and take precedence.

    Raises:
        UnknownName: for another name.
        NotApplicable: where a map has no such factorisation.

    >>> from wincraft import winograd
    >>> F = factorise(winograd(2, 3, points="0,1,-1"), "butterfly")
    >>> F.stage_texts()["BT"]
    [[['1', '0', '-1', '0'], ['0', '0', '1', '0'], ['0', '1', '0', '0'], ['0', '-1', '0', '1']],
     [['1', '0', '0', '0'], ['0', '1', '1', '0'], ['0', '1', '-1', '0'], ['0', '0', '0', '1']]]
    """
    chosen = {
        name: look_up("factorisation", given or every, FACTORISATIONS)
        for name, given in (("input", input), ("filter", filter), ("output", output))
        if (given or every) is not None
    }
    return map_axes(algorithm, lambda axis: _factorise_axis(axis, chosen))


def _factorise_axis(axis: Algorithm, chosen: dict[str, Factorisation]) -> Algorithm:
    maps: dict[str, LinearMap] = {}
    for name, factors in chosen.items():
        if name == "output":
            stages = factors(axis.output.dense.transpose(), axis)
            maps[name] = LinearMap.of(*(stage.transpose() for stage in reversed(stages)))
        else:
            maps[name] = LinearMap.of(*factors(getattr(axis, name).dense, axis))
    return axis.with_maps(**maps)


def with_factor(algorithm: Algorithm, name: str, *, first: object = None, last: object = None) -> Algorithm:
    """One map as two stages, of which the first or the last is prescribed and the other one solved for. Exact.

    `name` is ``input``, ``filter`` or ``output``; `first` and `last` are rows of exact numbers. The map is V = L F with
    F the first stage: given F, L = V F^{-1}; given L, F solves L F = V. A factor that is not square is solved for too,
    the free entries being 0.

    Raises:
        NotApplicable: where no such second factor exists, or there are several axes.
        BadValue: where not exactly one factor is given.
        BadShape: where the factor does not fit.
        UnknownName: for another map.

    >>> from wincraft import winograd
    >>> F = with_factor(winograd(2, 3, points="0,1,-1"), "filter", first=[[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]])
    >>> F.stage_texts()["G"][1]
    [['1', '0', '0', '0'], ['0', '1/2', '1/2', '0'], ['0', '1/2', '-1/2', '0'], ['-1', '1', '0', '0']]
    """
    if len(algorithm.m) > 1:
        raise NotApplicable("a given factor", f"{algorithm.size} has several axes", "give one axis after the other")
    V = look_up("map", name, {k: getattr(algorithm, k) for k in ("input", "filter", "output")}).dense
    if (first is None) == (last is None):
        raise BadValue(f"the given factor of {name}", "both the first and the last, or neither", "give one of the two")
    given = from_numbers(read_rows("the factor", first if first is not None else last), V.domain)
    if first is not None:
        if given.shape[1] != V.shape[1]:
            raise BadShape("the first factor", str(given.shape), f"(any, {V.shape[1]})")
        stages = given, _solve(given.transpose(), V.transpose(), name).transpose()
    else:
        if given.shape[0] != V.shape[0]:
            raise BadShape("the last factor", str(given.shape), f"({V.shape[0]}, any)")
        stages = _solve(given, V, name), given
    return algorithm.with_maps(**{name: LinearMap.of(*stages)})


def _solve(left: Matrix, right: Matrix, name: str) -> Matrix:
    """X with left X = right, its free entries 0."""
    K, columns = left.domain, left.shape[1]
    reduced, pivots = left.hstack(right).rref()
    if any(pivot >= columns for pivot in pivots):
        raise NotApplicable(f"factors of {name}", "no second factor makes the product", "give a factor of full rank")
    table, solution = reduced.to_list(), [[K.zero] * right.shape[1] for _ in range(columns)]
    for row, pivot in enumerate(pivots):
        solution[pivot] = table[row][columns:]
    return exact_matrix(solution, (columns, right.shape[1]), K)


def butterfly(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """Pairs of taps p, -p as sum and difference of an even and an odd part: half the work in the first stage.

    Rows k and l pair where V[l,j] = c (-1)^j V[k,j] for one c. Then V[k] = e + o and V[l] = c (e - o), e the even and o
    the odd columns of V[k].

    Raises:
        NotApplicable: where no two rows pair, as for points that are not symmetric.
    """
    K, table = V.domain, V.to_list()
    signed = [[-value if j % 2 else value for j, value in enumerate(row)] for row in table]
    pairs = _pairs(table, signed)
    if not pairs:
        raise NotApplicable("butterfly", "no two taps belong to points p and -p", "choose symmetric points: 0,1,-1,...")
    zero = K.zero
    even = [[zero if j % 2 else value for j, value in enumerate(row)] for row in table]
    odd = [[value if j % 2 else zero for j, value in enumerate(row)] for row in table]
    return _paired(V, pairs, even, odd)


def reciprocal(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """Pairs of taps p, 1/p: sums and differences of the data with its reverse, then of the halves of every pair.

    Rows k and l pair where V[l,j] = c V[k,n-1-j] for one c. With s_j = d_j + d_{n-1-j} and t_j = d_j - d_{n-1-j}, the
    palindromic half of V[k] needs only s, the antipalindromic one only t.

    Raises:
        NotApplicable: where no two rows pair.
    """
    K, (_, n), table = V.domain, V.shape, V.to_list()
    pairs = _pairs(table, [row[::-1] for row in table])
    if not pairs:
        raise NotApplicable("reciprocal", "no two taps belong to points p and 1/p", "choose such as 0,2,1/2,inf")
    if not K(2):
        raise NotApplicable("reciprocal", f"halves are taken, and 2 is 0 in {K}", "take another field")
    half = K.one / K(2)
    opposite = {(j, n - 1 - j): K(1 if j < n - 1 - j else -1) for j in range(n) if j != n - 1 - j}
    S = _near_identity(n, opposite, K)
    mirror = [list(zip(row, row[::-1], strict=True)) for row in table]
    plus, minus = ([[half * (v + sign * w) for v, w in row] for row in mirror] for sign in (K.one, -K.one))
    core, last = _paired(V, pairs, plus, minus)
    return [S, core * S.inv(), last]


def _pairs(table: Vectors, images: Vectors) -> dict[int, tuple[int, Element]]:
    """Maps k to (l, c) with table[l] = c images[k], k < l; rows that are multiples of their own image stay alone."""
    pairs: dict[int, tuple[int, Element]] = {}
    used: set[int] = set()
    for k, image in enumerate(images):
        if factor_between(table[k], image):
            continue
        for l in range(k + 1, len(table)):
            if k not in used and l not in used and (c := factor_between(table[l], image)):
                pairs[k] = l, c
                used |= {k, l}
    return pairs


def _paired(V: Matrix, pairs: dict[int, tuple[int, Element]], plus: Vectors, minus: Vectors) -> list[Matrix]:
    """The stages (core, sums): rows k and l of the core are the two halves of row k of V."""
    K, (rank, n) = V.domain, V.shape
    core: list[Sequence[Element]] = list(V.to_list())
    sums: dict[tuple[int, int], Element] = {}
    for k, (l, c) in pairs.items():
        core[k], core[l] = plus[k], minus[k]
        sums |= {(k, l): K.one, (l, k): c, (l, l): -c}
    return [exact_matrix(core, (rank, n), K), _near_identity(rank, sums, K)]


def lu(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """V = L U, L unit lower triangular, without exchanges of rows.

    Raises:
        NotApplicable: where a pivot is 0; `plu` exchanges rows.
    """
    L, U, swaps = V.lu()
    if swaps:
        raise NotApplicable("lu", "a pivot is 0", "use plu, which exchanges rows")
    return _trimmed(L, U)


def plu(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """V = P^T L U with exchanges of rows where a pivot is 0; the permutation is a stage of its own, if there is one."""
    L, U, swaps = V.lu()
    order = list(range(V.shape[0]))
    for i, j in swaps:
        order[i], order[j] = order[j], order[i]
    everything = list(range(len(order)))
    back = _near_identity(len(order), {}, V.domain).extract(everything, order)
    return [*_trimmed(L, U), *[back] * bool(swaps)]


def _trimmed(L: Matrix, U: Matrix) -> list[Matrix]:
    """U and L in the order of application, without the rows of zeros of a tall U."""
    rows, columns = U.shape
    size = min(rows, columns)
    keep = list(range(size))
    return [U.extract(keep, list(range(columns))), L.extract(list(range(rows)), keep)]


def diagonals(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """V = D W: every row's largest entry in D, so that W has entries within +-1."""
    K = V.domain
    largest = [max(row, key=lambda value: abs(K.to_sympy(value))) for row in V.to_list()]
    factors = [value or K.one for value in largest]
    return [diagonal([K.one / value for value in factors], K) * V, diagonal(factors, K)]


def bjorck_pereyra(V: Matrix, axis: Algorithm) -> list[Matrix]:
    """B^T as bidiagonal stages: multiplication by x - p_0, x - p_1, ... and transposed divided differences.

    B^T = D N^{-T} P with P the Newton polynomials' coefficients, N = V_n P^T their values at the points, D diagonal.
    P is a product of n - 1 bidiagonal stages, N^{-T} of n - 1 more (n - 2 with inf).

    Raises:
        NotApplicable: for other maps than B^T and other moduli than points.

    Source: A. Bjorck, V. Pereyra, Solution of Vandermonde systems of equations, 1970.
    """
    if axis.input.dense != V:
        raise NotApplicable("bjorck-pereyra", "it factorises B^T alone", "ask for it as input=bjorck-pereyra")
    if axis.points is None:
        raise NotApplicable("bjorck-pereyra", "the moduli are not all points", "choose an algorithm on points alone")
    K, (n,) = axis.domain, axis.n
    order = [k for k, modulus in enumerate(axis.moduli) if not modulus.is_infinite]
    points = [-to_element(axis.moduli[k].coefficients[0], K) for k in order]
    shifts = [{(i + 1, i): -p for i in range(k, n - 1)} for k, p in enumerate(points[: n - 1]) if p]
    stages = [_near_identity(n, entries, K) for entries in shifts]
    # transposed steps of c_i <- (c_i - c_{i-1}) / (p_i - p_{i-k-1}), the last one first
    for k in reversed(range(len(points) - 1)):
        entries: dict[tuple[int, int], Element] = {}
        for i in range(k + 1, len(points)):
            gap = points[i] - points[i - k - 1]
            entries |= {(i, i): K.one / gap, (i - 1, i): -K.one / gap}
        stages.append(_near_identity(n, entries, K))
    rows, wanted = LinearMap.of(_near_identity(n, {}, K), *stages).dense.to_list(), V.to_list()
    places = order + [k for k in range(n) if k not in order]
    last = [[K.zero] * n for _ in range(n)]
    for position, tap in enumerate(places):
        ratio = factor_between(wanted[tap], rows[position])
        assert ratio is not None
        last[tap][position] = ratio
    return [*stages, exact_matrix(last, (n, n), K)]


def _near_identity(n: int, entries: dict[tuple[int, int], Element], K: Domain) -> Matrix:
    rows = [[K.one if i == j else K.zero for j in range(n)] for i in range(n)]
    for (i, j), value in entries.items():
        rows[i][j] = value
    return exact_matrix(rows, (n, n), K)


FACTORISATIONS: dict[str, Factorisation] = {
    "butterfly": butterfly,
    "reciprocal": reciprocal,
    "lu": lu,
    "plu": plu,
    "diagonal": diagonals,
    "bjorck-pereyra": bjorck_pereyra,
}
"""The registry: name to factorisation."""
