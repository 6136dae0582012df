"""The SFTP server, asked by paramiko."""

from __future__ import annotations

import contextlib
import threading

import paramiko
import pytest

from sandbox.world import RunningSandbox
from tests.sandbox.clients import LogIn, Run


def _put(client: paramiko.SFTPClient, path: str, text: str = "x") -> None:
    with client.open(path, "w") as stream:
        stream.write(text)


def _names(client: paramiko.SFTPClient, folder: str) -> set[str]:
    return set(client.listdir(folder))


def test_an_account_sees_its_folders_and_the_first_files(log_in: LogIn) -> None:
    with log_in("acme01") as client:
        assert _names(client, "/") == {"in", "out"}
        assert {"inventory.csv", "catalogue.csv", "done"} == _names(client, "/out")


def test_the_own_warehouse_has_no_catalogue(log_in: LogIn) -> None:
    with log_in("dc1") as client:
        assert _names(client, "/out") == {"inventory.csv", "done"}


@pytest.mark.parametrize("account", ["acme01", "nobody"])
def test_a_wrong_password_is_refused(log_in: LogIn, account: str) -> None:
    with pytest.raises(paramiko.AuthenticationException), log_in(account, "wrong"):
        pass


@pytest.mark.parametrize("path", ["/../dc1/out/inventory.csv", "../../dc1/out/inventory.csv", "/etc/passwd"])
def test_nobody_gets_out_of_their_folder(log_in: LogIn, path: str) -> None:
    with log_in("acme01") as client, pytest.raises(FileNotFoundError):
        client.stat(path)


def test_links_are_refused(log_in: LogIn) -> None:
    with log_in("acme01") as client, pytest.raises(OSError, match="not allowed"):
        client.symlink("/out/inventory.csv", "/in/link")


def test_a_plain_rename_refuses_a_taken_name_and_a_posix_rename_replaces_it(log_in: LogIn) -> None:
    with log_in("acme01") as client:
        _put(client, "/in/a.part", "new")
        _put(client, "/in/b.txt", "old")
        with pytest.raises(OSError, match="already exists"):
            client.rename("/in/a.part", "/in/b.txt")
        client.posix_rename("/in/a.part", "/in/b.txt")
        with client.open("/in/b.txt") as stream:
            assert stream.read() == b"new"


def test_only_one_of_several_claims_wins(log_in: LogIn) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(log_in("acme01")) for _ in range(4)]
        won = []
        for number, client in enumerate(clients):
            with contextlib.suppress(OSError):
                client.rename("/out/catalogue.csv", f"/out/done/{number}.csv")
                won.append(number)
        assert won == [0]


def test_many_sessions_stand_at_once(log_in: LogIn, sandbox: RunningSandbox) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(log_in(code)) for code in ("dc1", "acme01", "borealis01") for _ in range(7)]
        assert all(_names(client, "/") == {"in", "out"} for client in clients)
    assert sum(calls["login"] for calls in sandbox.calls().values()) == 21


def test_a_file_larger_than_a_packet_comes_back_whole(log_in: LogIn) -> None:
    text = "0123456789" * 20_000
    with log_in("acme01") as client:
        _put(client, "/in/large.txt", text)
        with client.open("/in/large.txt") as stream:
            assert stream.read().decode() == text


# --- moods ---


def test_a_lost_reply_has_renamed_the_file(sandbox: RunningSandbox, log_in: LogIn) -> None:
    sandbox.mood("acme01", "lost_reply", for_calls=1)
    with log_in("acme01") as client:
        _put(client, "/in/note.part")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            client.posix_rename("/in/note.part", "/in/note.txt")
    with log_in("acme01") as client:
        assert _names(client, "/in") == {"note.txt"}


def test_a_lost_reply_to_a_write_has_written_it(sandbox: RunningSandbox, log_in: LogIn) -> None:
    sandbox.mood("acme01", "lost_reply", for_calls=1, on="write /in/*")
    with log_in("acme01") as client, pytest.raises((OSError, EOFError, paramiko.SSHException)):
        _put(client, "/in/note.part", "words")
    with log_in("acme01") as client, client.open("/in/note.part") as stream:
        assert stream.read() == b"words"


def test_a_connection_that_goes_down_before_the_rename_has_done_nothing(sandbox: RunningSandbox, log_in: LogIn) -> None:
    sandbox.mood("acme01", "down", for_calls=1, on="rename *")
    with log_in("acme01") as client:
        _put(client, "/in/note.part")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            client.posix_rename("/in/note.part", "/in/note.txt")
    with log_in("acme01") as client:
        assert _names(client, "/in") == {"note.part"}


def test_a_partner_that_is_down_lets_nobody_in(sandbox: RunningSandbox, log_in: LogIn) -> None:
    sandbox.mood("acme01", "down")
    with pytest.raises((paramiko.SSHException, OSError, EOFError)), log_in("acme01"):
        pass
    with log_in("borealis01") as client:
        assert _names(client, "/") == {"in", "out"}


def test_a_locked_out_account_gets_in_again_when_it_is_calmed(sandbox: RunningSandbox, log_in: LogIn) -> None:
    sandbox.mood("acme01", "locked_out")
    with pytest.raises(paramiko.AuthenticationException), log_in("acme01"):
        pass
    sandbox.calm("acme01")
    with log_in("acme01") as client:
        assert _names(client, "/") == {"in", "out"}


def test_a_busy_partner_fails_and_then_works(sandbox: RunningSandbox, log_in: LogIn) -> None:
    with log_in("acme01") as client:
        sandbox.mood("acme01", "busy", for_calls=1, on="list *")
        with pytest.raises(OSError, match="temporarily unavailable"):
            client.listdir("/out")
        assert "inventory.csv" in _names(client, "/out")


def test_a_partner_that_hangs_never_answers_and_can_still_be_closed(sandbox: RunningSandbox, log_in: LogIn) -> None:
    with log_in("acme01") as client:
        sandbox.mood("acme01", "hang", for_calls=1, on="list *")
        client.get_channel().settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.listdir("/out")
    sandbox.close()


def test_a_partner_that_hangs_at_login_can_still_be_closed(sandbox: RunningSandbox) -> None:
    sandbox.mood("acme01", "hang", on="login")
    transport = paramiko.Transport(("127.0.0.1", sandbox.info["sftp_port"]))
    transport.auth_timeout = 0.1
    try:
        with pytest.raises(paramiko.AuthenticationException):
            transport.connect(username="acme01", password=sandbox.info["passwords"]["acme01"])
        sandbox.close()
    finally:
        transport.close()
        transport.join(5)


def test_a_slow_partner_answers_later(sandbox: RunningSandbox, log_in: LogIn) -> None:
    with log_in("acme01") as client:
        sandbox.mood("acme01", "slow", for_calls=1, on="list *", seconds=0.2)
        client.get_channel().settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.listdir("/out")


def test_a_server_that_is_shut_refuses_connections_and_reopens_where_it_was(
    sandbox: RunningSandbox, log_in: LogIn
) -> None:
    with log_in("acme01") as client:
        sandbox.shut("sftp")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            client.listdir("/out")
    with pytest.raises((OSError, paramiko.SSHException)), log_in("acme01"):
        pass
    sandbox.reopen("sftp")
    with log_in("acme01") as client:
        assert "inventory.csv" in _names(client, "/out")


def test_calls_are_counted_by_partner_and_path(sandbox: RunningSandbox, log_in: LogIn) -> None:
    with log_in("acme01") as client:
        _put(client, "/in/a.part")
        client.posix_rename("/in/a.part", "/in/a.txt")
    calls = sandbox.calls("acme01")
    assert set(calls) == {"acme01"}
    assert calls["acme01"]["rename /in/a.txt"] == 1
    assert calls["acme01"]["write /in/a.part"] == 1


def test_closing_leaves_no_thread_behind(run: Run) -> None:
    before = set(threading.enumerate())
    sandbox = run()
    assert set(threading.enumerate()) - before
    sandbox.close()
    sandbox.close()
    assert set(threading.enumerate()) - before == set()
