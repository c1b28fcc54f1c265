# SPDX-License-Identifier: Apache-2.0
"""A group of commands, each a module that is imported when it is called, so that --help is instant."""

from __future__ import annotations

from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group whose commands live in modules of a package, each as ``command``; `table` has a line of help for each."""

    package = "wincraft.cli"
    table: dict[str, str]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The command names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in self.table:
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command offered."""
        name = args[0]
        if name not in self.table and not name.startswith("-"):
            from wincraft.suggestion import suggestion

            near = suggestion(name, self.table)
            hint = f"did you mean {near}?" if near else f"commands are {', '.join(self.table)}"
            ctx.fail(f"no such command {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))
