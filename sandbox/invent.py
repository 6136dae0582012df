"""An invented world: a shop in the United States, its own warehouse, some suppliers, and customers who order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from random import Random

from sandbox.placement import measured
from sandbox.plan import Costs, Firm, Item, Kind, LinePlan, Offer, OrderPlan, Place, World

_PLACES = tuple(
    Place(city, region, name, code, "US", "United States", latitude, longitude)
    for city, region, name, code, latitude, longitude in (
        ("New York", "NY", "New York", "10001", 40.7506, -73.9972),
        ("Los Angeles", "CA", "California", "90012", 34.0614, -118.2385),
        ("Chicago", "IL", "Illinois", "60607", 41.8721, -87.6578),
        ("Houston", "TX", "Texas", "77002", 29.7589, -95.3595),
        ("Phoenix", "AZ", "Arizona", "85004", 33.4516, -112.0685),
        ("Philadelphia", "PA", "Pennsylvania", "19107", 39.9517, -75.1581),
        ("Dallas", "TX", "Texas", "75201", 32.7904, -96.8044),
        ("Jacksonville", "FL", "Florida", "32202", 30.3272, -81.6510),
        ("Columbus", "OH", "Ohio", "43215", 39.9671, -83.0044),
        ("Seattle", "WA", "Washington", "98101", 47.6114, -122.3305),
        ("Denver", "CO", "Colorado", "80202", 39.7491, -104.9946),
        ("Boston", "MA", "Massachusetts", "02108", 42.3576, -71.0684),
        ("Nashville", "TN", "Tennessee", "37203", 36.1504, -86.7916),
        ("Portland", "OR", "Oregon", "97205", 45.5207, -122.7095),
        ("Las Vegas", "NV", "Nevada", "89101", 36.1721, -115.1223),
        ("Memphis", "TN", "Tennessee", "38103", 35.1440, -90.0479),
        ("Louisville", "KY", "Kentucky", "40202", 38.2529, -85.7514),
        ("Atlanta", "GA", "Georgia", "30303", 33.7529, -84.3925),
        ("Kansas City", "MO", "Missouri", "64106", 39.1050, -94.5700),
        ("Minneapolis", "MN", "Minnesota", "55401", 44.9835, -93.2683),
        ("New Orleans", "LA", "Louisiana", "70112", 29.9605, -90.0753),
        ("Salt Lake City", "UT", "Utah", "84101", 40.7559, -111.9003),
    )
)
_FIRST = (
    "Ana Björn Chloé Dmitri Emma Faye Grace Hugo Inès José Kim Liam Maya Noah Olga Pía Quinn Rosa Søren Tom".split()
)
_LAST = ("Ångström", "Baker", "Castro", "Dubois", "Evans", "Fischer", "García", "Hill", "Ito", "O'Brien", "Smith, Jr.")
_STREETS = ("Main Street", "Oak Avenue", "Elm Drive", "2nd Street", "Lake Road", "Hill Lane", 'Route 66 "Old Road"')
_THINGS = "Backpack Blender Bottle Candle Chair Clock Cushion Desk Drill Fan Grill Hammer Kettle Knife Lamp Mat Mirror"
_MADE = "Ash Blue Bright Compact Folding Green Heavy Light Linen Oak Round Slim Small Solid Steel Tall Travel Wide"
_GIFT_CARD = Item("GIFT-25", "Gift card 25", 0, Decimal("25.00"), ships=False)
_SUPPLIERS = "Acme Borealis Cascade Dovetail Evergreen Foundry Granite Harbor Ironwood Juniper Keystone Lumen".split()


def invent(seed: int, orders: int, suppliers: int, items: int) -> World:
    """Return a world made up from the seed; its orders never end."""
    chance = Random(f"world|{seed}")
    goods = _goods(chance, items)
    plans = list(islice(_orders(seed, goods), orders))
    demand = dict.fromkeys((item.sku for item in goods), 0)
    for line in (line for plan in plans for line in plan.lines if line.sku in demand):
        demand[line.sku] += line.quantity
    firms = _firms(chance, goods, demand, suppliers)
    return World(
        currency="USD",
        timezone="America/Chicago",
        items={item.sku: item for item in (*goods, _GIFT_CARD)},
        firms=firms,
        orders=_orders(seed, goods),
        costs=Costs(per_order="1.50", freight_base="3.20", freight_per_km="0.0018", freight_per_kg="0.75"),
        placement={
            "how": "each item at 1 to 4 suppliers and 6 in 10 also in the own warehouse, each with enough for all",
            **measured(firms, plans),
        },
    )


def _goods(chance: Random, items: int) -> list[Item]:
    names = [f"{made} {thing}" for made in _MADE.split() for thing in _THINGS.split()]
    chance.shuffle(names)
    return [
        Item(f"SKU-{number:04d}", names[number % len(names)], chance.randrange(80, 6000, 10), _price(chance, 6, 180))
        for number in range(1, items + 1)
    ]


def _price(chance: Random, least: int, most: int) -> Decimal:
    return Decimal(chance.randint(least * 100, most * 100)) / 100


def _firms(chance: Random, goods: list[Item], demand: dict[str, int], suppliers: int) -> tuple[Firm, ...]:
    shelves: list[list[Offer]] = [[] for _ in range(suppliers + 1)]
    for item in goods:
        sources = chance.sample(range(1, suppliers + 1), min(suppliers, chance.choice((1, 2, 2, 3, 3, 4))))
        if chance.random() < 0.6 or not sources:
            sources.append(0)
        for source in sources:
            shelves[source].append(_offer(chance, item, source, demand[item.sku]))
    warehouse = Firm("dc1", "Own warehouse", Kind.WAREHOUSE, _PLACES[15], "1 Depot Road", tuple(shelves[0]))
    return (warehouse, *(_supplier(chance, number, shelves[number]) for number in range(1, suppliers + 1)))


def _supplier(chance: Random, number: int, shelf: list[Offer]) -> Firm:
    name = _SUPPLIERS[(number - 1) % len(_SUPPLIERS)]
    code = f"{name.lower()}{(number - 1) // len(_SUPPLIERS) + 1:02d}"
    street = f"{chance.randint(1, 900)} Factory Street"
    return Firm(code, f"{name} Supply", Kind.SUPPLIER, chance.choice(_PLACES), street, tuple(shelf))


def _offer(chance: Random, item: Item, source: int, demand: int) -> Offer:
    return Offer(
        sku=item.sku,
        supplier_sku=f"{source:02d}-{item.sku[4:]}-{chance.choice('ABCDEF')}",
        price=(item.price * Decimal(chance.randint(48, 66)) / 100).quantize(Decimal("0.01")),
        stock=demand + chance.randint(40, 120),
        lead_days=chance.randint(1, 4),
    )


def _orders(seed: int, goods: list[Item]) -> Iterator[OrderPlan]:
    chance = Random(f"orders|{seed}")
    while True:
        count = chance.choices((1, 2, 3, 4, 5), (50, 26, 13, 7, 4))[0]
        lines = [
            LinePlan(item.sku, chance.choices((1, 2, 3, 5), (72, 18, 7, 3))[0], item.price)
            for item in chance.sample(goods, min(count, len(goods)))
        ]
        if chance.random() < 0.02:
            lines.append(LinePlan(_GIFT_CARD.sku, 1, _GIFT_CARD.price))
        yield _order(chance, tuple(lines))


def _order(chance: Random, lines: tuple[LinePlan, ...]) -> OrderPlan:
    place, first = chance.choice(_PLACES), chance.choice(_FIRST)
    assert place.latitude is not None  # noqa: S101 - every place above has degrees
    assert place.longitude is not None  # noqa: S101 - the same
    return OrderPlan(
        first_name=first,
        last_name=chance.choice(_LAST),
        street=f"{chance.randint(1, 9999)} {chance.choice(_STREETS)}",
        street2=chance.choice(("", "", "", "Apt 4; rear")),
        place=Place(
            place.city,
            place.region,
            place.region_name,
            place.postal_code,
            place.country,
            place.country_name,
            round(place.latitude + chance.uniform(-0.2, 0.2), 5),
            round(place.longitude + chance.uniform(-0.2, 0.2), 5),
        ),
        company=chance.choice(("", "", "", "Smith & Sons")),
        email=f"customer{chance.randint(1, 99999)}@example.com",
        phone=f"+1555{chance.randint(0, 9999999):07d}",
        lines=lines,
    )
