# SPDX-License-Identifier: Apache-2.0
"""Where PyTorch is not installed its layers are not collected; `tests/torch` says that it was skipped."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["wincraft/torch", "tests/oracle/oracle_layers.py"]
