"""What either side says about a document that it received, before anybody looks at what the document asks for.

X12 says it with 997, 999 and TA1, SAP with STATUS and ALEAUD. It is about syntax and arrival only: an order that was
accepted here may still be refused by its acknowledgement.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Moment, Record, Text

_SHORT = 128
Short = Annotated[str, Field(max_length=_SHORT)]


class Verdict(StrEnum):
    """What became of a document where it was received."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    PARTLY_ACCEPTED = "partly_accepted"  # of several documents some
    REJECTED = "rejected"

    @property
    def taken(self) -> bool:
        """Whether the receiver goes on with it."""
        return self in {Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS}


class TransmissionFault(Record):
    """One fault and its place, in the receiver's own codes; `text` says it in plain words."""

    code: Short
    text: Text = ""
    segment: Short = ""
    position: Annotated[int | None, Field(ge=0, description="of the segment in its document, from 1")] = None
    loop: Short = ""
    element: Annotated[
        Short, Field(description="position, component and repeat as 2, 2:1 or 2:1:3; empty: segment")
    ] = ""
    element_number: Annotated[Short, Field(description="the standard's number or name of the element")] = ""
    value: Annotated[str, Field(max_length=512, description="what stood there")] = ""


class DocumentVerdict(Record):
    """The verdict on one document of a group."""

    type: Annotated[Short, Field(description="850, ORDERS05")] = ""
    number: Code
    verdict: Verdict
    codes: tuple[Short, ...] = ()
    reason: Annotated[Text, Field(description="the codes in plain words")] = ""
    faults: tuple[TransmissionFault, ...] = ()


class FunctionalAcknowledgement(Record):
    """The verdict on a group of documents (or one): `group` and `number` are how the sender numbered it.

    A `group` that is empty means the whole interchange with this number, whatever it held.
    """

    group: Annotated[Short, Field(description="the kind of group: PO, IB, IDOC; empty for the interchange")] = ""
    number: Code
    version: Short = ""
    verdict: Verdict
    codes: tuple[Short, ...] = ()
    reason: Annotated[Text, Field(description="the codes in plain words")] = ""
    duplicate: Annotated[bool, Field(description="refused only because its number came before")] = False
    included: Annotated[int | None, Field(ge=0, description="documents that the group said it holds")] = None
    received: Annotated[int | None, Field(ge=0)] = None
    accepted: Annotated[int | None, Field(ge=0)] = None
    at: Moment | None = None
    interchange: Annotated[Short, Field(description="ours about theirs: the interchange that it came in")] = ""
    test: Annotated[bool, Field(description="about a test transmission")] = False
    documents: tuple[DocumentVerdict, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether the one document that a transmission of ours holds was taken; its own verdict counts where given."""
        if self.verdict is Verdict.REJECTED:
            return False
        if self.documents:
            return all(each.verdict.taken for each in self.documents)
        return self.verdict.taken or bool(self.accepted)

    @property
    def reference(self) -> str:
        """The name of the transmission: `PO 17`, or `17` of a whole interchange."""
        return transmission_reference(self.group, self.number)

    @property
    def named(self) -> str:
        """What the ledger's name of the transmission is, or ends with: in an interchange of ours is one group."""
        return self.reference if self.group else f" {self.reference}"


def short(text: str) -> str:
    """Return as much of a number or code as a record keeps: a blank for each mark that nobody could print."""
    return printable(text[:_SHORT]).strip()


def printable(text: str) -> str:
    """Return a text with a blank for each mark that nobody could print."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def transmission_reference(group: str, number: str) -> str:
    """Return how a transmission is named in the ledger; zero padding differs in practice and says nothing."""
    return f"{group} {number.lstrip('0') or '0'}".strip()
