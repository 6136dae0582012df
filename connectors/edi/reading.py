"""Reading what was cut: an interchange to what we owe for it, a transaction set to the records that it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from connectors.edi import functional, stranded
from connectors.edi.cut import Sorting, read_whole, unfit
from connectors.edi.judged import Judged
from connectors.edi.settings import Acknowledge, Duplicate, EdiSettings, Level
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Interchange, InterchangeNote, Segment, TransactionSet, element
from hub.codec.x12.tree import tree
from hub.codec.x12.verdict import InterchangeVerdict, judge
from hub.contract import BadRecord
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.stock import StockAdjustment
from hub.model.transmission import short

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads for one partner; `sorting` names the documents of a set's code."""

    settings: EdiSettings
    translator: Documents
    sorting: Sorting
    judged: Judged = field(default_factory=Judged)

    # --- interchanges ------------------------------------------------------------------------------------------------

    def interchange(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the acknowledgements that we owe for an interchange, and what of it nobody can use."""
        verdicts = list(judge(read_whole(content), self._check()))
        if not verdicts:
            yield _no_interchange(content)
        for verdict in verdicts:
            why = unfit(verdict.interchange, self.settings)
            if why:
                yield _set_aside(verdict.interchange, why)
                continue
            yield from self._without_document(verdict)
            if self.settings.acknowledge is not Acknowledge.NONE:
                yield from functional.owed(verdict, newer=self.settings.acknowledge is Acknowledge.IMPLEMENTATION)
            yield from self._envelope_faults(verdict)

    def _envelope_faults(self, verdict: InterchangeVerdict) -> Iterator[BadRecord]:
        """Yield what is wrong around the documents, so that somebody sees why none of them came."""
        around = [*verdict.faults, *(fault for group in verdict.groups for fault in group.faults)]
        errors = [each for each in around if each.severity is Severity.ERROR]
        numbered = Duplicate.INTERCHANGE in self.settings.duplicates  # else a number says nothing of what has it
        if errors:
            control = verdict.interchange.control
            yield BadRecord(
                "; ".join(str(each) for each in errors[:_SHOWN]),
                record=f"interchange {control}",
                field=errors[0].place,
                todo="what stands under these headers was refused and not applied: ask the partner to send it again, "
                "whole; under the same number or another",
                code=f"x12 {errors[0].code.name.lower().replace('_', ' ')}"[:64],
                known={"interchange": short(control)} if numbered else {},
            )

    def _without_document(self, verdict: InterchangeVerdict) -> Iterator[BadRecord]:
        """Tell, them too, of sets that no document of the mapping file is for."""
        for group in verdict.groups:
            for each in group.sets:
                code = element(each.header, 1).strip()
                if not self.sorting.documents_of(code):
                    each.faults.append(Fault(FaultCode.SET_UNSUPPORTED, 1, 1, value=code, tag="ST"))
                    yield BadRecord(
                        f"the mapping file has no inbound document for transaction set {code!r}",
                        record=_name(verdict.interchange, each.header),
                        todo=f'add a document with format = "x12" and root = "{code}", then rerun',
                        code=f"no document for {code}"[:64],
                    )

    def _check(self) -> Callable[[TransactionSet], list[Fault]]:
        settings = self.settings
        standard = StandardCheck(settings.line_count.severity, settings.hash_total.severity)
        rejects = self.settings.rejects

        def look(part: TransactionSet) -> list[Fault]:
            faults, wishes = standard(part), self._against_guide(part)
            if rejects is Level.ENVELOPE:
                faults = [_told_only(each) for each in faults]
            return faults + (wishes if rejects is Level.GUIDE else [_told_only(each) for each in wishes])

        return partial(self.judged.faults, look)

    def _against_guide(self, part: TransactionSet) -> list[Fault]:
        """Return what the guide in the mapping file finds; a set that comes in parts is too large to be looked at."""
        documents = [each for each in self.sorting.documents_of(part.code) if each in self.translator.inward]
        guides = [self.translator.declared(each).layout.guide for each in documents] if part.whole else []
        if all(guide.empty for guide in guides):
            return []
        root = tree(part)
        return part.located(dict.fromkeys(fault for guide in guides for fault in guide.check(root)))

    # --- transaction sets --------------------------------------------------------------------------------------------

    def answers(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield what a 997, 999 or TA1 says of our transmissions."""
        for event in read_whole(content):
            if isinstance(event, InterchangeNote):
                yield functional.note(event.segment)
            elif isinstance(event, TransactionSet):
                yield from functional.answers(event.segments, event.interchange.separators)

    def document(self, name: str, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the records of a transaction set; one that is rejected is one bad record with all of its faults."""
        check = self._check()
        for event in read_whole(content):
            if isinstance(event, TransactionSet):
                faults = [*event.faults, *check(event)]
                errors = [each for each in faults if each.severity is Severity.ERROR]
                if errors:
                    yield _rejected(event, errors, self.translator.named(name, tree(event)))
                else:
                    yield from self._records(name, event)

    def _records(self, name: str, one: TransactionSet) -> Iterator[Record | BadRecord]:
        """Yield the records of a set; where nothing comes of it, or goods of it are of no row, that is told."""
        layout = self.translator.declared(name).layout
        if layout.rows is not None and layout.rows.steps[-1].name == stranded.LEVEL:
            root = tree(one)
            if lost := [*stranded.levels(root, layout.rows)]:
                yield stranded.told(lost, _name(one.interchange, one.header))
                return
            found = self.translator.parse_trees(name, [root])
        else:
            found = self.translator.parse_sets(name, [one])
        nothing = self.translator.declared(name).skip_when is None
        for each in _told_apart(found):
            nothing = False
            yield each
        if nothing:
            yield _no_rows(one, layout.rows.text if layout.rows is not None else one.code)


def _told_apart(records: Iterator[Record | BadRecord]) -> Iterator[Record | BadRecord]:
    """Number the lines of a correction that nothing in them tells apart, two pallets of one SKU, in their order."""
    seen: Counter[str] = Counter()
    for record in records:
        if not isinstance(record, StockAdjustment) or not record.number:
            yield record
            continue
        seen[record.number] += 1
        again = seen[record.number]
        yield record if again == 1 else record.changed(number=f"{record.number}#{again}")


def _no_rows(one: TransactionSet, rows: str) -> BadRecord:
    return BadRecord(
        f"nothing came of it: the mapping file makes its records of {rows}, and none stands in it",
        record=_name(one.interchange, one.header),
        field=rows,
        raw=one.raw.decode("latin-1"),
        todo="look at it with `crossdock edi show`; where the partner's lines are other segments, say so by `rows`",
        code="x12 set without lines",
    )


def _told_only(fault: Fault) -> Fault:
    return replace(fault, graded=min(fault.severity, Severity.WARNING))


def _rejected(one: TransactionSet, errors: list[Fault], known: Mapping[str, str]) -> BadRecord:
    more = f"; and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
    return BadRecord(
        "; ".join(str(each) for each in errors[:_SHOWN]) + more,
        record=_name(one.interchange, one.header),
        field=errors[0].place.split(" ")[0],
        raw=one.raw.decode("latin-1"),
        todo='it was refused in our 997: the partner has to send it right; or set rejects = "envelope" and rerun',
        code=f"x12 {errors[0].code.name.lower().replace('_', ' ')}"[:64],
        known=known,
    )


def _set_aside(interchange: Interchange, why: str) -> BadRecord:
    return BadRecord(
        f"nothing of it was applied: {why}",
        record=f"interchange {interchange.control}",
        field="ISA15" if "test" in why else "ISA06",
        raw="*".join(interchange.isa),
        todo="correct `us`, `them` or `usage` under [connection], or ask the partner; then rerun, or close this",
        code="test interchange" if "test" in why else "interchange not for us",
    )


def _no_interchange(content: bytes) -> BadRecord:
    return BadRecord(
        "there is no interchange in this file: no ISA segment could be read",
        record="the whole file",
        raw=content[:200].decode("latin-1"),
        todo="look at the file; ask the partner, or narrow `inbox` so that other files are left alone",
        code="no interchange",
    )


def _name(interchange: Interchange, header: Segment) -> str:
    return f"{element(header, 1).strip()} {element(header, 2).strip()} of interchange {interchange.control}"
