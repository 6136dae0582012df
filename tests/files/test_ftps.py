"""FTPS: whom we believe, what is protected, servers with habits, and what a check says."""

from __future__ import annotations

import ftplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.files.connector import PLUGIN, FilesConnector
from connectors.files.settings import FilesSettings
from hub.contract import AccessDenied, CannotTell, Context, Found, Outbound, OutcomeUnknown, Profile
from hub.testing.drive import read_all
from hub.wire.files import ChangedFile, ConnectionLost, MissingFile, NotDone
from hub.wire.ftps import FtpsSession
from hub.wire.ftps_line import FtpsEndpoint, FtpsLine
from hub.wire.tls import Trust, blind
from tests.files.certificates import self_signed
from tests.files.ftps_server import PASSWORD, FtpsServer

Start = Callable[..., FtpsServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[FtpsServer] = []

    def one(name: str = "127.0.0.1", **more: Any) -> FtpsServer:
        (root := tmp_path / f"ftps{len(servers)}").mkdir()
        servers.append(FtpsServer(root, self_signed(name), **more))
        return servers[-1]

    yield one
    for each in servers:
        each.close()


@pytest.fixture
def connect(profile_for: Callable[..., Profile], context: Context) -> Iterator[Callable[..., FilesConnector]]:
    opened: list[Any] = []

    def one(server: FtpsServer, **changed: Any) -> Any:
        fields = {
            "url": f"ftps://acme@127.0.0.1:{server.port}/",
            "password": PASSWORD,
            "certificate": self_signed().fingerprint,
            "ready": "rename",
            "timeouts": {"connect": 2, "reply": 1},
        }
        settings = FilesSettings.model_validate({**fields, **changed})
        opened.append(PLUGIN.open(profile_for(None, settings), context))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def endpoint(server: FtpsServer, **changed: Any) -> FtpsEndpoint:
    trust = changed.pop("trust", Trust((self_signed().fingerprint,)))
    more = {"connect_seconds": 2.0, "reply_seconds": 1.0, "password": SecretStr(PASSWORD), **changed}
    return FtpsEndpoint("127.0.0.1", server.port, "acme", trust=trust, **more)


@pytest.fixture
def session(start: Start) -> Iterator[tuple[FtpsServer, FtpsSession]]:
    server = start()
    opened = FtpsSession(endpoint(server))
    yield server, opened
    opened.close()


# --- whom we believe -------------------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_gets_no_password_and_is_shown(start: Start) -> None:
    server = start()
    with pytest.raises(AccessDenied, match="is not trusted") as denied:
        FtpsSession(endpoint(server, trust=Trust())).open()
    assert self_signed().fingerprint in denied.value.what
    assert not [call for call in server.calls if call.startswith(("USER", "PASS"))]


def test_another_certificate_than_the_one_that_was_agreed_on_gets_no_password(start: Start) -> None:
    server = start()
    with pytest.raises(AccessDenied, match="certificate says SHA256:") as denied:
        FtpsSession(endpoint(server, trust=Trust((self_signed("other.example").fingerprint,)))).open()
    assert "nothing was sent" in denied.value.todo
    assert not [call for call in server.calls if call.startswith(("USER", "PASS"))]


def test_a_certificate_given_whole_is_believed_for_its_own_host_only(start: Start) -> None:
    session = FtpsSession(endpoint(start(), trust=Trust((self_signed().certificate,))))
    session.open()
    session.close()
    elsewhere = start("other.example")
    with pytest.raises(AccessDenied, match="IP address mismatch"):
        FtpsSession(endpoint(elsewhere, trust=Trust((self_signed("other.example").certificate,)))).open()


def test_the_fingerprint_is_enough_whatever_name_the_certificate_bears(start: Start) -> None:
    session = FtpsSession(endpoint(start("other.example"), trust=Trust((self_signed("other.example").fingerprint,))))
    session.open()
    session.close()


def test_tls_from_the_first_byte(start: Start, connect: Callable[..., FilesConnector]) -> None:
    server = start(implicit=True)
    server.put("/out/inventory.csv", "CUP,1\n")
    ((item,), _) = read_all(connect(server, implicit_tls=True), "stock")
    assert item.content == b"CUP,1\n"


def test_a_server_without_tls_gets_nothing_of_ours(start: Start) -> None:
    server = start()
    server.unknown = {"AUTH"}
    with pytest.raises(AccessDenied, match="does not start TLS"):
        FtpsSession(endpoint(server)).open()
    assert server.calls == ["AUTH TLS"]


def test_a_wrong_password_denies_access(start: Start, connect: Callable[..., FilesConnector]) -> None:
    health = connect(start(), password="wrong-word-123").check()
    assert not health.ok
    assert "does not let us in" in health.sentence
    assert "wrong-word" not in f"{health}"


def test_nobody_there_is_a_lost_connection(start: Start) -> None:
    server = start()
    server.close()
    with pytest.raises(ConnectionLost, match="cannot connect"):
        FtpsSession(endpoint(server)).open()


def test_data_channels_resume_the_session_of_the_control_channel(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    reused: list[bool] = []
    opened = FtpsLine.ntransfercmd

    def watched(self: FtpsLine, cmd: str, rest: Any = None) -> Any:
        conn, size = opened(self, cmd, rest)
        reused.append(bool(getattr(conn, "session_reused", None)))
        return conn, size

    monkeypatch.setattr(FtpsLine, "ntransfercmd", watched)
    session = FtpsSession(endpoint(start()))
    session.write("/in/a.csv", b"x")
    list(session.list("/in"))
    session.close()
    assert reused == [True, True]


# --- the verbs -------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_whole(session: tuple[FtpsServer, FtpsSession]) -> None:
    _server, ftps = session
    content = bytes(range(256)) * 3000
    ftps.write("/in/large.bin", content)
    entry = ftps.stat("/in/large.bin")
    assert entry is not None
    assert entry.size == len(content)
    assert ftps.read("/in/large.bin", entry.size) == content
    ftps.write("/in/empty.bin", b"")
    assert ftps.read("/in/empty.bin", 0) == b""


def test_a_listing_says_names_sizes_times_and_what_is_no_file(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    (server.folder / "out/Bücher und mehr.csv").write_text("abc")
    (server.folder / "out/done").mkdir()
    modified = int((server.folder / "out/Bücher und mehr.csv").stat().st_mtime)
    for unknown in (set(), {"MLSD"}):
        server.unknown = unknown
        ftps.close()
        found = {each.name: each for each in ftps.list("/out")}
        assert set(found) == {"Bücher und mehr.csv", "done"}
        assert not found["done"].is_file
        file = found["Bücher und mehr.csv"]
        assert (file.size, file.modified, file.is_file) == (3, modified, True)


def test_a_listing_may_be_left_half_way(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    for number in range(300):
        server.put(f"/out/inventory-{number}.csv", "")
    listing = ftps.list("/out")
    next(listing)
    listing.close()
    assert ftps.stat("/out/inventory-1.csv") is not None


def test_a_file_that_grows_or_shrinks_while_it_is_read_is_left_alone(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    server.put("/out/inventory.csv", "CUP,1\n")
    for size in (3, 30):
        with pytest.raises(ChangedFile):
            ftps.read("/out/inventory.csv", size)
    assert ftps.read("/out/inventory.csv", 6) == b"CUP,1\n"


def test_what_is_missing_is_told_apart_from_what_is_forbidden(start: Start) -> None:
    server = start(permissions="elr")
    ftps = FtpsSession(endpoint(server))
    with pytest.raises(MissingFile):
        list(ftps.list("/nowhere"))
    with pytest.raises(MissingFile):
        ftps.read("/out/nothing.csv", 1)
    with pytest.raises(AccessDenied, match="Not enough privileges") as denied:
        ftps.write("/in/a.csv", b"x")
    assert "grant" in denied.value.todo
    ftps.close()


def test_a_rename_never_covers_another_file(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    server.put("/in/a", "a")
    server.put("/in/b", "b")
    with pytest.raises(NotDone, match="exists already"):
        ftps.rename("/in/a", "/in/b")
    with pytest.raises(MissingFile):
        ftps.rename("/in/none", "/in/c")
    ftps.remove("/in/none")
    assert (server.folder / "in/b").read_text() == "b"


def test_a_line_that_the_server_closed_meanwhile_is_opened_anew(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    server.put("/out/a", "a")
    assert ftps.stat("/out/a") is not None
    server.close()
    server.start()
    assert ftps.stat("/out/a") is not None


def test_closing_says_no_word_to_a_server_that_hangs(session: tuple[FtpsServer, FtpsSession]) -> None:
    server, ftps = session
    ftps.open()
    server.mood("hang")
    with pytest.raises(ConnectionLost, match="no answer in time"):
        ftps.remove("/out/a")
    ftps.close()


# --- sending ---------------------------------------------------------------------------------------------------------


def test_an_upload_that_breaks_off_is_written_anew(
    start: Start, connect: Callable[..., FilesConnector], outbound: Callable[..., Outbound]
) -> None:
    server = start()
    connector = connect(server)
    server.mood("down", on="STOR", times=1)
    with pytest.raises(ConnectionLost):
        connector.send(outbound())
    connector.send(outbound())
    assert server.names("/in") == ["PO_P1.csv"]


def test_a_lost_answer_to_the_rename_is_found_out(
    start: Start, connect: Callable[..., FilesConnector], outbound: Callable[..., Outbound], context: Any
) -> None:
    server = start()
    connector = connect(server)
    server.mood("lost_reply", on="RNTO", times=1)
    with pytest.raises(OutcomeUnknown):
        connector.send(outbound())
    noted = outbound(note=context.notes["P1"])
    assert isinstance(connector.find(noted), Found)
    (server.folder / "in/PO_P1.csv").unlink()
    assert isinstance(connector.find(noted), CannotTell)


# --- what a check says -----------------------------------------------------------------------------------------------


def test_a_check_asks_for_the_right_that_is_missing(start: Start, connect: Callable[..., FilesConnector]) -> None:
    health = connect(start(permissions="elr")).check()
    assert not health.ok
    assert "Not enough privileges" in health.sentence
    assert health.todo == "ask acme for write permission in /in"


def test_a_check_that_may_only_look_writes_nothing(start: Start, connect: Callable[..., FilesConnector]) -> None:
    server = start()
    health = connect(server).look()
    assert health.ok
    assert "whether we may write there was not tried" in health.sentence
    assert not [call for call in server.calls if call.startswith(("STOR", "RN", "DELE", "MKD"))]


def test_a_right_to_write_without_one_to_rename_is_told(start: Start, connect: Callable[..., FilesConnector]) -> None:
    server = start(permissions="elrwd")
    health = connect(server).check()
    assert not health.ok
    assert "ask acme for permission to rename in /in" in health.todo
    assert server.names("/in") == []


def test_the_password_never_travels_in_the_open(start: Start) -> None:
    """The server insists on TLS on both channels; a client that forgot would be refused."""
    server = start()
    with ftplib.FTP(timeout=2) as plain:  # noqa: S321
        plain.connect("127.0.0.1", server.port)
        with pytest.raises(ftplib.error_perm, match="550"):
            plain.login("acme", PASSWORD)
    line = FtpsLine(endpoint(server), blind())
    line.greet()
    line.login("acme", PASSWORD, secure=False)
    with pytest.raises(ftplib.error_perm, match="SSL/TLS required"):
        ftplib.FTP.ntransfercmd(line, "LIST")  # noqa: S321
    line.hang_up()
