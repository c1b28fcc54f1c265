# SPDX-License-Identifier: Apache-2.0
"""The noise gain in numbers: a part of a space as float arrays, the value of a set, and a lower bound of its supersets.

m r NG is a sum over the moduli of weights times squared norms of dual polynomials. For a point p the polynomial l_p of
degree < n that is 1 at p and 0 at the others has weight |A_p|^2 |G_p|^2 = sum_{k<m} p^2k sum_{k<r} p^2k; for inf it is
M = prod (x - p), of weight 1; for a modulus of degree d there are d polynomials, dual to the residue's coefficients.
With V the n x n matrix whose rows are the functionals (powers of the points, e_{n-1} for inf, residues) the polynomials
are the columns of V^-1. For fewer rows S the least norms are the diagonal of (V_S V_S^T)^-1, which only grows with S.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import parse_moduli
from wincraft.construct.toom_cook import canonical_taps
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.search.points.space import Member, Part


@dataclass(frozen=True, eq=False)
class Nodes:
    """Members that are one node each of a polynomial identity: value = sum_i w_i |l_i|^2 (+ |M|^2 with inf).

    Points are the nodes themselves. A pair +-p is the node u = p^2 with the weight of both: M is a polynomial in x^2,
    and l_{+-p} = x^z (x +- p) prod (x^2 - v) / f has the squared norm (1 + u) |prod (y - v)|^2 / f^2; the weight is
    w_p (1 + u) / 2 beside the node 0, else w_p (1 + u) / (2 u). `fixed` are nodes in every set, 0 or none.
    """

    nodes: np.ndarray
    weights: np.ndarray
    fixed: np.ndarray
    fixed_weights: np.ndarray
    infinite: bool


@dataclass(frozen=True, eq=False)
class Instance:
    """A part in numbers: unit rows and their weights, so that value = sum_i w_i [(V V^T)^-1]_ii for a full set.

    `rows` is d x size x N: the up to d rows of each of N members, of which `degrees` counts those in use; `weights` is
    d x N. The fixed rows are size x F. `choose` is the degree to be chosen. With `nodes` every member is one row, and
    `size` may be below n. The weights include the rows' norms.
    """

    part: Part
    rows: np.ndarray
    weights: np.ndarray
    degrees: np.ndarray
    fixed_rows: np.ndarray
    fixed_weights: np.ndarray
    choose: int
    nodes: Nodes | None

    @property
    def size(self) -> int:
        """Length of the rows: the number of rows of a full set."""
        return len(self.fixed_rows)

    @property
    def symmetries(self) -> np.ndarray:
        """Those of the part."""
        return self.part.symmetries


def instance(part: Part, m: int, r: int) -> Instance:
    """The numbers of a part of a space for F(m,r). Float64, every number within a few units in the last place.

    >>> from wincraft.search.points.space import Space
    >>> made = instance(Space(2, 3, height=2).parts()[0], 2, 3)
    >>> made.choose, made.rows.shape
    (2, (1, 4, 6))
    """
    nodes = _nodes(part, m, r)
    if nodes is None:
        return _rows_of_moduli(part, m, r)
    each = part.degrees[0] if part.members else 1
    choose = part.degree // each
    size = choose + len(nodes.fixed) + nodes.infinite
    rows, weights = _unit(_powers(nodes.nodes, size), nodes.weights)
    fixed, fixed_weights = _unit(_powers(nodes.fixed, size), nodes.fixed_weights)
    if nodes.infinite:
        last = np.zeros((size, 1))
        last[-1] = 1
        fixed, fixed_weights = np.hstack([fixed, last]), np.append(fixed_weights, 1.0)
    degrees = np.ones(len(nodes.nodes), dtype=np.int64)
    return Instance(part, rows[None], weights[None], degrees, fixed, fixed_weights, choose, nodes)


def _nodes(part: Part, m: int, r: int) -> Nodes | None:
    zero, infinite = "0" in part.fixed, "inf" in part.fixed
    fixed = np.zeros(int(zero))
    if all(len(member.points) == 1 for member in part.members):
        points = [member.points[0] for member in part.members]
        weights = [float(point_weight(p, m, r)) for p in points]
    elif all(len(member.points) == 2 for member in part.members):
        points = [member.points[0] ** 2 for member in part.members]
        halves = ((u, point_weight(member.points[0], m, r)) for u, member in zip(points, part.members, strict=True))
        weights = [float(w * (1 + u) / (2 if zero else 2 * u)) for u, w in halves]
    else:
        return None
    return Nodes(np.array(points, dtype=float), np.array(weights), fixed, np.ones(len(fixed)), infinite)


@cache
def point_weight(p: Fraction, m: int, r: int) -> Fraction:
    """|A_p|^2 |G_p|^2 before the division by f: sum_{k<m} p^2k times sum_{k<r} p^2k. Exact.

    >>> point_weight(Fraction(1), 4, 3)
    Fraction(12, 1)
    """
    square = p * p
    return sum((square**k for k in range(m)), Fraction(0)) * sum((square**k for k in range(r)), Fraction(0))


def _rows_of_moduli(part: Part, m: int, r: int) -> Instance:
    n, depth = m + r - 1, max(part.degrees, default=1)
    rows, weights = np.zeros((depth, n, len(part.members))), np.zeros((depth, len(part.members)))
    for k, member in enumerate(part.members):
        own, w = _member_rows(member, m, r)
        rows[: len(own), :, k], weights[: len(own), k] = own, w
    fixed = [_modulus_rows(item, m, r) for item in parse_moduli(list(part.fixed))]
    fixed_rows = np.vstack([row for row, _ in fixed]).T if fixed else np.zeros((n, 0))
    fixed_weights = np.concatenate([w for _, w in fixed]) if fixed else np.zeros(0)
    degrees = np.array(part.degrees, dtype=np.int64)
    return Instance(part, rows, weights, degrees, fixed_rows, fixed_weights, part.degree, None)


def _member_rows(member: Member, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    if member.modulus is not None:
        return _modulus_rows(member.modulus, m, r)
    points, weights = zip(*((float(p), float(point_weight(p, m, r))) for p in member.points), strict=True)
    rows, scaled = _unit(_powers(np.array(points), m + r - 1), np.array(weights))
    return rows.T, scaled


def _modulus_rows(item: Modulus, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows of a modulus and their weights, the residue's functionals turned so that no cross term remains.

    The taps k of the inner algorithm add sum_k |A_k|^2 |G_k|^2 beta_k^T D beta_k / f_k^2 with D the Gram matrix of the
    dual polynomials and beta_k the inner B row reduced by the modulus: trace(W D), W = T diag(w) T^T.
    """
    n = m + r - 1
    if item.is_infinite:
        return np.eye(1, n, n - 1), np.ones(1)
    if item.point is not None:
        p = to_fraction(item.point)
        rows, weights = _unit(_powers(np.array([float(p)]), n), np.array([float(point_weight(p, m, r))]))
        return rows.T, weights
    d = item.degree
    residues = _residues(item, max(n, 2 * d - 1))
    inner = canonical_taps(d, d, item.inner)
    tables = ([as_fractions(row, inner.K) for row in table] for table in (inner.A, inner.G, inner.B))
    A, G, B = (np.array(table, dtype=float) for table in tables)
    f = np.array(as_fractions(inner.f, inner.K), dtype=float)
    a, g = (((table @ residues[:, :count]) ** 2).sum(axis=1) for table, count in ((A, m), (G, r)))
    beta = B @ residues[:, : 2 * d - 1].T
    weights, T = np.linalg.eigh((beta * (a * g / f**2)[:, None]).T @ beta)
    rows, scaled = _unit((T.T @ residues[:, :n]).T, np.maximum(weights, 0))
    return rows.T, scaled


def _residues(item: Modulus, count: int) -> np.ndarray:
    """Column i: the coefficients of x^i modulo the polynomial."""
    low = [Fraction(int(c.p), int(c.q)) for c in item.coefficients[:-1]]
    power = [Fraction(1)] + [Fraction(0)] * (len(low) - 1)
    columns = []
    for _ in range(count):
        columns.append([float(v) for v in power])
        power = [shifted - power[-1] * c for shifted, c in zip([Fraction(0), *power[:-1]], low, strict=True)]
    return np.array(columns).T


def _powers(points: np.ndarray, count: int) -> np.ndarray:
    return np.asarray(points[None, :] ** np.arange(count)[:, None], dtype=float)


def _unit(rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns over their 2-norms, and the weights that keep the value."""
    norms = np.sqrt((rows**2).sum(axis=0))
    return np.ascontiguousarray(rows / norms), weights / norms**2


def lower_bound(made: Instance, chosen: Sequence[int], missing: bool = True) -> float:
    """A lower bound of m r NG over the sets with these members; at a full set the value itself.

    sum_{i in S} w_i [(V_S V_S^T)^-1]_ii, and with `missing` for every row to come the smallest w_p / dist^2(v_p, span
    V_S) over the members not chosen (of a member of d rows: a d-th of its sum). Float64; an independent path from the
    kernels, through a pseudo-inverse.

    >>> from wincraft.search.points.space import Space
    >>> made = instance(Space(2, 3, height=1).parts()[0], 2, 3)
    >>> round(lower_bound(made, [0, 1]), 12), round(lower_bound(made, [0]), 12)
    (10.0, 9.0)
    """
    V, weights = _stack(made, chosen)
    inverse = np.linalg.pinv(V)
    value = float(weights @ (inverse**2).sum(axis=0))
    left = made.size - len(V)
    if not left or not missing:
        return value
    others = np.setdiff1d(np.arange(len(made.degrees)), chosen)
    others = others[made.degrees[others] <= left]
    if not len(others):
        return float("inf")
    rows = made.rows[:, :, others]
    residual = rows - np.einsum("ij,djk->dik", inverse @ V, rows)
    distance = (residual**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(made.weights[:, others] > 0, made.weights[:, others] / distance, 0)
    return value + left * float((ratio.sum(axis=0) / made.degrees[others]).min())


def values(made: Instance, sets: Iterable[Sequence[int]]) -> np.ndarray:
    """The m r NG of many full sets of members through inverses of their n x n matrices. Float64."""
    stacks = [_stack(made, chosen) for chosen in sets]
    V, weights = np.array([v for v, _ in stacks]), np.array([w for _, w in stacks])
    return np.asarray((weights * (np.linalg.inv(V) ** 2).sum(axis=1)).sum(axis=1))


def _stack(made: Instance, chosen: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    blocks, weights = [made.fixed_rows.T], [made.fixed_weights]
    for i in chosen:
        d = int(made.degrees[i])
        blocks.append(made.rows[:d, :, i])
        weights.append(made.weights[:d, i])
    return np.vstack(blocks), np.concatenate(weights)
