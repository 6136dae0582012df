"""Answers: a page, a page that says what is missing, and what comes of a verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hub.services.requests import Refused
from hub.web.console.access import Visitor
from hub.web.console.render import page
from hub.web.console.site import Console

_SAID, _LONGEST = "crossdock_said", 600


def show(console: Console, request: Request, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a page for whoever asks, with what came of the last verb on top."""
    visitor = console.enter(request)
    said = unquote(request.cookies.get(_SAID, ""))
    response = page(template, visitor, status, said=said, path=request.url.path, here=_here(request), **values)
    if said:
        response.delete_cookie(_SAID)
    return response


def not_found(console: Console, request: Request, why: str) -> Response:
    """Say that there is no such thing."""
    return show(console, request, "missing.html", 404, why=why)


async def done(
    console: Console,
    request: Request,
    verb: str,
    arguments: Mapping[str, Any],
    visitor: Visitor,
    fields: Mapping[str, str],
) -> Response:
    """Have a verb carried out and go back to where the form stood; a write without a reason is refused."""
    if not str(arguments.get("why", "")).strip():
        return _back(request, fields, "! say why: the reason is kept with it")
    try:
        result = await run_in_threadpool(console.ask, verb, arguments, visitor.name)
    except (Refused, TimeoutError) as error:
        return _back(request, fields, f"! {error}")
    return _back(request, fields, told(verb, result))


def told(verb: str, result: Mapping[str, Any]) -> str:
    """Say in a line what came of a verb."""
    if "refused" in result:
        refused = "; ".join(f"{key}: {why}" for key, why in list(result["refused"].items())[:3])
        words = f"{len(result['done'])} done" + (f", {len(result['refused'])} refused: {refused}" if refused else "")
        if len(result["done"]) == 1:
            words = next(iter(result["done"].values())) + (f"; refused: {refused}" if refused else "")
        return ("! " if refused and not result["done"] else "") + words
    parts = (f"{name}: {_short(value)}" for name, value in result.items())
    return f"{verb.replace('.', ' ')}: " + ", ".join(parts)


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "nothing"
    return str(value)


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _back(request: Request, fields: Mapping[str, str], said: str) -> Response:
    """Go back to a page of ours and nowhere else."""
    back = fields.get("back", "/")
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(back, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(_SAID, quote(said[:_LONGEST]), max_age=30, httponly=True, samesite="strict", secure=secure)
    return response
