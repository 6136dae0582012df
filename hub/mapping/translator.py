"""The compiled documents of one partner, as a connector uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hub.codec.fault import Unreadable
from hub.codec.tree import Node
from hub.codec.x12.interchange import TransactionSet
from hub.contract import BadRecord, DocumentSpec
from hub.mapping.document import Declared
from hub.mapping.inward import Inward
from hub.mapping.outward import Outward
from hub.model.base import Record


@dataclass(frozen=True, slots=True)
class Documents:
    """Implements `hub.contract.Translator` for the documents of a mapping file."""

    inward: dict[str, Inward]
    outward: dict[str, Outward]

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the file declares."""
        declared = map(self.declared, self.names())
        return tuple(
            DocumentSpec(each.name, each.direction, each.kind, each.mode, hold_below=each.hold_below)
            for each in declared
        )

    def names(self) -> tuple[str, ...]:
        """Return the names of all documents."""
        return (*self.inward, *self.outward)

    def declared(self, document: str) -> Declared:
        """Return what the file says of a document."""
        found = self.inward.get(document) or self.outward[document]
        return found.declared

    def files(self, document: str) -> str:
        """Return the file pattern of a document: a glob inward, a name with {fields} outward."""
        return self.declared(document).files

    def parse(self, document: str, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of an inbound file; a record that cannot be read is yielded as BadRecord."""
        return self.inward[document].parse(content)

    def parse_trees(self, document: str, roots: Iterable[Node | Unreadable]) -> Iterator[Record | BadRecord]:
        """Yield the records of trees that a connector has read itself, such as the transaction sets of an envelope."""
        return self.inward[document].parse_trees(roots)

    def named(self, document: str, root: Node) -> Mapping[str, str]:
        """Return by what a document that a connector refuses whole can be known again when it comes corrected."""
        return self.inward[document].named(root)

    def parse_sets(self, document: str, sets: Iterable[TransactionSet]) -> Iterator[Record | BadRecord]:
        """Yield the records of X12 transaction sets that a connector has read itself."""
        return self.inward[document].parse_sets(sets)

    def root(self, document: str) -> str:
        """Return the name of a tree's root: the number of an X12 transaction set, the basic type of an IDoc."""
        return self.declared(document).layout.root

    def render(self, document: str, record: Record) -> bytes:
        """Return the outbound file for a record."""
        return self.outward[document].render(record)

    def render_tree(self, document: str, record: Record) -> Node:
        """Return the outbound tree for a record, for a connector that writes what is around it."""
        return self.outward[document].tree(record)

    def file_name(self, document: str, record: Record) -> str:
        """Return the name of the outbound file for a record."""
        return self.outward[document].file_name(record)
