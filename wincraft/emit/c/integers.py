# SPDX-License-Identifier: Apache-2.0
"""The integer section of a C header: its matrices, its exact bounds, and the narrowest types that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from sympy import S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.construct.circuits import Circuits, order_of
from wincraft.construct.scaling import integer_form
from wincraft.emit.c.contracts import with_contracts
from wincraft.emit.c.kernels import HeaderSection
from wincraft.emit.c.passes import RESULTS, Letter, Reading, Transform, array_name, axis_suffixes, read_passes
from wincraft.emit.c.plan import Numbers, functions, norm_line, tables
from wincraft.emit.c.text import aligned
from wincraft.exact.number import to_fraction
from wincraft.measure.channels import channel_counts
from wincraft.measure.integer_sets import integer_set
from wincraft.measure.integers import Integers, parse_range, range_name
from wincraft.measure.ranges import ranges
from wincraft.numbers.box import Box, signed_bits
from wincraft.numbers.summation import C_ORDER

TITLE = "integer"
INT64_MAX = 2**63 - 1
NO_STAGES = "No functions per stage: values between stages are rational in general, as integers they would need scales."
SHORT_OF_CHANNELS = 64
"""Where the accumulator holds fewer, the header names the catalogue's set that holds more."""


class IntegerBounds(NamedTuple):
    """What the integer functions read and compute, exactly; `M` and `sums` are per channel, `Y` is after the division.

    `U` and `V` hold for every intermediate value of their transforms, `sums` for M and every product and partial sum of
    the output transform. `max_channels` is how many channels may be summed into M before the output transform could
    leave int64_t, `accumulator_channels` how many an accumulator of the bits of `integers` holds of M alone.
    """

    integers: Integers
    U: Box
    V: Box
    M: Box
    sums: Box
    Y: Box
    max_channels: int
    accumulator_channels: int


def integer_section(algorithm: Algorithm, integers: Integers, choice: str) -> HeaderSection:
    """Integer matrices with the narrowest types that cannot overflow; where int64_t could, or over a field, why not."""
    if not algorithm.field.rational:
        where = f"entries of {algorithm.size} lie in {algorithm.domain}"
        return HeaderSection(TITLE, (f"Omitted: {where}, no scaling makes them integer.",))
    form = integer_form(algorithm)
    circuits = Circuits(form, choice)
    bounds = integer_bounds(form, integers, order_of(choice))
    reading, (d, g) = read_passes(form, axis_suffixes(algorithm)), map(stored_type, (integers.data, integers.filter))
    if d is None or g is None:
        return HeaderSection(TITLE, (f"Omitted: {integers.describe()} are beyond int32_t.",))
    exact = {label: matrix_to_numpy(table.matrix, object) for label, table in reading.tables.items()}
    rows = {label: [list(map(int, row)) for row in matrix] for label, matrix in exact.items()}
    entries = [x for matrix in rows.values() for row in matrix for x in row]
    table = Box(min(entries), max(entries))
    if bounds.max_channels < 1 or max(-table.low, table.high) > INT64_MAX:
        reach = max(-bounds.sums.low, bounds.sums.high, -table.low, table.high)
        what = f"one channel of {integers.describe()} can reach {Decimal(int(reach)):.2e}"
        return HeaderSection(TITLE, (f"Omitted: {what}, beyond int64_t.",))
    limit = f"{reading.prefix.upper()}_MAX_CHANNELS"
    accumulator = f"{limit}_INT{integers.accumulator}"
    u, v = map(computed_type, (bounds.U, bounds.V))
    numbers = Numbers(
        suffix="int",
        types={"d": d, "h": d, "g": g, "u": u, "v": v, "m": "int64_t", "y": "int64_t", "s": "int64_t"},
        table_type=computed_type(table),
        rows=rows,
        programs={label: circuits.integers(table.matrix) for label, table in reading.tables.items()},
        division="" if reading.scale == S.One else f"/= {reading.scale}",
        divided="exact divisions",
        bounds=lambda transform: _bounds(reading, transform, bounds, limit),
    )
    chained = any(len(own.passes) < len(item.passes) for own, item in zip(form.maps, algorithm.maps, strict=True))
    return HeaderSection(
        TITLE,
        (
            *_walk(reading, bounds, numbers.types, (limit, accumulator)),
            *better_set(algorithm, bounds),
            *([NO_STAGES] * chained),
        ),
        macros=(
            (limit, bounds.max_channels),
            (accumulator, bounds.accumulator_channels),
            (f"{reading.prefix.upper()}_SCALE_INT", reading.scale),
        ),
        tables=tables(reading, numbers, exact=False),
        kernels=with_contracts(
            functions(reading, numbers), {"g": integers.filter, reading.transforms[1].reads: integers.data}
        ),
    )


def integer_bounds(algorithm: Algorithm, integers: Integers, order: str = C_ORDER) -> IntegerBounds:
    """The bounds of an algorithm on integer matrices, from its exact ranges.

    >>> from wincraft import winograd
    >>> bounds = integer_bounds(integer_form(winograd(2, 3)), Integers())
    >>> bounds.U, bounds.accumulator_channels
    ([-256, 255], 21845)
    """
    found = ranges(algorithm, integers.data, integers.filter)
    sums = channel_counts(found, 64, order).partial_sums
    products = channel_counts(found, integers.accumulator).products
    assert sums is not None  # data and filters are not all 0
    assert products is not None
    last, scale = found.steps[-1].box, to_fraction(algorithm.scale)
    return IntegerBounds(
        integers=integers,
        U=found.on_the_way("input", order=order).box,
        V=found.on_the_way("filter", order=order).box,
        M=found["M"].box,
        sums=(found.on_the_way("product", "output", order=order) if sums else found["M"]).box,
        Y=Box(last.low / scale, last.high / scale),
        max_channels=sums,
        accumulator_channels=products,
    )


def _bounds(reading: Reading, transform: Transform, bounds: IntegerBounds, limit: str) -> list[str]:
    """The range of V and U; the norm of the output, and how many channels it is safe for."""
    if transform.writes in RESULTS:
        return [norm_line(reading, transform), f"No step can overflow while M sums at most {limit} channels."]
    given, reached = (bounds.integers.filter, bounds.V) if transform.writes == "v" else (bounds.integers.data, bounds.U)
    X, Y = array_name(transform.reads), array_name(transform.writes)
    return [f"{X} in {given} gives {Y} in {reached}; no step can overflow."]


def _walk(reading: Reading, bounds: IntegerBounds, types: Mapping[Letter, str], macros: tuple[str, str]) -> list[str]:
    """The types and ranges from input to output, and what the two channel counts, by their macros, are of."""
    scale, (_, data, output) = reading.scale, reading.transforms
    primitive = "A^T columns and B^T rows" if output.writes == "y" else "A rows and B columns"
    walk = [
        (data.reads, types["d"], f"in {bounds.integers.data}", "p fraction bits"),
        ("g", types["g"], f"in {bounds.integers.filter}", "q fraction bits"),
        ("U", types["u"], f"in {bounds.U}", "p fraction bits"),
        ("V", types["v"], f"in {bounds.V}", f"q fraction bits, times {scale}"),
        ("M", "int64_t", f"in {bounds.M} per channel", f"p + q fraction bits, times {scale}"),
        ("t", "int64_t", f"in {bounds.sums} per channel", "every step of the output transform, M included"),
        (
            array_name(output.writes),
            "int64_t",
            f"in {bounds.Y} per channel",
            f"p + q fraction bits, after dividing by {scale}",
        ),
    ]
    limit, accumulator = macros
    return [
        f"Tables: {primitive} primitive integer, scale {scale} the smallest that makes G integer.",
        "",
        "Scaling and overflow behaviour, from input to output; nothing rounds, and the division is exact.",
        "The data may be in any Q format with p fraction bits, the filter in any with q.",
        *(f"    {line}" for line in aligned(walk)),
        "Sum M[k] += (int64_t)U[k] * V[k].",
        f"{limit}: the channels that M may sum before t could leave int64_t.",
        f"{accumulator}: those that an accumulator of {bounds.integers.accumulator} bits holds of M, to be widened",
        "before the output transform.",
    ]


def stored_type(box: Box) -> str | None:
    """The narrowest C type that holds a box, None beyond int32_t.

    >>> stored_type(Box(0, 15)), stored_type(Box(0, 255)), stored_type(Box(-200, 100))
    ('int8_t', 'uint8_t', 'int16_t')
    """
    types = ("int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t")
    wholes = map(parse_range, types)
    fitting = (name for name, all in zip(types, wholes, strict=True) if all.low <= box.low and box.high <= all.high)
    return next(fitting, None)


def computed_type(box: Box) -> str:
    """The C type of what is computed: int32_t where that holds it, else int64_t.

    >>> computed_type(Box(-(2**31), 2**31 - 1)), computed_type(Box(0, 2**31))
    ('int32_t', 'int64_t')
    """
    return "int32_t" if signed_bits(box.low, box.high) <= 32 else "int64_t"


def better_set(algorithm: Algorithm, bounds: IntegerBounds) -> list[str]:
    """Where few channels fit: a line on which points of the catalogue hold more, if any do."""
    if bounds.accumulator_channels >= SHORT_OF_CHANNELS:
        return []
    better = integer_set(algorithm, bounds.integers)
    held = better.counts.products if better is not None else 0
    if better is None or held is None or held <= bounds.accumulator_channels:
        return ["No points of the catalogue hold more; a smaller tile, shorter data or filters or requantised taps do."]
    what = f"{range_name(bounds.integers.data)} by {range_name(bounds.integers.filter)}"
    return [f"Few: for integers take other points, --points {better.use} holds {held} channels of {what}."]
