"""Sending a draft, exactly once although its reply may be lost: everything we make has an external id of ours.

Sales and purchase orders are upserted: sending one again changes nothing. A record that is made from another one
(fulfilment, receipt, bill) is only ever added; sent again it is refused as a duplicate, read back and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.netsuite import soap
from connectors.netsuite.codes import AlreadyThere
from connectors.netsuite.compose import Node
from connectors.netsuite.drafts import Draft, Line
from connectors.netsuite.gateway import Entry, Found, Gateway, Record, Wanted
from connectors.netsuite.settings import ItemKey, NetSuiteSettings
from hub.contract import Absent, ConnectorError, Finding, Outbound, Receipt, Rejected, TemporaryFailure
from hub.contract import Found as Known
from hub.model.number import exact

#: The element of a type's list of lines, and what its lines are called in it.
_LIST = "itemList"


class Posting:
    """The outbound documents of one account."""

    def __init__(self, gateway: Gateway, settings: NetSuiteSettings) -> None:
        self._gateway, self._settings = gateway, settings
        self._items: dict[str, str] = {}  # SKU -> internal id, as long as this connection is open

    def send(self, outbound: Outbound) -> Receipt:
        """Make or update the record."""
        draft = Draft.read(outbound.content)
        fields = self._made_from(draft) if draft.source else self._made_anew(draft)
        entry = Entry(draft.type, draft.external_id, {**self._constants(draft.type), **fields})
        (outcome,) = self._gateway.upsert([entry])
        if isinstance(outcome, AlreadyThere) and draft.source:
            return self._there_already(draft, outcome)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return _receipt(draft.type, outcome)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether NetSuite has a record of this external id."""
        draft = Draft.read(outbound.content)
        (found,) = self._gateway.get(draft.type, [draft.external_id], external=True)
        return Absent() if found is None else Known(_receipt(draft.type, found.id))

    # --- orders ------------------------------------------------------------------------------------------------------

    def _made_anew(self, draft: Draft) -> Mapping[str, object]:
        lines = [self._order_line(draft, line) for line in draft.lines]
        fields = dict(draft.fields)
        if draft.location:
            fields["location"] = draft.location
        # said aloud: with false the lines would be merged into those that an earlier try made
        return fields | {_LIST: {"replaceAll": True, "item": lines}}

    def _order_line(self, draft: Draft, line: Line) -> Mapping[str, object]:
        fields: dict[str, object] = {"item": self._item(line.sku), "quantity": line.quantity, "rate": line.rate or None}
        if draft.location:
            fields["location"] = draft.location
        if draft.type == "SalesOrder" and draft.location:
            fields["noAutoAssignLocation"] = True  # the hub has routed it; NetSuite's own allocator must not again
        return fields

    def _item(self, sku: str) -> Mapping[str, str]:
        if self._settings.item_key is ItemKey.EXTERNAL_ID:
            return {"externalId": sku}
        if sku not in self._items:
            found = self._gateway.search(Wanted("Item", size=5, names=(sku,))).records
            if len(found) != 1:
                todo = "make the item in NetSuite or correct its name, then rerun"
                what = f"{len(found)} items in NetSuite are called {sku}" if found else f"NetSuite has no item {sku}"
                raise Rejected(what, todo=todo, code="item")
            self._items[sku] = found[0].id
        return {"internalId": self._items[sku]}

    # --- what is made from another record ----------------------------------------------------------------------------

    def _made_from(self, draft: Draft) -> Mapping[str, object]:
        source = self._source(draft)
        offered = self._gateway.initialize(draft.type, draft.source_type, source.id)
        rows = [each for each in offered.fields.get(_LIST, ()) if each.get("orderLine")]
        wanted = _matched(draft, rows)
        if draft.type == "VendorBill":
            lines = [_bill_line(row, wanted[row["orderLine"]], source) for row in rows if row["orderLine"] in wanted]
        else:
            lines = [_goods_line(draft, row, wanted.get(row["orderLine"])) for row in rows]
        fields: dict[str, object] = {**draft.fields, _LIST: {"replaceAll": True, "item": lines}}
        if draft.type == "VendorBill":
            fields |= {
                "entity": _id(offered, "entity"),
                "purchaseOrderList": {"recordRef": [{"type": "purchaseOrder", "internalId": source.id}]},
            }
        else:
            fields["createdFrom"] = {"type": _lower(draft.source_type), "internalId": source.id}
        if draft.packages:
            packages = [{"packageTrackingNumber": each, "packageWeight": Decimal(1)} for each in draft.packages]
            fields["packageList"] = {"replaceAll": True, "package": packages}
        return fields

    def _source(self, draft: Draft) -> Found:
        (source,) = self._gateway.get(draft.source_type, [draft.source], external=draft.source_is_ours)
        if source is None:
            what = f"{draft.type} {draft.external_id}: its {draft.source_type} {draft.source} is not in NetSuite yet"
            raise TemporaryFailure(what, todo="nothing, when that one is still on its way", code="source missing")
        return source

    def _there_already(self, draft: Draft, refusal: AlreadyThere) -> Receipt:
        """Accept a duplicate that says the same as our draft; pass any other on."""
        (found,) = self._gateway.get(draft.type, [draft.external_id], external=True)
        if found is None:
            raise refusal
        rows = [each for each in soap.record(found.content).fields.get(_LIST, ()) if each.get("orderLine")]
        have = {each["orderLine"]: exact(each["quantity"]) for each in rows if _counts(each)}
        want = {line: exact(each.quantity) for line, each in _matched(draft, rows).items()}
        if have != want:
            raise refusal
        return _receipt(draft.type, found.id)

    def _constants(self, type_: str) -> Mapping[str, object]:
        """Return the fields that the partner file puts on every record of a type; `cust...` are custom fields."""
        given = self._settings.constants.get(type_, {})
        plain: dict[str, object] = {name: value for name, value in given.items() if not name.startswith("cust")}
        custom = [
            Node("StringCustomFieldRef", {"scriptId": name, "value": value})
            for name, value in given.items()
            if name.startswith("cust")
        ]
        return plain | ({"customFieldList": {"customField": custom}} if custom else {})


def _matched(draft: Draft, rows: list[Mapping[str, Any]]) -> Mapping[str, Line]:
    """Return the draft's lines by the source's line; Rejected when one is not open there."""
    open_lines = {row["orderLine"]: _name(row) for row in rows}
    ordered = sorted(open_lines, key=int)
    found: dict[str, Line] = {}
    for line in draft.lines:
        at = line.order_line if line.order_line in open_lines else ""
        if not at or (line.sku and open_lines[at] != line.sku):
            at = next((each for each in ordered if line.sku and open_lines[each] == line.sku and each not in found), "")
        if not at:
            what = f"{draft.type} {draft.external_id}: line {line.order_line or line.sku} is not open in NetSuite"
            todo = "look at the order in NetSuite: somebody has closed, fulfilled or billed it"
            raise Rejected(what, todo=todo, code="line not open")
        found[at] = line
    return found


def _goods_line(draft: Draft, row: Mapping[str, Any], line: Line | None) -> Mapping[str, object]:
    """Return a line of a fulfilment or receipt; one that is left out would be taken in full, so none is."""
    fields: dict[str, object] = {
        "item": {"internalId": row["item"]["internalId"]},
        "orderLine": row["orderLine"],
        "quantity": line.quantity if line else "0",
        "itemReceive": line is not None,
    }
    location = draft.location or row.get("location", {}).get("internalId")
    return fields | ({"location": location} if location else {})


def _bill_line(row: Mapping[str, Any], line: Line, source: Found) -> Mapping[str, object]:
    return {
        "item": {"internalId": row["item"]["internalId"]},
        "orderDoc": source.id,
        "orderLine": row["orderLine"],
        "quantity": line.quantity,
        "rate": line.rate,
    }


def _counts(row: Mapping[str, Any]) -> bool:
    return row.get("itemReceive", "true") == "true" and bool(exact(row.get("quantity", "0")))


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("item", {}).get("name", "")).rpartition(" : ")[2].strip()


def _id(record: Record, name: str) -> str:
    return str(record.fields.get(name, {}).get("internalId", ""))


def _lower(type_: str) -> str:
    return type_[0].lower() + type_[1:]


def _receipt(type_: str, id_: str) -> Receipt:
    return Receipt(reference=id_ or None, reply=f"{type_} {id_}", confirmed=True)
