"""A command group that imports a subcommand when it is asked for, and says failures in one line."""

import gc
import os
from importlib import import_module
from typing import Any, NamedTuple

import click


class Lazy(NamedTuple):
    """A subcommand by its place ("module:attribute") and the line that the group's help shows."""

    place: str
    help: str


class LazyGroup(click.Group):
    """A group whose commands load on use."""

    def __init__(self, *args: Any, commands_by_name: dict[str, Lazy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order given: the way a newcomer meets them."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, None when there is none of that name."""
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].place.partition(":")
        gc.disable()  # what is imported stays, so looking for garbage in it only takes time: a sixth of the start
        try:
            command: click.Command = getattr(import_module(module), attribute)
        finally:
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self._places.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure is told in one line, with exit code 1."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("HMS_LOG_LEVEL", "").upper() == "DEBUG":
                raise
            raise click.ClickException(import_module("hms.cli.failures").explain(error)) from error
