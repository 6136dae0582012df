"""Sending a draft, exactly once although its reply may be lost: everything we make has an external id of ours.

Orders and adjustments are upserted: sending one again changes nothing. A record that is made from another one
(fulfilment, receipt, bill) is only ever added; sent again it is refused as a duplicate, read back and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.netsuite import carried
from connectors.netsuite.codes import AlreadyThere
from connectors.netsuite.draft import Draft, Line
from connectors.netsuite.gateway import Choice, Custom, Entry, Found, Gateway, Reader, Record
from connectors.netsuite.masters import Masters
from connectors.netsuite.matching import carries, is_same, matched, says_the_same
from connectors.netsuite.settings import Constant, ListValue, NetSuiteSettings
from connectors.netsuite.values import id_of, name_of, ref
from hub.contract import Absent, ConnectorError, Context, Finding, Outbound, Receipt, Rejected, TemporaryFailure
from hub.contract import Found as Known
from hub.model.number import exact

#: The list of a type's lines, and what its lines are called in it.
_LISTS = {"InventoryAdjustment": ("inventoryList", "inventory")}
_LIST, _LINE = "itemList", "item"
#: What a line says of how much of it is done already.
_DONE = {"SalesOrder": "quantityFulfilled", "PurchaseOrder": "quantityReceived"}
#: Records whose subsidiary is said; that of the others follows from what they are made from.
_OF_SUBSIDIARY = frozenset({"SalesOrder", "PurchaseOrder", "InventoryAdjustment", "TransferOrder"})


class Posting:
    """The outbound documents of one account."""

    def __init__(self, gateway: Gateway, reader: Reader, settings: NetSuiteSettings, context: Context) -> None:
        self._gateway, self._reader, self._settings, self._context = gateway, reader, settings, context
        self._masters = Masters(gateway, settings)

    def send(self, outbound: Outbound) -> Receipt:
        """Make or update the record."""
        draft = Draft.read(outbound.content)
        if draft.carried:
            return self._carry(draft)
        try:
            fields = self._made_from(draft) if draft.source else self._made_anew(draft)
        except Rejected as refusal:
            if not draft.source:
                raise
            return self._there_already(draft, refusal)  # nothing is left of the source: perhaps it was we who took it
        (outcome,) = self._gateway.upsert([self._entry(draft, fields)])
        if isinstance(outcome, AlreadyThere) and draft.source:
            return self._there_already(draft, outcome)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return _receipt(draft.type, outcome)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether NetSuite has the record; of an order that may change, whether it says the same."""
        draft = Draft.read(outbound.content)
        (found,) = self._gateway.get(draft.type, [draft.external_id], external=True)
        if found is None:
            return Absent()
        if draft.carried:
            return Known(self._placed(found, draft)) if carries(self._rows(found), draft) else Absent()
        return Known(_receipt(draft.type, found.id)) if self._says_the_same(found, draft) else Absent()

    def _says_the_same(self, found: Found, draft: Draft) -> bool:
        return not draft.revises or says_the_same(self._rows(found), draft)

    def _rows(self, found: Found) -> list[Mapping[str, Any]]:
        """Return the lines of a record."""
        return list(self._reader.record(found.content).fields.get(_LIST, ()))

    # --- what a channel's order carries ------------------------------------------------------------------------------

    def _carry(self, draft: Draft) -> Receipt:
        """Take a document as done when the sales order is there with its lines where they are to be shipped from."""
        carried.keep(self._context, draft)
        (found,) = self._gateway.get("SalesOrder", [draft.external_id], external=True)
        if found is None or not carries(self._rows(found), draft):
            what = f"{draft.carried}: the sales order {draft.external_id} is not in NetSuite yet, or without its lines"
            raise TemporaryFailure(what, todo="nothing, when that one is still on its way", code="source missing")
        return self._placed(found, draft)

    def _placed(self, found: Found, draft: Draft) -> Receipt:
        """Return what a sales order says of a document: for a vendor the order that NetSuite has placed."""
        vendors = {line.vendor for line in draft.lines if line.vendor}
        if not vendors:
            return _receipt("SalesOrder", found.id)
        rows = [row for row in self._rows(found) if id_of(row, "poVendor") in vendors]
        placed = sorted({name_of(ref(row, "createdPo")) for row in rows} - {""})
        if not placed:
            return Receipt(reference=found.id, reply=f"SalesOrder {found.id}, not ordered at the vendor yet")
        return Receipt(reference=", ".join(placed)[:200], reply=f"SalesOrder {found.id}: {placed[0]}", confirmed=True)

    # --- orders ------------------------------------------------------------------------------------------------------

    def _made_anew(self, draft: Draft) -> Mapping[str, object]:
        lines = [self._order_line(draft, line) for line in draft.lines]
        if draft.revises:
            lines = self._with_numbers(draft, lines)
        fields = dict(draft.fields)
        if draft.buyer is not None:
            fields["entity"] = self._masters.customer(draft.buyer, draft.external_id)
        if draft.supplier:
            fields["entity"] = self._masters.vendor(draft.supplier)
        if draft.location:
            fields["adjLocation" if draft.type == "InventoryAdjustment" else "location"] = draft.location
        listed, line = _LISTS.get(draft.type, (_LIST, _LINE))
        # said aloud: with false the lines would be merged into those that an earlier try made
        return fields | {listed: {"replaceAll": True, line: lines}}

    def _order_line(self, draft: Draft, line: Line) -> dict[str, object]:
        item = {"internalId": line.item} if line.item else self._masters.item(line.sku)
        location = line.location or draft.location
        if draft.type == "InventoryAdjustment":
            return {"item": item, "location": location, "adjustQtyBy": line.quantity, "units": self._settings.unit}
        if draft.type == "TransferOrder":  # its locations are those of the whole order
            due = {"expectedReceiptDate": line.expected} if line.expected else {}
            return {"item": item, "quantity": line.quantity, "units": self._settings.unit, **due}
        fields: dict[str, object] = {
            "item": item,
            "quantity": line.quantity or None,
            "units": None if line.item else self._settings.unit,
            "rate": line.rate or None,
            "amount": line.amount or None,
            "location": location or None,
        }
        if draft.type == "SalesOrder" and location:
            fields["noAutoAssignLocation"] = True  # the hub has routed it; NetSuite's own allocator must not again
        if line.vendor:
            fields |= {"createPo": "_dropShipment", "poVendor": line.vendor, "poRate": line.cost or None}
        return fields | ({"isClosed": True} if line.closed else {})

    def _with_numbers(self, draft: Draft, lines: list[dict[str, object]]) -> list[dict[str, object]]:
        """Return the lines with the numbers of those that are there; one that has shipped in part ends there.

        Without its number a line would be made anew, and NetSuite would not let go of one that was fulfilled.
        """
        (found,) = self._gateway.get(draft.type, [draft.external_id], external=True)
        rows = [] if found is None else self._rows(found)
        for line in lines:
            row = next((each for each in rows if is_same(each, line)), None)
            if row is not None:
                rows.remove(row)
                line["line"] = row["line"]
                if row.get("isClosed") == "true":
                    line.setdefault("isClosed", False)
        done = _DONE[draft.type]
        return [*lines, *(_ended(each, done) for each in rows if exact(each.get(done) or "0"))]

    # --- what is made from another record ----------------------------------------------------------------------------

    def _made_from(self, draft: Draft) -> Mapping[str, object]:
        source = self._source(draft)
        offered = self._gateway.initialize(draft.type, draft.source_type, source.id)
        rows = [each for each in offered.fields.get(_LIST, ()) if each.get("orderLine")]
        wanted = matched(draft, rows)
        if draft.type == "VendorBill":
            _in_one_currency(draft, _id(offered, "currency"))
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

    def _there_already(self, draft: Draft, refusal: Rejected) -> Receipt:
        """Accept a duplicate that says the same as our draft; pass any other on."""
        (found,) = self._gateway.get(draft.type, [draft.external_id], external=True)
        if found is None:
            raise refusal
        rows = [each for each in self._rows(found) if each.get("orderLine")]
        have = {each["orderLine"]: exact(each["quantity"]) for each in rows if _counts(each)}
        want = {line: exact(each.quantity) for line, each in matched(draft, rows).items()}
        if have != want:
            raise refusal
        return _receipt(draft.type, found.id)

    def _entry(self, draft: Draft, fields: Mapping[str, object]) -> Entry:
        """Return what is written, with what the partner file puts on every record of its type."""
        given = self._settings.constants.get(draft.type, {})
        plain: dict[str, object] = {
            name: value.id if isinstance(value, ListValue) else value
            for name, value in given.items()
            if not name.startswith("cust")
        }
        if self._settings.subsidiary and draft.type in _OF_SUBSIDIARY:
            plain = {"subsidiary": self._settings.subsidiary, **plain}
        custom = {name: _custom(value) for name, value in given.items() if name.startswith("cust")}
        return Entry(draft.type, draft.external_id, {**plain, **fields}, custom)


def _custom(value: Constant) -> Custom:
    if isinstance(value, ListValue):
        return Choice(value.id)
    return tuple(Choice(each.id) for each in value) if isinstance(value, tuple) else value


def _ended(row: Mapping[str, Any], done: str) -> dict[str, object]:
    """Return a line that is wanted no more, with what of it has left already."""
    return {
        "item": id_of(row, "item"),
        "quantity": row[done],
        "location": id_of(row, "location") or None,
        "line": row["line"],
        "isClosed": True,
    }


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


def _in_one_currency(draft: Draft, ordered: str) -> None:
    """Refuse a bill in another currency than its order: NetSuite would take the amounts for the order's."""
    billed = draft.fields.get("currency")
    if billed and ordered and billed != ordered:
        what = f"{draft.external_id} is billed in NetSuite's currency {billed}, and ordered in {ordered}"
        raise Rejected(what, todo="enter it in NetSuite by hand, or ask for a bill in the order's", code="currency")


def _counts(row: Mapping[str, Any]) -> bool:
    return row.get("itemReceive", "true") == "true" and bool(exact(row.get("quantity", "0")))


def _id(record: Record, name: str) -> str:
    return str(record.fields.get(name, {}).get("internalId", ""))


def _lower(type_: str) -> str:
    return type_[0].lower() + type_[1:]


def _receipt(type_: str, id_: str) -> Receipt:
    return Receipt(reference=id_ or None, reply=f"{type_} {id_}", confirmed=True)
