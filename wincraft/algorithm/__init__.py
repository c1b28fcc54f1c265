# SPDX-License-Identifier: Apache-2.0
"""Floor 1: the bilinear algorithm, its proof, and what is exact about it."""
