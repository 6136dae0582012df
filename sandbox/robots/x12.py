"""The X12 documents of the robots, release 004010: cut and joined by hand, with nothing of the connectors' codec.

A robot is a careful clerk: counts and control numbers have to be right, and what it needs has to stand where its guide
says, or the document goes back with a 997 that rejects it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.robots.files import ChangedLine, OrderedLine, Unreadable

Segment = list[str]

_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_GROUPS = dict(
    each.split(":") for each in "810:IN 832:SC 846:IB 850:PO 855:PR 856:SH 860:PC 865:CA 944:RE 945:SW 997:FA".split()
)
_QUALIFIERS = {"sku": "SK", "supplier_sku": "VN"}


@dataclass(frozen=True, slots=True)
class Document:
    """One transaction set: its code, its control number, its segments between ST and SE."""

    code: str
    control: str
    segments: tuple[Segment, ...]

    def first(self, tag: str, qualifier: str = "") -> Segment:
        """Return the first segment of this id (and qualifier in its first element); raises Unreadable."""
        for segment in self.segments:
            if segment[0] == tag and (not qualifier or _at(segment, 1) == qualifier):
                return segment
        raise Unreadable(f"{self.code}: {tag}{'*' + qualifier if qualifier else ''} is missing")


@dataclass(frozen=True, slots=True)
class Group:
    """One functional group."""

    code: str
    control: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """One interchange as the clerk reads it."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    control: str
    usage: str
    groups: tuple[Group, ...]


# --- reading ---------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Interchange:
    """Cut one interchange into its documents; raises Unreadable for anything that does not add up."""
    text = content.decode("latin-1")
    if not text.startswith("ISA") or len(text) < 106:
        raise Unreadable("this is no interchange: it does not begin with an ISA of 106 characters")
    separator, end = text[3], text[105]
    isa = text[:105].split(separator)
    if tuple(len(each) for each in isa[1:]) != _ISA_WIDTHS:
        raise Unreadable(f"ISA has elements of {[len(each) for each in isa[1:]]} characters")
    segments = [each.strip("\r\n").split(separator) for each in text[106:].split(end) if each.strip()]
    if not segments or segments[-1][0] != "IEA" or _at(segments[-1], 2) != isa[13]:
        raise Unreadable("IEA is missing or does not carry the number of ISA")
    groups = tuple(_groups(segments[:-1]))
    if _at(segments[-1], 1) != str(len(groups)):
        raise Unreadable(f"IEA counts {_at(segments[-1], 1)} groups and there are {len(groups)}")
    sender, receiver = (isa[5].strip(), isa[6].strip()), (isa[7].strip(), isa[8].strip())
    return Interchange(sender, receiver, isa[13], isa[15], groups)


def _groups(segments: Sequence[Segment]) -> Iterator[Group]:
    start = 0
    while start < len(segments):
        if segments[start][0] != "GS":
            raise Unreadable(f"{segments[start][0]} stands where a group begins")
        end = next((at for at in range(start, len(segments)) if segments[at][0] == "GE"), -1)
        if end < 0 or _at(segments[end], 2) != _at(segments[start], 6):
            raise Unreadable("GE is missing or does not carry the number of GS")
        documents = tuple(_documents(segments[start + 1 : end]))
        if _at(segments[end], 1) != str(len(documents)):
            raise Unreadable(f"GE counts {_at(segments[end], 1)} documents and there are {len(documents)}")
        yield Group(_at(segments[start], 1), _at(segments[start], 6), documents)
        start = end + 1


def _documents(segments: Sequence[Segment]) -> Iterator[Document]:
    start = 0
    while start < len(segments):
        end = next((at for at in range(start, len(segments)) if segments[at][0] == "SE"), -1)
        if segments[start][0] != "ST" or end < 0 or _at(segments[end], 2) != _at(segments[start], 2):
            raise Unreadable("ST or SE is missing, or they carry different numbers")
        if _at(segments[end], 1) != str(end - start + 1):
            raise Unreadable(f"SE counts {_at(segments[end], 1)} segments and there are {end - start + 1}")
        yield Document(_at(segments[start], 1), _at(segments[start], 2), tuple(segments[start + 1 : end]))
        start = end + 1


def read_order(document: Document) -> list[OrderedLine]:
    """Return the lines of an 850 or a 940; raises Unreadable for anything a careful clerk would send back."""
    if document.code == "850":
        number, opener, quantity = _at(document.first("BEG"), 3), "PO1", 2
        document.first("N1", "ST")
    elif document.code == "940":
        number, opener, quantity = _at(document.first("W05"), 2), "W01", 1
        document.first("N1", "ST")
    else:
        raise Unreadable(f"{document.code} is no order")
    customer = _reference(document.segments, "CO")
    if not number or not customer:
        raise Unreadable(f"{document.code}: the order number or the customer's (CO) is missing")
    lines = [
        _line(number, customer, place, loop, quantity)
        for place, loop in enumerate(_loops(document.segments, opener), start=1)
    ]
    if not lines:
        raise Unreadable(f"{document.code} {number} has no lines")
    return lines


def read_change(document: Document) -> list[ChangedLine]:
    """Return the lines of an 860, each with the quantity that it is to have; raises Unreadable.

    One without lines is of the whole order, which has to be cancelled then: that is a line without a number.
    """
    head = document.first("BCH")
    purpose, number = _at(head, 1), _at(head, 3)
    loops = list(_loops(document.segments, "POC"))
    if purpose not in ("01", "04") or not number or not (loops or purpose == "01"):
        raise Unreadable(f"860 of {number!r}: BCH01 is {purpose!r}, and it has {len(loops)} lines")
    if not loops:
        return [ChangedLine(number, "", 0)]
    return [_changed(number, loop[0]) for loop in loops]


def change_number(document: Document) -> tuple[str, str]:
    """Return the order that an 860 changes, and which change of it this is."""
    head = document.first("BCH")
    return _at(head, 3), _at(head, 5)


def _changed(number: str, poc: Segment) -> ChangedLine:
    line, what, quantity = _at(poc, 1), _at(poc, 2), _at(poc, 3)
    if what == "DI":
        return ChangedLine(number, line, 0)
    if not line or what != "CA" or not quantity.isdigit() or _at(poc, 5) != "EA":
        raise Unreadable(f"860 of {number}: POC {line!r} {what!r} is no change to {quantity!r} pieces (EA)")
    return ChangedLine(number, line, int(quantity))


def _line(number: str, customer: str, place: int, loop: Sequence[Segment], at: int) -> OrderedLine:
    head = loop[0]
    pairs = dict(zip(head[6::2], head[7::2], strict=False)) if head[0] == "PO1" else {_at(head, 4): _at(head, 5)}
    line = (_at(head, 1) if head[0] == "PO1" else "") or str(place)
    sku, quantity = pairs.get(_QUALIFIERS["sku"], ""), _at(head, at)
    if _at(head, at + 1) != "EA" or not quantity.isdigit() or int(quantity) < 1:
        raise Unreadable(f"{number} line {line}: {quantity!r} {_at(head, at + 1)!r} is no number of pieces (EA)")
    order_line = _reference(loop, "LI")
    if not sku or not order_line:
        raise Unreadable(f"{number} line {line}: the SKU (SK) or the customer's line (LI) is missing")
    return OrderedLine(number, line, sku, int(quantity), customer, order_line)


def _loops(segments: Sequence[Segment], opener: str) -> Iterator[list[Segment]]:
    loop: list[Segment] = []
    for segment in segments:
        if segment[0] == opener:
            if loop:
                yield loop
            loop = [segment]
        elif loop and segment[0] not in ("CTT", "W76", "LX"):
            loop.append(segment)
    if loop:
        yield loop


def _reference(segments: Iterable[Segment], qualifier: str) -> str:
    found = (each for each in segments if each[0] in ("REF", "N9") and _at(each, 1) == qualifier)
    return next((_at(each, 2) for each in found), "")


def _at(segment: Segment, number: int) -> str:
    return segment[number] if number < len(segment) else ""


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Desk:
    """Writes interchanges from one firm to the hub, each under the next number."""

    us: tuple[str, str]
    them: tuple[str, str]
    usage: str = "P"
    end: str = "~\n"
    numbers: int = field(default=0)

    def envelope(self, code: str, bodies: Sequence[Sequence[str]], now: datetime) -> bytes:
        """Return one interchange with one group of these documents, each a list of segments between ST and SE."""
        return self.interchange([(code, bodies)], now)

    def interchange(self, groups: Sequence[tuple[str, Sequence[Sequence[str]]]], now: datetime) -> bytes:
        """Return one interchange with a group for each code."""
        self.numbers += 1
        number = f"{self.numbers:09d}"
        isa = [
            *("00", " " * 10, "00", " " * 10, self.us[0], f"{self.us[1]:<15}", self.them[0], f"{self.them[1]:<15}"),
            *(f"{now:%y%m%d}", f"{now:%H%M}", "U", "00401", number, "0", self.usage, ">"),
        ]
        segments = ["ISA*" + "*".join(isa)]
        for place, (code, bodies) in enumerate(groups):
            segments += self._group(code, bodies, str(self.numbers * 10 + place), now)
        segments.append(f"IEA*{len(groups)}*{number}")
        return "".join(each + self.end for each in segments).encode("latin-1")

    def _group(self, code: str, bodies: Sequence[Sequence[str]], control: str, now: datetime) -> list[str]:
        parties = f"{self.us[1]}*{self.them[1]}"
        segments = [f"GS*{_GROUPS[code]}*{parties}*{now:%Y%m%d}*{now:%H%M}*{control}*X*004010"]
        for place, body in enumerate(bodies, start=1):
            segments += [f"ST*{code}*{place:04d}", *body, f"SE*{len(body) + 2}*{place:04d}"]
        return [*segments, f"GE*{len(bodies)}*{control}"]


def functional_acknowledgement(group: Group, refused: Sequence[str] = ()) -> list[str]:
    """Return a 997 for a group; `refused` are the control numbers of the documents in it that could not be read."""
    body = [f"AK1*{group.code}*{group.control}"]
    for document in group.documents:
        bad = document.control in refused
        body += [f"AK2*{document.code}*{document.control}", "AK5*R*5" if bad else "AK5*A"]
    kept = len(group.documents) - len(refused)
    verdict = "A" if not refused else "P" if kept else "R"
    return [*body, f"AK9*{verdict}*{len(group.documents)}*{len(group.documents)}*{kept}"]


def sscc(serial: int) -> str:
    """Return an SSCC-18 with its check digit."""
    digits = f"00614141{serial:09d}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """Return what stands behind the digits of an SSCC."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
