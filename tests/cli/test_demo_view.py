"""What the demo's bars count."""

from __future__ import annotations

from hub.cli.demo_view import progress_of

STATE = {"orders_placed": 5}
SUMMARY = {
    "orders": 4,
    "lines_by_state": {"new": 1, "routable": 1, "allocated": 3},
    "purchases_by_state": {"issued": 1, "acknowledged": 2, "shipped": 3, "cancelled": 1},
    "deliveries": {
        "purchase_order": {"confirmed": 3, "sent": 1, "queued": 1, "cancelled": 1},
        "ship_order": {"confirmed": 2, "superseded": 1},
        "fulfilment": {"confirmed": 3, "parked": 1},
    },
}


def test_no_step_is_done_more_often_than_there_is_to_do() -> None:
    assert progress_of(STATE, SUMMARY) == {
        "orders in": (4, 5),
        "routed": (2, 5),
        "sent": (6, 7),  # what is ordered in the books is sent too, and is no purchase of its own
        "acknowledged": (6, 7),
        "shipped": (4, 7),
        "shipments told": (3, 4),
    }
