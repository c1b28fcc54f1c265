# SPDX-License-Identifier: Apache-2.0
"""Bases of polynomials by name: their matrices P, exact.

Row i of P has the coefficients of the basis polynomial b_i, low to high:
[b_0 ... b_{k-1}]^T = P [1, x, ..., x^{k-1}]^T.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod

from sympy import Integer, Poly, binomial
from sympy.polys import orthopolys

from wincraft.algorithm.modulus import Modulus
from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName, look_up
from wincraft.exact.expression import x
from wincraft.exact.matrix import from_numbers, read_rows
from wincraft.exact.number import exact_number, field_of
from wincraft.exact.polynomial import parse_polynomial, polynomial_text
from wincraft.exact.types import Domain, Matrix, Number

Moduli = Sequence[Modulus] | None
Coefficients = list[Number]
"""Coefficients, low to high, sympy numbers."""


@dataclass(frozen=True)
class Basis:
    """A family of bases, one for every number k of coefficients.

    `rows` makes the k rows of P from k and the moduli of the algorithm, which only Newton's basis looks at. A graded
    basis has b_i of degree i, so that the P of a smaller k is a leading block of that of a larger one; an ungraded one
    brings its own P for every k.

    >>> print(parse_basis("legendre").matrix(4).to_Matrix())
    Matrix([[1, 0, 0, 0], [0, 1, 0, 0], [-1/3, 0, 1, 0], [0, -3/5, 0, 1]])
    """

    name: str
    rows: Callable[[int, Moduli], list[Coefficients]]
    graded: bool = True

    def matrix(self, size: int, moduli: Moduli = None, K: Domain | None = None) -> Matrix:
        """P for `size` coefficients as a DomainMatrix over `K`, by default the smallest field.

        Raises:
            NotApplicable: where the family has no such basis, or the P given is singular.
            BadShape: where the P given has not this size.
        """
        rows = self.rows(size, moduli)
        P = from_numbers(rows, field_of(value for row in rows for value in row) if K is None else K)
        if not P.det():
            raise NotApplicable(f"basis {self.name}", "its matrix P is singular", "give independent polynomials")
        return P

    def __repr__(self) -> str:
        return f"basis {self.name}"


def _sympys(family: Callable[..., Poly]) -> Callable[..., list[Poly]]:
    """A family from one of sympy's functions of degree, parameters and x."""
    return lambda size, *parameters: [family(k, *parameters, x, polys=True) for k in range(size)]


def _laguerre(size: int, alpha: Number | int = 0) -> list[Poly]:
    """Generalised Laguerre polynomials; the parameter is 0 by default."""
    return [orthopolys.laguerre_poly(k, x, alpha, polys=True) for k in range(size)]


ORTHOGONAL: dict[str, tuple[Callable[..., list[Poly]], tuple[int, ...]]] = {
    "canonical": (_sympys(lambda k, x, polys: Poly(x**k, x)), (0,)),
    "legendre": (_sympys(orthopolys.legendre_poly), (0,)),
    "chebyshev": (_sympys(orthopolys.chebyshevt_poly), (0,)),
    "chebyshev-u": (_sympys(orthopolys.chebyshevu_poly), (0,)),
    "hermite": (_sympys(orthopolys.hermite_poly), (0,)),
    "hermite-prob": (_sympys(orthopolys.hermite_prob_poly), (0,)),
    "laguerre": (_laguerre, (0, 1)),
    "jacobi": (_sympys(orthopolys.jacobi_poly), (2,)),
}
"""Graded families, and how many rational parameters they take. Their three-term recurrences, with b_0 = 1:

- legendre: (k+1) b_{k+1} = (2k+1) x b_k - k b_{k-1}
- chebyshev, chebyshev-u: b_{k+1} = 2 x b_k - b_{k-1}, with b_1 = x and b_1 = 2x
- hermite: b_{k+1} = 2 x b_k - 2 k b_{k-1}; hermite-prob: b_{k+1} = x b_k - k b_{k-1}
- laguerre(a): (k+1) b_{k+1} = (2k+1+a-x) b_k - (k+a) b_{k-1}
- jacobi(a,b): equation 18.9.2 of the source

Source: NIST Digital Library of Mathematical Functions, section 18.9. Computed by sympy.polys.orthopolys.
"""

_OTHERS = {"newton": True, "newton-leja": True, "lagrange": False, "bernstein": True}
"""The other families, and whether they stand without nodes."""
_PATTERN = re.compile(r"([a-z-]+)(?:\((.*)\))?(?::(\w+))?")
NORMALISATIONS = {"monic": True, "classical": False}


def families(*, plain: bool = False) -> tuple[str, ...]:
    """The families of bases by name; with `plain` those that need neither parameters nor nodes.

    >>> [name for name in families() if name not in families(plain=True)]
    ['jacobi', 'lagrange']
    """
    needed = {name: 0 in counts for name, (_, counts) in ORTHOGONAL.items()} | _OTHERS
    return tuple(name for name, stands in needed.items() if stands or not plain)


def parse_basis(text: str) -> Basis:
    """A basis from its name: ``NAME``, ``NAME(parameters)``, ``NAME(linear polynomial)``, and ``:classical`` after it.

    - ``canonical``, ``legendre``, ``chebyshev`` (first kind), ``chebyshev-u``, ``hermite``, ``hermite-prob``,
      ``laguerre``, ``laguerre(1/2)``, ``jacobi(1/2,-1/2)``: monic, or as usual with ``:classical``.
    - ``legendre(2x-1)``, ``jacobi(0,1;x/2)``: b_k(2x - 1), shifted and scaled; monic again unless classical.
    - ``newton``: partial products of the algorithm's moduli in their order; ``newton-leja``: in Leja order;
      ``newton(0,1,-1)``: of these nodes.
    - ``lagrange(0,1,-1,2,...)``: of the first k of these nodes. ``bernstein``: binomial(k-1,i) x^i (1-x)^(k-1-i);
      ``bernstein((x+1)/2)``. These two are ungraded.

    Raises:
        UnknownName: for another name or normalisation; the nearest is offered.
        NotApplicable: for parameters that the family does not have.
        BadValue, BadNumber, FloatGiven: for parameters and nodes that are out of range or no exact numbers.

    >>> parse_basis("chebyshev:classical").matrix(3).to_Matrix()
    Matrix([
    [ 1, 0, 0],
    [ 0, 1, 0],
    [-1, 0, 2]])
    """
    name = "".join(text.lower().split())
    match = _PATTERN.fullmatch(name)
    if match is None or match[1] not in families():
        raise UnknownName("basis", text, families())
    family, inside, normalisation = match.groups()
    arguments = [part for part in re.split("[,;]", inside or "") if part]
    if family in ORTHOGONAL:
        return _orthogonal(name, family, arguments, look_up("normalisation", normalisation or "monic", NORMALISATIONS))
    if normalisation:
        raise BadValue(f"the normalisation of {family}", normalisation, f"it has one only: leave out :{normalisation}")
    if family == "bernstein":
        argument = _linear(name, arguments[-1]) if arguments else Poly(x, x)
        return Basis(name, lambda size, moduli: _padded(_bernstein(size, argument), size), graded=False)
    if family == "lagrange":
        given = [exact_number(part) for part in arguments]
        return Basis(name, lambda size, moduli: _padded(_lagrange(name, given[:size], size), size), graded=False)
    nodes = [Modulus((-exact_number(part), Integer(1))) for part in arguments]
    return _newton(name, nodes or None, leja=family == "newton-leja")


def given_basis(P: object, name: str = "given") -> Basis:
    """The basis of a user's own matrix P, rows of exact numbers; smaller sizes take leading blocks if it is graded.

    Raises:
        FloatGiven, BadNumber, BadShape: where P is no square matrix of exact numbers.
        NotApplicable: later, for fewer coefficients where P is not lower triangular.

    >>> given_basis([["1", "0"], ["-1/2", "1"]]).matrix(2).to_Matrix()
    Matrix([
    [   1, 0],
    [-1/2, 1]])
    """
    table = read_rows(f"P of basis {name}", P)
    if len(table) != len(table[0]):
        raise BadShape(f"P of basis {name}", f"({len(table)}, {len(table[0])})", "a square matrix")
    graded = not any(value for i, row in enumerate(table) for value in row[i + 1 :])

    def rows(size: int, moduli: Moduli) -> list[Coefficients]:
        if size == len(table) or (graded and size < len(table)):
            return [row[:size] for row in table[:size]]
        if size < len(table):
            reason = f"it is not lower triangular, so {size} coefficients have no leading block of it"
            raise NotApplicable(f"basis {name}", reason, "give a graded basis, or change one map alone")
        raise BadShape(f"P of basis {name}", f"({len(table)}, {len(table)})", f"({size}, {size})")

    return Basis(name, rows, graded)


def _orthogonal(name: str, family: str, arguments: list[str], monic: bool) -> Basis:
    make, counts = ORTHOGONAL[family]
    argument = _linear(name, arguments.pop()) if arguments and "x" in arguments[-1] else None
    if len(arguments) not in counts:
        raise BadValue(
            f"the number of parameters of {family}", str(len(arguments)), f"give {' or '.join(map(str, counts))}"
        )
    parameters = [exact_number(part) for part in arguments]
    if any(not parameter.is_Rational or parameter <= -1 for parameter in parameters):
        raise BadValue(f"a parameter of {family}", f"out of range in {','.join(arguments)}", "give rationals above -1")

    def rows(size: int, moduli: Moduli) -> list[Coefficients]:
        polynomials = make(size, *parameters)
        if argument is not None:
            polynomials = [Poly(p.as_expr(), x).compose(argument) for p in polynomials]
        return _padded([p.monic() if monic else p for p in polynomials], size)

    return Basis(name, rows)


def _linear(name: str, text: str) -> Poly:
    coefficients = parse_polynomial(text)
    if len(coefficients) != 2 or not all(value.is_Rational for value in coefficients):
        shown = f"{polynomial_text(coefficients)}, which is not linear"
        raise BadValue(f"the argument of basis {name}", shown, "give such as 2x-1")
    return _poly(coefficients)


def _poly(coefficients: Sequence[Number]) -> Poly:
    return Poly(list(reversed(coefficients)), x, extension=True)


def _padded(polynomials: Iterable[Poly], size: int) -> list[Coefficients]:
    rows = [list(reversed(Poly(p, x).all_coeffs())) for p in polynomials]
    return [[*row, *[Integer(0)] * (size - len(row))] for row in rows]


def _bernstein(size: int, argument: Poly) -> list[Poly]:
    n = size - 1
    return [binomial(n, i) * argument**i * (1 - argument) ** (n - i) for i in range(size)]


def _lagrange(name: str, nodes: Sequence[Number], size: int) -> list[Poly]:
    if len(nodes) < size or len(set(nodes)) < len(nodes):
        reason = f"{len(set(nodes))} distinct nodes for {size} coefficients"
        raise NotApplicable(f"basis {name}", reason, f"list at least {size} distinct ones")
    numerators = [prod((_poly([-p, Integer(1)]) for p in nodes if p != node), start=Poly(1, x)) for node in nodes]
    return [p * _poly([1 / p.eval(node)]) for p, node in zip(numerators, nodes, strict=True)]


def _newton(name: str, given: Sequence[Modulus] | None, leja: bool) -> Basis:
    def rows(size: int, moduli: Moduli) -> list[Coefficients]:
        chosen = given if given is not None else moduli
        if chosen is None:
            raise NotApplicable(f"basis {name}", "the algorithm's points are not known", "list nodes: newton(0,1,-1)")
        finite = [modulus for modulus in chosen if not modulus.is_infinite]
        polynomials = _newton_polynomials(leja_order(finite) if leja else finite)
        if len(polynomials) < size:
            reason = f"{len(polynomials) - 1} nodes for {size} coefficients"
            raise NotApplicable(f"basis {name}", reason, f"list at least {size - 1}")
        return _padded(polynomials[:size], size)

    return Basis(name, rows)


def _newton_polynomials(finite: Sequence[Modulus]) -> list[Poly]:
    """1, m_1, m_1 m_2, ...; a modulus of degree d gives d of them, times 1, x, ..., x^{d-1}."""
    polynomials, product = [], Poly(1, x)
    for modulus in finite:
        polynomials += [product * Poly(x**shift, x) for shift in range(modulus.degree)]
        product *= _poly(modulus.coefficients)
    return [*polynomials, product]


def leja_order(finite: Sequence[Modulus]) -> list[Modulus]:
    """First the modulus of largest value |m(0)|, then always the one with the largest |resultant| with those before.

    For points: the largest |p|, then the one of largest product of distances. Ties go to the first listed.
    """
    rest = list(finite)
    ordered: list[Modulus] = []
    while rest:
        best = max(rest, key=lambda modulus: _separation(modulus, ordered))
        ordered.append(best)
        rest.remove(best)
    return ordered


def _separation(modulus: Modulus, others: Sequence[Modulus]) -> Number:
    own = _poly(modulus.coefficients)
    before = [_poly(other.coefficients) for other in others] or [Poly(x, x)]
    values: list[Number] = [abs(own.resultant(other)) for other in before]
    return prod(values, start=Integer(1))
