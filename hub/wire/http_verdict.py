"""What a reply or a broken connection means to the hub: one table from HTTP to the contract's errors."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from html import unescape
from socket import gaierror

from hub.contract import (
    AccessDenied,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)

#: Words of a partner are cut after this many characters.
_WORDS = 600
#: A page of HTML is known by its first tag, and called by its title, within so many bytes.
_PAGE = 8192
_TAG = re.compile(r"\A\s*(?:<!doctype html|<html)", re.IGNORECASE)
_ANY_TAG = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
#: Statuses that say "not now, and nothing was done".
_NOT_NOW = frozenset({408, 409, 423, 425})
#: Credentials, permission, or an account that is not paid for.
_DENIED = frozenset({401, 402, 403})
_PASSES = "nothing, when it passes"
_ASKS = "nothing: the hub asks whether it was done before it sends again"
_DEFAULT_WAIT = 2.0
_LONGEST_WAIT = 3600.0


class Effect(Enum):
    """What happens when a call is made twice."""

    READ = "read"  # nothing: it only reads
    REPEATABLE = "repeatable"  # nothing more than once: it sets an absolute value
    ONCE = "once"  # it would be done twice


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, read to its end; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""

    def json(self) -> object:
        """Return the body as JSON, numbers with a point as exact text; TemporaryFailure when it is no JSON."""
        try:
            return json.loads(self.body, parse_float=str)
        except (ValueError, RecursionError):
            raise TemporaryFailure(
                f"the reply to {self.url} is not JSON",
                todo="nothing, when it passes; otherwise look at what stands between us and the partner",
                extract=self.text(),
                code="http reply unreadable",
            ) from None

    def text(self) -> str:
        """Return the start of the body as text, for an extract."""
        return self.body[: 4 * _WORDS].decode("utf-8", "replace")[:_WORDS]

    def date(self) -> datetime | None:
        """Return the partner's own time from the Date header, aware and UTC."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return None


def verdict(reply: Reply, effect: Effect, what: str) -> ConnectorError | None:
    """Return the error that this reply means, None when it is a success."""
    status = reply.status
    if 200 <= status < 300:
        return None
    said, extract, code = f"{what}: {status} {words(reply)}".rstrip(), reply.text(), f"http {status}"
    if status == 429:
        after = retry_after(reply)
        return RateLimited(said, after=_DEFAULT_WAIT if after is None else after, todo=_PASSES, code=code)
    if status < 400 or status in _DENIED:
        return _denied(reply, said, code)
    if status in _NOT_NOW or (status >= 500 and not _may_be_done(reply, effect)):
        return TemporaryFailure(said, todo=_PASSES, extract=extract, code=code)
    if status >= 500:
        return OutcomeUnknown(said, todo=_ASKS, extract=extract, code=code)
    todo = "correct the document or the partner's data, then rerun"
    return Rejected(said, todo=todo, extract=extract, code=code)


def _may_be_done(reply: Reply, effect: Effect) -> bool:
    """Return whether a failing server may have done a write that counts; one that says when to come back has not."""
    return effect is Effect.ONCE and not (reply.status == 503 and retry_after(reply) is not None)


def _denied(reply: Reply, said: str, code: str) -> AccessDenied:
    if reply.status < 400:
        todo = "set the address in the partner file to where it points; credentials are not sent after a redirect"
        return AccessDenied(f"{said} redirects to {reply.headers.get('location', '?')}", todo=todo, code=code)
    todo = "check the credentials, their permissions and the state of the account"
    return AccessDenied(said, todo=todo, extract=reply.text(), code=code)


def broken(error: Exception, effect: Effect, what: str, *, left: bool) -> ConnectorError:
    """Return what a broken connection means; `left` says whether bytes of the request may have gone."""
    said = f"{what}: {_innermost(error)}"
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error)):
        todo = "check the address; if it is right, the partner's certificate is wrong or your trust store is old"
        return AccessDenied(said, todo=todo, code="certificate")
    if left and effect is Effect.ONCE:
        return OutcomeUnknown(said, todo=_ASKS, code="reply lost")
    if any(isinstance(each, gaierror) for each in _chain(error)):
        said = f"{what}: no address is known for a host of this name ({_innermost(error)})"
        todo = f"{_PASSES}; otherwise correct the host's name in the settings, or this machine's name server (DNS)"
        return TemporaryFailure(said, todo=todo, code="network")
    todo = f"{_PASSES}; otherwise check the address and the network"
    return TemporaryFailure(said, todo=todo, code="network")


def retry_after(reply: Reply) -> float | None:
    """Return the seconds of the Retry-After header (`2.0` or a date), None when there is none or it is nonsense."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        now = reply.date()
        seconds = (until.astimezone(UTC) - now).total_seconds() if now else _DEFAULT_WAIT
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else None  # noqa: PLR0124 - NaN


def words(reply: Reply) -> str:
    """Return what the partner said in the body: the texts of `errors`, `error` or `message`, else its start."""
    try:
        tree = json.loads(reply.body)
    except (ValueError, RecursionError):
        return _page(reply) or " ".join(reply.text().split())
    if isinstance(tree, dict):
        for name in ("errors", "error_description", "error", "message", "detail"):
            if tree.get(name):
                return "; ".join(_texts(tree[name]))[:_WORDS]
    return " ".join(reply.text().split())


def _page(reply: Reply) -> str:
    """Return what a page of HTML is called, or its text: its first tags say nothing. Empty for anything else."""
    text = reply.body[:_PAGE].decode("utf-8", "replace")
    if _TAG.search(text) is None:
        return ""
    title = _TITLE.search(text)
    said = unescape(title[1] if title else _ANY_TAG.sub(" ", text))
    return f"a page of HTML: {' '.join(said.split())[:_WORDS]}"


def _texts(tree: object, name: str = "") -> Iterator[str]:
    """Yield every text of a small tree, each after the field that it stands at."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, str(key))
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value, name)
    elif tree is not None:
        yield f"{name}: {tree}" if name and name != "base" else str(tree)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything that led to it, as requests and urllib3 wrap it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]


def _innermost(error: Exception) -> str:
    """Return the plainest account of a network failure: the operating system's own, where there is one."""
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno is not None and each.strerror:
            return f"{type(each).__name__}: {each.strerror}"
    return f"{type(error).__name__}: {error}"
