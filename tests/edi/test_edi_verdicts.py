"""What a partner says of our documents, in words and in its own codes; what it cannot write costs it no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.edi.connector import EdiConnector
from hub.contract import BadRecord, RawItem
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from hub.testing.clock import START
from tests.edi.trade import connect, desk, stock


@pytest.fixture
def edi(tmp_path: Path) -> EdiConnector:
    return connect(tmp_path)


def read(edi: EdiConnector, content: bytes) -> list[object]:
    """Everything that the parts of a file say, in order."""
    file = RawItem("a.edi:1:x", content, "a.edi")
    return [said for item in edi.cut("mailbox", file) for said in edi.parse(item.document or "mailbox", item)]


def test_a_ta1_says_in_words_what_its_code_means(edi: EdiConnector) -> None:
    content = desk().envelope("997", [["AK1*PO*17", "AK9*A*1*1*1"]], START)
    (said, _) = read(edi, content.replace(b"GS*FA", b"TA1*000000017*261120*0600*R*025~\nGS*FA"))
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.reference, said.codes, said.duplicate) == ("17", ("025",), True)
    assert said.reason == "this interchange number was received before"


@pytest.mark.parametrize(
    ("body", "codes", "reason"),
    [
        (["AK9*R*1*1*0*4"], ("4",), "the control numbers of GS06 and GE02 differ"),
        (["AK9*R*1*1*0*15"], ("15",), "code 15"),
    ],
)
def test_a_997_says_in_words_what_is_wrong_with_a_group_and_nothing_of_a_code_that_it_does_not_know(
    edi: EdiConnector, body: list[str], codes: tuple[str, ...], reason: str
) -> None:
    (said,) = read(edi, desk().envelope("997", [["AK1*PO*17", *body]], START))
    assert isinstance(said, FunctionalAcknowledgement)
    assert (said.codes, said.reason) == (codes, reason)


def test_codes_of_a_document_are_told_as_they_stood_there(edi: EdiConnector) -> None:
    body = ["AK1*PO*17", "AK2*850*0001", "AK3*PO1*7**99", "AK4*9**I12*AB", "AK5*R*4*24", "AK9*R*1*1*0"]
    (said,) = read(edi, desk().envelope("997", [body], START))
    assert isinstance(said, FunctionalAcknowledgement)
    (document,) = said.documents
    assert (document.codes, document.reason) == (("4", "24"), "the number of segments differs from SE01; code 24")
    assert [(each.code, each.text) for each in document.faults] == [
        ("99", "code 99"),
        ("I12", "the value has not the form that the guide wants"),
    ]


def test_an_865_may_say_its_day_of_acknowledging(edi: EdiConnector) -> None:
    body = ["BCA*04*AC*PO-7**2*20261120****20261121", "POC*1*QD*1**EA***SK*CUP", "ACK*IQ*1*EA", "CTT*1"]
    said = read(edi, desk().envelope("865", [body], START))
    assert not [each for each in said if isinstance(each, BadRecord)]


# --- marks that nobody could print -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["1\x150", "\x00", "Z" * 400])
def test_a_number_that_no_record_can_keep_costs_nobody_the_997(edi: EdiConnector, number: str) -> None:
    content = stock(desk()).replace(b"*10*X*", f"*{number}*X*".encode())
    owed = [each for each in edi.parse("mailbox", RawItem("k", content, "a.edi")) if not isinstance(each, BadRecord)]
    assert [each.verdict for each in owed if isinstance(each, FunctionalAcknowledgement)] == [Verdict.REJECTED]


@pytest.mark.parametrize("count", ["\u00b2", "9" * 5000])
def test_a_count_that_is_no_number_is_told_in_the_997(edi: EdiConnector, count: str) -> None:
    content = stock(desk()).replace(b"GE*1*", f"GE*{count}*".encode())
    owed = [each for each in edi.parse("mailbox", RawItem("k", content, "a.edi")) if not isinstance(each, BadRecord)]
    told = [each for each in owed if isinstance(each, FunctionalAcknowledgement)]
    assert [(each.codes, each.included) for each in told] == [(("5",), 1)]


@pytest.mark.parametrize("spoilt", [b"AK1*PO*1\x057", b"AK1*" + b"P" * 200 + b"*17", b"AK2*850*0\x071"])
def test_a_997_with_such_marks_is_a_word_on_nothing_that_we_sent(edi: EdiConnector, spoilt: bytes) -> None:
    segment = spoilt[:3]
    body = ["AK1*PO*17", "AK2*850*0001", "AK5*R*5", "AK9*R*1*1*0"]
    content = desk().envelope("997", [body], START)
    start = content.index(segment)
    (said,) = read(edi, content[:start] + spoilt + content[content.index(b"~", start) :])
    assert isinstance(said, FunctionalAcknowledgement)
    assert "\x05" not in said.number
