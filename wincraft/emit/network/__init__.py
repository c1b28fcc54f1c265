# SPDX-License-Identifier: Apache-2.0
"""Quantised networks in C: their layers as plain data, and the text that runs them."""
