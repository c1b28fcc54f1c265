# SPDX-License-Identifier: Apache-2.0
"""What an algorithm is worth: noise, conditioning, ranges, costs, and rounding of its matrices and sums."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.measure.circuits import MapCircuit as MapCircuit, map_circuits as map_circuits
    from wincraft.measure.channels import ChannelCounts as ChannelCounts, channel_counts as channel_counts
    from wincraft.measure.coefficients import (
        Magnitudes as Magnitudes,
        coefficients as coefficients,
        magnitudes as magnitudes,
        unrepresentable as unrepresentable,
    )
    from wincraft.measure.conditioning import (
        Conditioning as Conditioning,
        conditioning as conditioning,
        matrix_conditioning as matrix_conditioning,
        vandermonde as vandermonde,
    )
    from wincraft.measure.corners import corner_extremes as corner_extremes
    from wincraft.measure.costs import (
        Costs as Costs,
        LayerCosts as LayerCosts,
        LayerShape as LayerShape,
        StageCost as StageCost,
        costs as costs,
        layer_costs as layer_costs,
        parse_layer_shape as parse_layer_shape,
    )
    from wincraft.measure.exact_words import WordBounds as WordBounds, word_bounds as word_bounds
    from wincraft.measure.filter_bits import FilterBits as FilterBits, filter_bits as filter_bits
    from wincraft.measure.float_bound import error_bound as error_bound
    from wincraft.measure.float_error import (
        FloatError as FloatError,
        float_error as float_error,
        uniform_floats as uniform_floats,
    )
    from wincraft.measure.integer_sets import integer_set as integer_set
    from wincraft.measure.integers import INT8 as INT8, Integers as Integers, parse_range as parse_range
    from wincraft.measure.matrix_rounding import (
        fitting_format as fitting_format,
        round_matrices as round_matrices,
        smallest_word as smallest_word,
        sweep_words as sweep_words,
    )
    from wincraft.measure.noise import (
        NoiseGain as NoiseGain,
        noise_gain as noise_gain,
        worst_case_amplification as worst_case_amplification,
    )
    from wincraft.measure.places import Place as Place, parse_place as parse_place
    from wincraft.measure.processor import (
        CORES as CORES,
        KernelRates as KernelRates,
        ProcessorCore as ProcessorCore,
    )
    from wincraft.measure.ranges import Ranges as Ranges, ranges as ranges
    from wincraft.measure.speed import (
        ConvolutionLayer as ConvolutionLayer,
        LayerTime as LayerTime,
        direct_time as direct_time,
        winograd_time as winograd_time,
    )

show(__name__)
