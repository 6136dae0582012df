"""When a place hands a parcel over, and when it arrives: days that count, in the place's own time zone.

Days are stepped as dates and made into moments at the end, so that a day stays a day when the clocks change. An hour
that the clocks leave out counts as the one before it was left out; of one that comes twice the first is meant.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.model.node import Hours

_DAY = timedelta(days=1)
_UNDECLARED = Hours()
#: A place that is closed for longer than this is taken to work the day after, rather than searched for ever.
_LONGEST = 800


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of one place, ready for arithmetic; `carriers` are the weekdays on which parcels are collected."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    carriers: frozenset[int]
    cut_off: time
    closed: frozenset[date]
    handling_days: int

    @classmethod
    def of(cls, hours: Hours) -> Calendar | None:
        """Return the calendar of declared hours; None where nobody declared any: then every moment is as good."""
        if hours == _UNDECLARED:
            return None
        return cls(
            zone=ZoneInfo(hours.timezone),
            weekdays=hours.weekdays,
            carriers=hours.carrier_days or frozenset(range(1, 8)),
            cut_off=time.fromisoformat(hours.cut_off),
            closed=frozenset(date.fromisoformat(each) for each in hours.closed),
            handling_days=hours.handling_days,
        )

    def ready(self, at: datetime, lead_days: int) -> datetime:
        """Return when what is ordered at this moment can be collected there.

        An order by the cut-off counts from that day, a later one from the next. `lead_days` are days of the calendar,
        as catalogues tell them, `handling_days` days on which the place works.
        """
        day = self._begins(at) + lead_days * _DAY
        for _ in range(self.handling_days):
            day = self._working(day) + _DAY
        return self._moment(self._working(day), at)

    def handed_over(self, at: datetime, lead_days: int) -> datetime:
        """Return when the carrier takes it away: at the cut-off of the first day from then on that it comes."""
        ready = self.ready(at, lead_days).astimezone(self.zone).date()
        return self._moment(self._first(ready, self.weekdays & self.carriers), at)

    def _begins(self, at: datetime) -> date:
        local = at.astimezone(self.zone)
        today = local.date()
        return self._working(today if local.time() <= self.cut_off else today + _DAY)

    def _working(self, day: date) -> date:
        return self._first(day, self.weekdays)

    def _first(self, day: date, weekdays: Collection[int]) -> date:
        for _ in range(_LONGEST):
            if day.isoweekday() in weekdays and day not in self.closed:
                return day
            day += _DAY
        return day

    def _moment(self, day: date, at: datetime) -> datetime:
        return max(at, datetime.combine(day, self.cut_off, self.zone).astimezone(UTC))


def travelled(leaves: datetime, zone: ZoneInfo, days: int, weekdays: Collection[int]) -> datetime:
    """Return when a parcel arrives after so many days on which it is moved, at the hour of the clock at which it left.

    `weekdays` are those on which the carrier moves and delivers; there must be one.
    """
    local = leaves.astimezone(zone)
    day = local.date()
    for _ in range(days):
        day += _DAY
        while day.isoweekday() not in weekdays:
            day += _DAY
    return max(leaves, datetime.combine(day, local.time(), zone).astimezone(UTC))
