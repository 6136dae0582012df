"""A process of its own for tests: reserves one unit of X at node A at a time until there is none, and says how many.

Called as `reserver.py URL OWNER`. It waits for a line on its input before it begins.
"""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hub.model.stock import Demand
from hub.store import stock
from hub.store.engine import Store

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


def main() -> None:
    url, owner = sys.argv[1:]
    store = Store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    held = 0
    short = False
    while not short:
        with store.write() as tx:
            one = Demand(node="A", sku="X", quantity=Decimal(1))
            short = bool(stock.reserve(tx, f"{owner} {held}", [one], NOW, NOW + timedelta(days=1)))
        held += not short
    print(held, flush=True)
    store.close()


if __name__ == "__main__":
    main()
