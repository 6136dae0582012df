"""Our IDocs carry the partner profile's control record, our number, and the form that was agreed."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sap.connector import SapConnector
from hub.codec.idoc.reader import idocs
from hub.contract import BadRecord, Rendered
from hub.model.place import Address
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from hub.testing.clock import FakeClock
from hub.testing.context import MemoryNumbers
from hub.wire.exchange.mailbox import VERDICT
from tests.sap.sap_trade import connect, order


def render(sap: SapConnector) -> Rendered:
    return sap.render("order", order(), MemoryNumbers(FakeClock()))


def test_an_order_has_the_control_record_of_the_partner_profile(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='client = "400"\nmessage_code = "DS"\ntest = true')
    out = render(sap)
    (idoc,) = idocs([out.content])
    said = idoc.control
    assert (said["MANDT"], said["DOCNUM"], said["DIRECT"], said["TEST"]) == ("400", "0000000000000001", "2", "X")
    assert (said["IDOCTYP"], said["MESTYP"], said["MESCOD"]) == ("ORDERS05", "ORDERS", "DS")
    assert (said["SNDPRT"], said["SNDPRN"], said["SNDPOR"]) == ("KU", "88333", "XDOCK")
    assert (said["RCVPRT"], said["RCVPRN"], said["RCVPOR"]) == ("LS", "ABCCLNT400", "SAPABC")
    assert list(said)[:3] == ["TABNAM", "MANDT", "DOCNUM"]
    assert out.name == "/in/ORDERS_0000000000000001.xml"
    assert out.transmission == "IDOC 1"
    assert idoc.segments[0].name == "E1EDK01"


def test_flat_records_go_by_framing_release_and_code_page(tmp_path: Path) -> None:
    connection = """form = "flat"
records = "cut"
line_end = "crlf"
code_page = "1100"
releases = { E1EDP01 = "E2EDP01003" }"""
    out = render(connect(tmp_path, connection=connection))
    lines = out.content.decode("latin-1").split("\r\n")
    assert lines[0].startswith("EDI_DC40")
    assert len(lines[0]) == 524
    assert {len(line) for line in lines if line.startswith("E2EDP01003")} == {367}
    assert out.name.endswith(".idoc")
    (idoc,) = idocs([out.content])
    assert [each.name for each in idoc.segments if each.parent is not None][:1] == ["E1EDP02"]


def test_a_value_that_does_not_fit_is_a_bad_record(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='form = "flat"\nextension = "X"')
    address = Address(name="Ann Lee", street="1 Main St", city="Llanfair" * 5, country="GB")
    with pytest.raises(BadRecord, match=r"E1EDKA1\.ORT01 .* 35 fit"):
        sap.render("order", order(ship_to=address), MemoryNumbers(FakeClock()))


def test_a_status_tells_them_what_became_of_their_idoc(tmp_path: Path) -> None:
    sap = connect(tmp_path, connection='acknowledge = "status"')
    said = FunctionalAcknowledgement(group="IDOC", number="12", verdict=Verdict.REJECTED)
    out = sap.render(VERDICT.name, said, MemoryNumbers(FakeClock()))
    (idoc,) = idocs([out.content])
    assert (idoc.basic_type, idoc.message_type) == ("SYSTAT01", "STATUS")
    assert idoc.segments[0].values["DOCNUM"] == "0000000000000012"
    assert idoc.segments[0].values["STATUS"] == "17"


@pytest.mark.parametrize("form", ["xml", "flat"])
def test_an_aleaud_says_the_same_where_that_was_agreed(tmp_path: Path, form: str) -> None:
    sap = connect(tmp_path, connection=f'acknowledge = "aleaud"\nform = "{form}"')
    said = FunctionalAcknowledgement(group="IDOC", number="12", verdict=Verdict.ACCEPTED)
    out = sap.render(VERDICT.name, said, MemoryNumbers(FakeClock()))
    (idoc,) = idocs([out.content])
    assert (idoc.basic_type, idoc.message_type) == ("ALEAUD01", "ALEAUD")
    (state,) = idoc.named("E1STATE")
    assert state.parent is idoc.segments[0]
    assert (state.values["DOCNUM"], state.values["STATUS"]) == ("0000000000000012", "53")
