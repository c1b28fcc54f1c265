# SPDX-License-Identifier: Apache-2.0
"""The recipes of CONTRIBUTING.md work: each makes one entry, and its command uses it."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from wincraft.cli.main import main
from wincraft.construct.bases import ORTHOGONAL
from wincraft.emit import EMITTERS, SUFFIXES
from wincraft.files import SPELLINGS
from wincraft.measures import MEASURES
from wincraft.numbers import FORMATS
from wincraft.quantise import PRESETS, SCHEMES, scheme_from_document

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
if not PAGE.exists():
    pytest.skip("the page is not beside the tests", allow_module_level=True)

RECIPES = dict(re.findall(r"^## Add an? (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))


def basis(made, patch):
    ((name, entry),) = made["entry"].items()
    patch.setitem(ORTHOGONAL, name, entry)


def emitter(made, patch):
    module = ModuleType("emitter_of_the_recipe")
    module.emit = made["emit"]
    patch.setitem(sys.modules, module.__name__, module)
    patch.setitem(EMITTERS, "csv", module.__name__)
    patch.setitem(SUFFIXES, ".csv", "csv")


def scheme(made, patch):
    ((name, preset),) = made["entry"].items()
    fields = dict(field.split("=") for field in preset.text.split())
    patch.setitem(PRESETS, name, preset)
    patch.setitem(SCHEMES, name, scheme_from_document(fields | {"name": name}))


REGISTER = {
    "basis": basis,
    "number format": lambda made, patch: [patch.setitem(FORMATS, *item) for item in made["entry"].items()],
    "measure": lambda made, patch: patch.setitem(MEASURES, made["entry"].name, made["entry"]),
    "emitter": emitter,
    "scheme": scheme,
    "spelling of matrices": lambda made, patch: [patch.setitem(SPELLINGS, *item) for item in made["entry"].items()],
}
"""How the entry of a recipe comes into its registry; where it is a file of its own, into `sys.modules` first."""


def test_every_recipe_is_followed():
    assert RECIPES.keys() == REGISTER.keys()


@pytest.mark.slow_cases("basis", "measure")
@pytest.mark.parametrize("title", REGISTER)
def test_a_recipe_makes_what_its_commands_use(title, tmp_path, monkeypatch):
    (code,) = re.findall(r"^```python\n(.*?)^```", RECIPES[title], re.MULTILINE | re.DOTALL)
    made = {"__name__": "recipe"}
    exec(compile(code, title, "exec"), made)
    REGISTER[title](made, monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("BT: 1 0 -1 0 | 0 1 1 0 | 0 -1 1 0 | 0 1 0 -1\n", encoding="utf-8")
    with Path("FILE").open("a", encoding="utf-8") as file:
        file.write("G: 1 0 0 | 1/2 1/2 1/2 | 1/2 -1/2 1/2 | 0 0 1\nAT: 1 1 1 0 | 0 1 -1 -1\n")
    prose = re.sub(r"^```.*?^```", "", RECIPES[title], flags=re.MULTILINE | re.DOTALL)
    commands = [shlex.split(command)[1:] for command in re.findall(r"`(wincraft [a-z]+ [^`]+)`", prose)]
    assert commands
    for words in commands:
        done = CliRunner().invoke(main, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
