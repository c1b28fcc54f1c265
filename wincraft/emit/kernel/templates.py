# SPDX-License-Identifier: Apache-2.0
"""The C texts that kernels are made of: templates beside this module, with names to be filled in."""

from __future__ import annotations

from importlib.resources import files
from string import Template


def filled(template: str, /, *, package: str = "wincraft.emit.kernel", **values: object) -> str:
    """The template of a name with its ``${words}`` replaced; a word that is not given is an error.

    It lies in the folder ``templates`` of a package.

    >>> filled("opening.c", prefix="f").splitlines()[0]
    '#include "f.h"'
    """
    text = files(package).joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(values).rstrip("\n")
