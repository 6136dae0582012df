"""Read X12: from chunks of bytes to interchanges, groups and transaction sets, in bounded memory.

Control segments are found by one search over the bytes; what stands between ST and SE is cut out whole and split only
when somebody looks at its segments. Nothing aborts a file: a missing trailer ends at the next header, a broken ISA is
told and skipped, text outside of every transaction set is told and left out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from hub.codec.x12 import envelope
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import (
    Event,
    Group,
    GroupEnd,
    Interchange,
    InterchangeEnd,
    InterchangeNote,
    Segment,
    Separators,
    Stray,
    TransactionSet,
    count_segments,
    decode,
    element,
)
from hub.codec.x12.separators import BLANKS, ISA_START, LONGEST_ISA, read_header, usable
from hub.codec.x12.window import Window

#: A transaction set that is larger comes in parts; so much of the input is held at a time, and little more.
HELD: Final = 4 << 20
#: A segment that is longer is no segment: somebody lost the terminators.
LONGEST_SEGMENT: Final = 1 << 20
#: So much of such a segment is kept, to show what it was.
_KEPT: Final = 200
#: The control segments but for ISA, letter by letter.
_TAGS: Final = ((b"G", b"[SE]"), (b"S", b"[TE]"), (b"I", b"E", b"A"), (b"T", b"A", b"[13]"), (b"I", b"S", b"[BE]"))
#: Separators that the first letters of a short segment may be followed by.
_CUTS: Final = "*|^+~> "
_SET_ID: Final = re.compile(r"\s*[0-9]{3}\s*")


def read(chunks: Iterable[bytes], *, held: int = HELD) -> Iterator[Event]:
    """Yield what an input holds, in its order; never raises for anything that the bytes may be.

    A transaction set of more than `held` bytes comes in parts (see TransactionSet).
    """
    return iter(_Reader(Window(chunks), held))


def transaction_sets(chunks: Iterable[bytes], *, held: int = HELD) -> Iterator[TransactionSet]:
    """Yield the transaction sets alone."""
    return (event for event in read(chunks, held=held) if isinstance(event, TransactionSet))


def lines(chunks: Iterable[bytes], *, held: int = HELD) -> Iterator[tuple[TransactionSet, int, Segment]]:
    """Yield every segment with its set (or part of one) and its place in the set; for sets too large to be held."""
    for each in transaction_sets(chunks, held=held):
        for index, segment in enumerate(each, each.first):
            yield each, index, segment


@lru_cache(maxsize=64)
def _control(mark: str, cut: str, *, wrapped: bool) -> re.Pattern[bytes]:
    """Find a control segment after a terminator; blanks between do not hold the terminator, or runs cost squares."""
    end = re.escape(mark.encode("latin-1"))
    gap = rb"[\r\n]*" if wrapped else b""
    blank = b"[" + re.escape(BLANKS.replace(mark.encode("latin-1"), b"")) + b"]*+"
    tags = b"|".join(gap.join(letters) for letters in _TAGS)
    follows = gap + b"[" + re.escape(cut.encode("latin-1")) + end + b"]"
    return re.compile(end + blank + rb"(?=[GIST])(ISA[^A-Za-z0-9 \r\n]|(?:" + tags + rb")(?=" + follows + rb"))")


class _Reader:
    """One pass over one input. `at` is where the search for the next control segment goes on: at a terminator."""

    def __init__(self, window: Window, held: int) -> None:
        self._window = window
        self._held = held
        self._out: deque[Event] = deque()
        self._at = 0
        self._free = 0  # behind the last thing that was understood
        self._strayed = False  # has what stands behind it been told of?
        self._told = False  # has an ISA been found that cannot be read?
        self._interchange: Interchange | None = None
        self._open = False  # is the interchange?
        self._interchanges = 0
        self._groups = 0
        self._group_numbers = envelope.Numbers()
        self._group: Group | None = None
        self._sets = 0
        self._set_numbers = envelope.Numbers()
        self._set_at = -1  # where the open set (or the rest of it) begins
        self._set: TransactionSet | None = None
        self._mark = b""
        self._pattern: re.Pattern[bytes] = ISA_START

    def __iter__(self) -> Iterator[Event]:
        running = True
        while running:
            running = self._step()
            while self._out:
                yield self._out.popleft()  # not kept here: a set may be large once it is split

    def _step(self) -> bool:
        """Understand one more control segment, or read on; False at the end of the input."""
        hit = self._window.search(self._pattern, self._at)
        if not self._open:
            isa = self._window.search(ISA_START, self._at)
            if isa is not None and (hit is None or isa.start() <= hit.start(hit.lastindex or 0)):
                return self._header(self._window.base + isa.start())
        if hit is None or not self._mark:
            return self._grow()
        start = self._window.base + hit.start(1)
        tag = hit[1].translate(None, b"\r\n").decode("latin-1")
        if tag.startswith("ISA"):
            return self._header(start)
        stop = self._window.find(self._mark, start)
        if tag == "IEA" and (glued := self._glued(start, stop)) >= 0:
            self._trailer_of_interchange(start, glued)
            return self._header(glued)
        if stop < 0:
            return self._grow()
        self._at = stop
        if tag != "ST" or not self._plain_sets(start):
            _HANDLERS[tag](self, start, stop)
        return True

    # --- reading on ---------------------------------------------------------------------------------------------------

    def _grow(self) -> bool:
        """Read on, letting go of what is not needed; at the end of the input, end everything."""
        window = self._window
        if self._mark:
            last = window.data.rfind(self._mark, max(self._at - window.base, 0))
            self._at = max(self._at, window.base + last) if last >= 0 else self._at
            if self._open and window.end - self._at > LONGEST_SEGMENT:
                return self._too_long()
        if not self._open and window.end - self._at > LONGEST_ISA:
            self._at = window.end - len(b"ISA*") + 1
        if self._set is None:
            self._stray(self._at)
        elif window.end - self._set_at > self._held and self._at > self._set_at:
            self._emit_part(self._at + len(self._mark))
        keep = self._at if self._set is None else min(self._at, self._set_at)
        return window.more(max(keep, window.base)) or self._finish()

    def _finish(self) -> bool:
        window = self._window
        if self._mark and not window.data.rstrip(BLANKS.replace(self._mark, b"")).endswith(self._mark):
            window.data += self._mark  # the last terminator was forgotten
            return True
        if self._set is None:
            self._stray(window.end)
        self._close_interchange(window.end)
        if self._interchanges == 0 and not self._told:
            shown = window.data[:80].decode("latin-1")
            self._out.append(Stray(Fault(FaultCode.NO_INTERCHANGE, offset=0, value=shown)))
        return False

    def _too_long(self) -> bool:
        """Keep the beginning of a segment without an end, and go on behind the next terminator."""
        window = self._window
        start = self._at + len(self._mark)
        shown = window.cut(start, start + _KEPT)
        place = 0
        if self._set is not None:
            before = window.cut(self._set_at, start)
            place = self._set.first + count_segments(before, self._set.interchange.separators)
        value = shown.decode("latin-1")
        fault = Fault(FaultCode.SEGMENT_TOO_LONG, place, offset=start, value=value, tag=value.strip()[:3])
        if self._set is None:
            self._out.append(Stray(fault, self._interchange))
        else:
            self._set.faults.append(fault)
            self._emit_part(start + len(shown))
        while (found := window.find(self._mark, start)) < 0 and window.more(window.end):
            start = window.base
        self._at = self._free = found if found >= 0 else window.end
        if self._set is not None:
            self._set_at = min(self._at + len(self._mark), window.end)
        return True

    def _stray(self, until: int) -> None:
        """Tell once of what stands between control segments and belongs nowhere."""
        start = max(self._free, self._window.base)
        text = self._window.cut(start, until) if until > start else b""
        bare = text.lstrip(BLANKS + self._mark)
        self._free = max(self._free, until)
        if not bare or self._strayed:
            return
        self._strayed = True
        code = FaultCode.STRAY_SEGMENT if self._open else FaultCode.BAD_CONTENT
        shown = bare[:80].split(self._mark or b"\n")[0].decode("latin-1")
        # what follows an IEA takes nothing from the interchange that is whole before it
        graded = None if self._interchange is None else Severity.WARNING
        tag = shown[:3].strip(_CUTS)
        words = "ids of segments are written in capitals" if tag != tag.upper() and tag.upper() in _HANDLERS else ""
        fault = Fault(code, offset=start + len(text) - len(bare), value=shown, message=words, tag=tag, graded=graded)
        self._out.append(Stray(fault, self._interchange))

    def _understood(self, start: int, stop: int) -> None:
        """Note that a control segment between these offsets was understood."""
        self._stray(start)
        self._free = stop + len(self._mark)
        self._strayed = False

    # --- interchanges -------------------------------------------------------------------------------------------------

    def _glued(self, start: int, stop: int) -> int:
        """Return where an ISA follows an IEA whose terminator was forgotten, or -1."""
        isa = ISA_START.search(self._window.cut(start, start + 120))
        at = start + isa.start() if isa else -1
        return at if stop < 0 or at < stop else -1

    def _header(self, start: int) -> bool:
        window = self._window
        if window.end - start < LONGEST_ISA and not window.ended:
            keep = self._at if self._set is None else min(self._at, self._set_at)
            if window.more(max(keep, window.base)):
                return True
        header = read_header(window.cut(start, start + LONGEST_ISA + 250), start)
        if header is None or not usable(header.separators):
            self._broken_header(start)
            return True
        self._close_interchange(start)
        self._stray(start)
        self._strayed = False
        self._interchanges += 1
        self._groups = 0
        self._group_numbers = envelope.Numbers()
        self._open = True
        self._interchange = Interchange(header.isa, header.separators, self._interchanges, start, header.faults)
        self._mark = mark_of(header.separators)
        self._pattern = _control(header.separators.mark, header.separators.element, wrapped=header.separators.wrapped)
        self._free = start + header.length
        self._at = self._free - 1
        self._out.append(self._interchange)
        return True

    def _broken_header(self, start: int) -> None:
        """Pass over an ISA that cannot be read; inside of a set it is a segment like any other."""
        if self._set is None and not self._strayed:
            shown = self._window.cut(start, start + 80).decode("latin-1")
            self._out.append(Stray(Fault(FaultCode.NO_INTERCHANGE, offset=start, value=shown, tag="ISA")))
            self._free = max(self._free, start + 3)
            self._strayed = self._told = True
        self._at = start + 3

    def _close_interchange(self, at: int, trailer: Segment | None = None) -> None:
        self._close_group(at)
        if not self._open or self._interchange is None:
            return
        self._open = False
        if trailer is None:
            faults = [Fault(FaultCode.INTERCHANGE_TRAILER_MISSING, offset=at, tag="IEA")]
        else:
            faults = envelope.check_interchange_trailer(self._interchange, trailer, self._groups, at)
        self._out.append(InterchangeEnd(self._interchange, self._groups, trailer or [], tuple(faults)))

    def _trailer_of_interchange(self, start: int, stop: int) -> None:
        self._close_group(start)
        self._understood(start, stop)
        if self._open:
            self._close_interchange(start, self._fields(start, stop))
        else:
            self._lost(start, stop)

    def _note(self, start: int, stop: int) -> None:
        """Take a TA1 or a segment of interchange services; inside of a set it is a segment like any other."""
        if self._set is None and self._interchange is not None:
            self._understood(start, stop)
            self._out.append(InterchangeNote(self._fields(start, stop), self._interchange, start))

    # --- groups -------------------------------------------------------------------------------------------------------

    def _group_header(self, start: int, stop: int) -> None:
        self._close_group(start)
        self._understood(start, stop)
        if not self._open:
            self._lost(start, stop)
        self._groups += 1
        self._sets = 0
        self._set_numbers = envelope.Numbers()
        gs = self._fields(start, stop)
        repeated = self._group_numbers.repeats(element(gs, 6).strip())
        faults = envelope.check_group_header(gs, offset=start, repeated=repeated)
        self._group = Group(gs, self._groups, start, tuple(faults))
        self._out.append(self._group)

    def _close_group(self, at: int, trailer: Segment | None = None) -> None:
        self._close_set(at)
        if self._group is None or self._interchange is None:
            return
        if trailer is None:
            faults = [Fault(FaultCode.GROUP_TRAILER_MISSING, offset=at, tag="GE")]
        else:
            faults = envelope.check_group_trailer(self._group, trailer, self._sets, at)
        self._out.append(GroupEnd(self._group, self._interchange, self._sets, trailer or [], tuple(faults)))
        self._group = None

    def _group_trailer(self, start: int, stop: int) -> None:
        self._close_set(start)
        self._understood(start, stop)
        if self._group is None:
            self._lost(start, stop)
        else:
            self._close_group(start, self._fields(start, stop))

    # --- transaction sets ---------------------------------------------------------------------------------------------

    def _plain_sets(self, start: int) -> bool:
        """Take whole sets while nothing about their envelopes is odd, as with nearly all of them.

        Does what the methods below do, in one go and without a fault to tell; says whether it took any.
        """
        group, interchange, base = self._group, self._interchange, self._window.base
        if group is None or interchange is None or self._set is not None:
            return False
        data, search, mark = self._window.data, self._pattern.search, self._mark
        cut, after = interchange.separators.element, interchange.separators.after.encode("latin-1")
        opening = b"ST" + cut.encode("latin-1")
        begin, taken = start - base, self._sets
        if data[self._free - base : begin].strip():
            return False
        while data.startswith(opening, begin):
            hit = search(data, begin)
            end = data.find(mark, hit.end()) if hit is not None and hit[1] == b"SE" else -1
            if hit is None or end < 0:
                break
            raw = data[begin : end + 1]
            header = data[begin : data.index(mark, begin)].decode("latin-1").split(cut)
            trailer = data[hit.start(1) : end].decode("latin-1").split(cut)
            if len(header) < 3 or trailer[1:] != [str(raw.count(mark)), header[2]]:
                break
            if not (envelope.is_plain_header(header, group) and self._set_numbers.ascends(header[2])):
                break
            self._sets += 1
            self._out.append(TransactionSet(raw, interchange, group, header, self._sets, base + begin))
            self._at, self._free, self._strayed = base + end, base + end + 1, False
            begin = end + 1 + len(after)
        return self._sets > taken

    def _set_header(self, start: int, stop: int) -> None:
        header = self._fields(start, stop)
        if self._set is not None and not _SET_ID.fullmatch(element(header, 1)):
            return  # a segment of the open set that happens to be called ST
        self._close_set(start)
        self._understood(start, stop)
        if self._interchange is None:
            return
        self._sets += 1
        repeated = self._set_numbers.repeats(element(header, 2).strip())
        faults = envelope.check_set_header(header, self._group, offset=start, repeated=repeated)
        self._set = TransactionSet(b"", self._interchange, self._group, header, self._sets, start, faults=faults)
        self._set_at = start
        if self._group is None:
            self._lost(start, stop, "the transaction set stands in no group")

    def _set_trailer(self, start: int, stop: int) -> None:
        if self._set is None:
            self._understood(start, stop)
            self._lost(start, stop)
            return
        self._finish_set(start, stop + len(self._mark), self._fields(start, stop))
        self._free = stop + len(self._mark)
        self._strayed = False

    def _finish_set(self, at: int, stop: int, trailer: Segment) -> None:
        """Hand out the open set, or its last part, with what its trailer says."""
        done = self._set
        if done is None:
            return
        done.raw = self._window.cut(self._set_at, stop)
        segments = done.first - 1 + done.raw.count(self._mark)
        if envelope.count(element(trailer, 1)) != segments:  # blank lines and doubled terminators count for nothing
            segments = done.first - 1 + count_segments(done.raw, done.interchange.separators)
        done.faults += envelope.check_set_trailer(done.header, trailer, segments, at)
        self._out.append(done)
        self._set = None

    def _close_set(self, at: int) -> None:
        """End a set whose trailer is missing where the next header or trailer begins."""
        done = self._set
        if done is None:
            return
        done.raw = self._window.cut(self._set_at, at)
        place = done.first + count_segments(done.raw, done.interchange.separators)
        done.faults.append(Fault(FaultCode.SET_TRAILER_MISSING, place, offset=at, tag="SE"))
        self._out.append(done)
        self._set = None
        self._free = max(self._free, at)

    def _emit_part(self, stop: int) -> None:
        """Hand out what has been read of a set that is too large to be held."""
        part = self._set
        if part is None:
            return
        part.raw = self._window.cut(self._set_at, stop)
        part.last = False
        segments = count_segments(part.raw, part.interchange.separators)
        self._out.append(part)
        self._set = TransactionSet(
            b"", part.interchange, part.group, part.header, part.number, stop, part.first + segments, part.part + 1
        )
        self._set_at = stop

    # --- small things -------------------------------------------------------------------------------------------------

    def _fields(self, start: int, stop: int) -> Segment:
        """Split a control segment."""
        separators = self._interchange.separators if self._interchange else Separators()
        text = decode(self._window.cut(start, min(stop, start + LONGEST_SEGMENT)), separators)[0]
        text = text.replace("\r", "").replace("\n", "")
        return text.split(separators.element)

    def _lost(self, start: int, stop: int, message: str = "") -> None:
        """Tell of a control segment that stands where it cannot."""
        text = self._window.cut(start, min(stop, start + 80)).decode("latin-1")
        message = message or "the control segment stands where it cannot"
        fault = Fault(FaultCode.CONTROL_STRUCTURE, offset=start, value=text, message=message, tag=text[:3].strip("*"))
        self._out.append(Stray(fault, self._interchange))


def mark_of(separators: Separators) -> bytes:
    """Return the last byte of the terminator, which is all that is searched for."""
    return separators.mark.encode("latin-1")


_HANDLERS: Final = {
    "ST": _Reader._set_header,  # noqa: SLF001 - the table of its own methods
    "SE": _Reader._set_trailer,  # noqa: SLF001
    "GS": _Reader._group_header,  # noqa: SLF001
    "GE": _Reader._group_trailer,  # noqa: SLF001
    "IEA": _Reader._trailer_of_interchange,  # noqa: SLF001
    "TA1": _Reader._note,  # noqa: SLF001
    "TA3": _Reader._note,  # noqa: SLF001
    "ISB": _Reader._note,  # noqa: SLF001
    "ISE": _Reader._note,  # noqa: SLF001
}
