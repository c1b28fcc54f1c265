# SPDX-License-Identifier: Apache-2.0
"""Tables and plots of the comparison, from the folder of a run or from the CSV file that a run was summed up in.

Examples:
    python -m experiments.tables results/cpu --csv experiments/results/cpu.csv
    python -m experiments.tables experiments/results/cpu.csv --into docs/cifar10.md --plots docs/images
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import isnan
from pathlib import Path

import click

from experiments.plots import plot_curves, plot_differences
from experiments.results import (
    Summary,
    collect,
    curves_of,
    learning_curves,
    read_csv,
    read_curves,
    summaries,
    write_csv,
    write_curves,
)
from wincraft.errors import BadDocument, WincraftError


def markdown(items: Sequence[Summary]) -> str:
    """A table: accuracy, difference to direct convolution, and the two intervals."""
    lines = [
        "| | accuracy % | against direct, points | over seeds | over images | seeds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for item in items:
        spread = "" if isnan(item.over_seeds) else f"±{item.over_seeds:.2f}"
        direct = item.case == "direct"
        difference = "" if direct else f"{item.difference:+.2f}"
        cells = (difference, "" if direct else spread, "" if direct else f"±{item.over_images:.2f}")
        lines.append(f"| {item.label} | {item.accuracy:.2f} | {' | '.join(cells)} | {item.seeds} |")
    return "\n".join(lines)


def insert(path: Path, name: str, text: str) -> None:
    """Put a text between ``<!-- name -->`` and ``<!-- end -->`` of a page.

    Raises:
        BadDocument: where the page has no such place.
    """
    page = path.read_text(encoding="utf-8")
    head, begin, rest = page.partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition("<!-- end -->")
    if not begin or not end:
        raise BadDocument(str(path), f"it has no place <!-- {name} --> ... <!-- end -->", "add it")
    path.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("results", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--csv", "csv_path", type=click.Path(dir_okay=False, path_type=Path), help="Sum up a folder in this file."
)
@click.option("--into", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Update this page's tables.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="Write plots into this folder.")
def main(results: Path, csv_path: Path | None, into: Path | None, plots: Path | None) -> None:
    """Print the tables of RESULTS, the folder of a run or a CSV file made from one.

    A page has a place for each, such as <!-- cpu trained --> ... <!-- end --> for a folder or file of the name cpu.
    """
    try:
        if plots:
            plots.mkdir(parents=True, exist_ok=True)
        name = results.stem
        found = collect(results) if results.is_dir() else read_csv(results)
        curves = learning_curves(results) if results.is_dir() else read_curves(_beside(results))
        if csv_path:
            csv_path.parent.mkdir(parents=True, exist_ok=True)
            write_csv(csv_path, found)
            write_curves(_beside(csv_path), curves)
        for stage in ("float", "trained") if plots else ():
            if shown := curves_of(stage, curves):
                plot_curves(shown).savefig(plots / f"cifar10-{name}-{stage}-curves.png", dpi=150)
        for stage in ("untrained", "trained"):
            items = summaries(found, stage)
            if not items:
                continue
            click.echo(f"\n{stage}\n\n{markdown(items)}")
            if into:
                insert(into, f"{name} {stage}", markdown(items))
            if plots:
                plot_differences(items, stage).savefig(plots / f"cifar10-{name}-{stage}.png", dpi=150)
    except WincraftError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def _beside(path: Path) -> Path:
    """Where the learning curves are beside a CSV file of results."""
    return path.with_name(f"{path.stem}-curves.csv")


if __name__ == "__main__":
    main()
