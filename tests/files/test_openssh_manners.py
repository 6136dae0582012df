"""Each manner of exchanging files, and each trouble on the way, against a real OpenSSH server."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from hub.contract import AccessDenied, Connector, TemporaryFailure
from hub.testing.clock import FakeClock
from hub.testing.context import MemoryContext
from hub.testing.drive import first_page, read_all
from hub.wire.exchange.inbox import ROUND
from hub.wire.exchange.names import part_name
from hub.wire.exchange.outbox import UNSURE
from hub.wire.sftp import ConnectionLost
from hub.wire.sftp_client import PipelinedClient
from tests.files.openssh_server import WHY_NOT, OpenSsh, settings

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

Connect = Callable[..., Connector]
PATIENT = {"connect": 20, "banner": 20, "auth": 20, "reply": 20}


@pytest.fixture
def connect(sshd: OpenSsh, profile_for: Any, context: MemoryContext) -> Iterator[Connect]:
    opened: list[Connector] = []

    def open_one(**changed: Any) -> Connector:
        patient = settings(sshd, **{"timeouts": PATIENT, **changed})
        opened.append(PLUGIN.open(profile_for(None, settings=patient), context))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def begun_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where each upload began."""
    found: list[int] = []
    upload = PipelinedClient.upload

    def told(self: PipelinedClient, path: str, content: bytes, start: int = 0) -> None:
        found.append(start)
        upload(self, path, content, start)

    monkeypatch.setattr(PipelinedClient, "upload", told)
    return found


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder for more files than a disk makes in good time."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def put(server: OpenSsh, name: str, text: str = "CUP,7\n") -> Path:
    path = server.folder / "out" / name
    path.write_text(text)
    return path


def names_of(connector: Connector) -> list[str]:
    return [item.name for item in read_all(connector, "stock")[0]]


def test_rename_what_has_an_unfinished_name_is_left_until_it_is_renamed(sshd: OpenSsh, connect: Connect) -> None:
    part = put(sshd, "inventory.csv.part")
    connector = connect()
    assert names_of(connector) == []
    part.rename(sshd.folder / "out/inventory.csv")
    assert names_of(connector) == ["inventory.csv"]
    assert (sshd.folder / "out/done/inventory.csv").read_text() == "CUP,7\n"


def test_marker_a_file_waits_for_its_marker_and_takes_it_along(sshd: OpenSsh, connect: Connect) -> None:
    put(sshd, "inventory.csv")
    connector = connect(ready="marker")
    assert names_of(connector) == []
    marker = put(sshd, "inventory.csv.done", "")
    assert names_of(connector) == ["inventory.csv"]
    assert not marker.exists()


def test_stable_a_file_that_still_grows_is_left_for_the_next_poll(
    sshd: OpenSsh, connect: Connect, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = put(sshd, "inventory-a.csv")
    put(sshd, "inventory-b.csv")
    connector = connect(ready="stable")

    def grow(_seconds: float) -> None:
        growing.write_text("CUP,7\nPOT,1\n")

    with monkeypatch.context() as patched:
        patched.setattr(clock, "sleep", grow)
        assert names_of(connector) == ["inventory-b.csv"]
    assert names_of(connector) == ["inventory-a.csv"]


def test_claim_by_rename_two_hubs_never_get_the_same_file(sshd: OpenSsh, connect: Connect) -> None:
    for number in range(60):
        put(sshd, f"inventory-{number:02}.csv")
    got: list[list[str]] = [[], []]

    def take(at: int) -> None:
        got[at] = names_of(connect(instance=f"hub{at}"))

    threads = [threading.Thread(target=take, args=(at,)) for at in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(chain(*got)) == sorted(f"inventory-{number:02}.csv" for number in range(60))


def test_a_taken_file_may_be_deleted_instead_of_archived(sshd: OpenSsh, connect: Connect) -> None:
    put(sshd, "inventory.csv")
    assert names_of(connect(after="delete")) == ["inventory.csv"]
    assert list((sshd.folder / "out").iterdir()) == []


def test_a_folder_of_100_000_files_is_left_half_way_and_a_poll_gets_its_first_page(
    sshd: OpenSsh, connect: Connect, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    folder = sshd.folder / "out"
    folder.rmdir()
    folder.symlink_to(memory)
    for number in range(100_000):
        os.mknod(folder / f"inventory-{number:06}.csv")
    listed = 0
    listing = PipelinedClient.listing

    def counted(self: Any, path: str) -> Iterator[Any]:
        nonlocal listed
        for entry in listing(self, path):
            listed += 1
            yield entry

    monkeypatch.setattr(PipelinedClient, "listing", counted)
    page = first_page(connect(), "stock")
    assert len(page.items) == PLUGIN.about.page_size
    assert listed <= ROUND + 2


def test_reconnect_a_server_that_went_away_between_pages_leaves_no_gap_and_no_second_copy(
    sshd: OpenSsh, connect: Connect
) -> None:
    count = PLUGIN.about.page_size + 20
    for number in range(count):
        put(sshd, f"inventory-{number:04}.csv")
    connector = connect()
    pages = connector.fetch("stock", None)
    got = [item.name for item in next(pages).items]
    sshd.cut()
    sshd.stop()
    with pytest.raises(TemporaryFailure):  # the first page was not handed over yet: it is still claimed
        next(pages)
    sshd.start()
    again = names_of(connector)
    assert set(got) <= set(again)
    assert sorted(again) == sorted(f"inventory-{number:04}.csv" for number in range(count))


def test_resume_an_upload_that_was_cut_off_is_whole_at_the_second_try(
    sshd: OpenSsh, connect: Connect, outbound: Any, begun_at: list[int]
) -> None:
    big = outbound(content=os.urandom(1 << 20) * 60)
    connector = connect()
    sending = threading.Thread(target=_cut_when_it_grows, args=(sshd, sshd.folder / "in"))
    sending.start()
    with pytest.raises(ConnectionLost):
        connector.send(big)
    sending.join(30)
    assert not (sshd.folder / "in/PO_P1.csv").exists()
    (stood,) = (each.stat().st_size for each in (sshd.folder / "in").iterdir())
    connector.send(big)
    assert begun_at == [0, max(0, stood - UNSURE)], "the second try goes on where the first one certainly came to"
    assert (sshd.folder / "in/PO_P1.csv").read_bytes() == big.content
    assert [each.name for each in (sshd.folder / "in").iterdir()] == ["PO_P1.csv"]


@pytest.mark.parametrize(
    ("left", "start"),
    [
        (lambda ours: ours[: 6 << 20], (6 << 20) - UNSURE),
        (lambda ours: ours[: 3 << 20] + bytes(3 << 20), (6 << 20) - UNSURE),  # a hole among what was on its way
        (lambda ours: ours[: UNSURE + 10], 0),
        (lambda _ours: bytes(6 << 20), 0),
        (lambda ours: ours[:-1] + b"?", 0),
        (lambda ours: ours + b"?", 0),
    ],
    ids=["ours", "with a hole", "hardly any", "another's", "as long", "longer"],
)
def test_what_stands_under_the_unfinished_name_is_gone_on_with_only_where_it_is_ours(
    sshd: OpenSsh, connect: Connect, outbound: Any, begun_at: list[int], left: Callable[[bytes], bytes], start: int
) -> None:
    big = outbound(content=os.urandom(8 << 20))
    (sshd.folder / part_name("in/PO_P1.csv", big.key)).write_bytes(left(big.content))
    connect().send(big)
    assert begun_at == [start]
    assert (sshd.folder / "in/PO_P1.csv").read_bytes() == big.content


def _cut_when_it_grows(server: OpenSsh, folder: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if any(each.stat().st_size > 9 << 20 for each in folder.iterdir()):
            server.cut()
            return
        time.sleep(0.002)


def test_a_changed_host_key_lets_nothing_through_and_both_fingerprints_are_told(
    sshd: OpenSsh, connect: Connect, outbound: Any
) -> None:
    known = sshd.fingerprint()
    sshd.stop()
    for end in ("", ".pub"):
        (sshd.home / f"host_ed25519{end}").unlink(missing_ok=True)
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(sshd.home / "host_ed25519")]
    subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    sshd.start()
    with pytest.raises(AccessDenied) as denied:
        connect(host_key=known).send(outbound())
    assert known in denied.value.what
    assert denied.value.what.count("SHA256:") >= 2
    assert list((sshd.folder / "in").iterdir()) == []


def test_a_full_disk_at_the_far_end_is_told_and_the_file_goes_when_there_is_room(
    sshd: OpenSsh, connect: Connect, outbound: Any
) -> None:
    folder = sshd.folder / "in"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("nothing may be mounted here, so that no disk can be filled")
    try:
        order = outbound(content=os.urandom(2 << 20))
        connector = connect()
        with pytest.raises(TemporaryFailure):
            connector.send(order)
        assert not (folder / "PO_P1.csv").exists()
        subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True, capture_output=True)
        connector.send(order)
        assert (folder / "PO_P1.csv").read_bytes() == order.content
    finally:
        connector.close()
        subprocess.run(["umount", "-l", str(folder)], check=False)
