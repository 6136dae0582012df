"""A world made of real orders: from a small folder of our own, and from the real one where it is."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.olist import HistoryError, olist
from sandbox.options import Options
from sandbox.plan import Kind, World
from sandbox.world import plan_world
from tests.sandbox.clients import Connect, Run

_REAL = Path(__file__).parents[3] / "shared" / "samples" / "orders" / "olist"
_FILES = {
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n"
    "c1,u1,1001,sao paulo,SP\nc2,u2,99999,nowhere,AC\n",
    "geolocation": "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state\n"
    "01001,-23.55,-46.63,sao paulo,SP\n20231,-22.9,-43.2,rio,RJ\n",
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp\n"
    "o3,c1,delivered,2018-03-01 10:00:00\no1,c1,delivered,2018-01-01 10:00:00\no2,c2,shipped,2018-02-01 10:00:00\n"
    "o4,c2,canceled,2017-01-01 10:00:00\no5,c2,delivered,2017-06-01 10:00:00\n",
    "order_items": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n"
    "o1,1,p1,s1,x,10.50,2\no1,2,p1,s1,x,10.50,2\no1,3,p2,s2,x,99.90,3\no2,1,p1,s2,x,11.00,2\no3,1,p3,s3,x,5.00,1\n"
    "o4,1,p3,s3,x,5.00,1\n",
    "products": "product_id,product_category_name,product_weight_g\np1,bebes,7150\np2,,0\np3,livros,\n",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state\n"
    "s1,1001,sao paulo,SP\ns2,20231,rio de janeiro,RJ\ns3,88888,lost,XX\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        (tmp_path / f"olist_{name}_dataset.csv").write_text(text, encoding="utf-8")
    return tmp_path


def _codes(world: World) -> list[str]:
    return [firm.code for firm in world.firms]


def test_orders_come_by_time_without_cancelled_and_empty_ones(folder: Path) -> None:
    plans = list(olist(folder, seed=1, orders=3).orders)
    assert [plan.notes["olist_order_id"] for plan in plans] == ["o1", "o2", "o3"]
    assert plans[0].notes["olist_purchased_at"] == "2018-01-01 10:00:00"


def test_pieces_of_one_product_are_one_line(folder: Path) -> None:
    first = next(olist(folder, seed=1, orders=3).orders)
    assert [(line.sku, line.quantity, line.price) for line in first.lines] == [
        ("p1", 2, Decimal("10.50")),
        ("p2", 1, Decimal("99.90")),
    ]


def test_zip_prefixes_are_padded_and_an_unknown_one_has_no_coordinates(folder: Path) -> None:
    known, unknown, _ = (plan.place for plan in olist(folder, seed=1, orders=3).orders)
    assert (known.postal_code, known.latitude, known.longitude) == ("01001-000", -23.55, -46.63)
    assert (unknown.postal_code, unknown.latitude, unknown.longitude) == ("99999-000", None, None)
    assert (known.region, known.region_name, known.country) == ("SP", "São Paulo", "BR")


def test_only_the_sellers_of_the_chosen_orders_become_suppliers(folder: Path) -> None:
    assert _codes(olist(folder, seed=1, orders=2)) == ["dc1", "seller_s1", "seller_s2"]
    assert _codes(olist(folder, seed=1, orders=3)) == ["dc1", "seller_s1", "seller_s2", "seller_s3"]


def test_a_product_is_at_the_sellers_that_sold_it_with_enough_for_all(folder: Path) -> None:
    firms = {firm.code: firm for firm in olist(folder, seed=1, orders=3).firms}
    stocks = {offer.sku: offer.stock for offer in firms["seller_s1"].offers}
    assert stocks["p1"] >= 3
    assert "p1" in {offer.sku for offer in firms["seller_s2"].offers}


def test_weights_may_be_missing(folder: Path) -> None:
    items = olist(folder, seed=1, orders=3).items
    assert {sku: item.weight_g for sku, item in items.items()} == {"p1": 7150, "p2": 0, "p3": 0}


def test_the_same_seed_places_the_same_stock(folder: Path) -> None:
    assert olist(folder, 4, 3).firms == olist(folder, 4, 3).firms


def test_more_orders_than_there_are_is_refused(folder: Path) -> None:
    with pytest.raises(HistoryError, match="3 usable orders, 4 asked for"):
        olist(folder, 1, 4)


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"olist_geolocation_dataset\.csv"):
        olist(tmp_path, 1, 1)


def test_a_sandbox_places_the_history_and_then_has_no_more(folder: Path, run: Run, shop_of: Connect) -> None:
    sandbox = run(orders=3, history=folder)
    orders = shop_of(sandbox).get("/orders.json", order="id asc").json()["orders"]
    assert [order["note_attributes"][0]["value"] for order in orders] == ["o1", "o2", "o3"]
    assert [order["currency"] for order in orders] == ["BRL"] * 3
    assert orders[0]["shipping_address"]["latitude"] == -23.55
    assert orders[1]["shipping_address"]["latitude"] is None
    assert sandbox.place(1) == []
    text = (sandbox.folder / "mappings" / "seller_s3.toml").read_text("utf-8")
    assert "coordinates" not in text
    assert 'currency = "BRL"' in text


@pytest.mark.skipif(not _REAL.exists(), reason="the real orders are not here")
def test_a_thousand_real_orders_have_a_third_of_their_lines_at_three_sources_or_more() -> None:
    world = plan_world(Options(orders=1000, seed=7, history=_REAL))
    plans = list(world.orders)
    suppliers = [firm for firm in world.firms if firm.kind is Kind.SUPPLIER]
    stocks: dict[str, list[int]] = {}
    for offer in (offer for firm in world.firms for offer in firm.offers):
        stocks.setdefault(offer.sku, []).append(offer.stock)
    lines = [line for plan in plans for line in plan.lines]
    several = sum(sum(stock >= line.quantity for stock in stocks[line.sku]) >= 3 for line in lines)
    assert len(plans) == 1000
    assert world.placement["lines"] == len(lines)
    assert several / len(lines) == pytest.approx(world.placement["share_with_3_or_more_sources"], abs=0.0001)
    assert several / len(lines) >= 0.3
    assert len({firm.code for firm in suppliers}) == len(suppliers) == world.placement["suppliers"]
    assert all(firm.offers for firm in suppliers)
    assert max(Counter(line.sku for plan in plans for line in plan.lines).values()) > 1
