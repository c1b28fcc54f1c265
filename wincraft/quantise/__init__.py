# SPDX-License-Identifier: Apache-2.0
"""Schemes, and what a convolution becomes under them: simulated and predicted."""
