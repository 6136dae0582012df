"""We sell by EDI: what a retailer orders and changes comes in, our answers, ship notices and invoices go out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.edi.connector import PLUGIN, EdiConnector
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.reader import read
from hub.codec.x12.verdict import Status, judge
from hub.contract import BadRecord, RawItem
from hub.model.base import Record
from hub.model.order import SalesOrder
from hub.model.order_change import SalesOrderChange
from hub.model.purchase import Acknowledgement, Invoice
from hub.model.shipment import Shipment
from hub.model.stock import StockAdjustment, StockPush
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryContext, MemoryNumbers
from tests.edi.trade import desk, partner_file, profile

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def seller(
    folder: Path, documents: str = "", connection: str = "", template: str = "x12_4010_customer"
) -> EdiConnector:
    path = partner_file(folder, documents=documents, connection=connection)
    path.write_text(path.read_text("utf-8").replace("x12_4010_supplier", template), "utf-8")
    opened = PLUGIN.open(profile(path), MemoryContext(FakeClock()))
    assert isinstance(opened, EdiConnector)
    return opened


@pytest.fixture
def edi(tmp_path: Path) -> EdiConnector:
    return seller(tmp_path)


def told(edi: EdiConnector, code: str, group: str, *bodies: list[str]) -> list[object]:
    """What the hub makes of an interchange with these sets, without what we owe for it."""
    content = desk().envelope("846", bodies, START).replace(b"ST*846", f"ST*{code}".encode())
    items = edi.cut("mailbox", RawItem("a.edi", content.replace(b"GS*IB", f"GS*{group}".encode()), "a.edi"))
    return [said for item in items if item.document for said in edi.parse(item.document, item)]


def sent(edi: EdiConnector, document: str, record: Record) -> list[str]:
    """The segments of what leaves, from behind ST to before SE; it is clean against the standard."""
    content = edi.render(document, record, MemoryNumbers(FakeClock())).content
    (verdict,) = judge(read([content]), StandardCheck())
    assert [group.status for group in verdict.groups] == [Status.ACCEPTED]
    return content.decode().split("~")[3:-4]


def test_our_answer_is_an_855_that_says_of_every_part_of_a_line_what_becomes_of_it(edi: EdiConnector) -> None:
    parts = [("accepted", 2), ("backordered", 1), ("rejected", 1)]
    lines = [{"line_number": 1, "sku": "CUP", "quantity": quantity, "outcome": outcome} for outcome, quantity in parts]
    assert sent(edi, "answer", Acknowledgement(order_number="4711@12", reference="SO1", lines=lines)) == [
        *("BAK*00*AC*4711*20261120****SO1", "N1*BY**92*12"),
        *("PO1*1*****VN*CUP", "ACK*IA*2*EA", "PO1*1*****VN*CUP", "ACK*IB*1*EA", "PO1*1*****VN*CUP", "ACK*IR*1*EA"),
        "CTT*3",
    ]


def test_an_order_that_we_do_not_take_is_refused_as_a_whole(edi: EdiConnector) -> None:
    refused = Acknowledgement(order_number="4711", outcome="rejected")
    assert sent(edi, "answer", refused)[0] == "BAK*00*RD*4711*20261120"


def test_a_ship_notice_names_shipment_order_and_items(edi: EdiConnector) -> None:
    lines = [
        {"line_number": 1, "sku": "CUP", "quantity": 2, "tracking": "1Z1", "sscc": "00006141410000000012"},
        {"line_number": 2, "sku": "MUG", "quantity": 1},
    ]
    notice = Shipment(order_number="4711", shipment_number="S-9", carrier="UPS", tracking="1Z0", lines=lines)
    assert sent(edi, "shipment", notice) == [
        *("BSN*00*S-9*20261120*0000*0004", "HL*1**S*1", "TD5*****UPS", "REF*2I*1Z0", "HL*2*1*O*1", "PRF*4711"),
        *("HL*3*2*I*0", "LIN*1*VN*CUP", "SN1*1*2*EA", "REF*2I*1Z1", "MAN*GM*00006141410000000012"),
        *("HL*4*2*I*0", "LIN*2*VN*MUG", "SN1*2*1*EA", "CTT*4"),
    ]


FIRST, SECOND = "006141410000000012", "006141410000000029"


def packed(*lines: dict[str, Any], **fields: Any) -> Shipment:
    """A shipment of order 4711; each line is (line, SKU, how many) in the carton that it names."""
    return Shipment(order_number="4711", shipment_number="S-9", carrier="UPS", lines=lines, **fields)


def of_line(number: int, quantity: int, **carton: str) -> dict[str, Any]:
    return {"line_number": number, "sku": ("CUP", "MUG")[number - 1], "quantity": quantity, **carton}


def test_pick_and_pack_tells_each_carton_once_with_all_that_is_in_it(tmp_path: Path) -> None:
    edi = seller(tmp_path, connection='cartons = "pick_and_pack"')
    notice = packed(
        of_line(1, 2, sscc=f"00{FIRST}", tracking="1Z1"),
        of_line(2, 1, sscc=FIRST, tracking="1Z1"),
        of_line(1, 3, tracking="1Z2"),
        of_line(2, 4, tracking="1Z3"),
        parcels=[{"tracking": "1Z2", "sscc": SECOND}, {"tracking": "1Z3"}],
    )
    assert sent(edi, "shipment", notice) == [
        *("BSN*00*S-9*20261120*0000*0001", "HL*1**S*1", "TD1*CTN25*3", "TD5*****UPS", "HL*2*1*O*1", "PRF*4711"),
        *("HL*3*2*P*1", f"MAN*GM*00{FIRST}**CP*1Z1"),
        *("HL*4*3*I*0", "LIN*1*VN*CUP", "SN1*1*2*EA", "HL*5*3*I*0", "LIN*2*VN*MUG", "SN1*2*1*EA"),
        *("HL*6*2*P*1", f"MAN*GM*00{SECOND}**CP*1Z2", "HL*7*6*I*0", "LIN*1*VN*CUP", "SN1*1*3*EA"),
        *("HL*8*2*P*1", "MAN*CP*1Z3", "HL*9*8*I*0", "LIN*2*VN*MUG", "SN1*2*4*EA", "CTT*9"),
    ]


def test_the_standard_structure_tells_each_item_once_with_its_cartons(tmp_path: Path) -> None:
    edi = seller(tmp_path, connection='cartons = "standard"')
    notice = packed(of_line(1, 2, sscc=FIRST), of_line(1, 3, sscc=SECOND))
    assert sent(edi, "shipment", notice) == [
        *("BSN*00*S-9*20261120*0000*0002", "HL*1**S*1", "TD1*CTN25*2", "TD5*****UPS", "HL*2*1*O*1", "PRF*4711"),
        *("HL*3*2*I*1", "LIN*1*VN*CUP", "SN1*1*5*EA"),
        *("HL*4*3*P*0", "SN1*1*2*EA", f"MAN*GM*00{FIRST}", "HL*5*3*P*0", "SN1*1*3*EA", f"MAN*GM*00{SECOND}", "CTT*5"),
    ]


@pytest.mark.parametrize(
    ("structure", "lines", "why"),
    [
        ("pick_and_pack", [of_line(1, 2)], "line 1: neither the SSCC of its carton nor a tracking number"),
        ("pick_and_pack", [of_line(1, 2, sscc=f"{FIRST[:-1]}3")], "006141410000000013 is no SSCC"),
        ("standard", [of_line(1, 2, sscc=FIRST), of_line(2, 1, sscc=FIRST)], f"carton {FIRST} holds several items"),
    ],
)
def test_a_carton_that_cannot_be_told_right_is_for_a_person(
    tmp_path: Path, structure: str, lines: list[dict[str, Any]], why: str
) -> None:
    edi = seller(tmp_path, connection=f'cartons = "{structure}"')
    with pytest.raises(BadRecord, match=why):
        edi.render("shipment", packed(*lines), MemoryNumbers(FakeClock()))


@pytest.mark.parametrize("total", ["30.95", None])
def test_an_invoice_adds_up_whether_its_total_is_given_or_not(edi: EdiConnector, total: str | None) -> None:
    lines = [{"line_number": 1, "sku": "CUP", "quantity": 2, "price": "9.5"}]
    extra: dict[str, Any] = {"freight": "11", "tax": "1.95", "charges": "-1", "total": total}
    invoice = Invoice(invoice_number="I1", order_number="4711", invoiced_at=AT, currency="USD", lines=lines, **extra)
    assert sent(edi, "invoice", invoice) == [
        *("BIG*20261123*I1**4711***DI", "CUR*SE*USD", "IT1*1*2*EA*9.5**VN*CUP", "TDS*3095"),
        *("TXI*ST*1.95", "SAC*C*D240***1100", "SAC*A*F050***100", "CTT*1"),
    ]


def test_a_credit_memo_is_one(edi: EdiConnector) -> None:
    lines = [{"line_number": 1, "sku": "CUP", "quantity": 1, "price": "9.5"}]
    memo = Invoice(invoice_number="C1", order_number="4711", invoiced_at=AT, credit=True, lines=lines)
    assert sent(edi, "invoice", memo)[:3] == ["BIG*20261123*C1**4711***CR", "IT1*1*1*EA*9.5**VN*CUP", "TDS*950"]


def test_our_stock_goes_as_852_to_who_wants_that(tmp_path: Path) -> None:
    edi = seller(tmp_path, "[documents.stock]\nuse = false\n[documents.activity]\nuse = true")
    push = StockPush(rows=({"sku": "CUP", "location": "DC1", "quantity": 48},))
    assert sent(edi, "activity", push) == ["XQ*H*20261120", "LIN**VN*CUP", "N9*WH*DC1", "ZA*QA*48*EA", "CTT*1"]


# --- what the retailer says ------------------------------------------------------------------------------------------


def test_an_order_for_many_stores_is_an_order_of_each_of_them(edi: EdiConnector) -> None:
    body = ["BEG*00*SA*4711**20261120", "PO1*1*3*EA*9.5**VN*CUP", "SDQ*EA*92*12*1*13*2", "CTT*1"]
    orders = told(edi, "850", "PO", body)
    assert [(each.order_id, int(each.lines[0].quantity)) for each in orders if isinstance(each, SalesOrder)] == [
        ("4711@12", 1),
        ("4711@13", 2),
    ]


def test_stores_that_get_more_than_was_ordered_are_for_a_person(edi: EdiConnector) -> None:
    body = ["BEG*00*SA*4711**20261120", "PO1*1*2*EA*9.5**VN*CUP", "SDQ*EA*92*12*1*13*2", "CTT*1"]
    (bad,) = told(edi, "850", "PO", body)
    assert isinstance(bad, BadRecord)
    assert "SDQ spreads 3 EA, and 2 are ordered" in str(bad)


def test_a_cancellation_is_the_order_that_is_off(edi: EdiConnector) -> None:
    (order,) = told(edi, "850", "PO", ["BEG*01*SA*4711**20261120", "PO1*1*2*EA*9.5**VN*CUP", "CTT*1"])
    assert isinstance(order, SalesOrder)
    assert order.cancelled


def test_a_change_names_lines_with_what_is_wanted_of_them(edi: EdiConnector) -> None:
    lines = ["POC*1*QD*1**EA*9.5**VN*CUP", "POC*2*DI***EA"]
    (change,) = told(edi, "860", "PC", ["BCH*04*SA*4711***20261120", *lines, "CTT*2"])
    assert isinstance(change, SalesOrderChange)
    # without BCH05: interchange and set, because GS06 and the day may be used again
    assert (change.order_id, change.change_number) == ("4711", "000000001-0001")
    assert [(each.line_id, each.change.value, each.quantity) for each in change.lines] == [
        ("1", "change", 1),
        ("2", "cancel", None),
    ]


# --- what a 3PL says to who keeps our books --------------------------------------------------------------------------


def test_two_pallets_of_one_sku_that_nothing_tells_apart_are_two_receipts(tmp_path: Path) -> None:
    warehouse = seller(tmp_path, template="x12_3pl")
    body = ["W17*F*20261124*R-77", "N1*WH*DC1", "W07*4*EA**SK*CUP", "W07*4*EA**SK*CUP", "W07*1*EA**SK*MUG", "W14*9"]
    received = [each for each in told(warehouse, "944", "RE", body) if isinstance(each, StockAdjustment)]
    assert [(each.number, int(each.change)) for each in received] == [
        ("R-77-CUP", 4),
        ("R-77-CUP#2", 4),
        ("R-77-MUG", 1),
    ]


# --- lots ------------------------------------------------------------------------------------------------------------


def test_a_ship_notice_says_of_each_item_its_lot(edi: EdiConnector) -> None:
    told = sent(edi, "shipment", packed(of_line(1, 2, lot="B1"), of_line(1, 1, lot="B2")))
    assert told[-7:] == [
        *("HL*3*2*I*0", "LIN*1*VN*CUP*LT*B1", "SN1*1*2*EA"),
        *("HL*4*2*I*0", "LIN*1*VN*CUP*LT*B2", "SN1*1*1*EA", "CTT*4"),
    ]


def test_items_of_two_lots_are_two_items_in_one_carton_and_above_their_cartons(tmp_path: Path) -> None:
    two = packed(of_line(1, 2, lot="B1", sscc=FIRST), of_line(1, 1, lot="B2", sscc=SECOND))
    told = sent(seller(tmp_path, connection='cartons = "standard"'), "shipment", two)
    assert [each for each in told if each[:3] in ("LIN", "SN1", "MAN")] == [
        *("LIN*1*VN*CUP*LT*B1", "SN1*1*2*EA", "SN1*1*2*EA", f"MAN*GM*00{FIRST}"),
        *("LIN*1*VN*CUP*LT*B2", "SN1*1*1*EA", "SN1*1*1*EA", f"MAN*GM*00{SECOND}"),
    ]
    together = packed(of_line(1, 2, lot="B1", sscc=FIRST), of_line(1, 1, lot="B2", sscc=FIRST))
    with pytest.raises(BadRecord, match="holds several items"):
        sent(seller(tmp_path, connection='cartons = "standard"'), "shipment", together)
    told = sent(seller(tmp_path, connection='cartons = "pick_and_pack"'), "shipment", together)
    assert [each for each in told if each[:3] in ("LIN", "MAN")] == [
        *(f"MAN*GM*00{FIRST}", "LIN*1*VN*CUP*LT*B1", "LIN*1*VN*CUP*LT*B2"),
    ]


# --- answers to a change ---------------------------------------------------------------------------------------------

CHANGED: list[dict[str, Any]] = [
    {"line_number": 1, "sku": "CUP", "ordered": 3, "quantity": 3, "unit_cost": 4, "change": "change"},
    {"line_number": 2, "sku": "MUG", "ordered": 0, "quantity": 0, "change": "cancel"},
    {"line_number": 3, "sku": "POT", "ordered": 5, "quantity": 2, "backordered": 3, "outcome": "changed"},
    {"line_number": 4, "sku": "JUG", "ordered": 1, "quantity": 1, "change": "add"},
]


def test_a_change_is_answered_by_an_865_where_the_partner_wants_one(tmp_path: Path) -> None:
    edi = seller(tmp_path, connection='change_answer = "865"')
    answer = Acknowledgement(order_number="4711", reference="SO1", change_number="2", outcome="changed", lines=CHANGED)
    content = edi.render("answer", answer, MemoryNumbers(FakeClock())).content
    assert b"GS*CA*" in content
    assert sent(edi, "answer", answer) == [
        "BCA*00*AC*4711**2*20261120***SO1",
        *("POC*1*CA*3**EA*4**VN*CUP", "ACK*IA*3*EA", "POC*2*DI*0**EA***VN*MUG", "ACK*ID*0*EA"),
        *("POC*3*NC*5**EA***VN*POT", "ACK*IQ*2*EA", "ACK*IB*3*EA", "POC*4*AI*1**EA***VN*JUG", "ACK*IA*1*EA", "CTT*4"),
    ]


def test_a_change_that_came_too_late_is_refused_line_by_line_or_as_a_whole(tmp_path: Path) -> None:
    edi = seller(tmp_path, connection='change_answer = "865"')
    late = {"line_number": 2, "sku": "MUG", "ordered": 0, "quantity": 0, "change": "cancel", "too_late": True}
    told = sent(edi, "answer", Acknowledgement(order_number="4711", change_number="2", lines=[CHANGED[0], late]))
    assert [each for each in told if each[:3] in ("BCA", "ACK")] == [
        *("BCA*00*AC*4711**2*20261120", "ACK*IA*3*EA", "ACK*IR*0*EA"),
    ]
    told = sent(edi, "answer", Acknowledgement(order_number="4711", change_number="2", lines=[CHANGED[2], late]))
    assert told[0] == "BCA*00*RD*4711**2*20261120"


def test_an_order_is_answered_by_an_855_all_the_same_and_a_number_of_ours_is_not_told(tmp_path: Path) -> None:
    edi = seller(tmp_path, connection='change_answer = "865"')
    assert sent(edi, "answer", Acknowledgement(order_number="4711", lines=CHANGED))[0].startswith("BAK*")
    ours = Acknowledgement(order_number="4711", change_number="000000001-0001", lines=CHANGED)
    assert sent(edi, "answer", ours)[0] == "BCA*00*AC*4711***20261120"


def test_a_change_is_answered_by_an_855_where_nothing_else_is_agreed(edi: EdiConnector) -> None:
    answer = Acknowledgement(order_number="4711", change_number="2", lines=CHANGED)
    assert sent(edi, "answer", answer)[0].startswith("BAK*")
