# SPDX-License-Identifier: Apache-2.0
"""What a plan costs: operations of its pieces for an output, and the time of a layer by the model of the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from wincraft.circuit.operations import Operations
from wincraft.errors import BadShape
from wincraft.measure.costs import LayerShape, costs
from wincraft.measure.processor import ProcessorCore
from wincraft.measure.speed import ConvolutionLayer, LayerTime, direct_time, winograd_time
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem, sizes_of_padding
from wincraft.plan.reductions import Steps


@dataclass(frozen=True)
class PlanCosts:
    """Operations of a plan for an output of whole tiles.

    `input` is of the data transforms, for an input channel; `output` of the output transforms and of the `sums` that
    add pieces up, for an output channel; `products` and `direct` for a pair of channels; `filter` of all filter
    transforms, for a pair of channels, once.
    """

    products: Fraction
    direct: Fraction
    input: Fraction
    output: Fraction
    sums: Fraction
    filter: int
    input_additions: Fraction
    output_additions: Fraction

    def total(self, channels: int, filters: int | None = None) -> Fraction:
        """Operations for an output and a pair of channels; K is `filters`, or C. Of a group, both are its own."""
        return self.products + self.input / (filters or channels) + (self.output + self.sums) / channels

    @property
    def break_even(self) -> int | None:
        """The smallest C = K from which it takes fewer operations than the definition; None: no C does."""
        transforms, saved = self.input + self.output + self.sums, self.direct - self.products
        return int(transforms / saved) + 1 if saved > 0 else None


@dataclass(frozen=True)
class PlanTimes:
    """Predicted times: of the pieces that have outputs, one after the other, and of the direct convolution.

    `sums` are the seconds in which pieces are added to what stands there already.
    """

    pieces: tuple[LayerTime, ...]
    sums: float
    direct: LayerTime

    @property
    def total(self) -> float:
        """Seconds of all pieces and sums."""
        return sum(piece.total for piece in self.pieces) + self.sums


def plan_costs(plan: Plan) -> PlanCosts:
    """Operation counts of a plan, those of `costs` for its algorithms. Exact.

    An output takes an addition for each piece that adds to it but the first.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.

    >>> from wincraft.plan import Problem, make_plan
    >>> found = plan_costs(make_plan(Problem(3, stride=2, axes=2), 2))
    >>> found.products, found.sums, found.filter
    (Fraction(25, 4), Fraction(3, 1), 56)
    """
    made = {algorithm: costs(algorithm) for algorithm in dict.fromkeys(piece.algorithm for piece in plan.pieces)}
    places = {tuple(strand.outputs for strand in piece.strands): piece.spacing for piece in plan.pieces}

    def share(count: Callable[[Piece], int]) -> Fraction:
        found = (Fraction(count(piece), prod(piece.algorithm.m) * piece.spacing) for piece in plan.pieces)
        return sum(found, start=Fraction(0))

    def operations(piece: Piece, name: str) -> Operations:
        found = getattr(made[piece.algorithm], name)
        assert isinstance(found, Operations)
        return found

    written = sum((Fraction(1, piece.spacing) for piece in plan.pieces), start=Fraction(0))
    return PlanCosts(
        products=plan.products_per_output,
        direct=plan.direct_per_output,
        input=share(lambda piece: operations(piece, "input").total),
        output=share(lambda piece: operations(piece, "output").total),
        sums=written - sum((Fraction(1, spacing) for spacing in places.values()), start=Fraction(0)),
        filter=sum(operations(piece, "filter").total for piece in plan.pieces),
        input_additions=share(lambda piece: operations(piece, "input").additions),
        output_additions=share(lambda piece: operations(piece, "output").additions),
    )


def layer_outputs(problem: Problem, layer: LayerShape, pad: int | None = None) -> tuple[int, ...]:
    """The output's sizes for data of the layer's; without `pad` ceil(H / s), of a transposed convolution H s.

    Raises:
        BadShape: for a layer of other axes, or one without outputs.
        BadValue: for what is no padding.

    >>> from wincraft.plan import Problem
    >>> layer_outputs(Problem(3, stride=2, axes=2), LayerShape(64, 64, (56, 56)))
    (28, 28)
    """
    if len(layer.spatial) != len(problem.r):
        raise BadShape("the layer", str(layer), f"C,K and {len(problem.r)} sizes, as the kernel has axes")
    if pad is not None:
        return problem.outputs(layer.spatial, sizes_of_padding(pad, len(problem.r)))
    sizes = zip(layer.spatial, problem.s, strict=True)
    return tuple(size * s if problem.transposed else -(-size // s) for size, s in sizes)


def plan_times(
    plan: Plan,
    layer: LayerShape,
    *,
    batch: int = 1,
    pad: int | None = None,
    core: ProcessorCore | None = None,
    type: str = "float32",
) -> PlanTimes:
    """The time of a layer, piece by piece, as `winograd_time` predicts it for the kernels of its algorithms.

    Pieces that the kernels run directly (one tap, few channels of a group) have `direct_time`. Phases are read where
    they lie, with strides, channels being in the lanes: nothing is gathered. An output that is added to another takes
    a vector addition as those of transforms do.

    Raises:
        BadShape: for a layer of other axes than two.
        BadValue: for groups that do not divide the channels, or a batch or padding that is none.
        NotApplicable: for a depthwise layer.
        UnknownName: for a type that there is not.

    >>> from wincraft.plan import Problem, make_plan
    >>> plan = make_plan(Problem(5, stride=2, axes=2), 4)
    >>> found = plan_times(plan, LayerShape(64, 64, (56, 56)))
    >>> f"{1000 * found.total:.2f} ms, direct {1000 * found.direct.total:.2f} ms"
    '0.63 ms, direct 1.72 ms'
    """
    full, groups = layer_outputs(plan.problem, layer, pad), plan.problem.groups

    def like(outputs: tuple[int, ...], taps: tuple[int, ...]) -> ConvolutionLayer:
        data = tuple(size + r - 1 for size, r in zip(outputs, taps, strict=True))
        return ConvolutionLayer(LayerShape(layer.channels, layer.filters, data), batch, taps, 0, 1, groups)

    found, added = [], dict[tuple[Steps, ...], int]()
    for piece in plan.pieces:
        counts = tuple(len(range(strand.outputs.offset, size, strand.outputs.step))
                       for strand, size in zip(piece.strands, full, strict=True))  # fmt: skip
        if all(counts):
            part = like(counts, piece.algorithm.r)
            plain = piece.algorithm.rank == prod(piece.algorithm.m) * prod(piece.algorithm.r)
            direct = bool(part.why_direct) or plain
            found.append(direct_time(part, core, type) if direct else winograd_time(piece.algorithm, part, core, type))
            place = tuple(strand.outputs for strand in piece.strands)
            added[place] = added.get(place, -prod(counts)) + prod(counts)
    core = core or ProcessorCore()
    vectors = batch * sum(added.values()) * -(-layer.filters // core.lanes)
    sums = core.rates(type).addition * vectors / (core.ghz * 1e9)
    whole = layer.spatial if plan.problem.transposed else full
    return PlanTimes(tuple(found), sums, direct_time(like(whole, plan.problem.r), core, type))
