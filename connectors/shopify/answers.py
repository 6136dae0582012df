"""Answers of a fulfilment service: the merchant's requests to ship, or to ship no more, accepted or refused."""

from __future__ import annotations

import json

from connectors.shopify.client import ShopClient
from hub.contract import Absent, Finding, Found, Outbound, OutcomeUnknown, Receipt, TemporaryFailure
from hub.model.channel import RequestAnswer
from hub.wire.http import Effect

_LONGEST = 250


def write_answer(record: RequestAnswer) -> bytes:
    """Return the neutral document of an answer."""
    tree = {
        "order": record.channel_order,
        "fulfilment_order": record.request_id,
        "cancels": record.cancels,
        "accepted": record.accepted,
        "reason": record.reason,
    }
    return json.dumps(tree, ensure_ascii=False, indent=1).encode()


class Answers:
    """The `answers` document of one shop.

    A request is answered once: afterwards its state is another one. So what stands there is read before each try, and
    a repetition after a lost reply does nothing.
    """

    def __init__(self, client: ShopClient) -> None:
        self._client = client

    def send(self, outbound: Outbound) -> Receipt:
        """Answer the request if it still waits; one that the merchant took back or that is answered needs nothing."""
        tree = json.loads(outbound.content)
        waits, state = _waiting(cancels=tree["cancels"]), self._state(tree["fulfilment_order"])
        if state != waits:
            return Receipt(reply=f"nothing to answer: the request is {state}", confirmed=True)
        kind = "cancellation_request" if tree["cancels"] else "fulfillment_request"
        said: dict[str, str] = {"message": (tree["reason"] or "accepted")[:_LONGEST]}
        if not tree["accepted"] and not tree["cancels"]:
            said["reason"] = "other"
        path = f"fulfillment_orders/{tree['fulfilment_order']}/{kind}/{'accept' if tree['accepted'] else 'reject'}.json"
        try:
            self._client.post(path, {kind: said}, Effect.ONCE)
        except OutcomeUnknown as lost:  # the next try reads what became of it
            raise TemporaryFailure(lost.what, todo=lost.todo, extract=lost.extract, code=lost.code) from None
        return Receipt(reply=f"{kind} {'accepted' if tree['accepted'] else 'rejected'}", confirmed=True)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether the request waits no more."""
        tree = json.loads(outbound.content)
        state = self._state(tree["fulfilment_order"])
        if state == _waiting(cancels=tree["cancels"]):
            return Absent()
        return Found(Receipt(reply=f"the request is {state}", confirmed=True))

    def _state(self, part: str) -> str:
        tree = self._client.get(f"fulfillment_orders/{part}.json").json()
        order = tree.get("fulfillment_order") if isinstance(tree, dict) else None
        return str(order.get("request_status")) if isinstance(order, dict) else "unknown"


def _waiting(*, cancels: bool) -> str:
    return "cancellation_requested" if cancels else "submitted"
