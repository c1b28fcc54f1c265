# SPDX-License-Identifier: Apache-2.0
"""Norms and condition numbers of exact matrices, right to the last digit printed.

Everything is computed in ball arithmetic (Arb), whose every result carries a proved error, at a precision that is
doubled until each number is known to round to one float.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import reduce
from itertools import zip_longest
from operator import mul

from flint import arb, arb_mat, ctx, fmpq
from sympy import Rational
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.refutation import MATRICES
from wincraft.errors import NotApplicable, TooLarge
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import field_of, to_element
from wincraft.exact.types import Domain, Element, Matrix
from wincraft.measure.tables import axis_maps
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown

PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
"""Bits tried one after the other; the first is enough for most matrices, 512 where eigenvalues coincide."""
TIE_BITS = 100
"""A ball of this relative accuracy that still holds the midpoint of two floats is rounded to either of them."""


@dataclass(frozen=True)
class MatrixConditioning:
    """Norms |M| and condition numbers |M| |M^+| of one exact matrix, M^+ its (pseudo-)inverse.

    1: the largest column sum of magnitudes. inf: the largest row sum. 2: the largest singular value; cond_2 is its
    ratio to the smallest. fro: the root of the sum of squares. Float64: each number is the exact one rounded to
    nearest, so that its relative error is at most 2^-53. The condition numbers are inf where M has not full rank.
    """

    norm_1: float
    norm_2: float
    norm_inf: float
    norm_fro: float
    cond_1: float
    cond_2: float
    cond_inf: float
    cond_fro: float

    def __str__(self) -> str:
        return "  ".join(f"{field.name} {getattr(self, field.name):.6g}" for field in fields(self))


@dataclass(frozen=True, repr=False)
class Conditioning(Shown):
    """The conditioning of an algorithm's matrices; of several axes, of their Kronecker products.

    `matrices` has the keys ``V`` (the n x n Vandermonde matrix, inf its row (0, ..., 0, 1)), ``V finite`` (the square
    Vandermonde matrix of the finite points alone), ``AT``, ``G``, ``BT``, and for a chain of several stages
    ``AT[0]``, ``AT[1]``, ... in the order they are applied. There is no V without points.
    cond_1 of A^T is cond_inf of A, and the other way round. All but V change with the scaling of the algorithm.
    """

    size: str
    matrices: Mapping[str, MatrixConditioning]

    def layout(self) -> Layout:
        """A row of norms and one of condition numbers for every matrix."""
        names = [field.name for field in fields(MatrixConditioning)]
        tables = []
        for kind in ("norm", "cond"):
            header = [name for name in names if name.startswith(kind)]
            rows = ((key, *(f"{getattr(found, name):.6g}" for name in header)) for key, found in self.matrices.items())
            tables.append(Table(("", *header), tuple(rows), "l" + "r" * len(header)))
        return Layout(f"conditioning of {self.size}", (), (Section("", tuple(tables)),))


def conditioning(algorithm: Algorithm) -> Conditioning:
    """Norms and condition numbers of V, A^T, G, B^T and of every stage of their chains, correctly rounded floats.

    Of several axes: those of the Kronecker products; stage t is the product of the axes' stages t (where an axis has no
    more stages, it has none to multiply with). Where passes take whole tiles, there is no V.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.

    Source: condition numbers as in Lohia, NOVA, arXiv 2512.18453 (``V finite``).

    >>> from wincraft import winograd
    >>> conditioning(winograd(4, 3, points="0,1,-1,2,-2")).matrices["V finite"].cond_2
    42.471912889067106
    """
    algorithm.field.need_order(f"conditioning of {algorithm.size}")
    factors: dict[str, list[Matrix]] = {}
    axes = algorithm.factors if algorithm.separable else ()
    if axes and all(has_points(axis) for axis in axes):
        factors["V"] = [vandermonde(axis) for axis in axes]
        if all(any(not modulus.is_infinite for modulus in axis.moduli or ()) for axis in axes):
            factors["V finite"] = [vandermonde(axis, finite=True) for axis in axes]
    forward = algorithm if algorithm.form == "correlation" else algorithm.transpose()
    chains = dict(zip(MATRICES, zip(*axis_maps(forward), strict=True), strict=True))
    factors |= {name: [item.dense for item in maps] for name, maps in chains.items()}
    for name, maps in chains.items():
        if any(len(item.stages) > 1 for item in maps):
            for t, stages in enumerate(zip_longest(*(item.stages for item in maps))):
                factors[f"{name}[{t}]"] = [stage for stage in stages if stage is not None]
    return Conditioning(algorithm.size, {name: matrix_conditioning(*items) for name, items in factors.items()})


def has_points(axis: Algorithm) -> bool:
    """Whether the algorithm is known to come from interpolation points, inf included, and so has a V.

    >>> from wincraft import winograd
    >>> has_points(winograd(4, 3)), has_points(winograd(4, 3, moduli="0,1,-1,x^2+1,inf"))
    (True, False)
    """
    return axis.moduli is not None and all(modulus.degree == 1 for modulus in axis.moduli)


def vandermonde(axis: Algorithm, finite: bool = False) -> Matrix:
    """V: row i is (1, p_i, ..., p_i^(n-1)), for inf (0, ..., 0, 1), in the order of the points; exact, n x n.

    With `finite`, inf is left out and V is square in the finite points.

    Raises:
        NotApplicable: where the algorithm has moduli of higher degree, or its points are not known.

    >>> from wincraft import winograd
    >>> vandermonde(winograd(2, 3, points="0,1,-1")).to_Matrix()
    Matrix([
    [1,  0, 0,  0],
    [1,  1, 1,  1],
    [1, -1, 1, -1],
    [0,  0, 0,  1]])
    """
    if axis.moduli is None or not has_points(axis):
        raise NotApplicable(
            "Vandermonde matrix", f"{axis.size} is not known by its points", "build it from points, or identify it"
        )
    points = [modulus.point for modulus in axis.moduli if not (finite and modulus.is_infinite)]
    K = field_of(point for point in points if point is not None)
    size = len(points)
    infinite = [K.zero] * (size - 1) + [K.one]
    rows = [infinite if point is None else _powers(to_element(point, K), size, K) for point in points]
    return exact_matrix(rows, (size, size), K)


def matrix_conditioning(*factors: Matrix) -> MatrixConditioning:
    """Norms and condition numbers of an exact matrix, or of the Kronecker product of several, as rounded floats.

    Each factor is a dense DomainMatrix over QQ or a real algebraic field. Norms and inverses of Kronecker products are
    products, so that none is formed. |M|_2 and |M^+|_2 are enclosed by repeated squaring of a Gram matrix; as M^+ is
    exact, the precision needed does not grow with the condition.

    Raises:
        TooLarge: where the last of `PRECISIONS` does not suffice.

    Source: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE TC 2017.

    >>> from wincraft import winograd
    >>> BT = winograd(4, 3, points="0,1,-1,2,-2").input.dense
    >>> matrix_conditioning(BT).cond_2, matrix_conditioning(BT, BT).cond_1
    (20.0706163272202, 1764.0)
    """
    inverses = [pseudo_inverse(matrix) for matrix in factors]
    for bits in PRECISIONS:
        with ctx.workprec(bits):
            balls = [_measures(M, P) for M, P in zip(factors, inverses, strict=True)]
            values = [_to_float(reduce(mul, items)) for items in zip(*balls, strict=True)]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            return MatrixConditioning(*known)
    raise TooLarge("conditioning", f"{PRECISIONS[-1]} bits do not suffice", "use fewer or simpler points")


def pseudo_inverse(matrix: Matrix) -> Matrix | None:
    """The exact (Moore-Penrose) inverse of a matrix of full rank, else None."""
    rows, columns = matrix.shape
    transposed = matrix.transpose()
    try:
        if rows == columns:
            return matrix.inv()
        if rows > columns:
            return (transposed * matrix).inv() * transposed
        return transposed * (matrix * transposed).inv()
    except DMNonInvertibleMatrixError:
        return None


def _measures(matrix: Matrix, inverse: Matrix | None) -> list[arb]:
    """The eight numbers of `MatrixConditioning`, in its order, as balls at the current precision."""
    norms = _norms(matrix)
    if inverse is None:
        return norms + [arb.pos_inf()] * len(norms)
    return norms + [norm * other for norm, other in zip(norms, _norms(inverse), strict=True)]


def _norms(matrix: Matrix) -> list[arb]:
    """Norms 1, 2, inf and Frobenius."""
    balls = [[_ball(value, matrix.domain) for value in row] for row in matrix.to_list()]
    sums = ([sum(map(abs, line), arb(0)) for line in lines] for lines in (zip(*balls, strict=True), balls))
    norm_1, norm_inf = (reduce(arb.max, values) for values in sums)
    M = arb_mat(balls)
    gram = M * M.transpose() if M.nrows() <= M.ncols() else M.transpose() * M
    return [norm_1, _largest_eigenvalue(gram).sqrt(), norm_inf, gram.trace().sqrt()]


def _largest_eigenvalue(S: arb_mat) -> arb:
    """The largest eigenvalue of a positive semidefinite matrix, by repeated squaring of S / trace(S).

    Where trace(S) = 1, trace(S^2) <= largest <= sqrt(trace(S^2)); each squaring halves the relative gap at least, also
    where eigenvalues coincide. It ends when the error of the balls outgrows the gap.
    """
    if S.trace().is_zero():
        return S.trace()
    logarithm, power, best = arb(0), 1, None
    while True:
        trace = S.trace()
        S = S * (1 / trace)
        square = S * S
        logarithm += trace.log() / power
        enclosure = (logarithm + square.trace().union(square.trace().sqrt()).log() / power).exp()
        if best is not None and not enclosure.rad() < best.rad():
            return best
        S, power, best = square, 2 * power, enclosure


def _ball(value: Element, K: Domain) -> arb:
    """An element as a ball; of an algebraic one sympy's digits are trusted to two units of the last place."""
    if K.is_QQ:
        return arb(fmpq(int(K.numer(value)), int(K.denom(value))))
    number = K.to_sympy(value)
    if number.is_Rational:
        return arb(fmpq(int(number.p), int(number.q)))
    digits = int(ctx.prec * 0.302) + 3
    near = Rational(str(number.evalf(digits)))
    middle = arb(fmpq(int(near.p), int(near.q)))
    return arb(middle.mid(), middle.rad() + 2 * abs(middle).upper() * arb(10) ** (1 - digits))


def _to_float(ball: arb) -> float | None:
    """The one float that all of a ball rounds to, or None where there are two."""
    low, high = float(ball.lower()), float(ball.upper())
    if low == high or ball.rel_accuracy_bits() >= TIE_BITS:
        return low
    return None


def _powers(x: Element, count: int, K: Domain) -> list[Element]:
    powers = [K.one]
    while len(powers) < count:
        powers.append(powers[-1] * x)
    return powers
