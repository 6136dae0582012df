"""The command `crossdock`: one group, its commands loaded only when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import click

#: command -> the module and the name in it; modules are imported on use, so that `--help` is quick.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("hub.cli.init", "init"),
    "run": ("hub.cli.run", "run"),
    "check": ("hub.cli.check", "check"),
    "demo": ("hub.cli.demo", "demo"),
    "sandbox": ("hub.cli.sandbox", "sandbox"),
    "audit": ("hub.cli.sandbox", "audit"),
    "connection": ("hub.cli.connection", "connection"),
    "order": ("hub.cli.order", "order"),
    "stock": ("hub.cli.stock", "stock"),
    "sync": ("hub.cli.sync", "sync"),
    "failed": ("hub.cli.failed", "failed"),
    "mapping": ("hub.cli.mapping", "mapping"),
    "db": ("hub.cli.db", "db"),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the commands in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Return a command by its name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("crossdock.toml"),
    envvar="CROSSDOCK_CONFIG",
    show_default=True,
    help="The configuration file.",
)
@click.version_option(version("crossdock"), prog_name="crossdock")
@click.pass_context
def main(ctx: click.Context, config: Path) -> None:
    """Make shops, warehouses, suppliers and 3PLs act as one organisation.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing to do.
    """
    from hub.cli.session import Session  # noqa: PLC0415 - `--help` does without it

    ctx.obj = Session(config)
