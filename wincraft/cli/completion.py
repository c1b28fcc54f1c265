# SPDX-License-Identifier: Apache-2.0
"""``wincraft completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from wincraft.cli.shared.command import Command


@click.command(name="completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      eval "$(wincraft completion bash)"
      wincraft completion fish > ~/.config/fish/completions/wincraft.fish

    Commands, options, files and the names that options take are completed. For bash and zsh put the line with eval
    into ~/.bashrc or ~/.zshrc; bash must be 4.4 or later.
    """
    from wincraft.cli.main import main

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    click.echo(completion_class(main, {}, "wincraft", "_WINCRAFT_COMPLETE").source())
