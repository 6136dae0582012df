"""What the rules of [alerts] find: each finding says what is wrong, since when, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.services.alerting.alert_settings import AlertRule
from hub.services.attention import failures
from hub.services.attention.failure import Filters
from hub.services.desk import Directory
from hub.store import connections, feeds
from hub.store.tables import connection, delivery, event, sales_order

#: How long a notice of a single order is news.
_NOTICED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that a rule found, known again by its rule and what it is about."""

    rule: str
    about: str
    text: str
    todo: str
    urgent: bool = False
    to: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is known again by."""
        return f"{self.rule}/{self.about}"


_Found = tuple[str, str, str]  # about, text, todo


@dataclass(frozen=True, slots=True)
class _View:
    """What the rules look at, at one moment."""

    tx: Connection
    now: datetime
    directory: Directory


def evaluate(tx: Connection, rules: Iterable[AlertRule], now: datetime, directory: Directory) -> dict[str, Alert]:
    """Return what holds right now, by key."""
    view, found = _View(tx, now, directory), {}
    for rule in rules:
        for about, text, todo in _LOOKS[rule.when](view, rule):
            if rule.partner in ("", about.partition(" ")[0]):
                alert = Alert(rule.name, about, text, todo, rule.urgent, rule.to)
                found[alert.key] = alert
    return found


def _down(view: _View, rule: AlertRule) -> Iterator[_Found]:
    columns = (connection.c.code, connection.c.outage_since, connection.c.outage_error)
    query = select(*columns, connection.c.paused_by, connection.c.paused_why)
    for code, since, error, by, why in view.tx.execute(query):
        if by == "hub":
            todo = f"mend its secret or ask them; `crossdock connection check {code}` says when it is well"
            yield code, f"{code} lets us in no more: {why}", todo
        elif since is not None and view.now - since >= rule.than:
            text = f"{code} cannot be reached since {since:%Y-%m-%d %H:%M} UTC: {error}"
            yield code, text, f"ask {code}; what waits goes by itself when it is back"


def _old_feeds(view: _View, rule: AlertRule) -> Iterator[_Found]:
    """Find stock that is old, and what a live partner is to send and never has; of a file that is gone nothing."""
    taken, live = feeds.last_taken(view.tx), connections.live_since(view.tx)
    for (code, document), at in taken.items():
        if view.now - at > rule.than and view.directory.partner(code) is not None:
            yield _missing(code, document, f"the last {document} of {code} came {at:%Y-%m-%d %H:%M} UTC")
    for code, since in live.items():
        expected = view.directory.inbound(code, Kind.STOCK_LEVEL)
        if expected is not None and (code, expected) not in taken and view.now - since > rule.than:
            text = f"no {expected} of {code} has ever come, and it is live since {since:%Y-%m-%d %H:%M} UTC"
            yield _missing(code, expected, text)


def _missing(code: str, document: str, text: str) -> _Found:
    return f"{code} {document}", text, f"ask {code} for it; `crossdock sync run {code}` looks at once"


def _parked_more(view: _View, rule: AlertRule) -> Iterator[_Found]:
    for group in failures.groups(view.tx, view.now, _lasting(view, rule)):
        if group.count > rule.count:
            about = f"{group.partner} {group.error_class}/{group.code}"
            many = f", {group.count} like it" if group.count > 1 else ""
            text = f"{group.partner}: {group.example} ({group.document}{many})"
            yield about, text, group.todo or "`crossdock failed list`"


def _unanswered(view: _View, rule: AlertRule) -> Iterator[_Found]:
    for code in ("overdue", "not acknowledged"):
        for each in failures.list_failures(view.tx, view.now, _lasting(view, rule, code)):
            yield f"{each.partner} {each.id}", each.error, each.todo


def _lasting(view: _View, rule: AlertRule, code: str | None = None) -> Filters:
    """Return what chooses what has needed a person for as long as a rule says, or longer."""
    return Filters(code=code, before=view.now - rule.than + timedelta.resolution)


def _stuck(view: _View, rule: AlertRule) -> Iterator[_Found]:
    going = (DeliveryState.QUEUED.value, DeliveryState.WAITING.value, DeliveryState.RUNNING.value)
    rows = (
        select(delivery.c.connection, func.count(), func.min(delivery.c.created_at).label("at"))
        .join(connection, connection.c.code == delivery.c.connection)
        .where(connection.c.mode == "live", delivery.c.state.in_(going), delivery.c.created_at < view.now - rule.than)
        .group_by(delivery.c.connection)
    )
    for code, count, at in view.tx.execute(rows):
        if count > rule.count:
            text = f"documents for {code} do not leave: {count}, the oldest of {at:%Y-%m-%d %H:%M} UTC"
            yield code, text, f"`crossdock connection check {code}`"


def _notices(view: _View, _rule: AlertRule) -> Iterator[_Found]:
    """Find what routing files want people to be told of single orders, for a day each."""
    columns = (event.c.id, event.c.name, event.c.detail, sales_order.c.channel, sales_order.c.number)
    query = (
        select(*columns)
        .join(sales_order, sales_order.c.id == event.c.subject)
        .where(event.c.name.in_(("order.notice", "order.nothing_fits")), event.c.at > view.now - _NOTICED)
        .order_by(event.c.id)
    )
    for row in view.tx.execute(query):
        missing = ", ".join(f"{each['quantity']} of {each['sku']}" for each in row.detail.get("lines", ()))
        words = row.detail.get("text") or f"nothing fits {missing}"
        yield (
            f"{row.channel} {row.number} {row.id}",
            f"order {row.number}: {words}",
            f"`crossdock order explain {row.number}`",
        )


_LOOKS: Mapping[str, Callable[[_View, AlertRule], Iterator[_Found]]] = {
    "connection_down": _down,
    "feed_older": _old_feeds,
    "parked_more": _parked_more,
    "acknowledgement_overdue": _unanswered,
    "deliveries_stuck": _stuck,
    "order_notice": _notices,
}


def summary_text(tx: Connection, now: datetime) -> str:
    """Return the morning's summary: what needs a person by cause, and what is down."""
    groups = failures.groups(tx, now)
    lines = [f"{sum(group.count for group in groups)} need a person"]
    lines += [f"- {group.count} x {group.partner}: {group.example}\n  do: {group.todo}" for group in groups[:20]]
    down = tx.execute(select(connection.c.code).where(connection.c.outage_since.is_not(None))).scalars().all()
    lines.append(f"down: {', '.join(down) or 'nobody'}")
    return "\n".join(lines)
