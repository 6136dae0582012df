"""CPU share of the daemon while it polls 100 SFTP suppliers every 5 minutes: `python -m benchmarks.polling [SECONDS]`.

Starts the sandbox and the hub as processes, waits until both are idle, then counts the hub's CPU time over a span in
which the staggered polls come evenly. The floor is the same number of bare SFTP logins and listings, measured after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paramiko

from hub.cli.demo import open_for_business, prepare
from hub.cli.processes import HubProcess, SandboxProcess

SUPPLIERS, EVERY = 100, 300
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def logins_cost(facts: dict[str, object], count: int) -> float:
    """Return the CPU seconds of one bare login and listing, averaged over so many."""
    passwords = facts["passwords"]
    assert isinstance(passwords, dict)
    code, password = next(iter(passwords.items()))
    started = time.process_time()
    for _ in range(count):
        with paramiko.Transport(("127.0.0.1", int(str(facts["sftp_port"])))) as transport:
            transport.connect(username=code, password=password)
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            sftp.listdir("/out")
    return (time.process_time() - started) / count


def read_all_once(folder: Path) -> None:
    command = [sys.executable, "-m", "hub.cli", "--config", str(folder / "crossdock.toml"), "stock", "sync"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def main() -> None:
    span = float(sys.argv[1]) if len(sys.argv) > 1 else 90.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox = SandboxProcess(folder, ["--orders", "1", "--seed", "1", "--suppliers", str(SUPPLIERS)])
        hub = None
        try:
            sandbox.wait_until_ready()
            prepare(folder)
            (folder / "schedules" / "demo.toml").write_text(
                f'[[schedule]]\nname = "polls"\nevery = "{EVERY}s"\nstagger = true\n'
                'select = { kind = ["acknowledgement", "shipment", "stock_level", "catalogue_entry"] }\n'
            )
            hub = HubProcess(folder)
            open_for_business(folder, hub)
            read_all_once(folder)  # as in every round after a daemon's first, its sessions are open
            time.sleep(10)
            before = cpu_seconds(hub.pid)
            time.sleep(span)
            used = cpu_seconds(hub.pid) - before
            peak = peak_mib(hub.pid)
            floor = logins_cost(json.loads((folder / "sandbox.json").read_text("utf-8")), 20) * SUPPLIERS / EVERY
        finally:
            if hub is not None:
                hub.stop()
            sandbox.stop()
    share = used / span
    print(f"  daemon polling {SUPPLIERS} SFTP suppliers every {EVERY} s: {share:.2%} of one core over {span:.0f} s")
    print(
        f"  floor, as many bare logins and listings: {floor:.2%}; ratio {share / floor:.1f}; peak memory {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
