from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update

from hub.model.state import DeliveryState
from hub.store.engine import Store
from hub.store.prepared import Prepared
from hub.store.tables import event

AT = datetime(2026, 11, 20, 6, 0, 0, 123456, tzinfo=UTC)
WRITE = Prepared(insert(event), "at", "name", "subject", "actor", "detail")
RENAME = Prepared(
    update(event)
    .where(event.c.subject == bindparam("b_subject"), event.c.name == "old")
    .values(name=bindparam("b_name"), actor="hub")
)


def values(**changed: object) -> dict[str, object]:
    return {
        "at": AT,
        "name": "old",
        "subject": "50 % of \u00e9",
        "actor": "ann",
        "detail": {"b": 1, "a": None},
    } | changed


def test_what_is_run_prepared_is_stored_as_any_other_statement_stores_it(store: Store) -> None:
    with store.write() as tx:
        WRITE.run(tx, values())
        tx.execute(insert(event), values())
        one, other = tx.execute(select(event.c["at", "name", "subject", "actor", "detail"])).all()
        assert one == other
        assert one.at == AT


def test_values_of_the_statement_itself_and_given_ones_stand_side_by_side(store: Store) -> None:
    with store.write() as tx:
        WRITE.run(tx, values())
        WRITE.run(tx, values(name="kept"))
        assert RENAME.run(tx, {"b_subject": "50 % of \u00e9", "b_name": DeliveryState.SENT}).rowcount == 1
        assert sorted(tx.execute(select(event.c.name, event.c.actor)).all()) == [("kept", "ann"), ("sent", "hub")]


def test_a_missing_value_is_named(store: Store) -> None:
    with store.write() as tx, pytest.raises(KeyError, match="b_name"):
        RENAME.run(tx, {"b_subject": "x"})
