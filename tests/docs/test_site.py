# SPDX-License-Identifier: Apache-2.0
"""What the site makes when it is built: notebooks, schemas, the picture of the first page, glossary, copy buttons."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from oracle_scripts import script

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
if not (DOCS / "glossary.md").exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)

PAGES = sorted(DOCS.rglob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
SCHEMAS = sorted((ROOT / "wincraft").rglob("schema/*.json"))


@pytest.fixture(scope="module")
def site():
    return script("scripts/site_pages.py")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_page(path, site):
    """Every notebook has its page; texts, code and each plot are on it, and its links lead to pages."""
    page = DOCS / "notebooks" / f"{path.stem}.md"
    assert page.read_text(encoding="utf-8") == f"<!-- notebook: {path.stem} -->\n"
    made = site.notebook_page(path.stem)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    plots = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert made.count('<img class="plot" alt="Plot: ') == len(plots)
    assert made.startswith("# ")
    for cell in cells:
        if cell["cell_type"] == "code":
            assert "".join(cell["source"]).strip() in made
    assert ".ipynb)" not in made
    for link in re.findall(r"\]\(([^():]+\.md)\)", made):
        assert (page.parent / link).exists(), link


def test_notebook_pages_have_notebooks():
    assert {page.stem for page in (DOCS / "notebooks").glob("[0-9]*.md")} == {path.stem for path in NOTEBOOKS}


def test_every_module_of_a_package_has_a_page_that_its_package_lists(site):
    """Those named in the marker come first; each page documents its module and leads back."""
    path = DOCS / "reference" / "exact.md"
    text = path.read_text(encoding="utf-8")
    marker = site.MODULES.search(text)
    pages = site.module_pages(text, path.stem)
    folder = ROOT / "wincraft" / "exact"
    assert set(pages) == {f"wincraft.exact.{item.stem}" for item in folder.glob("*.py")} - {"wincraft.exact.__init__"}
    assert list(pages)[:2] == ["wincraft.exact.number", "wincraft.exact.polynomial"]
    assert ".. automodule:: wincraft.exact.number\n" in pages["wincraft.exact.number"]
    assert "Of :doc:`../exact`." in pages["wincraft.exact.number"]
    listed = site.module_list(marker)
    assert re.findall(r"\(modules/(.*)\.rst\)", listed) == list(pages) == re.findall(r"^modules/(.*)$", listed, re.M)
    sentence = re.search(r'"""(.*?)\.', (folder / "number.py").read_text(encoding="utf-8"))[1]
    assert f"| [`number`](modules/wincraft.exact.number.rst) | {sentence}" in listed


def test_outputs_take_their_best_form(site):
    data = {"text/plain": ["<Figure>"], "image/png": "aGk=\n", "text/html": ["<b>x</b>"]}
    output = {"output_type": "display_data", "data": data}
    assert 'src="data:image/png;base64,aGk="' in site._output(output, 'A "plot" of `U`')
    assert 'alt="Plot: A plot of U"' in site._output(output, 'A "plot" of `U`')
    del data["image/png"]
    assert site._output(output, "") == '```{raw} html\n<div class="output"><b>x</b></div>\n```'
    data["image/svg+xml"] = [data.pop("text/html")[0].replace("b>", "svg>")]
    assert site._output(output, "") == '```{raw} html\n<div class="output"><svg>x</svg></div>\n```'
    del data["image/svg+xml"]
    data["text/latex"] = ["$\\displaystyle x^{2}$"]
    assert site._output(output, "") == "$$\nx^{2}\n$$"
    del data["text/latex"]
    assert site._output(output, "") == "```text\n<Figure>\n```"
    assert site._output({"output_type": "stream", "text": ["```\n"]}, "") == "````text\n```\n````"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_documented(path, site):
    """Its title is a heading, and every name of a field stands in a table."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    section = site.schema_section(schema, path)
    assert f"## {schema['title']}\n" in site.schema_pages()
    named = set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))
    assert {name.split(".")[-1].removesuffix("[]") for name in named} == set(names(schema))


def names(schema):
    """All names of fields, however deep."""
    if isinstance(schema, list):
        for item in schema:
            yield from names(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from value
                yield from names(list(value.values()))
            else:
                yield from names(value)


def test_the_picture_is_what_the_script_draws():
    drawn = script("docs/images/one_tile.py").draw()
    assert drawn == (DOCS / "images" / "one-tile.svg").read_text(encoding="utf-8")
    assert "36 products a channel; directly 16 × 9 = 144" in drawn


TERMS = set(re.findall(r"^(\w.*)$", (DOCS / "glossary.md").read_text(encoding="utf-8").split("{glossary}")[1], re.M))
VOCABULARY = {
    *("F(m,r)", "bilinear algorithm", "rank", "correlation form", "linear convolution", "modulus", "inf", "scaling"),
    *("scale", "convention", "tap", "tile", "stage", "basis", "pass", "circuit", "program", "live values", "plan"),
    *("recipe", "field", "machine", "noise gain", "height", "SQNR", "U", "V", "M", "point", "scheme"),
}


def test_the_glossary_has_the_vocabulary():
    assert sorted(VOCABULARY - TERMS) == []


def test_terms_that_pages_name_are_there_and_named_at_first_use():
    """A link to a term is one that the glossary has, and no page links the same one twice in its text."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        linked = [title or name for name, title in re.findall(r"\{term\}`([^`<]+?)(?:\s*<([^`>]+)>)?`", text)]
        assert set(linked) <= TERMS, page.name
        if page.name != "glossary.md" and page.parent.name == "tour":
            assert len(linked) == len(set(linked)), f"{page.name}: {sorted(linked)}"
            assert len(linked) >= 5


def test_nothing_promises_a_package_that_no_registry_has():
    """wincraft is installed from a clone."""
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES, *NOTEBOOKS, *(ROOT / "wincraft").rglob("*.py")]
    for path in texts:
        assert not re.search(r"pip install [\\\"']*wincraft", path.read_text(encoding="utf-8")), path


COPY = """
const blocks = JSON.parse(process.argv[1]);
global.document = { addEventListener() {} };
const source = require("fs").readFileSync(process.argv[2], "utf8");
const typed = new Function(`${source}; return typed;`)();
const made = blocks.map(([kind, text]) =>
  typed({ querySelector: () => ({ textContent: text }), parentElement: { className: `highlight-${kind} x` } }));
console.log(JSON.stringify(made));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_the_copy_button_takes_what_one_types():
    blocks = [
        ["console", "$ one \\\n    --two\nprinted\n# printed\n$ three\n"],
        ["pycon", ">>> a = [\n...     1]\n>>> a\n[1]\n"],
        ["python", "x = 1\n\n"],
    ]
    run = ["node", "-e", COPY, json.dumps(blocks), str(DOCS / "_static" / "copy.js")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["one \\\n    --two\nthree", "a = [\n    1]\na", "x = 1"]
