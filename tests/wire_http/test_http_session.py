"""A careful HTTP session: what it does when the other side, scripted down to the byte, is not."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.contract import (
    AccessDenied,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.testing.clock import FakeClock
from hub.wire.http import Call, Effect, HttpSession, Limits, Reply

Answer = Callable[[socket.socket], None]
TOKEN = "shpat_planted/secret+1"


@dataclass
class Partner:
    """Answers one request after the other by its script; the last answer serves all that follow."""

    script: list[Answer]
    tls: Path | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            with suppress(OSError), closing(self._wrapped(connection)) as wrapped:
                self._talk(wrapped)
            connection.close()
            self.closed.set()

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        if self.tls is None:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls)
        return context.wrap_socket(connection, server_side=True)

    def _talk(self, connection: socket.socket) -> None:
        while request := _request(connection):
            self.requests.append(request)
            self.arrived.set()
            answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            answer(connection)
            if answer.__name__ == "hang_up":
                return


def _request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        if not part:
            return read
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-len")), 0)
    while len(body) < length and (part := connection.recv(65536)):
        body += part
    return head + b"\r\n\r\n" + body


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    """Answer properly."""
    named = {"Content-Length": str(len(body)), **{key.replace("_", "-"): value for key, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())

    def proper(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body)

    return proper


def hang_up(_: socket.socket) -> None:
    """Take the request and close without a word."""


def say_nothing(connection: socket.socket) -> None:
    """Take the request, keep the line open, never answer."""
    connection.recv(1)


def break_off(connection: socket.socket) -> None:
    """Promise more than comes, then close."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"fulfillment":')
    connection.shutdown(socket.SHUT_RDWR)


Starter = Callable[..., Partner]


@pytest.fixture
def partner() -> Iterator[Starter]:
    """Start a partner with a script; stopped at the end."""
    started: list[Partner] = []

    def start(*script: Answer) -> Partner:
        started.append(Partner(list(script)))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@dataclass
class Desk:
    """A session and what it told its surroundings."""

    clock: FakeClock = field(default_factory=FakeClock)
    passed: list[str] = field(default_factory=list)
    seen: list[Reply] = field(default_factory=list)
    limits: Limits = field(default_factory=lambda: Limits(connect_seconds=2, read_seconds=2))
    checkpoint: Callable[[str], None] | None = None

    def open(self) -> HttpSession:
        return HttpSession(
            clock=self.clock,
            checkpoint=self.checkpoint or self.passed.append,
            headers={"X-Shopify-Access-Token": TOKEN},
            secrets={"token": TOKEN},
            limits=self.limits,
            seen=self.seen.append,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def _call(partner: Partner, effect: Effect, path: str = "/fulfillments.json") -> Call:
    if effect is Effect.READ:
        return Call("GET", partner.url + path, effect, params={"limit": "250"})
    return Call("POST", partner.url + path, effect, body={"name": "Zoë", "id": 9007199254740993})


class Killed(BaseException):
    """What a crash test does at a checkpoint."""


# --- a good day ------------------------------------------------------------------------------------------------------


def test_a_call_goes_out_as_it_was_meant_and_comes_back_whole(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(201, b'{"id":1}', X_Limit="1/40"))
    session = desk.open()
    reply = session.call(_call(shop, Effect.ONCE))
    session.close()
    assert (reply.status, reply.json(), reply.headers["x-limit"]) == (201, {"id": 1}, "1/40")
    head, _, body = shop.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /fulfillments.json HTTP/1.1\r\n")
    assert f"X-Shopify-Access-Token: {TOKEN}".encode() in head
    assert b"Content-Type: application/json" in head
    assert body.decode() == '{"name":"Zoë","id":9007199254740993}'


def test_a_query_is_added_to_a_read(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    session = desk.open()
    session.call(_call(shop, Effect.READ, "/orders.json"))
    session.close()
    assert shop.requests[0].startswith(b"GET /orders.json?limit=250 HTTP/1.1")


def test_an_address_is_followed_word_for_word(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    session = desk.open()
    session.call(Call("GET", shop.url + "/orders.json?page_info=eyJ%3D%3D&limit=250", Effect.READ))
    session.close()
    assert shop.requests[0].startswith(b"GET /orders.json?page_info=eyJ%3D%3D&limit=250 HTTP/1.1")


def test_calls_share_one_connection(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    session = desk.open()
    for _ in range(5):
        session.call(_call(shop, Effect.READ))
    session.close()
    assert (len(shop.requests), shop.connections) == (5, 1)


def test_a_compressed_reply_is_read(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200, gzip.compress(b'{"orders":[]}' + b" " * 300_000, mtime=0), Content_Encoding="gzip"))
    session = desk.open()
    assert session.call(_call(shop, Effect.READ)).json() == {"orders": []}
    session.close()


def test_a_chunked_reply_is_read(partner: Starter, desk: Desk) -> None:
    def chunked(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n')

    shop = partner(chunked)
    session = desk.open()
    assert session.call(_call(shop, Effect.READ)).json() == {"a": 1}
    session.close()


def test_pacing_is_asked_before_every_try(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(502), answer(502), answer(200))
    asked: list[int] = []
    session = desk.open()
    session.call(_call(shop, Effect.READ), before=lambda: asked.append(len(shop.requests)))
    session.close()
    assert asked == [0, 1, 2]


def test_every_reply_is_shown_also_the_refused_ones(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(422, b'{"errors":"no"}', X_Limit="39/40"))
    session = desk.open()
    with pytest.raises(Rejected):
        session.call(_call(shop, Effect.ONCE))
    session.close()
    assert [(reply.status, reply.headers["x-limit"]) for reply in desk.seen] == [(422, "39/40")]


# --- did the bytes leave? --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", Effect)
def test_a_refused_connection_carried_nothing(effect: Effect, partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    call = _call(shop, effect)
    shop.stop()
    session = desk.open()
    with pytest.raises(TemporaryFailure, match="Connection refused"):
        session.call(call)
    session.close()
    assert desk.passed == []


def test_a_host_that_no_name_server_knows_is_named_with_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    session = desk.open()
    with pytest.raises(TemporaryFailure) as caught:
        session.call(Call("GET", "http://shop-of-nobody.invalid/x", Effect.READ))
    session.close()
    assert caught.value.what.startswith("GET /x at shop-of-nobody.invalid: no address is known for a host of this name")
    assert "correct the host's name" in caught.value.todo


def test_a_write_whose_reply_is_lost_is_unknown_and_not_repeated(partner: Starter, desk: Desk) -> None:
    shop = partner(hang_up)
    session = desk.open()
    with pytest.raises(OutcomeUnknown) as caught:
        session.call(_call(shop, Effect.ONCE))
    session.close()
    assert len(shop.requests) == 1
    assert caught.value.code == "reply lost"
    assert "POST /fulfillments.json" in caught.value.what


@pytest.mark.parametrize("effect", [Effect.READ, Effect.REPEATABLE])
def test_what_may_be_repeated_is_tried_three_times_with_growing_waits(
    effect: Effect, partner: Starter, desk: Desk
) -> None:
    shop = partner(hang_up)
    session = desk.open()
    with pytest.raises(TemporaryFailure):
        session.call(_call(shop, effect))
    session.close()
    assert len(shop.requests) == 3
    assert 0 < desk.clock.monotonic() < 6


@pytest.mark.parametrize("blip", [hang_up, break_off, answer(500), answer(503), answer(423)])
def test_a_blip_of_a_read_is_not_noticed(blip: Answer, partner: Starter, desk: Desk) -> None:
    shop = partner(blip, answer(200, b'{"ok":1}'))
    session = desk.open()
    assert session.call(_call(shop, Effect.READ)).json() == {"ok": 1}
    session.close()


@pytest.mark.parametrize("status", [429, 401, 404, 422])
def test_a_clear_answer_is_not_asked_for_twice(status: int, partner: Starter, desk: Desk) -> None:
    shop = partner(answer(status))
    session = desk.open()
    with pytest.raises((RateLimited, AccessDenied, Rejected)):
        session.call(_call(shop, Effect.READ))
    session.close()
    assert len(shop.requests) == 1


def test_a_reply_that_breaks_off_leaves_a_write_unknown(partner: Starter, desk: Desk) -> None:
    shop = partner(break_off)
    session = desk.open()
    with pytest.raises(OutcomeUnknown):
        session.call(_call(shop, Effect.ONCE))
    session.close()
    assert len(shop.requests) == 1


@pytest.mark.parametrize(("effect", "error"), [(Effect.ONCE, OutcomeUnknown), (Effect.READ, TemporaryFailure)])
def test_a_partner_that_never_answers_does_not_hold_us(
    effect: Effect, error: type, partner: Starter, desk: Desk
) -> None:
    desk.limits = Limits(connect_seconds=2, read_seconds=0.03)
    shop = partner(say_nothing)
    session = desk.open()
    with pytest.raises(error, match="timed out"):
        session.call(_call(shop, effect))
    session.close()


def test_a_connection_that_the_partner_closed_meanwhile_is_not_used_for_a_write(partner: Starter, desk: Desk) -> None:
    def answer_and_close(connection: socket.socket) -> None:
        answer(200)(connection)
        connection.shutdown(socket.SHUT_RDWR)

    shop = partner(answer_and_close, answer(201))
    session = desk.open()
    session.call(_call(shop, Effect.READ))
    assert shop.closed.wait(5)
    assert session.call(_call(shop, Effect.ONCE)).status == 201
    session.close()
    assert shop.connections == 2


# --- the named instants ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [Effect.ONCE, Effect.REPEATABLE])
def test_a_write_passes_both_instants(effect: Effect, partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    session = desk.open()
    session.call(_call(shop, effect))
    session.close()
    assert desk.passed == ["before_bytes", "bytes_sent"]


def test_a_read_passes_none(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    session = desk.open()
    session.call(_call(shop, Effect.READ))
    session.close()
    assert desk.passed == []


def test_who_dies_before_the_bytes_has_sent_none(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    desk.checkpoint = _die_at("before_bytes")
    session = desk.open()
    with pytest.raises(Killed):
        session.call(_call(shop, Effect.ONCE))
    session.close()
    shop.stop()
    assert shop.requests == []


def test_who_dies_after_the_bytes_has_sent_all(partner: Starter, desk: Desk) -> None:
    shop = partner(answer(200))
    desk.checkpoint = _die_at("bytes_sent")
    session = desk.open()
    with pytest.raises(Killed):
        session.call(_call(shop, Effect.ONCE))
    assert shop.arrived.wait(5)
    session.close()
    assert len(shop.requests) == 1
    assert shop.requests[0].endswith(b"9007199254740993}")


def _die_at(instant: str) -> Callable[[str], None]:
    def checkpoint(name: str) -> None:
        if name == instant:
            raise Killed

    return checkpoint


# --- floods and trickles ---------------------------------------------------------------------------------------------


def test_a_flood_is_refused(partner: Starter, desk: Desk) -> None:
    desk.limits = Limits(max_bytes=1000)
    shop = partner(answer(200, b"x" * 1001))
    session = desk.open()
    with pytest.raises(TemporaryFailure, match="larger than 1000 bytes"):
        session.call(_call(shop, Effect.READ))
    session.close()


def test_a_small_reply_that_unpacks_to_a_flood_is_refused(partner: Starter, desk: Desk) -> None:
    desk.limits = Limits(max_bytes=100_000)
    shop = partner(answer(200, gzip.compress(b"x" * 50_000_000, mtime=0), Content_Encoding="gzip"))
    session = desk.open()
    with pytest.raises(TemporaryFailure, match="larger than 100000 bytes"):
        session.call(_call(shop, Effect.READ))
    session.close()


def test_a_reply_of_exactly_the_limit_is_read(partner: Starter, desk: Desk) -> None:
    desk.limits = Limits(max_bytes=1000)
    shop = partner(answer(200, b"x" * 1000))
    session = desk.open()
    assert len(session.call(_call(shop, Effect.READ)).body) == 1000
    session.close()


class FastClock(FakeClock):
    """A clock on which 40 seconds pass whenever somebody looks."""

    def monotonic(self) -> float:
        self.advance(40)
        return super().monotonic()


def test_a_trickle_ends_with_the_total_time(partner: Starter, desk: Desk) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        connection.recv(1)

    desk.limits, desk.clock = Limits(total_seconds=30), FastClock()
    shop = partner(trickle)
    session = desk.open()
    with pytest.raises(OutcomeUnknown, match="not whole after 30 s"):
        session.call(_call(shop, Effect.ONCE))
    session.close()


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed_with_the_token(partner: Starter, desk: Desk) -> None:
    elsewhere = partner(answer(200))
    shop = partner(answer(302, Location=elsewhere.url + "/login"))
    session = desk.open()
    with pytest.raises(AccessDenied, match="redirects to") as caught:
        session.call(_call(shop, Effect.READ))
    session.close()
    assert elsewhere.requests == []
    assert "partner file" in caught.value.todo


@pytest.mark.parametrize("status", [401, 422, 429, 500, 503])
@pytest.mark.parametrize("effect", [Effect.READ, Effect.ONCE])
def test_a_partner_that_repeats_our_token_does_not_get_it_into_an_error(
    status: int, effect: Effect, partner: Starter, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = f'{{"errors":"bad token {TOKEN} in ?t=shpat_planted%2Fsecret%2B1"}}'.encode()
    shop = partner(answer(status, shown))
    session = desk.open()
    with pytest.raises(ConnectorError) as caught:
        session.call(_call(shop, effect))
    session.close()
    error = caught.value
    told = " ".join(
        [error.what, error.todo, error.extract, str(error), repr(error), repr(error.__cause__), caplog.text]
    )
    assert "secret+1" not in told
    assert "secret%2B1" not in told
    assert "<secret:token>" in error.what


def test_a_network_error_does_not_carry_the_request_along(partner: Starter, desk: Desk) -> None:
    shop = partner(hang_up)
    session = desk.open()
    with pytest.raises(OutcomeUnknown) as caught:
        session.call(_call(shop, Effect.ONCE))
    session.close()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_netrc_of_the_machine_does_not_replace_our_credentials(
    partner: Starter, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", os.fspath(netrc))
    shop = partner(answer(200))
    session = desk.open()
    session.call(_call(shop, Effect.READ))
    session.close()
    assert b"Authorization:" not in shop.requests[0]


def test_a_proxy_of_the_environment_is_used_and_keeps_the_instants(
    partner: Starter, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = partner(answer(200))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "localhost")
    session = desk.open()
    session.call(Call("POST", "http://shop.invalid/x.json", Effect.ONCE, body={}))
    session.close()
    assert proxy.requests[0].startswith(b"POST http://shop.invalid/x.json HTTP/1.1")
    assert desk.passed == ["before_bytes", "bytes_sent"]


# --- over TLS --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own making for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a partner on loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "partner.pem"
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + plain)
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Partner]:
    """A partner behind TLS."""
    started = Partner([answer(200, b'{"ok":1}')], tls=certificate)
    yield started
    started.stop()


def test_a_partner_with_a_good_certificate_is_spoken_to_and_passes_both_instants(
    secure: Partner, desk: Desk, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.fspath(certificate))
    session = desk.open()
    assert session.call(_call(secure, Effect.ONCE)).json() == {"ok": 1}
    session.close()
    assert desk.passed == ["before_bytes", "bytes_sent"]


@pytest.mark.parametrize("effect", Effect)
def test_a_certificate_that_nobody_vouches_for_denies_access_before_a_byte_leaves(
    effect: Effect, secure: Partner, desk: Desk
) -> None:
    session = desk.open()
    with pytest.raises(AccessDenied, match="certificate verify failed") as caught:
        session.call(_call(secure, effect))
    session.close()
    assert "certificate" in caught.value.todo
    assert (secure.requests, desk.passed) == ([], [])
