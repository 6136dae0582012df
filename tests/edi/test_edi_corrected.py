"""A document that came to nothing leaves its number free: sent again corrected, it is taken and closes the failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.edi.connector import PLUGIN
from hub.contract import BadRecord, RawItem
from hub.model.document import Kind
from hub.store import deliveries, messages, orders, parking
from hub.store.engine import Store
from hub.testing.clock import START, FakeClock
from tests.edi.trade import connect, desk, partner_file, profile
from tests.ingest.arrivals import Arrivals

REJECTED = ["BEG*00*SA*4711**20261120", "CUR*BY*USD", "PO1*1*many*EA*9**VN*CUP"]  # AK5*R: a quantity of letters
UNREADABLE = ["BEG*00*SA*4711**20261120", "CUR*BY*QQQQ", "PO1*1*2*EA*9**VN*CUP"]


def order(quantity: int, number: str = "4711") -> list[str]:
    return [f"BEG*00*SA*{number}**20261120", "CUR*BY*USD", f"PO1*1*{quantity}*EA*9**VN*CUP"]


@pytest.fixture
def customer(store: Store, clock: FakeClock, tmp_path: Path) -> Arrivals:
    return arrivals(store, clock, tmp_path, "x12_4010_customer")


def arrivals(store: Store, clock: FakeClock, folder: Path, extends: str, connection: str = "") -> Arrivals:
    for name in ("out", "in"):
        (folder / "box" / name).mkdir(parents=True)
    file = partner_file(folder, url=f"file://{folder / 'box'}", extends=extends, connection=connection)
    return Arrivals(store, clock, PLUGIN, profile(file), folder / "box" / "out")


def quantity(customer: Arrivals, number: str = "4711") -> int | None:
    with customer.store.read() as tx:
        found = orders.find(tx, number)
        return int(found[0].doc.lines[0].quantity) if found else None


def open_codes(customer: Arrivals) -> list[str]:
    return [each.code for each in customer.parked()]


@pytest.mark.parametrize("bad", [REJECTED, UNREADABLE])
def test_an_order_that_was_refused_is_taken_when_it_comes_corrected(customer: Arrivals, bad: list[str]) -> None:
    at = desk()
    customer.comes(at.envelope("850", [bad], START))
    (failed,) = customer.parked()
    assert quantity(customer) is None
    customer.comes(at.envelope("850", [order(3)], START))
    assert (quantity(customer), open_codes(customer)) == (3, [])
    (closed,) = customer.parked("resolved")
    assert closed.id == failed.id
    assert closed.closed_why == f"superseded: message {_last(customer)} came under the same number"


def _last(customer: Arrivals) -> int:
    with customer.store.read() as tx:
        found = messages.by_key(tx, "north", "sales", "850:4711:")
    assert found is not None
    return found.id


def test_an_order_that_was_taken_keeps_its_number(customer: Arrivals) -> None:
    at = desk()
    customer.comes(at.envelope("850", [REJECTED], START))
    customer.comes(at.envelope("850", [order(3)], START))
    customer.comes(at.envelope("850", [order(5)], START))
    customer.comes(at.envelope("850", [REJECTED], START))
    assert (quantity(customer), open_codes(customer)) == (3, ["key reused", "key reused"])


def test_an_order_that_comes_again_in_another_interchange_is_the_same_one(customer: Arrivals) -> None:
    at = desk()
    first, again = at.envelope("850", [order(3)], START), at.envelope("850", [order(3)], START)
    assert first != again
    customer.comes(first)
    customer.comes(again)
    assert (quantity(customer), open_codes(customer)) == (3, [])
    with customer.store.read() as tx:
        assert len(orders.find(tx, "4711")) == 1
        found = deliveries.search(tx, connection="north", kind=Kind.FUNCTIONAL_ACKNOWLEDGEMENT)
        told = [each.record.verdict.value for each in found]  # type: ignore[attr-defined]
    assert told == ["accepted", "accepted"]
    customer.comes(at.envelope("850", [order(5)], START))
    assert (quantity(customer), open_codes(customer)) == (3, ["key reused"])


def test_one_of_several_orders_of_a_set_that_was_taken_keeps_the_number_of_all(customer: Arrivals) -> None:
    at = desk()
    body = [
        "BEG*00*SA*4711**20261120",
        "CUR*BY*USD",
        "PO1*1*2*EA*9**VN*CUP",
        "SDQ*EA*92*12*1*13*1",
        "PO1*2*2*PL*9**VN*POT",
    ]
    customer.comes(at.envelope("850", [[*body, "SDQ*PL*92*13*2"]], START))
    assert (quantity(customer, "4711@12"), quantity(customer, "4711@13")) == (1, None)
    customer.comes(at.envelope("850", [order(3)], START))
    assert open_codes(customer)[-1] == "key reused"
    assert quantity(customer) is None


def test_both_in_one_reading_are_told_apart_just_the_same(customer: Arrivals) -> None:
    at = desk()
    customer.comes(*(at.envelope("850", [each], START) for each in (REJECTED, UNREADABLE, order(3), order(5))))
    assert (quantity(customer), open_codes(customer)) == (3, ["key reused"])


def test_one_that_is_wrong_once_more_stands_alone_among_the_failures(customer: Arrivals) -> None:
    at = desk()
    customer.comes(at.envelope("850", [REJECTED], START))
    customer.comes(at.envelope("850", [UNREADABLE], START))
    (failed,) = customer.parked()
    assert failed.message_id == _last(customer)


def test_the_one_of_two_that_a_person_let_in_keeps_the_number(customer: Arrivals) -> None:
    """The first came to nothing; the second waited for a word while nobody knew, and was let in by a person."""
    at = desk()
    customer.comes(at.envelope("850", [order(3)], START))
    customer.comes(at.envelope("850", [order(5)], START))
    with customer.store.write() as tx:
        (aside,) = parking.search(tx)
        messages.apply_again(tx, aside.message_id)
    customer.read()
    customer.comes(at.envelope("850", [order(7)], START))
    assert open_codes(customer) == ["key reused"]
    assert quantity(customer) == 5


def test_an_order_that_cannot_be_read_any_more_after_a_change_of_the_mapping_keeps_its_number(
    customer: Arrivals, tmp_path: Path
) -> None:
    at = desk()
    customer.comes(at.envelope("850", [order(3)], START))
    with customer.store.write() as tx:
        messages.apply_again(tx, _last(customer))
    broken = '[documents.sales.fields]\ncurrency = ".../CUR.09"'
    file = partner_file(tmp_path, f"file://{tmp_path / 'box'}", "", broken, "x12_4010_customer")
    customer.changes(profile(file))
    customer.read()
    assert len(open_codes(customer)) == 1
    customer.comes(at.envelope("850", [order(5)], START))
    assert "key reused" in open_codes(customer)
    assert quantity(customer) == 3


def test_the_corrected_one_is_accepted_in_its_997(customer: Arrivals) -> None:
    at = desk()
    customer.comes(at.envelope("850", [REJECTED], START))
    customer.comes(at.envelope("850", [order(3)], START))
    with customer.store.read() as tx:
        told = [each.record.verdict.value for each in deliveries.search(tx, connection="north")]  # type: ignore[attr-defined]
    assert sorted(told) == ["accepted", "rejected"]


def test_an_interchange_keeps_its_number_though_only_failures_came_of_it(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    """What it held was applied by itself, so nothing is known of it here."""
    quiet = arrivals(store, clock, tmp_path, "x12_4010_customer", 'acknowledge = "none"')
    content = desk().envelope("850", [order(3)], START)
    lost = desk().envelope("850", [order(4)], START).replace(b"850", b"864").replace(b"GS*PO", b"GS*TX")
    quiet.comes(lost)
    quiet.comes(content)
    assert open_codes(quiet) == ["no document for 864", "key reused"]


CHANGE = ["BCH*04*SA*4711**{number}*20261121****20261121", "POC*1*QI*{quantity}*0*EA*9**VN*CUP"]


def change(quantity: str, number: str = "1") -> list[str]:
    return [each.format(quantity=quantity, number=number) for each in CHANGE]


def test_a_change_that_was_refused_is_closed_by_the_corrected_one_of_its_number(customer: Arrivals) -> None:
    at = desk()
    customer.comes(at.envelope("850", [order(3)], START))
    customer.comes(at.envelope("860", [change("many")], START))
    customer.comes(at.envelope("860", [change("6", number="2")], START))
    assert len(open_codes(customer)) == 1, "another change of the order says nothing of it"
    customer.comes(at.envelope("860", [change("7")], START))
    assert open_codes(customer) == []


SHIPMENT = ["BSN*00*S-9*20261123*1500*0004", "HL*1**S", "HL*2*1*O", "PRF*PO-1", "HL*3*2*I", "LIN*1*SK*CUP"]
INVOICE = ["BIG*20261124*INV-7**PO-1***DI", "IT1*1*many*EA*9**SK*CUP", "TDS*900"]


@pytest.mark.parametrize(
    ("document", "code", "body", "known"),
    [
        ("shipment", "856", [*SHIPMENT, "SN1*1*many*EA"], {"order_number": "PO-1", "shipment_number": "S-9"}),
        ("invoice", "810", INVOICE, {"invoice_number": "INV-7", "order_number": "PO-1"}),
        ("stock", "846", ["BIA*00*SI*INV1*20261120", "LIN**SK*CUP", "QTY*33*many*EA"], {}),
        (
            "shipment",
            "856",
            [*SHIPMENT, "SN1*1*many*EA", "HL*4*1*O", "PRF*PO-2", "HL*5*4*I", "LIN*1*SK*CUP", "SN1*1*1*EA"],
            {"shipment_number": "S-9"},
        ),
    ],
)
def test_what_is_refused_whole_says_by_what_it_is_known_again(
    tmp_path: Path, document: str, code: str, body: list[str], known: dict[str, str]
) -> None:
    """Of a list that is nothing: it would seem to say that all else is gone."""
    edi = connect(tmp_path)
    (item,) = (
        each
        for each in edi.cut("mailbox", RawItem("k", desk().envelope(code, [body], START), "a.edi"))
        if each.document == document
    )
    (bad,) = edi.parse(document, item)
    assert isinstance(bad, BadRecord)
    assert bad.known == known
