"""Calls to one shop's Admin API: paced by its own call limit, read page by page, never answered by another host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from requests.utils import parse_header_links

from connectors.shopify.access import Access
from connectors.shopify.settings import ShopifySettings, loopback
from hub.contract import AccessDenied, Context
from hub.log import EventLog
from hub.wire.http import Call, Effect, HttpSession, Limits, Reply

_LOG = EventLog(__name__)
_LIMIT = re.compile(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*")
#: What a person does about a shop that lets us in no more, or not far enough; its own words stand before that.
_CURES = {
    "http 401": "the token is wrong, has been revoked or is another shop's: check shop_url, and put a token of this "
    "shop, or the client secret of an app that is installed in it, into the secrets folder",
    "http 402": "the shop is frozen or its plan is not paid for: its owner has to see to that in the Shopify admin",
    "http 403": "grant the app the scope that the shop names, then install it again",
}
#: Under this key the version that the shop last served is remembered, so that a difference is said once.
_SERVED = "served_version"
#: And under this one why a call of ours is on its way out, as the shop said it last.
_GOING = "deprecated_reason"


class ShopClient:
    """The Admin REST API of one shop as this connection may use it."""

    def __init__(self, settings: ShopifySettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._base = f"{settings.shop_url}/admin/api/{settings.api_version}/"
        self._served = settings.api_version
        self._ahead: timedelta | None = None
        self._session = HttpSession(
            clock=context.clock,
            checkpoint=context.checkpoint,
            headers={"User-Agent": "crossdock"},
            secrets=_secrets(settings),
            limits=Limits(
                connect_seconds=settings.connect_timeout,
                read_seconds=settings.read_timeout,
                max_bytes=settings.max_reply_mb * 1024 * 1024,
            ),
            seen=self._learn,
        )
        self._access = Access(settings, context, self._session)

    @property
    def served_version(self) -> str:
        """The API version that the shop's last reply named; another than asked for when that one is retired."""
        return self._served

    @property
    def ahead(self) -> timedelta | None:
        """How far the shop's clock is ahead of ours, as its last reply said; None when none said it."""
        return self._ahead

    def get(self, path: str, params: Mapping[str, str] | None = None, *, urgent: bool = True) -> Reply:
        """Read; `path` is below the API version, or a whole address of this shop as a Link header gives it."""
        return self._call(Call("GET", self._address(path), Effect.READ, params), self._turn(urgent=urgent))

    def post(self, path: str, body: Mapping[str, object], effect: Effect, *, urgent: bool = True) -> Reply:
        """Write; the effect says what happens when it is done twice."""
        return self._call(Call("POST", self._address(path), effect, body=body), self._turn(urgent=urgent))

    def graphql(self, body: Mapping[str, object], effect: Effect, before: Callable[[], None]) -> Reply:
        """Send a GraphQL document; `before` waits for its points, which the shop counts apart from calls."""
        return self._call(Call("POST", f"{self._base}graphql.json", effect, body=body), before)

    def file(self, url: str) -> Reply:
        """Read an answer that the shop has put down at another address; no token goes there."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not loopback(parts.hostname or ""):
            what = f"the shop's answer lies at {parts.scheme}://{parts.netloc}, which is not proven by TLS"
            raise AccessDenied(what, todo="look at what stands between us and the shop", code="foreign link")
        return self._session.call(Call("GET", url, Effect.READ))

    def pages(self, path: str, params: Mapping[str, str], *, urgent: bool = True) -> Iterator[Reply]:
        """Yield every page of a list, following the shop's own links word for word."""
        reply = self.get(path, params, urgent=urgent)
        yield reply
        while following := next_page(reply):
            reply = self.get(following, urgent=urgent)
            yield reply

    def close(self) -> None:
        """Let go of every socket."""
        self._session.close()

    def _turn(self, *, urgent: bool) -> Callable[[], None]:
        return lambda: self._context.limiter.acquire(urgent=urgent)

    def _call(self, call: Call, before: Callable[[], None]) -> Reply:
        """Make the call; a token that the shop refuses is replaced once, because then nothing was done."""
        token = self._access.token()
        try:
            return self._call_with(token, call, before)
        except AccessDenied as denied:
            other = self._access.another(token) if denied.code == "http 401" else None
            if other is None:
                raise
        return self._call_with(other, call, before)

    def _call_with(self, token: str, call: Call, before: Callable[[], None]) -> Reply:
        ours = replace(call, headers={**(call.headers or {}), "X-Shopify-Access-Token": token})
        try:
            return self._session.call(ours, before=before)
        except AccessDenied as denied:
            denied.todo = _CURES.get(denied.code, denied.todo)
            raise

    def _address(self, path: str) -> str:
        if "://" not in path:
            return self._settings.shop_url + path if path.startswith("/") else self._base + path
        asked = urlsplit(path)
        if _place(path) != _place(self._settings.shop_url):
            raise AccessDenied(
                f"the shop's reply points to {asked.scheme}://{asked.netloc}; the token is not sent there",
                todo=f"set shop_url to the shop's own address; now it is {self._settings.shop_url}",
                code="foreign link",
            )
        return path

    def _learn(self, reply: Reply) -> None:
        """Take over what the headers say of the pace, of the time and of the API version."""
        date = reply.date()
        self._ahead = None if date is None else date - self._context.clock.now()
        limit = _LIMIT.fullmatch(reply.headers.get("x-shopify-shop-api-call-limit", ""))
        if limit is not None and int(limit[2]) > 0:
            self._context.limiter.observe(float(limit[1]), float(limit[2]))
        going = reply.headers.get("x-shopify-api-deprecated-reason", "")
        if going and going != self._context.recall(_GOING):
            self._context.remember(_GOING, going)
            path = urlsplit(reply.url).path
            _LOG.warning("shopify_call_deprecated", call=path, why=going, todo="update crossdock before it ends")
        served = reply.headers.get("x-shopify-api-version", self._served)
        if served != self._served:
            self._served = served
            self._warn_of_version(served)

    def _warn_of_version(self, served: str) -> None:
        if served == self._settings.api_version or served == self._context.recall(_SERVED):
            return
        self._context.remember(_SERVED, served)
        _LOG.warning(
            "shopify_version_differs",
            asked=self._settings.api_version,
            served=served,
            todo="set api_version to a version that the shop still serves",
        )


def next_page(reply: Reply) -> str | None:
    """Return the address of the next page from the Link header, None on the last page."""
    for link in parse_header_links(reply.headers.get("link", "")):
        told = {name.lower(): value for name, value in link.items()}
        if told.get("rel", "").lower() == "next":
            return link["url"]
    return None


def _place(url: str) -> tuple[str, str, int | None]:
    """Return where a call goes; capitals and a port that is the usual one make no other place."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _secrets(settings: ShopifySettings) -> dict[str, str]:
    """Return by name what must never show: an old token, the app's secrets."""
    names = ("token", "client_secret", "old_client_secret")
    values = {name: getattr(settings, name) for name in names}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}
