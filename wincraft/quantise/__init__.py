# SPDX-License-Identifier: Apache-2.0
"""Schemes, and what a convolution becomes under them: simulated and predicted."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.quantise.evaluation import (
        Evaluation as Evaluation,
        evaluate as evaluate,
        measured_means as measured_means,
        measured_moments as measured_moments,
        moments_between as moments_between,
    )
    from wincraft.quantise.hard_bound import (
        box_bound as box_bound,
        hard_bound as hard_bound,
        likely_bound as likely_bound,
    )
    from wincraft.quantise.loud import LoudTensors as LoudTensors, loud_tensors as loud_tensors
    from wincraft.quantise.plan_evaluation import evaluate_plan as evaluate_plan, predict_plan as predict_plan
    from wincraft.quantise.plans import PlanSimulation as PlanSimulation, simulate_plan as simulate_plan
    from wincraft.quantise.prediction import Prediction as Prediction, predict as predict
    from wincraft.quantise.presets import OPTIONS as OPTIONS, PRESETS as PRESETS, Preset as Preset
    from wincraft.quantise.response import (
        expected_amplitude as expected_amplitude,
        gaussian_response as gaussian_response,
        sample_response as sample_response,
        stored_sample as stored_sample,
    )
    from wincraft.quantise.samples import (
        filter_sample as filter_sample,
        tile_sample as tile_sample,
        value_sample as value_sample,
    )
    from wincraft.quantise.schemes import (
        SCHEMES as SCHEMES,
        STAGES as STAGES,
        Scheme as Scheme,
        parse_scheme as parse_scheme,
        scheme_from_document as scheme_from_document,
    )
    from wincraft.quantise.simulation import (
        Simulation as Simulation,
        check_scheme as check_scheme,
        simulate as simulate,
        simulate_direct as simulate_direct,
    )
    from wincraft.quantise.tolerance import (
        JudgedLimits as JudgedLimits,
        Tolerance as Tolerance,
        tolerance as tolerance,
    )
    from wincraft.quantise.workload import (
        Batch as Batch,
        DISTRIBUTIONS as DISTRIBUTIONS,
        Layer as Layer,
        Workload as Workload,
        load_layer as load_layer,
    )

show(__name__)
