"""The partners that are reached over the web: their folders, served under TLS to whoever has the token.

A document that was put under an idempotency key is taken once, however often it comes, which these partners promise.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

from sandbox.moods import Mood, Moods, Spell
from sandbox.web import Drop, Hang, Reply, Request, json_reply

_ABLE = frozenset(Mood) - {Mood.PICKY}
_REFUSALS = {Mood.BUSY: 429, Mood.UNAVAILABLE: 503, Mood.LOCKED_OUT: 401}

#: Called with the account and the path of a file that now stands there whole.
Arrived = Callable[[str, str], None]


class PartnerWeb:
    """All accounts of one server: the first part of a path is the account, the rest a file of its."""

    def __init__(self, homes: Mapping[str, Path], tokens: Mapping[str, str], moods: Moods, arrived: Arrived) -> None:
        self._homes, self._tokens, self._moods, self._arrived = homes, tokens, moods, arrived
        self._keys: dict[tuple[str, str], str] = {}

    async def handle(self, request: Request) -> Reply:
        """Serve one request the way the account's mood has it."""
        account, _, rest = unquote(request.path).strip("/").partition("/")
        call = f"{request.method} /{rest}"
        self._moods.count(account, call)
        spell = self._moods.meet(account, call, _ABLE)
        if spell is not None and (reply := await _acted(spell)) is not None:
            return reply
        token = self._tokens.get(account)
        given = request.headers.get("authorization", "")
        if token is None or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return json_reply(401, {"error": "who are you?"})
        reply = self._serve(account, f"/{rest}", request)
        if spell is not None and spell.mood is Mood.LOST_REPLY:
            raise Drop
        return reply

    def _serve(self, account: str, path: str, request: Request) -> Reply:
        if ".." in path.split("/"):
            return json_reply(400, {"error": "no such way"})
        file = self._homes[account] / path.lstrip("/")
        match request.method:
            case "GET" | "HEAD":
                reply = _folder(file) if request.path.endswith("/") else _file(file, request)
                return reply if request.method == "GET" else Reply(reply.status, b"", reply.headers)
            case "PUT":
                return self._put(account, path, file, request)
            case "DELETE" if file.is_file():
                file.unlink()
                return Reply(204)
            case "DELETE":
                return json_reply(404, {"error": "not here"})
        return json_reply(405, {"error": "GET, HEAD, PUT and DELETE are known"})

    def _put(self, account: str, path: str, file: Path, request: Request) -> Reply:
        key = request.headers.get("idempotency-key", "")
        digest = hashlib.sha256(request.body).hexdigest()
        if key and (account, key) in self._keys:
            same = self._keys[account, key] == digest
            return json_reply(200 if same else 409, {"taken": "before" if same else "as something else"})
        if request.headers.get("if-none-match") == "*" and file.exists():
            return json_reply(412, {"error": "that name is taken"})
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(request.body)
        part.replace(file)
        if key:
            self._keys[account, key] = digest
        self._arrived(account, path)
        return json_reply(201, {"taken": path})


async def _acted(spell: Spell) -> Reply | None:
    if spell.mood is Mood.DOWN:
        raise Drop
    if spell.mood is Mood.HANG:
        raise Hang
    if spell.mood is Mood.SLOW:
        await asyncio.sleep(spell.seconds)
    status = _REFUSALS.get(spell.mood)
    return None if status is None else json_reply(status, {"error": str(spell.mood)}, {"Retry-After": "1"})


def _folder(folder: Path) -> Reply:
    if not folder.is_dir():
        return json_reply(404, {"error": "no such folder"})
    names = sorted(each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    return json_reply(200, [{"name": name} for name in names])


def _file(file: Path, request: Request) -> Reply:
    if not file.is_file():
        return json_reply(404, {"error": "not here"})
    content = file.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Last-Modified": formatdate(file.stat().st_mtime, usegmt=True)}
    if request.headers.get("if-none-match") == etag:
        return Reply(304, b"", headers)
    return Reply(200, content, headers)
