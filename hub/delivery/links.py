"""Open connections to partners: made when first needed, used by one thread at a time, kept for a while, then closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from hub.clock import Clock
from hub.contract import About, BadRecord, Connector, Plugin, Profile, RateLimited, Rejected, redact
from hub.delivery.context import ConnectionContext, no_checkpoint
from hub.delivery.limits import AccountLimiter, Standing
from hub.log import EventLog
from hub.store import connections
from hub.store.engine import Store

log = EventLog(__name__)

#: Errors after which the session itself is as good as before.
_HARMLESS = (Rejected, BadRecord, RateLimited)


class NotConnected(LookupError):
    """No file in force declares this partner, or its connector is not installed."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no mapping file in force connects {code!r}: see `crossdock mapping check`")


@dataclass(slots=True, eq=False)
class _Link:
    code: str
    connector: Connector
    hash: str
    limiter: AccountLimiter
    idle_since: float = 0.0
    longest_idle: float = 0.0


def _nothing() -> None:
    """Do nothing."""


class Links:
    """Every open connection of this process, by partner code."""

    def __init__(
        self,
        store: Store,
        plugins: Mapping[str, Plugin],
        profiles: Callable[[str], Profile | None],
        clock: Clock,
        checkpoint: Callable[[str], None] = no_checkpoint,
        *,
        idle_seconds: float = 30.0,
        most_kept: int = 200,
    ) -> None:
        self.checkpoint = checkpoint
        self._store = store
        self._plugins = plugins
        self._profiles = profiles
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._most_kept = most_kept
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Link]] = {}
        self._limiters: dict[str, AccountLimiter] = {}
        self._closed = False

    @contextmanager
    def use(self, code: str, *, opening: Callable[[], object] = _nothing) -> Iterator[Connector]:
        """Lend an open connection, for this thread alone; raises NotConnected.

        After an error that may have hurt the session it is closed and the next use opens another. `opening` is called
        before a new one is opened, which may take a while.
        """
        with self.resume(code, self._idle_seconds, opening=opening) as (connector, _):
            yield connector

    @contextmanager
    def resume(
        self, code: str, longest_idle: float = float("inf"), *, opening: Callable[[], object] = _nothing
    ) -> Iterator[tuple[Connector, float]]:
        """Lend a connection that was idle for no longer than that, or a new one, and say for how long it was idle.

        One that was idle for long may have died without a word: whoever takes it has to be able to begin once more.
        """
        link = self._take(code, longest_idle, opening)
        sound = False
        try:
            yield link.connector, self._clock.monotonic() - link.idle_since
            sound = True
        except _HARMLESS:
            sound = True
            raise
        finally:
            link.limiter.answered()
            self._give_back(code, link, sound=sound)

    def limiter(self, code: str) -> AccountLimiter:
        """Return the pace of a partner's account, which all its threads share; raises NotConnected."""
        with self._lock:
            known = self._limiters.get(code)
        if known is not None:
            return known
        about = self.about(code)
        with self._lock:
            return self._limiters.setdefault(code, AccountLimiter(self._clock, about.pace))

    def paces(self) -> Mapping[tuple[str, str], Standing]:
        """Return how each account stands that was used so far, by partner and bucket."""
        with self._lock:
            limiters = dict(self._limiters)
        return {(code, name): each for code, one in limiters.items() for name, each in one.standing().items()}

    def profile(self, code: str) -> Profile | None:
        """Return the partner's profile in force, or None."""
        return self._profiles(code)

    def about(self, code: str) -> About:
        """Return what the partner's kind of connector is; raises NotConnected."""
        return self._plugin(code, self._declared(code)).about

    def knows(self, code: str) -> bool:
        """Say whether the partner can be connected to at all."""
        try:
            self.about(code)
        except NotConnected:
            return False
        return True

    def passing(self, code: str, name: str) -> None:
        """Pass a named instant of the partner's send path, told with its kind of connector: `files.rendered`."""
        if self.checkpoint is no_checkpoint:
            return
        connector = self.about(code).name if self.knows(code) else "gone"
        self.checkpoint(f"{connector}.{name}")

    def redact(self, code: str, text: str) -> str:
        """Return the text without the secret values of the partner's settings."""
        profile = self._profiles(code)
        if profile is None:
            return text
        fields = {name: getattr(profile.settings, name) for name in type(profile.settings).model_fields}
        secrets = {name: value.get_secret_value() for name, value in fields.items() if isinstance(value, SecretStr)}
        return redact(text, secrets)

    def tidy(self) -> int:
        """Close what nobody has used for a while; returns how many.

        Of each partner the one that was used last is kept for the next poll, as long as its kind of connector likes.
        """
        with self._lock:
            stale = self._stale(self._clock.monotonic())
            for link in stale:
                self._idle[link.code].remove(link)
        for link in stale:
            _close(link)
        return len(stale)

    def _stale(self, now: float) -> list[_Link]:
        """Return what to close: the spare ones soon, the last of each late, and the oldest when there are too many."""
        kept = [links[-1] for links in self._idle.values() if links]
        too_many = sorted(kept, key=lambda link: link.idle_since)[: max(0, len(kept) - self._most_kept)]
        stale = [link for link in kept if now - link.idle_since >= link.longest_idle or link in too_many]
        spare = [link for links in self._idle.values() for link in links[:-1]]
        return stale + [link for link in spare if now - link.idle_since >= self._idle_seconds]

    def hurry(self, within: float) -> None:
        """Let nobody wait for a partner's pace longer than that from now: the hub is stopping."""
        with self._lock:
            limiters = list(self._limiters.values())
        for limiter in limiters:
            limiter.close(within)

    def close(self) -> None:
        """Close every connection; one in use is closed when it is given back."""
        with self._lock:
            self._closed = True
            idle = [link for links in self._idle.values() for link in links]
            self._idle.clear()
        for link in idle:
            _close(link)

    def _take(self, code: str, longest_idle: float, opening: Callable[[], object]) -> _Link:
        profile = self._declared(code)
        while True:
            with self._lock:
                kept = self._idle.get(code)
                link = kept.pop() if kept else None
            if link is None:
                opening()
                return self._open(code, profile)
            if link.hash == profile.hash and self._clock.monotonic() - link.idle_since <= longest_idle:
                return link
            _close(link)

    def _open(self, code: str, profile: Profile) -> _Link:
        plugin = self._plugin(code, profile)
        limiter = self.limiter(code)
        context = ConnectionContext(self._store, code, self._clock, limiter, lambda name: self.passing(code, name))
        longest_idle = max(self._idle_seconds, plugin.about.keep_idle) if self._idle_seconds > 0 else 0.0
        return _Link(code, plugin.open(profile, context), profile.hash, limiter, self._clock.monotonic(), longest_idle)

    def _give_back(self, code: str, link: _Link, *, sound: bool) -> None:
        link.idle_since = self._clock.monotonic()
        with self._lock:
            keep = sound and not self._closed and self._idle_seconds > 0
            if keep:
                self._idle.setdefault(code, []).append(link)
        if not keep:
            _close(link)

    def _declared(self, code: str) -> Profile:
        profile = self._profiles(code)
        if profile is None:
            raise NotConnected(code)
        return profile

    def _plugin(self, code: str, profile: Profile) -> Plugin:
        """Find the kind of connector by the settings it declares; by the connection's row where kinds share a model."""
        fitting = {name: each for name, each in self._plugins.items() if each.about.settings is type(profile.settings)}
        if len(fitting) > 1:
            with self._store.read() as tx:
                row = connections.get(tx, code)
            fitting = {name: each for name, each in fitting.items() if row is not None and name == row.connector}
        if len(fitting) != 1:
            raise NotConnected(code)
        return next(iter(fitting.values()))


def _close(link: _Link) -> None:
    try:
        link.connector.close()
    except Exception as error:  # noqa: BLE001 - a session that cannot even be closed is gone; nothing depends on it
        log.debug("link.close_failed", error=type(error).__name__)
