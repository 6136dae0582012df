"""Whatever field or segment is missing of an IDoc: its lines are all there, or a person is told where.

Each inbound document of the house templates is read with each of its fields, and each of its segments, left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sap.connector import SapConnector
from hub.contract import BadRecord, RawItem
from hub.model.base import Record
from hub.model.purchase import Invoice
from hub.model.shipment import Shipment
from tests.sap.sap_trade import connect, xml

#: IDocs of two or more lines by template, message and type: `SEGMENT FIELD=value ...`, below what is less indented;
#: `>` opens what carries a line's figures.
BODIES = {
    ("sap_orders05", "ORDRSP", "ORDERS05"): """
E1EDK01 CURCY=EUR
E1EDK02 QUALF=001 BELNR=PO-7
E1EDK02 QUALF=002 BELNR=2001
>E1EDP01 POSEX=000001 ACTION=002 MENGE=3.000 MENEE=PCE VPREI=5.00
 E1EDP02 QUALF=001 BELNR=PO-7 ZEILE=000001
 >E1EDP20 WMENG=3.000 EDATU=20261123
 E1EDP19 QUALF=001 IDTNR=CUP
>E1EDP01 POSEX=000002 ACTION=004 MENGE=1.000 MENEE=PCE
 E1EDP19 QUALF=001 IDTNR=POT""",
    ("sap_orders05", "DESADV", "DELVRY07"): """
E1EDL20 VBELN=0080012347 BOLNR=BOL-7
 E1EDT13 QUALF=006 NTANF=20261123
 E1EDL24 POSNR=000010 KDMAT=CUP LFIMG=4.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000001
 >E1EDL24 POSNR=000020 KDMAT=POT LFIMG=3.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000002
 E1EDL24 POSNR=000030 KDMAT=JUG LFIMG=0.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000003
 E1EDL24 POSNR=900001 HIPOS=000030 CHARG=B7 KDMAT=JUG LFIMG=5.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000003
 E1EDL37 EXIDV=00006141410000000012 EXIDV2=1Z01
  E1EDL44 POSNR=000010 VEMNG=4.000 VEMEH=PCE
  E1EDL44 POSNR=900001 VEMNG=5.000 VEMEH=PCE""",
    ("sap_orders05", "INVOIC", "INVOIC02"): """
E1EDK01 CURCY=EUR BSART=INVO BELNR=90001
E1EDK02 QUALF=009 BELNR=INV-7
E1EDK03 IDDAT=026 DATUM=20261124
E1EDK05 ALCKZ=+ KOTXT=Freight BETRG=9.40
>E1EDP01 POSEX=000010 MENGE=2.000 MENEE=PCE VPREI=602.50 PEINH=10
 E1EDP02 QUALF=001 BELNR=PO-7 ZEILE=000001
 E1EDP19 QUALF=001 IDTNR=CUP
>E1EDP01 POSEX=000020 MENGE=3.000 MENEE=PCE
 E1EDP02 QUALF=001 BELNR=PO-7 ZEILE=000002
 E1EDP26 QUALF=003 BETRG=15.00
E1EDS01 SUMID=005 SUMME=25.84
E1EDS01 SUMID=011 SUMME=197.34""",
    ("sap_orders05", "PROACT", "PROACT01"): """
>E1EDP31 WERKS=0001
 E1EDP19 QUALF=001 IDTNR=CUP
 >E1EDP32 QUALF=020 MENGE=4.000 MENEE=PCE
 E1EDP32 QUALF=021 MENGE=7.000 MENEE=PCE
>E1EDP31 WERKS=0001
 E1EDP19 QUALF=001 IDTNR=POT
 >E1EDP32 QUALF=020 MENGE=9.000 MENEE=PCE""",
    ("sap_3pl", "WHSCON", "DELVRY03"): """
E1EDL20 VBELN=FO-1 LIFEX=S-9
 E1EDT13 QUALF=006 ISDD=20261123
 E1EDL24 POSNR=000001 KDMAT=CUP LFIMG=2.000 VRKME=PCE ORMNG=2.000
 E1EDL24 POSNR=000002 MATNR=000000000000004711 LFIMG=1.000 VRKME=PCE ORMNG=3.000
 E1EDL37 EXIDV2=1Z01
  E1EDL44 POSNR=000001 VEMNG=2.000
 E1EDL37 EXIDV2=1Z02
  E1EDL44 POSNR=000002 VEMNG=1.000""",
    ("sap_3pl", "PROACT", "PROACT01"): """
>E1EDP31 WERKS=0001
 E1EDP19 QUALF=001 IDTNR=CUP
 >E1EDP32 QUALF=020 MENGE=4.000 MENEE=PCE
>E1EDP31 WERKS=0001
 E1EDP19 QUALF=001 IDTNR=POT
 >E1EDP32 QUALF=020 MENGE=9.000 MENEE=PCE""",
    ("sap_3pl", "MBGMCR", "MBGMCR03"): """
>E1MBGMCR
 E1BP2017_GM_HEAD_01 PSTNG_DATE=20261121
 >E1BP2017_GM_ITEM_CREATE MATERIAL=CUP MOVE_TYPE=701 ENTRY_QNT=3.000 ENTRY_UOM=EA
 >E1BP2017_GM_ITEM_CREATE MATERIAL=POT MOVE_TYPE=551 ENTRY_QNT=1.000 ENTRY_UOM=EA""",
    ("sap_customer", "ORDERS", "ORDERS05"): """
E1EDK01 CURCY=EUR BELNR=4500001234
E1EDK03 IDDAT=012 DATUM=20261120
E1EDKA1 PARVW=WE NAME1=Werk LAND1=DE
E1EDK02 QUALF=001 BELNR=4500001234
>E1EDP01 POSEX=000010 MENGE=2.000 MENEE=DZN VPREI=240.00 PEINH=10
 E1EDP19 QUALF=002 IDTNR=CUP KTEXT=Cup
>E1EDP01 POSEX=000020 MENGE=1.000 MENEE=PCE NETWR=7.25
 E1EDP19 QUALF=002 IDTNR=POT""",
    ("sap_customer", "ORDCHG", "ORDERS05"): """
E1EDK01 ACTION=002 CURCY=EUR
E1EDK03 IDDAT=012 DATUM=20261121
E1EDK02 QUALF=001 BELNR=4500001234
>E1EDP01 POSEX=000010 ACTION=002 MENGE=3.000 MENEE=PCE VPREI=2.00
 E1EDP19 QUALF=002 IDTNR=CUP
>E1EDP01 POSEX=000020 ACTION=003 MENGE=0.000 MENEE=PCE""",
}
#: A segment: how deep it stands, whether it carries a line's figures, its name, its fields.
Said = tuple[int, bool, str, list[str]]


def segments(text: str) -> list[Said]:
    found = re.findall(r"^( *)(>?)(\S+) ?(.*)$", text.strip("\n"), re.MULTILINE)
    return [(len(depth), bool(mark), name, fields.split()) for depth, mark, name, fields in found]


def body(said: list[Said]) -> str:
    """Write segments as XML, each in what stands before it and is less deep."""
    text, open_ = "", []
    for depth, _, name, fields in said:
        while open_ and open_[-1][0] >= depth:
            text += f"</{open_.pop()[1]}>"
        values = "".join("<{0}>{1}</{0}>".format(*field.split("=")) for field in fields)
        text += f'<{name} SEGMENT="1">{values}'
        open_.append((depth, name))
    return text + "".join(f"</{name}>" for _, name in reversed(open_))


def read(sap: SapConnector, message: str, kind: str, said: list[Said]) -> list[Record | BadRecord]:
    file = RawItem("k", xml(message, body(said), kind=kind), "a.xml")
    return [each for item in sap.cut("mailbox", file) for each in sap.parse(item.document or "mailbox", item)]


def lines(said: list[Record | BadRecord]) -> int:
    return sum(len(getattr(each, "lines", [each])) for each in said)


def without(said: list[Said]) -> Iterator[tuple[str, list[Said]]]:
    """Yield segments without each field, and without each segment that carries no line's figures, nor one below it."""
    for place, (depth, figures, name, fields) in enumerate(said):
        before, after = said[:place], said[place + 1 :]
        below = after[:1] and after[0][0] > depth
        if not figures and not below:
            yield f"{name} {fields} gone", before + after
        for at, field in enumerate(fields):
            kept = [*fields[:at], *fields[at + 1 :]]
            yield f"{name} without {field}", [*before, (depth, figures, name, kept), *after]


@pytest.mark.parametrize(("template", "message", "kind"), BODIES)
def test_a_line_is_there_or_told_whatever_is_missing_of_its_idoc(
    tmp_path: Path, template: str, message: str, kind: str
) -> None:
    sap = connect(tmp_path, extends=template)
    whole = segments(BODIES[template, message, kind])
    all_of_it = read(sap, message, kind, whole)
    assert lines(all_of_it) > 1
    assert not [each for each in all_of_it if isinstance(each, BadRecord)]
    for what, less in without(whole):
        said = read(sap, message, kind, less)
        bad = [each for each in said if isinstance(each, BadRecord)]
        assert bad or lines(said) == lines(all_of_it), what
        assert all(each.record and each.todo for each in bad), what


def test_an_invoiced_line_that_names_neither_order_line_nor_material_is_a_line(tmp_path: Path) -> None:
    said = segments("""
E1EDK01 CURCY=EUR BELNR=90001
E1EDK02 QUALF=001 BELNR=PO-7
E1EDK03 IDDAT=026 DATUM=20261124
E1EDP01 MENGE=2.000 MENEE=PCE VPREI=4.00
E1EDS01 SUMID=011 SUMME=8.00""")
    (invoice,) = read(connect(tmp_path), "INVOIC", "INVOIC02", said)
    assert isinstance(invoice, Invoice)
    assert [(each.line_number, each.sku, int(each.quantity)) for each in invoice.lines] == [(None, "", 2)]


def test_two_items_without_a_number_are_two(tmp_path: Path) -> None:
    said = segments("""
E1EDL20 VBELN=0080012347
 E1EDL24 KDMAT=CUP LFIMG=4.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000001
 E1EDL24 KDMAT=POT LFIMG=3.000 VRKME=PCE
  E1EDL41 QUALI=001 BSTNR=PO-7 POSEX=000002""")
    (shipment,) = read(connect(tmp_path), "DESADV", "DELVRY07", said)
    assert isinstance(shipment, Shipment)
    assert [(each.line_number, each.sku, int(each.quantity)) for each in shipment.lines] == [
        (1, "CUP", 4),
        (2, "POT", 3),
    ]


def test_what_is_packed_of_an_item_that_the_delivery_does_not_have_is_told(tmp_path: Path) -> None:
    said = segments(BODIES["sap_3pl", "WHSCON", "DELVRY03"])
    (bad,) = read(connect(tmp_path, extends="sap_3pl"), "WHSCON", "DELVRY03", said[:2] + said[3:])
    assert isinstance(bad, BadRecord)
    assert (bad.code, bad.field) == ("idoc package without item", "E1EDL44.POSNR")
    assert "2.000 of item 000001" in str(bad)
