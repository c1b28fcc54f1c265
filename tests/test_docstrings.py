# SPDX-License-Identifier: Apache-2.0
"""What the docstrings of the package must hold, read from the source without importing it.

- Every public module, function, class, method and property has a docstring. Public: no part of its dotted name begins
  with an underscore. What `wincraft.exact.types` lists of sympy's methods sympy explains.
- Every name of the interface has a runnable example. The interface is what `wincraft` and its packages list in
  ``__all__``, and every public function and class of the packages in `INTERFACE` that another package of wincraft, a
  page or a notebook imports by name. The example stands in the docstring of the function or class, or in one of the
  class; a record that functions of its module return is shown by the example of one of those.
- A public function, method or class names in its Raises section every child of `WincraftError` that it raises itself or
  through the private functions and methods of its module; and no Raises section names what is no exception.

That the examples are true is what running them as doctests shows. Shapes, domains and units are left to reading.
"""

from __future__ import annotations

import ast
import builtins
import re
from functools import cache
from pathlib import Path

import pytest
from oracle_source import FUNCTIONS, ROOT, members, modules, package

from wincraft.face import names

INTERFACE = (
    "algorithm",
    "numbers",
    "construct",
    "plan",
    "measure",
    "quantise",
    "search",
    "report",
    "emit",
    "files",
    "torch",
)
EXAMPLE = re.compile(r"^\s*>>> ", re.MULTILINE)

"""Names of the interface that need no example, with the reason."""


def is_public(name):
    return not any(part.startswith("_") for part in name.split("."))


@cache
def definitions():
    """Dotted name to (module name, node), for every public function, class, method and property."""
    found = {}
    for module, tree in modules().items():
        for node in members(tree):
            found[f"{module}.{node.name}"] = (module, node)
            if isinstance(node, ast.ClassDef) and module != "wincraft.exact.types":
                found |= {f"{module}.{node.name}.{inner.name}": (module, inner) for inner in members(node)}
    return {name: place for name, place in found.items() if is_public(name)}


@cache
def interface():
    """The dotted names of the interface."""
    wanted = set()
    for module, tree in modules().items():
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        for node in imports:
            listed = module in ("wincraft", f"wincraft.{package(module)}")
            if package(node.module) in INTERFACE and (listed or package(node.module) != package(module)):
                wanted |= {f"{node.module}.{alias.name}" for alias in node.names}
    pages = [
        ROOT.parent / "README.md",
        *(ROOT.parent / "docs").rglob("*.md"),
        *(ROOT.parent / "notebooks").glob("*.py"),
    ]
    for page in filter(Path.exists, pages):
        imports = re.findall(r"^(?:>>> )?from (wincraft\.(\w+)[\w.]*) import (.+)$", page.read_text(), re.MULTILINE)
        wanted |= {
            f"{home}.{n.strip()}" for home, part, names in imports if part in INTERFACE for n in names.split(",")
        }
    return sorted(wanted & definitions().keys())


def documented(node):
    """The docstrings of a function, or of a class and what is public in it."""
    inner = [item for item in members(node) if is_public(item.name)] if isinstance(node, ast.ClassDef) else []
    return "\n".join(ast.get_docstring(item) or "" for item in (node, *inner))


def returning(tree, name):
    """The public functions of a module that name the class in the annotation of what they return."""
    named = re.compile(rf"\b{name}\b")
    return [
        node
        for node in members(tree)
        if isinstance(node, FUNCTIONS) and node.returns is not None and named.search(ast.unparse(node.returns))
    ]


def has_example(name):
    module, node = definitions()[name]
    places = [node, *(returning(modules()[module], node.name) if isinstance(node, ast.ClassDef) else [])]
    return any(EXAMPLE.search(documented(place)) for place in places)


@cache
def errors():
    """The names of `WincraftError` and of the classes made from it."""
    classes = [node for tree in modules().values() for node in members(tree) if isinstance(node, ast.ClassDef)]
    found, more = set(), {"WincraftError"}
    while more:
        found |= more
        more = {node.name for node in classes if found & set(map(ast.unparse, node.bases))} - found
    return found


def is_error(name):
    found = getattr(builtins, name, None)
    return name in errors() or (isinstance(found, type) and issubclass(found, Exception))


def raised(node, helpers, seen=frozenset()):
    """The children of `WincraftError` in raise statements of a function and of the private ones that it calls."""
    found = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Raise) and item.exc is not None:
            cause = item.exc.func if isinstance(item.exc, ast.Call) else item.exc
            found |= {cause.id} if isinstance(cause, ast.Name) and cause.id in errors() else set()
        if isinstance(item, ast.Call):
            called = item.func.id if isinstance(item.func, ast.Name) else getattr(item.func, "attr", "")
            if called in helpers and called not in seen:
                found |= raised(helpers[called], helpers, seen | {called})
    return found - caught(node)


def caught(node):
    """The names after ``except`` in a function."""
    handlers = [item.type for item in ast.walk(node) if isinstance(item, ast.ExceptHandler) and item.type]
    return {name.id for handler in handlers for name in ast.walk(handler) if isinstance(name, ast.Name)}


def raising(module, node):
    """What a function raises, or a class when it is made."""
    tree = modules()[module]
    private = [item for item in ast.walk(tree) if isinstance(item, FUNCTIONS) and item.name.startswith("_")]
    helpers = {item.name: item for item in private if not item.name.endswith("__")}
    if isinstance(node, ast.ClassDef):
        made = [item for item in members(node) if item.name in ("__init__", "__post_init__", "__new__")]
        return set().union(*(raised(item, helpers) for item in made))
    return raised(node, helpers)


def named_in_raises(node):
    """The names in the Raises section of a docstring."""
    lines = (ast.get_docstring(node) or "").splitlines()
    if "Raises:" not in lines:
        return None
    section = []
    for line in lines[lines.index("Raises:") + 1 :]:
        if not line.startswith("    "):
            break
        section.append(line)
    return [name.strip() for line in section if re.match(r" {4}\w", line) for name in line.split(":")[0].split(",")]


def test_every_public_name_has_a_docstring():
    bare = [name for name, tree in modules().items() if not ast.get_docstring(tree)]
    bare += [name for name, (_, node) in definitions().items() if not ast.get_docstring(node)]
    assert bare == []


def test_functions_in_registries_have_a_docstring():
    functions = {}
    for module, tree in modules().items():
        named = {node.name: node for node in members(tree)}
        for node in tree.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if (
                isinstance(target, ast.Name)
                and re.fullmatch("[A-Z][A-Z_]*", target.id)
                and isinstance(node.value, ast.Dict)
            ):
                names = [item.id for item in ast.walk(node.value) if isinstance(item, ast.Name) and item.id in named]
                functions |= {f"{module}.{target.id}: {name}": named[name] for name in names}
    assert functions
    assert [name for name, node in functions.items() if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("name", interface())
def test_every_name_of_the_interface_has_an_example(name):
    assert has_example(name)


@pytest.mark.parametrize("name", sorted(name for name in definitions() if not name.startswith("wincraft.cli.")))
def test_raises_names_what_is_raised(name):
    module, node = definitions()[name]
    listed = named_in_raises(node)
    assert raising(module, node) - set(listed or []) == set()
    assert [item for item in listed or [] if not is_error(item)] == []


def test_the_whole_interface_is_seen():
    assert len(interface()) > 100
    assert {f"wincraft.{part}" for part in INTERFACE} <= modules().keys()
    assert {f"{home}.{name}" for name, home in names("wincraft").items()} & definitions().keys() <= {
        *interface(),
        "wincraft.errors.WincraftError",
    }
