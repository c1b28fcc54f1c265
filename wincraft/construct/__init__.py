# SPDX-License-Identifier: Apache-2.0
"""Floor 2: making algorithms from points and moduli, and recognising foreign ones."""
