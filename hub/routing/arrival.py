"""When what a node sends gets to one customer: the one piece of arithmetic behind promised dates and lateness."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.routing.calendar import travelled
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules
from hub.routing.tariff import Tariff

DAY_S = 86_400
_SECOND = timedelta(seconds=1)


class Arrivals:
    """One customer's arrivals, in whole seconds after the moment of the question.

    A node leaves after its lead time, by its calendar where it has one; a parcel travels by the rules' transit times,
    and so many kilometres a day where no row of them fits.
    """

    __slots__ = ("_at", "_by_calendar", "_known", "_metres_per_day", "_rows")

    def __init__(self, problem: Problem, rules: RoutingRules) -> None:
        self._at = problem.at
        self._by_calendar = problem.calendars
        self._metres_per_day = rules.terms.metres_per_day
        self._rows = tuple(each for each in rules.transit if each.serves(problem.service, problem.country))
        self._known: dict[tuple[str, int, int | None], int] = {}

    def after_s(self, tariff: Tariff, lead_days: int, metres: int | None) -> int:
        """Return when goods of this lead time are there; `metres` None for those that the customer collects."""
        if not self._rows and (tariff.calendar is None or not self._by_calendar):
            return lead_days * DAY_S + self._way_s(metres)
        key = (tariff.code, lead_days, metres)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = -((self._at - self._arrives(tariff, lead_days, metres)) // _SECOND)
        return found

    def _way_s(self, metres: int | None) -> int:
        return 0 if metres is None else metres * DAY_S // self._metres_per_day

    def _arrives(self, tariff: Tariff, lead_days: int, metres: int | None) -> datetime:
        calendar = tariff.calendar if self._by_calendar else None
        leaves = self._at + timedelta(days=lead_days)
        if calendar is not None:
            leave = calendar.ready if metres is None else calendar.handed_over
            leaves = leave(self._at, lead_days)
        row = None if metres is None else next((each for each in self._rows if each.reaches(metres)), None)
        if row is None:
            return leaves + timedelta(seconds=self._way_s(metres))
        return travelled(leaves, calendar.zone if calendar else ZoneInfo("UTC"), row.days, row.weekdays)
