# SPDX-License-Identifier: Apache-2.0
"""The schemas of results, as validators."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema


def schema(kind):
    """That of documents of kind ``wincraft.KIND``, version 1."""
    text = resources.files("wincraft.report").joinpath("schema", f"{kind}-1.json").read_text(encoding="utf-8")
    content = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)
