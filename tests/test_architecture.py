# SPDX-License-Identifier: Apache-2.0
"""What keeps the package one house, read from its source: who imports whom, where a name stands, how large files are.

Imports inside functions count, and so do those that are spelled as strings: a circle that is hidden is a circle.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from statistics import median

import pytest
from oracle_source import DEFINITIONS, ROOT, members, modules, package

from wincraft.face import names

HOOKS = ("emit", "command")
"""Names that every sibling in a registry defines."""
TEXTS = re.compile(r"__str__|__repr__|_repr_\w+_|text")


def assigned(node):
    """The names that a statement at the top of a module assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def string_import(node):
    """The module that ``import_module("wincraft...")`` names, if the node is such a call."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
        name = node.args[0]
        if isinstance(name, ast.Constant) and str(name.value).startswith("wincraft"):
            return str(name.value)
    return None


def imports(tree):
    """Every module of wincraft that a module imports, and the names that it takes from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif name := string_import(node):
            yield name, []


def graph():
    """Module to the modules that it imports; the face of the whole package, which shows all of them, is left out."""
    known = modules().keys() - {"wincraft"}
    edges = {}
    for module in known:
        wanted = {f"{home}.{name}" for home, taken in imports(modules()[module]) for name in taken}
        wanted |= {home for home, _ in imports(modules()[module])}
        edges[module] = (wanted & known) - {module}
    return edges


def is_face(module):
    """Whether a module is a package that shows its names when they are asked for."""
    return ("wincraft.face", ["show"]) in imports(modules()[module])


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_faces_are_for_users():
    """A module of wincraft imports the module where a name stands: through a face it would import a circle.

    But for `Algorithm.change_basis`, the one convenience that looks up the floors, when it is called.
    """
    rooms = {"wincraft", *(f"wincraft.{path.parent.name}" for path in ROOT.glob("*/__init__.py"))}
    found = [f"{module}: {home}" for module, tree in modules().items() for home, _ in imports(tree) if home in rooms]
    assert found == ["wincraft.algorithm.bilinear: wincraft"]


def test_one_import_at_most_is_spelled_as_a_string():
    found = [name for tree in modules().values() for node in ast.walk(tree) if (name := string_import(node))]
    assert len(found) <= 1, found


def test_a_public_name_has_one_home():
    homes = defaultdict(set)
    for module, tree in modules().items():
        for node in tree.body:
            for name in [node.name] if isinstance(node, DEFINITIONS) else assigned(node):
                homes[name].add(module)
    shared = {name: places for name, places in homes.items() if len(places) > 1 and name not in HOOKS}
    shared = {name: places for name, places in shared.items() if not name.startswith("_")}
    assert len(shared) <= 5, shared


def test_no_package_takes_a_private_name_of_another():
    found = [
        f"{module}: {home}.{name}"
        for module, tree in modules().items()
        for home, taken in imports(tree)
        for name in (*home.split("."), *taken)
        if home.startswith("wincraft") and package(home) != package(module) and re.match(r"_[a-z]", name)
    ]
    assert found == []


def test_no_file_of_the_package_is_named_as_private():
    assert [module for module in modules() if re.search(r"\._[a-z]", module)] == []


def test_files_are_short():
    lines = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in ROOT.rglob("*.py")}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    assert median(lines.values()) <= 140


def test_few_types_are_any():
    assert sum(len(re.findall(r"\bAny\b", path.read_text())) for path in ROOT.rglob("*.py")) <= 400


def lines_of_text(node):
    """The lines of the functions of a class that write it for people, their docstrings apart."""
    texts = [item for item in members(node) if isinstance(item, ast.FunctionDef) and TEXTS.fullmatch(item.name)]
    statements = [part for item in texts for part in item.body[ast.get_docstring(item) is not None :]]
    return sum(part.end_lineno - part.lineno + 1 for part in statements)


def test_few_classes_write_their_own_text():
    classes = [
        (module, node)
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    found = [f"{module}.{node.name}" for module, node in classes if lines_of_text(node) > 4]
    assert len(found) <= 8, found


def test_the_field_of_numbers_is_asked_on_the_lowest_floor():
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.rglob("*.py"))
        if path.parent.name != "exact"
        for _ in re.findall(r"\bis_QQ\b", path.read_text())
    ]
    assert len(found) <= 3, found


FACES = ["wincraft", *sorted(module for module in modules() if module.count(".") == 1 and is_face(module))]


@pytest.mark.parametrize("module", FACES)
def test_a_face_shows_what_stands_in_its_modules(module):
    face, homes = import_module(module), names(module)
    assert dir(face) == sorted(homes)
    for name, home in homes.items():
        shown = getattr(face, name)
        if home.startswith(f"{module}.{name}."):
            assert callable(shown)
        else:
            assert shown is getattr(import_module(home), name)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        getattr(face, "no_such" + "_name")
    with pytest.raises(ImportError):
        exec(f"from {module} import no_such_name")


def test_a_function_is_not_hidden_by_its_module():
    module = import_module("wincraft.measure.costs")
    assert import_module("wincraft.measure").costs is module.costs
