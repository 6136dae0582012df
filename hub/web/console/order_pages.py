"""Where is my order, and why from there: the list, and one order whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from hub.model.state import OrderStatus
from hub.services import explain, message_view
from hub.services.message_view import MessageView
from hub.store import archive, deliveries, messages, order_list, orders
from hub.store.order_list import OrderFilters, Page
from hub.store.orders import OrderRow
from hub.web.console.access import Role
from hub.web.console.answer import done, not_found, show
from hub.web.console.place import place, place_of
from hub.web.console.render import moment, money
from hub.web.console.site import Console

_PAGE = 50
_RAW = 20_000
#: The rule against a node that does not sell a SKU.
_NO_OFFER = "offer"
VERBS = frozenset({"hold", "release", "reroute", "cancel"})


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the pages."""

    @app.get("/orders")
    def listing(request: Request) -> Response:
        """List orders, the newest first."""
        console.enter(request)
        given = {name: request.query_params.get(name, "") for name in ("status", "channel", "text", "before")}
        found, now = search(console, given), console.desk().clock.now()
        more = place_of(*found.further) if found.further else ""
        return show(
            console,
            request,
            "orders.html",
            given=given,
            found=found,
            more=more,
            statuses=list(OrderStatus),
            looked_through=order_list.LOOKED_THROUGH,
            now=now,
        )

    @app.get("/orders/{reference}")
    def one(reference: str, request: Request) -> Response:
        """Show one order: what happened, where each line is and why, and the verbs."""
        console.enter(request)
        return _one(console, request, reference)

    @app.get("/deliveries/{number}")
    def delivery(number: int, request: Request) -> Response:
        """Show one document that goes out: what it says in our words and in the partner's, side by side."""
        console.enter(request)
        return _delivery(console, request, number)

    @app.get("/messages/{number}")
    def message(number: int, request: Request) -> Response:
        """Show one document that came: as it was written and what it becomes, side by side."""
        console.enter(request)
        order, found = original(console, number, request.query_params.get("order", ""))
        if found is None:
            return not_found(console, request, f"there is no message {number}")
        return show(console, request, "message.html", view=found, order=order)

    @app.post("/orders/{order_id}/{verb}")
    async def act(order_id: str, verb: str, request: Request) -> Response:
        """Hold, release, reroute or cancel an order."""
        visitor, fields = await console.form(request, Role.OPERATOR)
        if verb not in VERBS:
            return not_found(console, request, f"there is no verb {verb}")
        arguments = {"order": order_id, "why": fields.get("why", "")}
        return await done(console, request, f"order.{verb}", arguments, visitor, fields)


def search(console: Console, given: Mapping[str, str]) -> Page:
    """Return one page of orders by the filters of an address; an order called just so goes before all others."""
    status, text, before = given.get("status", ""), given.get("text", "").strip(), place(given.get("before", ""))
    statuses = [OrderStatus(status)] if status in list(OrderStatus) else []
    with console.desk().store.read() as tx:
        named = order_list.named(tx, text)
        if named and not before:
            return Page(named)
        filters = OrderFilters(statuses, given.get("channel") or None, text or None)
        return order_list.page(tx, filters, _PAGE, before)


def original(console: Console, number: int, reference: str) -> tuple[OrderRow | None, MessageView | None]:
    """Return the order that is named, where there is one, and the message as far as it is about it."""
    with console.desk().store.read() as tx:
        named = orders.find(tx, reference) if reference else []
        order = named[0] if len(named) == 1 else None
        row = messages.get(tx, number)
        partner = row.connection if row else ""
        return order, message_view.view(tx, number, order, console.parse, lambda text: console.redact(partner, text))


def _one(console: Console, request: Request, reference: str) -> Response:
    desk = console.desk()
    with desk.store.read() as tx:
        try:
            told = explain.explain(tx, desk, reference)
        except LookupError as error:
            return not_found(console, request, str(error))
    return show(
        console,
        request,
        "order.html",
        told=told,
        lines=_ranked(told["lines"]),
        time=timeline(told),
        now=desk.clock.now(),
    )


def _ranked(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with the other nodes in order: those that could have shipped it first, the cheapest before.

    Those that do not sell it at all are named together.
    """

    def rank(other: Mapping[str, Any]) -> tuple[bool, float, str]:
        extra = other["extra_cost"]
        return bool(other["rule"]), float(extra) if extra is not None else 0.0, str(other["node"])

    return [
        {
            **line,
            "others": sorted((each for each in line["others"] if each["rule"] != _NO_OFFER), key=rank),
            "without": sorted(each["node"] for each in line["others"] if each["rule"] == _NO_OFFER),
        }
        for line in lines
    ]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to an order."""

    at: str
    name: str
    who: str
    words: str = ""
    tone: str = ""


def timeline(told: Mapping[str, Any]) -> list[Happening]:
    """Return what happened to an order, first to last, wherever it is written down."""
    order, currency = told["order"], "{} {}, {} ({})".format
    found = [Happening(order["placed_at"], "placed", order["channel"])]
    for each in told["decisions"]:
        proven = "proven least" if each["optimal"] else "not proven least"
        words = currency(money(each["total"]), each["currency"], proven, each["method"])
        found.append(Happening(each["decided_at"], "routed", "hub", words))
    for each in told["events"]:
        tone = "bad" if any(word in each["name"] for word in ("parked", "refused", "held", "closed")) else ""
        found.append(Happening(each["at"], each["name"], each["actor"], _detail(each["detail"]), tone))
    for each in told["shipments"]:
        words = f"{each['carrier']} {each['tracking']}".strip()
        found.append(Happening(each["shipped_at"] or order["placed_at"], "shipped", each["partner"], words, "good"))
    return sorted(found, key=lambda each: str(each.at))


def _detail(detail: Mapping[str, Any]) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in detail.items() if value)


def _plain(value: object) -> str:
    """Show a value of an event; a time as one."""
    try:
        return moment(value) if isinstance(value, str) and "T" in value and value[:4].isdigit() else str(value)
    except ValueError:
        return str(value)


def _delivery(console: Console, request: Request, number: int) -> Response:
    desk = console.desk()
    with desk.store.read() as tx:
        try:
            row = deliveries.get(tx, number)
        except LookupError as error:
            return not_found(console, request, str(error))
        attempts = [asdict(each) for each in deliveries.attempts(tx, number)]
        try:
            raw = archive.load(tx, row.content_sha256) if row.content_sha256 else None
        except archive.ContentGone as gone:
            raw = str(gone).encode()
    text = None if raw is None else console.redact(row.connection, raw[:_RAW].decode("utf-8", "replace"))
    for each in attempts:
        for name in ("error", "request", "reply"):
            each[name] = console.redact(row.connection, each[name]) if each[name] else ""
    return show(console, request, "delivery.html", delivery=row, raw=text, attempts=attempts, now=desk.clock.now())
