# SPDX-License-Identifier: Apache-2.0
"""How many operations an algorithm takes: per tile, per output, for a layer, and from how many channels on it pays.

One *operation* is one addition or subtraction, one multiplication by a general constant, by a small integer, or by a
power of two (a shift, or a change of exponent), or one multiply-add of two variables, as products and direct
convolution take them. Zeros, ones and signs are free: a sign turns the addition that follows into a subtraction. Counts
are those of the programs that are written, in C headers for one; beside them stand those of the matrices as they are,
row by row, nothing shared. A multiplication that fuses with an addition counts as both.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Literal

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.algorithm.linear_map import LinearMap
from wincraft.circuit.operations import Operations, of_constant, operations_of, sum_of
from wincraft.circuit.recording import of_matrix
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.construct.circuits import Circuits
from wincraft.errors import BadShape, WrongForm, shorten
from wincraft.measure.execution import stages_of
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, plural
from wincraft.show.shown import Shown

MAX_LAYER = 10**9
"""The largest number in a layer."""

MapName = Literal["input", "filter", "output"]
_MAPS: tuple[MapName, ...] = ("output", "filter", "input")


@dataclass(frozen=True)
class StageCost:
    """One stage of a map along one axis of a tile (None: over all of it), a matrix of `shape` applied to `vectors`.

    `matrix` is the name of the map, ``BT``, ``G`` or ``AT`` (in linear convolution form ``A``, ``G`` or ``B``), and
    `number` the place of the stage in the chain of this axis, 0 first; `non_zeros` are the entries of the matrix.
    `operations` are those of the program, `plain` those of the matrix row by row.

    >>> from wincraft import winograd
    >>> costs(winograd(2, 3)).stages[0].shape
    (4, 4)
    """

    label: str
    map: MapName
    matrix: str
    number: int
    axis: int | None
    shape: tuple[int, int]
    vectors: int
    non_zeros: int
    operations: Operations
    plain: Operations


@dataclass(frozen=True)
class Amortised:
    """Operations per output and pair of channels of whole tiles with C = K = `channels`, the filter's left out.

    The data transform of a channel serves K filters, the output transform C channels: `transforms` falls with them.
    """

    channels: int
    transforms: Fraction
    products: Fraction

    @property
    def total(self) -> Fraction:
        """Transforms and products."""
        return self.transforms + self.products


@dataclass(frozen=True, repr=False)
class Costs(Shown):
    """Operation counts of one tile of one channel.

    `input` is the data transform (per tile and input channel), `filter` the filter transform (per filter and input
    channel, done once, offline), `output` the output transform with the division by the scale, if there is one (per
    tile and output channel). `products` is the rank, `direct` the multiply-adds of direct convolution.
    """

    size: str
    form: str
    tile: tuple[int, ...]
    products: int
    direct: int
    stages: tuple[StageCost, ...]
    input: Operations
    filter: Operations
    output: Operations
    circuit: str = DEFAULT_CIRCUIT

    def plain(self, name: MapName) -> Operations:
        """What a transform takes with its matrices row by row, nothing shared; the output without the division."""
        return sum_of(stage.plain for stage in self.stages if stage.map == name)

    @property
    def outputs(self) -> int:
        """Outputs of a tile."""
        return prod(self.tile)

    @property
    def products_per_output(self) -> Fraction:
        """R / m^d."""
        return Fraction(self.products, self.outputs)

    @property
    def direct_per_output(self) -> Fraction:
        """r^d."""
        return Fraction(self.direct, self.outputs)

    @property
    def saving(self) -> Fraction:
        """How many times fewer products than direct convolution."""
        return Fraction(self.direct, self.products)

    @property
    def break_even(self) -> int | None:
        """The smallest C = K from which whole tiles take fewer operations than direct convolution; None: no C does."""
        return _break_even(self.input.total + self.output.total, self.products, self.direct)

    def amortised(self, channels: int) -> Amortised:
        """What an output of a pair of channels costs, with as many filters as channels.

        >>> from wincraft import parse
        >>> found = costs(parse("F(2x2,3x3)", points="0,1,-1")).amortised(8)
        >>> print(found.transforms, found.products, found.total)
        7/4 4 23/4
        """
        transforms = Fraction(self.input.total + self.output.total, self.outputs * channels)
        return Amortised(channels, transforms, self.products_per_output)

    def layout(self) -> Layout:
        """The operations of a tile by transform and kind, and where they pay."""
        rows = []
        names: tuple[MapName, ...] = ("input", "filter", "output")
        for name, cost in zip(names, (self.input, self.filter, self.output), strict=True):
            counts = (cost.multiplications, cost.small, cost.shifts, cost.additions, cost.total)
            rows.append((name, *map(count, (*counts, self.plain(name).additions))))
        header = ("per tile", "multiplications", "small", "shifts", "additions", "operations", "plain additions")
        return Layout(
            f"costs of {self.size}: {plural(self.products, 'product')} for {plural(self.outputs, 'output')}, "
            f"direct {count(self.direct)}",
            (),
            (Section("", (Table(header, tuple(rows), "lrrrrrr"),),
                     (f"fewer operations than direct {_from_channels(self.break_even)}",)),),
        )  # fmt: skip


@dataclass(frozen=True)
class LayerShape:
    """C input channels, K filters, and the spatial sizes of the outputs.

    Raises:
        BadShape: a number that is not 1..`MAX_LAYER`.
    """

    channels: int
    filters: int
    spatial: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.spatial or not all(1 <= size <= MAX_LAYER for size in (self.channels, self.filters, *self.spatial)):
            raise BadShape("a layer", shorten(str(self)), f"C,K,H,W, each from 1 to {MAX_LAYER}")

    def __str__(self) -> str:
        return ",".join(map(str, (self.channels, self.filters, *self.spatial)))


@dataclass(frozen=True, repr=False)
class LayerCosts:
    """Operations of a whole layer, its borders included: tiles beyond the border are computed in full.

    `total` is tiles (C input + K output + C K R); the filter transform, `offline`, is not in it. `direct` is
    H W C K r^d. `break_even` is the smallest C = K from which `total` is below `direct`, None where there is none.
    """

    layer: LayerShape
    tiles: int
    input: int
    products: int
    output: int
    offline: int
    direct: int
    break_even: int | None

    @property
    def total(self) -> int:
        """Operations of one run of the layer."""
        return self.input + self.products + self.output

    @property
    def saving(self) -> Fraction:
        """How many times fewer operations than direct convolution."""
        return Fraction(self.direct, self.total)

    def __repr__(self) -> str:
        return (
            f"layer {self.layer}: {self.total} operations, direct {self.direct} "
            f"({float(self.saving):.3g} times fewer); fewer than direct {_from_channels(self.break_even)}"
        )


def costs(algorithm: Algorithm, circuit: str = DEFAULT_CIRCUIT) -> Costs:
    """Operation counts of an algorithm, those of the programs that one of `CHOICES` of circuits takes. Exact.

    A sum of two values takes an addition, a constant other than +-1 a multiplication, a shift if it is a power of two,
    or one by a small integer (see `Operations`). A pass along one of several
    axes is applied to all vectors along it: the product of the current sizes of the other axes. A scale other than 1
    takes one multiplication (shift) per output. In linear convolution form an output is one of n.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.
        UnknownName: for a circuit that is not in the registry.

    Source: counted as by Lavin & Gray, arXiv 1509.09308, whose 32 and 24 for F(2x2,3x3) these are.

    >>> from wincraft import parse, winograd
    >>> costs(winograd(2, 3, points="0,1,-1"))
    costs of F(2,3): 4 products for 2 outputs, direct 6
      per                                                                plain
      tile    multiplications  small  shifts  additions  operations  additions
      input                 0      0       0          4           4          4
      filter                0      0       6          4          10          4
      output                0      0       0          4           4          4
      fewer operations than direct from C = K = 5
    >>> found = costs(parse("F(2x2,3x3)", points="0,1,-1"))
    >>> found.input.total, found.output.total
    (32, 24)
    """
    algorithm.field.need_order(f"operation counts of {algorithm.size}")
    named = zip(_MAPS, map_names(algorithm), algorithm.maps, strict=True)
    circuits = Circuits(algorithm, circuit)
    output, filters, data = (_stages(*of, circuits) for of in named)
    tile = algorithm.maps.output.image
    return Costs(
        size=algorithm.size,
        form=algorithm.form,
        tile=tile,
        products=algorithm.rank,
        direct=prod(algorithm.m) * prod(algorithm.r),
        stages=(*data, *filters, *output),
        input=sum_of(stage.operations for stage in data),
        filter=sum_of(stage.operations for stage in filters),
        output=sum_of(stage.operations for stage in output) + of_constant(algorithm.scale).times(prod(tile)),
        circuit=circuit,
    )


def layer_costs(costs: Costs, layer: LayerShape) -> LayerCosts:
    """Operations of a layer of "same" padding, in tiles = product of ceil(H / m) over the axes. Exact.

    Raises:
        WrongForm: in linear convolution form.
        BadShape: where the layer has not one size per axis of the algorithm.

    >>> from wincraft import parse
    >>> layer_costs(costs(parse("F(4x4,3x3)", points="0,1,-1,2,-2")), parse_layer_shape("64,64,56,56"))
    layer 64,64,56,56: 33793536 operations, direct 115605504 (3.42 times fewer); fewer than direct from C = K = 4
    """
    if costs.form != "correlation":
        raise WrongForm("layer costs")
    if len(costs.tile) != len(layer.spatial):
        nested = f", or {costs.size} nested along {len(layer.spatial)} axes" if len(costs.tile) == 1 else ""
        raise BadShape("the layer", str(layer), f"C,K and one size per axis of {costs.size}{nested}")
    tiles = prod(-(-size // m) for size, m in zip(layer.spatial, costs.tile, strict=True))
    taps = costs.direct // costs.outputs
    C, K, outputs = layer.channels, layer.filters, prod(layer.spatial)
    break_even = _break_even(tiles * (costs.input + costs.output).total, tiles * costs.products, outputs * taps)
    return LayerCosts(
        layer=layer,
        tiles=tiles,
        input=tiles * C * costs.input.total,
        products=tiles * C * K * costs.products,
        output=tiles * K * costs.output.total,
        offline=C * K * costs.filter.total,
        direct=outputs * C * K * taps,
        break_even=break_even,
    )


def parse_layer_shape(text: str) -> LayerShape:
    """A layer from ``C,K,H,W`` (of one axis ``C,K,L``).

    Raises:
        BadShape: for anything else.

    >>> parse_layer_shape("64,128,56,56")
    LayerShape(channels=64, filters=128, spatial=(56, 56))
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 3 or not all(part.isdecimal() and part.isascii() and len(part) < 12 for part in parts):
        raise BadShape("a layer", repr(shorten(text)), "C,K,H,W, four positive integers such as 64,64,56,56")
    C, K, *spatial = map(int, parts)
    return LayerShape(C, K, tuple(spatial))


def _stages(of: MapName, name: str, item: LinearMap, circuits: Circuits) -> list[StageCost]:
    stages, found = stages_of(item), []
    for number, stage in enumerate(stages):
        for (matrix, axis, _), tile in zip(stage.passes, stage.shapes, strict=False):
            vectors = 1 if axis is None else prod(tile) // tile[axis]
            along = f" axis {axis}" * (len(tile) > 1 and axis is not None)
            once, plain = operations_of(circuits.of(matrix).program), operations_of(of_matrix(matrix))
            label = name + f"[{number}]" * (len(stages) > 1) + along
            counts = once.times(vectors), plain.times(vectors)
            found.append(StageCost(label, of, name, number, axis, matrix.shape, vectors, matrix.nnz(), *counts))
    return found


def _break_even(transforms: int, products: int, direct: int) -> int | None:
    """The smallest C with  transforms C + products C^2 < direct C^2."""
    return transforms // (direct - products) + 1 if direct > products else None


def _from_channels(count: int | None) -> str:
    return "for no C = K" if count is None else f"from C = K = {count}"
