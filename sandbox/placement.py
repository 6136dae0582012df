"""How the stock lies: the share of order lines that could come from several places, measured, not claimed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.plan import Firm, OrderPlan


def measured(firms: Iterable[Firm], orders: Iterable[OrderPlan]) -> Mapping[str, object]:
    """Count for each line the firms that hold at least its quantity at the start."""
    stocks: dict[str, list[int]] = {}
    for firm in firms:
        for offer in firm.offers:
            stocks.setdefault(offer.sku, []).append(offer.stock)
    counts = [
        sum(stock >= line.quantity for stock in stocks[line.sku])
        for order in orders
        for line in order.lines
        if line.sku in stocks
    ]
    several = sum(count >= 3 for count in counts)
    return {
        "lines": len(counts),
        "lines_with_3_or_more_sources": several,
        "share_with_3_or_more_sources": round(several / len(counts), 4) if counts else 0.0,
        "mean_sources_a_line": round(sum(counts) / len(counts), 3) if counts else 0.0,
    }
