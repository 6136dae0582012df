"""What lies in an X12 mailbox: kept whole, cut into documents, acknowledged, and applied only when it is for us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.edi import cut
from connectors.edi.connector import EdiConnector
from connectors.edi.judged import Judged
from connectors.edi.settings import Party
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, FaultCode
from hub.codec.x12.interchange import Interchange, Separators, TransactionSet
from hub.contract import BadRecord, Page, RawItem
from hub.model.stock import ExpectedReceipt, StockLevel
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from hub.testing.clock import START
from sandbox.robots import x12 as clerk
from tests.edi.trade import OURS, connect, desk, stock


@pytest.fixture
def edi(tmp_path: Path) -> EdiConnector:
    return connect(tmp_path)


def items(edi: EdiConnector, content: bytes, key: str = "a.edi:1:x") -> list[RawItem]:
    return list(cut.items(RawItem(key, content, "a.edi"), edi._settings, edi._sorting))


def read(edi: EdiConnector, content: bytes) -> list[object]:
    """Everything that the parts of a file say, in order."""
    return [said for item in items(edi, content) for said in edi.parse(item.document or "mailbox", item)]


def test_an_interchange_is_kept_whole_with_each_document_under_its_own_headers(edi: EdiConnector) -> None:
    content = stock(desk())
    whole, part = items(edi, content)
    assert (whole.content, whole.document, part.document, part.part_of) == (content, "", "stock", whole.key)
    assert part.content.startswith(content[:106])
    owed, level = read(edi, content)
    assert isinstance(owed, FunctionalAcknowledgement)
    assert (owed.reference, owed.verdict, owed.documents[0].type) == ("IB 10", Verdict.ACCEPTED, "846")
    assert isinstance(level, StockLevel)
    assert (level.sku, int(level.quantity)) == ("CUP", 4)


def _stock_list(*skus: str) -> list[list[str]]:
    return [["BIA*00*SI*INV1*20261120", f"LIN**SK*{sku}", "QTY*33*4*EA"] for sku in skus]


def test_sets_that_share_a_list_are_one_so_that_none_empties_the_shelves_of_the_others(edi: EdiConnector) -> None:
    content = desk().interchange([("846", _stock_list("CUP", "MUG")), ("846", _stock_list("JUG"))], START)
    _, part = items(edi, content)
    assert part.document == "stock"
    assert [each.sku for each in edi.parse("stock", part) if isinstance(each, StockLevel)] == ["CUP", "MUG", "JUG"]


def test_of_a_list_of_which_a_group_is_refused_nothing_is_applied(edi: EdiConnector) -> None:
    content = desk().interchange([("846", _stock_list("CUP")), ("846", _stock_list("JUG"))], START)
    assert [each.document for each in items(edi, content.replace(b"GE*1*11", b"GE*2*11"))] == [""]


def test_changes_are_told_one_set_after_the_other(tmp_path: Path) -> None:
    edi = connect(tmp_path, documents='[documents.stock]\nmode = "delta"')
    content = desk().envelope("846", _stock_list("CUP", "MUG"), START)
    assert [each.document for each in items(edi, content)] == ["", "stock", "stock"]


def test_a_set_may_be_read_for_two_documents(tmp_path: Path) -> None:
    edi = connect(tmp_path, documents="[documents.expected]\nuse = true")
    body = ["BIA*00*SI*INV1*20261120", "LIN**SK*CUP", "QTY*33*4*EA", "QTY*63*2*DZ", "DTM*018*20261201"]
    _, *parts = items(edi, desk().envelope("846", [body], START))
    level, expected = (record for part in parts for record in edi.parse(part.document, part))
    assert isinstance(level, StockLevel)
    assert isinstance(expected, ExpectedReceipt)
    assert (int(level.quantity), int(expected.quantity), f"{expected.expected_at:%d.%m.}") == (4, 24, "01.12.")


def test_a_page_of_large_files_is_handed_over_in_pieces_and_the_cursor_moves_with_the_last(
    edi: EdiConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.edi.connector._PIECE", 1000)
    at = desk()
    files = [RawItem(f"{number}.edi", stock(at), f"{number}.edi") for number in range(5)]

    class Mailbox:
        def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:  # noqa: ARG002
            yield Page(tuple(files), "5")

    edi._transport = Mailbox()  # type: ignore[assignment]
    pages = list(edi.fetch("mailbox", None))
    assert [page.cursor for page in pages] == [None, None, "5"]
    assert [[each.document for each in page.items] for page in pages] == [["", "stock"] * 2] * 2 + [["", "stock"]]


def test_a_large_interchange_is_handed_over_in_pieces_of_which_only_the_last_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.edi.connector._PIECE", 1000)
    monkeypatch.setattr("connectors.edi.cut._STEP", 500)
    edi = connect(tmp_path, documents='[documents.stock]\nmode = "delta"')
    content = desk().interchange([("846", _stock_list(*(f"CUP-{number}" for number in range(20))))], START)

    class Mailbox:
        def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:  # noqa: ARG002
            yield Page((RawItem("a.edi", content, "a.edi"),), "1")

    edi._transport = Mailbox()  # type: ignore[assignment]
    pages = list(edi.fetch("mailbox", None))
    assert len(pages) > 3
    assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [page.cursor for page in pages if page.cursor is not None] == ["1"]
    whole, *parts = (item for page in pages for item in page.items)
    assert whole.content is content
    said = [each.sku for part in parts for each in edi.parse("stock", part) if isinstance(each, StockLevel)]
    assert said == [f"CUP-{number}" for number in range(20)]


def test_a_set_is_judged_once_for_its_acknowledgement_and_for_its_records(
    edi: EdiConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    content = stock(desk(), quantity="four")

    class Counting(StandardCheck):
        def __call__(self, part: TransactionSet) -> list[Fault]:
            judged.append(part.control)
            return super().__call__(part)

    monkeypatch.setattr("connectors.edi.reading.StandardCheck", Counting)
    owed, bad = read(edi, content)
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.documents[0].verdict is Verdict.REJECTED
    assert isinstance(bad, BadRecord)
    assert bad.code == "x12 bad character"
    assert len(judged) == 1
    read(edi, content.replace(b"*four*", b"*five*"))
    assert len(judged) == 2


def test_what_one_place_of_a_file_says_is_told_at_another_with_its_own_offset() -> None:
    one, other = (TransactionSet(b"ST*850~", Interchange([], Separators()), None, offset=at) for at in (100, 7))
    judged = Judged()
    assert judged.faults(lambda part: [Fault(FaultCode.BAD_DATE, offset=part.offset + 3)], one)[0].offset == 103
    assert judged.faults(lambda _: [], other)[0].offset == 10


def test_a_partner_that_writes_our_id_in_small_letters_means_us(edi: EdiConnector) -> None:
    content = stock(desk())
    assert b"OURID" in content
    whole, part = items(edi, content.replace(b"*OURID", b"*ourid"))
    assert (whole.document, part.document) == ("", "stock")


def test_a_value_that_is_filled_with_blanks_is_taken_and_told(edi: EdiConnector) -> None:
    owed, level = read(edi, stock(desk()).replace(b"*4*EA~", b"*4  *EA ~"))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.verdict is Verdict.ACCEPTED_WITH_ERRORS
    assert [each.element for each in owed.documents[0].faults] == ["2", "3:1"]
    assert isinstance(level, StockLevel)
    assert int(level.quantity) == 4


def test_several_interchanges_in_one_file_are_several_items(edi: EdiConnector) -> None:
    at = desk()
    found = items(edi, stock(at) + stock(at, sku="POT"))
    assert [each.document for each in found] == ["", "stock", "", "stock"]
    assert len({each.key for each in found}) == 4


def test_a_number_names_an_interchange_however_its_file_is_called(edi: EdiConnector) -> None:
    content = stock(desk())
    assert [each.key for each in items(edi, content, "b.edi:9:z")] == [each.key for each in items(edi, content)]


def test_with_the_test_for_numbers_off_other_bytes_are_another_interchange(tmp_path: Path) -> None:
    edi = connect(tmp_path, connection='duplicates = ["bytes"]')
    one, other = items(edi, stock(desk()))[0], items(edi, stock(desk(), "5"))[0]
    assert one.key != other.key
    assert one.key == items(edi, stock(desk()), "b.edi:2:y")[0].key


def test_without_any_test_every_file_counts(tmp_path: Path) -> None:
    edi = connect(tmp_path, connection="duplicates = []")
    assert items(edi, stock(desk()))[0].key != items(edi, stock(desk()), "b.edi:2:y")[0].key


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (stock(desk("T")), "test interchange", "ISA15 is T"),
        (stock(clerk.Desk(("01", "SOMEBODY"), OURS)), "interchange not for us", "01/SOMEBODY for ZZ/OURID"),
        (b"Dear Sirs,\nno EDI today.\n", "no interchange", "no ISA segment"),
    ],
)
def test_what_is_not_for_us_is_kept_and_nothing_of_it_is_applied(
    edi: EdiConnector, content: bytes, code: str, words: str
) -> None:
    assert [each.document for each in items(edi, content)] == [""]
    (bad,) = read(edi, content)
    assert isinstance(bad, BadRecord)
    assert (bad.code, words in bad.what) == (code, True)


def test_a_connection_in_test_takes_test_documents(tmp_path: Path) -> None:
    edi = connect(tmp_path, connection='usage = "T"')
    assert [each.document for each in items(edi, stock(desk("T")))] == ["", "stock"]


def test_a_document_against_the_standard_is_refused_with_its_place_and_so_told_in_the_997(edi: EdiConnector) -> None:
    owed, bad = read(edi, stock(desk(), "many"))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.verdict is Verdict.REJECTED
    (fault,) = owed.documents[0].faults
    assert (fault.segment, fault.position, fault.element, fault.code, fault.value) == ("QTY", 4, "2", "6", "many")
    assert isinstance(bad, BadRecord)
    assert "QTY02 (segment 4) 'many'" in bad.what
    assert bad.record == "846 0001 of interchange 000000001"


def test_where_only_the_envelope_rejects_the_same_document_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    edi = connect(tmp_path, connection='rejects = "envelope"')
    owed, bad = read(edi, stock(desk(), "many"))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.verdict is Verdict.ACCEPTED_WITH_ERRORS
    assert isinstance(bad, BadRecord)
    assert bad.field == "quantity"


def test_a_set_that_nobody_mapped_is_told_to_both_sides(edi: EdiConnector) -> None:
    content = stock(desk()).replace(b"ST*846", b"ST*864")
    bad, owed = read(edi, content)
    assert isinstance(bad, BadRecord)
    assert "no inbound document for transaction set '864'" in bad.what
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.documents[0].verdict is Verdict.REJECTED


def test_an_envelope_that_contradicts_itself_is_refused_with_all_that_is_in_it(edi: EdiConnector) -> None:
    content = stock(desk()).replace(b"IEA*1*000000001", b"IEA*1*000000002")
    assert [each.document for each in items(edi, content)] == [""]
    told = read(edi, content)
    assert [each.code for each in told if isinstance(each, BadRecord)] == ["x12 icn mismatch"]
    assert [each.codes for each in told if isinstance(each, FunctionalAcknowledgement) and not each.group] == [("001",)]


def test_an_original_order_is_known_by_its_number_in_whatever_interchange_it_comes(tmp_path: Path) -> None:
    edi = connect(tmp_path, documents=ORDERS)
    at = desk()
    body = ["BEG*00*SA*4711**20261120", "PO1*1*2*EA*9.5**SK*CUP"]
    keys = [items(edi, _as_850(at, body))[1].key for _ in range(2)]
    assert keys == ["850:4711:", "850:4711:"]
    replaced = items(edi, _as_850(at, ["BEG*05*SA*4711**20261120", *body[1:]]))[1].key
    assert replaced.startswith("isa:")


def test_with_the_test_for_order_numbers_off_an_order_is_known_by_its_interchange(tmp_path: Path) -> None:
    edi = connect(tmp_path, documents=ORDERS, connection='duplicates = ["bytes", "interchange"]')
    body = ["BEG*00*SA*4711**20261120", "PO1*1*2*EA*9.5**SK*CUP"]
    assert items(edi, _as_850(desk(), body))[1].key.startswith("isa:")


ORDERS = """
[documents.orders]
direction = "in"
makes = "sales_order"
format = "x12"
root = "850"
rows = "PO1"
[documents.orders.fields]
order_id = ".../BEG.03"
number = ".../BEG.03"
placed_at = { from = ".../BEG.05", type = "date", format = "%Y%m%d" }
updated_at = { from = ".../BEG.05", type = "date", format = "%Y%m%d" }
currency = { value = "USD" }
line.line_id = "PO1.01"
line.sku = "PO1[SK]"
line.quantity = "PO1.02"
"""


def _as_850(at: clerk.Desk, body: list[str]) -> bytes:
    content = at.envelope("846", [body], START)
    return content.replace(b"ST*846", b"ST*850").replace(b"GS*IB", b"GS*PO")


# --- what they say of ours -------------------------------------------------------------------------------------------


def test_a_997_names_our_group_and_the_place_of_each_fault(edi: EdiConnector) -> None:
    body = ["AK1*PO*17", "AK2*850*0001", "AK3*PO1*7**8", "AK4*9*234*5*AB-100", "AK5*R*5", "AK9*R*1*1*0"]
    (said,) = read(edi, desk().envelope("997", [body], START))
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.reference, said.verdict) == ("PO 17", Verdict.REJECTED)
    (fault,) = said.documents[0].faults
    assert (fault.segment, fault.position, fault.element, fault.code, fault.value) == ("PO1", 7, "9", "5", "AB-100")


def test_a_ta1_is_about_the_whole_interchange(edi: EdiConnector) -> None:
    content = desk().envelope("997", [["AK1*PO*17", "AK9*A*1*1*1"]], START)
    noted = content.replace(b"GS*FA", b"TA1*000000017*261120*0600*R*010~\nGS*FA")
    said = [each for each in read(edi, noted) if isinstance(each, FunctionalAcknowledgement)]
    assert [(each.group, each.reference, each.verdict) for each in said] == [
        ("", "17", Verdict.REJECTED),
        ("PO", "PO 17", Verdict.ACCEPTED),
    ]


# --- cut once more ---------------------------------------------------------------------------------------------------


def test_what_was_not_for_us_is_cut_into_its_documents_once_the_ids_are_right(tmp_path: Path) -> None:
    content = stock(clerk.Desk(("01", "SOMEBODY"), OURS))
    before = connect(tmp_path)
    (whole,) = items(before, content)
    before._settings = before._settings.model_copy(update={"them": Party(qualifier="01", id="SOMEBODY")})
    kept, part = before.cut("mailbox", whole)
    assert (kept.key, kept.content, part.document) == (whole.key, whole.content, "stock")


# --- one verdict for the envelope and for what is in it --------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GE*1*", b"SE*1*9~\nGE*1*"),
        (b"IEA*1*000000001~\n", b""),
        (b"IEA*1*000000001", b"IEA*1*000000002"),
    ],
)
def test_an_interchange_that_its_ta1_rejects_has_no_part_applied_and_no_group_accepted(
    edi: EdiConnector, old: bytes, new: bytes
) -> None:
    content = stock(desk()).replace(old, new)
    assert [each.document for each in items(edi, content)] == [""]
    told = [each for each in read(edi, content) if isinstance(each, FunctionalAcknowledgement)]
    assert [(each.group, each.verdict) for each in told] == [("", Verdict.REJECTED)]


def test_what_a_mailbox_adds_behind_an_interchange_costs_it_nothing(edi: EdiConnector) -> None:
    content = stock(desk()) + b"-- sent by mail --\n"
    assert [each.document for each in items(edi, content)] == ["", "stock"]
    told = [each for each in read(edi, content) if isinstance(each, FunctionalAcknowledgement)]
    assert [(each.group, each.verdict) for each in told] == [("IB", Verdict.ACCEPTED)]


def test_a_set_without_a_group_is_refused_and_not_applied(edi: EdiConnector) -> None:
    lines = [each for each in stock(desk()).splitlines(keepends=True) if each[:2] not in {b"GS", b"GE"}]
    content = b"".join(lines).replace(b"IEA*1", b"IEA*0")
    assert [each.document for each in items(edi, content)] == [""]


@pytest.mark.parametrize("end", [[], ["AK9"], ["AK9*"]])
def test_a_997_that_breaks_off_before_its_verdict_says_nothing_of_our_order(edi: EdiConnector, end: list[str]) -> None:
    (bad,) = read(edi, desk().envelope("997", [["AK1*PO*17", "AK2*850*0001", "AK5*A", *end]], START))
    assert isinstance(bad, BadRecord)
    assert (bad.record, bad.field) == ("acknowledgement of PO 17", "AK9")
