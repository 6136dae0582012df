"""Whatever element or segment is missing of a document: its lines are all there, or a person is told where.

Each inbound document of the house templates is read with each of its elements, and each of its segments, left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.edi.connector import EdiConnector
from hub.contract import BadRecord, RawItem
from hub.model.base import Record
from hub.model.purchase import Invoice
from hub.model.transmission import FunctionalAcknowledgement
from hub.testing.clock import START
from tests.edi.trade import connect, desk

#: The bodies of two or more lines, by template and set; `>` opens what carries a line's figures.
BODIES = {
    ("x12_4010_supplier", "855"): """
        BAK*00*AC*PO-7*20261120****S-5|>PO1*1*5*EA*7.25**SK*CUP|>ACK*IA*3*EA*068*20261123|>ACK*IB*2*EA*068*20261204
        |>PO1*2*4*EA*3**SK*POT|>ACK*IR*4*EA""",
    ("x12_4010_supplier", "865"): """
        BCA*04*AC*PO-7**2*20261121|>POC*1*QD*1**EA*7.25**SK*CUP|>ACK*IQ*1*EA|>POC*2*DI*5**EA***SK*POT|>ACK*ID*5*EA""",
    ("x12_4010_supplier", "856"): """
        BSN*00*S-9*20261123*1500*0001|DTM*011*20261123|HL*1**S|TD5**2*UPSN*U*UPS|REF*2I*1Z00|HL*2*1*O|PRF*PO-7
        |HL*3*2*P|MAN*GM*00006141410000000012**CP*1Z01|HL*4*3*I|LIN*1*SK*CUP|>SN1*1*2*EA|HL*5*2*P|MAN*CP*1Z02
        |HL*6*5*I|LIN*2*SK*POT|>SN1*2*1*DZ""",
    ("x12_4010_supplier", "810"): """
        BIG*20261124*INV-7**PO-7***DI|>IT1*1*2*EA*7.25**SK*CUP|>IT1*2*1*DZ*24**SK*POT|>IT1*3*1*DZ*2*PE*SK*JUG
        |TDS*7550|TXI*ST*0|>SAC*C*D240***1300""",
    ("x12_4010_supplier", "846"): """
        BIA*00*SI*INV1*20261120|>LIN**VN*N-1*SK*CUP|>QTY*33*4*DZ|>LIN**VN*N-2*SK*POT|>QTY*33*7*EA""",
    ("x12_4010_supplier", "832"): """
        BCT*PC*CAT1|CUR*SE*USD|>LIN*1*VN*N-1*SK*CUP|PID*F****Cup|CTP**WHL*7.955*1*EA|>LIN*2*VN*N-2*SK*POT|PID*F****Pot
        |CTP**WHL*19.5*1*EA""",
    ("x12_3pl", "945"): """
        W06*F*FO-1*20261123*S-9|N1*WH*DC1|N9*2I*1Z00|W27*U*UPSN*UPS|LX*1|MAN*CP*1Z01|>W12*CC*2*2*0*EA**SK*CUP|N9*LI*1
        |LX*2|>W12*CP*3*1*2*EA**SK*POT|N9*LI*2|W03*3""",
    ("x12_3pl", "944"): """
        W17*F*20261124*R-77*TR-5|N1*WH*DC1|>W07*4*CA**SK*CUP|N9*LI*1|>W07*3*EA**SK*POT|N9*LI*2|W14*7""",
    ("x12_3pl", "846"): "BIA*00*SI*INV1*20261120|>LIN**SK*CUP|>QTY*17*4*CA|QTY*QH*2*EA|>LIN**SK*POT|>QTY*17*0*EA",
    ("x12_4010_customer", "850"): """
        BEG*00*SA*4711**20261120|CUR*BY*USD|N1*ST*Store 12*92*12|N3*1 Main St|N4*Austin*TX*78701*US
        |>PO1*1*2*DZ*114**VN*CUP|PID*F****Cup|>PO1*2*1*EA*20**VN*POT""",
    ("x12_4010_customer", "860"): """
        BCH*04*SA*4711***20261120*****20261121|>POC*1*QI*3**DZ*9.5*PE*VN*CUP|>POC*2*DI***EA|>POC*3*AI*1**EA*5**VN*JUG""",
}  # fmt: skip


def read(edi: EdiConnector, code: str, body: list[str]) -> list[Record | BadRecord]:
    """Return what a set of their documents says, but for the 997 that it gets."""
    file = RawItem("k", desk().envelope(code, [[each.lstrip(">") for each in body]], START), "a.edi")
    said = [each for item in edi.cut("mailbox", file) for each in edi.parse(item.document or "mailbox", item)]
    return [each for each in said if not isinstance(each, FunctionalAcknowledgement)]


def lines(said: list[Record | BadRecord]) -> int:
    return sum(len(getattr(each, "lines", [each])) for each in said)


def without(body: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield a body without each of its elements, and without each segment that carries no line's figures itself."""
    for place, segment in enumerate(body):
        before, after = body[:place], body[place + 1 :]
        if not segment.startswith(">"):
            yield f"{segment} gone", before + after
        parts = segment.split("*")
        for at in range(1, len(parts)):
            if parts[at]:
                kept = [*parts[:at], "", *parts[at + 1 :]]
                yield f"{segment} without {at:02}", [*before, "*".join(kept).rstrip("*"), *after]


@pytest.mark.parametrize("rejects", ["guide", "envelope"])
@pytest.mark.parametrize(("template", "code"), BODIES)
def test_a_line_is_there_or_told_whatever_is_missing_of_its_document(
    tmp_path: Path, template: str, code: str, rejects: str
) -> None:
    edi = connect(tmp_path, connection=f'rejects = "{rejects}"', extends=template)
    body = [each.strip() for each in BODIES[template, code].split("|")]
    whole = read(edi, code, body)
    assert lines(whole) > 1
    assert not [each for each in whole if isinstance(each, BadRecord)]
    for what, less in without(body):
        said = read(edi, code, less)
        bad = [each for each in said if isinstance(each, BadRecord)]
        assert bad or lines(said) == lines(whole), what
        assert all(each.record and each.todo for each in bad), what


def test_a_line_of_an_810_need_not_have_a_number(tmp_path: Path) -> None:
    body = ["BIG*20261124*INV-7**PO-7", "IT1**2*EA*7.25**SK*CUP", "IT1**1*DZ*24**SK*POT", "TDS*3850"]
    (invoice,) = read(connect(tmp_path), "810", body)
    assert isinstance(invoice, Invoice)
    assert [(each.line_number, each.sku, int(each.quantity)) for each in invoice.lines] == [
        (None, "CUP", 2),
        (None, "POT", 12),
    ]


def test_goods_in_a_level_that_is_no_item_are_not_passed_over(tmp_path: Path) -> None:
    edi = connect(tmp_path)
    head = ["BSN*00*S-9*20261123*1500*0001", "HL*1**S", "HL*2*1*O", "PRF*PO-7"]
    item = ["HL*3*2*I", "LIN*1*SK*CUP", "SN1*1*2*EA"]
    carton = ["HL*4*2*P", "LIN*2*SK*POT", "SN1*2*1*EA"]
    (bad,) = read(edi, "856", [*head, *item, *carton])
    assert isinstance(bad, BadRecord)
    assert "HL 4 (level P, HL, segment 9)" in str(bad)
    (inside,) = read(edi, "856", [*head, *item, "HL*4*3*P", "SN1*1*2*EA"])  # the cartons of an item say it again
    assert lines([inside]) == 1


def test_a_ship_notice_without_any_item_is_told(tmp_path: Path) -> None:
    body = ["BSN*00*S-9*20261123*1500*0001", "HL*1**S", "TD1*CTN25*1", "HL*2*1*O", "PRF*PO-7"]
    (bad,) = read(connect(tmp_path), "856", body)
    assert isinstance(bad, BadRecord)
    assert (bad.code, bad.field) == ("x12 set without lines", "**.HL[03=I]")
