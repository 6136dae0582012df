"""Inbound documents: compiled once, then files to canonical records; what cannot be read is told and passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.codec.fault import Refused, Unreadable
from hub.codec.tree import Node
from hub.codec.x12.interchange import TransactionSet, element
from hub.codec.x12.layout import Grammar, Places
from hub.codec.x12.pick import Picker, Piece, picker
from hub.codec.x12.places import by_place
from hub.codec.x12.tree import tree
from hub.contract import BadRecord
from hub.mapping.column import WrongHeader, places
from hub.mapping.compiled import Compiled
from hub.mapping.layout import EACH_COLUMN, EACH_VALUE
from hub.mapping.plan import Bound, Plan
from hub.mapping.reading import Opened, open_rows, open_table, open_trees
from hub.mapping.run import Run
from hub.model.base import Record
from hub.model.document import Kind

#: So many kinds of X12 sets are ready to be picked from.
_MOST_READY: Final = 64
#: What spreads a line over places, and makes a record of each.
_SPREAD: Final = frozenset({"SDQ"})
#: The fields that say what a record is about; rows that agree in them are one record.
IDENTITY: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.STOCK_LEVEL: ("sku", "location"),
    Kind.CATALOGUE_ENTRY: ("sku",),
    Kind.EXPECTED_RECEIPT: ("sku", "location", "expected_at", "reference"),
    Kind.STOCK_ADJUSTMENT: ("number", "sku"),
    Kind.ACKNOWLEDGEMENT: ("order_number", "reference"),
    Kind.SHIPMENT: ("order_number", "shipment_number", "tracking"),
    Kind.INVOICE: ("invoice_number", "order_number"),
    Kind.SALES_ORDER: ("order_id",),
    Kind.SALES_ORDER_CHANGE: ("order_id", "change_number"),
}


@dataclass(frozen=True, slots=True)
class _Ready:
    """What picks from the X12 sets of one kind, and makes records with lines of what it finds."""

    picker: Picker[Plan | None]
    bound: Bound | None

    def whole(self, pieces: list[Piece[Plan | None]], lines: str) -> Record | None:
        """Return the one record that all rows of a set most often are."""
        if self.bound is None or len(pieces) < 2:
            return None
        return self.bound.whole(pieces, lines)


@dataclass(frozen=True, slots=True)
class Inward(Compiled):
    """One inbound document, compiled, that reads files."""

    ready: dict[tuple[str, ...], _Ready | None] = field(default_factory=dict, compare=False)

    def parse(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the records of a file; what cannot be read is yielded as BadRecord, and the rest goes on."""
        run = self.opened(content)
        if isinstance(run, BadRecord):
            yield run
        else:
            yield from run.records()

    def parse_trees(self, roots: Iterable[Node | Unreadable]) -> Iterator[Record | BadRecord]:
        """Yield the records of trees that a connector has read itself, such as the transaction sets of an envelope."""
        opened = self._trees(roots)
        return self._bound(opened, _places(opened.header)).records()

    def named(self, root: Node) -> Mapping[str, str]:
        """Return by what a tree that is refused whole can be known again when it comes corrected."""
        opened = self._trees([root])
        return self._bound(opened, _places(opened.header)).named()

    def parse_sets(self, sets: Iterable[TransactionSet]) -> Iterator[Record | BadRecord]:
        """Yield the records of X12 transaction sets, each set by itself; quicker than trees where a document allows."""
        for one in sets:
            ready = self._ready(one)
            pieces = ready.picker.pieces(one) if ready is not None else None
            if ready is None or pieces is None:
                opened = self._trees([tree(one)])
                yield from self._bound(opened, _places(opened.header)).records()
            elif (record := ready.whole(pieces, self.shaped.lines)) is not None:
                yield record
            else:
                opened = open_rows(ready.picker.rows(pieces, one.code), ready.picker.grammar.names)
                yield from self._bound(opened, _places(opened.header)).records()

    def _placed(self, grammar: Grammar, places: Places) -> Plan | None:
        """Return the plan for a piece of a set that can be read alone: a header, or a row without anything of it."""
        if not self.lines or self.skip is not None or self.declared.layout.each:
            return None
        bound, shared = self._bound_to(grammar.names), grammar.shared
        if not bound.parts_at(shared) or not (places.first or not any(places.columns[:shared])):
            return None
        plan = bound.header if places.first else bound.lines
        return plan.placed(places.single()[0], places.nothing)

    def _bound_to(self, names: tuple[str, ...]) -> Bound:
        """Return the plans for rows with these cells."""
        bound = self.bound.get(names)
        return bound if bound is not None else self._bound(open_rows([], names), _places(names)).bound()

    def _ready(self, one: TransactionSet) -> _Ready | None:
        """Return what picks from a set without making its tree, where that gives the same."""
        group, separators = one.group, one.interchange.separators
        if group is None or not one.last or one.part > 1:
            return None
        key = element(group.gs, 8), element(one.header, 1), separators.element, separators.segment
        if key not in self.ready:
            if len(self.ready) >= _MOST_READY:
                self.ready.clear()
            rows, left = self.declared.layout.rows, _SPREAD if self.declared.layout.by_place else frozenset[str]()
            made = picker(one, rows, self.paths, self._placed, empty=bool(self.lines), left=left)
            bound = self._bound_to(made.grammar.names) if made is not None and self.lines else None
            self.ready[key] = _Ready(made, bound) if made is not None else None
        return self.ready[key]

    def traced(self, content: bytes) -> Iterator[tuple[str, Record | BadRecord]]:
        """Yield the same as `parse`, each with the text that it was made from."""
        run = self.opened(content)
        if isinstance(run, BadRecord):
            yield run.extract, run
        else:
            yield from run.traced()

    def opened(self, content: bytes) -> Run | BadRecord:
        """Return the file with its columns found, or why it cannot be read at all."""
        tree = self.declared.layout.tree
        header = ""
        try:
            if tree is not None:
                opened = self._trees(tree.read(content))
            else:
                opened = open_table(content, self.declared.layout, self._needed())
            header = opened.show(list(opened.header))
            found = places(opened.header, self._columns(), self._optional())
            self._whole_or_not(found)
        except Refused as error:
            return self.refused("the whole file", error.what, error.todo, "file")
        except WrongHeader as error:
            todo = "ask the partner what changed, or name the columns as they are now in the mapping file"
            return self.refused("the header", str(error), todo, "header", header)
        return self._bound(opened, found)

    def _trees(self, roots: Iterable[Node | Unreadable]) -> Opened:
        if self.declared.layout.by_place:
            roots = (each for root in roots for each in by_place(root))
        # an 855 for a whole order has no lines at all
        whole = self.declared.kind is Kind.ACKNOWLEDGEMENT and self.declared.layout.format == "x12"
        return open_trees(roots, self.declared.layout.rows, self.paths, empty=bool(self.lines), whole=whole)

    def _bound(self, opened: Opened, found: Mapping[str, int]) -> Run:
        each = self.declared.layout.each
        width = len(opened.header)
        places_ = [(found[column], constant) for column, constant in each.items() if column in found]
        extra = {EACH_VALUE: width, EACH_COLUMN: width + 1} if each else {}
        return Run(self, opened, {**found, **extra}, tuple(places_), IDENTITY[self.declared.kind])

    def _whole_or_not(self, found: Mapping[str, int]) -> None:
        """An optional field may miss all of its columns, but not one of two: a figure without its unit is none."""
        for made in (*self.header, *self.lines):
            missing = [column for column in made.columns if column not in found and not self._is_each(column)]
            if missing and len(missing) < len(made.columns):
                raise WrongHeader(f"column {missing[0]!r} is missing, and {made.target.name} needs it")

    def _is_each(self, column: str) -> bool:
        return bool(self.declared.layout.each) and column in (EACH_VALUE, EACH_COLUMN)

    def _columns(self) -> Iterator[str]:
        for made in (*self.header, *self.lines):
            yield from (column for column in made.columns if not self._is_each(column))
        if self.skip is not None:
            yield from (column for column in self.skip.columns if not self._is_each(column))
        yield from self.declared.layout.each

    def _needed(self) -> frozenset[str]:
        """Return the columns that a header must name, by which it is known."""
        return frozenset(name for name in self._columns() if not name.startswith("#")) - self._optional()

    def _optional(self) -> frozenset[str]:
        """Return the columns that may be missing: nothing but optional fields reads them."""
        fields = (*self.header, *self.lines)
        needed = {column for made in fields if not made.optional for column in made.columns}
        needed.update(self.skip.columns if self.skip else ())
        needed.update(self.declared.layout.each)
        return frozenset(column for made in fields for column in made.columns) - needed


def _places(header: tuple[str, ...]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(header)}
