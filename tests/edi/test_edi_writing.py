"""What leaves as X12: read back by a clerk who checks every count and number, and never by our own codec."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.edi.settings import EdiSettings
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.reader import read
from hub.codec.x12.verdict import judge
from hub.contract import BadRecord
from hub.model.place import Address
from hub.model.purchase import PurchaseLine, PurchaseOrder, PurchaseOrderChange
from hub.model.transmission import DocumentVerdict, FunctionalAcknowledgement, TransmissionFault, Verdict
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryNumbers
from hub.wire.exchange.settings import ExchangeSettings
from sandbox.robots import x12 as clerk
from tests.edi.trade import OURS, THEIRS, connect


def order(**changed: Any) -> PurchaseOrder:
    lines = (
        PurchaseLine(line_number=1, sku="CUP", supplier_sku="N-1", quantity="3", unit_cost="60.25", channel_line="11"),
        PurchaseLine(line_number=2, sku="POT", quantity="1", channel_line="12"),
    )
    fields: dict[str, Any] = {
        "number": "PO100001", "node": "NORTH", "supplier": "north", "currency": "USD", "order_id": "SO1",
        "channel": "shop", "channel_order": "4711", "channel_number": "#1001", "ordered_at": START,
        "ship_to": Address(name="Ann Lee", street="1 Main St", city="Austin", country="US"), "lines": lines,
    }  # fmt: skip
    return PurchaseOrder(**{**fields, **changed})


@pytest.fixture
def numbers() -> MemoryNumbers:
    return MemoryNumbers(FakeClock())


def test_an_order_is_one_interchange_that_a_careful_clerk_can_work_with(tmp_path: Path, numbers: Any) -> None:
    form = connect(tmp_path).render("order", order(), numbers)
    read = clerk.read(form.content)
    assert (read.sender, read.receiver, read.control, read.usage) == (OURS, THEIRS, "000000001", "P")
    (group,) = read.groups
    (document,) = group.documents
    assert (group.code, group.control, document.code) == ("PO", "1", "850")
    assert document.segments[-1] == ["CTT", "2"]
    lines = clerk.read_order(document)
    assert [(line.po, line.sku, line.quantity, line.order, line.order_line) for line in lines] == [
        ("PO100001", "CUP", 3, "4711", "11"),
        ("PO100001", "POT", 1, "4711", "12"),
    ]
    assert (form.name, form.transmission) == ("/in/850_000000001.edi", "PO 1")


def test_every_transmission_has_the_next_number_of_its_pair(tmp_path: Path, numbers: Any) -> None:
    edi = connect(tmp_path)
    forms = [edi.render("order", order(number=f"PO{n}"), numbers) for n in range(3)]
    assert [clerk.read(form.content).control for form in forms] == ["000000001", "000000002", "000000003"]


def test_a_separator_in_a_name_is_replaced_or_the_record_refused_as_the_file_says(tmp_path: Path, numbers: Any) -> None:
    address = Address(name="A*B~C>D", street="1 Main St", city="Austin", country="US")
    edi = connect(tmp_path)
    document = clerk.read(edi.render("order", order(ship_to=address), numbers).content).groups[0].documents[0]
    assert document.first("N1", "ST")[2] == "A B C D"
    strict = connect(tmp_path, connection='in_data = "refuse"')
    with pytest.raises(BadRecord, match="N102 'A\\*B~C>D' holds") as refused:
        strict.render("order", order(ship_to=address), numbers)
    assert refused.value.record == "PO100001"


def test_a_partner_may_want_other_separators_release_and_lines(tmp_path: Path, numbers: Any) -> None:
    wanted = 'release = "005010"\nseparators = { element = "|", segment = "!", component = "<", line_break = true }'
    content = connect(tmp_path, connection=wanted).render("order", order(), numbers).content
    assert content.startswith(b"ISA|")
    assert b"|00501|" in content[:106]
    assert content[82:83] == b"^"
    assert content.endswith(b"IEA|1|000000001!\n")


def test_times_in_the_envelope_are_the_partners(tmp_path: Path, numbers: Any) -> None:
    isa = connect(tmp_path).render("order", order(), numbers).content.decode().split("*")
    assert (isa[9], isa[10]) == tuple(START.astimezone(ZoneInfo("America/Chicago")).strftime("%y%m%d %H%M").split())


def test_our_verdict_goes_back_as_a_997_with_every_place(tmp_path: Path, numbers: Any) -> None:
    fault = TransmissionFault(code="5", segment="PO1", position=7, element="9:2", element_number="234", value="AB*100")
    record = FunctionalAcknowledgement(
        group="PR", number="42", version="004010", verdict=Verdict.PARTLY_ACCEPTED, included=2, received=2, accepted=1,
        documents=(
            DocumentVerdict(type="855", number="0001", verdict=Verdict.ACCEPTED),
            DocumentVerdict(type="855", number="0002", verdict=Verdict.REJECTED, codes=("5",), faults=(fault,)),
        ),
    )  # fmt: skip
    form = connect(tmp_path).render("verdict", record, numbers)
    (group,) = clerk.read(form.content).groups
    assert group.code == "FA"
    assert [list(each) for each in group.documents[0].segments] == [
        ["AK1", "PR", "42"],
        ["AK2", "855", "0001"],
        ["AK5", "A"],
        ["AK2", "855", "0002"],
        ["AK3", "PO1", "7", "", "8"],
        ["AK4", "9>2", "234", "5", "AB 100"],
        ["AK5", "R", "5"],
        ["AK9", "P", "2", "2", "1"],
    ]


def test_a_999_where_the_partner_wants_one(tmp_path: Path, numbers: Any) -> None:
    record = FunctionalAcknowledgement(group="PR", number="42", version="005010", verdict=Verdict.ACCEPTED)
    edi = connect(tmp_path, connection='acknowledge = "999"\nrelease = "005010"')
    content = edi.render("verdict", record, numbers).content
    assert b"ST*999*0001*005010X231A1~AK1*PR*42*005010~AK9*A*0*0*0~" in content


def test_a_verdict_on_an_envelope_is_a_ta1_and_nothing_else(tmp_path: Path, numbers: Any) -> None:
    record = FunctionalAcknowledgement(number="42", verdict=Verdict.REJECTED, codes=("001",))
    form = connect(tmp_path).render("verdict", record, numbers)
    assert form.content.count(b"~") == 3
    assert b"~TA1*000000042*" in form.content
    assert b"*R*001~IEA*0*000000001~" in form.content


def test_every_setting_of_its_own_is_explained_in_the_readme(pytestconfig: pytest.Config) -> None:
    text = (pytestconfig.rootpath / "connectors/edi/README.md").read_text("utf-8")
    own = EdiSettings.model_fields.keys() - ExchangeSettings.model_fields.keys()
    assert [name for name in sorted(own) if f"`{name}`" not in text] == []


# --- held against the standard before it leaves ----------------------------------------------------------------------


def _faults(content: bytes) -> list[str]:
    """What a partner would find in what we write."""
    return [
        str(fault)
        for verdict in judge(read([content]), StandardCheck())
        for group in verdict.groups
        for fault in (*verdict.faults, *group.faults, *(each for one in group.sets for each in one.faults))
    ]


def test_an_address_line_that_x12_cannot_hold_is_for_a_person_and_not_sent(tmp_path: Path, numbers: Any) -> None:
    long = Address(name="Ann Lee", street="1 Main St " * 7, city="Austin", country="US")
    with pytest.raises(BadRecord, match="address line has 69 characters and may have 55 at most") as refused:
        connect(tmp_path).render("order", order(ship_to=long), numbers)
    assert (refused.value.record, refused.value.field) == ("PO100001", "N301")
    lenient = connect(tmp_path, connection='rejects = "envelope"')
    assert b"1 Main St 1 Main St" in lenient.render("order", order(ship_to=long), numbers).content


def test_a_long_name_of_a_product_or_a_service_is_cut_and_the_figures_are_written_out(
    tmp_path: Path, numbers: Any
) -> None:
    figures: dict[str, Any] = {"quantity": Decimal("1E+2"), "unit_cost": Decimal("60.2500")}
    line = PurchaseLine(line_number=1, sku="CUP", name="cup " * 40, channel_line="11", **figures)
    content = connect(tmp_path).render("order", order(lines=(line,), service="s" * 50), numbers).content
    assert b"PO1*1*100*EA*60.25**SK*CUP~" in content
    assert _faults(content) == []


def test_a_mark_of_ours_in_what_we_copy_of_their_faults_never_keeps_a_997_back(tmp_path: Path, numbers: Any) -> None:
    fault = TransmissionFault(code="6", segment="REF", position=3, element="2", element_number="127", value="A*B~C")
    refused = DocumentVerdict(type="855", number="0001", verdict=Verdict.REJECTED, codes=("5",), faults=(fault,))
    record = FunctionalAcknowledgement(
        group="PR", number="42", version="004010", verdict=Verdict.REJECTED, included=1, received=1, accepted=0,
        documents=(refused,),
    )  # fmt: skip
    for form in ("997", "999"):
        edi = connect(tmp_path, connection=f'in_data = "refuse"\nacknowledge = "{form}"')
        content = edi.render("verdict", record, numbers).content
        assert b"*A B C~" in content
        assert _faults(content) == []


def test_an_address_of_a_company_without_a_person_is_named_by_the_company(tmp_path: Path, numbers: Any) -> None:
    address = Address(company="Acme Inc", street="1 Main St", city="Austin", country="US")
    content = connect(tmp_path).render("order", order(ship_to=address), numbers).content
    assert b"~N1*ST*Acme Inc~N3*1 Main St~" in content


def test_what_is_wanted_of_an_order_now_is_an_860_and_all_of_it_off_is_one_too(tmp_path: Path, numbers: Any) -> None:
    change = {"number": "PO-1", "change_number": 1, "node": "NORTH", "supplier": "north", "currency": "USD"}
    line = {"line_number": 1, "sku": "CUP", "change": "change", "quantity": 1, "previous": 2}
    less = PurchaseOrderChange(**change, changed_at=START, lines=[line])
    off = PurchaseOrderChange(**change, changed_at=START, cancelled=True)
    edi = connect(tmp_path)
    segments = [edi.render("change", each, numbers).content.decode().split("~")[3:-4] for each in (less, off)]
    assert segments == [
        ["BCH*04*DS*PO-1**1*20261120", "CUR*BY*USD", "POC*1*CA*1**EA***SK*CUP", "CTT*1"],
        ["BCH*01*DS*PO-1**1*20261120", "CUR*BY*USD", "CTT*0"],
    ]


def test_an_order_for_many_stores_says_how_much_each_of_them_gets(tmp_path: Path, numbers: Any) -> None:
    stores = [{"store": f"S{number}", "quantity": number} for number in range(1, 13)]
    line = {"line_number": 1, "sku": "CUP", "quantity": 78, "channel_line": "11", "stores": stores}
    content = connect(tmp_path).render("order", order(lines=[line]), numbers).content.decode()
    assert [each for each in content.split("~") if each.startswith("SDQ")] == [
        "SDQ*EA*92*" + "*".join(f"S{number}*{number}" for number in range(1, 11)),
        "SDQ*EA*92*S11*11*S12*12",
    ]
