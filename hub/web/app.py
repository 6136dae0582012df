"""The HTTP side of the daemon: health, readiness, metrics and the JSON that views are made of. Loopback by default."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from hub.services.desk import Desk
from hub.services.summary import summarise
from hub.store.errors import StoreUnusable
from hub.web.metrics import Paces, exposition

#: A loop that has not gone round for so many seconds is stuck; a large piece of housekeeping takes fewer.
_STUCK = 120.0
#: A hub that could write nothing down for so many seconds takes nothing in: the disk is full, or somebody holds a lock.
_UNWRITTEN = 20.0


def build_app(desk: Callable[[], Desk], state: Callable[[], Mapping[str, Any]], paces: Paces = dict) -> FastAPI:
    """Return the app.

    `desk` gives the present desk, `state` what the daemon says of itself (`ready`, `stopping`), `paces` how the
    accounts stand whose calls are limited.
    """
    app = FastAPI(title="Crossdock", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(StoreUnusable)
    async def away(_request: Request, error: Exception) -> JSONResponse:
        """Say that the database is away, whatever was asked for: it comes back, and then so does the answer."""
        return JSONResponse({"ok": False, "why": str(error)}, status_code=503)

    @app.get("/health")
    def health() -> JSONResponse:
        """Alive: the database answers and the daemon's loop goes round. Restart what says no for long."""
        try:
            with desk().store.read() as tx:
                tx.exec_driver_sql("SELECT 1")
        except StoreUnusable:
            raise
        except SQLAlchemyError as error:
            return JSONResponse({"ok": False, "why": f"the database does not answer: {error}"}, status_code=503)
        now = dict(state())
        if now.get("loop_seconds", 0) > _STUCK:
            return JSONResponse({"ok": False, "why": "the daemon's loop stands still", **now}, status_code=503)
        if now.get("unwritten_seconds", 0) > _UNWRITTEN:
            why = "nothing can be written down: is the disk full, or the database locked?"
            return JSONResponse({"ok": False, "why": why, **now}, status_code=503)
        return JSONResponse({"ok": True, **now})

    @app.get("/ready")
    def ready() -> JSONResponse:
        """Started and not stopping: requests and webhooks may be sent here."""
        now = state()
        return JSONResponse(dict(now), status_code=200 if now.get("ready") else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        """Return what Prometheus scrapes."""
        body, content_type = exposition(desk(), paces)
        return Response(body, media_type=content_type)

    @app.get("/api/summary")
    def summary() -> JSONResponse:
        """Return the counts that the terminal view shows."""
        with desk().store.read() as tx:
            found = summarise(tx, desk().clock.now())
        return JSONResponse({**found.as_json(), "unfinished": found.unfinished, **state()})

    return app


class _CalmServer(uvicorn.Server):
    """uvicorn that looks about once a second, not ten times: most of its life nobody asks it anything."""

    _loop: asyncio.AbstractEventLoop | None = None
    _rung: asyncio.Event

    async def main_loop(self) -> None:
        """Serve until told to leave."""
        self._rung = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), 1.0)

    def leave(self) -> None:
        """Stop serving, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._rung.set)


class WebServer:
    """uvicorn in a thread of its own."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off")
        self._server = _CalmServer(config)
        self._thread = threading.Thread(target=self._run, name="crossdock-web", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> int:
        """Begin to listen; returns the port. Raises OSError when it cannot, such as on a port that is taken."""
        _see_whether_free(self._server.config.host, self._server.config.port)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise OSError(f"the web interface could not listen: {self._failure}")
            self._thread.join(0.02)
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Stop listening."""
        self._server.leave()
        self._thread.join(5)

    def _run(self) -> None:
        try:
            self._server.run()
        except (OSError, SystemExit) as error:
            self._failure = error


def _see_whether_free(host: str, port: int) -> None:
    """Raise OSError with what is wrong: uvicorn writes that into the log only, and ends."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(address)
    except OSError as error:
        todo = "end the program that listens there, or choose another host or port under [web]"
        raise OSError(f"{host}:{port} cannot be listened on: {error.strerror}; {todo}") from None
