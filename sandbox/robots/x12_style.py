"""Partners that speak X12: each document of the robots as the transaction set that a supplier sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count

from sandbox.robots import x12
from sandbox.robots.files import NOT_DONE, ChangedLine, OrderedLine, Unreadable

#: How the merchant's hub is called in interchanges.
HUB = ("ZZ", "CROSSDOCK")

#: The carriers by the codes that X12 has for them.
SCAC = {"UPS": "UPSN", "FedEx": "FDEG", "DHL": "DHLE", "USPS": "USPS"}

Row = Mapping[str, str]
Bodies = list[list[str]]


def identity(code: str) -> tuple[str, str]:
    """Return how a firm is called in interchanges."""
    return "ZZ", code.upper()[:15]


class X12Style:
    """Release 004010; every interchange has the next number, and every one that comes is answered with a 997."""

    ending = ".edi"
    receipt_name = "997"
    change_answer = "change answer"

    def __init__(self, code: str, now: Callable[[], datetime], *, warehouse: bool = False) -> None:
        self._desk = x12.Desk(identity(code), HUB)
        self._warehouse = warehouse
        self._now = now
        self._cartons = count(1)
        self._changes: dict[str, str] = {}  # the last change of each order

    def read_order(self, content: bytes, header: Sequence[str]) -> list[OrderedLine]:  # noqa: ARG002 - sets name their own elements
        """Return the lines of the orders in an interchange; none for one that holds only other things."""
        return [line for each in self._documents(content) if each.code != "860" for line in x12.read_order(each)]

    @property
    def receives(self) -> bool:
        """A 3PL tells what came in (944)."""
        return self._warehouse

    def read_change(self, content: bytes) -> list[ChangedLine]:
        """Return the lines of the changes (860) in an interchange; a 3PL takes none."""
        changes = [each for each in self._documents(content) if each.code == "860"]
        if changes and self._warehouse:
            raise Unreadable("a 3PL takes no 860")
        self._changes |= dict(x12.change_number(each) for each in changes)
        return [line for each in changes for line in x12.read_change(each)]

    def _documents(self, content: bytes) -> list[x12.Document]:
        read = x12.read(content)
        if read.receiver != self._desk.us or read.sender != HUB:
            raise Unreadable(f"it is from {read.sender} for {read.receiver}")
        return [document for group in read.groups if group.code != "FA" for document in group.documents]

    def receipt(self, content: bytes, *, readable: bool) -> bytes | None:
        """Return the 997 that an interchange deserves; None for acknowledgements, and for what is no interchange."""
        try:
            groups = [group for group in x12.read(content).groups if group.code != "FA"]
        except Unreadable:
            return None
        bodies = [
            x12.functional_acknowledgement(group, () if readable else [each.control for each in group.documents])
            for group in groups
        ]
        return self._desk.envelope("997", bodies, self._now()) if bodies else None

    def write(self, document: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
        """Return the interchange of a document."""
        tables = [dict(zip(header, map(str, row), strict=True)) for row in rows]
        writers: Mapping[str, Callable[[Sequence[Row]], list[tuple[str, Bodies]]]] = {
            "stock": self._stock,
            "catalogue": self._catalogue,
            "acknowledgement": self._acknowledgement,
            "change answer": self._change_answer,
            "receipt": self._receipt,
            "shipment": self._advice if self._warehouse else self._shipment,
            "invoice": self._invoice,
        }
        return self._desk.interchange(writers[document](tables), self._now())

    def _stock(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        on_hand = "17" if self._warehouse else "33"
        body = [f"BIA*00*SI*{self._desk.numbers + 1}*{self._now():%Y%m%d}*{self._now():%H%M%S}"]
        for place, row in enumerate(rows, start=1):
            body += [f"LIN*{place}*SK*{row['Item']}", f"QTY*{on_hand}*{row['Qty Avail']}*EA"]
        return [("846", [[*body, f"CTT*{len(rows)}"]])]

    def _catalogue(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        body = [f"BCT*PC*{self._desk.numbers + 1}", f"CUR*SE*{rows[0]['Currency'] if rows else 'USD'}"]
        for place, row in enumerate(rows, start=1):
            name = "".join(" " if mark in "*~>" else mark for mark in row["Description"])[:80]
            body.append(f"LIN*{place}*VN*{row['Supplier Item']}*SK*{row['Item']}")
            body += [f"PID*F****{name}", f"CTP**WHL*{row['Price']}*{row['Min Qty']}*EA"]
        return [("832", [[*body, f"CTT*{len(rows)}"]])]

    def _acknowledgement(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        """Return an 855; a line says what is kept of it, and that nothing is when nothing is."""
        codes = {"A": "IA", "C": "IQ", "B": "IB", "R": "IR"}
        body = [f"BAK*00*AC*{rows[0]['PO']}*{self._now():%Y%m%d}"]
        for row in rows:
            date = f"*068*{row['Ship Date'].replace('-', '')}" if row["Ship Date"] else ""
            body.append(f"PO1*{row['Line']}*****SK*{row['Item']}")
            body.append(f"ACK*{codes[row['Status']]}*{row['Qty']}*EA{date}")
        return [("855", [[*body, f"CTT*{len(rows)}"]])]

    def _change_answer(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        """Return an 865: a line becomes what was asked (IQ, or ID when it is gone), or stays as it was (IR)."""
        number, refused = rows[0]["PO"], all(row["Reason"] == NOT_DONE for row in rows)
        change = self._changes.get(number, "")
        body = [f"BCA*00*{'RD' if refused else 'AC'}*{number}**{change}*{self._now():%Y%m%d}"]
        for row in rows:
            code = "IR" if row["Reason"] == NOT_DONE else "IQ" if row["Qty"] != "0" else "ID"
            body += [f"POC*{row['Line']}*CA*{row['Qty']}**EA***SK*{row['Item']}", f"ACK*{code}*{row['Qty']}*EA"]
        return [("865", [[*body, f"CTT*{len(rows)}"]])]

    def _receipt(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        """Return a 944 for goods that came in."""
        body = [f"W17*F*{self._now():%Y%m%d}*{rows[0]['Receipt']}", "N1*WH*3PL"]
        body += [f"W07*{row['Qty']}*EA**SK*{row['Item']}" for row in rows]
        return [("944", [[*body, f"W14*{sum(int(row['Qty']) for row in rows)}"]])]

    def _shipment(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        """Return an 856, pick and pack, and, as it cannot say what is short, an 855 for what will never come."""
        packed = [row for row in rows if row["Shipped"] != "0"]
        short = [row for row in rows if row["Short"] != "0"]
        return ([("856", [self._ship_notice(packed)])] if packed else []) + (
            [("855", [self._shortage(short)])] if short else []
        )

    def _advice(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        """Return a 945, which says of every line what left and what never will."""
        first, now = rows[0], self._now()
        tracking = [f"N9*2I*{first['Tracking']}"] if first["Tracking"] else []
        body = [f"W06*F*{first['PO']}*{now:%Y%m%d}*{first['Shipment']}", "N1*WH*3PL", *tracking]
        body += [f"W27*U*{SCAC[first['Carrier']]}"] if first["Carrier"] else []
        for place, row in enumerate(rows, start=1):
            shipped, short = int(row["Shipped"]), int(row["Short"])
            status = "CC" if not short else "CP"
            body += [f"LX*{place}", *([f"MAN*CP*{row['Tracking']}"] if shipped else [])]
            body.append(f"W12*{status}*{shipped + short}*{shipped}*{short}*EA**SK*{row['Item']}")
            body.append(f"N9*LI*{row['Line']}")
        return [("945", [[*body, f"W03*{sum(int(row['Shipped']) for row in rows)}"]])]

    def _ship_notice(self, packed: Sequence[Row]) -> list[str]:
        first, now = packed[0], self._now()
        carton = f"00{x12.sscc(next(self._cartons))}"
        body = [f"BSN*00*{first['Shipment']}*{now:%Y%m%d}*{now:%H%M}*0001", f"DTM*011*{now:%Y%m%d}*{now:%H%M}"]
        body += ["HL*1**S", "TD1*CTN25*1", f"TD5**2*{SCAC[first['Carrier']]}*U", f"REF*2I*{first['Tracking']}"]
        body += ["HL*2*1*O", f"PRF*{first['PO']}", "HL*3*2*P", f"MAN*GM*{carton}**CP*{first['Tracking']}"]
        for place, row in enumerate(packed, start=4):
            body += [f"HL*{place}*3*I", f"LIN*{row['Line']}*SK*{row['Item']}", f"SN1*{row['Line']}*{row['Shipped']}*EA"]
        return [*body, f"CTT*{len(packed) + 3}"]

    def _shortage(self, short: Sequence[Row]) -> list[str]:
        body = [f"BAK*00*AC*{short[0]['PO']}*{self._now():%Y%m%d}"]
        for row in short:
            body.append(f"PO1*{row['Line']}*****SK*{row['Item']}")
            if row["Shipped"] != "0":
                body.append(f"ACK*IQ*{row['Shipped']}*EA")
            body.append(f"ACK*IR*{row['Short']}*EA")
        return [*body, f"CTT*{len(short)}"]

    def _invoice(self, rows: Sequence[Row]) -> list[tuple[str, Bodies]]:
        first = rows[0]
        body = [
            f"BIG*{first['Date'].replace('-', '')}*{first['Invoice']}**{first['PO']}***DI",
            f"CUR*SE*{first['Currency']}",
        ]
        body += [f"IT1*{row['Line']}*{row['Qty']}*EA*{row['Price']}**SK*{row['Item']}" for row in rows]
        cents = int(Decimal(first["Total"]) * 100)
        return [("810", [[*body, f"TDS*{cents}", f"CTT*{len(rows)}"]])]
