# SPDX-License-Identifier: Apache-2.0
"""Exact numbers, polynomials and matrices. No floating point."""
