"""Replies as accounts give them on days that no simulator thinks of: each is taken for what it says, no more."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from connectors.netsuite.connector import NetSuiteConnector, NetSuitePlugin
from connectors.netsuite.soap_reader import SoapReader
from hub.contract import (
    AccessDenied,
    ConnectorError,
    Outbound,
    OutcomeUnknown,
    Profile,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.model.stock import StockAdjustment
from hub.testing.context import MemoryContext, MemoryNumbers
from sandbox.netsuite.service import RunningNetSuite
from sandbox.web import Reply
from tests.netsuite.trade import AdjustmentBench

Open = Callable[..., NetSuiteConnector]
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SPACES = (
    'xmlns:m="urn:messages_2011_2.platform.webservices.netsuite.com" xmlns:c="urn:core_2019_1.platform.webservices'
    '.netsuite.com" xmlns:f="urn:faults_2014_1.platform.webservices.netsuite.com"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
GOOD = '<c:status isSuccess="true"/>'
MADE = '<m:baseRef internalId="77" externalId="x" type="inventoryAdjustment" xsi:type="c:RecordRef"/>'


def envelope(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}" {SPACES}><s:Body>{body}</s:Body></s:Envelope>'.encode()


def written(*responses: str) -> bytes:
    rows = "".join(f"<m:writeResponse>{each}</m:writeResponse>" for each in responses)
    return envelope(
        f"<m:upsertListResponse><m:writeResponseList>{GOOD}{rows}</m:writeResponseList></m:upsertListResponse>"
    )


def failed(*details: str, state: str = "false") -> str:
    return f'<c:status isSuccess="{state}">{"".join(details)}</c:status>'


def detail(code: str, words: str, kind: str = "ERROR", extra: str = "") -> str:
    return (
        f'<c:statusDetail type="{kind}"><c:code>{code}</c:code><c:message>{words}</c:message>{extra}</c:statusDetail>'
    )


def refused(inner: str) -> bytes:
    return envelope(f"<s:Fault><faultcode>s:Server</faultcode><faultstring>Words</faultstring>{inner}</s:Fault>")


FAULT = "<detail><f:x><f:code>{}</f:code><f:message>{}</f:message></f:x></detail>"
HOST = '<detail><h:hostname xmlns:h="http://xml.apache.org/axis/">a.b</h:hostname></detail>'
TWELVE = "<s:Reason><s:Text>Twelve</s:Text></s:Reason><s:Detail><f:x><f:code>USER_ERROR</f:code></f:x></s:Detail>"
SEVERAL = failed(detail("W", "note", "WARN"), detail("USER_ERROR", "one"), detail("OTHER", "two"))
BUSY = failed(detail("WS_REQUEST_BLOCKED", "busy"))


def listed(operation: str, kind: str, inner: str) -> bytes:
    return envelope(
        f"<m:{operation}Response><m:{kind}ResponseList>{inner}</m:{kind}ResponseList></m:{operation}Response>"
    )


@pytest.fixture
def reply(account: RunningNetSuite) -> Callable[..., None]:
    """Let the account answer an operation with these bytes."""

    def reply(operation: str, content: bytes, status: int = 200, **headers: str) -> None:
        made = Reply(status, content, {"Content-Type": "text/xml; charset=utf-8", **headers})
        account.ask(lambda service: service.canned.update({operation: made}))

    return reply


def adjust(connector: NetSuiteConnector) -> str:
    record = StockAdjustment(number="A1", sku="CD-R", location="DC1", change=-1)
    content = connector.render(AdjustmentBench.outbound, record, MemoryNumbers()).content
    return connector.send(Outbound(AdjustmentBench.outbound, "1", content)).reference or ""


@pytest.mark.parametrize(
    "content",
    [
        written(GOOD + MADE),
        written(GOOD.replace("true", "1") + MADE),
        written(failed(detail("WARNING", "Look at this", "WARN"), state="true") + MADE),
        written(
            failed(detail("UNEXPECTED_ERROR", "a script", extra="<c:afterSubmitFailed>true</c:afterSubmitFailed>"))
            + MADE
        ),
    ],
    ids=["good", "boolean as a digit", "with a warning", "saved before a script failed"],
)
def test_a_record_that_was_saved_counts_as_saved(connect: Open, reply: Callable[..., None], content: bytes) -> None:
    reply("upsertList", content)
    assert adjust(connect()) == "77"
    reply("upsertList", gzip.compress(content, mtime=0), **{"Content-Encoding": "gzip"})
    assert adjust(connect()) == "77"


@pytest.mark.parametrize(
    ("content", "status", "expected", "words"),
    [
        (written(SEVERAL), 200, Rejected, "one; two"),
        (written(failed(detail("SSS_REQUEST_LIMIT_EXCEEDED", "slowly"))), 200, RateLimited, "slowly"),
        (written(failed()), 200, OutcomeUnknown, ""),
        (written(), 200, OutcomeUnknown, "1 records were sent and 0 answered"),
        (written(GOOD + MADE, GOOD + MADE), 200, OutcomeUnknown, "2 answered"),
        (envelope("<m:upsertListResponse/>"), 200, OutcomeUnknown, ""),
        (envelope("<m:addResponse/>"), 200, OutcomeUnknown, ""),
        (listed("upsertList", "write", BUSY), 200, RateLimited, "busy"),
        (refused("<detail><f:exceededConcurrentRequestLimitFault/></detail>"), 500, RateLimited, ""),
        (refused(HOST), 500, OutcomeUnknown, "Words"),
        (refused(""), 500, OutcomeUnknown, "Words"),
        (refused(FAULT.format("INSUFFICIENT_PERMISSION", "No")), 200, AccessDenied, "No"),
        (envelope(f"<s:Fault>{TWELVE}</s:Fault>"), 500, Rejected, "Twelve"),
        (b"<html><body>Sorry</body></html>", 200, OutcomeUnknown, "html"),
        (b"<!DOCTYPE html>" + envelope("<m:upsertListResponse/>")[21:], 200, OutcomeUnknown, ""),
        (b"", 200, OutcomeUnknown, ""),
        (written(GOOD + MADE)[:-9], 200, OutcomeUnknown, ""),
        (envelope("<m:upsertListResponse/>"), 503, OutcomeUnknown, ""),
    ],
)  # fmt: skip
def test_a_write_is_never_taken_for_more_than_its_reply_says(
    connect: Open, reply: Callable[..., None], content: bytes, status: int, expected: type[ConnectorError], words: str
) -> None:
    reply("upsertList", content, status)
    with pytest.raises(expected) as caught:
        adjust(connect())
    assert caught.value.kind == expected.__name__
    assert words in caught.value.what


def test_too_fast_within_an_answer_slows_the_whole_account_down(
    make_profile: Callable[..., Profile], reply: Callable[..., None], context: MemoryContext
) -> None:
    reply("upsertList", written(failed(detail("CONCURRENCY_LIMIT_EXCEEDED", "too many"))))
    connector = NetSuitePlugin().open(make_profile(), context)
    with pytest.raises(RateLimited) as caught:
        adjust(connector)
    assert context.limiter.paused == [caught.value.after]
    assert connector._doctor._gate.width == 2
    connector.close()


def test_a_list_that_is_refused_whole_is_refused_by_its_code(connect: Open, reply: Callable[..., None]) -> None:
    told = failed(detail("INSUFFICIENT_PERMISSION", "You may not"))
    reply("getList", listed("getList", "read", told))
    connector = connect()
    with pytest.raises(AccessDenied, match="You may not"):
        connector._gateway.get("SalesOrder", ["1"])
    reply("getList", listed("getList", "read", GOOD))
    with pytest.raises(TemporaryFailure, match="1 records were asked for and 0 answered"):
        connector._gateway.get("SalesOrder", ["1"])


def test_fields_of_every_kind_are_read_and_what_is_nil_is_not_there() -> None:
    content = f"""<r {SPACES} xsi:type="c:SalesOrder" internalId="5" externalId="x"><c:memo xsi:nil="true"/>
<c:tranId xsi:type="xsd:string">SO5</c:tranId><!-- a note --><c:entity internalId="7"><c:name>Ann</c:name></c:entity>
<c:customFieldList><!-- another -->
<c:customField xsi:type="c:StringCustomFieldRef" scriptId="a"><c:value>text</c:value></c:customField>
<c:customField xsi:type="c:BooleanCustomFieldRef" scriptId="b"><c:value>true</c:value></c:customField>
<c:customField xsi:type="c:DoubleCustomFieldRef" scriptId="c"><c:value>1.50</c:value></c:customField>
<c:customField xsi:type="c:SelectCustomFieldRef" scriptId="d">
<c:value internalId="1"><c:name>One</c:name></c:value></c:customField>
<c:customField xsi:type="c:MultiSelectCustomFieldRef" scriptId="e">
<c:value internalId="1"/><c:value internalId="2"/></c:customField>
<c:customField xsi:type="c:KindOfNextYearCustomFieldRef" scriptId="f">
<c:value xsi:type="c:New"><c:deep>3</c:deep></c:value></c:customField>
</c:customFieldList></r>"""
    record = SoapReader().record(content.encode())
    assert (record.type, record.id, record.fields["tranId"]) == ("SalesOrder", "5", "SO5")
    assert "memo" not in record.fields
    assert {each["scriptId"]: each["value"] for each in record.fields["customFieldList"]} == {
        "a": "text",
        "b": "true",
        "c": "1.50",
        "d": {"internalId": "1", "name": "One"},
        "e": [{"internalId": "1"}, {"internalId": "2"}],
        "f": {"deep": "3"},
    }
