"""Goods on their way: fulfilments as shipments, orders that NetSuite placed at vendors as answers, transfers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from connectors.netsuite import carried
from connectors.netsuite.carried import Asked
from connectors.netsuite.gateway import Record as Theirs
from connectors.netsuite.places import Places
from connectors.netsuite.settings import ItemKey, NetSuiteSettings
from connectors.netsuite.values import Fields, Unfit, id_of, moment, name_of, number, ref, sku_of, text, whole
from hub.model.purchase import Acknowledgement
from hub.model.shipment import Shipment
from hub.model.stock import Certainty, ExpectedReceipt

_NOTHING = Decimal(0)
_OVER = frozenset({"_closed", "_rejected", "_received"})


class Goods:
    """What moves in one account."""

    def __init__(self, settings: NetSuiteSettings, places: Places) -> None:
        self._settings, self._places = settings, places

    # --- what has left -----------------------------------------------------------------------------------------------

    def shipments(self, fulfilment: Theirs, order: Theirs, asked: Sequence[Asked]) -> Iterator[Shipment]:
        """Yield one shipment for each document of ours that a fulfilment is of; none while nothing has left."""
        if text(fulfilment.fields, "shipStatus") not in {"_shipped", ""}:
            return  # picked or packed
        gone = [
            each
            for each in fulfilment.fields.get("itemList", ())
            if each.get("itemReceive", "true") == "true" and number(each, "quantity")
        ]
        lines = _carried_lines(gone, order, asked) if asked else {self._number(order): self._lines(gone, order)}
        for document, rows in lines.items():
            yield self._shipment(fulfilment, document, rows)

    def _number(self, order: Theirs) -> str:
        return order.external_id.removeprefix(self._settings.prefix)

    def _lines(self, gone: Sequence[Fields], order: Theirs) -> list[Mapping[str, object]]:
        numbers = _line_numbers(order)
        by_name = self._settings.item_key is ItemKey.NAME
        return [
            {
                "line_number": numbers.get(text(each, "orderLine")),
                "sku": sku_of(ref(each, "item")) if by_name else "",
                "quantity": number(each, "quantity"),
            }
            for each in gone
        ]

    def _shipment(self, fulfilment: Theirs, document: str, lines: Sequence[Mapping[str, object]]) -> Shipment:
        fields = fulfilment.fields
        packages = [each for each in fields.get("packageList", ()) if text(each, "packageTrackingNumber")]
        tracking = [text(each, "packageTrackingNumber") for each in packages]
        return Shipment.model_validate(
            {
                "order_number": document,
                "shipment_number": text(fields, "tranId") or fulfilment.id,
                "shipped_at": moment(fields, "shippedDate") or moment(fields, "tranDate"),
                "carrier": name_of(ref(fields, "shipMethod"))[:64],
                "tracking": tracking[0] if tracking else "",
                "parcels": tuple({"tracking": each} for each in tracking),
                "lines": tuple(lines),
            }
        )

    # --- what NetSuite has ordered -----------------------------------------------------------------------------------

    def acknowledgements(self, order: Theirs, asked: Sequence[Asked]) -> Iterator[Acknowledgement]:
        """Yield an answer for each purchase order of ours that NetSuite has placed at a vendor in its own name."""
        placed: dict[str, str] = {}
        for row in order.fields.get("itemList", ()):
            purchase = ref(row, "createdPo")
            vendor = id_of(row, "poVendor")
            if purchase and vendor:
                place = carried.place_of("", vendor)
                mine = (each.number for each in asked if (each.place, each.sku) == (place, sku_of(ref(row, "item"))))
                placed |= {each: name_of(purchase) or str(purchase.get("internalId", "")) for each in mine}
        for document, reference in sorted(placed.items()):
            yield Acknowledgement.model_validate(
                {"order_number": document, "reference": reference[:128], "outcome": "accepted"}
            )

    # --- what is moved between locations -----------------------------------------------------------------------------

    def transfers(self, order: Theirs) -> Iterator[ExpectedReceipt]:
        """Yield what a location will receive of a transfer order, line by line; nothing more of one that is over."""
        node = self._places.node_at(id_of(order.fields, "transferLocation"))
        if node is None:
            return
        over = text(order.fields, "orderStatus") in _OVER
        reference = (text(order.fields, "tranId") or order.id)[:100]
        expected = moment(order.fields, "shipDate") or moment(order.fields, "tranDate")
        for row in order.fields.get("itemList", ()):
            at = moment(row, "expectedReceiptDate") or moment(row, "expectedShipDate") or expected
            if at is None:
                raise Unfit("it does not say when it is to arrive")
            ordered, received = number(row, "quantity"), number(row, "quantityReceived", _NOTHING)
            on_its_way = number(row, "quantityFulfilled", _NOTHING) - received
            done = over or text(row, "isClosed") == "true"
            yield ExpectedReceipt(
                sku=sku_of(ref(row, "item")),
                location=node,
                expected_at=at,
                quantity=_NOTHING if done else max(_NOTHING, ordered - received),
                reference=f"{reference}/{text(row, 'line')}",
                certainty=Certainty.IN_TRANSIT if on_its_way > 0 else Certainty.ORDERED,
                as_of=moment(order.fields, "lastModifiedDate"),
            )


def _carried_lines(
    gone: Sequence[Fields], order: Theirs, asked: Sequence[Asked]
) -> dict[str, list[Mapping[str, object]]]:
    """Return by document what of a fulfilment is of it; Unfit for goods that no document of ours asked for there."""
    rows = {text(each, "line"): each for each in order.fields.get("itemList", ())}
    found: dict[str, list[Mapping[str, object]]] = {}
    for each in gone:
        row = rows.get(text(each, "orderLine"), {})
        place = carried.place_of(id_of(each, "location") or id_of(row, "location"), id_of(row, "poVendor"))
        sku = sku_of(ref(each, "item"))
        shares = list(carried.shared(asked, place, sku, number(each, "quantity")))
        if not shares:
            raise Unfit(f"{sku} left {place or 'no location'}, which no document of ours asked for")
        for share in shares:
            line = {"line_number": share.asked.line_number, "sku": sku, "quantity": share.quantity}
            found.setdefault(share.asked.number, []).append(line)
    return found


def _line_numbers(order: Theirs) -> Mapping[str, int]:
    """Return our line number for each of theirs: we send lines in our order, and NetSuite numbers them upwards."""
    lines = sorted((text(each, "line") for each in order.fields.get("itemList", ())), key=whole)
    return {line: number_ for number_, line in enumerate(lines, start=1)}
