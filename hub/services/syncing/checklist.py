"""What has to be well before a connection goes live: one point after the other, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select

from hub.contract import Health, Point
from hub.model.document import Direction, Kind
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing.schedules import Job
from hub.services.syncing.sync_view import next_runs
from hub.store import runs
from hub.store.tables import catalogue, item, parked_record, stock, stock_published

_SHOWN = 5
_TABLES = ("unknown location", "location", "locations")
_SKUS = ("sku", "item")


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands around a connection in files: its schedules, its secrets, and whether its own file is in force."""

    jobs: Sequence[Job]
    secrets: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()


def checklist(
    tx: Connection, directory: PartnerDirectory, code: str, health: Health, setting: Setting, now: datetime
) -> list[Point]:
    """Return every point of one connection that is in force; `health` is what its partner answered."""
    entry = directory.entries[code]
    asked = health.points or (Point("partner", health.ok, health.sentence, health.todo),)
    points = [_file(setting), _secrets(setting), *asked, _skus(tx, entry), _locations(tx, directory, entry)]
    return [*points, *_schedule(tx, entry, setting.jobs, now), _hours(entry, now)]


def as_row(point: Point) -> dict[str, object]:
    """Return a point as a row of a listing."""
    verdict = {True: "ok", False: "NOT OK", None: "look"}[point.ok]
    return {"point": point.name, "verdict": verdict, "found": point.sentence, "do": point.todo}


def _file(setting: Setting) -> Point:
    if setting.problems:
        todo = "mend the file; until then the last good one is in force"
        return Point("mapping file", ok=False, sentence="; ".join(setting.problems), todo=todo)
    return Point("mapping file", ok=True, sentence="it is in force as it stands")


def _secrets(setting: Setting) -> Point:
    missing = [name for name, place in setting.secrets.items() if not place]
    if missing:
        todo = "; ".join(f"`crossdock secret set {name}`" for name in missing)
        return Point("secrets", ok=False, sentence=f"nowhere: {', '.join(missing)}", todo=todo)
    kept = ", ".join(f"{name} ({place})" for name, place in setting.secrets.items())
    return Point("secrets", ok=True, sentence=kept or "it names none")


# --- what the books say ----------------------------------------------------------------------------------------------


def _skus(tx: Connection, entry: Entry) -> Point:
    code = entry.profile.partner.code
    bad = _parked(tx, code, parked_record.c.field.in_(_SKUS) | parked_record.c.code.in_(_SKUS))
    if bad:
        todo = f"`crossdock failed list --partner {code}`; add them to the file's table, or to the catalogue"
        return Point("SKUs", ok=False, sentence=f"parked for their SKU: {_some(bad)}", todo=todo)
    unknown = _nobody_sells(tx, entry)
    if unknown:
        todo = "nothing, if you do not sell them; otherwise map their SKUs to yours in [tables]"
        return Point("SKUs", ok=None, sentence=f"in no other catalogue or stock: {_some(unknown)}", todo=todo)
    untaken = tx.execute(select(stock_published.c.sku).where(_untaken(code)).distinct()).scalars().all()
    if untaken:
        todo = "give these products their SKU there, with stock kept for them"
        return Point("SKUs", ok=False, sentence=f"not shown by the channel: {_some(untaken)}", todo=todo)
    return Point("SKUs", ok=True, sentence="none stands unmapped")


def _untaken(code: str) -> ColumnElement[bool]:
    return (stock_published.c.connection == code) & (stock_published.c.delivery_id == 0)


def _nobody_sells(tx: Connection, entry: Entry) -> Sequence[str]:
    """Return SKUs of a partner's stock that no item, catalogue or other node of ours knows; none while nothing is."""
    own = [node.code for node in entry.profile.partner.nodes]
    if not own or not tx.execute(select(func.count()).select_from(item)).scalar_one():
        return ()
    known = select(item.c.sku).union(select(catalogue.c.sku), select(stock.c.sku).where(stock.c.node.not_in(own)))
    query = select(stock.c.sku).where(stock.c.node.in_(own), stock.c.sku.not_in(known)).distinct()
    return tx.execute(query.order_by(stock.c.sku).limit(1000)).scalars().all()


def _locations(tx: Connection, directory: PartnerDirectory, entry: Entry) -> Point:
    code = entry.profile.partner.code
    bad = _parked(tx, code, parked_record.c.code.in_(_TABLES))
    if bad:
        todo = "write each into the mapping file's [[partner.nodes]], or into its location table"
        return Point("locations", ok=False, sentence=f"parked for their location: {_some(bad)}", todo=todo)
    shown, nodes = directory.locations(code), {node.code for node in directory.nodes()}
    nowhere = sorted({node for places in shown.values() for node in places} - nodes)
    if nowhere:
        return Point("locations", ok=False, sentence=f"no such node: {_some(nowhere)}", todo="correct [locations]")
    if not entry.document(Kind.STOCK_PUSH, Direction.OUT):
        own = [node.code for node in entry.profile.partner.nodes]
        return Point("locations", ok=True, sentence=f"its nodes: {_some(own)}" if own else "it has none")
    hidden = sorted(nodes - {node for places in shown.values() for node in places})
    words = f"{len(shown)} show our stock" + (f"; shown by none: {_some(hidden)}" if hidden else "")
    return Point("locations", ok=bool(shown), sentence=words, todo="" if shown else "map a location to a node")


def _parked(tx: Connection, code: str, where: ColumnElement[bool]) -> list[str]:
    query = select(parked_record.c.record).where(parked_record.c.connection == code, parked_record.c.state == "open")
    return list(tx.execute(query.where(where).distinct().limit(1000)).scalars())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


# --- when ------------------------------------------------------------------------------------------------------------


def _schedule(tx: Connection, entry: Entry, jobs: Iterable[Job], now: datetime) -> Iterator[Point]:
    code = entry.profile.partner.code
    coming = {flow[2]: at for flow, at in next_runs(jobs, now).items() if flow[1] == code}
    wanted = [each.name for each in entry.documents if each.direction is Direction.IN and not each.comes_with]
    for name in wanted:
        at = coming.get(name)
        if at is None:
            todo = "add a [[schedule]] that selects it"
            yield Point("schedule", ok=False, sentence=f"{name} is read by no schedule", todo=todo)
            continue
        last = next((run for run in runs.history(tx, code, name, 1)), None)
        said = f"{name}: next {at:%Y-%m-%d %H:%M} UTC; " + (f"last {last['state']}" if last else "never ran")
        bad = last is not None and last["state"] == "failed"
        todo = last["todo"] or "" if last is not None and bad else ""
        yield Point("schedule", not bad, said, todo)


def _hours(entry: Entry, now: datetime) -> Point:
    partner = entry.profile.partner
    there = now.astimezone(ZoneInfo(partner.timezone))
    return Point("time zone", ok=True, sentence=f"it is {there:%A %H:%M} there ({partner.timezone})")
