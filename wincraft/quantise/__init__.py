# SPDX-License-Identifier: Apache-2.0
"""Schemes, and what a convolution becomes under them: simulated and predicted."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.quantise.evaluation import (
        Evaluation as Evaluation,
        evaluate as evaluate,
        measured_moments as measured_moments,
        value_sample as value_sample,
    )
    from wincraft.quantise.plan_evaluation import evaluate_plan as evaluate_plan, predict_plan as predict_plan
    from wincraft.quantise.plans import PlanSimulation as PlanSimulation, simulate_plan as simulate_plan
    from wincraft.quantise.prediction import Prediction as Prediction, predict as predict
    from wincraft.quantise.presets import OPTIONS as OPTIONS, PRESETS as PRESETS, Preset as Preset
    from wincraft.quantise.response import (
        expected_amplitude as expected_amplitude,
        gaussian_response as gaussian_response,
        sample_response as sample_response,
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
    from wincraft.quantise.workload import (
        Batch as Batch,
        DISTRIBUTIONS as DISTRIBUTIONS,
        Layer as Layer,
        Workload as Workload,
        load_layer as load_layer,
    )

show(__name__)
