"""The operations of the service, each answered from the books."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

from sandbox.netsuite.books import MASTERS, PACKAGES, Book, Books, Item, Location, Refused, open_lines
from sandbox.netsuite.envelope import (
    INSTANCE,
    Asked,
    Element,
    Namespaces,
    answer,
    child,
    children,
    kind,
    local,
    put,
    ref,
    status,
    text,
    whole,
)
from sandbox.netsuite.wsdl import order_of

_TYPE = f"{{{INSTANCE}}}type"
#: The version in a namespace: a record is answered in the version that asks, whichever it was sent in.
_VERSION = re.compile(r"(\burn:[a-z]+)_\d{4}_\d\.")


class Calls:
    """What the account answers to each operation."""

    def __init__(self, books: Books, concurrency: int = 5) -> None:
        self._books, self._concurrency = books, concurrency
        self.domain = ""  # where the account says that it lives
        self.picky = self.changed = self.partial = False  # of the call that is being answered
        self._operations: Mapping[str, Callable[[Asked, Element], None]] = {
            "getDataCenterUrls": self._urls,
            "getServerTime": self._server_time,
            "getAccountGovernanceInfo": self._account_governance,
            "getIntegrationGovernanceInfo": self._integration_governance,
            "getList": self._get_list,
            "upsertList": self._upsert_list,
            "search": self._search,
            "initialize": self._initialize,
            "getItemAvailability": self._availability,
        }

    def serve(self, asked: Asked) -> bytes:
        """Return the reply; KeyError for an operation that this account does not play."""
        serve = self._operations[asked.operation]
        root, response = answer(asked)
        serve(asked, response)
        return whole(root)

    def _server_time(self, asked: Asked, response: Element) -> None:
        result = put(response, asked.spaces.core, "getServerTimeResult")
        status(result, asked.spaces)
        put(result, asked.spaces.core, "serverTime", _stamp(self._books.now()))

    def _urls(self, asked: Asked, response: Element) -> None:
        result = put(response, asked.spaces.core, "getDataCenterUrlsResult")
        status(result, asked.spaces)
        urls = put(result, asked.spaces.core, "dataCenterUrls")
        for name in ("restDomain", "webservicesDomain", "systemDomain"):
            put(urls, asked.spaces.core, name, self.domain)

    def _account_governance(self, asked: Asked, response: Element) -> None:
        result = put(response, asked.spaces.core, "getAccountGovernanceInfoResult")
        status(result, asked.spaces)
        put(result, asked.spaces.core, "accountConcurrencyLimit", str(self._concurrency))

    def _integration_governance(self, asked: Asked, response: Element) -> None:
        status(put(response, asked.spaces.core, "getIntegrationGovernanceInfoResult"), asked.spaces)

    # --- records ------------------------------------------------------------------------------------------------------

    def _get_list(self, asked: Asked, response: Element) -> None:
        found = put(response, asked.spaces.messages, "readResponseList")
        status(found, asked.spaces)
        for wanted in children(asked.body, "baseRef"):
            one = put(found, asked.spaces.messages, "readResponse")
            type_ = wanted.get("type", "")
            book = self._book(type_[:1].upper() + type_[1:], wanted)
            if book is None:
                status(one, asked.spaces, "RCRD_DSNT_EXIST", "That record does not exist.")
                continue
            status(one, asked.spaces)
            one.append(self._element(book, asked.spaces))
        self._drop_last(found, "readResponse")

    def _book(self, type_: str, wanted: Element) -> Book | None:
        if wanted.get("externalId"):
            return self._books.by_external_id(type_, wanted.get("externalId", ""))
        book = self._books.transactions.get(wanted.get("internalId", ""))
        return book if book is not None and book.type == type_ else None

    def _upsert_list(self, asked: Asked, response: Element) -> None:
        found = put(response, asked.spaces.messages, "writeResponseList")
        for sent in children(asked.body, "record"):
            one = put(found, asked.spaces.messages, "writeResponse")
            try:
                book = self._saved(sent, asked.spaces)
            except Refused as refusal:
                status(one, asked.spaces, refusal.code, str(refusal))
                continue
            status(one, asked.spaces)
            made = put(one, asked.spaces.messages, "baseRef")
            made.set(_TYPE, "core:RecordRef")
            for name, value in (("internalId", book.id), ("externalId", book.external_id), ("type", _lower(book.type))):
                made.set(name, value)
        self._drop_last(found, "writeResponse")

    def _saved(self, sent: Element, spaces: Namespaces) -> Book:
        if self.picky:
            raise Refused("USER_ERROR", "The account is picky today and refuses this.")
        if self.changed:
            raise Refused("RCRD_HAS_BEEN_CHANGED", "Record has been changed")
        return self._books.save(kind(sent), sent, spaces)

    def _drop_last(self, found: Element, name: str) -> None:
        rows = list(children(found, name))
        if self.partial and rows:
            found.remove(rows[-1])

    # --- searching ----------------------------------------------------------------------------------------------------

    def _search(self, asked: Asked, response: Element) -> None:
        criteria = child(asked.body, "searchRecord")
        size = int(text(asked.header, "searchPreferences", "pageSize") or 1000)
        found = sorted(self._matching(criteria), key=lambda each: int(each.id))
        result = put(response, asked.spaces.core, "searchResult")
        status(result, asked.spaces)
        pages = -(-len(found) // size)
        for name, value in (
            ("totalRecords", len(found)),
            ("pageSize", size),
            ("totalPages", pages),
            ("pageIndex", 1),
        ):
            put(result, asked.spaces.core, name, str(value))
        put(result, asked.spaces.core, "searchId", "WEBSERVICES_SANDBOX_SEARCH")
        rows = put(result, asked.spaces.core, "recordList")
        short = text(asked.header, "searchPreferences", "bodyFieldsOnly") != "false"
        for each in found[:size]:
            made = self._element(each, asked.spaces)
            made.tag = f"{{{asked.spaces.core}}}record"
            lines = child(made, "itemList")
            if short and lines is not None:
                made.remove(lines)
            rows.append(made)

    def _matching(self, criteria: Element | None) -> Iterable[Book | Item | Location]:
        basic = "" if criteria is None else kind(criteria)
        found: Iterable[Book | Item | Location]
        if basic == "ItemSearchBasic":
            name = text(criteria, "itemId", "searchValue")
            found = [each for each in self._books.items.values() if not name or each.name == name]
        elif basic == "LocationSearchBasic":
            found = self._books.locations.values()
        elif basic in {"VendorSearchBasic", "CustomerSearchBasic"}:
            found = [each for each in self._books.of(basic.removesuffix("SearchBasic")) if _named(criteria, each)]
        else:
            wanted = text(criteria, "type", "searchValue").removeprefix("_")
            found = [each for each in self._books.transactions.values() if _lower(each.type) == wanted]
        return [
            each
            for each in found
            if _in_range(criteria, int(each.id)) and _changed_since(criteria, each) and _of_subsidiary(criteria, each)
        ]

    def _element(self, each: Book | Item | Location, spaces: Namespaces) -> Element:
        if isinstance(each, Book):
            return _transaction(each, spaces)
        return self._master(each, spaces)

    def _master(self, each: Item | Location, spaces: Namespaces) -> Element:
        space = spaces.of("accounting_{0}.lists")
        made = etree.Element(f"{{{spaces.messages}}}record", nsmap={"accounting": space, "xsi": INSTANCE})
        made.set("internalId", each.id)
        if isinstance(each, Location):
            made.set(_TYPE, "accounting:Location")
            _describe(made, space, each)
            return made
        made.set(_TYPE, "accounting:InventoryItem")
        if each.external_id:
            made.set("externalId", each.external_id)
        put(made, space, "lastModifiedDate", _stamp(each.modified))
        if each.unit:
            ref(made, spaces, (space, "stockUnit"), ("1", each.unit))
        if each.vendor:
            put(made, space, "isDropShipItem", "true")
        put(made, space, "cost", str(each.cost))
        put(made, space, "itemId", each.name)
        put(made, space, "displayName", f"The {each.name}")
        if each.vendor:
            ref(made, spaces, (space, "vendor"), (each.vendor, "The vendor"))
        return made

    # --- making one record of another --------------------------------------------------------------------------------

    def _initialize(self, asked: Asked, response: Element) -> None:
        wanted = child(asked.body, "initializeRecord")
        one = put(response, asked.spaces.messages, "readResponse")
        type_ = text(wanted, "type")
        type_ = type_[:1].upper() + type_[1:]
        reference = child(wanted, "reference")
        source = self._books.transactions.get("" if reference is None else reference.get("internalId", ""))
        left = open_lines(source, type_) if source is not None else []
        left = [(row, quantity) for row, quantity in left if type_ == "VendorBill" or self._is_goods(row)]
        if source is None or not left:
            status(one, asked.spaces, "INVALID_INITIALIZE_REF", f"You can not initialize {type_}: invalid reference.")
            return
        status(one, asked.spaces)
        space = asked.spaces.of(PACKAGES[type_])
        made = etree.SubElement(one, f"{{{asked.spaces.messages}}}record", nsmap={"tran": space})
        made.set(_TYPE, f"tran:{type_}")
        entity = child(source.element, "entity")
        whom = "" if entity is None else entity.get("internalId", "")
        ref(made, asked.spaces, (space, "entity"), (whom, "Somebody"))
        ref(made, asked.spaces, (space, "createdFrom"), (source.id, f"Order #{source.id}"))
        currency = child(source.element, "currency")
        if currency is not None:
            id_ = currency.get("internalId", "")
            ref(made, asked.spaces, (space, "currency"), (id_, self._books.currencies[id_]))
        rows = put(made, space, "itemList")
        for line, quantity in left:
            row = put(rows, space, "item")
            self._offered(row, line, quantity, asked.spaces)
            put(row, space, "orderDoc", source.id)
            _in_order(row, f"{type_}Item", strict=True)
        _in_order(made, type_, strict=True)

    def _is_goods(self, row: Element) -> bool:
        reference = child(row, "item")
        return reference is not None and self._books.items[reference.get("internalId", "")].goods

    def _offered(self, row: Element, line: Element, quantity: Decimal, spaces: Namespaces) -> None:
        space = etree.QName(row).namespace or ""
        item = child(line, "item")
        id_ = "" if item is None else item.get("internalId", "")
        ref(row, spaces, (space, "item"), (id_, self._books.items[id_].name))
        put(row, space, "orderLine", text(line, "line"))
        put(row, space, "quantityRemaining", str(quantity))
        put(row, space, "quantity", str(quantity))
        location = child(line, "location")
        if location is not None:
            id_ = location.get("internalId", "")
            known = self._books.locations.get(id_)
            ref(row, spaces, (space, "location"), (id_, known.name if known else "?"))

    # --- stock --------------------------------------------------------------------------------------------------------

    def _availability(self, asked: Asked, response: Element) -> None:
        asking = child(asked.body, "itemAvailabilityFilter")
        wanted = {each.get("internalId", "") for each in children(child(asking, "item"), "recordRef")}
        since = datetime.fromisoformat(text(asking, "lastQtyAvailableChange") or "1970-01-01T00:00:00+00:00")
        result = put(response, asked.spaces.core, "getItemAvailabilityResult")
        status(result, asked.spaces)
        rows = [
            (item, location)
            for item, location in sorted(self._books.levels)
            if item in wanted and self._books.levels[item, location].changed >= since
        ]
        if not rows:
            return
        found = put(result, asked.spaces.core, "itemAvailabilityList")
        for at in rows:
            self._level(put(found, asked.spaces.core, "itemAvailability"), at, asked.spaces)

    def _level(self, row: Element, at: tuple[str, str], spaces: Namespaces) -> None:
        item, location, level = self._books.items[at[0]], self._books.locations[at[1]], self._books.levels[at]
        ref(row, spaces, (spaces.core, "item"), (item.id, item.name)).set("type", "inventoryItem")
        put(row, spaces.core, "lastQtyAvailableChange", _stamp(level.changed))
        ref(row, spaces, (spaces.core, "locationId"), (location.id, location.name))
        put(row, spaces.core, "quantityOnHand", f"{level.on_hand:f}")
        put(row, spaces.core, "quantityCommitted", f"{level.committed:f}")
        put(row, spaces.core, "quantityAvailable", f"{max(Decimal(0), level.on_hand - level.committed):f}")


def _describe(made: Element, space: str, location: Location) -> None:
    """Say of a location what it is, in the schema's order."""
    told = {
        "name": location.name,
        "isInactive": "false" if location.active else "true",
        "latitude": location.latitude,
        "longitude": location.longitude,
        "makeInventoryAvailable": "true",
        "nextPickupCutOffTime": location.cut_off,
        "bufferStock": str(location.buffer) if location.buffer else "",
        "dailyShippingCapacity": "" if location.capacity is None else str(location.capacity),
    }
    for name, value in told.items():
        if value:
            put(made, space, name, value)


def _named(criteria: Element | None, each: Book) -> bool:
    asked = {name: text(criteria, name, "searchValue") for name in ("email", "entityId")}
    return all(not value or text(each.element, name).lower() == value.lower() for name, value in asked.items())


def _of_subsidiary(criteria: Element | None, each: Book | Item | Location) -> bool:
    wanted = child(child(criteria, "subsidiary"), "searchValue")
    if wanted is None or not isinstance(each, Book):
        return True
    reference = child(each.element, "subsidiary")
    return reference is not None and reference.get("internalId") == wanted.get("internalId")


def _transaction(book: Book, spaces: Namespaces) -> Element:
    """Return a transaction as a reply has it: what was sent, and what NetSuite itself knows of it."""
    content = etree.tostring(book.element, encoding="unicode")
    made = etree.fromstring(_VERSION.sub(rf"\1_{spaces.version}.", content))
    made.tag = f"{{{spaces.messages}}}record"
    space = spaces.of(PACKAGES[book.type])
    for name in ("lastModifiedDate",) if book.type in MASTERS else ("createdDate", "lastModifiedDate"):
        found = child(made, name)
        if found is None:
            found = put(made, space, name)
            made.insert(0, found)
        found.text = _stamp(book.modified)
    _in_order(made, book.type)
    for row in children(child(made, "itemList"), "item"):
        _in_order(row, f"{book.type}Item")
    for row in children(child(made, "inventoryList"), "inventory"):
        _in_order(row, f"{book.type}Inventory")
    return made


def _in_order(element: Element, type_: str, *, strict: bool = False) -> None:
    """Put a type's elements in the schema's order; `strict` leaves out those that the type does not have."""
    places = {name: place for place, name in enumerate(order_of(type_))}
    known = [each for each in element if not strict or local(each) in places]
    element[:] = sorted(known, key=lambda each: places.get(local(each), len(places)))


def _in_range(criteria: Element | None, id_: int) -> bool:
    wanted = child(criteria, "internalIdNumber")
    if wanted is None:
        return True
    low = int(text(wanted, "searchValue"))
    if wanted.get("operator") == "between":
        return low <= id_ <= int(text(wanted, "searchValue2"))
    return id_ > low


def _changed_since(criteria: Element | None, each: Book | Item | Location) -> bool:
    since = text(criteria, "lastModifiedDate", "searchValue")
    if not since or isinstance(each, Location):
        return True
    # NetSuite compares whole minutes here
    return each.modified >= datetime.fromisoformat(since).replace(second=0, microsecond=0)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _lower(type_: str) -> str:
    return type_[:1].lower() + type_[1:]
