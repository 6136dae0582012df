"""The way to a partner's web server: addresses, credentials, and the note that a document is about to leave."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from hub.contract import Context
from hub.wire.exchange.settings import AUTHORIZATION, ExchangeSettings
from hub.wire.http import Call, Effect, HttpSession, Limits, Reply

#: What is noted, durably, before the first byte of a document leaves.
LEAVING = "leaving"
#: Statuses that mean: there is no such document.
GONE = (404, 410)
_TOTAL_SECONDS = 300.0


class WebDoor:
    """One account at one server; every call raises the contract's errors and nothing else."""

    def __init__(self, settings: ExchangeSettings, context: Context) -> None:
        self._context = context
        self._leaving = ""
        place = settings.place
        self.origin = f"https://{place.host}" + ("" if place.port == 443 else f":{place.port}")
        self._session = HttpSession(
            clock=context.clock,
            checkpoint=self._pass,
            headers={"Accept": "*/*", "User-Agent": "Crossdock", **_credentials(settings)},
            secrets=settings.secrets(),
            limits=Limits(settings.timeouts.connect, settings.timeouts.reply, _TOTAL_SECONDS, settings.max_file_bytes),
            trust=settings.trust,
        )

    def address(self, path: str) -> str:
        """Return the address of a path."""
        return f"{self.origin}/{quote(path.lstrip('/'))}"

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Return what stands there; a status of `GONE` or 304 is an answer too."""
        return self.call(Call("GET", address, Effect.READ, headers=headers, also=(304, *GONE)))

    def delete(self, path: str) -> None:
        """Delete the document; one that is gone already is fine."""
        self.call(Call("DELETE", self.address(path), Effect.REPEATABLE, also=GONE))

    def call(self, call: Call) -> Reply:
        """Make any other call."""
        return self._session.call(call)

    @contextmanager
    def sending(self, key: str) -> Iterator[None]:
        """Mark what is called within as the sending of this document."""
        self._leaving = key
        try:
            yield
        finally:
            self._leaving = ""

    def close(self) -> None:
        """Let go of every socket."""
        self._session.close()

    def _pass(self, instant: str) -> None:
        """Pass an instant of a send; from `before_bytes` on it is written down that the document may have left."""
        if not self._leaving:
            return
        self._context.checkpoint(instant)
        if instant == "before_bytes":
            self._context.note(self._leaving, LEAVING)


def _credentials(settings: ExchangeSettings) -> dict[str, str]:
    headers = {}
    if settings.password is not None:
        pair = f"{settings.place.user}:{settings.password.get_secret_value()}"
        headers[AUTHORIZATION] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    if settings.token is not None:
        token = settings.token.get_secret_value()
        headers[settings.token_header] = f"Bearer {token}" if settings.token_header == AUTHORIZATION else token
    return headers
