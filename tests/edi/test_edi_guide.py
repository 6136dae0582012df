"""What a partner's guide asks is held against its documents, and the file says how much of that rejects."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.edi import cut
from connectors.edi.connector import EdiConnector
from hub.contract import BadRecord, RawItem
from hub.model.stock import StockLevel
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from tests.edi.trade import connect, desk, stock

_GUIDE = """
[documents.stock.guide.segments]
"REF[WH]" = { least = 1 }
[documents.stock.guide.elements]
"BIA.01" = { codes = ["25"] }
"""


def read(edi: EdiConnector, content: bytes) -> list[object]:
    whole = RawItem("a.edi:1:x", content, "a.edi")
    return [
        said
        for item in cut.items(whole, edi._settings, edi._sorting)
        for said in edi.parse(item.document or "mailbox", item)
    ]


def test_a_document_that_breaks_the_guide_is_rejected_in_the_997_and_parked_with_the_reason(tmp_path: Path) -> None:
    owed, bad = read(connect(tmp_path, documents=_GUIDE), stock(desk()))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.verdict is Verdict.REJECTED
    assert isinstance(bad, BadRecord)
    assert "the guide wants REF[WH] at least once" in str(bad)
    assert "the guide takes only 25 here" in str(bad)


@pytest.mark.parametrize("level", ["standard", "envelope"])
def test_below_that_level_it_is_told_and_the_document_applies(tmp_path: Path, level: str) -> None:
    owed, figure = read(connect(tmp_path, connection=f'rejects = "{level}"', documents=_GUIDE), stock(desk()))
    assert isinstance(owed, FunctionalAcknowledgement)
    assert owed.verdict is not Verdict.REJECTED
    assert isinstance(figure, StockLevel)
