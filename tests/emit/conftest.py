# SPDX-License-Identifier: Apache-2.0
"""Puts ``c_headers``, which the tests of C headers share, on the import path; compiles all headers once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from c_headers import MAKERS, Library, header


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The functions over all axes of every algorithm in MAKERS, to be called by name."""
    return Library(tmp_path_factory.mktemp("headers"), {name: header(name) for name in MAKERS})
