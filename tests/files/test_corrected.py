"""A file of orders that could not be read is made good by the corrected one, by the same mapping or the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Profile
from hub.mapping.house import house_folder
from hub.mapping.partner_file import load
from hub.store import orders
from hub.store.engine import Store
from hub.testing.clock import FakeClock
from tests.ingest.arrivals import Arrivals

HEADER = b"Id,At,Currency,Line,Item,Qty,Left\n"


def partner(folder: Path, quantity: str = '"Qty"', number: str = "Id") -> Profile:
    """Return a partner that sends orders as CSV, read by a mapping file that reads these columns."""
    path = folder / "acme.toml"
    path.write_text(f"""version = 1
[partner]
code = "acme"
role = "channel"
[connection]
connector = "files"
url = "file://{folder / "box"}"
[documents.orders]
direction = "in"
makes = "sales_order"
format = "csv"
files = "/out/*.txt"
[documents.orders.fields]
order_id = "{number}"
number = "{number}"
placed_at = {{ from = "At", type = "date" }}
updated_at = {{ from = "At", type = "date" }}
currency = "Currency"
line.line_id = "Line"
line.sku = "Item"
line.quantity = {quantity}
""")
    file = load(path, house=house_folder(), settings_models={"files": FilesSettings}, secrets=lambda _name: None)
    return file.profile()


@pytest.fixture
def customer(store: Store, clock: FakeClock, tmp_path: Path) -> Arrivals:
    (tmp_path / "box" / "out").mkdir(parents=True)
    return Arrivals(store, clock, PLUGIN, partner(tmp_path), tmp_path / "box" / "out")


def row(number: int, quantity: str, line: int = 1) -> bytes:
    return f"{number},2026-11-20,USD,{line},CUP,{quantity},9\n".encode()


def quantity(customer: Arrivals, number: int = 1) -> int | None:
    with customer.store.read() as tx:
        found = orders.find(tx, str(number))
    return int(found[0].doc.lines[0].quantity) if found else None


def come(customer: Arrivals, *rows: bytes) -> None:
    customer.put(HEADER + b"".join(rows), "a.txt")
    customer.read()


@pytest.mark.parametrize("bad", [row(1, "many"), row(1, "3") + row(1, "3")])
def test_an_order_that_could_not_be_read_is_taken_corrected(customer: Arrivals, bad: bytes) -> None:
    come(customer, bad, row(2, "4"))
    assert (quantity(customer), quantity(customer, 2), len(customer.parked())) == (None, 4, 1)
    come(customer, row(1, "3"), row(2, "4"))
    assert (quantity(customer), customer.parked()) == (3, [])


@pytest.mark.parametrize("wrong", [{"quantity": '"Quantity"'}, {"number": "Left", "quantity": '"Item"'}])
def test_what_a_mapping_could_not_read_is_made_good_by_what_the_next_one_reads(
    customer: Arrivals, tmp_path: Path, wrong: dict[str, str]
) -> None:
    """A column that is not there, so that no number was known at all, and one that gave another number."""
    customer.changes(partner(tmp_path, **wrong))
    come(customer, row(1, "3"), row(2, "4"))
    assert len(customer.parked()) >= 1
    customer.changes(partner(tmp_path))
    come(customer, row(1, "5"), row(9, "9"))
    assert customer.parked() != [], "order 2, or another order 9, did not come again"
    come(customer, row(1, "5"), row(2, "5"))
    assert (quantity(customer), quantity(customer, 2), customer.parked()) == (5, 5, [])
