# SPDX-License-Identifier: Apache-2.0
"""The bilinear algorithm, its proof, and what is exact about it."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm as Algorithm
    from wincraft.algorithm.description import describe as describe
    from wincraft.algorithm.diagnosis import diagnose as diagnose
    from wincraft.algorithm.linear_map import LinearMap as LinearMap
    from wincraft.algorithm.modulus import Modulus as Modulus
    from wincraft.algorithm.nesting import nest as nest, check_algorithm as check_algorithm, map_axes as map_axes
    from wincraft.algorithm.proof import convolution_tensor as convolution_tensor, proved_scale as proved_scale
    from wincraft.algorithm.refutation import Diagnosis as Diagnosis, Refuted as Refuted

show(__name__)
