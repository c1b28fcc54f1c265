# SPDX-License-Identifier: Apache-2.0
"""The limits that no set of real points passes."""
