# SPDX-License-Identifier: Apache-2.0
"""What people call: a report or a comparison of algorithms or sizes, schemes by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.algorithm.nesting import check_algorithm
from wincraft.construct.winograd import parse
from wincraft.errors import check_type
from wincraft.measure.costs import LayerShape, parse_layer_shape
from wincraft.measure.integers import Integers
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.build import build_report
from wincraft.report.comparison import Comparison, build_comparison
from wincraft.report.shown import Report

Schemes = Sequence[Scheme | str] | Scheme | str | None


def report(
    algorithm: Algorithm | str,
    schemes: Schemes = None,
    *,
    layer: LayerShape | str | None = None,
    workload: Workload | Layer | None = None,
    integers: Integers | None = None,
) -> Report:
    """What an algorithm costs and what rounding does to it, predicted and measured; ``wincraft.report`` itself.

    Args:
        algorithm: an algorithm, or a size such as ``"F(4x4,3x3)"``, which is made on the catalogue's points.
        schemes: one or several, by name or as `Scheme`; all of `wincraft.quantise.schemes.SCHEMES` by default.
        layer: adds the totals of a layer, ``"C,K,H,W"``, and its times beside those of other tiles.
        workload: what to measure on, a seeded `Workload` or a `Layer` of your own arrays; Gaussian data by default.
        integers: what bit widths and channel counts are of, by default the integers of the schemes, else int8.

    Raises:
        BadSize, UnknownName: for texts that name no size or scheme.
        BadShape, NotApplicable: as `wincraft.report.build.build_report`.

    >>> import wincraft as wc
    >>> wc.report("F(2,3)", "fp16").schemes[0].label
    'fp16'
    >>> from wincraft.measure.integers import Integers, parse_range
    >>> wc.report("F(2x2,3x3)", [], integers=Integers(parse_range("uint8"))).channels.outputs
    1827
    """
    return build_report(_algorithm(algorithm), _schemes(schemes), _layer(layer), workload, integers=integers)


def compare(
    *algorithms: Algorithm | str,
    schemes: Schemes = None,
    layer: LayerShape | str | None = None,
    workload: Workload | Layer | None = None,
    integers: Integers | None = None,
) -> Comparison:
    """Algorithms or sizes side by side on the same data, the best of each measure marked.

    Args:
        algorithms: as for `report`; the same one twice is one column.
        schemes: as for `report`; `wincraft.report.comparison.DEFAULT_SCHEMES` by default.
        layer: as for `report`; adds rows of its operations.
        workload: as for `report`.
        integers: as for `report`.

    Raises:
        BadSize, UnknownName: for texts that name no size or scheme.
        BadShape, NotApplicable: as `wincraft.report.build.build_report`; BadShape without algorithms.

    >>> import wincraft as wc
    >>> columns = wc.compare("F(2,3)", wc.winograd(2, 3, points="0,1,2"), schemes="fp16").columns
    >>> [column.description for column in columns][1]
    'F(2,3), points 0,1,2,inf; convention wincnn'
    """
    made = map(_algorithm, algorithms)
    columns = {f"{item.size}, {describe(item)}": item for item in made}
    return build_comparison(columns, _schemes(schemes), workload, integers=integers, layer=_layer(layer))


def _algorithm(given: Algorithm | str) -> Algorithm:
    made = parse(given) if isinstance(given, str) else given
    check_algorithm(made)
    return made


def _layer(given: LayerShape | str | None) -> LayerShape | None:
    check_type("a layer", given, LayerShape | str | None, 'give a text C,K,H,W, such as "64,64,56,56"')
    return parse_layer_shape(given) if isinstance(given, str) else given


def _schemes(given: Schemes) -> list[Scheme] | None:
    if given is None:
        return None
    several = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    return [as_scheme(item) for item in several]
