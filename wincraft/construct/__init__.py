# SPDX-License-Identifier: Apache-2.0
"""Making algorithms from points and moduli, and recognising foreign ones."""
