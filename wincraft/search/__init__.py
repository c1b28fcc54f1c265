# SPDX-License-Identifier: Apache-2.0
"""Floor 4: searches for better points, scalings and chains."""
