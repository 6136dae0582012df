"""Real orders as a field for the batch benchmark: Olist's lines, places, weights and prices; stock is placed by us.

Read from `../shared/samples/orders/olist` (CC BY-NC-SA 4.0: input for benchmarks only). Freight is what was fitted to
its freight values (R2 0.59 on lines held out): 8.83 a parcel and 0.00706 a km, 1.76 a kg and 1.09 per 1000 km and kg,
in BRL, kg the larger of weight and cm3/6000. What is placed: the sellers are joined into the 45 that sell most, each
to the nearest; five warehouses stand in the middle of the five states with the most customers; `coverage` is how
likely the warehouses hold a product, then with units for 30 to 90 % of what was sold; each product is also with two
other sellers, with half of what was sold, 0 to 6 % dearer.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hub.routing.batch.field import UNLIMITED, Field, Floats, Ints, grouped

FOLDER = Path(__file__).parents[2] / "shared" / "samples" / "orders" / "olist"
WAREHOUSES, SELLERS = 5, 45
PARCEL, PER_KM, PER_KG, PER_KG_KM = 8.83, 0.00706, 1.76, 0.00109
#: Orders with more lines are left out, as a batch of the hub does; there is one in a thousand of them.
MOST_LINES = 8
#: A split costs nothing but its parcel; a line that is not sent costs more than any way to send it.
UNSENT = 10_000.0


@dataclass(frozen=True)
class Replay:
    """The field, what each node is from each order (N, O) in km, and the node of each line's own seller."""

    field: Field
    km: Floats
    seller: Ints


@dataclass(frozen=True)
class _Sold:
    """One line: order, product and seller by number, units, price of a unit, kg of a unit."""

    order: int
    product: int
    seller: str
    units: int
    price: float
    kg: float


def replay(coverage: float, seed: int = 0) -> Replay:
    """Return the replay with the warehouses holding this share of the products."""
    places = _places()
    customers = _customers(places)
    sellers = {each: places[code] for each, code in _zips("sellers").items() if code in places}
    sold, at = _sold(customers, sellers)
    nodes, node_of = _nodes(customers, sellers, sold)
    km = _km(nodes, np.array(at))
    return _field(sold, km, np.array([node_of[each.seller] for each in sold]), coverage, np.random.default_rng(seed))


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"olist_{name}_dataset.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _places() -> dict[str, tuple[float, float]]:
    return {
        row["geolocation_zip_code_prefix"].zfill(5): (float(row["geolocation_lat"]), float(row["geolocation_lng"]))
        for row in _rows("geolocation")
    }


def _zips(kind: str) -> dict[str, str]:
    one = kind.rstrip("s")
    return {row[f"{one}_id"]: row[f"{one}_zip_code_prefix"].zfill(5) for row in _rows(kind)}


def _customers(places: dict[str, tuple[float, float]]) -> dict[str, tuple[tuple[float, float], str]]:
    """Return where the customer of each order is, and in which state."""
    zips = _zips("customers")
    states = {row["customer_id"]: row["customer_state"] for row in _rows("customers")}
    return {
        row["order_id"]: (places[zips[row["customer_id"]]], states[row["customer_id"]])
        for row in _rows("orders")
        if zips[row["customer_id"]] in places
    }


def _sold(
    customers: dict[str, tuple[tuple[float, float], str]], sellers: dict[str, tuple[float, float]]
) -> tuple[list[_Sold], list[tuple[float, float]]]:
    """Return the lines, one for each product of a seller in an order, and the place of each order."""
    kg = {row["product_id"]: _kg(row) for row in _rows("products")}
    lines: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    prices: dict[str, float] = {}
    for row in _rows("order_items"):
        if row["order_id"] in customers and row["seller_id"] in sellers:
            lines[row["order_id"]][row["product_id"], row["seller_id"]] += 1
            prices[row["product_id"]] = float(row["price"])
    numbers: dict[str, int] = {}
    orders = [order for order in sorted(lines) if len(lines[order]) <= MOST_LINES]
    sold = [
        _Sold(place, numbers.setdefault(product, len(numbers)), seller, units, prices[product], kg[product])
        for place, order in enumerate(orders)
        for (product, seller), units in sorted(lines[order].items())
    ]
    return sold, [customers[order][0] for order in orders]


def _kg(row: dict[str, str]) -> float:
    sides = [float(row[f"product_{side}_cm"] or 0) for side in ("length", "height", "width")]
    return max(float(row["product_weight_g"] or 500) / 1000, float(np.prod(sides)) / 6000)


def _nodes(
    customers: dict[str, tuple[tuple[float, float], str]], sellers: dict[str, tuple[float, float]], sold: list[_Sold]
) -> tuple[Floats, dict[str, int]]:
    """Return the places of warehouses and large sellers, and the node that each seller belongs to."""
    by_state: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for place, state in customers.values():
        by_state[state].append(place)
    largest = sorted(by_state.values(), key=len, reverse=True)[:WAREHOUSES]
    most = [seller for seller, _ in Counter(each.seller for each in sold).most_common(SELLERS)]
    nodes = np.array([np.median(places, axis=0) for places in largest] + [sellers[each] for each in most])
    every = sorted({each.seller for each in sold})
    near = _km(nodes[WAREHOUSES:], np.array([sellers[each] for each in every])).argmin(axis=0) + WAREHOUSES
    return nodes, dict(zip(every, near.tolist(), strict=True))


def _km(ones: Floats, others: Floats) -> Floats:
    """Return the distances over the globe."""
    (a, b), (c, d) = np.radians(ones).T[:, :, None], np.radians(others).T[:, None, :]
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(half)), np.float64)


def _field(sold: list[_Sold], km: Floats, seller: Ints, coverage: float, dice: np.random.Generator) -> Replay:
    order, sku = np.array([each.order for each in sold]), np.array([each.product for each in sold])
    units, orders = np.array([each.units for each in sold]), km.shape[1]
    stock, premium = _stock(sku, units, seller, coverage, dice)
    kg, price = (np.array([getattr(each, name) * each.units for each in sold]) for name in ("kg", "price"))
    cost = (PER_KG + PER_KG_KM * km[:, order]) * kg + premium[:, sku] * price
    cost[stock[:, sku] < units] = np.inf
    field = Field(
        cost=cost,
        parcel=PARCEL + PER_KM * km,
        drop=np.full(len(sold), UNSENT),
        split=np.zeros(orders),
        order=order,
        sku=sku,
        quantity=units,
        stock=stock,
        capacity=np.full(len(km), UNLIMITED),
        groups=grouped(order, orders),
    )
    return Replay(field, km, seller)


def _stock(sku: Ints, units: Ints, seller: Ints, coverage: float, dice: np.random.Generator) -> tuple[Ints, Floats]:
    """Return what is where, and how much dearer it is there as a share of the price."""
    shape = (WAREHOUSES + SELLERS, int(sku.max()) + 1)
    stock, premium = np.zeros(shape, np.int64), np.zeros(shape)
    np.add.at(stock, (seller, sku), units)
    total = np.bincount(sku, weights=units).astype(np.int64)
    for product in range(shape[1]):
        if dice.random() < coverage:
            held = int(np.ceil(total[product] * dice.uniform(0.3, 0.9)))
            stock[:WAREHOUSES, product] = dice.multinomial(held, np.full(WAREHOUSES, 1 / WAREHOUSES))
        others = WAREHOUSES + dice.choice(SELLERS, 2, replace=False)
        new = others[stock[others, product] == 0]
        stock[new, product] = -(-total[product] // 2)
        premium[new, product] = dice.uniform(0, 0.06, len(new))
    return stock, premium
