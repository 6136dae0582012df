"""What can be wrong with an IDoc, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How bad it is: a note is for us only, a warning may be lived with, an error spoils its IDoc."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


class FaultCode(Enum):
    """Every fault that the codec knows: plain words, and how bad it is."""

    NO_IDOC = "the file holds no IDoc", Severity.ERROR
    BROKEN_XML = "the file is no XML from here on", Severity.ERROR
    ENTITIES = "the XML declares entities of its own, which are not read", Severity.ERROR
    BEFORE_4_0 = "the records are of version 2 (EDI_DC), from before release 4.0", Severity.ERROR
    NOT_ALIGNED = "no record begins here", Severity.ERROR
    NO_CONTROL_RECORD = "a data record stands before any control record", Severity.ERROR
    TRUNCATED = "the file ends within a record", Severity.ERROR
    NO_SEGMENTS = "there is a control record and no segment", Severity.ERROR
    TOO_LARGE = "the IDoc is too large to be held", Severity.ERROR
    TOO_DEEP = "the segments nest deeper than an IDoc can", Severity.ERROR
    BAD_BYTES = "there are bytes that are no characters of the code page", Severity.ERROR
    EBCDIC_PAGE = (
        "it is EBCDIC, whose pages read a character here differently; say which one by code_page, such as cp273",
        Severity.ERROR,
    )
    REBUILT = "the numbers of the segments do not say how they nest; it was taken from the type", Severity.NOTE
    UNKNOWN_TYPE = "the type is not in the dictionary", Severity.NOTE
    UNKNOWN_SEGMENT = "the segment is not in the dictionary", Severity.NOTE
    UNKNOWN_FIELD = "the field is not in the dictionary", Severity.NOTE
    EXTRA_DATA = "there is more than the known fields", Severity.NOTE
    FIELD_MISSING = "the field is empty and must not be", Severity.WARNING
    TWICE = "the number of the line occurs twice", Severity.WARNING
    WRONG_PLACE = "the segment does not belong here", Severity.WARNING
    SEGMENT_MISSING = "a mandatory segment is missing", Severity.WARNING
    TOO_OFTEN = "the segment occurs too often", Severity.WARNING
    TOO_LONG = "the value is too long", Severity.ERROR
    BAD_DATE = "the date is not valid", Severity.ERROR
    BAD_TIME = "the time is not valid", Severity.ERROR
    COMMA_DECIMAL = "the number has a comma; decimals are written with a point", Severity.ERROR
    BAD_NUMBER = "the number cannot be read", Severity.ERROR
    UNKNOWN_QUALIFIER = "the qualifier is not one that we know", Severity.WARNING

    def __init__(self, words: str, severity: Severity) -> None:
        self.words = words
        self.severity = severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    `segment` counts within the IDoc from 1 (0: the control record or the file), `line` from 1 (0: not known), `offset`
    is the byte in the file at which it stands (-1: not known), `value` what stands there.
    """

    code: FaultCode
    name: str = ""
    field: str = ""
    segment: int = 0
    line: int = 0
    offset: int = -1
    value: str = ""
    message: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.code.severity

    @property
    def place(self) -> str:
        """Where it is, as people write it: `E1EDP01.MENGE (segment 7, line 8, byte 7452)`."""
        spot = f"{self.name}.{self.field}" if self.field else self.name
        parts = [f"segment {self.segment}"] if self.segment else []
        parts += [f"line {self.line}"] if self.line else []
        parts += [f"byte {self.offset}"] if self.offset >= 0 else []
        if not parts:
            return spot
        return f"{spot} ({', '.join(parts)})" if spot else ", ".join(parts)

    def __str__(self) -> str:
        """Say it in one line."""
        shown = f" {self.value[:80]!r}" if self.value else ""
        where = f"{self.place}{shown}: " if self.place or shown else ""
        return f"{where}{self.message or self.code.words}"
