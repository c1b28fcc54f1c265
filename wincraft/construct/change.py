# SPDX-License-Identifier: Apache-2.0
"""Base change: the same algorithm with its maps as chains that pass through another polynomial basis."""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nesting import map_axes
from wincraft.construct.bases import Basis, given_basis, parse_basis
from wincraft.exact.field import common_field
from wincraft.exact.matrix import diagonal
from wincraft.exact.types import Matrix

AnyBasis = object
"""A `Basis`, the text of one, or a matrix P."""


def change_basis(
    algorithm: Algorithm,
    basis: AnyBasis | None = None,
    *,
    input: AnyBasis | None = None,
    filter: AnyBasis | None = None,
    output: AnyBasis | None = None,
) -> Algorithm:
    """The same algorithm through other bases: every map gains a pre-step, A^T a post-step. Exact.

        B^T = (B^T P_n^{-1}) P_n        d -> P_n d before the input transform
        G   = (G P_r^T) P_r^{-T}        g -> P_r^{-T} g before the filter transform
        A^T = P_m^{-1} (P_m A^T)        z -> P_m^{-1} z after the output transform

    `basis` is for all three maps; `input`, `filter` and `output` are for B^T, G and A^T alone, in the linear form too,
    and take precedence. Each is a `Basis`, its name (see `parse_basis`), or a matrix P. Chains that are there already
    keep their stages between the new ones; a P that is the identity adds none. The products' operands U and V, and so
    the algorithm, do not change; constructing the result proves it.

    Raises:
        UnknownName, NotApplicable, BadShape, BadNumber, FloatGiven: as `parse_basis`, `given_basis`, `Basis.matrix`.

    Source: Barabasz, arXiv 2004.11077, for V = P W with P of the Legendre polynomials.

    >>> from wincraft import winograd
    >>> F = change_basis(winograd(2, 3, points="0,1,-1"), input="legendre")
    >>> F.stage_texts()["BT"][0]
    [['1', '0', '0', '0'], ['0', '1', '0', '0'], ['-1/3', '0', '1', '0'], ['0', '-3/5', '0', '1']]
    >>> F.BT == winograd(2, 3, points="0,1,-1").BT
    True
    """
    bases = [_read(given if given is not None else basis) for given in (input, filter, output)]
    return map_axes(algorithm, lambda axis: _change_axis(axis, *bases))


def _read(given: AnyBasis | None) -> Basis | None:
    if given is None or isinstance(given, Basis):
        return given
    return parse_basis(given) if isinstance(given, str) else given_basis(given)


def _change_axis(axis: Algorithm, input: Basis | None, filter: Basis | None, output: Basis | None) -> Algorithm:
    sizes = (("input", input, axis.n), ("filter", filter, axis.r), ("output", output, axis.m))
    bases = {name: (basis, size) for name, basis, (size,) in sizes if basis is not None}
    matrices = {name: basis.matrix(size, axis.moduli) for name, (basis, size) in bases.items()}
    K = common_field(axis.domain, *(P.domain for P in matrices.values()))
    axis = axis.convert(K)
    maps: dict[str, LinearMap] = {}
    for name, (basis, size) in bases.items():
        P = matrices[name] if matrices[name].domain == K else basis.matrix(size, axis.moduli, K)
        if not (P - diagonal([K.one] * size, K)).nnz():
            continue
        if name == "input":
            maps[name] = _after(axis.input, P, P.inv())
        elif name == "filter":
            maps[name] = _after(axis.filter, P.inv().transpose(), P.transpose())
        else:
            *rest, last = axis.output.stages
            maps[name] = LinearMap.of(*rest, P * last, P.inv())
    return axis.with_maps(**maps)


def _after(linear_map: LinearMap, step: Matrix, inverse: Matrix) -> LinearMap:
    """The map with a pre-step, whose inverse joins its first stage."""
    first, *rest = linear_map.stages
    return LinearMap.of(step, first * inverse, *rest)
