"""Who may look, and who may do what: users from the configuration, signed cookies, tokens against forged forms.

Without users the console is for whoever sits at the machine: it answers on loopback only, and to loopback names only,
so that no other site can reach it through the browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

COOKIE = "crossdock"
_LONGEST = 12 * 3600
_MOST_FAILURES, _FORGET_AFTER = 10, 60.0
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})


class Role(IntEnum):
    """What a user may do; each may do what the ones before may."""

    VIEWER = 1  # look
    OPERATOR = 2  # rerun, edit, close, hold, release, reroute, cancel, check, pause
    ADMIN = 3  # let a connection send: live, resume


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may use the console; `password` is looked up each time, so that a changed one counts at once."""

    name: str
    role: Role
    password: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request; `token` is what its forms must carry."""

    name: str
    role: Role
    token: str
    known: bool = True  # by a password, and not only by sitting at the machine


@dataclass(slots=True)
class Access:
    """The door: `local` is the name under which whoever sits at the machine acts when there are no users."""

    users: Mapping[str, User]
    host: str
    local: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _failures: list[float] = field(default_factory=list, repr=False)

    @property
    def closed(self) -> str:
        """Why nobody is let in at all; empty when somebody may be."""
        if self.users or is_loopback(self.host):
            return ""
        return (
            f"the console is closed: it would answer on {self.host} to everybody. "
            'Set a user with a password ([[web.users]]), or web.host = "127.0.0.1"'
        )

    def admits_host(self, named: str) -> bool:
        """Tell whether a request may name this host; a site of somebody else's that points here may not."""
        return bool(self.users) or named.rsplit(":", 1)[0].lower() in _LOCAL_NAMES or named.lower() in _LOCAL_NAMES

    def visitor(self, cookie: str | None, basic: str | None) -> Visitor | None:
        """Return who sent a request, by its cookie or its Authorization header; None when nobody that we know."""
        if not self.users:
            return Visitor(self.local, Role.ADMIN, self._sign(f"form:{self.local}"), known=False)
        name = self._of_cookie(cookie) if cookie else self._of_basic(basic) if basic else None
        user = self.users.get(name) if name else None
        return Visitor(user.name, user.role, self._sign(f"form:{cookie or user.name}")) if user else None

    def log_in(self, name: str, password: str) -> str | None:
        """Return the cookie of a user who knows the password, or None; too many wrong ones close the door a while."""
        now = time.monotonic()
        self._failures = [at for at in self._failures if now - at < _FORGET_AFTER]
        if len(self._failures) < _MOST_FAILURES and self._knows(name, password):
            return self._cookie(name)
        self._failures.append(now)
        return None

    def _knows(self, name: str, password: str) -> bool:
        user = self.users.get(name)
        right = user.password() if user else None
        given = hashlib.sha256(password.encode()).digest()
        wanted = hashlib.sha256((right or secrets.token_hex()).encode()).digest()
        return hmac.compare_digest(given, wanted) and bool(right)

    def _cookie(self, name: str) -> str:
        said = f"{name}|{int(time.time()) + _LONGEST}|{secrets.token_hex(8)}"
        return base64.urlsafe_b64encode(said.encode()).decode() + "." + self._sign(f"session:{said}")

    def _of_cookie(self, cookie: str) -> str | None:
        coded, _, sign = cookie.rpartition(".")
        try:
            said = base64.urlsafe_b64decode(coded.encode()).decode()
        except ValueError:
            return None
        name, _, rest = said.partition("|")
        until = rest.partition("|")[0]
        if not hmac.compare_digest(sign, self._sign(f"session:{said}")) or int(until) < time.time():
            return None
        return name

    def _of_basic(self, header: str) -> str | None:
        scheme, _, coded = header.partition(" ")
        try:
            name, _, password = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            return None
        return name if scheme.lower() == "basic" and self.log_in(name, password) else None

    def _sign(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def users_of(listed: Sequence[tuple[str, str, Callable[[], str | None]]]) -> Mapping[str, User]:
    """Return the users by name, from (name, role, password)."""
    return {name: User(name, Role[role.upper()], password) for name, role, password in listed}
