"""`check`: one sentence on what works, or on the first thing that does not, and nothing left lying about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.contract import Connector
from hub.wire.sftp import SftpSession
from sandbox.moods import Mood

Connect = Callable[..., Connector]


def test_a_healthy_account_is_told_in_one_sentence(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    health = connect(server).check()
    assert health.ok
    assert health.sentence == (
        f"logged in to sftp://acme@127.0.0.1:{server.port}; stock: 1 waiting as /out/inventory*.csv; "
        "acks: 0 waiting as /out/ACK_*.csv; can write in /in"
    )
    assert server.names("/in") == []
    assert server.names("/out") == ["inventory.csv"]


def test_a_probe_that_a_death_left_behind_is_no_trouble(server: Any, connect: Connect) -> None:
    for number in (1, 2):
        server.put(f"/in/crossdock-connection-check-crossdock-{number}.part", "x")
    assert connect(server).check().ok
    assert server.names("/in") == []


def test_no_partner_takes_the_probe_for_an_order(server: Any, connect: Connect) -> None:
    connect(server).check()
    assert [path for path in server.arrived if not path.endswith(".part")] == []
    assert all(path.startswith("/in/crossdock-connection-check-") for path in server.arrived)


def test_what_does_not_work_is_the_answer(server: Any, connect: Connect) -> None:
    (server.folder / "out").rmdir()
    health = connect(server).check()
    assert not health.ok
    assert "could not list /out: no such file or folder" in health.sentence
    assert health.todo == "ask acme for the folder /out, or correct the folder in the mapping file"


def test_an_unknown_host_is_told_with_its_fingerprint(server: Any, connect: Connect) -> None:
    health = connect(server, host_key=[]).check()
    assert not health.ok
    assert server.fingerprint in health.sentence
    assert "host_key" in health.todo


def test_a_refused_rename_leaves_no_probe(server: Any, connect: Connect) -> None:
    server.mood(Mood.BUSY, on="rename *", times=1)
    health = connect(server).check()
    assert not health.ok
    assert server.names("/in") == []


def test_a_crowded_folder_is_not_counted_to_the_end(server: Any, connect: Connect, monkeypatch: Any) -> None:
    for number in range(30):
        server.put(f"/out/inventory-{number}.csv", "")
    monkeypatch.setattr("hub.wire.exchange.probe.COUNTED", 20)
    seen: list[str] = []
    whole = SftpSession.list

    def counting(self: SftpSession, folder: str) -> Any:
        for each in whole(self, folder):
            seen.append(each.name)
            yield each

    monkeypatch.setattr(SftpSession, "list", counting)
    assert "stock: 20+ waiting" in connect(server).check().sentence
    assert len([name for name in seen if name.startswith("inventory")]) < 60
