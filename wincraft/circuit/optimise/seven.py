# SPDX-License-Identifier: Apache-2.0
"""A rewrite rule for programs of Kronecker products: seven additions for eight.

Two matrices of two rows and columns without zeros are  [1 1; 1 u]  and  [1 1; 1 v]  up to factors of rows and columns.
Their Kronecker product, of inputs a, b, c, d, takes eight additions axis by axis, and seven by

    p = a + v c,  q = b + d,  r = p + u v q,
    y2 = (r + (v - 1) a) / v    = a + u b + c + u d,
    y1 = y2 + (1 - u) q         = a + b + c + d,
    y4 = r + u (1 - v) b        = a + u b + v c + u v d,
    y3 = (y4 + (u - 1) p) / u   = a + b + v c + v d.

For u = v = -1 it is the Hadamard transform of four points.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from wincraft.circuit.fitting import Gates, gates_of
from wincraft.circuit.optimise.moves import additions
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.types import Element


class Square(NamedTuple):
    """Eight gates that the rule replaces: their inputs and results by number, and all factors.

    Input k times `scales[k]` is what the rule calls a, b, c, d; its y_k times `factors[k]` is result k.
    """

    inputs: tuple[int, ...]
    results: tuple[int, ...]
    scales: tuple[Element, ...]
    factors: tuple[Element, ...]
    u: Element
    v: Element


def rewritten(program: Program) -> Program:
    """The program with seven additions wherever eight are the Kronecker product of two matrices of two rows.

    The four values between must be read by nothing else. Never more additions than before.

    >>> from wincraft.circuit.optimise.interleaving import nested
    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> rewritten(nested(butterfly, butterfly))
    program of 7 additions, 4 -> 4 values over QQ
    """
    given = gates_of(program)
    chosen: dict[int, Square] = {}
    for square in squares(given):
        if not any(result in chosen for result in square.results):
            chosen |= dict.fromkeys(square.results, square)

    def apply(x: list[Any]) -> list[Any]:
        known: dict[int, Any] = dict(enumerate(x))

        def value(number: int) -> Any:
            if number in chosen and number not in known:
                square = chosen[number]
                inputs = [value(k) * scale for k, scale in zip(square.inputs, square.scales, strict=True)]
                made = zip(square.results, _seven(inputs, square.u, square.v), square.factors, strict=True)
                known.update((result, symbol * factor) for result, symbol, factor in made)
            elif number not in known:
                a, p, b, q = given.gates[number - given.inputs]
                known[number] = value(a) * p + value(b) * q
            return known[number]

        return [value(number) * factor for number, factor in given.outputs]

    return min(program, record(given.inputs, apply, given.domain), key=additions)


def squares(given: Gates) -> Iterator[Square]:
    """The places where the rule applies, each once; two may share gates."""
    readers: dict[int, list[int]] = {}
    for number, gate in enumerate(given.gates, given.inputs):
        for operand in (gate.a, gate.b):
            readers.setdefault(operand, []).append(number)
    results = {number for number, _ in given.outputs}

    def twins(first: int, second: int) -> list[int]:
        return [number for number in readers.get(first, []) if number in readers.get(second, [])]

    def between(number: int) -> bool:
        return number >= given.inputs and number not in results and len(readers.get(number, [])) == 2

    seen: set[frozenset[int]] = set()
    for s, _, t, _ in given.gates:
        if not (between(s) and between(t) and len(twins(s, t)) == 2):
            continue
        (a, _, b, _), (c, _, d, _) = given.gates[s - given.inputs], given.gates[t - given.inputs]
        if len({a, b, c, d}) < 4:
            continue
        for other, partner in product(twins(a, b), twins(c, d)):
            made = (*twins(s, t), *twins(other, partner))
            fresh = len(set(made)) == len(made) == 4 and frozenset(made) not in seen
            if fresh and between(other) and between(partner):
                seen.add(frozenset(made))
                yield from _square(given, (a, b, c, d), made)


def _square(given: Gates, inputs: tuple[int, ...], made: tuple[int, ...]) -> Iterator[Square]:
    """The square of these values, if they are a Kronecker product up to factors."""
    rows = [_terms(given, number, inputs) for number in made]
    scales = tuple(x / rows[0][0] for x in rows[0])
    ratios = [[x / scale / row[0] for x, scale in zip(row, scales, strict=True)] for row in rows]
    one = given.domain.one
    u = next((row[1] for row in ratios if row[1] != one), one)
    v = next((row[2] for row in ratios if row[2] != one), one)
    wanted = [[one, one, one, one], [one, u, one, u], [one, one, v, v], [one, u, v, u * v]]
    if one in (u, v) or not all(row in ratios for row in wanted):
        return
    order = [ratios.index(row) for row in wanted]
    factors = tuple(rows[k][0] for k in order)
    yield Square(inputs, tuple(made[k] for k in order), scales, factors, u, v)


def _terms(given: Gates, number: int, inputs: tuple[int, ...]) -> list[Element]:
    """The factors of the inputs in a value two gates above them."""
    found: dict[int, Element] = {}
    s, p, t, q = given.gates[number - given.inputs]
    for middle, factor in ((s, p), (t, q)):
        a, x, b, y = given.gates[middle - given.inputs]
        found |= {a: factor * x, b: factor * y}
    return [found[k] for k in inputs]


def _seven(inputs: list[Any], u: Element, v: Element) -> list[Any]:
    a, b, c, d = inputs
    p, q = a + c * v, b + d
    r = p + q * (u * v)
    second, fourth = (r + a * (v - 1)) / v, r - b * (u * (v - 1))
    return [second - q * (u - 1), second, (fourth + p * (u - 1)) / u, fourth]
