"""What every page of the console works with, and the door that each request goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from hub.contract import Health
from hub.mapping.inward import Inward
from hub.services.desk import Desk
from hub.services.message_view import Parse
from hub.services.sourcing.simulation import Texts
from hub.services.sourcing.simulations import Simulations
from hub.services.syncing.schedules import Job
from hub.web.console.access import COOKIE, Access, Role, Visitor

#: A form is refused beyond so many bytes.
_LONGEST_FORM = 4 * 1024 * 1024


class Turned(Exception):
    """The request was answered at the door."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Console:
    """The hub as the console sees it; `ask` has a verb carried out and may raise Refused or TimeoutError."""

    desk: Callable[[], Desk]
    access: Access
    ask: Callable[[str, Mapping[str, Any], str], Mapping[str, Any]]
    jobs: Callable[[], tuple[Job, ...]] = tuple
    check: Callable[[str], Health] | None = None
    inward: Callable[[str, str], Inward | None] = lambda _partner, _document: None
    parse: Parse | None = None
    redact: Callable[[str, str], str] = lambda _partner, text: text
    routing_files: Callable[[], Texts] = tuple
    simulations: Simulations = field(default_factory=Simulations)

    def enter(self, request: Request, role: Role = Role.VIEWER) -> Visitor:
        """Return who is there; raises Turned with the answer for everybody who may not be."""
        if why := self.access.closed:
            raise Turned(Response(f"{why}\n", 403, media_type="text/plain"))
        if not self.access.admits_host(request.headers.get("host", "")):
            raise Turned(Response("this name is not the console's\n", 421, media_type="text/plain"))
        visitor = self.access.visitor(request.cookies.get(COOKIE), request.headers.get("authorization"))
        if visitor is None:
            raise Turned(_to_login(request))
        if visitor.role < role:
            raise Turned(Response(f"{visitor.name} may not do this\n", 403, media_type="text/plain"))
        return visitor

    async def form(self, request: Request, role: Role) -> tuple[Visitor, Mapping[str, str]]:
        """Return who sent a form and its fields; raises Turned for one that does not come from a page of ours."""
        visitor = self.enter(request, role)
        fields = await read_form(request)
        origin = request.headers.get("origin")
        foreign = origin not in (None, "null") and urlsplit(str(origin)).netloc != request.headers.get("host")
        if foreign or fields.get("token") != visitor.token:
            raise Turned(Response("the form is too old, or not ours: load the page again\n", 403))
        return visitor, fields


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, each by its last value."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise Turned(Response("the form is too long\n", 413))
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20_000)
    return {name: values[-1] for name, values in fields.items()} | {
        f"{name}[]": "\n".join(values) for name, values in fields.items() if len(values) > 1
    }


def _to_login(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return Response("who are you?\n", 401, headers={"WWW-Authenticate": 'Basic realm="Crossdock"'})
    back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    return RedirectResponse(f"/login?back={back}", 303)
