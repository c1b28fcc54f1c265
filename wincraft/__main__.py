# SPDX-License-Identifier: Apache-2.0
"""``python -m wincraft`` is the command line."""

from wincraft.cli.main import run

run()
