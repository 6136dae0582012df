"""Small parts of the sandbox, by themselves: the bucket, the moods, the web server."""

from __future__ import annotations

import socket

import pytest

from hub.testing.clock import FakeClock
from sandbox.moods import Mood, Moods
from sandbox.options import Bucket
from sandbox.shop.bucket import LeakyBucket
from sandbox.world import RunningSandbox

_ALL = frozenset(Mood)


def test_a_bucket_takes_its_burst_and_then_what_has_drained(clock: FakeClock) -> None:
    bucket = LeakyBucket(Bucket(capacity=400, per_second=20), clock)
    assert sum(bucket.pour() for _ in range(500)) == 400
    assert (bucket.header, bucket.refused) == ("400/400", 100)
    clock.advance(0.5)
    assert sum(bucket.pour() for _ in range(50)) == 10
    clock.advance(3600)
    assert bucket.pour()
    assert bucket.header == "1/400"


def test_the_first_spell_that_fits_strikes_and_is_used_up() -> None:
    moods = Moods()
    moods.cast("acme", Mood.BUSY, for_calls=1)
    moods.cast("acme", Mood.SLOW)
    met = [moods.meet("acme", "list /out", _ALL) for _ in range(2)]
    assert [spell.mood for spell in met if spell] == [Mood.BUSY, Mood.SLOW]
    assert moods.struck["acme"] == {Mood.BUSY: 1, Mood.SLOW: 1}


def test_a_spell_strikes_only_its_partner_its_calls_and_what_the_caller_can_act_out() -> None:
    moods = Moods()
    moods.cast("acme", Mood.BUSY, on="rename /in/*")
    assert moods.meet("other", "rename /in/a", _ALL) is None
    assert moods.meet("acme", "rename /out/a", _ALL) is None
    assert moods.meet("acme", "rename /in/a", frozenset({Mood.PICKY})) is None
    assert moods.meet("acme", "rename /in/a", _ALL) is not None


def test_a_spell_on_everyone_is_calmed_only_for_everyone() -> None:
    moods = Moods()
    moods.cast("*", Mood.BUSY)
    moods.cast("acme", Mood.SLOW)
    moods.calm("acme")
    assert [spell.mood for spell in moods.spells] == [Mood.BUSY]
    moods.calm()
    assert moods.spells == []


def test_a_share_strikes_about_that_share() -> None:
    moods = Moods()
    moods.cast("acme", Mood.BUSY, share=0.25, seed=3)
    struck = sum(moods.meet("acme", "list /", _ALL) is not None for _ in range(1000))
    assert 200 < struck < 300


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Moods().cast("acme", Mood.BUSY, share=share)


@pytest.mark.parametrize(
    "words",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_words_that_are_no_request_do_not_hurt_the_server(sandbox: RunningSandbox, words: bytes) -> None:
    port = int(sandbox.info["shop_url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(words)
        client.shutdown(socket.SHUT_WR)
        try:
            answer = client.recv(100)
        except ConnectionError:
            answer = b""
    assert b" 200 " not in answer
    assert sandbox.state()["orders_placed"] == 3


def test_a_client_that_wants_to_close_is_let_go(sandbox: RunningSandbox) -> None:
    port = int(sandbox.info["shop_url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET /admin/api/2026-07/shop.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
