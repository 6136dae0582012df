"""What lies in an SAP partner's folder: kept whole, cut into IDocs, and applied only when it is for us."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sap.connector import SapConnector
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.writer import as_flat, write
from hub.contract import BadRecord, RawItem
from hub.model.order import SalesOrder
from hub.model.order_change import SalesOrderChange
from hub.model.purchase import Acknowledgement
from hub.model.stock import StockAdjustment, StockLevel
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from tests.sap.sap_trade import connect, response, told, xml


@pytest.fixture
def sap(tmp_path: Path) -> SapConnector:
    return connect(tmp_path)


def items(sap: SapConnector, content: bytes, key: str = "a.xml:1:x") -> list[RawItem]:
    return list(sap.cut("mailbox", RawItem(key, content, "a.xml")))


def read(sap: SapConnector, content: bytes) -> list[object]:
    """Everything that the parts of a file say, in order."""
    return [said for item in items(sap, content) for said in sap.parse(item.document or "mailbox", item)]


def test_a_file_is_kept_whole_and_each_idoc_besides(sap: SapConnector) -> None:
    whole, part = items(sap, response())
    assert whole.content == response()
    assert (part.document, part.part_of) == ("acknowledgement", whole.key)
    assert part.key == "idoc:ABCCLNT400:SAPABC:400:ORDRSP:0000000000000007"


def test_a_confirmation_says_what_they_will_ship(sap: SapConnector) -> None:
    (said,) = read(sap, response())
    assert isinstance(said, Acknowledgement)
    assert said.order_number == "PO-1"
    assert [(each.line_number, each.quantity, each.outcome.value) for each in said.lines] == [(1, 2, "accepted")]


def test_the_same_number_with_other_bytes_has_the_same_key(sap: SapConnector) -> None:
    first, again = items(sap, response())[1], items(sap, response(quantity="1.000"), "b.xml:2:y")[1]
    assert first.key == again.key
    assert first.content != again.content


def test_an_idoc_without_a_number_is_named_by_its_bytes(sap: SapConnector) -> None:
    blank = [xml("ORDRSP", body, 0) for body in ("<E1EDK01 SEGMENT='1'/>", "<E1EDP01 SEGMENT='1'/>")]
    keys = [items(sap, each)[1].key for each in (*blank, blank[0])]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    ("control", "code"),
    [({"SNDPRN": "OTHER"}, "idoc not for us"), ({"RCVPRN": "1"}, "idoc not for us"), ({"TEST": "X"}, "test idoc")],
)
def test_what_is_not_for_us_is_put_aside(sap: SapConnector, control: dict[str, str], code: str) -> None:
    content = xml("ORDRSP", "<E1EDK01 SEGMENT='1'/>", **control)
    assert len(items(sap, content)) == 1
    (bad,) = read(sap, content)
    assert isinstance(bad, BadRecord)
    assert bad.code == code


def test_a_message_that_no_document_is_for_is_told(sap: SapConnector) -> None:
    (bad,) = read(sap, xml("MATMAS", "<E1MARAM SEGMENT='1'/>", kind="MATMAS05"))
    assert isinstance(bad, BadRecord)
    assert "message type MATMAS" in bad.what


def test_a_file_without_an_idoc_is_told(sap: SapConnector) -> None:
    (bad,) = read(sap, b"a,b,c\n")
    assert isinstance(bad, BadRecord)
    assert "holds no IDoc" in bad.what


def test_a_truncated_idoc_is_a_bad_record_and_the_one_before_it_is_applied(sap: SapConnector) -> None:
    start = f"{'EDI_DC40':10}400{1:016}{'':10}{'ORDERS05':60}{'ORDRSP':49}"
    record = f"{start}{'SAPABC':10}LS  {'ABCCLNT400':101}{'':10}KU  {'88333':10}"
    segment = [f"{'E2EDK02':30}400{1:016}{1:06}{0:06}02001PO-1".ljust(1063)]
    segment.append(f"{'E2EDP01011':30}400{1:016}{2:06}{0:06}02{'000001':6}004".ljust(1063))
    text = record.ljust(524) + "".join(segment)
    said = read(sap, (text + text.replace(f"{1:016}", f"{2:016}")[:1900]).encode())
    assert [type(each).__name__ for each in said] == ["Acknowledgement", "BadRecord"]
    assert isinstance(said[1], BadRecord)
    assert "ends within a record" in said[1].what


@pytest.mark.parametrize("broken", [response()[: -len("</IDOC></ORDERS05>")], response().replace(b"EUR", b"\xe4")])
def test_xml_that_could_not_be_read_whole_is_never_applied(sap: SapConnector, broken: bytes) -> None:
    assert [item.document for item in items(sap, broken)] == [""]
    (bad,) = read(sap, broken)
    assert isinstance(bad, BadRecord)
    assert bad.record == "ORDRSP 0000000000000007"
    assert "byte" in bad.what


@pytest.mark.parametrize(
    ("status", "values", "verdict"),
    [
        ("53", {}, Verdict.ACCEPTED),
        ("16", {}, Verdict.ACCEPTED),
        ("51", {"STATXT": "Material &1 is not in plant &2", "STAPA1": "AB-100", "STAPA2": "0001"}, Verdict.REJECTED),
        ("99", {"STATYP": "E"}, Verdict.REJECTED),
    ],
)
def test_a_status_confirms_or_refuses_our_idoc(
    sap: SapConnector, status: str, values: dict[str, str], verdict: Verdict
) -> None:
    (said,) = read(sap, told(status, 17, **values))
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.reference, said.verdict, said.codes) == ("IDOC 17", verdict, (status,))
    if values.get("STATXT"):
        assert said.documents[0].faults[0].text == "Material AB-100 is not in plant 0001"


def test_a_status_on_the_way_is_no_answer_yet(sap: SapConnector) -> None:
    assert read(sap, told("64")) == []


def test_aleaud_says_the_same(sap: SapConnector) -> None:
    state = '<E1STATE SEGMENT="1"><DOCNUM>0000000000000017</DOCNUM><STATUS>53</STATUS></E1STATE>'
    (said,) = read(sap, xml("ALEAUD", f'<E1ADHDR SEGMENT="1"><MESTYP>ORDERS</MESTYP>{state}</E1ADHDR>', 5, "ALEAUD01"))
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.reference, said.verdict) == ("IDOC 17", Verdict.ACCEPTED)


def test_a_flat_aleaud_is_read_too(sap: SapConnector) -> None:
    start = f"{'EDI_DC40':10}400{9:016}{'':10}{'ALEAUD01':60}{'ALEAUD':49}"
    lines = [f"{start}{'SAPABC':10}LS  {'ABCCLNT400':101}{'':10}KU  {'88333':10}".ljust(524)]
    lines.append(f"{'E2ADHDR':30}400{9:016}{1:06}{0:06}01ORDERS")
    lines.append(f"{'E2STATE':30}400{9:016}{2:06}{1:06}02{17:016}51not posted")
    (said,) = read(sap, "\n".join(lines).encode())
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.reference, said.verdict) == ("IDOC 17", Verdict.REJECTED)


def test_we_answer_with_a_status_where_that_was_agreed(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='acknowledge = "status"')
    owed, said = read(sap, response(12))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert (owed.reference, owed.verdict) == ("IDOC 12", Verdict.ACCEPTED)
    assert isinstance(said, Acknowledgement)
    assert len(read(sap, told("53"))) == 1  # nobody answers an answer


def test_their_own_segments_are_read_as_their_export_says(tmp_path: Path) -> None:
    connection = """
[connection.dictionary.segments.Z1STOCK]
external = "Z2STOCK000"
fields = ["MATNR 18", "LABST 15 number"]
"""
    documents = '''
[documents.stock]
root = "ZSTOCK"
rows = "Z1STOCK"
skip_when = 'col["MATNR"] == ""'
[documents.stock.fields]
sku = "MATNR"
quantity = "LABST"
[[documents.stock.tests]]
given = """
<X><IDOC><EDI_DC40><MESTYP>ZSTOCK</MESTYP></EDI_DC40><Z1STOCK><MATNR>A</MATNR><LABST>1</LABST></Z1STOCK></IDOC></X>
"""
expect = [{ sku = "A", quantity = 1 }]
'''
    sap = connect(tmp_path, connection=connection, documents=documents)
    start = f"{'EDI_DC40':10}400{9:016}{'':10}{'ZSTOCK01':60}{'ZSTOCK':49}"
    control_record = f"{start}{'SAPABC':10}LS  {'ABCCLNT400':101}{'':10}KU  {'88333':10}".ljust(524)
    record = f"{'Z2STOCK000':30}400{9:016}{1:06}{0:06}01{'AB-100':18}4.000"
    (said,) = read(sap, f"{control_record}\n{record}\n".encode())
    assert isinstance(said, StockLevel)
    assert (said.sku, said.quantity) == ("AB-100", 4)


def flat_stock() -> bytes:
    """Return a flat PROACT of which we know no widths."""
    start = f"{'EDI_DC40':10}400{9:016}{'':10}{'PROACT01':60}{'PROACT':49}"
    records = [f"{start}{'SAPABC':10}LS  {'ABCCLNT400':101}{'':10}KU  {'88333':10}".ljust(524)]
    rows = [("E2EDP31", 0, "0001"), ("E2EDP19003", 1, "001AB-100"), ("E2EDP32", 1, f"020{'48.000':15}PCE")]
    for number, (name, above, values) in enumerate(rows, 1):
        records.append(f"{name:30}400{9:016}{number:06}{above:06}{2 if above else 1:02}{values}")
    return "\n".join(records).encode()


def test_flat_stock_of_unknown_widths_is_no_empty_snapshot_but_told_with_what_to_do(sap: SapConnector) -> None:
    (bad,) = read(sap, flat_stock())
    assert isinstance(bad, BadRecord)
    assert "E2EDP32" in bad.what
    assert "WE60 parser file of PROACT01" in bad.todo
    assert "crossdock idoc learn" in bad.todo


def test_flat_stock_is_read_by_the_widths_of_the_partners_export(tmp_path: Path) -> None:
    connection = """
[connection.dictionary.segments.E1EDP31]
external = "E2EDP31"
fields = ["WERKS 4"]
[connection.dictionary.segments.E1EDP32]
external = "E2EDP32"
fields = ["QUALF 3 code", "MENGE 15 number", "MENEE 3"]
"""
    (said,) = read(connect(tmp_path, connection=connection), flat_stock())
    assert isinstance(said, StockLevel)
    assert (said.sku, said.quantity) == ("AB-100", 48)


def movement(*lines: tuple[str, str, str]) -> bytes:
    """Return a MBGMCR of (material, movement, quantity)."""
    items = "".join(
        f'<E1BP2017_GM_ITEM_CREATE SEGMENT="1"><MATERIAL>{sku}</MATERIAL><MOVE_TYPE>{kind}</MOVE_TYPE>'
        f"<ENTRY_QNT>{quantity}</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM></E1BP2017_GM_ITEM_CREATE>"
        for sku, kind, quantity in lines
    )
    head = '<E1BP2017_GM_HEAD_01 SEGMENT="1"><PSTNG_DATE>20261121</PSTNG_DATE></E1BP2017_GM_HEAD_01>'
    return xml("MBGMCR", f'<E1MBGMCR SEGMENT="1">{head}{items}</E1MBGMCR>', 42, "MBGMCR03")


def test_goods_movements_of_a_3pl_are_corrections_and_a_receipt_is_none(tmp_path: Path) -> None:
    sap = connect(tmp_path, extends="sap_3pl")
    content = movement(("CUP", "701", "3.000"), ("POT", "551", "1.000"), ("POT", "101", "9.000"))
    whole, part = items(sap, content)
    assert (part.document, part.part_of) == ("movement", whole.key)
    said = list(sap.parse("movement", part))
    assert all(isinstance(each, StockAdjustment) for each in said)
    assert [(each.sku, each.change) for each in said if isinstance(each, StockAdjustment)] == [("CUP", 3), ("POT", -1)]


def test_two_movements_that_look_alike_are_two(tmp_path: Path) -> None:
    said = read(connect(tmp_path, extends="sap_3pl"), movement(("POT", "551", "1.000"), ("POT", "551", "1.000")))
    assert len({each.number for each in said if isinstance(each, StockAdjustment)}) == 2


def test_an_order_of_a_customer_is_a_sales_order_and_its_change_a_change(tmp_path: Path) -> None:
    sap = connect(tmp_path, extends="sap_customer")
    head = '<E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY></E1EDK01>'
    head += '<E1EDK03 SEGMENT="1"><IDDAT>012</IDDAT><DATUM>20261120</DATUM></E1EDK03>'
    number = '<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>4500001234</BELNR></E1EDK02>'
    line = (
        '<E1EDP01 SEGMENT="1"><POSEX>000010</POSEX><ACTION>002</ACTION><MENGE>2.000</MENGE><MENEE>PCE</MENEE>'
        '<E1EDP19 SEGMENT="1"><QUALF>002</QUALF><IDTNR>AB-100</IDTNR></E1EDP19></E1EDP01>'
    )
    (order,) = read(sap, xml("ORDERS", head + number + line))
    assert isinstance(order, SalesOrder)
    assert (order.order_id, order.currency, order.lines[0].sku, order.lines[0].quantity) == (
        "4500001234",
        "EUR",
        "AB-100",
        2,
    )
    (change,) = read(sap, xml("ORDCHG", head + number + line, 8))
    assert isinstance(change, SalesOrderChange)
    assert change.change_number == "0000000000000008"


@pytest.mark.parametrize(
    ("message", "kind", "row"),
    [("ORDRSP", "ORDERS05", "E1EDP20"), ("DESADV", "DESADV01", "E1EDL24"), ("PROACT", "PROACT01", "E1EDP32")],
)
def test_an_idoc_without_a_line_of_the_kind_that_is_read_is_told(
    sap: SapConnector, message: str, kind: str, row: str
) -> None:
    (bad,) = read(sap, xml(message, '<E1EDK07 SEGMENT="1"><VBELN>80</VBELN></E1EDK07>', kind=kind))
    assert isinstance(bad, BadRecord)
    assert f"no {row} stands in it" in bad.what
    assert bad.record == f"{message} 0000000000000007"


def test_a_code_page_is_known_by_saps_number_where_bytes_are_no_utf_8(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='code_page = "1401"')
    head = '<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>PO-1</BELNR></E1EDK02>'
    line = (
        '<E1EDP01 SEGMENT="1"><POSEX>000001</POSEX><ACTION>003</ACTION><MENGE>1.000</MENGE><MENEE>PCE</MENEE>'
        "<ABGRU>11</ABGRU><ABGRT>už není</ABGRT></E1EDP01>"
    )
    content = write(idocs([xml("ORDRSP", head + line)]), as_flat("iso-8859-2"))
    (said,) = read(sap, content)
    assert isinstance(said, Acknowledgement)
    assert said.lines[0].reason == "už není"


# --- marks that no record can keep -----------------------------------------------------------------------------------


def test_a_lone_line_end_in_a_flat_record_stops_neither_its_idoc_nor_those_beside_it(sap: SapConnector) -> None:
    """It would begin another record where the IDoc is kept alone, so it is a blank there."""
    both = b"".join(write(idocs([response(number)]), as_flat()) for number in (7, 8))
    text = both.replace(b"PO-1 ", b"PO-1\r", 1)
    assert text != both
    said = [each for each in read(sap, text) if not isinstance(each, FunctionalAcknowledgement)]
    assert [each.order_number for each in said if isinstance(each, Acknowledgement)] == ["PO-1", "PO-1"]


def test_an_idoc_that_cannot_be_kept_alone_is_told_and_stops_nothing(
    sap: SapConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.codec.idoc.writer._MOST_SEGMENTS", 2)
    said = read(sap, write(idocs([xml("ORDRSP", "<E1EDK01 SEGMENT='1'/>")]), as_flat()) + _long())
    (bad,) = [each for each in said if isinstance(each, BadRecord) and each.code == "document not kept"]
    assert "IDoc 0000000000000007 cannot be taken out of its file" in bad.what


def _long() -> bytes:
    """Return a flat file of one IDoc of three segments."""
    records = write(idocs([xml("ORDRSP", "<E1EDK01 SEGMENT='1'/>")]), as_flat()).splitlines(keepends=True)
    return b"".join([records[0], *records[1:] * 3])


def test_a_number_that_nobody_could_write_costs_no_other_idoc_its_answer(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='acknowledge = "status"')
    both = b"".join(write(idocs([response(number)]), as_flat()) for number in (7, 8))
    said = list(sap.parse("mailbox", RawItem("k", both.replace(b"0000000000000007", b"00000000\x070000007", 1), "a")))
    assert [each.number for each in said if isinstance(each, FunctionalAcknowledgement)] == ["0000000000000008"]


def test_a_status_of_endless_words_is_told_as_far_as_a_record_keeps_them(sap: SapConnector) -> None:
    (said,) = read(sap, told("51", STATXT="no " * 2000, SEGNUM="9" * 5000, SEGFLD="F" * 400))
    assert isinstance(said, FunctionalAcknowledgement)
    (fault,) = said.documents[0].faults
    assert (said.verdict, fault.position, len(fault.element)) == (Verdict.REJECTED, None, 128)
