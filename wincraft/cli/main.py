# SPDX-License-Identifier: Apache-2.0
"""The ``wincraft`` command: its commands are imported when called, so that --help is instant."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import click

from wincraft.cli.shared.group import LazyGroup
from wincraft.cli.shared.streams import usable_streams
from wincraft.version import __version__

COMMANDS = {
    "generate": "Make F(m,r), prove it, and write it.",
    "verify": "Prove a file's matrices, or say what is wrong.",
    "check": "Check the files that a project's pyproject.toml names.",
    "identify": "Find points, scaling and convention of bare matrices.",
    "report": "Say what an algorithm costs and what rounding does to it.",
    "basis": "Compare polynomial bases and factorisations of one algorithm.",
    "compare": "Put algorithms side by side, the best of each measure marked.",
    "explore": "Write a page for a browser in which points and bits move.",
    "search": "Find the best points, scalings or chains; fronts, and proved limits.",
    "catalogue": "Show the best points known, and what others publish.",
    "circuit": "Show the programs of an algorithm, what is proved of them, and their front.",
    "certify": "Write a certificate that the proof assistant Coq checks.",
    "tolerance": "Say which tolerance a test should have, and what it catches.",
    "plan": "Find the fastest tile of a convolution layer within an error limit.",
    "words": "Say which words exact integers need, by the width of the filters.",
    "ring": "Say what is lost in words modulo q, with the inverses; C over Z/2^k.",
    "residues": "Find moduli in which a size is exact: residue number systems.",
    "quotient": "Make products modulo a polynomial: cyclic, negacyclic, short.",
    "formats": "Describe the number formats.",
    "selftest": "Check this installation in a few seconds.",
    "completion": "Print the shell completion script.",
}


class ClosedPipe(Exception):
    """Nobody reads stdout any more: a `BrokenPipeError` under a name of which click makes no exit code 1."""


class Main(LazyGroup):
    """The commands of ``wincraft``."""

    table = COMMANDS

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's; raises `ClosedPipe`."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError as error:
            raise ClosedPipe from error

    def invoke(self, ctx: click.Context) -> Any:
        """As click's; raises `ClosedPipe`."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ClosedPipe from error


@click.group(
    cls=Main,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="wincraft %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; it may stand anywhere.")
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """Make, prove and ship Winograd / Toom-Cook convolution algorithms F(m,r).

    \b
    Examples:
      wincraft generate 4,3
      wincraft generate 4x4,3x3 --format c -o f4x4.h
      wincraft report 4x4,3x3 --scheme fp16
      wincraft verify f4.json
      wincraft identify their_matrices.npz
      wincraft search 6,3 --max-height 8 --space symmetric

    Exit codes: 0 done, 1 a check failed, 2 usage, 3 bad input, 4 a needed tool is missing, 130 interrupted,
    141 nobody reads the output.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run() -> None:
    """Console entry point: errors become one line on stderr and an exit code."""
    # matrix products here are many and small: a second thread of OpenBLAS would only wait for its turn
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with usable_streams():
        code = _exit_code(sys.argv[1:])
    sys.exit(code)


def _exit_code(arguments: list[str]) -> int:
    from wincraft.errors import WincraftError

    try:
        result = main(args=[arg for arg in arguments if arg != "--debug"], prog_name="wincraft", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except WincraftError as error:
        if "--debug" in arguments:
            traceback.print_exc()
            return error.exit_code
        return _said(f"{error}", error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _said("interrupted", 130)
    except click.UsageError as error:
        hint = f" (try: {error.ctx.command_path} --help)" if error.ctx else ""
        return _said(f"{_one_line(error)}{hint}", 2)
    except click.ClickException as error:
        return _said(_one_line(error), error.exit_code)
    except (BrokenPipeError, ClosedPipe):
        return 141
    except OSError as error:
        return _said(f"cannot write to stdout: {error.strerror or 'it is closed'}; free the device or use -o", 3)
    return result if isinstance(result, int) else 0


def _said(message: str, code: int) -> int:
    click.echo(f"wincraft: {message}", err=True)
    return code


def _one_line(error: click.ClickException) -> str:
    from wincraft.errors import shorten

    return shorten(" ".join(error.format_message().split()), 300)


if __name__ == "__main__":
    run()
