# SPDX-License-Identifier: Apache-2.0
"""What an algorithm is worth: noise, conditioning, ranges, costs, and rounding of its matrices and sums."""
