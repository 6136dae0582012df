"""The archive: every document as it came and as it left, byte for byte, under its SHA-256.

Contents are kept as compressed parts of at most 1 MiB of original each. All parts are written in one transaction:
where part 0 stands, the whole content does.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, or_, select, update

from hub.model.state import DeliveryState
from hub.store.prepared import Prepared
from hub.store.tables import archive, delivery, message, parked_record
from hub.store.upsert import insert_for

PART = 1 << 20
_LEVEL = 6
#: For a content of up to 2^12 bytes: as narrow a window and 24 KB of memory instead of 260, which are slow to get.
_NARROW, _LEAN = 12, 4
#: A content up to this size is written without asking whether it is there already.
_SMALL = 1 << 14
#: A content that one of these still stands for is needed, however old it is.
_OPEN_MESSAGES = ("received", "quarantined")
#: Made once, since building a statement costs more than running it.
_FIRST_PART = select(archive.c.part).where(archive.c.sha256 == bindparam("sha"), archive.c.part == 0)
_RENEW = (
    update(archive)
    .where(archive.c.sha256 == bindparam("b_sha"), archive.c.stored_at < bindparam("b_now"))
    .values(stored_at=bindparam("b_now"))
)
_OVER = (DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED)


class ContentGone(LookupError):
    """The archive does not hold this content: it was never kept, or its retention has ended."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"the archive holds no content {sha256}: its retention has ended (archive_days in the configuration)"
        )


class ContentDamaged(ValueError):
    """The stored bytes are not those that were kept."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"content {sha256} in the archive is damaged: restore the database from a backup")


def keep(tx: Connection, content: bytes, now: datetime) -> str:
    """Keep a content, once however often it comes, and return its SHA-256 in hex."""
    sha256 = hashlib.sha256(content).hexdigest()
    if len(content) > _SMALL and _refresh(tx, sha256, now):
        return sha256
    for part in range(max(1, -(-len(content) // PART))):
        original = content[part * PART : (part + 1) * PART]
        _write(tx, sha256, part, _compressed(original), len(original), now)
    return sha256


def load(tx: Connection, sha256: str) -> bytes:
    """Return a content as it was kept; raises ContentGone or ContentDamaged."""
    query = select(archive.c.part, archive.c.content).where(archive.c.sha256 == sha256).order_by(archive.c.part)
    rows = tx.execute(query).all()
    if not rows or rows[0].part != 0:
        raise ContentGone(sha256)
    content = b"".join(_original(sha256, row.content) for row in rows)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ContentDamaged(sha256)
    return content


def expire(tx: Connection, before: datetime, limit: int = 500) -> int:
    """Forget contents kept before this moment that nothing unfinished stands for; at most `limit`, returns how many.

    Needed are those of messages not yet applied or with records still parked, and of deliveries that are not over.
    Rows that named a forgotten content stay; `load` then raises ContentGone.
    """
    old = select(archive.c.sha256).where(archive.c.stored_at < before, ~_needed(archive.c.sha256))
    gone = set(tx.execute(old.order_by(archive.c.stored_at).limit(limit)).scalars())
    if gone:
        # asked again here: the same content may have been kept anew in between
        tx.execute(delete(archive).where(archive.c.sha256.in_(gone), archive.c.stored_at < before))
    return len(gone)


def _needed(sha256: ColumnElement[str]) -> ColumnElement[bool]:
    parked = exists().where(parked_record.c.message_id == message.c.id, parked_record.c.state == "open")
    open_message = exists().where(message.c.sha256 == sha256, or_(message.c.state.in_(_OPEN_MESSAGES), parked))
    open_delivery = exists().where(delivery.c.content_sha256 == sha256, delivery.c.state.not_in(_OVER))
    return or_(open_message, open_delivery)


def _refresh(tx: Connection, sha256: str, now: datetime) -> bool:
    """Let the retention of a content begin anew; false when it is not there as a whole."""
    if tx.execute(_FIRST_PART, {"sha": sha256}).first() is None:
        return False
    tx.execute(_RENEW, {"b_sha": sha256, "b_now": now})
    return True


def _write(tx: Connection, sha256: str, part: int, compressed: bytes, size: int, now: datetime) -> None:
    values = {"sha256": sha256, "part": part, "content": compressed, "size": size, "stored_at": now}
    _writing(tx.dialect.name).run(tx, values)


@cache
def _writing(dialect: str) -> Prepared:
    # a small content may be there already: then its retention begins anew
    made = insert_for(dialect, archive)
    kept = made.on_conflict_do_update(index_elements=["sha256", "part"], set_={"stored_at": made.excluded.stored_at})
    return Prepared(kept, "sha256", "part", "content", "size", "stored_at")


def _compressed(original: bytes) -> bytes:
    if len(original) > 1 << _NARROW:
        return zlib.compress(original, _LEVEL)
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _NARROW, _LEAN)
    return packing.compress(original) + packing.flush()


def _original(sha256: str, compressed: bytes) -> bytes:
    try:
        return zlib.decompress(compressed)
    except zlib.error as error:
        raise ContentDamaged(sha256) from error
