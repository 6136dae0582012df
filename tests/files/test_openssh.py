"""The same contract against the server that most partners run: OpenSSH."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from hub.contract import AccessDenied, Outbound, Profile
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from hub.testing.drive import read_all
from hub.wire.sftp import ConnectionLost, NotDone, SftpSession
from tests.files.openssh_server import WHY_NOT, OpenSsh, settings

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture
def session(sshd: OpenSsh) -> Iterator[Callable[..., SftpSession]]:
    opened: list[SftpSession] = []

    def connect(**changed: Any) -> SftpSession:
        opened.append(SftpSession(settings(sshd, **changed).endpoint()))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


class OpenSshBench:
    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    moods = frozenset({Mood.DOWN, Mood.HANG, Mood.LOCKED_OUT, Mood.PICKY})

    def __init__(self, server: OpenSsh, profile: Profile, order_of: Callable[[int], Record]) -> None:
        self.server = server
        self.profile = profile
        key = server.private_key()
        self.secrets = {"ssh_key": key, "ssh_key's middle": key.splitlines()[2]}
        self.record = order_of
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            path = self.server.folder / f"out/inventory-{self._placed:04}.csv"
            path.write_text(f"SKU-{self._placed},{self._placed}\n")

    def place_bad(self) -> int:
        (self.server.folder / "out/inventory-a.csv").write_text("CUP,1\nPOT,1E+2000000\nPAN,3\n")
        return 2

    def received(self, outbound: Outbound) -> int:
        seen = [each for each in (self.server.folder / "in").iterdir() if not each.name.endswith(".part")]
        return sum(1 for each in seen if each.read_bytes() == outbound.content)

    def set_mood(self, mood: Mood) -> None:
        match mood:
            case Mood.DOWN:
                self.server.stop()
            case Mood.HANG:
                self.server.freeze()
            case Mood.LOCKED_OUT:
                self.server.admit()
            case _:
                for number in range(1, 10):
                    (self.server.folder / f"in/PO_P{number}.csv").write_text("something else\n")

    def calm(self) -> None:
        self.server.thaw()
        self.server.admit("client_ed25519")
        if self.server.process is None:
            self.server.start()


class TestFilesOverOpenSsh(ConnectorContract):
    @pytest.fixture
    def bench(self, sshd: OpenSsh, profile_for: Any, order_of: Any) -> OpenSshBench:
        profile = profile_for(None, settings=settings(sshd))
        return OpenSshBench(sshd, profile, order_of)


@pytest.mark.parametrize("name", ["client_ed25519", "client_rsa", "client_ecdsa"])
def test_every_kind_of_client_key_opens(sshd: OpenSsh, session: Callable[..., SftpSession], name: str) -> None:
    session(ssh_key=sshd.private_key(name)).open()


def test_an_encrypted_key_opens_with_its_password_only(sshd: OpenSsh, session: Callable[..., SftpSession]) -> None:
    key = sshd.private_key("client_locked")
    session(ssh_key=key, ssh_key_password="open-sesame-9f2c").open()
    with pytest.raises(AccessDenied, match="cannot be read") as denied:
        session(ssh_key=key, ssh_key_password="open-nothing-7a1").open()
    assert "ssh_key_password" in denied.value.todo
    assert "open-nothing-7a1" not in f"{denied.value!r} {denied.value.todo}"


@pytest.mark.parametrize("name", ["host_ed25519", "host_rsa"])
def test_any_of_its_host_keys_will_do(sshd: OpenSsh, session: Callable[..., SftpSession], name: str) -> None:
    session(host_key=sshd.fingerprint(name)).open()
    session(host_key=sshd.public_line(name)).open()


def test_a_host_key_of_a_kind_that_the_server_has_not_is_refused(
    sshd: OpenSsh, session: Callable[..., SftpSession]
) -> None:
    with pytest.raises(AccessDenied, match="of no kind that host_key names"):
        session(host_key=sshd.public_line("client_ecdsa")).open()


def test_a_password_is_not_what_this_server_wants(session: Callable[..., SftpSession]) -> None:
    with pytest.raises(AccessDenied, match="does not let us in with password"):
        session(ssh_key=None, password="canary-word-1234").open()


def test_large_files_come_and_go_whole(sshd: OpenSsh, session: Callable[..., SftpSession]) -> None:
    content = os.urandom(5_000_011)
    path = str(sshd.folder / "in/big")
    line = session()
    line.write(path, content)
    assert line.read(path, len(content)) == content


def test_its_rename_never_overwrites_and_its_posix_rename_does(
    sshd: OpenSsh, session: Callable[..., SftpSession]
) -> None:
    line = session()
    first, second = str(sshd.folder / "in/a"), str(sshd.folder / "in/b")
    line.write(first, b"a")
    line.write(second, b"b")
    with pytest.raises(NotDone):
        line.rename(first, second)
    line.replace(first, second)
    assert line.read(second, 1) == b"a"


def test_a_listing_may_be_left_half_way(sshd: OpenSsh, session: Callable[..., SftpSession]) -> None:
    for number in range(1500):
        (sshd.folder / f"out/{number}").touch()
    (sshd.folder / "in/only").touch()
    line = session()
    for _ in range(3):
        listing = line.list(str(sshd.folder / "out"))
        next(listing)
        listing.close()
        assert [each.name for each in line.list(str(sshd.folder / "in"))] == ["only"]
    assert len(list(line.list(str(sshd.folder / "out")))) == 1500


def test_a_session_that_stalls_is_given_up(sshd: OpenSsh, session: Callable[..., SftpSession]) -> None:
    line = session(timeouts={"reply": 0.3})
    line.open()
    assert sshd.process is not None
    children = Path(f"/proc/{sshd.process.pid}/task/{sshd.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionLost, match="no answer in time"):
            line.stat(str(sshd.folder))
    finally:
        for child in children:
            os.kill(int(child), signal.SIGCONT)
    assert line.stat(str(sshd.folder)) is not None


def test_files_are_taken_with_their_own_archive(sshd: OpenSsh, profile_for: Any, context: Any) -> None:
    (sshd.folder / "out/inventory.csv").write_text("CUP,7\n")
    connector = PLUGIN.open(profile_for(None, settings=settings(sshd)), context)
    try:
        assert [item.name for item in read_all(connector, "stock")[0]] == ["inventory.csv"]
    finally:
        connector.close()
    assert (sshd.folder / "out/done/inventory.csv").read_text() == "CUP,7\n"
