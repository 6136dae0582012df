"""The account as a web service on loopback: logins checked, moods acted out."""

from __future__ import annotations

import asyncio
import hmac
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from types import TracebackType
from typing import Any, Self, TypeVar

from lxml import etree

from hub.clock import Clock, SystemClock
from sandbox.netsuite.books import Books
from sandbox.netsuite.calls import Calls
from sandbox.netsuite.envelope import Asked, Element, child, fault, read, text
from sandbox.netsuite.moods import Mood, Moods
from sandbox.netsuite.wsdl import documents
from sandbox.web import Drop, Hang, Reply, Request, WebServer

T = TypeVar("T")
_HTML = b"<html><head><title>Scheduled maintenance</title></head><body><p>We will be back soon.</p></body></html>"
#: NetSuite refuses a passport that is further off than this, in seconds.
_TOLERANCE = 300
#: The moods that are faults: their name, code and words. Names are not to be trusted, as with the real one.
_FAULTS = {
    Mood.BUSY: (
        "exceededConcurrentRequestLimitFault",
        "WS_REQUEST_BLOCKED",
        "SuiteTalk concurrent request limit exceeded. Request blocked.",
    ),
    Mood.LOCKED_OUT: ("invalidCredentialsFault", "INVALID_LOGIN_ATTEMPT", "Invalid login attempt."),
    Mood.FORBIDDEN: ("insufficientPermissionFault", "INSUFFICIENT_PERMISSION", "You need a higher permission."),
    Mood.NO_FEATURE: ("insufficientPermissionFault", "FEATURE_UNAVAILABLE", "The feature is not enabled."),
    Mood.WRONG_HOST: ("unexpectedErrorFault", "WRONG_DC_OR_VERSION", "This account is in another data center."),
    Mood.NOVEL: ("unexpectedErrorFault", "A_CODE_OF_NEXT_YEAR", "This is new."),
    Mood.UNEXPECTED: ("invalidCredentialsFault", "UNEXPECTED_ERROR", "An unexpected error occurred."),
}


@dataclass(frozen=True, slots=True)
class Access:
    """Whom the account lets in."""

    account: str = "1234567_SB1"
    consumer_key: str = "sandbox-consumer-key-1"
    consumer_secret: str = "sandbox-consumer-secret-1"  # noqa: S105 - the sandbox's own, and known to everybody
    token: str = "sandbox-token-id-1"  # noqa: S105 - as above
    token_secret: str = "sandbox-token-secret-1"  # noqa: S105 - as above

    def allows(self, passport: Element | None, now: float) -> bool:
        """Say whether a passport is signed by the right token, in time."""
        said = [text(passport, name) for name in ("account", "consumerKey", "token", "nonce", "timestamp")]
        if said[:3] != [self.account, self.consumer_key, self.token] or not said[4].isdigit():
            return False
        key = f"{self.consumer_secret}&{self.token_secret}".encode()
        right = b64encode(hmac.new(key, "&".join(said).encode(), sha256).digest()).decode()
        return hmac.compare_digest(text(passport, "signature"), right) and abs(now - int(said[4])) <= _TOLERANCE


class Service:
    """One account: what it holds, how it feels, and whom it has heard."""

    def __init__(self, clock: Clock, access: Access | None = None) -> None:
        self.clock, self.access = clock, access or Access()
        self.books, self.moods = Books(clock), Moods()
        self.calls = Calls(self.books)
        self.canned: dict[str, Reply] = {}  # what is answered to an operation instead of the truth
        self.requests: list[bytes] = []
        self.replies: list[bytes] = []
        self._nonces: set[str] = set()

    async def handle(self, request: Request) -> Reply:
        """Answer one request."""
        if request.method == "GET":
            return self._document(request.path)
        self.requests.append(request.body)
        try:
            asked = read(request.body)
        except (ValueError, etree.XMLSyntaxError):
            return self._reply(400, b"not a SOAP request", "text/plain")
        mood = self.moods.meet(asked.operation)
        if mood is not None and (early := self._acted(mood, asked)) is not None:
            return early
        if asked.operation != "getDataCenterUrls" and not self._let_in(asked):
            return self._fault(asked, *_FAULTS[Mood.LOCKED_OUT])
        if asked.operation in self.canned:
            return self.canned[asked.operation]
        self.calls.picky, self.calls.changed = mood is Mood.PICKY, mood is Mood.CHANGED
        self.calls.partial = mood is Mood.PARTIAL
        content = self.calls.serve(asked)
        self.replies.append(content)
        if mood is Mood.LOST_REPLY:
            raise Drop
        return self._reply(200, content[: len(content) // 2] if mood is Mood.TRUNCATED else content)

    def _document(self, path: str) -> Reply:
        """Return a document of the WSDL: /wsdl/v2025_2_0/netsuite.wsdl and what it imports."""
        matched = re.fullmatch(r"/wsdl/v(\d{4}_\d)_0/(.+)", path)
        found = documents(matched[1]).get(matched[2]) if matched else None
        return self._reply(404, b"", "text/plain") if found is None else self._reply(200, found.encode())

    def _let_in(self, asked: Asked) -> bool:
        passport = child(asked.header, "tokenPassport")
        nonce = text(passport, "nonce")
        fresh = nonce not in self._nonces
        self._nonces.add(nonce)
        return fresh and self.access.allows(passport, self.clock.now().timestamp())

    def _acted(self, mood: Mood, asked: Asked) -> Reply | None:
        match mood:
            case Mood.DOWN:
                raise Drop
            case Mood.HANG:
                raise Hang
            case Mood.MAINTENANCE:
                return self._reply(200, _HTML, "text/html")
            case Mood.BROKEN:
                return self._reply(502, _HTML, "text/html")
            case Mood.MOVED:
                return Reply(302, b"", {"Location": "https://elsewhere.invalid/", "Content-Type": "text/html"})
            case _:
                return self._fault(asked, *_FAULTS[mood]) if mood in _FAULTS else None

    def _fault(self, asked: Asked, name: str, code: str, words: str) -> Reply:
        return self._reply(500, fault(asked.spaces, name, code, words))

    def _reply(self, status: int, content: bytes, type_: str = "text/xml;charset=utf-8") -> Reply:
        return Reply(status, content, {"Content-Type": type_, "Date": format_datetime(self.clock.now(), usegmt=True)})


class RunningNetSuite:
    """A running account; every method may be called from any thread but its own."""

    def __init__(self, clock: Clock | None = None, port: int = 0) -> None:
        self._service = Service(clock or SystemClock())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="netsuite", daemon=True)
        self._thread.start()
        self._server = WebServer(self._service.handle)
        self.url = f"http://127.0.0.1:{self._wait(self._server.start(port))}"
        self.access = self._service.access

    def ask(self, what: Callable[[Service], T]) -> T:
        """Return what a function says of the account, in the account's own thread."""

        async def ask() -> T:
            return what(self._service)

        return self._wait(ask())

    def mood(self, mood: Mood, *, on: str = "", for_calls: int | None = None) -> None:
        """Put the account into a mood."""
        self.ask(lambda service: service.moods.cast(mood, on=on, for_calls=for_calls))

    def calm(self) -> None:
        """End every mood."""
        self.ask(lambda service: service.moods.calm())

    def close(self) -> None:
        """Stop; no thread and no socket is left."""
        if self._thread.is_alive():
            self._wait(self._server.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
