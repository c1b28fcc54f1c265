# SPDX-License-Identifier: Apache-2.0
"""The fewest additions: lower bounds with proof, claims and their check, minima with constants from a finite set."""
