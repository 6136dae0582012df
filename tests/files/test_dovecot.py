"""Mail against Dovecot, which is what many providers run: moving, folders that are made, names with umlauts."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Absent, Found, Outbound, Profile
from hub.testing.context import MemoryContext
from hub.testing.drive import read_all
from hub.wire.exchange.mail_text import written
from tests.files.certificates import self_signed
from tests.files.mail_servers import ACCOUNT, PARTNER, a_mail
from tests.waiting import free_port, wait_for_server

DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"

pytestmark = [
    pytest.mark.skipif(not Path(DOVECOT).exists(), reason="dovecot is not installed (apt-get install dovecot-imapd)"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot changes its user and needs root for that"),
]

SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
ssl = required
ssl_cert = <{pem}
ssl_key = <{pem}
auth_mechanisms = plain
mail_location = maildir:{root}/mail
first_valid_uid = 0
first_valid_gid = 0
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
passdb {{
  driver = static
  args = password=s3cret-word-77
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""


class Mailbox:
    """One account; mail arrives by being put into its folder."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self._placed = 0

    def place(self, content: bytes, folder: str = "") -> None:
        self._placed += 1
        home = self.root / "mail" / folder
        for name in ("tmp", "new", "cur"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (home / "new" / f"{self._placed}.test").write_bytes(content)
        for each in (self.root / "mail", *(self.root / "mail").rglob("*")):
            shutil.chown(each, "nobody", "nogroup")

    def count(self, folder: str = "") -> int:
        home = self.root / "mail" / folder
        return sum(1 for name in ("new", "cur") for _ in (home / name).glob("*"))


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that another user can look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def box(reachable: Path) -> Iterator[Mailbox]:
    tmp_path = reachable
    port = free_port()
    nobody = pwd.getpwnam("nobody")
    configuration = tmp_path / "dovecot.conf"
    pem = self_signed().write(tmp_path)
    configuration.write_text(
        SETTINGS.format(root=tmp_path, pem=pem, port=port, uid=nobody.pw_uid, gid=nobody.pw_gid).lstrip()
    )
    with subprocess.Popen([DOVECOT, "-F", "-c", str(configuration)], stderr=subprocess.PIPE) as server:
        try:
            log = tmp_path / "log"
            wait_for_server(port, server, lambda: log.read_text("utf-8") if log.exists() else "dovecot says nothing")
            yield Mailbox(tmp_path, port)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)


@pytest.fixture
def connect(box: Mailbox, profile_for: Callable[..., Profile], clock: Any) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def one(**changed: Any) -> Any:
        fields = {
            "url": f"imaps://orders@127.0.0.1:{box.port}/INBOX",
            "password": "s3cret-word-77",
            "certificate": self_signed().fingerprint,
            "senders": [PARTNER],
            "timeouts": {"connect": 5, "reply": 5},
        }
        settings = FilesSettings.model_validate({**fields, **changed})
        opened.append(PLUGIN.open(profile_for(None, settings), MemoryContext(clock)))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def test_attachments_are_taken_and_their_mails_moved(box: Mailbox, connect: Callable[..., Any]) -> None:
    for number in (1, 2, 3):
        box.place(a_mail({f"inventory-{number}.csv": f"CUP,{number}\n"}, number=number))
    box.place(a_mail({"inventory-4.csv": "CUP,4\n"}, sender="mallory@evil.example", number=4))
    connector = connect(archive_folder="Erledigt & übernommen")
    health = connector.check()
    assert health.ok, health
    assert "3 mails of acme in INBOX" in health.sentence
    items, cursor = read_all(connector, "stock")
    assert sorted(item.content for item in items) == [b"CUP,1\n", b"CUP,2\n", b"CUP,3\n"]
    assert box.count() == 1
    assert box.count(".Erledigt &- &APw-bernommen") == 3
    assert read_all(connector, "stock", cursor)[0] == []


@pytest.mark.parametrize(("after", "left"), [("delete", 0), ("leave", 1)])
def test_what_becomes_of_a_mail_that_was_taken(
    box: Mailbox, connect: Callable[..., Any], after: str, left: int
) -> None:
    box.place(a_mail({"inventory.csv": "CUP,1\n"}))
    assert len(read_all(connect(after=after), "stock")[0]) == 1
    assert box.count() == left


def test_a_mail_of_ours_is_found_in_the_sent_folder(
    box: Mailbox, connect: Callable[..., Any], outbound: Callable[..., Outbound], clock: Any
) -> None:
    connector = connect(sent_folder="Sent", smtp="smtps://127.0.0.1:1", sender=ACCOUNT, to=[PARTNER])
    settings = connector._transport._settings
    box.place(written(outbound(1), settings, clock.now()), ".Sent")
    assert isinstance(connector.find(outbound(1, note="leaving")), Found)
    assert connector.find(outbound(2, note="leaving")) == Absent()


def test_a_wrong_password_denies_access(connect: Callable[..., Any]) -> None:
    health = connect(password="wrong-word-77").check()
    assert not health.ok
    assert "does not let us in" in health.sentence
