# SPDX-License-Identifier: Apache-2.0
"""Make, prove, measure, improve and ship Winograd / Toom-Cook convolution algorithms F(m,r)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import BilinearAlgorithm
    from wincraft.algorithm.linear_map import LinearMap
    from wincraft.algorithm.nested import Nested
    from wincraft.basis.change import change_basis
    from wincraft.basis.factors import factorise
    from wincraft.construct.catalogue import catalogue
    from wincraft.construct.conventions import CONVENTIONS, balance
    from wincraft.construct.identify import identify
    from wincraft.construct.winograd import parse, winograd
    from wincraft.emit import render
    from wincraft.errors import WincraftError
    from wincraft.files import read
    from wincraft.report.explorer import explore

_HOMES = {
    "BilinearAlgorithm": "wincraft.algorithm.bilinear",
    "CONVENTIONS": "wincraft.construct.conventions",
    "LinearMap": "wincraft.algorithm.linear_map",
    "Nested": "wincraft.algorithm.nested",
    "WincraftError": "wincraft.errors",
    "balance": "wincraft.construct.conventions",
    "catalogue": "wincraft.construct.catalogue",
    "change_basis": "wincraft.basis.change",
    "explore": "wincraft.report.explorer",
    "factorise": "wincraft.basis.factors",
    "identify": "wincraft.construct.identify",
    "parse": "wincraft.construct.winograd",
    "read": "wincraft.files",
    "render": "wincraft.emit",
    "winograd": "wincraft.construct.winograd",
}

__all__ = [
    "CONVENTIONS",
    "BilinearAlgorithm",
    "LinearMap",
    "Nested",
    "WincraftError",
    "balance",
    "catalogue",
    "change_basis",
    "explore",
    "factorise",
    "identify",
    "parse",
    "read",
    "render",
    "winograd",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'wincraft' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
