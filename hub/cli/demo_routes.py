"""What the demo shows of routing at its end: where the goods came from, and one order from several places explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.composition import open_hub
from hub.config import load_config
from hub.model.node import NodeKind
from hub.services import explain
from hub.services.sourcing import wording
from hub.services.sourcing.history import of_store
from hub.services.sourcing.replay import Past

_EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_NAMES = {
    NodeKind.WAREHOUSE: "own warehouse",
    NodeKind.STORE: "store",
    NodeKind.THIRD_PARTY: "3PL",
    NodeKind.SUPPLIER: "suppliers",
}


def routed_from(place: Path) -> dict[str, Any]:
    """Return units by kind of place, how many orders came from several, and the most scattered one in words."""
    hub = open_hub(load_config(place / "crossdock.toml"), partners=True)
    units: Counter[str] = Counter()
    spread: dict[str, tuple[int, int]] = {}  # by order: from how many kinds of place, from how many places
    with closing(hub):
        for past in of_store(hub.desk, *_EVER):
            kinds = _kinds(past)
            units.update(kinds)
            spread[past.was.problem.order_id] = len(kinds), len({each.node for each in past.was.decision.choices})
        most = max(spread, key=lambda order: spread[order], default="")
        with hub.store.read() as tx:
            example = list(_words(explain.explain(tx, hub.desk, most))) if most else []
    split = sum(places > 1 for _, places in spread.values())
    return {"units": dict(sorted(units.items())), "orders_split": split, "example": example}


def _kinds(past: Past) -> Counter[str]:
    """Return how many units come from each kind of place."""
    found: Counter[str] = Counter()
    for choice in past.was.decision.choices:
        found[_NAMES[past.was.problem.nodes.by_code[choice.node].kind]] += int(choice.quantity)
    return found


def _words(told: dict[str, Any]) -> Iterator[str]:
    order = told["order"]
    yield f"For example order {order['number']} to {order['city']}, as `crossdock order explain` tells it:"
    yield told["decisions"][0]["words"]
    for line in told["lines"]:
        yield f"{line['quantity']} x {line['sku']} {line['name']}"
        yield from (f"  {each['quantity']} from {each['node_words']} for {each['words']}" for each in line["sources"])
        yield from (f"  {words}" for words in wording.grouped(line["others"]))
