"""Transit times: how many days a parcel is under way, by shipping service and distance."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from hub.model.base import Record, SomeQuantity, Text
from hub.model.node import Weekdays


class Transit(Record):
    """One row of the table; the first one that fits an order's service, its country and the distance holds."""

    days: Annotated[int, Field(ge=0, le=120, description="days on which the parcel is moved, after its collection")]
    service: Annotated[Text, Field(description="the shipping service, with * and ?; capitals do not matter")] = "*"
    to_km: Annotated[SomeQuantity | None, Field(description="up to this distance; none: any")] = None
    country: Annotated[Text, Field(description="of the customer; empty: any")] = ""
    weekdays: Annotated[Weekdays, Field(min_length=1, description="on which the carrier moves and delivers")] = (
        frozenset(range(1, 8))
    )

    def serves(self, service: str, country: str | None) -> bool:
        """Tell whether the row is about this service to this country."""
        if self.country and self.country != country:
            return False
        return fnmatchcase(service.casefold(), self.service.casefold())

    def reaches(self, metres: int) -> bool:
        """Tell whether the row holds for this distance."""
        return self.to_km is None or metres <= self.to_km * 1000
