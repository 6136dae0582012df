"""What a document is rendered from may be mended while it has not left; what the order's books say may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.services.attention import retry_data
from hub.services.requests import Refused
from hub.store import deliveries


@pytest.fixture
def parked(quick_world: Any) -> Any:
    quick_world.source_of("acme", "CUP", 50)
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.refuse(quick_world.document("ACME"))
    return quick_world


def edit(world: Any, change: dict[str, Any], why: str = "the street was wrong") -> str:
    with world.store.write() as tx:
        doc = {**json.loads(retry_data.retry_data(tx, "d1")), **change}
        return retry_data.edit(tx, world.desk, "d1", json.dumps(doc).encode(), why, "ann")


def test_a_parked_document_is_mended_and_rendered_anew(parked: Any) -> None:
    assert "rendered anew" in edit(parked, {"note": "ring twice"})
    row = parked.read(lambda tx: deliveries.get(tx, 1))
    assert (row.doc["note"], row.content_sha256) == ("ring twice", None)
    (kept,) = parked.read(lambda tx: retry_data.edits(tx, "d1"))
    assert (kept["actor"], kept["why"]) == ("ann", "the street was wrong")
    assert kept["changed"] == {"note": {"was": "", "is": "ring twice"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": "PO9"}, "number cannot be changed here"),
        ({"node": "ELSEWHERE"}, "node cannot be changed here"),
        ({"lines": []}, "this is no"),
        ({}, "as it was"),
        ({"colour": "red"}, "this is no"),
    ],
)
def test_what_the_books_say_is_not_mended_here(parked: Any, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        edit(parked, change)


def test_quantities_stay_what_was_allocated(parked: Any) -> None:
    with parked.store.read() as tx:
        lines = json.loads(retry_data.retry_data(tx, "d1"))["lines"]
    with pytest.raises(Refused, match="quantities cannot be changed here"):
        edit(parked, {"lines": [{**lines[0], "quantity": "6"}]})


def test_what_may_have_arrived_is_not_mended(parked: Any) -> None:
    with parked.store.write() as tx:
        deliveries.requeue(tx, 1, parked.clock.now())
        deliveries.cancel(tx, 1, "closed", parked.clock.now())
    with pytest.raises(Refused, match="may have reached"):
        edit(parked, {"note": "x"})
