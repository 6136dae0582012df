"""How many rows there are of each state, without reading the history of which most rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, Table, func, literal_column, select

_SAMPLE, _GOLDEN = 100, 0.6180339887498949


def tally(tx: Connection, table: Table, *names: str) -> Mapping[tuple[str, ...], int]:
    """Return how many rows have each of these columns' values; the columns begin an index.

    SQLite tells in no time how many rows a table has. So the value of which there seem to be most is not counted: it
    has what the others leave. Which one that is may be guessed wrong; the figures are exact all the same.
    """
    columns = [table.c[name] for name in names]
    most = _most_common(tx, table, columns) if tx.dialect.name == "sqlite" else None
    counted = select(*columns, func.count()).group_by(*columns)
    if most is None:
        return {tuple(row[:-1]): int(row[-1]) for row in tx.execute(counted)}
    found = {
        tuple(row[:-1]): int(row[-1]) for side in _beside(columns, most) for row in tx.execute(counted.where(*side))
    }
    left = tx.execute(select(func.count()).select_from(table)).scalar_one() - sum(found.values())
    return {**found, most: left} if left else found


def by_value(tx: Connection, table: Table, column: str) -> dict[str, int]:
    """Return how many rows have each value of one column, by value."""
    return {value: count for (value,), count in sorted(tally(tx, table, column).items())}


def _beside(columns: Sequence[Column[Any]], value: tuple[str, ...]) -> Iterator[list[ColumnElement[bool]]]:
    """Yield the stretches of an index on both sides of a value; `<>` would go along all of it."""
    for place, (column, end) in enumerate(zip(columns, value, strict=True)):
        same = [each == known for each, known in zip(columns[:place], value[:place], strict=True)]
        yield [*same, column < end]
        yield [*same, column > end]


def _most_common(tx: Connection, table: Table, columns: Sequence[Column[Any]]) -> tuple[str, ...] | None:
    """Return the commonest value among some rows that are spread over the table; None when there are none."""
    rowid: ColumnElement[int] = literal_column("rowid", Integer)
    last = tx.execute(select(func.max(rowid)).select_from(table)).scalar_one()
    if not last:
        return None
    # as far apart as can be and never in step with what comes every so often
    spread = sorted({1 + int(last * (step * _GOLDEN % 1)) for step in range(_SAMPLE)})
    some = tx.execute(select(*columns).where(rowid.in_(spread)))
    counts = Counter([tuple(map(str, row)) for row in some])
    return next((value for value, _ in counts.most_common(1)), None)
