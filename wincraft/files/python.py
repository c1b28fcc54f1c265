# SPDX-License-Identifier: Apache-2.0
"""Tables in Python source, by its syntax tree: assignments, arguments, dictionaries; nothing is executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeGuard

from wincraft.errors import BadNumber
from wincraft.exact.matrix import transposed
from wincraft.files.entry import ReadNumber, combine, evaluated, read_entry
from wincraft.files.names import Role, role_of
from wincraft.files.table import Table

MAX_SOURCE = 2**20
"""Longest source that is parsed as Python."""
MAX_NODE_DEPTH = 100
Value: TypeAlias = "ReadNumber | list[Value] | None"
"""A number, a list of values, or None for what is neither."""
Names = dict[str, Value]
Scope = tuple[str | tuple[int, int], ...]
Rows = list[list[ReadNumber]]
_UNCHANGED = {
    "array", "asarray", "matrix", "tensor", "Tensor", "Matrix", "ImmutableMatrix", "constant", "Constant", "Variable",
    "astype", "float", "double", "half", "int", "long", "to", "cuda", "cpu", "contiguous", "clone", "copy", "detach",
    "tolist", "Parameter", "list", "tuple", "float32", "float64", "float16", "const_matrix", "asmatrix", "as_tensor",
    "FloatTensor", "DoubleTensor", "from_numpy", "numpy", "requires_grad_", "round", "asnumpy", "device_put", "type",
    "ascontiguousarray", "mat", "convert_to_tensor", "type_as", "real",
}  # fmt: skip
_TURNED = {"transpose", "t", "matrix_transpose"}
_RESHAPED = {"reshape", "view", "resize"}


def tables_in_python(text: str) -> list[Table]:
    """Every table of numbers that is assigned, passed or returned under a name, or stands alone.

    Names of numbers and tables that were assigned before are followed; so are arithmetic, `.T`, `.reshape(6, 6)`,
    factors, and any call on one table, such as `np.array(...).astype(...)` or `Matrix(...)`.

    >>> [(table.role.written, table.rows) for table in tables_in_python("A = np.array([[1, 0], [h / 2., 1]]); h = 1")]
    []
    >>> [(table.role.written, table.rows) for table in tables_in_python("h = 1; A = np.array([[1, 0], [h / 2., 1]])")]
    [('A', [[1, 0], [1/2, 1]])]
    """
    if len(text) > MAX_SOURCE:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    reader = _Reader(text.encode().split(b"\n"))
    try:
        reader.read_block(tree.body, (), {})
    except RecursionError:
        return []
    return reader.found


class _Reader:
    """The tables of one module; names are looked up in the block where they stand and in those around it."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.found: list[Table] = []

    def read_block(self, body: list[ast.stmt], scope: Scope, names: Names) -> None:
        for statement in body:
            match statement:
                case ast.Assign(targets=[*targets], value=value):
                    for target in targets:
                        self._assign(target, value, scope, names)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._assign(target, value, scope, names)
                case ast.FunctionDef(name=name, body=inner) | ast.ClassDef(name=name, body=inner):
                    self.read_block(inner, (*scope, name), dict(names))
                case ast.Return(value=ast.expr() as value):
                    role = next((role for name in reversed(scope) if (role := role_of(str(name)))), None)
                    self._read(value, role, scope, names)
                case ast.Expr(value=value):
                    self._read(value, None, scope, names)
                case _:
                    for number, inner in enumerate(_blocks(statement)):
                        self.read_block(inner, (*scope, (statement.lineno, number)), names)

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope, names: Names) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                for one, other in zip(target.elts, value.elts, strict=True):
                    self._assign(one, other, scope, names)
            return
        name = _name(target)
        if name is None:
            return
        result = self._value(value, names, 0)
        if result is not None:
            names[name] = result
        self._add(result, role_of(name), value, scope, names)

    def _read(self, value: ast.expr, role: Role | None, scope: Scope, names: Names) -> None:
        self._add(self._value(value, names, 0), role, value, scope, names)

    def _add(self, result: Value, role: Role | None, value: ast.expr, scope: Scope, names: Names) -> None:
        """Keep a table; look into what is none."""
        if isinstance(result, list) and result:
            rows = result if all(isinstance(row, list) for row in result) else [result]
            if rows[0] and not any(isinstance(entry, list) for row in rows for entry in row):
                if role is not None or len(rows) > 1:
                    place = value.lineno * 1000 + value.col_offset
                    self.found.append(Table(rows, role, place, scope, lines=_lines(value, len(rows))))
                return
        for named, part in _parts(value):
            found = (role_of(named) if named else None) or (role if isinstance(value, ast.Call) else None)
            inner = (*scope, named) if named and found is None else scope
            self._read(part, found, inner, names)

    def _value(self, node: ast.expr, names: Names, depth: int) -> Value:
        """A number, a list of values, or None for what is neither."""
        if depth > MAX_NODE_DEPTH:
            return None
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                values = [self._value(part, names, depth + 1) for part in parts]
                return None if not values or any(value is None for value in values) else values
            case ast.Name(id=name) if isinstance(names.get(name), list):
                return names[name]
            case ast.Attribute(value=inner, attr="T" | "mT"):
                return _turned(self._value(inner, names, depth + 1))
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if isinstance(names.get(name), list):
                return names[name]
            case ast.Call():
                return self._call(node, names, depth)
            case ast.UnaryOp(op=ast.USub(), operand=inner) if isinstance(inner, (ast.Call, ast.List)):
                value = self._value(inner, names, depth + 1)
                return _scaled(value, -1, ast.Mult()) if isinstance(value, list) else self._number(node, names)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return _matrix_product(*(self._value(side, names, depth + 1) for side in (left, right)))
            case ast.BinOp(left=left, op=(ast.Mult() | ast.Div()) as operation, right=right):
                number = self._number(node, names)
                return number if number is not None else self._product(left, operation, right, names, depth)
        return self._number(node, names)

    def _product(self, left: ast.expr, operation: ast.operator, right: ast.expr, names: Names, depth: int) -> Value:
        """A table times or through a number."""
        first, second = (self._value(side, names, depth + 1) for side in (left, right))
        if isinstance(first, list) and second is not None and not isinstance(second, list):
            return _scaled(first, second, operation)
        if isinstance(second, list) and first is not None and isinstance(operation, ast.Mult):
            return _scaled(second, first, operation) if not isinstance(first, list) else None
        return None

    def _call(self, node: ast.Call, names: Names, depth: int) -> Value:
        name = _name(node.func) or ""
        subject = node.func.value if isinstance(node.func, ast.Attribute) else None
        match node.args:
            case [ast.Constant(value=str() as text)] if name in ("matrix", "mat", "asmatrix"):
                return _of_text(text)
            case [ast.Constant(value=str() as text), *_] if name == "fromstring":
                rows = _of_text(text)
                return rows and rows[0]
            case [first, second] if name in ("matmul", "dot", "mm"):
                return _matrix_product(*(self._value(side, names, depth + 1) for side in (first, second)))
        value = self._value(subject, names, depth + 1) if isinstance(subject, (ast.Call, ast.Name, ast.List)) else None
        arguments = node.args
        if not isinstance(value, list):
            if not arguments:
                return self._number(node, names)
            value, arguments = self._value(arguments[0], names, depth + 1), arguments[1:]
            if len(arguments) == 2 and not isinstance(value, list):  # Matrix(2, 4, [...])
                flat = self._value(arguments[1], names, depth + 1)
                return _reshaped(flat, [value, self._value(arguments[0], names, depth + 1)])
        if not isinstance(value, list):
            return self._number(node, names)
        if name in _TURNED:
            return _turned(value)
        if name in ("diag", "diagonal_matrix"):
            return _diagonal(value)
        if name in _RESHAPED:
            numbers = [self._value(argument, names, depth + 1) for argument in arguments]
            return _reshaped(value, numbers[0] if numbers and isinstance(numbers[0], list) else numbers)
        return value if name in _UNCHANGED or name[:1].isupper() or "tensor" in name or "array" in name else None

    def _number(self, node: ast.expr, names: Names) -> Value:
        def literal(constant: ast.Constant) -> str:
            line = self.lines[constant.lineno - 1]
            return line[constant.col_offset : constant.end_col_offset].decode()

        def look_up(name: str) -> ReadNumber:
            if name in names and not isinstance(names[name], list):
                return names[name]
            raise BadNumber(name, "it is no number")

        match node:
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                return read_entry(str(value)) if abs(value) < 10**18 else _attempt(node, literal, look_up)
            case ast.Constant(value=float()) | ast.Name() | ast.UnaryOp() | ast.BinOp() | ast.Call() | ast.Attribute():
                return _attempt(node, literal, look_up)
            case ast.Constant(value=str() as text) if len(text) < 100:
                return _attempt(node, literal, look_up) if any(sign.isdecimal() for sign in text) else None
        return None


def _of_text(text: str) -> Value:
    """The rows of np.matrix("1 0; 0 1")."""
    try:
        return [[read_entry(entry) for entry in row.replace(",", " ").split()] for row in text.split(";")]
    except BadNumber:
        return None


def _attempt(node: ast.expr, literal: Callable[[ast.Constant], str], look_up: Callable[[str], ReadNumber]) -> Value:
    try:
        return evaluated(node, literal, look_up)
    except BadNumber:
        return None


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case ast.Subscript(value=inner):
            return _name(inner)
    return None


def _parts(node: ast.expr) -> Iterator[tuple[str | None, ast.expr]]:
    """What may hold tables inside an expression, with the name it is given there."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                yield ast.unparse(key).strip("'\"") if key is not None else None, value
        case ast.Call(args=arguments, keywords=keywords):
            first = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
            yield from ((first if isinstance(first, str) else None, argument) for argument in arguments)
            yield from ((keyword.arg, keyword.value) for keyword in keywords)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            yield from ((None, part) for part in parts)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list) and inner:
            yield inner
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _is_matrix(value: Value) -> TypeGuard[Rows]:
    return isinstance(value, list) and all(isinstance(row, list) and len(row) == len(value[0]) for row in value)


def _turned(value: Value) -> Value:
    return transposed(value) if _is_matrix(value) else value


def _diagonal(entries: list[Value]) -> Value:
    """The matrix with a list of numbers on its diagonal."""
    if any(isinstance(entry, list) for entry in entries):
        return None
    zero = read_entry("0")
    return [[entry if i == j else zero for j in range(len(entries))] for i, entry in enumerate(entries)]


def _lines(value: ast.expr, count: int) -> tuple[int, ...]:
    """Where the first list of so many begins each of them; the line of the whole where there is none."""
    for node in ast.walk(value):
        if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == count > 1:
            return tuple(row.lineno for row in node.elts)
    return (value.lineno,) * count


def _matrix_product(left: Value, right: Value) -> Value:
    """The product of two matrices, zeros passed over; None where there is none."""
    if not (_is_matrix(left) and _is_matrix(right) and left and right and len(left[0]) == len(right)):
        return None
    try:
        return [[_inner_product(row, column) for column in transposed(right)] for row in left]
    except BadNumber:
        return None


def _inner_product(row: list[ReadNumber], column: list[ReadNumber]) -> Value:
    total = read_entry("0")
    for one, other in zip(row, column, strict=True):
        if one and other:
            total = combine(ast.Add(), total, combine(ast.Mult(), one, other))
    return total


def _reshaped(value: Value, shape: Value) -> Value:
    """A list of numbers as rows, or as it is where the shape does not fit."""
    if not isinstance(value, list):
        return None
    flat = [entry for row in value for entry in row] if _is_matrix(value) else value
    if not isinstance(shape, list) or len(shape) != 2 or any(isinstance(side, list) or side is None for side in shape):
        return value
    sides = [int(side) for side in shape]
    if any(isinstance(entry, list) for entry in flat) or max(sides) < 1 or max(sides) > len(flat):
        return value
    columns = sides[1] if sides[1] > 0 else len(flat) // sides[0]
    return [flat[k : k + columns] for k in range(0, len(flat), columns)] if len(flat) % columns == 0 else value


def _scaled(value: list[Value], factor: ReadNumber, operation: ast.operator) -> Value:
    try:
        return [_scaled(x, factor, operation) if isinstance(x, list) else combine(operation, x, factor) for x in value]
    except BadNumber:
        return None
