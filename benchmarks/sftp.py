"""How long files take over SFTP beside the OpenSSH client: `python -m benchmarks.sftp [--files N] [--mb N]`.

An OpenSSH server on loopback, started for the run; the hub's own session and OpenSSH's `sftp` (batch mode) in turn, a
new line for each. Small files are 3 kB. The hub's upload is what a delivery does: a hidden name, then the rename; its
download is what a poll does: list, then read. A figure is the median of the rounds, its ratio is to `sftp` in the same
run. The target is twice the time of `sftp`. It needs root and /usr/sbin/sshd, as the tests of OpenSSH do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hub.wire.sftp import SftpSession
from tests.files.openssh_server import WHY_NOT, OpenSsh, make_keys, settings

_SMALL = 3_000
_TARGET = 2.0


def by_openssh(server: OpenSsh, home: Path, command: str) -> float:
    """Return the seconds that OpenSSH's client takes for one command."""
    key = home / "client_key"
    batch = home / "batch"
    batch.write_text(f"{command}\n")
    arguments = ["sftp", "-q", "-b", str(batch), "-P", str(server.port), "-i", str(key)]
    arguments += [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={home / 'known'}",
        "-o",
        "LogLevel=ERROR",
    ]
    began = time.perf_counter()
    subprocess.run([*arguments, "root@127.0.0.1"], check=True, capture_output=True)
    return time.perf_counter() - began


def by_us(server: OpenSsh, work: Callable[[SftpSession], None]) -> float:
    """Return the seconds that our session takes, with its login and its end."""
    began = time.perf_counter()
    session = SftpSession(settings(server, timeouts={"reply": 60}).endpoint())
    try:
        work(session)
    finally:
        session.close()
    return time.perf_counter() - began


def put_all(session: SftpSession, sources: list[Path], target: Path) -> None:
    for source in sources:
        staged = str(target / f".{source.name}.part")
        session.write(staged, source.read_bytes())
        session.replace(staged, str(target / source.name))


def get_all(session: SftpSession, source: Path, target: Path) -> None:
    for entry in list(session.list(str(source))):
        (target / entry.name).write_bytes(session.read(str(source / entry.name), entry.size))


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def measure(home: Path, server: OpenSsh, sources: list[Path], rounds: int) -> dict[str, tuple[float, float]]:
    """Return the medians of (ours, theirs) in seconds, for putting these files and for getting them."""
    local, far, came = sources[0].parent, server.folder / "in", home / "came"
    times: dict[str, list[float]] = {"put theirs": [], "put ours": [], "get theirs": [], "get ours": []}
    for _ in range(rounds):
        emptied(far)
        times["put theirs"].append(by_openssh(server, home, f"put {local}/* {far}/"))
        emptied(far)
        times["put ours"].append(by_us(server, lambda session: put_all(session, sources, far)))
        emptied(came)
        times["get theirs"].append(by_openssh(server, home, f"get {far}/* {came}/"))
        emptied(came)
        times["get ours"].append(by_us(server, lambda session: get_all(session, far, came)))
        if sorted(each.name for each in came.iterdir()) != sorted(each.name for each in sources):
            raise ValueError("not every file came back")
    middle = {what: statistics.median(each) for what, each in times.items()}
    return {what: (middle[f"{what} ours"], middle[f"{what} theirs"]) for what in ("put", "get")}


def written(folder: Path, count: int, size: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"file{number:05}" for number in range(count)]
    for path in paths:
        path.write_bytes(os.urandom(size))
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000, help="how many small files")
    parser.add_argument("--mb", type=int, default=100, help="the size of the large one")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if WHY_NOT:
        print(f"not measured: {WHY_NOT}")
        raise SystemExit(0)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "keys").mkdir()
        server = OpenSsh(home / "server", make_keys(home / "keys"))
        (home / "client_key").write_text(server.private_key())
        (home / "client_key").chmod(0o600)
        try:
            raise SystemExit(report(home, server, options.files, options.mb, options.rounds))
        finally:
            server.stop()


def report(home: Path, server: OpenSsh, files: int, megabytes: int, rounds: int) -> int:
    """Print both tables; 0 when all of it is within the target."""
    worst = 0.0
    small, large = written(home / "small", files, _SMALL), written(home / "large", 1, megabytes << 20)
    print(f"{'':34} {'ours':>8} {'sftp':>8} {'ratio':>6}   (seconds, median of {rounds})")
    for what, sources in ((f"{files} files of {_SMALL} bytes", small), (f"1 file of {megabytes} MiB", large)):
        for way, (ours, theirs) in measure(home, server, sources, rounds).items():
            worst = max(worst, ours / theirs)
            print(f"{way} {what:30} {ours:8.2f} {theirs:8.2f} {ours / theirs:6.2f}")
    print(f"the slowest is {worst:.2f}x of sftp (target {_TARGET:g}x)")
    return 0 if worst <= _TARGET else 1


if __name__ == "__main__":
    main()
