"""What a failure is: one thing that needs a person, whatever it is made of, under one id that every verb takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hub.model.number import plain


class FailureKind(StrEnum):
    """What failed; the first letter begins the id."""

    RECORD = "record"  # r12: one inbound record that could not be read or applied
    DELIVERY = "delivery"  # d7: a document that does not leave, or was never answered
    RUN = "sync"  # s3: a scheduled flow that ended badly
    LINE = "line"  # l55: a quantity that has no source, or that a node was asked to give back
    INVOICE = "invoice"  # i9: a supplier's invoice that differs from what was ordered or shipped
    LATE = "purchase"  # pPO100001: goods that the node has not shipped in time


@dataclass(frozen=True, slots=True)
class Concerned:
    """A quantity of a customer's line that the failure keeps from where it should be.

    Without a line it is the whole order: one that could not be read.
    """

    channel: str
    order: str
    line: str | None = None
    quantity: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, with the channel's own ids."""
        quantity = None if self.quantity is None else plain(self.quantity)
        return {"channel": self.channel, "order": self.order, "line": self.line, "quantity": quantity}


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that needs a person: what happened, since when, and what to do."""

    id: str
    kind: FailureKind
    partner: str
    document: str
    subject: str
    error_class: str
    code: str
    error: str
    todo: str
    since: datetime
    lines: tuple[Concerned, ...] = ()
    waits_until: datetime | None = None  # it needs nobody until then: its order may come

    @property
    def cause(self) -> str:
        """What it is grouped by beside its partner: the error class and the code."""
        return "/".join(part for part in (self.error_class, self.code) if part)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values for `--json` and the API."""
        values = {name: getattr(self, name) for name in self.__slots__}
        lines = [line.as_json() for line in self.lines]
        waits = self.waits_until.isoformat() if self.waits_until else None
        return values | {
            "kind": self.kind.value,
            "since": self.since.isoformat(),
            "lines": lines,
            "waits_until": waits,
        }


def number_of(number: str) -> int | None:
    """Return the number in a failure's id, behind its letter; None when it is none that a database could hold."""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which failures to list; everything that is not given lets all through.

    `code` is a cause: a code, an error class, or both as `BadRecord/unit`. `before` and `after` bound since when they
    stand; `closed` lists what a person closed, or a later success.
    """

    kinds: frozenset[FailureKind] = frozenset()
    partner: str | None = None
    document: str | None = None
    code: str | None = None
    text: str | None = None
    closed: bool = False
    before: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Failures of one cause: two hundred rows of one feed with an unknown unit are one thing to do.

    `document` names every document that it stands in. `since`, `example_id`, `example` and `todo` are of the oldest;
    `ids` are all of them, where they were asked for.
    """

    kind: FailureKind
    partner: str
    error_class: str
    code: str
    document: str
    count: int
    since: datetime
    example_id: str
    example: str
    todo: str
    ids: tuple[str, ...] = field(default=(), repr=False)


def excuses(failures: Iterable[Failure]) -> list[Mapping[str, Any]]:
    """Return the customers' lines that the failures keep back, as the auditor takes them."""
    return [line.as_json() for failure in failures for line in failure.lines]
