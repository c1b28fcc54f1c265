# SPDX-License-Identifier: Apache-2.0
"""A certificate put to the proof assistant."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from wincraft.emit.coq.certificate import CLOSED, LIBRARY
from wincraft.errors import ClaimRefuted, MissingTool, ToolFailed, shorten

_SECONDS = 900
"""For one file."""
_ERROR = re.compile(r"line (\d+), characters [\d-]+:\s*Error:\s*(.*?)\s*\Z", re.DOTALL)


def check_certificate(text: str) -> str:
    """Have Coq, ``coqc`` or that of COQC, accept the library and then the certificate; a line says what it accepted.

    Raises:
        MissingTool: without Coq.
        ClaimRefuted: where it refuses the certificate, or theorems stand on axioms.
        ToolFailed: where it does not accept the library, being of another version, or takes too long.

    >>> import os
    >>> os.environ["COQC"] = "no-such-coqc"
    >>> check_certificate("")
    Traceback (most recent call last):
    ...
    wincraft.errors.MissingTool: checking a certificate needs no-such-coqc, which is not installed; install the package
    coq, of Debian or opam, or set COQC
    >>> del os.environ["COQC"]
    """
    command = shlex.split(os.environ.get("COQC", "")) or ["coqc"]
    if shutil.which(command[0]) is None:
        raise MissingTool(
            "checking a certificate", command[0], "install the package coq, of Debian or opam, or set COQC"
        )
    with tempfile.TemporaryDirectory(prefix="wincraft-") as folder:
        shutil.copy(LIBRARY, folder)
        library = _run([*command, "-q", LIBRARY.name], folder)
        if library.returncode:
            version = _run([*command, "--print-version"], folder).stdout.split()[:1]
            known = "take Coq 8.16 or a newer one"
            raise ToolFailed(f"{LIBRARY.name} under Coq {' '.join(version)}", _reason(library), known)
        Path(folder, "certificate.v").write_text(text, encoding="utf-8")
        found = _run([*command, "-q", "certificate.v"], folder)
    if found.returncode:
        raise ClaimRefuted("the certificate", _reason(found), "Coq does not accept it")
    if CLOSED not in found.stdout:
        raise ClaimRefuted("the certificate", "theorems without axioms", "some stand on axioms")
    return "Coq accepts the certificate: no axioms"


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ToolFailed("coqc", f"no answer in {_SECONDS} s", "take a smaller size") from None
    except OSError as error:
        raise ToolFailed("coqc", error.strerror or str(error), "see whether it runs") from None


def _reason(run: subprocess.CompletedProcess[str]) -> str:
    """The line and the first words of Coq's error."""
    found = _ERROR.search(run.stderr)
    if found is None:
        return shorten(" ".join(run.stderr.split()) or f"exit code {run.returncode}")
    return shorten(f"line {found[1]}: {' '.join(found[2].split())}")
