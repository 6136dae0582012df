"""Taking documents from a web server: what is new, and what has changed since it was last taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hub.contract import Page, RawItem, TemporaryFailure
from hub.wire.exchange import names
from hub.wire.exchange.refusal import refusal
from hub.wire.exchange.settings import After, ExchangeSettings
from hub.wire.exchange.web_door import GONE, WebDoor
from hub.wire.exchange.web_listing import names_in
from hub.wire.exchange.web_seen import Seen, Version
from hub.wire.http import TOO_LARGE, Reply

#: A page holds no more bytes than this, but always one document.
PAGE_BYTES = 32 * 2**20
_SAME = 304


class WebInbox:
    """The documents of one pattern; without a * it is one address."""

    def __init__(self, door: WebDoor, settings: ExchangeSettings, pattern: str) -> None:
        self._door, self._settings = door, settings
        self._folder, self._glob = names.split(settings.path(pattern))
        self._known_as = names.split(pattern)[0]

    def pages(self, cursor: str | None, page_size: int) -> Iterator[Page]:
        """Yield pages of what is new; what is to be deleted there is, once the hub has it."""
        seen = Seen(cursor)
        self._clean_up(seen)
        items: list[RawItem] = []
        size = 0
        for path in self.waiting(seen):
            item = self._take(path, seen)
            if item is None:
                continue
            items.append(item)
            size += len(item.content)
            if len(items) >= page_size or size >= PAGE_BYTES:
                yield Page(tuple(items), seen.cursor())
                self._clean_up(seen)
                items, size = [], 0
        if items:
            yield Page(tuple(items), seen.cursor())
            self._clean_up(seen)
        if (after := seen.cursor()) != (cursor or Seen(None).cursor()):
            yield Page((), after)

    def waiting(self, seen: Seen | None = None) -> list[str]:
        """Return the paths that there are, as far as the server says."""
        if not any(each in self._glob for each in "*?["):
            return [names.join(self._folder, self._glob)]
        address = f"{self._door.address(self._folder).rstrip('/')}/"
        reply = self._door.get(address)
        listed = [] if reply.status in GONE else names_in(reply, address)
        found = [names.join(self._folder, name) for name in listed if names.is_waiting(name, self._glob)]
        if seen is not None:
            seen.keep_only(found, self._folder, self._glob)
        return found

    def _clean_up(self, seen: Seen) -> None:
        for path in seen.to_delete:
            self._door.delete(path)
            seen.deleted(path)
        seen.to_delete = []

    def _take(self, path: str, seen: Seen) -> RawItem | None:
        last = seen.version(path)
        try:
            reply = self._door.get(self._door.address(path), last.conditions() if last else None)
        except TemporaryFailure as error:
            if error.code != TOO_LARGE:
                raise
            reply = Reply(200, {}, refusal(f"{self._door.origin}{path} was not read: {error.what} (max_file_bytes)"))
        if reply.status in (_SAME, *GONE):
            return None
        version = seen.news(path, reply)
        if version is None:
            return None
        if self._settings.after is After.DELETE:
            seen.to_delete.append(path)
        return self._item(path, version, reply.body)

    def _item(self, path: str, version: Version, content: bytes) -> RawItem:
        name = names.split(path)[1]
        key = f"{names.join(self._known_as, name)}:{version.stamp()}:{version.digest}"
        return RawItem(key, content, name, _moment(version.modified))


def _moment(modified: str) -> datetime | None:
    try:
        return parsedate_to_datetime(modified).astimezone(UTC)
    except ValueError:
        return None
