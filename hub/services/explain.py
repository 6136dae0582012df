"""Where is my order, and why from there: everything about one order as plain values, ready for `--json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from hub.model.decision import Alternative, Batched, Choice, Decision
from hub.model.node import Node
from hub.model.number import plain
from hub.model.order import Gate, quantities
from hub.model.shipment import ShipmentLine
from hub.routing.explain import explain as explain_decision
from hub.routing.frozen import thaw
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from hub.services.book import Book
from hub.services.desk import Desk
from hub.services.sourcing import wording
from hub.services.sourcing.history import rules_of
from hub.services.syncing import would_send
from hub.store import allocations, decisions, deliveries, events, orders, originals, purchases, shipments
from hub.store.allocations import Portion
from hub.store.decisions import Decided
from hub.store.delivery_row import Delivery
from hub.store.events import Event
from hub.store.messages import MessageRow
from hub.store.orders import OrderRow
from hub.store.purchases import PurchaseRow
from hub.store.shipments import ShipmentRow

_OTHER_RULES = "by today's rules; those of the decision are not known any more"


def explain(tx: Connection, desk: Desk, reference: str) -> dict[str, Any]:
    """Return an order with each line's sources, what they cost, and why it does not come from elsewhere.

    `reference` is our id, the channel's id or the number. Raises LookupError when no order or more than one is meant.
    """
    return _told(tx, desk, find(tx, reference), why=True)


def show(tx: Connection, desk: Desk, reference: str) -> dict[str, Any]:
    """Return the same without the nodes that were not chosen, which take time to work out."""
    return _told(tx, desk, find(tx, reference), why=False)


def find(tx: Connection, reference: str) -> OrderRow:
    """Return the one order that is meant; raises LookupError when there is none or more than one."""
    found = orders.find(tx, reference)
    if not found:
        raise LookupError(f"there is no order {reference!r}: see `crossdock order list`")
    if len(found) > 1:
        ids = ", ".join(f"{row.id} ({row.doc.channel})" for row in found)
        raise LookupError(f"several orders are called {reference!r}: {ids}; name one of these ids")
    return found[0]


@dataclass(frozen=True, slots=True)
class _Routed:
    """One decision with the reasons against the other nodes, where these were asked for."""

    decided: Decided
    others: tuple[Alternative, ...]
    note: str
    nodes: Mapping[str, Node]

    @property
    def decision(self) -> Decision:
        return self.decided.decision


def _told(tx: Connection, desk: Desk, order: OrderRow, *, why: bool) -> dict[str, Any]:
    routed = [_routed(decided, desk.rules, why=why) for decided in decisions.of_order(tx, order.id)]
    portions = allocations.of_order(tx, order.id)
    return {
        "order": _order(order) | {"promised_at": _time(Book(order, portions).promised)},
        "gates": [_gate(gate) for gate in order.gates],
        "lines": [_line(order, line_id, portions, routed) for line_id in _line_ids(order, portions)],
        "decisions": [_decision(each) for each in routed],
        "documents": [_document(row) for row in purchases.of_order(tx, order.id)],
        "messages": [_message(row) for row in originals.of_order(tx, order.id)],
        "deliveries": [_delivery(row) for row in reversed(deliveries.search(tx, order_id=order.id))],
        "would_send": [each.as_json() for each in would_send.of_order(tx, order.id)],
        "shipments": [_shipment(row) for row in shipments.of_order(tx, order.id)],
        "events": [_event(each) for each in reversed(events.search(tx, subject=order.id))],
    }


# --- decisions -------------------------------------------------------------------------------------------------------


def _routed(decided: Decided, rules: RoutingRules, *, why: bool) -> _Routed:
    problem, decision, note = thaw(decided.problem), decided.decision, ""
    nodes = problem.nodes.by_code
    if not why:
        return _Routed(decided, decided.decision.alternatives, "", nodes)
    used = rules_of(decided)
    if used is None or used.hash != decision.rules_hash:
        used, decision, note = rules, solve(problem, rules), _OTHER_RULES
    others = explain_decision(problem, used, decision) + decided.decision.alternatives
    return _Routed(decided, others, note, nodes)


def _decision(routed: _Routed) -> dict[str, Any]:
    decision = routed.decision
    return {
        "id": routed.decided.id,
        "decided_at": decision.decided_at.isoformat(),
        "method": decision.method,
        "optimal": decision.optimal,
        "bound": None if decision.bound is None else plain(decision.bound),
        "total": plain(decision.total),
        "currency": decision.currency,
        "rules_hash": decision.rules_hash,
        "rule_set": decision.rule_set,
        "policy_hash": decision.policy_hash,
        "batch": _batch(decision.batch),
        "words": wording.decision_words(decision, guided=_guided(routed.decided)),
        "note": routed.note,
    }


def _guided(decided: Decided) -> bool:
    """Return whether what scarce units are worth to other orders was counted."""
    return any(offer.get("worth") for offer in decided.problem["offers"])


def _batch(batch: Batched | None) -> dict[str, Any] | None:
    """Return the batch that an order was routed in, with what is not proven to be needed as a share of its cost."""
    if batch is None:
        return None
    return batch.model_dump(mode="json") | {"gap": plain(batch.gap.quantize(Decimal("0.000001")))}


# --- lines -----------------------------------------------------------------------------------------------------------


def _line_ids(order: OrderRow, portions: Iterable[Portion]) -> list[str]:
    """Return the lines of the order, and after them those that it once had."""
    now = [line.line_id for line in order.doc.lines]
    return list(dict.fromkeys([*now, *(portion.row.line_id for portion in portions)]))


def _line(order: OrderRow, line_id: str, portions: Iterable[Portion], routed: list[_Routed]) -> dict[str, Any]:
    mine = [portion for portion in portions if portion.row.line_id == line_id]
    line = next((line for line in order.doc.lines if line.line_id == line_id), None)
    last = next((each for each in reversed(routed) if _concerns(each.decision, line_id)), None)
    return {
        "line": line_id,
        "sku": line.sku if line else mine[0].row.sku,
        "name": line.name if line else "",
        "quantity": plain(line.quantity) if line else "0",
        "states": {state.value: plain(sum_) for state, sum_ in quantities(each.row for each in mine).items()},
        "portions": [_portion(portion) for portion in mine],
        "sources": [_source(each, choice) for each in routed for choice in _choices(each.decision, line_id)],
        "others": [_other(last, each) for each in last.others if each.line_id == line_id] if last else [],
    }


def _choices(decision: Decision, line_id: str) -> list[Choice]:
    return [choice for choice in decision.choices if choice.line_id == line_id]


def _concerns(decision: Decision, line_id: str) -> bool:
    return line_id in {each.line_id for each in decision.choices} | {each.line_id for each in decision.unfilled}


def _portion(portion: Portion) -> dict[str, Any]:
    row = portion.row
    return {
        "id": f"l{portion.id}",
        "quantity": plain(row.quantity),
        "state": row.state.value,
        "node": row.node,
        "document": row.document,
        "reason": row.reason,
        "excluded": sorted(row.excluded),
        "excluded_until": {node: until.isoformat() for node, until in sorted(row.excluded_until.items())},
        "promised_at": _time(row.promised_at),
        "sent_at": _time(portion.sent_at),
        "shipped_at": _time(portion.shipped_at),
        "cancel_asked_at": _time(portion.cancel_asked_at),
    }


def _source(routed: _Routed, choice: Choice) -> dict[str, Any]:
    costs = {name: plain(getattr(choice.costs, name)) for name in type(choice.costs).model_fields}
    return {
        "decision": routed.decided.id,
        "node": choice.node,
        "node_words": wording.node_words(choice.node, routed.nodes.get(choice.node)),
        "quantity": plain(choice.quantity),
        "costs": costs,
        "total": plain(choice.costs.total),
        "currency": routed.decision.currency,
        "words": wording.cost_words(choice.costs, routed.decision.currency) + _along(routed.decided, choice.node),
    }


def _along(decided: Decided, node: str) -> str:
    """Return that goods go in a parcel which left for the customer anyway."""
    goes = node in decided.problem.get("along", ())
    return "; in one parcel with another order of the customer's" if goes else ""


def _other(routed: _Routed, alternative: Alternative) -> dict[str, Any]:
    extra = alternative.extra_cost
    worth = _worth(routed.decided, alternative)
    return {
        "node_words": wording.node_words(alternative.node, routed.nodes.get(alternative.node)),
        "unit_worth": None if worth is None else plain(worth),
        "words": wording.why_not(alternative, routed.decision.currency, worth),
        "node": alternative.node,
        "rule": alternative.rule,
        "detail": alternative.detail,
        "extra_cost": None if extra is None else plain(extra),
    }


def _worth(decided: Decided, alternative: Alternative) -> Decimal | None:
    """Return what a unit of the line's SKU at the node was worth to the other orders of its batch; None for nothing."""
    skus = {each["line_id"]: each["sku"] for each in decided.problem["wants"]}
    wanted = [alternative.node, skus.get(alternative.line_id)]
    return next((Decimal(worth) for *pair, worth in decided.problem.get("prices", ()) if pair == wanted), None)


# --- the rest --------------------------------------------------------------------------------------------------------


def _order(order: OrderRow) -> dict[str, Any]:
    doc = order.doc
    return {
        "id": order.id,
        "channel": doc.channel,
        "channel_order": doc.order_id,
        "number": doc.number,
        "status": order.status.value,
        "placed_at": doc.placed_at.isoformat(),
        "updated_at": doc.updated_at.isoformat(),
        "customer": doc.customer.name or (doc.ship_to.name if doc.ship_to else ""),
        "city": doc.ship_to.city if doc.ship_to else "",
        "country": doc.ship_to.country if doc.ship_to else "",
        "service": doc.service,
        "promise_by": _time(doc.promise_by),
        "hold": order.hold or doc.hold,
        "cancelled": order.cancelled_why or ("at the shop" if doc.cancelled else ""),
        "test": doc.test,
    }


def _gate(gate: Gate) -> dict[str, Any]:
    """Return a step of a workflow that keeps the order back, or did."""
    return {
        "gate": gate.name,
        "why": gate.why,
        "shut": gate.shut,
        "until": _time(gate.until),
        "opened_at": _time(gate.opened_at),
        "opened_by": gate.opened_by,
    }


def _document(row: PurchaseRow) -> dict[str, Any]:
    lines = [
        {"number": line.line_number, "line": line.channel_line, "sku": line.sku, "quantity": plain(line.quantity)}
        for line in row.doc.lines
    ]
    return {
        "number": row.number,
        "kind": row.kind.value,
        "partner": row.partner,
        "node": row.node,
        "state": row.state.value,
        "created_at": row.created_at.isoformat(),
        "acknowledge_by": _time(row.acknowledge_by),
        "ship_by": _time(row.ship_by),
        "lines": lines,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": f"d{row.id}",
        "connection": row.connection,
        "document": row.document,
        "kind": row.kind.value,
        "key": row.key,
        "state": row.state.value,
        "attempts": row.attempts,
        "reference": row.reference,
        "error": row.error,
        "created_at": row.created_at.isoformat(),
        "sent_at": _time(row.sent_at),
    }


def _message(row: MessageRow) -> dict[str, Any]:
    """Return an original that made or changed the order."""
    return {
        "id": f"m{row.id}",
        "connection": row.connection,
        "document": row.document,
        "name": row.name or row.key,
        "state": row.state,
        "records": row.records,
        "size": row.size,
        "sha256": row.sha256,
        "received_at": row.received_at.isoformat(),
        "applied_at": _time(row.applied_at),
    }


def _shipment(row: ShipmentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "partner": row.partner,
        "number": row.shipment_number,
        "document": row.purchase_number,
        "carrier": row.doc.carrier,
        "tracking": row.doc.tracking,
        "shipped_at": _time(row.doc.shipped_at),
        "lines": [_packed(line) for line in row.doc.lines],
    }


def _packed(line: ShipmentLine) -> dict[str, Any]:
    """Return what of a line left in one package, and of which lot, where the partner said it."""
    told = {"line": line.line_number, "sku": line.sku, "quantity": plain(line.quantity), "tracking": line.tracking}
    told |= {"sscc": line.sscc, "lot": line.lot, "expires_at": _time(line.expires_at)}
    return {key: value for key, value in told.items() if value}


def _event(event: Event) -> Mapping[str, Any]:
    return {"at": event.at.isoformat(), "name": event.name, "actor": event.actor, "detail": event.detail}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
