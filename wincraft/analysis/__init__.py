# SPDX-License-Identifier: Apache-2.0
"""Floor 3: what rounding does to an algorithm: number formats, conditioning, noise gain, ranges, simulation."""
