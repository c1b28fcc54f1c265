# SPDX-License-Identifier: Apache-2.0
"""The file in which a search keeps its state, whole or not at all, with a checksum of what was written."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wincraft.errors import BadDocument
from wincraft.files.writing import write_whole

CHECKPOINT_KIND = "wincraft.search.points.checkpoint"
INTERVAL = 5.0
"""Seconds between two checkpoints."""


def with_checksum(content: dict[str, object]) -> dict[str, object]:
    """The content with the SHA-256 of its canonical JSON, which finds damage and edits by hand.

    >>> with_checksum({"run": 1})["sha256"][:8]
    '1e5cd4c6'
    """
    rest = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, "sha256": hashlib.sha256(text.encode()).hexdigest()}


@dataclass
class Checkpoint:
    """A file that holds the run of some settings; written at most every `INTERVAL` seconds, whole or not at all."""

    path: Path
    settings: str
    written: float = field(default_factory=time.monotonic)

    def load(self) -> dict[str, Any] | None:
        """What it holds; None where there is no file yet.

        Raises:
            BadDocument: for a file that is none, of other settings, or not as it was written.
        """
        try:
            if self.path.exists() and not self.path.is_file():  # a device has no end
                raise BadDocument(str(self.path), "it is no plain file", "give another checkpoint")
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadDocument(str(self.path), error.strerror or str(error), "give another checkpoint") from None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or content.get("kind") != CHECKPOINT_KIND:
            raise BadDocument(str(self.path), "it is no checkpoint", "give another one, or delete it")
        if content.get("settings") != self.settings:
            raise BadDocument(
                str(self.path), "it is the checkpoint of a search with other settings", "repeat those, or delete it"
            )
        if content.get("sha256") != with_checksum(content)["sha256"]:
            raise self.damaged("its checksum is another")
        return content

    def save(self, content: dict[str, object], now: bool = False) -> None:
        """Replace the file if it is time.

        Raises:
            CannotWrite: the file is as it was before.
        """
        if not now and time.monotonic() - self.written < INTERVAL:
            return
        text = json.dumps(with_checksum({"kind": CHECKPOINT_KIND, "settings": self.settings, **content}))
        write_whole(self.path, text)
        self.written = time.monotonic()

    def damaged(self, what: str) -> BadDocument:
        """The error of a state that no search has written."""
        reason = f"its state is damaged: {what}".splitlines()[0][:120]
        return BadDocument(str(self.path), reason, "give another one, or delete it")
