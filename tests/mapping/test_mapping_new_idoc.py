"""`mapping new` from IDocs: the sample names messages and both sides itself; what differs is asked, not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sap.settings import SapSettings
from hub.mapping.guess.new import new_mapping
from hub.mapping.guess.sample import NoSample
from hub.mapping.house import house_folder
from hub.mapping.partner_file import PartnerFile, load
from tests.sap.sap_trade import OURS, THEIRS, response, xml


def opened(path: Path) -> PartnerFile:
    return load(path, house=house_folder(), settings_models={"sap": SapSettings}, secrets=lambda _name: None)


def made(folder: Path, *contents: bytes) -> str:
    """Return the file that is written from these samples; it passes its own check, or this raises."""
    samples: list[tuple[Path, str | None]] = []
    for number, content in enumerate(contents):
        path = folder / f"sample{number}.idoc"
        path.write_bytes(content)
        samples.append((path, None))
    written = new_mapping("south", samples, folder / "mappings", opened)
    assert opened(written.path).run_tests() == []
    return written.path.read_text("utf-8")


def test_sides_client_and_documents_are_those_of_the_sample(tmp_path: Path) -> None:
    text = made(tmp_path, response())
    assert 'extends = "sap_orders05"' in text
    assert f'us   = {{ number = "{OURS}", type = "KU" }}' in text
    assert f'them = {{ number = "{THEIRS}", type = "LS", port = "SAPABC" }}' in text
    assert 'client = "400"' in text
    assert "[[documents.acknowledgement.tests]]" in text
    assert 'order_number = "PO-1"' in text


def test_a_strange_unit_and_a_sku_under_another_qualifier_are_asked_for(tmp_path: Path) -> None:
    body = (
        "<E1EDK02 SEGMENT='1'><QUALF>001</QUALF><BELNR>PO-1</BELNR></E1EDK02>"
        "<E1EDP01 SEGMENT='1'><POSEX>1</POSEX><MENGE>2.000</MENGE><MENEE>KAR</MENEE>"
        "<E1EDP20 SEGMENT='1'><WMENG>2.000</WMENG></E1EDP20>"
        "<E1EDP19 SEGMENT='1'><QUALF>003</QUALF><IDTNR>4006381333931</IDTNR></E1EDP19></E1EDP01>"
    )
    text = made(tmp_path, xml("ORDRSP", body))
    assert '"KAR" = 1  # ? how many pieces does it hold' in text
    assert "# ? is our SKU under 003" in text


def test_a_test_idoc_and_a_message_without_a_document_are_told(tmp_path: Path) -> None:
    content = xml("MATMAS", "<E1MARAM SEGMENT='1'><MATNR>1</MATNR></E1MARAM>", kind="MATMAS05", TEST="X")
    text = made(tmp_path, content)
    assert "test = true  # ? the sample is marked as a test" in text
    assert "# ? nothing is made of MATMAS" in text


def test_confirmations_of_a_3pl_take_its_template(tmp_path: Path) -> None:
    body = (
        "<E1EDL20 SEGMENT='1'><VBELN>FO-1</VBELN><E1EDL24 SEGMENT='1'><POSNR>000001</POSNR><KDMAT>CUP</KDMAT>"
        "<LFIMG>2.000</LFIMG><VRKME>PCE</VRKME></E1EDL24></E1EDL20>"
    )
    text = made(tmp_path, xml("WHSCON", body, kind="DELVRY03"))
    assert 'extends = "sap_3pl"' in text
    assert 'sku = "CUP", quantity = 2' in text


def test_other_files_beside_idocs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSample, match="no IDoc"):
        made(tmp_path, response(), b"a,b\n1,2\n")


def test_an_idoc_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSample, match="no IDoc with segments"):
        made(tmp_path, b"<ORDERS05><IDOC><EDI_DC40><MESTYP>ORDERS</MESTYP></EDI_DC40></IDOC></ORDERS05>")
