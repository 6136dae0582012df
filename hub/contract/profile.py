"""One connection as its mapping file declares it, as a connector sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from hub.contract.errors import BadRecord
from hub.contract.flow import DocumentSpec
from hub.model.base import Record
from hub.model.partner import Partner


class Translator(Protocol):
    """The compiled documents of one partner's mapping file."""

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the file declares."""
        ...

    def files(self, document: str) -> str:
        """Return the file pattern of a document: a glob inward, a name with {fields} outward."""
        ...

    def parse(self, document: str, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of an inbound file; a record that cannot be read is yielded as BadRecord."""
        ...

    def render(self, document: str, record: Record) -> bytes:
        """Return the outbound file for a record."""
        ...

    def file_name(self, document: str, record: Record) -> str:
        """Return the name of the outbound file for a record."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """One connection as its file declares it: the partner, the checked settings, the compiled documents."""

    partner: Partner
    settings: BaseModel
    translator: Translator | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that leave, under which name where the transport has names, and the number that they carry.

    `transmission` is what the partner's functional acknowledgement will call it (`PO 17`); it is stored with the bytes.
    """

    content: bytes
    name: str = ""
    transmission: str = ""
