"""Replies that real accounts gave, of many endpoint versions: each is taken as its outcome says."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lxml import etree

from connectors.netsuite.codes import MEANINGS, error_for
from connectors.netsuite.connector import NetSuiteConnector
from connectors.netsuite.gateway import Entry, Wanted, Written
from connectors.netsuite.reply import Unreadable, envelope_body, fault, statuses
from connectors.netsuite.soap_reader import SoapReader
from hub.contract import AccessDenied, ConnectorError, OutcomeUnknown, Rejected, TemporaryFailure
from sandbox.netsuite.service import RunningNetSuite
from sandbox.web import Reply

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "netsuite"
INDEX = SAMPLES / "replies" / "index.csv"

pytestmark = pytest.mark.skipif(not INDEX.is_file(), reason="the recorded replies are not beside this repository")


def rows() -> list[Mapping[str, str]]:
    if not INDEX.is_file():
        return []
    with INDEX.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"].removesuffix(".xml"))
def test_a_recorded_reply_is_taken_as_what_it_is(row: Mapping[str, str]) -> None:
    content = (INDEX.parent / row["file"]).read_bytes()
    codes = [each for each in row["codes"].split(";") if each]
    if row["well_formed"] == "no":
        with pytest.raises(Unreadable, match="well-formed"):
            envelope_body(content)
        return
    body = envelope_body(content)
    refused = fault(body)
    if row["kind"] == "fault":
        assert refused is not None
        assert [refused.code] == codes
        assert isinstance(error_for(refused.code, refused.message, "login", writes=False), AccessDenied)
        return
    assert refused is None
    said = statuses(body)
    assert {each.ok for each in said} == {each == "true" for each in row["isSuccess"].split("/")}
    failed = [each for each in said if not each.ok]
    assert {each.code for each in failed} == set(codes[:1])
    for each in failed:
        error = error_for(each.code, each.message, "upsert", writes=True)
        assert isinstance(error, Rejected | AccessDenied)
        assert each.message.split(";")[0] in error.what


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"].removesuffix(".xml"))
def test_a_recorded_reply_is_taken_by_the_gateway_for_its_own_operation_only(
    row: Mapping[str, str], account: RunningNetSuite, connect: Callable[..., NetSuiteConnector]
) -> None:
    said = Reply(200, (INDEX.parent / row["file"]).read_bytes(), {"Content-Type": "text/xml"})
    gateway = connect()._gateway
    account.ask(lambda service: service.canned.update(dict.fromkeys(("upsertList", "search", "getList"), said)))
    with pytest.raises(ConnectorError) as caught:
        _written(gateway.upsert([Entry("SalesOrder", "x")]))
    expected = AccessDenied if row["kind"] == "fault" else Rejected | OutcomeUnknown
    assert isinstance(caught.value, expected)  # there is no whole reply to one upsert among them that says it was done
    if row["op"] == "searchResponse":
        assert gateway.search(Wanted("Customer")).total == 1
    else:
        with pytest.raises(AccessDenied if row["kind"] == "fault" else TemporaryFailure):
            gateway.search(Wanted("Customer"))
    with pytest.raises(AccessDenied if row["kind"] == "fault" else TemporaryFailure):
        gateway.get("Customer", ["1"])


def _written(outcomes: Written) -> None:
    for each in outcomes:
        if isinstance(each, ConnectorError):
            raise each


def test_a_recorded_reply_cut_anywhere_is_never_taken_for_a_success() -> None:
    for row in rows():
        content = (INDEX.parent / row["file"]).read_bytes()
        for share in (1, 3, 5, 7, 9):
            with pytest.raises(Unreadable):
                envelope_body(content[: len(content) * share // 10])


def test_recorded_stock_is_read_row_by_row() -> None:
    content = (INDEX.parent / "get_item_availability__get_item_availability.xml").read_bytes()
    body = envelope_body(content)
    found = list(SoapReader().levels(etree.tostring(body)))
    assert [(each.name, each.location, each.on_hand, each.available) for each in found] == [
        ("CD-R", "1", "264.0", "264.0"),
        ("CD-R", "2", "-1.0", "0.0"),
    ]


def test_every_code_of_the_table_is_one_that_netsuite_publishes() -> None:
    published = set((SAMPLES / "status_codes_2023_2.txt").read_text(encoding="utf-8").split())
    faults = {each for each in MEANINGS if each.endswith("Fault")}
    assert set(MEANINGS) - faults <= published
