"""Every verb that changes something at a person's word: one table, the same for the CLI, the console and the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.services import explain
from hub.services.attention import failures, retry_data
from hub.services.desk import Desk
from hub.services.inventory import stock_push, transfers
from hub.services.requests import Refused, Verb, in_pieces, require_open
from hub.services.selling import orders, pickups
from hub.services.sourcing import routing
from hub.services.syncing import connections
from hub.services.trade import invoices
from hub.store import archive
from hub.store.connections import is_open

Arguments = Mapping[str, Any]
#: Starts the flows of a connection out of turn; returns how many there are.
RunNow = Callable[[str, frozenset[Kind]], int]
#: Is told (done, total) of what takes long.
Show = Callable[[int, int], None]


_STOCK = (Kind.STOCK_LEVEL.value, Kind.CATALOGUE_ENTRY.value, Kind.STOCK_PUSH.value)


def _silent(_done: int, _total: int) -> None:
    """Show nothing."""


class Verbs:
    """The verbs, with what they need beside the desk."""

    def __init__(self, run_now: RunNow, wake: Callable[[], object], *, done: str, show: Show = _silent) -> None:
        """`done` says what `run_now` has achieved when it returns: `started` or `done`."""
        self._run_now = run_now
        self._wake = wake
        self._done = done
        self._show = show

    def table(self) -> Mapping[str, Verb]:
        """Return every verb by its name."""
        return {
            "connection.live": self._live,
            "connection.observe": self._observe,
            "connection.pause": self._pause,
            "connection.resume": self._resume,
            "sync.run": self._sync_run,
            "stock.sync": self._stock_sync,
            "stock.transfer": self._transfer,
            "order.hold": self._hold,
            "order.release": self._release,
            "order.reroute": self._reroute,
            "order.cancel": self._cancel,
            "order.collected": self._collected,
            "invoice.approve": self._approve,
            "failed.rerun": self._rerun,
            "failed.close": self._close,
            "failed.edit": self._edit,
        }

    def _live(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        moment = arguments.get("from")
        live_from = datetime.fromisoformat(moment) if moment else desk.clock.now()
        most = arguments.get("documents")
        changed = connections.go_live(desk, _codes(desk, arguments), live_from, actor, documents=most)
        self._wake()
        return {"live": changed, "from": live_from.isoformat()}

    def _observe(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return {"observing": connections.observe(desk, _codes(desk, arguments), actor)}

    def _pause(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return {"paused": connections.pause(desk, _codes(desk, arguments), arguments.get("why", ""), actor)}

    def _resume(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        resumed = connections.resume(desk, _codes(desk, arguments), actor)
        self._wake()
        return {"resumed": resumed}

    def _sync_run(self, desk: Desk, arguments: Arguments, _actor: str) -> Arguments:
        kinds = frozenset(_kind(name) for name in arguments.get("kinds", ()))
        codes = _open_codes(desk, arguments)
        flows = 0
        for number, code in enumerate(codes):
            self._show(number, len(codes))
            flows += self._run_now(code, kinds)
        return {"flows": flows, "done": self._done}

    def _stock_sync(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        """Read stock and prices and tell channels; with `again`, every figure, whatever they were told before."""
        told = [code for code in _codes(desk, arguments) if desk.directory.outbound(code, Kind.STOCK_PUSH)]
        for code in told if arguments.get("again") else ():
            stock_push.push_everything(desk, code, desk.clock.now())
        ran = self._sync_run(desk, {**arguments, "kinds": _STOCK}, actor)
        return {**ran, "again": told if arguments.get("again") else []}

    def _transfer(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        """Order goods from one node of a partner to another."""
        expected = arguments.get("expected")
        moment = datetime.fromisoformat(expected) if expected else None
        wish = transfers.Wish(actor, moment, arguments.get("note", ""))
        nodes = arguments["from"], arguments["to"]
        quantities = {sku: Decimal(quantity) for sku, quantity in arguments["lines"].items()}
        with desk.store.write() as tx:
            ordered = transfers.order(tx, desk, nodes, quantities, wish)
        self._wake()
        return ordered

    def _hold(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return self._change(desk, arguments, lambda tx, order: orders.hold(tx, desk, order, arguments["why"], actor))

    def _release(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return self._change(
            desk, arguments, lambda tx, order: orders.release(tx, desk, order, actor, arguments.get("why", ""))
        )

    def _reroute(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return self._change(
            desk, arguments, lambda tx, order: routing.reroute(tx, desk, order, actor, arguments.get("why", ""))
        )

    def _cancel(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        return self._change(desk, arguments, lambda tx, order: orders.cancel(tx, desk, order, arguments["why"], actor))

    def _collected(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        why = arguments.get("why", "")
        return self._change(desk, arguments, lambda tx, order: pickups.collected(tx, desk, order, actor, why))

    def _change(self, desk: Desk, arguments: Arguments, change: Callable[[Connection, str], object]) -> Arguments:
        """Change one order in one transaction; returns its number and its status after it."""
        with desk.store.write() as tx:
            try:
                order = explain.find(tx, arguments["order"])
                change(tx, order.id)
            except (LookupError, ValueError) as error:
                raise Refused(str(error)) from None
            after = explain.find(tx, order.id)
        self._wake()
        return {"order": after.id, "number": after.doc.number, "status": after.status.value}

    def _approve(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        with desk.store.write() as tx:
            invoices.approve(tx, desk, int(arguments["id"]), arguments["why"], actor)
        self._wake()
        return {"id": arguments["id"], "state": "approved"}

    def _rerun(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        ids, send_again = tuple(arguments["ids"]), bool(arguments.get("send_again"))

        def again(tx: Connection, some: Sequence[str]) -> Mapping[str, dict[str, str]]:
            return failures.rerun(tx, desk, some, actor, send_again=send_again)

        result = in_pieces(desk, arguments.get("request"), ids, again)
        self._wake()
        return result

    def _close(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:

        def end(tx: Connection, some: Sequence[str]) -> Mapping[str, dict[str, str]]:
            return failures.close(tx, desk, some, arguments["why"], actor)

        result = in_pieces(desk, arguments.get("request"), tuple(arguments["ids"]), end)
        self._wake()
        return result

    def _edit(self, desk: Desk, arguments: Arguments, actor: str) -> Arguments:
        """Change retry data; the new content was put into the archive by whoever asks."""
        with desk.store.write() as tx:
            try:
                content = archive.load(tx, arguments["sha256"])
                done = retry_data.edit(tx, desk, arguments["id"], content, arguments["why"], actor)
            except LookupError as error:
                raise Refused(str(error)) from None
        return {"id": arguments["id"], "done": done}


def _codes(desk: Desk, arguments: Arguments) -> tuple[str, ...]:
    """Return the partner codes that a request names; all of them for `all`."""
    known = tuple(partner.code for partner in desk.directory.partners())
    if arguments.get("all"):
        return known
    code = str(arguments["connection"])
    if code not in known:
        raise Refused(f"there is no partner {code!r}; known: {', '.join(known) or 'none'}")
    return (code,)


def _open_codes(desk: Desk, arguments: Arguments) -> tuple[str, ...]:
    """Return the partner codes of a request that are not paused; one that is named and paused is refused."""
    codes = _codes(desk, arguments)
    with desk.store.read() as tx:
        if not arguments.get("all"):
            require_open(tx, codes[0])
        return tuple(code for code in codes if is_open(tx, code))


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise Refused(f"there is no kind of document {name!r}; known: {', '.join(Kind)}") from None
