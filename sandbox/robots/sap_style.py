"""Partners that run SAP: each document of the robots as the IDoc that a supplier or a 3PL sends, flat or as XML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count

from sandbox.robots import idoc, x12
from sandbox.robots.files import ChangedLine, OrderedLine, Unreadable
from sandbox.robots.idoc import Document, Seg

#: How the merchant's hub is called in partner profiles: partner type, number and port.
HUB = ("KU", "0000088333", "XDOCK")

Row = Mapping[str, str]
_ANSWERS = frozenset({"STATUS", "ALEAUD"})
_ORDERS = frozenset({"ORDERS"})
#: What a 3PL confirms a ship order with.
_SHIP_ORDERS = {"SHPORD": "SHPCON", "WHSORD": "WHSCON"}
_GONE = "003"
#: E1EDP01.ACTION, and E1EDP01.ABGRU where a line is refused.
_ACTIONS = {"A": "000", "C": "002", "B": "004", "R": "003"}
_REFUSED = "11"


def identity(code: str) -> tuple[str, str, str]:
    """Return how a firm is called in partner profiles."""
    return "LS", f"{code.upper()[:7]}400", f"SAP{code.upper()[:3]}"


class SapStyle:
    """ORDERS05, DELVRY07 and INVOIC02; every IDoc has the next number, and every one that comes gets a STATUS."""

    ending = ".idoc"
    receipt_name = "STATUS"
    change_answer = "acknowledgement"

    def __init__(self, code: str, now: Callable[[], datetime], *, warehouse: bool = False) -> None:
        self._desk = idoc.Desk(identity(code), HUB)
        self._warehouse, self._now = warehouse, now
        self._cartons = count(1)
        self._confirms: dict[str, str] = {}

    def read_change(self, content: bytes) -> list[ChangedLine]:
        """Return what an ORDCHG changes; a 3PL takes none."""
        documents = [each for each in idoc.read(content) if each.control.get("MESTYP") == "ORDCHG"]
        if documents and self._warehouse:
            raise Unreadable("message type ORDCHG is not taken")
        for document in documents:
            self._check_control(document.control)
        return [line for document in documents for line in changed_lines(document)]

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:  # noqa: ARG002 - IDocs name their own fields
        """Return the lines of the orders in a file; none for one that holds only answers."""
        documents = [each for each in idoc.read(content) if each.control.get("MESTYP") not in _ANSWERS]
        return [line for document in documents for line in self._lines(document)]

    def _lines(self, document: Document) -> list[OrderedLine]:
        message = document.control.get("MESTYP", "")
        self._check_control(document.control)
        if message not in (_SHIP_ORDERS if self._warehouse else _ORDERS):
            raise Unreadable(f"message type {message} is not taken")
        lines = ship_order(document) if self._warehouse else purchase_order(document)
        if not lines:
            raise Unreadable("the order has no lines")
        if self._warehouse:
            self._confirms[lines[0].po] = _SHIP_ORDERS[message]
        return lines

    def _check_control(self, control: Mapping[str, str]) -> None:
        if (control.get("SNDPRN"), control.get("RCVPRN")) != (HUB[1], self._desk.us[1]):
            raise Unreadable(f"no partner profile for {control.get('SNDPRN')} to {control.get('RCVPRN')}")
        if control.get("DIRECT") != "2" or not control.get("DOCNUM", "").strip("0"):
            raise Unreadable("the control record has no number, or does not go into SAP")

    def receipt(self, content: bytes, *, readable: bool) -> bytes | None:
        """Return a STATUS for each IDoc of a file; None for answers, and for what is no IDoc."""
        try:
            documents = [each for each in idoc.read(content) if each.control.get("MESTYP") not in _ANSWERS]
        except Unreadable:
            return None
        return b"".join(self._status(each, readable=readable) for each in documents) or None

    def _status(self, document: Document, *, readable: bool) -> bytes:
        now = self._now()
        status, text, kind = ("53", "", "S") if readable else ("51", "The order could not be created", "E")
        fields = {"DOCNUM": document.control.get("DOCNUM", ""), "LOGDAT": f"{now:%Y%m%d}", "LOGTIM": f"{now:%H%M%S}"}
        segment = Seg("E1STATS", {**fields, "STATUS": status, "STATXT": text, "STATYP": kind})
        return self._desk.flat("SYSTAT01", "STATUS", [segment], now)

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the file of a document."""
        tables = [dict(zip(header, map(str, row), strict=True)) for row in rows]
        writers: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
            "stock": self._stock,
            "catalogue": self._catalogue,
            "acknowledgement": self._response,
            "shipment": self._confirmation if self._warehouse else self._despatch,
            "invoice": self._invoice,
        }
        return writers[document](tables)

    def _stock(self, rows: Sequence[Row]) -> bytes:
        """Return a PROACT: what may be used freely (020), and what is blocked (022), which nobody may sell."""
        segments = [Seg("E1EDK31", {"DATUM": f"{self._now():%Y%m%d}"})]
        for row in rows:
            segments += [Seg("E1EDP31", {"WERKS": "0001"}), Seg("E1EDP19", {"QUALF": "001", "IDTNR": row["Item"]}, 2)]
            for qualifier, quantity in (("020", f"{row['Qty Avail']}.000"), ("022", "7.000")):
                segments.append(Seg("E1EDP32", {"QUALF": qualifier, "MENGE": quantity, "MENEE": "PCE"}, 2))
        return self._desk.xml("PROACT01", "PROACT", segments, self._now())

    def _catalogue(self, rows: Sequence[Row]) -> bytes:
        """Return an extract of its own: SAP has no price list that everybody sends."""
        segments = [Seg("Z1PRHDR", {"CURCY": rows[0]["Currency"] if rows else "USD"})]
        for row in rows:
            fields = {"KDMAT": row["Item"], "MATNR": row["Supplier Item"], "MAKTX": row["Description"]}
            prices = {"KBETR": f"{Decimal(row['Price']) * 10:.2f}", "KPEIN": "10", "MINBM": row["Min Qty"]}
            segments.append(Seg("Z1PRICE", {**fields, **prices}, 2))
        return self._desk.xml("ZPRICE01", "ZPRICE", segments, self._now())

    def _response(self, rows: Sequence[Row]) -> bytes:
        segments = self._head(rows[0]["PO"])
        for row in rows:
            kept, status = row["Qty"], row["Status"]
            item = {"POSEX": row["Line"].zfill(6), "ACTION": _ACTIONS[status], "MENGE": f"{kept}.000", "MENEE": "PCE"}
            if status == "R":
                item |= {"ABGRU": _REFUSED, "ABGRT": row["Reason"]}
            segments.append(Seg("E1EDP01", item))
            if status != "R":
                due = row["Ship Date"].replace("-", "") if status != "B" else ""
                segments.append(Seg("E1EDP20", {"WMENG": f"{kept if status != 'B' else 0}.000", "EDATU": due}, 2))
            segments.append(Seg("E1EDP19", {"QUALF": "001", "IDTNR": row["Item"]}, 2))
        return self._desk.flat("ORDERS05", "ORDRSP", segments, self._now())

    def _head(self, order: str) -> list[Seg]:
        return [
            Seg("E1EDK01", {"CURCY": "USD"}),
            Seg("E1EDK03", {"IDDAT": "012", "DATUM": f"{self._now():%Y%m%d}"}),
            Seg("E1EDK02", {"QUALF": "001", "BELNR": order}),
            Seg("E1EDK02", {"QUALF": "002", "BELNR": f"{self._desk.numbers + 1:010}"}),
        ]

    def _despatch(self, rows: Sequence[Row]) -> bytes:
        """Return a DESADV, and behind it, as it cannot say what is short, an ORDRSP for what will never come."""
        packed = [row for row in rows if row["Shipped"] != "0"]
        short = [row for row in rows if row["Short"] != "0"]
        parts = [self._desk.flat("DELVRY07", "DESADV", self._delivery(packed), self._now())] if packed else []
        return b"".join([*parts, *([self._shortage(short)] if short else [])])

    def _confirmation(self, rows: Sequence[Row]) -> bytes:
        """Return a WHSCON or SHPCON, as the order was: what left, and with zero what will not."""
        message = self._confirms.get(rows[0]["PO"], "WHSCON")
        return self._desk.flat("DELVRY03", message, self._delivery(rows), self._now())

    def _delivery(self, rows: Sequence[Row]) -> list[Seg]:
        first, now = rows[0], self._now()
        number = first["PO"] if self._warehouse else f"{80_000_000 + int(first['Shipment'].rpartition('-')[2]):010}"
        segments = [Seg("E1EDL20", {"VBELN": number, "BOLNR": first["Tracking"]})]
        if first["Carrier"]:
            segments.append(Seg("E1ADRM1", {"PARTNER_Q": "SP", "NAME1": first["Carrier"]}, 2))
        segments.append(Seg("E1EDT13", {"QUALF": "006", "ISDD": f"{now:%Y%m%d}"}, 2))
        for place, row in enumerate(rows, start=1):
            line = row["Line"].zfill(6)
            said = {"POSNR": line if self._warehouse else f"{place * 10:06}", "LFIMG": f"{row['Shipped']}.000"}
            if self._warehouse:
                said["ORMNG"] = f"{int(row['Shipped']) + int(row['Short'])}.000"
            segments.append(Seg("E1EDL24", {**said, "KDMAT": row["Item"], "VRKME": "PCE"}, 2))
            if not self._warehouse:
                segments.append(Seg("E1EDL41", {"QUALI": "001", "BSTNR": row["PO"], "POSEX": line}, 3))
        carton = f"00{x12.sscc(next(self._cartons))}"
        segments.append(Seg("E1EDL37", {"EXIDV": carton, "EXIDV2": first["Tracking"]}, 2))
        for place, row in enumerate(rows, start=1):
            item = row["Line"].zfill(6) if self._warehouse else f"{place * 10:06}"
            packed = {"VBELN": number, "POSNR": item, "VEMNG": f"{row['Shipped']}.000", "VEMEH": "PCE"}
            segments.append(Seg("E1EDL44", packed, 3))
        return segments

    def _shortage(self, short: Sequence[Row]) -> bytes:
        segments = self._head(short[0]["PO"])
        for row in short:
            kept, line = row["Shipped"], row["Line"].zfill(6)
            gone = {"ACTION": "003", "ABGRU": _REFUSED, "ABGRT": "out of stock"}
            segments.append(Seg("E1EDP01", {"POSEX": line, "MENGE": f"{kept}.000", "MENEE": "PCE"}
                                | ({"ACTION": "002"} if kept != "0" else gone)))  # fmt: skip
            if kept != "0":
                segments.append(Seg("E1EDP20", {"WMENG": f"{kept}.000", "EDATU": f"{self._now():%Y%m%d}"}, 2))
            segments.append(Seg("E1EDP19", {"QUALF": "001", "IDTNR": row["Item"]}, 2))
        return self._desk.flat("ORDERS05", "ORDRSP", segments, self._now())

    def _invoice(self, rows: Sequence[Row]) -> bytes:
        first, now = rows[0], self._now()
        segments = [
            Seg("E1EDK01", {"CURCY": first["Currency"], "BSART": "INVO", "BELNR": first["Invoice"]}),
            Seg("E1EDK02", {"QUALF": "009", "BELNR": first["Invoice"]}),
            Seg("E1EDK02", {"QUALF": "001", "BELNR": first["PO"]}),
            Seg("E1EDK03", {"IDDAT": "026", "DATUM": f"{now:%Y%m%d}"}),
        ]
        for row in rows:
            price = f"{Decimal(row['Price']):.2f}"
            item = {"POSEX": row["Line"].zfill(6), "MENGE": f"{row['Qty']}.000", "MENEE": "PCE", "VPREI": price}
            reference = {"QUALF": "001", "BELNR": row["PO"], "ZEILE": row["Line"].zfill(6)}
            segments += [Seg("E1EDP01", item), Seg("E1EDP02", reference, 2)]
            segments.append(Seg("E1EDP19", {"QUALF": "001", "IDTNR": row["Item"]}, 2))
        segments.append(Seg("E1EDS01", {"SUMID": "010", "SUMME": first["Total"]}))
        return self._desk.xml("INVOIC02", "INVOIC", segments, now)


def purchase_order(document: Document) -> list[OrderedLine]:
    """Return the lines of an ORDERS; raises Unreadable for anything a careful clerk would send back."""
    number = document.value("E1EDK02", "BELNR", QUALF="001")
    customer = document.value("E1EDK02", "BELNR", QUALF="044")
    address = [document.value("E1EDKA1", key, PARVW="WE") for key in ("NAME1", "STRAS", "ORT01", "PSTLZ", "LAND1")]
    if not number or not customer or not all(address):
        raise Unreadable("the order number (001), the customer's (044) or the ship-to address (WE) is missing")
    lines = []
    for group in idoc.groups(document.segments, "E1EDP01"):
        head = group[0].fields
        sku, line = (
            idoc.value(group, "E1EDP19", "IDTNR", QUALF="001"),
            idoc.value(group, "E1EDP02", "IHREZ", QUALF="044"),
        )
        scheduled = sum(Decimal(each.fields.get("WMENG", "0")) for each in group if each.name == "E1EDP20")
        quantity = _pieces(head.get("MENGE", ""), head.get("MENEE", ""))
        if scheduled != quantity:
            raise Unreadable(f"item {head.get('POSEX')}: {quantity} are ordered and {scheduled} are scheduled")
        lines.append(_line(number, head.get("POSEX", ""), sku, quantity, customer, line))
    return lines


def changed_lines(document: Document) -> list[ChangedLine]:
    """Return the lines of an ORDCHG; raises Unreadable."""
    number = document.value("E1EDK02", "BELNR", QUALF="001")
    all_gone = document.value("E1EDK01", "ACTION") == _GONE
    lines = []
    for group in idoc.groups(document.segments, "E1EDP01"):
        head = group[0].fields
        gone = all_gone or head.get("ACTION") == _GONE
        if not number or not head.get("POSEX", "").isdigit() or head.get("ACTION") not in ("001", "002", _GONE):
            raise Unreadable(f"item {head.get('POSEX')!r}: the order, the item or what is to be done is missing")
        quantity = 0 if gone else _pieces(head.get("MENGE", ""), head.get("MENEE", ""))
        lines.append(ChangedLine(number, head["POSEX"].lstrip("0"), quantity))
    if not lines:
        raise Unreadable("the change has no lines")
    return lines


def ship_order(document: Document) -> list[OrderedLine]:
    """Return the lines of a SHPORD or WHSORD; raises Unreadable."""
    number = document.value("E1EDL20", "VBELN")
    address = [document.value("E1ADRM1", key, PARTNER_Q="WE") for key in ("NAME1", "STREET1", "CITY1", "POSTL_COD1")]
    if not number or not all(address):
        raise Unreadable("the delivery number or the ship-to address (WE) is missing")
    lines = []
    for group in idoc.groups(document.segments, "E1EDL24"):
        head = group[0].fields
        quantity = _pieces(head.get("LFIMG", ""), head.get("VRKME", ""))
        customer = idoc.value(group, "E1EDL41", "BSTNR", QUALI="001")
        lines.append(
            _line(number, head.get("POSNR", ""), head.get("KDMAT", ""), quantity, customer, head.get("USR01", ""))
        )
    return lines


def _line(number: str, position: str, sku: str, quantity: int, customer: str, line: str) -> OrderedLine:
    if not position or not sku or not customer or not line:
        raise Unreadable(f"item {position!r}: its number, the material or the customer's order and line are missing")
    return OrderedLine(number, position.lstrip("0"), sku, quantity, customer, line)


def _pieces(quantity: str, unit: str) -> int:
    whole, point, rest = quantity.partition(".")
    if unit != "PCE" or not whole.isdigit() or int(whole) < 1 or point != "." or rest.strip("0"):
        raise Unreadable(f"{quantity!r} {unit!r} is no number of pieces (PCE) with decimals")
    return int(whole)
