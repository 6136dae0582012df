"""What needs a person, by cause; one failure whole; and the verbs that end it: rerun, edit, close, approve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.services.attention import failures, retry_data, waiting
from hub.services.attention.failure import Failure, FailureKind, Filters
from hub.services.attention.failure_detail import detail
from hub.services.requests import Refused
from hub.store import archive
from hub.web.console.access import Role
from hub.web.console.answer import done, not_found, show
from hub.web.console.place import place, place_of
from hub.web.console.site import Console

_PAGE = 50
_AGES = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}
_FILTERS = ("partner", "document", "cause", "kind", "text", "older")


def filters_of(given: Mapping[str, str], now: datetime, *, closed: bool = False) -> Filters:
    """Return the filters that stand in an address; what makes no sense is left out."""
    kind = given.get("kind", "")
    older = _AGES.get(given.get("older", ""))
    return Filters(
        kinds=frozenset({FailureKind(kind)} if kind in list(FailureKind) else ()),
        partner=given.get("partner") or None,
        document=given.get("document") or None,
        code=given.get("cause") or None,
        text=given.get("text") or None,
        closed=closed,
        before=now - older if older else None,
    )


def mount(app: FastAPI, console: Console) -> None:
    """Give the app the pages."""

    @app.get("/needs")
    def needs(request: Request) -> Response:
        """Show what needs a person: open by cause, waiting, or resolved."""
        console.enter(request)
        return _listed(console, request)

    @app.get("/needs/{failure_id}")
    def one(failure_id: str, request: Request) -> Response:
        """Show one failure whole."""
        console.enter(request)
        return _one(console, request, failure_id)

    @app.post("/needs/{verb}")
    async def act(verb: str, request: Request) -> Response:
        """Rerun or close failures: those whose ids are given, or all of a cause."""
        visitor, fields = await console.form(request, Role.OPERATOR)
        if verb not in {"rerun", "close"}:
            return not_found(console, request, f"there is no verb {verb}")
        ids = await run_in_threadpool(_chosen, console, fields)
        arguments = {"ids": ids, "why": fields.get("why", ""), "send_again": bool(fields.get("send_again"))}
        return await done(console, request, f"failed.{verb}", arguments, visitor, fields)

    @app.post("/needs/{failure_id}/edit")
    async def edit(failure_id: str, request: Request) -> Response:
        """Change the retry data of a failure."""
        visitor, fields = await console.form(request, Role.OPERATOR)
        content = fields.get("content", "").replace("\r\n", fields.get("newline") or "\n").encode()
        sha256 = await run_in_threadpool(_kept, console, content)
        arguments = {"id": failure_id, "sha256": sha256, "why": fields.get("why", "")}
        return await done(console, request, "failed.edit", arguments, visitor, fields)

    @app.post("/invoices/{number}/approve")
    async def approve(number: int, request: Request) -> Response:
        """Approve an invoice that differs."""
        visitor, fields = await console.form(request, Role.OPERATOR)
        arguments = {"id": number, "why": fields.get("why", "")}
        return await done(console, request, "invoice.approve", arguments, visitor, fields)


def _kept(console: Console, content: bytes) -> str:
    desk = console.desk()
    with desk.store.write() as tx:
        return archive.keep(tx, content, desk.clock.now())


def _chosen(console: Console, fields: Mapping[str, str]) -> list[str]:
    """Return the ids that a form names, or those of the cause that it names."""
    if fields.get("ids"):
        return fields["ids"].replace(",", " ").split()
    desk = console.desk()
    with desk.store.read() as tx:
        now = desk.clock.now()
        chosen = fields.get("cause") or fields.get("partner")
        return failures.ids_of(tx, now, filters_of(fields, now)) if chosen else []


# --- what is shown ---------------------------------------------------------------------------------------------------


def _listed(console: Console, request: Request) -> Response:
    given = {name: request.query_params.get(name, "") for name in (*_FILTERS, "tab", "after", "single")}
    desk, tab = console.desk(), given["tab"] or "open"
    with desk.store.read() as tx:
        now = desk.clock.now()
        groups = failures.groups(tx, now, filters_of(given, now))
        waits = waiting.listing(tx, now, given["partner"] or None) if tab == "waiting" else []
        waiting_count = waiting.count(tx, now, given["partner"] or None)
        single = bool(given["single"] or given["cause"])
        shown = _page(tx, given, now, closed=tab == "resolved") if single or tab == "resolved" else []
    return show(
        console,
        request,
        "needs.html",
        tab=tab,
        given=given,
        now=now,
        total=sum(each.count for each in groups),
        groups=groups,
        single=single,
        rows=shown[:_PAGE],
        waits=waits,
        waiting_count=waiting_count,
        after=place_of(shown[_PAGE - 1].since, shown[_PAGE - 1].id) if len(shown) > _PAGE else "",
        partners=sorted({each.partner for each in groups}),
        kinds=list(FailureKind),
    )


def _page(tx: Connection, given: Mapping[str, str], now: datetime, *, closed: bool) -> list[Failure]:
    """Return one page of failures and the first of the next one; the newest first of those that are closed."""
    filters, after = filters_of(given, now, closed=closed), place(given["after"])
    return failures.page(tx, now, filters, after=after, limit=_PAGE + 1, newest_first=closed)


def _one(console: Console, request: Request, failure_id: str) -> Response:
    desk = console.desk()
    with desk.store.read() as tx:
        found = failures.get(tx, failure_id, desk.clock.now())
        if found is None:
            return not_found(console, request, f"there is no failure {failure_id}; it may have been resolved")
        hide = _hidden(console, found.partner)
        more = detail(tx, found, console.inward(found.partner, found.document), hide)
        data = _retry_data(tx, failure_id)
    return show(console, request, "failure.html", failure=found, more=dict(more), data=data, now=desk.clock.now())


def _hidden(console: Console, partner: str) -> Any:  # noqa: ANN401 - a function of text
    return lambda text: console.redact(partner, text)


def _retry_data(tx: Connection, failure_id: str) -> str | None:
    """Return what may be edited as text; None where there is nothing, or it is no text."""
    try:
        return retry_data.retry_data(tx, failure_id).decode("utf-8")
    except (Refused, LookupError, UnicodeDecodeError):
        return None
