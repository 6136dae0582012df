"""How fast a mapped stock feed is read, beside a hand-written loop over csv.reader that makes the same records.

`python -m benchmarks.mapping [--rows N]`. Six fields: a SKU, a node, a figure with its unit, a safety stock, a table, a
date. Both sides run in turn, three times, and the best of each counts. Memory is what reading takes beyond the
file's own bytes, at a tenth of the rows and at all of them.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.mapping.house import house_folder
from hub.mapping.partner_file import load
from hub.mapping.translator import Documents
from hub.model.number import parse_number
from hub.model.stock import StockLevel

FILE = """
version = 1
[partner]
code = "acme"
role = "supplier"
[connection]
connector = "none"
[tables.status]
A = "active"
D = "discontinued"
[units]
EA = 1
CS = 12
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/inventory*.csv"
[documents.stock.fields]
sku = "Item"
location = "Warehouse"
quantity = { from = "Qty Avail", type = "integer", unit_from = "UOM" }
safety = "Keep"
status = { from = "Status", table = "status" }
as_of = { from = "Updated", format = "%m/%d/%Y %H:%M" }
"""
HEADER = "Item,Warehouse,Qty Avail,UOM,Keep,Status,Updated\n"


class NoSettings(BaseModel):
    """A connection that needs none."""


def compiled() -> Documents:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acme.toml"
        path.write_text(FILE, "utf-8")
        models: dict[str, type[BaseModel]] = {"none": NoSettings}
        return load(path, house=house_folder(), settings_models=models, secrets=lambda _: None).documents


def feed(rows: int, seed: int = 7) -> bytes:
    dice = random.Random(seed)
    lines = (
        f"AB-{number:07d},DC{number % 3},{dice.randrange(2000)},{dice.choice(('EA', 'CS'))},{dice.randrange(20)},"
        f"{'D' if number % 50 == 0 else 'A'},11/{1 + number % 28:02d}/2026 {number % 24:02d}:{number % 60:02d}\n"
        for number in range(rows)
    )
    return (HEADER + "".join(lines)).encode()


def by_hand(content: bytes) -> Iterator[StockLevel]:
    """What somebody writes who needs this one feed and nothing else: as strict with numbers, as exact."""
    units = {"EA": Decimal(1), "CS": Decimal(12)}
    statuses = {"A": "active", "D": "discontinued"}
    dates: dict[str, datetime] = {}
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""))
    next(rows)
    for sku, node, figure, unit, keep, status, updated in rows:
        as_of = dates.get(updated)
        if as_of is None:
            as_of = dates[updated] = datetime.strptime(updated, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
        yield StockLevel(
            sku=sku.strip(),
            location=node.strip(),
            quantity=parse_number(figure) * units[unit],
            safety=parse_number(keep),
            status=statuses[status],
            as_of=as_of,
        )


def seconds(run: Callable[[], Iterator[Any]]) -> float:
    began = time.process_time()
    for _ in run():
        pass
    return time.process_time() - began


def peak_mib(run: Callable[[], Iterator[Any]]) -> float:
    tracemalloc.start()
    try:
        for _ in run():
            pass
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    documents, content = compiled(), feed(rows)
    mapped, hand = lambda: documents.parse("stock", content), lambda: by_hand(content)
    assert list(islice(mapped(), 2000)) == list(islice(hand(), 2000))
    turns = [(seconds(hand), seconds(mapped)) for _ in range(3)]
    floor, ours = min(one for one, _ in turns), min(other for _, other in turns)
    small = feed(rows // 10)
    tenth = peak_mib(lambda: documents.parse("stock", small))
    whole = peak_mib(mapped)
    print(f"rows                  {rows:>12,}")
    print(f"hand-written loop     {rows / floor:>12,.0f} rows/s")
    print(f"mapping file          {rows / ours:>12,.0f} rows/s")
    print(f"ratio                 {floor / ours:>12.2f}  (aim: 0.5 and more)")
    print(f"memory, {len(small) / 2**20:5.1f} MiB     {tenth:>12.1f} MiB beyond the file, {rows // 10:,} rows")
    print(f"memory, {len(content) / 2**20:5.1f} MiB     {whole:>12.1f} MiB beyond the file, {rows:,} rows")


if __name__ == "__main__":
    main()
