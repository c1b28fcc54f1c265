# SPDX-License-Identifier: Apache-2.0
"""Make, prove, measure, improve and ship Winograd / Toom-Cook convolution algorithms F(m,r)."""

from __future__ import annotations

import importlib as _importlib
import typing as _typing

from wincraft.version import __version__ as __version__

if _typing.TYPE_CHECKING:
    from wincraft.algorithm.bilinear import BilinearAlgorithm
    from wincraft.algorithm.linear_map import LinearMap
    from wincraft.algorithm.nested import Nested
    from wincraft.construct.catalogue import catalogue
    from wincraft.construct.change import change_basis
    from wincraft.construct.conventions import CONVENTIONS, balance
    from wincraft.construct.factors import factorise
    from wincraft.construct.identify import identify
    from wincraft.construct.winograd import parse, winograd
    from wincraft.emit import render, write
    from wincraft.errors import WincraftError
    from wincraft.files import probe, read
    from wincraft.quantise.evaluation import evaluate
    from wincraft.quantise.schemes import Scheme
    from wincraft.quantise.simulation import simulate
    from wincraft.quantise.workload import Layer, Workload
    from wincraft.report.calls import compare, report
    from wincraft.report.explorer import explore
    from wincraft.search.calls import search
    from wincraft.search.points.space import Space

_HOMES = {
    "BilinearAlgorithm": "wincraft.algorithm.bilinear",
    "CONVENTIONS": "wincraft.construct.conventions",
    "Layer": "wincraft.quantise.workload",
    "LinearMap": "wincraft.algorithm.linear_map",
    "Nested": "wincraft.algorithm.nested",
    "Scheme": "wincraft.quantise.schemes",
    "Space": "wincraft.search.points.space",
    "WincraftError": "wincraft.errors",
    "Workload": "wincraft.quantise.workload",
    "balance": "wincraft.construct.conventions",
    "catalogue": "wincraft.construct.catalogue",
    "change_basis": "wincraft.construct.change",
    "compare": "wincraft.report.calls",
    "evaluate": "wincraft.quantise.evaluation",
    "explore": "wincraft.report.explorer",
    "factorise": "wincraft.construct.factors",
    "identify": "wincraft.construct.identify",
    "parse": "wincraft.construct.winograd",
    "probe": "wincraft.files",
    "read": "wincraft.files",
    "render": "wincraft.emit",
    "simulate": "wincraft.quantise.simulation",
    "winograd": "wincraft.construct.winograd",
    "write": "wincraft.emit",
}
_CALLABLE_PACKAGES = ("report", "search")

__all__ = [
    "CONVENTIONS",
    "BilinearAlgorithm",
    "Layer",
    "LinearMap",
    "Nested",
    "Scheme",
    "Space",
    "WincraftError",
    "Workload",
    "balance",
    "catalogue",
    "change_basis",
    "compare",
    "evaluate",
    "explore",
    "factorise",
    "identify",
    "parse",
    "probe",
    "read",
    "render",
    "report",
    "search",
    "simulate",
    "winograd",
    "write",
]


def __getattr__(name: str) -> object:
    if name in _CALLABLE_PACKAGES:
        return _importlib.import_module(f"wincraft.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'wincraft' has no attribute {name!r}")
    return getattr(_importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
