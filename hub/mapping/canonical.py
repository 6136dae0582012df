"""Writes docs/reference/canonical.md: every field that a mapping file may name, read off the model.

Run `python -m hub.mapping.canonical` after the model has changed; a test sees that nobody forgot.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hub.mapping.document import MAKES, TAKES
from hub.mapping.inward import IDENTITY
from hub.mapping.target import Shape, Target, shaped
from hub.model.document import Direction, Kind

PAGE: Final = Path("docs/reference/canonical.md")
#: What a field means wherever it stands; a description in the model goes before these.
_MEANINGS: Final[Mapping[str, str]] = {
    "acknowledged_at": "when they answered",
    "active": "false when it is no longer sold",
    "amount": "amount",
    "as_of": "when this was true; the moment the file came in when nobody says",
    "cancelled": "the whole order is off",
    "certainty": "how sure it is",
    "carrier": "who moves the parcels",
    "channel": "the sales channel; the partner's own code when nothing makes it",
    "channel_line": "the channel's id of the customer's line",
    "channel_order": "the channel's id of the order",
    "city": "city",
    "code": "a code for the customer",
    "company": "company",
    "counted_at": "when it was counted",
    "country": "country, two letters (ISO 3166-1)",
    "credit": "true for a credit memo",
    "currency": "currency, three letters (ISO 4217)",
    "drop_ship": "true when it goes to the customer's own address",
    "email": "e-mail address",
    "freight": "freight charged, before tax",
    "gtin": "GTIN-8, -12, -13 or -14, its check digit right",
    "invoice_number": "their number of the invoice",
    "invoiced_at": "when it was invoiced",
    "latitude": "degrees north",
    "lead_days": "days from order to shipping",
    "line_number": "our number of the line on the PO or ship order",
    "location": "the channel's id of the location",
    "longitude": "degrees east",
    "method": "how the goods reach the customer",
    "name": "name",
    "node": "our code of the node",
    "note": "words for whoever packs it",
    "notify_customer": "the channel should write to the customer",
    "order_id": "the order's id, the same for ever",
    "order_number": "our number of the PO or ship order",
    "shipment_number": "number of the shipment",
    "ordered_at": "when it was ordered",
    "outcome": "what they will do with the line",
    "phone": "telephone number",
    "pick_up_node": "the node where the customer collects it",
    "placed_at": "when the customer bought",
    "postal_code": "postal code",
    "price": "price of one unit",
    "promise_by": "when the customer was promised it",
    "promised": "when they will ship it",
    "quantity": "quantity in our selling units",
    "reference": "their own number",
    "reason": "why, in their words",
    "region": "state, province or region",
    "service": "shipping service",
    "ship_by": "when it has to leave",
    "shipped_at": "when it left",
    "sku": "our SKU",
    "sscc": "the SSCC of the carton that it lies in",
    "street": "street and number",
    "street2": "second line of the street",
    "supplier": "the supplier's code",
    "supplier_sku": "their SKU",
    "tax": "tax charged",
    "test": "a trial order that must not be shipped",
    "total": "what is to be paid",
    "tracking": "tracking number",
    "tracking_url": "where the parcel can be followed",
    "unit_cost": "what one unit costs us, in the supplier's currency",
    "updated_at": "when the order last changed; the newer version wins",
    "weight_g": "weight in grams",
}
_TITLES: Final[Mapping[Shape, str]] = {
    Shape.TEXT: "text",
    Shape.NUMBER: "number",
    Shape.INTEGER: "whole number",
    Shape.BOOLEAN: "true or false",
    Shape.MOMENT: "date and time",
}
_INTRODUCTION: Final = """\
# Canonical fields

Every field that a mapping file may name, by kind of document. This page is generated from the model by
`python -m hub.mapping.canonical`; do not edit it.

Inbound documents say `makes = "..."` and have these names on the left. Outbound documents say `takes = "..."` and have
them on the right. A field of a line is written with the prefix that the table shows (`line.sku`). Inward the prefix may
be left out; a name that the record and its lines share (`reason`) then means the line, as soon as any other field of a
line is made. `record.reason` always means the record's.

Numbers are plain decimals of at most 15 digits before and 9 after the point. A date and time without a zone is the
partner's local time. A field that is empty is absent: it takes its default; where it is needed, the record is parked.
"""


def meaning(target: Target) -> str:
    """Return what a field means, in a few words."""
    return target.meaning or _MEANINGS.get(target.path[-1], "")


def page() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION]
    parts += ["\n## Inbound\n", *(_section(kind, Direction.IN) for kind in MAKES)]
    parts += ["\n## Outbound\n", *(_section(kind, Direction.OUT) for kind in TAKES)]
    return "".join(parts)


def _section(kind: Kind, direction: Direction) -> str:
    form = shaped(kind)
    lines = [f"\n### {kind}\n", f"\n{_first_sentence(form.record.__doc__ or '')}\n"]
    if direction is Direction.IN and form.lines:
        names = " and ".join(f"`{name}`" for name in IDENTITY[kind] if name in form.fields)
        when = f" where it makes any `{form.line}.` field" if form.aside else ""
        lines.append(f"\nRows that agree in {names} make one record{when}.\n")
    if direction is Direction.OUT and form.lines:
        lines.append(f'\n`rows = "{form.lines}"` writes a row for each line.\n')
    lines.append("\n| field | type | needed | meaning |\n|---|---|---|---|\n")
    lines += _rows(form.fields, "", direction)
    lines += _rows(form.line_fields, f"{form.line}.", direction)
    return "".join(lines)


def _rows(fields: Mapping[str, Target], prefix: str, direction: Direction) -> Iterator[str]:
    for name, target in fields.items():
        needed = "yes" if target.required and direction is Direction.IN else ""
        if name == "channel" and direction is Direction.IN:
            needed = ""
        yield f"| `{prefix}{name}` | {_type(target)} | {needed} | {meaning(target)} |\n"


def _type(target: Target) -> str:
    if target.shape is Shape.CHOICE:
        return " or ".join(f"`{choice}`" for choice in target.choices)
    if target.shape is Shape.TEXT and target.limits is not None:
        return f"text, at most {target.limits[1]}"
    return _TITLES[target.shape]


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def main(path: Path = PAGE) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(), "utf-8")
    sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
