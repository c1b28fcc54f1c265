# SPDX-License-Identifier: Apache-2.0
"""A picture of a program as SVG: columns of operations by depth, from the inputs at the left to the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import fmean
from typing import NamedTuple

from wincraft.circuit.dot import edge_texts, node_text
from wincraft.circuit.program import Program
from wincraft.circuit.text import value_names
from wincraft.exact.field import Field
from wincraft.show.chart import COLOURS

_NEGATIVE, _POSITIVE, _PLAIN = COLOURS[5], COLOURS[0], "#666666"
"""The colours of edges with a negative factor, with another one than 1, and of the others."""
_RADIUS, _LETTER, _MARGIN = 10.0, 7.0, 12.0
_PARTS = (0.6, 0.5, 0.7, 0.4, 0.78, 0.3, 0.86, 0.22)
"""How far along its line a factor may stand, the best place first."""
_SWEEPS = 24
"""How often the columns are put in order, and their nodes moved."""


class Node(NamedTuple):
    """What stands in a column: an input, an operation or an output; without a text, a bend of an edge."""

    column: int
    text: str
    kind: str


class Edge(NamedTuple):
    """A piece of an edge, from one column to the next, and the factor where it ends at what multiplies by it."""

    start: int
    end: int
    text: str = ""


class Graph(NamedTuple):
    """Nodes in columns, and edges between neighbouring columns."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def columns(self) -> list[list[int]]:
        """The nodes of every column, in their order."""
        found: list[list[int]] = [[] for _ in range(1 + max(node.column for node in self.nodes))]
        for number, node in enumerate(self.nodes):
            found[node.column].append(number)
        return found


def drawing(program: Program, title: str = "", reads: str = "x", writes: str = "y") -> str:
    """The program as a picture: an element ``svg``, on white, that can stand in a page or a file.

    A circle adds what its lines bring; what stands on a line is its factor, a minus sign for -1. Boxes multiply.
    Operations stand in columns by depth, in an order in which few lines cross.

    >>> picture = drawing(Program.build(2, [("fma", 0, 1, "-5/2"), ("shift", 2, "1/4")], [3]), "two operations")
    >>> picture[:13], picture.count("<circle")
    ('<svg viewBox=', 1)
    """
    graph = layered(program, reads, writes)
    order = untangled(graph)
    heights = placed(graph, order)
    longest = max((len(edge.text) for edge in graph.edges), default=0)
    step = 64 + _LETTER * max(longest, 2)
    ends = [max(len(node.text) for node in graph.nodes if node.kind == kind) for kind in ("input", "output")]
    left, right = (_MARGIN + _LETTER * size + 4 for size in ends)
    places = [(left + step * node.column, heights[number]) for number, node in enumerate(graph.nodes)]
    width, height = left + right + step * (len(order) - 1), max(heights) + _RADIUS + _MARGIN
    parts = [f"<title>{escape(title)}</title>"] * bool(title)
    parts.append(f"<desc>{escape(repr(program))}</desc>")
    parts.append('<rect width="100%" height="100%" fill="#fff"/>')
    for edge in graph.edges:
        (x, y), beside = places[edge.start], _half(graph.nodes[edge.start]) * (graph.nodes[edge.start].kind == "input")
        parts.append(_line((x + beside, y), places[edge.end], _colour(edge)))
    parts += [_node(node, place) for node, place in zip(graph.nodes, places, strict=True) if node.kind != "bend"]
    parts += _labels(graph, places)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def layered(program: Program, reads: str = "x", writes: str = "y") -> Graph:
    """The program's values and outputs in columns by depth; longer edges bend in every column between.

    The edges of one value share their way as far as they go together.
    """
    field, names = Field(program.domain), value_names(program, reads)
    nodes = [Node(0, names[k], "input") for k in range(program.inputs)]
    wires: list[tuple[int, int, str]] = []
    for number, operation in enumerate(program.operations, program.inputs):
        column = 1 + max(nodes[operand].column for operand in operation.operands)
        nodes.append(Node(column, node_text(operation, field), "sum" if operation.adds else "product"))
        wires += [(operand, number, factor) for operand, factor in edge_texts(operation, field)]
    last = 1 + max(node.column for node in nodes)
    for place, value in enumerate(program.outputs):
        wires.append((value, len(nodes), ""))
        nodes.append(Node(last, f"{writes}{place}", "output"))
    bends: dict[tuple[int, int], int] = {}
    edges: dict[Edge, None] = {}
    for start, end, factor in wires:
        before = start
        for column in range(nodes[start].column + 1, nodes[end].column):
            if (start, column) not in bends:
                bends[start, column] = len(nodes)
                nodes.append(Node(column, "", "bend"))
            edges[Edge(before, bends[start, column])] = None
            before = bends[start, column]
        edges[Edge(before, end, factor)] = None
    return Graph(tuple(nodes), tuple(edges))


def untangled(graph: Graph) -> list[list[int]]:
    """The columns, each in the best order found by sweeps to and fro, every node at the mean place of its neighbours.

    Source: Sugiyama, Tagawa, Toda 1981.
    """
    columns = graph.columns()
    best = [list(column) for column in columns]
    fewest = crossings(graph, best)
    before, behind = _neighbours(graph)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for column in columns if forwards else reversed(columns):
            places = {number: k for items in columns for k, number in enumerate(items)}
            beside = before if forwards else behind
            means = {k: fmean([places[other] for other in beside[k]] or [places[k]]) for k in column}
            column.sort(key=means.__getitem__)
        if (found := crossings(graph, columns)) < fewest:
            best, fewest = [list(column) for column in columns], found
    return best


def crossings(graph: Graph, columns: Sequence[Sequence[int]]) -> int:
    """How many pairs of edges cross with the columns in this order.

    >>> graph = layered(Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [3, 2]))
    >>> crossings(graph, graph.columns()), crossings(graph, untangled(graph))
    (2, 1)
    """
    places = {number: k for items in columns for k, number in enumerate(items)}
    by_column: dict[int, list[tuple[int, int]]] = {}
    for edge in graph.edges:
        by_column.setdefault(graph.nodes[edge.start].column, []).append((places[edge.start], places[edge.end]))
    return sum(
        (a - c) * (b - d) < 0 for pairs in by_column.values() for k, (a, b) in enumerate(pairs) for c, d in pairs[:k]
    )


def placed(graph: Graph, columns: Sequence[Sequence[int]]) -> list[int]:
    """The height of every node: near to its neighbours, in the order of its column, as far apart as they need."""
    heights = [0.0] * len(graph.nodes)
    for column in columns:
        _stack(graph, column, dict.fromkeys(column, 0.0), heights)
    before, behind = _neighbours(graph)
    for sweep in range(2 * _SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {}
            for number in column:
                sides = [fmean([heights[k] for k in side[number]]) for side in (before, behind) if side[number]]
                wanted[number] = fmean(sides)
            _stack(graph, column, wanted, heights)
    top = min(heights) - _RADIUS - _MARGIN
    return [round(height - top) for height in heights]


def _stack(graph: Graph, column: Sequence[int], wanted: Mapping[int, float], heights: list[float]) -> None:
    """Nodes of a column as near to the wanted heights as their order and their sizes let them, by least squares."""
    offsets, offset, above = [], 0.0, ""
    for number in column:
        kind = graph.nodes[number].kind
        offset += (17.0 if "bend" in (kind, above) else 30.0) if above else 0.0
        offsets.append(offset)
        above = kind
    blocks: list[list[float]] = []
    for number, distance in zip(column, offsets, strict=True):
        blocks.append([wanted[number] - distance])
        while len(blocks) > 1 and fmean(blocks[-2]) > fmean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    levels = [fmean(block) for block in blocks for _ in block]
    for number, level, distance in zip(column, levels, offsets, strict=True):
        heights[number] = level + distance


def _neighbours(graph: Graph) -> tuple[list[list[int]], list[list[int]]]:
    """Of every node those in the column before it and behind it that it is joined to."""
    before: list[list[int]] = [[] for _ in graph.nodes]
    behind: list[list[int]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        before[edge.end].append(edge.start)
        behind[edge.start].append(edge.end)
    return before, behind


def _half(node: Node) -> float:
    """Half its width."""
    return _RADIUS if node.kind == "sum" else (_LETTER * len(node.text) + 8) / 2 if node.text else 0.0


def _colour(edge: Edge) -> str:
    return _NEGATIVE if edge.text.lstrip("(").startswith("-") else _POSITIVE if edge.text else _PLAIN


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="1.3"/>'


def _node(node: Node, place: tuple[float, float]) -> str:
    x, y = place
    text = _text(x, y, _signs(node.text), "#000")
    if node.kind == "sum":
        arms = f'<path d="M{x - 5:.1f} {y:.1f}h10M{x:.1f} {y - 5:.1f}v10" stroke="#000"/>'
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="#fff" stroke="#000"/>{arms}'
    half = _half(node)
    rounded, line = (6, "#000") if node.kind == "product" else (0, "none")
    return (
        f'<rect x="{x - half:.1f}" y="{y - _RADIUS:.1f}" width="{2 * half:.1f}" height="{2 * _RADIUS}" rx="{rounded}" '
        f'fill="#fff" stroke="{line}"/>{text}'
    )


def _labels(graph: Graph, places: Sequence[tuple[float, float]]) -> Iterator[str]:
    """The factors, each on its line where it covers no other and no node, and few other lines, if it can."""
    taken = [(x, y, _half(node), _RADIUS) for node, (x, y) in zip(graph.nodes, places, strict=True) if node.text]
    beside: dict[int, list[Edge]] = {}
    for edge in graph.edges:
        beside.setdefault(graph.nodes[edge.start].column, []).append(edge)
    for edge in graph.edges:
        if not edge.text:
            continue
        half = _LETTER * len(edge.text) / 2 + 1
        lines = [other for other in beside[graph.nodes[edge.start].column] if other is not edge]

        def disturbed(part: float, edge: Edge = edge, half: float = half, lines: list[Edge] = lines) -> tuple[int, int]:
            x, y = _along(edge, part, places)
            covers = sum(abs(x - a) < half + width and abs(y - b) < 7 + height for a, b, width, height in taken)
            return covers, sum(abs(_along(line, part, places)[1] - y) < 8 for line in lines)

        x, y = _along(edge, min(_PARTS, key=disturbed), places)
        taken.append((x, y, half, 7.0))
        colour = _colour(edge)
        if edge.text == "-":
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#fff" stroke="{colour}"/>'
            yield f'<path d="M{x - 3.5:.1f} {y:.1f}h7" stroke="{colour}" stroke-width="1.6"/>'
        else:
            yield _text(x, y, _signs(edge.text), colour, ' stroke="#fff" stroke-width="4" paint-order="stroke"')


def _along(edge: Edge, part: float, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """A place on the line of an edge."""
    (x1, y1), (x2, y2) = places[edge.start], places[edge.end]
    return x1 + part * (x2 - x1), y1 + part * (y2 - y1)


def _text(x: float, y: float, text: str, colour: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="{colour}"{more}>{escape(text)}</text>'


def _signs(text: str) -> str:
    """With minus signs as long as a plus."""
    return text.replace("-", "\N{MINUS SIGN}")
