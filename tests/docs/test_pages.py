# SPDX-License-Identifier: Apache-2.0
"""Every example of the pages runs and prints what its page says; links lead somewhere; the site builds."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from oracle_scripts import script

from wincraft.cli.main import main
from wincraft.report import explorer_page

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
if not PAGES[0].exists() or len(PAGES) < 2:
    pytest.skip("the pages are not beside the tests", allow_module_level=True)


run_pages = script("scripts/run_pages.py")
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
LONG = {
    "docs/questions/width-four.md",
    "README.md",
    "docs/explanation/certificates.md",
    "docs/explanation/circuits.md",
    "docs/explanation/rings.md",
    "docs/explanation/whole-tiles.md",
    "docs/how-to/check-matrices.md",
    "docs/how-to/choose-points.md",
    "docs/how-to/circuits.md",
    "docs/how-to/constants-for-compilers.md",
    "docs/how-to/constants-in-a-library.md",
    "docs/how-to/continuous-integration.md",
    "docs/how-to/fp16-tile-size.md",
    "docs/how-to/int8-overflow.md",
    "docs/how-to/kernels-in-c.md",
    "docs/how-to/plan-tiles.md",
    "docs/how-to/plans-in-c.md",
    "docs/how-to/rectangular-tiles.md",
    "docs/how-to/strides.md",
    "docs/how-to/test-tolerance.md",
    "docs/how-to/tflite-micro.md",
    "docs/index.md",
    "docs/questions/gpu-points.md",
    "docs/questions/ncnn-six-bits.md",
    "docs/questions/one-by-n.md",
    "docs/questions/proved.md",
    "docs/questions/toom-cook-words.md",
    "docs/questions/which-tile.md",
    "docs/tour/hardware.md",
    "docs/tour/kernels.md",
    "docs/tour/numerics.md",
    "docs/tutorial.md",
}
"""Pages whose examples take many seconds."""


def test_long_pages_are_pages():
    assert {str(page.relative_to(ROOT)) for page in PAGES} >= LONG


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name, marks=[pytest.mark.slow] * (name in LONG))
        for page in PAGES
        for name in [str(page.relative_to(ROOT))]
    ],
)
def test_examples_print_what_the_page_says(page, tmp_path, monkeypatch):
    text = page.read_text(encoding="utf-8")
    if text.startswith("<!-- needs: torch -->"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    skipped = run_pages.Page(text, page.name, {"__name__": "__page__"}).run()
    if skipped:
        pytest.skip("; ".join(skipped))


def outside_blocks(page):
    """The text of a page without its fenced blocks."""
    return re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@named
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"`[^`\n]*`", "", outside_blocks(page))
    links = re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r"<img[^>]*src=\"([^\"]+)\"", text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in headings(target.read_text(encoding="utf-8")), f"{link}: no such heading"


@named
def test_no_line_is_a_comment_by_accident(page):
    """MyST takes a line that begins with a percent sign for a comment, and leaves it out."""
    assert re.findall("^%.*", outside_blocks(page), flags=re.MULTILINE) == []


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
TEXTS = [*PAGES, *NOTEBOOKS]


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_text_are_read(page, tmp_path, monkeypatch):
    """Inline code that begins with ``wincraft`` names a command and options that it has; arguments may be left out."""
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"(?<!`)`(wincraft [^`]+)`", re.sub(r"\n(# )?", " ", outside_blocks(page))):
        words = shlex.split(code.replace("...", ""))[1:]
        if words[0] == "COMMAND":
            continue
        command = main if words[0].startswith("-") else main.get_command(click.Context(main), words.pop(0))
        assert command is not None, f"{code}: no such command"
        try:
            command.make_context(command.name, words)
        except (click.exceptions.Exit, click.MissingParameter):
            continue
        except click.UsageError as error:
            pytest.fail(f"{code}: {error.format_message()}")


def headings(text):
    """The anchors of a page's headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+\s+(.*?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


UNREADABLE = ("IPython.core.display", "**Required**", "&lt;function ", "&lt;factory&gt;", 'Type<span class="colon">')
"""What Python and the tools print where nobody told them how."""


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    for module in ("sphinx", "myst_parser", "furo", "sphinx_click"):
        pytest.importorskip(module)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs")]
    built = subprocess.run([*command, str(tmp_path / "site")], check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "index.html").exists()
    for path in (tmp_path / "site").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found = [words for words in UNREADABLE if words in text]
        assert not found, f"{path.relative_to(tmp_path)}: {found}"
    explorer = tmp_path / "site" / "_static" / "explorer.html"
    assert explorer.read_text(encoding="utf-8") == explorer_page()
    # a visitor's browser fetches nothing from elsewhere
    for page in (tmp_path / "site").rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|iframe)[^>]*src=\"(https?:[^\"]+)", page.read_text(encoding="utf-8"))
        assert fetched == [], page.name


def test_lines_agree_up_to_the_last_digit_and_any_lines():
    assert run_pages.agrees("a 1.25 b\n...\nend\n", "a 1.26 b\nx\ny\nend\n")
    assert run_pages.agrees("...\n", "")
    assert not run_pages.agrees("a 1.25 b\n", "a 1.27 b\n")
    assert not run_pages.agrees("one\n...\n", "two\n")
    assert not run_pages.agrees("1e-3 2.5e-05\n", "1e-3 2.7e-05\n")
    assert not run_pages.agrees("one\n", "one\ntwo\n")


def test_commands_go_on_after_a_backslash():
    found = run_pages.commands("$ one \\\n    two\nout\n$ three\n")
    assert [(item.text, item.expected) for item in found] == [("one \\\n    two", "out\n"), ("three", "")]
