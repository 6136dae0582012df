"""An order as a person reads it in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from click.testing import CliRunner

from hub.cli.main import main
from hub.composition import open_hub
from hub.config import load_config
from hub.model.order import OrderLine, SalesOrder
from hub.services.desk import Source
from hub.services.selling import orders

PLACED = datetime(2026, 11, 20, tzinfo=UTC)
ORDER = SalesOrder(
    channel="shop",
    order_id="1",
    number="#1",
    placed_at=PLACED,
    updated_at=PLACED,
    currency="USD",
    lines=(OrderLine(line_id="L1", sku="NOBODY-HAS-IT", quantity=Decimal(2)),),
)


def test_an_order_that_is_stuck_says_why(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(main, ["init", str(tmp_path)]).exit_code == 0
    hub = open_hub(load_config(tmp_path / "crossdock.toml"))
    with hub.store.write() as tx:
        orders.apply(tx, hub.desk, Source("shop", "orders", 1), ORDER)
    hub.close()
    shown = run.invoke(main, ["-c", str(tmp_path / "crossdock.toml"), "order", "show", "#1"])
    assert "unknown SKU 'NOBODY-HAS-IT'" in shown.output
