"""What the account holds: items, locations, stock, and records as the elements that they were sent as."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from lxml import etree

from hub.clock import Clock
from sandbox.netsuite.envelope import INSTANCE, Element, Namespaces, child, children, kind, put, ref, text

#: The types of record, and the package of the schema that each is in.
PACKAGES = {
    "SalesOrder": "sales_{0}.transactions",
    "ItemFulfillment": "sales_{0}.transactions",
    "PurchaseOrder": "purchases_{0}.transactions",
    "ItemReceipt": "purchases_{0}.transactions",
    "VendorBill": "purchases_{0}.transactions",
    "TransferOrder": "inventory_{0}.transactions",
    "InventoryAdjustment": "inventory_{0}.transactions",
    "Customer": "relationships_{0}.lists",
    "Vendor": "relationships_{0}.lists",
}
MASTERS = frozenset({"Customer", "Vendor"})
#: What is made from another record, and of which type that is.
_SOURCES = {"ItemFulfillment": "SalesOrder", "ItemReceipt": "PurchaseOrder", "VendorBill": "PurchaseOrder"}
_DONE = {"ItemFulfillment": "quantityFulfilled", "ItemReceipt": "quantityReceived", "VendorBill": "quantityBilled"}
#: What the account itself knows of a line, whatever is sent of it.
_KNOWN = ("quantityFulfilled", "quantityReceived", "quantityBilled", "createdPo")
#: Which way goods go.
_MOVES = {"ItemFulfillment": -1, "ItemReceipt": 1}
_HAVE_ENTITY = frozenset({"SalesOrder", "PurchaseOrder"})
_LISTS = {"InventoryAdjustment": ("inventoryList", "inventory")}


class Refused(Exception):
    """One record is refused: a code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(slots=True)
class Item:
    """One item; what is no goods (a discount, a tax) is on orders and never shipped."""

    id: str
    name: str
    external_id: str
    cost: Decimal
    modified: datetime
    goods: bool = True
    vendor: str = ""  # orders of it may be shipped by this vendor
    unit: str = ""  # of its stock figures


@dataclass(slots=True)
class Location:
    """One location, where it is and how much it takes."""

    id: str
    name: str
    latitude: str = ""
    longitude: str = ""
    capacity: int | None = None
    buffer: int = 0
    cut_off: str = ""
    active: bool = True


@dataclass(slots=True)
class Level:
    """The stock of an item at a location."""

    on_hand: Decimal
    committed: Decimal
    changed: datetime


@dataclass(slots=True)
class Book:
    """One record: the element as it is kept, in the namespaces it came in."""

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
    currencies: dict[str, str] = field(default_factory=lambda: {"1": "US Dollar"})  # by id, as the account calls them
    _ids: count[int] = field(default_factory=lambda: count(1001))
    _ticks: count[int] = field(default_factory=count)

    def now(self) -> datetime:
        """Return the account's time, a little later at every question, so that no two changes share it."""
        return self.clock.now() + timedelta(milliseconds=next(self._ticks))

    def next_id(self) -> str:
        """Return a new internal id."""
        return str(next(self._ids))

    def add_item(self, name: str, cost: str = "1.00", external_id: str = "", *, goods: bool = True) -> Item:
        """Make an item."""
        item = Item(self.next_id(), name, external_id, Decimal(cost), self.now(), goods)
        self.items[item.id] = item
        return item

    def add_location(self, name: str) -> Location:
        """Make a location."""
        location = Location(self.next_id(), name)
        self.locations[location.id] = location
        return location

    def add_vendor(self, code: str, name: str, spaces: Namespaces, external_id: str = "") -> Book:
        """Make a vendor: its entity id, and what its company is called."""
        space = spaces.of(PACKAGES["Vendor"])
        made = etree.Element(f"{{{spaces.messages}}}record", nsmap={"t": space, "xsi": INSTANCE})
        made.set(f"{{{INSTANCE}}}type", "t:Vendor")
        put(made, space, "entityId", code)
        put(made, space, "companyName", name)
        book = Book("Vendor", self.next_id(), external_id, made, self.now())
        made.set("internalId", book.id)
        if external_id:
            made.set("externalId", external_id)
        self.transactions[book.id] = book
        return book

    def set_level(self, item: str, location: str, on_hand: str | Decimal) -> None:
        """Count the stock of an item at a location."""
        known = self.levels.get((item, location))
        committed = known.committed if known else Decimal(0)
        self.levels[item, location] = Level(Decimal(on_hand), committed, self.now())

    def by_external_id(self, type_: str, external_id: str) -> Book | None:
        """Return a record of that type and external id."""
        found = (each for each in self.transactions.values() if each.type == type_)
        return next((each for each in found if each.external_id == external_id and external_id), None)

    def of(self, type_: str) -> list[Book]:
        """Return all records of a type by id."""
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
        self._complete(book, known, spaces)
        if type_ in _SOURCES:
            self._take(book)
        self._move(book, known)
        self.transactions[id_] = book
        if type_ == "SalesOrder":
            self._commit(book, known)
            self._order_from_vendors(book, spaces)
        return book

    def touch(self, id_: str) -> None:
        """Change a record without changing anything that matters."""
        self.transactions[id_].modified = self.now()

    # --- completing --------------------------------------------------------------------------------------------------

    def _complete(self, book: Book, known: Book | None, spaces: Namespaces) -> None:
        """Fill in what NetSuite fills in: ids, the document's number, line numbers, the names of items."""
        element = book.element
        element.set("internalId", book.id)
        space = spaces.of(PACKAGES[book.type])
        self._name_currency(element, spaces)
        if book.type in MASTERS:
            _check_name(element)
            return
        if child(element, "entity") is None and book.type in _HAVE_ENTITY:
            raise Refused("MISSING_REQD_FLD", "Please enter value(s) for: Entity")
        if child(element, "tranId") is None:
            put(element, space, "tranId", f"{''.join(c for c in book.type if c.isupper())}{book.id}")
        rows = lines(book)
        if not rows:
            raise Refused("USER_ERROR", "You must enter at least one line item for this transaction.")
        for row in rows:
            self._name_item(row, spaces)
        if book.type not in _SOURCES:
            _number_lines(rows, known, space)

    def _name_currency(self, element: Element, spaces: Namespaces) -> None:
        reference = child(element, "currency")
        if reference is None:
            return
        id_ = str(reference.get("internalId", ""))
        if id_ not in self.currencies:
            raise Refused("INVALID_KEY_OR_REF", f"Invalid currency reference key {id_}.")
        for each in list(reference):
            reference.remove(each)
        put(reference, spaces.core, "name", self.currencies[id_])

    def _name_item(self, row: Element, spaces: Namespaces) -> None:
        reference = child(row, "item")
        asked = {} if reference is None else dict(reference.attrib)
        item = self.items.get(str(asked.get("internalId", ""))) or next(
            (each for each in self.items.values() if asked.get("externalId") == each.external_id != ""), None
        )
        if reference is None or item is None:
            raise Refused("INVALID_KEY_OR_REF", f"Invalid item reference key {asked.get('internalId')}.")
        reference.attrib.clear()
        reference.set("internalId", item.id)
        for each in list(reference):
            reference.remove(each)
        put(reference, spaces.core, "name", item.name)

    # --- what follows ------------------------------------------------------------------------------------------------

    def _take(self, book: Book) -> None:
        """Take what is fulfilled, received or billed off its source; Refused when there is not that much."""
        for row in lines(book):
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
            _say(line, _DONE[book.type], str(done + quantity))
            source.modified = self.now()

    def _source(self, book: Book, row: Element) -> Book:
        reference = child(book.element, "createdFrom")
        id_ = text(row, "orderDoc") if reference is None else str(reference.get("internalId", ""))
        source = self.transactions.get(id_)
        if source is None or source.type != _SOURCES[book.type]:
            raise Refused("INVALID_INITIALIZE_REF", f"You can not make this of {id_}.")
        return source

    def _move(self, book: Book, known: Book | None) -> None:
        """Let goods leave and arrive at the locations of the lines; an adjustment counts once, as it was sent last."""
        if book.type == "InventoryAdjustment":
            for each, sign in ((known, -1), (book, 1)):
                for row in lines(each) if each else ():
                    self._add(_id(row, "item"), _id(row, "location"), sign * Decimal(text(row, "adjustQtyBy")), None)
        for row in lines(book) if book.type in _MOVES else ():
            quantity = Decimal(text(row, "quantity") or 0)
            if text(row, "itemReceive") != "false" and quantity:
                committed = -quantity if book.type == "ItemFulfillment" else None
                self._add(_id(row, "item"), _id(row, "location"), _MOVES[book.type] * quantity, committed)

    def _commit(self, book: Book, known: Book | None) -> None:
        """Bind what is open of a sales order at its locations, in the place of what an older version bound."""
        for each, sign in ((known, -1), (book, 1)):
            for row, open_ in open_lines(each, "ItemFulfillment") if each else ():
                self._add(_id(row, "item"), _id(row, "location"), Decimal(0), sign * open_)

    def _add(self, item: str, location: str, on_hand: Decimal, committed: Decimal | None) -> None:
        if location not in self.locations:
            return
        level = self.levels.setdefault((item, location), Level(Decimal(0), Decimal(0), self.now()))
        level.on_hand += on_hand
        level.committed = max(Decimal(0), level.committed + (committed or Decimal(0)))
        level.changed = self.now()

    def _order_from_vendors(self, book: Book, spaces: Namespaces) -> None:
        """Make a purchase order of each line that a vendor is to ship, as NetSuite does when an order is approved."""
        for row in lines(book):
            vendor = _id(row, "poVendor")
            if text(row, "createPo") != "_dropShipment" or not vendor or child(row, "createdPo") is not None:
                continue
            if vendor not in self.transactions:
                raise Refused("INVALID_KEY_OR_REF", f"Invalid poVendor reference key {vendor}.")
            made = self._purchase(book, row, vendor, spaces)
            space = etree.QName(row).namespace or ""
            ref(row, spaces, (space, "createdPo"), (made.id, f"Purchase Order #{text(made.element, 'tranId')}"))

    def _purchase(self, book: Book, row: Element, vendor: str, spaces: Namespaces) -> Book:
        space = spaces.of(PACKAGES["PurchaseOrder"])
        made = etree.Element(f"{{{spaces.messages}}}record", nsmap={"t": space, "xsi": INSTANCE})
        made.set(f"{{{INSTANCE}}}type", "t:PurchaseOrder")
        put(made, space, "entity").set("internalId", vendor)
        put(made, space, "createdFrom").set("internalId", book.id)
        line = put(put(made, space, "itemList"), space, "item")
        put(line, space, "item").set("internalId", _id(row, "item"))
        put(line, space, "quantity", text(row, "quantity"))
        purchase = Book("PurchaseOrder", self.next_id(), "", made, self.now())
        self._complete(purchase, None, spaces)
        self.transactions[purchase.id] = purchase
        return purchase


def lines(book: Book) -> list[Element]:
    """Return the lines of a transaction."""
    listed, line = _LISTS.get(book.type, ("itemList", "item"))
    return list(children(child(book.element, listed), line))


def open_lines(book: Book, type_: str) -> list[tuple[Element, Decimal]]:
    """Return the lines of which something is left to be made into that type, and how much; charges are no goods."""
    counted = [row for row in lines(book) if text(row, "quantity") and text(row, "isClosed") != "true"]
    left = [(row, Decimal(text(row, "quantity")) - Decimal(text(row, _DONE[type_]) or 0)) for row in counted]
    return [(row, quantity) for row, quantity in left if quantity > 0]


def _number_lines(rows: list[Element], known: Book | None, space: str) -> None:
    """Number new lines, and keep what is known of those that name theirs; one that was fulfilled must not go away."""
    before = {text(row, "line"): row for row in lines(known)} if known else {}
    highest = max((int(number) for number in before), default=0)
    for row in rows:
        old = before.pop(text(row, "line"), None)
        if child(row, "line") is None:
            highest += 1
            put(row, space, "line", str(highest))
        for name in _KNOWN if old is not None else ():
            kept = child(old, name)
            if kept is not None:
                row.append(copy.deepcopy(kept))
    gone = [row for row in before.values() if any(Decimal(text(row, name) or 0) for name in _DONE.values())]
    if gone:
        raise Refused("USER_ERROR", f"Line {text(gone[0], 'line')} was fulfilled and cannot be removed.")


def _check_name(element: Element) -> None:
    if not any(text(element, name) for name in ("lastName", "companyName", "entityId")):
        raise Refused("MISSING_REQD_FLD", "Please enter value(s) for: Last Name")


def _say(row: Element, name: str, value: str) -> None:
    found = child(row, name)
    if found is None:
        put(row, etree.QName(row).namespace or "", name, value)
    else:
        found.text = value


def _id(row: Element, name: str) -> str:
    reference = child(row, name)
    return "" if reference is None else str(reference.get("internalId", ""))


def _kept(sent: Element) -> Element:
    kept = copy.deepcopy(sent)
    kept.tail = None
    for each in kept.iterdescendants():  # a copy loses the prefixes of values; only custom fields say their type
        if kind(each):
            each.set(f"{{{INSTANCE}}}type", f"core:{kind(each)}")
    return kept
