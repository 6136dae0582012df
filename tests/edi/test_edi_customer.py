"""A retailer that we supply: its 850 is a sales order of ours, our stock goes to it as an 846."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.edi.connector import PLUGIN, EdiConnector
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.reader import read
from hub.codec.x12.verdict import Status, judge
from hub.contract import RawItem
from hub.model.order import SalesOrder
from hub.model.stock import StockPush, StockPushRow
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryContext, MemoryNumbers
from tests.edi.trade import desk, partner_file, profile


@pytest.fixture
def edi(tmp_path: Path) -> EdiConnector:
    path = partner_file(tmp_path)
    path.write_text(path.read_text("utf-8").replace("x12_4010_supplier", "x12_4010_customer"), "utf-8")
    opened = PLUGIN.open(profile(path), MemoryContext(FakeClock()))
    assert isinstance(opened, EdiConnector)
    return opened


def told(edi: EdiConnector, *body: str) -> list[object]:
    """What the hub makes of an 850 with these segments."""
    content = desk().envelope("846", [body], START).replace(b"ST*846", b"ST*850").replace(b"GS*IB", b"GS*PO")
    items = edi.cut("mailbox", RawItem("a.edi", content, "a.edi"))
    return [said for item in items for said in edi.parse(item.document or "mailbox", item)]


def test_a_retailers_order_is_a_sales_order_in_pieces(edi: EdiConnector) -> None:
    owed, order = told(edi, "BEG*00*SA*4711**20261120", "PO1*1*2*DZ*9.5**VN*CUP", "CTT*1")
    assert isinstance(owed, FunctionalAcknowledgement)
    assert (owed.reference, owed.verdict) == ("PO 10", Verdict.ACCEPTED)
    assert isinstance(order, SalesOrder)
    assert (order.number, order.lines[0].sku, int(order.lines[0].quantity)) == ("4711", "CUP", 24)


def test_our_stock_is_an_846_that_is_clean_against_the_standard(edi: EdiConnector) -> None:
    push = StockPush(rows=(StockPushRow(sku="CUP", location="DC1", quantity="48"),))
    content = edi.render("stock", push, MemoryNumbers(FakeClock())).content
    assert b"BIA*00*SI*1*20261120~LIN**VN*CUP~QTY*33*48*EA~N1*WH**92*DC1~CTT*1~" in content
    (verdict,) = judge(read([content]), StandardCheck())
    assert [group.status for group in verdict.groups] == [Status.ACCEPTED]
