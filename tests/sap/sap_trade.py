"""One SAP partner as tests need it: its mapping file over the house template, its IDocs, an open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from connectors.sap.connector import PLUGIN, SapConnector
from connectors.sap.settings import SapSettings
from hub.contract import Profile
from hub.mapping.house import house_folder
from hub.mapping.partner_file import load
from hub.model.place import Address
from hub.model.purchase import PurchaseLine, PurchaseOrder
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryContext

OURS, THEIRS = "0000088333", "ABCCLNT400"


def partner_file(
    folder: Path,
    url: str = "sftp://us@sap.example/",
    connection: str = "",
    documents: str = "",
    extends: str = "sap_orders05",
) -> Path:
    """Write the file of a partner that differs from a house template in what is given."""
    path = folder / "south.toml"
    path.write_text(
        f"""version = 1
extends = "{extends}"
[partner]
code = "south"
timezone = "Europe/Berlin"
[connection]
url = "{url}"
us = {{ number = "88333", type = "KU", port = "XDOCK" }}
them = {{ number = "{THEIRS}", port = "SAPABC" }}
{connection}
{documents}
""",
        encoding="utf-8",
    )
    return path


def profile(path: Path, secrets: dict[str, str] | None = None) -> Profile:
    """Return the partner as the hub opens it."""
    file = load(path, house=house_folder(), settings_models={"sap": SapSettings}, secrets=(secrets or {}).get)
    return file.profile()


def connect(folder: Path, **file: Any) -> SapConnector:
    """Open a connection that has not dialled yet."""
    opened = PLUGIN.open(profile(partner_file(folder, **file)), MemoryContext(FakeClock()))
    assert isinstance(opened, SapConnector)
    return opened


def order(**changed: Any) -> PurchaseOrder:
    """Return a purchase order of two lines."""
    lines = (
        PurchaseLine(line_number=1, sku="CUP", supplier_sku="N-1", quantity="3", unit_cost="60.25", channel_line="11"),
        PurchaseLine(line_number=2, sku="POT", quantity="1", channel_line="12"),
    )
    fields: dict[str, Any] = {
        "number": "PO100001", "node": "SOUTH", "supplier": "south", "currency": "EUR", "order_id": "SO1",
        "channel": "shop", "channel_order": "4711", "channel_number": "#1001", "ordered_at": START,
        "ship_to": Address(name="Ann Lee", street="1 Main St", city="Austin", country="US"), "lines": lines,
    }  # fmt: skip
    return PurchaseOrder(**{**fields, **changed})


def xml(message: str, body: str, number: int = 7, kind: str = "ORDERS05", **control: str) -> bytes:
    """Return a file with one IDoc of theirs, written without the codec."""
    fields = {
        "TABNAM": "EDI_DC40", "MANDT": "400", "DOCNUM": f"{number:016}", "DIRECT": "1", "IDOCTYP": kind,
        "MESTYP": message, "SNDPOR": "SAPABC", "SNDPRT": "LS", "SNDPRN": THEIRS, "RCVPRT": "KU", "RCVPRN": OURS,
    } | control  # fmt: skip
    said = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    idoc = f'<IDOC BEGIN="1"><EDI_DC40 SEGMENT="1">{said}</EDI_DC40>{body}</IDOC>'
    return f"<?xml version='1.0' encoding='utf-8'?><{kind}>{idoc}</{kind}>".encode()


def response(number: int = 7, quantity: str = "2.000") -> bytes:
    """Return an ORDRSP that confirms one line."""
    body = (
        '<E1EDK01 SEGMENT="1"><CURCY>EUR</CURCY></E1EDK01>'
        '<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>PO-1</BELNR></E1EDK02>'
        f'<E1EDP01 SEGMENT="1"><POSEX>000001</POSEX><ACTION>004</ACTION><MENEE>PCE</MENEE>'
        f'<E1EDP20 SEGMENT="1"><WMENG>{quantity}</WMENG><EDATU>20261123</EDATU></E1EDP20></E1EDP01>'
    )
    return xml("ORDRSP", body, number)


def told(status: str, number: int = 7, **values: str) -> bytes:
    """Return a STATUS about one of our IDocs."""
    fields = {"DOCNUM": f"{number:016}", "LOGDAT": "20261120", "STATUS": status} | values
    said = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items())
    return xml("STATUS", f'<E1STATS SEGMENT="1">{said}</E1STATS>', 900 + number, "SYSTAT01")
