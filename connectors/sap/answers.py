"""STATUS (SYSTAT01) and ALEAUD (ALEAUD01): what they say of our IDocs as canonical verdicts, and ours as a STATUS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from hub.codec.idoc.model import Idoc, Segment
from hub.model.transmission import DocumentVerdict, FunctionalAcknowledgement, TransmissionFault, Verdict, short

#: How IDocs are named in the ledger: "IDOC 17".
GROUP: Final = "IDOC"
#: Status codes after which the receiver goes on with the IDoc, and after which it does not. Codes in neither (64 ready,
#: 62 passed on, 30 ready for dispatch ...) say that it is on its way: these are not answers yet.
_TAKEN: Final = frozenset({"16", "41", "53"})
_REFUSED: Final = frozenset({"02", "04", "05", "17", "20", "26", "29", "40", "51", "56", "60", "63", "65", "68"})
_BY_KIND: Final[Mapping[str, Verdict]] = {"E": Verdict.REJECTED, "A": Verdict.REJECTED}
#: A place of more digits than any IDoc has segments is none.
_LONGEST_PLACE: Final = 10
_OURS: Final[Mapping[bool, str]] = {True: "16", False: "17"}


def answers(idoc: Idoc) -> Iterator[FunctionalAcknowledgement]:
    """Yield what an IDoc says of ours; codes that are no answer yet are left out."""
    for name in ("E1STATS", "E1STATE"):
        for segment in idoc.named(name):
            verdict = _verdict(segment)
            number = short(segment.values.get("DOCNUM", ""))
            if verdict is not None and number:
                yield _answer(segment, number, verdict)


def _verdict(segment: Segment) -> Verdict | None:
    status = short(segment.values.get("STATUS", ""))
    if status in _TAKEN:
        return Verdict.ACCEPTED
    if status in _REFUSED:
        return Verdict.REJECTED
    return _BY_KIND.get(segment.values.get("STATYP", "").strip())


def _answer(segment: Segment, number: str, verdict: Verdict) -> FunctionalAcknowledgement:
    status = short(segment.values.get("STATUS", "")) or "?"
    faults = () if verdict.taken else (_fault(segment.values, status),)
    document = DocumentVerdict(number=number, verdict=verdict, codes=(status,), faults=faults)
    return FunctionalAcknowledgement(
        group=GROUP, number=number, verdict=verdict, codes=(status,), documents=(document,)
    )


def _fault(values: Mapping[str, str], status: str) -> TransmissionFault:
    """Return the reason in their words, with the parameters put where `&1` or `&` stand for them."""
    text = values.get("STATXT", "").strip()
    for count in range(1, 5):
        given = values.get(f"STAPA{count}", "").strip()
        mark = f"&{count}" if f"&{count}" in text else "&"
        text = text.replace(mark, given, 1) if given else text
    place = values.get("SEGNUM", "").strip()
    message = " ".join(filter(None, (values.get("STAMID", "").strip(), values.get("STAMNO", "").strip())))
    return TransmissionFault(
        code=status,
        text=(text or message or f"status {status} without a text")[:2000],
        position=int(place) if place.isascii() and place.isdigit() and len(place) < _LONGEST_PLACE else None,
        element=values.get("SEGFLD", "").strip()[:128],
    )


def audit(record: FunctionalAcknowledgement) -> list[Segment]:
    """Return the segments of an ALEAUD that tells our verdict on an IDoc of theirs."""
    message = next((each.type[:6] for each in record.documents), "")
    head = Segment("E1ADHDR", values={"MESTYP": message} if message else {})
    values = {"DOCNUM": record.number.zfill(16), "STATUS": "53" if record.verdict.taken else "51"}
    return [head, Segment("E1STATE", values=values, parent=head, depth=2)]


def status(record: FunctionalAcknowledgement, at: datetime) -> Segment:
    """Return the segment of a STATUS that tells our verdict on an IDoc of theirs; `at` is in their time zone."""
    text = next((fault.text for each in record.documents for fault in each.faults if fault.text), "")
    values = {
        "DOCNUM": record.number.zfill(16),
        "LOGDAT": f"{at:%Y%m%d}",
        "LOGTIM": f"{at:%H%M%S}",
        "STATUS": _OURS[record.verdict.taken],
        "STATXT": text[:70],
        "STATYP": "S" if record.verdict.taken else "E",
    }
    return Segment("E1STATS", values={key: value for key, value in values.items() if value})
