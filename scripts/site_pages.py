# SPDX-License-Identifier: Apache-2.0
"""Pages that the site makes when it is built: notebooks from their saved outputs, JSON schemas as tables, modules.

``docs/conf.py`` puts them where a page says ``<!-- notebook: NAME -->``, ``<!-- schemas -->`` or ``<!-- modules of
PACKAGE: first, second -->``. Nothing is executed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
SCHEMAS = (ROOT / "wincraft" / "files" / "schema", ROOT / "wincraft" / "report" / "schema")
MODULES = re.compile(r"<!-- modules of ([\w.]+):?([\w, .]*)-->")
"""Where a page lists the modules of a package: its name, and those that come before the others."""


def notebook_page(name: str) -> str:
    """A notebook as Markdown: texts as they are, code, and of every output its best form.

    Args:
        name: of the file in ``notebooks/``, without its suffix.
    """
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    parts, heading = [], name
    for cell in cells:
        text = "".join(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            heading = (re.findall(r"^#+ +(.*)$", text, flags=re.MULTILINE) or [heading])[-1]
            parts.append(_links(text))
            if len(parts) == 1:
                parts.append(f"*The notebook `notebooks/{name}.ipynb`, with its saved outputs.*")
        elif text:
            parts.append(_fenced(text, "python"))
            parts += [part for output in cell["outputs"] if (part := _output(output, heading))]
    return "\n\n".join(parts) + "\n"


def _links(text: str) -> str:
    """Other notebooks that are here, and pages named in code, become pages of the site."""
    text = re.sub(r"\[([^]\n]*)\]\((\d\d_\w+)\.ipynb\)", _notebook_link, text)
    return re.sub(r"(?<!\[)`docs/([\w/-]+\.md)`(?!\])", r"[`docs/\1`](../\1)", text)


def _notebook_link(link: re.Match[str]) -> str:
    return f"[{link[1]}]({link[2]}.md)" if (NOTEBOOKS / f"{link[2]}.ipynb").exists() else link[1]


def _fenced(text: str, kind: str) -> str:
    longest = max((len(ticks) for ticks in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def _output(output: Mapping[str, Any], heading: str) -> str:
    if output["output_type"] == "stream":
        return _fenced("".join(output["text"]).rstrip("\n"), "text")
    data = {kind: "".join(text) for kind, text in output.get("data", {}).items()}
    if "image/png" in data:
        image = data["image/png"].replace("\n", "")
        alt = re.sub(r"[`\"<>&]", "", heading)
        return _fenced(f'<img class="plot" alt="Plot: {alt}" src="data:image/png;base64,{image}">', "{raw} html")
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            return _fenced(f'<div class="output">{data[kind]}</div>', "{raw} html")
    if "text/latex" in data:
        formula = data["text/latex"].strip().strip("$").removeprefix("\\displaystyle")
        return f"$$\n{formula.strip()}\n$$"
    return _fenced(data["text/plain"].rstrip("\n"), "text") if "text/plain" in data else ""


def schema_pages() -> str:
    """All schemas as sections: what a document is, its fields, and the schema itself."""
    paths = [path for folder in SCHEMAS for path in sorted(folder.glob("*.json"))]
    return "\n".join(schema_section(json.loads(path.read_text(encoding="utf-8")), path) for path in paths)


def schema_section(schema: Mapping[str, Any], path: Path) -> str:
    """One schema: a table of its fields, those of its parts below, and its text."""
    lines = [f"## {schema['title']}", "", f"`{path.relative_to(ROOT).as_posix()}`. {schema.get('description', '')}", ""]
    if not schema.get("properties"):
        lines += [f"The document is {_type(schema)}.", ""]
    lines += _table(schema)
    for name, part in schema.get("$defs", {}).items():
        if table := _table(part):
            lines += [f"*{name}*" + (f": {part['description']}" if "description" in part else ""), "", *table]
    text = _fenced(json.dumps(schema, indent=2, ensure_ascii=False), "json")
    return "\n".join([*lines, f'<details class="schema"><summary>The schema</summary>\n\n{text}\n\n</details>', ""])


def _table(schema: Mapping[str, Any]) -> list[str]:
    rows = [
        [f"`{name}`", f"{_type(field)}{'' if needed else ', may be missing'}", _cell(field.get("description", ""))]
        for name, field, needed in fields(schema)
    ]
    width = 3 if any(meaning for _, _, meaning in rows) else 2
    table = [["field", "value", "meaning"], ["---"] * 3, *rows]
    return [*(f"| {' | '.join(row[:width])} |" for row in table), ""] if rows else []


def fields(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every field by its path, its schema, and whether it is required; parts are not entered.

    In a path ``[]`` is an item of a list and ``*`` a name that the document chooses.
    """
    before = f"{path}." if path else ""
    for name, field in schema.get("properties", {}).items():
        yield f"{before}{name}", field, name in schema.get("required", ())
        yield from fields(field, f"{before}{name}")
    for below, key in ((f"{path}[]", "items"), (f"{before}*", "additionalProperties")):
        if isinstance(schema.get(key), Mapping):
            yield from fields(schema[key], below)
    for choice in (choice for key in ("oneOf", "anyOf") for choice in schema.get(key, ())):
        yield from fields(choice, path)


def _type(field: Mapping[str, Any]) -> str:
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if "$ref" in field:
        return f"*{field['$ref'].rpartition('/')[2]}*"
    for key in ("oneOf", "anyOf"):
        if key in field:
            return " or ".join(_type(choice) for choice in field[key])
    kinds = field.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    items = field.get("items")
    of = f" of {_type(items)}" if isinstance(items, Mapping) else ""
    values = field.get("additionalProperties")
    of = f", values {_type(values)}" if isinstance(values, Mapping) else of
    return " or ".join(kind + of * (kind in ("array", "object")) for kind in kinds)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def module_list(marker: re.Match[str]) -> str:
    """The modules of a package with the first paragraph of each, and links to their pages."""
    names = _modules(marker)
    rows = [
        f"| [`{name.removeprefix(f'{marker[1]}.')}`](modules/{name}.rst) | {_cell(_summary(name))} |" for name in names
    ]
    pages = [f"modules/{name}" for name in names]
    table = ["| module | what it is for |", "| --- | --- |", *rows]
    return "\n".join([*table, "", "```{toctree}", ":hidden:", "", *pages, "```", ""])


def module_pages(text: str, page: str) -> dict[str, str]:
    """Of every module that a page of the reference lists, by name, a page in reStructuredText that leads back."""
    found = {}
    for marker in MODULES.finditer(text):
        for name in _modules(marker):
            title = name.replace("_", "\\_")
            lines = [title, "=" * len(title), "", f"Of :doc:`../{page}`.", "", f".. automodule:: {name}", ""]
            found[name] = "\n".join(lines)
    return found


def _modules(marker: re.Match[str]) -> list[str]:
    package, first = marker[1], [name for name in re.split(r"[, ]+", marker[2]) if name]
    path = ROOT.joinpath(*package.split("."))
    names = sorted(item.name for item in walk_packages([str(path)], f"{package}.") if not item.ispkg)
    leading = [f"{package}.{name}" for name in first]
    return [*leading, *(name for name in names if name not in leading)]


def _summary(name: str) -> str:
    """The first paragraph of a module's text."""
    module = ast.parse(ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    return (ast.get_docstring(module) or "").partition("\n\n")[0]
