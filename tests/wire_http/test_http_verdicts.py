"""What each reply means to the hub."""

from __future__ import annotations

import math

import pytest

from hub.contract import AccessDenied, OutcomeUnknown, RateLimited, Rejected, TemporaryFailure
from hub.wire.http import Effect, Reply
from hub.wire.http_verdict import retry_after, verdict, words

READ, AGAIN, ONCE = Effect.READ, Effect.REPEATABLE, Effect.ONCE


def _reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("effect", Effect)
def test_every_success_is_a_success(status: int, effect: Effect) -> None:
    assert verdict(_reply(status), effect, "GET /x") is None


@pytest.mark.parametrize(
    ("status", "reading", "setting", "doing"),
    [
        (301, AccessDenied, AccessDenied, AccessDenied),
        (400, Rejected, Rejected, Rejected),
        (401, AccessDenied, AccessDenied, AccessDenied),
        (402, AccessDenied, AccessDenied, AccessDenied),
        (403, AccessDenied, AccessDenied, AccessDenied),
        (404, Rejected, Rejected, Rejected),
        (408, TemporaryFailure, TemporaryFailure, TemporaryFailure),
        (409, TemporaryFailure, TemporaryFailure, TemporaryFailure),
        (422, Rejected, Rejected, Rejected),
        (423, TemporaryFailure, TemporaryFailure, TemporaryFailure),
        (429, RateLimited, RateLimited, RateLimited),
        (500, TemporaryFailure, TemporaryFailure, OutcomeUnknown),
        (502, TemporaryFailure, TemporaryFailure, OutcomeUnknown),
        (503, TemporaryFailure, TemporaryFailure, OutcomeUnknown),
        (504, TemporaryFailure, TemporaryFailure, OutcomeUnknown),
        (520, TemporaryFailure, TemporaryFailure, OutcomeUnknown),
    ],
)
def test_a_status_means_one_thing_for_each_effect(status: int, reading: type, setting: type, doing: type) -> None:
    found = [type(verdict(_reply(status), effect, "POST /x")) for effect in (READ, AGAIN, ONCE)]
    assert found == [reading, setting, doing]


def test_a_server_that_says_when_to_come_back_has_not_done_the_write() -> None:
    assert type(verdict(_reply(503, retry_after="5"), ONCE, "POST /x")) is TemporaryFailure


def test_a_retry_after_on_an_internal_error_proves_nothing() -> None:
    assert type(verdict(_reply(500, retry_after="5"), ONCE, "POST /x")) is OutcomeUnknown


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2.0", 2.0), ("0", 0.0), ("0.4", 0.4), ("-3", 0.0), ("1e9", 3600.0), ("inf", 3600.0)],
)
def test_the_wait_after_429_is_what_the_partner_asks_for_within_reason(header: str, seconds: float) -> None:
    error = verdict(_reply(429, retry_after=header), READ, "GET /x")
    assert isinstance(error, RateLimited)
    assert error.after == seconds


@pytest.mark.parametrize("headers", [{}, {"retry_after": "soon"}, {"retry_after": "nan"}])
def test_without_a_usable_header_the_wait_is_two_seconds(headers: dict[str, str]) -> None:
    error = verdict(_reply(429, **headers), READ, "GET /x")
    assert isinstance(error, RateLimited)
    assert error.after == 2.0
    assert not math.isnan(error.after)


def test_a_wait_may_be_given_as_a_date_and_is_measured_by_the_partners_clock() -> None:
    reply = _reply(503, retry_after="Fri, 20 Nov 2026 06:00:30 GMT", date="Fri, 20 Nov 2026 06:00:00 GMT")
    assert retry_after(reply) == 30.0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"errors":"Not Found"}', "Not Found"),
        (b'{"errors":["one","two"]}', "one; two"),
        (b'{"errors":{"base":["Fulfillment order is closed"]}}', "Fulfillment order is closed"),
        (b'{"errors":{"quantity":["is too high"],"id":["is unknown"]}}', "quantity: is too high; id: is unknown"),
        (b'{"error":"invalid_request","error_description":"token expired"}', "token expired"),
        (b'{"message":"no"}', "no"),
        (b"<html>\n  <b>Bad gateway</b>", "a page of HTML: Bad gateway"),
        (b"<!DOCTYPE html>\n<html><style>p{}</style><p>Off &amp; on", "a page of HTML: Off & on"),
        (b"\n<HTML><head><title>\n503 Away</title></head><body>x", "a page of HTML: 503 Away"),
        (b'{"data":1}', '{"data":1}'),
        (b'["no"]', '["no"]'),
        (b"[" * 100_000, "[" * 600),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_the_partners_own_words_are_found(body: bytes, said: str) -> None:
    assert words(_reply(422, body)) == said


def test_a_refusal_carries_the_words_and_what_was_tried() -> None:
    error = verdict(_reply(422, b'{"errors":["Invalid quantity"]}'), ONCE, "POST /fulfillments.json")
    assert isinstance(error, Rejected)
    assert error.what == "POST /fulfillments.json: 422 Invalid quantity"
    assert error.code == "http 422"


def test_equal_causes_have_one_code_whatever_the_ids() -> None:
    codes = {
        error.code
        for path in ("/orders/1.json", "/orders/2.json")
        if (error := verdict(_reply(503), READ, f"GET {path}")) is not None
    }
    assert codes == {"http 503"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[" * 100_000, b"\xff"])
def test_a_reply_that_is_no_json_is_a_passing_failure(body: bytes) -> None:
    with pytest.raises(TemporaryFailure, match="is not JSON"):
        _reply(200, body).json()


def test_numbers_with_a_point_stay_exact() -> None:
    assert _reply(200, b'{"price": 0.1, "rate": 1E+2000000, "id": 9007199254740993}').json() == {
        "price": "0.1",
        "rate": "1E+2000000",
        "id": 9007199254740993,
    }


def test_the_partners_clock_is_read_from_the_date_header() -> None:
    date = _reply(200, date="Fri, 20 Nov 2026 06:00:00 GMT").date()
    assert date is not None
    assert date.isoformat() == "2026-11-20T06:00:00+00:00"
    assert _reply(200, date="yesterday").date() is None
    assert _reply(200).date() is None
