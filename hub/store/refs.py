"""External references: our name for a thing, and the name that a partner has for it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, select

from hub.store.tables import external_ref
from hub.store.upsert import insert


class RefConflict(ValueError):
    """A name is bound already, to something else."""


def bind(tx: Connection, entity: str, ours: str, partner: str, kind: str, theirs: str) -> bool:
    """Remember that the partner's name `theirs` stands for our `ours`; false when that was known already.

    Raises RefConflict when either of the two names is bound to another one.
    """
    values = {"entity": entity, "ours": ours, "partner": partner, "kind": kind, "theirs": theirs}
    added = insert(tx, external_ref).values(values).on_conflict_do_nothing().returning(external_ref.c.id)
    if tx.execute(added).scalar_one_or_none() is not None:
        return True
    known = find_theirs(tx, entity, ours, partner, kind)
    if known == theirs:
        return False
    if known is not None:
        raise RefConflict(f"{entity} {ours} is {known!r} at {partner} ({kind}); it cannot be {theirs!r} too")
    other = find_ours(tx, entity, partner, kind, theirs)
    raise RefConflict(f"{theirs!r} of {partner} ({kind}) is our {entity} {other}; it cannot be {ours} too")


def find_ours(tx: Connection, entity: str, partner: str, kind: str, theirs: str) -> str | None:
    """Return our name for what the partner calls `theirs`, or None."""
    where = _of(entity, partner, kind) & (external_ref.c.theirs == theirs)
    return tx.execute(select(external_ref.c.ours).where(where)).scalar_one_or_none()


def find_theirs(tx: Connection, entity: str, ours: str, partner: str, kind: str) -> str | None:
    """Return the partner's name for our `ours`, or None."""
    where = _of(entity, partner, kind) & (external_ref.c.ours == ours)
    return tx.execute(select(external_ref.c.theirs).where(where)).scalar_one_or_none()


def _of(entity: str, partner: str, kind: str) -> ColumnElement[bool]:
    return and_(external_ref.c.entity == entity, external_ref.c.partner == partner, external_ref.c.kind == kind)


#: The short names: `refs.ours(...)` and `refs.theirs(...)` read well where they are called.
ours = find_ours
theirs = find_theirs
