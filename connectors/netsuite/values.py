"""Values of NetSuite's records, as plain values have them: text that may be missing, references, numbers, times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.model.number import exact

Fields = Mapping[str, Any]


class Unfit(Exception):
    """A record of theirs that cannot be one of ours; `todo` where its cure is not in NetSuite."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.todo = todo


def text(fields: Fields, name: str) -> str:
    """Return a text, empty when there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def ref(fields: Fields, name: str) -> Fields:
    """Return what a field refers to (`internalId`, `name`), empty when it refers to nothing."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def id_of(fields: Fields, name: str) -> str:
    """Return the internal id that a field refers to, empty when it refers to nothing."""
    return str(ref(fields, name).get("internalId", ""))


def name_of(reference: Fields) -> str:
    """Return what a reference calls the thing."""
    return str(reference.get("name", ""))


def sku_of(reference: Fields) -> str:
    """Return the item's name that a reference tells."""
    return leaf(name_of(reference))


def leaf(name: str) -> str:
    """Return the last part of a name: an item below another is called `Parent : Child`."""
    return name.rpartition(" : ")[2].strip()


def number(fields: Fields, name: str, default: Decimal | None = None) -> Decimal:
    """Return an exact number; Unfit when it is not there and there is no default."""
    value = fields.get(name)
    if isinstance(value, str) and value:
        return exact(value)
    if default is None:
        raise Unfit(f"it has no {name}")
    return default


def moment(fields: Fields, name: str) -> datetime | None:
    """Return a time, None when there is none; Unfit for what is no time."""
    told = text(fields, name)
    try:
        return datetime.fromisoformat(told) if told else None
    except ValueError:
        raise Unfit(f"{name} {told!r} is no time") from None


def whole(value: str) -> int:
    """Return a whole number, 0 for anything else."""
    return int(value) if value.isdigit() else 0
