# SPDX-License-Identifier: Apache-2.0
"""Floor 0: exact numbers, polynomials and matrices. No floating point."""
