"""Telling a shop that goods have left, exactly once, although it knows no idempotency key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import (
    FulfilmentOrder,
    Match,
    Parcel,
    Portion,
    by_location,
    choose,
    mappings,
    match,
    request,
)
from connectors.shopify.parts import Parts
from connectors.shopify.settings import ShopifySettings
from hub.contract import (
    Absent,
    Context,
    Finding,
    Found,
    Outbound,
    OutcomeUnknown,
    Receipt,
    Rejected,
    TemporaryFailure,
)
from hub.log import EventLog
from hub.wire.http import Effect, Reply

_LOG = EventLog(__name__)
#: A call whose reply was lost may still be at work in the shop; before this many seconds "not there" proves nothing.
_SETTLES = 3.0


class Fulfilments:
    """The `fulfilments` document of one shop.

    Just before the first call that counts, the ids of the order's earlier fulfilments are noted down durably; what is
    ours later is sought only among the others. So two shipments with one tracking number are told apart, and a document
    without a note has certainly never been sent.
    """

    def __init__(self, client: ShopClient, parts: Parts, settings: ShopifySettings, context: Context) -> None:
        self._client, self._parts, self._settings, self._context = client, parts, settings, context

    def send(self, outbound: Outbound) -> Receipt:
        """Make the fulfilments that are still missing, one for each location."""
        parcel = Parcel.read(outbound.content)
        orders = self._parts.of_order(parcel.order)
        before = self._before(parcel, orders, outbound.note)
        done = Match(missing=parcel.lines)
        if outbound.note is not None:
            done = match(parcel, self._fulfilments(parcel), before)
        if not done.missing:
            return _receipt(done.ids)
        try:
            portions = choose(parcel, done.missing, orders)
        except Rejected as refusal:  # without a note nothing is ours yet; then somebody may have told the shop by hand
            return self._there_after_all(parcel, before if outbound.note is not None else (), refusal)
        groups = by_location(self._brought_together(parcel, done.missing, portions))
        self._write_note(outbound.key, before)
        try:
            made = [self._fulfil(parcel, group) for group in groups.values()]
        except Rejected as refusal:  # an earlier call of ours may have come to its end only now
            return self._there_after_all(parcel, before, refusal, tried=groups.values())
        return _receipt((*done.ids, *made))

    def find(self, outbound: Outbound) -> Finding:
        """Say whether the whole document is in the shop; when only a part is, `send` adds just what is missing."""
        if outbound.note is None:
            return Absent()
        parcel, (before, noted) = Parcel.read(outbound.content), _read_note(outbound.note)
        found = match(parcel, self._fulfilments(parcel), before)
        too_soon = _SETTLES - (self._context.clock.now() - noted).total_seconds()
        if found.missing and 0 < too_soon <= _SETTLES:
            self._context.clock.sleep(too_soon)
            found = match(parcel, self._fulfilments(parcel), before)
        return Absent() if found.missing else Found(_receipt(found.ids))

    # --- what the shop has -------------------------------------------------------------------------------------------

    def _fulfilments(self, parcel: Parcel) -> tuple[Mapping[str, object], ...]:
        pages = self._client.pages(f"orders/{parcel.order}/fulfillments.json", {"limit": "250"})
        return tuple(tree for page in pages for tree in _list(page, "fulfillments"))

    def _before(self, parcel: Parcel, orders: Iterable[FulfilmentOrder], note: str | None) -> tuple[str, ...]:
        """Return the fulfilments that were there before our first send; asked for only when there can be any."""
        if note is not None:
            return _read_note(note)[0]
        if all(order.untouched for order in orders):
            return ()
        return tuple(str(each.get("id")) for each in self._fulfilments(parcel))

    def _there_after_all(
        self,
        parcel: Parcel,
        before: tuple[str, ...],
        refusal: Rejected,
        tried: Iterable[Sequence[Portion]] = (),
    ) -> Receipt:
        """Accept a refusal when the shop has exactly this shipment; otherwise pass it on.

        Raises TemporaryFailure when the goods stand in other fulfilment orders than those tried: an assignment or a
        person has moved them in this very moment, and the next try finds them where they are.
        """
        found = match(parcel, self._fulfilments(parcel), before)
        if not found.missing:
            return _receipt(found.ids)
        known = {portion.order.id for group in tried for portion in group}
        if known and not self._places_now(parcel, found.missing) <= known:
            todo = "nothing: it is told again from where they stand now"
            raise TemporaryFailure(refusal.what, todo=todo, extract=refusal.extract, code="moved meanwhile")
        raise refusal

    def _places_now(self, parcel: Parcel, missing: Mapping[str, int]) -> frozenset[str]:
        """Return the ids of the fulfilment orders that hold the missing goods now; none when these cannot be told."""
        try:
            portions = choose(parcel, missing, self._parts.of_order(parcel.order))
        except Rejected:
            return frozenset()
        return frozenset(portion.order.id for portion in portions)

    # --- what we do --------------------------------------------------------------------------------------------------

    def _brought_together(
        self, parcel: Parcel, wanted: Mapping[str, int], portions: tuple[Portion, ...]
    ) -> tuple[Portion, ...]:
        """Return the portions after moving what is assigned elsewhere to the location that really ships.

        Otherwise the shop would take the stock off the wrong location. What it will not move is fulfilled where it is.
        """
        groups: dict[str, list[Portion]] = {}
        for portion in portions:
            groups.setdefault(portion.order.id, []).append(portion)
        moved = [order for group in groups.values() if (order := self._moved(parcel, group)) is not None]
        if not moved:
            return portions
        # a move may fold another fulfilment order into a new one: with several, only reading again tells
        orders = moved if len(groups) == 1 else self._parts.of_order(parcel.order)
        try:
            return choose(parcel, wanted, orders)
        except Rejected as surprise:
            what = f"order {parcel.order}: after moving its fulfilment orders, {surprise.what}"
            raise TemporaryFailure(what, todo="nothing, when it passes", code="move unclear") from None

    def _moved(self, parcel: Parcel, group: Sequence[Portion]) -> FulfilmentOrder | None:
        """Move a fulfilment order's portions to the shipping location; None when it stays where it is."""
        order = group[0].order
        wanted = self._settings.moves and parcel.location not in {"", order.location}
        if not wanted or not order.movable:
            return None
        rows = [{"id": int(portion.line.id), "quantity": portion.quantity} for portion in group]
        try:
            return self._parts.move(order.id, parcel.location, rows)
        except Rejected as refusal:
            _LOG.info("shopify_not_moved", order=parcel.order, location=parcel.location, said=refusal.what)
            return None

    def _fulfil(self, parcel: Parcel, portions: Iterable[Portion]) -> str:
        """Make one fulfilment and return its id."""
        reply = self._client.post("fulfillments.json", request(parcel, portions), Effect.ONCE)
        try:
            return str(_object(reply, "fulfillment").get("id", ""))
        except TemporaryFailure as unreadable:  # it was taken, and nobody can say as what
            raise OutcomeUnknown(unreadable.what, extract=unreadable.extract, code=unreadable.code) from None

    def _write_note(self, key: str, before: tuple[str, ...]) -> None:
        noted = {"before": before, "at": self._context.clock.now().isoformat()}
        self._context.note(key, json.dumps(noted))


def _read_note(note: str) -> tuple[tuple[str, ...], datetime]:
    tree = json.loads(note)
    return tuple(tree["before"]), datetime.fromisoformat(tree["at"])


def _receipt(ids: Iterable[str]) -> Receipt:
    made = ",".join(ids)
    return Receipt(reference=made or None, reply=f"fulfilments {made}", confirmed=True)


def _object(reply: Reply, name: str) -> Mapping[str, object]:
    tree = reply.json()
    value = tree.get(name) if isinstance(tree, dict) else None
    return value if isinstance(value, dict) else {}


def _list(reply: Reply, name: str) -> tuple[Mapping[str, object], ...]:
    tree = reply.json()
    return mappings(tree.get(name)) if isinstance(tree, dict) else ()
