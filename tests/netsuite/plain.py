"""The sandbox's account behind another gateway: plain values and JSON, no SOAP, no schema, no wire.

What the flows do must not depend on how an account is asked; a REST adapter would be asked and would answer like this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from connectors.netsuite.codes import error_for
from connectors.netsuite.gateway import Choice, Entry, Found, Governance, Level, Record, Slice, Wanted
from hub.contract import ConnectorError
from sandbox.netsuite.books import PACKAGES, Book, Item, Location, Refused
from sandbox.netsuite.envelope import INSTANCE, Asked, Element, Namespaces, child, children, local, text
from sandbox.netsuite.service import RunningNetSuite, Service

_SPACES = Namespaces("2025_2")
_TYPE = f"{{{INSTANCE}}}type"
_ATTRIBUTES = frozenset({"internalId", "externalId", "replaceAll", "scriptId"})
#: Fields that refer to a record: text is its internal id.
_REFERENCES = frozenset(
    {
        "entity",
        "location",
        "transferLocation",
        "adjLocation",
        "account",
        "subsidiary",
        "units",
        "poVendor",
        "item",
        "currency",
    }
)
_MASTERS = frozenset({"Item", "Location", "Vendor", "Customer"})
_KINDS = {bool: "Boolean", int: "Long", str: "String", Decimal: "Double", Choice: "Select", tuple: "MultiSelect"}


class PlainReader:
    """JSON as plain values."""

    def record(self, content: bytes) -> Record:
        fields = json.loads(content)
        if not isinstance(fields, dict) or "type" not in fields:
            raise ValueError("it is no record")
        return Record(fields.pop("type"), fields.get("internalId", ""), fields.get("externalId", ""), fields)

    def levels(self, content: bytes) -> Iterator[Level]:
        kept = json.loads(content)
        if "rows" not in kept:
            raise ValueError("it is no stock")
        return (Level(*row) for row in kept["rows"])


class PlainGateway:
    """One account, asked without SOAP."""

    def __init__(self, account: RunningNetSuite) -> None:
        self._account = account
        self.closed = False

    def _ask(self, operation: str, what: Callable[[Service], Any]) -> Any:
        def ask(service: Service) -> Any:
            service.moods.calls[operation] += 1
            return what(service)

        return self._account.ask(ask)

    def get(self, type_: str, ids: Sequence[str], *, external: bool = False) -> tuple[Found | None, ...]:
        def look(service: Service, id_: str) -> Found | None:
            books = service.books
            book = books.by_external_id(type_, id_) if external else books.transactions.get(id_)
            return None if book is None or book.type != type_ else _found(service, book)

        return self._ask("getList", lambda service: tuple(look(service, each) for each in ids))

    def upsert(self, entries: Sequence[Entry]) -> tuple[str | ConnectorError, ...]:
        def save(service: Service, entry: Entry) -> str | ConnectorError:
            try:
                return service.books.save(entry.type, _sent(entry), _SPACES).id
            except Refused as refusal:
                return error_for(refusal.code, str(refusal), entry.external_id, writes=True)

        return self._ask("upsertList", lambda service: tuple(save(service, each) for each in entries))

    def search(self, wanted: Wanted) -> Slice:
        def look(service: Service) -> Slice:
            found = sorted(service.calls._matching(_criteria(wanted)), key=lambda each: int(each.id))
            return Slice(tuple(_found(service, each) for each in found[: wanted.size]), len(found))

        return self._ask("search", look)

    def initialize(self, type_: str, source: str, id_: str) -> Record:
        del source
        asked = {"type": type_[0].lower() + type_[1:], "reference": {"internalId": id_}}

        def make(service: Service) -> Element:
            response = etree.Element("response")
            body = _element("initialize", {"initializeRecord": asked})
            service.calls._initialize(Asked("initialize", body, None, _SPACES), response)
            return child(response, "readResponse")

        answer = self._ask("initialize", make)
        made = child(answer, "record")
        if made is None:
            detail = child(child(answer, "status"), "statusDetail")
            raise error_for(text(detail, "code"), text(detail, "message"), f"initialize {type_}", writes=False)
        return Record(type_, "", "", _plain(made))

    def availability(self, items: Sequence[str], since: datetime | None = None) -> tuple[bytes, ...]:
        def look(service: Service) -> list[Level]:
            books = service.books
            return [
                Level(item, books.items[item].name, location, str(level.on_hand), str(level.on_hand - level.committed))
                for (item, location), level in sorted(books.levels.items())
                if item in items and (since is None or level.changed >= since)
            ]

        rows = self._ask("getItemAvailability", look)
        return (json.dumps({"rows": rows}).encode(),) if rows else ()

    def governance(self) -> Governance:
        return Governance(5, None)

    def domain(self) -> str:
        return ""

    def now(self) -> datetime:
        return self._ask("getServerTime", lambda service: service.books.now())

    def unknown_codes(self) -> Mapping[str, int]:
        return {}

    def close(self) -> None:
        self.closed = True


def _found(service: Service, each: Book | Item | Location) -> Found:
    element = service.calls._element(each, _SPACES)
    fields = {**_plain(element), "type": str(element.get(_TYPE)).rpartition(":")[2]}
    ids = (element.get("internalId", ""), element.get("externalId", ""))
    return Found(fields["type"], *ids, text(element, "lastModifiedDate"), json.dumps(fields).encode())


def _plain(element: Element) -> dict[str, Any]:
    values = {name: value for name, value in element.attrib.items() if not name.startswith("{")}
    for each in element:
        name = local(each)
        leaf = len(each) == 0 and not each.attrib and not name.endswith("List")
        rows = [_plain(row) for row in each] if name.endswith("List") else None
        values[name] = (each.text or "").strip() if leaf else rows if rows is not None else _plain(each)
    return values


def _sent(entry: Entry) -> Element:
    made = _element("record", {"externalId": entry.external_id, **entry.fields}, _SPACES.of(PACKAGES[entry.type]))
    made.set(_TYPE, f"t:{entry.type}")
    if entry.custom:
        listed = etree.SubElement(made, "customFieldList")
        for name, value in entry.custom.items():
            custom = _element("customField", {"scriptId": name, "value": str(value).lower()})
            custom.set(_TYPE, f"core:{_KINDS.get(type(value), 'Date')}CustomFieldRef")
            listed.append(custom)
    return made


def _criteria(wanted: Wanted) -> Element:
    kind = wanted.type if wanted.type in _MASTERS else "Transaction"
    asked: dict[str, object] = {"type": {"searchValue": wanted.type[0].lower() + wanted.type[1:]}}
    between = {"searchValue": wanted.beyond + (1 if wanted.up_to else 0), "searchValue2": wanted.up_to}
    asked["internalIdNumber"] = between
    named = {"itemId": "".join(wanted.names[:1]), "email": wanted.email, "entityId": wanted.code}
    asked |= {name: {"searchValue": value} for name, value in named.items() if value}
    if wanted.since is not None:
        asked["lastModifiedDate"] = {"searchValue": wanted.since.astimezone(UTC)}
    if wanted.subsidiary:
        asked["subsidiary"] = {"searchValue": {"internalId": wanted.subsidiary}}
    made = _element("searchRecord", asked)
    if wanted.up_to is not None:
        next(children(made, "internalIdNumber")).set("operator", "between")
    made.set(_TYPE, f"q:{kind}SearchBasic")
    return made


def _element(name: str, value: object, space: str = "urn:plain") -> Element:
    """A value as the books keep it: mappings with attributes and fields, lists as repeated fields."""
    made = etree.Element(f"{{{space}}}{name}")
    if name in _REFERENCES and isinstance(value, str | int):
        value = {"internalId": str(value)}
    if not isinstance(value, Mapping):
        made.text = _said(value)
        return made
    for key, each in value.items():
        if key in _ATTRIBUTES:
            made.set(key, _said(each))
        elif each is not None:
            made.extend(_element(key, row, space) for row in (each if isinstance(each, list) else [each]))
    return made


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
