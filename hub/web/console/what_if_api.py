"""Simulations as JSON, for programs: start one, ask how far it is, read what would be otherwise, end it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from hub.mapping.problem import MappingErrors
from hub.services.requests import Refused
from hub.services.sourcing.simulations import Simulation
from hub.web.console.access import Role
from hub.web.console.api import as_json
from hub.web.console.site import Console
from hub.web.console.what_if_pages import started


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the routes below /api/what-if."""
    _mount_verbs(app, console)

    @app.get("/api/what-if")
    def listing(request: Request) -> Response:
        """Return the simulations that are remembered, the newest first, without their results."""
        console.enter(request)
        return JSONResponse([_told(each) | {"found": None} for each in console.simulations.listing()])

    @app.get("/api/what-if/{number}")
    def one(number: int, request: Request) -> Response:
        """Return one simulation with its result."""
        console.enter(request)
        made = console.simulations.get(number)
        return _missing(number) if made is None else JSONResponse(_told(made))


def _mount_verbs(app: FastAPI, console: Console) -> None:
    @app.post("/api/what-if")
    async def start(request: Request) -> Response:
        """Start one: `from`, `to`, `rules` (the text of a routing file) and `file` (which of those in force it is)."""
        visitor = console.enter(request, Role.OPERATOR)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"error": "send the wish as application/json"}, 415)
        try:
            given = await request.json()
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return JSONResponse({"error": "send an object with from, to and rules"}, 422)
        try:
            made = await run_in_threadpool(started, console, given, visitor.name)
        except MappingErrors as error:
            return JSONResponse({"error": str(error), "problems": [asdict(each) for each in error.problems]}, 422)
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, 409)
        return JSONResponse({"problems": []} if made is None else _told(made), 200 if made is None else 202)

    @app.post("/api/what-if/{number}/cancel")
    async def cancel(number: int, request: Request) -> Response:
        """End one before its time."""
        visitor = console.enter(request, Role.OPERATOR)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"error": "send application/json, if only {}"}, 415)
        made = console.simulations.get(number)
        if made is None:
            return _missing(number)
        console.simulations.cancel(number, f"cancelled by {visitor.name}")
        return JSONResponse(_told(made))


def _told(made: Simulation) -> dict[str, Any]:
    found: dict[str, Any] = as_json(asdict(made))
    return found


def _missing(number: int) -> Response:
    return JSONResponse({"error": f"there is no simulation {number}"}, 404)
