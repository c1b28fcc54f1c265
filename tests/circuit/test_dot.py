# SPDX-License-Identifier: Apache-2.0
"""Programs as graphs for Graphviz and as pictures: both say what the program computes."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from wincraft import winograd
from wincraft.circuit import Program, composed, of_matrix
from wincraft.circuit.dot import program_dot
from wincraft.circuit.drawing import crossings, drawing, layered, placed, untangled
from wincraft.circuit.text import parse_program
from wincraft.circuit.transposing import transposed_program

BUTTERFLY = """inputs x0 x1 x2 x3 x4 x5
a = x4 - 4 * x2; b = x3 - 4 * x1; c = x4 - x2; d = x3 - x1
e = a + b; f = a - b; g = c + 2 * d; h = c - 2 * d
i = x4 - 5 * x2; k = i + 4 * x0; l = x5 - 5 * x3; m = l + 4 * x1
outputs k e f g h m"""
RATIONAL = {
    "even and odd": lambda: parse_program(BUTTERFLY),
    "rows": lambda: of_matrix(winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2").input.dense),
    "transposed_program": lambda: transposed_program(parse_program(BUTTERFLY)),
    "every operation": lambda: Program.build(
        3,
        [("fms", 0, 1, "-5/2"), ("shift", 3, "1/4"), ("divide", 4, 3), ("multiply", 5, -1), ("shift", 2, 8)],
        [6, 7, 0, 6],
    ),
    "a value twice": lambda: Program.build(1, [("add", 0, 0)], [1]),
    "two turns": lambda: composed([parse_program(BUTTERFLY)] * 2),
}
OTHERS = {
    "sqrt(2)": lambda: of_matrix(winograd(2, 3, points="0,sqrt(2),-sqrt(2)").input.dense),
    "GF(7)": lambda: of_matrix(winograd(2, 3, points="0,1,2").convert("GF(7)").input.dense),
}
PROGRAMS = RATIONAL | OTHERS
SVG = "{http://www.w3.org/2000/svg}"


def computed(text, given):
    """What a graph makes of its inputs: every node adds what its edges bring, then does what it says."""
    nodes = dict(re.findall(r'^    (\w+) \[label="([^"]*)"', text, re.MULTILINE))
    edges = re.findall(r'^    (\w+) -> (\w+)(?: \[label="([^"]*)"\])?;$', text, re.MULTILINE)
    values = {f"x{k}": value for k, value in enumerate(given)}
    for name in dict.fromkeys(end for _, end, _ in edges):
        total = sum(_factor(label) * values[start] for start, end, label in edges if end == name)
        sign, number = nodes.get(name, "+")[:1], nodes.get(name, "+").lstrip("<>×/+")
        if sign in "<>":
            total *= Fraction(2) ** (int(number) if sign == "<" else -int(number))
        elif sign in "×/":
            total = total * Fraction(number) if sign == "×" else total / Fraction(number)
        values[name] = total
    return [values[name] for name in values if name.startswith("y")]


def _factor(label):
    return {"": Fraction(1), "-": Fraction(-1)}[label] if label in ("", "-") else Fraction(label)


@pytest.mark.parametrize("name", RATIONAL)
def test_the_graph_computes_what_the_program_does(name):
    program = RATIONAL[name]()
    for k in range(program.inputs):
        given = [Fraction(j == k) for j in range(program.inputs)]
        assert computed(program_dot(program), given) == program.run(given)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", PROGRAMS)
def test_graphviz_reads_the_graph(name):
    program = PROGRAMS[name]()
    said = subprocess.run(
        ["dot", "-Tplain"], input=program_dot(program), capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stderr == ""
    kinds = [line.split(" ", 1)[0] for line in said.stdout.splitlines()]
    edges = sum(len(operation.operands) for operation in program.operations) + len(program.outputs)
    assert kinds.count("node") == program.inputs + len(program.operations) + len(program.outputs)
    assert kinds.count("edge") == edges


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_picture_holds_every_value_and_factor(name):
    program = PROGRAMS[name]()
    picture = ElementTree.fromstring(drawing(program, "F <&> of it"))
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert picture.find(f"{SVG}title").text == "F <&> of it"
    sums = sum(operation.adds for operation in program.operations)
    negated = len([1 for edge in layered(program).edges if edge.text == "-"])
    assert len(list(picture.iter(f"{SVG}circle"))) == sums + negated
    for letter, count in (("x", program.inputs), ("y", len(program.outputs))):
        assert [text for text in texts if re.fullmatch(rf"{letter}\d+", text)] == [f"{letter}{k}" for k in range(count)]
    assert drawing(program) == drawing(PROGRAMS[name]())


@pytest.mark.parametrize("name", PROGRAMS)
def test_nodes_stand_apart_within_the_picture(name):
    graph = layered(PROGRAMS[name]())
    order = untangled(graph)
    heights = placed(graph, order)
    picture = ElementTree.fromstring(drawing(PROGRAMS[name]()))
    assert sorted(map(sorted, order)) == sorted(map(sorted, graph.columns()))
    assert all(graph.nodes[edge.end].column == graph.nodes[edge.start].column + 1 for edge in graph.edges)
    for column in order:
        places = [heights[number] for number in column if graph.nodes[number].kind != "bend"]
        assert all(later - earlier >= 29 for earlier, later in pairwise(places))
    assert min(heights) > 10
    assert max(heights) < float(picture.get("height")) - 10


def test_few_lines_cross():
    graph = layered(parse_program(BUTTERFLY))
    assert crossings(graph, graph.columns()) == 48
    assert crossings(graph, untangled(graph)) <= 12
