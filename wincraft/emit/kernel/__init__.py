# SPDX-License-Identifier: Apache-2.0
"""Convolution layers in C: generated kernels from one template, with transforms printed from programs."""
