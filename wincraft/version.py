# SPDX-License-Identifier: Apache-2.0
"""The version, told once: the package, its documents and its builds take it from here."""

__version__ = "0.1.0"
