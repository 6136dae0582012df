from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.model.state import DeliveryState
from hub.store.delivery_row import Delivery
from hub.store.engine import Store
from hub.store.prepared import Prepared
from hub.store.tables import delivery, event

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
        assert RENAME.run(tx, {"b_subject": "50 % of \u00e9", "b_name": DeliveryState.SENT}) == 1
        assert sorted(tx.execute(select(event.c.name, event.c.actor)).all()) == [("kept", "ann"), ("sent", "hub")]


def test_a_missing_value_is_named(store: Store) -> None:
    with store.write() as tx, pytest.raises(KeyError, match="b_name"):
        RENAME.run(tx, {"b_subject": "x"})


def test_a_fault_of_the_database_is_the_same_error_as_of_any_other_statement(store: Store) -> None:
    with store.write() as tx, pytest.raises(IntegrityError, match="event"):
        WRITE.run(tx, values(name=None))


def test_a_delivery_is_the_same_read_by_name_and_by_place() -> None:
    """Claims are read by place: the fields of a delivery stand in the order of the table's columns."""
    columns = ["doc" if name == "record" else name for name in delivery.c.keys()]  # noqa: SIM118 - no mapping
    assert columns == [each.name for each in fields(Delivery)]
