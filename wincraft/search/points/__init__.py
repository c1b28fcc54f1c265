# SPDX-License-Identifier: Apache-2.0
"""The search over point sets, and its certificate."""
