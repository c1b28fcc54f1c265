# SPDX-License-Identifier: Apache-2.0
"""An algorithm fitted to the kernel of a layer, and the plan by it of a layer's convolution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

from torch.nn.modules.conv import _ConvNd

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.construct.winograd import winograd
from wincraft.errors import BadShape, NotApplicable
from wincraft.plan.making import make_plan, untransformed
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.plan.reductions import strand_of

NOISIER = 2
"""So many times the noise gain asked for, 3 dB, may an algorithm have that had to get a larger tile."""


def fitted(algorithm: Algorithm, kernel: Sequence[int]) -> Algorithm:
    """The algorithm for kernels of these sizes: itself, or those of the same tile from its moduli.

    One of whole tiles has no other tile. An axis of one tap has nothing to transform. A tile that leaves less than two
    outputs saves nothing; then that of F(2,r) on the catalogue's points is taken, unless the whole has more than twice
    the noise gain of what was given.

    Raises:
        BadShape: where it has other axes than the kernel.
        NotApplicable: where its tile is too small, it is of whole tiles for other kernels, or it has no moduli.

    >>> from wincraft import parse
    >>> fitted(parse("F(4x4,3x3)"), (2, 5))
    F(5x2,2x5), rank 36 = 6*6, scale 1, proved
    >>> fitted(parse("F(4x4,3x3)"), (1, 7))
    F(1x2,1x7), rank 8 = 1*8, scale 1, proved
    """
    if algorithm.r == tuple(kernel):
        return algorithm
    given = _along_axes(algorithm, len(kernel))
    result, taps = _of_same_tile(given, kernel), "x".join(map(str, kernel))
    if _grown(result, given) and _noisier(result, given):
        gains = f"{float(result.noise_gain()):.3g}, its own is {float(given.noise_gain()):.3g}"
        reason = f"its tile is too small for {taps} taps, and {result.size} has a noise gain of {gains}"
        raise NotApplicable(given.size, reason, f"give {result.size} itself, or another algorithm F(m,{taps})")
    return result


def planned(algorithm: Algorithm, problem: Problem) -> Plan:
    """A problem by an algorithm: one piece, `fitted`, or pieces of as many outputs as it has.

    Pieces of its own taps are itself. Those of others, F(m,r') in its scaling, have the catalogue's points where it has
    them too, else those of its moduli that give the least noise. Where it would need more than twice its noise gain the
    kernel is split into parts of no more taps than it has.

    Raises:
        BadShape: where it has other axes than the problem.
        NotApplicable: where it is of whole tiles, or has chains, for other kernels; or it has no moduli.

    >>> from wincraft import parse
    >>> planned(parse("F(2x2,3x3)"), Problem(3, stride=2, axes=2))
    Plan(3x3 kernel, stride 2: 4 pieces, 25 products, 6.25 an output, direct 9)
    >>> planned(parse("F(4x4,3x3)"), Problem(7, axes=2))
    Plan(7x7 kernel: 9 pieces, 256 products, 16 an output, direct 49)
    """
    given = _along_axes(algorithm, len(problem.r))
    if is_plain(problem):
        whole = given if given.r == problem.r else _of_same_tile(given, problem.r)
        if whole is given or not (_grown(whole, given) and _noisier(whole, given)):
            return Plan(problem, (Piece(whole, tuple(strand_of(problem.axis(k)) for k in range(len(problem.r)))),))
        return _in_pieces(given, problem, max(given.r))
    plan = _in_pieces(given, problem)
    longer = [piece.algorithm for piece in plan.pieces if max(piece.algorithm.r) > max(given.r)]
    return _in_pieces(given, problem, max(given.r)) if any(_noisier(item, given) for item in longer) else plan


def is_plain(problem: Problem) -> bool:
    """Whether an algorithm of its kernel is it: a stride and a dilation of 1, not transposed.

    >>> is_plain(Problem(3)), is_plain(Problem(3, dilation=2))
    (True, False)
    """
    return not problem.transposed and max(*problem.s, *problem.t) == 1


def problem_of(layer: _ConvNd) -> Problem:
    """The convolution that a layer computes, of any of torch's classes; its padding is not in it.

    >>> from torch import nn
    >>> problem_of(nn.ConvTranspose2d(8, 4, 3, stride=2)), problem_of(nn.Conv1d(4, 4, 5, dilation=2, groups=4))
    (3x3 kernel, stride 2, transposed, 5 kernel, dilation 2, groups 4)
    """
    return Problem(layer.kernel_size, layer.stride, layer.dilation, layer.transposed, layer.groups)


def _in_pieces(given: Algorithm, problem: Problem, longest: int | None = None) -> Plan:
    def choose(outputs: tuple[int, ...], taps: tuple[int, ...]) -> Algorithm:
        if (given.m, given.r) == (outputs, taps):
            return given
        _check_separable(given, taps)
        return nest(*(_piece_axis(*of) for of in zip(given.factors, outputs, taps, strict=True)))

    return make_plan(problem, given.m, longest=longest, choose=choose)


def _piece_axis(axis: Algorithm, m: int, r: int) -> Algorithm:
    if (axis.m, axis.r) == ((m,), (r,)):
        return axis
    _check_chains(axis, r)
    return untransformed(m, r) if min(m, r) == 1 else _of_its_moduli(axis, m, r)


@lru_cache(maxsize=256)
def _of_its_moduli(axis: Algorithm, m: int, r: int) -> Algorithm:
    """F(m,r) on some of an algorithm's moduli, of the least noise; on the catalogue's points where they do not do."""
    convention = axis.convention or "wincnn"
    usual = winograd(m, r, convention=convention)
    degrees = [] if axis.moduli is None else [item.degree for item in axis.moduli]
    if axis.moduli is None or axis.moduli == winograd(axis.m[0], axis.r[0], convention=convention).moduli:
        return usual
    found = [
        winograd(m, r, moduli=tuple(axis.moduli[k] for k in chosen), convention=convention)
        for count in range(1, len(degrees))
        for chosen in combinations(range(len(degrees)), count)
        if sum(degrees[k] for k in chosen) == m + r - 1
    ]
    return min(found, key=lambda item: float(item.noise_gain()), default=usual)


def _along_axes(algorithm: Algorithm, count: int) -> Algorithm:
    """One axis serves all."""
    if len(algorithm.m) not in (1, count):
        raise BadShape("algorithm", algorithm.size, f"{count} axes, or one for all")
    return nest(*algorithm.factors * count) if len(algorithm.m) == 1 and count > 1 else algorithm


def _of_same_tile(given: Algorithm, kernel: Sequence[int]) -> Algorithm:
    _check_separable(given, kernel)
    return nest(*(_fitted_axis(axis, size) for axis, size in zip(given.factors, kernel, strict=True)))


def _grown(made: Algorithm, given: Algorithm) -> bool:
    return any(n > before for n, before in zip(made.n, given.n, strict=True))


def _noisier(made: Algorithm, given: Algorithm) -> bool:
    return bool(made.noise_gain() > NOISIER * given.noise_gain())


def _check_separable(algorithm: Algorithm, kernel: Sequence[int]) -> None:
    if not algorithm.separable:
        taps = "x".join(map(str, kernel))
        raise NotApplicable(algorithm.size, f"its whole tiles do not fit {taps} taps", f"give an algorithm F(m,{taps})")


def _check_chains(axis: Algorithm, r: int) -> None:
    if any(len(chain.stages) > 1 for chain in axis.maps):
        raise NotApplicable(axis.size, f"its chains are not for kernels of {r} taps", f"give an algorithm F(m,{r})")


def _fitted_axis(axis: Algorithm, r: int) -> Algorithm:
    if axis.r == (r,):
        return axis
    _check_chains(axis, r)
    convention = axis.convention or "wincnn"
    if r == 1:
        return winograd(1, 1, convention=convention)
    if (m := axis.n[0] - r + 1) < 2:
        return winograd(2, r, convention=convention)
    if axis.moduli is None:
        raise NotApplicable(axis.size, f"its moduli for {r} taps are unknown", f"give an algorithm F(m,{r})")
    return winograd(m, r, moduli=axis.moduli, convention=convention)
