"""A mailbox: one place for all that a partner sends, whatever it is, and for the acknowledgements both ways.

What lies there is an interchange (X12) or a file of IDocs; the documents in it come with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hub.contract import DocumentSpec
from hub.model.document import Direction, Kind

#: The documents that every such partner has, beside those of its mapping file.
MAILBOX = DocumentSpec("mailbox", Direction.IN, Kind.INTERCHANGE)
VERDICTS = DocumentSpec("verdicts", Direction.IN, Kind.FUNCTIONAL_ACKNOWLEDGEMENT, comes_with=MAILBOX.name)
VERDICT = DocumentSpec("verdict", Direction.OUT, Kind.FUNCTIONAL_ACKNOWLEDGEMENT)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox as the exchange of files sees it: one pattern inward, one name outward."""

    inbox: str
    outbox: str

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return what travels as files of their own."""
        return (MAILBOX, VERDICT)

    def files(self, document: str) -> str:
        """Return the pattern or name of a document's files."""
        return self.inbox if document == MAILBOX.name else self.outbox


def with_mailbox(documents: Iterable[DocumentSpec], *, acknowledges: bool) -> Iterator[DocumentSpec]:
    """Yield a mapping file's documents, those inward as what comes with the mailbox, and the mailbox's own."""
    yield MAILBOX
    yield VERDICTS
    for each in documents:
        yield each if each.direction is Direction.OUT else replace(each, comes_with=MAILBOX.name)
    if acknowledges:
        yield VERDICT
