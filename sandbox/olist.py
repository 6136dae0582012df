"""A world made of real orders: a folder of Olist CSV files, its sellers as drop-ship suppliers.

Olist says who bought what from whom, where, and what it weighs; it says nothing of stock. So the stock is placed here,
seeded, and `World.placement` states how and measures the result. Times are not kept: orders are placed now, with the
time of the real purchase in their notes.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

from sandbox.placement import measured
from sandbox.plan import Costs, Firm, Item, Kind, LinePlan, Offer, OrderPlan, Place, World

_USED = frozenset({"delivered", "shipped", "invoiced", "processing", "approved"})
_STATES = dict(
    pair.split("=")
    for pair in (
        "AC=Acre,AL=Alagoas,AM=Amazonas,AP=Amapá,BA=Bahia,CE=Ceará,DF=Distrito Federal,ES=Espírito Santo,GO=Goiás,"
        "MA=Maranhão,MG=Minas Gerais,MS=Mato Grosso do Sul,MT=Mato Grosso,PA=Pará,PB=Paraíba,PE=Pernambuco,PI=Piauí,"
        "PR=Paraná,RJ=Rio de Janeiro,RN=Rio Grande do Norte,RO=Rondônia,RR=Roraima,RS=Rio Grande do Sul,"
        "SC=Santa Catarina,SE=Sergipe,SP=São Paulo,TO=Tocantins"
    ).split(",")
)
_FIRST = "Adriana Bruno Camila Diego Eduarda Felipe Gabriela Heitor Isabela João Larissa Mateus Natália Otávio".split()
_LAST = ("da Silva", "dos Santos", "Oliveira", "Souza", "Lima", "Araújo", "D'Ávila", "Gonçalves", "Conceição")
_STREETS = ("Rua das Flores", "Avenida Paulista", "Travessa do Comércio", "Rua XV de Novembro", "Praça da Sé")
#: How many sellers besides its own a product is given, and how often out of 100.
_FURTHER = {0: 25, 1: 25, 2: 25, 3: 15, 4: 10}
_IN_WAREHOUSE = 0.2

Row = Mapping[str, str]


class HistoryError(Exception):
    """The folder does not hold what is needed; the text says what."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One piece of an order: which seller sold which product for how much."""

    order_id: str
    product_id: str
    seller_id: str
    price: Decimal


def olist(folder: Path, seed: int, orders: int | None) -> World:
    """Return the world of the first so many orders of the folder (None: all), by their time of purchase."""
    files = _Files(folder)
    chance = Random(f"olist|{seed}")
    chosen = files.orders(orders)
    sources = [source for source in files.sources if source.order_id in chosen]
    plans = _plans(chosen, sources, files, chance)
    items = _items(sources, files)
    firms = _firms(sources, items, plans, files, chance)
    return World(
        currency="BRL",
        timezone="America/Sao_Paulo",
        items=items,
        firms=firms,
        orders=iter(plans),
        # fitted on Olist's own freight: 8.8 BRL a parcel, 0.0071 a kilometre, 1.76 a kilogram
        costs=Costs(per_order="2.00", freight_base="8.80", freight_per_km="0.0071", freight_per_kg="1.76"),
        placement={
            "how": (
                "each product at the sellers that sold it, with enough for all of it; 75 in 100 products also at 1 to "
                "4 further sellers of these orders, seeded, with enough for any one line; 20 in 100 also in the own "
                "warehouse in São Paulo"
            ),
            "suppliers": len(firms) - 1,
            **measured(firms, plans),
        },
    )


class _Files:
    """The folder's files, read when they are needed; zip prefixes are padded to five digits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._points = {
            _zip(row["geolocation_zip_code_prefix"]): (float(row["geolocation_lat"]), float(row["geolocation_lng"]))
            for row in self._rows("geolocation")
        }
        self.sources = [
            _Source(row["order_id"], row["product_id"], row["seller_id"], Decimal(row["price"]))
            for row in self._rows("order_items")
        ]
        self._customers = {row["customer_id"]: row for row in self._rows("customers")}
        self.sellers = {row["seller_id"]: row for row in self._rows("sellers")}
        self.products = {row["product_id"]: row for row in self._rows("products")}

    def orders(self, count: int | None) -> dict[str, Row]:
        """Return the first orders that came to something and hold something, by id."""
        filled = {source.order_id for source in self.sources}
        rows = [row for row in self._rows("orders") if row["order_status"] in _USED and row["order_id"] in filled]
        rows.sort(key=lambda row: (row["order_purchase_timestamp"], row["order_id"]))
        if count is not None and len(rows) < count:
            raise HistoryError(f"{self._folder}: {len(rows)} usable orders, {count} asked for")
        return {row["order_id"]: row for row in rows[:count]}

    def customer_place(self, customer_id: str) -> Place:
        """Return where a customer lives."""
        row = self._customers[customer_id]
        return self._place(row["customer_zip_code_prefix"], row["customer_city"], row["customer_state"])

    def seller_place(self, seller_id: str) -> Place:
        """Return where a seller ships from."""
        row = self.sellers[seller_id]
        return self._place(row["seller_zip_code_prefix"], row["seller_city"], row["seller_state"])

    def _place(self, prefix: str, city: str, state: str) -> Place:
        latitude, longitude = self._points.get(_zip(prefix), (None, None))
        name = _STATES.get(state, state)
        return Place(city.title(), state, name, f"{_zip(prefix)}-000", "BR", "Brazil", latitude, longitude)

    def _rows(self, name: str) -> list[Row]:
        path = self._folder / f"olist_{name}_dataset.csv"
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                return list(csv.DictReader(stream))
        except OSError as error:
            raise HistoryError(f"{path}: {error.strerror}; --history needs a folder of Olist CSV files") from error


def _zip(prefix: str) -> str:
    return prefix.zfill(5)


def _plans(chosen: Mapping[str, Row], sources: list[_Source], files: _Files, chance: Random) -> list[OrderPlan]:
    baskets: dict[str, dict[str, list[_Source]]] = {order_id: {} for order_id in chosen}
    for source in sources:
        baskets[source.order_id].setdefault(source.product_id, []).append(source)
    return [_plan(chosen[order_id], basket, files, chance) for order_id, basket in baskets.items()]


def _plan(order: Row, basket: Mapping[str, list[_Source]], files: _Files, chance: Random) -> OrderPlan:
    """Return one order; several pieces of one product are one line with a quantity."""
    return OrderPlan(
        first_name=chance.choice(_FIRST),
        last_name=chance.choice(_LAST),
        street=f"{chance.choice(_STREETS)}, {chance.randint(1, 2500)}",
        place=files.customer_place(order["customer_id"]),
        email=f"cliente{chance.randint(1, 99999)}@example.com",
        phone=f"+5511{chance.randint(0, 99999999):08d}",
        lines=tuple(LinePlan(sku, len(pieces), pieces[0].price) for sku, pieces in basket.items()),
        notes={"olist_order_id": order["order_id"], "olist_purchased_at": order["order_purchase_timestamp"]},
    )


def _items(sources: list[_Source], files: _Files) -> dict[str, Item]:
    items: dict[str, Item] = {}
    for source in sources:
        if source.product_id not in items:
            row = files.products[source.product_id]
            name = f"{row['product_category_name'] or 'produto'} {source.product_id[:8]}"
            weight = int(Decimal(row["product_weight_g"] or 0))
            items[source.product_id] = Item(source.product_id, name, weight, source.price)
    return items


def _firms(
    sources: list[_Source], items: Mapping[str, Item], plans: list[OrderPlan], files: _Files, chance: Random
) -> tuple[Firm, ...]:
    sellers = sorted({source.seller_id for source in sources})
    own: dict[str, set[str]] = {}
    for source in sources:
        own.setdefault(source.product_id, set()).add(source.seller_id)
    shelves: dict[str, list[Offer]] = {seller: [] for seller in sellers}
    warehouse: list[Offer] = []
    for sku, (total, most) in _demand(plans).items():
        for seller in sorted(own[sku]):
            shelves[seller].append(_offer(items[sku], seller, total + chance.randint(2, 20), chance))
        for seller in _further(sellers, own[sku], chance):
            shelves[seller].append(_offer(items[sku], seller, most + chance.randint(0, total), chance))
        if chance.random() < _IN_WAREHOUSE:
            warehouse.append(_offer(items[sku], "dc1", most + chance.randint(0, total), chance))
    place = Place("São Paulo", "SP", "São Paulo", "01001-000", "BR", "Brazil", -23.55038, -46.63403)
    depot = Firm("dc1", "Own warehouse", Kind.WAREHOUSE, place, "Rua do Depósito, 1", tuple(warehouse))
    return (depot, *(_seller(seller, shelves[seller], files) for seller in sellers))


def _demand(plans: list[OrderPlan]) -> dict[str, tuple[int, int]]:
    """Return of each product how many are wanted in all, and at most in one line."""
    demand: dict[str, tuple[int, int]] = {}
    for line in (line for plan in plans for line in plan.lines):
        total, most = demand.get(line.sku, (0, 0))
        demand[line.sku] = total + line.quantity, max(most, line.quantity)
    return demand


def _further(sellers: list[str], own: set[str], chance: Random) -> list[str]:
    count = chance.choices(list(_FURTHER), list(_FURTHER.values()))[0]
    others = [seller for seller in chance.sample(sellers, min(len(sellers), count + len(own))) if seller not in own]
    return others[:count]


def _offer(item: Item, seller: str, stock: int, chance: Random) -> Offer:
    price = (item.price * Decimal(chance.randint(60, 80)) / 100).quantize(Decimal("0.01"))
    return Offer(item.sku, f"{seller[:4]}-{item.sku[:12]}".upper(), price, stock, lead_days=chance.randint(1, 5))


def _seller(seller_id: str, shelf: list[Offer], files: _Files) -> Firm:
    place = files.seller_place(seller_id)
    name = f"Seller {seller_id[:10]} ({place.city})"
    return Firm(f"seller_{seller_id[:10]}", name, Kind.SUPPLIER, place, "Rua do Comércio, 10", tuple(shelf))
