# SPDX-License-Identifier: Apache-2.0
"""What rounding does to an algorithm: number formats, conditioning, noise gain, ranges, simulation."""
