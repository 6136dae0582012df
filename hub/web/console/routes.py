"""Puts the console into the web app: the first page, the door, and every other page."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hub.services import today
from hub.web.console import api, failed_pages, order_pages, partner_pages, what_if_api, what_if_pages
from hub.web.console.access import COOKIE
from hub.web.console.answer import show
from hub.web.console.render import page
from hub.web.console.site import Console, Turned, read_form

_STATIC = {
    "console.css": "text/css",
    "htmx.min.js": "text/javascript",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the whole console."""
    app.add_exception_handler(Turned, _turned)

    @app.get("/")
    def first(request: Request) -> Response:
        """Is anything stuck?"""
        console.enter(request)
        desk = console.desk()
        with desk.store.read() as tx:
            found = today.look(tx, desk, console.jobs())
        return show(console, request, "today.html", today=found, now=found.at)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        """Return one of the few files that pages use."""
        if name not in _STATIC:
            return Response(status_code=404)
        content = files("hub.web.console").joinpath("static", name).read_bytes()
        return Response(content, media_type=_STATIC[name], headers={"Cache-Control": "max-age=3600"})

    _mount_door(app, console)
    for area in (failed_pages, order_pages, partner_pages, what_if_pages, what_if_api, api):
        area.mount(app, console)


def _mount_door(app: FastAPI, console: Console) -> None:
    @app.get("/login")
    def login(back: str = "/") -> Response:
        """Ask who somebody is."""
        return page("login.html", None, back=back, wrong=False, said="", path="/login", here="/login")

    @app.post("/login")
    async def enter(request: Request) -> Response:
        """Let somebody in who knows a password."""
        fields = await read_form(request)
        cookie = await run_in_threadpool(console.access.log_in, fields.get("name", ""), fields.get("password", ""))
        back = fields.get("back", "/")
        back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
        if cookie is None:
            return page("login.html", None, 401, back=back, wrong=True, said="", path="/login", here="/login")
        response = RedirectResponse(back, 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure)
        return response

    @app.get("/logout")
    def leave() -> Response:
        """Forget who somebody is in this browser."""
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response


async def _turned(_request: Request, turned: Exception) -> Response:
    if not isinstance(turned, Turned):
        raise turned
    return turned.response
