# SPDX-License-Identifier: Apache-2.0
"""A document as JSON."""

from __future__ import annotations

import json
from typing import Any, TextIO


def emit(document: dict[str, Any], stream: TextIO) -> None:
    """Write plain data, nothing infinite or NaN."""
    json.dump(document, stream, indent=1, allow_nan=False)
    stream.write("\n")
