"""Schedules: files select flows by property, ticks have planned times, problems are told all at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub.contract import DocumentSpec, Profile
from hub.model.document import Direction, Kind
from hub.model.partner import Partner, Role
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing.schedules import Schedule, ScheduleError, Select, jobs_of, load_schedules

HOUSE = Path(__file__).resolve().parents[2] / "schedules"
STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL)
ANSWERS = DocumentSpec("acknowledgement", Direction.IN, Kind.ACKNOWLEDGEMENT)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class NoSettings(BaseModel):
    pass


def entry(code: str, role: Role, *documents: DocumentSpec) -> Entry:
    return Entry(Profile(Partner(code=code, role=role), NoSettings()), "files", documents)


def directory(count: int) -> PartnerDirectory:
    return PartnerDirectory({f"s{n}": entry(f"s{n}", Role.SUPPLIER, STOCK, ANSWERS) for n in range(count)})


def test_a_thousand_feeds_need_one_schedule() -> None:
    schedule = Schedule(name="stock", every="15m", select=Select(kind="stock_level"), stagger=True)
    jobs = jobs_of([schedule], directory(1000))
    assert len(jobs) == 1000
    assert {job.documents for job in jobs} == {(STOCK,)}


def test_staggered_feeds_are_spread_over_the_interval() -> None:
    schedule = Schedule(name="stock", every="10m", stagger=True)
    minutes = [
        schedule.trigger(f"s{n}").get_next_fire_time(None, NOON).astimezone(UTC).minute % 10 for n in range(1000)
    ]
    assert all(60 < minutes.count(minute) < 140 for minute in range(10))


def test_every_process_names_the_same_tick_by_the_same_time() -> None:
    schedule = Schedule(name="stock", every="15m", stagger=True)
    first, second = (schedule.trigger("acme").get_next_fire_time(None, NOON) for _ in range(2))
    assert first == second
    assert schedule.trigger("acme").get_next_fire_time(first, first) - first == timedelta(minutes=15)


def test_all_properties_must_hold() -> None:
    select = Select(role=["supplier", "3pl"], document="stock", connector="files")
    assert select.takes(entry("a", Role.SUPPLIER, STOCK), STOCK)
    assert not select.takes(entry("a", Role.SUPPLIER, ANSWERS), ANSWERS)
    assert not select.takes(entry("a", Role.WAREHOUSE, STOCK), STOCK)


def test_the_house_schedules_load_and_cover_every_inbound_kind() -> None:
    kinds = set().union(*(schedule.select.kind for schedule in load_schedules(HOUSE)))
    assert kinds >= {"sales_order", "stock_level", "catalogue_entry", "acknowledgement", "shipment", "stock_push"}


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[[schedule]]\nname = "x"\nevery = "15 minutes"\n\n[[schedule]]\nname = "y"\nevery = "5m"\ncron = "* * * * *"\n'
    )
    (tmp_path / "b.toml").write_text('[[schedule]]\nname = "z"\ncron = "61 * * * *"\n\n[extra]\n')
    (tmp_path / "c.toml").write_text("[[schedule\n")
    (tmp_path / "d.toml").write_text('[schedule]\nname = "x"\nevery = "5m"\n')
    (tmp_path / "e.toml").write_text('[[schedule]]\nname = "x"\nevery = "0s"\n')
    with pytest.raises(ScheduleError) as caught:
        load_schedules(tmp_path)
    text = str(caught.value)
    for part in (
        "a.toml:3: every: ",
        "'15 minutes' is not a span",
        "a.toml:5: schedule 2: ",
        "exactly one of `every` and `cron`",
        "b.toml:1: schedule 1: ",
        "b.toml:5: extra: only [[schedule]] stands here",
        "c.toml: cannot be read as TOML",
        "d.toml:1: schedule: only [[schedule]] stands here",
        "e.toml:3: every: ",
    ):
        assert part in text


def test_one_name_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text('[[schedule]]\nname = "x"\nevery = "5m"\n')
    with pytest.raises(ScheduleError, match="'x' stands in another file too"):
        load_schedules(tmp_path)
