"""A careful HTTP session for connectors: bounded in time and size, never repeating a write, secrets kept out of errors.

Redirects are not followed: a token in a header of its own would go along to whoever they point at. Proxies and
certificate bundles of the environment are used, because the network of a merchant may need them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from os import environ
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import requests
from requests.structures import CaseInsensitiveDict
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError

from hub.clock import Clock
from hub.contract import ConnectorError, TemporaryFailure, redact
from hub.wire.http_trail import Checkpoint, Trail, WatchedAdapter
from hub.wire.http_verdict import Effect, Reply, broken, verdict
from hub.wire.tls import Trust

__all__ = ["TOO_LARGE", "Call", "Effect", "HttpSession", "Limits", "Reply"]

#: The code of an error that means: the reply was larger than the limit, or not whole in time.
TOO_LARGE = "reply too large"
_CHUNK = 65536
#: A read or an absolute write is tried this often within one call; hours are the ledger's business.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to read before giving up."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request; a `body` is sent as JSON, `content` as it is. Statuses in `also` are answers, not errors."""

    method: str
    url: str
    effect: Effect
    params: Mapping[str, str] | None = None
    body: object = None
    content: bytes | None = None
    headers: Mapping[str, str] | None = None
    also: Collection[int] = ()

    def __str__(self) -> str:
        return f"{self.method} {urlsplit(self.url).path}"


class ReplyTooLarge(Exception):
    """The partner sent more than the limit allows."""


class HttpSession:
    """Calls to one partner. `secrets` (name -> value) are struck out of everything that leaves here as an error.

    `seen` is told of every reply, also of the refused ones: the place to learn a partner's pace from.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        checkpoint: Checkpoint,
        headers: Mapping[str, str],
        secrets: Mapping[str, str],
        limits: Limits | None = None,
        seen: Callable[[Reply], None] | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._clock, self._checkpoint, self._seen = clock, checkpoint, seen
        self._limits = limits or Limits()
        self._secrets = dict(secrets)
        self._trail = Trail()
        self._ways: dict[str, dict[str, str]] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc must not replace our credentials
        self._session.verify = environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE") or True
        self._session.headers.update({"Accept": "application/json", **headers})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WatchedAdapter(self._trail, trust))
        if trust is not None and trust.pins:
            self._session.verify = False  # the fingerprint is compared instead, before a byte of ours leaves

    def call(self, call: Call, before: Callable[[], None] | None = None) -> Reply:
        """Make the call and return its reply when it succeeded; raises the contract's errors and nothing else.

        `before` runs before each try, the place for pacing. Blips of reads and of absolute writes are tried again for
        a few seconds; a write that counts never is.
        """
        if call.effect is Effect.ONCE:
            return self._try(call, before)
        tries = Retrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.3, max=3),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return tries(self._try, call, before)

    def keep_secret(self, name: str, value: str) -> None:
        """Strike this value out of errors too: a token that was got after the session began."""
        self._secrets[name] = value

    def redact(self, text: str) -> str:
        """Return the text without our secrets, plain or as they stand in a URL."""
        return redact(
            redact(text, self._secrets), {name: quote(value, safe="") for name, value in self._secrets.items()}
        )

    def close(self) -> None:
        """Let go of every socket."""
        self._session.close()

    def _try(self, call: Call, before: Callable[[], None] | None) -> Reply:
        if before is not None:
            before()
        reply = self._reply(call)
        if self._seen is not None:
            self._seen(reply)
        error = None if reply.status in call.also else verdict(reply, call.effect, str(call))
        if error is not None:
            raise self._clean(error)
        return reply

    def _reply(self, call: Call) -> Reply:
        with self._trail.call(None if call.effect is Effect.READ else self._checkpoint):
            try:
                response = self._session.send(
                    self._prepared(call),
                    stream=True,
                    allow_redirects=False,
                    timeout=(self._limits.connect_seconds, self._limits.read_seconds),
                    proxies=self._proxies(urlsplit(call.url).hostname or ""),
                )
                with response:
                    return Reply(
                        response.status_code, _lower(response.headers), self._body(response), str(response.url)
                    )
            except (requests.RequestException, HTTPError, OSError, ReplyTooLarge) as error:
                # `from None`: an exception of requests holds the request with its token
                what = f"{call} at {urlsplit(call.url).hostname}"
                failure = broken(error, call.effect, what, left=self._trail.left)
                failure.code = TOO_LARGE if isinstance(error, ReplyTooLarge) else failure.code
                raise self._clean(failure) from None

    def _proxies(self, host: str) -> dict[str, str]:
        """Return the proxies that the environment names for this host; reading all of it takes longer than a call."""
        if host not in self._ways:
            self._ways[host] = {} if proxy_bypass(host) else dict(getproxies())
        return self._ways[host]

    def _prepared(self, call: Call) -> requests.PreparedRequest:
        request = requests.Request(call.method, call.url, params=call.params, headers=dict(call.headers or {}))
        if call.body is not None:
            request.data = json.dumps(call.body, ensure_ascii=False, separators=(",", ":")).encode()
            request.headers |= {"Content-Type": "application/json"}
        elif call.content is not None:
            request.data = call.content
        return self._session.prepare_request(request)

    def _body(self, response: requests.Response) -> bytes:
        """Read the body as it comes, so that neither a flood nor a trickle can hold us."""
        until = self._clock.monotonic() + self._limits.total_seconds
        parts: list[bytes] = []
        size = 0
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > self._limits.max_bytes:
            raise ReplyTooLarge(f"the reply is larger than {self._limits.max_bytes} bytes")
        while part := response.raw.read1(_CHUNK, decode_content=True):
            size += len(part)
            if size > self._limits.max_bytes:
                raise ReplyTooLarge(f"the reply is larger than {self._limits.max_bytes} bytes")
            if self._clock.monotonic() > until:
                raise ReplyTooLarge(f"the reply was not whole after {self._limits.total_seconds:g} s")
            parts.append(part)
        return b"".join(parts)

    def _clean(self, error: ConnectorError) -> ConnectorError:
        error.what, error.extract = self.redact(error.what), self.redact(error.extract)
        error.args = (error.what,)
        return error


def _passes(error: BaseException) -> bool:
    """Say whether it is worth another try at once: a reply that is too large would be so again."""
    return isinstance(error, TemporaryFailure) and error.code != TOO_LARGE


def _lower(headers: CaseInsensitiveDict[str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
