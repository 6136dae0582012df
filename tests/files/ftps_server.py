"""A throw-away FTPS server (pyftpdlib) with moods, for the tests."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any, ClassVar

from tests.files.certificates import Made

with warnings.catch_warnings():  # it is built on asyncore, which Python 3.11 calls deprecated
    warnings.simplefilter("ignore")
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

PASSWORD = "canary-Xq7-not-a-word"


class _Handler(TLS_FTPHandler):
    """One client; `moods` maps a command (or *) to what happens to it, for so many times."""

    server_of_ours: ClassVar[Any] = None
    use_sendfile = False
    tls_control_required = True
    tls_data_required = True
    dropping = False

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        ours = self.server_of_ours
        ours.calls.append(f"{cmd} {arg}".strip())
        if cmd in ours.unknown:
            self.respond("500 Command not understood.")
            return
        match ours.mood_for(cmd):
            case "down":
                self.close()
            case "hang":
                pass
            case "busy":
                self.respond("450 Resource temporarily unavailable.")
            case "locked_out":
                self.respond("530 Account locked.")
            case "lost_reply":
                self.dropping = True
                super().pre_process_command(line, cmd, arg)
            case _:
                super().pre_process_command(line, cmd, arg)

    def respond(self, resp: str, *args: Any, **kwargs: Any) -> None:
        if self.dropping:
            self.close()
            return
        super().respond(resp, *args, **kwargs)


class FtpsServer:
    """Serves `folder` to the account `acme`."""

    def __init__(self, root: Path, made: Made, *, permissions: str = "elradfmwMT", implicit: bool = False) -> None:
        self.root = root
        self.folder = root / "acme"
        for name in ("in", "out"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.calls: list[str] = []
        self.unknown: set[str] = set()
        self.spells: dict[str, list[Any]] = {}
        self.port = 0
        self._made, self._permissions, self._implicit = made, permissions, implicit
        self._stop = threading.Event()
        self.start()

    def start(self) -> None:
        authorizer = DummyAuthorizer()
        authorizer.add_user("acme", PASSWORD, str(self.folder), perm=self._permissions)
        handler: Any = type(
            "Handler",
            (_ImplicitHandler if self._implicit else _Handler,),
            {
                "authorizer": authorizer,
                "server_of_ours": self,
                "certfile": str(self._made.write(self.root)),
                "ssl_context": None,
                "auth_failed_timeout": 0,
            },
        )
        self._stop.clear()
        self._server = FTPServer(("127.0.0.1", self.port), handler, ioloop=IOLoop())
        self.port = self._server.address[1]
        self._thread = threading.Thread(target=self._serve, name="ftps-server", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._server.ioloop.loop(timeout=0.02, blocking=False)
        self._server.close_all()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def mood(self, mood: str, *, on: str = "*", times: int | None = None) -> None:
        self.spells[on] = [mood, times]

    def calm(self) -> None:
        self.spells.clear()

    def mood_for(self, command: str) -> str:
        spell = self.spells.get(command) or self.spells.get("*")
        if spell is None or (spell[1] is not None and spell[1] <= 0):
            return ""
        if spell[1] is not None:
            spell[1] -= 1
        return str(spell[0])

    def put(self, path: str, content: str | bytes) -> Path:
        target = self.folder / path.lstrip("/")
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def names(self, folder: str) -> list[str]:
        return sorted(each.name for each in (self.folder / folder.lstrip("/")).iterdir() if each.is_file())


class _ImplicitHandler(_Handler):
    """TLS from the first byte."""

    def handle(self) -> None:
        self.secure_connection(self.get_ssl_context())

    def handle_ssl_established(self) -> None:
        TLS_FTPHandler.handle(self)
