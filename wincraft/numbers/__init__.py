# SPDX-License-Identifier: Apache-2.0
"""Rounding, number formats, quantisers and rounded sums: what knows no algorithm."""
