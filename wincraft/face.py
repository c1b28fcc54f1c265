# SPDX-License-Identifier: Apache-2.0
"""Faces of packages: the public names of a package, each imported when it is first asked for.

An ``__init__`` lists them once, as imports under ``if TYPE_CHECKING:``, which type checkers read, and ends with
``show(__name__)``, which reads the same lines. So nothing is imported that is not used, and no list is kept twice.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import InspectLoader


@cache
def names(package: str) -> dict[str, str]:
    """The public names of a package that `show` was called for, and the module where each stands.

    >>> import wincraft.numbers
    >>> names("wincraft.numbers")["FloatFormat"]
    'wincraft.numbers.float_format'
    """
    import ast

    loader = cast("InspectLoader", sys.modules[package].__loader__)
    tree = ast.parse(loader.get_source(package) or "")
    blocks = [node.body for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: str(node.module) for node in imports for alias in node.names if alias.asname == alias.name}


class Face(ModuleType):
    """A package that imports what it shows when it is asked for it."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return sorted(name for name in names(self.__name__) if not name.startswith("_"))
        home = names(self.__name__).get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        inner = f"{self.__name__}.{name}"
        return import_module(inner) if home.startswith(f"{inner}.") else getattr(import_module(home), name)

    def __setattr__(self, name: str, value: object) -> None:
        """As for any module, but that the function ``costs`` is not hidden once its module ``costs`` is imported."""
        leaf = isinstance(value, ModuleType) and not hasattr(value, "__path__")
        if not (leaf and hasattr(value, name) and names(self.__name__).get(name) == f"{self.__name__}.{name}"):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(names(self.__name__))


class CallableFace(Face):
    """A package that is called like the function of its own name that it shows: ``wincraft.report(...)``."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call that function."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(names(self.__name__)[name]), name)(*args, **options)


def show(package: str, *, called: bool = False) -> None:
    """Make a package show the names that its ``__init__`` imports for type checkers as ``name as name``.

    With `called` it is called like the function of its own name among them.

    >>> import wincraft
    >>> type(wincraft).__name__, type(wincraft.search).__name__
    ('Face', 'CallableFace')
    """
    sys.modules[package].__class__ = CallableFace if called else Face
