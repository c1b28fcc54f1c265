# SPDX-License-Identifier: Apache-2.0
"""Execute the notebooks from their sources and save them with their outputs.

    pip install -e ".[notebooks]"
    python notebooks/execute.py            # all
    python notebooks/execute.py 01 05      # those that begin so

The source of NN_name.ipynb is NN_name.py (jupytext, percent format); edit that one.
"""

from __future__ import annotations

import base64
import io
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TIMEOUT = 600
"""Seconds that one cell may take."""
WIDGET = "application/vnd.jupyter.widget-view+json"
"""A view of a widget that lives no longer; its text is kept."""


def sources() -> list[Path]:
    """The sources by number."""
    return sorted(HERE.glob("[0-9][0-9]_*.py"))


def read_source(path: Path) -> Any:
    """A source as a notebook without outputs; its cells are numbered, so that the same source is the same file."""
    import jupytext

    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def smaller(image: str) -> str:
    """A plot in base64 with a palette of 256 colours, which takes half of the room."""
    from PIL import Image

    packed = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(image))) as plot:
        plot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return base64.b64encode(packed.getvalue()).decode()


def execute(path: Path) -> Any:
    """The notebook of a source with its outputs; raises nbclient's `CellExecutionError` where a cell fails."""
    from nbclient import NotebookClient

    notebook = read_source(path)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(HERE)}},
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main(names: list[str]) -> None:
    """Execute those whose names begin with one of the arguments, or all."""
    import nbformat

    for path in sources():
        if names and not path.name.startswith(tuple(names)):
            continue
        began = time.monotonic()
        notebook = execute(path)
        target = path.with_suffix(".ipynb")
        nbformat.write(notebook, target)
        print(f"{target.name}: {time.monotonic() - began:.0f} s, {target.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
