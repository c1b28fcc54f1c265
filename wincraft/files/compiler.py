# SPDX-License-Identifier: Apache-2.0
"""The C and C++ compilers of this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from wincraft.errors import MissingTool, ToolFailed

_FOUND = {"c": ("CC", ("cc", "gcc", "clang")), "c++": ("CXX", ("c++", "g++", "clang++"))}
"""By language: the environment's variable that names a compiler with its options, and what is looked for else."""

TIME_LIMIT = 120
"""Seconds for a compilation, and for a program that was compiled."""


def compiler(language: str = "c", what: str = "compiling the header") -> list[str]:
    """The command that compiles a language, ``c`` or ``c++``: that of CC or CXX, else the first that is found.

    Raises:
        MissingTool: there is none.

    >>> len(compiler("c")) > 0
    True
    """
    variable, names = _FOUND[language]
    given = shlex.split(os.environ.get(variable, ""))
    if given:
        return given
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        name = {"c": "a C compiler", "c++": "a C++ compiler"}[language]
        raise MissingTool(what, name, f"install {', '.join(names[:-1])} or {names[-1]}, or set {variable}")
    return [found]


def run_program(command: list[str], folder: str | Path, given: str | None = None) -> str:
    """What a program prints, run in a folder on a text as its input.

    Raises:
        ToolFailed: it cannot be started, fails, or takes longer than `TIME_LIMIT`; its first words are in it.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, text=True, timeout=TIME_LIMIT, check=False,
            errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise ToolFailed(name, error.strerror or str(error), "check the compiler") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(name, f"it ran longer than {TIME_LIMIT} seconds", "check what it does") from None
    if done.returncode:
        told = " ".join(done.stderr.split())[:240] or "without a word"
        raise ToolFailed(name, f"exit code {done.returncode}: {told}", "mend the source")
    return done.stdout
