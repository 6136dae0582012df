"""One SFTP account: who is trusted, what is said when something fails, and that nothing is left behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import asyncssh
import pytest

from hub.contract import AccessDenied, TemporaryFailure
from hub.testing.drive import leaving_nothing
from hub.wire.sftp import ChangedFile, ConnectionLost, MissingFile, NotDone, SftpSession
from hub.wire.sftp_client import CHUNK, WINDOW
from hub.wire.sftp_host_key import checked_host_key, fingerprint_of
from sandbox.moods import Mood
from sandbox.sftp import SftpSite, _Account, _Login

Connect = Callable[..., SftpSession]


@pytest.fixture
def session_to(settings_for: Callable[..., Any]) -> Iterator[Connect]:
    opened: list[SftpSession] = []

    def session(server: Any, **changed: Any) -> SftpSession:
        opened.append(SftpSession(settings_for(server, **changed).endpoint()))
        return opened[-1]

    yield session
    for each in opened:
        each.close()


class ManyKeys(SftpSite):
    """A server with an ed25519 key, shown to everybody, and an RSA key, shown to those who ask."""

    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048)

    async def start(self, host_key: Any, port: int = 0) -> int:
        await super().start(host_key, port)
        await super().close()
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: _Login(self),
            server_host_keys=[host_key, self.rsa],
            sftp_factory=lambda channel: _Account(channel, self),
        )
        return int(self._acceptor.get_port())


# --- whom we trust ---------------------------------------------------------------------------------------------------


def test_an_unknown_host_gets_nothing_and_its_fingerprint_is_told(server: Any, session_to: Connect) -> None:
    with pytest.raises(AccessDenied) as denied:
        session_to(server, host_key=[]).open()
    assert server.fingerprint in denied.value.what
    assert "ask the partner" in denied.value.todo
    assert server.calls("login") == []


def test_a_changed_host_key_is_refused_with_both_fingerprints(serve: Any, session_to: Connect) -> None:
    server = serve()
    other = fingerprint_of(checked_host_key(_public(asyncssh.generate_private_key("ssh-ed25519"))))
    with pytest.raises(AccessDenied) as denied:
        session_to(server, host_key=other).open()
    assert server.fingerprint in denied.value.what
    assert other in denied.value.what
    assert "only then change host_key" in denied.value.todo
    assert server.calls("login") == []


def test_a_public_key_line_is_as_good_as_a_fingerprint(server: Any, session_to: Connect) -> None:
    session_to(server, host_key=_public(server.host_keys[0])).open()


def test_the_fingerprint_of_a_servers_second_key_is_found(serve: Any, session_to: Connect) -> None:
    server = serve(site_type=ManyKeys)
    session_to(server, host_key=ManyKeys.rsa.get_fingerprint()).open()
    session_to(server, host_key=_public(ManyKeys.rsa)).open()


def test_while_a_partner_changes_keys_both_are_trusted(server: Any, session_to: Connect) -> None:
    old = _public(asyncssh.generate_private_key("ssh-ed25519"))
    session_to(server, host_key=[old, server.fingerprint]).open()


def test_a_wrong_password_is_denied_and_not_repeated(server: Any, session_to: Connect) -> None:
    with pytest.raises(AccessDenied) as denied:
        session_to(server, password="another-secret-word").open()
    assert "another-secret-word" not in str(denied.value)
    assert "check user 'acme'" in denied.value.todo
    assert len(server.calls("login")) == 1


def test_a_private_key_that_is_none_says_so(server: Any, session_to: Connect) -> None:
    with pytest.raises(AccessDenied, match="cannot be read") as denied:
        session_to(server, ssh_key="not a key at all").open()
    assert "not a key at all" not in f"{denied.value!r}{denied.value.todo}"


class Exotic(SftpSite):
    """A server that only speaks a cipher which paramiko does not know."""

    async def start(self, host_key: Any, port: int = 0) -> int:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: _Login(self),
            server_host_keys=[host_key],
            encryption_algs=["chacha20-poly1305@openssh.com"],
        )
        return int(self._acceptor.get_port())


def test_a_server_with_other_algorithms_says_what_to_ask_for(serve: Any, session_to: Connect) -> None:
    with pytest.raises(AccessDenied, match="no encryption that both sides know") as denied:
        session_to(serve(site_type=Exotic)).open()
    assert "enable current algorithms" in denied.value.todo


# --- trouble ---------------------------------------------------------------------------------------------------------


def test_nobody_listening_is_temporary(server: Any, session_to: Connect) -> None:
    session = session_to(server)
    server.stop()
    with pytest.raises(ConnectionLost, match="Connection refused"):
        session.open()


def test_a_host_that_nobody_knows_is_temporary(server: Any, session_to: Connect) -> None:
    with pytest.raises(TemporaryFailure, match="cannot connect"):
        session_to(server, url="sftp://acme@nowhere.invalid:22/").open()


def test_a_server_that_says_nothing_is_given_up(server: Any, session_to: Connect) -> None:
    with _mute() as port:
        before = set(threading.enumerate())
        session = session_to(server, url=f"sftp://acme@127.0.0.1:{port}/", timeouts={"banner": 0.2})
        with pytest.raises(ConnectionLost, match="shake hands"):
            session.open()
        assert set(threading.enumerate()) == before


def test_something_that_is_no_ssh_server_is_told(server: Any, session_to: Connect) -> None:
    with _mute(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200) as port:
        session = session_to(server, url=f"sftp://acme@127.0.0.1:{port}/", timeouts={"banner": 0.5})
        with pytest.raises(ConnectionLost, match="shake hands"):
            session.open()


def test_silence_in_the_middle_is_given_up_and_the_next_verb_opens_a_new_line(server: Any, session_to: Connect) -> None:
    session = session_to(server, timeouts={"reply": 0.3})
    session.open()
    server.mood(Mood.HANG, on="stat *", times=1)
    with pytest.raises(ConnectionLost, match="no answer in time to: look at /in"):
        session.stat("/in")
    assert session.stat("/in") is not None


def test_a_cut_line_is_told_as_lost_and_a_plain_no_is_not(server: Any, session_to: Connect) -> None:
    session = session_to(server)
    server.put("/in/a", "a")
    server.mood(Mood.DOWN, on="rename *", times=1)
    with pytest.raises(ConnectionLost):
        session.rename("/in/a", "/in/b")
    server.mood(Mood.BUSY, on="rename *", times=1)
    with pytest.raises(NotDone, match="Resource temporarily unavailable"):
        session.rename("/in/a", "/in/b")


def test_a_line_that_the_server_closed_meanwhile_is_opened_anew(server: Any, session_to: Connect) -> None:
    session = session_to(server)
    session.open()
    server.stop()
    server.start()
    with suppress(ConnectionLost):  # at worst the first verb finds out
        session.stat("/in")
    assert session.stat("/in") is not None


def test_missing_and_forbidden_are_told_apart(server: Any, session_to: Connect) -> None:
    session = session_to(server)
    with pytest.raises(MissingFile, match="no such file"):
        session.read("/in/nothing", 1)
    with pytest.raises(MissingFile, match="list /nowhere"):
        list(session.list("/nowhere"))
    assert session.stat("/in/nothing") is None
    session.remove("/in/nothing")


def test_nothing_is_left_of_a_closed_session(server: Any, session_to: Connect) -> None:
    with leaving_nothing("a closed session"):
        session = session_to(server)
        session.write("/in/a", b"a")
        session.close()
        session.close()


def test_opening_and_closing_and_breaking_says_nothing_in_the_log(
    server: Any, session_to: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub tells an outage once; a library that logs each poll and each traceback would drown it."""
    with caplog.at_level("INFO"):
        session = session_to(server)
        session.open()
        server.mood(Mood.DOWN, on="stat *", times=1)
        with pytest.raises(ConnectionLost):
            session.stat("/in")
        session.open()
        session.close()
    assert [record for record in caplog.records if record.name.startswith("paramiko")] == []


def test_no_thread_shouts_when_the_line_breaks_during_a_download(
    server: Any, session_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    shouts: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", shouts.append)
    session = session_to(server)
    server.put("/out/big", b"x" * CHUNK * 40)
    server.mood(Mood.DOWN, on="read *", times=1)
    with pytest.raises(ConnectionLost, match="read /out/big"):
        session.read("/out/big", CHUNK * 40)
    session.close()
    assert shouts == []


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK * (WINDOW + 3) + 17])
def test_files_of_any_size_come_and_go_whole(server: Any, session_to: Connect, size: int) -> None:
    content = bytes(number * number % 251 for number in range(min(size, 4099))) * (size // 4099 + 1)
    content = content[:size]
    session = session_to(server)
    session.write("/in/file", content)
    assert (server.folder / "in/file").read_bytes() == content
    assert session.read("/in/file", size) == content


def test_a_server_may_answer_with_less_than_was_asked_for(
    serve: Any, session_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _Account.read

    async def some(self: Any, file_obj: object, offset: int, size: int) -> bytes:
        return await whole(self, file_obj, offset, min(size, 1 + offset % 5000))

    monkeypatch.setattr(_Account, "read", some)
    server = serve()
    content = bytes(range(256)) * 300
    server.put("/out/file", content)
    assert session_to(server).read("/out/file", len(content)) == content


def test_a_file_that_grew_or_shrank_is_not_taken_for_whole(server: Any, session_to: Connect) -> None:
    server.put("/out/file", b"12345")
    session = session_to(server)
    with pytest.raises(ChangedFile, match="grew"):
        session.read("/out/file", 4)
    with pytest.raises(ChangedFile, match="shrank"):
        session.read("/out/file", 6)
    assert session.read("/out/file", 5) == b"12345"


def test_writing_over_a_longer_file_leaves_nothing_of_it(server: Any, session_to: Connect) -> None:
    session = session_to(server)
    session.write("/in/file", b"a longer text")
    session.write("/in/file", b"short")
    assert (server.folder / "in/file").read_bytes() == b"short"


# --- folders ---------------------------------------------------------------------------------------------------------


def test_a_listing_that_is_left_half_way_does_not_leak_into_the_next(server: Any, session_to: Connect) -> None:
    for number in range(400):
        server.put(f"/out/a{number}", "x")
    server.put("/in/only", "x")
    session = session_to(server)
    for _ in range(3):
        with closing(session.list("/out")) as listing:
            assert next(listing).name.startswith("a")
        assert [each.name for each in session.list("/in")] == ["only"]


def test_a_listing_says_size_time_and_what_is_a_folder(server: Any, session_to: Connect) -> None:
    server.put("/out/a.csv", "12345", modified=1_700_000_000)
    (server.folder / "out/done").mkdir()
    found = {each.name: each for each in session_to(server).list("/out")}
    assert (found["a.csv"].size, found["a.csv"].modified, found["a.csv"].is_file) == (5, 1_700_000_000, True)
    assert not found["done"].is_file
    assert set(found) == {"a.csv", "done"}


def test_renaming_onto_a_name_that_is_taken_is_refused_and_replacing_is_not(server: Any, session_to: Connect) -> None:
    server.put("/in/a", "a")
    server.put("/in/b", "b")
    session = session_to(server)
    with pytest.raises(NotDone):
        session.rename("/in/a", "/in/b")
    session.replace("/in/a", "/in/b")
    assert (server.folder / "in/b").read_text() == "a"


def _public(key: Any) -> str:
    return key.export_public_key().decode().strip()


@contextmanager
def _mute(banner: bytes = b"") -> Iterator[int]:
    """A server that accepts, says this, and never anything else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    accepted.append(connection)
                    connection.sendall(banner)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for each in accepted:
            each.close()
