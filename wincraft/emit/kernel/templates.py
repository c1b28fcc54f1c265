# SPDX-License-Identifier: Apache-2.0
"""The C texts that kernels are made of: templates beside this module, with names to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template


def filled(template: str, /, **values: object) -> str:
    """The template of kernels of a name with its ``${words}`` replaced; a word that is not given is an error.

    >>> filled("opening.c", prefix="f").splitlines()[0]
    '#include "f.h"'
    """
    return filled_from("wincraft.emit.kernel", template, values)


def filled_from(package: str, template: str, values: Mapping[str, object]) -> str:
    """The same of the folder ``templates`` of a package."""
    text = files(package).joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(values).rstrip("\n")
