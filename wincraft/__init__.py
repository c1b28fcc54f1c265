# SPDX-License-Identifier: Apache-2.0
"""Make, prove, measure, improve and ship Winograd / Toom-Cook convolution algorithms F(m,r)."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm as Algorithm
    from wincraft.algorithm.linear_map import LinearMap as LinearMap
    from wincraft.algorithm.nesting import nest as nest
    from wincraft.construct.catalogue import catalogue as catalogue
    from wincraft.construct.change import change_basis as change_basis
    from wincraft.construct.conventions import CONVENTIONS as CONVENTIONS
    from wincraft.construct.factors import factorise as factorise
    from wincraft.construct.identify import identify as identify
    from wincraft.construct.scaling import balance as balance
    from wincraft.construct.winograd import parse as parse, winograd as winograd
    from wincraft.emit.writing import render as render, write as write
    from wincraft.errors import WincraftError as WincraftError
    from wincraft.files.probe import probe as probe
    from wincraft.files.reading import read as read
    from wincraft.quantise.evaluation import evaluate as evaluate
    from wincraft.quantise.prediction import predict as predict
    from wincraft.quantise.schemes import Scheme as Scheme
    from wincraft.quantise.simulation import simulate as simulate
    from wincraft.quantise.workload import Layer as Layer, Workload as Workload
    from wincraft.report.calls import compare as compare, report as report
    from wincraft.report.explorer import explore as explore
    from wincraft.search.calls import search as search
    from wincraft.search.points.space import Space as Space
    from wincraft.version import __version__ as __version__

show(__name__)
