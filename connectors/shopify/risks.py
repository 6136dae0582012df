"""How likely a fraud each open order is, for those whose workflows ask: one GraphQL call for a hundred orders.

It is asked before an order is taken over, so that none goes on unasked: a call that fails stops the reading, which goes
on later. An assessment that is still under way is asked for again with each reading until it is done.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import mappings
from connectors.shopify.queries import RISKS
from connectors.shopify.settings import ShopifySettings
from hub.contract import Context
from hub.wire.http import Effect

_KEY = "risk_pending"
_TOGETHER = 100
#: An assessment takes minutes; so many orders are asked for again at the most, the newest.
_MOST_PENDING = 500


class Risks:
    """The risks of one shop's orders."""

    def __init__(self, graphql: GraphQL, settings: ShopifySettings, context: Context) -> None:
        self._graphql, self._asked, self._context = graphql, settings.ask_risk, context

    def of(self, orders: Sequence[str]) -> Mapping[str, Tree]:
        """Return what the shop says of these orders, by id; nothing unless the merchant wants it asked."""
        found: dict[str, Tree] = {}
        for first in range(0, len(orders) if self._asked else 0, _TOGETHER):
            ids = [f"gid://shopify/Order/{each}" for each in orders[first : first + _TOGETHER]]
            data = self._graphql.ask(RISKS, {"ids": ids}, Effect.READ, each=len(ids))
            for node in mappings(data.get("nodes")):
                told = node.get("risk")
                found[str(node.get("id")).rpartition("/")[2]] = told if isinstance(told, dict) else {}
        return found

    def pending(self) -> tuple[str, ...]:
        """Return the orders whose assessment was under way when they were last asked for."""
        return tuple(json.loads(self._context.recall(_KEY) or "[]")) if self._asked else ()

    def keep(self, told: Mapping[str, Tree], seen: Collection[str]) -> None:
        """Remember which assessments are still under way; of the orders that were seen only those that were told."""
        before = self.pending()
        now = [*(each for each in before if each not in seen), *(each for each in told if _is_pending(told[each]))]
        if tuple(now) != before:
            self._context.remember(_KEY, json.dumps(now[-_MOST_PENDING:]))


def _is_pending(told: Tree) -> bool:
    rows: Iterable[Tree] = mappings(told.get("assessments"))
    return any(each.get("riskLevel") == "PENDING" for each in rows)
