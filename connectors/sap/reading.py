"""Reading what was cut: a file to what nobody can use of it, an IDoc to the records that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.sap import answers
from connectors.sap.cut import ACKNOWLEDGEMENTS, broken_off, events, unfit
from connectors.sap.settings import Acknowledge, SapSettings
from hub.codec.idoc.fault import Fault, Severity
from hub.codec.idoc.model import REST, Idoc
from hub.codec.idoc.packages import PACKAGE, astray
from hub.codec.idoc.tree import tree
from hub.codec.tree import Node
from hub.contract import BadRecord
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.transmission import DocumentVerdict, FunctionalAcknowledgement, TransmissionFault, Verdict

_SHOWN = 5
_LONGEST_NUMBER = 16


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads for one partner; `document_of` names the document of a message type."""

    settings: SapSettings
    translator: Documents
    document_of: Callable[[str], str | None]

    def file(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the answers that we owe for a file, and what of it nobody can use."""
        for event in events(content, self.settings):
            if isinstance(event, Fault):
                yield _no_idoc(event)
            elif why := unfit(event, self.settings):
                yield _set_aside(event, why)
            elif self.document_of(event.message_type) is None:
                yield _no_document(event)
            elif broken_off(event):
                yield _broken(event)
            elif self._owes(event):
                yield _owed(event)

    def _owes(self, idoc: Idoc) -> bool:
        wanted = self.settings.acknowledge is not Acknowledge.NONE and idoc.message_type not in ACKNOWLEDGEMENTS
        number = idoc.number.strip("0")  # converters leave it blank; what does not fit into DOCNUM cannot be answered
        return wanted and number.isprintable() and 0 < len(number) <= _LONGEST_NUMBER

    def answers(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield what a STATUS or ALEAUD says of our IDocs."""
        for event in events(content, self.settings):
            if isinstance(event, Idoc):
                yield from answers.answers(event)

    def document(self, name: str, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the records of an IDoc; one that could not be read whole is one bad record with its faults."""
        for event in events(content, self.settings):
            if isinstance(event, Fault):
                yield _no_idoc(event)
            elif event.whole:
                yield from self._records(name, event)
            else:
                yield _broken(event, self.translator.named(name, tree(event, self.settings.words)))

    def _records(self, name: str, idoc: Idoc) -> Iterator[Record | BadRecord]:
        """Yield the records; nothing at all where segments are not cut is no empty document, but one not understood."""
        root = tree(idoc, self.settings.words)
        lost = [*astray(root)] if self._packed(name) else []
        if lost:
            yield _in_no_item(idoc, lost)
            return
        found = self.translator.parse_trees(name, [root])
        first = next(found, None)
        if first is not None:
            yield first
            yield from found
        elif uncut := sorted({each.external for each in idoc.segments if [*each.values] == [REST]}):
            yield _uncut(idoc, uncut)
        elif (row := self._row(name)) and all(each.name != row for each in idoc.segments):
            yield _no_rows(idoc, row)

    def _packed(self, name: str) -> bool:
        """Whether a document has a row for what lies in each package."""
        rows = self.translator.declared(name).layout.rows
        return rows is not None and any(step.name == PACKAGE for step in rows.steps)

    def _row(self, name: str) -> str:
        """Return the segment that a document has a row for each of; "" when it has one for the whole IDoc."""
        rows = self.translator.declared(name).layout.rows
        names = [step.name for step in rows.steps] if rows is not None else []
        return next((each for each in reversed(names) if not each.startswith(PACKAGE)), "")


def _errors(idoc: Idoc) -> list[Fault]:
    return [fault for fault in idoc.faults if fault.severity is Severity.ERROR]


def _name(idoc: Idoc) -> str:
    return f"{idoc.message_type or 'IDoc'} {idoc.number or 'without number'}"


def _broken(idoc: Idoc, known: Mapping[str, str] | None = None) -> BadRecord:
    errors = _errors(idoc)
    return BadRecord(
        "; ".join(str(each) for each in errors[:_SHOWN]),
        record=_name(idoc),
        field=errors[0].name,
        raw=errors[0].value,
        todo="ask the partner to send the IDoc again",
        code=f"idoc {errors[0].code.name.lower().replace('_', ' ')}"[:64],
        known=known,
    )


def _no_idoc(fault: Fault) -> BadRecord:
    return BadRecord(
        str(fault),
        record="the whole file",
        raw=fault.value,
        todo="look at the file; ask the partner, or narrow `inbox` so that other files are left alone",
        code=f"idoc {fault.code.name.lower().replace('_', ' ')}"[:64],
    )


def _set_aside(idoc: Idoc, why: str) -> BadRecord:
    return BadRecord(
        f"nothing of it was applied: {why}",
        record=_name(idoc),
        field="TEST" if "test" in why else "SNDPRN",
        raw=" ".join(f"{key}={value}" for key, value in idoc.control.items()),
        todo="correct `us`, `them` or `test` under [connection], or ask the partner; then rerun, or close this",
        code="test idoc" if "test" in why else "idoc not for us",
    )


def _uncut(idoc: Idoc, names: Sequence[str]) -> BadRecord:
    told = ", ".join(names[:_SHOWN])
    return BadRecord(
        f"it is flat, and how the segments {told} are cut into fields is not known",
        record=_name(idoc),
        field=names[0],
        todo=f"ask the partner for the WE60 parser file of {idoc.basic_type or 'its type'}, run `crossdock idoc learn` "
        "on it and put what it prints below connection.dictionary, then rerun; or ask for the IDoc as XML",
        code="idoc segments unknown",
    )


def _in_no_item(idoc: Idoc, lost: Sequence[Node]) -> BadRecord:
    told = ", ".join(f"{each.values.get('VEMNG')} of item {each.values.get('POSNR')} ({each.where()})" for each in lost)
    return BadRecord(
        f"packages hold what no item of the delivery stands for: {told[:500]}",
        record=_name(idoc),
        field="E1EDL44.POSNR",
        todo="nothing of it was applied: ask the partner for the delivery with an E1EDL24 for each item; then rerun",
        code="idoc package without item",
    )


def _no_rows(idoc: Idoc, row: str) -> BadRecord:
    return BadRecord(
        f"no {row} stands in it, and the mapping file makes its records of these",
        record=_name(idoc),
        field=row,
        todo="look at it with `crossdock idoc show`; where the partner's lines are other segments, say so by `rows`",
        code="idoc without lines",
    )


def _no_document(idoc: Idoc) -> BadRecord:
    message = idoc.message_type or "(blank)"
    return BadRecord(
        f"the mapping file has no inbound document for message type {message}",
        record=_name(idoc),
        todo=f'add a document with format = "idoc" and root = "{message}", then rerun',
        code=f"no document for {message}"[:64],
    )


def _owed(idoc: Idoc) -> FunctionalAcknowledgement:
    errors = _errors(idoc)
    verdict = Verdict.REJECTED if errors else Verdict.ACCEPTED
    faults = tuple(TransmissionFault(code=each.code.name.lower(), text=str(each)[:2000]) for each in errors[:_SHOWN])
    document = DocumentVerdict(type=idoc.message_type[:128], number=idoc.number, verdict=verdict, faults=faults)
    return FunctionalAcknowledgement(group=answers.GROUP, number=idoc.number, verdict=verdict, documents=(document,))
