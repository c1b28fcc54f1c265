# SPDX-License-Identifier: Apache-2.0
"""What the package says of itself is said once: pyproject.toml, CITATION.cff, the conda recipe and pages agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from wincraft.version import __version__

yaml = pytest.importorskip("yaml", reason="needs PyYAML, of the extra test")

ROOT = Path(__file__).parents[2]
PYPROJECT = ROOT / "pyproject.toml"
PROJECT = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
BUILD = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["build-system"]
WORKFLOWS = ROOT / ".github"
on_hosts = pytest.mark.skipif(not WORKFLOWS.exists(), reason="workflows are not in the source distribution")


def read_yaml(*names):
    return yaml.safe_load(ROOT.joinpath(*names).read_text(encoding="utf-8"))


def requirements(lines):
    """``name >=1,<2`` and ``name>=1,<2`` as name to bounds."""
    pairs = [re.fullmatch(r"([\w.-]+)\s*(.*)", line).groups() for line in lines]
    return {name: bounds.replace(" ", "") for name, bounds in pairs}


def test_citation():
    cited = read_yaml("CITATION.cff")
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert cited["version"] == __version__
    assert cited["license"] == PROJECT["license"]
    assert cited["keywords"] == PROJECT["keywords"]
    assert cited["title"].startswith("wincraft: ")
    for item in (cited, *cited["references"]):
        assert item["title"]
        assert all("name" in author or {"family-names", "given-names"} <= author.keys() for author in item["authors"])
    assert all("doi" in item or "identifiers" in item for item in cited["references"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"*{cited['title']}*, version {cited['version']}" in readme


def test_a_release_is_dated_everywhere_or_nowhere():
    """The date of the changelog is that of the citation."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (date,) = re.findall(rf"^## \[{re.escape(__version__)}\] - (.+)$", changelog, re.MULTILINE)
    cited = read_yaml("CITATION.cff").get("date-released")
    assert date == "unreleased" if cited is None else date == str(cited)


def test_conda_recipe():
    recipe = read_yaml("packaging", "conda", "recipe.yaml")
    assert recipe["schema_version"] == 1
    assert recipe["context"]["version"] == __version__
    assert recipe["package"]["name"] == PROJECT["name"]
    assert recipe["about"]["license"] == PROJECT["license"]
    assert recipe["about"]["summary"] == PROJECT["description"]
    python = f"python {PROJECT['requires-python']}"
    needed = recipe["requirements"]
    assert requirements(needed["run"]) == requirements([python, *PROJECT["dependencies"]])
    assert requirements(needed["host"]) == requirements([python, "pip", *BUILD["requires"]])
    scripts = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == scripts
    source = (ROOT / "packaging" / "conda" / recipe["source"]["path"]).resolve()
    assert (source / recipe["about"]["license_file"]).exists()
    assert source == ROOT


def test_ceilings_have_reasons():
    """A requirement with < or == stands below a comment, or below another one that does."""
    reason, unexplained = False, []
    for line in PYPROJECT.read_text(encoding="utf-8").partition("[tool.")[0].splitlines():
        if line.lstrip().startswith("#"):
            reason = True
        elif re.search(r'"[\w.\[\],-]+[^"]*(?:<|==)[^"]*"', line.partition(";")[0]):
            if not reason:
                unexplained.append(line.strip())
            reason = False
        elif not line.strip().startswith('"'):
            reason = False
    assert not unexplained


def test_addresses_are_absolute():
    assert all(address.startswith("https://") for address in PROJECT.get("urls", {}).values())


TOLD = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("notebooks/*.py")),
    *sorted(ROOT.glob("benchmarks/**/*.py")),
    *sorted(ROOT.glob("scripts/*")),
    *sorted(WORKFLOWS.rglob("*.yml")),
]


def test_nobody_is_told_to_install_what_no_registry_has():
    """As long as no address is stated; messages of an installed package are true, pip finds it there."""
    if "urls" in PROJECT:
        pytest.skip("the project has a public address")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in TOLD
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"pip install (?:-\S+ )*[\"']?wincraft\b", line)
    ]
    assert not found


@pytest.mark.parametrize("name", ["CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_pages_for_people_name_no_private_address(name):
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", (ROOT / name).read_text(encoding="utf-8"))


@on_hosts
def test_issue_templates_are_complete():
    templates = sorted((WORKFLOWS / "ISSUE_TEMPLATE").glob("*.md"))
    assert {path.stem for path in templates} == {"bug", "feature", "matrices", "question"}
    for path in templates:
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        assert yaml.safe_load(head).keys() == {"name", "about", "labels"}, path.name
        assert body.count("**") >= 4
    assert isinstance(read_yaml(".github", "ISSUE_TEMPLATE", "config.yml")["blank_issues_enabled"], bool)


@on_hosts
def test_release_is_trusted_and_switched_off():
    """No secret, an identity for the one job that uploads, which waits for a switch and for the checks."""
    text = (WORKFLOWS / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["publish"]["needs"] == "build"
    assert "vars.PUBLISH == 'true'" in jobs["publish"]["if"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "permissions" not in jobs["build"]


@on_hosts
def test_workflows_run_what_there_is():
    """Scripts that a workflow calls exist and can be run."""
    for path in sorted((WORKFLOWS / "workflows").glob("*.yml")):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name
        steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
        called = [word for step in steps for word in re.findall(r"(?<![\w/])(?:\.ci|scripts|tests)/[\w/.-]+", step)]
        assert called, path.name
        for word in called:
            assert (ROOT / word).exists(), f"{path.name}: {word}"
            assert not word.endswith(".sh") or (ROOT / word).stat().st_mode & 0o100
