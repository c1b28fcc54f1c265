# SPDX-License-Identifier: Apache-2.0
"""Ways to compute a convolution layer, each wrapped alike, for `python -m benchmarks.kernels`."""
