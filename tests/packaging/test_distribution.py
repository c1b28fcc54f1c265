# SPDX-License-Identifier: Apache-2.0
"""The wheel and the source distribution hold what they should, and the wheel works away from the sources."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from wincraft.version import __version__

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*words, cwd, path=None):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with both, made by the build requirements of pyproject.toml, which the package index has."""
    if not (ROOT / "wincraft").exists():
        pytest.skip("the package is not beside the tests")
    folder = tmp_path_factory.mktemp("built")
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder / "tools", *needed]
    code, text = run(*words, cwd=folder)
    if code:
        pytest.skip(f"the build requirements cannot be installed: {text.strip().splitlines()[-1]}")
    code, text = run("-m", "hatchling", "build", "-d", folder, cwd=ROOT, path=folder / "tools")
    assert code == 0, text
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built / f"wincraft-{__version__}-py3-none-any.whl") as file:
        yield file


def test_the_wheel_is_the_package_and_nothing_else(wheel):
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wincraft").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == files
    for name in ("torch/tile_steps.c", "emit/coq/Wincraft.v", "py.typed", "report/schema/report-1.json"):
        assert f"wincraft/{name}" in held


def test_metadata(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    told = Parser().parsestr(wheel.read(name).decode())
    assert told["Version"] == __version__
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Description-Content-Type"] == "text/markdown"
    (points,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    assert "wincraft = wincraft.cli.main:run" in wheel.read(points).decode()


def test_a_registry_can_follow_every_link(wheel):
    """The description is README.md; what leads to its files is text, and the rest is as it was."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    shown = Parser().parsestr(wheel.read(name).decode()).get_payload()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    prose, original = (re.sub(r"```.*?```", "", text, flags=re.DOTALL) for text in (shown, readme))
    assert re.search(r"\]\((?!https://|#)", original)
    assert not re.search(r"\]\((?!https://|#)", prose)
    assert not re.search(r"<(?:img|a)\s[^>]*(?:src|href)=\"(?!https://)", prose)
    assert re.findall(r"```.*?```", shown, re.DOTALL) == re.findall(r"```.*?```", readme, re.DOTALL)
    assert re.findall(r"^#.*$", prose, re.MULTILINE) == re.findall(r"^#.*$", original, re.MULTILINE)
    for text in re.findall(r"(?<!!)\[([^\]]+)\]\(", original):
        assert text in prose


def test_the_wheel_works_away_from_the_sources(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    code, text = run("-c", "import wincraft; print(wincraft.__file__)", cwd=tmp_path, path=tmp_path / "site")
    assert code == 0, text
    assert Path(text.strip()).is_relative_to(tmp_path / "site")
    for words, written in (
        (["generate", "4x4,3x3", "--format", "c", "--kernel", "conv2d", "--type", "int8", "-o", "kernel"], "kernel"),
        (["certify", "2x2,3x3", "-o", "f2.v"], "Wincraft.v"),
        (["report", "2,3", "-o", "f2.html"], "f2.html"),
    ):
        code, text = run("-m", "wincraft", *words, cwd=tmp_path, path=tmp_path / "site")
        assert code == 0, text
        assert (tmp_path / written).exists()


def test_the_source_distribution_has_its_tests_and_pages(built):
    with tarfile.open(built / f"wincraft-{__version__}.tar.gz") as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        "conftest.py",
        "packaging/conda/recipe.yaml",
        "docs/index.md",
        "notebooks/01_first_algorithm.ipynb",
        "scripts/lowest.py",
        "tests/packaging/test_metadata.py",
        "wincraft/torch/tile_steps.c",
        "wincraft/emit/coq/Wincraft.v",
    ):
        assert name in held
    assert not [name for name in held if "__pycache__" in name or name.startswith((".git/", "site/", "build/"))]
