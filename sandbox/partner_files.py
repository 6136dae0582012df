"""The hub's side of the folder: a mapping file and the secrets for every partner of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.plan import Costs, Firm, Kind, World
from sandbox.robots import sap_buyer, sap_style, x12_style
from sandbox.shop import versions

API_VERSION = versions.NEWEST
#: Where the merchant's mailboxes are, as its partners know it.
MERCHANT = "orders@merchant.example"


def partner_address(firm: Firm) -> str:
    """Return the address that a partner's mail comes from."""
    return f"edi@{firm.code}.example"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running servers are, and the shop's location ids: of each place of ours by its node, and for drop ship.

    `ports` holds those of the servers under TLS (web, imap, smtp), `certificate` the fingerprint of theirs, `exchange`
    the folder of the partners whose files are on this machine.
    """

    shop_url: str
    sftp_port: int
    host_key: str
    own_locations: Mapping[str, int]
    drop_ship_location: int
    ports: Mapping[str, int]
    certificate: str
    exchange: Path


def write_partner_files(folder: Path, world: World, addresses: Addresses, secrets: Mapping[str, str]) -> None:
    """Write `mappings/*.toml` and `secrets/*` for every partner."""
    hidden, mappings = folder / "secrets", folder / "mappings"
    hidden.mkdir(mode=0o700, parents=True, exist_ok=True)
    hidden.chmod(0o700)
    mappings.mkdir(parents=True, exist_ok=True)
    for name, value in secrets.items():
        path = hidden / name
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
    (mappings / "shop.toml").write_text(_shop(world, addresses), encoding="utf-8")
    for firm in world.firms:
        text = _firm(firm, world, addresses)
        (mappings / f"{firm.code}.toml").write_text(text, encoding="utf-8")


def _shop(world: World, addresses: Addresses) -> str:
    own = "\n".join(f'"{location}" = {_text(node)}' for node, location in addresses.own_locations.items())
    return f"""# The sandbox's shop. Written when the sandbox started.
version = 1

[partner]
code = "shop"
name = "Sandbox shop"
role = "channel"
timezone = {_text(world.timezone)}
currency = {_text(world.currency)}

[connection]
connector = "shopify"
shop_url = {_text(addresses.shop_url)}
token = "secret:shop_token"
client_secret = "secret:shop_client_secret"
api_version = {_text(API_VERSION)}

[connection.locations]
{own}
"{addresses.drop_ship_location}" = "suppliers"
"""


def _firm(firm: Firm, world: World, addresses: Addresses) -> str:
    supplier = firm.kind is Kind.SUPPLIER
    if firm.style == "x12":
        template, connector, own = "x12_4010_supplier" if supplier else "x12_3pl", "edi", _x12(firm)
    elif firm.style == "sap":
        template, connector, own = "sap_orders05" if supplier else "sap_3pl", "sap", _sap(firm)
    else:
        template = f"{firm.style}_supplier" if supplier else "csv_warehouse"
        connector, own = "files", _INVOICES if firm.invoices else ""
    return f"""# A partner of the sandbox. Written when the sandbox started.
version = 1
extends = "{template}"

[partner]
code = {_text(firm.code)}
name = {_text(firm.name)}
role = "{firm.role or firm.kind}"
timezone = {_text(world.timezone)}
currency = {_text(world.currency)}

[partner.agreement]
acknowledges = {"true" if supplier or firm.style not in ("x12", "sap") else "false"}
stock_nets = "{"orders" if supplier else "shipments"}"

{_node(firm, world.costs)}
[connection]
connector = "{connector}"
{_DOORS[firm.door](firm, addresses)}
{own}"""


def write_buyer_file(folder: Path, world: World, addresses: Addresses) -> None:
    """Write the mapping file of the customer that runs SAP."""
    (us_type, us, port), (them_type, them, their_port) = sap_buyer.VENDOR, sap_buyer.BUYER
    text = f"""# A customer of the sandbox. Written when the sandbox started.
version = 1
extends = "sap_customer"

[partner]
code = "{sap_buyer.CODE}"
name = "Kaufhaus"
timezone = {_text(world.timezone)}
currency = {_text(world.currency)}

[connection]
url = "sftp://{sap_buyer.CODE}@127.0.0.1:{addresses.sftp_port}/"
password = "secret:{sap_buyer.CODE}_password"
host_key = {_text(addresses.host_key)}
ready = "rename"
us = {{ number = "{us}", type = "{us_type}", port = "{port}" }}
them = {{ number = "{them}", type = "{them_type}", port = "{their_port}" }}
client = "400"
form = "flat"
acknowledge = "status"
"""
    (folder / "mappings" / f"{sap_buyer.CODE}.toml").write_text(text, encoding="utf-8")


def _x12(firm: Firm) -> str:
    (qualifier, us), (theirs, them) = x12_style.HUB, x12_style.identity(firm.code)
    prefix = "PO" if firm.kind is Kind.SUPPLIER else "SO"
    return f"""outbox = "/in/{prefix}_{{set}}_{{number}}.edi"
us = {{ qualifier = "{qualifier}", id = "{us}" }}
them = {{ qualifier = "{theirs}", id = "{them}" }}
"""


def _sap(firm: Firm) -> str:
    (kind, us, port), (theirs, them, their_port) = sap_style.HUB, sap_style.identity(firm.code)
    prefix = "PO" if firm.kind is Kind.SUPPLIER else "SO"
    return f"""outbox = "/in/{prefix}_{{message}}_{{number}}.idoc"
us = {{ number = "{us}", type = "{kind}", port = "{port}" }}
them = {{ number = "{them}", type = "{theirs}", port = "{their_port}" }}
client = "400"
form = "flat"
acknowledge = "status"
{_PRICES if firm.kind is Kind.SUPPLIER else ""}"""


def _by_sftp(firm: Firm, addresses: Addresses) -> str:
    return f"""url = "sftp://{firm.code}@127.0.0.1:{addresses.sftp_port}/"
password = "secret:{firm.code}_password"
host_key = {_text(addresses.host_key)}
ready = "rename"
"""


def _by_web(firm: Firm, addresses: Addresses) -> str:
    return f"""url = "https://127.0.0.1:{addresses.ports["web"]}/{firm.code}"
token = "secret:{firm.code}_password"
certificate = {_text(addresses.certificate)}
after = "delete"
repeatable = true
"""


def _by_folder(firm: Firm, addresses: Addresses) -> str:
    return f"""url = {_text((addresses.exchange / firm.code).absolute().as_uri())}
ready = "rename"
"""


def _by_mail(firm: Firm, addresses: Addresses) -> str:
    return f"""url = "imaps://{firm.code}@127.0.0.1:{addresses.ports["imap"]}/INBOX"
smtp = "smtps://{firm.code}@127.0.0.1:{addresses.ports["smtp"]}"
password = "secret:{firm.code}_password"
certificate = {_text(addresses.certificate)}
senders = [{_text(partner_address(firm))}]
sender = {_text(MERCHANT)}
to = [{_text(partner_address(firm))}]
sent_folder = "Sent"
"""


_DOORS = {"sftp": _by_sftp, "web": _by_web, "folder": _by_folder, "mail": _by_mail}
_INVOICES = """
[documents.invoice]
direction = "in"
makes = "invoice"
format = "csv"
files = "/out/INV_*.csv"

[documents.invoice.fields]
invoice_number = "Invoice"
order_number = "PO"
invoiced_at = { from = "Date", type = "date" }
currency = "Currency"
total = "Total"
line.line_number = "Line"
line.sku = "Item"
line.quantity = "Qty"
line.price = "Price"
"""

_PRICES = """
[documents.catalogue]
direction = "in"
makes = "catalogue_entry"
format = "idoc"
root = "ZPRICE"
rows = "Z1PRHDR.Z1PRICE"
mode = "snapshot"

[documents.catalogue.fields]
sku = "KDMAT"
supplier_sku = "MATNR"
name = "MAKTX"
price = { formula = 'number(col["KBETR"]) / number(col["KPEIN"])' }
currency = "../Z1PRHDR.CURCY"
minimum = "MINBM"
"""


def _node(firm: Firm, costs: Costs) -> str:
    place = firm.place
    lines = [
        f"[nodes.{firm.node}]",
        f"name = {_text(firm.name)}",
        f'kind = "{firm.role or firm.kind}"',
        "",
        f"[nodes.{firm.node}.address]",
        f"name = {_text(firm.name)}",
        f"street = {_text(firm.street)}",
        f"city = {_text(place.city)}",
        f"region = {_text(place.region)}",
        f"postal_code = {_text(place.postal_code)}",
        f"country = {_text(place.country)}",
        "",
    ]
    if place.latitude is not None and place.longitude is not None:
        lines += [
            f"[nodes.{firm.node}.coordinates]",
            f"latitude = {place.latitude:.6f}",
            f"longitude = {place.longitude:.6f}",
            "",
        ]
    lines += [
        f"[nodes.{firm.node}.costs]",
        f'per_order = "{costs.per_order}"',
        f'freight_base = "{costs.freight_base}"',
        f'freight_per_km = "{costs.freight_per_km}"',
        f'freight_per_kg = "{costs.freight_per_kg}"',
        "",
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """Return a TOML string; JSON's escapes are a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)
