# SPDX-License-Identifier: Apache-2.0
"""The bilinear algorithm, its proof, and what is exact about it."""
