"""The command `crossdock`: one group, its commands loaded only when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path

import click

#: command -> module, name in it, and what it is for; modules are imported on use, so that `--help` is quick.
_COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "init": ("hub.cli.init", "init", "Write a folder to work in."),
    "run": ("hub.cli.run", "run", "Serve: the daemon."),
    "check": ("hub.cli.check", "check", "Check configuration, schedules and mapping files."),
    "demo": ("hub.cli.demo", "demo", "Run the hub with simulated partners."),
    "sandbox": ("hub.cli.sandbox", "sandbox", "Serve simulated partners alone."),
    "audit": ("hub.cli.sandbox", "audit", "Compare what the shop asked with what the partners hold."),
    "connection": ("hub.cli.connection", "connection", "Look after connections to partners."),
    "order": ("hub.cli.order", "order", "Where is my order, and why from there?"),
    "invoice": ("hub.cli.invoice", "invoice", "What suppliers bill, and a person's word on what differs."),
    "route": ("hub.cli.route", "route", "Test routing rules, and replay history by them."),
    "stock": ("hub.cli.stock", "stock", "Look at stock, and read it anew."),
    "sync": ("hub.cli.sync", "sync", "Look at sync runs and start one."),
    "reconcile": ("hub.cli.reconcile", "reconcile", "Compare with a shop what both have of its orders."),
    "failed": ("hub.cli.failed", "failed", "List, show, rerun and close what needs a person."),
    "mapping": ("hub.cli.mapping", "mapping", "Check, show and try mapping files."),
    "secret": ("hub.cli.secret", "secret", "Keep and check secrets."),
    "db": ("hub.cli.db", "db", "Look after the database."),
}


#: The entry-point group of commands that connectors bring along; each names a click command.
COMMANDS_GROUP = "crossdock.commands"


def _brought() -> Mapping[str, EntryPoint]:
    """Return what installed connectors bring; a name of the hub's own is not theirs to take."""
    return {point.name: point for point in entry_points(group=COMMANDS_GROUP) if point.name not in _COMMANDS}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def invoke(self, ctx: click.Context) -> object:
        """Carry out a command; trouble of the machine is told in a sentence, a fault of ours with its traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from hub.cli.trouble import in_words  # noqa: PLC0415 - `--help` does without it

            words = in_words(error)
            if words is None:
                raise
            raise click.ClickException(words) from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the commands in the order in which people meet them, those of connectors last."""
        return [*_COMMANDS, *sorted(_brought())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Return a command by its name, or None."""
        if cmd_name in _COMMANDS:
            module, name, _ = _COMMANDS[cmd_name]
            command = getattr(importlib.import_module(module), name)
        else:
            point = _brought().get(cmd_name)
            command = point.load() if point is not None else None
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; the hub's own without importing any."""
        rows = [(name, words) for name, (_, _, words) in _COMMANDS.items()]
        for name in sorted(_brought()):
            command = self.get_command(ctx, name)
            rows.append((name, command.get_short_help_str() if command is not None else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


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
