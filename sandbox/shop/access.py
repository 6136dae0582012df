"""Who may call the shop: a lasting token, and tokens of a day for an app that proves who it is."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import compare_digest, token_hex

from hub.clock import Clock

#: How long a token of an app lives, in seconds.
TOKEN_SECONDS = 24 * 3600 - 1


class Access:
    """The tokens that one shop has given out."""

    def __init__(self, lasting: str, client_id: str, client_secret: str, clock: Clock) -> None:
        self._lasting, self.client_id, self.client_secret = lasting, client_id, client_secret
        self._clock = clock
        self._until: dict[str, float] = {}

    def allows(self, token: str) -> bool:
        """Say whether a call with this token is let in."""
        if compare_digest(token.encode(), self._lasting.encode()):
            return True
        return self._until.get(token, 0.0) > self._clock.monotonic()

    def grant(self, asked: Mapping[str, object]) -> dict[str, object] | None:
        """Return what the shop answers to an app that asks for a token, None when it does not believe it."""
        fits = (asked.get("client_id"), asked.get("client_secret")) == (self.client_id, self.client_secret)
        if not fits or asked.get("grant_type") != "client_credentials":
            return None
        token = f"shpat_{token_hex(16)}"
        self._until[token] = self._clock.monotonic() + TOKEN_SECONDS
        return {"access_token": token, "scope": "", "expires_in": TOKEN_SECONDS}

    def revoke(self) -> None:
        """Forget every token of a day."""
        self._until.clear()
