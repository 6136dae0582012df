"""The same as JSON, for programs: what the pages show, and every verb.

With users configured a program names itself by Basic authentication. A verb is posted as JSON, which no other site can
make a browser do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from hub.model.number import plain
from hub.services import explain, today
from hub.services.attention import failures
from hub.services.attention.failure_detail import detail
from hub.services.requests import Refused
from hub.services.syncing import connections
from hub.web.console.access import Role
from hub.web.console.failed_pages import filters_of
from hub.web.console.order_pages import original, search
from hub.web.console.partner_pages import VERBS, scores, stock_page
from hub.web.console.place import place, place_of
from hub.web.console.render import query
from hub.web.console.site import Console

#: So many failures are in one answer.
_MOST = 10_000
_ADMIN = frozenset(verb for verb, role in VERBS.values() if role is Role.ADMIN)


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the routes below /api."""
    _mount_needs(app, console)
    _mount_lists(app, console)

    @app.post("/api/verbs/{verb}")
    async def act(verb: str, request: Request) -> Response:
        """Carry a verb out: its arguments as the body, `why` among them."""
        visitor = console.enter(request, Role.ADMIN if verb in _ADMIN else Role.OPERATOR)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"error": "send the arguments as application/json"}, 415)
        arguments = await request.json()
        if not isinstance(arguments, dict) or not str(arguments.get("why", "")).strip():
            return JSONResponse({"error": "say why: the reason is kept with it"}, 422)
        try:
            result = await run_in_threadpool(console.ask, verb, arguments, visitor.name)
        except (Refused, TimeoutError) as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse(as_json(result))


def _mount_needs(app: FastAPI, console: Console) -> None:
    @app.get("/api/today")
    def now_(request: Request) -> Response:
        """Return what the first page shows."""
        console.enter(request)
        desk = console.desk()
        with desk.store.read() as tx:
            found = today.look(tx, desk, console.jobs(), with_ids=True)
        return JSONResponse(as_json({**asdict(found), "stuck": found.stuck}))

    @app.get("/api/needs")
    def needs(request: Request) -> Response:
        """Return what needs a person, one by one, oldest first; `Link` leads on where there is more than one answer."""
        console.enter(request)
        given, desk = request.query_params, console.desk()
        with desk.store.read() as tx:
            moment = desk.clock.now()
            filters = filters_of(given, moment, closed=given.get("tab") == "resolved")
            found = failures.page(tx, moment, filters, after=place(given.get("after", "")), limit=_MOST + 1)
        last = found[_MOST - 1] if len(found) > _MOST else None
        links = _next("/api/needs", given, after=place_of(last.since, last.id)) if last else {}
        return JSONResponse(as_json([each.as_json() for each in found[:_MOST]]), headers=links)

    @app.get("/api/needs/{failure_id}")
    def one(failure_id: str, request: Request) -> Response:
        """Return one failure whole."""
        console.enter(request)
        desk = console.desk()
        with desk.store.read() as tx:
            found = failures.get(tx, failure_id, desk.clock.now())
            if found is None:
                return JSONResponse({"error": f"there is no failure {failure_id}"}, 404)
            inward = console.inward(found.partner, found.document)
            more = detail(tx, found, inward, lambda text: console.redact(found.partner, text))
        return JSONResponse(as_json({**found.as_json(), **more}))


def _mount_lists(app: FastAPI, console: Console) -> None:
    @app.get("/api/orders")
    def orders_(request: Request) -> Response:
        """Return one page of orders; `Link` leads to the next one, which may find what this one did not get to."""
        console.enter(request)
        found = search(console, request.query_params)
        links = _next("/api/orders", request.query_params, before=place_of(*found.further)) if found.further else {}
        return JSONResponse(as_json([asdict(each) for each in found.rows]), headers=links)

    @app.get("/api/orders/{reference}")
    def order(reference: str, request: Request) -> Response:
        """Return one order whole, with why each line is where it is."""
        console.enter(request)
        desk = console.desk()
        with desk.store.read() as tx:
            try:
                return JSONResponse(as_json(explain.explain(tx, desk, reference)))
            except LookupError as error:
                return JSONResponse({"error": str(error)}, 404)

    @app.get("/api/messages/{number}")
    def message(number: int, request: Request) -> Response:
        """Return a document that came, raw beside its records; with `order` only those about that order."""
        console.enter(request)
        _, found = original(console, number, request.query_params.get("order", ""))
        if found is None:
            return JSONResponse({"error": f"there is no message {number}"}, 404)
        return JSONResponse(as_json(asdict(found)))

    @app.get("/api/stock")
    def stock(request: Request) -> Response:
        """Return one page of stock by SKU and node."""
        console.enter(request)
        return JSONResponse(as_json([asdict(each) for each in stock_page(console, request.query_params)]))

    @app.get("/api/suppliers")
    def suppliers(request: Request) -> Response:
        """Return one page of scorecards."""
        console.enter(request)
        return JSONResponse(as_json([asdict(each) for each in scores(console, request.query_params.get("after", ""))]))

    @app.get("/api/connections")
    def connections_(request: Request) -> Response:
        """Return every connection."""
        console.enter(request)
        desk = console.desk()
        with desk.store.read() as tx:
            return JSONResponse(as_json([dict(connections.as_row(each)) for each in connections.listing(tx, desk)]))


def _next(path: str, given: Mapping[str, str], **place: str) -> dict[str, str]:
    """Return the header that leads to the next answer with the same filters."""
    return {"Link": f'<{path}{query(given, **place)}>; rel="next"'}


def as_json(value: Any) -> Any:  # noqa: ANN401 - plain values of any shape
    """Return a value as JSON has it: times in ISO, numbers exact as text."""
    if isinstance(value, dict):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return plain(value)
    return value.value if isinstance(value, Enum) else value
