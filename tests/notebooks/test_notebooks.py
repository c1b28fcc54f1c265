# SPDX-License-Identifier: Apache-2.0
"""The notebooks run from top to bottom, and what is committed is what the sources say, with outputs."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext", reason="needs the extra notebooks")
nbformat = pytest.importorskip("nbformat", reason="needs the extra notebooks")
for name in ("nbclient", "ipykernel", "ipywidgets", "matplotlib", "PIL"):
    pytest.importorskip(name, reason="needs the extra notebooks")

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LARGEST = 3 * 2**20
pytestmark = pytest.mark.filterwarnings("ignore")  # those of Jupyter's own modules


@pytest.fixture(scope="module")
def execute():
    spec = importlib.util.spec_from_file_location("notebooks_execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_there_are_twelve():
    assert [path.name[:2] for path in SOURCES] == [f"{number:02}" for number in range(1, 13)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_committed_is_the_source(path, execute):
    source = execute.read_source(path)
    committed = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(committed)
    assert [(cell.cell_type, cell.source) for cell in committed.cells] == [
        (cell.cell_type, cell.source) for cell in source.cells
    ], "run python notebooks/execute.py"
    outputs = [output for cell in committed.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_one_story(path):
    """A title, a conclusion that leads on, and no long cells."""
    texts = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown"]
    assert texts[0].startswith(f"# {int(path.name[:2])}. ")
    assert texts[-1].startswith("## What was learned")
    assert "Read on: " in texts[-1]
    assert max(map(len, texts)) < 1200


def test_links_lead_somewhere():
    for path in SOURCES:
        for target in re.findall(r"\]\(([^)]+\.ipynb)\)", path.read_text(encoding="utf-8")):
            assert (FOLDER / target).with_suffix(".py").exists(), f"{path.name}: {target}"
        for target in re.findall(r"`((?:docs|wincraft|scripts|experiments)/[\w/.-]+\.(?:py|md))`", path.read_text()):
            assert (FOLDER.parent / target).exists(), f"{path.name}: {target}"


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.ipynb")) < LARGEST


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, execute):
    notebook = execute.execute(path)
    assert not [
        output for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]
