"""An OpenSSH server of a test's own, the one that most partners run; skipped, with the reason, where there is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from connectors.files.settings import FilesSettings
from tests.waiting import free_port, wait_for_server

SSHD = Path("/usr/sbin/sshd")
WHY_NOT = (
    "no /usr/sbin/sshd here (apt-get install openssh-server)"
    if not SSHD.exists()
    else "only root can start an sshd that anybody may log in to"
    if os.geteuid() != 0
    else ""
)

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers root
Subsystem sftp internal-sftp
ForceCommand internal-sftp
UseDNS no
MaxStartups 100
"""


class OpenSsh:
    """An sshd of our own on loopback; `folder` is where the files are, below the keys."""

    def __init__(self, home: Path, keys: Path) -> None:
        self.home, self.keys = home, keys
        self.folder = home / "files"
        for name in ("in", "out"):
            (self.folder / name).mkdir(parents=True)
        for name in ("host_ed25519", "host_rsa"):
            shutil.copy(keys / name, home / name)
        self.admit("client_ed25519", "client_rsa", "client_ecdsa", "client_locked")
        self.port = free_port()
        (home / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=home))
        Path("/run/sshd").mkdir(exist_ok=True)
        try_out = [str(SSHD), "-t", "-f", str(home / "sshd_config")]
        unfit = subprocess.run(try_out, capture_output=True, text=True, check=False)
        if unfit.returncode:
            pytest.skip(f"sshd does not start here: {unfit.stderr.strip()}")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [str(SSHD), "-D", "-e", "-f", str(self.home / "sshd_config")]
        log = (self.home / "sshd.log").open("ab")
        with log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for_server(self.port, self.process, (self.home / "sshd.log").read_text)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def admit(self, *names: str) -> None:
        lines = [(self.keys / f"{name}.pub").read_text() for name in names]
        (self.home / "authorized_keys").write_text("".join(lines))
        (self.home / "authorized_keys").chmod(0o600)

    @property
    def sessions(self) -> list[int]:
        """The processes that serve the logins there are."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children]

    def cut(self) -> None:
        """Cut every line there is, as a firewall or a crash would."""
        for child in self.sessions:
            for below in (*_below(child), child):
                with suppress(ProcessLookupError):
                    os.kill(below, signal.SIGKILL)

    def private_key(self, name: str = "client_ed25519") -> str:
        return (self.keys / name).read_text()

    def public_line(self, name: str = "host_ed25519") -> str:
        return (self.keys / f"{name}.pub").read_text().strip()

    def fingerprint(self, name: str = "host_ed25519") -> str:
        command = ["ssh-keygen", "-l", "-f", str(self.keys / f"{name}.pub")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


def _below(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [each for child in found for each in (*_below(child), child)]


def make_keys(folder: Path) -> Path:
    """Make the keys of both sides; those of the clients are named client_*."""
    kinds = {"ed25519": (), "rsa": ("-b", "2048"), "ecdsa": ()}
    wanted = [("host_ed25519", "ed25519"), ("host_rsa", "rsa")]
    wanted += [(f"client_{kind}", kind) for kind in kinds] + [("client_locked", "ed25519")]
    for name, kind in wanted:
        phrase = "open-sesame-9f2c" if name == "client_locked" else ""
        command = ["ssh-keygen", "-q", "-t", kind, *kinds[kind], "-N", phrase, "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return folder


def settings(server: OpenSsh, **changed: Any) -> FilesSettings:
    """Return the settings of a connection to the server, quick to give up."""
    fields = {
        "url": f"sftp://root@127.0.0.1:{server.port}{server.folder}",
        "ssh_key": server.private_key(),
        "host_key": server.fingerprint(),
        "ready": "rename",
        "timeouts": {"connect": 2, "banner": 2, "auth": 2, "reply": 2},
    }
    return FilesSettings.model_validate({**fields, **changed})
