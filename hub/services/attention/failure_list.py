"""Failures counted by cause, cut into pages, and found by their ids: in the database, where their rows are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from hub.services.attention.failure import Concerned, Failure, FailureKind, Filters, Group, number_of
from hub.services.attention.failure_lines import lines_of
from hub.services.attention.failure_sources import DOCUMENTS, EARLY, OPEN, RESOLVED, Source
from hub.store.columns import UtcTime
from hub.store.upsert import batches
from hub.store.words import by_code, holds, moment

_CAUSE = ("kind", "partner", "error_class", "code")
_WHOLE = (*_CAUSE, "id", "document", "subject", "error", "todo", "since", "waits_until")
_NO_TIME = cast(null(), UtcTime)
#: Where one failure stands among all: since when, and its id.
Place = tuple[datetime, str]


def list_failures(tx: Connection, now: datetime, filters: Filters | None = None) -> list[Failure]:
    """Return everything that needs a person, whole, oldest first."""
    found = _found(filters or Filters(), _WHOLE)
    if found is None:
        return []
    rows = found.subquery()
    query = select(rows).order_by(rows.c.since, by_code(rows.c.id))
    return _whole(tx, tx.execute(query, {"now": now}).mappings().all())


def ids_of(tx: Connection, now: datetime, filters: Filters) -> list[str]:
    """Return the ids alone, oldest first."""
    return [place[1] for place in _places(tx, now, filters)]


def page(
    tx: Connection,
    now: datetime,
    filters: Filters,
    *,
    after: Place | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> list[Failure]:
    """Return so many failures behind a place, oldest first or newest first."""
    places = _places(tx, now, filters, after=after, limit=limit, newest_first=newest_first)
    by_id = _by_ids(tx, now, [each for _, each in places], _sources(filters))
    return [by_id[each] for _, each in places if each in by_id]


def get(tx: Connection, failure_id: str, now: datetime) -> Failure | None:
    """Return one failure by its id: open, waiting for its order, closed, or a document that went through; or None."""
    return _by_ids(tx, now, [failure_id], (*OPEN, *EARLY, *RESOLVED, *DOCUMENTS)).get(failure_id)


def by_ids(tx: Connection, now: datetime, wanted: Collection[str]) -> Mapping[str, Failure]:
    """Return by id those of these failures that need a person."""
    return _by_ids(tx, now, wanted, OPEN)


def groups(tx: Connection, now: datetime, filters: Filters | None = None, *, with_ids: bool = False) -> list[Group]:
    """Put failures of one cause (partner, error class, code) together, the largest group first.

    The ids of all that stand in each are looked up only when they are asked for.
    """
    filters = filters or Filters()
    counted = _counted(tx, now, filters)
    oldest = _by_ids(tx, now, [first.partition(" ")[2] for first, _, _ in counted.values()], _sources(filters))
    named = _ids_by_cause(tx, now, filters) if with_ids else {}
    found = []
    for cause, (first, count, documents) in counted.items():
        example = oldest.get(first.partition(" ")[2])
        if example is not None:
            found.append(_group(cause, example, count, documents, tuple(named.get(cause, ()))))
    return sorted(found, key=lambda each: (-each.count, each.since, each.example_id))


_Cause = tuple[FailureKind, str, str, str]


def _group(cause: _Cause, example: Failure, count: int, documents: set[str], named: tuple[str, ...]) -> Group:
    told = ", ".join(sorted(documents))
    return Group(*cause, told, count, example.since, example.id, example.error, example.todo, named)


def _counted(tx: Connection, now: datetime, filters: Filters) -> Mapping[_Cause, tuple[str, int, set[str]]]:
    """Return by cause the time and id of the oldest, how many there are, and the documents they stand in."""
    found = _found(filters, (*_CAUSE, "document", "since", "id"))
    counted: dict[_Cause, tuple[str, int, set[str]]] = {}
    if found is None:
        return counted
    rows = found.subquery()
    named = [rows.c[name] for name in (*_CAUSE, "document")]
    first = func.min(by_code(moment(rows.c.since).concat(" ").concat(rows.c.id)))
    for row in tx.execute(select(*named, func.count(), first).group_by(*named), {"now": now}):
        cause = FailureKind(row[0]), row[1], row[2], row[3]
        oldest, count, documents = counted.get(cause, (row[6], 0, set()))
        counted[cause] = min(oldest, row[6]), count + row[5], documents | {row[4]}
    return counted


def _ids_by_cause(tx: Connection, now: datetime, filters: Filters) -> Mapping[_Cause, list[str]]:
    found = _found(filters, (*_CAUSE, "since", "id"))
    by_cause: dict[_Cause, list[str]] = {}
    if found is not None:
        rows = found.subquery()
        query = select(*(rows.c[name] for name in (*_CAUSE, "id"))).order_by(rows.c.since, by_code(rows.c.id))
        for kind, partner, error_class, code, failure_id in tx.execute(query, {"now": now}):
            by_cause.setdefault((FailureKind(kind), partner, error_class, code), []).append(failure_id)
    return by_cause


def _places(
    tx: Connection,
    now: datetime,
    filters: Filters,
    *,
    after: Place | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[Place]:
    found = _found(filters, ("since", "id"))
    if found is None:
        return []
    rows = found.subquery()
    since, name = rows.c.since, by_code(rows.c.id)
    query = select(since, rows.c.id).limit(limit)
    query = query.order_by(since.desc(), name.desc()) if newest_first else query.order_by(since, name)
    if after is not None:
        behind = (since < after[0], name < after[1]) if newest_first else (since > after[0], name > after[1])
        query = query.where(or_(behind[0], and_(since == after[0], behind[1])))
    return [(row[0], row[1]) for row in tx.execute(query, {"now": now})]


# --- the statements --------------------------------------------------------------------------------------------------


def _sources(filters: Filters) -> tuple[Source, ...]:
    return RESOLVED if filters.closed else OPEN


def _found(filters: Filters, names: Sequence[str]) -> Any:  # noqa: ANN401 - a UNION ALL of SELECTs, or None
    """Return the statement that finds what is asked for, with these fields of each; None when no kind is."""
    sources = [each for each in _sources(filters) if not filters.kinds or each.kind in filters.kinds]
    return union_all(*(_select(each, names, _admitted(each, filters)) for each in sources)) if sources else None


def _select(source: Source, names: Sequence[str], where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    fields: dict[str, ColumnElement[Any]] = {
        "kind": literal(source.kind.value),
        "id": source.id,
        "waits_until": _NO_TIME,
        **source.said,
    }
    return select(*(fields[name].label(name) for name in names)).select_from(source.rows).where(source.where, *where)


def _admitted(source: Source, filters: Filters) -> Iterator[ColumnElement[bool]]:
    """Yield what a source's rows must be to be asked for."""
    said = source.said
    if filters.partner is not None:
        yield said["partner"] == filters.partner
    if filters.document is not None:
        yield said["document"] == filters.document
    if filters.code is not None:
        yield or_(*(each == filters.code for each in (said["code"], said["error_class"], _cause(source))))
    if filters.before is not None:
        yield said["since"] < filters.before
    if filters.after is not None:
        yield said["since"] >= filters.after
    if filters.text is not None:
        yield holds(_spaced(source.id, said["subject"], said["error"]), filters.text)


def _cause(source: Source) -> ColumnElement[str]:
    error_class, code = source.said["error_class"], source.said["code"]
    both = error_class.concat("/").concat(code)
    return case((error_class == "", code), (code == "", error_class), else_=both)


def _spaced(*parts: ColumnElement[str]) -> ColumnElement[str]:
    return reduce(lambda whole, part: whole.concat(" ").concat(part), parts)


# --- by their ids ----------------------------------------------------------------------------------------------------


def _by_ids(tx: Connection, now: datetime, wanted: Collection[str], sources: Iterable[Source]) -> dict[str, Failure]:
    """Return these failures whole, by id, as far as they stand in one of the sources; the first one tells of it."""
    found: dict[str, Failure] = {}
    for source in sources:
        letter = source.kind.value[0]
        numbers = [each[1:] for each in wanted if each[:1] == letter]
        for batch in batches(_keys(source, numbers)):
            query = _select(source, _WHOLE, (source.column.in_(batch),))
            found = {each.id: each for each in _whole(tx, tx.execute(query, {"now": now}).mappings().all())} | found
    return found


def _keys(source: Source, numbers: Iterable[str]) -> list[Any]:
    """Return what stands behind the letters of ids as the table keeps it, without what cannot stand there."""
    if source.column.type.python_type is str:
        return list(numbers)
    return [number for number in map(number_of, numbers) if number is not None]


def _whole(tx: Connection, rows: Sequence[RowMapping]) -> list[Failure]:
    kept: Mapping[str, tuple[Concerned, ...]] = lines_of(tx, [row["id"] for row in rows])
    return [Failure(**{**row, "kind": FailureKind(row["kind"]), "lines": kept.get(row["id"], ())}) for row in rows]
