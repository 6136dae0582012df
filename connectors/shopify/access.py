"""The token that goes along with every call: a lasting one, or one of a day that is got and renewed by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.shopify.settings import ShopifySettings
from hub.contract import AccessDenied, Context, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.wire.http import Call, Effect, HttpSession, Reply

_LOG = EventLog(__name__)
_KEY = "access_token"
#: A token is renewed when it has less than this left, so that no call ever carries a dead one.
_EARLY = timedelta(hours=1)
#: What a token lives when the shop does not say so.
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Token:
    """A token, and when it dies; None for one that lasts."""

    value: str
    until: datetime | None = None


class Access:
    """The access of one connection to its shop; all its threads share what is remembered."""

    def __init__(self, settings: ShopifySettings, context: Context, session: HttpSession) -> None:
        self._settings, self._context, self._session = settings, context, session
        self._token = _Token(settings.token.get_secret_value()) if settings.token else None

    def token(self) -> str:
        """Return a token that is good for now; raises what the shop answers when it gives none."""
        if self._lasts(self._token):
            return self._used(self._token)
        known = self._recalled()
        if known is None or not self._lasts(known):
            known = self._renewed(known)
        return self._used(known)

    def another(self, refused: str) -> str | None:
        """Return a token in the place of one that the shop refused, None when there is no other to be had."""
        if self._settings.token is not None:
            return None
        known = self._recalled()
        if known is None or known.value == refused:  # otherwise another thread has got one already
            _LOG.info("shopify_token_refused", todo="nothing: a new one is asked for")
            known = self._ask()
        return self._used(known)

    def _lasts(self, token: _Token | None) -> bool:
        if token is None:
            return False
        return token.until is None or token.until - self._context.clock.now() > _EARLY

    def _renewed(self, old: _Token | None) -> _Token:
        """Get a new token; while the old one still lives, a shop that is away does not matter."""
        try:
            return self._ask()
        except TemporaryFailure:
            if old is None or old.until is None or old.until <= self._context.clock.now():
                raise
            return old

    def _ask(self) -> _Token:
        secret = self._settings.client_secret
        body = {
            "client_id": self._settings.client_id,
            "client_secret": secret.get_secret_value() if secret else "",
            "grant_type": "client_credentials",
        }
        now = self._context.clock.now()
        url = f"{self._settings.shop_url}/admin/oauth/access_token"
        try:
            reply = self._session.call(Call("POST", url, Effect.REPEATABLE, body=body))
        except Rejected as refusal:
            todo = "check shop_url, client_id and client_secret, and that the app is installed in this shop"
            raise AccessDenied(refusal.what, todo=todo, extract=refusal.extract, code=refusal.code) from None
        token = _read(reply, now)
        self._context.remember(_KEY, json.dumps({"token": token.value, "until": str(token.until)}))
        return token

    def _recalled(self) -> _Token | None:
        kept = self._context.recall(_KEY)
        if kept is None:
            return None
        tree = json.loads(kept)
        return _Token(tree["token"], datetime.fromisoformat(tree["until"]))

    def _used(self, token: _Token | None) -> str:
        if token is None:
            raise AccessDenied("there is no token", todo="give a token, or client_id and client_secret", code="token")
        self._token = token
        self._session.keep_secret("token", token.value)
        return token.value


def _read(reply: Reply, now: datetime) -> _Token:
    tree = reply.json()
    value = tree.get("access_token") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(value, str) or not value:
        raise AccessDenied("the shop gave no token", todo="check client_id and client_secret", code="no token")
    seconds = tree.get("expires_in")
    return _Token(value, now + (timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else _DAY))
