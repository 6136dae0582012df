"""What an IDoc is to us: a control record, segments in their order that know what encloses them, and its framing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hub.codec.idoc.dictionary import NO_TREE, Layout, Tree, fields_of
from hub.codec.idoc.fault import Fault, Severity

CONTROL: Final = "EDI_DC40"
#: The control record of release 4.0 and later, 524 characters.
CONTROL_RECORD: Final = Layout(
    CONTROL,
    CONTROL,
    fields_of((
        "TABNAM 10: name of the record", "MANDT 3: client", "DOCNUM 16: IDoc number", "DOCREL 4: SAP release",
        "STATUS 2: status at the sender", "DIRECT 1: 1 left SAP, 2 goes into SAP", "OUTMOD 1: output mode",
        "EXPRSS 1", "TEST 1: X is a test", "IDOCTYP 30: basic type", "CIMTYP 30: extension",
        "MESTYP 30: message type", "MESCOD 3: message variant", "MESFCT 3: message function",
        "STD 1: E EDIFACT, X X12", "STDVRS 6: version of the EDI standard", "STDMES 6: message of the EDI standard",
        "SNDPOR 10: port of the sender", "SNDPRT 2: partner type of the sender",
        "SNDPFC 2: partner function of the sender", "SNDPRN 10: partner number of the sender", "SNDSAD 21",
        "SNDLAD 70: logical address of the sender", "RCVPOR 10: port of the receiver",
        "RCVPRT 2: partner type of the receiver", "RCVPFC 2: partner function of the receiver",
        "RCVPRN 10: partner number of the receiver", "RCVSAD 21", "RCVLAD 70: logical address of the receiver",
        "CREDAT 8 date: created on", "CRETIM 6 time: created at", "REFINT 14: interchange", "REFGRP 14: group",
        "REFMES 14: message", "ARCKEY 70: key in the archive of the sender", "SERIAL 20: serialization",
    )),
)  # fmt: skip
#: The columns before the data of a data record: SEGNAM, then MANDT, DOCNUM, SEGNUM, PSGNUM and HLEVEL.
NAME_WIDTH: Final = 30
HEADER_WIDTH: Final = 63
RECORD_WIDTH: Final = 1063
#: What of a segment has no field: all of it where its fields are not known, else what stands behind them.
REST: Final = "SDATA"
#: HLEVEL has two digits.
DEEPEST: Final = 99


class Form(Enum):
    """The two forms of a file."""

    FLAT = "flat"
    XML = "xml"


class Widths(Enum):
    """How long flat records are: the full 1063, cut to the segment's own length, or without blanks at their end."""

    FULL = "full"
    CUT = "cut"
    TRIMMED = "trimmed"


@dataclass(slots=True)
class Framing:
    """How a file is written. `end` is "" for records that follow each other without a line end.

    `widths` of None means as long as each record was when it was read. `last_end` says whether the last record has a
    line end too, `after` what stands behind everything (a blank line, Ctrl-Z).
    """

    form: Form = Form.FLAT
    end: str = "\n"
    widths: Widths | None = Widths.FULL
    encoding: str = "utf-8"
    bom: bool = False
    last_end: bool = True
    after: str = ""


@dataclass(slots=True, eq=False)
class Segment:
    """One segment. `name` is that of the XML form, `external` that of the flat form with its release.

    `values` are the fields that hold anything, in their order, as text without the blanks at the end. `header` is what
    stood between the name and the data (MANDT, DOCNUM, SEGNUM, PSGNUM, HLEVEL; "" in XML), `width` how many characters
    the record had (0: not known). `line` counts from 1, `offset` is in bytes. `spots` are line and byte of each field
    where these do not follow from the record (in XML).
    """

    name: str
    external: str = ""
    values: dict[str, str] = field(default_factory=dict)
    parent: Segment | None = field(default=None, repr=False)
    header: str = ""
    width: int = 0
    line: int = 0
    offset: int = -1
    depth: int = 1
    spots: dict[str, tuple[int, int]] | None = field(default=None, repr=False)


@dataclass(slots=True, eq=False)
class Idoc:
    """One IDoc. `faults` are those of reading it; `check` finds those of its values.

    `root` is the name of the element around it in XML, `spots` are line and byte of its control record's fields there.
    """

    control: dict[str, str]
    segments: list[Segment] = field(default_factory=list)
    framing: Framing = field(default_factory=Framing)
    tree: Tree = NO_TREE
    faults: list[Fault] = field(default_factory=list)
    root: str = ""
    width: int = 0
    line: int = 0
    offset: int = -1
    spots: dict[str, tuple[int, int]] | None = field(default=None, repr=False)

    @property
    def basic_type(self) -> str:
        """What it is made of, such as ORDERS05."""
        return self.control.get("IDOCTYP", "")

    @property
    def message_type(self) -> str:
        """What it means, such as ORDRSP."""
        return self.control.get("MESTYP", "")

    @property
    def number(self) -> str:
        """The IDoc number of its sender; digits, or empty."""
        return self.control.get("DOCNUM", "")

    @property
    def whole(self) -> bool:
        """Whether it was read without an error."""
        return all(fault.severity < Severity.ERROR for fault in self.faults)

    def children(self) -> Mapping[int, list[Segment]]:
        """Return the segments below each one, by its `id`; those at the top are under 0."""
        found: dict[int, list[Segment]] = {}
        for segment in self.segments:
            found.setdefault(id(segment.parent) if segment.parent is not None else 0, []).append(segment)
        return found

    def named(self, name: str) -> Iterator[Segment]:
        """Yield the segments of a name, in their order."""
        return (segment for segment in self.segments if segment.name == name)
