"""`crossdock connection`: who we are connected to, whether it works, and whether anything may leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

import click

from hub import secret_names
from hub.cli.params import Moment
from hub.cli.session import FAILED, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.composition import Hub
from hub.services.syncing import checklist, connections
from hub.services.syncing.schedules import ScheduleError, jobs_of, load_schedules

_COLUMNS = ("code", "role", "connector", "mode", "live_from", "last_run", "trouble")

Which = Mapping[str, object]


@click.group()
def connection() -> None:
    """Look after connections to partners."""


@connection.command("list")
@json_option
@pass_session
def list_connections(session: Session, as_json: bool) -> None:
    """List every connection, its mode and its trouble."""
    with session.reading(partners=True) as (hub, tx):
        rows = [connections.as_row(view) for view in connections.listing(tx, hub.desk)]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="no partner yet: put a mapping file into the mappings folder")


@connection.command()
@click.argument("name")
@click.option("--read-only", is_flag=True, help="Write no test file where our documents go.")
@json_option
@pass_session
def check(session: Session, name: str, read_only: bool, as_json: bool) -> None:
    """Go through what has to be well before a connection goes live, and say what to do about each point.

    It logs in, looks into the folders, and writes, renames, reads back and removes a tiny test document where ours go;
    then it looks at secrets, SKUs, locations, schedules and clocks. Exits 1 when the partner cannot be worked with.
    """
    with session.hub(partners=True) as hub:
        if hub.profile(name) is None:
            raise click.UsageError(f"there is no partner {name!r}; known: {', '.join(hub.directory.entries) or 'none'}")
        health = connections.check(hub.links, name, read_only=read_only)
        setting = _setting(hub, name)
        with hub.store.read() as tx:
            points = checklist.checklist(tx, hub.directory, name, health, setting, hub.clock.now())
    rows = [checklist.as_row(each) for each in points]
    if as_json:
        told = {"connection": name, "ok": health.ok, "sentence": health.sentence, "todo": health.todo}
        print_json({**told, "ready": all(each.ok is not False for each in points), "points": rows})
    else:
        click.echo(f"{name}: {'ok' if health.ok else 'NOT OK'}: {health.sentence}")
        if health.todo:
            click.echo(f"do: {health.todo}")
        print_rows(rows, ("point", "verdict", "found", "do"), as_json=False, empty="")
    if not health.ok:
        raise SystemExit(FAILED)


def _setting(hub: Hub, name: str) -> checklist.Setting:
    """Return what stands around a connection in files."""
    config, file = hub.config, hub.library.get(name)
    named = secret_names.named([file.path] if file else [])
    folder = config.path(config.folders.secrets)
    broken = [str(each) for other in hub.library.broken() if other.in_force == name for each in other.problems]
    try:
        jobs = jobs_of(load_schedules(config.path(config.folders.schedules)), hub.directory)
    except ScheduleError as error:
        return checklist.Setting((), problems=[*broken, *error.problems])
    return checklist.Setting(jobs, {each: secret_names.place(each, folder) for each in named}, broken)


def _named_or_all(function: Callable[..., None]) -> Callable[..., None]:
    """Add NAME and --all to a command, of which one must be given; `which` is what the service is asked for."""

    @click.argument("name", required=False)
    @click.option("--all", "every", is_flag=True, help="Every connection.")
    @wraps(function)
    def asked(*, name: str | None, every: bool, **options: object) -> None:
        if (name is None) == (not every):
            raise click.UsageError("name one connection, or say --all")
        function(which={"all": True} if every else {"connection": name}, **options)

    return asked


@connection.command()
@_named_or_all
@click.option("--from", "live_from", type=Moment(), help="Orders placed before are never sent unless named. [now]")
@click.option("--ramp", type=click.IntRange(1), help="At most so many documents; then it observes until you say so.")
@json_option
@pass_session
def live(session: Session, which: Which, live_from: str | None, ramp: int | None, as_json: bool) -> None:
    """Let documents leave."""
    arguments = {**which, "from": live_from, "documents": ramp}
    result = session.request("connection.live", arguments)
    _say(result, f"live from {result['from']}: {', '.join(result['live']) or 'none'}", as_json=as_json)


@connection.command()
@_named_or_all
@json_option
@pass_session
def observe(session: Session, which: Which, as_json: bool) -> None:
    """Read and render everything, and let nothing leave."""
    result = session.request("connection.observe", which)
    _say(result, f"observing: {', '.join(result['observing']) or 'none'}", as_json=as_json)


@connection.command()
@_named_or_all
@click.option("--why", default="", help="For the record.")
@json_option
@pass_session
def pause(session: Session, which: Which, why: str, as_json: bool) -> None:
    """Stop a connection in both directions."""
    result = session.request("connection.pause", {**which, "why": why})
    if not result["paused"]:
        raise NothingToDo("paused already")
    _say(result, f"paused: {', '.join(result['paused'])}", as_json=as_json)


@connection.command()
@_named_or_all
@json_option
@pass_session
def resume(session: Session, which: Which, as_json: bool) -> None:
    """Let a paused connection go on as it went before."""
    result = session.request("connection.resume", which)
    if not result["resumed"]:
        raise NothingToDo("nothing was paused")
    _say(result, "; ".join(f"{code}: {mode}" for code, mode in result["resumed"].items()), as_json=as_json)


def _say(result: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        click.echo(text)
