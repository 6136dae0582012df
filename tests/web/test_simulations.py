"""What if: past orders by changed rules, beside everything else; a bad file is told with its lines; nothing changes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.services.requests import Refused
from hub.services.sourcing import simulations
from hub.services.sourcing.simulation import Wish
from hub.services.sourcing.simulations import Simulations
from hub.store.tables import allocation, decision, event, sales_order

NOBODY = 'version = 1\n[[rules]]\nname = "nobody"\nrouting = { never_nodes = ["ACME"] }\n'
JSON = {"content_type": "application/json"}


def wish(site: Any, **fields: str) -> dict[str, str]:
    now = site.clock.now()
    return {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat(), **fields}


def ended(site: Any, number: int = 1) -> Any:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        found = site.simulations.get(number)
        if found.ended_at is not None:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still running: {found}")


def count(site: Any) -> list[tuple[Any, ...]]:
    with site.store.read() as tx:
        kept = [
            tuple(row) for each in (sales_order, allocation) for row in tx.execute(select(each.c.id, each.c.updated_at))
        ]
        return [*kept, *(tuple(tx.execute(select(func.count()).select_from(each)).one()) for each in (decision, event))]


def test_past_orders_are_routed_again_and_nothing_changes_by_it(site: Any) -> None:
    for number in ("1001", "1002"):
        site.order(number)
    before, browser = count(site), site.open()
    started = browser.send("/what-if", "/what-if", rules=NOBODY, **wish(site))
    assert started.status == 200, started.text
    found = ended(site)
    assert (found.state, found.who) == ("done", "ann"), found.error
    page = browser.get("/what-if/1").text
    assert "1 without a source" in page
    assert 'href="/orders/SO' in page
    assert "<b>2</b><span>of 2 orders change" in page
    told = json.loads(browser.get("/api/what-if/1").text)
    assert told["state"] == "done"
    assert (told["found"]["orders"], told["found"]["becomes"]["units_missing"], told["found"]["whole"]) == (
        2,
        "2",
        True,
    )
    assert [each["number"] for each in json.loads(browser.get("/api/what-if").text)] == [1]
    assert count(site) == before


def test_a_file_that_cannot_be_used_is_told_with_its_lines_and_what_was_meant(quick_site: Any) -> None:
    broken = NOBODY.replace("never_nodes", "never_node")
    browser = quick_site.open()
    page = browser.send("/what-if", "/what-if", rules=broken, **wish(quick_site))
    assert page.status == 422
    assert "did you mean &#39;never_nodes&#39;?" in page.text
    assert '<td class="n">4</td>' in page.text
    assert "never_node = [" in page.text.partition("<textarea")[2], "what was typed is still there"
    told = browser.ask("POST", "/api/what-if", json.dumps(wish(quick_site, rules=broken)).encode(), JSON)
    assert told.status == 422
    assert (json.loads(told.text)["problems"][0]["file"], json.loads(told.text)["problems"][0]["line"]) == (
        "new.toml",
        4,
    )
    assert quick_site.simulations.listing() == []


def test_a_sound_file_is_only_checked_where_no_more_is_asked(quick_site: Any) -> None:
    page = quick_site.open().send("/what-if", "/what-if", rules=NOBODY, check="1", **wish(quick_site))
    assert "This file can be used" in page.text
    assert quick_site.simulations.listing() == []


def test_a_file_in_force_is_changed_and_the_others_stay(quick_site: Any) -> None:
    quick_site.order("1001")
    quick_site.routing_files = [("routing.toml", NOBODY), ("routing/eu.toml", "version = 1\n")]
    browser = quick_site.open()
    assert "never_nodes" in browser.get("/what-if?file=routing.toml").text
    body = json.dumps(wish(quick_site, file="routing.toml", rules="version = 1\n")).encode()
    assert browser.ask("POST", "/api/what-if", body, JSON).status == 202
    assert ended(quick_site).found["orders_changed"] == 0
    body = json.dumps(wish(quick_site, file="routing/eu.toml", rules="version = 1\n")).encode()
    assert browser.ask("POST", "/api/what-if", body, JSON).status == 202
    assert ended(quick_site, 2).found["orders_changed"] == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [({"from": "soon"}, "say the period"), ({"from": "2026-11-20", "to": "2026-11-19"}, "ends before it begins")],
)
def test_a_period_that_is_none_is_refused(quick_site: Any, given: Mapping[str, str], says: str) -> None:
    page = quick_site.open().send("/what-if", "/what-if", rules=NOBODY, **{**wish(quick_site), **given})
    assert (page.status, says in page.text) == (422, True)


def test_who_may_look_may_not_run(quick_site: Any, staff: Mapping[str, Any]) -> None:
    browser = quick_site.open(users=staff)
    browser.post("/login", {"name": "vera", "password": "v", "back": "/"})
    assert "What if" in browser.get("/what-if").text
    assert "<textarea" not in browser.get("/what-if").text
    assert browser.post("/what-if", {"rules": NOBODY}).status == 403
    assert browser.ask("POST", "/api/what-if", b"{}", JSON).status == 403


# --- one at a time, and bounded -----------------------------------------------------------------------------------


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the programme that simulates tell how far it is and never come to an end."""
    script = tmp_path / "endless.py"
    script.write_text("import time\nprint('{\"decided\": 50}', flush=True)\ntime.sleep(600)\n", "utf-8")
    monkeypatch.setattr(simulations, "PROGRAMME", (str(script),))


def a_wish(site: Any) -> Wish:
    return Wish(site.clock.now(), site.clock.now() + timedelta(days=1), [("new.toml", "version = 1\n")], 10)


@pytest.mark.usefixtures("endless")
def test_one_runs_at_a_time_and_can_be_cancelled(quick_site: Any) -> None:
    quick_site.simulations.start(quick_site.desk, a_wish(quick_site), "new.toml", "ann")
    with pytest.raises(Refused, match="simulation 1 of ann runs"):
        quick_site.simulations.start(quick_site.desk, a_wish(quick_site), "new.toml", "ann")
    browser = quick_site.open()
    assert 'hx-trigger="every 2s"' in browser.get("/what-if/1").text
    browser.send("/what-if/1", "/what-if/1/cancel")
    assert (ended(quick_site).state, ended(quick_site).error) == ("cancelled", "cancelled by ann")
    assert "It was ended" in browser.get("/what-if/1").text
    assert quick_site.simulations.start(quick_site.desk, a_wish(quick_site), "new.toml", "ann").number == 2


@pytest.mark.usefixtures("endless")
def test_one_that_takes_too_long_is_ended(quick_site: Any) -> None:
    quick_site.simulations = Simulations(longest=0.2)
    quick_site.simulations.start(quick_site.desk, a_wish(quick_site), "new.toml", "ann")
    found = ended(quick_site)
    assert (found.state, found.error) == ("cancelled", "it took more than 0 s")


def test_one_that_breaks_says_why(quick_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulations, "PROGRAMME", ("-c", "raise ValueError('no such thing')"))
    quick_site.simulations.start(quick_site.desk, a_wish(quick_site), "new.toml", "ann")
    assert (ended(quick_site).state, ended(quick_site).error) == ("failed", "ValueError: no such thing")


def test_more_history_than_is_allowed_is_said(quick_site: Any) -> None:
    for number in range(3):
        quick_site.order(str(number))
    now = quick_site.clock.now()
    wish = Wish(now - timedelta(days=1), now + timedelta(days=1), [], 2)
    quick_site.simulations.start(quick_site.desk, wish, "new.toml", "ann")
    found = ended(quick_site).found
    assert (found["decided"], found["whole"]) == (2, False)
    assert "these are the first 2 routings" in quick_site.open().get("/what-if/1").text
