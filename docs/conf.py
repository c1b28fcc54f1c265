# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration: ``sphinx-build -W --keep-going -n -b html docs build/site``. Needs no network."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from pygments.lexers.shell import BashSessionLexer
from sphinx import addnodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "scripts"))

from site_pages import MODULES, NOTEBOOKS, SCHEMAS, module_list, module_pages, notebook_page, schema_pages

from wincraft.cli.main import COMMANDS
from wincraft.report import explorer_page
from wincraft.version import __version__  # after the path

project = "wincraft"
author = "The wincraft authors"
copyright = "The wincraft authors, Apache-2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
exclude_patterns = ["conf.py", "images/*.py"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
suppress_warnings = ["config.cache"]
nitpicky = True
smartquotes = False  # -- and "" belong to commands here
default_role = "py:obj"  # single backticks are code, and a link where they name an object

myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

autodoc_mock_imports = [name for name in ("torch", "numba", "joblib", "distributed") if not find_spec(name)]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True}
autosummary_generate = False
napoleon_numpy_docstring = False  # which would take what stands before a second colon for a type, too
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
add_module_names = False

# Annotations name types of other packages and private ones; single backticks name code that is no object. A name
# written in full, `wincraft.package.module.name`, leads somewhere or is an error, and so does every link between pages.
nitpick_ignore_regex = [
    ("py:(class|exc)", ".*"),
    ("py:.*", r"(?!wincraft\.\w+\.).*"),
    ("py:obj", r".*\.(_\w+|Value|Stored|Made|Operand|Operand_contra)"),  # type variables have no page
]

html_theme = "furo"
html_title = f"wincraft {version}"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["wincraft.css"]
html_js_files = ["copy.js"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def _mathml(node: Any, block: bool) -> str:
    """The formula as MathML, which browsers draw by themselves: no script and nothing to fetch.

    A bar that has an index would stretch over it.
    """
    made = str(latex2mathml.tex2mathml(node.astext().strip(), as_block=block))
    return re.sub("<mo>(?=[‖|]</mo>)", '<mo stretchy="false" lspace="0" rspace="0">', made)


def _inline(translator: Any, node: Any) -> None:
    translator.body.append(_mathml(node, block=False))
    raise nodes.SkipNode


def _block(translator: Any, node: Any) -> None:
    translator.body.append(f'<div class="formula">{_mathml(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _made(app: Sphinx, page: str, source: list[str]) -> None:
    """What a page says it has, see `site_pages`."""
    source[0] = source[0].replace("ALL-COMMANDS", ",".join(COMMANDS))
    source[0] = MODULES.sub(module_list, source[0])
    if "<!-- schemas -->" in source[0]:
        for path in (path for folder in SCHEMAS for path in folder.glob("*.json")):
            app.env.note_dependency(str(path), docname=page)
        source[0] = source[0].replace("<!-- schemas -->", schema_pages())
    if notebook := re.fullmatch(r"<!-- notebook: (\w+) -->\s*", source[0]):
        app.env.note_dependency(str(NOTEBOOKS / f"{notebook[1]}.ipynb"), docname=page)
        source[0] = notebook_page(notebook[1])


def _module_pages(app: Sphinx) -> None:
    """A page for every module, in a folder that git ignores; those of modules that are gone are removed."""
    reference = Path(app.srcdir, "reference")
    pages: dict[str, str] = {}
    for path in sorted(reference.glob("*.md")):
        pages |= module_pages(path.read_text(encoding="utf-8"), path.stem)
    folder = reference / "modules"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _short_navigation(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """The list of pages at the side ends with packages: with every module it would be most of every page."""
    whole = context["toctree"]
    context["toctree"] = lambda **options: whole(**(options | {"maxdepth": 2}))


def _plain(text: str) -> str:
    """Text in which what is no code in backticks means itself: |x|, A * B, x_, tcp://HOST."""
    parts = re.split(r"(`+[^`]*`+)", re.sub(r"://(?=[A-Z])", r"\://", text))
    return "".join(part if i % 2 else re.sub(r"([|*@]|(?<=\w)_(?!\w))", r"\\\1", part) for i, part in enumerate(parts))


def _docstring(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Docstrings are written for the terminal: indented lines are formulas, and |x| is an absolute value.

    What stands before the first colon of an attribute's is no type, for which it was taken.
    """
    typed = next((line for line in lines if line.startswith(":type: ")), None)
    if typed is not None and what in ("attribute", "data", "property"):
        lines.remove(typed)
        lines[0] = f"{typed.removeprefix(':type: ')}: {lines[0]}"
    result: list[str] = []
    field = formula = example = False
    for line in lines:
        indented = line.startswith("    ") and not field and not example
        if line and not line.startswith(" "):
            field = line.startswith((":", ".. "))
            example = line.startswith(">>>") or (example and result[-1] != "")
        if indented and not formula:
            result += ["", "::", ""]
        elif formula and line and not indented:
            result.append("")
        formula = indented or (formula and not line)
        literal = formula or example or line.lstrip().startswith(".. ")
        result.append(line if literal else _plain(line))
    lines[:] = result


def _signature(
    app: Sphinx, what: str, name: str, thing: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Defaults that are functions by their names, and those made anew as dots: else the signature is no Python."""
    if signature is not None:
        signature = re.sub(r"<function (?:[\w.]*\.)?(\w+|<lambda>)(?: at 0x\w+)?>|<factory>", _default, signature)
    return signature, returned


def _default(found: re.Match[str]) -> str:
    return "..." if found[1] in (None, "<lambda>") else found[1]


def _short_values(app: Sphinx, domain: str, kind: str, content: Any) -> None:
    """A value longer than a line is left to the source."""
    for signature in content.parent.findall(addnodes.desc_signature):
        for value in list(signature.findall(addnodes.desc_annotation)):
            if value.astext().lstrip().startswith("=") and len(value.astext()) > 120:
                value.parent.remove(value)


def _help(app: Sphinx, ctx: object, lines: list[str]) -> None:
    """The same for help texts, in which the indented lines of a line block are code."""
    result: list[str] = []
    inside = False
    for line in lines:
        before, inside = inside, line.startswith("|   ")
        if before and not inside:
            result.append("")
        if inside:
            if not before:
                result += ["", f".. code-block:: {'toml' if line.startswith('|   [') else 'sh'}", ""]
            result.append("    " + line.removeprefix("|   "))
        elif line.startswith("| Examples:"):
            result.append("Examples:")
        elif default := re.fullmatch(r"( *):default: ``'?(.*?)'?``", line):
            result.append(f"{default[1]}[default: {_plain(default[2])}]")
        elif line.lstrip().startswith("**Required**"):
            result.append(line)
        else:
            block = line[: line.startswith("|")]
            result.append(line if line.lstrip().startswith(".. ") else block + _plain(line.removeprefix("|")))
    lines[:] = result


def _superscripts(app: Sphinx, tree: nodes.document) -> None:
    """B^T, x^2 and 2^k of the texts, raised; code and formulas are left as they are."""
    kept = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw, addnodes.desc_signature)
    for text in [text for text in tree.findall(nodes.Text) if "^" in text]:
        above = text.parent
        while above is not None and not isinstance(above, kept):
            above = above.parent
        if above is None:
            parts = re.split(r"(?<=[\w)])\^(-?\w+|\([^()]*\))", str(text))
            raised = [
                nodes.superscript("", part.strip("()")) if i % 2 else nodes.Text(part) for i, part in enumerate(parts)
            ]
            text.parent.replace(text, [node for node in raised if node.astext()])


class Session(BashSessionLexer):
    """Console blocks, whose commands begin with ``$``: a line that begins with ``#`` or ``>`` was printed."""

    _ps1rgx = re.compile(r"^(\$ )(.*\n?)")
    _ps2 = "\0"  # lines after a backslash go on without a prompt
    _venv = re.compile(r"(?!)")


def _explorer(app: Sphinx, failed: Exception | None) -> None:
    """The explorer's page among the static files."""
    if failed is None and app.builder.format == "html":
        Path(app.outdir, "_static", "explorer.html").write_text(explorer_page(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Formulas are MathML."""
    app.add_lexer("console", Session)
    app.connect("builder-inited", _module_pages)
    app.connect("source-read", _made)
    app.connect("doctree-read", _superscripts)
    app.connect("html-page-context", _short_navigation, priority=400)
    app.connect("build-finished", _explorer)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("autodoc-process-signature", _signature)
    app.connect("object-description-transform", _short_values)
    app.connect("sphinx-click-process-description", _help)
    app.connect("sphinx-click-process-options", _help)
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
