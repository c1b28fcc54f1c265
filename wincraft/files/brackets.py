# SPDX-License-Identifier: Apache-2.0
"""Tables between brackets: arrays of C and its relatives, shaders, Rust, Julia, MATLAB, MLIR, printed arrays.

The text is cut at its brackets, never at its lines. Excerpts, macros and unknown languages are common, and a grammar
of one language (tree-sitter's or pycparser's for C) would refuse them, so only brackets, separators and names count.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass, field

from wincraft.exact.matrix import transposed
from wincraft.exact.splitting import split_list
from wincraft.files.comments import Source
from wincraft.files.entry import Constants, looks_like_number
from wincraft.files.names import Role, last_role
from wincraft.files.table import Table

MAX_BRACKETS = 20
_LONGEST = 3_000_000
_LOOK_BACK = 240
_BRACKET = re.compile(r"[\[\](){}]")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_GENERIC = re.compile(r"(?<=\w)<[\w\s:,.*&]{0,120}>(?=\s*[\[({>,\w])")
_WORD = r"[A-Za-z_.&$@!*'#][\w.!*&$@'#]*"
_WRAPPER = rf"(?:{_WORD}\s+){{0,4}}(?:{_WORD})?\s*"
_BEFORE = re.compile(rf"\s*(?:=\s*)?{_WRAPPER}")
_VECTOR_CAST = re.compile(r"\(\s*(?:float|half|double|int|short|char)\d{1,2}\s*\)(?=\s*\()")
_BETWEEN = re.compile(rf"\s*(?:[,;]\s*)?(?:=\s*)?{_WRAPPER}")  # = where an index stood: [1] = {0, 1}
_AFTER = re.compile(r"\s*(?:[,;]\s*[A-Za-z_][\w.]*(?:\s*=\s*[\w.]+)?\s*)*[,;]?\s*")
_NEXT_LINE = re.compile(r"[ \t,]*\n[ \t-]*")
_TURNED = re.compile(r"[)\s]*(?:'(?!\w)|\.T\b|\.t\(\)|\.transpose\(\)|\^\{?T\b|\^\\top)")
_COMMA_INITIALISER = re.compile(
    r"(?<!\w)([A-Za-z_]\w{0,80})\s{0,40}"
    r"(?:=\s{0,40}\(?\s{0,40}[\w:.]{1,80}\s{0,80}\(\s{0,40}(\d{1,4})\s{0,40},\s{0,40}(\d{1,4})\s{0,40}\)\s{0,40})?"
    r"<<\s*([-+\d.(][^;<>{}\[\]]{1,20000});"
)
"""Eigen's G << 1, 0, 0; and OpenCV's Mat G = (Mat_(4, 3) << 1, 0, 0)."""
_DIMENSIONS = re.compile(r"\[\s*([^\[\]]{1,40}?)\s*\]\s*\[\s*([^\[\]]{1,40}?)\s*\]\s*=?\s*\{?\s*$")
_NAMED_CALL = re.compile(r"(?:\b|_)(?:[ABGabg][Tt]?)\w{0,20}$")
_LABEL = re.compile(r"\d*\s*,|,\s*\d+")
_SIZES = re.compile(r"\[[^\[\]]*\]")
_CALL_SHAPE = re.compile(r"\(\s*(\d{1,4})\s*,\s*(\d{1,4})\s*,\s*$")


@dataclass
class _Node:
    """What stands between a bracket and its partner; `index` marks the brackets of sizes and elements, x[4]."""

    kind: str
    start: int
    end: int = -1
    children: list[_Node] = field(default_factory=list)
    index: bool = False


def tables_in_brackets(source: Source) -> list[Table]:
    """Every largest bracketed group of numbers that has a name, or rows, in the order of the text.

    >>> from wincraft.files.comments import split_comments
    >>> found = tables_in_brackets(split_comments("float AT[2][4] = {{1, 1, 1, 0}, {0, 1, -1.f, 1}};"))
    >>> found[0].role.written, found[0].rows
    ('AT', [['1', '1', '1', '0'], ['0', '1', '-1.f', '1']])
    """
    code = _VECTOR_CAST.sub(lambda match: " " * len(match[0]), source.code)
    if "reshape" in code.lower():  # Fortran's brackets of arrays, and its lines that go on
        code = re.sub(r"&(?=[ \t]*\n)", " ", code.replace("(/", "[ ").replace("/)", " ]"))
    for _ in range(4):
        shorter = _GENERIC.sub(lambda match: " " * len(match[0]), code)
        if shorter == code:
            break
        code = shorter
    reader = _Reader(code, source.constants)
    reader.search()
    return sorted(reader.found, key=lambda table: table.place)


def _tree(code: str) -> _Node:
    root = _Node("", -1, len(code))
    stack = [root]
    for match in _BRACKET.finditer(code):
        sign, at = match[0], match.start()
        if sign in "([{":
            node = _Node(sign, at)
            stack.append(node)
            continue
        depth = next((k for k in range(1, min(4, len(stack))) if stack[-k].kind == _CLOSES[sign]), 0)
        if not depth:
            continue
        for unclosed in stack[len(stack) - depth + 1 :]:
            stack[-depth].children += unclosed.children
        del stack[len(stack) - depth + 1 :]
        node = stack.pop()
        node.end = at
        stack[-1].children.append(node)
    for unclosed in stack[1:]:
        root.children += unclosed.children
    return root


class _Reader:
    """The tables of one text: `search` walks its brackets, `found` collects."""

    def __init__(self, code: str, constants: Constants) -> None:
        self.code = code
        self.constants = constants
        self.found: list[Table] = []
        self.numbers: dict[str, bool] = {}
        self.rows: dict[int, list[list[str]] | None] = {}

    def search(self) -> None:
        self.code = _COMMA_INITIALISER.sub(self._comma_initialised, self.code)
        walk: list[tuple[_Node, list[_Node], int]] = [(_tree(self.code), [], 0)]
        while walk:
            parent, above, depth = walk.pop()
            end = parent.start + 1
            chain = [*above[-6:], parent]
            self._mark_indices(parent)
            following = 0
            for position, node in enumerate(parent.children):
                if position < following:
                    continue
                rows = None if node.index else self._rows(node, 0)
                if rows is not None and (len(rows) > 1 or len(rows[0]) > 1 or node.kind != "("):
                    following, rows = self._with_following(parent.children, position, rows)
                    self._add(node, rows, chain, end)
                    end = parent.children[following - 1].end + 1
                elif depth < MAX_BRACKETS:
                    walk.append((node, chain, depth + 1))

    def _comma_initialised(self, match: re.Match[str]) -> str:
        """Keep the table of a comma initialiser; what is left of its text."""
        name, rows, columns, body = match.groups()
        entries = [entry.strip() for entry in split_list(body[:-1] if body.count(")") > body.count("(") else body)]
        role = last_role(name)
        if role is None or len(entries) < 2 or not all(map(self._is_number, entries)):
            return match[0]
        fits = rows is not None and int(rows) * int(columns) == len(entries)
        shape = (int(rows), int(columns)) if fits else None
        self.found.append(Table([entries], role, match.start(), (), shape, self.constants))
        return " " * len(match[0])

    def _with_following(self, nodes: list[_Node], position: int, rows: list[list[str]]) -> tuple[int, list[list[str]]]:
        """The rows with those of the brackets on the next lines, as comments, YAML and sympy's print have them."""
        following = position + 1
        if len(rows) > 1:
            return following, rows
        while following < len(nodes):
            last, node = nodes[following - 1], nodes[following]
            more = self._rows(node, 0) or [[]]
            empty = not self.code[node.start + 1 : node.end].strip()
            if (
                node.kind != last.kind
                or not _NEXT_LINE.fullmatch(self.code, last.end + 1, node.start)
                or not (empty or (len(more) == 1 and len(more[0]) == len(rows[0])))
            ):
                break
            rows = rows if empty else [*rows, *more]
            following += 1
        return following, rows

    def _add(self, node: _Node, rows: list[list[str]], above: list[_Node], end: int) -> None:
        before = self.code[max(end, node.start - _LOOK_BACK) : node.start]
        if node.kind == "(" and len(rows) == 1 and len(rows[0]) < 4 and _NAMED_CALL.search(before):
            return  # the sizes of an array or the arguments of a function, not its entries
        first = end == above[-1].start + 1  # what follows another table has no name but its own
        role = self._role(before, above if first else above[-1:])
        if role is None and len(rows) == 1:
            return
        turned = len(set(map(len, rows))) == 1 and _TURNED.match(self.code, node.end + 1)
        scope = tuple(block.start for block in above if block.kind == "{")
        shape = self._declared(before, sum(map(len, rows))) if len(rows) == 1 else None
        self.found.append(Table(transposed(rows) if turned else rows, role, node.start, scope, shape, self.constants))

    def _role(self, before: str, above: list[_Node]) -> Role | None:
        sizes_gone = _SIZES.sub(" ", _SIZES.sub(" ", before))
        role = last_role(sizes_gone.rpartition(";")[2])
        for inner, outer in zip(reversed(above[1:]), reversed(above[:-1]), strict=True):
            if role is not None:
                break
            start = max(outer.start + 1, inner.start - _LOOK_BACK // 2)
            role = last_role(re.split(r"[;}]", self.code[start : inner.start])[-1], 1 if inner.kind != "{" else 3)
        return role

    def _declared(self, before: str, size: int) -> tuple[int, int] | None:
        match = _DIMENSIONS.search(before) or _CALL_SHAPE.search(before)
        if match is None:
            return None
        rows, columns = (self.constants.texts.get(text, text).strip() for text in match.groups())
        if not (rows.isdecimal() and columns.isdecimal() and len(rows + columns) < 10):
            return None
        return (int(rows), int(columns)) if int(rows) * int(columns) == size else None

    def _is_number(self, text: str) -> bool:
        if text not in self.numbers:
            self.numbers[text] = looks_like_number(text, self.constants)
        return self.numbers[text]

    def _rows(self, node: _Node, depth: int) -> list[list[str]] | None:
        """The group as rows, or None where it is no table of numbers."""
        if id(node) not in self.rows:
            self.rows[id(node)] = self._read_rows(node, depth)
        return self.rows[id(node)]

    def _read_rows(self, node: _Node, depth: int) -> list[list[str]] | None:
        if node.end - node.start > _LONGEST or depth > 6:
            return None
        if node.children:
            self._mark_indices(node)
        kids = [child for child in node.children if not child.index]
        if kids and all(self._is_row(child) for child in kids):
            nested = self._nested(node, kids, depth)
            if nested is not None:
                return nested
        if any(child.kind in "[{" for child in kids):
            return None
        return self._leaf(self.code[node.start + 1 : node.end])

    def _mark_indices(self, node: _Node) -> None:
        """Mark x[4], [4][3]float32{...}, new float[4, 3] {...}, [0] = {...} and R's [1,]: sizes and places, no rows."""
        for child in node.children:
            inside = self.code[child.start + 1 : child.end].strip()
            if child.kind != "[" or child.children or len(inside) > 40 or ";" in inside:
                continue
            before = self.code[child.start - 1 : child.start] if child.start - 1 != node.start else ""
            after = self.code[child.end + 1 : child.end + 4]
            follows = before.isalnum() or before in ("_", "]")
            next_sign = after.lstrip()[:1]
            if "," in inside:
                child.index = bool(_LABEL.fullmatch(inside)) or (follows and next_sign == "{")
            else:
                attached = after[:1] in ("[", "(", "{") or after[:1].isalpha() or next_sign == "="
                child.index = not inside or (len(inside.split()) == 1 and (follows or attached))

    def _is_row(self, child: _Node) -> bool:
        """Whether brackets hold several things, as a row does; round ones may only group a number."""
        inside = self.code[child.start + 1 : child.end]
        several = any(kid.kind != "(" for kid in child.children) or len(split_list(inside)) > 1
        return child.kind != "(" or several or len(inside.split()) > 1

    def _nested(self, node: _Node, kids: list[_Node], depth: int) -> list[list[str]] | None:
        edges = [node.start + 1, *(edge for child in kids for edge in (child.start, child.end + 1)), node.end]
        gaps = [self.code[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
        for child in node.children:
            if child.index:
                gap = bisect(edges[::2], child.start) - 1
                gaps[gap] = gaps[gap].replace(self.code[child.start : child.end + 1], " ", 1)
        first, *between, last = gaps
        if not (_BEFORE.fullmatch(first) and all(map(_BETWEEN.fullmatch, between)) and _AFTER.fullmatch(last)):
            return None
        tables = []
        for child in kids:
            rows = self._rows(child, depth + 1)
            if rows is None:
                return None
            tables.append(rows)
        if len(tables) == 1:
            return tables[0]
        if not any(child.children or ";" in self.code[child.start : child.end] for child in kids):
            tables = self._unwrapped(tables)
        ragged = node.kind == "(" and len({len(rows[0]) for rows in tables}) > 1  # the arguments of a call
        return [rows[0] for rows in tables] if not ragged and all(len(rows) == 1 for rows in tables) else None

    @staticmethod
    def _unwrapped(tables: list[list[list[str]]]) -> list[list[list[str]]]:
        """Rows that a printer broke into several lines, as NumPy does, where they come out of one length."""
        joined = [[[entry for line in lines for entry in line]] for lines in tables]
        return joined if len({len(row) for [row] in joined}) == 1 else tables

    def _leaf(self, text: str) -> list[list[str]] | None:
        """Entries between commas, or between blanks; semicolons, and newlines without commas, end rows."""
        if "=" in text or not text.strip():
            return None
        text = re.sub(r"\.\.\.[^\n]*\n", " ", text)
        commas = len(split_list(text)) > 1
        by_line = not commas or not re.search(r",[ \t]*\n|\n[ \t]*,", text.strip())
        lines = split_list(text, ";" if ";" in text or not by_line else "\n")
        rows = []
        for line in lines:
            if not line.strip():
                continue
            entries = [entry.strip() for entry in split_list(line)] if commas else blank_separated(line)
            if entries and not entries[-1]:
                entries.pop()
            if not entries or not all(map(self._is_number, entries)):
                return None
            rows.append(entries)
        return rows or None


def blank_separated(line: str) -> list[str]:
    """Entries between blanks; blanks round a slash or a star separate nothing.

    >>> blank_separated(" 1 / 2  -0.5  (2 + 1)/3")
    ['1/2', '-0.5', '(2+1)/3']
    """
    line = re.sub(r"\([^()]{0,80}\)", lambda match: match[0].replace(" ", ""), line)
    return re.sub(r"(?<=\S)[ \t]*([/*])[ \t]*(?=\S)", r"\1", line).split()
