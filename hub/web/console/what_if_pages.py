"""What if: the routing of past orders by changed rules beside what it was; nothing of the hub changes by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hub.mapping.problem import MappingErrors, Problem
from hub.services.requests import Refused
from hub.services.sourcing.simulate_apart import SHOWN
from hub.services.sourcing.simulation import Texts, Wish, policy_of
from hub.services.sourcing.simulations import MOST, Simulation
from hub.web.console.access import Role
from hub.web.console.answer import not_found, show
from hub.web.console.site import Console

#: What a changed file is called that stands beside those in force, after them.
NEW = "new.toml"
_EMPTY = """version = 1

[[rules]]
name = "everything"
routing = { max_splits = 1 }
"""


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the pages."""

    @app.get("/what-if")
    def ask(request: Request) -> Response:
        """Ask for the period and the changed file, and list the last simulations."""
        console.enter(request)
        file = request.query_params.get("file", "")
        return _form(console, request, {"file": file, "rules": _text_of(console, file)})

    @app.get("/what-if/{number}")
    def one(number: int, request: Request) -> Response:
        """Show one simulation: how far it is, or what would be otherwise."""
        console.enter(request)
        made = console.simulations.get(number)
        if made is None:
            return not_found(console, request, f"there is no simulation {number}; results are kept until a restart")
        now = console.desk().clock.now()
        return show(console, request, "simulation.html", each=made, now=now, most=MOST, shown=SHOWN)

    @app.post("/what-if")
    async def start(request: Request) -> Response:
        """Start a simulation, or only check the file."""
        visitor, fields = await console.form(request, Role.OPERATOR)
        try:
            made = await run_in_threadpool(started, console, fields, visitor.name)
        except MappingErrors as error:
            return await run_in_threadpool(_form, console, request, fields, problems=error.problems)
        except Refused as refused:
            return await run_in_threadpool(_form, console, request, fields, refused=str(refused))
        if made is None:
            return await run_in_threadpool(_form, console, request, fields, sound=True)
        return RedirectResponse(f"/what-if/{made.number}", 303)

    @app.post("/what-if/{number}/cancel")
    async def cancel(number: int, request: Request) -> Response:
        """End a simulation before its time."""
        visitor, _ = await console.form(request, Role.OPERATOR)
        console.simulations.cancel(number, f"cancelled by {visitor.name}")
        return RedirectResponse(f"/what-if/{number}", 303)


def started(console: Console, given: Mapping[str, Any], who: str) -> Simulation | None:
    """Check what is given and start the simulation; None where `check` asks for no more than that.

    Raises MappingErrors for a file that cannot be used, Refused for a period that is none or while another one runs.
    """
    file = str(given.get("file") or NEW)
    files = changed(console.routing_files(), file, str(given.get("rules", "")).replace("\r\n", "\n"))
    desk = console.desk()
    policy_of(files, desk.rules)
    if given.get("check"):
        return None
    since, until = _time(given, "from"), _time(given, "to")
    if since >= until:
        raise Refused("the period ends before it begins")
    return console.simulations.start(desk, Wish(since, until, files, MOST), file, who)


def changed(files: Texts, name: str, text: str) -> Texts:
    """Return the routing files with one of them changed, or one more after them."""
    if name in dict(files):
        return [(each, text if each == name else was) for each, was in files]
    return [*files, (name, text)]


def _time(given: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given.get(name, "")))
    except ValueError:
        raise Refused(f"say the period: {name!r} is a time such as 2026-11-20T00:00, in UTC") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text_of(console: Console, name: str) -> str:
    return dict(console.routing_files()).get(name, _EMPTY)


def _form(
    console: Console,
    request: Request,
    given: Mapping[str, Any],
    *,
    problems: tuple[Problem, ...] = (),
    refused: str = "",
    sound: bool = False,
) -> Response:
    """Show the form as it was filled in, with what is wrong with it."""
    today = console.desk().clock.now().replace(hour=0, minute=0)
    lines = str(given.get("rules", "")).replace("\r\n", "\n").split("\n")
    day = timedelta(days=1)  # yesterday and today: whoever has just begun finds something too
    usual = {"from": f"{today - day:%Y-%m-%dT%H:%M}", "to": f"{today + day:%Y-%m-%dT%H:%M}"}
    return show(
        console,
        request,
        "what_if.html",
        422 if problems or refused else 200,
        given={**usual, "file": "", **given},
        files=[name for name, _ in console.routing_files()],
        problems=[(each, _line(lines, each.line)) for each in problems],
        refused=refused,
        sound=sound,
        new=NEW,
        made=console.simulations.listing(),
        now=console.desk().clock.now(),
        most=MOST,
    )


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""
