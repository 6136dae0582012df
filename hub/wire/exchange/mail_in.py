"""Taking attachments out of a mailbox: from known senders only, by file name, and put away when all are taken.

A mail is known by its folder's UIDVALIDITY and its UID, which together are never given twice. The flow's cursor holds
the last UID that was looked at, and the mails of the last page: after a crash they are put away by the next sweep.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from hub.contract import Context, Page, RawItem
from hub.log import EventLog
from hub.model.document import Direction
from hub.wire.exchange import names
from hub.wire.exchange.mail_text import attachments, is_allowed, moment_of, sender_of
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.refusal import refusal
from hub.wire.exchange.settings import After, ExchangeSettings
from hub.wire.imap import ImapSession, MailHead

#: A check looks at no more mails than this.
COUNTED = 1000
#: A page holds no more bytes than this, but always one mail.
PAGE_BYTES = 32 * 2**20

_log = EventLog("connectors.mail")


class MailInbox:
    """The attachments of one document's pattern in one folder of a mailbox."""

    def __init__(
        self,
        session: ImapSession,
        settings: ExchangeSettings,
        listed: DocumentFiles,
        context: Context,
        document: str,
    ) -> None:
        self._session, self._settings, self._listed, self._context = session, settings, listed, context
        self._document = document
        self._folder = settings.place.path.strip("/") or "INBOX"
        self._validity = 0
        self._renewed = False
        self._others: dict[int, list[str]] = {}  # documents that have attachments in a mail beside ours

    def pages(self, cursor: str | None, page_size: int) -> Iterator[Page]:
        """Yield pages of attachments; a page's mails are put away when the next page is asked for."""
        last, open_mails = self._enter(cursor)
        for uid in open_mails:
            self._put_away(uid)
        items: list[RawItem] = []
        mails: list[int] = []
        size = 0
        only = ["UNSEEN"] if self._renewed and self._settings.after is After.LEAVE else []
        for head in self._session.heads(self._session.search("UID", f"{last + 1}:*", *only)):
            if head.uid <= last:
                continue  # a mailbox answers with its last mail when there is none after it
            found = self._take(head)
            last = head.uid
            if not found:
                continue
            items += found
            mails.append(head.uid)
            size += sum(len(each.content) for each in found)
            if len(items) >= page_size or size >= PAGE_BYTES:
                yield Page(tuple(items), self._cursor(last, mails))
                self._put_all_away(mails)
                items, mails, size = [], [], 0
        if items:
            yield Page(tuple(items), self._cursor(last, mails))
            self._put_all_away(mails)
        if (after := self._cursor(last, [])) != cursor and last:
            yield Page((), after)

    def waiting(self) -> int:
        """Return how many of the folder's last mails are of known senders."""
        self._session.select(self._folder)
        heads = self._session.heads(self._session.search("ALL")[-COUNTED:])
        return sum(is_allowed(sender_of(head.header), self._settings.senders) for head in heads)

    def _enter(self, cursor: str | None) -> tuple[int, list[int]]:
        self._validity = self._session.select(self._folder)
        kept = json.loads(cursor) if cursor else {}
        if kept.get("validity") != self._validity:  # the folder was made anew: its numbers start again
            self._renewed = bool(kept)
            return 0, []
        return int(kept["last"]), list(kept["open"])

    def _cursor(self, last: int, open_mails: list[int]) -> str:
        return json.dumps({"validity": self._validity, "last": last, "open": open_mails}, separators=(",", ":"))

    def _take(self, head: MailHead) -> list[RawItem]:
        sender = sender_of(head.header)
        if not is_allowed(sender, self._settings.senders):
            _log.info(
                "mail left alone", sender=sender or "nobody", uid=head.uid, todo="is it theirs? add it to senders"
            )
            return []
        if head.size > self._limit():
            self._others[head.uid] = []
            return [self._refused(head)]
        mail = self._session.fetch(head.uid)
        parts = list(attachments(mail)) if mail is not None else []
        self._others[head.uid] = self._wanted_by_others(name for name, _ in parts)
        return [
            self._item(head, place, name, content)
            for place, (name, content) in enumerate(parts)
            if fnmatchcase(name, self._pattern(self._document))
        ]

    def _limit(self) -> int:
        """Return how large a mail may be: base64 adds a third, its lines and headers a little."""
        return self._settings.max_file_bytes * 7 // 5 + 65_536

    def _item(self, head: MailHead, place: int, name: str, content: bytes) -> RawItem:
        return RawItem(self._key(head.uid, place, name), content, name, moment_of(head.header))

    def _refused(self, head: MailHead) -> RawItem:
        sentence = (
            f"mail {head.uid} in {self._folder} of {self._session.endpoint} holds {head.size} bytes, more than "
            f"max_file_bytes={self._settings.max_file_bytes} allows; it was not read"
        )
        key = self._key(head.uid, 0, "too large")
        return RawItem(key, refusal(sentence), f"mail {head.uid}", moment_of(head.header))

    def _key(self, uid: int, place: int, name: str) -> str:
        return f"{self._folder}:{self._validity}:{uid}:{place}:{name}"

    def _pattern(self, document: str) -> str:
        return names.split(self._listed.files(document))[1]

    # --- putting away ---

    def _put_all_away(self, mails: list[int]) -> None:
        for uid in mails:
            self._put_away(uid)

    def _put_away(self, uid: int) -> None:
        """Put a mail away, unless another document still waits in it; the flow that takes the last one does it."""
        if self._others_wait(uid):
            return
        if self._settings.after is After.DELETE:
            self._session.delete(uid)
        elif self._settings.after is After.LEAVE:
            self._session.mark_seen(uid)
        elif self._session.search("UID", str(uid)):
            self._session.move(uid, self._settings.archive_folder)

    def _others_wait(self, uid: int) -> bool:
        """Note that our attachments of this mail are taken; say whether those of another document are not."""
        if uid not in self._others:  # taken before a crash
            mail = self._session.fetch(uid)
            self._others[uid] = self._wanted_by_others(name for name, _ in attachments(mail or b""))
        others = self._others.pop(uid)
        if others:
            self._context.remember(self._mark(uid, self._document), "taken")
        return any(self._context.recall(self._mark(uid, each)) is None for each in others)

    def _wanted_by_others(self, found: Iterable[str]) -> list[str]:
        """Return the other documents that some of these files belong to."""
        files = list(found)
        inward = [each.name for each in self._listed.documents() if each.direction is Direction.IN]
        rest = [each for each in inward if each != self._document]
        return [each for each in rest if any(fnmatchcase(name, self._pattern(each)) for name in files)]

    def _mark(self, uid: int, document: str) -> str:
        return f"mail:{self._folder}:{self._validity}:{uid}:{document}"
