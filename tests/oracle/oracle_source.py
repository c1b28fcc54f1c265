# SPDX-License-Identifier: Apache-2.0
"""The source of the package as syntax trees, read without importing it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import wincraft

ROOT = Path(wincraft.__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


@cache
def modules():
    """Module name to its tree, for the whole package."""
    paths = sorted(ROOT.rglob("*.py"))
    names = {path: ".".join(("wincraft", *path.relative_to(ROOT).with_suffix("").parts)) for path in paths}
    return {names[path].removesuffix(".__init__"): ast.parse(path.read_text()) for path in paths}


def members(tree):
    """The functions and classes of a module, or of a class."""
    return [node for node in tree.body if isinstance(node, DEFINITIONS)]


def package(module):
    """The package of a module, ``numbers`` of ``wincraft.numbers.rounding``."""
    return [*module.split("."), ""][1]
