"""An order that the hub holds is held in the shop too, and let go there when the hub lets it go.

Our holds carry a handle and a remark of ours. So a hold is made once however often it is sent, ours alone are released,
and one of ours that comes back with its order is not taken for the shop's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import NO_PARTS, mappings
from connectors.shopify.queries import HOLD, HOLDS, RELEASE
from hub.contract import Absent, Finding, Found, Outbound, Receipt, Rejected, TemporaryFailure
from hub.model.channel import OrderHold
from hub.wire.http import Effect

HANDLE = "crossdock"
_REMARK = "Crossdock: "
_LONGEST = 250


def write_hold(record: OrderHold) -> bytes:
    """Return the neutral document of a hold or a release."""
    tree = {"order": record.channel_order, "held": record.held, "reason": record.reason}
    return json.dumps(tree, ensure_ascii=False, indent=1).encode()


def is_ours(hold: Mapping[str, object]) -> bool:
    """Say whether a hold in the shop's JSON is one that `send` made."""
    return hold.get("handle") == HANDLE or str(hold.get("reason_notes") or "").startswith(_REMARK)


@dataclass(frozen=True, slots=True)
class _Part:
    """One fulfilment order: whether it can be held, and the ids of our own holds of it."""

    id: str
    can_be_held: bool
    ours: tuple[str, ...]

    @classmethod
    def read(cls, tree: Tree) -> _Part:
        holds = mappings(tree.get("fulfillmentHolds"))
        actions = {str(each.get("action")) for each in mappings(tree.get("supportedActions"))}
        ours = [hold for hold in holds if hold.get("handle") == HANDLE and hold.get("heldByRequestingApp") is True]
        return cls(str(tree.get("id")), "HOLD" in actions, tuple(str(hold.get("id")) for hold in ours))

    def is_as(self, *, held: bool) -> bool:
        """Say whether nothing is left to do."""
        return bool(self.ours) or not self.can_be_held if held else not self.ours


class Holds:
    """The `holds` document of one shop."""

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    def send(self, outbound: Outbound) -> Receipt:
        """Hold every fulfilment order that can be held, or release our holds; both may be done twice."""
        tree = json.loads(outbound.content)
        before = self._parts(tree["order"])
        left = [part for part in before if not part.is_as(held=tree["held"])]
        words = [said for part in left if (said := self._hold(part, tree) if tree["held"] else self._release(part))]
        if words:
            left = [part for part in self._parts(tree["order"]) if not part.is_as(held=tree["held"])]
            if left:
                verb = "hold" if tree["held"] else "release"
                said = f"the shop will not {verb} order {tree['order']}: {'; '.join(words)}"
                raise Rejected(said, todo="look at the order in the shop", code=f"{verb} refused")
        return Receipt(reply=f"{len(before)} fulfilment orders {_state(tree)}", confirmed=True)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether the shop shows it so already."""
        tree = json.loads(outbound.content)
        done = all(part.is_as(held=tree["held"]) for part in self._parts(tree["order"]))
        return Found(Receipt(reply=_state(tree), confirmed=True)) if done else Absent()

    def _parts(self, order: str) -> list[_Part]:
        data = self._graphql.ask(HOLDS, {"order": f"gid://shopify/Order/{order}"}, Effect.READ)
        found = data.get("order")
        if not isinstance(found, dict):
            raise Rejected(f"the shop has no order {order}", todo="nothing, if it was deleted there", code="no order")
        connection = found.get("fulfillmentOrders")
        nodes = mappings(connection.get("nodes")) if isinstance(connection, dict) else ()
        if not nodes:
            said = f"order {order} has no fulfilment orders yet"
            raise TemporaryFailure(said, todo=NO_PARTS, code="no FO yet")
        return [_Part.read(node) for node in nodes]

    def _hold(self, part: _Part, tree: Tree) -> str:
        """Hold one; returns the words of a shop that will not, else nothing."""
        notes = f"{_REMARK}{tree['reason'] or 'held'}"[:_LONGEST]
        hold = {"reason": "OTHER", "reasonNotes": notes, "handle": HANDLE, "notifyMerchant": False}
        return _said(self._graphql.ask(HOLD, {"id": part.id, "hold": hold}, Effect.REPEATABLE))

    def _release(self, part: _Part) -> str:
        return _said(self._graphql.ask(RELEASE, {"id": part.id, "holds": list(part.ours)}, Effect.REPEATABLE))


def _state(tree: Tree) -> str:
    return "held" if tree["held"] else "not held by us"


def _said(data: Tree) -> str:
    payload = next(iter(data.values()), None)
    errors = mappings(payload.get("userErrors")) if isinstance(payload, dict) else ()
    return "; ".join(str(error.get("message")) for error in errors)
