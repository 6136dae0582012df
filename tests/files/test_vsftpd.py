"""FTPS against vsftpd, which demands that data channels resume the control channel's TLS session and knows no MLSD."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Found, Outbound, Profile
from hub.testing.context import MemoryContext
from hub.testing.drive import read_all
from tests.files.certificates import self_signed
from tests.waiting import free_port, wait_for_server

VSFTPD = shutil.which("vsftpd") or "/usr/sbin/vsftpd"

pytestmark = [
    pytest.mark.skipif(not Path(VSFTPD).exists(), reason="vsftpd is not installed (apt-get install vsftpd)"),
    pytest.mark.skipif(os.geteuid() != 0, reason="vsftpd changes its user and needs root for that"),
]

SETTINGS = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root={root}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
anon_world_readable_only=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_data_ssl=YES
force_anon_logins_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file={pem}
rsa_private_key_file={pem}
seccomp_sandbox=NO
secure_chroot_dir={empty}
ftp_username=ftp
nopriv_user=nobody
xferlog_enable=NO
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    root, empty = tmp_path / "root", tmp_path / "empty"
    for folder in (root / "in", root / "out", root / "out/done", empty):
        folder.mkdir(parents=True)
    for folder in (root / "in", root / "out", root / "out/done"):
        shutil.chown(folder, "ftp")
    for above in (tmp_path, *tmp_path.parents[:2]):  # it looks at them as another user
        above.chmod(above.stat().st_mode | 0o055)
    chosen = free_port()
    pem = self_signed().write(tmp_path)
    configuration = tmp_path / "vsftpd.conf"
    configuration.write_text(SETTINGS.format(port=chosen, root=root, pem=pem, empty=empty).lstrip())
    with subprocess.Popen([VSFTPD, str(configuration)], stderr=subprocess.PIPE) as server:
        try:
            wait_for_server(chosen, server, lambda: "vsftpd does not listen")
            yield chosen
        finally:
            server.kill()


def test_files_go_both_ways(
    port: int, tmp_path: Path, profile_for: Callable[..., Profile], outbound: Callable[..., Outbound], clock: Any
) -> None:
    settings = FilesSettings.model_validate(
        {
            "url": f"ftps://anonymous@127.0.0.1:{port}/",
            "certificate": self_signed().fingerprint,
            "ready": "rename",
            "timeouts": {"connect": 5, "reply": 5},
        }
    )
    context = MemoryContext(clock)
    connector = PLUGIN.open(profile_for(None, settings), context)
    try:
        (tmp_path / "root/out/inventory.csv").write_bytes(b"CUP,7\n" * 50_000)
        shutil.chown(tmp_path / "root/out/inventory.csv", "ftp")
        health = connector.check()
        assert health.ok, health
        ((item,), _) = read_all(connector, "stock")
        assert len(item.content) == 300_000
        assert [each.name for each in (tmp_path / "root/out/done").iterdir()] == ["inventory.csv"]
        connector.send(outbound())
        assert (tmp_path / "root/in/PO_P1.csv").read_bytes() == b"P1,CUP,3\n"
        assert isinstance(connector.find(outbound(note=context.notes["P1"])), Found)
        assert [each.name for each in (tmp_path / "root/in").iterdir()] == ["PO_P1.csv"]
        shutil.rmtree(tmp_path / "root/out")
        missing = connector.look()
        assert missing.todo == "ask acme for the folder /out, or correct the folder in the mapping file"
    finally:
        connector.close()
