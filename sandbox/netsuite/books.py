"""What the account holds: items, locations, stock, and transactions as the elements that they were sent as."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from lxml import etree

from hub.clock import Clock
from sandbox.netsuite.envelope import INSTANCE, Element, Namespaces, child, children, kind, put, text

#: The transaction types, and the package of the schema that each is in.
PACKAGES = {
    "SalesOrder": "sales_{0}.transactions",
    "ItemFulfillment": "sales_{0}.transactions",
    "PurchaseOrder": "purchases_{0}.transactions",
    "ItemReceipt": "purchases_{0}.transactions",
    "VendorBill": "purchases_{0}.transactions",
}
#: What is made from another record, and of which type that is.
_SOURCES = {"ItemFulfillment": "SalesOrder", "ItemReceipt": "PurchaseOrder", "VendorBill": "PurchaseOrder"}
_DONE = {"ItemFulfillment": "quantityFulfilled", "ItemReceipt": "quantityReceived", "VendorBill": "quantityBilled"}


class Refused(Exception):
    """One record is refused: a code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(slots=True)
class Item:
    """One inventory item."""

    id: str
    name: str
    external_id: str
    cost: Decimal
    modified: datetime


@dataclass(slots=True)
class Location:
    """One location."""

    id: str
    name: str


@dataclass(slots=True)
class Level:
    """The stock of an item at a location."""

    on_hand: Decimal
    committed: Decimal
    changed: datetime


@dataclass(slots=True)
class Book:
    """One transaction: the element as it is kept, in the namespaces it came in."""

    type: str
    id: str
    external_id: str
    element: Element
    modified: datetime


@dataclass(slots=True)
class Books:
    """The whole account."""

    clock: Clock
    items: dict[str, Item] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    levels: dict[tuple[str, str], Level] = field(default_factory=dict)
    transactions: dict[str, Book] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1001))
    _ticks: count[int] = field(default_factory=count)

    def now(self) -> datetime:
        """Return the account's time, a little later at every question, so that no two changes share it."""
        return self.clock.now() + timedelta(milliseconds=next(self._ticks))

    def next_id(self) -> str:
        """Return a new internal id."""
        return str(next(self._ids))

    def add_item(self, name: str, cost: str = "1.00", external_id: str = "") -> Item:
        """Make an item."""
        item = Item(self.next_id(), name, external_id, Decimal(cost), self.now())
        self.items[item.id] = item
        return item

    def add_location(self, name: str) -> Location:
        """Make a location."""
        location = Location(self.next_id(), name)
        self.locations[location.id] = location
        return location

    def set_level(self, item: str, location: str, on_hand: str | Decimal) -> None:
        """Count the stock of an item at a location."""
        known = self.levels.get((item, location))
        committed = known.committed if known else Decimal(0)
        self.levels[item, location] = Level(Decimal(on_hand), committed, self.now())

    def by_external_id(self, type_: str, external_id: str) -> Book | None:
        """Return a transaction of that type and external id."""
        found = (each for each in self.transactions.values() if each.type == type_)
        return next((each for each in found if each.external_id == external_id and external_id), None)

    def of(self, type_: str) -> list[Book]:
        """Return all transactions of a type by id."""
        return sorted(
            (each for each in self.transactions.values() if each.type == type_), key=lambda each: int(each.id)
        )

    def save(self, type_: str, sent: Element, spaces: Namespaces) -> Book:
        """Make or update a record from what was sent; Refused with NetSuite's own codes."""
        external_id = sent.get("externalId", "")
        known = self.by_external_id(type_, external_id)
        if type_ not in PACKAGES:
            raise Refused("INVALID_TYPE", f"The record type {type_} is not kept here.")
        if not external_id:
            raise Refused("USER_ERROR", "An upsert needs an externalId.")
        if known and type_ in _SOURCES:
            raise Refused("DUP_RCRD", "This record already exists")
        id_ = known.id if known else self.next_id()
        book = Book(type_, id_, external_id, _kept(sent), self.now())
        self._complete(book, spaces)
        if type_ in _SOURCES:
            self._take(book)
        self.transactions[id_] = book
        return book

    def touch(self, id_: str) -> None:
        """Change a record without changing anything that matters."""
        self.transactions[id_].modified = self.now()

    def _complete(self, book: Book, spaces: Namespaces) -> None:
        """Fill in what NetSuite fills in: ids, the document's number, line numbers, the names of items."""
        element = book.element
        element.set("internalId", book.id)
        space = spaces.of(PACKAGES[book.type])
        if child(element, "entity") is None and book.type not in _SOURCES:
            raise Refused("MISSING_REQD_FLD", "Please enter value(s) for: Entity")
        if child(element, "tranId") is None:
            put(element, space, "tranId", f"{''.join(c for c in book.type if c.isupper())}{book.id}")
        rows = list(children(child(element, "itemList"), "item"))
        if not rows:
            raise Refused("USER_ERROR", "You must enter at least one line item for this transaction.")
        for number, row in enumerate(rows, start=1):
            self._name_item(row, spaces)
            if book.type not in _SOURCES and child(row, "line") is None:
                put(row, space, "line", str(number))

    def _name_item(self, row: Element, spaces: Namespaces) -> None:
        ref = child(row, "item")
        asked = {} if ref is None else dict(ref.attrib)
        item = self.items.get(str(asked.get("internalId", ""))) or next(
            (each for each in self.items.values() if asked.get("externalId") == each.external_id != ""), None
        )
        if ref is None or item is None:
            raise Refused("INVALID_KEY_OR_REF", f"Invalid item reference key {asked.get('internalId')}.")
        ref.attrib.clear()
        ref.set("internalId", item.id)
        for each in list(ref):
            ref.remove(each)
        put(ref, spaces.core, "name", item.name)

    def _take(self, book: Book) -> None:
        """Take what is fulfilled, received or billed off its source; Refused when there is not that much."""
        for row in children(child(book.element, "itemList"), "item"):
            quantity = Decimal(text(row, "quantity") or 0)
            if text(row, "itemReceive") == "false" or not quantity:
                continue
            source = self._source(book, row)
            line = next((each for each in lines(source) if text(each, "line") == text(row, "orderLine")), None)
            if line is None:
                raise Refused("INVALID_TRAN_ITEM_LINE", f"No line {text(row, 'orderLine')} in {source.id}.")
            done = Decimal(text(line, _DONE[book.type]) or 0)
            if done + quantity > Decimal(text(line, "quantity")):
                raise Refused("USER_ERROR", "The quantity is more than what remains.")
            space = etree.QName(line).namespace or ""
            found = child(line, _DONE[book.type])
            if found is None:
                put(line, space, _DONE[book.type], str(done + quantity))
            else:
                found.text = str(done + quantity)
            source.modified = self.now()

    def _source(self, book: Book, row: Element) -> Book:
        ref = child(book.element, "createdFrom")
        id_ = text(row, "orderDoc") if ref is None else str(ref.get("internalId", ""))
        source = self.transactions.get(id_)
        if source is None or source.type != _SOURCES[book.type]:
            raise Refused("INVALID_INITIALIZE_REF", f"You can not make this of {id_}.")
        return source


def lines(book: Book) -> list[Element]:
    """Return the lines of a transaction."""
    return list(children(child(book.element, "itemList"), "item"))


def open_lines(book: Book, type_: str) -> list[tuple[Element, Decimal]]:
    """Return the lines of which something is left to be made into that type, and how much."""
    left = [(row, Decimal(text(row, "quantity")) - Decimal(text(row, _DONE[type_]) or 0)) for row in lines(book)]
    return [(row, quantity) for row, quantity in left if quantity > 0]


def _kept(sent: Element) -> Element:
    kept = copy.deepcopy(sent)
    kept.tail = None
    for each in kept.iterdescendants():  # a copy loses the prefixes of values; only custom fields say their type
        if kind(each):
            each.set(f"{{{INSTANCE}}}type", f"core:{kind(each)}")
    return kept
