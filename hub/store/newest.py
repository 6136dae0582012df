"""The newest row of each flow, found from one flow to the next along an index, however many rows a flow has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import CTE, Table, literal, select, tuple_

from hub.store.columns import UtcTime

_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


def newest_of_each(table: Table, flow: Sequence[str], moment: str) -> CTE:
    """Return, as the column `id`, the ids of the rows that are the newest of each flow by the time in `moment`.

    `flow` names text columns; with `moment` behind them they begin an index. The last row of the result is empty.
    """
    here, behind = table.alias("here"), table.alias("behind")
    columns = *flow, moment
    start = select(table.c.id).order_by(*(table.c[name].desc() for name in columns)).limit(1)
    found = select(start.scalar_subquery().label("id")).cte("newest", recursive=True)
    # SQLite looks along the whole index only where the right side is no bare column and there is one for each
    flow_begins = *(here.c[name].concat("") for name in flow), literal(_BEFORE_ALL, UtcTime)
    smaller = tuple_(*(behind.c[name] for name in columns)) < tuple_(*flow_begins)
    following = select(behind.c.id).where(smaller).order_by(*(behind.c[name].desc() for name in columns)).limit(1)
    return found.union_all(select(following.scalar_subquery()).join_from(found, here, here.c.id == found.c.id))
