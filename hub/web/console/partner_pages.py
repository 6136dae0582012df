"""Partners: how good they are, how their connections stand, and the verbs on these; stock by SKU and node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.model.partner import Partner
from hub.services.inventory import stock_view
from hub.services.inventory.stock_view import StockLine
from hub.services.syncing import connections, sync_view
from hub.services.syncing.connections import ConnectionView
from hub.services.trade import scorecard
from hub.store import events, runs
from hub.web.console.access import Role
from hub.web.console.answer import done, not_found, show
from hub.web.console.site import Console

_STOCK, _PARTNERS, _RUNS = 60, 25, 30
#: What a form asks -> the verb, and who may.
VERBS: Mapping[str, tuple[str, Role]] = {
    "pause": ("connection.pause", Role.OPERATOR),
    "observe": ("connection.observe", Role.OPERATOR),
    "run": ("sync.run", Role.OPERATOR),
    "resume": ("connection.resume", Role.ADMIN),
    "live": ("connection.live", Role.ADMIN),
}


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the pages."""

    @app.get("/stock")
    def stock(request: Request) -> Response:
        """List stock by SKU and node."""
        console.enter(request)
        given = {name: request.query_params.get(name, "") for name in ("sku", "node", "after")}
        rows = stock_page(console, given)
        more = f"{rows[-1].sku}\n{rows[-1].node}" if len(rows) == _STOCK else ""
        desk = console.desk()
        nodes = [node.code for node in desk.directory.nodes()]
        return show(
            console, request, "stock.html", given=given, rows=rows, more=more, nodes=nodes, now=desk.clock.now()
        )

    @app.get("/suppliers")
    def suppliers(request: Request) -> Response:
        """Show how good each supplier, warehouse and 3PL is."""
        console.enter(request)
        after = request.query_params.get("after", "")
        cards = scores(console, after)
        more = cards[-1].code if len(cards) == _PARTNERS else ""
        now, newest = console.desk().clock.now(), scorecard.NEWEST
        return show(console, request, "suppliers.html", cards=cards, more=more, now=now, newest=newest)

    @app.get("/connections")
    def listing(request: Request) -> Response:
        """List connections with their flows."""
        console.enter(request)
        given = {name: request.query_params.get(name, "") for name in ("mode", "text")}
        desk = console.desk()
        with desk.store.read() as tx:
            flows = sync_view.flows(tx, console.jobs(), desk.clock.now(), None, 5000)
            rows = [each for each in connections.listing(tx, desk) if _wanted(each, given)]
        now = desk.clock.now()
        return show(console, request, "connections.html", given=given, rows=rows, flows=_by_code(flows), now=now)

    @app.get("/connections/{code}")
    def one(code: str, request: Request) -> Response:
        """Show one connection: mode, flows, schedules, runs and history."""
        console.enter(request)
        return _one(console, request, code)

    _mount_verbs(app, console)


def _mount_verbs(app: FastAPI, console: Console) -> None:
    @app.post("/connections/{code}/check")
    async def check(code: str, request: Request) -> Response:
        """Ask a partner's connection whether it can work now."""
        await console.form(request, Role.OPERATOR)
        if console.check is None or console.desk().directory.partner(code) is None:
            return not_found(console, request, f"there is no connection {code} to ask")
        health = await run_in_threadpool(console.check, code)
        return await run_in_threadpool(_one, console, request, code, health)

    @app.post("/connections/{code}/{verb}")
    async def act(code: str, verb: str, request: Request) -> Response:
        """Pause, resume, observe, go live, or read now."""
        name, role = VERBS.get(verb, ("", Role.OPERATOR))
        visitor, fields = await console.form(request, role)
        if not name:
            return not_found(console, request, f"there is no verb {verb}")
        arguments: dict[str, Any] = {"connection": code, "why": fields.get("why", "")}
        if verb == "live":
            arguments["from"] = f"{fields['from']}:00+00:00" if fields.get("from") else None
            arguments["documents"] = int(fields["documents"]) if fields.get("documents", "").isdigit() else None
        return await done(console, request, name, arguments, visitor, fields)


def _by_code(flows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return each connection's flows, one for each document: the scheduled one, with the newest run of either."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for flow in sorted(flows, key=lambda each: each["started_at"]):
        key = flow["connection"], flow["document"]
        newest[key] = flow | {"next": flow["next"] or newest.get(key, flow)["next"]}
    by_code: dict[str, list[dict[str, Any]]] = {}
    for (code, _), flow in sorted(newest.items()):
        by_code.setdefault(code, []).append(flow)
    return by_code


def stock_page(console: Console, given: Mapping[str, str]) -> list[StockLine]:
    """Return one page of stock by the filters of an address."""
    desk = console.desk()
    sku, _, node = given.get("after", "").partition("\n")
    with desk.store.read() as tx:
        return stock_view.page(
            tx,
            desk,
            text=given.get("sku", ""),
            node=given.get("node", ""),
            after=(sku, node) if node else None,
            limit=_STOCK,
        )


def scores(console: Console, after: str) -> list[scorecard.Scorecard]:
    """Return one page of partners."""
    desk = console.desk()
    with desk.store.read() as tx:
        return scorecard.page(tx, desk, after=after, limit=_PARTNERS)


def _wanted(row: ConnectionView, given: Mapping[str, str]) -> bool:
    return given["mode"] in ("", row.mode, "trouble" if row.trouble else row.mode) and given["text"] in row.code


def _one(console: Console, request: Request, code: str, health: object = None) -> Response:
    desk = console.desk()
    with desk.store.read() as tx:
        view = next((each for each in connections.listing(tx, desk) if each.code == code), None)
        if view is None:
            return not_found(console, request, f"there is no connection {code!r}")
        now = desk.clock.now()
        flows = sync_view.flows(tx, console.jobs(), now, code, 200)
        history = [dict(each) for each in runs.history(tx, code, limit=_RUNS)]
        told = events.search(tx, subject=code, limit=_RUNS)
        partner: Partner | None = desk.directory.partner(code)
        card = scorecard.score(tx, partner, desk.clock.now()) if partner else None
    return show(
        console,
        request,
        "connection.html",
        view=view,
        partner=partner,
        flows=flows,
        runs=history,
        events=told,
        card=card,
        health=health,
        now=now,
    )
