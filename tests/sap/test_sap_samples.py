"""Other people's business IDocs through the house template: which make records, and why the others do not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from connectors.sap.connector import SapConnector
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.writer import write
from hub.contract import BadRecord, RawItem
from tests.sap.sap_trade import connect

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "idoc"
DOCUMENTS = {"DESADV": "shipment", "ORDRSP": "acknowledgement", "INVOIC": "invoice"}
#: Their dates were made unrecognisable by whoever published them.
SPOILT = {"sap-recipes__msgtransf_2.xml", "sap-recipes__msgtransf_3.txt"}


def said(sap: SapConnector, file: Path) -> list[tuple[str, object]]:
    return [
        (idoc.message_type, each)
        for idoc in idocs([file.read_bytes()])
        if idoc.message_type in DOCUMENTS
        for each in sap.parse(DOCUMENTS[idoc.message_type], RawItem("k", write([idoc]), file.name))
    ]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside this folder")
def test_business_idocs_of_others_make_records(tmp_path: Path) -> None:
    sap = connect(tmp_path)
    made: Counter[str] = Counter()
    for file in sorted(SAMPLES.glob("*/*")):
        for message, each in said(sap, file):
            assert isinstance(each, BadRecord) == (file.name in SPOILT), f"{file.name}: {each}"
            made[message] += not isinstance(each, BadRecord)
    print(dict(made))
    assert all(made[message] >= 7 for message in DOCUMENTS)
