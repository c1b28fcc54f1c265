# SPDX-License-Identifier: Apache-2.0
"""What every refusal must look like: the right child of WincraftError, one line, value and repair in it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from wincraft.errors import WincraftError

LONGEST = 500


@contextmanager
def refused(kind, *mentions):
    """The block must raise exactly `kind`, or one of several, with one line of text that contains every mention."""
    with pytest.raises(WincraftError) as caught:
        yield caught
    text = str(caught.value)
    assert type(caught.value) in (kind if isinstance(kind, tuple) else (kind,))
    assert "\n" not in text
    assert len(text) <= LONGEST
    for mention in mentions:
        assert mention in text
