# SPDX-License-Identifier: Apache-2.0
"""Rounding, number formats, quantisers and rounded sums: what knows no algorithm."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.numbers.arithmetic import Arithmetic as Arithmetic
    from wincraft.numbers.box import Box as Box, signed_bits as signed_bits
    from wincraft.numbers.decibels import sqnr as sqnr
    from wincraft.numbers.fixed_point import FixedPoint as FixedPoint
    from wincraft.numbers.float_format import FloatFormat as FloatFormat
    from wincraft.numbers.formats import FORMATS as FORMATS, parse_format as parse_format
    from wincraft.numbers.integer_grid import IntegerGrid as IntegerGrid, IntegerRange as IntegerRange
    from wincraft.numbers.quantizer import (
        GRANULARITIES as GRANULARITIES,
        Quantizer as Quantizer,
        Scale as Scale,
        calibration as calibration,
        checked_scale as checked_scale,
        parse_quantizer as parse_quantizer,
    )
    from wincraft.numbers.rounding import (
        Overflow as Overflow,
        Rounding as Rounding,
        round_array as round_array,
        round_fraction as round_fraction,
    )
    from wincraft.numbers.summation import (
        CHANNEL_ORDERS as CHANNEL_ORDERS,
        C_ORDER as C_ORDER,
        CIRCUIT_ORDERS as CIRCUIT_ORDERS,
        ORDERS as ORDERS,
        Tree as Tree,
        channel_sum as channel_sum,
        huffman as huffman,
        linear_pass as linear_pass,
    )

show(__name__)
