"""What the demo shows of routing at its end: where the goods came from, and one order from several places explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
    try:
        units: Counter[str] = Counter()
        split, best, most = 0, "", (0, 0)
        for past in of_store(hub.desk, *_EVER):
            kinds = _kinds(past)
            units.update({_NAMES[kind]: count for kind, count in kinds.items()})
            nodes = len({choice.node for choice in past.was.decision.choices})
            split += nodes > 1
            if (len(kinds), nodes) > most:
                most, best = (len(kinds), nodes), past.was.problem.order_id
        with hub.store.read() as tx:
            example = list(_words(explain.explain(tx, hub.desk, best))) if best else []
    finally:
        hub.close()
    return {"units": dict(sorted(units.items())), "orders_split": split, "example": example}


def _kinds(past: Past) -> Counter[NodeKind]:
    found: Counter[NodeKind] = Counter()
    for choice in past.was.decision.choices:
        found[past.was.problem.nodes.by_code[choice.node].kind] += int(choice.quantity)
    return found


def _words(told: dict[str, Any]) -> Iterator[str]:
    order = told["order"]
    yield f"For example order {order['number']} to {order['city']}, as `crossdock order explain` tells it:"
    yield told["decisions"][0]["words"]
    for line in told["lines"]:
        yield f"{line['quantity']} x {line['sku']} {line['name']}"
        yield from (f"  {each['quantity']} from {each['node_words']} for {each['words']}" for each in line["sources"])
        yield from (f"  {words}" for words in wording.grouped(line["others"]))
