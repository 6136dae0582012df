"""One address for each partner that may call us: `POST /hooks/PARTNER`, answered only once the call is kept."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from hub.contract import AccessDenied, ConnectorError, Hears, Profile
from hub.log import EventLog
from hub.model.document import Kind
from hub.services.desk import Desk
from hub.services.intake import hooks

log = EventLog(__name__)

#: A body that is larger than this many bytes is not read.
MOST_BYTES = 16 * 1024 * 1024

#: Returns who understands a partner's calls, and the partner's profile; None when there is no such partner.
Ears = Callable[[str], tuple[Hears, Profile] | None]
#: Is told what to read now: the connection, and the kinds of document.
Ring = Callable[[str, frozenset[Kind]], None]


def mount(app: FastAPI, desk: Callable[[], Desk], ears: Ears, ring: Ring) -> None:
    """Give the app the route for webhooks of every partner."""

    @app.post("/hooks/{partner}")
    async def hook(partner: str, request: Request) -> JSONResponse:
        """Prove, keep, answer; what cannot be kept is answered with 503, so that the partner sends it again."""
        found = ears(partner)
        if found is None:
            return _said(404, "nobody here takes calls of this partner")
        body = await _body(request)
        if body is None:
            return _said(413, f"more than {MOST_BYTES} bytes")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await run_in_threadpool(_taken, desk(), partner, found, headers, body, ring)


def _taken(
    desk: Desk, partner: str, found: tuple[Hears, Profile], headers: dict[str, str], body: bytes, ring: Ring
) -> JSONResponse:
    plugin, profile = found
    try:
        knock = plugin.hear(profile, headers, body)
    except AccessDenied as denied:
        log.warning("hook.refused", partner=partner, why=denied.what, todo=denied.todo)
        return _said(401, "not proven")
    except ConnectorError as error:
        return _said(400, error.what)
    try:
        fresh = hooks.keep(desk, partner, knock, body)
    except SQLAlchemyError as error:
        log.warning("hook.not_kept", partner=partner, error=type(error).__name__)
        return _said(503, "not kept; send it again")
    if fresh and knock.wakes:
        ring(partner, knock.wakes)
    return JSONResponse({"ok": True, "news": fresh})


async def _body(request: Request) -> bytes | None:
    """Return the raw body, None when it is too large."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _said(status: int, why: str) -> JSONResponse:
    return JSONResponse({"ok": False, "why": why}, status_code=status)
