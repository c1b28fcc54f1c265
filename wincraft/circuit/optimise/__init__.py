# SPDX-License-Identifier: Apache-2.0
"""Finding programs of few operations for an exact matrix."""
