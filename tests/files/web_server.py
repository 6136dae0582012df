"""A throw-away HTTPS server with documents, conditional requests and moods, for the tests."""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.files.certificates import Made

TOKEN = "canary-Xq7-not-a-word"


@dataclass
class WebServer:
    """Holds documents by path; `names_as` says how a folder is shown: html, json or objects."""

    root: Path
    made: Made
    documents: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    keys: list[tuple[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    bodies_sent: int = 0
    names_as: str = "html"
    validators: frozenset[str] = frozenset({"etag", "modified"})
    refuses: dict[str, int] = field(default_factory=dict)
    authorization: tuple[str, str] = ("Authorization", f"Bearer {TOKEN}")
    mood: str = ""
    mood_left: int | None = None
    port: int = 0

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"ours": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients break off on purpose
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.made.write(self.root))
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )
        self.port = self._http.server_address[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def put(self, path: str, content: str | bytes, modified: float = 1_700_000_000) -> None:
        self.documents[path] = content.encode() if isinstance(content, str) else content
        self.times[path] = modified

    def set_mood(self, mood: str, times: int | None = None) -> None:
        self.mood, self.mood_left = mood, times

    def met(self, *, changing: bool) -> str:
        """The mood that meets this call; a lost reply waits for a call that changes something."""
        if not self.mood or self.mood_left == 0 or (self.mood == "lost_reply" and not changing):
            return ""
        if self.mood_left is not None:
            self.mood_left -= 1
        return self.mood


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ours: Any = None
    timeout = 5
    wbufsize = 65_536
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _serve(self) -> None:
        ours: WebServer = self.ours
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ours.calls.append(f"{self.command} {self.path}")
        mood = ours.met(changing=self.command in ("PUT", "POST", "DELETE"))
        name, expected = ours.authorization
        if mood == "hang":
            ours._stopped.wait(0.5)
        if mood in ("down", "hang"):
            self._cut()
        elif mood == "busy":
            self._answer(429, b"", {"Retry-After": "1"})
        elif mood == "locked_out" or self.headers.get(name) != expected:
            self._answer(401, b"who are you")
        elif mood == "picky" and self.command != "GET":
            self._answer(422, b'{"error": "we do not sell that"}')
        elif (status := ours.refuses.get(self.command)) is not None:
            self._answer(status, b"no")
        elif mood == "half":
            self._half()
        else:
            status, content, headers = getattr(self, f"_{self.command.lower()}")(body)
            if mood == "lost_reply":
                self._cut()
            else:
                self._answer(status, content, headers)

    def _get(self, _body: bytes) -> tuple[int, bytes, dict[str, str]]:
        ours: WebServer = self.ours
        if self.path.endswith("/"):
            return self._folder()
        if self.path not in ours.documents:
            return 404, b"not here", {}
        content = ours.documents[self.path]
        etag, modified = f'"{hash(content):x}"', formatdate(ours.times[self.path], usegmt=True)
        headers = {}
        if "etag" in ours.validators:
            headers["ETag"] = etag
        if "modified" in ours.validators:
            headers["Last-Modified"] = modified
        asked = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if (asked[0] == etag and "etag" in ours.validators) or (asked[1] == modified and "modified" in ours.validators):
            return 304, b"", headers
        ours.bodies_sent += 1
        return 200, content, headers

    _head = _get

    def _folder(self) -> tuple[int, bytes, dict[str, str]]:
        names = sorted(path[len(self.path) :] for path in self.ours.documents if path.startswith(self.path))
        names = [name for name in names if "/" not in name]
        if self.ours.names_as == "html":
            links = "".join(f'<a href="{name}">{name}</a>\n' for name in ("../", "?C=N;O=D", "sub/", *names))
            return 200, f"<html><body>{links}</body></html>".encode(), {"Content-Type": "text/html"}
        listed: Any = names
        if self.ours.names_as == "objects":
            listed = {"files": [{"name": name, "url": f"{self.path}{name}"} for name in names]}
        return 200, json.dumps(listed).encode(), {"Content-Type": "application/json"}

    def _put(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if self.headers.get("If-None-Match") == "*" and self.path in self.ours.documents:
            return 412, b"", {}
        self._keep(self.path, body)
        return 201, b"", {}

    def _post(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        name = self.headers["Content-Disposition"].rpartition("''")[2]
        self._keep(f"{self.path}/{name}", body)
        return 202, b'{"id": "A-77"}', {"Location": f"{self.path}/A-77"}

    def _delete(self, _body: bytes) -> tuple[int, bytes, dict[str, str]]:
        return (204, b"", {}) if self.ours.documents.pop(self.path, None) is not None else (404, b"", {})

    def _keep(self, path: str, body: bytes) -> None:
        key = self.headers.get("Idempotency-Key", "")
        self.ours.keys.append((path, key))
        self.ours.documents[path] = body
        self.ours.times[path] = time.time()

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(content)

    def _half(self) -> None:
        content = self.ours.documents[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
