"""An IDoc that came to nothing leaves its number free, and the corrected one closes the failure under either number."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sap.connector import PLUGIN
from hub.contract import BadRecord, Profile, RawItem
from hub.store import orders, parking
from hub.store.engine import Store
from hub.testing.clock import FakeClock
from tests.ingest.arrivals import Arrivals
from tests.sap.sap_trade import connect, partner_file, profile, xml

BLIND = '[documents.sales.fields]\ncurrency = "../E1EDK01.HWAER"'


@pytest.fixture
def customer(store: Store, clock: FakeClock, tmp_path: Path) -> Arrivals:
    for name in ("out", "in"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return Arrivals(store, clock, PLUGIN, partner(tmp_path), tmp_path / "box" / "out")


def partner(folder: Path, documents: str = "") -> Profile:
    url = f"file://{folder / 'box'}"
    return profile(partner_file(folder, url=url, documents=documents, extends="sap_customer"))


def order(number: int, quantity: str, currency: str = "EUR") -> bytes:
    """Return an ORDERS of theirs with this IDoc number; the order is always 4711."""
    said = f"<CURCY>{currency}</CURCY>" if currency else ""
    body = (
        f'<E1EDK01 SEGMENT="1">{said}<BELNR>4711</BELNR></E1EDK01>'
        '<E1EDK03 SEGMENT="1"><IDDAT>012</IDDAT><DATUM>20261120</DATUM></E1EDK03>'
        f'<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><MENGE>{quantity}</MENGE><MENEE>PCE</MENEE><VPREI>2</VPREI>'
        '<E1EDP19 SEGMENT="1"><QUALF>002</QUALF><IDTNR>CUP</IDTNR></E1EDP19></E1EDP01>'
    )
    return xml("ORDERS", body, number)


def quantity(customer: Arrivals) -> int | None:
    with customer.store.read() as tx:
        found = orders.find(tx, "4711")
    return int(found[0].doc.lines[0].quantity) if found else None


def open_codes(customer: Arrivals) -> list[str]:
    return [each.code for each in customer.parked()]


@pytest.mark.parametrize("number", [7, 8])
@pytest.mark.parametrize("bad", [order(7, "many"), order(7, "2", currency="")])
def test_an_order_that_could_not_be_read_is_taken_corrected(customer: Arrivals, bad: bytes, number: int) -> None:
    customer.comes(bad)
    assert (quantity(customer), len(open_codes(customer))) == (None, 1)
    customer.comes(order(number, "3"))
    assert (quantity(customer), open_codes(customer)) == (3, [])


def test_an_idoc_that_an_order_came_of_keeps_its_number(customer: Arrivals) -> None:
    customer.comes(order(7, "many"))
    customer.comes(order(7, "3"))
    customer.comes(order(7, "5"))
    assert (quantity(customer), open_codes(customer)) == (3, ["key reused"])


def test_both_in_one_reading_are_told_apart_just_the_same(customer: Arrivals) -> None:
    customer.comes(order(7, "many"), order(7, "3"))
    assert (quantity(customer), open_codes(customer)) == (3, [])
    first, second = sorted({each.message_id for each in customer.parked("resolved")})
    assert sorted(str(each.closed_why) for each in customer.parked("resolved")) == [
        f"message {first} came to nothing and leaves its number free",
        f"superseded: message {second} came under the same number",
    ]


@pytest.mark.parametrize("closed", [False, True])
def test_the_very_same_idoc_again_is_tried_by_another_mapping(
    customer: Arrivals, tmp_path: Path, *, closed: bool
) -> None:
    """Unless a person has said meanwhile that nothing is to come of it."""
    customer.changes(partner(tmp_path, BLIND))
    customer.comes(order(7, "3"))
    customer.comes(order(7, "3"))
    (failed,) = customer.parked()
    if closed:
        with customer.store.write() as tx:
            parking.resolve(tx, ids=[failed.id], state="closed", why="not wanted", now=customer.clock.now())
    customer.changes(partner(tmp_path))
    customer.comes(order(7, "3"))
    assert (quantity(customer), customer.parked()) == (None if closed else 3, [])


DELIVERY = (
    '<E1EDL20 SEGMENT="1"><VBELN>80012345</VBELN><E1EDL24 SEGMENT="1"><POSNR>000010</POSNR><LFIMG>2</LFIMG>'
    '<E1EDL41 SEGMENT="1"><QUALI>001</QUALI><BSTNR>PO-1</BSTNR></E1EDL41></E1EDL24></E1EDL20>'
)
INVOICE = (
    '<E1EDK01 SEGMENT="1"><BELNR>90001</BELNR></E1EDK01><E1EDP01 SEGMENT="1"><MENGE>2</MENGE>'
    '<E1EDP02 SEGMENT="1"><QUALF>001</QUALF><BELNR>PO-1</BELNR></E1EDP02></E1EDP01>'
)


@pytest.mark.parametrize(
    ("document", "message", "body", "known"),
    [
        ("shipment", "DESADV", DELIVERY, {"order_number": "PO-1", "shipment_number": "80012345"}),
        ("invoice", "INVOIC", INVOICE, {"invoice_number": "90001", "order_number": "PO-1"}),
    ],
)
def test_an_idoc_that_is_refused_whole_says_by_what_it_is_known_again(
    tmp_path: Path, document: str, message: str, body: str, known: dict[str, str]
) -> None:
    content = xml(message, body).replace(b"</IDOC>", b'<E1XX SEGMENT="1"><A>1</A><A>2</A><A>3</B></E1XX></IDOC>')
    bad = list(connect(tmp_path).parse(document, RawItem("k", content, "a.xml")))
    assert [(each.known, isinstance(each, BadRecord)) for each in bad] == [(known, True)]
