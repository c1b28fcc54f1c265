# SPDX-License-Identifier: Apache-2.0
"""Weights of new layers are the same in every run."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _seeded():
    pytest.importorskip("torch").manual_seed(0)
