"""The auditor's arithmetic."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from sandbox.auditor import AuditReport, Verdict, audit, audit_from_json

_numbers = count(1)


def _placed(line: str = "1", quantity: int = 2, ordered: int | None = None, sku: str = "A") -> dict[str, Any]:
    ordered = quantity if ordered is None else ordered
    return {"order": "900", "line": line, "sku": sku, "ordered": ordered, "quantity": quantity}


def _held(
    line: str = "1", quantity: int = 2, shipped: int | None = None, sku: str = "A", po: str = "P1"
) -> dict[str, Any]:
    shipped = quantity if shipped is None else shipped
    return {
        "partner": "acme",
        "document": po,
        "order": "900",
        "line": line,
        "sku": sku,
        "quantity": quantity,
        "shipped": shipped,
        "shipments": [f"{po}-1"] if shipped else [],
    }


def _fulfilled(line: str = "1", quantity: int = 2) -> dict[str, Any]:
    return {"order": "900", "line": line, "quantity": quantity, "fulfilment": str(next(_numbers))}


def _excused(line: str = "1", quantity: object = 2) -> dict[str, Any]:
    return {"order": "900", "line": line, "quantity": quantity}


def _verdicts(report: AuditReport) -> list[tuple[str, Verdict]]:
    return [(finding.line, finding.verdict) for finding in report.findings]


def test_a_line_held_and_fulfilled_once_is_right() -> None:
    report = audit([_placed()], [_held()], [_fulfilled()])
    assert (report.lost, report.duplicated, report.findings) == (0, 0, ())
    assert (report.orders, report.lines, report.purchase_orders, report.shipments, report.fulfilments) == (
        1,
        1,
        1,
        1,
        1,
    )


def test_a_line_split_over_two_partners_is_right() -> None:
    report = audit([_placed(quantity=3)], [_held(quantity=1), _held(quantity=2, po="P2")], [_fulfilled(quantity=3)])
    assert (report.lost, report.duplicated, report.purchase_orders) == (0, 0, 2)


def test_a_line_that_nobody_holds_is_lost() -> None:
    report = audit([_placed("1"), _placed("2")], [_held("2")], [_fulfilled("2")])
    assert _verdicts(report) == [("1", Verdict.LOST)]
    assert (report.lost, report.duplicated) == (1, 0)


def test_a_missing_part_of_a_line_is_lost() -> None:
    assert audit([_placed(quantity=3)], [_held(quantity=2)], [_fulfilled(quantity=2)]).lost == 1


def test_a_line_held_under_two_numbers_is_duplicated_whatever_the_numbers() -> None:
    report = audit([_placed()], [_held(po="P1"), _held(po="P2")], [_fulfilled()])
    assert _verdicts(report) == [("1", Verdict.DUPLICATED)]
    assert (report.lost, report.duplicated) == (0, 1)


def test_one_removed_and_another_copied_are_one_and_one() -> None:
    placed = [_placed(str(line)) for line in range(5)]
    held = [_held(str(line), po=f"P{line}") for line in range(5)]
    fulfilled = [_fulfilled(str(line)) for line in range(5)]
    report = audit(placed, [*held[1:], held[4]], fulfilled)
    assert (report.lost, report.duplicated) == (1, 1)


def test_a_listed_failure_excuses_its_quantity_and_no_more() -> None:
    assert audit([_placed()], [], [], [_excused()]).lost == 0
    assert audit([_placed(quantity=3)], [_held(quantity=1)], [_fulfilled(quantity=1)], [_excused()]).lost == 0
    assert audit([_placed(quantity=3)], [], [], [_excused()]).lost == 1


def test_two_portions_of_a_line_that_are_listed_excuse_both() -> None:
    """Two units of one line that a supplier refused and cut stood in the list one by one, and one counted as lost."""
    facts = {"placed": [_placed(quantity=2)], "held": [], "fulfilled": []}
    portions = [{"kind": "line", "lines": [_excused(quantity="1")]}] * 2
    assert audit_from_json(facts, portions).lost == 0
    assert audit_from_json(facts, portions[:1]).lost == 1
    twice = [
        {"kind": "line", "lines": [_excused(quantity="1")]},
        {"kind": "delivery", "lines": [_excused(quantity="1")]},
    ]
    assert audit_from_json(facts, twice).lost == 1


def test_a_failure_without_a_quantity_excuses_the_whole_line() -> None:
    report = audit([_placed(quantity=3)], [], [], [_excused(quantity=None)])
    assert (report.lost, report.excused) == (0, 1)


def test_an_order_that_could_not_be_read_excuses_all_its_lines_and_no_other_orders() -> None:
    lines = [_placed(line="L1"), _placed(line="L2"), {**_placed(), "order": "another"}]
    report = audit(lines, [], [], [{**_excused(quantity=None), "line": None}])
    assert (report.lost, report.excused) == (1, 2)


def test_a_failure_listed_twice_excuses_once() -> None:
    assert audit([_placed(quantity=4)], [], [], [_excused(), _excused()]).lost == 1


def test_a_failure_excuses_no_duplicate() -> None:
    assert audit([_placed()], [_held(), _held(po="P2")], [_fulfilled()], [_excused()]).duplicated == 1


def test_goods_that_left_and_the_shop_was_not_told_count_as_lost() -> None:
    report = audit([_placed()], [_held()], [])
    assert (report.lost, report.unfulfilled, report.duplicated) == (1, 1, 0)
    assert audit([_placed()], [_held()], [], [_excused()]).lost == 0


def test_goods_that_the_shop_was_told_of_twice_count_as_duplicated() -> None:
    report = audit([_placed()], [_held(shipped=1)], [_fulfilled(quantity=1), _fulfilled(quantity=1)])
    assert (report.lost, report.duplicated, report.double_fulfilled) == (0, 1, 1)


def test_a_fulfilment_for_goods_that_have_not_left_is_one_too_many() -> None:
    assert audit([_placed()], [_held(shipped=0)], [_fulfilled()]).double_fulfilled == 1


def test_goods_that_have_not_left_need_no_fulfilment() -> None:
    assert audit([_placed()], [_held(shipped=0)], []).findings == ()


def test_something_that_nobody_ordered_is_duplicated() -> None:
    report = audit([_placed()], [_held(), _held("77", po="P7")], [_fulfilled()])
    assert _verdicts(report) == [("77", Verdict.DUPLICATED)]


def test_another_item_for_a_line_leaves_it_lost_and_the_item_one_too_many() -> None:
    report = audit([_placed(sku="A")], [_held(sku="B")], [])
    assert (report.lost, report.duplicated) == (1, 1)


def test_a_quantity_given_up_by_a_partner_is_not_held() -> None:
    report = audit([_placed()], [_held(quantity=0), _held(po="P2")], [_fulfilled()])
    assert (report.lost, report.duplicated) == (0, 0)


def test_a_line_cancelled_after_it_was_sent_is_neither_lost_nor_duplicated() -> None:
    report = audit([_placed(quantity=0, ordered=2)], [_held(shipped=0)], [])
    assert report.findings == ()


def test_the_report_can_be_written_as_json_and_read_by_a_person() -> None:
    facts = {"placed": [_placed()], "held": [], "fulfilled": []}
    report = audit_from_json(facts, [{"run": 7}, {"order": None, "line": None}])
    plain = json.loads(json.dumps(report.as_json()))
    assert plain["findings"][0]["placed"] == "2"
    assert "1 lost, 0 duplicated" in report.as_text()
    assert "lost: order 900 line 1 (A)" in report.as_text()


def test_quantities_and_ids_may_be_text_or_numbers() -> None:
    report = audit(
        [{"order": 900, "line": 1, "sku": "A", "ordered": "2.0", "quantity": "2"}], [_held()], [_fulfilled()]
    )
    assert report.findings == ()
