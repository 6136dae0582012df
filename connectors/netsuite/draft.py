"""What leaves, as a neutral document: which record, under which external id, made of what.

Items stand in it by SKU and sources by their own id; what NetSuite calls them is looked up when it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from connectors.netsuite.countries import OUTWARD
from connectors.netsuite.settings import NetSuiteSettings
from hub.contract import Rejected
from hub.model.place import Address


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an item by SKU or its own id, or a line of the source by number; numbers are exact text."""

    quantity: str
    sku: str = ""
    order_line: str = ""
    rate: str = ""
    item: str = ""  # an item's own id: of a charge, which is no goods
    amount: str = ""
    location: str = ""
    vendor: str = ""  # NetSuite orders the line from this vendor, who ships it
    cost: str = ""
    closed: bool = False
    expected: str = ""  # when the goods of a transfer are to arrive


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whose order it is, for an account in which each buyer is a customer."""

    email: str
    name: str = ""
    company: str = ""
    currency: str = ""  # NetSuite's id of the one that the first order is in


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to be made; with a source it is made from that one, as NetSuite itself would.

    What asks a node of NetSuite's own to ship is `carried` by the sales order of that external id: the number is ours,
    `location` or the lines' `vendor` says where, and nothing is made.
    """

    type: str
    external_id: str
    fields: Mapping[str, object]
    lines: tuple[Line, ...]
    location: str = ""
    source_type: str = ""
    source: str = ""
    source_is_ours: bool = False  # the source is named by our external id
    packages: tuple[str, ...] = field(default_factory=tuple)
    carried: str = ""
    revises: bool = False  # lines that are there already keep their numbers
    buyer: Buyer | None = None
    supplier: str = ""  # our code of a vendor whose id nobody has named

    def write(self) -> bytes:
        """Return the document as bytes."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def read(cls, content: bytes) -> Draft:
        """Return the document that `write` wrote."""
        tree = json.loads(content)
        lines = tuple(Line(**each) for each in tree.pop("lines"))
        buyer = tree.pop("buyer", None)
        known = {"lines": lines, "packages": tuple(tree["packages"]), "buyer": Buyer(**buyer) if buyer else None}
        return cls(**{**tree, **known})


def made(
    settings: NetSuiteSettings,
    type_: str,
    name: str,
    fields: Mapping[str, object],
    lines: tuple[Line, ...],
    location: str = "",
) -> Draft:
    """Return a draft under our external id, without the fields that say nothing; Rejected when it has no line."""
    if not lines:
        raise Rejected(f"{type_} {name} has no line with a quantity", todo="report it", code="lines")
    said = {key: value for key, value in fields.items() if value not in (None, "")}
    return Draft(type_, f"{settings.prefix}{name}", said, lines, location)


def whole_name(settings: NetSuiteSettings, channel: str, order: str) -> str:
    """Return the external id of a channel's whole order."""
    return f"{settings.prefix}{channel}:{order}"


def number(value: Decimal) -> str:
    """Return a number as exact text without exponent."""
    return f"{value:f}"


def address(ours: Address | None) -> Mapping[str, str] | None:
    """Return an address under NetSuite's names; Rejected for a country that it has no name for here."""
    if ours is None:
        return None
    country = OUTWARD.get(ours.country)
    if country is None:
        todo = "add the country to connectors/netsuite/countries.py"
        raise Rejected(f"NetSuite's name of the country {ours.country} is not known", todo=todo, code="country")
    pairs = {
        "country": country,
        "attention": ours.name,
        "addressee": ours.company or ours.name,
        "addrPhone": ours.phone,
        "addr1": ours.street,
        "addr2": ours.street2,
        "city": ours.city,
        "state": ours.region,
        "zip": ours.postal_code,
    }
    return {name: value for name, value in pairs.items() if value}
