"""What a partner file may set under `[connection]` for `connector = "edi"`: the mailbox, the envelope, the checks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.codec.x12.fault import Severity
from hub.codec.x12.interchange import Separators
from hub.codec.x12.writer import Policy
from hub.wire.exchange.settings import ExchangeSettings

_FORBIDDEN = frozenset(" \t\r\n\x00")


class Party(BaseModel):
    """One side of an interchange: who it is in ISA, and in GS where that differs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    qualifier: Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9]{2}$")] = "ZZ"
    id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=15)]
    group: Annotated[str, StringConstraints(strip_whitespace=True, max_length=15)] = ""

    @property
    def key(self) -> tuple[str, str]:
        """Qualifier and id, as two interchanges of one party share them."""
        return self.qualifier, self.id

    def means(self, key: tuple[str, str]) -> bool:
        """Whether a header means this party; some write their id in small letters."""
        return (key[0].upper(), key[1].upper()) == (self.qualifier, self.id.upper())

    @property
    def in_group(self) -> str:
        """What stands in GS02 or GS03."""
        return self.group or self.id


class Acknowledge(StrEnum):
    """How the partner is told what became of its documents."""

    FUNCTIONAL = "997"
    IMPLEMENTATION = "999"
    NONE = "none"


class Duplicate(StrEnum):
    """What is looked at to tell that something came before."""

    BYTES = "bytes"  # the same interchange, byte for byte: taken once
    INTERCHANGE = "interchange"  # the same control number with other bytes: put aside for a person
    BUSINESS = "business"  # an original order (850) under a number that came before and was taken: put aside


class Total(StrEnum):
    """What a total in CTT that differs from its set does."""

    WARN = "warn"  # it is told to the partner, and the document goes on
    REFUSE = "refuse"  # it rejects the document, as far as `rejects` goes to the standard
    IGNORE = "ignore"  # nobody looks

    @property
    def severity(self) -> Severity | None:
        """How bad the difference is; None where nobody looks."""
        return {Total.WARN: Severity.WARNING, Total.REFUSE: Severity.ERROR}.get(self)


class Level(StrEnum):
    """Up to which level a fault rejects a document; what is found beyond it is told and goes on."""

    ENVELOPE = "envelope"
    STANDARD = "standard"
    GUIDE = "guide"


class ChangeAnswer(StrEnum):
    """The set by which a customer's change of its order (860) is answered."""

    ORDER = "855"  # the answer to an order, as the order is now
    CHANGE = "865"  # the answer to the change, which says of each line what was changed


class Cartons(StrEnum):
    """How an 856 that we send says what is in which carton."""

    NONE = "none"  # shipment, order, items
    PICK_AND_PACK = "pick_and_pack"  # shipment, order, cartons, the items in each
    STANDARD = "standard"  # shipment, order, items, the cartons of each


Mark = Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)]


class Marks(BaseModel):
    """The separators of what we write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    element: Mark = "*"
    segment: Mark = "~"
    component: Mark = ">"
    repetition: Mark = "^"
    line_break: Annotated[bool, Field(description="each segment on a line of its own")] = False

    @model_validator(mode="after")
    def _differ(self) -> Self:
        marks = (self.element, self.segment, self.component, self.repetition)
        if len(set(marks)) < len(marks):
            raise ValueError(f"the separators must differ: {' '.join(map(repr, marks))}")
        bad = [mark for mark in marks if mark.isalnum() or (mark in _FORBIDDEN and mark != "\n")]
        if bad or not all(mark.isascii() for mark in marks):
            raise ValueError(f"{bad or marks} cannot separate anything: take punctuation")
        return self

    def separators(self, version: str) -> Separators:
        """Return them for an interchange of this version; before 00402 there is no repetition."""
        repetition = self.repetition if version >= "00402" else ""
        return Separators(self.element, self.segment, self.component, repetition, "\n" if self.line_break else "")


class EdiSettings(ExchangeSettings):
    """One X12 partner: its mailbox (as in the files connector), both parties, the release and the manners."""

    us: Party
    them: Party
    usage: Annotated[str, StringConstraints(pattern="^[PTI]$"), Field(description="P production, T test")] = "P"
    release: Annotated[
        str, StringConstraints(pattern=r"^00[45]0[0-9]0[A-Z0-9]{0,6}$"), Field(description="GS08: 004010, 005010")
    ] = "004010"
    inbox: Annotated[str, Field(description="the files for us, a pattern such as /out/*")] = "/out/*"
    outbox: Annotated[str, Field(description="our files, with {set} and {number}")] = "/in/{set}_{number}.edi"
    separators: Marks = Marks()
    in_data: Annotated[
        Policy, Field(description="a separator in a value: replace it by a blank, or refuse the record")
    ] = Policy.REPLACE
    acknowledge: Annotated[Acknowledge, Field(description="what they are sent for their documents")] = (
        Acknowledge.FUNCTIONAL
    )
    rejects: Annotated[Level, Field(description="up to which level a fault rejects a document of theirs")] = Level.GUIDE
    line_count: Annotated[Total, Field(description="CTT01 that differs from the lines of a document")] = Total.WARN
    hash_total: Annotated[Total, Field(description="CTT02 that differs from the quantities of a document")] = Total.WARN
    duplicates: Annotated[frozenset[Duplicate], Field(description="which tests for duplicates are on")] = frozenset(
        Duplicate
    )
    change_answer: Annotated[ChangeAnswer, Field(description="what an 860 of theirs is answered with")] = (
        ChangeAnswer.ORDER
    )
    cartons: Annotated[Cartons, Field(description="what an 856 that we send says of cartons and their SSCC")] = (
        Cartons.NONE
    )

    @property
    def version(self) -> str:
        """ISA12."""
        return "00501" if self.release.startswith("005") else "00401"

    @property
    def counter(self) -> str:
        """The name of the counter that our control numbers come from: one for each pair of parties and usage."""
        return f"x12 {'/'.join(self.us.key)} {'/'.join(self.them.key)} {self.usage}"
