# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles: residue rings that come apart, symbolic Fourier convolution, documents and commands."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.signal import correlate
from sympy import Rational

from wincraft import read, render, winograd, write
from wincraft.cli.main import main
from wincraft.construct.circuits import Circuits
from wincraft.construct.components import AxisPart, ring_components
from wincraft.construct.moduli import parse_moduli
from wincraft.construct.whole_tiles import axis_part, products_of
from wincraft.errors import BadDocument, NotApplicable, TooLarge
from wincraft.files.document import document, parse_document
from wincraft.measure.circuits import map_circuits
from wincraft.measures import MEASURES

TWO = "0,1,-1,x^2+x+1,x^2-x+1,inf"


@pytest.mark.parametrize(
    ("size", "moduli", "rank", "nested"),
    [
        ("4x4,3x3", "0,1,-1,x^2+1,inf", 46, 49),
        ("6x6,3x3", TWO, 88, 100),
        ("7x7,3x3", "0,1,-1,-1/2,x^2+x+1,x^2-x+1,inf", 109, 121),
        ("4x4,3x3", "0,1,-1,x^2+2,inf", 46, 49),
        ("4x4,3x3", "0,1,-1,x^2+1,inf;0,1,-1,x^2+4,inf", 46, 49),
        ("4x4,3x3", "0,1,-1,x^2+1,inf;0,1,-1,x^2+2,inf", 49, 49),
        ("4x4,4x4", "x^3-2,0,1,-1,inf", 16 + 2 * 4 * 5 + 5 + 15, 81),
        ("2x2x2,2x2x2", "0,x^2+1", 1 + 3 * 3 + 3 * 6 + 12, 64),
    ],
)
def test_products(size: str, moduli: str, rank: int, nested: int) -> None:
    made = winograd(size, moduli=moduli)
    assert (made.rank, winograd(size, moduli=moduli, nested=True).rank) == (rank, nested)
    assert made.separable == (rank == nested)
    assert made.verify().startswith(f"F({size}) proved")


def test_they_compute_images() -> None:
    random = np.random.default_rng(0)
    data, filters = random.integers(-128, 128, (13, 14)), random.integers(-128, 128, (3, 3))
    for made in (winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf"), winograd("SFC-6(7x7,3x3)")):
        assert (made.convolve(data, filters) == correlate(data, filters, mode="valid")).all()


@pytest.mark.parametrize(
    ("name", "rank", "outputs"), [("4(4x4,3x3)", 46, 144), ("6(6x6,3x3)", 88, 324), ("6(7x7,3x3)", 132, 441)]
)
def test_symbolic_fourier(name: str, rank: int, outputs: int) -> None:
    made = winograd(f"SFC-{name}")
    assert made.rank == rank
    assert made.m[0] ** 2 * made.r[0] ** 2 == outputs
    entries = {abs(value) for matrix in (made.AT, made.BT) for value in matrix}
    assert entries <= {0, Rational(1, 2), 1, 2}, "additions and shifts"


def test_noise_gains() -> None:
    """The 46 products are less noisy than the 49; at 2.44 products F(6x6,3x3) is less noisy than F(4x4,3x3) at 2.25."""
    whole = winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf")
    assert whole.noise_gain() == Rational(23, 9)
    assert winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf", nested=True).noise_gain() == Rational(121, 36)
    assert winograd("6x6,3x3", moduli=TWO).noise_gain() == Rational(17, 9)
    assert winograd("4x4,3x3").noise_gain() > 10


@pytest.mark.parametrize(
    "made",
    [
        winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf", convention="integer"),
        winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf", nested=True),
        pytest.param(winograd("SFC-6(7x7,3x3)"), marks=pytest.mark.slow),
        winograd("SFC-3(2,3)").transpose(),
        winograd("4+3,3"),
        winograd("4+3x4+3,3x3", convention="integer"),
        winograd("2@(0,1)*3@(0,1,-1,2),2*2"),
        winograd("Karatsuba(5x5,5x5)"),
    ],
    ids=str,
)
def test_documents_and_commands(made, tmp_path) -> None:
    write(made, tmp_path / "f.json")
    again = read(tmp_path / "f.json")
    assert again == made
    assert again.recipe == made.recipe
    command = shlex.split(document(made)["command"])
    assert command[:2] == ["wincraft", "generate"]
    result = CliRunner().invoke(main, command[1:])
    assert result.exit_code == 0, result.output
    assert result.stdout == render(made, "json")


def test_recipes_are_proved() -> None:
    content = json.loads(render(winograd("SFC-4(4x4,3x3)"), "json"))
    for axis in content["recipe"]:
        axis["construction"] = "SFC-3(4x4,3x3)"
    with pytest.raises(BadDocument, match="not those of its recipe"):
        parse_document(content)
    for axis in content["recipe"]:
        axis["construction"] = "SFC-5(4x4,3x3)"
    with pytest.raises(BadDocument, match="makes nothing"):
        parse_document(content)


def test_what_is_refused() -> None:
    with pytest.raises(NotApplicable, match="irrational"):
        winograd("SFC-5(4x4,3x3)")
    with pytest.raises(NotApplicable, match="below 6"):
        winograd("SFC-6(2x2,3x3)")
    with pytest.raises(TooLarge):
        winograd("SFC-6(20x20,3x3)")
    with pytest.raises(NotApplicable, match="lavin"):
        winograd("4x4,3x3", moduli="0,1,-1,x^2+1,inf", convention="lavin")


def rank_one(left: list, right: list, column: list) -> tuple[object, ...]:
    """A product up to how its three factors are scaled."""
    return tuple(x * y * z for x in left for y in right for z in column)


def test_ways_to_multiply_complex_numbers_are_tried() -> None:
    """Gauss's 3 products, a (d - c), b (c + d) and c (a + b), and Karatsuba's are among those of x^2 + 1."""
    (ring,) = ring_components([axis_part(parse_moduli("x^2+1")[0])])
    tried = {frozenset(map(rank_one, item.left, item.right, item.columns)) for item in ring.products()}
    gauss = ([1, 0], [-1, 1], [0, 1]), ([0, 1], [1, 1], [-1, 0]), ([1, 1], [1, 0], [1, 1])
    karatsuba = ([1, 0], [1, 0], [1, -1]), ([0, 1], [0, 1], [-1, -1]), ([1, 1], [1, 1], [0, 1])
    assert {frozenset(rank_one(*item) for item in form) for form in (gauss, karatsuba)} <= tried
    for item in ring.products():
        assert len(item.left) == 3
        for u, v in (((2, 3), (5, 7)), ((1, -4), (-2, 9))):
            products = [
                sum(a * x for a, x in zip(left, u, strict=True)) * sum(b * y for b, y in zip(right, v, strict=True))
                for left, right in zip(item.left, item.right, strict=True)
            ]
            found = [sum(p * column[k] for p, column in zip(products, item.columns, strict=True)) for k in (0, 1)]
            assert found == [u[0] * v[0] - u[1] * v[1], u[0] * v[1] + u[1] * v[0]]


@pytest.mark.parametrize(
    ("size", "moduli", "above"),
    [
        ("4x4,4x4", "x^3-2,0,1,-1,inf", 1.05),
        pytest.param("4x4,5x5", "x^4+1,0,1,-1,inf", 1.2, marks=pytest.mark.slow),
        pytest.param("3x3,5x5", "0,1,x^4+x^3+x^2+x+1,inf", 2.5, marks=pytest.mark.slow),
    ],
)
def test_inner_points_of_cubic_and_cyclotomic_moduli_are_searched(size: str, moduli: str, above: float) -> None:
    """Against the first points by height alone."""
    made = winograd(size, moduli=moduli)
    inner = [item for item in parse_moduli(moduli) if item.degree > 2]
    (ring,) = ring_components([axis_part(item) for item in inner])
    assert len({str(item.left) for item in ring.products()}) > ring.degree**2
    assert made.rank == winograd(size, moduli=moduli).rank
    plain = fixed_inner(size, moduli)
    assert plain.rank == made.rank
    assert float(plain.noise_gain()) > above * float(made.noise_gain())


def fixed_inner(size: str, moduli: str):
    """The same with every component multiplied on the points that are first by height."""
    from unittest import mock

    from wincraft.construct import components

    with mock.patch.object(components, "interpolation_sets", return_value=()):
        return winograd(size, moduli=moduli)


@pytest.mark.slow
def test_transforms_take_about_as_many_additions_as_nested_ones() -> None:
    for size, moduli in (("4x4,3x3", "0,1,-1,x^2+1,inf"), ("6x6,3x3", TWO)):
        whole, nested = (MEASURES["additions"].value(winograd(size, moduli=moduli, nested=n)) for n in (False, True))
        assert whole < 1.05 * nested


@pytest.mark.slow
def test_the_circuits_of_a_whole_tile_are_those_of_its_passes() -> None:
    made = winograd("4x4,3x3", points="whole")
    ((_, maps),) = map_circuits(Circuits(made))
    assert [item.name for item in maps] == ["BT", "G", "AT"]
    for item in maps:
        assert item.program.matrix() == made.named[item.name].dense
        assert item.operations.additions < item.plain.additions / 2
    assert max(item.live for item in maps if item.name != "G") == MEASURES["live-values"].value(made)


def test_rings_come_apart() -> None:
    parts = dict(zip("ab", (axis_part(item) for item in parse_moduli("x^2+x+1,x^2-x+1")), strict=True))
    for pair in ("aa", "ab", "bb"):
        assert [ring.product.rank for ring in ring_components([parts[k] for k in pair])] == [3, 3]
    cycle, nilpotent = axis_part(parse_moduli("x^4-1")[0]), AxisPart(axis_part(parse_moduli("x^2")[0]).polynomial)
    assert products_of([[cycle]]) == 5
    assert products_of([[nilpotent], [parts["a"]], [parts["b"]]]) == 3 * 6
