"""What an interchange is made of: its header, its groups, and transaction sets whose segments are plain lists.

A segment is `["BEG", "00", "SA", "4711"]`: its id first, so that `segment[3]` is element 03. Nothing more is kept for
it: where a segment stands is worked out from the raw bytes when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate

from hub.codec.x12.fault import Fault

#: One segment: its id, then its elements as text; components and repetitions are still joined.
Segment = list[str]

#: Terminators that are line breaks: partners mix them up, and none of them can be data then.
LINE_ENDS = ("\n", "\r\n", "\r")
#: What may stand before a segment and means nothing.
_BLANKS = " \t\r\n\x00\x1a\ufeff"
_BLANK_BYTES = b" \t\r\n\x00\x1a"
_LINE_BREAKS = str.maketrans("", "", "\r\n")


def element(segment: Segment, number: int) -> str:
    """Return element 01, 02 ... of a segment, or "" when it is not there."""
    return segment[number] if number < len(segment) else ""


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters that structure an interchange; `repetition` is "" where there is none.

    `after` is what follows each terminator in the text (a line break); it means nothing. Where the terminator is no
    line break, one inside of a segment means nothing either; `wrapped` says that ISA has some, so that even the ids of
    segments may be cut.
    """

    element: str = "*"
    segment: str = "~"
    component: str = ">"
    repetition: str = ""
    after: str = ""
    wrapped: bool = False

    @property
    def mark(self) -> str:
        """The last character of the terminator: all that need be searched for, as line ends get mixed up."""
        return self.segment[-1:]

    def components(self, value: str) -> list[str]:
        """Return the components of a composite value."""
        return value.split(self.component) if self.component else [value]

    def repeats(self, value: str) -> list[str]:
        """Return the repetitions of a value."""
        return value.split(self.repetition) if self.repetition else [value]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment stands: `index` in its set (ST is 1), `offset` in the input, and its own text."""

    index: int
    offset: int
    text: str


@dataclass(frozen=True)
class Interchange:
    """The header of one interchange: ISA with its values as they stand, blanks and all.

    `number` counts interchanges in the input from 1; `offset` is the byte at which ISA begins.
    """

    isa: Segment
    separators: Separators
    number: int = 1
    offset: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def sender(self) -> tuple[str, str]:
        """Qualifier and id of the sender, without padding."""
        return element(self.isa, 5).strip(), element(self.isa, 6).strip()

    @property
    def receiver(self) -> tuple[str, str]:
        """Qualifier and id of the receiver, without padding."""
        return element(self.isa, 7).strip(), element(self.isa, 8).strip()

    @property
    def version(self) -> str:
        """ISA12, such as 00401."""
        return element(self.isa, 12).strip()

    @property
    def control(self) -> str:
        """ISA13, as it stands but for blanks."""
        return element(self.isa, 13).strip()

    @property
    def usage(self) -> str:
        """ISA15: P production, T test, I information."""
        return element(self.isa, 15).strip()


@dataclass(frozen=True)
class Group:
    """The header of one functional group; `number` counts groups in their interchange from 1."""

    gs: Segment
    number: int = 1
    offset: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def functional_id(self) -> str:
        """GS01: PO, PR, SH, IN ..."""
        return element(self.gs, 1)

    @property
    def control(self) -> str:
        """GS06."""
        return element(self.gs, 6).strip()

    @property
    def version(self) -> str:
        """GS08, such as 004010 or 004010VICS."""
        return element(self.gs, 8).strip()


@dataclass(frozen=True)
class InterchangeNote:
    """A segment between ISA and the first GS: a TA1 with what the partner says of one of ours, or ISB, ISE, TA3."""

    segment: Segment
    interchange: Interchange
    offset: int = 0


@dataclass(frozen=True)
class GroupEnd:
    """The end of a group: how many sets there were, GE (empty when it is missing), and what is wrong."""

    group: Group
    interchange: Interchange
    received: int
    trailer: Segment = field(default_factory=list)
    faults: tuple[Fault, ...] = ()

    @property
    def count(self) -> str:
        """GE01, as it stands."""
        return element(self.trailer, 1)


@dataclass(frozen=True)
class InterchangeEnd:
    """The end of an interchange: how many groups there were, IEA (empty when missing), and what is wrong."""

    interchange: Interchange
    groups: int
    trailer: Segment = field(default_factory=list)
    faults: tuple[Fault, ...] = ()

    @property
    def count(self) -> str:
        """IEA01, as it stands."""
        return element(self.trailer, 1)


@dataclass(frozen=True)
class Stray:
    """Something between the transaction sets that belongs to none of them."""

    fault: Fault
    interchange: Interchange | None = None


@dataclass
class TransactionSet:
    """One transaction set: its raw bytes, its segments from ST to SE, and the faults of its envelope.

    A set that is too large to be held comes in several parts: the same headers, `part` counting from 1, `last` on the
    final one, and `first` the place (ST is 1) of the part's first segment. `number` counts sets in their group.
    """

    raw: bytes
    interchange: Interchange
    group: Group | None = None
    header: Segment = field(default_factory=list)
    number: int = 1
    offset: int = 0
    first: int = 1
    part: int = 1
    last: bool = True
    faults: list[Fault] = field(default_factory=list)
    _segments: list[Segment] | None = field(default=None, repr=False, compare=False)

    @property
    def code(self) -> str:
        """ST01: 850, 856 ..."""
        return element(self.header, 1).strip()

    @property
    def control(self) -> str:
        """ST02."""
        return element(self.header, 2).strip()

    @property
    def version(self) -> str:
        """GS08 without its industry suffix: 004010, 005010; "" without a group."""
        return self.group.version[:6] if self.group else ""

    @property
    def whole(self) -> bool:
        """Is this all of it?"""
        return self.part == 1 and self.last

    @property
    def encoding(self) -> str:
        """`utf-8` when the bytes are, else `latin-1`, in which every byte is some character."""
        return decode(self.raw, self.interchange.separators)[1]

    @property
    def segments(self) -> list[Segment]:
        """Every segment, ST first and SE last; the place of `segments[i]` is `first + i`."""
        if self._segments is None:
            cut = self.interchange.separators.element
            self._segments = [text.split(cut) for text in self.texts()]
        return self._segments

    def __iter__(self) -> Iterator[Segment]:
        """Split one segment after the other without keeping them."""
        cut = self.interchange.separators.element
        return (text.split(cut) for text in self.texts())

    def texts(self) -> list[str]:
        """Return every segment as text, not split into its elements."""
        separators = self.interchange.separators
        return segment_texts(decode(self.raw, separators)[0], separators)

    def place(self, index: int) -> Place:
        """Return where the segment at this place (ST is 1) stands; counts through the raw bytes."""
        return next(
            (place for place in self.places() if place.index == index), Place(index, self.offset + len(self.raw), "")
        )

    def places(self) -> Iterator[Place]:
        """Yield where every segment stands, in order."""
        mark = self.interchange.separators.mark.encode("latin-1")
        encoding = self.encoding
        index, start = self.first, 0
        while start < len(self.raw):
            end = self.raw.find(mark, start)
            end = len(self.raw) if end < 0 else end
            bare = self.raw[start:end].lstrip(_BLANK_BYTES)
            if bare:
                yield Place(index, self.offset + end - len(bare), bare.rstrip(b"\r").decode(encoding, "replace"))
                index += 1
            start = end + 1

    def offsets(self, texts: list[str]) -> list[int]:
        """Return the bytes at which the segments begin, given their texts; quick where nothing stands between them."""
        if len(self.raw) == sum(map(len, texts)) + len(texts) and self.raw.isascii():
            lengths = (len(text) + 1 for text in texts)
            return list(accumulate(lengths, initial=self.offset))[:-1]
        return [place.offset for place in self.places()]

    def located(self, faults: Iterable[Fault]) -> list[Fault]:
        """Return the faults with the offsets of their segments; those behind the last one get its end."""
        faults = list(faults)
        wanted = {fault.segment for fault in faults if fault.offset < 0}
        if not wanted:
            return faults
        offsets = {place.index: place.offset for place in self.places() if place.index in wanted}
        end = self.offset + len(self.raw)
        return [
            replace(fault, offset=offsets.get(fault.segment, end)) if fault.offset < 0 else fault for fault in faults
        ]


def decode(raw: bytes, separators: Separators) -> tuple[str, str]:
    """Return the text and the encoding it was read with: UTF-8 where that is valid, else Latin-1."""
    if raw.isascii():
        return raw.decode("ascii"), "utf-8"
    if (separators.element + separators.segment + separators.component).isascii():
        try:
            return raw.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    return raw.decode("latin-1"), "latin-1"


def segment_texts(text: str, separators: Separators) -> list[str]:
    """Cut a text at its terminators; blanks and line breaks around segments are dropped, empty ones too."""
    text, end = _without_breaks(text, separators)
    texts = text.split(end)
    if not texts[-1]:
        texts.pop()
    if texts and min(texts) < "!":  # one of them is empty or begins with a blank
        texts = [bare for each in texts if (bare := each.lstrip(_BLANKS))]
    return texts


def plain_text(raw: bytes, separators: Separators) -> tuple[str, str]:
    """Return the text of some bytes without line breaks that mean nothing, and what each of its segments ends with."""
    return _without_breaks(decode(raw, separators)[0], separators)


def _without_breaks(text: str, separators: Separators) -> tuple[str, str]:
    end = separators.segment
    if end in LINE_ENDS:
        return text.replace("\r\n", "\n").replace("\r", "\n"), "\n"
    if "\n" in text or "\r" in text:
        text = text.translate(_LINE_BREAKS)
    return text, end


def count_segments(raw: bytes, separators: Separators) -> int:
    """Return how many segments some bytes hold; blanks between terminators are none."""
    return len(segment_texts(raw.decode("latin-1"), separators))


#: What reading yields, in the order of the input.
Event = Interchange | Group | InterchangeNote | TransactionSet | GroupEnd | InterchangeEnd | Stray
