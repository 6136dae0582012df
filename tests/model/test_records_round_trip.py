"""Every kind of canonical record comes back from JSON as it went, and is closed to everything else."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.base import Record
from hub.model.decision import Decision
from hub.model.document import RECORDS, Kind
from hub.model.item import Item
from hub.model.node import Node
from hub.model.order import Allocation
from hub.model.partner import Partner
from tests.model.records import a

MODELS: dict[str, type[Record]] = {kind.value: model for kind, model in RECORDS.items()} | {
    model.__name__: model for model in (Allocation, Decision, Item, Node, Partner)
}
# No shrinking: for records of this size it takes minutes.
relaxed = settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None)
relaxed = settings(relaxed, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def test_every_kind_of_document_has_its_record() -> None:
    assert set(RECORDS) == set(Kind)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("Node", "Partner")])
@relaxed
@given(data=st.data())
def test_a_record_survives_json_and_python_data(name: str, data: st.DataObject) -> None:
    model = MODELS[name]
    record = data.draw(a(model))
    assert model.model_validate_json(record.model_dump_json()) == record
    assert model.model_validate(record.model_dump(mode="json")) == record
    assert model.model_validate(record.model_dump()) == record
    assert record.changed() == record


@pytest.mark.parametrize("name", MODELS)
def test_no_record_takes_a_field_that_it_does_not_know(name: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        MODELS[name].model_validate({"zebra": 1})


@relaxed
@given(a(RECORDS[Kind.PURCHASE_ORDER]))
def test_numbers_are_written_as_plain_text_and_never_as_floats(record: Record) -> None:
    def numbers(data: object) -> list[object]:
        if isinstance(data, dict):
            return [each for value in data.values() for each in numbers(value)]
        if isinstance(data, list):
            return [each for value in data for each in numbers(value)]
        return [data]

    data = json.loads(record.model_dump_json())
    places = {"latitude", "longitude"}
    address = data.get("ship_to") or {}
    found = numbers({name: value for name, value in data.items() if name != "ship_to"})
    assert not any(isinstance(each, float) for each in found)
    assert set(address.get("coordinates") or places) == places
    for line in data["lines"]:
        assert "E" not in line["quantity"]
        assert not line["quantity"].endswith(".")


def test_a_record_is_never_changed_in_place() -> None:
    item = Item(sku="MUG")
    with pytest.raises(ValidationError, match="frozen"):
        item.sku = "CUP"  # type: ignore[misc]
    assert item.changed(sku="CUP") == Item(sku="CUP")
    with pytest.raises(ValidationError):
        item.changed(sku="")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 90.0001])
def test_a_place_off_the_globe_is_no_place(value: float) -> None:
    node = {"code": "DC", "kind": "warehouse", "partner": "dc", "coordinates": {"latitude": value, "longitude": 0}}
    with pytest.raises(ValidationError):
        Node.model_validate(node)
