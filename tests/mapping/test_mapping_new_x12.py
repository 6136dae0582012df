"""`mapping new` from X12: the sample names documents and parties itself; what differs is asked, not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.edi.settings import EdiSettings
from hub.mapping.guess.new import new_mapping
from hub.mapping.guess.sample import NoSample
from hub.mapping.house import house_folder
from hub.mapping.partner_file import PartnerFile, load
from hub.testing.clock import START
from sandbox.robots import x12 as clerk

THEIRS, OURS = ("01", "006927180"), ("ZZ", "OURID")


def made(folder: Path, *contents: bytes) -> str:
    """Return the file that is written from these samples; it passes its own check, or this raises."""
    samples: list[tuple[Path, str | None]] = []
    for number, content in enumerate(contents):
        path = folder / f"sample{number}.edi"
        path.write_bytes(content)
        samples.append((path, None))
    written = new_mapping("north", samples, folder / "mappings", opened)
    assert opened(written.path).run_tests() == []
    return written.path.read_text("utf-8")


def opened(path: Path) -> PartnerFile:
    return load(path, house=house_folder(), settings_models={"edi": EdiSettings}, secrets=lambda _name: None)


def interchange(code: str, *body: str, usage: str = "P") -> bytes:
    return clerk.Desk(THEIRS, OURS, usage).envelope(code, [body], START)


def test_parties_and_document_are_those_of_the_sample(tmp_path: Path) -> None:
    text = made(tmp_path, interchange("846", "BIA*00*SI*1*20261120", "LIN**SK*CUP*VN*77", "QTY*33*4*EA"))
    assert 'extends = "x12_4010_supplier"' in text
    assert 'them = { qualifier = "01", id = "006927180" }' in text
    assert 'us   = { qualifier = "ZZ", id = "OURID" }' in text
    assert "[documents.stock.fields]" not in text
    assert '{ sku = "CUP", quantity = 4' in text


def test_a_sku_under_another_qualifier_is_asked_for(tmp_path: Path) -> None:
    text = made(tmp_path, interchange("846", "BIA*00*SI*1*20261120", "LIN**VN*77*IN*CUP", "QTY*33*4*EA"))
    assert 'sku = "LIN[IN]"  # ? is our SKU under IN; here are also VN' in text


def test_a_quantity_that_is_not_said_to_be_for_sale_and_a_strange_unit_are_asked_for(tmp_path: Path) -> None:
    text = made(tmp_path, interchange("846", "BIA*00*SI*1*20261120", "LIN**SK*CUP", "QTY*17*4*PK", "QTY*63*9*PK"))
    assert 'from = "QTY[17].02"' in text
    assert "# ? is 17 what can be sold; seen: 17, 63" in text
    assert '"PK" = 1  # ? how many pieces does it hold' in text


def test_answers_notices_and_invoices_may_come_in_samples_of_their_own(tmp_path: Path) -> None:
    text = made(
        tmp_path,
        interchange("855", "BAK*00*AC*PO-1*20261120", "PO1*1*3*EA*5**VN*77", "ACK*IA*3*EA"),
        interchange("810", "BIG*20261124*INV-7**PO-1***DI", "IT1*1*2*EA*60.25**VN*77", "TDS*12050"),
    )
    assert 'line.sku = "../PO1[VN]"' in text
    assert 'line.sku = "IT1[VN]"' in text
    assert text.count("[[documents.") == 2


def test_a_3pl_is_known_by_its_shipping_advices(tmp_path: Path) -> None:
    body = ("W06*F*FO-1*20261123*S-9", "N1*WH*DC1", "LX*1", "W12*CC*2*2*0*EA**SK*CUP", "N9*LI*1", "W03*2")
    assert 'extends = "x12_3pl"' in made(tmp_path, interchange("945", *body))


def test_a_test_interchange_makes_a_test_connection_until_somebody_says_otherwise(tmp_path: Path) -> None:
    content = interchange("846", "BIA*00*SI*1*20261120", "LIN**SK*CUP", "QTY*33*4*EA", usage="T")
    assert 'usage = "T"  # ? the sample is marked as a test' in made(tmp_path, content)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([b"ISA*00*"], "no ISA segment could be read"),
        ([interchange("846"), b"Item,Qty\nCUP,3\n"], "sample1.edi: not X12|sample1.edi: no X12"),
    ],
)
def test_a_sample_that_is_none_says_why(tmp_path: Path, contents: list[bytes], words: str) -> None:
    with pytest.raises(NoSample, match=words):
        made(tmp_path, *contents)
