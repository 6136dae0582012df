"""A decision in sentences: what it costs, how sure it is, and why a line does not come from another node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from hub.model.decision import Alternative, Batched, CostParts, Decision
from hub.model.node import Node
from hub.model.number import plain
from hub.routing.candidates import RULES

_KINDS = {"warehouse": "our warehouse", "store": "store", "3pl": "3PL", "supplier": "supplier"}
_PARTS = {"item": "goods", "split": "split penalty", "lateness": "penalty for delay"}


def node_words(code: str, node: Node | None) -> str:
    """Return a node as people call it: `ST1 (store Chicago Loop)`."""
    if node is None:
        return code
    kind = _KINDS.get(node.kind.value, node.kind.value)
    return f"{code} ({kind} {node.name})" if node.name else f"{code} ({kind})"


def cost_words(costs: CostParts, currency: str) -> str:
    """Return a cost with its parts, those of nothing left out."""
    parts = [(name, getattr(costs, name)) for name in CostParts.model_fields]
    told = ", ".join(f"{_PARTS.get(name, name)} {money(amount)}" for name, amount in parts if amount)
    return f"{money(costs.total)} {currency}" + (f": {told}" if told else "")


def decision_words(decision: Decision, *, guided: bool = False) -> str:
    """Return what a decision costs in all, how sure it is that nothing costs less, and the rules behind it.

    `guided` decisions counted what scarce units are worth to other orders, beside what is paid for them.
    """
    total = f"{money(decision.total)} {decision.currency}"
    if decision.batch is not None:
        sure = batch_words(decision.batch, decision.currency)
    elif decision.optimal and guided:
        sure = "proven the least, with what scarce units are worth to other orders counted"
    elif decision.optimal:
        sure = "proven: nothing that sends as much costs less"
    elif decision.bound is not None:
        sure = f"not proven the least; nothing that sends as much costs less than {money(decision.bound)}"
    else:
        sure = "not proven the least"
    ruled = f"rule set {decision.rule_set}" if decision.rule_set else "the rules of the configuration"
    return f"{total} by {ruled} ({decision.rules_hash[:8]}); {sure}"


def batch_words(batch: Batched, currency: str) -> str:
    """Return how sure a batch is, and what it saved against routing its orders one by one."""
    saved = batch.one_at_a_time - batch.cost
    sure = (
        "proven: no plan for all of them costs less"
        if batch.status == "optimal"
        else f"at most {batch.gap:.2%} above the least possible"
    )
    gain = f", {money(saved)} {currency} less than one after the other" if saved > 0 else ""
    return f"routed together with {batch.orders - 1} other orders in batch {batch.number}; {sure}{gain}"


def why_not(other: Alternative, currency: str, worth: Decimal | None = None) -> str:
    """Return why a line does not come from a node; `worth` is what a unit there is worth to other orders."""
    if other.rule:
        words = other.detail or other.rule
    elif other.extra_cost is None:
        words = "was not looked at"
    else:
        words = _dearer(other.extra_cost, currency) + (f" ({other.detail})" if other.detail else "")
    return words + (f"; a unit there is worth about {money(worth)} {currency} to other orders" if worth else "")


def _dearer(extra: Decimal, currency: str) -> str:
    if extra == 0:
        return "the whole order would cost the same"
    if extra < 0:
        return f"the whole order would cost {money(-extra)} {currency} less"
    return f"the whole order would cost {money(extra)} {currency} more"


def grouped(others: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the reasons against other nodes, the nodes of one reason together; those that merely lack it come last."""
    by_words: dict[str, list[str]] = {}
    for other in others:
        by_words.setdefault(other["words"], []).append(other["node_words"])
    for words in sorted(by_words, key=lambda each: each == RULES["offer"]):
        yield f"not {', '.join(by_words[words])}: {words}"


def money(amount: Decimal) -> str:
    """Return an amount with cents; one that is less than a cent and not nothing with all its digits."""
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents:,f}" if cents or not amount else plain(amount)
