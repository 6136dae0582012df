"""What can be chosen when a sandbox starts: how big, how seeded, how its partners behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the robots behind the SFTP accounts work: shares of lines from 0 to 1, spans in seconds.

    `reaction` passes before a robot takes an order file, `ship_after` between its acknowledgement and its shipment;
    both vary by half either way. `restock_after` is how long a robot gathers changes before it writes its stock.
    """

    reject: float = 0.02
    reduce: float = 0.02
    short: float = 0.02
    backorder: float = 0.0
    two_parcels: float = 0.05
    reaction: float = 0.3
    ship_after: float = 0.5
    restock_after: float = 1.2
    sweep_every: float = 2.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """The shop's rate limit: a bucket of so many calls that drains so many a second (the Plus plan's)."""

    capacity: int = 400
    per_second: float = 20.0


@dataclass(frozen=True, slots=True)
class HookManners:
    """How the shop's webhooks arrive: shares from 0 to 1, spans in seconds.

    `twice` come again at once, `lost` never come, `shuffle` is the longest delay, `again_after` the first pause before
    one that was not answered well comes again. `new_headers` uses the family of header names that came with 2026-04.
    """

    twice: float = 0.1
    lost: float = 0.0
    shuffle: float = 0.3
    again_after: float = 0.5
    new_headers: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Options:
    """Everything a sandbox is started with; the same seed gives the same world, orders and robots' decisions.

    `rate` orders a second trickle in, 0 places all at the start. `history` is a folder of Olist CSV files whose orders
    are placed instead of invented ones; `suppliers` and `items` count only without it. Ports of 0 take a free one.
    `points` is the bucket of GraphQL, which counts what a document costs; `bulk_looks` is
    how often a bulk query is looked at before it is done.
    `network` opens a store and a 3PL beside the own warehouse, each with goods that nobody else has.
    `buyer` adds a customer that runs SAP and orders from the merchant when told to.
    `books` opens an account of NetSuite that keeps the merchant's books, and lets suppliers send invoices.
    `examples` lets the suppliers write in all styles and come by all doors; without it they write CSV over SFTP, or
    `style` (x12, sap), and so does the warehouse.
    """

    orders: int = 20
    seed: int = 1
    suppliers: int = 6
    items: int = 60
    history: Path | None = None
    rate: float = 0.0
    examples: bool = False
    network: bool = False
    buyer: bool = False
    books: bool = False
    style: str = ""
    behaviour: Behaviour = field(default_factory=Behaviour)
    bucket: Bucket = field(default_factory=Bucket)
    hooks: HookManners = field(default_factory=HookManners)
    points: Bucket = Bucket(20_000, 1000.0)
    bulk_looks: int = 2
    shop_port: int = 0
    sftp_port: int = 0
    control_port: int = 0
