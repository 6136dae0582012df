"""What every command shares: the configuration, the opened hub, asking the daemon, and the exit codes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Connection

from hub.composition import Hub, open_hub
from hub.config import Config, ConfigError, load_config
from hub.log import set_up
from hub.mapping.problem import MappingErrors
from hub.person import whoami
from hub.services.requests import Refused, ask_and_do, ask_and_wait

OK, FAILED, USAGE, NOTHING = 0, 1, 2, 3
T = TypeVar("T")


class Failure(click.ClickException):
    """The command could not do what was asked; exit code 1."""

    exit_code = FAILED


class NothingToDo(click.ClickException):
    """There was nothing to do; exit code 3."""

    exit_code = NOTHING

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        """Say so without the word Error."""
        click.echo(self.format_message(), file=file, err=True)


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What somebody who waits has seen: what he wants to know, how much is done of how much, and whether it is over."""

    found: T
    done: int
    total: int
    over: bool


@dataclass
class Session:
    """One invocation of the command line."""

    config_path: Path

    def config(self) -> Config:
        """Return the configuration; its problems end the command."""
        try:
            return load_config(self.config_path)
        except ConfigError as error:
            raise Failure(f"the configuration cannot be used:\n{error}") from None

    @contextmanager
    def hub(self, *, partners: bool = False) -> Iterator[Hub]:
        """Open the hub for this command, with the mapping files where asked for; quiet on stderr but for warnings."""
        set_up("text", "warning")
        logging.getLogger("alembic").setLevel(logging.ERROR)
        try:
            hub = open_hub(self.config(), partners=partners)
        except MappingErrors as error:
            raise Failure(f"the routing files cannot be used:\n{error}") from None
        try:
            yield hub
        finally:
            hub.close()

    @contextmanager
    def reading(self, *, partners: bool = False) -> Iterator[tuple[Hub, Connection]]:
        """Open the hub and one consistent view of its data."""
        with self.hub(partners=partners) as hub, hub.store.read() as tx:
            yield hub, tx

    def request(self, verb: str, arguments: Mapping[str, Any], seconds: float = 60.0) -> Mapping[str, Any]:
        """Have a verb carried out: by the running daemon when there is one, otherwise here and now."""
        with self.hub() as hub, progress_bar(verb) as show:
            try:
                if hub.lock.is_taken():
                    return ask_and_wait(hub.desk, verb, arguments, whoami(), seconds, hub.lock.is_taken)
                hub.refresh()
                return ask_and_do(hub.desk, hub.verbs(show).table(), verb, arguments, whoami(), hub.at_work.mark)
            except (Refused, TimeoutError, MappingErrors) as error:
                raise Failure(str(error)) from None

    def watch(self, what: str, seconds: float, look: Callable[[Connection, datetime], Seen[T]]) -> T:
        """Look until it is over, nobody wants to wait any longer or no daemon does it; returns what was found last."""
        with self.hub() as hub, progress_bar(what) as show:
            until = hub.clock.monotonic() + seconds
            while True:
                lives = hub.lock.is_taken()  # before looking: the last thing that it did may have been this
                with hub.store.read() as tx:
                    seen = look(tx, hub.clock.now())
                show(seen.done, seen.total)
                if seen.over or not lives or hub.clock.monotonic() >= until:
                    return seen.found
                hub.clock.sleep(0.2)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that shows (done, total) as a bar on stderr; nothing where nobody looks."""
    bar = Progress(TextColumn(what), BarColumn(40), MofNCompleteColumn(), console=Console(stderr=True), transient=True)
    if not bar.console.is_terminal:
        yield lambda _done, _total: None
        return
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


pass_session = click.make_pass_decorator(Session)
