"""Writing what leaves: a canonical record to one interchange with one group and one document in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.edi import cartons, change_answer, finish, functional
from connectors.edi.settings import Acknowledge, ChangeAnswer, EdiSettings, Level
from hub.codec.x12.acknowledge import VERSION_999
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, Severity
from hub.codec.x12.groups import FUNCTIONAL_IDS
from hub.codec.x12.interchange import Segment, Separators, TransactionSet
from hub.codec.x12.reader import read
from hub.codec.x12.tree import segments_of
from hub.codec.x12.writer import CannotWrite, Envelope, GroupContent, Policy, gs_segment, isa_segment, write
from hub.contract import BadRecord, Numbers, Rendered
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.transmission import FunctionalAcknowledgement, transmission_reference

_HIGHEST = 999_999_999
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes for one partner; times in envelopes are in the partner's time zone."""

    settings: EdiSettings
    translator: Documents
    timezone: str

    def document(self, name: str, record: Record, numbers: Numbers) -> Rendered:
        """Return the interchange for a record, under the next control number; raises BadRecord."""
        root = self.translator.render_tree(name, record)
        loop = self.translator.declared(name).layout.loop
        try:
            finish.spread(root, record, loop.steps[-1].name if loop else "")
            cartons.packed(root, record, self.settings.cartons)
            if self.settings.change_answer is ChangeAnswer.CHANGE:
                root = change_answer.of_change(root, record, loop.steps[-1].name if loop else "")
            segments = segments_of(root, self._separators, self.settings.release[:6], policy=self.settings.in_data)
            segments = finish.counted(root.name, finish.totalled(root.name, segments))
            rendered = self._enveloped(root.name, segments, numbers)
        except CannotWrite as error:
            raise _unwritable(record, str(error)) from None
        if self.settings.rejects is not Level.ENVELOPE and (wrong := _against_standard(rendered.content)):
            raise _against(record, wrong)
        return rendered

    def acknowledgement(self, record: FunctionalAcknowledgement, numbers: Numbers) -> Rendered:
        """Return the interchange that tells the partner our verdict on one of theirs."""
        if not record.group:
            number, at = self._number(numbers), self._local(numbers)
            isa = self._isa(number, at)
            return self._rendered(
                "TA1",
                number,
                Envelope(isa, [], [functional.note_segment(record, isa[9], isa[10])], self._separators),
                Policy.REPLACE,
            )
        newer = self.settings.acknowledge is Acknowledge.IMPLEMENTATION
        header = ["ST", "999" if newer else "997", "0001", *([VERSION_999] if newer else [])]
        body = functional.answer_segments(record, self._separators, newer=newer)
        version = VERSION_999 if newer else record.version[:12]
        # what it copies of their faults may hold any mark of ours, and nobody would correct that at its origin
        return self._enveloped(header[1], [header, *body], numbers, version=version, policy=Policy.REPLACE)

    @property
    def _separators(self) -> Separators:
        """What our interchanges are written with."""
        return self.settings.separators.separators(self.settings.version)

    def _enveloped(
        self, code: str, segments: list[Segment], numbers: Numbers, version: str = "", policy: Policy | None = None
    ) -> Rendered:
        number, at = self._number(numbers), self._local(numbers)
        segments = [finish.stamped(each, number, at) for each in segments]
        us, them = self.settings.us.in_group, self.settings.them.in_group
        group = gs_segment(code, us, them, number, at, version=version or self.settings.release)
        return self._rendered(
            code,
            number,
            Envelope(self._isa(number, at), [GroupContent(group, [segments])], [], self._separators),
            policy or self.settings.in_data,
        )

    def _rendered(self, code: str, number: int, envelope: Envelope, policy: Policy) -> Rendered:
        content = write(envelope, policy=policy)
        name = self.settings.outbox.format(set=code, number=f"{number:09d}")
        return Rendered(content, name, transmission_reference(FUNCTIONAL_IDS.get(code, ""), str(number)))

    def _isa(self, number: int, at: datetime) -> Segment:
        return isa_segment(
            self.settings.us.key,
            self.settings.them.key,
            number,
            at,
            version=self.settings.version,
            usage=self.settings.usage,
            repetition=self._separators.repetition,
        )

    def _number(self, numbers: Numbers) -> int:
        """Return the next control number of ISA and GS; after the highest they begin anew."""
        return (numbers.next(self.settings.counter) - 1) % _HIGHEST + 1

    def _local(self, numbers: Numbers) -> datetime:
        return numbers.now().astimezone(ZoneInfo(self.timezone))


def _against_standard(content: bytes) -> list[Fault]:
    """Return what the partner would refuse in its 997; better told here, before it leaves."""
    check = StandardCheck()
    sets = (event for event in read([content], held=len(content) + 1) if isinstance(event, TransactionSet))
    return [fault for each in sets for fault in check(each) if fault.severity is Severity.ERROR]


def _against(record: Record, wrong: list[Fault]) -> BadRecord:
    return BadRecord(
        "the partner would refuse it: " + "; ".join(str(each) for each in wrong[:_SHOWN]),
        record=_name(record),
        field=wrong[0].place.split(" ")[0],
        todo='correct what it names (the record, or the mapping file), or set rejects = "envelope"; then rerun',
        code="x12 against the standard",
    )


def _name(record: Record) -> str:
    return str(getattr(record, "number", "") or type(record).__name__)


def _unwritable(record: Record, why: str) -> BadRecord:
    return BadRecord(
        f"it cannot be written as X12: {why}",
        record=_name(record),
        todo='correct the value at its origin or in the mapping file, or set in_data = "replace", then rerun',
        code="x12 unwritable",
    )
